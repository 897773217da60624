/* Cells for AVX2. */
#if defined(__AVX2__)
#include <immintrin.h>

typedef __m256i V;
#define V_BYTES 32u
#define V_STREAM 1
#define CELLS_TABLE ambit_cells_avx2

#define v_load(p) _mm256_load_si256((const __m256i *)(const void *)(p))
#define v_store(p, v) _mm256_store_si256((__m256i *)(void *)(p), v)
#define v_stream(p, v) _mm256_stream_si256((__m256i *)(void *)(p), v)
#define v_fence() _mm_sfence()
#define v_xor(a, b) _mm256_xor_si256(a, b)
#define v_maj(a, b, c) _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
#define v_mask(on) _mm256_set1_epi8((on) ? -1 : 0)

#include "ambit-emu/cells_loop.h"
#else
typedef int cells_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
