#include "tests/energy/fixture.h"

#include <errno.h>
#include <numaif.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/sys/arena.h"
#include "base/sys/pages.h"
#include "base/sys/topology.h"
#include "base/sys/tree.h"

#define MIB ((size_t)1 << 20)

static struct mw_topology topo;
static const char ann, bob, eve; /* owners */

/* Pages of [p, p + bytes) that are in memory, by mincore. */
static size_t resident(void *p, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = bytes / page, count = 0;
	unsigned char *v = malloc(n);
	cr_assert(v && mincore(p, bytes, v) == 0);
	for (size_t i = 0; i < n; i++)
		count += v[i] & 1u;
	free(v);
	return count;
}

/* True when the kernel was advised so about p: "hg" huge pages, "nh" none (VmFlags of proc/self/smaps). */
static bool advised(const void *p, const char *flag)
{
	char line[512];
	bool here = false, found = false;
	FILE *f = fopen("/proc/self/smaps", "re");
	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long start, end;
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)p >= start && (uintptr_t)p < end;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	(void)fclose(f);
	return found;
}

Test(arena, both_kinds_of_ordinary_pages)
{
	struct mw_arenas *a;
	char err[200] = "";
	cr_assert_eq(mw_topology_read("/", NULL, &topo, err, sizeof(err)), 0);
	cr_assert_eq(mw_arenas_create(256 * MIB, &a), 0);
	cr_expect(mw_arenas_max(a) == 256 * MIB && mw_arenas_bytes(a) == 0);
	for (int kind = MW_PAGES_4K; kind <= MW_PAGES_THP; kind++) {
		struct mw_block b;
		const size_t asked = 9 * MIB + 1;
		cr_assert_eq(mw_arena_take(a, &ann, (enum mw_pages)kind, -1, asked, &b, err, sizeof(err)), 0, "%s",
			     err);
		cr_expect((int)b.asked == kind && b.bytes == 10 * MIB);
		cr_expect_eq((uintptr_t)b.p % (2 * MIB), 0);
		cr_expect_eq(resident(b.p, b.bytes), b.bytes / (size_t)sysconf(_SC_PAGESIZE), "not touched in full");
		for (size_t i = 0; i < b.bytes; i++)
			cr_assert_eq(((char *)b.p)[i], 0);
		if (topo.host.thp) /* what is obtained depends on free memory too */
			cr_expect(advised(b.p, kind == MW_PAGES_THP ? " hg" : " nh"), "%s: pages not asked for",
				  mw_pages_name((enum mw_pages)kind));
		if (kind == MW_PAGES_4K)
			cr_expect_str_eq(b.obtained, "4K");
		else if (topo.host.thp && strcmp(topo.host.thp, "never") == 0)
			cr_expect_str_eq(b.obtained, "4K");
		else
			cr_expect(strncmp(b.obtained, "thp", 3) == 0 || strcmp(b.obtained, "4K") == 0, "%s",
				  b.obtained);
		if (topo.host.n_nodes == 1)
			cr_expect(b.node == topo.host.nodes[0].id || b.node == -1, "node %d", b.node);
	}
	cr_expect_eq(mw_arenas_bytes(a), 20 * MIB);
	mw_arenas_destroy(a);
	mw_arenas_destroy(NULL);
	cr_expect_str_eq(mw_pages_name(MW_PAGES_4K), "4K");
	cr_expect_str_eq(mw_pages_name(MW_PAGES_1G), "1G");
}

