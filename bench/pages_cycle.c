#include "bench/pages_cycle.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/sys/pages.h"
#include "base/sys/tree.h"

/* Values of the kernel's interface that older C libraries do not name. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define BIT(step) (1u << (step))

const char *pages_step_name(enum pages_step s)
{
	static const char *const names[PAGES_STEPS] = {
		[PAGES_TOUCH] = "touch",
		[PAGES_ZEROING] = "zeroing",
		[PAGES_DONTNEED] = "dontneed",
		[PAGES_REFAULT] = "refault",
		[PAGES_FREE] = "free",
		[PAGES_AFTER_FREE] = "touch-after-free",
		[PAGES_MUNMAP] = "munmap",
		[PAGES_MINOR] = "minor-fault",
		[PAGES_ZERO_PAGE] = "zero-page",
		[PAGES_MAP_POPULATE] = "map-populate",
		[PAGES_POPULATE_WRITE] = "populate-write",
		[PAGES_COLLAPSE] = "collapse",
	};
	return names[s];
}

unsigned pages_cycle_steps(enum pages_cycle c)
{
	static const unsigned steps[PAGES_CYCLES] = {
		[PAGES_BASE] = BIT(PAGES_TOUCH) | BIT(PAGES_ZEROING) | BIT(PAGES_DONTNEED) | BIT(PAGES_REFAULT) |
			       BIT(PAGES_FREE) | BIT(PAGES_AFTER_FREE) | BIT(PAGES_MUNMAP),
		[PAGES_HUGE] = BIT(PAGES_TOUCH) | BIT(PAGES_ZEROING) | BIT(PAGES_DONTNEED) | BIT(PAGES_REFAULT) |
			       BIT(PAGES_MUNMAP),
		[PAGES_MAPPED] = BIT(PAGES_MINOR) | BIT(PAGES_ZERO_PAGE),
		[PAGES_POPULATED] = BIT(PAGES_MAP_POPULATE) | BIT(PAGES_POPULATE_WRITE),
		[PAGES_COLLAPSED] = BIT(PAGES_COLLAPSE),
	};
	return steps[c];
}

/* ---- the calls of this machine ---- */

static void *linux_map(void *at, size_t bytes, int prot, int flags, int fd)
{
	return mmap(at, bytes, prot, flags, fd, 0);
}

static int linux_unmap(void *p, size_t bytes)
{
	return munmap(p, bytes) < 0 ? -errno : 0;
}

static int linux_advise(void *p, size_t bytes, int advice)
{
	return madvise(p, bytes, advice) < 0 ? -errno : 0;
}

static int linux_shared(size_t bytes)
{
	int fd = memfd_create("memwall-pages", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) == 0)
		return fd;
	int rc = -errno;
	(void)close(fd);
	return rc;
}

static void linux_obtained(const void *p, size_t bytes, char *out, size_t n)
{
	int root = mw_tree_open("/");
	mw_pages_obtained(root, p, bytes, out, n);
	if (root >= 0)
		(void)close(root);
}

static uint64_t linux_faults(void)
{
	struct rusage u;
	return getrusage(RUSAGE_THREAD, &u) < 0 ? 0 : (uint64_t)u.ru_minflt;
}

const struct pages_os pages_linux = {linux_map,      linux_unmap,  linux_advise, linux_shared,
				     linux_obtained, linux_faults, mw_now_ns};

/* ---- a mapping ---- */

/* Address space with the mapping inside, which is aligned to a huge page; the rest stays unreadable, so that the kernel
 * does not join the mapping with a neighbour and smaps has an entry for it alone. */
struct room {
	const struct pages_job *job;
	char *all;
	size_t all_bytes;
	char *p;
	bool gone; /* the mapping, but not the rest */
};

