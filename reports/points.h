/* Points whose samples are in the journal while their benchmark still measures, so that a killed run loses only
 * seconds. Private to reports/, except for the list that a resumed run uses. */
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
	struct point *v; /* in the order of the journal, where lines of samples refer to a point by its number */
	size_t n, cap;
};

void points_fini(struct points *l);
/* Appends a copy of rec without samples. 0 or -ENOMEM. */
int points_add(struct points *l, const struct mw_record *rec, int threads);
/* The point with the identity of rec, or NULL. */
struct point *points_find(const struct points *l, const struct mw_record *rec);
/* Appends copies of the samples. 0 or -ENOMEM. */
int points_add_samples(struct point *p, const struct mw_sample *v, size_t n);
/* Number of visits: the highest visit number of the samples plus one. */
unsigned points_visits(const struct points *l);
/* Time of the last sample in ns since the start of the run. */
uint64_t points_last_ns(const struct points *l);

/* Adds records made from the samples (base/core/visits.h) of benchmarks that did not finish. 0 or -ENOMEM. */
int points_finish(const struct points *l, struct mw_records *records);

#endif
