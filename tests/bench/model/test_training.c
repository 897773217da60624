/* Description: bytes and operations of training against literal sums and the papers' examples. */
#include <criterion/criterion.h>

#include <math.h>

#include "bench/model/training.h"

static void near(double got, double want, const char *what)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want), "%s: got %.17g, want %.17g", what, got, want);
}

static const struct transformer_shape *shape(const char *name)
{
	return &transformer_find(name)->shape;
}

Test(training, bytes_per_parameter)
{
	/* ZeRO, section 3.1: 2 + 2 + 12. */
	const struct optimizer *adam = optimizer_find("adam");
	near(adam->weights, 2, "weights");
	near(adam->gradients, 2, "gradients");
	near(adam->states, 12, "states");
	near(training_bytes_per_parameter(adam, 3.5), 16, "no factors, whatever the shape");
	near(training_bytes_per_parameter(optimizer_find("sgd"), 0), 8, "SGD");
	near(training_bytes_per_parameter(optimizer_find("momentum"), 0), 12, "momentum");
	near(training_bytes_per_parameter(optimizer_find("adam-fp32"), 0), 16, "Adam in fp32");
	near(training_bytes_per_parameter(optimizer_find("adam-8bit"), 0), 10, "8-bit Adam");
	/* 4 + 4 + 4 + 4 (3.5 + 3.5) */
	near(training_bytes_per_parameter(optimizer_find("shampoo"), 3.5), 40, "Shampoo");
	cr_assert_null(optimizer_find("adamw"));
	cr_assert_null(optimizer_name(100));
}

/* One matrix after the other, as numbers. */
Test(training, factors_of_second_order)
{
	const double d = 12288, f = 4 * d;
	double factors = 0, weights = 0;
	const double matrices[][2] = {{d, d}, {d, d}, {d, d}, {d, d}, {d, f}, {f, d}};
	for (size_t i = 0; i < 6; i++) {
		factors += matrices[i][0] * matrices[i][0] + matrices[i][1] * matrices[i][1];
		weights += matrices[i][0] * matrices[i][1];
	}
	near(training_factor_ratio(shape("gpt3-175b")), factors / weights, "GPT-3");
	near(training_factor_ratio(shape("gpt3-175b")), 3.5, "GPT-3, 42/12");
	/* Llama 3 8B: keys and values of 1024, three matrices of 14336. */
	const double e = 4096, k = 1024, g = 14336;
	near(training_factor_ratio(shape("llama-3-8b")),
	     (4 * e * e + 2 * (e * e + k * k) + 3 * (e * e + g * g)) / (2 * e * e + 2 * e * k + 3 * e * g), "Llama");
	/* Eight experts, 8 times the matrices. */
	near(training_factor_ratio(shape("mixtral-8x7b")),
	     (4 * e * e + 2 * (e * e + k * k) + 24 * (e * e + g * g)) / (2 * e * e + 2 * e * k + 24 * e * g),
	     "Mixtral");
	/* Heads that are together wider than the model: queries and outputs of 8192. */
	struct transformer_shape wide = *shape("llama-3-8b");
	wide.head_dim = 256;
	const double q = 8192, kv = 2048;
	near(training_factor_ratio(&wide),
	     (2 * (e * e + q * q) + 2 * (e * e + kv * kv) + 3 * (e * e + g * g)) / (2 * e * q + 2 * e * kv + 3 * e * g),
	     "wide heads");
}

/* Figure 1 of ZeRO: 7.5e9 parameters, 64 devices: 120, 31.4, 16.6 and 1.9 GB. */
Test(training, zero_stages)
{
	static const double want[4] = {120e9, 31.4e9, 16.6e9, 1.875e9};
	const struct optimizer *adam = optimizer_find("adam");
	for (int stage = 0; stage < 4; stage++) {
		const struct training_bytes b = training_zero(7.5e9, adam, 0, stage, 64);
		cr_assert(fabs(training_zero_sum(&b) - want[stage]) < 0.05e9, "stage %d: %g", stage,
			  training_zero_sum(&b));
		near(b.states, stage >= 1 ? 7.5e9 * 12 / 64 : 90e9, "states");
		near(b.gradients, stage >= 2 ? 7.5e9 * 2 / 64 : 15e9, "gradients");
		near(b.weights, stage >= 3 ? 7.5e9 * 2 / 64 : 15e9, "weights");
	}
	struct training_bytes b = training_zero(1e9, adam, 0, 4, 64);
	cr_assert(isnan(training_zero_sum(&b)));
	b = training_zero(1e9, adam, 0, -1, 64);
	cr_assert(isnan(training_zero_sum(&b)));
	b = training_zero(1e9, adam, 0, 1, 0);
	cr_assert(isnan(training_zero_sum(&b)));
	b = training_zero(1e9, adam, 0, 1, (double)NAN);
	cr_assert(isnan(training_zero_sum(&b)));
}

