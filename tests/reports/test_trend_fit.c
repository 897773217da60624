/* Growth rates of points with known answers. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "reports/trend_fit.h"

static void near(double got, double expected, const char *what)
{
	cr_assert_float_eq(got / expected, 1, 1e-9, "%s: %.12g, expected %.12g", what, got, expected);
}

static double date(const char *text)
{
	double v = (double)NAN;
	cr_assert_eq(trend_date(text, &v), 0, "%s", text);
	return v;
}

Test(trend_fit, dates_are_decimal_years)
{
	near(date("1970-01-01"), 1970, "epoch");
	near(date("1970"), 1970, "a year is its first day");
	near(date("1971-01"), 1970 + 365 / 365.2425, "month");
	near(date("2000-03-01"), 1970 + 11017 / 365.2425, "after a leap day");
	near(date("1900-03-01"), 1970 - 25508 / 365.2425, "1900 is no leap year");
	/* As the files say, to their four digits. */
	cr_assert_float_eq(date("1997-01-29"), 1997.0779, 5e-5);
	cr_assert_float_eq(date("2022-09-20"), 2022.7184, 5e-5);
	near(date("2003.25"), 2003.25, "decimal");
}

Test(trend_fit, what_is_no_date_is_refused)
{
	static const char *const bad[] = {
		"",           "20",         "200a",     "1899",        "2200",     "2001-13",   "2001-00",
		"2001-02-29", "2000-02-30", "2001-1-1", "2001-01-01T", "2001-01-", "2001-",     "2001.",
		"2001.5x",    "-2001",      " 2001",    "2001-01-00",  "2001.5e3", "01-02-2003"};
	double v;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(trend_date(bad[i], &v), -EINVAL, "'%s' is a date", bad[i]);
}

/* Doubles every year from 4 in 2000, exactly. */
static void doubling(struct trend_points *p, int n)
{
	*p = (struct trend_points){0};
	for (int i = 0; i < n; i++)
		cr_assert_eq(trend_points_add(p, 2000 + i, 4 * exp2(i), ""), 0);
}

Test(trend_fit, exact_growth_comes_back)
{
	struct trend_points p;
	struct trend_line l;
	doubling(&p, 8);
	cr_assert_eq(trend_fit(&p, &l), 0);
	near(trend_factor(&l.rate, 2), 4, "rate per two years");
	near(trend_factor(&l.rate, 20), 1048576, "factor in 20 years");
	near(trend_doubling(&l.rate), 1, "doubling time");
	near(trend_at(&l, 2010), 4096, "line");
	near(trend_when(&l, 4096), 2010, "date of a value");
	near(l.r2, 1, "R^2");
	near(l.first, 2000, "first");
	near(l.last, 2007, "last");
	trend_points_fini(&p);
}

/* Against numbers of R: x = 2000..2004, log2 y = 0 2 1 4 3; lm gives slope 0.8, se 0.3464102, R^2 0.64,
 * predict(interval = "prediction") at 2006: 5.2, 0.0899 .. 10.3101. */
Test(trend_fit, noise_gives_intervals)
{
	static const double y[] = {0, 2, 1, 4, 3};
	struct trend_points p = {0};
	struct trend_line l;
	for (int i = 0; i < 5; i++)
		cr_assert_eq(trend_points_add(&p, 2000 + i, exp2(y[i]), ""), 0);
	cr_assert_eq(trend_fit(&p, &l), 0);
	near(l.rate.slope, 0.8, "slope");
	near(l.rate.se, sqrt(3.6 / 3 / 10), "standard error");
	near(l.r2, 0.64, "R^2");
	struct trend_interval normal = trend_factor_ci(&l.rate, 2), student = trend_factor_ci_t(&l.rate, 2);
	near(normal.lo, exp2(2 * (0.8 - 1.96 * l.rate.se)), "normal, lower");
	near(normal.hi, exp2(2 * (0.8 + 1.96 * l.rate.se)), "normal, upper");
	cr_assert_float_eq(log2(student.hi) / 2, 0.8 + 3.182446 * l.rate.se, 1e-6); /* t(3) */
	struct trend_interval next = trend_predict(&l, 2006, 0.95);
	double half = 3.182446 * sqrt(1.2) * sqrt(1 + 0.2 + 16.0 / 10);
	cr_assert_float_eq(log2(next.lo), 5.2 - half, 1e-5);
	cr_assert_float_eq(log2(next.hi), 5.2 + half, 1e-5);
	trend_points_fini(&p);
}

Test(trend_fit, two_points_have_a_rate_and_no_interval)
{
	struct trend_points p;
	struct trend_line l;
	doubling(&p, 2);
	cr_assert_eq(trend_fit(&p, &l), 0);
	near(trend_factor(&l.rate, 2), 4, "rate");
	cr_assert(isnan(trend_factor_ci(&l.rate, 2).lo));
	cr_assert(isnan(trend_factor_ci_t(&l.rate, 2).hi));
	trend_points_fini(&p);
}

Test(trend_fit, one_date_has_no_rate)
{
	struct trend_points p = {0};
	struct trend_line l;
	cr_assert_eq(trend_fit(&p, &l), -EINVAL);
	for (int i = 1; i < 4; i++)
		cr_assert_eq(trend_points_add(&p, 2000, i, ""), 0);
	cr_assert_eq(trend_fit(&p, &l), -EINVAL);
	trend_points_fini(&p);
}

Test(trend_fit, ratio_of_rates_adds_errors_in_squares)
{
	const struct trend_rate a = {.slope = 0.8, .se = 0.03, .dof = 35}, b = {.slope = 0.3, .se = 0.04, .dof = 10};
	struct trend_rate r = trend_ratio(&a, &b);
	near(r.slope, 0.5, "slope");
	near(r.se, 0.05, "standard error");
	near(r.dof, 6.25e-6 / (8.1e-7 / 35 + 2.56e-6 / 10), "degrees of freedom");
	near(trend_doubling(&r), 2, "doubling time");
}

Test(trend_fit, windows_keep_their_first_day_and_not_their_last)
{
	struct trend_points p;
	doubling(&p, 8);
	trend_points_window(&p, 2002, 2005);
	cr_assert_eq(p.n, 3);
	near(p.v[0].date, 2002, "first");
	near(p.v[2].date, 2004, "last");
	trend_points_fini(&p);
}
