/* Description: groups of the gemm benchmark: slices, matrices used in turn, packed copies, wrong engines; and records
 * derived from rates: bytes, intensity, best engine, roofline fraction. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "bench/gemm_derive.h"
#include "bench/gemm_records.h"
#include "bench/gemm_work.h"

/* ---- a machine to run on ---- */

struct rig {
	struct mw_topology topo;
	struct bench_profile profile;
	struct bench_ctx ctx;
	atomic_int stop;
};

static struct rig *open_rig(uint64_t max_bytes)
{
	static struct rig rig;
	char err[200] = "";
	int cpus[2];
	cr_assert(mw_topology_read("/", NULL, &rig.topo, err, sizeof(err)) == 0, "%s", err);
	rig.topo.host.llc_total_bytes = 1 << 20; /* small rotations: the test is not about the cache */
	rig.profile = (struct bench_profile){"tiny", 10, 0.1, 1, 2, 0.001, max_bytes, 2};
	rig.ctx = (struct bench_ctx){.topo = &rig.topo, .profile = &rig.profile, .stop = &rig.stop, .seed = 1};
	rig.ctx.start_ns = mw_now_ns();
	rig.ctx.deadline_ns = rig.ctx.start_ns + 600000000000ull;
	int n = mw_topology_cpu_ids(&rig.topo, cpus, 2);
	n = n > 2 ? 2 : n;
	cr_assert(mw_arenas_create(256u << 20, &rig.ctx.arenas) == 0);
	cr_assert(mw_team_create(cpus, n, &rig.ctx.team, err, sizeof(err)) == 0, "%s", err);
	return &rig;
}

static void close_rig(struct rig *rig)
{
	mw_team_destroy(rig->ctx.team);
	mw_arenas_destroy(rig->ctx.arenas);
	mw_topology_fini(&rig->topo);
}

/* ---- an engine of plain loops that packs, counts and, on demand, errs ---- */

enum fault { NO_FAULT, WRONG_LAST, FORGETS_ROW, RUN_FAILS };
static enum fault fault;
static atomic_int packs, runs;

struct loop_plan {
	enum gemm_dtype type;
	size_t m, n, k, ldc;
};

static int loop_init(char *detail, size_t dn, char *err, size_t en)
{
	(void)err;
	(void)en;
	(void)snprintf(detail, dn, "1");
	return 0;
}

static int loop_plan(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **out, char *err, size_t en)
{
	*out = NULL;
	if (m == 77) {
		(void)snprintf(err, en, "no 77");
		return GEMM_EUNAVAILABLE;
	}
	struct loop_plan *p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct loop_plan){type, m, n, k, ldc};
	*out = p;
	return 0;
}

/* One byte more than the weights: slices of odd sizes must not overlap. */
static size_t loop_bytes(const void *plan)
{
	const struct loop_plan *p = plan;
	return p->n * p->k * (p->type == GEMM_F32 ? 4 : 1) + 1;
}

static bool loop_same(const void *a, const void *b)
{
	return loop_bytes(a) == loop_bytes(b);
}

static int loop_pack(void *plan, const void *w, void *packed)
{
	atomic_fetch_add(&packs, 1);
	memcpy(packed, w, loop_bytes(plan) - 1);
	((unsigned char *)packed)[loop_bytes(plan) - 1] = 0xa5;
	return 0;
}

static int loop_run(void *plan, const void *packed, const void *a, void *c)
{
	const struct loop_plan *p = plan;
	atomic_fetch_add(&runs, 1);
	if (((const unsigned char *)packed)[loop_bytes(plan) - 1] != 0xa5)
		return -EIO; /* somebody wrote over the slice */
	for (size_t i = 0; i < p->m - (fault == FORGETS_ROW); i++)
		for (size_t j = 0; j < p->n; j++) {
			float f = 0;
			int32_t s = fault == WRONG_LAST && i == p->m - 1 && j == p->n - 1;
			for (size_t x = 0; x < p->k; x++)
				if (p->type == GEMM_F32)
					f += ((const float *)a)[i * p->k + x] * ((const float *)packed)[j * p->k + x];
				else
					s += ((const int8_t *)a)[i * p->k + x] * ((const int8_t *)packed)[j * p->k + x];
			if (p->type == GEMM_F32)
				((float *)c)[i * p->ldc + j] = s ? f + 1.0f : f;
			else
				((int32_t *)c)[i * p->ldc + j] = s;
		}
	return fault == RUN_FAILS ? -EIO : 0;
}

