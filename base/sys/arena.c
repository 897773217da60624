/* Memory for measurements.
 *
 * Each block has an inaccessible page before and behind it. So the kernel does not merge it with another mapping,
 * /proc/self/smaps has an entry for it alone, and an overrun faults. Threads pinned to CPUs of the wanted node touch
 * the block first: that places the pages even where a container refuses mbind, and it is faster (touching costs seconds
 * per GiB in some guests). */
#include "base/sys/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/cpulist.h"
#include "base/sys/limits.h"
#include "base/sys/pages.h"
#include "base/sys/team.h"
#include "base/sys/tree.h"

enum { TOUCH_THREADS_MAX = 16, SLACK_BYTES = 8 << 20 };

enum { WEIGHTED_INTERLEAVE = 6 }; /* MPOL_WEIGHTED_INTERLEAVE, which headers older than Linux 6.9 do not have */

static const struct {
	const char *name;
	size_t align; /* of address and length */
	int map_flags;
	const char *pool; /* sysfs directory of the hugetlb pool */
} kinds[MW_PAGES_COUNT] = {
	[MW_PAGES_4K] = {"4K", (size_t)2 << 20, 0, NULL},
	[MW_PAGES_THP] = {"thp", (size_t)2 << 20, 0, NULL},
	[MW_PAGES_2M] = {"2M", (size_t)2 << 20, MAP_HUGETLB | (21 << 26), "hugepages-2048kB"},
	[MW_PAGES_1G] = {"1G", (size_t)1 << 30, MAP_HUGETLB | (30 << 26), "hugepages-1048576kB"},
};

struct arena {
	struct mw_block block; /* p NULL: this entry has no memory and is free */
	int asked_node;
	char *base;        /* start of the mapping, guard pages included */
	size_t total;      /* bytes of the mapping */
	const void *owner; /* who took it last; NULL: the contents are not needed */
	size_t wanted;     /* bytes that the owner asked for */
	bool held;
	uint64_t released; /* value of mw_arenas.releases when it was released last */
};

struct mw_arenas {
	uint64_t max_bytes, bytes;
	uint64_t releases;
	char source[96]; /* of max_bytes */
	size_t n;
	struct arena *v;
};

const char *mw_pages_word(size_t i)
{
	return i < MW_PAGES_COUNT ? mw_pages_name((enum mw_pages)i) : NULL;
}

const char *mw_pages_name(enum mw_pages p)
{
	return kinds[p].name;
}

int mw_arenas_create(uint64_t max_bytes, struct mw_arenas **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->max_bytes = max_bytes;
	return 0;
}

static void unmap(struct mw_arenas *a, struct arena *ar)
{
	if (ar->base)
		(void)munmap(ar->base, ar->total);
	a->bytes -= ar->block.bytes;
	*ar = (struct arena){.base = NULL};
}

void mw_arenas_destroy(struct mw_arenas *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		unmap(a, &a->v[i]);
	free(a->v);
	free(a);
}

void mw_arenas_set_source(struct mw_arenas *a, const char *words)
{
	mw_format(a->source, sizeof(a->source), "%s", words);
}

const char *mw_arenas_source(const struct mw_arenas *a)
{
	return a->source;
}

uint64_t mw_arenas_bytes(const struct mw_arenas *a)
{
	return a->bytes;
}

uint64_t mw_arenas_max(const struct mw_arenas *a)
{
	return a->max_bytes;
}

static int map_failed(enum mw_pages kind, size_t bytes, int cause, char *err, size_t n)
{
	if (!kinds[kind].pool)
		return mw_fail(-cause, err, n, "cannot map %zu MiB: %s (see ulimit -v)", bytes >> 20,
			       mw_strerror(-cause));
	return mw_fail(MW_EUNAVAILABLE, err, n,
		       "cannot map %zu MiB in pages of %s: %s; set the pool with vm.nr_hugepages or %s", bytes >> 20,
		       kinds[kind].name, mw_strerror(-cause), kinds[kind].pool);
}

