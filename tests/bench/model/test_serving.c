/* Description: time of a step as a roofline with tiers of memory and communication, against literal sums. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "bench/model/serving.h"

static void near(double got, double want, const char *what)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want), "%s: got %.17g, want %.17g", what, got, want);
}

static const struct memory_tier a100[] = {{"hbm", 80e9, 2039e9}};

static struct serving serving(const char *model, const struct memory_tier *tiers, size_t n)
{
	return (struct serving){
		.shape = &transformer_find(model)->shape,
		.weight_bits = 16,
		.activation_bits = 16,
		.kv_bits = 16,
		.batch = 1,
		.tensor = 1,
		.pipeline = 1,
		.context = 2304,
		.peak = 312e12,
		.link = 300e9,
		.link_latency = 2e-6,
		.tiers = tiers,
		.n_tiers = n,
	};
}

Test(serving, memory)
{
	struct serving s = serving("llama-3-70b", a100, 1);
	s.batch = 4;
	const double weights = 2 * transformer_parameters(s.shape), cache = 2.0 * 80 * 8 * 128 * 2 * 2304 * 4;
	struct serving_bytes b = serving_memory(&s);
	near(b.weights, weights, "weights");
	near(b.cache, cache, "KV cache");
	near(b.device, weights + cache, "one device");
	s.tensor = 4;
	s.pipeline = 2;
	near(serving_memory(&s).device, weights / 8 + cache / 8, "8 devices");
	/* 8 key/value heads: 16 ways hold two copies of the cache. */
	s.tensor = 16;
	s.pipeline = 1;
	near(serving_memory(&s).device, weights / 16 + cache / 8, "heads are not split");
}

/* The operators one by one, and the product that makes logits. */
static double by_hand(const struct serving *s, enum transformer_phase phase, double tokens, double *flops)
{
	const struct transformer_load load = {phase, tokens, s->batch, s->weight_bits, s->activation_bits, s->kv_bits};
	struct transformer_cost c[TRANSFORMER_OPS];
	const double d = (double)s->shape->d, v = (double)s->shape->vocab;
	transformer_costs(s->shape, &load, c);
	double sum = 0;
	*flops = 0;
	for (int i = 0; i < 4; i++) {
		sum += fmax(c[i].flops / s->peak, transformer_bytes(&c[i]) / s->tiers[0].bandwidth);
		*flops += c[i].flops;
	}
	*flops += 2 * s->batch * d * v;
	return sum + fmax(2 * s->batch * d * v / s->peak, (d * v * 2 + s->batch * (d + v) * 2) / s->tiers[0].bandwidth);
}

Test(serving, roofline_of_one_device)
{
	struct serving s = serving("llama-3-8b", a100, 1);
	struct serving_step step;
	double flops;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 2048, &step), 0);
	near(step.seconds, by_hand(&s, TRANSFORMER_DECODE, 2048, &flops), "decode");
	near(step.flops, flops, "FLOP");
	near(step.tokens_per_s, 1 / step.seconds, "tokens/s");
	cr_assert_eq(step.roof, ROOF_MEMORY);
	cr_assert_eq(step.part[ROOF_LINK], 0);
	near(step.part[ROOF_COMPUTE] + step.part[ROOF_MEMORY], step.seconds, "parts");
	/* A token reads every weight but the embedding once. */
	const double least = (transformer_parameters(s.shape) - 128256.0 * 4096) * 2 / 2039e9;
	cr_assert(step.seconds > least && step.seconds < 1.1 * least, "%g against %g", step.seconds, least);

	s.batch = 4;
	cr_assert_eq(serving_step(&s, TRANSFORMER_PREFILL, 2048, &step), 0);
	near(step.seconds, by_hand(&s, TRANSFORMER_PREFILL, 2048, &flops), "prefill");
	near(step.tokens_per_s, 4 * 2048 / step.seconds, "tokens/s of prompts");
	cr_assert_eq(step.roof, ROOF_COMPUTE);
	/* Batching pays until arithmetic binds: weights are read once. */
	struct serving_step many;
	s.batch = 16;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 128, &many), 0);
	s.batch = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 128, &step), 0);
	cr_assert(many.tokens_per_s > 10 * step.tokens_per_s);
}

