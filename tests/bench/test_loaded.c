/* The benchmark as a whole on this machine, and what it derives from given curves. */
#include "tests/bench/context.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/loaded_records.h"

extern const struct bench bench_loaded;

static const struct mw_record *find(const struct mw_records *l, const char *name, const char *metric, const char *mix,
				    int64_t load, const char *state)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0 &&
		    (!mix || strcmp(mw_kv_str(&r->params, "mix", ""), mix) == 0) &&
		    (load < 0 || mw_kv_int(&r->params, "load", -1) == load) &&
		    (!state || strcmp(mw_kv_str(&r->params, "state", ""), state) == 0))
			return r;
	}
	return NULL;
}

static bool two_cpus(const struct test_context *t)
{
	return mw_team_size(t->ctx.team) >= 2;
}

static char *read_file(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");
	cr_assert(f, "%s", path);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	return text;
}

static double real(const struct mw_record *r, const char *key)
{
	const struct mw_kv *kv = mw_kv_find(&r->observed, key);
	return kv && kv->type == MW_KV_REAL ? kv->r : (double)NAN;
}

Test(loaded, records_of_a_run, .timeout = 120)
{
	char path[] = "/tmp/loaded-XXXXXX", option[40];
	int fd = mkstemp(path);
	(void)snprintf(option, sizeof(option), "--curves=%s", path);
	const char *const options[] = {"--mixes=100:0,50:50", "--levels=50,100", option, NULL};
	struct test_context t;
	struct bench_plan plan = {0};
	test_open(&t, &bench_loaded, options);
	if (!two_cpus(&t))
		cr_skip_test("one CPU");
	bench_loaded.plan(&t.ctx, &plan);
	cr_assert_eq(test_run(&t, &bench_loaded), 0, "%s", t.err);
	cr_expect_eq(plan.points, 1 + 2 * 2 * 2);
	const struct mw_record *idle = find(&t.out, "unloaded", "latency", NULL, -1, NULL);
	cr_assert(idle && idle->value > 0.1);
	cr_expect_eq(mw_kv_int(&idle->params, "stride", 0), 256);
	cr_expect_eq(mw_kv_int(&idle->params, "window", 0), 256 << 10);
	cr_expect_eq(mw_kv_int(&idle->observed, "cpu", -1), mw_team_cpu(t.ctx.team, 0));
	static const struct {
		const char *mix;
		double factor;
	} mixes[] = {{"100:0", 1}, {"50:50", 2}};
	for (size_t i = 0; i < 4; i++) {
		const double factor = mixes[i < 2 ? 0 : 1].factor;
		const char *mix = mixes[i < 2 ? 0 : 1].mix;
		int64_t load = i % 2 ? 100 : 50;
		const struct mw_record *ns = find(&t.out, "loaded", "latency", mix, load, NULL);
		const struct mw_record *gbps = find(&t.out, "loaded", "bandwidth", mix, load, NULL);
		cr_assert(ns && gbps, "%s %lld", mix, (long long)load);
		cr_expect(ns->value > 0.1 && gbps->value > 0);
		cr_expect_float_eq(real(ns, "bus"), factor * real(ns, "achieved"), 2e-4);
		cr_expect_float_eq(real(gbps, "bus"), factor * gbps->value, 1e-4);
		cr_expect_eq(gbps->provenance, MW_MEASURED);
		cr_expect_eq(mw_kv_int(&ns->params, "threads", 0), 2);
		cr_expect(mw_kv_find(&ns->observed, "pause") && mw_kv_find(&gbps->observed, "pause"));
		cr_expect_eq(mw_kv_find(&ns->observed, "target") != NULL, load < 100);
		cr_expect(mw_kv_find(&ns->observed, "achieved"));
		cr_expect(mw_kv_find(&gbps->observed, "edge_error"));
		cr_expect(mw_kv_find(&ns->params, "state"), "tagged by the topology state");
	}
	for (size_t i = 0; i < 2; i++) {
		cr_expect(find(&t.out, "knee", "bandwidth", mixes[i].mix, -1, NULL));
		cr_expect(find(&t.out, "highest", "bus_bandwidth", mixes[i].mix, -1, NULL));
		cr_expect(find(&t.out, "saturation", "bandwidth", mixes[i].mix, -1, NULL));
		cr_expect(find(&t.out, "over-saturation", "decline", mixes[i].mix, -1, NULL));
	}
	const char *text = read_file(path);
	cr_expect(strstr(text, "read_pct_rounded,pause,") == text, "%s", text);
	cr_expect(strstr(text, "\n50,") && strstr(text, "\n100,"), "%s", text);
	(void)close(fd);
	(void)unlink(path);
	test_close(&t);
}

