/* Shared by the programs of `make bench-*` for devices: a device's executor on a team, rounds, verdicts. */
#ifndef TEST_PERF_RATIO_H
#define TEST_PERF_RATIO_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/core/stats.h"
#include "base/sys/team.h"
#include "pim/pim_device.h"

enum { RATIO_MAX_ROUNDS = 200 };

struct ratio_slices {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t n;
};

static inline void ratio_member(void *arg, int rank, int members)
{
	const struct ratio_slices *s = arg;
	for (size_t i = (size_t)rank; i < s->n; i += (size_t)members)
		s->fn(s->arg, i);
}

static inline void ratio_on_team(void *ctx, size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	struct ratio_slices s = {fn, arg, n};
	int members = mw_team_size(ctx);
	(void)mw_team_run(ctx, n < (size_t)members ? (int)n : members, ratio_member, &s);
}

static inline struct pim_executor ratio_executor(struct mw_team *team, int threads)
{
	return (struct pim_executor){sizeof(struct pim_executor), (size_t)threads, ratio_on_team, team};
}

static inline double ratio_median(const double *v, size_t n)
{
	struct mw_summary s;
	return mw_summarize(v, n, &s) < 0 ? (double)NAN : s.median;
}

/* Core-to-core latency of the outer members; 1 for a team of one. */
static inline double ratio_probe(struct mw_team *team)
{
	int last = mw_team_size(team) - 1;
	return last > 0 ? mw_team_c2c_ns(team, 0, last) : 1;
}

static inline bool ratio_moved(double before, double after)
{
	return fabs(log(after / before)) > log(1.6);
}

/* Prints one line; true when the interval lies below the bar. self: the peer against itself. */
static inline bool ratio_verdict(const char *what, const char *of, const double *ratio, size_t n, double self,
				 double bar)
{
	struct mw_summary s;
	if (n == 0 || mw_summarize(ratio, n, &s) < 0)
		return false;
	double half = mw_summary_rel_width(&s);
	const char *word = "pass";
	if (s.ci_hi < bar)
		word = "FAIL";
	if (isnan(s.ci_hi) || half > 0.02 || fabs(self - 1) > 0.01)
		word = "inconclusive";
	printf("%-22s %.3f of %s [%.3f, %.3f] over %zu rounds, itself %.3f, bar %.2f: %s\n", what, s.median, of,
	       s.ci_lo, s.ci_hi, n, self, bar, word);
	return strcmp(word, "FAIL") == 0;
}

#endif
