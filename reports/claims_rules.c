/* Finds the evaluator of a claim; functions that the evaluators share. */
#include "reports/claims_rules.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

extern const char mw_data_energy_horowitz45nm_csv[];
extern const size_t mw_data_energy_horowitz45nm_csv_size;

static const struct claim_rule *const tables[] = {
	claim_rules_fit,      claim_rules_energy, claim_rules_model,   claim_rules_memory,
	claim_rules_measured, claim_rules_cited,  claim_rules_machine,
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

/* Rule i over all tables, or NULL. */
static const struct claim_rule *rule_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct claim_rule *r = tables[t]; r->id; r++)
			if (i-- == 0)
				return r;
	return NULL;
}

const char *claim_rule_id(size_t i)
{
	const struct claim_rule *r = rule_at(i);
	return r ? r->id : NULL;
}

static const struct claim_rule *rule_of(const char *id)
{
	const struct claim_rule *r;
	for (size_t i = 0; (r = rule_at(i)); i++)
		if (strcmp(r->id, id) == 0)
			return r;
	return NULL;
}

/* ---- facts ---- */

int claims_facts_open(struct claims_facts *f, char *err, size_t n)
{
	*f = (struct claims_facts){.measured_words = "no results.json was read"};
	int rc = claims_open(&f->claims, err, n);
	if (rc == 0)
		rc = trend_data_open(&f->trends, err, n);
	if (rc == 0)
		rc = profile_open(&f->profile, err, n);
	if (rc == 0)
		rc = csv_parse("energy_horowitz45nm.csv", mw_data_energy_horowitz45nm_csv,
			       mw_data_energy_horowitz45nm_csv_size, &f->horowitz, err, n);
	return rc;
}

void claims_facts_close(struct claims_facts *f)
{
	claims_close(&f->claims);
	trend_data_fini(&f->trends);
	profile_close(&f->profile);
	csv_fini(&f->horowitz);
}

/* ---- findings ---- */

void claim_finding_fini(struct claim_finding *f)
{
	mw_buf_fini(&f->found);
	mw_buf_fini(&f->why);
	mw_buf_fini(&f->evidence);
	mw_buf_fini(&f->command);
}

int claim_evaluate(const struct claims_facts *f, const struct claim *c, struct claim_finding *out, char *err, size_t n)
{
	struct claim_case k = {.facts = f, .claim = c, .out = out, .err = err, .n = n};
	*out = (struct claim_finding){.value = (double)NAN,
				      .lo = (double)NAN,
				      .hi = (double)NAN,
				      .provenance = MW_UNAVAILABLE,
				      .verdict = CLAIM_UNCHECKED};
	const struct claim_rule *rule = rule_of(c->id);
	if (!rule)
		return mw_fail(MW_EFORMAT, err, n, "claims.csv: nothing evaluates claim %s", c->id);
	int rc = rule->find(&k);
	if (rc == 0 && (out->found.failed || out->why.failed || out->evidence.failed || out->command.failed))
		rc = -ENOMEM;
	return rc;
}

void claim_value(struct claim_case *k, double value, double lo, double hi, enum mw_provenance p)
{
	struct claim_finding *f = k->out;
	f->value = value;
	f->lo = lo;
	f->hi = hi;
	f->provenance = p;
	f->verdict = claim_judge(k->claim, value, lo, hi);
	const char *space = k->claim->unit[0] && k->claim->unit[0] != '%' ? " " : "";
	claim_found(k, "%s%s%s", num(value).text, *space ? space : " ", k->claim->unit);
	if (isfinite(lo) && isfinite(hi))
		mw_buf_add(&f->found, " [%s .. %s]", num(lo).text, num(hi).text);
}

void claim_plain(struct claim_case *k, double value, enum mw_provenance p)
{
	claim_value(k, value, (double)NAN, (double)NAN, p);
}

void claim_states(struct claim_case *k, bool holds, double value, enum mw_provenance p)
{
	k->out->value = value;
	k->out->provenance = p;
	k->out->verdict = holds ? CLAIM_HOLDS : CLAIM_DIFFERS;
}

static void add(struct mw_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void add(struct mw_buf *b, const char *fmt, va_list ap)
{
	if (b->len)
		mw_buf_add(b, "; ");
	mw_buf_vadd(b, fmt, ap);
}

void claim_found(struct claim_case *k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(&k->out->found, fmt, ap);
	va_end(ap);
}

void claim_evidence(struct claim_case *k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(&k->out->evidence, fmt, ap);
	va_end(ap);
}

void claim_command(struct claim_case *k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(&k->out->command, fmt, ap);
	va_end(ap);
}

void claim_cannot(struct claim_case *k, const char *fmt, ...)
{
	va_list ap;
	k->out->verdict = CLAIM_UNCHECKED;
	va_start(ap, fmt);
	add(&k->out->why, fmt, ap);
	va_end(ap);
}

/* ---- look-ups ---- */

int claim_other(const struct claim_case *k, const char *id, const struct claim **out)
{
	*out = claims_find(&k->facts->claims, id);
	return *out ? 0
		    : mw_fail(MW_EFORMAT, k->err, k->n, "%s: claim %s needs claim %s, which is not there",
			      k->facts->claims.csv.name, k->claim->id, id);
}

/* Does the row hold what `where` says, "column=value;column=value"? MW_EFORMAT for a column that is not there. */
static int row_matches(const struct claim_case *k, const struct csv *table, size_t row, const char *where)
{
	for (const char *p = where; *p;) {
		char pair[160];
		int at = -1;
		size_t len = strcspn(p, ";");
		mw_format(pair, sizeof(pair), "%.*s", (int)len, p);
		p += len + (p[len] == ';');
		char *value = strchr(pair, '=');
		if (!value)
			return mw_fail(MW_EFORMAT, k->err, k->n, "claim %s: '%s' names no value", k->claim->id, pair);
		*value++ = '\0';
		int rc = csv_need(table, pair, &at, k->err, k->n);
		if (rc < 0)
			return rc;
		if (strcmp(csv_cell(table, row, at), value) != 0)
			return 0;
	}
	return 1;
}

int claim_cell(const struct claim_case *k, const struct csv *table, const char *where, const char *column, double *out)
{
	int at = -1;
	int rc = csv_need(table, column, &at, k->err, k->n);
	for (size_t row = 0; row < table->n_rows && rc == 0; row++) {
		rc = row_matches(k, table, row, where);
		if (rc == 1)
			rc = csv_number(table, row, at, out, k->err, k->n);
	}
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return mw_fail(MW_EFORMAT, k->err, k->n, "%s: no row with %s has a number in column %s", table->name, where,
		       column);
}

int claim_fit(const struct claim_case *k, const char *series, struct trend_line *out)
{
	const struct trend_series *s = trend_series_find(series);
	struct trend_points points = {0};
	if (!s)
		return mw_fail(MW_EFORMAT, k->err, k->n, "claim %s: no series '%s'", k->claim->id, series);
	int rc = trend_series_points(&k->facts->trends, s, &points, k->err, k->n);
	if (rc == 0)
		rc = trend_fit(&points, out);
	if (rc == -EINVAL)
		rc = mw_fail(MW_EFORMAT, k->err, k->n, "series %s: fewer than two dates", series);
	trend_points_fini(&points);
	return rc;
}