Test(arena, an_owner_finds_its_memory_again)
{
	struct mw_arenas *a;
	struct mw_block b, again, more;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(200 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 8 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	cr_expect_not(b.intact, "nothing was written yet");
	/* Twice: two users would write over each other. */
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, MIB, &again, err, sizeof(err)), -EBUSY);
	cr_expect_str_eq(err, "the block of 8 MiB in pages of 4K is in use already");
	cr_expect_null(again.p);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_THP, -1, 2 * MIB, &more, err, sizeof(err)), 0, "%s", err);
	char *p = b.p;
	memset(p, 7, b.bytes);
	mw_arena_release(a, &b);
	cr_expect(!b.p && b.bytes == 0);
	mw_arena_release(a, &b);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 8 * MIB, &again, err, sizeof(err)), 0, "%s", err);
	cr_expect(again.p == p && again.intact && p[0] == 7 && p[8 * MIB - 1] == 7);
	/* Other sizes are laid out in another way; a smaller one needs no other memory. */
	mw_arena_release(a, &again);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 4 * MIB, &again, err, sizeof(err)), 0);
	cr_expect(again.p == p && !again.intact);
	mw_arena_release(a, &again);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 96 * MIB, &again, err, sizeof(err)), 0, "%s", err);
	cr_expect(!again.intact && again.bytes == 96 * MIB);
	cr_expect_eq(resident(again.p, again.bytes), again.bytes / (size_t)sysconf(_SC_PAGESIZE)); /* by threads */
	cr_expect_eq(mw_arenas_bytes(a), 98 * MIB, "what was too small is given back");
	memset(again.p, 1, again.bytes);
	mw_arena_release(a, &again);
	mw_arena_forget(a, &ann);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 96 * MIB, &again, err, sizeof(err)), 0);
	cr_expect_not(again.intact, "it said that it needs the contents no more");
	mw_arenas_destroy(a);
}

Test(arena, room_for_two_owners)
{
	struct mw_arenas *a;
	struct mw_block b, c;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(32 * MIB, &a), 0);
	for (int visit = 0; visit < 3; visit++) {
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 16 * MIB, &b, err, sizeof(err)), 0, "%s", err);
		cr_expect_eq(b.intact, visit > 0);
		cr_expect(visit == 0 || *(char *)b.p == 'a');
		memset(b.p, 'a', b.bytes);
		if (visit == 1) /* both at once */
			cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 16 * MIB, &c, err, sizeof(err)), 0);
		mw_arena_release(a, &b);
		if (visit != 1)
			cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 16 * MIB, &c, err, sizeof(err)), 0);
		cr_expect_eq(c.intact, visit > 0);
		cr_expect(visit == 0 || *(char *)c.p == 'b');
		memset(c.p, 'b', c.bytes);
		mw_arena_release(a, &c);
	}
	cr_expect_eq(mw_arenas_bytes(a), 32 * MIB);
	mw_arenas_destroy(a);
}

Test(arena, room_for_one_of_two_owners)
{
	struct mw_arenas *a;
	struct mw_block b, c;
	char err[200] = "";
	void *p = NULL;
	cr_assert_eq(mw_arenas_create(16 * MIB, &a), 0);
	for (int visit = 0; visit < 3; visit++) {
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 10 * MIB, &b, err, sizeof(err)), 0, "%s", err);
		cr_expect_not(b.intact, "visit %d", visit);
		cr_expect(!p || b.p == p);
		p = b.p;
		memset(p, 'a', b.bytes);
		cr_expect_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 8 * MIB, &c, err, sizeof(err)), MW_EBUDGET);
		cr_expect_str_eq(err, "8 MiB beside 10 MiB in use exceed the limit of 16 MiB");
		mw_arena_release(a, &b);
		/* Taken over as it is: touching memory for the first time is what costs. */
		cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 8 * MIB, &c, err, sizeof(err)), 0, "%s", err);
		cr_expect(c.p == p && !c.intact && c.bytes == 10 * MIB && *(char *)c.p == 'a');
		memset(c.p, 'b', c.bytes);
		mw_arena_release(a, &c);
	}
	/* None is large enough, or of this kind: what is released makes room. */
	cr_assert_eq(mw_arena_take(a, &eve, MW_PAGES_4K, -1, 12 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	cr_expect(!b.intact && mw_arenas_bytes(a) == 12 * MIB);
	mw_arena_release(a, &b);
	cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_THP, -1, 8 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	cr_expect(!b.intact && mw_arenas_bytes(a) == 8 * MIB);
	mw_arenas_destroy(a);
}

/* With room for two of three, the block that nobody needs goes first, then the one released first. */
Test(arena, whose_memory_is_taken_over)
{
	struct mw_arenas *a;
	struct mw_block b[2], c;
	char err[200] = "";
	for (int forget = 0; forget < 2; forget++) {
		cr_assert_eq(mw_arenas_create(16 * MIB, &a), 0);
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 8 * MIB, &b[0], err, sizeof(err)), 0);
		cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 8 * MIB, &b[1], err, sizeof(err)), 0);
		void *of_ann = b[0].p, *of_bob = b[1].p;
		mw_arena_release(a, &b[0]);
		mw_arena_release(a, &b[1]);
		if (forget)
			mw_arena_forget(a, &bob);
		cr_assert_eq(mw_arena_take(a, &eve, MW_PAGES_4K, -1, 8 * MIB, &c, err, sizeof(err)), 0, "%s", err);
		cr_expect_eq(c.p, forget ? of_bob : of_ann);
		mw_arena_release(a, &c);
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 8 * MIB, &c, err, sizeof(err)), 0);
		cr_expect_eq(c.intact, forget == 1);
		mw_arenas_destroy(a);
	}
}