/* Maps bytes and two guard pages without access, then makes the aligned middle readable and writable. */
static int map_block(struct arena *ar, size_t bytes, char *err, size_t n)
{
	enum mw_pages kind = ar->block.asked;
	size_t guard = (size_t)sysconf(_SC_PAGESIZE), align = kinds[kind].align;
	size_t total = bytes + align + 2 * guard;
	char *base = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return map_failed(kind, bytes, errno, err, n);
	char *p = (char *)(((uintptr_t)base + guard + align - 1) / align * align);
	char *first = p - guard, *last = p + bytes + guard;
	if (first > base)
		(void)munmap(base, (size_t)(first - base));
	if (base + total > last)
		(void)munmap(last, (size_t)(base + total - last));
	ar->base = first;
	ar->total = bytes + 2 * guard;
	void *got = mmap(p, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | kinds[kind].map_flags, -1, 0);
	if (got == MAP_FAILED) {
		int cause = errno;
		(void)munmap(ar->base, ar->total);
		ar->base = NULL;
		return map_failed(kind, bytes, cause, err, n);
	}
	/* A kernel without transparent huge pages refuses both calls; then every page is a base page in any case. */
	if (kind == MW_PAGES_4K)
		(void)madvise(p, bytes, MADV_NOHUGEPAGE);
	else if (kind == MW_PAGES_THP)
		(void)madvise(p, bytes, MADV_HUGEPAGE);
	ar->block.p = p;
	return 0;
}

/* ---- first touch ---- */

struct touch_job {
	char *p;
	size_t bytes;
	_Atomic int error;
};

static void touch_slice(void *arg, int rank, int members)
{
	struct touch_job *job = arg;
	size_t begin, end;
	mw_team_slice(job->bytes, (size_t)2 << 20, rank, members, &begin, &end);
	if (begin == end)
		return;
#ifdef MADV_POPULATE_WRITE
	/* Since Linux 5.14. When the hugetlb pool is empty, this call returns an error; the loop below would get a
	 * SIGBUS. */
	int rc;
	do
		rc = madvise(job->p + begin, end - begin, MADV_POPULATE_WRITE);
	while (rc < 0 && (errno == EINTR || errno == EAGAIN));
	if (rc == 0)
		return;
	if (errno != EINVAL) {
		job->error = errno;
		return;
	}
#endif
	for (size_t i = begin; i < end; i += 4096)
		*(volatile char *)(job->p + i) = 0;
}

/* CPUs of the affinity mask that belong to the node; all of them for node -1 or where the node's CPUs are not known. */
static int touch_cpus(int root_fd, int node, int *cpus, int max)
{
	struct mw_cpulist mine, of_node;
	char path[64], text[4096];
	if (mw_cpulist_affinity(&mine) < 0)
		return 0;
	mw_format(path, sizeof(path), "sys/devices/system/node/node%d/cpulist", node);
	bool known = node >= 0 && mw_tree_read(root_fd, path, text, sizeof(text)) >= 0 &&
		     mw_cpulist_parse(&of_node, text) == 0;
	int n = 0;
	for (int id = mw_cpulist_next(&mine, 0); id >= 0 && n < max; id = mw_cpulist_next(&mine, id + 1))
		if (!known || mw_cpulist_has(&of_node, id))
			cpus[n++] = id;
	return n;
}

static int touch(int root_fd, struct arena *ar, size_t bytes, int node, char *err, size_t n)
{
	struct touch_job job = {.p = ar->block.p, .bytes = bytes};
	int cpus[TOUCH_THREADS_MAX];
	int members = touch_cpus(root_fd, node, cpus, TOUCH_THREADS_MAX);
	struct mw_team *team = NULL;
	/* Blocks below 64 MiB are touched by one thread; where threads are refused, by the caller. */
	if (members > 1 && bytes >= (size_t)64 << 20)
		(void)mw_team_create(cpus, members, &team, NULL, 0);
	if (!team && node >= 0 && members > 0)
		(void)mw_team_create(cpus, 1, &team, NULL, 0);
	if (team)
		(void)mw_team_run(team, mw_team_size(team), touch_slice, &job);
	else
		touch_slice(&job, 0, 1);
	mw_team_destroy(team);
	if (job.error && kinds[ar->block.asked].pool)
		return mw_fail(MW_EUNAVAILABLE, err, n, "no pages of %s left where they were asked for: %s",
			       kinds[ar->block.asked].name, mw_strerror(-job.error));
	if (job.error)
		return mw_fail(-job.error, err, n, "cannot touch %zu MiB: %s", bytes >> 20, mw_strerror(-job.error));
	return 0;
}

