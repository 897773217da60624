#include "tests/bench/context.h"

#include <math.h>

#include "base/core/kernels/chases.h"
#include "bench/parallelism_records.h"

extern const struct bench bench_parallelism;

/* ---- arithmetic ---- */

Test(parallelism, time_between_accesses)
{
	/* 130 ns for each of 100 steps of ten chains, on two threads. */
	cr_expect_float_eq(par_access_ns(13000, 100, 1, 1), 130.0, 1e-12);
	cr_expect_float_eq(par_access_ns(13000, 100, 10, 1), 13.0, 1e-12);
	cr_expect_float_eq(par_access_ns(13000, 100, 10, 2), 6.5, 1e-12);
}

Test(parallelism, samples_end_before_what_may_be_cached)
{
	cr_expect_eq(par_steps(1e6, 2560, 256, 0), 100000);
	cr_expect_eq(par_steps(1e6, 2560, 256, 1000000), 100000);
	cr_expect_eq(par_steps(1e6, 2560, 256, 100000), 70000);
	cr_expect_eq(par_steps(1e6, 2560, 256, 10000), 7000);
	cr_expect_eq(par_steps(1, 2560, 256, 0), MW_CHASES_UNROLL, "not none");
	cr_expect_gt(par_steps(1e6, 0, 256, 0), 0);
	cr_expect_leq(par_steps(1e6, 2560, 256, 1001), 700, "not rounded up");
}

Test(parallelism, each_build_has_its_own_order)
{
	for (int member = 0; member < 8; member++)
		for (unsigned n = 0; n < 8; n++)
			for (unsigned other = 0; other < 64; other++)
				cr_expect_eq(par_seed(1, member, n) == par_seed(1, (int)other / 8, other % 8),
					     (unsigned)member * 8 + n == other);
}

Test(parallelism, littles_law)
{
	cr_expect_eq(par_in_flight(130.0, 1, 130.0), 1.0, "each load waits");
	cr_expect_float_eq(par_in_flight(130.6, 1, 14.3), 9.133, 1e-3);
	/* Two threads with a chase each: 65 ns between accesses, each of which takes 130. */
	cr_expect_eq(par_in_flight(65.0, 2, 65.0), 2.0);
	cr_expect_eq(par_in_flight(65.0, 2, 6.5), 20.0);
}

Test(parallelism, knee_is_where_no_larger_number_gains)
{
	static const struct {
		double ns[6];
		size_t n, knee;
	} cases[] = {
		{{100, 50, 25, 12.5, 12.4, 12.3}, 6, 3},
		{{100, 50, 25, 12.5, 6.25, 3.1}, 6, 5},
		{{100, 50, 26, 26, 24.9, 24.0}, 6, 4}, /* 26 / 24 is more than 5 % */
		{{100, 50, 25.1, 26, 24.9, 24.0}, 6, 2},
		{{100, 50, 25, 27, 60, 26}, 6, 2}, /* more chases are slower */
		{{100, 104, 104, 104, 104, 104}, 6, 0},
		{{100, 50, 30, 28.7, 30, 30}, 6, 2}, /* 4.5 % */
		{{7}, 1, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(par_knee(cases[i].ns, cases[i].n), cases[i].knee, "case %zu: %zu", i,
			     par_knee(cases[i].ns, cases[i].n));
}

/* ---- derived records ---- */

static void add(struct par_results *r, const char *level, unsigned chases, double ns, const char *state, int threads)
{
	struct mw_record rec;
	const struct par_words w = {.level = level,
				    .size = 1 << 20,
				    .stride = 256,
				    .window = 4096,
				    .pages = "thp",
				    .obtained = "thp",
				    .threads = threads,
				    .chases = chases};
	par_record_open(&rec, &w);
	if (state)
		mw_put_text(&rec, &mw_key_state, state);
	mw_record_set(&rec, ns, MW_MEASURED, "");
	rec.ci_lo = 0.9 * ns;
	rec.ci_hi = 1.1 * ns;
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	cr_assert_eq(par_results_add(r, &rec), 0);
	mw_record_fini(&rec);
}

static const struct mw_record *find(const struct mw_records *l, const char *metric, const char *level, int64_t chases,
				    const char *state)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (strcmp(r->metric, metric) == 0 && strcmp(mw_kv_str(&r->params, "level", ""), level) == 0 &&
		    mw_kv_int(&r->params, "chases", 0) == chases &&
		    strcmp(mw_kv_str(&r->params, "state", ""), state) == 0)
			return r;
	}
	return NULL;
}

