/* Statistics of a benchmark whose rounds are spread over the run in visits, and the records made of them.
 *
 * Repeats of a run differ by drift over minutes, so the interval is computed over visits. For one point and one
 * topology state, on logarithms (linear where a value is not above 0):
 * - the value of a round is its first clean sample, else its first sample;
 * - the value of a visit is the median of its clean rounds, or of all its rounds where none is clean;
 * - the value is the mean over visits, its 95 % interval that of Student's t over visits, never narrower than the sign
 *   test's interval over all rounds, and none with fewer than three visits;
 * - where visits differ by more than chance (F test at 5 %), the interval reaches to where one more visit would land,
 *   as far as that is within the target. The record says `unsteady` where the visits lie further apart than the
 *   target, else `drift`: another run may land outside of the interval.
 *
 * The interval is for the mean over the time of the measurement. Drift that is slower than the measurement is not in
 * it. */
#ifndef MW_VISITS_H
#define MW_VISITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/record.h"
#include "base/core/text.h"

enum { MW_STATES = 2, MW_STATE_UNKNOWN = UINT32_MAX };

/* Topology states of the points with one number of threads, which decides the pair of CPUs that is probed. */
struct mw_split {
	int states;          /* 0: no probes; 1: one state; 2: near and far */
	double threshold_ns; /* between near and far */
	double center_ns[MW_STATES];
};

/* A point with all its samples, in the order they were taken. */
struct mw_visit_point {
	const struct mw_record *rec; /* template: identity, method, observed */
	struct mw_sample *samples;
	size_t n;
	int threads;      /* > 1: samples carry probes and have a topology state */
	const char *stop; /* what ended the rounds: target, rounds or budget */
	const char *why;  /* not NULL: why there is no value */
};

/* True when the probes before and after a sample saw different placements. */
bool mw_probes_disagree(double before_ns, double after_ns);

/* Finds two states where the probes of all points with that many threads form two clusters. 0 or -ENOMEM. */
int mw_split_find(const struct mw_visit_point *pts, size_t n, int threads, struct mw_split *out);
/* Sets state and the topology flag of every sample: MW_STATE_UNKNOWN where the probes disagree or there are none. */
void mw_split_tag(const struct mw_split *s, struct mw_visit_point *p);

struct mw_visits {
	size_t rounds, visits;
	double value;
	double ci_lo, ci_hi; /* NaN when there is no interval */
	double min, max;     /* over rounds */
	double spread;       /* of visit values: largest over smallest - 1 */
	bool drifts;         /* visits differ by more than chance */
	bool unsteady;       /* and lie further apart than the target */
};

/* Statistics of the samples of one state. target: relative half width asked for. 0, -ENOMEM, or -EINVAL when a value
 * is not finite. Without samples of that state everything is NaN and 0. */
int mw_visits_summarize(const struct mw_sample *v, size_t n, uint32_t state, double target, struct mw_visits *out);
/* These statistics into a record, measured: value, interval, range, n, and observed visits, unsteady or drift. */
void mw_visits_put(struct mw_record *rec, const struct mw_visits *v);
/* Half width of the interval divided by the value; +inf without an interval. */
double mw_visits_rel_width(const struct mw_visits *v);

/* 1 when every state with at least a quarter of the point's rounds has an interval within the target, 0 when not, or a
 * negative error. The samples must be tagged (mw_split_tag). */
int mw_visits_met(const struct mw_visit_point *p, double target);

/* Share of rounds without a clean sample, 0..1. *causes: the flags of their samples, or-ed (enum mw_sample_flag). */
double mw_disturbed_share(const struct mw_sample *v, size_t n, size_t *rounds, uint32_t *causes);
/* "61 % of 120 rounds: steal, switches"; freed by the caller with mw_buf_fini. */
struct mw_buf mw_disturbed_words(double share, size_t rounds, uint32_t causes);
/* A record, or a run, with at least this share of disturbed rounds is called disturbed. */
#define MW_DISTURBED_SHARE 0.1
/* Name of one flag, such as "steal"; NULL for an unknown flag. */
const char *mw_flag_name(uint32_t flag);
/* The share in observed.disturbed, 0..1; 0 where the record has no such key. */
double mw_record_disturbed(const struct mw_record *r);

/* Tags the samples and emits one record per point and state, in the order of the points.
 * Parameter added where threads > 1: state = near or far where the probes fell into two heaps, one where they did not,
 * mixed where no sample of the point had probes that agree. A sample of no state goes with the point's first record,
 * so that none is lost, and counts for nothing there.
 * Observed: stop, visits, over_s, flagged (samples with a flag), disturbed
 * (from a tenth of the rounds on), unsteady, drift, c2c_ns of the state. A point without samples, or with a why,
 * becomes unavailable. */
int mw_visits_finish(struct mw_visit_point *pts, size_t n, double target, const struct mw_sink *sink);

#endif
