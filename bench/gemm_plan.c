#include "bench/gemm_plan.h"

#include <math.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/gemm_records.h"
#include "bench/gemm_work.h"
#include "bench/place.h"

/* {inputs, outputs, tokens} of BERT-Base and GPT-2 layers, the most important first: a profile takes the first ones. */
static const struct gemm_product products[] = {
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

/* ---- options ---- */

/* Reads "768x3072": inputs x outputs. */
static int read_shape(const char *text, size_t len, struct gemm_product *p, char *err, size_t n)
{
	uint64_t v[2];
	if (mw_parse_pair(text, len, v) < 0 || !v[0] || !v[1] || v[0] > 131071 || v[1] > (1u << 24))
		return mw_fail(MW_ESPEC, err, n,
			       "--shapes: '%.*s' is not INPUTSxOUTPUTS, for example 768x3072 (inputs up to 131071, "
			       "outputs up to 16M)",
			       (int)len, text);
	*p = (struct gemm_product){v[0], v[1], 0};
	return 0;
}

static int add_product(struct gemm_plan *l, struct gemm_product p, char *err, size_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].k == p.k && l->list[i].n == p.n && l->list[i].m == p.m)
			return mw_fail(MW_ESPEC, err, n, "--shapes: '%zux%zu' is named twice", p.k, p.n);
	if (l->n == GEMM_MAX_PRODUCTS)
		return mw_fail(MW_ESPEC, err, n, "--shapes and --tokens: more than %d products",
			       (int)GEMM_MAX_PRODUCTS);
	l->list[l->n++] = p;
	return 0;
}

