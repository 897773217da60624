#include "base/core/clock.h"

#include <time.h>

uint64_t mw_now_ns(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

double mw_clock_overhead_ns(unsigned n)
{
	if (n == 0)
		return 0.0;
	/* Times n calls together: one call can be shorter than the clock's step. */
	uint64_t start = mw_now_ns();
	uint64_t end = start;
	for (unsigned i = 0; i < n; i++)
		end = mw_now_ns();
	return (double)(end - start) / n;
}

double mw_clock_step_ns(unsigned n)
{
	uint64_t best = UINT64_MAX;
	uint64_t prev = mw_now_ns();
	for (unsigned i = 0; i < n; i++) {
		uint64_t now = mw_now_ns();
		if (now != prev && now - prev < best)
			best = now - prev;
		prev = now;
	}
	return best == UINT64_MAX ? 0.0 : (double)best;
}