Test(arena, budget)
{
	struct mw_arenas *a;
	struct mw_block b, c;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(16 * MIB, &a), 0);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 17 * MIB, &b, err, sizeof(err)), MW_EBUDGET);
	cr_expect_str_eq(err, "18 MiB beside 0 MiB in use exceed the limit of 16 MiB");
	cr_expect(!b.p && b.bytes == 0);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 12 * MIB, &b, err, sizeof(err)), 0);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_THP, -1, 6 * MIB, &c, err, sizeof(err)), MW_EBUDGET);
	cr_expect_str_eq(err, "6 MiB beside 12 MiB in use exceed the limit of 16 MiB");
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_THP, -1, SIZE_MAX, &c, err, sizeof(err)), MW_EBUDGET);
	/* Growing counts only the difference; a refusal leaves the old block. */
	mw_arena_release(a, &b);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 16 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	void *p = b.p;
	mw_arena_release(a, &b);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 18 * MIB, &c, err, sizeof(err)), MW_EBUDGET);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 16 * MIB, &c, err, sizeof(err)), 0);
	cr_expect(c.p == p && c.intact);
	mw_arenas_destroy(a);
	/* More than the machine has: refused before the kernel would kill. */
	cr_assert_eq(mw_topology_read("/", NULL, &topo, err, sizeof(err)), 0);
	cr_assert_eq(mw_arenas_create(UINT64_MAX, &a), 0);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, topo.host.mem_total + 64 * MIB, &b, err, sizeof(err)),
		     MW_EBUDGET);
	cr_expect(strstr(err, " MiB available ("), "%s", err);
	mw_arenas_destroy(a);
}

Test(arena, pages_and_nodes_that_are_not_there)
{
	struct mw_arenas *a;
	struct mw_block b;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create((uint64_t)64 << 30, &a), 0);
	for (int kind = MW_PAGES_2M; kind <= MW_PAGES_1G; kind++) {
		int rc = mw_arena_take(a, &ann, (enum mw_pages)kind, -1, MIB, &b, err, sizeof(err));
		cr_expect(rc == 0 || rc == MW_EUNAVAILABLE, "%d", rc);
		if (rc == 0)
			cr_expect_str_eq(b.obtained, mw_pages_name((enum mw_pages)kind));
		else
			cr_expect(!b.p && strstr(err, "huge pages of"), "%s", err);
	}
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, 900, MIB, &b, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect_str_eq(err, "this machine has no NUMA node 900 with memory");
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 0, &b, err, sizeof(err)), -EINVAL);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_COUNT, -1, MIB, &b, err, sizeof(err)), -EINVAL);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -4, MIB, &b, err, sizeof(err)), -EINVAL);
	cr_expect_eq(mw_arena_take(a, NULL, MW_PAGES_4K, -1, MIB, &b, err, sizeof(err)), -EINVAL);
	cr_assert_eq(mw_topology_read("/", NULL, &topo, err, sizeof(err)), 0);
	for (int i = 0; i < topo.host.n_nodes; i++) {
		int node = topo.host.nodes[i].id;
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, node, 4 * MIB, &b, err, sizeof(err)), 0, "%s", err);
		cr_expect(b.node == node || b.node == -1, "node %d, got %d", node, b.node);
	}
	mw_arenas_destroy(a);
}

/* The kernel's policy of the page at p; -1 where it does not tell. */
static int policy_of(void *p)
{
	int mode = -1;
	return get_mempolicy(&mode, NULL, 0, p, MPOL_F_ADDR) == 0 ? mode : -1;
}

