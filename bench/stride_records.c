#include "bench/stride_records.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/core/option.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

enum { LINE = 64 };

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
const struct mw_emitter stride_emitter = {"stride", emits};

/* ---- points ---- */

static void put_place(const struct stride_place *place, struct mw_record *rec)
{
	mw_put_text(rec, &mw_key_pages, mw_pages_name(place->pages));
	if (place->cpu >= 0)
		mw_put_int(rec, &mw_key_cpu, place->cpu);
	mw_put_text(rec, &mw_key_obtained, place->block->obtained);
}

void stride_walk_open(struct mw_record *rec, const struct stride_place *place, const struct mw_walk *w)
{
	mw_record_open(rec, &stride_emitter, &emits[WALK], w->random ? "random" : "in-order");
	mw_record_method(rec, "computed-address", 1);
	mw_put_int(rec, &mw_key_size, (int64_t)w->bytes);
	mw_put_int(rec, &mw_key_stride, (int64_t)w->stride);
	mw_put_int(rec, &key_window, (int64_t)w->window);
	put_place(place, rec);
	mw_put_int(rec, &mw_key_node, place->block->node);
}

void stride_chain_open(struct mw_record *rec, const struct stride_place *place, size_t stride, int lines)
{
	mw_record_open(rec, &stride_emitter, &emits[CONFLICT], "conflict");
	mw_record_method(rec, "one-set", 1);
	mw_put_int(rec, &mw_key_stride, (int64_t)stride);
	mw_put_int(rec, &key_lines, lines);
	put_place(place, rec);
}

/* ---- derived records ---- */

int stride_results_add(void *self, const struct mw_record *rec)
{
	struct stride_results *d = self;
	int rc = mw_emit(d->out, rec);
	return rc < 0 || rec->provenance != MW_MEASURED ? rc : mw_records_add_bare(&d->kept, rec);
}

/* A point of a walk; NULL when it was not measured. */
static const struct mw_record *walk(const struct stride_results *d, const char *name, size_t bytes, size_t stride,
				    size_t window)
{
	for (size_t i = 0; i < d->kept.n; i++) {
		const struct mw_record *r = &d->kept.v[i];
		if (strcmp(r->case_name, name) == 0 && mw_kv_int(&r->params, "size", 0) == (int64_t)bytes &&
		    mw_kv_int(&r->params, "stride", 0) == (int64_t)stride &&
		    mw_kv_int(&r->params, "window", 0) == (int64_t)window)
			return r;
	}
	return NULL;
}

/* What is derived from many points has the rounds of the one with the fewest. */
static size_t fewest_rounds(const struct stride_results *d)
{
	size_t n = d->kept.n ? d->kept.v[0].n : 0;
	for (size_t i = 1; i < d->kept.n; i++)
		n = d->kept.v[i].n < n ? d->kept.v[i].n : n;
	return n;
}

static int emit_reach(const struct stride_results *d)
{
	struct stride_pair pairs[STRIDE_MOST];
	struct mw_record rec;
	struct mw_buf words = {0};
	size_t n = 0;
	int beyond = 0;
	for (size_t i = 0; i < d->n_strides; i++) {
		struct stride_pair p = {.stride = d->strides[i]};
		char stride[32];
		const struct mw_record *in_order = walk(d, "in-order", d->bytes, p.stride, d->bytes);
		const struct mw_record *random = walk(d, "random", d->bytes, p.stride, d->bytes);
		if (!in_order || !random || !isfinite(in_order->value) || !isfinite(random->value))
			continue;
		p.in_order_ns = in_order->value;
		p.random_ns = random->value;
		mw_format_size(p.stride, stride, sizeof(stride));
		mw_buf_add(&words, "%s%s: %.0f %%", n ? ", " : "", stride, 100.0 * p.in_order_ns / p.random_ns);
		pairs[n++] = p;
	}
	mw_record_open(&rec, &stride_emitter, &emits[REACH], "in-order");
	mw_record_method(&rec, "in-order-against-random", 1);
	mw_put_int(&rec, &mw_key_size, (int64_t)d->bytes);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(d->pages));
	if (n == 0) {
		mw_record_unavailable(&rec, "no stride was measured both in order and at random");
	} else if (d->bytes < 4 * d->caches) {
		mw_record_unavailable(&rec, "");
		mw_record_note(&rec, "less than 4 times the caches (%s)", d->limit);
	} else {
		mw_record_set(&rec, (double)stride_find_reach(pairs, n, &beyond), MW_MEASURED, NULL);
		rec.n = fewest_rounds(d);
		mw_put_text(&rec, &key_in_order, mw_buf_text(&words));
		mw_record_note(&rec, "in order below %.0f %% of random latency counts as helped%s",
			       100.0 * STRIDE_HELPED,
			       beyond ? "; larger strides than the largest measured may be, too" : "");
	}
	mw_buf_fini(&words);
	return mw_finish(d->out, &rec);
}

