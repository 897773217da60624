/* Body of the traffic kernels. A file of one instruction set defines the following, then includes this:
 *   VEC                  vector of 64-bit integers
 *   LOAD(p), STORE(p, v) aligned load and store
 *   NT, STREAM(p, v)     whether there are non-temporal stores, and one; p aligned to sizeof(VEC)
 *   SET1(u), ADD(x, y), SUM(x) -> uint64_t
 *   TABLE                name of the table */
#ifndef MW_TRAFFIC_LOOP_H
#define MW_TRAFFIC_LOOP_H

#include "base/core/kernels/traffic.h"

enum { VECTORS = (int)(MW_TRAFFIC_LINE / sizeof(VEC)) }; /* of a line */

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Keeps the order of lines, and the compiler from turning stores into memset, which chooses the kind of store itself.
 */
#define KEEP_ORDER() __asm__ volatile("" ::: "memory")

/* Waits for half to one and a half times `mean` iterations. With a constant number the branch predictor learns at times
 * when the loop ends, so that the next block begins early: the bandwidth of one pause had two values, twice apart. */
static inline void wait_about(size_t mean, uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
	for (size_t n = mean / 2 + (size_t)((*random >> 32) * mean >> 32); n; n--)
		__asm__ volatile("" : "+r"(n));
}

static inline __attribute__((always_inline)) void load_line(const char **from, VEC sum[VECTORS])
{
	UNROLL
	for (int k = 0; k < VECTORS; k++)
		sum[k] = ADD(sum[k], LOAD((const VEC *)(const void *)*from + k));
	*from += MW_TRAFFIC_LINE;
}

static inline __attribute__((always_inline)) void store_line(char **to, VEC v, bool nt)
{
	UNROLL
	for (int k = 0; k < VECTORS; k++) {
		VEC *p = (VEC *)(void *)*to + k;
#if NT
		if (nt) {
			STREAM(p, v);
			continue;
		}
#endif
		(void)nt;
		STORE(p, v);
	}
	KEEP_ORDER();
	*to += MW_TRAFFIC_LINE;
}

/* Blocks of groups, each of them `loads` lines loaded and then `stores` lines stored. */
static inline __attribute__((always_inline)) uint64_t run(void *to, const void *from, uint64_t value, size_t blocks,
							  size_t pause, int loads, int stores, bool nt)
{
	VEC v = SET1(value), sum[VECTORS];
	char *at = to;
	const char *next = from;
	uint64_t total = 0, random = (uintptr_t)to ^ (uintptr_t)from;
	UNROLL
	for (int k = 0; k < VECTORS; k++)
		sum[k] = SET1(0);
	for (size_t b = 0; b < blocks; b++) {
		UNROLL
		for (int line = 0; line < MW_TRAFFIC_LINES; line++) {
			if (line % (loads + stores) < loads)
				load_line(&next, sum);
			else
				store_line(&at, v, nt);
		}
		if (pause)
			wait_about(pause, &random);
	}
	for (int k = 0; k < VECTORS; k++)
		total += SUM(sum[k]);
	return total;
}

#define KERNEL(name, loads, stores, nt)                                                                                \
	static uint64_t name(void *to, const void *from, uint64_t value, size_t blocks, size_t pause)                  \
	{                                                                                                              \
		return run(to, from, value, blocks, pause, loads, stores, nt);                                         \
	}

KERNEL(run_100, 1, 0, false)
KERNEL(run_75, 2, 1, false)
KERNEL(run_50, 0, 1, false)
#if NT
KERNEL(run_50_nt, 1, 1, true)
KERNEL(run_0_nt, 0, 1, true)
#else
#define run_50_nt NULL
#define run_0_nt NULL
#endif

const struct mw_traffic_kernels TABLE = {
	.fn = {[MW_MIX_100] = run_100,
	       [MW_MIX_75] = run_75,
	       [MW_MIX_50] = run_50,
	       [MW_MIX_50_NT] = run_50_nt,
	       [MW_MIX_0_NT] = run_0_nt},
};

#endif
