#include "reports/trends.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

const char *trend_part_name(enum trend_part part)
{
	static const char *const names[TREND_PARTS] = {
		[TREND_T_PAPER] = "paper",
		[TREND_T_EDITION] = "edition2021",
		[TREND_T_SENSITIVITY] = "sensitivity",
		[TREND_T_INDEPENDENT] = "independent",
		[TREND_T_TWENTY_YEARS] = "twenty_years",
		[TREND_T_PATTERSON] = "patterson",
		[TREND_T_TRAINING_MEMORY] = "training_memory",
		[TREND_T_BALANCE_YEARS] = "balance_years",
		[TREND_T_PREDICTION] = "prediction",
		[TREND_T_PREDICTION_YEARS] = "prediction_years",
		[TREND_T_PREDICTION_POINTS] = "prediction_points",
		[TREND_T_HOST] = "host",
		[TREND_T_USER] = "user",
	};
	return names[part];
}

/* ---- rows ---- */

static void row_fini(struct trend_row *r)
{
	free(r->series);
	free(r->source);
	free(r->note);
}

struct trend_row *trends_add(struct trends *t, enum trend_part part, const char *series, const char *note)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 128;
		struct trend_row *rows = realloc(t->rows, cap * sizeof(*rows));
		if (!rows)
			return NULL;
		t->rows = rows;
		t->cap = cap;
	}
	struct trend_row *r = &t->rows[t->n];
	*r = (struct trend_row){.part = part, .unit = "", .licence = "", .provenance = MW_REFERENCE};
	for (size_t i = 0; i < TREND_NUMBERS; i++)
		r->v[i] = (double)NAN;
	r->series = strdup(series);
	r->source = strdup("");
	r->note = strdup(note);
	if (!r->series || !r->source || !r->note) {
		row_fini(r);
		return NULL;
	}
	t->n++;
	return r;
}

int trend_row_text(char **member, const char *text)
{
	free(*member);
	*member = strdup(text);
	return *member ? 0 : -ENOMEM;
}

int trend_row_source(struct trend_row *r, const struct trend_data *d, enum trend_table table)
{
	const struct csv *c = &d->tables[table];
	r->licence = csv_cell(c, 0, csv_column(c, "licence"));
	return trend_row_text(&r->source, csv_cell(c, 0, csv_column(c, "source")));
}

int trend_row_also(struct trend_row *r, const char *what, const struct trend_data *d, enum trend_table table,
		   size_t row)
{
	const struct csv *c = &d->tables[table];
	const char *licence = csv_cell(c, row, csv_column(c, "licence"));
	struct mw_buf text = {0};
	mw_buf_add(&text, "%s; %s: %s (%s)", r->source, what, csv_cell(c, row, csv_column(c, "source")), licence);
	int rc = text.failed ? -ENOMEM : trend_row_text(&r->source, mw_buf_text(&text));
	mw_buf_fini(&text);
	if (!*r->licence)
		r->licence = licence;
	return rc;
}

void trend_row_rate(struct trend_row *r, const struct trend_rate *rate)
{
	struct trend_interval normal = trend_factor_ci(rate, 2), student = trend_factor_ci_t(rate, 2);
	r->v[TREND_RATE] = trend_factor(rate, 2);
	r->v[TREND_LO] = normal.lo;
	r->v[TREND_HI] = normal.hi;
	r->v[TREND_T_LO] = student.lo;
	r->v[TREND_T_HI] = student.hi;
	r->v[TREND_FACTOR] = trend_factor(rate, 20);
	r->v[TREND_DOUBLING] = trend_doubling(rate);
}

void trend_row_line(struct trend_row *r, const struct trend_line *line)
{
	trend_row_rate(r, &line->rate);
	r->n = line->n;
	r->v[TREND_R2] = line->r2;
	r->v[TREND_FIRST] = line->first;
	r->v[TREND_LAST] = line->last;
}

void trend_row_published(struct trend_row *r, double per_2yr, double in_20yr)
{
	if (per_2yr > 0) {
		r->v[TREND_PUBLISHED] = per_2yr;
		r->v[TREND_ERROR] = r->v[TREND_RATE] / per_2yr - 1;
	}
	if (in_20yr > 0) {
		r->v[TREND_PUBLISHED_20] = in_20yr;
		r->v[TREND_ERROR_20] = r->v[TREND_FACTOR] / in_20yr - 1;
	}
}

/* ---- series ---- */

