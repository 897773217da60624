/* Idle memory latency: dependent loads along random single-cycle chains.
 *
 * The quoted DRAM latency (case "dram") is measured with a stride of at least 256 B, inside a locality window that the
 * TLB covers: with smaller strides region prefetchers help, and a fully random walk adds address translation, which has
 * a case of its own. The chain occupies elements x 64 B of cache (params.size), less than its span (observed.span) when
 * stride > 64. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "bench/latency_chase.h"
#include "bench/latency_records.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum { MAX_SIZES = 64, MAX_LADDER = 96, MAX_CHAINS = 256, LEAST_SIZE = 4096 };

struct latency_run {
	const struct bench_ctx *ctx; /* context of the current call */
	size_t stride, window;
	uint64_t llc;  /* bytes of one last-level cache */
	uint64_t span; /* span of the DRAM points, bytes; 0: the sizes were asked for */
	struct chase_block blocks[MW_PAGES_COUNT];
	size_t n_blocks;
	struct chase *chases;
	size_t n;
	struct round_point *pts; /* LATENCY_METRICS of each chain */
	struct rounds *rounds;
};

/* ---- points ---- */

static struct round_point *add_point(struct latency_run *r, struct chase_block *block, const char *name, size_t span,
				     size_t stride, size_t window)
{
	struct chase *c = &r->chases[r->n];
	struct round_point *pt = &r->pts[LATENCY_METRICS * r->n];
	const struct mw_chain chain = {.bytes = span, .stride = stride, .window = window, .seed = r->ctx->seed + r->n};
	if (r->n == MAX_CHAINS)
		return NULL;
	chase_init(c, r->ctx->team, block, &chain);
	c->warm = chase_touched(span, stride) <= 2 * r->llc;
	chase_place(r->chases, r->n);
	for (int m = 0; m < LATENCY_METRICS; m++) {
		latency_open(&pt[m].rec, (enum latency_metric)m, name, c);
		pt[m].measure = m == LATENCY_NS ? chase_measure_ns : chase_measure_cycles;
		pt[m].arg = c;
		pt[m].shared = &c->shared;
		pt[m].threads = 1;
	}
	r->n++;
	return pt;
}

static size_t quoted_stride(const struct latency_run *r)
{
	return r->stride >= LATENCY_QUOTED_STRIDE ? r->stride : LATENCY_QUOTED_STRIDE;
}

static uint64_t floor_power_of_two(uint64_t v)
{
	while (v & (v - 1))
		v &= v - 1;
	return v;
}

/* Span of the quoted chain: it touches four times the last-level cache, or less where time or memory limit it. */
static uint64_t dram_span(const struct latency_run *r)
{
	uint64_t want = chase_span(4 * r->llc, quoted_stride(r));
	uint64_t span = 1u << 20;
	while (span < want)
		span *= 2;
	uint64_t limit = floor_power_of_two(bench_block_limit(r->ctx, (unsigned)r->n_blocks));
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most half of the budget goes to it. */
	double touch = 0.5 * r->ctx->share_s / 2.0 / (double)r->n_blocks * 1073741824.0;
	while (span > limit || ((double)span > touch && span > (64u << 20)))
		span /= 2;
	return span;
}

/* True when the chain touches at least four times the cache that the measuring thread uses; else it is not called
 * DRAM. */
static bool reaches_dram(const struct latency_run *r)
{
	return chase_touched(r->span, quoted_stride(r)) >= 4 * r->llc;
}

/* Sizes from well inside the first-level cache up to the span. Steps per octave: 4, 2, 1 or one per two octaves, as
 * time allows: the size of a level is known to a step. */
