/* The round scheduler: every benchmark hands its points over, and each point gets one value per round, points in
 * random order within a round, until the intervals meet the profile's target or the budget ends. */
#ifndef MW_ROUNDS_H
#define MW_ROUNDS_H

#include "bench/bench.h"

struct round_point {
	struct mw_record
		rec; /* identity, method, observed: filled in by the benchmark; the scheduler adds statistics, state */
	/* One sample: the value in the record's unit. Negative return: the point is dropped with that error in note;
	 * MW_ECANCELLED (the user's stop came during the sample) keeps the values before it. */
	int (*measure)(void *arg, double *value, char *err, size_t n);
	void *arg;
	int threads; /* > 1: bracketed by core-to-core probes, tagged with the topology state */
};

/* Runs rounds over pts[0..n-1] and emits one record per point (per topology state where several were seen: values
 * of different states are never pooled; the parameter state names it). observed.stop says which ended it: "target",
 * "rounds" or "budget". A point without any value becomes unavailable. Returns 0, MW_ECANCELLED after a stop
 * (records emitted), or an error. pts[].rec is consumed.
 *
 * A flagged sample (enum mw_sample_flag) is repeated once in its round while repeats take less than a sixth of the
 * time. All samples stay in the record; the value of a round is its first clean sample, or else its first one.
 * Samples whose probes disagree (MW_SAMPLE_TOPOLOGY) belong to no state whatever their state field says: they count
 * only for a point that has no other.
 * Parameter added to a value when threads > 1: state = "near" or "far" where the probes of this call fell into two
 * heaps, "one" where they did not, "mixed" where no sample of the point had probes that agree. What is derived from
 * such a record keeps its state: without it two states share one identity.
 * Observed keys added: stop; flagged (samples with a flag) when > 0; c2c_ns of the state, but for "mixed". */
int rounds_run(struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink);

/* Seconds that one sample of n points may take so that the profile's least number of rounds fits into what is left
 * of the budget; at most the profile's sample_s. */
double rounds_sample_s(const struct bench_ctx *ctx, size_t n);

/* What the scheduler asks of the machine: rounds_run uses clock, team and counters, or what a test put into
 * ctx->machine. */
struct rounds_machine {
	void *self;
	uint64_t (*now_ns)(void *self);
	double (*c2c_ns)(void *self, int threads); /* one way, between the first and the last member; NaN unknown */
	void (*before)(void *self);                /* a sample begins */
	uint32_t (*after)(void *self);             /* it ended: its flags */
};

int rounds_run_on(struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink,
		  const struct rounds_machine *machine);

#endif