/* ---- how many points ---- */

static unsigned points_in(const char *profile, double limit_s, double sample_s, unsigned visits, double share_s)
{
	struct test_context t;
	struct bench_plan plan = {0};
	test_open(&t, &bench_loaded, NULL);
	t.profile = (struct bench_profile){profile, limit_s, 0.05, 6, 60, sample_s, 1 << 30, visits};
	t.ctx.share_s = share_s;
	if (two_cpus(&t))
		bench_loaded.plan(&t.ctx, &plan);
	test_close(&t);
	return plan.points;
}

/* 1 + 2 metrics x mixes x levels; the portable path has no non-temporal stores and so three mixes at most. */
Test(loaded, points_by_time)
{
	bool nt = mw_traffic_kernels(mw_isa_best())->fn[MW_MIX_50_NT] != NULL;
	unsigned few = points_in("quick", 120, 0.02, 7, 1);
	if (few == 0)
		cr_skip_test("one CPU");
	cr_expect_eq(few, 1 + 2 * 2 * 3);
	cr_expect_eq(points_in("tiny", 12, 0.002, 2, 12), 1 + 2 * 2 * 4);
	cr_expect_eq(points_in("quick", 120, 0.02, 7, 8), 1 + 2 * 2 * 6);
	cr_expect_eq(points_in("quick", 120, 0.02, 7, 120), nt ? 1 + 2 * 5 * 16 : 1 + 2 * 3 * 16);
	cr_expect_eq(points_in("standard", 600, 0.05, 9, 36), nt ? 1 + 2 * 4 * 12 : 1 + 2 * 3 * 12);
	cr_expect_eq(points_in("full", 3600, 0.1, 12, 220), nt ? 1 + 2 * 5 * 16 : 1 + 2 * 3 * 16);
}

/* ---- where it cannot run ---- */

