/* Transposition for AVX2. */
#if defined(__AVX2__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/kernels/transpose_paths.h"

typedef uint64_t V __attribute__((vector_size(32)));
#define V_PARTS 2
#define V_STREAM 1
#define TRANSPOSE_TO mw_to_planes_avx2
#define TRANSPOSE_FROM mw_from_planes_avx2
#define TRANSPOSE_TO_NT mw_to_planes_avx2_nt
#define TRANSPOSE_FROM_NT mw_from_planes_avx2_nt

#define v_zip_lo(a, b) ((V)_mm256_unpacklo_epi8((__m256i)(a), (__m256i)(b)))
#define v_zip_hi(a, b) ((V)_mm256_unpackhi_epi8((__m256i)(a), (__m256i)(b)))
#define v_stream(p, v) _mm256_stream_si256((__m256i *)(void *)(p), (__m256i)(v))
#define v_fence() _mm_sfence()

static inline V v_load_parts(const char *p, size_t d)
{
	const __m128i *lo = (const __m128i *)(const void *)p, *hi = (const __m128i *)(const void *)(p + d);
	return (V)_mm256_inserti128_si256(_mm256_castsi128_si256(_mm_load_si128(lo)), _mm_load_si128(hi), 1);
}

static inline void v_store_parts(char *p, size_t d, V v)
{
	_mm_store_si128((__m128i *)(void *)p, _mm256_castsi256_si128((__m256i)v));
	_mm_store_si128((__m128i *)(void *)(p + d), _mm256_extracti128_si256((__m256i)v, 1));
}

#include "base/core/kernels/transpose_loop.h"
#else
typedef int transpose_avx2_not_built; /* an empty translation unit is not ISO C */
#endif