/* Node for the block: the one asked for, else that of the calling thread. -1 where the system does not tell, and for
 * blocks on several nodes. */
static int target_node(int asked)
{
	unsigned cpu, node;
	if (asked != MW_NODE_LOCAL)
		return asked >= 0 ? asked : -1;
	return getcpu(&cpu, &node) == 0 ? (int)node : -1;
}

enum { NODES = 1024, NODE_BITS = 8 * sizeof(unsigned long) };

/* False when mbind is refused (containers) or absent. The first touch from the node's CPUs places the pages in that
 * case, and mw_pages_node checks the result. */
static bool bind_node(const struct arena *ar, size_t bytes, int node, bool strict)
{
	unsigned long mask[NODES / NODE_BITS] = {0};
	if (node < 0 || node >= NODES)
		return false;
	mask[(size_t)node / NODE_BITS] = 1ul << ((size_t)node % NODE_BITS);
	return mbind(ar->block.p, bytes, strict ? MPOL_BIND : MPOL_PREFERRED, mask, NODES, 0) == 0;
}

/* Interleaves the block over the nodes of the process's cpuset; those without memory get nothing. */
static int bind_interleaved(const struct arena *ar, size_t bytes, char *err, size_t n)
{
	bool weighted = ar->asked_node == MW_NODE_WEIGHTED;
	unsigned long mask[NODES / NODE_BITS] = {0};
	if (get_mempolicy(NULL, mask, NODES, NULL, MPOL_F_MEMS_ALLOWED) == 0 &&
	    mbind(ar->block.p, bytes, weighted ? WEIGHTED_INTERLEAVE : MPOL_INTERLEAVE, mask, NODES, 0) == 0)
		return 0;
	if (weighted && errno == EINVAL)
		return mw_fail(MW_EUNAVAILABLE, err, n,
			       "this kernel has no weighted interleave (it is in Linux since 6.9)");
	return mw_fail(MW_EUNAVAILABLE, err, n, "memory cannot be interleaved: %s", mw_strerror(-errno));
}

static bool node_exists(int root_fd, int node)
{
	struct mw_cpulist online;
	char text[4096];
	if (mw_tree_read(root_fd, "sys/devices/system/node/has_memory", text, sizeof(text)) <= 0 &&
	    mw_tree_read(root_fd, "sys/devices/system/node/online", text, sizeof(text)) <= 0)
		return node == 0; /* a kernel without NUMA has node 0 only */
	return mw_cpulist_parse(&online, text) == 0 && mw_cpulist_has(&online, node);
}

/* Refuses a block larger than the free pages of its pool: before 5.14 the kernel raises SIGBUS when a node has no
 * hugetlb page left. */
static int check_pool(int root_fd, enum mw_pages kind, int node, size_t bytes, char *err, size_t n)
{
	char path[128];
	uint64_t free_pages = 0, want = bytes / kinds[kind].align;
	if (!kinds[kind].pool)
		return 0;
	mw_format(path, sizeof(path), "sys/kernel/mm/hugepages/%s/free_hugepages", kinds[kind].pool);
	if (node >= 0)
		mw_format(path, sizeof(path), "sys/devices/system/node/node%d/hugepages/%s/free_hugepages", node,
			  kinds[kind].pool);
	if (mw_tree_u64(root_fd, path, &free_pages) < 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "this kernel has no huge pages of %s", kinds[kind].name);
	if (free_pages < want)
		return mw_fail(MW_EUNAVAILABLE, err, n, "%llu of %llu huge pages of %s are free (%s)",
			       (unsigned long long)free_pages, (unsigned long long)want, kinds[kind].name,
			       node >= 0 ? "on the node asked for; see vm.nr_hugepages" : "see vm.nr_hugepages");
	return 0;
}

/* Estimates the available memory of a node as the kernel estimates MemAvailable, which it does not give per node. False
 * when node is -1 or its meminfo cannot be read. */