static int emit_shares(const struct stride_results *d)
{
	int rc = 0;
	for (size_t i = 0; i < d->kept.n && rc == 0; i++) {
		const struct mw_record *r = &d->kept.v[i];
		struct mw_record rec;
		size_t bytes = (size_t)mw_kv_int(&r->params, "size", 0);
		size_t window = (size_t)mw_kv_int(&r->params, "window", 0);
		if (strcmp(r->case_name, "random") != 0 || mw_kv_int(&r->params, "stride", 0) != LINE)
			continue;
		const struct mw_record *sparse = walk(d, "random", bytes, 256, window);
		if (!sparse || !isfinite(r->value / sparse->value))
			continue;
		mw_record_derive(&rec, &stride_emitter, &emits[SHARE], "random", r);
		mw_record_method(&rec, "stride-64-against-256", 1);
		mw_record_set(&rec, r->value / sparse->value, MW_MEASURED, NULL);
		/* The widest that both intervals allow. */
		rec.ci_lo = r->ci_lo / sparse->ci_hi;
		rec.ci_hi = r->ci_hi / sparse->ci_lo;
		rec.n = r->n < sparse->n ? r->n : sparse->n;
		rc = mw_finish(d->out, &rec);
	}
	return rc;
}

static size_t collect_curves(const struct stride_results *d, struct stride_curve *curves)
{
	size_t n = d->n_curves;
	for (size_t c = 0; c < n; c++) {
		curves[c].stride = d->curves[c];
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
static int emit_level(const struct stride_results *d, int level, const struct stride_ways *found, int hidden, int told)
{
	static const char *const names[] = {"l1", "l2", "l3"};
	struct mw_record rec;
	mw_record_open(&rec, &stride_emitter, &emits[WAYS], "conflict");
	mw_record_method(&rec, "one-set", 1);
	mw_put_text(&rec, &mw_key_level, names[level - 1]);
	mw_put_text(&rec, &mw_key_pages, mw_pages_name(d->pages));
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
		rec.n = fewest_rounds(d);
		if (told && told != found->ways)
			mw_record_note(&rec, "the system reports %d ways", told);
	}
	return mw_finish(d->out, &rec);
}

static int emit_ways(const struct stride_results *d)
{
	struct stride_curve curves[STRIDE_CURVES];
	size_t n = collect_curves(d, curves);
	struct stride_ways found[STRIDE_LEVELS + 1] = {{0}};
	stride_find_ways(curves, n, found);
	int root = mw_tree_open("/"), rc = 0;
	for (int level = 1; level <= 3 && rc == 0; level++)
		rc = emit_level(d, level, &found[level - 1], found[0].ways,
				root < 0 ? 0 : stride_ways_told(root, d->cpu, level));
	if (root >= 0)
		(void)close(root);
	return rc;
}

int stride_results_derive(const struct stride_results *d)
{
	int rc = emit_reach(d);
	if (rc == 0)
		rc = emit_shares(d);
	return rc < 0 ? rc : emit_ways(d);
}
