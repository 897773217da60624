#include "tests/bench/context.h"

#include <math.h>

#include "bench/place.h"
#include "bench/random_table.h"

extern const struct bench bench_random;

static const struct mw_record *find(const struct test_context *t, const char *name, const char *metric, int threads,
				    const char *isa)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0 &&
		    mw_kv_int(&r->params, "threads", threads) == threads &&
		    (!isa || strcmp(mw_kv_str(&r->params, "isa", ""), isa) == 0))
			return r;
	}
	return NULL;
}

/* Slices of all members cover the table without a common word, also when it is no multiple of the threads. */
Test(random, slices_do_not_overlap)
{
	struct test_context t;
	struct random_table table;
	const uint64_t bytes = 8 * 100003;
	test_open(&t, &bench_random, NULL);
	int threads = mw_team_size(t.ctx.team);
	cr_assert_eq(random_table_open(&table, &t.ctx, MW_PAGES_4K, bytes, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (int a = 0; a < threads; a++) {
		struct random_slice s = random_table_slice(&table, bytes, a, threads);
		cr_assert_eq(s.n, bytes / 8 / (uint64_t)threads);
		cr_assert_eq(s.words[0], s.first);
		cr_assert_eq(s.words[s.n - 1], s.first + s.n - 1);
		for (int b = 0; b < a; b++) {
			struct random_slice o = random_table_slice(&table, bytes, b, threads);
			cr_assert(o.words + o.n <= s.words || s.words + s.n <= o.words, "%d and %d", a, b);
		}
	}
	struct random_slice all = random_table_slice(&table, bytes, 0, 1);
	cr_assert_eq(all.n, 100003);
	random_table_release(&table);
	random_table_close(&table);
	test_close(&t);
}

/* A word that is not restored is found, counted once, and written again. */
Test(random, wrong_words_are_counted)
{
	struct test_context t;
	struct random_table table;
	test_open(&t, &bench_random, NULL);
	cr_assert_eq(random_table_open(&table, &t.ctx, MW_PAGES_4K, 1 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	struct random_slice s = random_table_slice(&table, 1 << 20, 0, 1);
	s.words[0] ^= 1;
	s.words[s.n / 2] ^= 1u << 31;
	s.words[s.n - 1]++;
	table.updates = 17;
	cr_assert_eq(random_table_check(&table), 0);
	cr_assert_eq(table.errors, 3);
	cr_assert_eq(table.checked, 17);
	cr_assert_eq(random_table_check(&table), 0);
	cr_assert_eq(table.errors, 3);
	random_table_release(&table);
	random_table_close(&table);
	test_close(&t);
}

Test(random, asked_points)
{
	const char *const options[] = {"--sizes=1M", "--pages=4K", NULL};
	struct test_context t;
	test_open(&t, &bench_random, options);
	cr_assert_eq(test_run(&t, &bench_random), 0, "%s", t.err);
	int all = mw_team_size(t.ctx.team);
	for (int threads = 1; threads <= all; threads += all > 1 ? all - 1 : 1) {
		const struct mw_record *rate = find(&t, "update", "update_rate", threads, "portable");
		const struct mw_record *time = find(&t, "update", "access_time", threads, "portable");
		cr_assert(rate && time, "%d threads", threads);
		cr_assert_eq(rate->unit, MW_GUPS);
		cr_assert_eq(rate->provenance, MW_MEASURED);
		cr_assert_eq(mw_kv_int(&rate->params, "size", 0), 1 << 20);
		cr_assert_float_eq(time->value * rate->value, threads, 1e-9, "ns of one thread");
		cr_assert_leq(time->min, time->value);
		cr_assert_geq(time->max, time->value);
	}
	/* Every path that this CPU has; only gathers and scatters have more than one. */
	for (size_t k = 0; k < mw_gups_kernel_count; k++) {
		const struct mw_gups_kernel *kernel = &mw_gups_kernels[k];
		const char *metric = kernel->op == MW_GUPS_UPDATE ? "update_rate" : "access_rate";
		const struct mw_record *r = find(&t, mw_gups_op_name(kernel->op), metric, 1, mw_isa_name(kernel->isa));
		cr_assert_eq(r != NULL, mw_isa_supported(kernel->isa) && kernel->isa <= mw_isa_best());
	}
	const struct mw_record *errors = find(&t, "update", "errors", 1, NULL);
	cr_assert(errors);
	cr_assert_eq(errors->value, 0);
	cr_assert_geq(mw_kv_int(&errors->observed, "updates", 0), 4096, "updates were done and checked");
	test_close(&t);
}

/* A table of four times the caches is DRAM, with modelled lines of the bus beside the bytes of the program. */
Test(random, bus_bytes_are_modelled)
{
	const char *const options[] = {"--sizes=4M", "--pages=thp", NULL};
	struct test_context t;
	test_open(&t, &bench_random, options);
	t.topo->host.l1d_bytes = 16 << 10;
	t.topo->host.l2_bytes = 64 << 10;
	t.topo->host.l3_bytes = 256 << 10;
	t.topo->host.l3_instances = 1;
	cr_assert_eq(test_run(&t, &bench_random), 0, "%s", t.err);
	static const struct {
		const char *name, *rate;
		double program, bus;
	} ops[] = {{"update", "update_rate", 16, 128},
		   {"gather", "access_rate", 8, 64},
		   {"scatter", "access_rate", 8, 128}};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct mw_record *rate = find(&t, ops[i].name, ops[i].rate, 1, "portable");
		const struct mw_record *bytes = find(&t, ops[i].name, "bandwidth", 1, "portable");
		const struct mw_record *bus = find(&t, ops[i].name, "bus_bandwidth", 1, "portable");
		cr_assert(rate && bytes && bus, "%s", ops[i].name);
		cr_assert_str_eq(mw_kv_str(&rate->params, "level", ""), "dram");
		cr_assert_eq(bytes->provenance, MW_MEASURED);
		cr_assert_eq(bus->provenance, MW_MODELLED);
		cr_assert(strstr(bus->source, "line"), "%s", bus->source);
		cr_assert_float_eq(bytes->value, rate->value * ops[i].program, 1e-9);
		cr_assert_float_eq(bus->value, rate->value * ops[i].bus, 1e-9);
	}
	test_close(&t);
}

Test(random, default_levels)
{
	struct test_context t;
	struct bench_plan plan = {0};
	test_open(&t, &bench_random, NULL);
	t.topo->host.l1d_bytes = 16 << 10;
	t.topo->host.l2_bytes = 64 << 10;
	t.topo->host.l3_bytes = 512 << 10;
	t.topo->host.l3_instances = 1;
	struct bench_ctx planned = t.ctx;
	planned.team = NULL;
	bench_random.plan(&planned, &plan);
	cr_assert_eq(test_run(&t, &bench_random), 0, "%s", t.err);
	static const char *const levels[] = {"l2", "l3", "dram"};
	for (size_t k = 0; k < 3; k++) {
		size_t found = 0;
		for (size_t i = 0; i < t.out.n; i++)
			found += strcmp(mw_kv_str(&t.out.v[i].params, "level", ""), levels[k]) == 0 &&
				 strcmp(t.out.v[i].metric, "update_rate") == 0;
		cr_assert_gt(found, 0, "no updates in %s", levels[k]);
	}
	cr_assert_gt(plan.points, 0);
	cr_assert_gt(plan.memory_bytes, 4 * 512 << 10);
	test_close(&t);
}

Test(random, refuses)
{
	static const struct {
		const char *options[4];
		const char *word;
	} bad[] = {
		{{"--sizes=900T"}, "--sizes"},
		{{"--sizes=300M"}, "more than the"},
		{{"--sizes=4096"}, "64 lines"},
		{{"--ops=read"}, "not one of update"},
		{{"--isa=avx2", "--ops=update"}, "leave nothing"},
		{{"--pages=4K,4K"}, "twice"},
		{{"--pages="}, "empty"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_random, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(random, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_random, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_random), MW_ECANCELLED);
	test_close(&t);
}
