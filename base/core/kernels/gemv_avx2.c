#include "base/core/kernels/gemv.h"

#if defined(__AVX2__)
#include <immintrin.h>

static float sum_f32(__m256 v)
{
	__m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static uint32_t sum_s32(__m256i v)
{
	__m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
	s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 1));
	return (uint32_t)_mm_cvtsi128_si32(s);
}

/* Dot products of four rows, `stride` elements apart, with x. */
static void dot4(const float *w, size_t stride, const float *x, size_t cols, float *y, size_t y_stride)
{
	const float *w1 = w + stride, *w2 = w1 + stride, *w3 = w2 + stride;
	__m256 a = _mm256_setzero_ps(), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
	size_t i = 0;
	for (; i + 16 <= cols; i += 16) {
		__m256 p = _mm256_loadu_ps(x + i), q = _mm256_loadu_ps(x + i + 8);
		a = _mm256_fmadd_ps(_mm256_loadu_ps(w + i), p, a);
		b = _mm256_fmadd_ps(_mm256_loadu_ps(w + i + 8), q, b);
		c = _mm256_fmadd_ps(_mm256_loadu_ps(w1 + i), p, c);
		d = _mm256_fmadd_ps(_mm256_loadu_ps(w1 + i + 8), q, d);
		e = _mm256_fmadd_ps(_mm256_loadu_ps(w2 + i), p, e);
		f = _mm256_fmadd_ps(_mm256_loadu_ps(w2 + i + 8), q, f);
		g = _mm256_fmadd_ps(_mm256_loadu_ps(w3 + i), p, g);
		h = _mm256_fmadd_ps(_mm256_loadu_ps(w3 + i + 8), q, h);
	}
	float s0 = sum_f32(_mm256_add_ps(a, b)), s1 = sum_f32(_mm256_add_ps(c, d));
	float s2 = sum_f32(_mm256_add_ps(e, f)), s3 = sum_f32(_mm256_add_ps(g, h));
	for (; i < cols; i++) {
		s0 += w[i] * x[i];
		s1 += w1[i] * x[i];
		s2 += w2[i] * x[i];
		s3 += w3[i] * x[i];
	}
	y[0] = s0;
	y[y_stride] = s1;
	y[2 * y_stride] = s2;
	y[3 * y_stride] = s3;
}

/* Reads the four quarters of the matrix side by side: the prefetchers follow four streams instead of one. */
void mw_gemv_f32_avx2(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	size_t quarter = rows / 4;
	for (size_t r = 0; r < quarter; r++)
		dot4(w + r * ld, quarter * ld, x, cols, y + r, quarter);
	for (size_t r = 4 * quarter; r < rows; r++)
		dot4(w + r * ld, 0, x, cols, y + r, 0);
}

static __m256i widen(const int8_t *p)
{
	__m128i v;
	__builtin_memcpy(&v, p, sizeof(v));
	return _mm256_cvtepi8_epi16(v);
}

/* Dot products of two rows with x, widened to 16 bits: vpmaddubsw would be twice as fast but saturates, and the result
 * must be exact. */
static void dot2(const int8_t *w, const int8_t *v, const int8_t *x, size_t cols, int32_t *y, int32_t *z)
{
	__m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
	size_t i = 0;
	for (; i + 32 <= cols; i += 32) {
		__m256i p = widen(x + i), q = widen(x + i + 16);
		a = _mm256_add_epi32(a, _mm256_madd_epi16(widen(w + i), p));
		b = _mm256_add_epi32(b, _mm256_madd_epi16(widen(w + i + 16), q));
		c = _mm256_add_epi32(c, _mm256_madd_epi16(widen(v + i), p));
		d = _mm256_add_epi32(d, _mm256_madd_epi16(widen(v + i + 16), q));
	}
	uint32_t s = sum_s32(_mm256_add_epi32(a, b)), t = sum_s32(_mm256_add_epi32(c, d));
	for (; i < cols; i++) {
		s += (uint32_t)(w[i] * x[i]);
		t += (uint32_t)(v[i] * x[i]);
	}
	*y = (int32_t)s;
	*z = (int32_t)t;
}

void mw_gemv_s8_avx2(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	size_t half = rows / 2;
	for (size_t r = 0; r < half; r++)
		dot2(w + r * ld, w + (r + half) * ld, x, cols, y + r, y + r + half);
	if (rows % 2)
		dot2(w + (rows - 1) * ld, w + (rows - 1) * ld, x, cols, y + rows - 1, y + rows - 1);
}

/* FMA latency of 4 or 5 cycles times 2 per cycle: at most 10 chains are needed. */
#define PEAK_NAME mw_peak_f32_avx2
#define PEAK_X __m256
#define PEAK_X_INIT _mm256_set1_ps(0.5f)
#define PEAK_ACC __m256
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) _mm256_fmadd_ps(acc, x, x)
#define PEAK_CHAINS 12
#define PEAK_OPS (8 * 2)
#include "base/core/kernels/peak_loop.h"

/* Operands are widened to 16 bits beforehand: the best case of an exact 8-bit product without VNNI. */
#define PEAK_NAME mw_peak_s8_avx2
#define PEAK_X __m256i
#define PEAK_X_INIT _mm256_set1_epi16(3)
#define PEAK_ACC __m256i
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) _mm256_add_epi32(acc, _mm256_madd_epi16(x, x))
#define PEAK_CHAINS 8
#define PEAK_OPS (16 * 2)
#include "base/core/kernels/peak_loop.h"
#endif
