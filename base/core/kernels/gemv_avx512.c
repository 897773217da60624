#include "base/core/kernels/gemv.h"

#if defined(__AVX512F__)
#include <immintrin.h>

static __mmask16 tail16(size_t n)
{
	return (__mmask16)((1u << n) - 1u);
}

void mw_gemv_f32_avx512(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		__m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
		size_t i = 0;
		for (; i + 64 <= cols; i += 64) {
			a = _mm512_fmadd_ps(_mm512_loadu_ps(w + i), _mm512_loadu_ps(x + i), a);
			b = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 16), _mm512_loadu_ps(x + i + 16), b);
			c = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 32), _mm512_loadu_ps(x + i + 32), c);
			d = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 48), _mm512_loadu_ps(x + i + 48), d);
		}
		for (; i + 16 <= cols; i += 16)
			a = _mm512_fmadd_ps(_mm512_loadu_ps(w + i), _mm512_loadu_ps(x + i), a);
		if (i < cols) {
			__mmask16 m = tail16(cols - i);
			b = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(m, w + i), _mm512_maskz_loadu_ps(m, x + i), b);
		}
		y[r] = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
	}
}

static __m512i widen(const int8_t *p)
{
	__m256i v;
	__builtin_memcpy(&v, p, sizeof(v));
	return _mm512_cvtepi8_epi16(v);
}

static __m512i widen_tail(const int8_t *p, size_t n)
{
	return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32)((1u << n) - 1u), p));
}

/* Widened to 16 bits: vpmaddubsw would be twice as fast but saturates, and the result must be exact. */
void mw_gemv_s8_avx512(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		__m512i a = _mm512_setzero_si512(), b = a;
		size_t i = 0;
		for (; i + 64 <= cols; i += 64) {
			a = _mm512_add_epi32(a, _mm512_madd_epi16(widen(w + i), widen(x + i)));
			b = _mm512_add_epi32(b, _mm512_madd_epi16(widen(w + i + 32), widen(x + i + 32)));
		}
		for (; i + 32 <= cols; i += 32)
			a = _mm512_add_epi32(a, _mm512_madd_epi16(widen(w + i), widen(x + i)));
		if (i < cols)
			b = _mm512_add_epi32(
				b, _mm512_madd_epi16(widen_tail(w + i, cols - i), widen_tail(x + i, cols - i)));
		y[r] = _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
	}
}

/* Hides a value from the optimiser, which would merge chains that compute the same. */
#define OPAQUE(v) __asm__ volatile("" : "+v"(v))

/* 16 chains: latency 4 or 5 times 2 per cycle, with room. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		(acc) = _mm512_fmadd_ps((acc), x, x);                                                                  \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_f32_avx512(uint64_t steps)
{
	__m512 x = _mm512_set1_ps(0.5f);
	__m512 a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, n = x, o = x,
	       p = x;
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
		STEP(m);
		STEP(n);
		STEP(o);
		STEP(p);
	}
	a = _mm512_add_ps(a, b);
	c = _mm512_add_ps(c, d);
	e = _mm512_add_ps(e, f);
	g = _mm512_add_ps(g, h);
	i = _mm512_add_ps(i, j);
	k = _mm512_add_ps(k, l);
	m = _mm512_add_ps(m, n);
	o = _mm512_add_ps(o, p);
	a = _mm512_add_ps(a, c);
	e = _mm512_add_ps(e, g);
	i = _mm512_add_ps(i, k);
	m = _mm512_add_ps(m, o);
	a = _mm512_add_ps(a, e);
	i = _mm512_add_ps(i, m);
	a = _mm512_add_ps(a, i);
	OPAQUE(a);
	return steps * 16 * 16 * 2;
}
#undef STEP

/* Operands already widened to 16 bits: what an exact 8-bit product costs at best without VNNI. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		OPAQUE(x);                                                                                             \
		(acc) = _mm512_add_epi32((acc), _mm512_madd_epi16(x, x));                                              \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_s8_avx512(uint64_t steps)
{
	__m512i x = _mm512_set1_epi16(3);
	__m512i a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
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
	}
	a = _mm512_add_epi32(a, b);
	c = _mm512_add_epi32(c, d);
	e = _mm512_add_epi32(e, f);
	g = _mm512_add_epi32(g, h);
	a = _mm512_add_epi32(a, c);
	e = _mm512_add_epi32(e, g);
	a = _mm512_add_epi32(a, e);
	OPAQUE(a);
	return steps * 8 * 32 * 2;
}
#undef STEP
#endif