static size_t ladder(const struct latency_run *r, uint64_t *v, size_t max)
{
	const struct bench_profile *prof = r->ctx->profile;
	uint64_t end = chase_touched(r->span, r->stride);
	double octaves = log2((double)end / LEAST_SIZE);
	double fits = r->ctx->share_s / (1.5 * prof->sample_s * prof->min_rounds) - 8.0;
	unsigned per_octave = fits > 12 * octaves ? 4 : fits > 3 * octaves ? 2 : 1;
	int octave = fits < octaves ? 2 : 1;
	size_t n = 0;
	for (uint64_t s = LEAST_SIZE; s < end; s <<= octave)
		for (unsigned k = 0; k < per_octave; k++) {
			uint64_t size = s + s / per_octave * k;
			if (size < end && n < max)
				v[n++] = size;
		}
	return n;
}

/* Walks without locality have a TLB miss per load. Where the kernel did not give the pages, their number would be that
 * of another page kind. */
static int add_tlb_miss(struct latency_run *r, struct chase_block *block, const struct mw_sink *sink)
{
	if (latency_pages_given(&block->block)) {
		add_point(r, block, reaches_dram(r) ? "dram-tlb-miss" : "largest-tlb-miss", r->span, quoted_stride(r),
			  r->span);
		return 0;
	}
	struct mw_buf why = {0};
	mw_buf_add(&why, "the kernel gave other pages than %s: %s", mw_pages_name(block->kind), block->block.obtained);
	int rc = latency_missing(sink, "dram-tlb-miss", block->kind, mw_buf_text(&why));
	mw_buf_fini(&why);
	return rc;
}

static int add_default_points(struct latency_run *r, const struct mw_sink *sink)
{
	struct chase_block *best = &r->blocks[0]; /* the first page kind that was obtained */
	uint64_t sizes[MAX_LADDER];
	size_t quoted = quoted_stride(r);
	bool dram = reaches_dram(r);
	int rc = 0;
	for (size_t i = 0; i < r->n_blocks && rc == 0; i++) {
		struct chase_block *block = &r->blocks[i];
		struct round_point *pt = add_point(r, block,
						   block != best ? "chase"
						   : dram        ? "dram"
								 : "largest",
						   r->span, quoted, r->window);
		for (int m = 0; m < LATENCY_METRICS && block == best && !dram && pt; m++)
			mw_record_note(&pt[m].rec,
				       "not called DRAM: time or memory allow fewer bytes than 4x the last-level cache "
				       "of %.0f MiB",
				       (double)r->llc / 1048576.0);
		rc = add_tlb_miss(r, block, sink);
	}
	(void)add_point(r, best, dram ? "dram-prefetched" : "largest-prefetched", r->span, LATENCY_HELPED_STRIDE,
			LATENCY_HELPED_WINDOW);
	for (size_t stride = 2 * CHASE_LINE; stride <= LATENCY_REFERENCE_STRIDE; stride *= 2)
		if (stride != quoted)
			(void)add_point(r, best, "chase", r->span, stride, r->window);
	size_t n = ladder(r, sizes, MAX_LADDER);
	for (size_t i = 0; i < n; i++)
		(void)add_point(r, best, "chase", chase_span(sizes[i], r->stride), r->stride, r->window);
	return rc;
}

static int add_asked_points(struct latency_run *r, const uint64_t *sizes, size_t n, char *err, size_t en)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r->n_blocks; k++) {
			if (r->n == MAX_CHAINS)
				return mw_fail(MW_ESPEC, err, en, "--sizes: more than %d points", MAX_CHAINS);
			add_point(r, &r->blocks[k], "chase", chase_span(sizes[i], r->stride), r->stride, r->window);
		}
	return 0;
}

