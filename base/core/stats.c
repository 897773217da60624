#include "base/core/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

bool mw_median_ci_ranks(size_t n, size_t *lo, size_t *hi)
{
	if (n < 6)
		return false;
	/* Largest k with P(Binomial(n, 1/2) < k) <= 2.5 %; then [x(k), x(n+1-k)] covers the median with at least 95 %.
	 * In logarithms, because 2^-n underflows for n in the thousands. */
	double tail = 0.0, logp = -(double)n * log(2.0); /* log of P(Binomial = 0) */
	size_t k = 0;
	for (size_t i = 0; i < n / 2; i++) {
		tail += exp(logp);
		if (tail > 0.025)
			break;
		k = i + 1;
		logp += log((double)(n - i) / (double)(i + 1));
	}
	*lo = k - 1; /* n >= 6 makes k >= 1: 2^-6 = 1.6 % */
	*hi = n - k;
	return true;
}

int mw_summarize(const double *v, size_t n, struct mw_summary *out)
{
	*out = (struct mw_summary){NAN, NAN, NAN, NAN, NAN, n};
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (isnan(v[i]))
			return -EINVAL; /* NaN has no order */
	double *s = malloc(n * sizeof(*s));
	if (!s)
		return -ENOMEM;
	memcpy(s, v, n * sizeof(*s));
	qsort(s, n, sizeof(*s), compare_double);
	out->min = s[0];
	out->max = s[n - 1];
	out->median = n % 2 ? s[n / 2] : 0.5 * (s[n / 2 - 1] + s[n / 2]);
	size_t lo, hi;
	if (mw_median_ci_ranks(n, &lo, &hi)) {
		out->ci_lo = s[lo];
		out->ci_hi = s[hi];
	}
	free(s);
	return 0;
}

double mw_summary_rel_width(const struct mw_summary *s)
{
	if (isnan(s->ci_lo) || !(s->median != 0.0))
		return INFINITY;
	return 0.5 * (s->ci_hi - s->ci_lo) / fabs(s->median);
}

/* Continued fraction of the incomplete beta function by Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
 */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
	d = 1.0 / (fabs(d) < tiny ? tiny : d);
	double h = d;
	for (int m = 1; m < 500; m++) {
		for (int odd = 0; odd < 2; odd++) {
			double k = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
				       : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
			d = 1.0 + k * d;
			d = 1.0 / (fabs(d) < tiny ? tiny : d);
			c = 1.0 + k / c;
			c = fabs(c) < tiny ? tiny : c;
			h *= c * d;
		}
		if (fabs(c * d - 1.0) < 1e-15)
			break;
	}
	return h;
}

double mw_beta_inc(double a, double b, double x)
{
	if (!(a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0))
		return NAN;
	if (x == 0.0 || x == 1.0)
		return x;
	int sign; /* lgamma() would write a global */
	double front =
		exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
	if (x < (a + 1.0) / (a + b + 2.0))
		return front * beta_fraction(a, b, x) / a;
	return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

/* P(T > t), t >= 0. */
static double t_tail(double t, double dof)
{
	return 0.5 * mw_beta_inc(0.5 * dof, 0.5, dof / (dof + t * t));
}

double mw_t_quantile(double p, double dof)
{
	if (!(p > 0.0 && p < 1.0 && dof > 0.0))
		return NAN;
	double tail = p < 0.5 ? p : 1.0 - p, lo = 0.0, hi = 1.0;
	while (t_tail(hi, dof) > tail && hi < 1e100)
		hi *= 2.0;
	for (int i = 0; i < 200 && hi - lo > 1e-14 * hi; i++) {
		double middle = 0.5 * (lo + hi);
		if (t_tail(middle, dof) > tail)
			lo = middle;
		else
			hi = middle;
	}
	return p < 0.5 ? -hi : hi;
}

double mw_f_tail(double f, double dof_above, double dof_below)
{
	if (!(f >= 0.0))
		return NAN;
	return isinf(f) ? 0.0 : mw_beta_inc(0.5 * dof_below, 0.5 * dof_above, dof_below / (dof_below + dof_above * f));
}

int mw_least_squares(const double *x, const double *y, size_t n, struct mw_fit *out)
{
	*out = (struct mw_fit){NAN, NAN, NAN, NAN, n};
	if (n < 2)
		return -EINVAL;
	double mx = 0, my = 0;
	for (size_t i = 0; i < n; i++) {
		mx += x[i];
		my += y[i];
	}
	mx /= (double)n;
	my /= (double)n;
	double sxx = 0, sxy = 0, syy = 0;
	for (size_t i = 0; i < n; i++) {
		sxx += (x[i] - mx) * (x[i] - mx);
		sxy += (x[i] - mx) * (y[i] - my);
		syy += (y[i] - my) * (y[i] - my);
	}
	if (!(sxx > 0))
		return -EINVAL;
	out->slope = sxy / sxx;
	out->intercept = my - out->slope * mx;
	double sse = syy - out->slope * sxy;
	if (sse < 0)
		sse = 0; /* negative by rounding */
	if (syy > 0)
		out->r2 = 1.0 - sse / syy;
	if (n > 2)
		out->slope_se = sqrt(sse / (double)(n - 2) / sxx);
	return 0;
}

uint64_t mw_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t mw_random_below(uint64_t *state, uint64_t bound)
{
	/* Lemire's multiply-shift with rejection (ACM TOMACS 2019). */
	unsigned __int128 m = (unsigned __int128)mw_random(state) * bound;
	if ((uint64_t)m < bound) {
		uint64_t threshold = -bound % bound;
		while ((uint64_t)m < threshold)
			m = (unsigned __int128)mw_random(state) * bound;
	}
	return (uint64_t)(m >> 64);
}

void mw_shuffle(size_t *v, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)mw_random_below(state, i);
		size_t t = v[i - 1];
		v[i - 1] = v[j];
		v[j] = t;
	}
}
