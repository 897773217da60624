/* From which size or number of uses a device is faster than the host. Arithmetic on times only. */
#ifndef MW_BREAKEVEN_H
#define MW_BREAKEVEN_H

#include <stddef.h>

enum breakeven {
	BREAKEVEN_NEVER,   /* for no size, or no number of uses */
	BREAKEVEN_AT_ONCE, /* from the smallest size, or the first use */
	BREAKEVEN_FROM,
};

/* Smallest size from which the device stays ahead up to the largest one. host[i] and device[i] are times at size[i], in
 * the same unit; sizes ascend; n > 0. With interpolate, *crossing is interpolated linearly between two sizes; else it
 * is the first measured size that is ahead. Not set with BREAKEVEN_NEVER. */
enum breakeven breakeven_size(const double *size, const double *host, const double *device, size_t n, int interpolate,
			      double *crossing);

/* Smallest whole number u with place + u * per_use <= u * host (times in the same unit). *uses is not set with
 * BREAKEVEN_NEVER: per_use is not below host. */
enum breakeven breakeven_uses(double host, double place, double per_use, double *uses);

#endif
