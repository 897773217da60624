/* The host's best of each row: chosen from what the rounds measured, for each topology state on its own. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/offload/offload.h"

enum { MAX_WAYS = 64 };

/* A record of one way to do a row; ops > 0: it tells GOP/s of that many operations instead of ns. */
struct way {
	const struct mw_record *r;
	double ops;
};

struct ways {
	struct way v[MAX_WAYS];
	size_t n;
};

static const char *state_of(const struct mw_record *r)
{
	return mw_kv_str(&r->params, "state", "");
}

static double ns_of(const struct way *w, double value)
{
	return w->ops > 0 ? w->ops / value : value;
}

static void add_way(struct ways *l, const struct mw_record *r, double ops)
{
	if (l->n < MAX_WAYS && isfinite(r->value) && r->value > 0)
		l->v[l->n++] = (struct way){r, ops};
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
			add_way(l, r, 0);
	}
}

/* Products that benchmark gemm measured in this run count too: libraries, with weights streamed from memory. */
static void library_ways(const struct offload *o, const struct offload_work *w, struct ways *l)
{
	const struct mw_records *earlier = o->ctx->earlier;
	for (size_t i = 0; earlier && i < earlier->n; i++) {
		const struct mw_record *r = &earlier->v[i];
		if (strcmp(r->bench, "gemm") == 0 && strcmp(r->case_name, "gemv") == 0 &&
		    strcmp(r->metric, mw_metric_op_rate.name) == 0 &&
		    strcmp(mw_kv_str(&r->params, "dtype", ""), "int8") == 0 &&
		    mw_kv_int(&r->params, "n", -1) == (int64_t)w->rows &&
		    mw_kv_int(&r->params, "k", -1) == (int64_t)w->cols &&
		    (uint64_t)mw_kv_int(&r->observed, "weight_bytes", 0) >= 2 * o->llc)
			add_way(l, r, 2.0 * (double)w->rows * (double)w->cols);
	}
}

static const char *name_of(struct offload *o, const struct way *w)
{
	const struct mw_kv_list *p = &w->r->params;
	int threads = (int)mw_kv_int(p, "threads", 1);
	if (w->ops > 0)
		return offload_text(o, "gemm: %s x%d", mw_kv_str(p, "engine", "?"), threads);
	bool nt = strcmp(mw_kv_str(p, "stores", ""), "nt") == 0;
	return offload_text(o, "%s x%d%s", mw_kv_str(p, "isa", "?"), threads, nt ? " nt" : "");
}

/* A way on one thread has no state and stands in any. */
static bool stands_in(const struct way *w, const char *state)
{
	return !state_of(w->r)[0] || strcmp(state_of(w->r), state) == 0;
}

static void pick_in(struct offload *o, const struct ways *l, const char *state, struct offload_host *h)
{
	const struct way *best = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (stands_in(&l->v[i], state) &&
		    (!best || ns_of(&l->v[i], l->v[i].r->value) < ns_of(best, best->r->value)))
			best = &l->v[i];
	*h = (struct offload_host){.ns = NAN, .lo = NAN, .hi = NAN, .how = "", .ties = "", .state = state};
	if (!best)
		return;
	bool turned = best->ops > 0;
	h->ns = ns_of(best, best->r->value);
	h->lo = ns_of(best, turned ? best->r->ci_hi : best->r->ci_lo);
	h->hi = ns_of(best, turned ? best->r->ci_lo : best->r->ci_hi);
	h->how = name_of(o, best);
	h->threads = (int)mw_kv_int(&best->r->params, "threads", 1);
}

static size_t states_of(struct offload *o, const struct ways *l, const char **v)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const char *state = state_of(l->v[i].r);
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

static void pick(struct offload *o, struct offload_work *w, enum offload_cache cache)
{
	struct ways l = {.n = 0};
	const char *state[OFFLOAD_STATES];
	struct offload_host *h = w->host[cache];
	bool alone = true;
	w->n_host[cache] = 0;
	own_ways(o, w, cache, &l);
	if (cache == OFFLOAD_COLD && w->kind == &offload_gemv)
		library_ways(o, w, &l);
	size_t n = l.n ? states_of(o, &l, state) : 0;
	for (size_t i = 0; i < n; i++) {
		pick_in(o, &l, state[i], &h[i]);
		alone = alone && h[i].threads == 1;
	}
	/* One thread is best in every state: its time belongs to none. */
	if (alone && n > 0) {
		h[0].state = "";
		n = 1;
	}
	w->n_host[cache] = n;
}

void offload_host_pick(struct offload *o)
{
	for (size_t i = 0; i < o->n_work; i++)
		for (int c = 0; c < OFFLOAD_CACHES; c++)
			pick(o, &o->work[i], (enum offload_cache)c);
	o->flush_gbps[OFFLOAD_COLD] = o->flush_gbps[OFFLOAD_WARM] = NAN;
	for (size_t i = 0; i < o->seen.n; i++) {
		const struct mw_record *r = &o->seen.v[i];
		if (strcmp(r->case_name, "flush") == 0 && !isnan(r->value)) {
			bool dirty = strcmp(mw_kv_str(&r->params, offload_key_lines.name, ""), "dirty") == 0;
			double *best = &o->flush_gbps[dirty ? OFFLOAD_WARM : OFFLOAD_COLD];
			*best = isnan(*best) ? r->value : fmax(*best, r->value);
		}
	}
}
