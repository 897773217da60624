#include "tests/bench/context.h"

#include <errno.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/pages_cycle.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

extern const struct bench bench_pages;

enum { HUGE = 2 << 20, BYTES = 2 * HUGE, TICK = 1000 };

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- calls that fail, do less than asked, or are counted ---- */

static int refused;       /* this advice is refused */
static int ignored;       /* this one does nothing */
static int extra_flags;   /* of every mapping that can be read */
static uint64_t ticks;    /* the clock moves by TICK per call */
static const char *given; /* what the kernel gave; NULL: as smaps says */
static uint64_t reserved, returned;
static char asked[200]; /* what was asked of the kernel, in its order */

static void *counting_map(void *at, size_t bytes, int prot, int flags, int fd)
{
	reserved += prot == PROT_NONE ? bytes : 0;
	(void)strcat(asked, prot == PROT_NONE      ? ""
			    : flags & MAP_POPULATE ? "map-populate "
			    : flags & MAP_SHARED   ? "share "
						   : "map ");
	return pages_linux.map(at, bytes, prot, prot == PROT_NONE ? flags : flags | extra_flags, fd);
}

static int counting_unmap(void *p, size_t bytes)
{
	returned += bytes;
	return pages_linux.unmap(p, bytes);
}

static int some_advice(void *p, size_t bytes, int advice)
{
	(void)strcat(asked, advice == MADV_HUGEPAGE         ? "huge "
			    : advice == MADV_NOHUGEPAGE     ? "base "
			    : advice == MADV_DONTNEED       ? "dontneed "
			    : advice == MADV_FREE           ? "free "
			    : advice == MADV_POPULATE_WRITE ? "populate "
			    : advice == MADV_COLLAPSE       ? "collapse "
							    : "? ");
	if (advice == refused)
		return -EINVAL;
	return advice == ignored ? 0 : pages_linux.advise(p, bytes, advice);
}

static void said_obtained(const void *p, size_t bytes, char *out, size_t n)
{
	if (given)
		(void)snprintf(out, n, "%s", given);
	else
		pages_linux.obtained(p, bytes, out, n);
}

static uint64_t ticking(void)
{
	return ticks += TICK;
}

static struct pages_os altered(void)
{
	struct pages_os os = pages_linux;
	refused = ignored = -1;
	extra_flags = 0;
	ticks = reserved = returned = 0;
	given = NULL;
	os.map = counting_map;
	os.unmap = counting_unmap;
	os.advise = some_advice;
	os.obtained = said_obtained;
	os.now_ns = ticking;
	return os;
}

static void run(const struct pages_os *os, enum pages_cycle c, struct pages_result out[PAGES_STEPS])
{
	const struct pages_job job = {.os = os, .bytes = BYTES, .page = page_bytes(), .huge = HUGE};
	memset(out, 0, PAGES_STEPS * sizeof(*out));
	asked[0] = '\0';
	pages_cycle_run(&job, c, out);
}

/* ---- sequences ---- */

Test(pages, each_page_faults_once)
{
	struct pages_result out[PAGES_STEPS];
	const size_t n = BYTES / page_bytes();
	run(&pages_linux, PAGES_BASE, out);
	for (int s = PAGES_TOUCH; s <= PAGES_MUNMAP; s++) {
		cr_assert_eq(out[s].rc, 0, "%s: %s", pages_step_name((enum pages_step)s), out[s].why);
		cr_assert_eq(out[s].pages, n);
	}
	cr_assert_geq(out[PAGES_TOUCH].faults, n);
	cr_assert_geq(out[PAGES_REFAULT].faults, n);
	cr_assert_lt(out[PAGES_ZEROING].faults, n / 4, "the pages were there");
	cr_assert_str_eq(out[PAGES_TOUCH].obtained, "4K");
	run(&pages_linux, PAGES_MAPPED, out);
	cr_assert_eq(out[PAGES_MINOR].rc, 0, "%s", out[PAGES_MINOR].why);
	cr_assert_geq(out[PAGES_MINOR].faults, n);
	cr_assert_eq(out[PAGES_ZERO_PAGE].rc, 0, "%s", out[PAGES_ZERO_PAGE].why);
	cr_assert_geq(out[PAGES_ZERO_PAGE].faults, n);
}

