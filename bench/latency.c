/* Idle memory latency: dependent loads along random single-cycle chains.
 *
 * The quoted DRAM latency (case "dram") is measured with a stride of at least 256 B, inside a locality window that the
 * TLB covers: with smaller strides region prefetchers help, and a fully random walk adds address translation, which has
 * a case of its own. The chain occupies elements x 64 B of cache (params.size), less than its span (observed.span) when
 * stride > 64. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/kernels/chase.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum {
	LINE = 64,
	MAX_SIZES = 64,
	MAX_POINTS = 256,
	QUOTED_STRIDE = 256,   /* least stride of the quoted latency, bytes */
	REFERENCE_STRIDE = 512 /* smaller strides are compared with this one */
};

/* A chain with less than this share of the reference stride's latency was helped by prefetchers. Without their help
 * latencies spread by 5 %. */
#define CLEAN_SHARE 0.93

/* ---- what it emits ---- */

static const struct mw_key key_window = {"window", MW_BYTES, MW_PARAM,
					 "locality window: the chain visits all of it before the next one"};
static const struct mw_key key_prefetch = {"prefetch", MW_TEXT, MW_OBSERVED,
					   "whether hardware prefetchers helped, by the latency of a larger stride"};

static const struct mw_emit emits[] = {
	{MW_CASES("dram", "largest", "dram-tlb-miss", "largest-tlb-miss", "chase"), &mw_metric_latency,
	 MW_LIST(&mw_key_size, &mw_key_stride, &key_window, &mw_key_pages), NULL,
	 MW_LIST(&mw_key_cpu, &mw_key_obtained, &mw_key_node, &mw_key_span, &key_prefetch)},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"latency", emits};

/* ---- state ---- */

struct chase_point {
	struct mw_team *team;
	struct mw_chain chain;
	struct page_block *pb;
	size_t offset;     /* offset of the chain in its block */
	bool shares_place; /* another chain uses the same memory: write it again for each sample */
	bool warm;         /* fits into cache: follow all of it before each sample */
	void *at;          /* where the next sample goes on, so that it reads what is not cached */
	double sample_ns;
	size_t count; /* loads of one sample, a multiple of the unroll; 0 before calibration */
	uint64_t ns;
	int rc;
};

struct page_block {
	enum mw_pages kind;
	struct mw_block block; /* held during a visit */
	uint64_t bytes;
	size_t cursor;
};

struct latency_run {
	const struct bench_ctx *ctx; /* context of the current call */
	size_t stride, window;
	uint64_t llc;  /* bytes of one last-level cache */
	uint64_t span; /* span of the DRAM points, bytes */
	struct page_block pages[MW_PAGES_COUNT];
	size_t n_pages;
	struct round_point *pts;
	struct chase_point *chases;
	size_t n;
	struct rounds *rounds;
};

/* ---- one sample ---- */

static void build_member(void *arg, int rank, int n)
{
	struct chase_point *p = arg;
	(void)rank;
	(void)n;
	p->rc = mw_chain_build(&p->chain, &p->at);
}

static void warm_up(struct chase_point *p)
{
	const volatile uintptr_t *word;
	uintptr_t sum = 0;
	for (size_t i = 0; p->warm && i < mw_chain_elements(&p->chain); i++) {
		word = (const uintptr_t *)(const void *)mw_chain_place(&p->chain, i);
		sum += *word;
	}
	(void)sum;
	p->at = mw_chase(p->at, p->warm ? 4096 : 1024);
}

static void timed_chase(struct chase_point *p, size_t count)
{
	mw_team_timed_begin(p->team, 0);
	p->at = mw_chase(p->at, count);
	p->ns = mw_team_timed_end(p->team, 0);
}

