/* Chooses the host's best way of each row from the records of the rounds, for each topology state. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/heldout.h"
#include "bench/offload/offload.h"

enum { MAX_WAYS = 64 };

/* Records of the ways to compute a row, all in ns. */
struct ways {
	const struct mw_record *v[MAX_WAYS];
	bool library[MAX_WAYS];
	size_t n;
	struct mw_record own[MAX_WAYS]; /* copies of records that were in GOP/s, converted */
	size_t n_own;
};

static const char *state_of(const struct mw_record *r)
{
	return mw_kv_str(&r->params, "state", "");
}

static void add_way(struct ways *l, const struct mw_record *r, bool library)
{
	if (l->n == MAX_WAYS || r->n_samples == 0 || !isfinite(r->value) || !(r->value > 0))
		return;
	l->library[l->n] = library;
	l->v[l->n++] = r;
}

/* Adds a record in GOP/s, converted to the time of `ops` operations. */
static int add_rate(struct ways *l, const struct mw_record *rate, double ops)
{
	struct mw_record *r = &l->own[l->n_own];
	if (l->n_own == MAX_WAYS || !(rate->value > 0))
		return 0;
	int rc = mw_record_copy(r, rate);
	if (rc < 0)
		return rc;
	l->n_own++;
	r->declared = &mw_metric_time;
	r->value = ops / rate->value;
	r->ci_lo = ops / rate->ci_hi;
	r->ci_hi = ops / rate->ci_lo;
	for (size_t i = 0; i < r->n_samples; i++)
		r->samples[i].value = ops / rate->samples[i].value;
	add_way(l, r, true);
	return 0;
}

static bool is_row_of(const struct offload_work *w, const struct mw_record *r)
{
	struct mw_record want;
	bool same = strcmp(r->case_name, w->name) == 0 && strcmp(r->metric, mw_metric_time.name) == 0;
	offload_record(w, &want, OFFLOAD_HOST_TIME);
	for (size_t i = 0; i < want.params.n && same; i++)
		same = mw_kv_int(&r->params, want.params.v[i].name, -1) == want.params.v[i].i;
	mw_record_fini(&want);
	return same;
}

static void own_ways(const struct offload *o, const struct offload_work *w, enum offload_cache cache, struct ways *l)
{
	for (size_t i = 0; i < o->seen.n; i++) {
		const struct mw_record *r = &o->seen.v[i];
		if (strcmp(mw_kv_str(&r->params, "cache", ""), offload_cache_names[cache]) == 0 && is_row_of(w, r))
			add_way(l, r, false);
	}
}

/* Adds the same product measured by benchmark gemm in this run: libraries, with weights from memory. */
static int library_ways(const struct offload *o, const struct offload_work *w, struct ways *l)
{
	const struct mw_records *earlier = o->ctx->earlier;
	double ops = 2.0 * (double)w->rows * (double)w->cols;
	int rc = 0;
	for (size_t i = 0; earlier && i < earlier->n && rc == 0; i++) {
		const struct mw_record *r = &earlier->v[i];
		if (strcmp(r->bench, "gemm") == 0 && strcmp(r->case_name, "gemv") == 0 &&
		    strcmp(r->metric, mw_metric_op_rate.name) == 0 &&
		    strcmp(mw_kv_str(&r->params, "dtype", ""), "int8") == 0 &&
		    mw_kv_int(&r->params, "n", -1) == (int64_t)w->rows &&
		    mw_kv_int(&r->params, "k", -1) == (int64_t)w->cols &&
		    (uint64_t)mw_kv_int(&r->observed, "weight_bytes", 0) >= 2 * o->llc)
			rc = add_rate(l, r, ops);
	}
	return rc;
}

static int threads_of(const struct mw_record *r)
{
	return (int)mw_kv_int(&r->params, "threads", 1);
}

static const char *name_of(struct offload *o, const struct ways *l, size_t i)
{
	const struct mw_kv_list *p = &l->v[i]->params;
	if (l->library[i])
		return offload_text(o, "gemm: %s x%d", mw_kv_str(p, "engine", "?"), threads_of(l->v[i]));
	bool nt = strcmp(mw_kv_str(p, "stores", ""), "nt") == 0;
	return offload_text(o, "%s x%d%s", mw_kv_str(p, "isa", "?"), threads_of(l->v[i]), nt ? " nt" : "");
}

static const char *said(struct offload *o, const struct mw_record *r, const struct mw_key *key)
{
	return offload_text(o, "%s", mw_kv_str(&r->observed, key->name, ""));
}