/* What the kernel was asked for, which counts also on a machine with one node. */
Test(arena, interleaved_blocks)
{
	static const struct {
		int node, mode;
	} rows[] = {{MW_NODE_INTERLEAVE, 3}, {MW_NODE_WEIGHTED, 6}};
	struct mw_arenas *a;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_block b, near;
		int rc = mw_arena_take(a, &ann, MW_PAGES_4K, rows[i].node, 4 * MIB, &b, err, sizeof(err));
		if (rc == MW_EUNAVAILABLE) { /* mbind is refused, or the kernel is older */
			cr_expect(strstr(err, "interleave") && !b.p, "%s", err);
			continue;
		}
		cr_assert_eq(rc, 0, "%s", err);
		cr_expect_eq(policy_of(b.p), rows[i].mode, "policy %d", policy_of(b.p));
		cr_expect_eq(resident(b.p, b.bytes), b.bytes / (size_t)sysconf(_SC_PAGESIZE), "not touched in full");
		/* Another place is another block, also for the same owner. */
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, 0, 4 * MIB, &near, err, sizeof(err)), 0, "%s", err);
		cr_expect(near.p != b.p && policy_of(near.p) != rows[i].mode);
		mw_arena_release(a, &near);
		mw_arena_release(a, &b);
		struct mw_block again;
		cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, rows[i].node, 4 * MIB, &again, err, sizeof(err)), 0);
		cr_expect(again.intact, "its owner finds it again");
		mw_arena_release(a, &again);
	}
	mw_arenas_destroy(a);
}

/* Every second page, or stretches of 512 pages, on another node: the share is seen, whatever the length. */
Test(pages, interleaved_pages_are_seen)
{
	static const size_t counts[] = {4096, 8192, 65536, 262144, 1000000}, stretches[] = {1, 2, 512};
	enum { SAMPLE = 4096 };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t k = 0; k < sizeof(stretches) / sizeof(stretches[0]); k++) {
			size_t odd = 0, last = 0;
			for (size_t s = 0; s < SAMPLE; s++) {
				size_t page = mw_pages_pick(s, SAMPLE, counts[i]);
				cr_assert(page < counts[i] && (s == 0 || page > last), "page %zu after %zu", page,
					  last);
				odd += page / stretches[k] % 2;
				last = page;
			}
			cr_expect(odd > SAMPLE * 45 / 100 && odd < SAMPLE * 55 / 100, "%zu of %d for %zu pages by %zu",
				  odd, SAMPLE, counts[i], stretches[k]);
		}
}

Test(pages, words_of_where_pages_are)
{
	static const struct {
		int nodes[6];
		const char *words;
	} rows[] = {
		{{0, 0, 0, 0, 0, 0}, "0"},
		{{8, 8, 8, 8, 8, 8}, "8"},
		{{0, 2, 0, 2, 0, 0}, "0: 67 %, 2: 33 %"},
		{{255, 1, 0, 255, 1, 0}, "0: 33 %, 1: 33 %, 255: 33 %"},
		{{1, -ENOENT, 1, -ENOENT, 1, 1}, "1"},
		{{-ENOENT, -ENOENT, -ENOENT, -ENOENT, -ENOENT, -ENOENT}, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_buf words = {0};
		mw_pages_shares(rows[i].nodes, 6, &words);
		cr_expect_str_eq(mw_buf_text(&words), rows[i].words);
		mw_buf_fini(&words);
	}
	/* This process's own memory: on a node, or the call is refused. */
	struct mw_arenas *a;
	struct mw_block b;
	struct mw_buf words = {0};
	char err[200] = "", node[16];
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 4 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	mw_pages_placed(b.p, b.bytes, &words);
	(void)snprintf(node, sizeof(node), "%d", b.node);
	if (b.node >= 0)
		cr_expect_str_eq(mw_buf_text(&words), node);
	mw_buf_fini(&words);
	mw_arenas_destroy(a);
}

Test(arena, small_address_space)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("AddressSanitizer reserves terabytes of address space");
#endif
	struct mw_arenas *a;
	struct mw_block b;
	struct rlimit limit;
	char err[200] = "";
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	cr_assert(f && fscanf(f, "%lu", &pages) == 1);
	(void)fclose(f);
	cr_assert_eq(mw_arenas_create((uint64_t)1 << 30, &a), 0);
	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE) + 64 * MIB;
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 128 * MIB, &b, err, sizeof(err)), MW_EBUDGET);
	cr_expect(strstr(err, "128 MiB and 8 MiB of slack wanted, ") && strstr(err, "(ulimit -v)"), "%s", err);
	cr_expect_eq(mw_arenas_bytes(a), 0);
	cr_expect_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 16 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	mw_arenas_destroy(a);
}

