/* Finds the host's best time: a short search over paths, threads and stores, then rounds over the fastest few. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

enum {
	OTHER_POINTS = 16, /* flushes and emulator rates */
};

/* Shares of the benchmark's time: about this much for the visits; at most this much for the search. */
#define VISIT_SHARE 0.45
#define SEARCH_SHARE 0.2

struct point {
	struct offload_job job;
	enum offload_cache cache;
	double sample_ns;
	bool checked;
};

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct point *p = arg;
	int rc = p->checked ? 0 : offload_check(&p->job, err, n);
	if (rc < 0)
		return rc;
	p->checked = true;
	rc = offload_sample(&p->job, p->cache, p->sample_ns, value);
	return rc < 0 ? mw_fail(rc, err, n, "%s: %s", p->job.w->name, mw_strerror(rc)) : 0;
}

/* ---- the search ---- */

static int search_one(const struct offload *o, const struct offload_work *w, enum offload_cache cache,
		      struct offload_try *t)
{
	int rc = 0;
	t->ns = INFINITY;
	for (int i = 0; i < 3 && rc == 0; i++) {
		double ns = INFINITY;
		struct offload_job j = {.o = o, .w = w, .t = *t};
		rc = offload_sample(&j, cache, 2e5, &ns);
		t->ns = fmin(t->ns, ns);
		if (ns > 1e7 || o->finalists < 2)
			break;
	}
	return rc;
}

static int by_ns(const void *a, const void *b)
{
	double x = ((const struct offload_try *)a)->ns, y = ((const struct offload_try *)b)->ns;
	return (x > y) - (x < y);
}

/* An earlier row with the same memory traffic, so that the same way is the fastest; NULL: none. */
static const struct offload_work *twin(const struct offload *o, const struct offload_work *w)
{
	for (const struct offload_work *e = o->work; e < w; e++) {
		if (e->kind != w->kind || e->kind != &offload_bulk)
			continue;
		bool same_size = e->size == w->size || (!e->cached && !w->cached);
		if (same_size && mw_bulk_inputs(e->op) == mw_bulk_inputs(w->op))
			return e;
	}
	return NULL;
}

/* The nearest earlier row of the same kind, whose ways are used when the time for the search is over. */
static const struct offload_work *neighbour(const struct offload *o, const struct offload_work *w,
					    enum offload_cache cache)
{
	const struct offload_work *near = NULL;
	for (const struct offload_work *e = o->work; e < w; e++)
		if (e->kind == w->kind && e->n_best[cache])
			near = e;
	return near;
}

/* Opens the record of one way to compute a row. */
static void describe(const struct offload_work *w, enum offload_cache cache, const struct offload_try *t,
		     struct mw_record *r)
{
	offload_record(w, r, OFFLOAD_HOST_TIME);
	mw_record_method(r, w->kind == &offload_bulk ? "bulk-loop" : "gemv-loop", 1);
	mw_put_text(r, &mw_key_device, "host");
	mw_put_text(r, &mw_key_cache, offload_cache_names[cache]);
	mw_put_int(r, &mw_key_threads, t->threads);
	w->kind->describe(t, r);
}

/* Moves the ways that an earlier session of this run has measured to the front of v, so that its samples are used.
 * Returns how many. */
static size_t chosen_before(const struct offload *o, const struct offload_work *w, enum offload_cache cache,
			    struct offload_try *v, size_t n)
{
	const struct mw_sample_sink *samples = o->ctx->samples;
	size_t kept = 0;
	for (size_t i = 0; i < n && samples && samples->earlier && kept < o->finalists; i++) {
		struct mw_record r;
		size_t count = 0;
		describe(w, cache, &v[i], &r);
		const struct mw_sample *s = samples->earlier(samples->self, &r, &count);
		if (s && count > 0) {
			v[kept] = v[i];
			v[kept++].ns = s[0].value;
		}
		mw_record_fini(&r);
	}
	return kept;
}

static int search_ways(const struct offload *o, const struct offload_work *w, enum offload_cache cache,
		       struct offload_try *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bench_stopped(o->ctx))
			return MW_ECANCELLED;
		int rc = search_one(o, w, cache, &v[i]);
		if (rc < 0)
			return rc;
	}
	qsort(v, n, sizeof(v[0]), by_ns);
	return 0;
}

