/* AArch64 AdvSIMD. It has no instruction that gathers one bit per lane: the bits are added up. */
#if defined(__aarch64__)
#include <arm_neon.h>

#define V_BYTES 16
#define ARITH_TABLE arith_neon
#define V_BITS_8(v) bits_of_bytes((uint8x16_t)(v))
#define V_BITS_16(v) bits_of_words((uint16x8_t)(v))
#define V_BITS_32(v) bits_of_doublewords((uint32x4_t)(v))
#define V_BITS_64(v) bits_of_quadwords((uint64x2_t)(v))
#define V_ONES_8(v) vcntq_u8((uint8x16_t)(v))

static inline unsigned bits_of_bytes(uint8x16_t v)
{
	const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	v = vandq_u8(v, bit);
	return vaddv_u8(vget_low_u8(v)) | (unsigned)vaddv_u8(vget_high_u8(v)) << 8;
}

static inline unsigned bits_of_words(uint16x8_t v)
{
	const uint16x8_t bit = {1, 2, 4, 8, 16, 32, 64, 128};
	return vaddvq_u16(vandq_u16(v, bit));
}

static inline unsigned bits_of_doublewords(uint32x4_t v)
{
	const uint32x4_t bit = {1, 2, 4, 8};
	return vaddvq_u32(vandq_u32(v, bit));
}

static inline unsigned bits_of_quadwords(uint64x2_t v)
{
	const uint64x2_t bit = {1, 2};
	return (unsigned)vaddvq_u64(vandq_u64(v, bit));
}

#include "pim/arith_loop.h"
#else
typedef int arith_neon_not_built; /* an empty translation unit is not ISO C */
#endif
