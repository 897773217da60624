/* Points whose samples are journalled while their benchmark still measures, so that a killed run loses seconds.
 * Private to reports/, but for the list that a resumed run goes on with. */
#ifndef MW_POINTS_H
#define MW_POINTS_H

#include "base/core/record.h"

/* A record without a value, and its samples so far. */
struct point {
	struct mw_record rec; /* owns the samples */
	size_t cap;           /* of rec.samples */
	int threads;
};

struct points {
	struct point *v; /* in the order of the journal: lines of samples name a point by its number */
	size_t n, cap;
};

void points_fini(struct points *l);
/* A copy of rec without samples at the end. -ENOMEM. */
int points_add(struct points *l, const struct mw_record *rec, int threads);
/* NULL when there is none of that identity. */
struct point *points_find(const struct points *l, const struct mw_record *rec);
/* -ENOMEM. */
int points_add_samples(struct point *p, const struct mw_sample *v, size_t n);
/* Visits that the samples come from. */
unsigned points_visits(const struct points *l);
/* Time of the last sample, since the start of the run. */
uint64_t points_last_ns(const struct points *l);

/* Adds to records what the samples of benchmarks say that did not come to their end, as base/core/visits.h makes it of
 * them. -ENOMEM. */
int points_finish(const struct points *l, struct mw_records *records);

#endif