static int room_open(struct room *r, const struct pages_job *job)
{
	*r = (struct room){.job = job, .all_bytes = job->bytes + 2 * job->huge};
	void *all = job->os->map(NULL, r->all_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (all == MAP_FAILED)
		return -errno;
	r->all = all;
	size_t past = (uintptr_t)r->all % job->huge;
	r->p = r->all + (past ? job->huge - past : job->huge);
	return 0;
}

static void room_close(struct room *r)
{
	const struct pages_os *os = r->job->os;
	size_t before = (size_t)(r->p - r->all);
	(void)os->unmap(r->all, before);
	if (!r->gone)
		(void)os->unmap(r->p, r->job->bytes);
	(void)os->unmap(r->p + r->job->bytes, r->all_bytes - before - r->job->bytes);
}

/* Maps fresh memory at the place of the mapping; advice 0: none. */
static int room_map(const struct room *r, int flags, int fd, int advice)
{
	void *p = r->job->os->map(r->p, r->job->bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd);
	if (p == MAP_FAILED)
		return -errno;
	return advice ? r->job->os->advise(r->p, r->job->bytes, advice) : 0;
}

static int room_fresh(const struct room *r, int advice)
{
	return room_map(r, MAP_PRIVATE | MAP_ANONYMOUS, -1, advice);
}

/* ---- touches ---- */

/* The sanitizer's own memory would fault beside each page that is touched. */
#define PLAIN __attribute__((no_sanitize_address))

PLAIN static void store_pages(char *p, size_t bytes, size_t page)
{
	for (size_t i = 0; i < bytes; i += page)
		((volatile char *)p)[i] = 1;
}

PLAIN static void load_pages(const char *p, size_t bytes, size_t page)
{
	for (size_t i = 0; i < bytes; i += page)
		(void)((const volatile char *)p)[i];
}

/* A page at a time, as the kernel zeroes. */
static void zero_pages(char *p, size_t bytes, size_t page)
{
	for (size_t i = 0; i < bytes; i += page) {
		memset(p + i, 0, page);
		__asm__ volatile("" : : "r"(p + i) : "memory");
	}
}

/* ---- steps ---- */

static void begin(const struct pages_job *job, struct pages_result *r, size_t page)
{
	*r = (struct pages_result){.page = page, .pages = job->bytes / page};
	r->faults = job->os->faults();
	r->ns = job->os->now_ns();
}

static void finish(const struct pages_job *job, struct pages_result *r)
{
	r->ns = job->os->now_ns() - r->ns;
	r->faults = job->os->faults() - r->faults;
}

static void fail(struct pages_result *r, int rc, const char *call)
{
	r->rc = mw_fail(rc == -ENOMEM || rc == -EAGAIN ? rc : MW_EUNAVAILABLE, r->why, sizeof(r->why), "%s: %s%s", call,
			mw_strerror(rc), rc == -EINVAL ? ": this kernel lacks it, or refuses it here" : "");
}

/* One page fault per page, or the step did not measure faults. */
static void expect_faults(struct pages_result *r)
{
	if (r->rc == 0 && r->faults < r->pages)
		r->rc = mw_fail(MW_EUNAVAILABLE, r->why, sizeof(r->why), "only %llu faults for %zu pages",
				(unsigned long long)r->faults, r->pages);
}

static void expect_kind(const struct room *room, struct pages_result *r, bool huge)
{
	room->job->os->obtained(room->p, room->job->bytes, r->obtained, sizeof(r->obtained));
	if (r->rc == 0 && huge && strcmp(r->obtained, "thp") != 0)
		r->rc = mw_fail(MW_EUNAVAILABLE, r->why, sizeof(r->why),
				"the kernel gave %s instead of transparent huge pages", r->obtained);
	if (r->rc == 0 && !huge && strncmp(r->obtained, "thp", 3) == 0)
		r->rc = mw_fail(MW_EUNAVAILABLE, r->why, sizeof(r->why), "the kernel gave huge pages (%s)",
				r->obtained);
}

static void advise_step(const struct room *room, struct pages_result *r, size_t page, int advice, const char *call)
{
	begin(room->job, r, page);
	int rc = room->job->os->advise(room->p, room->job->bytes, advice);
	finish(room->job, r);
	if (rc < 0)
		fail(r, rc, call);
}

static void touch_step(const struct room *room, struct pages_result *r, size_t page)
{
	begin(room->job, r, page);
	store_pages(room->p, room->job->bytes, page);
	finish(room->job, r);
}

/* ---- sequences ---- */

static void touched(const struct room *room, struct pages_result *out, bool huge)
{
	const struct pages_job *job = room->job;
	size_t page = huge ? job->huge : job->page;
	touch_step(room, &out[PAGES_TOUCH], page);
	expect_faults(&out[PAGES_TOUCH]);
	expect_kind(room, &out[PAGES_TOUCH], huge);
	begin(job, &out[PAGES_ZEROING], page);
	zero_pages(room->p, job->bytes, page);
	finish(job, &out[PAGES_ZEROING]);
	if (out[PAGES_TOUCH].rc < 0) /* pages of another kind: their zeroing is not that of this kind */
		out[PAGES_ZEROING] = out[PAGES_TOUCH];
	advise_step(room, &out[PAGES_DONTNEED], page, MADV_DONTNEED, "madvise(MADV_DONTNEED)");
	touch_step(room, &out[PAGES_REFAULT], page);
	expect_faults(&out[PAGES_REFAULT]);
	expect_kind(room, &out[PAGES_REFAULT], huge);
}

static void munmap_step(struct room *room, struct pages_result *r, size_t page)
{
	begin(room->job, r, page);
	int rc = room->job->os->unmap(room->p, room->job->bytes);
	finish(room->job, r);
	room->gone = rc == 0;
	if (rc < 0)
		fail(r, rc, "munmap");
}

static void run_base(struct room *room, struct pages_result *out)
{
	int rc = room_fresh(room, MADV_NOHUGEPAGE);
	if (rc == -EINVAL) /* a kernel without huge pages has no such advice, and needs none */
		rc = 0;
	if (rc < 0) {
		fail(&out[PAGES_TOUCH], rc, "mmap");
		return;
	}
	touched(room, out, false);
	advise_step(room, &out[PAGES_FREE], room->job->page, MADV_FREE, "madvise(MADV_FREE)");
	touch_step(room, &out[PAGES_AFTER_FREE], room->job->page);
	if (out[PAGES_FREE].rc < 0)
		out[PAGES_AFTER_FREE] = out[PAGES_FREE];
	munmap_step(room, &out[PAGES_MUNMAP], room->job->page);
}

static void run_huge(struct room *room, struct pages_result *out)
{
	int rc = room_fresh(room, MADV_HUGEPAGE);
	if (rc < 0) {
		fail(&out[PAGES_TOUCH], rc, "madvise(MADV_HUGEPAGE)");
		return;
	}
	touched(room, out, true);
	munmap_step(room, &out[PAGES_MUNMAP], room->job->huge);
	/* What is done to base pages is not the cost of huge ones. */
	for (int s = PAGES_DONTNEED; s <= PAGES_MUNMAP; s++)
		if (out[PAGES_TOUCH].rc < 0)
			out[s] = out[PAGES_TOUCH];
}

static void run_minor(const struct room *room, struct pages_result *r)
{
	const struct pages_job *job = room->job;
	int fd = job->os->shared(job->bytes);
	if (fd < 0) {
		fail(r, fd, "memfd_create");
		return;
	}
	/* The first mapping makes the pages; the second finds them. Stores, because loads map 16 pages per fault. */
	int rc = room_map(room, MAP_SHARED, fd, 0);
	if (rc == 0)
		store_pages(room->p, job->bytes, job->page);
	if (rc == 0)
		rc = room_map(room, MAP_SHARED, fd, 0);
	if (rc == 0) {
		touch_step(room, r, job->page);
		expect_faults(r);
	} else {
		fail(r, rc, "mmap of a memory file");
	}
	(void)close(fd);
}

static void run_mapped(struct room *room, struct pages_result *out)
{
	struct pages_result *r = &out[PAGES_ZERO_PAGE];
	run_minor(room, &out[PAGES_MINOR]);
	int rc = room_fresh(room, MADV_NOHUGEPAGE);
	if (rc < 0 && rc != -EINVAL) {
		fail(r, rc, "mmap");
		return;
	}
	begin(room->job, r, room->job->page);
	load_pages(room->p, room->job->bytes, room->job->page);
	finish(room->job, r);
	expect_faults(r);
}

/* After pages were populated, touching them takes no faults. */
static void expect_populated(const struct room *room, struct pages_result *r)
{
	struct pages_result after;
	if (r->rc < 0)
		return;
	touch_step(room, &after, room->job->page);
	if (after.faults * 100 > after.pages)
		r->rc = mw_fail(MW_EUNAVAILABLE, r->why, sizeof(r->why), "%llu of %zu pages were not there afterwards",
				(unsigned long long)after.faults, after.pages);
	room->job->os->obtained(room->p, room->job->bytes, r->obtained, sizeof(r->obtained));
}

static void run_populated(struct room *room, struct pages_result *out)
{
	struct pages_result *r = &out[PAGES_MAP_POPULATE];
	begin(room->job, r, room->job->page);
	int rc = room_map(room, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	finish(room->job, r);
	if (rc < 0)
		fail(r, rc, "mmap(MAP_POPULATE)");
	expect_populated(room, r);
	r = &out[PAGES_POPULATE_WRITE];
	rc = room_fresh(room, MADV_NOHUGEPAGE);
	if (rc < 0 && rc != -EINVAL) {
		fail(r, rc, "mmap");
		return;
	}
	advise_step(room, r, room->job->page, MADV_POPULATE_WRITE, "madvise(MADV_POPULATE_WRITE)");
	expect_populated(room, r);
}

static void run_collapsed(struct room *room, struct pages_result *out)
{
	struct pages_result *r = &out[PAGES_COLLAPSE];
	int rc = room_fresh(room, MADV_NOHUGEPAGE);
	if (rc == 0) {
		store_pages(room->p, room->job->bytes, room->job->page);
		rc = room->job->os->advise(room->p, room->job->bytes, MADV_HUGEPAGE);
	}
	if (rc < 0) {
		fail(r, rc, "madvise(MADV_HUGEPAGE)");
		return;
	}
	room->job->os->obtained(room->p, room->job->bytes, r->obtained, sizeof(r->obtained));
	bool before = strncmp(r->obtained, "thp", 3) == 0;
	advise_step(room, r, room->job->huge, MADV_COLLAPSE, "madvise(MADV_COLLAPSE)");
	expect_kind(room, r, true);
	if (r->rc == 0 && before)
		r->rc = mw_fail(MW_EUNAVAILABLE, r->why, sizeof(r->why), "the pages were huge before");
}

void pages_cycle_run(const struct pages_job *job, enum pages_cycle c, struct pages_result out[PAGES_STEPS])
{
	static void (*const run[PAGES_CYCLES])(struct room *, struct pages_result *) = {
		[PAGES_BASE] = run_base,           [PAGES_HUGE] = run_huge,           [PAGES_MAPPED] = run_mapped,
		[PAGES_POPULATED] = run_populated, [PAGES_COLLAPSED] = run_collapsed,
	};
	struct room room;
	struct pages_result none = {.rc = MW_EUNAVAILABLE, .why = "a step before it failed", .page = job->page};
	int rc = room_open(&room, job);
	if (rc < 0)
		fail(&none, rc, "mmap");
	for (int s = 0; s < PAGES_STEPS; s++)
		if (pages_cycle_steps(c) & BIT(s))
			out[s] = none;
	if (rc < 0)
		return;
	run[c](&room, out);
	room_close(&room);
}
