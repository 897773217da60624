/* Description: constants, money and energy, and the published cases against literal numbers. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/model/costs.h"
#include "bench/model/published.h"

static void near(double got, double want, const char *what)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want), "%s: got %.17g, want %.17g", what, got, want);
}

Test(costs, table)
{
	for (int i = 0; i < CONSTANT_COUNT; i++) {
		const struct constant_row *c = &constant_table[i];
		cr_assert(c->key && c->unit && c->source && c->words, "constant %d", i);
		cr_assert_eq(constant_find(c->key), i, "%s is there twice", c->key);
		cr_assert(isnan(c->value) || (c->value >= c->min && c->value <= c->max), "%s", c->key);
		cr_assert_eq(isnan(c->value), i <= C_PRICE, "%s: figures of devices come first", c->key);
	}
	cr_assert_eq(constant_find("prize"), -1);
}

Test(costs, set)
{
	struct constants c;
	constants_init(&c);
	cr_assert_eq(c.user, 0);
	cr_assert_eq(constants_set(&c, C_PUE, 1.1), 0);
	near(c.value[C_PUE], 1.1, "PUE");
	cr_assert_eq(c.user, 1U << C_PUE);
	cr_assert_eq(constants_set(&c, C_PUE, 0.9), -ERANGE, "less than nothing for cooling");
	cr_assert_eq(constants_set(&c, C_BUSY, 0), -ERANGE);
	cr_assert_eq(constants_set(&c, C_BUSY, (double)NAN), -ERANGE);
	cr_assert_eq(constants_set(&c, C_PRICE, (double)INFINITY), -ERANGE);
	cr_assert_eq(constants_set(&c, C_PRICE, -1), -ERANGE);
	cr_assert_eq(c.user, 1U << C_PUE);
	near(c.value[C_PUE], 1.1, "what was refused changes nothing");
}

Test(costs, money)
{
	struct constants c;
	constants_init(&c);
	cr_assert_eq(constants_set(&c, C_YEARS, 5), 0);
	cr_assert_eq(constants_set(&c, C_BUSY, 0.5), 0);
	cr_assert_eq(constants_set(&c, C_ELECTRICITY, 0.2), 0);
	cr_assert_eq(constants_set(&c, C_PUE, 1.5), 0);
	cr_assert_eq(constants_set(&c, C_POWER_SHARE, 0.8), 0);
	near(cost_watts(&c, 400), 400 * 0.8 * 1.5, "at the meter");
	/* 2.5 years of work; 0.48 kW for 0.2 USD/kWh. */
	near(cost_per_second(&c, 30000, 400), 30000 / (2.5 * 365.25 * 86400) + 0.48 * 0.2 / 3600, "a second");
	cr_assert(isnan(cost_per_second(&c, (double)NAN, 400)), "no price, no cost");
	cr_assert(isnan(cost_per_second(&c, 30000, (double)NAN)), "no power, no cost");
	near(cost_serving_share(1e6, 3e9, 1e-3), 0.75, "3 of 4 million");
	near(cost_tokens_for_share(1e6, 0.9, 1e-3), 9e9, "nine times the training");
	near(cost_serving_share(1e6, cost_tokens_for_share(1e6, 0.9, 1e-3), 1e-3), 0.9, "there and back");
}

static struct published_case find(const char *name)
{
	struct published_case cases[64];
	const size_t n = published_cases(NULL, cases, 64);
	cr_assert(n > 0 && n <= 64);
	for (size_t i = 0; i < n; i++)
		if (strcmp(cases[i].name, name) == 0)
			return cases[i];
	cr_assert(false, "no case %s", name);
	return cases[0];
}

Test(published, memory_of_large_models)
{
	near(published_bytes_per_parameter(320, 80e9, 1e12), 25.6, "320 A100");
	near(published_bytes_per_parameter(800, 32e9, 1e12), 25.6, "800 V100 of ZeRO-Infinity");
	near(published_bytes_per_parameter(6000, 80e9, 1e14), 4.8, "6000 A100");
	near(published_devices(1e12, 25.6, 80e9), 320, "320 and no 321");
	near(published_devices(1e14, 25.6, 80e9), 32000, "not 6000");
	near(published_devices(1e12, 16, 80e9), 200, "Adam");
	near(published_devices(1e12, 16.01, 80e9), 201, "a part of one is one more");
	near(find("devices-1t").value, 320, "case");
	near(find("bytes-1t").value, 25.6, "case");
	near(find("price-1t").value, 10.24e6, "320 x 32 000");
	near(find("price-1t").published, 10e6, "10 million");
	near(find("bytes-100t").value, 4.8, "case");
	near(find("devices-100t").value, 32000, "case");
	near(find("devices-100t").published, 6000, "case");
	near(find("bytes-paper").published, 6, "the paper's");
	near(find("bytes-paper").value, 16, "mixed-precision Adam");
	near(find("states").value, 16 * transformer_parameters(&transformer_find("gpt3-175b")->shape) / 1e9, "GPT-3");
}

