#include "reports/print.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/disturbance.h"
#include "reports/headline.h"
#include "reports/json.h"

const char *print_value(double v, char *out, size_t n)
{
	if (!isfinite(v))
		mw_format(out, n, "-");
	else if (v != 0 && (fabs(v) < 1e-3 || fabs(v) >= 1e9))
		mw_format(out, n, "%.3e", v);
	else if (fabs(v) >= 1000)
		mw_format(out, n, "%.0f", v);
	else
		mw_format(out, n, "%.4g", v);
	return out;
}

double unit_scale(enum mw_unit unit, double v, const char **name)
{
	static const struct {
		double from, scale;
		const char *name;
	} steps[] = {{1e10, 1e-9, "s"}, {1e7, 1e-6, "ms"}, {1e4, 1e-3, "µs"}};
	*name = mw_unit_name(unit);
	for (size_t i = 0; unit == MW_NS && i < sizeof(steps) / sizeof(*steps); i++) {
		if (fabs(v) >= steps[i].from) {
			*name = steps[i].name;
			return steps[i].scale;
		}
	}
	return 1;
}

/* ---- every field, for programs ---- */

static const struct grid_column contract[] = {
	{"bench", NULL, false},  {"case", NULL, false}, {"metric", NULL, false},     {"unit", NULL, false},
	{"value", NULL, true},   {"ci_lo", NULL, true}, {"ci_hi", NULL, true},       {"min", NULL, true},
	{"max", NULL, true},     {"n", NULL, true},     {"provenance", NULL, false}, {"source", NULL, false},
	{"params", NULL, false}, {"id", NULL, false},   {"state", NULL, false},      {"observed", NULL, false},
	{"note", NULL, false},
};

enum { CONTRACT_COLUMNS = sizeof(contract) / sizeof(contract[0]) };

/* Writes v: whole numbers with all digits, as far as a double is exact. */
static const char *exact(double v, char *out, size_t n)
{
	out[0] = '\0';
	if (isfinite(v) && v == floor(v) && fabs(v) < 0x1p53)
		mw_format(out, n, "%.0f", v);
	else if (isfinite(v))
		mw_format(out, n, "%.9g", v);
	return out;
}

static int print_contract_row(FILE *f, const struct mw_record *r)
{
	char value[32], lo[32], hi[32], min[32], max[32], count[24];
	char *params = mw_kv_format(&r->params), *observed = mw_kv_format(&r->observed), *id = mw_record_id(r);
	mw_format(count, sizeof(count), "%zu", r->n);
	const char *cells[] = {
		r->bench,
		r->case_name,
		r->metric,
		mw_unit_name(r->unit),
		exact(r->value, value, sizeof(value)),
		exact(r->ci_lo, lo, sizeof(lo)),
		exact(r->ci_hi, hi, sizeof(hi)),
		exact(r->min, min, sizeof(min)),
		exact(r->max, max, sizeof(max)),
		count,
		mw_provenance_name(r->provenance),
		r->source,
		params,
		id,
		mw_kv_str(&r->params, "state", ""),
		observed,
		r->note,
	};
	int rc = params && observed && id ? csv_row(f, contract, CONTRACT_COLUMNS, cells) : -ENOMEM;
	free(params);
	free(observed);
	free(id);
	return rc;
}

/* ---- the same for people ---- */

static const struct grid_column readable[] = {
	{"id", NULL, false},
	{"value", NULL, true},
	{"unit", NULL, false},
	{"ci95", "95 % interval [range]", true},
	{"n", NULL, true},
	{"provenance", NULL, false},
	{"source", "source or reason", false},
};

/* The interval of what was measured, or the range of what was modelled. */
static const char *interval(const struct mw_record *r, char *out, size_t n)
{
	char lo[32], hi[32];
	out[0] = '\0';
	if (isfinite(r->ci_lo) && isfinite(r->ci_hi))
		mw_format(out, n, "%s .. %s", print_value(r->ci_lo, lo, sizeof(lo)),
			  print_value(r->ci_hi, hi, sizeof(hi)));
	else if (r->provenance == MW_MODELLED && isfinite(r->min) && isfinite(r->max) && r->min < r->max)
		mw_format(out, n, "[%s .. %s]", print_value(r->min, lo, sizeof(lo)),
			  print_value(r->max, hi, sizeof(hi)));
	return out;
}

static int add_readable_row(struct grid *g, const struct mw_record *r)
{
	char value[32], ci[72], count[24];
	char *id = mw_record_id(r);
	struct mw_buf remark = record_warnings(r);
	if (r->provenance == MW_UNAVAILABLE)
		mw_buf_clear(&remark);
	const char *why = r->provenance == MW_UNAVAILABLE ? r->note : r->source;
	mw_buf_add(&remark, "%s%s", remark.len && *why ? "; " : "", why);
	mw_format(count, sizeof(count), "%zu", r->n);
	const char *cells[] = {
		id,    print_value(r->value, value, sizeof(value)), mw_unit_name(r->unit), interval(r, ci, sizeof(ci)),
		count, mw_provenance_name(r->provenance),           mw_buf_text(&remark),
	};
	int rc = id && !remark.failed ? grid_add(g, cells) : -ENOMEM;
	mw_buf_fini(&remark);
	free(id);
	return rc;
}

static int print_json_records(FILE *f, const struct mw_records *l)
{
	int failed = 0;
	json_t *list = json_array();
	for (size_t i = 0; i < l->n; i++) {
		json_t *one = json_from_record(&l->v[i]);
		char *id = mw_record_id(&l->v[i]);
		json_put(one, "id", id ? json_text(id) : NULL, &failed);
		free(id);
		failed += json_array_append_new(list, one) != 0;
	}
	return json_print(f, list, failed != 0);
}

int print_selects(const char *pattern, const struct mw_record *r)
{
	char *id = mw_record_id(r);
	if (!id)
		return -ENOMEM;
	bool matches = fnmatch(pattern, id, 0) == 0;
	id[strlen(r->bench) + strlen(r->case_name) + strlen(r->metric) + 2] = '\0'; /* without {params} */
	matches = matches || fnmatch(pattern, id, 0) == 0;
	free(id);
	return matches;
}

static int print_csv_records(FILE *f, const struct mw_records *l)
{
	int rc = csv_row(f, contract, CONTRACT_COLUMNS, NULL);
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = print_contract_row(f, &l->v[i]);
	return rc ? rc : ferror(f) ? -EIO : 0;
}

int print_records(FILE *f, const struct mw_records *l, enum print_format format)
{
	struct grid g;
	int rc = 0;
	if (format == PRINT_JSON)
		return print_json_records(f, l);
	if (format == PRINT_CSV)
		return print_csv_records(f, l);
	grid_init(&g, readable, sizeof(readable) / sizeof(*readable));
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = add_readable_row(&g, &l->v[i]);
	if (rc == 0)
		rc = grid_print(f, &g, format);
	grid_fini(&g);
	return rc;
}
