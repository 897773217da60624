#include "pim/devices/dimc_tile.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

static inline __m512i pair32(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

static inline __m512i pair64(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

static inline __m512i pair128(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd));
}

static inline __m512i four_rows(const __m512i *v)
{
	return pair64(pair32(v[0], v[1]), pair32(v[2], v[3]));
}

/* Lane i = sum of the 16 lanes of v[i]. */
static inline __m512i sum_lanes(const __m512i v[16])
{
	__m512i low = pair128(four_rows(v), four_rows(v + 4)), high = pair128(four_rows(v + 8), four_rows(v + 12));
	return pair128(low, high);
}

static inline __m512i widen(const int8_t *p, __mmask32 m)
{
	return _mm512_cvtepi8_epi16(m == 0xffffffffu ? _mm256_loadu_si256((const __m256i *)(const void *)p)
						     : _mm256_maskz_loadu_epi8(m, p));
}

static inline void add_chunk(__m512i v[16], const int8_t *w, const int8_t *x, size_t cols, __mmask32 m)
{
	__m512i xv = widen(x, m);
	UNROLL
	for (size_t r = 0; r < 16; r++)
		v[r] = _mm512_add_epi32(v[r], _mm512_madd_epi16(widen(w + r * cols, m), xv));
}

static inline __m512i tile(const int8_t *w, const int8_t *x, size_t cols, size_t n)
{
	__m512i v[16];
	UNROLL
	for (int r = 0; r < 16; r++)
		v[r] = _mm512_setzero_si512();
	size_t c = 0;
	for (; c + 32 <= n; c += 32)
		add_chunk(v, w + c, x + c, cols, 0xffffffffu);
	if (c < n)
		add_chunk(v, w + c, x + c, cols, (__mmask32)((1u << (n - c)) - 1));
	return sum_lanes(v);
}

void dimc_tile_avx512(const int8_t *w, const int8_t *x, size_t cols, size_t inputs, int32_t lo, int32_t hi,
		      int32_t *acc)
{
	__m512i sum = _mm512_setzero_si512(), least = _mm512_set1_epi32(lo), most = _mm512_set1_epi32(hi);
	for (size_t c = 0; c < cols; c += inputs) {
		__m512i part = tile(w + c, x + c, cols, cols - c < inputs ? cols - c : inputs);
		sum = _mm512_min_epi32(most, _mm512_max_epi32(least, _mm512_add_epi32(sum, part)));
	}
	_mm512_storeu_si512(acc, sum);
}

#else
typedef int dimc_tile_avx512_empty;
#endif