static const char *loop_kernel(const void *plan)
{
	(void)plan;
	return "loops";
}

static const struct gemm_engine loop_ops = {
	.abi = GEMM_ENGINE_ABI,
	.name = "loops",
	.init = loop_init,
	.plan = loop_plan,
	.packed_bytes = loop_bytes,
	.same_layout = loop_same,
	.pack = loop_pack,
	.run = loop_run,
	.kernel = loop_kernel,
	.close = free,
};

static const struct engine loops = {.ops = &loop_ops, .name = "loops"};
static const struct engine own = {.ops = &engine_own, .name = "own"};

static struct gemm_group *make_group(enum gemm_dtype type, size_t n, size_t k, int threads)
{
	static struct gemm_group g;
	memset(&g, 0, sizeof(g));
	g = (struct gemm_group){.type = type, .n = n, .k = k, .threads = threads, .n_cases = 4};
	g.cases[0] = (struct gemm_case){.engine = &own, .m = 1};
	g.cases[1] = (struct gemm_case){.engine = &loops, .m = 1};
	g.cases[2] = (struct gemm_case){.engine = &loops, .m = 5};
	g.cases[3] = (struct gemm_case){.engine = &loops, .m = 77};
	return &g;
}

Test(gemm_work, groups_compute_what_they_say)
{
	struct rig *rig = open_rig(64 << 20);
	char err[200];
	for (int t = 0; t < GEMM_DTYPES; t++)
		for (int threads = 1; threads <= mw_team_size(rig->ctx.team); threads++)
			for (size_t n = 9; n <= 50; n += 41) { /* 9 outputs: the second member has none */
				struct gemm_group *g = make_group((enum gemm_dtype)t, n, 130, threads);
				atomic_store(&packs, 0);
				cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == 0, "%s", err);
				cr_assert(g->weight_bytes >= 4u << 20 && !g->cached);
				cr_assert(g->weight_bytes == g->matrices * n * 130 * (t == GEMM_F32 ? 4 : 1));
				/* m = 1 and m = 5 share one packed copy of every slice. */
				size_t slices = threads == 2 && n > 16 ? 2 : 1;
				cr_assert((size_t)atomic_load(&packs) == 3 * slices, "%d packs", atomic_load(&packs));
				cr_assert_str_eq(g->cases[3].why, "no 77");
				cr_assert(g->cases[3].kernel[0] == '\0');
				for (size_t i = 0; i < 3; i++) {
					struct gemm_case *c = &g->cases[i];
					cr_assert(c->why[0] == '\0' && c->one_ns > 0, "%s", c->why);
					cr_assert(gemm_case_check(c, g->matrices / 2, SIZE_MAX, err, sizeof(err)) == 0,
						  "%s", err);
				}
				gemm_group_close(g);
			}
	close_rig(rig);
}

Test(gemm_work, samples_count_and_rotate)
{
	struct rig *rig = open_rig(64 << 20);
	char err[200];
	struct gemm_group *g = make_group(GEMM_S8, 64, 64, 1);
	cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == 0, "%s", err);
	struct gemm_case *c = &g->cases[2];
	double value;
	c->calls = g->matrices + 3;
	atomic_store(&runs, 0);
	uint64_t begin = mw_now_ns();
	cr_assert(gemm_case_measure(c, &value, err, sizeof(err)) == 0);
	double outside = 2.0 * 5 * 64 * 64 * (double)c->calls / (double)(mw_now_ns() - begin);
	cr_assert((size_t)atomic_load(&runs) == g->matrices + 3);
	cr_assert(c->next == 3, "%zu", c->next);
	/* The rate comes from a shorter interval than the one around the call. */
	cr_assert(value >= outside, "%g < %g", value, outside);
	gemm_group_sample_s(g, 1e-9 * c->one_ns * 10.5);
	cr_assert(c->calls == 10, "%zu", c->calls);
	gemm_group_sample_s(g, 0);
	cr_assert(c->calls == 1);
	fault = RUN_FAILS;
	cr_assert(gemm_case_measure(c, &value, err, sizeof(err)) == -EIO && strstr(err, "loops"), "%s", err);
	fault = NO_FAULT;
	gemm_group_close(g);
	close_rig(rig);
}

