/* Points of a user, fitted alone and, where their series is one of ours, together with its points. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/trends.h"

enum { SERIES_MAX = 200, NAME_MAX_BYTES = 100 };

struct columns {
	int series, date, value, name;
};

static int find_columns(const struct csv *c, struct columns *at, char *err, size_t n)
{
	int rc = csv_need(c, "series", &at->series, err, n);
	if (rc == 0)
		rc = csv_need(c, "date", &at->date, err, n);
	if (rc == 0)
		rc = csv_need(c, "value", &at->value, err, n);
	at->name = csv_column(c, "name");
	if (rc == 0 && c->n_rows == 0)
		rc = mw_fail(MW_EFORMAT, err, n, "%s: a header and no points", c->name);
	return rc;
}

static int read_point(const struct csv *c, const struct columns *at, size_t row, double *date, double *value, char *err,
		      size_t n)
{
	const char *series = csv_cell(c, row, at->series), *text = csv_cell(c, row, at->date);
	char shown[84];
	if (!*series || strlen(series) > NAME_MAX_BYTES)
		return mw_fail(MW_EFORMAT, err, n, "%s:%zu: column 'series': expected a name of 1 to %d bytes", c->name,
			       csv_line(c, row), NAME_MAX_BYTES);
	(void)mw_escape(text, shown, sizeof(shown));
	if (trend_date(text, date) < 0)
		return mw_fail(
			MW_EFORMAT, err, n,
			"%s:%zu: column 'date': '%s' is no date, expected YYYY, YYYY-MM, YYYY-MM-DD or a decimal "
			"year of 1900 to 2199",
			c->name, csv_line(c, row), shown);
	int rc = csv_number(c, row, at->value, value, err, n);
	if (rc < 0)
		return rc;
	(void)mw_escape(csv_cell(c, row, at->value), shown, sizeof(shown));
	if (!(*value > 0))
		return mw_fail(MW_EFORMAT, err, n,
			       "%s:%zu: column 'value': '%s', expected a positive number: growth is fitted on "
			       "logarithms",
			       c->name, csv_line(c, row), shown);
	return 0;
}

/* Points of one series, within the window. */
static int points_of(const struct trends *t, const struct csv *c, const struct columns *at, const char *series,
		     struct trend_points *p, char *err, size_t n)
{
	int rc = 0;
	for (size_t row = 0; row < c->n_rows && rc == 0; row++) {
		double date = 0, value = 0;
		if (strcmp(csv_cell(c, row, at->series), series) != 0)
			continue;
		rc = read_point(c, at, row, &date, &value, err, n);
		if (rc == 0)
			rc = trend_points_add(p, date, value, csv_cell(c, row, at->name));
	}
	trend_points_window(p, t->from > 0 ? t->from : -(double)INFINITY, t->to > 0 ? t->to : (double)INFINITY);
	return rc;
}

/* A row named before, series, after: "user.S", "S+user" or "user/S". */
static struct trend_row *add_row(struct trends *t, const char *before, const char *series, const char *after,
				 const char *note, const char *path)
{
	struct mw_buf name = {0};
	mw_buf_add(&name, "%s%s%s", before, series, after);
	struct trend_row *r = name.failed ? NULL : trends_add(t, TREND_T_USER, mw_buf_text(&name), note);
	mw_buf_fini(&name);
	if (!r)
		return NULL;
	r->licence = "user";
	return trend_row_text(&r->source, path) == 0 ? r : NULL;
}

/* The rate of the user's points over the rate of ours, with the interval of Student's t. */
static int add_change(struct trends *t, const char *path, const struct trend_series *s, const struct trend_line *own,
		      const struct trend_line *ours)
{
	const struct trend_rate change = trend_ratio(&own->rate, &ours->rate);
	struct trend_row *r = add_row(t, "user/", s->name, "", "rate of the user's points / rate of ours", path);
	if (!r)
		return -ENOMEM;
	trend_row_rate(r, &change);
	r->n = own->n + ours->n;
	r->v[TREND_FACTOR] = r->v[TREND_DOUBLING] = (double)NAN;
	r->v[TREND_LO] = r->v[TREND_T_LO];
	r->v[TREND_HI] = r->v[TREND_T_HI];
	return 0;
}

