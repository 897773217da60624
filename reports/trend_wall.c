/* Machine balance (FLOP per byte), its value in each year, and whether the wall kept its rate after 2022. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/trends.h"

/* ---- balance: a ratio of two lines ---- */

static int add_balance(struct trends *t, const char *name, const char *words, const char *over)
{
	struct trend_points a = {0}, b = {0};
	struct trend_line flops, other;
	int first = trends_line(t, "hw_flops", &a, &flops), second = trends_line(t, over, &b, &other);
	int rc = first == -ENOMEM || second == -ENOMEM ? -ENOMEM : 0;
	struct trend_row *r = rc == 0 ? trends_add(t, TREND_T_PAPER, name, words) : NULL;
	if (rc == 0)
		rc = r ? trend_row_source(r, &t->data, TREND_HW_FLOPS) : -ENOMEM;
	if (rc == 0 && first == 0 && second == 0) {
		struct trend_rate ratio = trend_ratio(&flops.rate, &other.rate);
		trend_row_rate(r, &ratio);
		r->n = flops.n + other.n;
		r->v[TREND_FIRST] = fmax(flops.first, other.first);
		r->v[TREND_LAST] = fmin(flops.last, other.last);
	} else if (rc == 0) {
		r->provenance = MW_UNAVAILABLE;
	}
	trend_points_fini(&a);
	trend_points_fini(&b);
	return rc;
}

/* ---- balance by year ---- */

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Median and range of n values, which are sorted. */
static void describe_values(struct trend_row *r, double *v, size_t n)
{
	qsort(v, n, sizeof(*v), rising);
	r->n = n;
	r->v[TREND_VALUE] = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	r->v[TREND_VALUE_LO] = v[0];
	r->v[TREND_VALUE_HI] = v[n - 1];
}

/* values: room for all chips. A year without chips and outside of the lines has no row. */
static int add_year(struct trends *t, int year, const struct trend_points *chips, double *values,
		    const struct trend_line *flops, const struct trend_line *dram)
{
	char series[40];
	double middle = year + 0.5;
	size_t n = 0;
	bool drawn = flops && middle >= fmax(flops->first, dram->first) - 0.5 &&
		     middle <= fmin(flops->last, dram->last) + 0.5;
	for (size_t i = 0; i < chips->n; i++)
		if ((int)floor(chips->v[i].date) == year)
			values[n++] = chips->v[i].value;
	if (n == 0 && !drawn)
		return 0;
	mw_format(series, sizeof(series), "balance.%d", year);
	struct trend_row *r = trends_add(t, TREND_T_BALANCE_YEARS, series,
					 "line: of the paper's points, at mid-year; value: median of Epoch's chips of "
					 "the year, with their range");
	if (!r)
		return -ENOMEM;
	r->unit = "FLOP/byte";
	r->v[TREND_YEAR] = year;
	if (drawn)
		r->v[TREND_LINE] = trend_at(flops, middle) / trend_at(dram, middle);
	if (n)
		describe_values(r, values, n);
	int rc = trend_row_source(r, &t->data, n ? TREND_EPOCH_HARDWARE : TREND_HW_FLOPS);
	return rc == 0 && n && drawn ? trend_row_also(r, "line", &t->data, TREND_HW_FLOPS, 0) : rc;
}

static int add_years(struct trends *t)
{
	enum { FIRST = 1990, LAST = 2040 };
	struct trend_points a = {0}, b = {0}, chips = {0};
	struct trend_line flops, dram, balance;
	int first = trends_line(t, "hw_flops", &a, &flops), second = trends_line(t, "dram_bw", &b, &dram);
	int third = trends_line(t, "epoch_dc.balance", &chips, &balance);
	bool lines = first == 0 && second == 0;
	int rc = first == -ENOMEM || second == -ENOMEM || third == -ENOMEM ? -ENOMEM : 0;
	double *values = malloc((chips.n + 1) * sizeof(*values));
	if (!values)
		rc = -ENOMEM;
	for (int year = FIRST; year <= LAST && rc == 0; year++)
		rc = add_year(t, year, &chips, values, lines ? &flops : NULL, lines ? &dram : NULL);
	free(values);
	trend_points_fini(&a);
	trend_points_fini(&b);
	trend_points_fini(&chips);
	return rc;
}