static void keep_best(const struct offload *o, struct offload_work *w, enum offload_cache cache,
		      const struct offload_try *v, size_t n)
{
	w->n_best[cache] = n < o->finalists ? n : o->finalists;
	w->searched_size = w->size;
	memcpy(w->best[cache], v, w->n_best[cache] * sizeof(v[0]));
}

static void copy_best(struct offload_work *w, enum offload_cache cache, const struct offload_work *from)
{
	memcpy(w->best[cache], from->best[cache], sizeof(w->best[cache]));
	w->n_best[cache] = from->n_best[cache];
	for (size_t k = 0; k < w->n_best[cache]; k++)
		w->best[cache][k].ns *= (double)w->bytes / (double)from->bytes;
	w->searched_size = from->searched_size;
}

static int search(struct offload *o, struct offload_work *w, enum offload_cache cache, uint64_t end_ns)
{
	struct offload_try v[OFFLOAD_MAX_TRIES];
	size_t n = w->kind->tries(o, v, OFFLOAD_MAX_TRIES);
	size_t before = chosen_before(o, w, cache, v, n);
	if (before) {
		w->begun = true;
		keep_best(o, w, cache, v, before);
		return 0;
	}
	const struct offload_work *t = twin(o, w);
	if (!t || !t->n_best[cache])
		t = mw_now_ns() > end_ns ? neighbour(o, w, cache) : NULL;
	if (t) {
		copy_best(w, cache, t);
		return 0;
	}
	int rc = search_ways(o, w, cache, v, n);
	if (rc == 0)
		keep_best(o, w, cache, v, n);
	return rc;
}

/* Searches all rows within 60 % of the time of the search; the rest is for setting up the emulators. */
static int search_all(struct offload *o)
{
	uint64_t end_ns = mw_now_ns() + (uint64_t)(0.6e9 * fmin(bench_left_s(o->ctx), SEARCH_SHARE * o->ctx->share_s));
	int rc = 0;
	for (size_t i = 0; i < o->n_work && rc == 0; i++) {
		rc = search(o, &o->work[i], OFFLOAD_COLD, end_ns);
		if (rc == 0 && o->work[i].cached)
			rc = search(o, &o->work[i], OFFLOAD_WARM, end_ns);
	}
	return rc;
}

static double round_ns(const struct offload *o)
{
	double ns = 0;
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES; c++)
			for (size_t k = 0; k < o->work[i].n_best[c]; k++)
				ns += 5e6 + o->work[i].best[c][k].ns;
	return ns;
}

static int leave_out(struct offload *o)
{
	struct mw_record r;
	offload_record(&o->work[--o->n_work], &r, OFFLOAD_HOST_TIME);
	mw_record_unavailable(
		&r, "left out: the time budget is too short for that size at the present speed of this machine");
	return mw_finish(o->sink, &r);
}

/* If the least number of rounds does not fit, keeps only the fastest way of each row, then leaves out the largest rows.
 * Half of the rows, and those that an earlier session has begun, stay in any case. */
static int fit_budget(struct offload *o)
{
	double room = 1e9 * VISIT_SHARE * o->ctx->share_s / o->ctx->profile->min_rounds;
	if (round_ns(o) < room)
		return 0;
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES; c++)
			if (o->work[i].n_best[c] > 1 && !o->work[i].begun)
				o->work[i].n_best[c] = 1;
	int rc = 0;
	for (size_t least = o->n_work / 2;
	     o->n_work > least && !o->work[o->n_work - 1].begun && round_ns(o) > room && rc == 0;)
		rc = leave_out(o);
	return rc;
}

/* ---- flush rates ---- */

static void add_flush(struct offload *o, struct offload_flush_point *f, struct round_point *pt, bool dirty)
{
	const struct offload_work *w = &o->work[0];
	*f = (struct offload_flush_point){.o = o, .bytes = o->llc / 4, .dirty = dirty, .sample_ns = 1e6};
	if (f->bytes > w->size)
		f->bytes = w->size;
	mw_record_open(&pt->rec, &offload_emitter, offload_row_flush, "flush");
	mw_record_method(&pt->rec, "flush-loop", 1);
	mw_put_text(&pt->rec, &offload_key_lines, dirty ? "dirty" : "absent");
	mw_put_text(&pt->rec, &offload_key_instruction, offload_flush_name());
	mw_put_int(&pt->rec, &offload_key_flushed, (int64_t)f->bytes);
	pt->measure = offload_measure_flush;
	pt->arg = f;
	pt->threads = mw_team_size(o->ctx->team);
}