/* A group whose time is over does nothing and says so. */
Test(gemm_work, nothing_is_prepared_after_the_deadline)
{
	struct rig *rig = open_rig(64 << 20);
	char err[200];
	struct gemm_group *g = make_group(GEMM_F32, 64, 64, 1);
	rig->ctx.deadline_ns = rig->ctx.start_ns;
	cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == 0, "%s", err);
	cr_assert(atomic_load(&packs) == 0 && atomic_load(&runs) == 0);
	for (size_t i = 0; i < g->n_cases; i++)
		cr_assert_str_eq(g->cases[i].why, gemm_too_late);
	gemm_group_close(g);
	close_rig(rig);
}

Test(gemm_work, wrong_engines_are_named)
{
	struct rig *rig = open_rig(64 << 20);
	char err[200];
	for (fault = WRONG_LAST; fault <= RUN_FAILS; fault++)
		for (int t = 0; t < GEMM_DTYPES; t++) {
			struct gemm_group *g = make_group((enum gemm_dtype)t, 40, 70, 1);
			cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == 0, "%s", err);
			cr_assert(g->cases[0].why[0] == '\0', "%s", g->cases[0].why);
			cr_assert(strstr(g->cases[2].why, "loops"), "fault %d type %d: '%s'", (int)fault, t,
				  g->cases[2].why);
			gemm_group_close(g);
		}
	close_rig(rig);
}

Test(gemm_work, short_memory)
{
	struct rig *rig = open_rig(1 << 20);
	char err[200];
	struct gemm_group *g = make_group(GEMM_F32, 64, 256, 1);
	rig->topo.host.llc_total_bytes = 8 << 20;
	cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == 0, "%s", err);
	cr_assert(g->cached && g->weight_bytes < 1 << 20, "%llu", (unsigned long long)g->weight_bytes);
	gemm_group_close(g);
	g = make_group(GEMM_F32, 1024, 1024, 1);
	cr_assert(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)) == MW_EBUDGET && strstr(err, "memory"), "%s", err);
	gemm_group_close(g);
	close_rig(rig);
}

/* ---- what is derived ---- */

static int collect(void *self, const struct mw_record *r)
{
	cr_assert(r->declared && !r->row, "%s.%s.%s is not declared and closed", r->bench, r->case_name, r->metric);
	return mw_records_add(self, r);
}

/* Visits whose logarithms differ by 1 % and cancel. */
static const double noise[] = {0, 0.01, -0.01, 0.01, -0.01};
#define VISITS (sizeof(noise) / sizeof(noise[0]))

static void add_rate(struct mw_records *l, const char *engine, const char *dtype, int m, double value,
		     const char *state)
{
	struct mw_record r;
	enum gemm_dtype t = strcmp(dtype, "f32") == 0 ? GEMM_F32 : GEMM_S8;
	mw_record_open(&r, &gemm_emitter, gemm_emit(GEMM_PRODUCT, t), m == 1 ? "gemv" : "gemm");
	mw_put_text(&r, &mw_key_engine, engine);
	mw_put_text(&r, &mw_key_dtype, dtype);
	mw_put_int(&r, &mw_key_m, m);
	mw_put_int(&r, &mw_key_n, 3072);
	mw_put_int(&r, &mw_key_k, 768);
	mw_put_int(&r, &mw_key_threads, state ? 2 : 1);
	if (state)
		mw_put_text(&r, &mw_key_state, state);
	mw_put_text(&r, &gemm_key_routine, engine);
	r.value = value;
	r.n = r.n_samples = VISITS;
	r.samples = calloc(VISITS, sizeof(*r.samples));
	cr_assert_not_null(r.samples);
	/* A noise of 1 % that is another one for each engine. */
	for (uint32_t i = 0; i < VISITS; i++)
		r.samples[i] = (struct mw_sample){
			.value = value * exp(noise[(i + strlen(engine)) % VISITS]), .round = i, .visit = i};
	cr_assert(mw_record_close(&r, NULL, 0) == 0);
	cr_assert(mw_records_take(l, &r) == 0);
}