int trends_points(const struct trends *t, const struct trend_series *s, struct trend_points *p, char *err, size_t n)
{
	int rc = trend_series_points(&t->data, s, p, err, n);
	trend_points_window(p, t->from > 0 ? t->from : -(double)INFINITY, t->to > 0 ? t->to : (double)INFINITY);
	return rc;
}

int trends_line(const struct trends *t, const char *series, struct trend_points *p, struct trend_line *l)
{
	int rc = trends_points(t, trend_series_find(series), p, NULL, 0);
	if (rc == 0)
		rc = trend_fit(p, l);
	if (rc == -ENOMEM)
		trend_points_fini(p);
	return rc;
}

static int add_series(struct trends *t, const struct trend_series *s, char *err, size_t n)
{
	static const enum trend_part parts[] = {
		[TREND_PAPER] = TREND_T_PAPER,
		[TREND_EDITION] = TREND_T_EDITION,
		[TREND_SENSITIVITY] = TREND_T_SENSITIVITY,
		[TREND_INDEPENDENT] = TREND_T_INDEPENDENT,
	};
	struct trend_points p;
	struct trend_line l;
	char few[160];
	int rc = trends_points(t, s, &p, err, n);
	int fit = rc == 0 ? trend_fit(&p, &l) : rc;
	mw_format(few, sizeof(few), "%s: %zu point%s left, no line", s->words, p.n, p.n == 1 ? "" : "s");
	struct trend_row *r = rc == 0 ? trends_add(t, parts[s->set], s->name, fit == 0 ? s->words : few) : NULL;
	if (rc == 0)
		rc = !r || fit == -ENOMEM ? -ENOMEM : trend_row_source(r, &t->data, s->table);
	if (rc == 0 && fit == 0) {
		trend_row_line(r, &l);
		if (s->short_lived)
			r->v[TREND_FACTOR] = (double)NAN;
		trend_row_published(r, s->published, s->published_20yr);
		if (s->drawn > 0)
			r->v[TREND_DRAWN] = s->drawn;
		/* Published rates are of all points: no error for a part of them. */
		if (t->from > 0 || t->to > 0)
			r->v[TREND_ERROR] = r->v[TREND_ERROR_20] = (double)NAN;
	} else if (rc == 0) {
		r->n = p.n;
		r->provenance = MW_UNAVAILABLE;
	}
	trend_points_fini(&p);
	return rc;
}

static int add_set(struct trends *t, enum trend_set set, char *err, size_t n)
{
	int rc = 0;
	for (const struct trend_series *s = trend_series; s->name && rc == 0; s++)
		if (s->set == set)
			rc = add_series(t, s, err, n);
	return rc;
}

/* ---- all of it ---- */

int trends_open(const struct trends_options *opt, struct trends *out, char *err, size_t n)
{
	char day[11] = "";
	*out = (struct trends){.from = opt->from, .to = opt->to, .host_date = (double)NAN};
	if (opt->host && opt->host->info.started)
		mw_format(day, sizeof(day), "%.10s", opt->host->info.started); /* without the time of day */
	if (trend_date(day, &out->host_date) != 0)
		out->host_date = (double)NAN;
	if (n)
		err[0] = '\0';
	int rc = trend_data_open(&out->data, err, n);
	for (int set = TREND_PAPER; set <= TREND_INDEPENDENT && rc == 0; set++)
		rc = add_set(out, (enum trend_set)set, err, n);
	if (rc == 0)
		rc = trends_add_wall(out, err, n);
	if (rc == 0)
		rc = trends_add_published(out, err, n);
	if (rc == 0)
		rc = trends_add_host(out, opt);
	if (rc == 0 && opt->user)
		rc = trends_add_user(out, opt->user, err, n);
	if (rc == -ENOMEM && n && !err[0])
		(void)mw_fail(rc, err, n, "out of memory");
	return rc;
}

void trends_fini(struct trends *t)
{
	for (size_t i = 0; i < t->n; i++)
		row_fini(&t->rows[i]);
	free(t->rows);
	trend_data_fini(&t->data);
	*t = (struct trends){0};
}

const struct trend_row *trends_find(const struct trends *t, const char *series)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].series, series) == 0)
			return &t->rows[i];
	return NULL;
}

void trends_select(struct trends *t, const char *pattern)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (fnmatch(pattern, t->rows[i].series, 0) == 0)
			t->rows[kept++] = t->rows[i];
		else
			row_fini(&t->rows[i]);
	}
	t->n = kept;
}

size_t trends_fitted(const struct trends *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->rows[i].n >= 2 && isfinite(t->rows[i].v[TREND_RATE]);
	return n;
}
