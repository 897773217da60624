/* Description: roofline arithmetic and the closed forms of a matrix product against published values. */
#include <criterion/criterion.h>

#include <math.h>

#include "bench/model/roofline.h"

static double intensity(uint64_t m, uint64_t n, uint64_t k, unsigned a, unsigned w, unsigned c)
{
	struct gemm_shape s = {m, n, k, a, w, c};
	return gemm_intensity(&s);
}

static void near(double got, double want, double tolerance, const char *what)
{
	cr_assert(fabs(got - want) <= tolerance, "%s: got %.17g, want %.17g", what, got, want);
}

Test(roofline, published_intensity)
{
	/* Kim et al. 2023 (arXiv 2302.14017), Table 3: one byte per value. */
	near(intensity(128, 768, 768, 1, 1, 1), 192.00, 0.005, "BERT-Base projections, 128 tokens");
	near(intensity(512, 768, 768, 1, 1, 1), 438.86, 0.005, "BERT-Base projections, 512 tokens");
	near(intensity(128, 3072, 768, 1, 1, 1), 211.86, 0.005, "BERT-Base FFN, 128 tokens");
	near(intensity(512, 768, 3072, 1, 1, 1), 558.55, 0.005, "BERT-Base FFN, 512 tokens");
	/* Table 11: one token at a time. */
	near(intensity(1, 768, 768, 1, 1, 1), 1.995, 0.0005, "GPT-2 projections");
	near(intensity(1, 3072, 768, 1, 1, 1), 2.00, 0.005, "GPT-2 FFN");
}

Test(roofline, gemm_closed_forms)
{
	struct gemm_shape f32 = {8, 3072, 768, 4, 4, 4};
	near(gemm_ops(&f32), 37748736.0, 0, "operations");
	near(gemm_weight_bytes(&f32), 9437184.0, 0, "weight bytes");
	near(gemm_bytes(&f32), 9437184.0 + 24576.0 + 98304.0, 0, "bytes");
	struct gemm_shape s8 = {8, 3072, 768, 1, 1, 4};
	near(gemm_bytes(&s8), 2359296.0 + 6144.0 + 98304.0, 0, "int8 bytes with 32-bit results");
	struct gemm_shape empty = {0, 0, 768, 1, 1, 4};
	cr_assert(isnan(gemm_intensity(&empty)));
	/* Beyond 32 bits. */
	struct gemm_shape large = {65536, 65536, 65536, 4, 4, 4};
	near(gemm_ops(&large), 562949953421312.0, 0, "2^49 operations");
}

Test(roofline, roofs)
{
	near(roofline_attainable(1012, 43.8, 2), 87.6, 1e-9, "below the ridge");
	near(roofline_attainable(1012, 43.8, 1000), 1012, 0, "above the ridge");
	near(roofline_ridge(1012, 43.8), 23.105, 0.001, "ridge");
	double ridge = roofline_ridge(1012, 43.8);
	near(roofline_attainable(1012, 43.8, ridge), 1012, 1e-9, "at the ridge");
	near(roofline_fraction(43.8, 1012, 43.8, 2), 0.5, 1e-12, "fraction");
	const double bad[] = {0, -1, (double)NAN, (double)INFINITY};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert(isnan(roofline_attainable(bad[i], 1, 1)), "peak %g", bad[i]);
		cr_assert(isnan(roofline_attainable(1, bad[i], 1)), "bandwidth %g", bad[i]);
		cr_assert(isnan(roofline_attainable(1, 1, bad[i])), "intensity %g", bad[i]);
		cr_assert(isnan(roofline_ridge(bad[i], 1)) && isnan(roofline_ridge(1, bad[i])));
	}
	cr_assert(isnan(roofline_fraction((double)NAN, 1, 1, 1)));
}

Test(roofline, tokens_at_ridge)
{
	/* Weights alone: ridge * bytes per weight / 2 = 23.1 / 2. With activations the crossing comes later. */
	struct gemm_shape weights_only = {1, 3072, 768, 0, 1, 0};
	near(gemm_tokens_at_ridge(&weights_only, 23.1), 11.55, 1e-9, "weights only");
	struct gemm_shape s8 = {1, 3072, 768, 1, 1, 1};
	double m = gemm_tokens_at_ridge(&s8, 23.1);
	cr_assert(m > 11.55 && m < 12.5, "%g", m);
	/* m, n and k scaled alike: the intensity scales with them, and whole tokens are fine enough. */
	struct gemm_shape scaled = {(uint64_t)llround(m * 1000), 3072000, 768000, 1, 1, 1};
	near(gemm_intensity(&scaled) / 1000, 23.1, 0.01, "intensity at the crossing");
	cr_assert(isinf(gemm_tokens_at_ridge(&s8, 5000)), "never");
	cr_assert(isnan(gemm_tokens_at_ridge(&s8, 0)));
}
