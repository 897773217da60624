/* Dependent loads by stride and window: what prefetchers do for loops, and which lines share a set of a cache.
 *
 * Loads in order at a stride are compared with loads of the same lines at random: prefetchers hide latency from the
 * first only. Random loads within a small window show what adjacent-line and region prefetchers add at stride 64.
 * Chains of a few lines at power-of-two strides fall into one set: one line more than its ways is a step in latency,
 * from which the associativity is found and compared with what the system says. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/kernels/chase.h"
#include "base/core/kernels/walk.h"
#include "bench/place.h"
#include "bench/rounds.h"
#include "bench/stride_records.h"
#include "bench/stride_ways.h"

enum { LINE = 64, MAX_WALKS = 128, MAX_POINTS = MAX_WALKS + STRIDE_CURVES * STRIDE_LINES, LEAST_COUNT = 1024 };

/* ---- state ---- */

struct walk_point {
	struct stride_run *run;
	struct mw_walk walk;
	bool warm;    /* fits into caches: read it before each sample */
	size_t count; /* loads of a sample; 0 before calibration */
	uint64_t ns;
};

/* Chains of 1 to STRIDE_LINES lines at one stride. One sample measures all of them. */
struct curve_point {
	struct stride_run *run;
	struct stride_curve curve;
	uint32_t fresh; /* bits of lengths that no point has taken */
	unsigned round;
	struct round_shared shared;
	int rc;
};

struct length_arg {
	struct curve_point *curve;
	int lines;
};

struct stride_run {
	const struct bench_ctx *ctx; /* context of the current call */
	enum mw_pages pages;
	size_t strides[STRIDE_MOST];
	size_t n_strides;
	size_t bytes; /* of the block, a power of two */
	bool dense;   /* time for all points; else those of the largest working set and two curves */
	struct mw_block block;
	struct walk_point walks[MAX_WALKS];
	size_t n_walks;
	struct curve_point curves[STRIDE_CURVES];
	size_t n_curves;
	struct length_arg lengths[STRIDE_CURVES * STRIDE_LINES];
	struct round_point pts[MAX_POINTS];
	size_t n;
	double sample_ns;
	struct rounds *rounds;
};

/* ---- one sample ---- */

static void timed_walk(struct walk_point *p, size_t count)
{
	struct mw_team *team = p->run->ctx->team;
	mw_team_timed_begin(team, 0);
	(void)mw_walk_run(&p->walk, count);
	p->ns = mw_team_timed_end(team, 0);
}

static void walk_member(void *arg, int rank, int n)
{
	struct walk_point *p = arg;
	(void)rank, (void)n;
	p->walk.base = p->run->block.p;
	if (p->warm) {
		struct mw_walk all = p->walk;
		all.window = all.bytes;
		all.stride = LINE;
		all.random = false;
		all.at = 0;
		(void)mw_walk_run(&all, all.bytes / LINE);
	}
	for (size_t count = LEAST_COUNT; p->count == 0; count *= 4) {
		timed_walk(p, count);
		if ((double)p->ns * 8 < p->run->sample_ns)
			continue;
		double fit = (double)count * p->run->sample_ns / (double)p->ns;
		p->count = fit > LEAST_COUNT ? (size_t)fit : LEAST_COUNT;
	}
	timed_walk(p, p->count);
}

static int measure_walk(void *arg, double *value, char *err, size_t n)
{
	struct walk_point *p = arg;
	int rc = mw_team_run(p->run->ctx->team, 1, walk_member, p);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	*value = (double)p->ns / (double)p->count;
	return 0;
}

/* The shortest of three, because an interrupt takes longer than the whole chain. */
static double chain_ns(struct mw_team *team, void *start)
{
	enum { LOADS = 2048 };
	double best = (double)INFINITY;
	void *at = mw_chase(start, LOADS / 4);
	for (int i = 0; i < 3; i++) {
		mw_team_timed_begin(team, 0);
		at = mw_chase(at, LOADS);
		best = fmin(best, (double)mw_team_timed_end(team, 0) / LOADS);
	}
	return best;
}

static void curve_member(void *arg, int rank, int n)
{
	struct curve_point *p = arg;
	struct stride_run *r = p->run;
	(void)rank, (void)n;
	p->rc = 0;
	for (int i = 0; i < STRIDE_LINES && p->rc == 0; i++) {
		void *start = NULL;
		p->rc = mw_conflict_build(r->block.p, p->curve.stride, (size_t)i + 1, r->ctx->seed + (uint64_t)i,
					  &start);
		if (p->rc == 0)
			p->curve.ns[i] = chain_ns(r->ctx->team, start);
	}
}

static int measure_length(void *arg, double *value, char *err, size_t n)
{
	const struct length_arg *a = arg;
	struct curve_point *p = a->curve;
	const uint32_t bit = 1u << (a->lines - 1);
	p->shared.reused = (p->fresh & bit) && p->round == p->shared.round;
	if (!p->shared.reused) {
		int rc = mw_team_run(p->run->ctx->team, 1, curve_member, p);
		rc = rc < 0 ? rc : p->rc;
		if (rc < 0)
			return mw_fail(rc, err, n, "%s", mw_strerror(rc));
		p->round = p->shared.round;
		p->fresh = (1u << STRIDE_LINES) - 1;
	}
	p->fresh &= ~bit;
	*value = p->curve.ns[a->lines - 1];
	return 0;
}

