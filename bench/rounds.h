/* The round scheduler: every benchmark hands its points over, and each point gets one value per round, points in
 * random order within a round. Rounds are taken in visits that are spread over the run, until the intervals meet the
 * profile's target or the budget ends. */
#ifndef MW_ROUNDS_H
#define MW_ROUNDS_H

#include "bench/bench.h"

/* Several metrics of one sample: the points share this. In each round the first that is measured takes the sample, the
 * others hand out what it gave for them, and their values carry its time, probes and flags. */
struct round_shared {
	unsigned round;         /* in progress: a value of an earlier one is stale */
	bool reused;            /* set by `measure`: its value is of the sample before, taken for another point */
	struct mw_sample taken; /* the last sample that was no such one */
};

struct round_point {
	struct mw_record
		rec; /* identity, method, observed: filled in by the benchmark; the scheduler adds statistics, state */
	/* One sample: the value in the record's unit. Negative return: the point is dropped with that error in note;
	 * MW_ECANCELLED (the user's stop came during the sample) keeps the values before it. */
	int (*measure)(void *arg, double *value, char *err, size_t n);
	void *arg; /* switches are counted in its timed parts: mw_team_time, or mw_team_timed_begin and _end */
	struct round_shared *shared; /* NULL: the sample is the point's own */
	int threads;                 /* > 1: bracketed by core-to-core probes, tagged with the topology state */
};

struct rounds;

/* pts are borrowed until rounds_close; their records are templates and are consumed, whatever is returned. Samples that
 * ctx->samples has of an earlier session are taken over: rounds and visits count on. */
int rounds_open(const struct bench_ctx *ctx, struct round_point *pts, size_t n, struct rounds **out);

/* One visit: rounds until ctx->deadline_ns, the target, or the visit's share of the profile's most rounds; one round at
 * least where time allows. Where it does not, the next visit begins with the points that were left out. Each call is
 * a visit of its own; its number is ctx->visit, or the next one where that was taken already.
 *
 * A flagged sample (enum mw_sample_flag) is repeated once in its round while repeats take less than a sixth of the
 * time. Samples go to ctx->samples at the end of the visit, and within it before they are 5 s old. Returns 0,
 * MW_ECANCELLED after a stop (what was measured stays), or an error. */
int rounds_visit(struct rounds *r, const struct bench_ctx *ctx);

/* Seconds that a round over all points takes, estimated from the samples so far: a shorter visit leaves points out. */
double rounds_round_s(const struct rounds *r);

/* Did every point reach the profile's target, over at least five visits (or all of the profile's, where fewer) and the
 * profile's least number of rounds? */
bool rounds_met(const struct rounds *r);

/* One record per point and topology state, as base/core/visits.h says. observed.stop is what ended the rounds:
 * "target", "rounds" or "budget". A point without any value becomes unavailable. */
int rounds_finish(struct rounds *r, const struct mw_sink *sink);
void rounds_close(struct rounds *r); /* NULL is allowed */

/* All at once: the profile's visits one after the other, each within its share of the time until ctx->deadline_ns,
 * until the target is met. Returns 0, MW_ECANCELLED after a stop (records emitted), or an error. What is derived from a
 * record with a state keeps its state: without it two states share one identity. */
int rounds_run(const struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink);

/* Seconds that one sample of n points may take so that the profile's least number of rounds fits into what is left
 * of the budget; at most the profile's sample_s. */
double rounds_sample_s(const struct bench_ctx *ctx, size_t n);
/* The same for begin() of a benchmark that is visited, whose deadline is not that of the visits: what fits into its
 * share of the run. */
double rounds_visits_sample_s(const struct bench_ctx *ctx, size_t n);

/* What the scheduler asks of the machine: clock, team and counters, or what a test put into ctx->machine. */
struct rounds_machine {
	void *self;
	uint64_t (*now_ns)(void *self);
	double (*c2c_ns)(void *self, int threads); /* one way, between the first and the last member; NaN unknown */
	void (*before)(void *self);                /* a sample begins */
	uint32_t (*after)(void *self);             /* it ended: its flags */
};

#endif