/* Pages that are there already do not fault: then the time is not that of faults, and there is none. */
Test(pages, touches_without_faults_are_refused)
{
	struct pages_result out[PAGES_STEPS];
	struct pages_os os = altered();
	extra_flags = MAP_POPULATE;
	run(&os, PAGES_BASE, out);
	cr_assert_eq(out[PAGES_TOUCH].rc, MW_EUNAVAILABLE);
	cr_assert(strstr(out[PAGES_TOUCH].why, "faults for"), "%s", out[PAGES_TOUCH].why);
	cr_assert_eq(out[PAGES_REFAULT].rc, 0, "returned pages fault: %s", out[PAGES_REFAULT].why);
	os = altered();
	ignored = MADV_DONTNEED;
	run(&os, PAGES_BASE, out);
	cr_assert_eq(out[PAGES_TOUCH].rc, 0, "%s", out[PAGES_TOUCH].why);
	cr_assert_eq(out[PAGES_REFAULT].rc, MW_EUNAVAILABLE, "nothing was returned");
}

Test(pages, population_is_checked_by_touching)
{
	struct pages_result out[PAGES_STEPS];
	struct pages_os os = altered();
	run(&os, PAGES_POPULATED, out);
	cr_assert_eq(out[PAGES_MAP_POPULATE].rc, 0, "%s", out[PAGES_MAP_POPULATE].why);
	ignored = MADV_POPULATE_WRITE;
	run(&os, PAGES_POPULATED, out);
	cr_assert_eq(out[PAGES_POPULATE_WRITE].rc, MW_EUNAVAILABLE);
	cr_assert(strstr(out[PAGES_POPULATE_WRITE].why, "not there"), "%s", out[PAGES_POPULATE_WRITE].why);
}

Test(pages, huge_pages_must_be_huge)
{
	struct pages_result out[PAGES_STEPS];
	struct pages_os os = altered();
	static const char *const kinds[] = {"4K", "thp 50%", "unknown"};
	for (size_t i = 0; i < 3; i++) {
		given = kinds[i];
		run(&os, PAGES_HUGE, out);
		for (int s = PAGES_TOUCH; s <= PAGES_MUNMAP; s++)
			if (pages_cycle_steps(PAGES_HUGE) & (1u << s))
				cr_assert_eq(out[s].rc, MW_EUNAVAILABLE, "%s", pages_step_name((enum pages_step)s));
		cr_assert(strstr(out[PAGES_TOUCH].why, kinds[i]), "%s", out[PAGES_TOUCH].why);
		run(&os, PAGES_COLLAPSED, out);
		cr_assert_eq(out[PAGES_COLLAPSE].rc, MW_EUNAVAILABLE, "%s", kinds[i]);
	}
	given = "thp";
	run(&os, PAGES_BASE, out);
	cr_assert_eq(out[PAGES_TOUCH].rc, MW_EUNAVAILABLE, "huge pages are no base pages");
	run(&os, PAGES_COLLAPSED, out);
	cr_assert_eq(out[PAGES_COLLAPSE].rc, MW_EUNAVAILABLE, "nothing to collapse");
	given = NULL;
	run(&os, PAGES_HUGE, out);
	if (out[PAGES_TOUCH].rc == 0) { /* this machine has huge pages, and free ones */
		cr_assert_str_eq(out[PAGES_TOUCH].obtained, "thp");
		cr_assert_eq(out[PAGES_TOUCH].pages, BYTES / HUGE);
		cr_assert_lt(out[PAGES_TOUCH].faults, BYTES / page_bytes() / 4, "a fault per huge page");
	}
	run(&os, PAGES_COLLAPSED, out);
	if (out[PAGES_COLLAPSE].rc == 0)
		cr_assert_str_eq(out[PAGES_COLLAPSE].obtained, "thp");
}

