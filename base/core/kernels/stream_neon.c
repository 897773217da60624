#include "base/core/kernels/stream_tables.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/* STNP, for a pair of registers, is the only non-temporal store of AArch64; there is no intrinsic for it. */
static inline void store_pair_nt(double *p, float64x2_t x)
{
	float64x1_t lo = vget_low_f64(x), hi = vget_high_f64(x);
	__asm__ volatile("stnp %d1, %d2, [%0]" : : "r"(p), "w"(lo), "w"(hi) : "memory");
}

#define VEC float64x2_t
#define VECI uint64x2_t
#define LOAD(p) vld1q_f64(p)
#define LOADI(p) vreinterpretq_u64_f64(vld1q_f64(p))
#define STORE(p, v) vst1q_f64((p), (v))
#define STREAM(p, v) store_pair_nt((p), (v))
#define SET1(s) vdupq_n_f64(s)
#define FMA(x, y, z) vfmaq_f64((z), (x), (y))
#define ADDI(x, y) vaddq_u64((x), (y))
#define SUMI(x) vaddvq_u64(x)
#define ZEROI vdupq_n_u64(0)
#define FENCE() __asm__ volatile("dmb ishst" : : : "memory")
#define ISA MW_ISA_NEON
#define NAME "neon"
#include "base/core/kernels/stream_vector.h"

const struct mw_stream_kernel *mw_stream_neon(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}
#else
const struct mw_stream_kernel *mw_stream_neon(size_t *n)
{
	*n = 0;
	return NULL;
}
#endif
