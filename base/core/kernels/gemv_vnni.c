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

static __m512i dot(__m512i acc, const int8_t *w, const int8_t *x, __m512i top)
{
	return _mm512_dpbusd_epi32(acc, _mm512_xor_si512(_mm512_loadu_si512(w), top), _mm512_loadu_si512(x));
}

void mw_gemv_s8_vnni(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	const __m512i top = _mm512_set1_epi8((char)0x80);
	const uint32_t offset = 128u * sum_x(x, cols);
	for (size_t r = 0; r < rows; r++, w += ld) {
		__m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
		size_t i = 0;
		for (; i + 256 <= cols; i += 256) {
			a = dot(a, w + i, x + i, top);
			b = dot(b, w + i + 64, x + i + 64, top);
			c = dot(c, w + i + 128, x + i + 128, top);
			d = dot(d, w + i + 192, x + i + 192, top);
		}
		for (; i + 64 <= cols; i += 64)
			a = dot(a, w + i, x + i, top);
		if (i < cols) {
			/* A masked x is 0, so what w holds beyond the row does not count. */
			__mmask64 m = ~0ull >> (64 - (cols - i));
			__m512i tail = _mm512_xor_si512(_mm512_maskz_loadu_epi8(m, w + i), top);
			b = _mm512_dpbusd_epi32(b, tail, _mm512_maskz_loadu_epi8(m, x + i));
		}
		a = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
		y[r] = (int32_t)((uint32_t)_mm512_reduce_add_epi32(a) - offset);
	}
}

/* Hides a value from the optimiser, which would merge chains that compute the same. */
#define OPAQUE(v) __asm__ volatile("" : "+v"(v))

/* One instruction, 64 multiplications and 64 additions. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		(acc) = _mm512_dpbusd_epi32((acc), x, x);                                                              \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_s8_vnni(uint64_t steps)
{
	__m512i x = _mm512_set1_epi8(3);
	__m512i a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
	OPAQUE(x);
	for (uint64_t s = 0; s < steps; s++) {
		STEP(a);
		STEP(b);
		STEP(c);
		STEP(d);
		STEP(e);
		STEP(f);
		STEP(g);
		STEP(h);
		STEP(i);
		STEP(j);
		STEP(k);
		STEP(l);
	}
	a = _mm512_add_epi32(a, b);
	c = _mm512_add_epi32(c, d);
	e = _mm512_add_epi32(e, f);
	g = _mm512_add_epi32(g, h);
	i = _mm512_add_epi32(i, j);
	k = _mm512_add_epi32(k, l);
	a = _mm512_add_epi32(a, c);
	e = _mm512_add_epi32(e, g);
	i = _mm512_add_epi32(i, k);
	a = _mm512_add_epi32(a, e);
	a = _mm512_add_epi32(a, i);
	OPAQUE(a);
	return steps * 12 * 64 * 2;
}
#undef STEP
#endif