/* What the kernel lacks is said with the name of the call and the error in words. */
Test(pages, calls_that_are_refused)
{
	static const struct {
		int advice;
		enum pages_cycle cycle;
		enum pages_step step;
		const char *word;
	} calls[] = {
		{MADV_COLLAPSE, PAGES_COLLAPSED, PAGES_COLLAPSE, "MADV_COLLAPSE"},
		{MADV_HUGEPAGE, PAGES_HUGE, PAGES_TOUCH, "MADV_HUGEPAGE"},
		{MADV_POPULATE_WRITE, PAGES_POPULATED, PAGES_POPULATE_WRITE, "MADV_POPULATE_WRITE"},
		{MADV_FREE, PAGES_BASE, PAGES_AFTER_FREE, "MADV_FREE"},
	};
	struct pages_result out[PAGES_STEPS];
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct pages_os os = altered();
		refused = calls[i].advice;
		run(&os, calls[i].cycle, out);
		const struct pages_result *r = &out[calls[i].step];
		cr_assert_eq(r->rc, MW_EUNAVAILABLE, "%s", calls[i].word);
		cr_assert(strstr(r->why, calls[i].word) && strstr(r->why, mw_strerror(-EINVAL)), "%s", r->why);
		cr_assert_eq(reserved, returned, "%s", calls[i].word);
	}
}

/* Page kinds are asked for before the first touch, and each sequence makes the calls that it is about. */
Test(pages, calls_of_each_sequence)
{
	static const char *const expected[PAGES_CYCLES] = {
		[PAGES_BASE] = "map base dontneed free ",      [PAGES_HUGE] = "map huge dontneed ",
		[PAGES_MAPPED] = "share share map base ",      [PAGES_POPULATED] = "map-populate map base populate ",
		[PAGES_COLLAPSED] = "map base huge collapse ",
	};
	struct pages_result out[PAGES_STEPS];
	for (int c = 0; c < PAGES_CYCLES; c++) {
		struct pages_os os = altered();
		run(&os, (enum pages_cycle)c, out);
		cr_assert_str_eq(asked, expected[c], "sequence %d: %s", c, asked);
	}
}

/* Only the step is between the two readings of the clock, and all address space is returned. */
Test(pages, steps_are_timed_alone)
{
	struct pages_result out[PAGES_STEPS];
	for (int c = 0; c < PAGES_CYCLES; c++) {
		struct pages_os os = altered();
		given = c == PAGES_HUGE ? "thp" : NULL;
		run(&os, (enum pages_cycle)c, out);
		for (int s = 0; s < PAGES_STEPS; s++)
			if ((pages_cycle_steps((enum pages_cycle)c) & (1u << s)) && out[s].rc == 0)
				cr_assert_eq(out[s].ns, TICK, "%s", pages_step_name((enum pages_step)s));
		cr_assert_gt(reserved, BYTES);
		cr_assert_eq(reserved, returned, "sequence %d", c);
	}
}

/* ---- the benchmark ---- */

static const struct mw_record *find(const struct test_context *t, const char *name, const char *metric,
				    const char *pages)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0 &&
		    strcmp(mw_kv_str(&r->params, "pages", ""), pages) == 0)
			return r;
	}
	return NULL;
}