static void chase_member(void *arg, int rank, int n)
{
	struct chase_point *p = arg;
	(void)rank;
	(void)n;
	if (p->shares_place)
		p->rc = mw_chain_build(&p->chain, &p->at);
	if (p->rc < 0)
		return;
	warm_up(p);
	if (p->count == 0) {
		const size_t probe = 4096;
		uint64_t best = UINT64_MAX;
		for (int i = 0; i < 3; i++) {
			timed_chase(p, probe);
			best = p->ns < best ? p->ns : best;
		}
		double per_load = (double)(best ? best : 1) / (double)probe;
		p->count = (size_t)(p->sample_ns / per_load / MW_CHASE_UNROLL + 1) * MW_CHASE_UNROLL;
	}
	timed_chase(p, p->count);
}

static int measure_chase(void *arg, double *value, char *err, size_t n)
{
	struct chase_point *p = arg;
	int rc = mw_team_run(p->team, 1, chase_member, p);
	if (rc == 0)
		rc = p->rc;
	if (rc < 0)
		return mw_fail(rc, err, n, "cannot build the pointer chain: %s", mw_strerror(rc));
	*value = (double)p->ns / (double)p->count;
	return 0;
}

/* ---- placement of the chains ---- */

static bool lanes_clash(const struct chase_point *x, const struct chase_point *y)
{
	const struct mw_chain *a = &x->chain, *b = &y->chain;
	if (x->pb != y->pb || x->offset + a->bytes <= y->offset || y->offset + b->bytes <= x->offset)
		return false;
	if (a->stride == b->stride && x->offset == y->offset)
		return a->lane == b->lane;
	return a->lane / mw_chain_lines(a->stride) == b->lane / mw_chain_lines(b->stride);
}

/* Places small chains one behind the other; large ones share the block, in different lanes. */
static void place_chain(struct latency_run *r, struct page_block *pb, size_t index)
{
	struct chase_point *p = &r->chases[index];
	size_t align = 4096;
	while (align < p->chain.bytes && align < (2u << 20))
		align *= 2;
	size_t at = (pb->cursor + align - 1) / align * align;
	if (p->chain.bytes > pb->bytes / 4 || at + p->chain.bytes > pb->bytes)
		at = 0;
	else
		pb->cursor = at + p->chain.bytes;
	p->offset = at;
	unsigned lanes = mw_chain_lanes(p->chain.stride);
	bool clash = true;
	for (p->chain.lane = 0; clash && p->chain.lane < lanes; p->chain.lane += clash) {
		clash = false;
		for (size_t i = 0; i < index && !clash; i++)
			clash = lanes_clash(p, &r->chases[i]);
	}
	if (!clash)
		return;
	p->chain.lane = 0;
	p->shares_place = true;
	for (size_t i = 0; i < index; i++)
		if (lanes_clash(p, &r->chases[i]))
			r->chases[i].shares_place = true;
}

static size_t span_of(size_t touched, size_t stride)
{
	return stride > LINE ? touched / LINE * stride : touched;
}

static size_t touched_of(size_t span, size_t stride)
{
	return stride > LINE ? span / stride * LINE : span;
}

static void add_point(struct latency_run *r, struct page_block *pb, const char *name, size_t span, size_t stride,
		      size_t window)
{
	if (r->n == MAX_POINTS)
		return;
	struct chase_point *p = &r->chases[r->n];
	struct round_point *pt = &r->pts[r->n];
	size_t size = touched_of(span, stride);
	*p = (struct chase_point){.team = r->ctx->team, .pb = pb};
	p->chain = (struct mw_chain){.bytes = span, .stride = stride, .window = window, .seed = r->ctx->seed + r->n};
	p->warm = size <= 2 * r->llc;
	place_chain(r, pb, r->n);
	mw_record_open(&pt->rec, &emitter, &emits[0], name);
	mw_record_method(&pt->rec, "pointer-chase", 1);
	mw_put_int(&pt->rec, &mw_key_size, (int64_t)size);
	mw_put_int(&pt->rec, &mw_key_stride, (int64_t)stride);
	mw_put_int(&pt->rec, &key_window, (int64_t)(window < span ? window : span));
	mw_put_text(&pt->rec, &mw_key_pages, mw_pages_name(pb->kind));
	mw_put_int(&pt->rec, &mw_key_cpu, mw_team_cpu(r->ctx->team, 0));
	mw_put_text(&pt->rec, &mw_key_obtained, pb->block.obtained);
	mw_put_int(&pt->rec, &mw_key_node, pb->block.node);
	mw_put_int(&pt->rec, &mw_key_span, (int64_t)span);
	if (stride < QUOTED_STRIDE) /* points with the full span are judged by the reference stride later */
		mw_put_text(&pt->rec, &key_prefetch, "may help: stride below 256");
	pt->measure = measure_chase;
	pt->arg = p;
	pt->threads = 1;
	r->n++;
}

