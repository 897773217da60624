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

void mw_gemv_f32_avx2(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		__m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
		size_t i = 0;
		for (; i + 32 <= cols; i += 32) {
			a = _mm256_fmadd_ps(_mm256_loadu_ps(w + i), _mm256_loadu_ps(x + i), a);
			b = _mm256_fmadd_ps(_mm256_loadu_ps(w + i + 8), _mm256_loadu_ps(x + i + 8), b);
			c = _mm256_fmadd_ps(_mm256_loadu_ps(w + i + 16), _mm256_loadu_ps(x + i + 16), c);
			d = _mm256_fmadd_ps(_mm256_loadu_ps(w + i + 24), _mm256_loadu_ps(x + i + 24), d);
		}
		for (; i + 8 <= cols; i += 8)
			a = _mm256_fmadd_ps(_mm256_loadu_ps(w + i), _mm256_loadu_ps(x + i), a);
		float sum = sum_f32(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)));
		for (; i < cols; i++)
			sum += w[i] * x[i];
		y[r] = sum;
	}
}

static __m256i widen(const int8_t *p)
{
	__m128i v;
	__builtin_memcpy(&v, p, sizeof(v));
	return _mm256_cvtepi8_epi16(v);
}

/* Widened to 16 bits: vpmaddubsw would be twice as fast but saturates, and the result must be exact. */
void mw_gemv_s8_avx2(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		__m256i a = _mm256_setzero_si256(), b = a;
		size_t i = 0;
		for (; i + 32 <= cols; i += 32) {
			a = _mm256_add_epi32(a, _mm256_madd_epi16(widen(w + i), widen(x + i)));
			b = _mm256_add_epi32(b, _mm256_madd_epi16(widen(w + i + 16), widen(x + i + 16)));
		}
		for (; i + 16 <= cols; i += 16)
			a = _mm256_add_epi32(a, _mm256_madd_epi16(widen(w + i), widen(x + i)));
		uint32_t sum = sum_s32(_mm256_add_epi32(a, b));
		for (; i < cols; i++)
			sum += (uint32_t)(w[i] * x[i]);
		y[r] = (int32_t)sum;
	}
}

/* Hides a value from the optimiser, which would merge chains that compute the same. */
#define OPAQUE(v) __asm__ volatile("" : "+x"(v))

/* 12 chains: latency 4 or 5 times 2 per cycle, with room. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		(acc) = _mm256_fmadd_ps((acc), x, x);                                                                  \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_f32_avx2(uint64_t steps)
{
	__m256 x = _mm256_set1_ps(0.5f);
	__m256 a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
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
	a = _mm256_add_ps(a, b);
	c = _mm256_add_ps(c, d);
	e = _mm256_add_ps(e, f);
	g = _mm256_add_ps(g, h);
	i = _mm256_add_ps(i, j);
	k = _mm256_add_ps(k, l);
	a = _mm256_add_ps(a, c);
	e = _mm256_add_ps(e, g);
	i = _mm256_add_ps(i, k);
	a = _mm256_add_ps(a, e);
	a = _mm256_add_ps(a, i);
	OPAQUE(a);
	return steps * 12 * 8 * 2;
}
#undef STEP

/* Operands already widened to 16 bits: what an exact 8-bit product costs at best without VNNI. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		OPAQUE(x);                                                                                             \
		(acc) = _mm256_add_epi32((acc), _mm256_madd_epi16(x, x));                                              \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_s8_avx2(uint64_t steps)
{
	__m256i x = _mm256_set1_epi16(3);
	__m256i a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
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
	a = _mm256_add_epi32(a, b);
	c = _mm256_add_epi32(c, d);
	e = _mm256_add_epi32(e, f);
	g = _mm256_add_epi32(g, h);
	a = _mm256_add_epi32(a, c);
	e = _mm256_add_epi32(e, g);
	a = _mm256_add_epi32(a, e);
	OPAQUE(a);
	return steps * 8 * 16 * 2;
}
#undef STEP
#endif
