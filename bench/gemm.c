/* Matrix products of transformer layers by every engine of this machine, and the compute peak.
 *
 * Weights come from memory, as in inference: each product takes the next of a set of matrices that is larger than the
 * last-level cache. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/engine.h"
#include "bench/gemm_derive.h"
#include "bench/gemm_peak.h"
#include "bench/gemm_plan.h"
#include "bench/gemm_records.h"
#include "bench/gemm_work.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum { METHOD_VERSION = 1 };

/* A group whose preparation has begun may take this share of the run's time for its checks, even beyond the deadline of
 * the call. */
#define CHECK_SHARE 0.05
/* Seconds around each sample for probes and the start of the team. */
#define AROUND_S 0.004

/* A group and its rounds. */
struct unit {
	struct gemm_group g;
	bool tried; /* prepare() was called */
	struct round_point *pts;
	size_t n_pts;
	struct rounds *rounds; /* NULL: nothing of it can be measured */
	char why[MW_ERR_ROOM]; /* not empty: why it could not be prepared */
	double take_s;         /* seconds that taking its memory took last time */
};

struct gemm_run {
	const struct bench_ctx *ctx; /* context of the current call */
	const struct mw_sink *out;   /* context of the current call */
	struct engines engines;
	struct gemm_plan plan;
	struct gemm_peaks peaks;
	struct gemm_memory memory;
	struct unit **units;
	size_t n_units;
	size_t n_cases; /* number of cases of all units */
	double sample_s;
	struct mw_records rates;             /* records that the rounds emitted */
	bool told[ENGINES_MAX][GEMM_DTYPES]; /* the record that an engine lacks a type was emitted */
};

/* ---- records ---- */

/* Passes a record on and keeps a copy for the derived records. */
static int keep(void *self, const struct mw_record *rec)
{
	struct gemm_run *r = self;
	int rc = mw_records_add(&r->rates, rec);
	return rc < 0 ? rc : mw_emit(r->out, rec);
}

static void open_record(struct mw_record *rec, enum gemm_row row, enum gemm_dtype type, const char *case_name)
{
	mw_record_open(rec, &gemm_emitter, gemm_emit(row, type), case_name);
	mw_record_method(rec, "streamed-weights", METHOD_VERSION);
}

/* Opens the record of a product, without the engine. */
static void open_product(struct mw_record *rec, enum gemm_dtype type, const struct gemm_product *p)
{
	open_record(rec, GEMM_PRODUCT, type, p->m == 1 ? "gemv" : "gemm");
	mw_put_text(rec, &mw_key_dtype, gemm_dtype_name(type));
	mw_put_int(rec, &mw_key_m, (int64_t)p->m);
	mw_put_int(rec, &mw_key_n, (int64_t)p->n);
	mw_put_int(rec, &mw_key_k, (int64_t)p->k);
}

static void put_engine(struct mw_record *rec, const struct engine *e, int threads)
{
	mw_put_text(rec, &mw_key_engine, e->name);
	mw_put_int(rec, &mw_key_threads, threads);
}

static void case_record(const struct gemm_case *c, struct mw_record *rec)
{
	const struct gemm_group *g = c->group;
	open_product(rec, g->type, &(struct gemm_product){g->k, g->n, c->m});
	put_engine(rec, c->engine, g->threads);
	mw_put_text(rec, &gemm_key_library, c->engine->detail);
	mw_put_text(rec, &gemm_key_routine, c->kernel);
	if (c->engine->env[0])
		mw_put_text(rec, &gemm_key_environment, c->engine->env);
	mw_put_text(rec, &mw_key_obtained, g->pages);
	mw_put_int(rec, &gemm_key_weight_bytes, (int64_t)g->weight_bytes);
	if (g->cached)
		mw_record_note(rec,
			       "the set of weight matrices is smaller than twice the last-level cache: part of it may "
			       "come from the cache");
}

