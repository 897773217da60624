#if defined(__AVX512F__)
#include <immintrin.h>

#define V_BYTES 64
#define ARITH_TABLE arith_avx512
#define V_BITS_8(v) _mm512_movepi8_mask((__m512i)(v))
#define V_BITS_16(v) _mm512_movepi16_mask((__m512i)(v))
#define V_BITS_32(v) _mm512_movepi32_mask((__m512i)(v))
#define V_BITS_64(v) _mm512_movepi64_mask((__m512i)(v))
#define V_BITS_FROM_8(b) _mm512_movm_epi8((__mmask64)(b))
#define V_BITS_FROM_16(b) _mm512_movm_epi16((__mmask32)(b))
#define V_BITS_FROM_32(b) _mm512_movm_epi32((__mmask16)(b))
#define V_BITS_FROM_64(b) _mm512_movm_epi64((__mmask8)(b))
#define V_ONES_8(v) ones_of_bytes((__m512i)(v))

/* By a table of the ones in 0..15. */
static inline __m512i ones_of_bytes(__m512i v)
{
	const __m512i table = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0403030203020201, 0x0302020102010100));
	const __m512i low = _mm512_set1_epi8(15);
	__m512i a = _mm512_shuffle_epi8(table, _mm512_and_si512(v, low));
	return _mm512_add_epi8(a, _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(v, 4), low)));
}

#include "pim/arith_loop.h"
#else
typedef int arith_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