static bool node_available(int root_fd, int node, uint64_t *bytes)
{
	static const struct {
		const char *key;
		unsigned parts; /* 1: all of it counts; 2: half of it */
	} rows[] = {{"MemFree", 1}, {"Inactive(file)", 1}, {"Active(file)", 2}, {"SReclaimable", 2}};
	char path[64], key[64];
	if (node < 0)
		return false;
	mw_format(path, sizeof(path), "sys/devices/system/node/node%d/meminfo", node);
	char *text = mw_tree_slurp(root_fd, path);
	bool known = false;
	*bytes = 0;
	for (size_t i = 0; text && i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t kb;
		mw_format(key, sizeof(key), "Node %d %s", node, rows[i].key);
		if (!mw_text_u64(text, key, &kb))
			continue;
		known = true;
		*bytes += (kb << 10) / rows[i].parts;
	}
	free(text);
	return known;
}

static uint64_t held_bytes(const struct mw_arenas *a)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < a->n; i++)
		bytes += a->v[i].held ? a->v[i].block.bytes : 0;
	return bytes;
}

static int over_limit(const struct mw_arenas *a, size_t bytes, uint64_t others, char *err, size_t n)
{
	if (bytes <= a->max_bytes && others <= a->max_bytes - bytes)
		return 0;
	return mw_fail(MW_EBUDGET, err, n, "%zu MiB beside %llu MiB in use exceed the limit of %llu MiB%s%s%s",
		       bytes >> 20, (unsigned long long)(others >> 20), (unsigned long long)(a->max_bytes >> 20),
		       a->source[0] ? " (" : "", a->source, a->source[0] ? ")" : "");
}

/* Checks that bytes more can be mapped on the node: max_bytes, huge-page pool, limits of the process, memory of the
 * node. */
static int check_room(const struct mw_arenas *a, int root_fd, enum mw_pages kind, int node, size_t bytes, char *err,
		      size_t n)
{
	int rc = over_limit(a, bytes, a->bytes, err, n);
	if (rc < 0 || kinds[kind].pool)
		return rc < 0 ? rc : check_pool(root_fd, kind, node, bytes, err, n);
	/* Beyond these limits the kernel kills the process instead of refusing memory. bytes / 256 is for page tables,
	 * slack for thread stacks and the rest of the program. */
	struct mw_limits l;
	mw_limits_read(root_fd, true, &l);
	/* Slack: 8 MiB, or an eighth of what is available where that is less. */
	bool little = l.mem_known && l.mem_available < 8 * (uint64_t)SLACK_BYTES;
	uint64_t slack = little ? l.mem_available / 8 : SLACK_BYTES;
	uint64_t need = (uint64_t)bytes + bytes / 256 + slack, on_node;
	if (l.mem_known && need > l.mem_available)
		return mw_fail(MW_EBUDGET, err, n, "%zu MiB and %llu MiB of slack wanted, %llu MiB available (%s)",
			       bytes >> 20, (unsigned long long)((need - bytes) >> 20),
			       (unsigned long long)(l.mem_available >> 20), l.source);
	if (node_available(root_fd, node, &on_node) && need > on_node)
		return mw_fail(MW_EBUDGET, err, n,
			       "%zu MiB and %llu MiB of slack wanted, %llu MiB available on node %d", bytes >> 20,
			       (unsigned long long)((need - bytes) >> 20), (unsigned long long)(on_node >> 20), node);
	return 0;
}

/* Touches the block so that its pages are on the node asked for; an error when they are not. */
static int place_pages(int root_fd, struct arena *ar, size_t bytes, char *err, size_t n)
{
	int asked = ar->asked_node, node = target_node(asked), cpu;
	if (asked < MW_NODE_LOCAL) {
		int rc = bind_interleaved(ar, bytes, err, n);
		return rc < 0 ? rc : touch(root_fd, ar, bytes, node, err, n);
	}
	if (!bind_node(ar, bytes, node, asked >= 0) && asked > 0 && touch_cpus(root_fd, asked, &cpu, 1) == 0)
		return mw_fail(MW_EUNAVAILABLE, err, n,
			       "memory of node %d: mbind is refused and this process may use no CPU of the node",
			       asked);
	int rc = touch(root_fd, ar, bytes, node, err, n);
	if (rc < 0)
		return rc;
	ar->block.node = mw_pages_node(ar->block.p, bytes);
	if (asked >= 0 && ar->block.node >= 0 && ar->block.node != asked)
		return mw_fail(MW_EUNAVAILABLE, err, n, "memory of node %d was asked for, the kernel gave node %d",
			       asked, ar->block.node);
	return 0;
}

