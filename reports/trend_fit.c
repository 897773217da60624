#include "reports/trend_fit.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/option.h"
#include "base/core/stats.h"

static const double normal_975 = 1.96; /* as published, not 1.95996 */

/* ---- points ---- */

int trend_points_add(struct trend_points *p, double date, double value, const char *name)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;
		struct trend_point *v = realloc(p->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = (struct trend_point){date, value, name};
	return 0;
}

void trend_points_fini(struct trend_points *p)
{
	free(p->v);
	*p = (struct trend_points){0};
}

void trend_points_window(struct trend_points *p, double from, double to)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].date >= from && p->v[i].date < to)
			p->v[kept++] = p->v[i];
	p->n = kept;
}

/* ---- lines ---- */

/* Fills in what mw_least_squares does not return: dates, and spread. */
static void describe(struct trend_line *l, const struct trend_points *p)
{
	double sum = 0;
	l->first = (double)INFINITY;
	l->last = -(double)INFINITY;
	for (size_t i = 0; i < p->n; i++) {
		sum += p->v[i].date;
		l->first = fmin(l->first, p->v[i].date);
		l->last = fmax(l->last, p->v[i].date);
	}
	l->mean = sum / (double)p->n;
	l->sxx = 0;
	for (size_t i = 0; i < p->n; i++)
		l->sxx += (p->v[i].date - l->mean) * (p->v[i].date - l->mean);
	l->spread = l->rate.se * sqrt(l->sxx);
}

int trend_fit(const struct trend_points *p, struct trend_line *out)
{
	struct mw_fit fit;
	double *x = malloc((2 * p->n + 1) * sizeof(*x));
	if (!x)
		return -ENOMEM;
	double *y = x + p->n;
	for (size_t i = 0; i < p->n; i++) {
		x[i] = p->v[i].date;
		y[i] = log2(p->v[i].value);
	}
	int rc = mw_least_squares(x, y, p->n, &fit);
	free(x);
	*out = (struct trend_line){
		.rate = {.slope = fit.slope, .se = fit.slope_se, .dof = (double)p->n - 2},
		.intercept = fit.intercept,
		.r2 = fit.r2,
		.n = p->n,
	};
	if (rc == 0)
		describe(out, p);
	return rc;
}

/* ---- rates ---- */

double trend_factor(const struct trend_rate *r, double years)
{
	return exp2(years * r->slope);
}

static struct trend_interval around(const struct trend_rate *r, double years, double quantile)
{
	return (struct trend_interval){exp2(years * (r->slope - quantile * r->se)),
				       exp2(years * (r->slope + quantile * r->se))};
}

struct trend_interval trend_factor_ci(const struct trend_rate *r, double years)
{
	return around(r, years, normal_975);
}

struct trend_interval trend_factor_ci_t(const struct trend_rate *r, double years)
{
	return around(r, years, mw_t_quantile(0.975, r->dof));
}

double trend_doubling(const struct trend_rate *r)
{
	return 1 / r->slope;
}

struct trend_rate trend_ratio(const struct trend_rate *a, const struct trend_rate *b)
{
	double va = a->se * a->se, vb = b->se * b->se;
	return (struct trend_rate){
		.slope = a->slope - b->slope,
		.se = sqrt(va + vb),
		.dof = (va + vb) * (va + vb) / (va * va / a->dof + vb * vb / b->dof),
	};
}

double trend_at(const struct trend_line *l, double date)
{
	return exp2(l->intercept + l->rate.slope * date);
}

double trend_when(const struct trend_line *l, double value)
{
	return (log2(value) - l->intercept) / l->rate.slope;
}

struct trend_interval trend_band(const struct trend_line *l, double date)
{
	double far = (date - l->mean) * (date - l->mean) / l->sxx;
	double half = normal_975 * l->spread * sqrt(1 / (double)l->n + far);
	double y = l->intercept + l->rate.slope * date;
	return (struct trend_interval){exp2(y - half), exp2(y + half)};
}

struct trend_interval trend_predict(const struct trend_line *l, double date, double level)
{
	double far = (date - l->mean) * (date - l->mean) / l->sxx;
	double half = mw_t_quantile(0.5 + level / 2, l->rate.dof) * l->spread * sqrt(1 + 1 / (double)l->n + far);
	double y = l->intercept + l->rate.slope * date;
	return (struct trend_interval){exp2(y - half), exp2(y + half)};
}

/* ---- dates ---- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of the proleptic Gregorian calendar, from 1970-01-01. */
static int days_since_1970(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int y = year - 1; /* whole years since year 1 */
	int days = 365 * y + y / 4 - y / 100 + y / 400 + before[month - 1] + day - 1;
	return days + (month > 2 && is_leap(year)) - 719162;
}

/* Exactly n digits at *text, which moves past them; -1 otherwise. */
static int digits(const char **text, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		v = 10 * v + (**text - '0');
	}
	return v;
}

int trend_date(const char *text, double *out)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *c = text;
	int year = digits(&c, 4), month = 1, day = 1;
	if (year < 1900 || year > 2199)
		return -EINVAL;
	if (*c == '.' && isdigit((unsigned char)c[1]) && c[1 + strspn(c + 1, "0123456789")] == '\0')
		return mw_parse_real(text, out);
	if (*c == '-') {
		c++;
		month = digits(&c, 2);
		if (*c == '-' && month > 0) {
			c++;
			day = digits(&c, 2);
		}
	}
	if (*c || month < 1 || month > 12)
		return -EINVAL;
	if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return -EINVAL;
	*out = 1970 + days_since_1970(year, month, day) / 365.2425;
	return 0;
}
