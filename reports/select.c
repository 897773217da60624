#include "reports/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/option.h"
#include "base/core/text.h"

static const struct mw_kv *find(const struct mw_record *r, const char *key)
{
	const struct mw_kv *kv = mw_kv_find(&r->params, key);
	return kv ? kv : mw_kv_find(&r->observed, key);
}

const char *record_text(const struct mw_record *r, const char *key, struct number_text *number)
{
	const struct mw_kv *kv = find(r, key);
	if (!kv)
		return "";
	if (kv->type == MW_KV_STR)
		return kv->s;
	(void)mw_kv_text(kv, number->text, sizeof(number->text));
	return number->text;
}

const char *record_state(const struct mw_record *r, struct number_text *number)
{
	const char *state = record_text(r, "state", number);
	return strcmp(state, "one") == 0 || strcmp(state, "only") == 0 ? "" : state;
}

double record_number(const struct mw_record *r, const char *key)
{
	const struct mw_kv *kv = find(r, key);
	uint64_t bytes;
	double real;
	if (!kv)
		return (double)NAN;
	if (kv->type == MW_KV_INT)
		return (double)kv->i;
	if (kv->type == MW_KV_REAL)
		return kv->r;
	if (mw_parse_size(kv->s, &bytes) == 0)
		return (double)bytes;
	return mw_parse_real(kv->s, &real) == 0 ? real : (double)NAN;
}

static bool where_matches(const char *where, const struct mw_record *r)
{
	while (where && *where) {
		char key[64];
		struct number_text number;
		size_t len = strcspn(where, ",");
		const char *equals = memchr(where, '=', len);
		if (!equals || mw_fit(key, sizeof(key), "%.*s", (int)(equals - where), where))
			return false;
		const char *have = record_text(r, key, &number), *want = equals + 1;
		size_t want_len = (size_t)(where + len - want);
		if (strlen(have) != want_len || memcmp(have, want, want_len) != 0)
			return false;
		where += len + (where[len] == ',');
	}
	return true;
}

static bool same(const char *wanted, const char *have)
{
	return !wanted || strcmp(wanted, have) == 0;
}

static bool one_of(const char *wanted, const char *have)
{
	size_t len = strlen(have);
	for (const char *w = wanted; w && *w;) {
		size_t n = strcspn(w, "|");
		if (n == len && memcmp(w, have, len) == 0)
			return true;
		w += n + (w[n] == '|');
	}
	return !wanted;
}

/* True when two core-to-core latencies (ns) are of one topology state: the ratio is that of PROBE_RATIO in
 * base/core/visits.c. */
static bool same_state(double a, double b)
{
	return a / b < 1.6 && b / a < 1.6;
}

static bool state_matches(double wanted, const struct mw_record *r)
{
	double have = wanted > 0 ? record_number(r, "c2c_ns") : (double)NAN;
	return !isfinite(have) || same_state(have, wanted);
}

bool query_matches(const struct query *q, const struct mw_record *r)
{
	return state_matches(q->c2c_ns, r) && same(q->bench, r->bench) && same(q->case_name, r->case_name) &&
	       one_of(q->metric, r->metric) && same(q->unit, mw_unit_name(r->unit)) && where_matches(q->where, r);
}

const struct mw_record *query_best(const struct mw_records *l, const struct query *q, bool smallest)
{
	const struct mw_record *best = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (!isfinite(r->value) || !query_matches(q, r))
			continue;
		if (!best || (smallest ? r->value < best->value : r->value > best->value))
			best = r;
	}
	return best;
}

const struct mw_record *query_next(const struct mw_records *l, const struct query *q, size_t *at)
{
	while (*at < l->n) {
		const struct mw_record *r = &l->v[(*at)++];
		if (query_matches(q, r))
			return r;
	}
	return NULL;
}

/* Core-to-core latency and rounds of the record with index `at`. */
struct measured {
	double c2c_ns;
	size_t rounds, at;
};

static int by_latency(const void *a, const void *b)
{
	const struct measured *x = a, *y = b;
	return (x->c2c_ns > y->c2c_ns) - (x->c2c_ns < y->c2c_ns);
}

static size_t find_measured(const struct mw_records *l, struct measured *v)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		double c2c = record_number(&l->v[i], "c2c_ns");
		if (isfinite(c2c) && c2c > 0)
			v[n++] = (struct measured){c2c, l->v[i].n, i};
	}
	return n;
}

/* v is sorted by latency, so records of one state are a window v[low..high-1], which moves up with i. */
static double sweep(const struct measured *v, size_t n)
{
	struct measured best = {0, 0, 0};
	size_t low = 0, high = 0, rounds = 0;
	for (size_t i = 0; i < n; i++) {
		while (high < n && (high <= i || same_state(v[high].c2c_ns, v[i].c2c_ns)))
			rounds += v[high++].rounds;
		while (!same_state(v[low].c2c_ns, v[i].c2c_ns))
			rounds -= v[low++].rounds;
		if (rounds > best.rounds || (rounds == best.rounds && v[i].at < best.at))
			best = (struct measured){v[i].c2c_ns, rounds, v[i].at};
	}
	return best.c2c_ns;
}

/* The same in quadratic time, when there is no memory for a list. */
static double compare_all(const struct mw_records *l)
{
	double usual = 0;
	size_t most = 0;
	for (size_t i = 0; i < l->n; i++) {
		double c2c = record_number(&l->v[i], "c2c_ns");
		size_t rounds = 0;
		for (size_t k = 0; k < l->n && c2c > 0; k++) {
			double other = record_number(&l->v[k], "c2c_ns");
			rounds += other > 0 && same_state(other, c2c) ? l->v[k].n : 0;
		}
		if (rounds > most) {
			most = rounds;
			usual = c2c;
		}
	}
	return usual;
}

double query_usual_c2c(const struct mw_records *l)
{
	struct measured *v = l->n ? malloc(l->n * sizeof(*v)) : NULL;
	if (!v)
		return compare_all(l);
	size_t n = find_measured(l, v);
	qsort(v, n, sizeof(*v), by_latency);
	double usual = sweep(v, n);
	free(v);
	return usual;
}
