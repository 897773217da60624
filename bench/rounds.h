/* The round scheduler: every benchmark hands its points over, and each point gets one value per round, points in
 * random order within a round, until the intervals meet the profile's target or the budget ends. */
#ifndef MW_ROUNDS_H
#define MW_ROUNDS_H

#include "bench/bench.h"

struct round_point {
	struct mw_record
		rec; /* identity, method, observed: filled in by the benchmark; the scheduler adds statistics */
	/* One sample: the value in the record's unit. Negative return: the point is dropped with that error in note. */
	int (*measure)(void *arg, double *value, char *err, size_t n);
	void *arg;
	int threads; /* > 1: bracketed by core-to-core probes, tagged with the topology state */
	bool smaller_is_better;
};

/* Runs rounds over pts[0..n-1] and emits one record per point (per topology state where several were seen: values
 * of different states are never pooled; observed.state names it). observed.stop says which ended it: "target",
 * "rounds" or "budget". A point without any value becomes unavailable. Returns 0, MW_ECANCELLED after a stop
 * (records emitted), or an error. pts[].rec is consumed. */
int rounds_run(struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink);

#endif
