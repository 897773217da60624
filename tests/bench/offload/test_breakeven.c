#include <criterion/criterion.h>

#include <math.h>

#include "base/core/stats.h"
#include "bench/offload/breakeven.h"

enum { N = 5 };
static const double size[N] = {1, 2, 4, 8, 16};

/* host = h0 + h size, device = d0 + d size: the crossing is known in closed form. */
static enum breakeven line(double h0, double h, double d0, double d, int interpolate, double *at)
{
	double host[N], device[N];
	for (int i = 0; i < N; i++) {
		host[i] = h0 + h * size[i];
		device[i] = d0 + d * size[i];
	}
	*at = NAN;
	return breakeven_size(size, host, device, N, interpolate, at);
}

Test(bench_offload_breakeven, size)
{
	double at;
	cr_assert_eq(line(0, 1, 0, 2, 1, &at), BREAKEVEN_NEVER);
	cr_assert(isnan(at), "never has no size");
	cr_assert_eq(line(0, 2, 0, 1, 1, &at), BREAKEVEN_AT_ONCE);
	cr_assert_eq(at, 1);
	cr_assert_eq(line(0, 1, 0, 1, 1, &at), BREAKEVEN_AT_ONCE, "equal counts as ahead");
	cr_assert_eq(line(0, 2, 5, 1, 1, &at), BREAKEVEN_FROM);
	cr_assert(fabs(at - 5) < 1e-12, "2 s = 5 + s at 5, not %g", at);
	cr_assert_eq(line(0, 2, 5, 1, 0, &at), BREAKEVEN_FROM);
	cr_assert_eq(at, 8, "first measured size past the crossing, not %g", at);
	/* Ahead only in the middle: not ahead for good. */
	const double host[N] = {1, 5, 5, 5, 5}, device[N] = {2, 4, 4, 4, 6};
	cr_assert_eq(breakeven_size(size, host, device, N, 1, &at), BREAKEVEN_NEVER);
	/* A dip back below counts from the last crossing. */
	const double dip[N] = {0.5, 6, 6, 4, 4};
	const double up[N] = {1, 5, 5, 5, 5};
	cr_assert_eq(breakeven_size(size, up, dip, N, 0, &at), BREAKEVEN_FROM);
	cr_assert_eq(at, 8);
	cr_assert_eq(breakeven_size(size, up, dip, 1, 0, &at), BREAKEVEN_AT_ONCE);
}

Test(bench_offload_breakeven, uses)
{
	double uses = NAN;
	cr_assert_eq(breakeven_uses(10, 5, 10, &uses), BREAKEVEN_NEVER);
	cr_assert_eq(breakeven_uses(10, 0, 11, &uses), BREAKEVEN_NEVER);
	cr_assert_eq(breakeven_uses(NAN, 0, 1, &uses), BREAKEVEN_NEVER);
	cr_assert(isnan(uses));
	cr_assert_eq(breakeven_uses(10, 0, 9, &uses), BREAKEVEN_AT_ONCE);
	cr_assert_eq(uses, 1);
	cr_assert_eq(breakeven_uses(10, 8, 2, &uses), BREAKEVEN_AT_ONCE, "8 + 2 = 10");
	cr_assert_eq(breakeven_uses(10, 8.1, 2, &uses), BREAKEVEN_FROM);
	cr_assert_eq(uses, 2);
	uint64_t rng = 3;
	for (int i = 0; i < 10000; i++) {
		double host = (double)mw_random_below(&rng, 1000) + 1, use = (double)mw_random_below(&rng, 1000);
		double place = (double)mw_random_below(&rng, 100000);
		if (breakeven_uses(host, place, use, &uses) == BREAKEVEN_NEVER) {
			cr_assert(use >= host);
			continue;
		}
		cr_assert(place + uses * use <= uses * host, "%g + %g x %g against %g", place, uses, use, host);
		double less = uses - 1;
		cr_assert(less == 0 || place + less * use > less * host, "%g uses would do", less);
	}
}