/* Chooses the best of the ways l->v[v[0..n-1]] (base/core/heldout.h) and fills *h. */
static int choose(struct offload *o, const struct ways *l, const size_t *v, size_t n, struct offload_host *h)
{
	const struct mw_record *c[MAX_WAYS];
	struct mw_heldout best;
	for (size_t i = 0; i < n; i++)
		c[i] = l->v[v[i]];
	int rc = mw_heldout_best(c, n, o->ctx->profile->target, &best);
	if (rc < 0)
		return rc;
	h->ns = best.stats.value;
	h->lo = best.stats.ci_lo;
	h->hi = best.stats.ci_hi;
	h->blind = best.blind;
	h->how = name_of(o, l, v[best.best]);
	h->threads = threads_of(c[best.best]);
	h->disturbed = said(o, c[best.best], &mw_key_disturbed);
	h->unsteady = said(o, c[best.best], &mw_key_unsteady);
	h->drift = said(o, c[best.best], &mw_key_drift);
	for (size_t i = 0; i < n; i++)
		if (best.tied[i])
			h->ties = offload_text(o, "%s%s%s", h->ties, h->ties[0] ? ", " : "", name_of(o, l, v[i]));
	mw_heldout_fini(&best);
	return 0;
}

/* Picks the best in one state, among the ways with that state and those on one thread, which have none. */
static int pick_in(struct offload *o, const struct ways *l, const char *state, struct offload_host *h)
{
	size_t v[MAX_WAYS], n = 0;
	*h = (struct offload_host){.ns = NAN, .lo = NAN, .hi = NAN, .how = "", .ties = "", .state = state};
	h->disturbed = h->unsteady = h->drift = "";
	for (size_t i = 0; i < l->n; i++)
		if (!state_of(l->v[i])[0] || strcmp(state_of(l->v[i]), state) == 0)
			v[n++] = i;
	return choose(o, l, v, n, h);
}

static size_t states_of(struct offload *o, const struct ways *l, const char **v)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const char *state = state_of(l->v[i]);
		size_t at = 0;
		while (at < n && strcmp(v[at], state) != 0)
			at++;
		if (at == n && state[0] && n < OFFLOAD_STATES)
			v[n++] = offload_text(o, "%s", state);
	}
	if (n == 0)
		v[n++] = "";
	return n;
}

static int pick_from(struct offload *o, struct offload_work *w, enum offload_cache cache, const struct ways *l)
{
	const char *state[OFFLOAD_STATES];
	struct offload_host *h = w->host[cache];
	size_t n = l->n ? states_of(o, l, state) : 0;
	bool alone = true;
	for (size_t i = 0; i < n; i++) {
		int rc = pick_in(o, l, state[i], &h[i]);
		if (rc < 0)
			return rc;
		alone = alone && h[i].threads == 1;
	}
	/* When one thread is best in every state, the result has no state. */
	if (alone && n > 0)
		h[0].state = "";
	w->n_host[cache] = alone && n > 0 ? 1 : n;
	return 0;
}

static int pick(struct offload *o, struct offload_work *w, enum offload_cache cache)
{
	struct ways *l = calloc(1, sizeof(*l));
	int rc = l ? 0 : -ENOMEM;
	w->n_host[cache] = 0;
	if (rc == 0) {
		own_ways(o, w, cache, l);
		if (cache == OFFLOAD_COLD && w->kind == &offload_gemv)
			rc = library_ways(o, w, l);
	}
	if (rc == 0)
		rc = pick_from(o, w, cache, l);
	for (size_t i = 0; l && i < l->n_own; i++)
		mw_record_fini(&l->own[i]);
	free(l);
	return rc;
}

int offload_host_pick(struct offload *o)
{
	int rc = 0;
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES && rc == 0; c++)
			rc = pick(o, &o->work[i], (enum offload_cache)c);
	o->flush_gbps[OFFLOAD_COLD] = o->flush_gbps[OFFLOAD_WARM] = NAN;
	for (size_t i = 0; i < o->seen.n; i++) {
		const struct mw_record *r = &o->seen.v[i];
		if (strcmp(r->case_name, "flush") == 0 && !isnan(r->value)) {
			bool dirty = strcmp(mw_kv_str(&r->params, offload_key_lines.name, ""), "dirty") == 0;
			double *best = &o->flush_gbps[dirty ? OFFLOAD_WARM : OFFLOAD_COLD];
			*best = isnan(*best) ? r->value : fmax(*best, r->value);
		}
	}
	return rc;
}