/* ---- points ---- */

struct offload_points {
	struct round_point *pts;
	size_t n;
	struct point *v; /* points of the rows' ways, which come first in pts */
	struct offload_flush_point flush[OFFLOAD_CACHES];
	struct offload_rates *rates;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records of pts, even if it failed */
};

static void add_point(struct offload *o, const struct offload_work *w, enum offload_cache cache,
		      const struct offload_try *t, struct point *p, struct round_point *pt)
{
	*p = (struct point){.job = {.o = o, .w = w, .t = *t}, .cache = cache};
	describe(w, cache, t, &pt->rec);
	mw_put_text(&pt->rec, &mw_key_obtained, o->block.obtained);
	mw_put_int(&pt->rec, &offload_key_ways_searched, (int64_t)w->searched_size);
	if (cache == OFFLOAD_COLD)
		mw_put_text(&pt->rec, &offload_key_evicted,
			    !w->cached ? "streams past the caches"
				       : (offload_flush_name() ? offload_flush_name() : "displaced by reading"));
	pt->measure = measure;
	pt->arg = p;
	pt->threads = t->threads;
}

static size_t count_ways(const struct offload *o)
{
	size_t n = 0;
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES; c++)
			n += o->work[i].n_best[c];
	return n;
}

static void add_points(struct offload *o, struct point *points, struct round_point *pts)
{
	size_t n = 0;
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES; c++)
			for (size_t k = 0; k < o->work[i].n_best[c]; k++, n++)
				add_point(o, &o->work[i], (enum offload_cache)c, &o->work[i].best[c][k], &points[n],
					  &pts[n]);
}

/* Length of a sample, for the time of all visits together. */
static double sample_s(const struct offload *o, size_t count)
{
	struct bench_ctx visits = *o->ctx;
	visits.deadline_ns = mw_now_ns() + (uint64_t)(1e9 * VISIT_SHARE * o->ctx->share_s);
	return fmin(rounds_sample_s(&visits, count), 0.005);
}

int offload_host_begin(struct offload *o, char *err, size_t n)
{
	struct offload_points *p = o->points = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int rc = search_all(o);
	if (rc == 0 && !mw_opt(o->ctx->opts, "sizes")->given)
		rc = fit_budget(o);
	if (rc < 0)
		return rc;
	size_t host = count_ways(o), most = host + OTHER_POINTS;
	p->pts = calloc(most, sizeof(*p->pts));
	p->v = calloc(most, sizeof(*p->v));
	if (!p->pts || !p->v)
		return mw_fail(-ENOMEM, err, n, "no memory for the points");
	add_points(o, p->v, p->pts);
	p->n = host;
	for (int k = 0; k < OFFLOAD_CACHES && offload_flush_name(); k++)
		add_flush(o, &p->flush[k], &p->pts[p->n++], k == OFFLOAD_WARM);
	rc = offload_rates_points(o, &p->rates, p->pts, &p->n, most, err, n);
	for (size_t i = 0; i < host; i++)
		p->v[i].sample_ns = 1e9 * sample_s(o, p->n);
	if (rc == 0) {
		p->opened = true;
		rc = rounds_open(o->ctx, p->pts, p->n, &p->rounds);
	}
	return rc;
}

int offload_host_visit(struct offload *o)
{
	int rc = rounds_visit(o->points->rounds, o->ctx);
	return rc == 0 && rounds_met(o->points->rounds) ? BENCH_DONE : rc;
}

int offload_host_finish(struct offload *o)
{
	return o->points && o->points->rounds ? rounds_finish(o->points->rounds, o->sink) : 0;
}

void offload_host_close(struct offload *o)
{
	struct offload_points *p = o->points;
	if (!p)
		return;
	/* rounds_open takes the records over, even if it fails. */
	for (size_t i = 0; i < p->n && !p->opened; i++)
		mw_record_fini(&p->pts[i].rec);
	rounds_close(p->rounds);
	offload_rates_free(p->rates);
	free(p->v);
	free(p->pts);
	free(p);
	o->points = NULL;
}
