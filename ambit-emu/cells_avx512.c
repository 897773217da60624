/* Cells for AVX-512: a triple-row activation of 512 columns is one vpternlog. */
#if defined(__AVX512F__)
#include <immintrin.h>

typedef __m512i V;
#define V_BYTES 64u
#define V_STREAM 1
#define CELLS_TABLE ambit_cells_avx512

#define v_load(p) _mm512_load_si512((const void *)(p))
#define v_store(p, v) _mm512_store_si512((void *)(p), v)
#define v_stream(p, v) _mm512_stream_si512((__m512i *)(void *)(p), v)
#define v_fence() _mm_sfence()
#define v_xor(a, b) _mm512_xor_si512(a, b)
#define v_maj(a, b, c) _mm512_ternarylogic_epi64(a, b, c, 0xe8)
#define v_mask(on) _mm512_set1_epi8((on) ? -1 : 0)

#include "ambit-emu/cells_loop.h"
#else
typedef int cells_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