Test(pages, records)
{
	const char *const options[] = {"--size=4M", NULL};
	struct test_context t;
	test_open(&t, &bench_pages, options);
	cr_assert_eq(test_run(&t, &bench_pages), 0, "%s", t.err);
	const int64_t n = (4 << 20) / (int64_t)page_bytes();
	static const char *const faulting[] = {"touch", "refault", "minor-fault", "zero-page", "first-touch"};
	for (size_t i = 0; i < sizeof(faulting) / sizeof(faulting[0]); i++) {
		const struct mw_record *r = find(&t, faulting[i], "page_time", "4K");
		cr_assert(r, "%s", faulting[i]);
		cr_assert_eq(r->provenance, MW_MEASURED, "%s: %s", faulting[i], r->note);
		cr_assert_eq(mw_kv_int(&r->params, "size", 0), 4 << 20);
		cr_assert_eq(mw_kv_int(&r->observed, "page_count", 0), n);
		cr_assert_geq(mw_kv_int(&r->observed, "faults", 0), n);
	}
	const struct mw_record *touch = find(&t, "touch", "page_time", "4K"),
			       *gib = find(&t, "touch", "gib_time", "4K");
	cr_assert_float_eq(gib->value / touch->value * 1e9, 0x1p30 / (double)page_bytes(), 1e-3);
	cr_assert_eq(find(&t, "first-touch", "page_time", "4K")->n, 1);
	const struct mw_record *zeroing = find(&t, "zeroing", "page_time", "4K");
	const struct mw_record *part = find(&t, "zeroing", "part", "4K");
	cr_assert(zeroing && part);
	cr_assert_eq(part->provenance, MW_MODELLED);
	cr_assert_float_eq(part->value, zeroing->value / touch->value, 1e-9);
	/* Huge pages and what a kernel may lack are there in any case, with a value or with the reason. */
	static const char *const others[] = {"map-populate", "populate-write", "free", "touch-after-free", "munmap"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct mw_record *r = find(&t, others[i], "page_time", "4K");
		cr_assert(r && (r->provenance == MW_MEASURED || r->note[0]), "%s", others[i]);
	}
	const struct mw_record *collapse = find(&t, "collapse", "page_time", "thp");
	cr_assert(collapse && (collapse->provenance == MW_MEASURED || collapse->note[0]));
	test_close(&t);
}

/* The mappings are within --max-mem, together with what other benchmarks hold; what they released goes back to the
 * system. */
Test(pages, memory_is_limited)
{
	const char *const options[] = {"--size=16M", NULL};
	struct test_context t;
	struct mw_block block;
	for (int held = 0; held < 2; held++) {
		test_open(&t, &bench_pages, options);
		mw_arenas_destroy(t.ctx.arenas);
		cr_assert_eq(mw_arenas_create(22u << 20, &t.ctx.arenas), 0);
		cr_assert_eq(
			mw_arena_take(t.ctx.arenas, &block, MW_PAGES_4K, -1, 4 << 20, &block, t.err, sizeof(t.err)), 0,
			"%s", t.err);
		if (!held)
			mw_arena_release(t.ctx.arenas, &block);
		cr_assert_eq(test_run(&t, &bench_pages), 0, "%s", t.err);
		cr_assert_gt(t.out.n, 0);
		for (size_t i = 0; i < t.out.n; i++) {
			const struct mw_record *r = &t.out.v[i];
			if (held)
				cr_assert(r->provenance == MW_UNAVAILABLE && strstr(r->note, "beside"), "%s", r->note);
			else if (strcmp(r->case_name, "touch") == 0 &&
				 strcmp(mw_kv_str(&r->params, "pages", ""), "4K") == 0)
				cr_assert_eq(r->provenance, MW_MEASURED, "%s", r->note);
		}
		cr_assert_eq(mw_arenas_bytes(t.ctx.arenas), held ? 4u << 20 : 0);
		mw_arena_release(t.ctx.arenas, &block);
		test_close(&t);
	}
}

Test(pages, refuses)
{
	static const struct {
		const char *options[4];
		const char *word;
	} bad[] = {
		{{"--size=900T"}, "more than the"},
		{{"--size=3M"}, "multiple of a huge page"},
		{{"--size=1K"}, "--size"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_pages, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(pages, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_pages, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_pages), MW_ECANCELLED);
	test_close(&t);
}
