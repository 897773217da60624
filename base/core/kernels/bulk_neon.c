/* Bulk kernels for AArch64 AdvSIMD, without non-temporal stores: STNP is only a hint, and stores pairs of registers. */
#if defined(__aarch64__)
#include <arm_neon.h>

typedef uint8x16_t V;
#define V_BYTES 16u
#define V_STREAM 0
#define BULK_TABLE mw_bulk_neon

#define v_load(p) vld1q_u8(p)
#define v_store(p, v) vst1q_u8(p, v)
#define v_fence() ((void)0)
#define v_and(a, b) vandq_u8(a, b)
#define v_or(a, b) vorrq_u8(a, b)
#define v_xor(a, b) veorq_u8(a, b)
#define v_not(a) vmvnq_u8(a)
#define v_nand(a, b) vmvnq_u8(vandq_u8(a, b))
#define v_nor(a, b) vmvnq_u8(vorrq_u8(a, b))
#define v_xnor(a, b) vmvnq_u8(veorq_u8(a, b))
#define v_maj(a, b, c) vbslq_u8(veorq_u8(a, b), c, a)
#define v_add32(a, b) vreinterpretq_u8_u32(vaddq_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b)))
#define v_pattern(u) vreinterpretq_u8_u64(vdupq_n_u64(u))

#include "base/core/kernels/bulk_loop.h"
#else
typedef int bulk_neon_not_built; /* an empty translation unit is not ISO C */
#endif
