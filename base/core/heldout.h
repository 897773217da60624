/* The best of several candidates (kernels, engines, numbers of threads), without the luck of the winner.
 *
 * The largest of several noisy values is too large: it was chosen for its noise too. So each visit is quoted from the
 * candidate that is best by the other visits, whose noise is not the noise of this one. What is quoted is summarized as
 * the samples of one point are (base/core/visits.h). */
#ifndef MW_HELDOUT_H
#define MW_HELDOUT_H

#include "base/core/visits.h"

struct mw_heldout {
	struct mw_visits stats; /* of the samples quoted */
	size_t best;            /* candidate that is best by all visits */
	bool *tied;             /* k: not told from the best by at least three visits of both; the best is not; owned */
	bool blind;             /* one visit, several candidates: chosen and quoted by the same samples */
};

/* c: k finished records of one metric with their samples, each of one topology state. target: as for
 * mw_visits_summarize. 0, -ENOMEM, or -EINVAL when a value is not finite or there is no sample at all. */
int mw_heldout_best(const struct mw_record *const *c, size_t k, double target, struct mw_heldout *out);
void mw_heldout_fini(struct mw_heldout *h);

/* Value, interval, range and what belongs to them into r, with the best candidate's circumstances (stop, flagged, ...).
 * A note says so when the choice was blind. */
void mw_heldout_put(struct mw_record *r, const struct mw_heldout *h, const struct mw_record *const *c);

#endif
