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
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/kernels/chase.h"
#include "base/core/kernels/walk.h"
#include "base/core/text.h"
#include "base/sys/tree.h"
#include "bench/place.h"
#include "bench/rounds.h"
#include "bench/stride_ways.h"

enum {
	LINE = 64,
	MAX_STRIDES = 16,
	MAX_WALKS = 128,
	MAX_POINTS = MAX_WALKS + STRIDE_CURVES * STRIDE_LINES,
	LEAST_COUNT = 1024
};

/* ---- what it emits ---- */

static const struct mw_metric metric_reach = {"prefetch_reach", MW_BYTE, MW_NEITHER,
					      "largest stride that prefetchers follow"};
static const struct mw_metric metric_ways = {"ways", MW_COUNT, MW_NEITHER, "lines that one set of a cache holds"};
static const struct mw_metric metric_share = {"adjacent_share", MW_RATIO, MW_NEITHER,
					      "latency at stride 64 divided by that at stride 256, same window"};

static const struct mw_key key_window = {"window", MW_BYTES, MW_PARAM,
					 "locality window: the chain visits all of it before the next one"};
static const struct mw_key key_lines = {"chain_lines", MW_NUMBER, MW_PARAM,
					"cache lines of the chain, all at one stride"};
static const struct mw_key key_told = {"ways_told", MW_NUMBER, MW_OBSERVED, "ways that the system reports"};
static const struct mw_key key_way_bytes = {"way_bytes", MW_BYTES, MW_OBSERVED,
					    "smallest stride whose lines all share one set"};
static const struct mw_key key_in_order = {"in_order", MW_TEXT, MW_OBSERVED,
					   "latency in order as a share of random latency, by stride"};

