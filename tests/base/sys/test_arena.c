#include "tests/energy/fixture.h"

#include <errno.h>
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
		cr_assert_eq(mw_arena_take(a, (enum mw_pages)kind, -1, asked, &b, err, sizeof(err)), 0, "%s", err);
		cr_expect((int)b.asked == kind && b.bytes == 10 * MIB);
		cr_expect_eq((uintptr_t)b.p % (2 * MIB), 0);
		cr_expect_eq(resident(b.p, b.bytes), b.bytes / (size_t)sysconf(_SC_PAGESIZE), "not touched in full");
		for (size_t i = 0; i < b.bytes; i++)
			cr_assert_eq(((char *)b.p)[i], 0);
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

Test(arena, reuse_gives_the_same_memory_and_growth_moves_it)
{
	struct mw_arenas *a;
	struct mw_block b, again, other;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(200 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 8 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	memset(b.p, 0x5a, b.bytes);
	for (size_t bytes = 1; bytes <= 8 * MIB; bytes *= 8) {
		cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, bytes, &again, err, sizeof(err)), 0);
		cr_expect(again.p == b.p && again.bytes == b.bytes);
		cr_expect_str_eq(again.obtained, b.obtained);
	}
	cr_expect_eq(((char *)b.p)[8 * MIB - 1], 0x5a, "zeroed again");
	cr_assert_eq(mw_arena_take(a, MW_PAGES_THP, -1, 8 * MIB, &other, err, sizeof(err)), 0);
	cr_expect_neq(other.p, b.p);
	/* Large enough for the threads of the first touch. */
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 96 * MIB, &again, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(again.bytes, 96 * MIB);
	cr_expect_eq(resident(again.p, again.bytes), again.bytes / (size_t)sysconf(_SC_PAGESIZE));
	cr_expect_eq(mw_arenas_bytes(a), 104 * MIB);
	memset(again.p, 1, again.bytes);
	mw_arenas_destroy(a);
}

Test(arena, budget)
{
	struct mw_arenas *a;
	struct mw_block b, c;
	char err[200] = "";
	cr_assert_eq(mw_arenas_create(16 * MIB, &a), 0);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, 17 * MIB, &b, err, sizeof(err)), MW_EBUDGET);
	cr_expect_str_eq(err, "18 MiB beside 0 MiB in use exceed the limit of 16 MiB");
	cr_expect(!b.p && b.bytes == 0);
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 12 * MIB, &b, err, sizeof(err)), 0);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_THP, -1, 6 * MIB, &c, err, sizeof(err)), MW_EBUDGET);
	cr_expect_str_eq(err, "6 MiB beside 12 MiB in use exceed the limit of 16 MiB");
	cr_expect_eq(mw_arena_take(a, MW_PAGES_THP, -1, SIZE_MAX, &c, err, sizeof(err)), MW_EBUDGET);
	/* Growing counts only the difference; a refusal leaves the old block. */
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 16 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, 18 * MIB, &c, err, sizeof(err)), MW_EBUDGET);
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, MIB, &c, err, sizeof(err)), 0);
	cr_expect_eq(c.p, b.p);
	mw_arenas_destroy(a);
	/* More than the machine has: refused before the kernel would kill. */
	cr_assert_eq(mw_topology_read("/", NULL, &topo, err, sizeof(err)), 0);
	cr_assert_eq(mw_arenas_create(UINT64_MAX, &a), 0);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, topo.host.mem_total + 64 * MIB, &b, err, sizeof(err)),
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
		int rc = mw_arena_take(a, (enum mw_pages)kind, -1, MIB, &b, err, sizeof(err));
		cr_expect(rc == 0 || rc == MW_EUNAVAILABLE, "%d", rc);
		if (rc == 0)
			cr_expect_str_eq(b.obtained, mw_pages_name((enum mw_pages)kind));
		else
			cr_expect(!b.p && strstr(err, "huge pages of"), "%s", err);
	}
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, 900, MIB, &b, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect_str_eq(err, "this machine has no NUMA node 900 with memory");
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, 0, &b, err, sizeof(err)), -EINVAL);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_COUNT, -1, MIB, &b, err, sizeof(err)), -EINVAL);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -2, MIB, &b, err, sizeof(err)), -EINVAL);
	cr_assert_eq(mw_topology_read("/", NULL, &topo, err, sizeof(err)), 0);
	for (int i = 0; i < topo.host.n_nodes; i++) {
		int node = topo.host.nodes[i].id;
		cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, node, 4 * MIB, &b, err, sizeof(err)), 0, "%s", err);
		cr_expect(b.node == node || b.node == -1, "node %d, got %d", node, b.node);
	}
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
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, 128 * MIB, &b, err, sizeof(err)), MW_EBUDGET);
	cr_expect(strstr(err, "128 MiB and 8 MiB of slack wanted, ") && strstr(err, "(ulimit -v)"), "%s", err);
	cr_expect_eq(mw_arenas_bytes(a), 0);
	cr_expect_eq(mw_arena_take(a, MW_PAGES_4K, -1, 16 * MIB, &b, err, sizeof(err)), 0, "%s", err);
	mw_arenas_destroy(a);
}

Test(arena, an_overrun_faults, .signal = SIGSEGV)
{
	struct mw_arenas *a;
	struct mw_block b;
	char err[200];
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 4 * MIB, &b, err, sizeof(err)), 0);
	((volatile char *)b.p)[b.bytes - 1] = 1;
	((volatile char *)b.p)[b.bytes] = 1;
}

Test(arena, an_underrun_faults, .signal = SIGSEGV)
{
	struct mw_arenas *a;
	struct mw_block b;
	char err[200];
	cr_assert_eq(mw_arenas_create(64 * MIB, &a), 0);
	cr_assert_eq(mw_arena_take(a, MW_PAGES_4K, -1, 4 * MIB, &b, err, sizeof(err)), 0);
	((volatile char *)b.p)[-1] = 1;
}

Test(pages, what_smaps_says)
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
