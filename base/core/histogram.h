/* A histogram of times for percentiles of any number of values, in constant memory.
 *
 * Buckets are log-linear: values below 256 have a bucket each, and every octave from there on is cut into 128 equal
 * buckets. A percentile is the middle of its bucket, so it differs by at most 1/256 (0.4 %) from the value of that rank
 * in the sorted list; the largest value is exact. */
#ifndef MW_HISTOGRAM_H
#define MW_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	MW_HISTOGRAM_OCTAVE = 128, /* buckets of an octave */
	MW_HISTOGRAM_BITS = 42,    /* values of 2^42 (73 minutes in ns) and more are in the last bucket */
	MW_HISTOGRAM_BUCKETS = MW_HISTOGRAM_OCTAVE * (MW_HISTOGRAM_BITS - 6)
};

struct mw_histogram {
	uint64_t n, max;
	uint64_t count[MW_HISTOGRAM_BUCKETS];
};

void mw_histogram_clear(struct mw_histogram *h);
void mw_histogram_add(struct mw_histogram *h, uint64_t value);
/* Adds all values of src to dst. */
void mw_histogram_merge(struct mw_histogram *dst, const struct mw_histogram *src);
/* Value of rank ceil(n * per_mille / 1000), from 1: the nearest-rank percentile, 500 is the median and 1000 the largest
 * value. NaN when the histogram is empty. */
double mw_histogram_quantile(const struct mw_histogram *h, unsigned per_mille);

#endif