/* ---- which points ---- */

static size_t quoted_stride(const struct latency_run *r)
{
	return r->stride >= QUOTED_STRIDE ? r->stride : QUOTED_STRIDE;
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
	uint64_t want = span_of(4 * r->llc, quoted_stride(r));
	uint64_t span = 1u << 20;
	while (span < want)
		span *= 2;
	uint64_t limit = floor_power_of_two(bench_block_limit(r->ctx, (unsigned)r->n_pages));
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most half of the budget goes to it. */
	double touch = 0.5 * r->ctx->share_s / 2.0 / (double)r->n_pages * 1073741824.0;
	while (span > limit || ((double)span > touch && span > (64u << 20)))
		span /= 2;
	return span;
}

/* True when the chain touches at least four times the cache that the measuring thread uses; else it is not called
 * DRAM. */
static bool reaches_dram(const struct latency_run *r)
{
	return touched_of(r->span, quoted_stride(r)) >= 4 * r->llc;
}

/* Sizes from inside the first-level cache up to the span, with 1, 2 or 4 steps per factor of four, as time allows. */
static size_t ladder(const struct latency_run *r, uint64_t *v, size_t max)
{
	const struct bench_profile *prof = r->ctx->profile;
	uint64_t end = touched_of(r->span, r->stride);
	double octaves = log2((double)end / 16384.0);
	double fits = r->ctx->share_s / (1.5 * prof->sample_s * prof->min_rounds) - 8.0;
	int per_octave = fits > 2.0 * octaves ? 2 : 1;
	int octave = fits < octaves ? 2 : 1;
	size_t n = 0;
	for (uint64_t s = 16384; s < end && n + 2 < max; s <<= octave) {
		v[n++] = s;
		if (per_octave == 2 && s + s / 2 < end)
			v[n++] = s + s / 2;
	}
	return n;
}

static void add_default_points(struct latency_run *r)
{
	struct page_block *best = &r->pages[0]; /* the first page kind that was obtained */
	uint64_t sizes[MAX_SIZES];
	size_t quoted = quoted_stride(r);
	bool dram = reaches_dram(r);
	for (size_t i = 0; i < r->n_pages; i++) {
		struct page_block *pb = &r->pages[i];
		add_point(r, pb, pb != best ? "chase" : dram ? "dram" : "largest", r->span, quoted, r->window);
		if (pb == best && !dram)
			mw_record_note(
				&r->pts[r->n - 1].rec,
				"not called DRAM: time or memory allow fewer bytes than 4x the last-level cache of "
				"%.0f MiB",
				(double)r->llc / 1048576.0);
		add_point(r, pb, dram ? "dram-tlb-miss" : "largest-tlb-miss", r->span, quoted, r->span);
	}
	for (size_t stride = LINE; stride <= REFERENCE_STRIDE; stride *= 2)
		if (stride != quoted)
			add_point(r, best, "chase", r->span, stride, r->window);
	size_t n = ladder(r, sizes, MAX_SIZES);
	for (size_t i = 0; i < n; i++)
		add_point(r, best, "chase", span_of(sizes[i], r->stride), r->stride, r->window);
}

