#include "base/core/kernels/gemv.h"

#include <string.h>

/* 16-byte vectors of the compiler's own: every architecture has them, in hardware or emulated. */
typedef float f32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));

static f32x4 load4(const float *p)
{
	f32x4 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

void mw_gemv_f32_portable(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		f32x4 a = {0}, b = {0}, c = {0}, d = {0};
		size_t i = 0;
		for (; i + 16 <= cols; i += 16) {
			a += load4(w + i) * load4(x + i);
			b += load4(w + i + 4) * load4(x + i + 4);
			c += load4(w + i + 8) * load4(x + i + 8);
			d += load4(w + i + 12) * load4(x + i + 12);
		}
		a = (a + b) + (c + d);
		float sum = (a[0] + a[1]) + (a[2] + a[3]);
		for (; i < cols; i++)
			sum += w[i] * x[i];
		y[r] = sum;
	}
}

void mw_gemv_s8_portable(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r++, w += ld) {
		/* Unsigned: wraps instead of overflowing. */
		uint32_t sum[4] = {0};
		size_t i = 0;
		for (; i + 4 <= cols; i += 4)
			for (size_t k = 0; k < 4; k++)
				sum[k] += (uint32_t)(w[i + k] * x[i + k]);
		for (; i < cols; i++)
			sum[0] += (uint32_t)(w[i] * x[i]);
		y[r] = (int32_t)(sum[0] + sum[1] + sum[2] + sum[3]);
	}
}

/* Hides a value from the optimiser, which would merge chains that compute the same. */
#if defined(__x86_64__)
#define OPAQUE(v) __asm__ volatile("" : "+x"(v))
#elif defined(__aarch64__)
#define OPAQUE(v) __asm__ volatile("" : "+w"(v))
#else
#define OPAQUE(v) __asm__ volatile("" : "+m"(v))
#endif

#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		(acc) = (acc)*x + x;                                                                                   \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_f32_portable(uint64_t steps)
{
	f32x4 x = {0.5f, 0.5f, 0.5f, 0.5f};
	f32x4 a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x;
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
	a = a + b;
	c = c + d;
	e = e + f;
	g = g + h;
	a = a + c;
	e = e + g;
	a = a + e;
	OPAQUE(a);
	return steps * 8 * 4 * 2;
}
#undef STEP

/* What C offers an 8-bit product: widened to 32 bits first. */
#define STEP(acc)                                                                                                      \
	do {                                                                                                           \
		OPAQUE(x);                                                                                             \
		(acc) = (acc) + x * x;                                                                                 \
		OPAQUE(acc);                                                                                           \
	} while (0)

uint64_t mw_peak_s8_portable(uint64_t steps)
{
	u32x4 x = {3, 5, 7, 9};
	u32x4 a = x, b = x, c = x, d = x;
	OPAQUE(x);
	for (uint64_t s = 0; s < steps; s++) {
		STEP(a);
		STEP(b);
		STEP(c);
		STEP(d);
	}
	a = a + b;
	c = c + d;
	a = a + c;
	OPAQUE(a);
	return steps * 4 * 4 * 2;
}
#undef STEP