Test(loaded, one_cpu_is_too_few)
{
	struct test_context t;
	char why[200] = "";
	test_open(&t, &bench_loaded, NULL);
	struct mw_team *team = t.ctx.team;
	int n = t.topo->host.n_cpus;
	double quota = t.topo->host.cpu_quota;
	t.ctx.team = NULL;
	t.topo->host.n_cpus = 1;
	cr_expect_eq(bench_loaded.available(&t.ctx, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_expect(strstr(why, "two CPUs"), "%s", why);
	t.topo->host.n_cpus = 2;
	t.topo->host.cpu_quota = 1.5;
	cr_expect_eq(bench_loaded.available(&t.ctx, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_expect(strstr(why, "1.5"), "%s", why);
	t.topo->host.cpu_quota = 2;
	cr_expect_eq(bench_loaded.available(&t.ctx, why, sizeof(why)), 0);
	t.topo->host.n_cpus = n;
	t.topo->host.cpu_quota = quota;
	t.ctx.team = team;
	test_close(&t);
}

/* A second memory node: a pair of its own, or the reason why there is none. */
Test(loaded, other_memory, .timeout = 120)
{
	const char *const all[] = {"--mixes=100:0", "--levels=100", NULL};
	const char *const local[] = {"--mixes=100:0", "--levels=100", "--memory=local", NULL};
	for (int i = 0; i < 2; i++) {
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, &bench_loaded, i ? local : all);
		if (!two_cpus(&t) || t.topo->host.n_nodes != 1)
			cr_skip_test("needs two CPUs on one node");
		int id = t.topo->host.nodes[0].id;
		cr_assert_eq(mw_host_set_nodes(&t.topo->host, 2), 0);
		t.topo->host.nodes[0].id = id;
		t.topo->host.nodes[1].id = 63;
		bench_loaded.plan(&t.ctx, &plan);
		cr_expect_eq(plan.points, i ? 3 : 6);
		cr_assert_eq(test_run(&t, &bench_loaded), 0, "%s", t.err);
		size_t absent = 0;
		for (size_t k = 0; k < t.out.n; k++) {
			const struct mw_record *r = &t.out.v[k];
			bool other = mw_kv_int(&r->params, "memory_node", -1) == 63;
			absent += other;
			cr_expect(!other || (r->provenance == MW_UNAVAILABLE && r->note[0]), "%s", r->note);
		}
		cr_expect_eq(absent, i ? 0 : 1);
		cr_expect(find(&t.out, "unloaded", "latency", NULL, -1, NULL));
		test_close(&t);
	}
}

Test(loaded, refuses)
{
	static const struct {
		const char *options[3];
		const char *word;
	} bad[] = {
		{{"--mixes=30:70"}, "not one of"},
		{{"--mixes=100:0,100:0"}, "twice"},
		{{"--levels=0"}, "--levels"},
		{{"--levels=101"}, "--levels"},
		{{"--levels=10,,20"}, "empty"},
		{{"--memory=far"}, "not one of"},
		{{"--pages=4M"}, "not one of 4K"},
		{{"--curves=/nowhere/at/all.csv"}, "cannot write '/nowhere/at/all.csv'"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_loaded, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(loaded, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_loaded, NULL);
	if (!two_cpus(&t))
		cr_skip_test("one CPU");
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_loaded), MW_ECANCELLED);
	test_close(&t);
}

/* ---- what is derived from given curves ---- */

struct given {
	struct mw_records out, earlier;
	struct bench_ctx ctx;
	struct loaded_results results;
	struct mw_sink sink;
	struct loaded_observed observed;
};

static const struct loaded_observed *same_observed(void *self, const struct mw_record *rec)
{
	struct given *g = self;
	g->observed.pause = 1000 - 10 * (size_t)mw_kv_int(&rec->params, "load", 0);
	return &g->observed;
}

static void given_open(struct given *g)
{
	memset(g, 0, sizeof(*g));
	g->sink = (struct mw_sink){test_collect, &g->out};
	g->ctx.earlier = &g->earlier;
	g->observed.target = (double)NAN;
	g->results = (struct loaded_results){.out = &g->sink, .ctx = &g->ctx, .find = same_observed, .self = g};
}

static void given_close(struct given *g)
{
	loaded_results_fini(&g->results);
	mw_records_fini(&g->out);
	mw_records_fini(&g->earlier);
}

/* state: NULL without load. */
static void add(struct given *g, enum loaded_metric metric, enum mw_mix mix, int load, const char *state, double value)
{
	const struct loaded_words w = {.threads = 2,
				       .mix = mix,
				       .load = load,
				       .size = 1 << 27,
				       .stride = 256,
				       .window = 1 << 18,
				       .pages = "thp",
				       .isa = "avx2"};
	static struct mw_sample samples[2];
	struct mw_record rec;
	loaded_record_open(&rec, metric, &w);
	mw_record_set(&rec, value, MW_MEASURED, "");
	rec.ci_lo = 0.99 * value;
	rec.ci_hi = 1.01 * value;
	rec.n = 6;
	if (state)
		mw_put_text(&rec, &mw_key_state, state);
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	samples[0].value = value - 1;
	samples[1].value = value + 1;
	rec.samples = samples;
	rec.n_samples = 2;
	cr_assert_eq(loaded_results_add(&g->results, &rec), 0);
	rec.samples = NULL;
	rec.n_samples = 0;
	mw_record_fini(&rec);
}

static void add_point(struct given *g, enum mw_mix mix, int load, const char *state, double ns, double gbps)
{
	add(g, LOADED_BANDWIDTH, mix, load, state, gbps); /* in the order of the rounds, not that of the loads */
	add(g, LOADED_LATENCY, mix, load, state, ns);
}

static void add_peak(struct given *g, const char *state, double gbps)
{
	struct mw_record rec;
	mw_record_init(&rec, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS);
	cr_assert_eq(mw_set_text(&rec, MW_AS_PARAM, "state", state), 0);
	rec.value = gbps;
	cr_assert_eq(mw_records_add(&g->earlier, &rec), 0);
	mw_record_fini(&rec);
}

Test(loaded, states_are_never_pooled)
{
	struct given g;
	given_open(&g);
	add(&g, LOADED_LATENCY, MW_MIX_100, 0, NULL, 100);
	add_point(&g, MW_MIX_100, 100, "far", 400, 80);
	add_point(&g, MW_MIX_100, 50, "far", 120, 40);
	add_point(&g, MW_MIX_100, 50, "near", 110, 20);
	add_point(&g, MW_MIX_100, 100, "near", 300, 42);
	cr_assert_eq(loaded_results_derive(&g.results), 0);
	const struct mw_record *near = find(&g.out, "knee", "bandwidth", "100:0", -1, "near");
	const struct mw_record *far = find(&g.out, "knee", "bandwidth", "100:0", -1, "far");
	cr_assert(near && far);
	cr_expect_float_eq(near->value, 20 + 22 * 90.0 / 190, 1e-9);
	cr_expect_float_eq(far->value, 40 + 40 * 80.0 / 280, 1e-9);
	cr_expect_float_eq(find(&g.out, "saturation", "bandwidth", "100:0", -1, "near")->value, 42, 1e-9);
	cr_expect_float_eq(find(&g.out, "saturation", "bandwidth", "100:0", -1, "far")->value, 80, 1e-9);
	cr_expect(near->ci_lo < near->value && near->value < near->ci_hi);
	for (size_t i = 0; i < g.out.n; i++)
		for (size_t k = 0; k < i; k++)
			cr_expect_not(mw_record_same_identity(&g.out.v[i], &g.out.v[k]));
	given_close(&g);
}

/* Too few cores: no knee and no saturation, and how far it got. */
Test(loaded, says_what_few_generators_reached)
{
	struct given g;
	given_open(&g);
	add_peak(&g, "near", 60);
	add_peak(&g, "far", 84);
	add(&g, LOADED_LATENCY, MW_MIX_100, 0, NULL, 100);
	add_point(&g, MW_MIX_75, 50, "far", 105, 15);
	add_point(&g, MW_MIX_75, 100, "far", 140, 31.5);
	cr_assert_eq(loaded_results_derive(&g.results), 0);
	static const char *const cases[] = {"knee", "saturation"};
	for (size_t i = 0; i < 2; i++) {
		const struct mw_record *r = find(&g.out, cases[i], "bandwidth", "75:25", -1, "far");
		cr_assert(r && r->provenance == MW_UNAVAILABLE && isnan(r->value), "%s", cases[i]);
		cr_expect_str_eq(
			r->note,
			"1 generator reached 42 GB/s of the memory; 50 % of the 84 GB/s that `bandwidth` read "
			"with all threads; saturation was not reached: at the highest load the latency is 1.40 "
			"times the unloaded one, saturation begins at 2 times (Mess, MICRO 2024)");
		cr_expect_null(find(&g.out, cases[i], "bus_bandwidth", "75:25", -1, NULL));
	}
	const struct mw_record *highest = find(&g.out, "highest", "bandwidth", "75:25", -1, "far");
	const struct mw_record *bus = find(&g.out, "highest", "bus_bandwidth", "75:25", -1, "far");
	cr_assert(highest && bus);
	cr_expect_float_eq(highest->value, 31.5, 1e-9);
	cr_expect_eq(highest->provenance, MW_MEASURED);
	cr_expect_float_eq(bus->value, 42, 1e-9);
	cr_expect_eq(bus->provenance, MW_MODELLED);
	given_close(&g);
}

Test(loaded, over_saturation_is_a_record)
{
	struct given g;
	given_open(&g);
	add(&g, LOADED_LATENCY, MW_MIX_100, 0, NULL, 100);
	add_point(&g, MW_MIX_50, 50, "one", 120, 25);
	add_point(&g, MW_MIX_50, 90, "one", 230, 50);
	add_point(&g, MW_MIX_50, 100, "one", 400, 40);
	cr_assert_eq(loaded_results_derive(&g.results), 0);
	const struct mw_record *r = find(&g.out, "over-saturation", "decline", "50:50", -1, "one");
	cr_assert(r);
	cr_expect_float_eq(r->value, 0.2, 1e-9);
	cr_expect(r->ci_lo > 0.15 && r->ci_hi < 0.25);
	cr_expect_str_eq(mw_kv_str(&r->observed, "oversaturated", ""), "yes");
	const struct mw_record *top = find(&g.out, "saturation", "bandwidth", "50:50", -1, "one");
	cr_expect_float_eq(top->value, 50, 1e-9);
	cr_expect_eq(mw_kv_int(&top->observed, "at_load", 0), 90);
	given_close(&g);
}

/* Bytes that the memory moves; one curve per share of reads, the one with ordinary stores; the usual state only. */
Test(loaded, memory_curves_csv)
{
	char path[] = "/tmp/loaded-XXXXXX", err[300] = "";
	int fd = mkstemp(path);
	struct given g;
	given_open(&g);
	cr_expect_eq(loaded_results_csv(&g.results, path, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect(strstr(err, "no curve"), "%s", err);
	add(&g, LOADED_LATENCY, MW_MIX_100, 0, NULL, 100);
	add_point(&g, MW_MIX_50_NT, 100, "near", 500, 60);
	add_point(&g, MW_MIX_50, 100, "near", 400, 25);
	add_point(&g, MW_MIX_75, 100, "near", 300, 30);
	add_point(&g, MW_MIX_75, 40, "near", 150, 12);
	add_point(&g, MW_MIX_75, 40, "far", 155, 13);
	cr_assert_eq(loaded_results_derive(&g.results), 0);
	cr_assert_eq(loaded_results_csv(&g.results, path, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(read_file(path),
			 "read_pct_rounded,pause,bandwidth_mean,bandwidth_std,rd_percentage_actual_mean,latency_mean,"
			 "latency_std,bandwidth_smooth,latency_smooth\n"
			 "50,0,50,2.82843,0.5,400,1.41421,50,400\n"
			 "75,600,16,1.88562,0.75,150,1.41421,16,150\n"
			 "75,0,40,1.88562,0.75,300,1.41421,40,300\n");
	/* From all records of a run: those of other benchmarks are none of its curves. */
	char *before = strdup(read_file(path));
	struct mw_record other;
	struct mw_records run = {0};
	for (size_t i = 0; i < g.results.kept.n; i++) {
		cr_assert_eq(mw_records_add(&run, &g.results.kept.v[i]), 0);
		cr_assert_eq(mw_record_copy(&other, &g.results.kept.v[i]), 0);
		other.bench = "other";
		other.value *= 2;
		cr_assert_eq(mw_records_add(&run, &other), 0);
		mw_record_fini(&other);
	}
	cr_assert_eq(loaded_records_csv(&run, path, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(read_file(path), before);
	free(before);
	mw_records_fini(&run);
	cr_assert_eq(loaded_records_csv(&run, path, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect_lt(loaded_results_csv(&g.results, "/nowhere/at/all.csv", err, sizeof(err)), 0);
	cr_expect(strstr(err, "/nowhere/at/all.csv"), "%s", err);
	given_close(&g);
	(void)close(fd);
	(void)unlink(path);
}