static int add_asked_points(struct latency_run *r, const uint64_t *sizes, size_t n, char *err, size_t en)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r->n_pages; k++) {
			if (r->n == MAX_POINTS)
				return mw_fail(MW_ESPEC, err, en, "--sizes: more than %d points", MAX_POINTS);
			add_point(r, &r->pages[k], "chase", span_of(sizes[i], r->stride), r->stride, r->window);
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
		uint64_t span = sizes[i] > UINT64_MAX / (1 << 14) ? sizes[i] : span_of(sizes[i], r->stride);
		int rc = bench_check_size(r->ctx, "sizes", span, err, en);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Page kinds in the order given: the first one obtained is quoted. */
static void parse_pages(const struct bench_ctx *ctx, enum mw_pages *kinds, size_t *n)
{
	const char *rest = mw_opt_text(ctx->opts, "pages"), *item;
	size_t len;
	*n = 0;
	while (*n < MW_PAGES_COUNT && mw_list_next(&rest, &item, &len))
		for (size_t k = 0; mw_pages_word(k); k++)
			if (strlen(mw_pages_word(k)) == len && memcmp(item, mw_pages_word(k), len) == 0)
				kinds[(*n)++] = (enum mw_pages)k;
}

/* Emits an unavailable record for a page kind that this machine cannot give. */
static int report_missing(const struct mw_sink *sink, enum mw_pages kind, const char *why)
{
	struct mw_record rec;
	mw_record_open(&rec, &emitter, &emits[0], "chase");
	mw_record_method(&rec, "pointer-chase", 1);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(kind));
	mw_record_unavailable(&rec, why);
	return mw_finish(sink, &rec);
}

/* Takes the block of one page kind, with pb as its owner. */
static int take_block(const struct latency_run *r, struct page_block *pb, char *err, size_t n)
{
	return mw_arena_take(r->ctx->arenas, pb, pb->kind, bench_node_of(r->ctx, 0), pb->bytes, &pb->block, err, n);
}

static void release_blocks(struct latency_run *r)
{
	for (size_t i = 0; i < r->n_pages; i++)
		mw_arena_release(r->ctx->arenas, &r->pages[i].block);
}

static int find_pages(struct latency_run *r, const enum mw_pages *kinds, size_t n, uint64_t bytes,
		      const struct mw_sink *sink, char *err, size_t en)
{
	char why[200] = "";
	r->n_pages = 0;
	for (size_t i = 0; i < n; i++) {
		struct page_block *pb = &r->pages[r->n_pages];
		*pb = (struct page_block){.kind = kinds[i], .bytes = bytes};
		int rc = take_block(r, pb, why, sizeof(why));
		if (rc == 0)
			r->n_pages++;
		else if ((rc = report_missing(sink, kinds[i], why)) < 0)
			return rc;
	}
	return r->n_pages ? 0 : mw_fail(MW_EUNAVAILABLE, err, en, "%s", why);
}

/* ---- verdicts ---- */

struct verdict_sink {
	const struct mw_sink *out;
	const struct latency_run *run;
	struct mw_records kept; /* points with the DRAM span, until the reference stride is measured */
};

static bool at_span(const struct latency_run *r, const struct mw_record *rec)
{
	return (uint64_t)mw_kv_int(&rec->observed, "span", 0) == r->span &&
	       mw_kv_int(&rec->params, "window", 0) == (int64_t)r->window;
}

static int keep_or_pass(void *self, const struct mw_record *rec)
{
	struct verdict_sink *s = self;
	if (s->run->span && at_span(s->run, rec))
		return mw_records_add(&s->kept, rec);
	return mw_emit(s->out, rec);
}

static int emit_verdicts(struct verdict_sink *s)
{
	double reference = NAN;
	for (size_t i = 0; i < s->kept.n; i++)
		if (mw_kv_int(&s->kept.v[i].params, "stride", 0) == REFERENCE_STRIDE &&
		    strcmp(mw_kv_str(&s->kept.v[i].params, "pages", ""), mw_pages_name(s->run->pages[0].kind)) == 0)
			reference = s->kept.v[i].value;
	int rc = 0;
	for (size_t i = 0; i < s->kept.n && rc == 0; i++) {
		struct mw_record *rec = &s->kept.v[i];
		double share = rec->value / reference;
		char text[64] = "not checked: no reference";
		if (isfinite(share))
			mw_format(text, sizeof(text), "%s: %.0f %% of stride %d",
				  share < CLEAN_SHARE ? "helped by prefetch" : "clean", 100.0 * share,
				  REFERENCE_STRIDE);
		mw_put_text(rec, &key_prefetch, text);
		rc = mw_record_close(rec, NULL, 0);
		rc = rc < 0 ? rc : mw_emit(s->out, rec);
	}
	return rc;
}

