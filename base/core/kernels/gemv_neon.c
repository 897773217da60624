#include "base/core/kernels/gemv.h"

#if defined(__aarch64__)
#include <arm_neon.h>

void mw_gemv_f32_neon(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		float32x4_t a = vdupq_n_f32(0), b = a, c = a, d = a;
		size_t i = 0;
		for (; i + 16 <= cols; i += 16) {
			a = vfmaq_f32(a, vld1q_f32(w + i), vld1q_f32(x + i));
			b = vfmaq_f32(b, vld1q_f32(w + i + 4), vld1q_f32(x + i + 4));
			c = vfmaq_f32(c, vld1q_f32(w + i + 8), vld1q_f32(x + i + 8));
			d = vfmaq_f32(d, vld1q_f32(w + i + 12), vld1q_f32(x + i + 12));
		}
		float sum = vaddvq_f32(vaddq_f32(vaddq_f32(a, b), vaddq_f32(c, d)));
		for (; i < cols; i++)
			sum += w[i] * x[i];
		y[r] = sum;
	}
}

void mw_gemv_s8_neon(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		int32x4_t a = vdupq_n_s32(0), b = a;
		size_t i = 0;
		for (; i + 16 <= cols; i += 16) {
			int8x16_t p = vld1q_s8(w + i), q = vld1q_s8(x + i);
			a = vpadalq_s16(a, vmull_s8(vget_low_s8(p), vget_low_s8(q)));
			b = vpadalq_s16(b, vmull_high_s8(p, q));
		}
		uint32_t sum = (uint32_t)vaddvq_s32(vaddq_s32(a, b));
		for (; i < cols; i++)
			sum += (uint32_t)(w[i] * x[i]);
		y[r] = (int32_t)sum;
	}
}

/* Hides a value from the optimiser, which would merge chains that compute the same. */
#define OPAQUE(v) __asm__ volatile("" : "+w"(v))

/* 16 chains: latency 4 times up to 4 per cycle. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		(acc) = vfmaq_f32(x, (acc), x);                                                                        \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_f32_neon(uint64_t steps)
{
	float32x4_t x = vdupq_n_f32(0.5f);
	float32x4_t a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, n = x,
		    o = x, p = x;
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
	a = vaddq_f32(a, b);
	c = vaddq_f32(c, d);
	e = vaddq_f32(e, f);
	g = vaddq_f32(g, h);
	i = vaddq_f32(i, j);
	k = vaddq_f32(k, l);
	m = vaddq_f32(m, n);
	o = vaddq_f32(o, p);
	a = vaddq_f32(a, c);
	e = vaddq_f32(e, g);
	i = vaddq_f32(i, k);
	m = vaddq_f32(m, o);
	a = vaddq_f32(a, e);
	i = vaddq_f32(i, m);
	a = vaddq_f32(a, i);
	OPAQUE(a);
	return steps * 16 * 4 * 2;
}
#undef STEP

/* Without the dot-product extension: widening multiply, pairwise add. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		OPAQUE(x);                                                                                             \
		(acc) = vpadalq_s16((acc), vmull_s8(x, x));                                                            \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_s8_neon(uint64_t steps)
{
	int8x8_t x = vdup_n_s8(3);
	int32x4_t a = vdupq_n_s32(0), b = vdupq_n_s32(0), c = vdupq_n_s32(0), d = vdupq_n_s32(0), e = vdupq_n_s32(0),
		  f = vdupq_n_s32(0), g = vdupq_n_s32(0), h = vdupq_n_s32(0);
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
	a = vaddq_s32(a, b);
	c = vaddq_s32(c, d);
	e = vaddq_s32(e, f);
	g = vaddq_s32(g, h);
	a = vaddq_s32(a, c);
	e = vaddq_s32(e, g);
	a = vaddq_s32(a, e);
	OPAQUE(a);
	return steps * 8 * 8 * 2;
}
#undef STEP
#endif