Test(serving, all_reduce)
{
	near(serving_all_reduce(8e9, 4, 1e9, 0.5), 2 * 3 / 4.0 * 8 + 2 * 3 * 0.5, "ring of 4");
	near(serving_all_reduce(8e9, 2, 1e9, 0), 8, "ring of 2");
	cr_assert_eq(serving_all_reduce(8e9, 1, (double)NAN, 1), 0, "nobody to talk to");
}

Test(serving, tensor_parallel)
{
	struct serving s = serving("gpt3-175b", a100, 1);
	struct serving_step one, eight;
	struct memory_tier big = {"all", 1e12, 2039e9};
	s.tiers = &big;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &one), 0);
	s.tensor = 8;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &eight), 0);
	/* An eighth of each operator; twice in each of 96 layers 12288 activations of 2 bytes. */
	near(eight.part[ROOF_COMPUTE] + eight.part[ROOF_MEMORY], one.seconds / 8, "operators");
	near(eight.part[ROOF_LINK], 2 * 96 * (2 * 7 / 8.0 * 12288 * 2 / 300e9 + 14 * 2e-6), "all-reduces");
	near(eight.seconds, one.seconds / 8 + eight.part[ROOF_LINK], "sum");
	/* A prompt is bound by arithmetic, which is split as well, and moves the activations of all its tokens. */
	s.batch = 2;
	cr_assert_eq(serving_step(&s, TRANSFORMER_PREFILL, 1000, &eight), 0);
	s.tensor = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_PREFILL, 1000, &one), 0);
	s.tensor = 8;
	near(eight.part[ROOF_COMPUTE], one.part[ROOF_COMPUTE] / 8, "arithmetic");
	near(eight.part[ROOF_MEMORY], one.part[ROOF_MEMORY] / 8, "bytes");
	near(eight.part[ROOF_LINK], 2 * 96 * (2 * 7 / 8.0 * 2000 * 12288 * 2 / 300e9 + 14 * 2e-6), "of 2000 tokens");
	s.link = 1e6;
	cr_assert_eq(serving_step(&s, TRANSFORMER_PREFILL, 1000, &eight), 0);
	cr_assert_eq(eight.roof, ROOF_LINK);
}

/* 16 ways of a model with 8 key/value heads: the cache shrinks by 8 only. */
Test(serving, heads_are_not_split)
{
	struct memory_tier big = {"all", 1e12, 2039e9};
	struct serving s = serving("llama-3-70b", &big, 1);
	const struct transformer_load load = {TRANSFORMER_DECODE, 8192, 1, 16, 16, 16};
	struct transformer_cost c[TRANSFORMER_OPS];
	struct serving_step one, sixteen;
	transformer_costs(s.shape, &load, c);
	s.link = 1e30;
	s.link_latency = 0;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 8192, &one), 0);
	s.tensor = 16;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 8192, &sixteen), 0);
	const double cache = c[TRANSFORMER_ATTENTION].cache / 2039e9;
	near(sixteen.seconds, (one.seconds - cache) / 16 + cache / 8 + sixteen.part[ROOF_LINK], "70B");
}

Test(serving, pipeline)
{
	struct memory_tier big = {"all", 1e12, 2039e9};
	struct serving s = serving("gpt3-175b", &big, 1);
	struct serving_step one, four;
	s.batch = 2;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &one), 0);
	s.batch = 8;
	s.pipeline = 4;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &four), 0);
	/* 4 groups of 2 pass one after the other; 3 times 2 x 12288 activations move on. */
	near(four.seconds, one.seconds + 3 * (2 * 12288 * 2 / 300e9 + 2e-6), "a group");
	near(four.tokens_per_s, 8 / four.seconds, "4 groups under way");
	near(four.flops, 4 * one.flops, "all groups");
	near(four.bytes, 4 * one.bytes, "each group reads the weights");
	/* One sequence: one group, stages wait. */
	s.batch = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &four), 0);
	near(four.tokens_per_s, 1 / four.seconds, "one sequence");
	s.pipeline = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 1000, &one), 0);
	near(four.seconds, one.seconds + 3 * (12288 * 2 / 300e9 + 2e-6), "a sequence is not split");
}