/* ---- points ---- */

/* A plan has no team. */
static struct stride_place place_of(const struct stride_run *r)
{
	return (struct stride_place){
		.pages = r->pages, .cpu = r->ctx->team ? mw_team_cpu(r->ctx->team, 0) : -1, .block = &r->block};
}

static void add_walk(struct stride_run *r, bool random, size_t bytes, size_t stride, size_t window)
{
	if (bytes > r->bytes || window > bytes || stride > window || r->n_walks == MAX_WALKS)
		return;
	for (size_t i = 0; i < r->n_walks; i++) {
		const struct mw_walk *w = &r->walks[i].walk;
		if (w->random == random && w->bytes == bytes && w->stride == stride && w->window == window)
			return;
	}
	struct walk_point *p = &r->walks[r->n_walks++];
	struct round_point *pt = &r->pts[r->n++];
	*p = (struct walk_point){.run = r};
	p->walk = (struct mw_walk){
		.bytes = bytes, .window = window, .stride = stride, .random = random, .seed = r->ctx->seed};
	p->warm = bytes <= bench_caches(&r->ctx->topo->host, 1);
	/* Points of one block begin at different places: what one has read is not in the caches for the next. */
	p->walk.at = p->warm ? 0 : bytes / LINE / MAX_WALKS * r->n_walks;
	*pt = (struct round_point){.measure = measure_walk, .arg = p, .threads = 1};
	const struct stride_place place = place_of(r);
	stride_walk_open(&pt->rec, &place, &p->walk);
}

static void add_curve(struct stride_run *r, size_t stride)
{
	if (stride * STRIDE_LINES > r->bytes || r->n_curves == STRIDE_CURVES)
		return;
	struct curve_point *p = &r->curves[r->n_curves++];
	*p = (struct curve_point){.run = r};
	p->curve.stride = stride;
	const struct stride_place place = place_of(r);
	for (int lines = 1; lines <= STRIDE_LINES; lines++) {
		struct length_arg *a = &r->lengths[(r->n_curves - 1) * STRIDE_LINES + (size_t)lines - 1];
		struct round_point *pt = &r->pts[r->n++];
		*a = (struct length_arg){.curve = p, .lines = lines};
		*pt = (struct round_point){.measure = measure_length, .arg = a, .shared = &p->shared, .threads = 1};
		stride_chain_open(&pt->rec, &place, stride, lines);
	}
}

static void add_points(struct stride_run *r)
{
	const size_t k = 1024;
	for (size_t i = 0; i < r->n_strides; i++)
		for (int random = 0; random < 2; random++)
			add_walk(r, random, r->bytes, r->strides[i], r->bytes);
	for (size_t window = 4 * k; window <= 4096 * k; window *= r->dense ? 4 : 16)
		for (size_t stride = LINE; stride <= 256; stride *= r->dense ? 2 : 4)
			add_walk(r, true, r->bytes, stride, window);
	for (size_t bytes = 16 * k; bytes < r->bytes && r->dense; bytes *= 4)
		for (size_t stride = LINE; stride <= 4 * k; stride *= 8)
			for (int random = 0; random < 2; random++)
				add_walk(r, random, bytes, stride, bytes);
	/* 4 KiB is all sets of most first levels, 1 MiB those of most second ones. */
	for (size_t stride = 4 * k; stride <= 1024 * k; stride *= r->dense ? 4 : 256)
		add_curve(r, stride);
}

/* ---- options ---- */

static int parse_strides(struct stride_run *r, char *err, size_t n)
{
	static const size_t few[] = {64, 256, 1024, 4096, 65536},
			    all[] = {64, 128, 256, 512, 1024, 2048, 4096, 8192, 65536, 1048576};
	uint64_t asked[STRIDE_MOST];
	if (!mw_opt_text(r->ctx->opts, "strides")) {
		r->n_strides = r->dense ? sizeof(all) / sizeof(all[0]) : sizeof(few) / sizeof(few[0]);
		memcpy(r->strides, r->dense ? all : few, r->n_strides * sizeof(size_t));
		return 0;
	}
	r->n_strides = mw_opt_sizes(r->ctx->opts, "strides", asked, STRIDE_MOST);
	for (size_t i = 0; i < r->n_strides; i++) {
		if (asked[i] & (asked[i] - 1))
			return mw_fail(MW_ESPEC, err, n, "--strides: %llu is not a power of two",
				       (unsigned long long)asked[i]);
		size_t at = i;
		for (; at > 0 && r->strides[at - 1] > asked[i]; at--)
			r->strides[at] = r->strides[at - 1];
		r->strides[at] = (size_t)asked[i];
	}
	return 0;
}