static int emit_absent(const struct gemm_run *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->engines.n && rc == 0; i++) {
		struct mw_record rec;
		if (r->engines.v[i].ops)
			continue;
		open_record(&rec, GEMM_ENGINE, GEMM_F32, "engine");
		mw_put_text(&rec, &mw_key_engine, r->engines.v[i].name);
		mw_record_unavailable(&rec, r->engines.v[i].why);
		rc = mw_finish(r->out, &rec);
	}
	return rc;
}

/* Emits an unavailable record per type for each product that does not fit into the time budget. */
static int emit_left_out(const struct gemm_run *r)
{
	const struct gemm_plan *p = &r->plan;
	int rc = 0;
	for (size_t i = p->n; i < p->n_asked; i++)
		for (int t = 0; t < GEMM_DTYPES && rc == 0; t++) {
			struct mw_record rec;
			if (!p->types[t])
				continue;
			open_product(&rec, (enum gemm_dtype)t, &p->list[i]);
			mw_record_unavailable(&rec, "it does not fit into the time budget");
			mw_record_add_note(&rec, "%zu of %zu products fit", p->n, p->n_asked);
			rc = mw_finish(r->out, &rec);
		}
	return rc;
}

/* Emits why a case cannot run: once per engine and type when the engine lacks the type, else for the case itself. */
static int emit_unable(struct gemm_run *r, const struct gemm_case *c, const char *why)
{
	enum gemm_dtype type = c->group->type;
	struct mw_record rec;
	if (c->why[0] && !c->kernel[0] && strcmp(c->why, gemm_too_late) != 0) {
		bool *told = &r->told[c->engine - r->engines.v][type];
		if (*told)
			return 0;
		*told = true;
		open_record(&rec, GEMM_ENGINE, type, "engine");
		mw_put_text(&rec, &mw_key_engine, c->engine->name);
		mw_put_text(&rec, &mw_key_dtype, gemm_dtype_name(type));
	} else {
		case_record(c, &rec);
	}
	mw_record_unavailable(&rec, c->why[0] ? c->why : why);
	return mw_finish(r->out, &rec);
}

/* Emits the cases that were not measured, with the reason, then those that were. */
static int emit_unit(struct gemm_run *r, struct unit *u)
{
	const struct mw_sink sink = {keep, r};
	const char *why = u->why;
	int rc = 0;
	if (!why[0])
		why = bench_stopped(r->ctx) ? "interrupted before it was checked" : gemm_too_late;
	for (size_t i = 0; i < u->g.n_cases && rc == 0; i++)
		if (!u->rounds || u->g.cases[i].why[0])
			rc = emit_unable(r, &u->g.cases[i], why);
	return rc == 0 && u->rounds ? rounds_finish(u->rounds, &sink) : rc;
}

/* ---- what to run ---- */

static int read_engines(const struct bench_ctx *ctx, struct engines *e, char *err, size_t n)
{
	const char *only = mw_opt_text(ctx->opts, "engine");
	engines_open(e, only);
	for (size_t i = 0; only && i < e->n; i++)
		if (!e->v[i].ops)
			return mw_fail(MW_EUNAVAILABLE, err, n, "--engine=%s: %s", e->v[i].name, e->v[i].why);
	return 0;
}

/* True when an earlier session of this run took samples of the product. This session measures it too, even if it would
 * not choose it. */
static bool was_measured(const struct gemm_run *r, const struct gemm_product *p)
{
	const struct mw_sample_sink *s = r->ctx->samples;
	int counts[2], n_counts = gemm_thread_counts(r->ctx, counts);
	size_t found = 0;
	for (size_t e = 0; s && s->earlier && e < r->engines.n; e++)
		for (int i = 0; i < n_counts * GEMM_DTYPES && found == 0; i++) {
			struct mw_record rec;
			open_product(&rec, (enum gemm_dtype)(i % GEMM_DTYPES), p);
			put_engine(&rec, &r->engines.v[e], counts[i / GEMM_DTYPES]);
			(void)s->earlier(s->self, &rec, &found);
			mw_record_fini(&rec);
		}
	return found > 0;
}

static void thin(struct gemm_run *r)
{
	size_t least = 0;
	for (size_t i = 0; i < r->plan.n_asked; i++)
		if (was_measured(r, &r->plan.list[i]))
			least = i + 1;
	gemm_plan_thin(r->ctx, &r->plan, r->peaks.rates, r->engines.n, least);
}