/* Only as many released blocks are returned as are in the way; held ones stay. */
Test(arena, room_for_the_callers_own_mapping)
{
	struct mw_arenas *a;
	struct mw_block x, y, z;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(40 * MIB, &a), 0);
	mw_arenas_set_source(a, "from the test");
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 10 * MIB, &x, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arena_take(a, &bob, MW_PAGES_4K, -1, 10 * MIB, &y, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arena_take(a, &eve, MW_PAGES_4K, -1, 10 * MIB, &z, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arenas_make_room(a, 10 * MIB, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arenas_bytes(a), 30 * MIB, "there was room");
	cr_assert_eq(mw_arenas_make_room(a, 11 * MIB, err, sizeof(err)), MW_EBUDGET);
	cr_assert(strstr(err, "beside") && strstr(err, "from the test"), "%s", err);
	mw_arena_release(a, &x);
	mw_arena_release(a, &y);
	cr_assert_eq(mw_arenas_make_room(a, 20 * MIB, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arenas_bytes(a), 20 * MIB, "one of two was in the way");
	cr_assert_eq(mw_arenas_make_room(a, 30 * MIB, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arenas_bytes(a), 10 * MIB, "the held one stays");
	memset(z.p, 1, 10 * MIB);
	mw_arenas_destroy(a);
}

Test(arena, an_overrun_faults, .signal = SIGSEGV)
{
	struct mw_arenas *a;
	struct mw_block b;
	char err[200];
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 4 * MIB, &b, err, sizeof(err)), 0);
	((volatile char *)b.p)[b.bytes - 1] = 1;
	((volatile char *)b.p)[b.bytes] = 1;
}

Test(arena, an_underrun_faults, .signal = SIGSEGV)
{
	struct mw_arenas *a;
	struct mw_block b;
	char err[200];
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, &ann, MW_PAGES_4K, -1, 4 * MIB, &b, err, sizeof(err)), 0);
	((volatile char *)b.p)[-1] = 1;
}

Test(pages, page_sizes_by_smaps)
{
	static const struct {
		const char *page_size, *huge, *expected;
	} rows[] = {
		{"4 kB", "0 kB", "4K"},         {"4 kB", "8192 kB", "thp"},  {"4 kB", "6144 kB", "thp 75%"},
		{"4 kB", "2048 kB", "thp 25%"}, {"2048 kB", "0 kB", "2M"},   {"1048576 kB", "0 kB", "1G"},
		{"64 kB", "0 kB", "64K"},       {"many", "0 kB", "unknown"}, {"4 kB", "few", "4K"},
		{"4 kB", "8190 kB", "thp 99%"},
	};
	void *p = (void *)(uintptr_t)0x7f0000200000;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *root = tree_make();
		char out[24];
		tree_put(root, "proc/self/smaps",
			 "7efff0000000-7f00001ff000 rw-p 00000000 00:00 0\nKernelPageSize:  4 kB\nAnonHugePages: 4096 "
			 "kB\n"
			 "7f0000200000-7f0000a00000 rw-p 00000000 00:00 0\nSize: 8192 kB\nKernelPageSize: %s\n"
			 "MMUPageSize: 4 kB\nRss: 8192 kB\nAnonHugePages: %s\nVmFlags: rd wr\n"
			 "7f0000a01000-7f0000b00000 rw-p 00000000 00:00 0\nKernelPageSize: 4 kB\nAnonHugePages: 2048 "
			 "kB\n",
			 rows[i].page_size, rows[i].huge);
		int fd = mw_tree_open(root);
		mw_pages_obtained(fd, p, 8 * MIB, out, sizeof(out));
		cr_expect_str_eq(out, rows[i].expected);
		mw_pages_obtained(fd, (void *)(uintptr_t)0x1000, 8 * MIB, out, sizeof(out));
		cr_expect_str_eq(out, "unknown");
		(void)close(fd);
		tree_remove(root);
	}
	const char *root = tree_make();
	char out[24];
	int fd = mw_tree_open(root);
	mw_pages_obtained(fd, p, 8 * MIB, out, sizeof(out));
	cr_expect_str_eq(out, "unknown");
	(void)close(fd);
	tree_remove(root);
}
