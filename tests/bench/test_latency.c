#include "tests/bench/context.h"

#include <math.h>

#include "base/core/err.h"

extern const struct bench bench_latency;

static const struct mw_record *find(const struct test_context *t, const char *name, int64_t size, int64_t stride,
				    const char *pages)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->case_name, name) == 0 && mw_kv_int(&r->params, "size", 0) == size &&
		    mw_kv_int(&r->params, "stride", 0) == stride &&
		    strcmp(mw_kv_str(&r->params, "pages", ""), pages) == 0)
			return r;
	}
	return NULL;
}

Test(latency, asked_sizes)
{
	const char *const options[] = {"--sizes=16K,48K,1M", "--stride=128", "--window=4K", "--pages=4K", NULL};
	static const int64_t sizes[] = {16384, 49152, 1 << 20};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct mw_record *r = find(&t, "chase", sizes[i], 128, "4K");
		cr_assert(r, "size %lld", (long long)sizes[i]);
		cr_assert_str_eq(r->metric, "latency");
		cr_assert_eq(r->unit, MW_NS);
		cr_assert_eq(r->provenance, MW_MEASURED);
		/* A dependent load costs at least a cycle; a busy machine may be as slow as it likes. */
		cr_assert(r->value > 0.1 && isfinite(r->value), "%g", r->value);
		cr_assert_geq(r->n, 2);
		cr_assert_eq(mw_kv_int(&r->params, "window", 0), 4096);
		cr_assert_eq(mw_kv_int(&r->observed, "span", 0), 2 * sizes[i], "touched at every other line");
		cr_assert_eq(mw_kv_int(&r->observed, "cpu", -1), mw_team_cpu(t.ctx.team, 0));
		cr_assert_str_eq(mw_kv_str(&r->observed, "obtained", ""), "4K");
		cr_assert(strstr(mw_kv_str(&r->observed, "prefetch", ""), "may help"));
	}
	test_close(&t);
}

/* More chains than lanes over the same memory: each sample then builds its own chain again. */
Test(latency, many_chains_in_little_memory)
{
	const char *const options[] = {"--sizes=60K,61K,62K,63K,64K,59K,58K,57K,56K,55K", "--stride=64", "--pages=thp",
				       NULL};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 10);
	for (size_t i = 0; i < t.out.n; i++)
		cr_assert_eq(t.out.v[i].provenance, MW_MEASURED, "%s", t.out.v[i].note);
	test_close(&t);
}

/* The default sweep with a last-level cache of that size: ladder, quoted latency with a verdict, TLB-missing walks for
 * both page kinds. The quoted walk touches a quarter of the 16 MiB that it spans. */
static void default_sweep(uint64_t l3_bytes, const char *quoted, const char *missing)
{
	struct test_context t;
	test_open(&t, &bench_latency, NULL);
	t.topo->host.l3_bytes = l3_bytes;
	t.profile.max_bytes = 16u << 20;
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	struct bench_plan plan = {0};
	bench_latency.plan(&t.ctx, &plan);
	cr_assert_eq(plan.points, t.out.n);
	cr_assert_eq(plan.memory_bytes, 2u * (16u << 20));
	unsigned n_quoted = 0, n_missing[2] = {0};
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		int64_t span = mw_kv_int(&r->observed, "span", 0), window = mw_kv_int(&r->params, "window", 0);
		int64_t stride = mw_kv_int(&r->params, "stride", 0), size = mw_kv_int(&r->params, "size", 0);
		bool thp = strcmp(mw_kv_str(&r->params, "pages", ""), "thp") == 0;
		cr_assert_leq(span, 16 << 20);
		cr_assert_eq(size, stride > 64 ? span / stride * 64 : span, "bytes touched");
		if (strcmp(r->case_name, quoted) == 0) {
			n_quoted++;
			cr_assert(thp);
			cr_assert_eq(stride, 256);
			cr_assert_eq(window, 256 << 10);
			cr_assert_eq(size, 4 << 20);
			cr_assert_eq(strstr(r->note, "not called DRAM") != NULL, strcmp(quoted, "dram") != 0);
		} else if (strcmp(r->case_name, missing) == 0) {
			n_missing[thp]++;
			cr_assert_eq(window, span);
		} else {
			cr_assert_str_eq(r->case_name, "chase");
		}
		if (span == 16 << 20 && window == 256 << 10) {
			const char *verdict = mw_kv_str(&r->observed, "prefetch", "");
			cr_assert(strstr(verdict, "of stride 512"), "%s: '%s'", r->case_name, verdict);
		}
	}
	cr_assert_eq(n_quoted, 1);
	cr_assert_eq(n_missing[0], 1);
	cr_assert_eq(n_missing[1], 1);
	cr_assert(find(&t, "chase", 16384, 256, "thp"));
	test_close(&t);
}

Test(latency, default_sweep)
{
	default_sweep(1 << 20, "dram", "dram-tlb-miss");
}

/* What is smaller than four caches is not called DRAM. */
Test(latency, dram_needs_four_times_the_cache)
{
	default_sweep((1 << 20) + 4096, "largest", "largest-tlb-miss");
}

Test(latency, pages_that_are_not_there_are_unavailable)
{
	const char *const options[] = {"--sizes=1M", "--pages=1G,4K", NULL};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	int rc = test_run(&t, &bench_latency);
	cr_assert_eq(rc, 0, "%s", t.err);
	cr_assert_eq(t.out.n, 2);
	const struct mw_record *r = &t.out.v[0];
	cr_assert_str_eq(mw_kv_str(&r->params, "pages", ""), "1G");
	cr_assert(r->provenance == MW_MEASURED || (isnan(r->value) && r->note[0]));
	cr_assert_eq(t.out.v[1].provenance, MW_MEASURED);
	test_close(&t);
}

Test(latency, refuses)
{
	static const struct {
		const char *options[4];
		const char *word;
	} bad[] = {
		{{"--sizes=900T"}, "more than the"},     {{"--sizes=300M"}, "--sizes"},
		{{"--stride=100"}, "multiple of 8"},     {{"--stride=4K", "--window=1K"}, "below the stride"},
		{{"--pages=4M"}, "not one of 4K"},       {{"--pages=4K,,thp"}, "empty item"},
		{{"--pages=THP"}, "did you mean 'thp'"}, {{"--pages=4K,4K"}, "twice"},
		{{"--sizes=64K,1M,65536"}, "twice"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_latency, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(latency, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_latency, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_latency), MW_ECANCELLED);
	test_close(&t);
}