static void add_roof(struct mw_records *l, const char *bench, const char *case_name, enum mw_unit unit, int threads,
		     double value, const char *state)
{
	struct mw_record r;
	mw_record_init(&r, bench, case_name, unit == MW_GOPS ? "op_rate" : "flop_rate", unit);
	(void)mw_set_text(&r, MW_AS_PARAM, "dtype", unit == MW_GOPS ? "int8" : "f32");
	(void)mw_set_int(&r, MW_AS_PARAM, "threads", threads);
	(void)mw_set_text(&r, MW_AS_PARAM, "level", value > 98 ? "l1" : "dram");
	if (state)
		(void)mw_set_text(&r, MW_AS_PARAM, "state", state);
	r.value = value;
	cr_assert(mw_records_take(l, &r) == 0);
}

static const struct mw_record *find(const struct mw_records *l, const char *case_name, const char *metric, int m,
				    const char *dtype, const char *state)
{
	const struct mw_record *found = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (strcmp(r->case_name, case_name) == 0 && strcmp(r->metric, metric) == 0 &&
		    mw_kv_int(&r->params, "m", 0) == m && strcmp(mw_kv_str(&r->params, "dtype", ""), dtype) == 0 &&
		    strcmp(mw_kv_str(&r->params, "state", ""), state) == 0) {
			cr_assert_null(found, "%s %s m %d twice", case_name, metric, m);
			found = r;
		}
	}
	cr_assert_not_null(found, "no %s %s m %d %s", case_name, metric, m, dtype);
	return found;
}

static void near(double got, double want)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want), "got %.17g, want %.17g", got, want);
}

