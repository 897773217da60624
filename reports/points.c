#include "reports/points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/visits.h"

void points_fini(struct points *l)
{
	for (size_t i = 0; i < l->n; i++)
		mw_record_fini(&l->v[i].rec);
	free(l->v);
	*l = (struct points){0};
}

int points_add(struct points *l, const struct mw_record *rec, int threads)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct point *v = realloc(l->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	struct point *p = &l->v[l->n];
	*p = (struct point){.threads = threads};
	int rc = mw_record_copy_bare(&p->rec, rec);
	l->n += rc == 0;
	return rc;
}

struct point *points_find(const struct points *l, const struct mw_record *rec)
{
	for (size_t i = 0; i < l->n; i++)
		if (mw_record_same_identity(&l->v[i].rec, rec))
			return &l->v[i];
	return NULL;
}

int points_add_samples(struct point *p, const struct mw_sample *v, size_t n)
{
	size_t need = p->rec.n_samples + n;
	if (need > p->cap) {
		size_t cap = need > 2 * p->cap ? need : 2 * p->cap;
		struct mw_sample *more = realloc(p->rec.samples, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		p->rec.samples = more;
		p->cap = cap;
	}
	if (n)
		memcpy(p->rec.samples + p->rec.n_samples, v, n * sizeof(*v));
	p->rec.n_samples = need;
	return 0;
}

unsigned points_visits(const struct points *l)
{
	unsigned visits = 0;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].rec.n_samples; k++)
			if (l->v[i].rec.samples[k].visit >= visits)
				visits = l->v[i].rec.samples[k].visit + 1;
	return visits;
}

uint64_t points_last_ns(const struct points *l)
{
	uint64_t last = 0;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].rec.n_samples; k++)
			if (l->v[i].rec.samples[k].t_ns > last)
				last = l->v[i].rec.samples[k].t_ns;
	return last;
}

/* ---- records of what was cut short ---- */

/* Visits that differ by more are called unsteady: the target of the quick profile. */
#define TARGET 0.05

/* True when bench finished, so that its records are in the list. */
static bool has_ended(const struct mw_records *l, const char *bench)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].bench, bench) == 0 && strcmp(l->v[i].case_name, "run") == 0 &&
		    strcmp(l->v[i].metric, "elapsed") == 0)
			return true;
	return false;
}

/* True when the first n records have one of the point, in any topology state. */
static bool has_record(const struct mw_records *l, size_t n, const struct mw_record *point)
{
	for (size_t i = 0; i < n; i++) {
		const struct mw_record *r = &l->v[i];
		size_t extra = mw_kv_find(&r->params, "state") ? 1 : 0, same = 0;
		if (strcmp(r->bench, point->bench) != 0 || strcmp(r->case_name, point->case_name) != 0 ||
		    strcmp(r->metric, point->metric) != 0 || r->params.n != point->params.n + extra)
			continue;
		for (size_t k = 0; k < point->params.n; k++) {
			struct mw_kv_list one = {.n = 1, .v = {point->params.v[k]}}, other = {.n = 1};
			const struct mw_kv *kv = mw_kv_find(&r->params, one.v[0].name);
			if (kv) {
				other.v[0] = *kv;
				same += mw_kv_equal(&one, &other);
			}
		}
		if (same == point->params.n)
			return true;
	}
	return false;
}

static int keep(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

/* Makes the records of all points of one benchmark together, because all their probes are used to find the topology
 * states. */
static int finish_bench(const struct points *l, const char *bench, struct mw_records *records)
{
	const struct mw_sink sink = {keep, records};
	struct mw_visit_point *v = calloc(l->n, sizeof(*v));
	size_t n = 0, before = records->n;
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct point *p = &l->v[i];
		if (strcmp(p->rec.bench, bench) != 0 || p->rec.n_samples == 0 || has_record(records, before, &p->rec))
			continue;
		v[n] = (struct mw_visit_point){
			.rec = &p->rec,
			.samples = p->rec.samples,
			.n = p->rec.n_samples,
			.threads = p->threads,
			.stop = "cut short",
		};
		n++;
	}
	int rc = n ? mw_visits_finish(v, n, TARGET, &sink) : 0;
	free(v);
	return rc;
}

int points_finish(const struct points *l, struct mw_records *records)
{
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i++) {
		const char *bench = l->v[i].rec.bench;
		bool first = !has_ended(records, bench);
		for (size_t k = 0; k < i && first; k++)
			first = strcmp(l->v[k].rec.bench, bench) != 0;
		if (first)
			rc = finish_bench(l, bench, records);
	}
	return rc;
}
