#include "base/core/histogram.h"

#include <math.h>
#include <string.h>

enum { OCTAVE = MW_HISTOGRAM_OCTAVE, OCTAVE_BITS = 7 };
_Static_assert(1 << OCTAVE_BITS == OCTAVE, "an octave is a power of two");

/* Shift 0 covers two octaves' worth of buckets, 0 to 255; each further shift adds the upper half of its range. */
static size_t bucket_of(uint64_t value)
{
	if (value >= UINT64_C(1) << MW_HISTOGRAM_BITS)
		return MW_HISTOGRAM_BUCKETS - 1;
	unsigned top = 63u - (unsigned)__builtin_clzll(value | 1);
	unsigned shift = top > OCTAVE_BITS ? top - OCTAVE_BITS : 0;
	return (size_t)shift * OCTAVE + (size_t)(value >> shift);
}

static double middle_of(size_t bucket)
{
	size_t shift = bucket < 2 * OCTAVE ? 0 : bucket / OCTAVE - 1;
	uint64_t first = (uint64_t)(bucket - shift * OCTAVE) << shift;
	return (double)first + (double)((UINT64_C(1) << shift) - 1) / 2;
}

void mw_histogram_clear(struct mw_histogram *h)
{
	memset(h, 0, sizeof(*h));
}

void mw_histogram_add(struct mw_histogram *h, uint64_t value)
{
	h->count[bucket_of(value)]++;
	h->n++;
	h->max = value > h->max ? value : h->max;
}

void mw_histogram_merge(struct mw_histogram *dst, const struct mw_histogram *src)
{
	for (size_t i = 0; i < MW_HISTOGRAM_BUCKETS; i++)
		dst->count[i] += src->count[i];
	dst->n += src->n;
	dst->max = src->max > dst->max ? src->max : dst->max;
}

double mw_histogram_quantile(const struct mw_histogram *h, unsigned per_mille)
{
	if (h->n == 0)
		return (double)NAN;
	uint64_t rank = h->n / 1000 * per_mille + (h->n % 1000 * per_mille + 999) / 1000;
	uint64_t below = 0;
	if (rank >= h->n)
		return (double)h->max;
	for (size_t i = 0; i < MW_HISTOGRAM_BUCKETS; i++) {
		below += h->count[i];
		if (below >= rank && below > 0)
			return fmin(middle_of(i), (double)h->max);
	}
	return (double)h->max;
}
