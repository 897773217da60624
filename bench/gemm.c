/* Matrix products of transformer layers by every engine of this machine, and the compute peak.
 *
 * Weights stream from memory as they do in inference: a rotation of matrices larger than the last-level cache. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/kernels/gemv.h"
#include "bench/engine.h"
#include "bench/gemm_derive.h"
#include "bench/gemm_records.h"
#include "bench/gemm_work.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum { MAX_PRODUCTS = 64, MAX_PEAKS = 32, METHOD_VERSION = 1 };

/* Y = X W: k inputs, n outputs, m tokens. */
struct product {
	size_t k, n, m;
};

/* BERT-Base and GPT-2 layers, most telling first: a profile takes the first so many of them. */
static const struct product products[] = {
	{768, 3072, 1},   {768, 3072, 512}, /* tiny */
	{768, 3072, 64},  {768, 3072, 8},   {3072, 768, 1},  {3072, 768, 512}, {768, 768, 1},
	{768, 768, 512},                                                    /* quick */
	{3072, 768, 64},  {3072, 768, 8},   {768, 768, 64},  {768, 768, 8}, /* standard */
	{768, 3072, 2},   {768, 3072, 4},   {768, 3072, 16}, {768, 3072, 32},  {768, 3072, 128},
	{768, 3072, 256}, {3072, 768, 2},   {3072, 768, 4},  {3072, 768, 16},  {3072, 768, 32},
	{3072, 768, 128}, {3072, 768, 256}, {768, 768, 2},   {768, 768, 4},    {768, 768, 16},
	{768, 768, 32},   {768, 768, 128},  {768, 768, 256},
};
static const struct {
	const char *profile;
	size_t n;
} profile_products[] = {{"tiny", 2}, {"quick", 8}, {"standard", 12}};
enum { ALL_PRODUCTS = sizeof(products) / sizeof(products[0]) };

struct gemm_run {
	struct bench_ctx *ctx;
	const struct mw_sink *out;
	struct engines engines;
	struct product list[MAX_PRODUCTS];
	size_t n_list, n_asked;
	bool types[GEMM_DTYPES];
	struct mw_records rates;             /* what the scheduler emitted */
	bool told[ENGINES_MAX][GEMM_DTYPES]; /* that an engine lacks a type */
};

/* ---- what to run ---- */

static int read_engines(struct gemm_run *r, char *err, size_t n)
{
	const char *only = mw_opt_text(r->ctx->opts, "engine");
	engines_open(&r->engines, only);
	for (size_t i = 0; only && i < r->engines.n; i++)
		if (!r->engines.v[i].ops)
			return mw_fail(MW_EUNAVAILABLE, err, n, "--engine=%s: %s", r->engines.v[i].name,
				       r->engines.v[i].why);
	return 0;
}

/* "768x3072": inputs and outputs. */
static int read_shape(const char *text, size_t len, struct product *p, char *err, size_t n)
{
	uint64_t v[2];
	if (mw_parse_pair(text, len, v) < 0 || !v[0] || !v[1] || v[0] > 131071 || v[1] > (1u << 24))
		return mw_fail(MW_ESPEC, err, n,
			       "--shapes: '%.*s' is not INPUTSxOUTPUTS, for example 768x3072 (inputs up to 131071, "
			       "outputs up to 16M)",
			       (int)len, text);
	*p = (struct product){v[0], v[1], 0};
	return 0;
}

static int add_product(struct gemm_run *r, struct product p, char *err, size_t n)
{
	for (size_t i = 0; i < r->n_list; i++)
		if (r->list[i].k == p.k && r->list[i].n == p.n && r->list[i].m == p.m)
			return mw_fail(MW_ESPEC, err, n, "--shapes: '%zux%zu' is named twice", p.k, p.n);
	if (r->n_list == MAX_PRODUCTS)
		return mw_fail(MW_ESPEC, err, n, "--shapes and --tokens: more than %d products", (int)MAX_PRODUCTS);
	r->list[r->n_list++] = p;
	return 0;
}

