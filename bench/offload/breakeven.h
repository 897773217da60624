/* When does moving work to a device pay? Pure arithmetic on times. */
#ifndef MW_BREAKEVEN_H
#define MW_BREAKEVEN_H

#include <stddef.h>

enum breakeven {
	BREAKEVEN_NEVER,   /* not within what was measured */
	BREAKEVEN_AT_ONCE, /* from the smallest size, or the first use, on */
	BREAKEVEN_FROM,
};

/* Smallest size from which the device stays ahead up to the largest one: host[i] and device[i] are times at size[i],
 * sizes ascending, n > 0. With interpolate the crossing is sought between two sizes, times taken as linear there;
 * otherwise the first measured size counts. *size is set unless the answer is never. */
enum breakeven breakeven_size(const double *size, const double *host, const double *device, size_t n, int interpolate,
			      double *crossing);

/* Smallest whole number of uses u with place + u * per_use <= u * host. *uses is set unless the answer is never, which
 * holds when a use gains nothing. */
enum breakeven breakeven_uses(double host, double place, double per_use, double *uses);

#endif