Test(parallelism, derives_for_each_level_and_state)
{
	struct mw_records out = {0};
	const struct mw_sink sink = {test_collect, &out};
	struct par_results r = {.out = &sink};
	static const unsigned k[] = {1, 2, 4, 8};
	static const double dram[] = {128, 64, 32, 31}, l1[] = {1, 0.5, 0.25, 0.24}, l2[] = {3.2, 1.6, 0.8, 0.27};
	for (size_t i = 0; i < 4; i++) {
		add(&r, "l1", k[i], l1[i], NULL, 1);
		add(&r, "l2", k[i], l2[i], NULL, 1);
		add(&r, "dram", k[i], dram[i], NULL, 1);
		add(&r, "dram", k[i], dram[i] / 2, "near", 2);
		add(&r, "dram", k[i], i < 2 ? dram[i] : 50, "far", 2);
	}
	cr_assert_eq(par_results_derive(&r), 0);
	const struct mw_record *v = find(&out, "in_flight", "dram", 4, "");
	cr_assert(v && v->value == 4.0);
	cr_assert_float_eq(v->ci_lo, 4.0 * 0.9 / 1.1, 1e-9);
	cr_assert_float_eq(v->ci_hi, 4.0 * 1.1 / 0.9, 1e-9);
	cr_assert_eq(v->provenance, MW_MEASURED);
	cr_assert_eq(find(&out, "in_flight", "dram", 1, "")->ci_lo, 1.0);
	cr_assert_eq(find(&out, "in_flight", "dram", 4, "near")->value, 8.0, "both threads");
	cr_assert_str_eq(find(&out, "in_flight", "dram", 4, "near")->note, "");
	cr_assert(strstr(find(&out, "in_flight", "l2", 8, "")->note, "more than the 8 chases can have"));
	v = find(&out, "knee", "dram", 0, "");
	cr_assert_eq(v->value, 4.0);
	cr_assert_eq(mw_kv_find(&v->observed, "at_knee")->r, 4.0);
	cr_assert_eq(mw_kv_find(&v->observed, "knee_ns")->r, 32.0);
	cr_assert_eq(mw_kv_int(&v->observed, "most_chases", 0), 8);
	cr_assert_str_eq(mw_kv_str(&v->observed, "limit", ""), "memory");
	cr_assert_eq(find(&out, "knee", "dram", 0, "far")->value, 4.0);
	cr_assert_str_eq(mw_kv_str(&find(&out, "knee", "l1", 0, "")->observed, "limit", ""), "core");
	v = find(&out, "knee", "l2", 0, "");
	cr_assert_eq(v->value, 8.0);
	cr_assert_str_eq(mw_kv_str(&v->observed, "limit", ""), "not reached");
	cr_assert(strstr(v->note, "at least"), "'%s'", v->note);
	par_results_fini(&r);
	mw_records_fini(&out);
}

/* The array of pointers must not limit: a level as fast as the first-level cache is limited by the core. */
Test(parallelism, a_level_as_fast_as_l1_is_limited_by_the_core)
{
	struct mw_records out = {0};
	const struct mw_sink sink = {test_collect, &out};
	struct par_results r = {.out = &sink};
	for (unsigned k = 1; k <= 4; k++) {
		add(&r, "l1", k, k < 3 ? 1.0 / k : 0.5, NULL, 1);
		add(&r, "l2", k, k < 3 ? 1.2 / k : 0.6, NULL, 1);
		add(&r, "l3", k, k < 3 ? 1.3 / k : 0.65, NULL, 1);
	}
	cr_assert_eq(par_results_derive(&r), 0);
	cr_assert_str_eq(mw_kv_str(&find(&out, "knee", "l2", 0, "")->observed, "limit", ""), "core");
	cr_assert_str_eq(mw_kv_str(&find(&out, "knee", "l3", 0, "")->observed, "limit", ""), "memory");
	par_results_fini(&r);
	mw_records_fini(&out);
}