/* The user's rate over ours, and a fit of both sets of points together. */
static int add_beside(struct trends *t, const char *path, const struct trend_series *s, struct trend_points *own,
		      const struct trend_line *own_line)
{
	struct trend_points ours = {0};
	struct trend_line line = {.n = 0}, both = {.n = 0};
	int alone = trends_line(t, s->name, &ours, &line), rc = alone == -ENOMEM ? alone : 0;
	if (alone == 0)
		rc = add_change(t, path, s, own_line, &line);
	for (size_t i = 0; i < own->n && rc == 0; i++)
		rc = trend_points_add(&ours, own->v[i].date, own->v[i].value, own->v[i].name);
	if (rc == 0)
		rc = trend_fit(&ours, &both);
	if (rc == 0) {
		struct trend_row *r = add_row(t, "", s->name, "+user", "points of the user and ours", path);
		if (r) {
			trend_row_line(r, &both);
			trend_row_published(r, s->published, s->published_20yr);
		}
		rc = r ? 0 : -ENOMEM;
	}
	trend_points_fini(&ours);
	return rc;
}

static int add_series(struct trends *t, const struct csv *c, const struct columns *at, const char *series,
		      const char *path, char *err, size_t n)
{
	struct trend_points own = {0};
	struct trend_line line = {.n = 0};
	const struct trend_series *s = trend_series_find(series);
	char shown[MW_ESCAPED(NAME_MAX_BYTES)];
	(void)mw_escape(series, shown, sizeof(shown));
	int rc = points_of(t, c, at, series, &own, err, n);
	if (rc == 0)
		rc = trend_fit(&own, &line);
	if (rc == -EINVAL)
		rc = mw_fail(MW_EFORMAT, err, n,
			     "%s: series '%s' has %zu point%s of one date%s, expected at least two dates", c->name,
			     shown, own.n, own.n == 1 ? "" : "s",
			     t->from > 0 || t->to > 0 ? " within --from and --to" : "");
	struct trend_row *r = rc == 0 ? add_row(t, "user.", series, "", "points of the user", path) : NULL;
	rc = rc == 0 && !r ? -ENOMEM : rc;
	if (rc == 0) {
		trend_row_line(r, &line);
		if (s)
			trend_row_published(r, s->published, s->published_20yr);
	}
	if (rc == 0 && s)
		rc = add_beside(t, path, s, &own, &line);
	trend_points_fini(&own);
	return rc;
}

/* All rows are read once before any is fitted, so that the first bad line is reported. */
static int check_rows(const struct csv *c, const struct columns *at, char *err, size_t n)
{
	for (size_t row = 0; row < c->n_rows; row++) {
		double date = 0, value = 0;
		int rc = read_point(c, at, row, &date, &value, err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int trends_add_user(struct trends *t, const char *path, char *err, size_t n)
{
	struct csv c;
	struct columns at = {-1, -1, -1, -1};
	const char *seen[SERIES_MAX];
	size_t n_seen = 0;
	int rc = csv_read(path, &c, err, n);
	if (rc == 0)
		rc = find_columns(&c, &at, err, n);
	if (rc == 0)
		rc = check_rows(&c, &at, err, n);
	for (size_t row = 0; row < c.n_rows && rc == 0; row++) {
		const char *series = csv_cell(&c, row, at.series);
		size_t i = 0;
		while (i < n_seen && strcmp(seen[i], series) != 0)
			i++;
		if (i < n_seen)
			continue;
		if (n_seen == SERIES_MAX)
			rc = mw_fail(MW_EFORMAT, err, n, "%s:%zu: more than %d series", c.name, csv_line(&c, row),
				     SERIES_MAX);
		else
			rc = add_series(t, &c, &at, series, path, err, n);
		seen[n_seen < SERIES_MAX ? n_seen++ : 0] = series;
	}
	csv_fini(&c);
	return rc;
}