/* Weights first, then the cache, each tier for its share. */
Test(serving, tiers)
{
	struct memory_tier tiers[] = {{"fast", 10e9, 1000e9}, {"slow", 1e12, 100e9}}, wide[] = {{"all", 1e12, 1000e9}};
	struct serving s = serving("llama-3-8b", tiers, 2), fast = serving("llama-3-8b", wide, 1);
	struct serving_step step, all;
	const struct transformer_load load = {TRANSFORMER_DECODE, 2048, 1, 16, 16, 16};
	struct transformer_cost c[TRANSFORMER_OPS];
	transformer_costs(s.shape, &load, c);
	const double read = c[TRANSFORMER_TOTAL].weights + 2 * 4096 * 128256.0;
	const double total = 2 * transformer_parameters(s.shape), in = 10e9 / total;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 2048, &step), 0);
	cr_assert_eq(serving_step(&fast, TRANSFORMER_DECODE, 2048, &all), 0);
	/* Of each weight's bytes the share `in` comes at 1000, the rest and the cache at 100 GB/s. */
	near(step.seconds - all.seconds,
	     (1 - in) * read * (1 / 100e9 - 1 / 1000e9) + c[TRANSFORMER_ATTENTION].cache * (1 / 100e9 - 1 / 1000e9),
	     "what the slow tier costs");
	/* Weights and half of the cache: what the weights left is all that the cache gets. */
	tiers[0].bytes = total + serving_memory(&s).cache / 2;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 2048, &step), 0);
	near(step.seconds - all.seconds, c[TRANSFORMER_ATTENTION].cache / 2 * (1 / 100e9 - 1 / 1000e9), "half a cache");
	tiers[0].bytes = total + 1e9;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 2048, &step), 0);
	near(step.seconds, all.seconds, "all in the fast one");
	tiers[0].bytes = 1e9;
	tiers[1].bytes = 1e9;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 2048, &step), -ENOSPC);
}

Test(serving, refused)
{
	struct serving s = serving("gpt2", a100, 1);
	struct serving_step step;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), 0);
	s.tensor = 5; /* of 12 heads */
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -EINVAL);
	s.tensor = 1;
	s.pipeline = 13; /* of 12 layers */
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -EINVAL);
	s.pipeline = 2;
	s.link = (double)NAN;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -ENODATA);
	s.pipeline = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), 0, "one device needs no link");
	s.peak = (double)NAN;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -EINVAL);
	s.peak = 1e12;
	s.n_tiers = 0;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -EINVAL);
	struct memory_tier bad = {"bad", 1e12, (double)NAN};
	s.tiers = &bad;
	s.n_tiers = 1;
	cr_assert_eq(serving_step(&s, TRANSFORMER_DECODE, 100, &step), -EINVAL);
}

Test(serving, split)
{
	struct serving s = serving("gpt3-175b", a100, 1);
	cr_assert_eq(serving_split(&s, 8), 8, "349 + 11 GB into 80 GB each: 5, so 8 ways");
	cr_assert(s.tensor == 8 && s.pipeline == 1);
	cr_assert_eq(serving_split(&s, 4), 8, "two stages of 4 ways");
	cr_assert(s.tensor == 4 && s.pipeline == 2);
	cr_assert_eq(serving_split(&s, 1), 5, "five stages");
	s.shape = &transformer_find("gpt2")->shape;
	cr_assert_eq(serving_split(&s, 8), 1);
	const struct memory_tier tiny = {"tiny", 1e6, 1e9};
	s.tiers = &tiny;
	cr_assert_eq(serving_split(&s, 8), 0, "no split is enough");
}
