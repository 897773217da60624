#if defined(__AVX2__)
#include <immintrin.h>

#define V_BYTES 32
#define ARITH_TABLE arith_avx2
#define V_BITS_8(v) (uint32_t) _mm256_movemask_epi8((__m256i)(v))
#define V_BITS_16(v) bits_of_words((__m256i)(v))
#define V_BITS_32(v) (uint32_t) _mm256_movemask_ps((__m256)(v))
#define V_BITS_64(v) (uint32_t) _mm256_movemask_pd((__m256d)(v))

/* packs_epi16 works within 128-bit halves: 8 lanes, 8 zeros, 8 lanes, 8 zeros. */
static inline unsigned bits_of_words(__m256i v)
{
	unsigned m = (unsigned)_mm256_movemask_epi8(_mm256_packs_epi16(v, _mm256_setzero_si256()));
	return (m & 0xff) | (m >> 8 & 0xff00);
}

#define V_BITS_FROM_8(b) bytes_of_bits((int)(b))
#define V_ONES_8(v) ones_of_bytes((__m256i)(v))

/* Byte i gets the byte of b that holds bit i. */
static inline __m256i bytes_of_bits(int b)
{
	const __m256i from = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
	const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
	__m256i v = _mm256_shuffle_epi8(_mm256_set1_epi32(b), from);
	return _mm256_cmpeq_epi8(_mm256_and_si256(v, bit), bit);
}

/* By a table of the ones in 0..15. */
static inline __m256i ones_of_bytes(__m256i v)
{
	const __m256i table =
		_mm256_setr_epi64x(0x0302020102010100, 0x0403030203020201, 0x0302020102010100, 0x0403030203020201);
	const __m256i low = _mm256_set1_epi8(15);
	__m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(v, low));
	return _mm256_add_epi8(a, _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

#include "pim/arith_loop.h"
#else
typedef int arith_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
