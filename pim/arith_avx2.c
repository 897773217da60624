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

#include "pim/arith_loop.h"
#else
typedef int arith_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