static int read_products(const struct bench_ctx *ctx, struct gemm_plan *p, char *err, size_t n)
{
	const char *shapes = mw_opt_text(ctx->opts, "shapes"), *tokens = mw_opt_text(ctx->opts, "tokens");
	uint64_t m[GEMM_MAX_PRODUCTS] = {1, 8, 64, 512};
	size_t n_m = tokens ? mw_opt_sizes(ctx->opts, "tokens", m, GEMM_MAX_PRODUCTS) : 4;
	if (!shapes && !tokens) {
		p->n = ALL_PRODUCTS;
		for (size_t i = 0; i < sizeof(profile_products) / sizeof(profile_products[0]); i++)
			if (strcmp(profile_products[i].profile, ctx->profile->name) == 0)
				p->n = profile_products[i].n;
		memcpy(p->list, products, p->n * sizeof(*p->list));
		return 0;
	}
	const char *rest = shapes ? shapes : "768x3072,3072x768,768x768", *item;
	size_t len;
	while (mw_list_next(&rest, &item, &len)) {
		struct gemm_product one = {0, 0, 0};
		int rc = read_shape(item, len, &one, err, n);
		for (size_t i = 0; i < n_m && rc == 0; i++) {
			one.m = m[i];
			rc = add_product(p, one, err, n);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

int gemm_plan_read(const struct bench_ctx *ctx, struct gemm_plan *p, char *err, size_t n)
{
	const char *dtype = mw_opt_text(ctx->opts, "dtype");
	*p = (struct gemm_plan){.n = 0};
	for (int t = 0; t < GEMM_DTYPES; t++)
		p->types[t] =
			!dtype || strcmp(dtype, "all") == 0 || strcmp(dtype, gemm_dtype_name((enum gemm_dtype)t)) == 0;
	int rc = read_products(ctx, p, err, n);
	p->n_asked = p->n;
	return rc;
}

int gemm_thread_counts(const struct bench_ctx *ctx, int counts[2])
{
	int all = mw_team_wanted(ctx->team);
	counts[0] = 1;
	counts[1] = all;
	return all > 1 ? 2 : 1;
}

static bool first_of_shape(const struct gemm_plan *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (p->list[j].n == p->list[i].n && p->list[j].k == p->list[i].k)
			return false;
	return true;
}

/* ---- memory ---- */

/* Weights as a library may pack them: whole tiles of 64 x 64, and some words for each output. */
static uint64_t packed_bytes(uint64_t n, uint64_t k, uint64_t element, int threads)
{
	enum { TILE = 64, WORDS = 16 };
	uint64_t outputs = n + (uint64_t)threads * TILE; /* a slice for each member */
	return outputs * (k + TILE) * element + outputs * WORDS;
}

static uint64_t shape_bytes(const struct bench_ctx *ctx, const struct gemm_plan *p, size_t i, enum gemm_dtype type,
			    uint64_t *source)
{
	const struct gemm_product *shape = &p->list[i];
	const char *engine = mw_opt_text(ctx->opts, "engine");
	int threads = ctx->team ? mw_team_wanted(ctx->team) : ctx->topo->host.n_cpus; /* a plan has no team */
	uint64_t llc = ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32ull << 20;
	uint64_t element = type == GEMM_F32 ? sizeof(float) : sizeof(int8_t), tokens = 0, layouts = 1;
	uint64_t one = (uint64_t)shape->n * shape->k * element;
	/* Engines that read plain weights share one copy; oneDNN may pack them otherwise for each number of tokens. */
	for (size_t j = 0; j < p->n; j++) {
		if (p->list[j].n != shape->n || p->list[j].k != shape->k)
			continue;
		layouts += !engine || strcmp(engine, engine_own.name) != 0;
		tokens = p->list[j].m > tokens ? p->list[j].m : tokens;
	}
	*source = one + 4 * shape->k * element;
	return gemm_matrices(llc, one) * layouts * packed_bytes(shape->n, shape->k, element, threads) +
	       tokens * (shape->k * element + shape->n * sizeof(int32_t));
}

/* Code and buffers of the libraries, which they take when they are opened: about 20 MiB of OpenBLAS, BLIS and oneDNN
 * together with two threads were seen; here for each thread. */
static uint64_t library_bytes(const struct bench_ctx *ctx)
{
	const char *engine = mw_opt_text(ctx->opts, "engine");
	bool own = engine && strcmp(engine, engine_own.name) == 0;
	return own ? 0 : (uint64_t)ctx->topo->host.n_cpus * (32u << 20);
}

uint64_t gemm_plan_bytes(const struct bench_ctx *ctx, const struct gemm_plan *p)
{
	const uint64_t page = 2 << 20, nodes = ctx->topo->host.n_nodes > 1 ? (uint64_t)ctx->topo->host.n_nodes : 1;
	uint64_t most = 0, sources = 0, limit = nodes * bench_block_limit(ctx, (unsigned)nodes);
	for (size_t i = 0; i < p->n; i++)
		for (int t = 0; t < GEMM_DTYPES && first_of_shape(p, i); t++) {
			uint64_t source, bytes = p->types[t] ? shape_bytes(ctx, p, i, (enum gemm_dtype)t, &source) : 0;
			most = bytes > most ? bytes : most;
			/* Kept by the groups of one thread and of all. */
			sources += bytes ? 2 * (source + sizeof(struct gemm_group)) : 0;
		}
	return (most < limit ? most : limit) + nodes * page + sources + library_bytes(ctx);
}

/* ---- what fits ---- */

/* Estimated seconds of a product on all engines, types and thread counts with the least number of rounds. Assumes a
 * fifth of the peak or 10 GB/s, 5 ms around each sample, and 10 GB/s for writing the matrices of its shape in each
 * visit. */
static double cost_s(const struct bench_ctx *ctx, const struct gemm_plan *p, size_t i, const double *rates,
		     size_t engines)
{
	const struct bench_profile *prof = ctx->profile;
	uint64_t llc = ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32ull << 20;
	double visits = prof->visits ? prof->visits : 5, rounds = fmax(prof->min_rounds, visits), sum = 0;
	int counts[2], n_counts = gemm_thread_counts(ctx, counts);
	for (int t = 0; t < GEMM_DTYPES; t++) {
		struct gemm_shape s = gemm_shape_of((enum gemm_dtype)t, p->list[i].m, p->list[i].n, p->list[i].k);
		double one_s = fmax(gemm_ops(&s) / (0.2e9 * rates[t]), gemm_weight_bytes(&s) / 10e9);
		double with_type = t == GEMM_F32 ? (double)engines : 2;
		double rewrite_s = first_of_shape(p, i) ? visits * 8 * (double)llc / 10e9 : 0;
		if (p->types[t])
			sum += n_counts * (with_type * (one_s * 4 + (one_s + 0.005) * rounds) + rewrite_s);
	}
	return sum;
}

void gemm_plan_thin(const struct bench_ctx *ctx, struct gemm_plan *p, const double rates[GEMM_DTYPES], size_t engines,
		    size_t least)
{
	double left = 0.8 * ctx->share_s;
	size_t fit = 0;
	if (ctx->named && (mw_opt_text(ctx->opts, "shapes") || mw_opt_text(ctx->opts, "tokens")))
		return; /* all of them, with as many rounds as fit */
	while (fit < p->n_asked && left > 0) {
		left -= cost_s(ctx, p, fit, rates, engines);
		fit += left > 0 || fit == 0;
	}
	least = least ? least : 1;
	p->n = fit > least ? fit : least;
}
