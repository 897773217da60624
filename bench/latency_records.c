#include "bench/latency_records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "bench/latency_levels.h"

/* A chain with less than this share of the reference stride's latency was helped by prefetchers. Without their help
 * latencies spread by 5 %. */
#define CLEAN_SHARE 0.93

static const struct mw_metric metric_cycles = {"latency_cycles", MW_CYCLES, MW_LOWER,
					       "core cycles of one load when each load waits for the one before; a "
					       "cycle is the time of a dependent addition on "
					       "the same core just before and after"};
static const struct mw_metric metric_level_size = {"level_size", MW_BYTE, MW_NEITHER,
						   "bytes that a level and those before it hold, by where the latency "
						   "leaves it; range: the points on either side"};

static const struct mw_key key_window = {"window", MW_BYTES, MW_PARAM,
					 "locality window: the chain visits all of it before the next one"};
static const struct mw_key key_prefetch = {"prefetch", MW_TEXT, MW_OBSERVED,
					   "whether hardware prefetchers helped, by the latency of a larger stride"};
static const struct mw_key key_working_set = {"working_set", MW_BYTES, MW_OBSERVED,
					      "bytes touched by the point in the middle of the level"};
static const struct mw_key key_reported = {"reported", MW_BYTES, MW_OBSERVED,
					   "size of that cache by what the system reports"};
static const struct mw_key key_agrees = {"agrees", MW_TEXT, MW_OBSERVED,
					 "whether the size found is the size that the system reports"};

enum { POINT_NS, POINT_CYCLES, LEVEL_NS, LEVEL_CYCLES, LEVEL_SIZE };

#define POINT_CASES                                                                                                    \
	MW_CASES("dram", "largest", "dram-tlb-miss", "largest-tlb-miss", "dram-prefetched", "largest-prefetched",      \
		 "chase")
#define POINT_PARAMS MW_LIST(&mw_key_size, &mw_key_stride, &key_window, &mw_key_pages)
#define POINT_OBSERVED MW_LIST(&mw_key_cpu, &mw_key_obtained, &mw_key_node, &mw_key_span, &key_prefetch)
#define LEVEL_PARAMS MW_LIST(&mw_key_level, &mw_key_stride, &mw_key_pages)
#define LEVEL_OBSERVED MW_LIST(&mw_key_cpu, &mw_key_obtained, &mw_key_node, &key_working_set)

static const struct mw_emit emits[] = {
	[POINT_NS] = {POINT_CASES, &mw_metric_latency, POINT_PARAMS, NULL, POINT_OBSERVED},
	[POINT_CYCLES] = {POINT_CASES, &metric_cycles, POINT_PARAMS, NULL, POINT_OBSERVED},
	[LEVEL_NS] = {MW_CASES("level"), &mw_metric_latency, LEVEL_PARAMS, NULL, LEVEL_OBSERVED},
	[LEVEL_CYCLES] = {MW_CASES("level"), &metric_cycles, LEVEL_PARAMS, NULL, LEVEL_OBSERVED},
	[LEVEL_SIZE] = {MW_CASES("level"), &metric_level_size, LEVEL_PARAMS, NULL, MW_LIST(&key_reported, &key_agrees)},
	{.metric = NULL},
};
const struct mw_emitter latency_emitter = {"latency", emits};

static const struct mw_metric *const metrics[LATENCY_METRICS] = {&mw_metric_latency, &metric_cycles};

/* ---- points ---- */

void latency_open(struct mw_record *rec, enum latency_metric m, const char *name, const struct chase *c)
{
	const struct mw_chain *chain = &c->chain;
	size_t window = chain->window < chain->bytes ? chain->window : chain->bytes;
	mw_record_open(rec, &latency_emitter, &emits[m == LATENCY_NS ? POINT_NS : POINT_CYCLES], name);
	mw_record_method(rec, "pointer-chase", 1);
	mw_put_int(rec, &mw_key_size, (int64_t)chase_touched(chain->bytes, chain->stride));
	mw_put_int(rec, &mw_key_stride, (int64_t)chain->stride);
	mw_put_int(rec, &key_window, (int64_t)window);
	mw_put_text(rec, &mw_key_pages, mw_pages_name(c->block->kind));
	if (c->team)
		mw_put_int(rec, &mw_key_cpu, mw_team_cpu(c->team, 0));
	mw_put_text(rec, &mw_key_obtained, c->block->block.obtained);
	mw_put_int(rec, &mw_key_node, c->block->block.node);
	mw_put_int(rec, &mw_key_span, (int64_t)chain->bytes);
	if (chain->stride < LATENCY_QUOTED_STRIDE) /* points with the full span are judged later */
		mw_put_text(rec, &key_prefetch, "may help: stride below 256");
}

