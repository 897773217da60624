/* The round scheduler. A benchmark passes its points; in each round every point is measured once, in random order.
 * Rounds are grouped into visits, which are spread over the run, until the intervals meet the profile's target or the
 * budget ends. */
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
		rec; /* the benchmark fills in identity, method and observed; the scheduler adds statistics and state */
	/* Measures one sample; *value in the record's unit. A negative return drops the point, with err as its note;
	 * MW_ECANCELLED (the user interrupted the sample) keeps its earlier samples. */
	int (*measure)(void *arg, double *value, char *err, size_t n);
	void *arg; /* switches are counted in its timed parts: mw_team_time, or mw_team_timed_begin and _end */
	struct round_shared *shared; /* NULL: the sample is the point's own */
	int threads;                 /* > 1: bracketed by core-to-core probes, tagged with the topology state */
};

struct rounds;

/* Opens rounds over pts[0..n-1], which must stay until rounds_close. Takes over the records of pts also when it fails.
 * Samples of an earlier session in ctx->samples are taken over, and rounds and visits are numbered on. 0 or -ENOMEM. */
int rounds_open(const struct bench_ctx *ctx, struct round_point *pts, size_t n, struct rounds **out);

/* One visit: rounds until ctx->deadline_ns, the target, or the visit's share of max_rounds; at least one round where
 * time allows. Points that did not fit come first in the next visit. Each call is one visit; its number is ctx->visit,
 * or the next free one.
 *
 * A flagged sample (enum mw_sample_flag) is repeated once in its round, while repeats take less than a sixth of the
 * time. Samples go to ctx->samples at the end of the visit, and before they are 5 s old. 0, MW_ECANCELLED after a stop
 * (samples are kept), or another error. */
int rounds_visit(struct rounds *r, const struct bench_ctx *ctx);

/* Estimated seconds of a round over all points, from the samples so far. A shorter visit leaves points out. */
double rounds_round_s(const struct rounds *r);

/* True when every point met the profile's target, after at least five visits (or all visits of the profile, if fewer)
 * and min_rounds rounds. */
bool rounds_met(const struct rounds *r);

/* Emits one record per point and topology state (base/core/visits.h). observed.stop is what ended the rounds: "target",
 * "rounds" or "budget". A point without samples is emitted as unavailable. */
int rounds_finish(struct rounds *r, const struct mw_sink *sink);
void rounds_close(struct rounds *r); /* NULL is allowed */
/* Frees the records of points for which rounds_open was never called; pts may be NULL. */
void rounds_drop(struct round_point *pts, size_t n);

/* Does all visits of the profile one after the other, each within its share of the time until ctx->deadline_ns, until
 * the target is met; then emits the records. 0, MW_ECANCELLED after a stop (records are emitted), or another error.
 * Records derived from one with a state must have the state too, else those of two states have one identity. */
int rounds_run(const struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink);

/* Seconds per sample so that min_rounds rounds over n points fit until ctx->deadline_ns; at most the profile's
 * sample_s. */
double rounds_sample_s(const struct bench_ctx *ctx, size_t n);
/* The same for begin() of a benchmark with visits: min_rounds rounds fit into ctx->share_s, because the deadline of
 * begin() is not that of the visits. */
double rounds_visits_sample_s(const struct bench_ctx *ctx, size_t n);

/* Clock, probe and counters that the scheduler uses: those of the machine, or those that a test sets in
 * ctx->machine. */
struct rounds_machine {
	void *self;
	uint64_t (*now_ns)(void *self);
	double (*c2c_ns)(void *self, int threads); /* one way, first to last member; NaN: unknown */
	void (*before)(void *self);                /* called before a sample */
	uint32_t (*after)(void *self);             /* called after it; returns its flags */
};

#endif