/* Maps and touches a block in a free entry. The entry stays free after a failure. */
static int fill_place(struct mw_arenas *a, struct arena *ar, int root_fd, enum mw_pages kind, int node, size_t bytes,
		      char *err, size_t n)
{
	*ar = (struct arena){.asked_node = node, .block = {.asked = kind, .node = -1}};
	int rc = map_block(ar, bytes, err, n);
	if (rc == 0)
		rc = place_pages(root_fd, ar, bytes, err, n);
	if (rc < 0) {
		unmap(a, ar);
		return rc;
	}
	char *obtained = ar->block.obtained;
	mw_pages_obtained(root_fd, ar->block.p, bytes, obtained, sizeof(ar->block.obtained));
	/* Partly; with no huge page at all, the mode is "never". A huge page made of interleaved ones is on one node.
	 */
	if (node >= MW_NODE_LOCAL && strncmp(obtained, "thp ", 4) == 0) {
		mw_pages_collapse(ar->block.p, bytes);
		mw_pages_obtained(root_fd, ar->block.p, bytes, obtained, sizeof(ar->block.obtained));
	}
	ar->block.bytes = bytes;
	a->bytes += bytes;
	return 0;
}

/* ---- who gets which ---- */

static bool is_of(const struct arena *ar, enum mw_pages kind, int node)
{
	return ar->block.p && ar->block.asked == kind && ar->asked_node == node;
}

/* The owner's block, or NULL. */
static struct arena *find_own(struct mw_arenas *a, const void *owner, enum mw_pages kind, int node)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_of(&a->v[i], kind, node) && a->v[i].owner == owner)
			return &a->v[i];
	return NULL;
}

/* The smallest released block that is large enough; of equal ones the one released first. nobodys: only blocks without
 * owner. NULL: none. */
static struct arena *find_released(struct mw_arenas *a, enum mw_pages kind, int node, size_t bytes, bool nobodys)
{
	struct arena *best = NULL;
	for (size_t i = 0; i < a->n; i++) {
		struct arena *ar = &a->v[i];
		if (!is_of(ar, kind, node) || ar->held || ar->block.bytes < bytes || (nobodys && ar->owner))
			continue;
		if (!best || ar->block.bytes < best->block.bytes ||
		    (ar->block.bytes == best->block.bytes && ar->released < best->released))
			best = ar;
	}
	return best;
}

/* Returns one released block to the system: blocks without owner first, then the one released first. kind: only blocks
 * of this kind; MW_PAGES_COUNT: of any. False when there is none. */
static bool give_back(struct mw_arenas *a, enum mw_pages kind)
{
	struct arena *first = NULL;
	for (size_t i = 0; i < a->n; i++) {
		struct arena *ar = &a->v[i];
		if (!ar->block.p || ar->held || (kind != MW_PAGES_COUNT && ar->block.asked != kind))
			continue;
		if (!first || (first->owner && !ar->owner) ||
		    (!first->owner == !ar->owner && ar->released < first->released))
			first = ar;
	}
	if (first)
		unmap(a, first);
	return first != NULL;
}