static int read_products(struct gemm_run *r, char *err, size_t n)
{
	const char *shapes = mw_opt_text(r->ctx->opts, "shapes"), *tokens = mw_opt_text(r->ctx->opts, "tokens");
	uint64_t m[MAX_PRODUCTS] = {1, 8, 64, 512};
	size_t n_m = tokens ? mw_opt_sizes(r->ctx->opts, "tokens", m, MAX_PRODUCTS) : 4;
	if (!shapes && !tokens) {
		r->n_list = ALL_PRODUCTS;
		for (size_t i = 0; i < sizeof(profile_products) / sizeof(profile_products[0]); i++)
			if (strcmp(profile_products[i].profile, r->ctx->profile->name) == 0)
				r->n_list = profile_products[i].n;
		memcpy(r->list, products, r->n_list * sizeof(*r->list));
		return 0;
	}
	const char *rest = shapes ? shapes : "768x3072,3072x768,768x768", *item;
	size_t len;
	while (mw_list_next(&rest, &item, &len)) {
		struct product one = {0, 0, 0};
		int rc = read_shape(item, len, &one, err, n);
		for (size_t i = 0; i < n_m && rc == 0; i++) {
			one.m = m[i];
			rc = add_product(r, one, err, n);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int thread_counts(const struct gemm_run *r, int counts[2])
{
	int all = mw_team_wanted(r->ctx->team);
	counts[0] = 1;
	counts[1] = all;
	return all > 1 ? 2 : 1;
}

/* ---- records pass through and are kept for what follows from them ---- */

static int keep(void *self, const struct mw_record *rec)
{
	struct gemm_run *r = self;
	int rc = mw_records_add(&r->rates, rec);
	return rc < 0 ? rc : mw_emit(r->out, rec);
}

static void open_record(struct mw_record *rec, enum gemm_row row, enum gemm_dtype type, const char *case_name)
{
	mw_record_open(rec, &gemm_emitter, gemm_emit(row, type), case_name);
	mw_record_method(rec, row == GEMM_PEAK ? "register-chains" : "streamed-weights", METHOD_VERSION);
}

/* ---- the peak ---- */

struct peak_case {
	struct mw_team *team;
	mw_peak_fn fn;
	int threads;
	uint64_t steps, ops; /* ops: of one member */
};

static void peak_member(void *arg, int rank, int n)
{
	struct peak_case *p = arg;
	uint64_t ops = p->fn(p->steps);
	(void)n;
	if (rank == 0)
		p->ops = ops;
}

static int peak_measure(void *arg, double *value, char *err, size_t n)
{
	struct peak_case *p = arg;
	uint64_t ns = 0;
	int rc = mw_team_time(p->team, p->threads, peak_member, p, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "peak: %s", mw_strerror(rc));
	*value = (double)p->ops * p->threads / (double)ns;
	return 0;
}

static void add_peak(struct round_point *pt, struct peak_case *c, const char *isa, enum gemm_dtype type)
{
	open_record(&pt->rec, GEMM_PEAK, type, "peak");
	mw_put_text(&pt->rec, &mw_key_dtype, gemm_dtype_name(type));
	mw_put_text(&pt->rec, &mw_key_isa, isa);
	mw_put_int(&pt->rec, &mw_key_threads, c->threads);
	pt->measure = peak_measure;
	pt->arg = c;
	pt->threads = c->threads;
}

static size_t list_peaks(const struct gemm_run *r, struct round_point *pts, struct peak_case *cases)
{
	size_t n = 0;
	int counts[2], n_counts = thread_counts(r, counts);
	for (const struct mw_gemv_path *p = mw_gemv_paths; p->name; p++)
		for (int t = 0; t < GEMM_DTYPES; t++)
			for (int i = 0; i < n_counts; i++) {
				mw_peak_fn fn = t == GEMM_F32 ? p->peak_f32 : p->peak_s8;
				/* A path may inherit its neighbour's kernel: measured once. */
				bool seen = !r->types[t] || !mw_gemv_usable(p) || n == MAX_PEAKS;
				for (size_t j = 0; j < n && !seen; j++)
					seen = cases[j].fn == fn && cases[j].threads == counts[i];
				if (seen)
					continue;
				cases[n] = (struct peak_case){r->ctx->team, fn, counts[i], 0, 0};
				add_peak(&pts[n], &cases[n], p->name, (enum gemm_dtype)t);
				n++;
			}
	return n;
}

static int run_peaks(struct gemm_run *r, double seconds)
{
	struct round_point pts[MAX_PEAKS] = {0};
	struct peak_case cases[MAX_PEAKS];
	struct bench_ctx ctx = *r->ctx;
	const struct mw_sink sink = {keep, r};
	size_t n = list_peaks(r, pts, cases);
	uint64_t deadline = mw_now_ns() + (uint64_t)(1e9 * seconds);
	ctx.deadline_ns = deadline < ctx.deadline_ns ? deadline : ctx.deadline_ns;
	double sample_s = fmin(rounds_sample_s(&ctx, n), 0.01);
	for (size_t i = 0; i < n; i++) {
		double rate = 1;
		cases[i].steps = 20000;
		if (cases[i].threads > mw_team_size(ctx.team))
			continue; /* left out by the rounds, with the reason */
		/* The first run brings wide registers' power state up; the second one counts. */
		for (int k = 0; k < 2; k++)
			if (peak_measure(&cases[i], &rate, NULL, 0) < 0)
				rate = 1;
		double ns = (double)cases[i].ops * cases[i].threads / rate;
		cases[i].steps = (uint64_t)fmax(20000.0 * 1e9 * sample_s / ns, 1000.0);
	}
	return rounds_run(&ctx, pts, n, &sink);
}

/* ---- the products ---- */

static const char *product_case(size_t m)
{
	return m == 1 ? "gemv" : "gemm";
}

static void product_record(const struct gemm_case *c, struct mw_record *rec)
{
	const struct gemm_group *g = c->group;
	open_record(rec, GEMM_PRODUCT, g->type, product_case(c->m));
	mw_put_text(rec, &mw_key_engine, c->engine->name);
	mw_put_text(rec, &mw_key_dtype, gemm_dtype_name(g->type));
	mw_put_int(rec, &mw_key_m, (int64_t)c->m);
	mw_put_int(rec, &mw_key_n, (int64_t)g->n);
	mw_put_int(rec, &mw_key_k, (int64_t)g->k);
	mw_put_int(rec, &mw_key_threads, g->threads);
	mw_put_text(rec, &gemm_key_library, c->engine->detail);
	mw_put_text(rec, &gemm_key_routine, c->kernel);
	mw_put_text(rec, &gemm_key_environment, c->engine->env);
	mw_put_text(rec, &mw_key_obtained, g->pages);
	mw_put_int(rec, &gemm_key_weight_bytes, (int64_t)g->weight_bytes);
	if (g->cached)
		mw_record_note(rec,
			       "the weights in rotation are smaller than twice the last-level cache: part of them may "
			       "come from it");
}

_Static_assert(MAX_PRODUCTS *ENGINES_MAX <= GEMM_MAX_CASES, "a group holds every product on every engine");

/* Cases of one group: every engine at every number of tokens of the list with this shape. */
static void list_cases(const struct gemm_run *r, struct gemm_group *g)
{
	for (size_t i = 0; i < r->n_list; i++)
		for (size_t e = 0; e < r->engines.n; e++) {
			const struct product *p = &r->list[i];
			bool product = p->n == g->n && p->k == g->k && r->engines.v[e].ops;
			/* Asked for by nobody, the own kernels' missing products are not worth a line each. */
			bool quiet =
				r->engines.v[e].ops == &engine_own && p->m != 1 && !mw_opt_text(r->ctx->opts, "engine");
			if (!product || quiet)
				continue;
			g->cases[g->n_cases++] = (struct gemm_case){.group = g, .engine = &r->engines.v[e], .m = p->m};
		}
}

/* A product that an engine does not offer is told once per type; one that failed, for itself. */
static int emit_unable(struct gemm_run *r, const struct gemm_case *c, struct mw_record *rec)
{
	enum gemm_dtype type = c->group->type;
	if (!c->kernel[0] && strcmp(c->why, gemm_too_late) != 0) {
		bool *told = &r->told[c->engine - r->engines.v][type];
		if (*told) {
			mw_record_fini(rec);
			return 0;
		}
		*told = true;
		mw_record_fini(rec);
		open_record(rec, GEMM_ENGINE, type, "engine");
		mw_put_text(rec, &mw_key_engine, c->engine->name);
		mw_put_text(rec, &mw_key_dtype, gemm_dtype_name(type));
	}
	mw_record_unavailable(rec, c->why);
	return mw_finish(r->out, rec);
}

/* Every case of the group with the reason why the group was not prepared. */
static int emit_unprepared(struct gemm_run *r, const struct gemm_group *g, const char *why)
{
	int rc = 0;
	for (size_t i = 0; i < g->n_cases && rc == 0; i++) {
		struct mw_record rec;
		product_record(&g->cases[i], &rec);
		mw_record_unavailable(&rec, why);
		rc = mw_finish(r->out, &rec);
	}
	return rc;
}

static int run_group(struct gemm_run *r, struct gemm_group *g, uint64_t deadline_ns, char *err, size_t n)
{
	struct bench_ctx ctx = *r->ctx;
	const struct mw_sink sink = {keep, r};
	struct round_point *pts = calloc(GEMM_MAX_CASES, sizeof(*pts));
	size_t n_pts = 0;
	if (!pts)
		return -ENOMEM;
	list_cases(r, g);
	ctx.deadline_ns = deadline_ns;
	char why[200] = "";
	int rc = MW_EUNAVAILABLE;
	if (g->threads > mw_team_size(ctx.team))
		(void)mw_fail(0, why, sizeof(why), "%s", mw_team_short(ctx.team));
	else
		rc = gemm_group_prepare(&ctx, g, why, sizeof(why));
	/* Too little memory or too few threads for this one: the others may still be measured. */
	if (rc == MW_EBUDGET || rc == -ENOMEM || rc == MW_EUNAVAILABLE) {
		rc = emit_unprepared(r, g, why);
		goto out;
	}
	if (rc < 0)
		(void)mw_fail(rc, err, n, "%s", why);
	for (size_t i = 0; i < g->n_cases && rc == 0; i++) {
		struct gemm_case *c = &g->cases[i];
		struct mw_record rec;
		product_record(c, &rec);
		if (c->why[0])
			rc = emit_unable(r, c, &rec);
		else
			pts[n_pts++] = (struct round_point){rec, gemm_case_measure, c, g->threads};
	}
	if (rc == 0 && n_pts) {
		gemm_group_sample_s(g, rounds_sample_s(&ctx, n_pts));
		rc = rounds_run(&ctx, pts, n_pts, &sink);
	}
out:
	gemm_group_close(g);
	free(pts);
	return rc;
}

/* One shape, type and thread count at a time; what is left of the budget is shared by the products to come. */
static int run_products(struct gemm_run *r, char *err, size_t n)
{
	int counts[2], n_counts = thread_counts(r, counts), rc = 0;
	size_t left = 0;
	bool done[MAX_PRODUCTS] = {false};
	for (int t = 0; t < GEMM_DTYPES; t++)
		left += r->types[t] ? r->n_list * (size_t)n_counts : 0;
	struct gemm_group *g = malloc(sizeof(*g));
	if (!g)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_list && rc == 0; i++) {
		size_t same = 0;
		for (size_t j = i; j < r->n_list && !done[i]; j++)
			if (r->list[j].n == r->list[i].n && r->list[j].k == r->list[i].k) {
				done[j] = j > i;
				same++;
			}
		for (int t = 0; t < GEMM_DTYPES && same; t++)
			for (int c = 0; c < n_counts && r->types[t] && rc == 0; c++, left -= same) {
				double share = bench_left_s(r->ctx) * (double)same / (double)left;
				memset(g, 0, sizeof(*g));
				*g = (struct gemm_group){.type = (enum gemm_dtype)t,
							 .n = r->list[i].n,
							 .k = r->list[i].k,
							 .threads = counts[c]};
				rc = run_group(r, g, mw_now_ns() + (uint64_t)(1e9 * share), err, n);
			}
	}
	free(g);
	return rc;
}

/* ---- thinning ---- */

static double highest_peak(const struct gemm_run *r, enum gemm_dtype type)
{
	double peak = 1;
	for (size_t i = 0; i < r->rates.n; i++)
		if (strcmp(mw_kv_str(&r->rates.v[i].params, "dtype", ""), gemm_dtype_name(type)) == 0 &&
		    mw_kv_int(&r->rates.v[i].params, "threads", 0) == 1 && r->rates.v[i].value > peak)
			peak = r->rates.v[i].value;
	return peak;
}

/* Seconds that a product takes at all engines, types and thread counts with the fewest rounds: engines at a fifth of
 * the peak or 10 GB/s, 5 ms around each sample. */
static double product_cost_s(const struct gemm_run *r, const struct product *p)
{
	int counts[2], n_counts = thread_counts(r, counts);
	double sum = 0;
	for (int t = 0; t < GEMM_DTYPES; t++) {
		struct gemm_shape s = gemm_shape_of((enum gemm_dtype)t, p->m, p->n, p->k);
		double one_s = fmax(gemm_ops(&s) / (0.2e9 * highest_peak(r, (enum gemm_dtype)t)),
				    gemm_weight_bytes(&s) / 10e9);
		double engines = t == GEMM_F32 ? (double)r->engines.n : 2;
		if (r->types[t])
			sum += engines * n_counts * (one_s * 4 + (one_s + 0.005) * r->ctx->profile->min_rounds);
	}
	return sum;
}

static void thin(struct gemm_run *r)
{
	double left = 0.8 * bench_left_s(r->ctx);
	size_t fit = 0;
	while (fit < r->n_list && left > 0) {
		left -= product_cost_s(r, &r->list[fit]);
		fit += left > 0 || fit == 0;
	}
	r->n_asked = r->n_list;
	r->n_list = fit ? fit : 1;
}

/* Products that the budget has no room for, once per type. */
static int emit_left_out(const struct gemm_run *r)
{
	int rc = 0;
	for (size_t i = r->n_list; i < r->n_asked; i++)
		for (int t = 0; t < GEMM_DTYPES && rc == 0; t++) {
			struct mw_record rec;
			if (!r->types[t])
				continue;
			open_record(&rec, GEMM_PRODUCT, (enum gemm_dtype)t, product_case(r->list[i].m));
			mw_put_text(&rec, &mw_key_dtype, gemm_dtype_name((enum gemm_dtype)t));
			mw_put_int(&rec, &mw_key_m, (int64_t)r->list[i].m);
			mw_put_int(&rec, &mw_key_n, (int64_t)r->list[i].n);
			mw_put_int(&rec, &mw_key_k, (int64_t)r->list[i].k);
			mw_record_unavailable(&rec, "the time budget has no room for it");
			if (r->n_list == 1)
				mw_record_add_note(&rec, "1 of %zu products fits", r->n_asked);
			else
				mw_record_add_note(&rec, "%zu of %zu products fit", r->n_list, r->n_asked);
			rc = mw_finish(r->out, &rec);
		}
	return rc;
}

/* ---- the benchmark ---- */

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

static int run_all(struct gemm_run *r, char *err, size_t n)
{
	const char *dtype = mw_opt_text(r->ctx->opts, "dtype");
	for (int t = 0; t < GEMM_DTYPES; t++)
		r->types[t] =
			!dtype || strcmp(dtype, "all") == 0 || strcmp(dtype, gemm_dtype_name((enum gemm_dtype)t)) == 0;
	int rc = read_products(r, err, n);
	if (rc == 0)
		rc = read_engines(r, err, n);
	if (rc == 0)
		rc = emit_absent(r);
	r->n_asked = r->n_list;
	if (rc == 0)
		rc = run_peaks(r, 0.1 * bench_left_s(r->ctx));
	if (rc < 0)
		return rc;
	if (r->ctx->named && (mw_opt_text(r->ctx->opts, "shapes") || mw_opt_text(r->ctx->opts, "tokens")))
		r->n_asked = r->n_list; /* asked for one by one: all of them, with what rounds there is time for */
	else
		thin(r);
	rc = emit_left_out(r);
	return rc < 0 ? rc : run_products(r, err, n);
}

static int run(struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	struct gemm_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ctx = ctx;
	r->out = sink;
	int rc = run_all(r, err, n);
	if (rc == 0 || rc == MW_ECANCELLED || rc == MW_EBUDGET) {
		int derived = gemm_emit_derived(&r->rates, ctx->earlier, sink);
		rc = derived < 0 ? derived : rc;
	}
	mw_records_fini(&r->rates);
	free(r);
	return rc;
}

/* Engines that are named are opened, as run() will again: only that tells whether they can be used. */
static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct bench_ctx copy = *ctx;
	struct gemm_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ctx = &copy;
	int rc = read_products(r, err, n);
	size_t element = strcmp(mw_opt_text(ctx->opts, "dtype"), "int8") == 0 ? 1 : 4;
	for (size_t i = 0; i < r->n_list && rc == 0 && mw_opt(ctx->opts, "shapes")->given; i++)
		rc = bench_check_size(ctx, "shapes", element * r->list[i].k * r->list[i].n, err, n);
	if (rc == 0 && mw_opt(ctx->opts, "engine")->given)
		rc = read_engines(r, err, n);
	free(r);
	return rc;
}

/* At most: products that the measured peaks show to cost too much are left out, and not every engine does int8. */
static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct bench_ctx copy = *ctx;
	struct gemm_run *r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->ctx = &copy;
	if (read_products(r, NULL, 0) == 0) {
		unsigned threads = ctx->topo->host.n_cpus > 1 ? 2 : 1;
		out->points = (unsigned)(r->n_list * GEMM_DTYPES * ENGINES_MAX) * threads;
		out->memory_bytes =
			4 * (ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32ull << 20);
	}
	free(r);
}

static const struct mw_option options[] = {
	{.name = "engine",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = engines_word,
	 .help = "engines (default: all that are there)"},
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
	 .max_items = MAX_PRODUCTS,
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
	.run = run,
};