/* Korthikanti et al.: s b h (34 + 5 a s/h) bytes in a layer; 10 + 24/t with tensor parallelism; 2 s b h when full. */
Test(training, activations)
{
	const struct transformer_shape *g = shape("gpt3-175b");
	const double s = 2048, b = 3, h = 12288, a = 96, l = 96, t = 8;
	near(training_activation_bytes(g, s, b, 1, CHECKPOINT_NONE), l * s * b * h * (34 + 5 * a * s / h), "none");
	near(training_activation_bytes(g, s, b, 1, CHECKPOINT_SELECTIVE), l * s * b * h * 34, "selective");
	near(training_activation_bytes(g, s, b, 1, CHECKPOINT_FULL), l * s * b * h * 2, "full");
	near(training_activation_bytes(g, s, b, t, CHECKPOINT_NONE),
	     l * s * b * h * (10 + 24 / t + 5 * a * s / (h * t)), "none, 8 ways");
	near(training_activation_bytes(g, s, b, t, CHECKPOINT_SELECTIVE), l * s * b * h * (10 + 24 / t), "8 ways");
	near(training_activation_bytes(g, s, b, t, CHECKPOINT_FULL), l * s * b * h * 2, "full, 8 ways");
	/* Table 2 of the paper: 5 a s/h is 80 for GPT-3 and 64 for MT-NLG. */
	near(5 * a * s / h, 80, "the paper's ratio");
}

Test(training, recomputation)
{
	const struct transformer_shape *g = shape("gpt3-175b");
	const double s = 2048, h = 12288;
	near(training_recompute(g, s, CHECKPOINT_NONE), 0, "none");
	near(training_recompute(g, s, CHECKPOINT_FULL), 1.0 / 3, "one forward pass of three");
	/* Attention products of a forward pass, 4 b s^2 h, over 72 b s h^2 (1 + s/6h). */
	near(training_recompute(g, s, CHECKPOINT_SELECTIVE), 4 * s * s * h / (72 * s * h * h * (1 + s / (6 * h))),
	     "selective");
	cr_assert(training_recompute(g, s, CHECKPOINT_SELECTIVE) < 0.01, "0.9 %% of GPT-3");
	/* 5 times: x of 96 layers in full, (1 - x) 34 + 2 x = 114/5. */
	const double x = (34 - 114 / 5.0) / 32;
	near(training_recompute_for(g, s, 5), x / 3 + (1 - x) * training_recompute(g, s, CHECKPOINT_SELECTIVE),
	     "5 times");
	near(training_recompute_for(g, s, 57), 1.0 / 3, "all that full gives");
	cr_assert(isnan(training_recompute_for(g, s, 58)), "more than full gives");
	near(training_recompute_for(g, s, 114 / 34.0), training_recompute(g, s, CHECKPOINT_SELECTIVE),
	     "selective alone");
	cr_assert_eq(training_recompute_for(g, s, 1), 0);
	/* Halfway to selective: half of the layers. */
	near(training_recompute_for(g, s, 114 / 74.0), training_recompute(g, s, CHECKPOINT_SELECTIVE) / 2, "half");
}

/* 72 B L s h^2 (1 + s/6h) for B sequences: 6 P for each token with P = 12 L h^2, and the attention. */
Test(training, operations)
{
	const struct transformer_shape *g = shape("gpt3-175b");
	const double s = 2048, h = 12288, l = 96;
	near(training_flops_per_token(g, 12 * l * h * h, s, CHECKPOINT_NONE), 72 * l * h * h * (1 + s / (6 * h)),
	     "none");
	near(training_flops_per_token(g, 12 * l * h * h, s, CHECKPOINT_FULL), 96 * l * h * h * (1 + s / (6 * h)),
	     "full");
	/* Brown et al. 2020, Table D.1: 3.14e23 FLOP for 300e9 tokens, without attention. */
	const double gpt3 = 300e9 * training_flops_per_token(g, transformer_parameters(g), 2048, CHECKPOINT_NONE);
	cr_assert(fabs(gpt3 / 3.14e23 - 1) < 0.05, "%g", gpt3);
}

Test(training, names)
{
	cr_assert_str_eq(checkpointing_name(CHECKPOINT_SELECTIVE), "selective");
	cr_assert_str_eq(optimizer_name(0), "sgd");
}
