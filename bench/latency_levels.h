/* Finds the levels of the memory hierarchy in a ladder of latencies by working set. Pure functions. */
#ifndef MW_LATENCY_LEVELS_H
#define MW_LATENCY_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEVELS_MAX = 8, LEVEL_POINTS_MAX = 256 };

struct level_point {
	double size; /* bytes touched */
	double ns;
};

struct level {
	size_t first, last, middle; /* its points; the middle one by the logarithm of the size */
	double ns;                  /* median of its points */
	/* Where the latency has gone a quarter of the way to the next level, on logarithms, and the points on either
	 * side: what this level and those before it hold. NaN for the last level. */
	double size, size_lo, size_hi;
};

/* Levels of v[0..n-1], which ascends by size; at most max. A level is a plateau: almost constant latency over most of
 * an octave or more. Sizes between two plateaus, or where values jump to and fro (a cache shared with others), belong
 * to none. At most LEVEL_POINTS_MAX points are looked at. */
size_t levels_find(const struct level_point *v, size_t n, struct level *out, size_t max);

/* Which found level is which of the caches that the system reports (bytes, ascending; 0: not reported): of[k] becomes
 * the index in v of cache k, or -1. Only levels with a size are considered, in their order, and sizes that differ by
 * more than a factor of eight are not the same cache. Where nothing is reported, levels are the caches in order. */
void levels_match(const struct level *v, size_t n, const uint64_t *reported, size_t n_reported, int *of);

/* True when the size found agrees with the one reported: between its points, or a third more or less. */
bool level_agrees(const struct level *l, uint64_t reported);

#endif