/* A free entry of the list, which grows when needed. NULL when out of memory. */
static struct arena *free_place(struct mw_arenas *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->v[i].block.p)
			return &a->v[i];
	struct arena *v = realloc(a->v, (a->n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	a->v = v;
	v[a->n] = (struct arena){.base = NULL};
	return &v[a->n++];
}

/* Takes a released block without owner, else maps new memory, else takes a released block of another owner; when all
 * fail, returns released blocks to the system one by one and tries again. */
static int find_memory(struct mw_arenas *a, int root_fd, enum mw_pages kind, int node, size_t bytes, struct arena **out,
		       char *err, size_t n)
{
	if (node >= 0 && !node_exists(root_fd, node))
		return mw_fail(MW_EUNAVAILABLE, err, n, "this machine has no NUMA node %d with memory", node);
	int rc;
	*out = find_released(a, kind, node, bytes, true);
	if (*out)
		return 0;
	for (;;) {
		struct arena *place = free_place(a);
		if (!place)
			return mw_fail(-ENOMEM, err, n, "no memory for one more block");
		rc = check_room(a, root_fd, kind, node, bytes, err, n);
		if (rc == 0)
			rc = fill_place(a, place, root_fd, kind, node, bytes, err, n);
		*out = rc == 0 ? place : find_released(a, kind, node, bytes, false);
		if (*out)
			return 0;
		/* For an empty huge-page pool only blocks of the same kind help. */
		bool pool = rc == MW_EUNAVAILABLE && kinds[kind].pool;
		if (rc != MW_EBUDGET && rc != -ENOMEM && !pool)
			return rc;
		if (!give_back(a, pool ? kind : MW_PAGES_COUNT))
			return rc;
	}
}

int mw_arena_take(struct mw_arenas *a, const void *owner, enum mw_pages kind, int node, size_t bytes,
		  struct mw_block *out, char *err, size_t n)
{
	*out = (struct mw_block){.asked = kind, .node = -1};
	if (!owner || bytes == 0 || (unsigned)kind >= MW_PAGES_COUNT || node < MW_NODE_WEIGHTED)
		return mw_fail(-EINVAL, err, n, "a block needs an owner, a size, a page kind and a node");
	size_t align = kinds[kind].align;
	if (bytes > SIZE_MAX / 4)
		return mw_fail(MW_EBUDGET, err, n, "%zu MiB exceed every limit", bytes >> 20);
	bytes = (bytes + align - 1) / align * align;
	struct arena *ar = find_own(a, owner, kind, node);
	if (ar && ar->held)
		return mw_fail(-EBUSY, err, n, "the block of %zu MiB in pages of %s is in use already",
			       ar->block.bytes >> 20, kinds[kind].name);
	if (!ar || ar->block.bytes < bytes) {
		int rc = over_limit(a, bytes, held_bytes(a), err, n);
		if (rc < 0)
			return rc;
		if (ar)
			unmap(a, ar); /* a larger block cannot keep the contents, and the memory may be needed */
		int root_fd = mw_tree_open("/");
		rc = root_fd < 0 ? mw_fail(root_fd, err, n, "cannot open /: %s", mw_strerror(root_fd))
				 : find_memory(a, root_fd, kind, node, bytes, &ar, err, n);
		if (root_fd >= 0)
			(void)close(root_fd);
		if (rc < 0)
			return rc;
	}
	ar->block.intact = ar->owner == owner && ar->wanted == bytes;
	ar->owner = owner;
	ar->wanted = bytes;
	ar->held = true;
	*out = ar->block;
	return 0;
}

void mw_arena_release(struct mw_arenas *a, struct mw_block *block)
{
	for (size_t i = 0; block->p && i < a->n; i++)
		if (a->v[i].block.p == block->p) {
			a->v[i].held = false;
			a->v[i].released = ++a->releases;
		}
	*block = (struct mw_block){.node = -1};
}

void mw_arena_forget(struct mw_arenas *a, const void *owner)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].owner == owner && !a->v[i].held)
			a->v[i].owner = NULL;
}

/* Address space may be limited (ulimit -v), which only mapping shows. */
static int try_map(const struct mw_arenas *a, size_t bytes, char *err, size_t n)
{
	void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return mw_fail(MW_EBUDGET, err, n, "cannot map %zu MiB: %s%s%s%s", bytes >> 20, mw_strerror(-errno),
			       a->source[0] ? " (" : "", a->source, a->source[0] ? ")" : "");
	(void)munmap(p, bytes);
	return 0;
}

int mw_arenas_make_room(struct mw_arenas *a, size_t bytes, char *err, size_t n)
{
	int root_fd = mw_tree_open("/"), rc;
	if (root_fd < 0)
		return mw_fail(root_fd, err, n, "cannot open /: %s", mw_strerror(root_fd));
	do {
		rc = check_room(a, root_fd, MW_PAGES_4K, -1, bytes, err, n);
		rc = rc < 0 ? rc : try_map(a, bytes, err, n);
	} while (rc == MW_EBUDGET && give_back(a, MW_PAGES_COUNT));
	(void)close(root_fd);
	return rc;
}