Test(published, zero_and_int4)
{
	const struct optimizer *adam = optimizer_find("adam");
	near(published_zero_gain(adam, 1, (double)INFINITY), 4, "stage 1");
	near(published_zero_gain(adam, 2, (double)INFINITY), 8, "stage 2");
	near(published_zero_gain(adam, 3, 64), 64, "stage 3");
	near(published_zero_gain(adam, 2, 64), 16 / (2 + 14 / 64.0), "64 devices");
	near(published_zero_gain(adam, 0, 64), 1, "stage 0");
	near(find("zero").value, 8, "case");
	near(published_footprint_gain(32, 4), 8, "INT4");
	near(find("int4").value, 8, "case");
	near(find("int4-16").value, 4, "case");
	near(published_half_gain("a100"), 312 / 19.49, "A100");
	cr_assert(isnan(published_half_gain("upmem")) && isnan(published_half_gain("none")));
}

/* GPT-3: 24 d^2 FLOP of each token and layer for weights, 2 d (l + 1) for attention on average, and what is element by
 * element. */
Test(published, prompt)
{
	const struct transformer_shape *g = &transformer_find("gpt3-175b")->shape;
	const struct published_prompt p = published_prompt_ratio(g, 8192, 32768);
	const double d = 12288, heads = 96, elementwise = 58;
	double flops[2];
	for (int i = 0; i < 2; i++) {
		const double l = i ? 32768 : 8192, pairs = (l + 1) / 2;
		flops[i] = l * (24 * d * d + (2 * 128 - 1) * heads * pairs + (2 * pairs - 1) * d + 4 * heads * pairs +
				elementwise * d);
	}
	near(p.whole, flops[1] / flops[0], "FLOP of the prompt");
	near(p.per_token, p.whole / 4, "of a token");
	/* At that batch the bytes of a step double. */
	const double weights = 2 * transformer_parameters(g), cache = transformer_kv_bytes(g, 16);
	near((weights + p.batch * 32768 * cache) / (weights + p.batch * 8192 * cache), 2, "bytes");
	cr_assert(isnan(published_prompt_ratio(g, 8192, 16384).batch), "twice the context never doubles the bytes");
	cr_assert(p.whole > 4 && p.per_token > 1 && p.per_token < 1.3);
}

Test(published, optimizers_and_checkpointing)
{
	const struct transformer_shape *g = &transformer_find("gpt3-175b")->shape;
	const struct optimizer *shampoo = optimizer_find("shampoo");
	/* Bytes: 4 + 4 + 4 + 8 x 3.5 = 40 over 12 and 16. */
	near(published_optimizer_ratio(g, shampoo, optimizer_find("momentum")), 40 / 12.0, "momentum");
	near(published_optimizer_ratio(g, shampoo, optimizer_find("adam-fp32")), 2.5, "Adam");
	near(published_optimizer_numbers(g, shampoo), 8, "numbers");
	near(published_optimizer_numbers(g, optimizer_find("adam-fp32")), 2, "numbers of Adam");
	near(find("second-order").value, 40 / 12.0, "case");
	near(published_checkpointing_gain(g, 2048, CHECKPOINT_SELECTIVE), 114 / 34.0, "selective");
	near(published_checkpointing_gain(g, 2048, CHECKPOINT_FULL), 57, "full");
	near(find("checkpointing-full").value, 57, "case");
	cr_assert(find("checkpointing-compute").value > 10 && find("checkpointing-compute").value < 20);
	near(find("checkpointing-compute").published, 20, "case");
}

Test(published, every_case)
{
	struct published_case cases[64], few[3];
	const size_t n = published_cases(NULL, cases, 64);
	cr_assert_eq(published_cases(NULL, few, 3), n);
	cr_assert_str_eq(few[2].name, cases[2].name);
	for (size_t i = 0; i < n; i++) {
		const struct published_case *c = &cases[i];
		cr_assert(c->name && c->claim && c->unit && c->says && c->follows && c->source, "case %zu", i);
		cr_assert(isfinite(c->value), "%s", c->name);
		for (size_t k = 0; k < i; k++)
			cr_assert_str_neq(c->name, cases[k].name);
	}
	/* Another shape changes what depends on it. */
	struct published_case other[64];
	cr_assert_eq(published_cases(&transformer_find("llama-3-8b")->shape, other, 64), n);
	bool prompt = false;
	for (size_t i = 0; i < n; i++)
		prompt = prompt || (strcmp(cases[i].name, "prompt") == 0 && other[i].value > cases[i].value + 0.5);
	cr_assert(prompt, "less width, more attention");
}
