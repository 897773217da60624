/* Description: the gemm benchmark over visits: products that do not fit into the time are reported, groups
 * that begin() did not reach are prepared in a visit, and a resumed run measures the products of the earlier session.
 */
#include "tests/bench/context.h"

#include <math.h>

#include "base/core/err.h"

extern const struct bench bench_gemm;

static size_t count(const struct mw_records *l, const char *note)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].provenance == MW_UNAVAILABLE && strstr(l->v[i].note, note);
	return n;
}

static size_t measured(const struct mw_records *l, const char *case_name, int64_t m)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].case_name, case_name) == 0 && l->v[i].provenance == MW_MEASURED &&
		     isfinite(l->v[i].value) && mw_kv_int(&l->v[i].params, "m", 0) == m;
	return n;
}

/* Of 30 products one is measured even without any time for it; the others are there as unavailable, once per type. */
Test(gemm_run, products_left_out_are_reported, .timeout = 300)
{
	static const char *const options[] = {"--engine=own", NULL};
	struct test_context t;
	test_open(&t, &bench_gemm, options);
	t.ctx.share_s = 1e-6;
	cr_assert_eq(test_run(&t, &bench_gemm), 0, "%s", t.err);
	cr_assert_eq(count(&t.out, "1 of 30 products fit"), 2 * 29, "%zu", count(&t.out, "1 of 30 products fit"));
	cr_assert_gt(measured(&t.out, "gemv", 1), 0);
	cr_assert_gt(measured(&t.out, "best", 1), 0);
	test_close(&t);
}

Test(gemm_run, groups_not_reached_by_begin_are_prepared_in_a_visit, .timeout = 300)
{
	static const char *const options[] = {"--engine=own", "--shapes=96x64", "--tokens=1", NULL};
	struct test_context t;
	const struct mw_sink sink = {test_collect, &t.out};
	void *state = NULL;
	test_open(&t, &bench_gemm, options);
	uint64_t end_ns = t.ctx.deadline_ns;
	t.ctx.deadline_ns = t.ctx.start_ns;
	cr_assert_eq(bench_gemm.begin(&t.ctx, &sink, &state, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_assert_eq(bench_gemm.visit(&t.ctx, state, t.err, sizeof(t.err)), 0, "%s", t.err);
	t.ctx.deadline_ns = end_ns;
	t.ctx.visit = 1;
	cr_assert_geq(bench_gemm.visit(&t.ctx, state, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 0, "%zu records before the end", t.out.n);
	cr_assert_eq(bench_gemm.finish(&t.ctx, state, &sink, t.err, sizeof(t.err)), 0, "%s", t.err);
	bench_gemm.end(state);
	cr_assert_gt(measured(&t.out, "gemv", 1), 0);
	test_close(&t);
}

static int drop(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	(void)self, (void)point, (void)threads, (void)v, (void)n;
	return 0;
}

/* An earlier session measured the third product of the list: 768x3072 at 64 tokens. */
static const struct mw_sample *third_only(void *self, const struct mw_record *point, size_t *n)
{
	static const struct mw_sample one = {.value = 1, .before_ns = 50, .after_ns = 50};
	bool third = mw_kv_int(&point->params, "m", 0) == 64 && mw_kv_int(&point->params, "n", 0) == 3072;
	(void)self;
	*n = third ? 1 : 0;
	return third ? &one : NULL;
}

Test(gemm_run, a_resumed_run_keeps_its_products, .timeout = 300)
{
	static const char *const options[] = {"--engine=own", NULL};
	const struct mw_sample_sink samples = {drop, third_only, NULL};
	struct test_context t;
	test_open(&t, &bench_gemm, options);
	t.ctx.share_s = 1e-6;
	t.ctx.samples = &samples;
	cr_assert_eq(test_run(&t, &bench_gemm), 0, "%s", t.err);
	cr_assert_eq(count(&t.out, "3 of 30 products fit"), 2 * 27);
	test_close(&t);
}
