/* Robust statistics over rounds, and least squares.
 *
 * The unit of replication is the round: one value per point per round. Samples taken back to back share the state of
 * the machine and give intervals that are far too narrow. */
#ifndef MW_STATS_H
#define MW_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mw_summary {
	double median, min, max;
	double ci_lo, ci_hi; /* 95 % interval of the median; NaN when n < 6 */
	size_t n;
};

/* Median, range and distribution-free interval of n values (any order; v is not changed).
 * n = 0 gives NaN everywhere. Returns 0, -ENOMEM, or -EINVAL when a value is NaN (*out is NaN then). */
int mw_summarize(const double *v, size_t n, struct mw_summary *out);

/* Ranks (0-based, inclusive) whose order statistics bound the median with at least 95 % coverage, by the
 * sign test's binomial(n, 1/2). false when n < 6: no such pair exists. */
bool mw_median_ci_ranks(size_t n, size_t *lo, size_t *hi);

/* Half width of the interval divided by the median; +inf without an interval. */
double mw_summary_rel_width(const struct mw_summary *s);

/* Regularised incomplete beta function I_x(a, b), a and b > 0; NaN outside of 0 <= x <= 1. */
double mw_beta_inc(double a, double b, double x);

/* t with P(T <= t) = p for Student's t with dof > 0 degrees of freedom; NaN unless 0 < p < 1. */
double mw_t_quantile(double p, double dof);

/* P(F > f) for the F distribution with dof_above and dof_below degrees of freedom. NaN unless f >= 0. */
double mw_f_tail(double f, double dof_above, double dof_below);

struct mw_fit {
	double slope, intercept;
	double slope_se; /* standard error; NaN when n < 3 */
	double r2;       /* NaN when y is constant */
	size_t n;
};

/* Ordinary least squares y = intercept + slope x. 0, or -EINVAL with fewer than 2 distinct x. */
int mw_least_squares(const double *x, const double *y, size_t n, struct mw_fit *out);

/* Next value of the splitmix64 generator (Steele, Lea, Flood, OOPSLA 2014); advances *state. */
uint64_t mw_random(uint64_t *state);

/* Uniform in [0, bound), bound > 0, without modulo bias. */
uint64_t mw_random_below(uint64_t *state, uint64_t bound);

/* Fisher-Yates shuffle of n indices. */
void mw_shuffle(size_t *v, size_t n, uint64_t *state);

#endif
