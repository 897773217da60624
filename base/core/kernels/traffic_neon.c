/* Traffic kernels for AArch64 AdvSIMD: four vectors per line. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdint.h>

typedef uint64x2_t VEC;

/* STNP, for a pair of registers, is the only non-temporal store of AArch64; there is no intrinsic for it. */
static inline void store_pair_nt(VEC *p, VEC v)
{
	uint64_t lo = vgetq_lane_u64(v, 0), hi = vgetq_lane_u64(v, 1);
	__asm__ volatile("stnp %0, %1, [%2]" : : "r"(lo), "r"(hi), "r"(p) : "memory");
}

#define NT 1
#define TABLE mw_traffic_neon
#define LOAD(p) vld1q_u64((const uint64_t *)(const void *)(p))
#define STORE(p, v) vst1q_u64((uint64_t *)(void *)(p), (v))
#define STREAM(p, v) store_pair_nt((p), (v))
#define SET1(u) vdupq_n_u64(u)
#define ADD(x, y) vaddq_u64((x), (y))
#define SUM(x) vaddvq_u64(x)

#include "base/core/kernels/traffic_loop.h"
#else
typedef int traffic_neon_not_built; /* an empty translation unit is not ISO C */
#endif