Test(gemm_work, derived_records)
{
	struct mw_records rates = {0}, earlier = {0}, out = {0};
	const struct mw_sink sink = {collect, &out};
	add_rate(&rates, "own", "f32", 1, 20.0, NULL);
	add_rate(&rates, "openblas", "f32", 1, 15.0, NULL);
	add_rate(&rates, "openblas", "f32", 512, 210.0, NULL);
	add_rate(&rates, "onednn", "f32", 512, 240.0, NULL);
	add_rate(&rates, "own", "int8", 1, 80.0, NULL);
	add_rate(&rates, "own", "f32", 1, 30.0, "near");
	add_rate(&rates, "onednn", "f32", 1, 29.0, "near");
	add_rate(&rates, "own", "f32", 1, 38.0, "far");
	add_rate(&rates, "onednn", "f32", 1, 39.0, "far");
	add_roof(&rates, "gemm", "peak", MW_GFLOPS, 1, 100.0, NULL);
	add_roof(&rates, "gemm", "peak", MW_GFLOPS, 1, 250.0, NULL);
	add_rate(&rates, "onednn", "f32", 512, 390.0, "near");
	add_rate(&rates, "onednn", "f32", 512, 560.0, "far");
	add_roof(&rates, "gemm", "peak", MW_GFLOPS, 2, 400.0, "near");
	add_roof(&rates, "gemm", "peak", MW_GFLOPS, 2, 600.0, "far");
	add_roof(&earlier, "bandwidth", "peak-read", MW_GBPS, 1, 44.0, NULL);
	add_roof(&earlier, "bandwidth", "peak-read", MW_GBPS, 2, 50.0, "near");
	add_roof(&earlier, "bandwidth", "peak-read", MW_GBPS, 2, 85.0, "far");
	add_roof(&earlier, "bandwidth", "peak-read", MW_GBPS, 1, 99.0, NULL); /* of a cache */
	add_roof(&earlier, "bandwidth", "peak-copy", MW_GBPS, 1, 98.0, NULL);
	/* Of other CPUs than those that the products run on. */
	add_roof(&earlier, "bandwidth", "peak-read", MW_GBPS, 2, 97.0, "near");
	cr_assert_eq(mw_set_text(&earlier.v[earlier.n - 1], MW_AS_PARAM, "placement", "spread"), 0);
	cr_assert(gemm_emit_derived(&rates, &earlier, 0.05, &sink) == 0);

	/* Weights and activations in 4 byte: 2 n k / 4 (n k + n + k) op/byte at m = 1. */
	double nk = 3072.0 * 768, gemv = 2 * nk / (4 * (nk + 3840)), gemm = 2 * 512 * nk / (4 * (nk + 512 * 3840.0));
	const struct mw_record *r = find(&out, "best", "flop_rate", 1, "f32", "");
	cr_assert_str_eq(mw_kv_str(&r->observed, "winner", ""), "own");
	cr_assert_null(mw_kv_find(&r->params, "engine"));
	near(r->value, 20.0);
	cr_assert(r->ci_lo > 19.0 && r->ci_lo < 19.9 && r->ci_hi > 20.1, "%g..%g", r->ci_lo, r->ci_hi);
	cr_assert(r->provenance == MW_MEASURED && r->n == VISITS);
	cr_assert_str_eq(mw_kv_str(&r->observed, "routine", ""), "own");
	cr_assert_null(mw_kv_find(&r->observed, "ties"));
	near(find(&out, "best", "bytes_rate", 1, "f32", "")->value, 20.0 / gemv);
	r = find(&out, "best", "intensity", 1, "f32", "");
	near(r->value, gemv);
	cr_assert(r->provenance == MW_MODELLED && isnan(r->ci_lo));
	r = find(&out, "best", "roofline_fraction", 1, "f32", "");
	near(r->value, 20.0 / (44.0 * gemv));
	cr_assert(r->provenance == MW_MODELLED && strstr(r->note, "memory roof"), "%s", r->note);
	r = find(&out, "best", "roofline_fraction", 512, "f32", "");
	near(r->value, 240.0 / 250.0);
	cr_assert(gemm > 250.0 / 44.0 && strstr(r->note, "compute roof"), "%s", r->note);
	cr_assert_str_eq(mw_kv_str(&find(&out, "best", "flop_rate", 512, "f32", "")->observed, "winner", ""), "onednn");
	/* Two topology states: a winner, a bandwidth and a peak each. */
	near(find(&out, "best", "roofline_fraction", 512, "f32", "near")->value, 390.0 / 400.0);
	near(find(&out, "best", "roofline_fraction", 512, "f32", "far")->value, 560.0 / 600.0);
	cr_assert_str_eq(mw_kv_str(&find(&out, "best", "flop_rate", 1, "f32", "near")->observed, "winner", ""), "own");
	cr_assert_str_eq(mw_kv_str(&find(&out, "best", "flop_rate", 1, "f32", "far")->observed, "winner", ""),
			 "onednn");
	near(find(&out, "best", "roofline_fraction", 1, "f32", "near")->value, 30.0 / (50.0 * gemv));
	near(find(&out, "best", "roofline_fraction", 1, "f32", "far")->value, 39.0 / (85.0 * gemv));
	/* No int8 peak: no fraction, and the reason. */
	r = find(&out, "best", "roofline_fraction", 1, "int8", "");
	cr_assert(r->provenance == MW_UNAVAILABLE && isnan(r->value) && strstr(r->note, "peak"), "%s", r->note);
	near(find(&out, "best", "bytes_rate", 1, "int8", "")->value, 80.0 * (nk + 768 + 4 * 3072) / (2 * nk));
	/* Each engine's bytes only of matrix-vector products; of others those of the best. */
	near(find(&out, "best", "bytes_rate", 512, "f32", "")->value, 240.0 / gemm);
	for (size_t i = 0; i < out.n; i++)
		cr_assert_not(strcmp(out.v[i].case_name, "gemm") == 0 && strcmp(out.v[i].metric, "bytes_rate") == 0);

	mw_records_fini(&out);
	out = (struct mw_records){0};
	cr_assert(gemm_emit_derived(&rates, NULL, 0.05, &sink) == 0);
	r = find(&out, "best", "roofline_fraction", 1, "f32", "");
	cr_assert(r->provenance == MW_UNAVAILABLE && strstr(r->note, "bandwidth"), "%s", r->note);
	mw_records_fini(&out);
	mw_records_fini(&earlier);
	mw_records_fini(&rates);
}

