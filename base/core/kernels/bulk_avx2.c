/* Bulk kernels for AVX2. */
#if defined(__AVX2__)
#include <immintrin.h>

typedef __m256i V;
#define V_BYTES 32u
#define V_STREAM 1
#define BULK_TABLE mw_bulk_avx2

#define v_load(p) _mm256_loadu_si256((const __m256i_u *)(const void *)(p))
#define v_store(p, v) _mm256_storeu_si256((__m256i_u *)(void *)(p), v)
#define v_stream(p, v) _mm256_stream_si256((__m256i *)(void *)(p), v)
#define v_fence() _mm_sfence()
#define v_and(a, b) _mm256_and_si256(a, b)
#define v_or(a, b) _mm256_or_si256(a, b)
#define v_xor(a, b) _mm256_xor_si256(a, b)
#define v_not(a) _mm256_xor_si256(a, _mm256_set1_epi8(-1))
#define v_nand(a, b) v_not(v_and(a, b))
#define v_nor(a, b) v_not(v_or(a, b))
#define v_xnor(a, b) v_not(v_xor(a, b))
#define v_maj(a, b, c) v_or(v_and(a, b), v_and(c, v_or(a, b)))
#define v_add32(a, b) _mm256_add_epi32(a, b)
#define v_pattern(u) _mm256_set1_epi64x((long long)(u))

#include "base/core/kernels/bulk_loop.h"
#else
typedef int bulk_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