static int check_options(struct latency_run *r, const uint64_t *sizes, size_t n, char *err, size_t en)
{
	if (r->stride % sizeof(void *))
		return mw_fail(MW_ESPEC, err, en, "--stride: %zu is not a multiple of 8", r->stride);
	if (r->window < r->stride)
		return mw_fail(MW_ESPEC, err, en, "--window: %zu is below the stride %zu", r->window, r->stride);
	for (size_t i = 0; i < n; i++) {
		uint64_t span = sizes[i] > UINT64_MAX / (1 << 14) ? sizes[i] : chase_span(sizes[i], r->stride);
		int rc = bench_check_size(r->ctx, "sizes", span, err, en);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Takes the block of one page kind, with `block` as its owner. */
static int take_block(const struct latency_run *r, struct chase_block *block, char *err, size_t n)
{
	return mw_arena_take(r->ctx->arenas, block, block->kind, bench_node_of(r->ctx, 0), block->bytes, &block->block,
			     err, n);
}

static void release_blocks(struct latency_run *r)
{
	for (size_t i = 0; i < r->n_blocks; i++)
		mw_arena_release(r->ctx->arenas, &r->blocks[i].block);
}

static int find_pages(struct latency_run *r, const enum mw_pages *kinds, size_t n, uint64_t bytes,
		      const struct mw_sink *sink, char *err, size_t en)
{
	char why[MW_ERR_ROOM] = "";
	r->n_blocks = 0;
	for (size_t i = 0; i < n; i++) {
		struct chase_block *block = &r->blocks[r->n_blocks];
		*block = (struct chase_block){.kind = kinds[i], .bytes = bytes};
		int rc = take_block(r, block, why, sizeof(why));
		if (rc == 0)
			r->n_blocks++;
		else if ((rc = latency_missing(sink, r->span ? "dram-tlb-miss" : "chase", kinds[i], why)) < 0)
			return rc;
	}
	return r->n_blocks ? 0 : mw_fail(MW_EUNAVAILABLE, err, en, "%s", why);
}

/* ---- the benchmark ---- */

/* Writes the chains of a block again, after it moved or another benchmark wrote to it. */
static int build_chains(struct latency_run *r, const struct chase_block *block, char *err, size_t n)
{
	for (size_t i = 0; i < r->n; i++) {
		struct chase *c = &r->chases[i];
		if (c->block != block)
			continue;
		if (bench_stopped(r->ctx))
			return MW_ECANCELLED;
		int rc = chase_build(c);
		if (rc < 0)
			return mw_fail(rc, err, n, "cannot build the pointer chain of %zu byte: %s", c->chain.bytes,
				       mw_strerror(rc));
	}
	return 0;
}

struct asked {
	uint64_t sizes[MAX_SIZES];
	size_t n_sizes;
	enum mw_pages kinds[MW_PAGES_COUNT];
	size_t n_kinds;
	uint64_t bytes; /* bytes of the largest chain */
};

static void init(struct latency_run *r, const struct bench_ctx *ctx)
{
	*r = (struct latency_run){.ctx = ctx};
	r->stride = (size_t)mw_opt_int(ctx->opts, "stride");
	r->window = (size_t)mw_opt_int(ctx->opts, "window");
	r->llc = ctx->topo->host.l3_bytes ? ctx->topo->host.l3_bytes : 32u << 20;
}

/* Reads and checks the options; touches no memory. */
static int read_options(struct latency_run *r, struct asked *a, char *err, size_t n)
{
	*a = (struct asked){0};
	if (mw_opt_text(r->ctx->opts, "sizes"))
		a->n_sizes = mw_opt_sizes(r->ctx->opts, "sizes", a->sizes, MAX_SIZES);
	int rc = check_options(r, a->sizes, a->n_sizes, err, n);
	if (rc < 0)
		return rc;
	a->n_kinds = bench_page_kinds(r->ctx, "pages", a->kinds);
	r->n_blocks = a->n_kinds;
	for (size_t i = 0; i < a->n_sizes; i++)
		if (chase_span(a->sizes[i], r->stride) > a->bytes)
			a->bytes = chase_span(a->sizes[i], r->stride);
	if (a->n_sizes == 0)
		a->bytes = r->span = dram_span(r);
	return 0;
}

static int add_points(struct latency_run *r, const struct asked *a, const struct mw_sink *sink, char *err, size_t n)
{
	return a->n_sizes ? add_asked_points(r, a->sizes, a->n_sizes, err, n) : add_default_points(r, sink);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct latency_run r;
	struct asked a;
	init(&r, ctx);
	return read_options(&r, &a, err, n);
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct latency_run r;
	struct asked a;
	uint64_t sizes[MAX_LADDER];
	init(&r, ctx);
	if (read_options(&r, &a, NULL, 0) < 0)
		return;
	/* The same points as add_default_points: quoted, TLB-missing, prefetched and other strides, then the ladder. */
	size_t n = a.n_sizes ? a.n_sizes * a.n_kinds : 2 * a.n_kinds + 3 + ladder(&r, sizes, MAX_LADDER);
	out->points = (unsigned)n;
	out->memory_bytes = a.bytes * a.n_kinds;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct asked asked;
	struct latency_run *r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	init(r, ctx);
	r->pts = calloc(MAX_CHAINS, LATENCY_METRICS * sizeof(*r->pts));
	r->chases = calloc(MAX_CHAINS, sizeof(*r->chases));
	if (!r->pts || !r->chases)
		return -ENOMEM;
	int rc = read_options(r, &asked, err, n);
	if (rc == 0)
		rc = find_pages(r, asked.kinds, asked.n_kinds, asked.bytes, sink, err, n);
	if (rc == 0)
		rc = add_points(r, &asked, sink, err, n);
	for (size_t i = 0; i < r->n_blocks && rc == 0; i++)
		rc = build_chains(r, &r->blocks[i], err, n);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		r->chases[i].sample_ns = 1e9 * rounds_visits_sample_s(ctx, r->n);
	if (rc == 0)
		rc = rounds_open(ctx, r->pts, LATENCY_METRICS * r->n, &r->rounds);
	release_blocks(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct latency_run *r = state;
	int rc = 0;
	r->ctx = ctx;
	for (size_t i = 0; i < r->n_blocks && rc == 0; i++) {
		rc = take_block(r, &r->blocks[i], err, n);
		if (rc == 0 && !r->blocks[i].block.intact)
			rc = build_chains(r, &r->blocks[i], err, n);
	}
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	release_blocks(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int keep(void *self, const struct mw_record *rec)
{
	return mw_records_add(self, rec);
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct latency_run *r = state;
	struct mw_records points = {0};
	const struct mw_sink kept = {keep, &points};
	const struct latency_look look = {
		.host = &ctx->topo->host,
		.pages = r->blocks[0].kind,
		.stride = r->stride,
		.window = r->window,
		.span = r->span,
	};
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &kept) : 0;
	if (rc == 0)
		rc = latency_emit(&points, &look, sink);
	mw_records_fini(&points);
	return rc;
}

static void end(void *state)
{
	struct latency_run *r = state;
	rounds_close(r->rounds);
	/* After begin() failed, no rounds own these records. */
	for (size_t i = 0; r->pts && i < LATENCY_METRICS * r->n; i++)
		mw_record_fini(&r->pts[i].rec);
	free(r->chases);
	free(r->pts);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "sizes",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = 128,
	 .max = 1125899906842624.0,
	 .max_items = MAX_SIZES,
	 .help = "bytes to touch, for example 16K,1M,1G (default: from the first-level cache to DRAM)"},
	{.name = "stride",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .def = "256",
	 .min = 8,
	 .max = 1 << 20,
	 .help = "bytes from one element to the next; below 256 prefetchers may help"},
	{.name = "window",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .def = "256K",
	 .min = 8,
	 .max = 1125899906842624.0,
	 .help = "locality window: visited completely before the next one; a small one avoids TLB misses"},
	{.name = "pages",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "thp,4K",
	 .word = mw_pages_word,
	 .help = "page kinds; the first one obtained is quoted"},
	MW_OPT_END,
};

const struct bench bench_latency = {
	.name = "latency",
	.summary = "idle latency of every memory level by pointer chase",
	.options = options,
	.weight = 12,
	.check = check,
	.plan = plan,
	.emitter = &latency_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