/* Engines of one speed: the luckiest one is not quoted with its luck, and the others are named. */
Test(gemm_work, the_best_of_equals_is_no_faster)
{
	static const char *const engines[] = {"own", "blis", "onednn", "openblas"};
	const size_t n = sizeof(engines) / sizeof(engines[0]);
	double held = 0, naive = 0;
	uint64_t seed = 7;
	enum { TRIALS = 200 };
	for (int trial = 0; trial < TRIALS; trial++) {
		struct mw_records rates = {0}, out = {0};
		const struct mw_sink sink = {collect, &out};
		double luckiest = 0;
		for (size_t i = 0; i < n; i++) {
			add_rate(&rates, engines[i], "f32", 1, 100.0, NULL);
			double sum = 0;
			for (size_t j = 0; j < VISITS; j++) {
				double x = 0.02 * ((double)mw_random_below(&seed, 2001) / 1000.0 - 1.0);
				rates.v[i].samples[j].value = 100.0 * exp(x);
				sum += x;
			}
			rates.v[i].value = 100.0 * exp(sum / (double)VISITS);
			luckiest = fmax(luckiest, sum / (double)VISITS);
		}
		cr_assert_eq(gemm_emit_derived(&rates, NULL, 0.05, &sink), 0);
		const struct mw_record *best = find(&out, "best", "flop_rate", 1, "f32", "");
		held += log(best->value / 100.0) / TRIALS;
		naive += luckiest / TRIALS;
		mw_records_fini(&out);
		mw_records_fini(&rates);
	}
	/* Logarithms of visits spread evenly over +-2 %: the mean of 200 trials of 5 visits has an error of 0.04 %. */
	cr_assert(naive > 0.004, "%g", naive);
	cr_assert(fabs(held) < 0.0015, "%g, the luckiest %g", held, naive);
}

Test(gemm_work, ties_are_named)
{
	struct mw_records rates = {0}, out = {0};
	const struct mw_sink sink = {collect, &out};
	add_rate(&rates, "own", "f32", 1, 20.0, NULL);
	add_rate(&rates, "blis", "f32", 1, 20.01, NULL);
	add_rate(&rates, "openblas", "f32", 1, 15.0, NULL);
	cr_assert_eq(gemm_emit_derived(&rates, NULL, 0.05, &sink), 0);
	const struct mw_record *r = find(&out, "best", "flop_rate", 1, "f32", "");
	cr_assert_str_eq(mw_kv_str(&r->observed, "winner", ""), "blis");
	cr_assert_str_eq(mw_kv_str(&r->observed, "ties", ""), "own");
	mw_records_fini(&out);
	mw_records_fini(&rates);
}

/* ---- visits ---- */

/* Two groups take one memory in turn: contents are packed again where the other one wrote, and only there. */
Test(gemm_work, memory_taken_again_holds_the_weights)
{
	struct rig *rig = open_rig(64 << 20);
	struct gemm_memory memory = {NULL};
	struct gemm_group *g = malloc(sizeof(*g)), *other;
	char err[200];
	cr_assert_not_null(g);
	memcpy(g, make_group(GEMM_F32, 50, 130, 1), sizeof(*g));
	other = make_group(GEMM_F32, 50, 130, 1);
	g->memory = other->memory = &memory;
	cr_assert_eq(gemm_group_prepare(&rig->ctx, g, err, sizeof(err)), 0, "%s", err);
	gemm_group_leave(g);
	atomic_store(&packs, 0);
	cr_assert_eq(gemm_group_take(&rig->ctx, g, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(atomic_load(&packs), 0, "nobody else had it");
	gemm_group_leave(g);
	rig->ctx.seed++; /* the other group's numbers are others, of the same size */
	cr_assert_eq(gemm_group_prepare(&rig->ctx, other, err, sizeof(err)), 0, "%s", err);
	gemm_group_leave(other);
	rig->ctx.seed--;
	atomic_store(&packs, 0);
	cr_assert_eq(gemm_group_take(&rig->ctx, g, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(atomic_load(&packs), 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < g->matrices; j += g->matrices - 1)
			cr_assert_eq(gemm_case_check(&g->cases[i], j, SIZE_MAX, err, sizeof(err)), 0, "%s", err);
	gemm_group_close(g);
	gemm_group_close(other);
	free(g);
	close_rig(rig);
}