int latency_missing(const struct mw_sink *sink, const char *name, enum mw_pages kind, const char *why)
{
	struct mw_record rec;
	mw_record_open(&rec, &latency_emitter, &emits[POINT_NS], name);
	mw_record_method(&rec, "pointer-chase", 1);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(kind));
	mw_record_unavailable(&rec, why);
	return mw_finish(sink, &rec);
}

bool latency_pages_given(const struct mw_block *block)
{
	if (block->asked != MW_PAGES_THP || strcmp(block->obtained, "unknown") == 0)
		return true;
	if (strncmp(block->obtained, "thp", 3) != 0)
		return false;
	return block->obtained[3] == '\0' || strtol(block->obtained + 3, NULL, 10) >= 90;
}

/* ---- verdicts ---- */

/* True for the points that are as large as the quoted one and have its locality or less. */
static bool is_judged(const struct latency_look *look, const struct mw_record *rec)
{
	int64_t window = mw_kv_int(&rec->params, "window", 0);
	return (uint64_t)mw_kv_int(&rec->observed, "span", 0) == look->span &&
	       (window == (int64_t)look->window || strstr(rec->case_name, "-prefetched"));
}

/* Value of the reference stride, NaN when it was not measured. */
static double reference_of(const struct mw_records *points, const struct latency_look *look,
			   const struct mw_metric *metric)
{
	for (size_t i = 0; i < points->n; i++) {
		const struct mw_record *r = &points->v[i];
		if (r->declared == metric && is_judged(look, r) &&
		    mw_kv_int(&r->params, "stride", 0) == LATENCY_REFERENCE_STRIDE &&
		    strcmp(mw_kv_str(&r->params, "pages", ""), mw_pages_name(look->pages)) == 0)
			return r->value;
	}
	return NAN;
}

static void judge(struct mw_record *rec, double reference)
{
	struct mw_buf text = {0};
	double share = rec->value / reference;
	if (isfinite(share))
		mw_buf_add(&text, "%s: %.0f %% of stride %d", share < CLEAN_SHARE ? "helped by prefetch" : "clean",
			   100.0 * share, LATENCY_REFERENCE_STRIDE);
	else
		mw_buf_add(&text, "not checked: no reference");
	mw_put_text(rec, &key_prefetch, mw_buf_text(&text));
	mw_buf_fini(&text);
}

/* ---- levels ---- */

enum { CACHES = 3 };

/* The ladder: points of one stride and page kind with locality, by size, and the same in cycles. */
struct ladder {
	const struct mw_record *ns[LEVEL_POINTS_MAX], *cycles[LEVEL_POINTS_MAX];
	size_t n;
};

static bool on_ladder(const struct latency_look *look, const struct mw_record *r)
{
	int64_t window = mw_kv_int(&r->params, "window", 0), span = mw_kv_int(&r->observed, "span", 0);
	int64_t least = span < (int64_t)look->window ? span : (int64_t)look->window;
	return isfinite(r->value) && r->value > 0 && mw_kv_int(&r->params, "stride", 0) == (int64_t)look->stride &&
	       window == least && strcmp(mw_kv_str(&r->params, "pages", ""), mw_pages_name(look->pages)) == 0;
}

static int64_t size_of(const struct mw_record *r)
{
	return mw_kv_int(&r->params, "size", 0);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = size_of(*(const struct mw_record *const *)a), y = size_of(*(const struct mw_record *const *)b);
	return (x > y) - (x < y);
}

static void find_ladder(const struct mw_records *points, const struct latency_look *look, struct ladder *l)
{
	l->n = 0;
	for (size_t i = 0; i < points->n && l->n < LEVEL_POINTS_MAX; i++)
		if (points->v[i].declared == &mw_metric_latency && on_ladder(look, &points->v[i]))
			l->ns[l->n++] = &points->v[i];
	qsort(l->ns, l->n, sizeof(const struct mw_record *), by_size);
	for (size_t i = 0; i < l->n; i++) {
		l->cycles[i] = NULL;
		for (size_t k = 0; k < points->n; k++)
			if (points->v[k].declared == &metric_cycles && isfinite(points->v[k].value) &&
			    mw_kv_equal(&points->v[k].params, &l->ns[i]->params))
				l->cycles[i] = &points->v[k];
	}
}