_Static_assert(GEMM_MAX_PRODUCTS *ENGINES_MAX <= GEMM_MAX_CASES, "a group holds every product on every engine");

/* Lists the cases of one group: every engine with every number of tokens of the products of this shape. */
static void list_cases(const struct gemm_run *r, struct gemm_group *g)
{
	for (size_t i = 0; i < r->plan.n; i++)
		for (size_t e = 0; e < r->engines.n; e++) {
			const struct gemm_product *p = &r->plan.list[i];
			const struct engine *engine = &r->engines.v[e];
			/* Unless engines were named, no record says that the own kernels lack products with m > 1. */
			bool quiet = engine->ops == &engine_own && p->m != 1 && !mw_opt_text(r->ctx->opts, "engine");
			if (p->n == g->n && p->k == g->k && engine->ops && !quiet)
				g->cases[g->n_cases++] = (struct gemm_case){.group = g, .engine = engine, .m = p->m};
		}
}

static int add_unit(struct gemm_run *r, enum gemm_dtype type, const struct gemm_product *p, int threads)
{
	struct unit *u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->g.type = type;
	u->g.n = p->n;
	u->g.k = p->k;
	u->g.threads = threads;
	u->g.memory = &r->memory;
	list_cases(r, &u->g);
	r->n_cases += u->g.n_cases;
	r->units[r->n_units++] = u;
	return 0;
}

static bool shape_is_new(const struct gemm_plan *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (p->list[j].n == p->list[i].n && p->list[j].k == p->list[i].k)
			return false;
	return true;
}

/* Makes one unit per shape, type and number of threads. */
static int list_units(struct gemm_run *r)
{
	int counts[2], n_counts = gemm_thread_counts(r->ctx, counts), rc = 0;
	r->units = calloc(r->plan.n * GEMM_DTYPES * 2, sizeof(struct unit *));
	if (!r->units)
		return -ENOMEM;
	for (size_t i = 0; i < r->plan.n; i++)
		for (int t = 0; t < GEMM_DTYPES && shape_is_new(&r->plan, i); t++)
			for (int c = 0; c < n_counts && r->plan.types[t] && rc == 0; c++)
				rc = add_unit(r, (enum gemm_dtype)t, &r->plan.list[i], counts[c]);
	struct bench_ctx whole = *r->ctx;
	whole.deadline_ns = mw_now_ns() + (uint64_t)(0.9e9 * r->ctx->share_s);
	r->sample_s = rounds_sample_s(&whole, r->peaks.n + r->n_cases);
	return rc;
}

/* ---- one group ---- */

static int open_rounds(struct gemm_run *r, struct unit *u)
{
	u->pts = calloc(u->g.n_cases + 1, sizeof(*u->pts));
	if (!u->pts)
		return -ENOMEM;
	for (size_t i = 0; i < u->g.n_cases; i++) {
		struct gemm_case *c = &u->g.cases[i];
		struct round_point *pt = &u->pts[u->n_pts];
		if (c->why[0])
			continue;
		case_record(c, &pt->rec);
		pt->measure = gemm_case_measure;
		pt->arg = c;
		pt->threads = u->g.threads;
		u->n_pts++;
	}
	gemm_group_sample_s(&u->g, r->sample_s);
	return u->n_pts ? rounds_open(r->ctx, u->pts, u->n_pts, &u->rounds) : 0;
}

/* True for errors that concern one group only (memory, threads); the other groups can still be measured. */
static bool is_short(int rc)
{
	return rc == MW_EBUDGET || rc == -ENOMEM || rc == MW_EUNAVAILABLE;
}

