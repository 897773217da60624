/* How a row is sampled: what is evicted, written and checked, and when. The operands' memory and the flush are the
 * test's own. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/offload/offload.h"
#include "tests/bench/context.h"

enum { BYTES = 1 << 20, ODD = 64 * 37 };

static uint8_t *in, *result;
static atomic_size_t flushed;        /* bytes since the last use */
static atomic_size_t used, short_of; /* uses; uses before which not every operand was flushed */
static atomic_int busy;              /* members in a use */
static bool wrong_result;

static void count_flush(const void *p, size_t bytes)
{
	const uint8_t *at = p;
	bool known = (at >= in && at + bytes <= in + BYTES) || (at >= result && at + bytes <= result + ODD);
	cr_assert(known, "flushes what is no operand");
	atomic_fetch_add(&flushed, bytes);
}

static void slice(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	(void)t;
	size_t begin, end;
	if (atomic_fetch_add(&busy, 1) == 0) {
		atomic_fetch_add(&used, 1);
		if (atomic_exchange(&flushed, 0) != BYTES + ODD)
			atomic_fetch_add(&short_of, 1);
	}
	mw_team_slice(ODD, 64, rank, n, &begin, &end);
	memset(w->out + begin, wrong_result ? 1 : 7, end - begin);
	while (atomic_load(&busy) < n) /* no member begins the next use before all have begun this one */
		;
	if (atomic_fetch_add(&busy, 1) == 2 * n - 1)
		atomic_store(&busy, 0);
	while (atomic_load(&busy) >= n)
		;
}

static size_t ranges(const struct offload_work *w, struct offload_range *v)
{
	v[0] = (struct offload_range){w->a, BYTES};
	v[1] = (struct offload_range){w->out, ODD};
	return 2;
}

static bool matches(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	size_t begin, end;
	(void)t;
	mw_team_slice(ODD, 64, rank, n, &begin, &end);
	for (size_t i = begin; i < end; i++)
		if (w->out[i] != 7)
			return false;
	return true;
}

static const struct offload_kind kind = {.slice = slice, .ranges = ranges, .matches = matches};

struct bed {
	struct test_context t;
	struct offload o;
	struct offload_work w;
	struct offload_job job;
};

static struct bed *open_bed(bool cached)
{
	struct bed *b = calloc(1, sizeof(*b));
	test_open(&b->t, bench_find("offload"), NULL);
	in = aligned_alloc(64, BYTES);
	result = aligned_alloc(64, ODD);
	cr_assert(in && result);
	b->o = (struct offload){.ctx = &b->t.ctx, .flush = count_flush};
	b->w = (struct offload_work){
		.kind = &kind, .name = "test", .size = ODD, .cached = cached, .a = in, .out = result};
	b->job = (struct offload_job){.o = &b->o, .w = &b->w, .t = {.threads = mw_team_size(b->t.ctx.team)}};
	return b;
}

static void close_bed(struct bed *b)
{
	test_close(&b->t);
	free(in);
	free(result);
	free(b);
}

Test(offload_sample, every_cold_use_begins_with_evicted_operands)
{
	double ns;
	if (!offload_flush_name())
		cr_skip_test("no flush instruction on this architecture");
	struct bed *b = open_bed(true);
	cr_assert_eq(offload_sample(&b->job, OFFLOAD_COLD, 2e6, &ns), 0);
	cr_expect_geq(used, 1);
	cr_expect_eq(short_of, 0, "%zu of %zu uses found operands in the caches", short_of, used);
	used = 0;
	cr_assert_eq(offload_sample(&b->job, OFFLOAD_WARM, 1e5, &ns), 0);
	cr_expect(used >= 3 && short_of == used, "a warm use follows no flush");
	/* Operands that no cache holds stream past them: nothing to flush. */
	used = short_of = 0;
	b->w.cached = false;
	cr_assert_eq(offload_sample(&b->job, OFFLOAD_COLD, 1e5, &ns), 0);
	cr_expect(used >= 1 && short_of == used);
	close_bed(b);
}

static char lines[256];
static const char *first_line;

static void mark(const char *line)
{
	lines[(line - first_line) / 64]++;
}

Test(offload_sample, a_flush_reaches_every_line)
{
	static _Alignas(64) const char memory[64 * 256];
	first_line = memory;
	for (size_t bytes = 0; bytes <= sizeof(memory); bytes += 32) {
		memset(lines, 0, sizeof(lines));
		offload_each_line(memory, bytes, mark);
		for (size_t i = 0; i < sizeof(lines); i++)
			cr_assert_eq(lines[i], 64 * i < bytes, "line %zu of %zu bytes", i, bytes);
	}
}

static atomic_size_t dirty_lines, clean_lines, calls;

/* Counts lines that were written since the last flush. */
static void count_dirty(const void *p, size_t bytes)
{
	uint8_t *at = result + ((const uint8_t *)p - result);
	for (size_t i = 0; i < bytes; i += 64) {
		atomic_fetch_add(at[i] == 0xee ? &clean_lines : &dirty_lines, 1);
		at[i] = 0xee;
	}
	atomic_fetch_add(&calls, 1);
}

Test(offload_sample, dirty_lines_are_written_before_they_are_flushed)
{
	double gbps;
	char err[200] = "";
	struct bed *b = open_bed(true);
	b->o.flush = count_dirty;
	b->o.work = &b->w;
	memset(result, 0xee, ODD);
	struct offload_flush_point f = {.o = &b->o, .bytes = ODD, .dirty = true, .sample_ns = 1e5};
	cr_assert_eq(offload_measure_flush(&f, &gbps, err, sizeof(err)), 0);
	cr_expect(dirty_lines > 0 && clean_lines == 0, "%zu dirty, %zu clean", dirty_lines, clean_lines);
	dirty_lines = clean_lines = 0;
	f.dirty = false;
	cr_assert_eq(offload_measure_flush(&f, &gbps, err, sizeof(err)), 0);
	cr_expect(dirty_lines == 0 && clean_lines > 0 && gbps > 0, "%zu dirty, %zu clean", dirty_lines, clean_lines);
	close_bed(b);
}

Test(offload_sample, a_wrong_result_is_found)
{
	char err[200] = "";
	struct bed *b = open_bed(true);
	cr_expect_eq(offload_check(&b->job, err, sizeof(err)), 0, "%s", err);
	wrong_result = true;
	cr_expect_eq(offload_check(&b->job, err, sizeof(err)), MW_EVERIFY);
	cr_expect(strstr(err, "test: the result differs"), "%s", err);
	wrong_result = false;
	cr_expect_eq(offload_check(&b->job, err, sizeof(err)), 0, "a check does not remember the last one");
	close_bed(b);
}
