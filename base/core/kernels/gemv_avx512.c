#include "base/core/kernels/gemv.h"

#if defined(__AVX512F__)
#include <immintrin.h>

static __mmask16 tail16(size_t n)
{
	return (__mmask16)((1u << n) - 1u);
}

static __m512 load_tail(const float *p, __mmask16 m)
{
	return _mm512_maskz_loadu_ps(m, p);
}

/* Dot products of four rows, `stride` elements apart, with x. */
static void dot4(const float *w, size_t stride, const float *x, size_t cols, float *y, size_t y_stride)
{
	const float *w1 = w + stride, *w2 = w1 + stride, *w3 = w2 + stride;
	__m512 a = _mm512_setzero_ps(), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
	size_t i = 0;
	for (; i + 32 <= cols; i += 32) {
		__m512 p = _mm512_loadu_ps(x + i), q = _mm512_loadu_ps(x + i + 16);
		a = _mm512_fmadd_ps(_mm512_loadu_ps(w + i), p, a);
		b = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 16), q, b);
		c = _mm512_fmadd_ps(_mm512_loadu_ps(w1 + i), p, c);
		d = _mm512_fmadd_ps(_mm512_loadu_ps(w1 + i + 16), q, d);
		e = _mm512_fmadd_ps(_mm512_loadu_ps(w2 + i), p, e);
		f = _mm512_fmadd_ps(_mm512_loadu_ps(w2 + i + 16), q, f);
		g = _mm512_fmadd_ps(_mm512_loadu_ps(w3 + i), p, g);
		h = _mm512_fmadd_ps(_mm512_loadu_ps(w3 + i + 16), q, h);
	}
	for (; i < cols; i += 16) {
		__mmask16 m = cols - i < 16 ? tail16(cols - i) : 0xffff;
		__m512 p = load_tail(x + i, m);
		a = _mm512_fmadd_ps(load_tail(w + i, m), p, a);
		c = _mm512_fmadd_ps(load_tail(w1 + i, m), p, c);
		e = _mm512_fmadd_ps(load_tail(w2 + i, m), p, e);
		g = _mm512_fmadd_ps(load_tail(w3 + i, m), p, g);
	}
	y[0] = _mm512_reduce_add_ps(_mm512_add_ps(a, b));
	y[y_stride] = _mm512_reduce_add_ps(_mm512_add_ps(c, d));
	y[2 * y_stride] = _mm512_reduce_add_ps(_mm512_add_ps(e, f));
	y[3 * y_stride] = _mm512_reduce_add_ps(_mm512_add_ps(g, h));
}

/* Reads the four quarters of the matrix side by side: the prefetchers follow four streams instead of one. */
void mw_gemv_f32_avx512(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	size_t quarter = rows / 4;
	for (size_t r = 0; r < quarter; r++)
		dot4(w + r * ld, quarter * ld, x, cols, y + r, quarter);
	for (size_t r = 4 * quarter; r < rows; r++)
		dot4(w + r * ld, 0, x, cols, y + r, 0);
}

static __m512i widen(const int8_t *p)
{
	__m256i v;
	__builtin_memcpy(&v, p, sizeof(v));
	return _mm512_cvtepi8_epi16(v);
}

static __m512i widen_tail(const int8_t *p, size_t n)
{
	return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1ull << n) - 1u), p));
}

/* Dot products of two rows with x, widened to 16 bits: vpmaddubsw would be twice as fast but saturates, and the result
 * must be exact. */
static void dot2(const int8_t *w, const int8_t *v, const int8_t *x, size_t cols, int32_t *y, int32_t *z)
{
	__m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
	size_t i = 0;
	for (; i + 64 <= cols; i += 64) {
		__m512i p = widen(x + i), q = widen(x + i + 32);
		a = _mm512_add_epi32(a, _mm512_madd_epi16(widen(w + i), p));
		b = _mm512_add_epi32(b, _mm512_madd_epi16(widen(w + i + 32), q));
		c = _mm512_add_epi32(c, _mm512_madd_epi16(widen(v + i), p));
		d = _mm512_add_epi32(d, _mm512_madd_epi16(widen(v + i + 32), q));
	}
	for (; i < cols; i += 32) {
		size_t n = cols - i < 32 ? cols - i : 32;
		__m512i p = widen_tail(x + i, n);
		a = _mm512_add_epi32(a, _mm512_madd_epi16(widen_tail(w + i, n), p));
		c = _mm512_add_epi32(c, _mm512_madd_epi16(widen_tail(v + i, n), p));
	}
	*y = _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
	*z = _mm512_reduce_add_epi32(_mm512_add_epi32(c, d));
}

void mw_gemv_s8_avx512(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	size_t half = rows / 2;
	for (size_t r = 0; r < half; r++)
		dot2(w + r * ld, w + (r + half) * ld, x, cols, y + r, y + r + half);
	if (rows % 2)
		dot2(w + (rows - 1) * ld, w + (rows - 1) * ld, x, cols, y + rows - 1, y + rows - 1);
}

/* FMA latency of 4 cycles times 2 per cycle: 8 chains are needed, and 32 registers allow 16. */
#define PEAK_NAME mw_peak_f32_avx512
#define PEAK_X __m512
#define PEAK_X_INIT _mm512_set1_ps(0.5f)
#define PEAK_ACC __m512
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) _mm512_fmadd_ps(acc, x, x)
#define PEAK_CHAINS 16
#define PEAK_OPS (16 * 2)
#include "base/core/kernels/peak_loop.h"

/* Operands are widened to 16 bits beforehand: the best case of an exact 8-bit product without VNNI. */
#define PEAK_NAME mw_peak_s8_avx512
#define PEAK_X __m512i
#define PEAK_X_INIT _mm512_set1_epi16(3)
#define PEAK_ACC __m512i
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) _mm512_add_epi32(acc, _mm512_madd_epi16(x, x))
#define PEAK_CHAINS 8
#define PEAK_OPS (32 * 2)
#include "base/core/kernels/peak_loop.h"
#endif
