#include "base/core/kernels/gemv.h"

#if defined(__AVX512VNNI__)
#include <immintrin.h>

/* vpdpbusd multiplies unsigned by signed bytes. w + 128 is unsigned and equals w with its top bit flipped, so
 * sum(w x) = sum((w + 128) x) - 128 sum(x): one xor per 64 weights, and sum(x) once per call. Exact modulo 2^32. */
static uint32_t sum_x(const int8_t *x, size_t n)
{
	__m512i sum = _mm512_setzero_si512(), ones = _mm512_set1_epi8(1);
	size_t i = 0;
	for (; i + 64 <= n; i += 64)
		sum = _mm512_dpbusd_epi32(sum, ones, _mm512_loadu_si512(x + i));
	if (i < n)
		sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(~0ull >> (64 - (n - i)), x + i));
	return (uint32_t)_mm512_reduce_add_epi32(sum);
}

static __m512i dot(__m512i acc, const int8_t *w, __m512i x)
{
	return _mm512_dpbusd_epi32(acc, _mm512_xor_si512(_mm512_loadu_si512(w), _mm512_set1_epi8((char)0x80)), x);
}

static __m512i dot_tail(__m512i acc, const int8_t *w, __m512i x, __mmask64 m)
{
	/* Masked elements of x are 0, so the values of w there do not matter. */
	__m512i v = _mm512_xor_si512(_mm512_maskz_loadu_epi8(m, w), _mm512_set1_epi8((char)0x80));
	return _mm512_dpbusd_epi32(acc, v, x);
}

/* Dot products of two rows with x. */
static void dot2(const int8_t *w, const int8_t *v, const int8_t *x, size_t cols, uint32_t *y, uint32_t *z)
{
	__m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
	size_t i = 0;
	for (; i + 128 <= cols; i += 128) {
		__m512i p = _mm512_loadu_si512(x + i), q = _mm512_loadu_si512(x + i + 64);
		a = dot(a, w + i, p);
		b = dot(b, w + i + 64, q);
		c = dot(c, v + i, p);
		d = dot(d, v + i + 64, q);
	}
	for (; i < cols; i += 64) {
		__mmask64 m = cols - i < 64 ? ~0ull >> (64 - (cols - i)) : ~0ull;
		__m512i p = _mm512_maskz_loadu_epi8(m, x + i);
		a = dot_tail(a, w + i, p, m);
		c = dot_tail(c, v + i, p, m);
	}
	*y = (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
	*z = (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(c, d));
}

/* Reads the two halves of the matrix side by side: the prefetchers follow two streams instead of one. */
void mw_gemv_s8_vnni(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	const uint32_t offset = 128u * sum_x(x, cols);
	size_t half = rows / 2;
	uint32_t first, second;
	for (size_t r = 0; r < half; r++) {
		dot2(w + r * ld, w + (r + half) * ld, x, cols, &first, &second);
		y[r] = (int32_t)(first - offset);
		y[r + half] = (int32_t)(second - offset);
	}
	if (rows % 2) {
		dot2(w + (rows - 1) * ld, w + (rows - 1) * ld, x, cols, &first, &second);
		y[rows - 1] = (int32_t)(first - offset);
	}
}

/* vpdpbusd: 64 multiplications and 64 additions in one instruction. */
#define PEAK_NAME mw_peak_s8_vnni
#define PEAK_X __m512i
#define PEAK_X_INIT _mm512_set1_epi8(3)
#define PEAK_ACC __m512i
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) _mm512_dpbusd_epi32(acc, x, x)
#define PEAK_CHAINS 12
#define PEAK_OPS (64 * 2)
#include "base/core/kernels/peak_loop.h"
#endif
