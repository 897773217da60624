/* The kernels of one instruction set. Included once by each arith_*.c, which first defines
 *   V_BYTES       bytes of a vector: 16, 32 or 64
 *   ARITH_TABLE   name of the table
 * and, where the instruction set has it, for every container of w = 8, 16, 32, 64 bits
 *   V_BITS_w(v)       one bit per lane of a vector whose lanes are all ones or 0
 *   V_BITS_FROM_w(b)  the vector of those bits; required with 64-byte vectors
 * and, alone, V_BITS_FROM_8(b) and V_ONES_8(v), the number of ones in each byte. */
#include <stdint.h>
#include <string.h>

#include "pim/arith.h"

#define ARITH_INLINE static inline __attribute__((always_inline))
#define ARITH_PASTE2(a, b) a##_##b
#define ARITH_PASTE(a, b) ARITH_PASTE2(a, b)
#define ARITH_UINT2(bits) uint##bits##_t
#define ARITH_UINT(bits) ARITH_UINT2(bits)

/* -O2 alone does not unroll. */
#if defined(__clang__)
#define ARITH_UNROLL _Pragma("unroll")
#else
#define ARITH_UNROLL _Pragma("GCC unroll 4")
#endif

/* Views of a vector, whatever its lanes are. */
typedef uint64_t arith_words __attribute__((vector_size(V_BYTES)));
typedef uint16_t arith_pairs __attribute__((vector_size(V_BYTES)));
typedef uint8_t arith_octets __attribute__((vector_size(V_BYTES)));

#ifndef V_BITS_FROM_64
static const uint8_t arith_lane_bit_8[32] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
					     1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
static const uint16_t arith_lane_bit_16[16] = {1,   2,   4,    8,    16,   32,   64,    128,
					       256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
static const uint32_t arith_lane_bit_32[8] = {1, 2, 4, 8, 16, 32, 64, 128};
static const uint64_t arith_lane_bit_64[4] = {1, 2, 4, 8};
#endif

/* The number of ones in each byte. Adds halves where the instruction set cannot count. */
ARITH_INLINE arith_words arith_ones(arith_words x)
{
#ifdef V_ONES_8
	return (arith_words)V_ONES_8(x);
#else
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	return (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
#endif
}

#define LANE_BITS 8
#define LANE_DOUBLE 16
#include "pim/arith_lanes.h"
#undef LANE_BITS
#undef LANE_DOUBLE
#define LANE_BITS 16
#define LANE_DOUBLE 32
#include "pim/arith_lanes.h"
#undef LANE_BITS
#undef LANE_DOUBLE
#define LANE_BITS 32
#define LANE_DOUBLE 64
#include "pim/arith_lanes.h"
#undef LANE_BITS
#undef LANE_DOUBLE
#define LANE_BITS 64
#include "pim/arith_lanes.h"
#undef LANE_BITS
#include "pim/arith_reduce.h"

static void unpack(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)
{
	const uint64_t *s = src[0];
	vec_8 *d = dst;
	const vec_8 one = splat_8(1);
	(void)a;
	for (size_t i = 0; i < lanes; i += 64)
		for (unsigned k = 0; k < 64; k += V_BYTES)
			d[(i + k) / V_BYTES] = spread_8(s[i / 64] >> k) & one;
}

#define ROW(name)                                                                                                      \
	{                                                                                                              \
		name##_8, name##_16, name##_32, name##_64                                                              \
	}

const struct arith_table ARITH_TABLE = {
	.fn =
		{
			[ARITH_NOT] = ROW(not ),
			[ARITH_NAND] = ROW(nand),
			[ARITH_NOR] = ROW(nor),
			[ARITH_XNOR] = ROW(xnor),
			[ARITH_AND] = ROW(and),
			[ARITH_OR] = ROW(or),
			[ARITH_XOR] = ROW(xor),
			[ARITH_MAJ] = ROW(maj),
			[ARITH_COPY] = ROW(copy),
			[ARITH_ADD] = ROW(add),
			[ARITH_SUB] = ROW(sub),
			[ARITH_MUL] = ROW(mul),
			[ARITH_DIV] = ROW(div),
			[ARITH_MOD] = ROW(mod),
			[ARITH_MIN] = ROW(min),
			[ARITH_MAX] = ROW(max),
			[ARITH_ABS] = ROW(abs),
			[ARITH_NEG] = ROW(neg),
			[ARITH_RELU] = ROW(relu),
			[ARITH_SHL] = ROW(shl),
			[ARITH_SHR] = ROW(shr),
			[ARITH_MUL_SAME] = ROW(mul_same),
			[ARITH_MUL_DOUBLE] = {mul_double_8, mul_double_16, mul_double_32, NULL},
			[ARITH_IF_ELSE] = ROW(if_else),
			[ARITH_POPCOUNT] = ROW(popcount),
			[ARITH_EQ] = ROW(eq),
			[ARITH_NE] = ROW(ne),
			[ARITH_LT] = ROW(lt),
			[ARITH_LE] = ROW(le),
			[ARITH_GT] = ROW(gt),
			[ARITH_GE] = ROW(ge),
			[ARITH_RED_AND] = ROW(red_and),
			[ARITH_RED_OR] = ROW(red_or),
			[ARITH_RED_XOR] = ROW(red_xor),
		},
	.unpack = unpack,
	.sum = ROW(sum),
	.least = ROW(least),
	.ones = ones,
};
