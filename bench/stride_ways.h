/* What follows from latencies by stride: associativity of caches, and how far prefetchers reach. */
#ifndef MW_BENCH_STRIDE_WAYS_H
#define MW_BENCH_STRIDE_WAYS_H

#include <stddef.h>

enum { STRIDE_LINES = 24 }; /* most lines of a conflict chain: above the ways of any first or second level */

/* Latency of chains of 1, 2, ... lines at one stride. */
struct stride_curve {
	size_t stride;
	double ns[STRIDE_LINES]; /* of i + 1 lines; NaN: not measured */
};

struct stride_ways {
	int ways;         /* 0: not found */
	size_t way_bytes; /* smallest stride at which one line more than that misses: sets * 64 */
};

enum { STRIDE_LEVELS = 2, STRIDE_CURVES = 9 };

/* Finds the ways of the first two levels. Lines at a power-of-two stride share one set when the stride is at least
 * sets * 64, and 2, 4, ... sets below that. So the ways are the fewest lines, of all strides, behind which the curve
 * leaves the latency of a level for good. Chains of one line show the latency of the first level, those longer than
 * its ways at the smallest stride that of the second. n is at most STRIDE_CURVES; curves by stride, smallest first. */
void stride_find_ways(const struct stride_curve *curves, size_t n, struct stride_ways found[STRIDE_LEVELS]);

struct stride_pair {
	size_t stride;
	double in_order_ns, random_ns;
};

/* Loads in order that take less than this share of random ones at the same stride were helped by prefetchers. */
#define STRIDE_HELPED 0.75

/* The largest stride up to which, from the smallest on, prefetchers help; 0: none. *beyond: also at the largest stride
 * measured, so that the reach may be larger. Pairs by stride, smallest first. */
size_t stride_find_reach(const struct stride_pair *pairs, size_t n, int *beyond);

/* Ways of the data cache of that level, of that CPU, as sysfs below root_fd says; 0: not known. */
int stride_ways_told(int root_fd, int cpu, int level);

#endif
