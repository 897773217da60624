#include "reports/select.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/option.h"

static const struct mw_kv *find(const struct mw_record *r, const char *key)
{
	const struct mw_kv *kv = mw_kv_find(&r->params, key);
	return kv ? kv : mw_kv_find(&r->observed, key);
}

const char *record_text(const struct mw_record *r, const char *key, char *out, size_t n)
{
	const struct mw_kv *kv = find(r, key);
	if (!kv)
		(void)snprintf(out, n, "%s", "");
	else if (kv->type == MW_KV_INT)
		(void)snprintf(out, n, "%" PRId64, kv->i);
	else if (kv->type == MW_KV_REAL)
		(void)snprintf(out, n, "%.9g", kv->r);
	else
		(void)snprintf(out, n, "%s", kv->s);
	return out;
}

const char *record_state(const struct mw_record *r, char *out, size_t n)
{
	(void)record_text(r, "state", out, n);
	if (strcmp(out, "one") == 0 || strcmp(out, "only") == 0)
		(void)snprintf(out, n, "%s", "");
	return out;
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
		char pair[128], value[80];
		size_t len = strcspn(where, ",");
		(void)snprintf(pair, sizeof(pair), "%.*s", (int)len, where);
		char *equals = strchr(pair, '=');
		if (!equals)
			return false;
		*equals = '\0';
		if (strcmp(record_text(r, pair, value, sizeof(value)), equals + 1) != 0)
			return false;
		where += len + (where[len] == ',');
	}
	return true;
}

static bool same(const char *wanted, const char *have)
{
	return !wanted || strcmp(wanted, have) == 0;
}

/* Two latencies of one state, as the rounds of a benchmark are told apart. */
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
	       same(q->metric, r->metric) && same(q->unit, mw_unit_name(r->unit)) && where_matches(q->where, r);
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

double query_usual_c2c(const struct mw_records *l)
{
	double usual = 0;
	size_t most = 0;
	for (size_t i = 0; i < l->n; i++) {
		double c2c = record_number(&l->v[i], "c2c_ns");
		size_t rounds = 0;
		for (size_t k = 0; k < l->n && isfinite(c2c); k++)
			if (same_state(record_number(&l->v[k], "c2c_ns"), c2c)) /* NaN is like nothing */
				rounds += l->v[k].n;
		if (rounds > most) {
			most = rounds;
			usual = c2c;
		}
	}
	return usual;
}