enum { WALK, CONFLICT, REACH, WAYS, SHARE };
static const struct mw_emit emits[] = {
	[WALK] = {MW_CASES("in-order", "random"), &mw_metric_latency,
		  MW_LIST(&mw_key_size, &mw_key_stride, &key_window, &mw_key_pages), NULL,
		  MW_LIST(&mw_key_cpu, &mw_key_obtained, &mw_key_node)},
	[CONFLICT] = {MW_CASES("conflict"), &mw_metric_latency, MW_LIST(&mw_key_stride, &key_lines, &mw_key_pages),
		      NULL, MW_LIST(&mw_key_cpu, &mw_key_obtained)},
	[REACH] = {MW_CASES("in-order"), &metric_reach, MW_LIST(&mw_key_size, &mw_key_pages), NULL,
		   MW_LIST(&key_in_order)},
	[WAYS] = {MW_CASES("conflict"), &metric_ways, MW_LIST(&mw_key_level, &mw_key_pages), NULL,
		  MW_LIST(&key_told, &key_way_bytes)},
	[SHARE] = {MW_CASES("random"), &metric_share, MW_LIST(&mw_key_size, &key_window, &mw_key_pages), NULL, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"stride", emits};

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
	size_t strides[MAX_STRIDES];
	size_t n_strides;
	size_t bytes; /* of the block, a power of two */
	bool dense;   /* time for all points */
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

/* Not in a plan, which has no team and no block. */
static void put_place(const struct stride_run *r, struct mw_record *rec)
{
	if (r->ctx->team)
		mw_put_int(rec, &mw_key_cpu, mw_team_cpu(r->ctx->team, 0));
	mw_put_text(rec, &mw_key_obtained, r->block.obtained);
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
	mw_record_open(&pt->rec, &emitter, &emits[WALK], random ? "random" : "in-order");
	mw_record_method(&pt->rec, "computed-address", 1);
	mw_put_int(&pt->rec, &mw_key_size, (int64_t)bytes);
	mw_put_int(&pt->rec, &mw_key_stride, (int64_t)stride);
	mw_put_int(&pt->rec, &key_window, (int64_t)window);
	mw_put_text(&pt->rec, &mw_key_pages, mw_pages_name(r->pages));
	put_place(r, &pt->rec);
	mw_put_int(&pt->rec, &mw_key_node, r->block.node);
}

static void add_curve(struct stride_run *r, size_t stride)
{
	if (stride * STRIDE_LINES > r->bytes || r->n_curves == STRIDE_CURVES)
		return;
	struct curve_point *p = &r->curves[r->n_curves++];
	*p = (struct curve_point){.run = r};
	p->curve.stride = stride;
	for (int lines = 1; lines <= STRIDE_LINES; lines++) {
		struct length_arg *a = &r->lengths[(r->n_curves - 1) * STRIDE_LINES + (size_t)lines - 1];
		struct round_point *pt = &r->pts[r->n++];
		*a = (struct length_arg){.curve = p, .lines = lines};
		*pt = (struct round_point){.measure = measure_length, .arg = a, .shared = &p->shared, .threads = 1};
		mw_record_open(&pt->rec, &emitter, &emits[CONFLICT], "conflict");
		mw_record_method(&pt->rec, "one-set", 1);
		mw_put_int(&pt->rec, &mw_key_stride, (int64_t)stride);
		mw_put_int(&pt->rec, &key_lines, lines);
		mw_put_text(&pt->rec, &mw_key_pages, mw_pages_name(r->pages));
		put_place(r, &pt->rec);
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
	for (size_t bytes = r->dense ? 16 * k : 256 * k; bytes < r->bytes; bytes *= r->dense ? 4 : 16)
		for (size_t stride = LINE; stride <= 4 * k; stride *= r->dense ? 8 : 64)
			for (int random = 0; random < 2; random++)
				add_walk(r, random, bytes, stride, bytes);
	for (size_t stride = 4 * k; stride <= 1024 * k; stride *= r->dense ? 4 : 16)
		add_curve(r, stride);
}

/* ---- options ---- */

static int parse_strides(struct stride_run *r, char *err, size_t n)
{
	static const size_t few[] = {64, 256, 1024, 4096, 65536},
			    all[] = {64, 128, 256, 512, 1024, 2048, 4096, 8192, 65536, 1048576};
	uint64_t asked[MAX_STRIDES];
	if (!mw_opt_text(r->ctx->opts, "strides")) {
		r->n_strides = r->dense ? sizeof(all) / sizeof(all[0]) : sizeof(few) / sizeof(few[0]);
		memcpy(r->strides, r->dense ? all : few, r->n_strides * sizeof(size_t));
		return 0;
	}
	r->n_strides = mw_opt_sizes(r->ctx->opts, "strides", asked, MAX_STRIDES);
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
	const char *pages = mw_opt_text(ctx->opts, "pages");
	for (size_t i = 0; mw_pages_word(i); i++)
		if (strcmp(mw_pages_word(i), pages) == 0)
			r->pages = (enum mw_pages)i;
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

/* ---- derived records ---- */

struct derived {
	const struct mw_sink *out;
	const struct stride_run *run;
	struct mw_records kept; /* measured points */
};

static int emit_and_keep(void *self, const struct mw_record *rec)
{
	struct derived *d = self;
	int rc = mw_emit(d->out, rec);
	return rc < 0 || rec->provenance != MW_MEASURED ? rc : mw_records_add_bare(&d->kept, rec);
}

/* Latency of a point; NaN when it was not measured. */
static double walk_ns(const struct derived *d, const char *name, size_t bytes, size_t stride, size_t window)
{
	for (size_t i = 0; i < d->kept.n; i++) {
		const struct mw_record *r = &d->kept.v[i];
		if (strcmp(r->case_name, name) == 0 && mw_kv_int(&r->params, "size", 0) == (int64_t)bytes &&
		    mw_kv_int(&r->params, "stride", 0) == (int64_t)stride &&
		    mw_kv_int(&r->params, "window", 0) == (int64_t)window)
			return r->value;
	}
	return (double)NAN;
}

/* What keeps the working set small: memory, the profile or the time. */
static const char *size_limit(const struct stride_run *r)
{
	uint64_t limit = bench_block_limit(r->ctx, 1);
	if (2 * (uint64_t)r->bytes <= limit)
		return "the time limit";
	return limit == r->ctx->profile->max_bytes ? "sizes of the profile" : bench_memory_words(r->ctx);
}

static int emit_reach(const struct derived *d)
{
	const struct stride_run *r = d->run;
	struct stride_pair pairs[MAX_STRIDES];
	struct mw_record rec;
	struct mw_buf words = {0};
	size_t n = 0;
	int beyond = 0;
	for (size_t i = 0; i < r->n_strides; i++) {
		struct stride_pair p = {.stride = r->strides[i]};
		char stride[32];
		p.in_order_ns = walk_ns(d, "in-order", r->bytes, p.stride, r->bytes);
		p.random_ns = walk_ns(d, "random", r->bytes, p.stride, r->bytes);
		if (!isfinite(p.in_order_ns) || !isfinite(p.random_ns))
			continue;
		mw_format_size(p.stride, stride, sizeof(stride));
		mw_buf_add(&words, "%s%s: %.0f %%", n ? ", " : "", stride, 100.0 * p.in_order_ns / p.random_ns);
		pairs[n++] = p;
	}
	mw_record_open(&rec, &emitter, &emits[REACH], "in-order");
	mw_record_method(&rec, "in-order-against-random", 1);
	mw_put_int(&rec, &mw_key_size, (int64_t)r->bytes);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(r->pages));
	if (n == 0) {
		mw_record_unavailable(&rec, "no stride was measured both in order and at random");
	} else if (r->bytes < 4 * bench_caches(&r->ctx->topo->host, 1)) {
		mw_record_unavailable(&rec, "");
		mw_record_note(&rec, "%zu MiB are less than 4 times the caches (%s)", r->bytes >> 20,
			       mw_opt_int(r->ctx->opts, "size") ? "--size" : size_limit(r));
	} else {
		mw_record_set(&rec, (double)stride_find_reach(pairs, n, &beyond), MW_MEASURED, NULL);
		mw_put_text(&rec, &key_in_order, mw_buf_text(&words));
		mw_record_note(&rec, "in order below %.0f %% of random latency counts as helped%s",
			       100.0 * STRIDE_HELPED,
			       beyond ? "; larger strides than the largest measured may be, too" : "");
	}
	mw_buf_fini(&words);
	return mw_finish(d->out, &rec);
}

static int emit_shares(const struct derived *d)
{
	int rc = 0;
	for (size_t i = 0; i < d->kept.n && rc == 0; i++) {
		const struct mw_record *r = &d->kept.v[i];
		struct mw_record rec;
		size_t bytes = (size_t)mw_kv_int(&r->params, "size", 0);
		size_t window = (size_t)mw_kv_int(&r->params, "window", 0);
		if (strcmp(r->case_name, "random") != 0 || mw_kv_int(&r->params, "stride", 0) != LINE)
			continue;
		double share = r->value / walk_ns(d, "random", bytes, 256, window);
		if (!isfinite(share))
			continue;
		mw_record_derive(&rec, &emitter, &emits[SHARE], "random", r);
		mw_record_method(&rec, "stride-64-against-256", 1);
		mw_record_set(&rec, share, MW_MEASURED, NULL);
		rc = mw_finish(d->out, &rec);
	}
	return rc;
}

static size_t collect_curves(const struct derived *d, struct stride_curve *curves)
{
	size_t n = d->run->n_curves;
	for (size_t c = 0; c < n; c++) {
		curves[c].stride = d->run->curves[c].curve.stride;
		for (int i = 0; i < STRIDE_LINES; i++)
			curves[c].ns[i] = (double)NAN;
	}
	for (size_t i = 0; i < d->kept.n; i++) {
		const struct mw_record *r = &d->kept.v[i];
		int64_t lines = mw_kv_int(&r->params, "chain_lines", 0);
		for (size_t c = 0; c < n && lines > 0 && lines <= STRIDE_LINES; c++)
			if (mw_kv_int(&r->params, "stride", 0) == (int64_t)curves[c].stride)
				curves[c].ns[lines - 1] = r->value;
	}
	return n;
}

/* hidden: the ways of the first level. */
static int emit_level(const struct derived *d, int level, const struct stride_ways *found, int hidden, int told)
{
	static const char *const names[] = {"l1", "l2", "l3"};
	struct mw_record rec;
	mw_record_open(&rec, &emitter, &emits[WAYS], "conflict");
	mw_record_method(&rec, "one-set", 1);
	mw_put_text(&rec, &mw_key_level, names[level - 1]);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(d->run->pages));
	if (told)
		mw_put_int(&rec, &key_told, told);
	if (level == 3) {
		mw_record_unavailable(&rec, "a hash of the address chooses the slice of this level: no power-of-two "
					    "stride stays in one set");
	} else if (found->ways == 0) {
		mw_record_unavailable(&rec, "no step in latency with up to 24 lines: a hash of the address chooses the "
					    "set, pages are smaller than the stride, or it was not measured");
	} else if (level == 2 && found->ways <= hidden) {
		mw_record_unavailable(&rec, "at most as many as the first level has, whose misses hide it");
	} else {
		mw_put_int(&rec, &key_way_bytes, (int64_t)found->way_bytes);
		mw_record_set(&rec, found->ways, MW_MEASURED, NULL);
		if (told && told != found->ways)
			mw_record_note(&rec, "the system reports %d ways", told);
	}
	return mw_finish(d->out, &rec);
}

static int emit_ways(const struct derived *d)
{
	const struct stride_run *r = d->run;
	struct stride_curve curves[STRIDE_CURVES];
	size_t n = collect_curves(d, curves);
	struct stride_ways found[STRIDE_LEVELS + 1] = {{0}};
	stride_find_ways(curves, n, found);
	int root = mw_tree_open("/"), rc = 0;
	for (int level = 1; level <= 3 && rc == 0; level++)
		rc = emit_level(d, level, &found[level - 1], found[0].ways,
				root < 0 ? 0 : stride_ways_told(root, mw_team_cpu(r->ctx->team, 0), level));
	if (root >= 0)
		(void)close(root);
	return rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct stride_run *r = state;
	struct derived d = {.out = sink, .run = r};
	const struct mw_sink middle = {emit_and_keep, &d};
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0 && r->rounds)
		rc = emit_reach(&d);
	if (rc == 0 && r->rounds)
		rc = emit_shares(&d);
	if (rc == 0 && r->rounds)
		rc = emit_ways(&d);
	mw_records_fini(&d.kept);
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
	 .max_items = MAX_STRIDES,
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
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
