#include "bench/model/roofline.h"

#include <math.h>
#include <stdbool.h>

static bool positive(double v)
{
	return isfinite(v) && v > 0;
}

double roofline_attainable(double peak, double bandwidth, double intensity)
{
	if (!positive(peak) || !positive(bandwidth) || !positive(intensity))
		return (double)NAN;
	return peak < bandwidth * intensity ? peak : bandwidth * intensity;
}

double roofline_ridge(double peak, double bandwidth)
{
	return positive(peak) && positive(bandwidth) ? peak / bandwidth : (double)NAN;
}

double roofline_fraction(double rate, double peak, double bandwidth, double intensity)
{
	return isfinite(rate) ? rate / roofline_attainable(peak, bandwidth, intensity) : (double)NAN;
}

double gemm_ops(const struct gemm_shape *s)
{
	return 2.0 * (double)s->m * (double)s->n * (double)s->k;
}

double gemm_weight_bytes(const struct gemm_shape *s)
{
	return (double)s->n * (double)s->k * s->w_bytes;
}

double gemm_bytes(const struct gemm_shape *s)
{
	return gemm_weight_bytes(s) + (double)s->m * (double)s->k * s->a_bytes +
	       (double)s->m * (double)s->n * s->c_bytes;
}

double gemm_intensity(const struct gemm_shape *s)
{
	double bytes = gemm_bytes(s);
	return bytes > 0 ? gemm_ops(s) / bytes : (double)NAN;
}

double gemm_tokens_at_ridge(const struct gemm_shape *s, double ridge)
{
	if (!positive(ridge))
		return (double)NAN;
	/* 2 m n k = ridge (w n k + m (a k + c n)), solved for m. */
	double n = (double)s->n, k = (double)s->k;
	double gain = 2 * n * k - ridge * (s->a_bytes * k + s->c_bytes * n);
	return gain > 0 ? ridge * gemm_weight_bytes(s) / gain : (double)INFINITY;
}
