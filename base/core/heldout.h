/* The best of several candidates (kernels, engines, numbers of threads), without selection bias.
 *
 * The largest of several noisy values is biased: it was partly chosen for its noise. So the value of each visit is
 * taken from the candidate that is best in the other visits, whose noise is independent. The samples taken in this way
 * are summarized as those of one point are (base/core/visits.h). */
#ifndef MW_HELDOUT_H
#define MW_HELDOUT_H

#include "base/core/visits.h"

struct mw_heldout {
	struct mw_visits stats; /* of the samples taken */
	size_t best;            /* index of the candidate that is best over all visits */
	bool *tied; /* [k]: at least three common visits do not separate it from the best; false for the best itself;
		       owned */
	bool blind; /* one visit and several candidates: the samples that chose the best also give its value */
};

/* c: k finished records of one metric with their samples, each of one topology state. target: relative half width, as
 * for mw_visits_summarize. 0, -ENOMEM, or -EINVAL when a value is not finite or there is no sample. */
int mw_heldout_best(const struct mw_record *const *c, size_t k, double target, struct mw_heldout *out);
void mw_heldout_fini(struct mw_heldout *h);

/* Puts value, interval, range and n into r, with the observed keys of the rounds (stop, flagged, ...) of the best
 * candidate. Adds a note when h->blind. */
void mw_heldout_put(struct mw_record *r, const struct mw_heldout *h, const struct mw_record *const *c);

#endif
