/* Bulk kernels for AVX-512: every bitwise operation is one vpternlog. */
#if defined(__AVX512F__)
#include <immintrin.h>

typedef __m512i V;
#define V_BYTES 64u
#define V_STREAM 1
#define BULK_TABLE mw_bulk_avx512

#define v_load(p) _mm512_loadu_si512((const void *)(p))
#define v_store(p, v) _mm512_storeu_si512((void *)(p), v)
#define v_stream(p, v) _mm512_stream_si512((__m512i *)(void *)(p), v)
#define v_fence() _mm_sfence()
/* Truth tables: bit index = a << 2 | b << 1 | c. */
#define v_and(a, b) _mm512_ternarylogic_epi64(a, b, b, 0xc0)
#define v_or(a, b) _mm512_ternarylogic_epi64(a, b, b, 0xfc)
#define v_xor(a, b) _mm512_ternarylogic_epi64(a, b, b, 0x3c)
#define v_not(a) _mm512_ternarylogic_epi64(a, a, a, 0x0f)
#define v_nand(a, b) _mm512_ternarylogic_epi64(a, b, b, 0x3f)
#define v_nor(a, b) _mm512_ternarylogic_epi64(a, b, b, 0x03)
#define v_xnor(a, b) _mm512_ternarylogic_epi64(a, b, b, 0xc3)
#define v_maj(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0xe8)
#define v_add32(a, b) _mm512_add_epi32(a, b)
#define v_pattern(u) _mm512_set1_epi64((long long)(u))

#include "base/core/kernels/bulk_loop.h"
#else
typedef int bulk_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
