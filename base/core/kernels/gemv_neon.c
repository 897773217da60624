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

/* FMA latency of 4 cycles times up to 4 per cycle: up to 16 chains are needed. */
#define PEAK_NAME mw_peak_f32_neon
#define PEAK_X float32x4_t
#define PEAK_X_INIT vdupq_n_f32(0.5f)
#define PEAK_ACC float32x4_t
#define PEAK_ACC_INIT x
#define PEAK_STEP(acc) vfmaq_f32(x, acc, x)
#define PEAK_CHAINS 16
#define PEAK_OPS (4 * 2)
#include "base/core/kernels/peak_loop.h"

/* Widening multiply and pairwise add, because the dot-product extension may be absent. */
#define PEAK_NAME mw_peak_s8_neon
#define PEAK_X int8x8_t
#define PEAK_X_INIT vdup_n_s8(3)
#define PEAK_ACC int32x4_t
#define PEAK_ACC_INIT vdupq_n_s32(0)
#define PEAK_STEP(acc) vpadalq_s16(acc, vmull_s8(x, x))
#define PEAK_CHAINS 8
#define PEAK_OPS (8 * 2)
#include "base/core/kernels/peak_loop.h"
#endif