/* The latency of a level is that of the point in its middle, with that point's interval. */
static int emit_latency(const struct mw_sink *sink, int row, const char *name, const struct mw_record *point)
{
	struct mw_record rec;
	if (!point)
		return 0;
	mw_record_derive(&rec, &latency_emitter, &emits[row], "level", point);
	mw_record_method(&rec, "pointer-chase", 1);
	mw_put_text(&rec, &mw_key_level, name);
	mw_put_int(&rec, &key_working_set, size_of(point));
	mw_record_scale(&rec, point, 1.0);
	return mw_finish(sink, &rec);
}

static void say_agreement(struct mw_record *rec, const struct level *l, uint64_t reported)
{
	struct mw_buf text = {0};
	if (!reported)
		return;
	mw_put_int(rec, &key_reported, (int64_t)reported);
	if (level_agrees(l, reported))
		mw_buf_add(&text, "yes");
	else
		mw_buf_add(&text, "no: %.2g of the size reported", l->size / (double)reported);
	mw_put_text(rec, &key_agrees, mw_buf_text(&text));
	mw_buf_fini(&text);
}

/* Size of the cache where latency shows one; else why not. found: NULL when no level ends near its size. */
static int emit_size(const struct mw_sink *sink, const struct latency_look *look, const char *name,
		     const struct level *found, uint64_t reported, bool reached)
{
	struct mw_record rec;
	mw_record_open(&rec, &latency_emitter, &emits[LEVEL_SIZE], "level");
	mw_record_method(&rec, "ladder-steps", 1);
	mw_put_text(&rec, &mw_key_level, name);
	mw_put_int(&rec, &mw_key_stride, (int64_t)look->stride);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(look->pages));
	if (found) {
		mw_record_set(&rec, found->size, MW_MEASURED, "");
		rec.min = found->size_lo;
		rec.max = found->size_hi;
		say_agreement(&rec, found, reported);
	} else {
		mw_put_int(&rec, &key_reported, (int64_t)reported);
		mw_put_text(&rec, &key_agrees, reached ? "no: not found" : "not checked");
		mw_record_unavailable(&rec,
				      reached ? "the latency shows no level that ends near the size that the system "
						"reports; a cache that others share may look so"
					      : "no chain is larger than this cache");
	}
	return mw_finish(sink, &rec);
}

static int emit_levels(const struct mw_records *points, const struct latency_look *look, const struct mw_sink *sink)
{
	static const char *const names[CACHES] = {"l1", "l2", "l3"};
	const uint64_t reported[CACHES] = {look->host->l1d_bytes, look->host->l2_bytes, look->host->l3_bytes};
	struct ladder ladder;
	struct level_point v[LEVEL_POINTS_MAX];
	struct level found[LEVELS_MAX];
	int of[CACHES], rc = 0;
	find_ladder(points, look, &ladder);
	for (size_t i = 0; i < ladder.n; i++)
		v[i] = (struct level_point){(double)size_of(ladder.ns[i]), ladder.ns[i]->value};
	size_t n = levels_find(v, ladder.n, found, LEVELS_MAX);
	levels_match(found, n, reported, CACHES, of);
	for (int k = 0; k < CACHES && rc == 0; k++) {
		const struct level *l = of[k] >= 0 ? &found[of[k]] : NULL;
		if (!l && !reported[k])
			continue;
		bool reached = ladder.n && v[ladder.n - 1].size > 2.0 * (double)reported[k];
		rc = emit_size(sink, look, names[k], l, reported[k], reached);
		if (rc == 0 && l)
			rc = emit_latency(sink, LEVEL_NS, names[k], ladder.ns[l->middle]);
		if (rc == 0 && l)
			rc = emit_latency(sink, LEVEL_CYCLES, names[k], ladder.cycles[l->middle]);
	}
	return rc;
}

int latency_emit(struct mw_records *points, const struct latency_look *look, const struct mw_sink *sink)
{
	int rc = 0;
	double reference[LATENCY_METRICS];
	for (int m = 0; m < LATENCY_METRICS; m++)
		reference[m] = look->span ? reference_of(points, look, metrics[m]) : (double)NAN;
	for (size_t i = 0; i < points->n && rc == 0; i++) {
		struct mw_record *rec = &points->v[i];
		if (look->span && is_judged(look, rec))
			judge(rec, reference[rec->declared == &metric_cycles]);
		rc = mw_record_close(rec, NULL, 0);
		if (rc == 0)
			rc = mw_emit(sink, rec);
	}
	return rc == 0 && look->span ? emit_levels(points, look, sink) : rc;
}
