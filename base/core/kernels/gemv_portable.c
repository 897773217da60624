#include "base/core/kernels/gemv.h"

#include <string.h>

/* Vector types of the compiler: it splits them where the architecture has no 16-byte vectors. */
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
		/* Unsigned, because signed overflow is undefined. */
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

#define PEAK_NAME mw_peak_f32_portable
#define PEAK_X f32x4
#define PEAK_X_INIT ((f32x4){0.5f, 0.5f, 0.5f, 0.5f})
#define PEAK_ACC f32x4
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) ((acc)*x + x)
#define PEAK_CHAINS 8
#define PEAK_OPS (4 * 2)
#include "base/core/kernels/peak_loop.h"

/* An 8-bit product in plain C: the operands are widened to 32 bits. */
#define PEAK_NAME mw_peak_s8_portable
#define PEAK_X u32x4
#define PEAK_X_INIT ((u32x4){3, 5, 7, 9})
#define PEAK_ACC u32x4
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) ((acc) + x * x)
#define PEAK_CHAINS 4
#define PEAK_OPS (4 * 2)
#include "base/core/kernels/peak_loop.h"
