#include "bench/model/published.h"

#include <math.h>

#include "bench/model/machines.h"

#define ESSAY "Asianometry essay on the AI memory wall"
#define PAPER "Gholami et al., IEEE Micro 2024 (arXiv:2403.14123)"
#define D_MATRIX "insideHPC article on d-Matrix"
#define UNPUBLISHED ((double)NAN)

double published_bytes_per_parameter(double devices, double device_bytes, double parameters)
{
	return devices * device_bytes / parameters;
}

double published_devices(double parameters, double bytes_per_parameter, double device_bytes)
{
	/* 1e-12: a quotient that is whole except for rounding errors is not rounded up. */
	return ceil(parameters * bytes_per_parameter / device_bytes * (1 - 1e-12));
}

double published_zero_gain(const struct optimizer *o, int stage, double n)
{
	const struct training_bytes all = training_zero(1, o, 0, 0, 1), each = training_zero(1, o, 0, stage, n);
	return training_zero_sum(&all) / training_zero_sum(&each);
}

static double prompt_flops(const struct transformer_shape *s, double tokens)
{
	const struct transformer_load load = {TRANSFORMER_PREFILL, tokens, 1, 16, 16, 16};
	struct transformer_cost costs[TRANSFORMER_OPS];
	transformer_costs(s, &load, costs);
	return costs[TRANSFORMER_TOTAL].flops;
}

struct published_prompt published_prompt_ratio(const struct transformer_shape *s, double shorter, double longer)
{
	struct published_prompt p;
	p.whole = prompt_flops(s, longer) / prompt_flops(s, shorter);
	p.per_token = p.whole * shorter / longer;
	/* (W + B longer kv) / (W + B shorter kv) = 2, solved for B: each step reads the weights once, and each
	 * sequence's cache. */
	const double gap = longer - 2 * shorter;
	p.batch = gap > 0 ? transformer_active_parameters(s) * 2 / (gap * transformer_kv_bytes(s, 16)) : UNPUBLISHED;
	return p;
}

double published_optimizer_ratio(const struct transformer_shape *s, const struct optimizer *o,
				 const struct optimizer *against)
{
	const double ratio = training_factor_ratio(s);
	return training_bytes_per_parameter(o, ratio) / training_bytes_per_parameter(against, ratio);
}

double published_optimizer_numbers(const struct transformer_shape *s, const struct optimizer *o)
{
	return training_state_bytes(o, training_factor_ratio(s)) / 4;
}

double published_footprint_gain(double from_bits, double to_bits)
{
	return from_bits / to_bits;
}

double published_half_gain(const char *machine)
{
	const struct machine *m = machine_find(machine);
	return m ? m->peak[MACHINE_FP16] / m->peak[MACHINE_FP32] : UNPUBLISHED;
}

double published_checkpointing_gain(const struct transformer_shape *s, double tokens, enum checkpointing c)
{
	return training_activation_bytes(s, tokens, 1, 1, CHECKPOINT_NONE) /
	       training_activation_bytes(s, tokens, 1, 1, c);
}

/* Appends to out, which holds *n of max cases; counts those that do not fit, too. */
static void append(const struct published_case *cases, size_t n_cases, struct published_case *out, size_t max,
		   size_t *n)
{
	for (size_t i = 0; i < n_cases; i++, (*n)++)
		if (*n < max)
			out[*n] = cases[i];
}

/* Bytes for each parameter, and the number and price of the machines that hold them. */
static void sizes(const struct transformer_shape *s, struct published_case *out, size_t max, size_t *n)
{
	const struct machine *a100 = machine_find("a100");
	const double trillion = 1e12, hundred = 1e14;
	const double essay = published_bytes_per_parameter(320, a100->memory, trillion);
	const double states = training_bytes_per_parameter(optimizer_find("adam"), 0);
	const struct published_case cases[] = {
		{"devices-1t", "B08", "devices", 320, published_devices(trillion, essay, a100->memory),
		 "a model of 1e12 parameters takes 320 A100 of 80 GB",
		 "at the 25.6 byte per parameter that this implies (also 800 V100 of 32 GB, ZeRO-Infinity)", ESSAY},
		{"bytes-1t", "B08", "byte/parameter", UNPUBLISHED, essay, "320 x 80 GB for 1e12 parameters",
		 "weights, gradients and Adam take 16 of them; the rest is room for activations", ESSAY},
		{"devices-1t-adam", "B08", "devices", 320, published_devices(trillion, states, a100->memory),
		 "a model of 1e12 parameters takes 320 A100 of 80 GB",
		 "mixed-precision Adam alone, 16 byte per parameter, all of it split (ZeRO 3)", ESSAY},
		{"price-1t", "B09", "USD", 10e6, 320 * a100->price, "they cost 10 million USD at 32 000 each",
		 "320 x 32 000", ESSAY},
		{"bytes-100t", "B10", "byte/parameter", UNPUBLISHED,
		 published_bytes_per_parameter(6000, a100->memory, hundred), "6000 A100 for 1e14 parameters",
		 "not the 25.6 of the case of 1e12: 5.3 times fewer, and a third of what mixed-precision Adam keeps",
		 ESSAY},
		{"devices-100t", "B10", "devices", 6000, published_devices(hundred, essay, a100->memory),
		 "a model of 1e14 parameters could take over 6000 A100",
		 "at the 25.6 byte per parameter of the case of 1e12: the two are inconsistent", ESSAY},
		{"bytes-paper", "C10", "byte/parameter", 6, states, "memory over 6 is the largest model to be trained",
		 "mixed-precision Adam takes 16, the essay's 320 A100 give 25.6", PAPER},
		{"states", "B28", "GB", UNPUBLISHED, transformer_parameters(s) * states / 1e9,
		 "allocations in training easily exceed hundreds of gigabytes",
		 "the model with mixed-precision Adam, without activations; 6.25e9 parameters take 100 GB", ESSAY},
	};
	append(cases, sizeof(cases) / sizeof(cases[0]), out, max, n);
}

