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

#include "pim/arith_loop.h"
#else
typedef int arith_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