/* ---- chips since 2023 ---- */

/* Fills in count, mean and share of the points of a year; returns how many lie within their 95 % interval. */
static int is_in_year(const struct trend_points *p, const struct trend_forecast *f, int year, struct trend_row *r)
{
	size_t inside = 0;
	double log_sum = 0;
	for (size_t i = 0; i < p->n; i++) {
		double date = p->v[i].date;
		if ((int)floor(date) != year)
			continue;
		struct trend_interval ci = trend_predict(&f->before, date, 0.95);
		inside += p->v[i].value >= ci.lo && p->v[i].value <= ci.hi;
		log_sum += log2(p->v[i].value / trend_at(&f->before, date));
		r->n++;
	}
	if (r->n) {
		r->v[TREND_VALUE] = exp2(log_sum / (double)r->n);
		r->v[TREND_SHARE] = (double)inside / (double)r->n;
	}
	return (int)inside;
}

static int add_forecast_years(struct trends *t, const char *name, const struct trend_points *p,
			      const struct trend_forecast *f)
{
	for (int year = TREND_CUT; year < TREND_END; year++) {
		char series[80], note[120];
		mw_format(series, sizeof(series), "prediction.%s.%d", name, year);
		struct trend_row *r = trends_add(t, TREND_T_PREDICTION_YEARS, series, "");
		if (!r)
			return -ENOMEM;
		int inside = is_in_year(p, f, year, r);
		mw_format(note, sizeof(note), r->n ? "%d of %zu within" : "no points", inside, r->n);
		r->v[TREND_YEAR] = year;
		r->unit = "x the line";
		if (!r->n)
			r->provenance = MW_UNAVAILABLE;
		if (trend_row_text(&r->note, note) < 0 || trend_row_source(r, &t->data, TREND_EPOCH_HARDWARE) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_forecast_points(struct trends *t, const char *name, const char *unit, const struct trend_points *p,
			       const struct trend_forecast *f)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct trend_point *v = &p->v[i];
		char series[160];
		if (v->date < TREND_CUT || v->date >= TREND_END)
			continue;
		struct trend_interval ci = trend_predict(&f->before, v->date, 0.95);
		mw_format(series, sizeof(series), "prediction.%s.%s", name, v->name);
		struct trend_row *r = trends_add(t, TREND_T_PREDICTION_POINTS, series,
						 v->value > ci.hi   ? "above"
						 : v->value < ci.lo ? "below"
								    : "within");
		if (!r)
			return -ENOMEM;
		r->unit = unit;
		r->n = 1;
		r->v[TREND_YEAR] = v->date;
		r->v[TREND_VALUE] = v->value;
		r->v[TREND_VALUE_LO] = ci.lo;
		r->v[TREND_VALUE_HI] = ci.hi;
		r->v[TREND_LINE] = trend_at(&f->before, v->date);
		if (trend_row_source(r, &t->data, TREND_EPOCH_HARDWARE) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One of before, after, change; NULL when memory is out. */
static struct trend_row *add_forecast_row(struct trends *t, const char *name, const char *what, const char *note)
{
	char series[80];
	mw_format(series, sizeof(series), "prediction.%s.%s", name, what);
	struct trend_row *r = trends_add(t, TREND_T_PREDICTION, series, note);
	return r && trend_row_source(r, &t->data, TREND_EPOCH_HARDWARE) == 0 ? r : NULL;
}

static int add_forecast_level(struct trends *t, const char *name, const struct trend_forecast *f)
{
	char note[160];
	const char *where = f->level_ci.hi < 1 ? "below" : f->level_ci.lo > 1 ? "above" : "on it";
	mw_format(note, sizeof(note), "x%.2g the old line (%.2g..%.2g): %s", f->level, f->level_ci.lo, f->level_ci.hi,
		  where);
	struct trend_row *r = add_forecast_row(t, name, "level", note);
	if (!r)
		return -ENOMEM;
	r->n = f->later;
	r->unit = "x the line";
	r->v[TREND_VALUE] = f->level;
	r->v[TREND_VALUE_LO] = f->level_ci.lo;
	r->v[TREND_VALUE_HI] = f->level_ci.hi;
	return 0;
}

static int add_forecast_rates(struct trends *t, const char *name, const struct trend_forecast *f)
{
	char note[160];
	struct trend_row *r = add_forecast_row(t, name, "to_2022", "points to the end of 2022");
	if (!r)
		return -ENOMEM;
	trend_row_line(r, &f->before);
	mw_format(note, sizeof(note), "%zu of %zu within, %zu above, %zu below", f->inside, f->later, f->above,
		  f->below);
	r = add_forecast_row(t, name, "from_2023", note);
	if (!r)
		return -ENOMEM;
	r->v[TREND_SHARE] = (double)f->inside / (double)f->later;
	if (isfinite(f->after.rate.slope) && f->after.sxx > 0)
		trend_row_line(r, &f->after);
	r->n = f->later;
	mw_format(note, sizeof(note), "rate after / before: %s", trend_verdict_name(f->verdict));
	r = add_forecast_row(t, name, "change", note);
	if (!r)
		return -ENOMEM;
	r->n = f->before.n + f->later;
	if (f->after.sxx > 0) {
		trend_row_rate(r, &f->change); /* LO and HI are Student's as well, below */
		r->v[TREND_FACTOR] = r->v[TREND_DOUBLING] = (double)NAN;
		r->v[TREND_LO] = r->v[TREND_T_LO] = f->change_ci.lo;
		r->v[TREND_HI] = r->v[TREND_T_HI] = f->change_ci.hi;
	}
	return add_forecast_level(t, name, f);
}

static int add_forecast(struct trends *t, const char *name)
{
	struct trend_points p = {0};
	struct trend_line all;
	struct trend_forecast f;
	const struct trend_series *s = trend_series_find(name);
	int rc = trends_line(t, name, &p, &all);
	if (rc == 0)
		rc = trend_forecast(&p, TREND_CUT, TREND_END, &f);
	if (rc == -EINVAL) {
		struct trend_row *r = add_forecast_row(t, name, "to_2022", "too few points before or after 2023");
		if (r)
			r->provenance = MW_UNAVAILABLE;
		rc = r ? 0 : -ENOMEM;
	} else if (rc == 0) {
		rc = add_forecast_rates(t, name, &f);
		if (rc == 0)
			rc = add_forecast_years(t, name, &p, &f);
		if (rc == 0)
			rc = add_forecast_points(t, name, s->unit, &p, &f);
	}
	trend_points_fini(&p);
	return rc;
}

int trends_add_wall(struct trends *t, char *err, size_t n)
{
	static const char *const forecasts[] = {"epoch_dc.best16", "epoch_dc.mem_bw", "epoch_dc.balance"};
	int rc = add_balance(t, "balance.dram", "peak FLOP/s over DRAM bandwidth", "dram_bw");
	if (rc == 0)
		rc = add_balance(t, "balance.links", "peak FLOP/s over lane rate", "interconnect_bw");
	if (rc == 0)
		rc = add_years(t);
	for (size_t i = 0; i < sizeof(forecasts) / sizeof(*forecasts) && rc == 0; i++)
		rc = add_forecast(t, forecasts[i]);
	return rc < 0 ? mw_fail(rc, err, n, "%s", mw_strerror(rc)) : 0;
}
