#include <criterion/criterion.h>

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/core/clock.h"
#include "base/core/err.h"

static double monotonic_ns(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return 1e9 * (double)ts.tv_sec + (double)ts.tv_nsec;
}

Test(clock, goes_forward_at_the_rate_of_the_system)
{
	uint64_t last = mw_now_ns();
	for (int i = 0; i < 100000; i++) {
		uint64_t now = mw_now_ns();
		cr_assert_geq(now, last);
		last = now;
	}
	/* Sandwiched readings bound the interval from both sides however long this thread is put off. NTP may slew
	 * CLOCK_MONOTONIC by 500 ppm. */
	const struct timespec nap = {.tv_nsec = 20000000};
	double out0 = monotonic_ns();
	uint64_t start = mw_now_ns();
	double in0 = monotonic_ns();
	(void)nanosleep(&nap, NULL);
	double in1 = monotonic_ns();
	double ns = (double)(mw_now_ns() - start);
	double out1 = monotonic_ns();
	cr_expect_geq(ns, (in1 - in0) * 0.999);
	cr_expect_leq(ns, (out1 - out0) * 1.001);
}

Test(clock, its_own_cost_is_known)
{
	double cost = mw_clock_overhead_ns(10000), step = mw_clock_step_ns(10000);
	cr_expect(isfinite(cost) && cost > 0, "%g", cost);
	cr_expect(isfinite(step) && step >= 1 && step == floor(step), "%g", step);
	cr_expect_eq(mw_clock_overhead_ns(0), 0);
	cr_expect_eq(mw_clock_step_ns(0), 0);
}

Test(err, every_code_has_words)
{
	for (int code = MW_EFORMAT; code <= MW_EUNAVAILABLE; code++)
		cr_expect_str_neq(mw_strerror(code), "unknown error", "%d", code);
	cr_expect_str_eq(mw_strerror(0), "success");
	cr_expect_str_eq(mw_strerror(-ENOMEM), "Cannot allocate memory");
	cr_expect_str_eq(mw_strerror(ENOMEM), "unknown error");
	cr_expect_str_eq(mw_strerror(-4000), "unknown error");
	cr_expect_str_eq(mw_strerror(-9999), "unknown error");
	cr_expect_str_eq(mw_strerror(INT_MIN), "unknown error");
	cr_expect_str_eq(mw_strerror(INT_MAX), "unknown error");
}

Test(err, fail_formats_and_returns_the_code)
{
	char err[8] = "";
	cr_expect_eq(mw_fail(MW_EBUDGET, err, sizeof(err), "%d is too much", 100), MW_EBUDGET);
	cr_expect_str_eq(err, "100 ...");
	cr_expect_eq(mw_fail(-EIO, NULL, 0, "nothing"), -EIO);
	cr_expect_eq(mw_fail(-EIO, err, 0, "nothing"), -EIO);
	cr_expect_str_eq(err, "100 ...");
}