/* ---- the benchmark ---- */

/* Writes the chains of a block again, after it moved or another benchmark wrote to it. */
static int build_chains(struct latency_run *r, const struct page_block *pb, char *err, size_t n)
{
	for (size_t i = 0; i < r->n; i++) {
		struct chase_point *p = &r->chases[i];
		if (p->pb != pb)
			continue;
		p->chain.base = (char *)pb->block.p + p->offset;
		if (bench_stopped(r->ctx))
			return MW_ECANCELLED;
		int rc = p->shares_place ? 0 : mw_team_run(r->ctx->team, 1, build_member, p);
		if (rc == 0)
			rc = p->rc;
		if (rc < 0)
			return mw_fail(rc, err, n, "cannot build the pointer chain of %zu byte: %s", p->chain.bytes,
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
	parse_pages(r->ctx, a->kinds, &a->n_kinds);
	r->n_pages = a->n_kinds;
	for (size_t i = 0; i < a->n_sizes; i++)
		if (span_of(a->sizes[i], r->stride) > a->bytes)
			a->bytes = span_of(a->sizes[i], r->stride);
	if (a->n_sizes == 0)
		a->bytes = r->span = dram_span(r);
	return 0;
}

static int add_points(struct latency_run *r, const struct asked *a, char *err, size_t n)
{
	if (a->n_sizes)
		return add_asked_points(r, a->sizes, a->n_sizes, err, n);
	add_default_points(r);
	return 0;
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
	uint64_t sizes[MAX_SIZES];
	init(&r, ctx);
	if (read_options(&r, &a, NULL, 0) < 0)
		return;
	/* The same points as add_default_points: quoted, TLB-missing and neighbouring strides, then the ladder. */
	size_t n = a.n_sizes ? a.n_sizes * a.n_kinds : 2 * a.n_kinds + 3 + ladder(&r, sizes, MAX_SIZES);
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
	r->pts = calloc(MAX_POINTS, sizeof(*r->pts));
	r->chases = calloc(MAX_POINTS, sizeof(*r->chases));
	if (!r->pts || !r->chases)
		return -ENOMEM;
	int rc = read_options(r, &asked, err, n);
	if (rc == 0)
		rc = find_pages(r, asked.kinds, asked.n_kinds, asked.bytes, sink, err, n);
	if (rc == 0)
		rc = add_points(r, &asked, err, n);
	for (size_t i = 0; i < r->n_pages && rc == 0; i++)
		rc = build_chains(r, &r->pages[i], err, n);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		r->chases[i].sample_ns = 1e9 * rounds_visits_sample_s(ctx, r->n);
	if (rc == 0)
		rc = rounds_open(ctx, r->pts, r->n, &r->rounds);
	release_blocks(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct latency_run *r = state;
	int rc = 0;
	r->ctx = ctx;
	for (size_t i = 0; i < r->n_pages && rc == 0; i++) {
		rc = take_block(r, &r->pages[i], err, n);
		if (rc == 0 && !r->pages[i].block.intact)
			rc = build_chains(r, &r->pages[i], err, n);
	}
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	release_blocks(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct latency_run *r = state;
	struct verdict_sink verdicts = {.out = sink, .run = r};
	const struct mw_sink middle = {keep_or_pass, &verdicts};
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = emit_verdicts(&verdicts);
	mw_records_fini(&verdicts.kept);
	return rc;
}

static void end(void *state)
{
	struct latency_run *r = state;
	rounds_close(r->rounds);
	/* After begin() failed, no rounds own these records. */
	for (size_t i = 0; r->pts && i < r->n; i++)
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
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
