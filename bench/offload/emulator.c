/* Measures how fast the emulation runs on this host. This says nothing about the devices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

enum { MAX_RATES = 8, LARGE = 64 << 20, SMALL = 4 << 20, LEAST = 64 << 10 };

struct rate {
	struct pim_device *dev;
	struct pim_vector *v[3];
	struct pim_matrix *m;
	double work; /* bytes (bulk) or operations (gemv) of one use */
	double sample_ns;
	char why[MW_ERR_ROOM]; /* not empty: why there is no memory for it */
};

struct offload_rates {
	struct offload *o;
	size_t n;
	struct rate v[MAX_RATES];
};

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct rate *r = arg;
	if (r->why[0])
		return mw_fail(-ENOMEM, err, n, "%s", r->why);
	uint64_t begin = mw_now_ns(), ns;
	size_t times = 0;
	do {
		int rc = r->m ? pim_gemv(r->v[2], r->m, r->v[0]) : pim_and(r->v[2], r->v[0], r->v[1]);
		if (rc < 0)
			return mw_fail(rc, err, n, "%s", pim_error(r->dev));
		times++;
		ns = mw_now_ns() - begin;
	} while ((double)ns < r->sample_ns);
	*value = r->work * (double)times / (double)ns;
	return 0;
}

static int fill(struct pim_vector *v, const void *src)
{
	return pim_write(v, src, pim_bytes(v));
}

static int prepare_bulk(struct rate *r, const struct offload_work *w, size_t bytes)
{
	int rc = 0;
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = pim_alloc(r->dev, pim_uint(1), bytes * 8, &r->v[i]);
	if (rc == 0)
		rc = fill(r->v[0], w->a);
	if (rc == 0)
		rc = fill(r->v[1], w->b);
	r->work = 3.0 * (double)bytes;
	return rc == 0 ? pim_and(r->v[2], r->v[0], r->v[1]) : rc;
}

static int prepare_gemv(struct rate *r, const struct offload_work *w)
{
	int rc = pim_matrix_alloc(r->dev, pim_int(8), w->rows, w->cols, &r->m);
	if (rc == 0)
		rc = pim_alloc(r->dev, pim_int(8), w->cols, &r->v[0]);
	if (rc == 0)
		rc = pim_alloc(r->dev, pim_int(32), w->rows, &r->v[2]);
	if (rc == 0)
		rc = pim_matrix_write(r->m, w->a, w->size);
	if (rc == 0)
		rc = fill(r->v[0], w->b);
	r->work = 2.0 * (double)w->rows * (double)w->cols;
	return rc == 0 ? pim_gemv(r->v[2], r->m, r->v[0]) : rc;
}

static int add(struct offload_rates *rates, const struct offload_device *d, const struct offload_work *w,
	       const char *engine, size_t bytes, struct round_point *pt, char *err, size_t n)
{
	struct rate *r = &rates->v[rates->n];
	char extra[32];
	mw_format(extra, sizeof(extra), "engine=%s", engine);
	*r = (struct rate){.sample_ns = 2e6};
	int rc = offload_open(rates->o, d, w, extra, &r->dev, err, n);
	if (rc < 0)
		return rc;
	rates->n++;
	bool bulk = w->kind == &offload_bulk;
	rc = bulk ? prepare_bulk(r, w, bytes) : prepare_gemv(r, w);
	if (rc == -ENOMEM) {
		offload_say_memory(rates->o, pim_error(r->dev), r->why, sizeof(r->why));
		pim_close(r->dev);
		r->dev = NULL;
	} else if (rc < 0)
		return mw_fail(rc, err, n, "%s: %s", d->spec, pim_error(r->dev));
	mw_record_open(&pt->rec, &offload_emitter, bulk ? offload_row_emulator_bulk : offload_row_emulator_gemv,
		       bulk ? "emulator-and" : "emulator-gemv");
	mw_record_method(&pt->rec, "emulator-loop", 1);
	mw_put_text(&pt->rec, &mw_key_device, d->ops->name);
	mw_put_text(&pt->rec, &mw_key_engine, engine);
	if (bulk) {
		mw_put_int(&pt->rec, &mw_key_vector, (int64_t)bytes);
	} else {
		mw_put_int(&pt->rec, &mw_key_inputs, (int64_t)w->cols);
		mw_put_int(&pt->rec, &mw_key_outputs, (int64_t)w->rows);
	}
	pt->measure = measure;
	pt->arg = r;
	pt->threads = mw_team_size(rates->o->ctx->team);
	return 0;
}

/* The first bulk row with two inputs and vectors of at least `want` bytes, else the largest; for gemv the first row. */
static const struct offload_work *row_for(const struct offload *o, const struct offload_kind *kind, uint64_t want)
{
	const struct offload_work *best = NULL;
	for (size_t i = 0; i < o->n_work; i++) {
		const struct offload_work *w = &o->work[i];
		if (w->kind != kind || (kind == &offload_bulk && (mw_bulk_inputs(w->op) < 2 || w->width != 1)))
			continue;
		if (!best || (kind == &offload_bulk && best->size < want && w->size > best->size))
			best = w;
	}
	return best;
}

/* Adds a point per engine of the device: the default engine with large vectors, the reference engines with small
 * ones. */
static int add_device(struct offload_rates *rates, const struct offload_device *d, const struct pim_key *engines,
		      struct round_point *pts, size_t *n_pts, size_t max, char *err, size_t n)
{
	bool matrices = d->ops->caps & PIM_CAP_MATRICES;
	/* Few bytes where memory is short, because these vectors stay allocated between visits. */
	uint64_t room = bench_block_limit(rates->o->ctx, 3 * 64) / LEAST * LEAST;
	room = room < LEAST ? LEAST : room;
	const struct offload_work *w = row_for(rates->o, matrices ? &offload_gemv : &offload_bulk, LARGE);
	for (const char *e = engines->choices; w && e && *n_pts < max && rates->n < MAX_RATES;) {
		char name[16];
		size_t len = strcspn(e, "|");
		mw_format(name, sizeof(name), "%.*s", (int)len, e);
		uint64_t most = engines->def && strcmp(name, engines->def) == 0 ? LARGE : SMALL;
		most = room < most ? room : most;
		int rc = add(rates, d, w, name, w->size < most ? w->size : most, &pts[*n_pts], err, n);
		if (rc < 0)
			return rc;
		++*n_pts;
		e = e[len] ? e + len + 1 : NULL;
	}
	return 0;
}

int offload_rates_points(struct offload *o, struct offload_rates **out, struct round_point *pts, size_t *n_pts,
			 size_t max, char *err, size_t n)
{
	struct offload_rates *rates = *out = calloc(1, sizeof(*rates));
	if (!rates)
		return mw_fail(-ENOMEM, err, n, "no memory for the emulator's rates");
	rates->o = o;
	for (size_t i = 0; i < o->n_devices; i++) {
		const struct offload_device *d = &o->device[i];
		bool first = true;
		for (size_t k = 0; k < i; k++)
			first = first && o->device[k].ops != d->ops;
		const struct pim_key *engines = first ? offload_key(d->ops, "engine") : NULL;
		if (!engines || !engines->choices)
			continue;
		int rc = add_device(rates, d, engines, pts, n_pts, max, err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void offload_rates_free(struct offload_rates *r)
{
	for (size_t i = 0; r && i < r->n; i++)
		pim_close(r->v[i].dev);
	free(r);
}
