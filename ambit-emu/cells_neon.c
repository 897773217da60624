/* Cells for AArch64 AdvSIMD. */
#if defined(__aarch64__)
#include <arm_neon.h>

typedef uint8x16_t V;
#define V_BYTES 16u
#define V_STREAM 0
#define CELLS_TABLE ambit_cells_neon

#define v_load(p) vld1q_u8((const uint8_t *)(p))
#define v_store(p, v) vst1q_u8((uint8_t *)(p), v)
#define v_fence() ((void)0)
#define v_xor(a, b) veorq_u8(a, b)
#define v_maj(a, b, c) vbslq_u8(veorq_u8(a, b), c, a)
#define v_mask(on) vdupq_n_u8((on) ? 0xff : 0)

#include "ambit-emu/cells_loop.h"
#else
typedef int cells_neon_not_built; /* an empty translation unit is not ISO C */
#endif