/* Methods that make models or their training smaller or larger. */
static void methods(const struct transformer_shape *s, struct published_case *out, size_t max, size_t *n)
{
	const struct optimizer *adam = optimizer_find("adam"), *shampoo = optimizer_find("shampoo");
	const double prompt = 8192;
	const struct published_prompt p = published_prompt_ratio(s, prompt, 4 * prompt);
	const struct published_case cases[] = {
		{"zero", "C25", "ratio", 8, published_zero_gain(adam, 2, (double)INFINITY),
		 "ZeRO trains 8 times bigger models in the same memory",
		 "stage 2 over many devices: 16 over 2 byte per parameter", PAPER},
		{"zero-64", "C25", "ratio", 8, published_zero_gain(adam, 2, 64),
		 "ZeRO trains 8 times bigger models in the same memory",
		 "stage 2 over 64 devices; stage 1 approaches 4 times, stage 3 has no limit", PAPER},
		{"int4", "C29", "ratio", 8, published_footprint_gain(32, 4),
		 "INT4 makes models up to 8 times smaller and faster",
		 "32 over 4 bits: exact for the footprint, a bound for the time of decoding", PAPER},
		{"int4-16", "C29", "ratio", 8, published_footprint_gain(16, 4),
		 "INT4 makes models up to 8 times smaller and faster",
		 "16 over 4 bits: models are usually served in 16", PAPER},
		{"prompt", "A04", "ratio", 2, p.whole, "a prompt of 32K in place of 8K doubles the cost of GPT-4",
		 "FLOP of the whole prompt: 4 times the tokens and more attention", D_MATRIX},
		{"prompt-token", "A04", "ratio", 2, p.per_token,
		 "a prompt of 32K in place of 8K doubles the cost of GPT-4",
		 "FLOP of each token: arithmetic does not double it", D_MATRIX},
		{"prompt-batch", "A04", "sequences", UNPUBLISHED, p.batch,
		 "a prompt of 32K in place of 8K doubles the cost of GPT-4",
		 "batch from which the longer prompt doubles the bytes that decoding reads, in 16 bits", D_MATRIX},
		{"second-order", "C24", "ratio", 3.5, published_optimizer_ratio(s, shampoo, optimizer_find("momentum")),
		 "second-order optimisers have 3-4 times higher memory footprint",
		 "Shampoo over momentum, fp32, weights and gradients included", PAPER},
		{"second-order-adam", "C24", "ratio", 3.5,
		 published_optimizer_ratio(s, shampoo, optimizer_find("adam-fp32")),
		 "second-order optimisers have 3-4 times higher memory footprint", "Shampoo over Adam, all in fp32",
		 PAPER},
		{"second-order-states", "C24", "number/parameter", UNPUBLISHED, published_optimizer_numbers(s, shampoo),
		 "second-order optimisers have 3-4 times higher memory footprint",
		 "numbers that Shampoo keeps: 2 x 3.5 in factors and roots, 1 momentum; Adam keeps 2", PAPER},
		{"checkpointing", "C26", "ratio", 5, published_checkpointing_gain(s, 2048, CHECKPOINT_SELECTIVE),
		 "checkpointing saves up to 5 times the memory with 20 % more compute",
		 "activations without checkpointing over those with selective checkpointing, 2048 tokens", PAPER},
		{"checkpointing-full", "C26", "ratio", 5, published_checkpointing_gain(s, 2048, CHECKPOINT_FULL),
		 "checkpointing saves up to 5 times the memory with 20 % more compute",
		 "the same with full checkpointing, at 33 % more compute", PAPER},
		{"checkpointing-compute", "C27", "%", 20, 100 * training_recompute_for(s, 2048, 5),
		 "checkpointing saves up to 5 times the memory with 20 % more compute",
		 "operations repeated for 5 times: full checkpointing in as many layers as it takes, selective in "
		 "the rest",
		 PAPER},
		{"fp16-v100", "C28", "ratio", 10, published_half_gain("v100"),
		 "more than 10 times the compute in half precision", "dense 16-bit tensor over fp32 peak of the V100",
		 PAPER},
		{"fp16-a100", "C28", "ratio", 10, published_half_gain("a100"),
		 "more than 10 times the compute in half precision", "the same of the A100", PAPER},
		{"fp16-h100", "C28", "ratio", 10, published_half_gain("h100"),
		 "more than 10 times the compute in half precision", "the same of the H100", PAPER},
	};
	append(cases, sizeof(cases) / sizeof(cases[0]), out, max, n);
}

size_t published_cases(const struct transformer_shape *s, struct published_case *out, size_t max)
{
	size_t n = 0;
	if (!s)
		s = &transformer_find("gpt3-175b")->shape;
	sizes(s, out, max, &n);
	methods(s, out, max, &n);
	return n;
}
