/* Roofline arithmetic (Williams, Waterman, Patterson, CACM 52(4), 2009) and the closed forms of a matrix product.
 * libc only; no measurement happens here. */
#ifndef MW_ROOFLINE_H
#define MW_ROOFLINE_H

#include <stdint.h>

/* Highest rate in 1e9 op/s at `intensity` op/byte: min(peak, bandwidth * intensity). peak in 1e9 op/s, bandwidth in
 * GB/s. NaN unless all three are positive and finite. */
double roofline_attainable(double peak, double bandwidth, double intensity);
/* Intensity in op/byte where the two roofs meet; NaN as above. */
double roofline_ridge(double peak, double bandwidth);
/* rate divided by the attainable rate; NaN as above or when rate is not finite. A value above 1 means that peak or
 * bandwidth was measured too low. */
double roofline_fraction(double rate, double peak, double bandwidth, double intensity);

/* C[m][n] = A[m][k] W[k][n]: tokens m, inputs k, outputs n; bytes per element of each. */
struct gemm_shape {
	uint64_t m, n, k;
	unsigned a_bytes, w_bytes, c_bytes;
};

/* 2 m n k: a multiply-accumulate is two operations. */
double gemm_ops(const struct gemm_shape *s);
double gemm_weight_bytes(const struct gemm_shape *s);
/* Least traffic in bytes: every element of A, W and C crosses the memory interface once. */
double gemm_bytes(const struct gemm_shape *s);
/* op/byte; NaN for an empty product. */
double gemm_intensity(const struct gemm_shape *s);
/* Tokens m, fractional, from which a product of this n and k has at least `ridge` op/byte; +inf when the traffic of A
 * and C keeps it below for any m; NaN for a ridge that is not positive. */
double gemm_tokens_at_ridge(const struct gemm_shape *s, double ridge);

#endif