/* Prepares a group and opens its rounds. If u->rounds is set afterwards, the group holds its memory. */
static int prepare(struct gemm_run *r, struct unit *u, char *err, size_t n)
{
	struct bench_ctx ctx = *r->ctx;
	uint64_t end = mw_now_ns() + (uint64_t)(1e9 * CHECK_SHARE * ctx.share_s);
	ctx.deadline_ns = end > ctx.deadline_ns ? end : ctx.deadline_ns;
	assert(u);
	u->tried = true;
	if (u->g.threads > mw_team_size(ctx.team)) {
		(void)mw_fail(0, u->why, sizeof(u->why), "%s", mw_team_short(ctx.team));
		return 0;
	}
	int rc = gemm_group_prepare(&ctx, &u->g, u->why, sizeof(u->why));
	if (rc == 0)
		rc = open_rounds(r, u);
	if (!u->rounds)
		gemm_group_leave(&u->g);
	if (is_short(rc))
		return 0;
	return rc < 0 ? mw_fail(rc, err, n, "%s", u->why[0] ? u->why : mw_strerror(rc)) : 0;
}

static bool is_done(const struct unit *u)
{
	return u->tried && (!u->rounds || rounds_met(u->rounds));
}

/* Estimated seconds of one round; 0 when the unit needs no more. */
static double round_s(const struct gemm_run *r, const struct unit *u)
{
	if (is_done(u))
		return 0;
	return u->rounds ? rounds_round_s(u->rounds) : (double)u->g.n_cases * (r->sample_s + AROUND_S);
}

/* Measures one unit. It gets `share` of the time left after its weights are in place, less reserve_s for placing those
 * of other units. */
static int visit_unit(struct gemm_run *r, struct unit *u, double share, double reserve_s, char *err, size_t n)
{
	struct bench_ctx ctx = *r->ctx;
	char why[MW_ERR_ROOM];
	uint64_t begin_ns = mw_now_ns();
	bool known = u->tried;
	int rc = known ? gemm_group_take(&ctx, &u->g, why, sizeof(why)) : prepare(r, u, err, n);
	if (known && is_short(rc))
		return 0; /* others hold the memory; the unit keeps the samples of its other visits */
	if (rc < 0)
		return known ? mw_fail(rc, err, n, "%s", why) : rc;
	if (!u->rounds)
		return 0;
	uint64_t ready_ns = mw_now_ns();
	double left_s = bench_left_s(r->ctx) - reserve_s;
	if (known)
		u->take_s = 1e-9 * (double)(ready_ns - begin_ns);
	ctx.deadline_ns = ready_ns + (uint64_t)(left_s > 0 ? 1e9 * share * left_s : 0);
	rc = rounds_visit(u->rounds, &ctx);
	gemm_group_leave(&u->g);
	return rc;
}

/* ---- the benchmark ---- */

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct gemm_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->out = sink;
	int rc = gemm_plan_read(ctx, &r->plan, err, n);
	if (rc == 0)
		rc = read_engines(ctx, &r->engines, err, n);
	if (rc == 0)
		rc = emit_absent(r);
	if (rc == 0)
		rc = gemm_peaks_open(ctx, &r->peaks, r->plan.types);
	if (rc < 0)
		return rc;
	thin(r);
	rc = emit_left_out(r);
	if (rc == 0)
		rc = list_units(r);
	/* Units that the loop does not reach are prepared in their first visit. */
	for (size_t i = 0; i < r->n_units && rc == 0 && bench_left_s(ctx) > 0; i++) {
		rc = prepare(r, r->units[i], err, n);
		gemm_group_leave(&r->units[i]->g);
	}
	return rc;
}

static int visit_peaks(struct gemm_run *r, double share)
{
	struct bench_ctx ctx = *r->ctx;
	ctx.deadline_ns = mw_now_ns() + (uint64_t)(1e9 * share * bench_left_s(&ctx));
	return rounds_visit(r->peaks.rounds, &ctx);
}

static bool all_done(const struct gemm_run *r)
{
	bool done = rounds_met(r->peaks.rounds);
	for (size_t i = 0; i < r->n_units; i++)
		done = done && is_done(r->units[i]);
	return done;
}

