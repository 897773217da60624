/* Transposition for AArch64 AdvSIMD, without non-temporal stores: STNP is only a hint, and stores pairs of
 * registers. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/kernels/transpose_paths.h"

typedef uint64_t V __attribute__((vector_size(16)));
#define V_PARTS 1
#define V_STREAM 0
#define TRANSPOSE_TO mw_to_planes_neon
#define TRANSPOSE_FROM mw_from_planes_neon

#define v_zip_lo(a, b) ((V)vzip1q_u8((uint8x16_t)(a), (uint8x16_t)(b)))
#define v_zip_hi(a, b) ((V)vzip2q_u8((uint8x16_t)(a), (uint8x16_t)(b)))
#define v_load_parts(p, d) v_load(p)
#define v_store_parts(p, d, v) v_store(p, v)
#define v_fence() ((void)0)

#include "base/core/kernels/transpose_loop.h"
#else
typedef int transpose_neon_not_built; /* an empty translation unit is not ISO C */
#endif
