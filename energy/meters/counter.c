/* Joules from steps of an energy counter. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "base/core/err.h"
#include "energy/meters/tree.h"

double energy_max_interval_s(const struct energy_domain *v, size_t n)
{
	double limit = (double)INFINITY;
	for (size_t i = 0; i < n; i++)
		if (v[i].range)
			limit = fmin(limit, (double)v[i].range * v[i].unit_j / METER_MAX_WATT);
	return limit;
}

int counter_advance(const struct energy_domain *d, uint64_t prev, uint64_t cur, double dt_s, uint64_t *total,
		    unsigned *wraps, char *why, size_t n)
{
	double limit_s = energy_max_interval_s(d, 1);
	if (dt_s > limit_s)
		return mw_fail(-EIO, why, n,
			       "%s: %.0f s since the last reading, the counter may have wrapped twice (limit %.0f s)",
			       d->name, dt_s, limit_s);
	uint64_t delta = cur - prev;
	bool wrapped = cur < prev;
	if (wrapped && d->range == 0)
		return mw_fail(-EIO, why, n, "%s: went backwards from %llu to %llu, and its range is not known",
			       d->name, (unsigned long long)prev, (unsigned long long)cur);
	if (wrapped && (prev > d->range || cur > d->range))
		return mw_fail(-EIO, why, n, "%s: went backwards from %llu, beyond its range %llu", d->name,
			       (unsigned long long)prev, (unsigned long long)d->range);
	if (wrapped)
		delta = d->range - prev + cur;
	/* A counter is updated late, by a millisecond or more: one second of slack keeps short windows from failing. */
	double joules = (double)delta * d->unit_j;
	if (joules > METER_MAX_WATT * (dt_s + 1.0))
		return mw_fail(-EIO, why, n, "%s: %.0f J in %.3f s is not plausible%s", d->name, joules, dt_s,
			       wrapped ? " (counter was reset?)" : "");
	*total += delta;
	*wraps += wrapped;
	return 0;
}

int energy_joules(const struct energy_domain *d, size_t index, const struct energy_reading *a,
		  const struct energy_reading *b, double *joules, char *why, size_t n)
{
	double seconds = (double)(b->t_ns - a->t_ns) * 1e-9;
	if (b->t_ns < a->t_ns || seconds < 0.05)
		return mw_fail(-EINVAL, why, n, "%s: a window of %.3f s is too short (0.05 s at least)", d->name,
			       seconds);
	uint64_t ticks = b->ticks[index] - a->ticks[index];
	if (ticks == 0)
		return mw_fail(-EIO, why, n, "%s: the counter did not move in %.2f s", d->name, seconds);
	*joules = (double)ticks * d->unit_j;
	return 0;
}