/* Eight times the caches, so that few loads hit, or less where time or memory limit it. */
static int choose_size(struct stride_run *r, char *err, size_t n)
{
	uint64_t asked = (uint64_t)mw_opt_int(r->ctx->opts, "size"), limit = bench_block_limit(r->ctx, 1);
	if (asked) {
		r->bytes = (size_t)asked;
		if (asked & (asked - 1))
			return mw_fail(MW_ESPEC, err, n, "--size: %llu is not a power of two",
				       (unsigned long long)asked);
		return bench_check_size(r->ctx, "size", asked, err, n);
	}
	uint64_t bytes = 1u << 20;
	while (bytes < 8 * bench_caches(&r->ctx->topo->host, 1))
		bytes *= 2;
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most half of the budget goes to it. */
	double touch = 0.5 * r->ctx->share_s / 2.0 * 0x1p30;
	while (bytes > (1u << 20) && (bytes > limit || ((double)bytes > touch && bytes > (32u << 20))))
		bytes /= 2;
	r->bytes = (size_t)bytes;
	return bytes <= limit ? 0
			      : mw_fail(MW_EBUDGET, err, n, "less than 1 MiB of memory may be used (%s)",
					bench_memory_words(r->ctx));
}

static int plan_run(struct stride_run *r, const struct bench_ctx *ctx, char *err, size_t n)
{
	r->ctx = ctx;
	/* All points need 20 s. */
	r->dense = ctx->share_s >= 20 && ctx->profile->sample_s >= 0.01;
	r->pages = bench_page_kind(ctx, "pages");
	int rc = parse_strides(r, err, n);
	return rc < 0 ? rc : choose_size(r, err, n);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct stride_run *r = calloc(1, sizeof(*r));
	int rc = r ? plan_run(r, ctx, err, n) : -ENOMEM;
	free(r);
	return rc;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct stride_run *r = calloc(1, sizeof(*r));
	if (r && plan_run(r, ctx, NULL, 0) == 0) {
		add_points(r);
		out->points = (unsigned)r->n;
		out->memory_bytes = r->bytes;
		for (size_t i = 0; i < r->n; i++)
			mw_record_fini(&r->pts[i].rec);
	}
	free(r);
}

/* ---- the benchmark ---- */

static int take_block(struct stride_run *r, char *err, size_t n)
{
	return mw_arena_take(r->ctx->arenas, r, r->pages, bench_node_of(r->ctx, 0), r->bytes, &r->block, err, n);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct stride_run *r = calloc(1, sizeof(*r));
	(void)sink;
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = plan_run(r, ctx, err, n);
	if (rc == 0)
		rc = take_block(r, err, n);
	if (rc < 0)
		return rc;
	add_points(r);
	r->sample_ns = 1e9 * rounds_visits_sample_s(ctx, r->n_walks + r->n_curves);
	rc = rounds_open(ctx, r->pts, r->n, &r->rounds);
	mw_arena_release(ctx->arenas, &r->block);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct stride_run *r = state;
	r->ctx = ctx;
	int rc = take_block(r, err, n);
	if (rc < 0)
		return rc;
	rc = rounds_visit(r->rounds, ctx);
	mw_arena_release(ctx->arenas, &r->block);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

/* ---- the end ---- */

/* What keeps the working set small: memory, the profile or the time. */
static const char *size_limit(const struct stride_run *r)
{
	if (mw_opt_int(r->ctx->opts, "size"))
		return "--size";
	uint64_t limit = bench_block_limit(r->ctx, 1);
	if (2 * (uint64_t)r->bytes <= limit)
		return "the time limit";
	return limit == r->ctx->profile->max_bytes ? "sizes of the profile" : bench_memory_words(r->ctx);
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct stride_run *r = state;
	struct stride_results results = {
		.out = sink,
		.bytes = r->bytes,
		.strides = r->strides,
		.n_strides = r->n_strides,
		.n_curves = r->n_curves,
		.pages = r->pages,
		.cpu = mw_team_cpu(ctx->team, 0),
		.caches = bench_caches(&ctx->topo->host, 1),
	};
	const struct mw_sink middle = {stride_results_add, &results};
	(void)err, (void)n;
	if (!r->rounds)
		return 0;
	r->ctx = ctx;
	results.limit = size_limit(r);
	for (size_t i = 0; i < r->n_curves; i++)
		results.curves[i] = r->curves[i].curve.stride;
	int rc = rounds_finish(r->rounds, &middle);
	if (rc == 0)
		rc = stride_results_derive(&results);
	mw_records_fini(&results.kept);
	return rc;
}

static void end(void *state)
{
	struct stride_run *r = state;
	rounds_close(r->rounds);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 1048576,
	 .max = 1125899906842624.0,
	 .help = "bytes of the largest working set, a power of two (default: 8x all caches)"},
	{.name = "strides",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = 64,
	 .max = 1048576,
	 .max_items = STRIDE_MOST,
	 .help = "strides, powers of two (default: 64 to 64K; with more time to 1M)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind; the second level's sets need huge pages"},
	MW_OPT_END,
};

const struct bench bench_stride = {
	.name = "stride",
	.summary = "latency by stride and window: reach of prefetchers, conflicts of sets",
	.options = options,
	.weight = 3,
	.check = check,
	.plan = plan,
	.emitter = &stride_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