/* Measures the units in turn, each with its share of the time left; every visit begins with another unit. */
static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct gemm_run *r = state;
	r->ctx = ctx;
	double peaks = rounds_met(r->peaks.rounds) ? 0 : rounds_round_s(r->peaks.rounds), later = 0, reserve = 0;
	for (size_t i = 0; i < r->n_units; i++) {
		later += round_s(r, r->units[i]);
		reserve += is_done(r->units[i]) ? 0 : r->units[i]->take_s;
	}
	int rc = peaks > 0 ? visit_peaks(r, peaks / (peaks + later)) : 0;
	for (size_t i = 0; i < r->n_units && rc == 0; i++) {
		struct unit *u = r->units[(i + ctx->visit) % r->n_units];
		double own = round_s(r, u);
		if (is_done(u) || bench_left_s(ctx) <= 0)
			continue;
		reserve -= u->take_s;
		rc = visit_unit(r, u, own < later ? own / later : 1, reserve, err, n);
		later -= own;
	}
	return rc == 0 && all_done(r) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct gemm_run *r = state;
	const struct mw_sink kept = {keep, r};
	(void)err, (void)n;
	r->ctx = ctx;
	r->out = sink;
	int rc = r->peaks.rounds ? rounds_finish(r->peaks.rounds, &kept) : 0;
	for (size_t i = 0; i < r->n_units && rc == 0; i++)
		rc = emit_unit(r, r->units[i]);
	return rc == 0 ? gemm_emit_derived(&r->rates, ctx->earlier, ctx->profile->target, sink) : rc;
}

static void end(void *state)
{
	struct gemm_run *r = state;
	for (size_t i = 0; i < r->n_units; i++) {
		struct unit *u = r->units[i];
		rounds_close(u->rounds);
		gemm_group_close(&u->g);
		free(u->pts);
		free(u);
	}
	free(r->units);
	gemm_peaks_close(&r->peaks);
	mw_records_fini(&r->rates);
	free(r);
}

/* Opens the engines that were named: nothing else tells whether they can be used. begin() opens them again. */
static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct gemm_plan p;
	struct engines engines;
	int rc = gemm_plan_read(ctx, &p, err, n);
	size_t element = strcmp(mw_opt_text(ctx->opts, "dtype"), "int8") == 0 ? 1 : 4;
	for (size_t i = 0; i < p.n && rc == 0 && mw_opt(ctx->opts, "shapes")->given; i++)
		rc = bench_check_size(ctx, "shapes", element * p.list[i].k * p.list[i].n, err, n);
	if (rc == 0 && mw_opt(ctx->opts, "engine")->given)
		rc = read_engines(ctx, &engines, err, n);
	return rc;
}

/* An upper limit: begin() leaves out products that take too long, and not every engine has int8. */
static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct gemm_plan p;
	if (gemm_plan_read(ctx, &p, NULL, 0) < 0)
		return;
	out->points = (unsigned)(p.n * GEMM_DTYPES * ENGINES_MAX) * (ctx->topo->host.n_cpus > 1 ? 2 : 1);
	out->memory_bytes = gemm_plan_bytes(ctx, &p);
}

static const struct mw_option options[] = {
	{.name = "engine",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = engines_word,
	 .help = "engines (default: all that are available)"},
	{.name = "shapes",
	 .was = "shape",
	 .type = MW_OPT_NAMES,
	 .arg = "LIST",
	 .help = "layers as INPUTSxOUTPUTS, for example 768x3072,3072x768"},
	{.name = "tokens",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = 1,
	 .max = 65536,
	 .max_items = GEMM_MAX_PRODUCTS,
	 .help = "rows of activations; 1 is a matrix-vector product"},
	{.name = "dtype",
	 .type = MW_OPT_CHOICE,
	 .arg = "TYPE",
	 .def = "all",
	 .choices = "f32|int8|all",
	 .help = "type of weights and activations"},
	MW_OPT_END,
};

static const char *const needs[] = {"bandwidth", NULL};

const struct bench bench_gemm = {
	.name = "gemm",
	.summary = "matrix products of transformer layers by engine, and the compute peak",
	.options = options,
	.needs = needs,
	.weight = 20,
	.dependency = "OpenBLAS, BLIS, oneDNN (each optional)",
	.check = check,
	.plan = plan,
	.emitter = &gemm_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