/* ---- the benchmark ---- */

Test(parallelism, asked_points, .timeout = 120)
{
	const char *const options[] = {"--levels=l1,l2", "--chases=1,4,16", "--threads=1", "--pages=4K", NULL};
	struct test_context t;
	test_open(&t, &bench_parallelism, options);
	t.topo->host.l1d_bytes = 32 << 10;
	t.topo->host.l2_bytes = 512 << 10;
	cr_assert_eq(test_run(&t, &bench_parallelism), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 2 * 3 + 2 * 3 + 2, "times, loads in flight, knees");
	static const unsigned k[] = {1, 4, 16};
	for (int level = 0; level < 2; level++)
		for (size_t i = 0; i < 3; i++) {
			const struct mw_record *r =
				find(&t.out, "access_interval", level ? "l2" : "l1", (int64_t)k[i], "");
			cr_assert(r && r->provenance == MW_MEASURED && r->value > 0.01, "%d %zu", level, i);
			cr_assert_eq(mw_kv_int(&r->params, "size", 0), level ? 256 << 10 : 16 << 10);
			cr_assert_eq(mw_kv_int(&r->params, "stride", 0), level ? 256 : 64);
			cr_assert_eq(mw_kv_int(&r->params, "window", 0), level ? 256 << 10 : 16 << 10);
			cr_assert_str_eq(mw_kv_str(&r->observed, "obtained", ""), "4K");
		}
	test_close(&t);
}

static size_t count(const struct mw_records *l, const char *level)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].metric, "access_interval") == 0 &&
		     strcmp(mw_kv_str(&l->v[i].params, "level", ""), level) == 0;
	return n;
}

/* DRAM is four times the caches touched; with less memory the level is called largest. The plan has the points. */
Test(parallelism, dram_needs_four_times_the_cache, .timeout = 120)
{
	for (int small = 0; small < 2; small++) {
		const char *const options[] = {"--levels=dram", "--chases=1,8", "--threads=1", NULL};
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, &bench_parallelism, options);
		t.topo->host.l3_bytes = t.topo->host.llc_total_bytes = small ? 8u << 20 : 1u << 20;
		bench_parallelism.plan(&t.ctx, &plan);
		cr_assert_eq(test_run(&t, &bench_parallelism), 0, "%s", t.err);
		cr_assert_eq(count(&t.out, small ? "largest" : "dram"), 2);
		cr_assert_eq(plan.points, 2);
		const struct mw_record *r = &t.out.v[0];
		if (!small)
			cr_assert_geq(mw_kv_int(&r->params, "size", 0), 4 << 20);
		cr_assert_leq(4 * (uint64_t)mw_kv_int(&r->params, "size", 0), t.profile.max_bytes, "its span");
		cr_assert_eq(strstr(r->note, "not called DRAM") != NULL, small);
		test_close(&t);
	}
}

/* Coarse lists of chases where there is little time, fine ones where there is much. */
Test(parallelism, points_fit_the_time)
{
	static const double shares[] = {0.2, 0.8, 5, 20};
	unsigned before = 0;
	for (size_t i = 0; i < 4; i++) {
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, &bench_parallelism, NULL);
		t.topo->host.l3_bytes = t.topo->host.llc_total_bytes = 1 << 20;
		t.profile.min_rounds = 6;
		t.ctx.share_s = shares[i];
		bench_parallelism.plan(&t.ctx, &plan);
		cr_assert_gt(plan.points, before, "%g s", shares[i]);
		before = plan.points;
		/* 1 ms is the shortest sample; the coarsest list is measured in any time, all threads only in much. */
		if (i)
			cr_assert_leq(plan.points * 6 * 1e-3, shares[i]);
		test_close(&t);
	}
}

Test(parallelism, refuses)
{
	static const struct {
		const char *options[3];
		const char *word;
	} bad[] = {
		{{"--chases=7"}, "none of"},  {{"--chases=1,65"}, "--chases"},   {{"--chases=4,4"}, "twice"},
		{{"--levels=l1,ram"}, "ram"}, {{"--threads=8192"}, "more than"}, {{"--threads=0"}, "--threads"},
		{{"--pages=4M"}, "--pages"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_parallelism, bad[i].options, MW_ESPEC, bad[i].word);
}
