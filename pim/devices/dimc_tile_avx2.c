#include "pim/devices/dimc_tile.h"

#if defined(__AVX2__)
#include <immintrin.h>
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#include <string.h>

/* Loads 16 bytes, zeros past `left`, as 16-bit lanes. */
static inline __m256i widen(const int8_t *p, size_t left)
{
	int8_t tail[16] = {0};
	if (left < 16)
		p = memcpy(tail, p, left);
	return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* Lane i = sum of the 8 lanes of v[i]. */
static inline __m256i sum_lanes(const __m256i v[8])
{
	__m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
	__m256i b = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
	return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

static inline __m256i tile(const int8_t *w, const int8_t *x, size_t cols, size_t n)
{
	__m256i v[8];
	UNROLL
	for (int r = 0; r < 8; r++)
		v[r] = _mm256_setzero_si256();
	for (size_t c = 0; c < n; c += 16) {
		__m256i xv = widen(x + c, n - c);
		UNROLL
		for (size_t r = 0; r < 8; r++)
			v[r] = _mm256_add_epi32(v[r], _mm256_madd_epi16(widen(w + r * cols + c, n - c), xv));
	}
	return sum_lanes(v);
}

void dimc_tile_avx2(const int8_t *w, const int8_t *x, size_t cols, size_t inputs, int32_t lo, int32_t hi, int32_t *acc)
{
	__m256i least = _mm256_set1_epi32(lo), most = _mm256_set1_epi32(hi);
	for (size_t half = 0; half < DIMC_TILE_ROWS; half += 8) {
		__m256i sum = _mm256_setzero_si256();
		for (size_t c = 0; c < cols; c += inputs) {
			size_t n = cols - c < inputs ? cols - c : inputs;
			__m256i part = tile(w + half * cols + c, x + c, cols, n);
			sum = _mm256_min_epi32(most, _mm256_max_epi32(least, _mm256_add_epi32(sum, part)));
		}
		_mm256_storeu_si256((__m256i *)(void *)(acc + half), sum);
	}
}

#else
typedef int dimc_tile_avx2_empty;
#endif
