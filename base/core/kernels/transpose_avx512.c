/* Transposition for AVX-512 (F and BW). */
#if defined(__AVX512BW__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/kernels/transpose_paths.h"

typedef uint64_t V __attribute__((vector_size(64)));
#define V_PARTS 4
#define V_STREAM 1
#define TRANSPOSE_TO mw_to_planes_avx512
#define TRANSPOSE_FROM mw_from_planes_avx512
#define TRANSPOSE_TO_NT mw_to_planes_avx512_nt
#define TRANSPOSE_FROM_NT mw_from_planes_avx512_nt

#define v_zip_lo(a, b) ((V)_mm512_unpacklo_epi8((__m512i)(a), (__m512i)(b)))
#define v_zip_hi(a, b) ((V)_mm512_unpackhi_epi8((__m512i)(a), (__m512i)(b)))
#define v_stream(p, v) _mm512_stream_si512((__m512i *)(void *)(p), (__m512i)(v))
#define v_fence() _mm_sfence()

static inline V v_load_parts(const char *p, size_t d)
{
	__m512i v = _mm512_castsi128_si512(_mm_load_si128((const __m128i *)(const void *)p));
	v = _mm512_inserti32x4(v, _mm_load_si128((const __m128i *)(const void *)(p + d)), 1);
	v = _mm512_inserti32x4(v, _mm_load_si128((const __m128i *)(const void *)(p + 2 * d)), 2);
	return (V)_mm512_inserti32x4(v, _mm_load_si128((const __m128i *)(const void *)(p + 3 * d)), 3);
}

static inline void v_store_parts(char *p, size_t d, V v)
{
	_mm_store_si128((__m128i *)(void *)p, _mm512_castsi512_si128((__m512i)v));
	_mm_store_si128((__m128i *)(void *)(p + d), _mm512_extracti32x4_epi32((__m512i)v, 1));
	_mm_store_si128((__m128i *)(void *)(p + 2 * d), _mm512_extracti32x4_epi32((__m512i)v, 2));
	_mm_store_si128((__m128i *)(void *)(p + 3 * d), _mm512_extracti32x4_epi32((__m512i)v, 3));
}

/* vpternlog 0xca: m ? second : third. */
#define v_exchange v_exchange
static inline void v_exchange(V *a, V *b, unsigned s, uint64_t m)
{
	__m512i mask = _mm512_set1_epi64((long long)m), x = (__m512i)*a, y = (__m512i)*b;
	*a = (V)_mm512_ternarylogic_epi64(mask, x, (__m512i)(*b << s), 0xca);
	*b = (V)_mm512_ternarylogic_epi64(mask, (__m512i)((V)x >> s), y, 0xca);
}

#include "base/core/kernels/transpose_loop.h"
#else
typedef int transpose_avx512_not_built; /* an empty translation unit is not ISO C */
#endif
