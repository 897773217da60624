/* Exponential growth fitted to dated points, as Gholami et al. (IEEE Micro 2024) fit theirs: ordinary least squares of
 * log2(value) on the decimal date, all points, no weights. */
#ifndef MW_TREND_FIT_H
#define MW_TREND_FIT_H

#include <stddef.h>

struct trend_point {
	double date;      /* decimal year */
	double value;     /* positive, in the unit of its series */
	const char *name; /* not owned; "" where there is none */
};

struct trend_points {
	struct trend_point *v; /* owned */
	size_t n, cap;
};

/* name is not copied. -ENOMEM. */
int trend_points_add(struct trend_points *p, double date, double value, const char *name);
void trend_points_fini(struct trend_points *p);
/* Drops points outside of from <= date < to. */
void trend_points_window(struct trend_points *p, double from, double to);

struct trend_interval {
	double lo, hi; /* NaN where there is none */
};

/* Growth per year as log2, and how well it is known. */
struct trend_rate {
	double slope, se; /* se: standard error, NaN below 3 points */
	double dof;       /* degrees of freedom of se */
};

struct trend_line {
	struct trend_rate rate;
	double intercept; /* log2 of the value at year 0 */
	double r2;        /* of the fit in log2 */
	double spread;    /* standard deviation of the points about the line, in log2, with n - 2 degrees of freedom */
	double mean, sxx; /* of the dates: mean, and sum of squared distances from it */
	double first, last; /* dates */
	size_t n;
};

/* -EINVAL: fewer than two different dates. */
int trend_fit(const struct trend_points *p, struct trend_line *out);

/* Factor in that many years. */
double trend_factor(const struct trend_rate *r, double years);
/* 95 % interval of it, by the quantile 1.96 of the normal distribution: as published, and too narrow where points are
 * few (12 points: by 12 %; 7: by 24 %). */
struct trend_interval trend_factor_ci(const struct trend_rate *r, double years);
/* The same by Student's t with the degrees of freedom of the fit. */
struct trend_interval trend_factor_ci_t(const struct trend_rate *r, double years);
/* Years in which the value doubles; negative where it shrinks. */
double trend_doubling(const struct trend_rate *r);
/* How much faster a grows than b: the slope is the difference, the errors add in squares (the points of a and b are
 * taken for independent), degrees of freedom by Welch and Satterthwaite. */
struct trend_rate trend_ratio(const struct trend_rate *a, const struct trend_rate *b);

/* The value of the line at a date, and the date at which it has a value. */
double trend_at(const struct trend_line *l, double date);
double trend_when(const struct trend_line *l, double value);
/* Where the line itself lies at a date: 95 % by 1.96 standard errors, as for the rate. */
struct trend_interval trend_band(const struct trend_line *l, double date);
/* Where one more point at that date falls with probability `level`, by Student's t (Draper and Smith, Applied
 * Regression Analysis, 3rd ed., 1998, section 3.1): from the spread of the points and the uncertainty of the line. */
struct trend_interval trend_predict(const struct trend_line *l, double date, double level);

/* A date as decimal year: 1970 + days since 1970-01-01 / 365.2425, "2003", "2003-10", "2003-10-01" (a missing month or
 * day counts as 1); "2003.7474" is one already. -EINVAL for anything else and outside of 1900..2199. */
int trend_date(const char *text, double *out);

#endif
