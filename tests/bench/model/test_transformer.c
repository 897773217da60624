/* Description: closed forms of transformers against the published formulas, coded once more here; parameter counts
 * against model cards. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/model/precision.h"
#include "bench/model/transformer.h"

static const struct transformer_load one_byte = {
	.batch = 1, .weight_bits = 8, .activation_bits = 8, .kv_bits = 8, .tokens = 1};

static struct transformer_load load_of(enum transformer_phase phase, double tokens, double batch)
{
	struct transformer_load load = one_byte;
	load.phase = phase;
	load.tokens = tokens;
	load.batch = batch;
	return load;
}

static void near(double got, double want, double tolerance, const char *what)
{
	cr_assert(fabs(got - want) <= tolerance * fabs(want), "%s: got %.17g, want %.17g", what, got, want);
}

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state >> 33;
}

static struct transformer_shape random_plain(uint64_t *state)
{
	const uint64_t heads = 1 + next(state) % 64, head_dim = 1 + next(state) % 256;
	return (struct transformer_shape){.layers = 1 + next(state) % 100,
					  .d = heads * head_dim,
					  .heads = heads,
					  .kv_heads = heads,
					  .head_dim = head_dim,
					  .ffn = 1 + next(state) % 40000,
					  .experts = 1,
					  .active_experts = 1};
}

/* As they stand in the table of closed forms that fits Tables 3, 10 and 11 of arXiv:2302.14017. */
static void literal_encoder(const struct transformer_shape *s, double l, double f[5], double m[5])
{
	const double d = (double)s->d, h = (double)s->heads, ffn = (double)s->ffn;
	f[0] = 8 * d * d * l;
	m[0] = 4 * (d * d + 2 * l * d);
	f[1] = (2 * d / h - 1) * h * l * l + (2 * l - 1) * l * d;
	m[1] = 2 * (2 * l * d + h * l * l);
	f[2] = 4 * d * ffn * l;
	m[2] = 2 * d * ffn + 2 * l * (d + ffn);
	f[3] = 4 * h * l * l + 58 * l * d;
	m[3] = 2 * h * l * l + 17 * l * d + 5 * d;
}

static void literal_decoder(const struct transformer_shape *s, double l, double f[5], double m[5])
{
	const double d = (double)s->d, h = (double)s->heads, ffn = (double)s->ffn;
	f[0] = 8 * d * d * l;
	m[0] = 4 * l * (d * d + 2 * d);
	f[1] = 2 * d * l * l;
	m[1] = d * l * l + h * l * l / 2 + 4 * l * d;
	f[2] = 4 * d * ffn * l;
	m[2] = l * (2 * d * ffn + 2 * (d + ffn));
	f[3] = 2 * h * l * l + 58 * l * d;
	m[3] = h * l * l + 22 * l * d;
}

/* Every term is a whole number, or half of one, below 2^53: equal means equal. */
static void as_published(enum transformer_phase phase,
			 void (*literal)(const struct transformer_shape *, double, double *, double *))
{
	uint64_t state = 11;
	for (int i = 0; i < 2000; i++) {
		const struct transformer_shape s = random_plain(&state);
		const struct transformer_load load = load_of(phase, (double)(1 + next(&state) % 1000), 1);
		struct transformer_cost c[TRANSFORMER_OPS];
		double f[5] = {0}, m[5] = {0};
		literal(&s, load.tokens, f, m);
		transformer_costs(&s, &load, c);
		for (int op = 0; op < 4; op++) {
			const double n = (double)s.layers;
			near(c[op].flops, n * f[op], 0, transformer_op_name((enum transformer_op)op));
			near(transformer_bytes(&c[op]), n * m[op], 0, transformer_op_name((enum transformer_op)op));
			f[4] += n * f[op];
			m[4] += n * m[op];
		}
		near(c[4].flops, f[4], 0, "total FLOPs");
		near(transformer_bytes(&c[4]), m[4], 1e-15, "total bytes");
	}
}

Test(transformer, encoder_is_the_published_form)
{
	as_published(TRANSFORMER_ENCODER, literal_encoder);
}

Test(transformer, generation_is_the_published_form)
{
	as_published(TRANSFORMER_GENERATE, literal_decoder);
}

/* Costs are linear in the context, so the mean context l/2 stands for contexts 0..l-1 and 1..l alike, on average. */
Test(transformer, decoded_tokens_add_up_to_the_sequence)
{
	const struct transformer_shape *s = &transformer_find("llama-3-8b")->shape;
	const double l = 300;
	struct transformer_cost whole[TRANSFORMER_OPS], c[TRANSFORMER_OPS];
	struct transformer_load load = load_of(TRANSFORMER_GENERATE, l, 3);
	transformer_costs(s, &load, whole);
	for (int op = 0; op < TRANSFORMER_OPS; op++) {
		double flops = 0, bytes = 0;
		for (double context = 0; context <= l; context++) {
			const double share = context > 0 && context < l ? 1 : 0.5;
			load = load_of(TRANSFORMER_DECODE, context, 3);
			transformer_costs(s, &load, c);
			flops += share * c[op].flops;
			bytes += share * transformer_bytes(&c[op]);
		}
		near(flops, whole[op].flops, 1e-12, "FLOPs");
		near(bytes, transformer_bytes(&whole[op]), 1e-12, "bytes");
	}
}

Test(transformer, prefill_of_one_token_is_the_encoder)
{
	uint64_t state = 5;
	const struct transformer_shape s = random_plain(&state);
	struct transformer_cost a[TRANSFORMER_OPS], b[TRANSFORMER_OPS];
	struct transformer_load load = load_of(TRANSFORMER_ENCODER, 1, 2);
	transformer_costs(&s, &load, a);
	load.phase = TRANSFORMER_PREFILL;
	transformer_costs(&s, &load, b);
	for (int op = 0; op < TRANSFORMER_OPS; op++) {
		near(b[op].flops, a[op].flops, 0, "FLOPs");
		near(transformer_bytes(&b[op]), transformer_bytes(&a[op]), 0, "bytes");
	}
	/* Half of the pairs, and the diagonal. */
	load.tokens = 1000;
	transformer_costs(&s, &load, b);
	load.phase = TRANSFORMER_ENCODER;
	transformer_costs(&s, &load, a);
	near(b[TRANSFORMER_ATTENTION].flops / a[TRANSFORMER_ATTENTION].flops, 0.5005, 1e-3, "causal");
	near(b[TRANSFORMER_ATTENTION].cache, 2 * 2 * 1000 * (double)s.layers * (double)s.d, 0, "keys and values read");
	near(b[TRANSFORMER_PROJECTIONS].cache, 1000 * 2 * transformer_kv_bytes(&s, 8), 0, "the cache is written once");
}

Test(transformer, a_batch_reads_weights_once)
{
	const struct transformer_shape *s = &transformer_find("llama-3-8b")->shape;
	const struct transformer_load one = load_of(TRANSFORMER_DECODE, 4096, 1),
				      many = load_of(TRANSFORMER_DECODE, 4096, 7);
	struct transformer_cost a[TRANSFORMER_OPS], b[TRANSFORMER_OPS];
	transformer_costs(s, &one, a);
	transformer_costs(s, &many, b);
	for (int op = 0; op < TRANSFORMER_OPS; op++) {
		near(b[op].flops, 7 * a[op].flops, 1e-15, "FLOPs");
		near(b[op].weights, a[op].weights, 0, "weights");
		near(b[op].activations, 7 * a[op].activations, 1e-15, "activations");
		near(b[op].cache, 7 * a[op].cache, 1e-15, "cache");
	}
	/* Context and the token itself. */
	near(a[TRANSFORMER_ATTENTION].cache, 4097 * transformer_kv_bytes(s, 8), 0, "cache");
}

Test(transformer, formats_scale_their_own_bytes)
{
	const struct transformer_shape *s = &transformer_find("mixtral-8x7b")->shape;
	struct transformer_load load = load_of(TRANSFORMER_DECODE, 1000, 4);
	struct transformer_cost a[TRANSFORMER_OPS], b[TRANSFORMER_OPS];
	transformer_costs(s, &load, a);
	load.weight_bits = precision_find("mxint4")->bits;
	load.activation_bits = precision_find("bf16")->bits;
	load.kv_bits = precision_find("f32")->bits;
	transformer_costs(s, &load, b);
	for (int op = 0; op < TRANSFORMER_OPS; op++) {
		near(b[op].flops, a[op].flops, 0, "FLOPs");
		near(b[op].weights, a[op].weights * 4.25 / 8, 1e-15, "weights");
		near(b[op].activations, a[op].activations * 2, 1e-15, "activations");
		near(b[op].cache, a[op].cache * 4, 1e-15, "cache");
	}
}

Test(transformer, experts)
{
	const struct transformer_shape *s = &transformer_find("mixtral-8x7b")->shape;
	near(transformer_experts(s, 1), 2, 1e-14, "one token");
	near(transformer_experts(s, 2), 8 * (1 - 0.75 * 0.75), 1e-14, "two tokens");
	near(transformer_experts(s, 1000), 8, 1e-14, "many tokens");
	struct transformer_shape all = *s;
	all.active_experts = 8;
	near(transformer_experts(&all, 1), 8, 0, "all of them");
	struct transformer_cost c[TRANSFORMER_OPS];
	const struct transformer_load load = load_of(TRANSFORMER_DECODE, 1, 2);
	transformer_costs(s, &load, c);
	near(c[TRANSFORMER_FFN].weights, 32.0 * (3.5 * 3 * 4096 * 14336 + 4096 * 8), 1e-14, "weights of 3.5 experts");
	near(c[TRANSFORMER_FFN].flops, 32.0 * 2 * (2 * 2.0 * 3 * 4096 * 14336 + 2 * 4096 * 8), 1e-14, "FLOPs of 2");
}

/* Per token: 58 d and what scores take, a product of f values for each active gated network, and the sum of the
 * experts' d outputs, each times its weight. */
Test(transformer, other_work_of_gates_and_experts)
{
	const struct transformer_shape *s = &transformer_find("mixtral-8x7b")->shape;
	struct transformer_cost c[TRANSFORMER_OPS];
	const struct transformer_load load = load_of(TRANSFORMER_DECODE, 100, 3);
	transformer_costs(s, &load, c);
	const double d = 4096, f = 14336, scores = 32 * 100, active = 2;
	near(c[TRANSFORMER_OTHER].flops, 32 * 3 * (4 * scores + 58 * d + active * f + (2 * active - 1) * d), 1e-14,
	     "FLOPs");
	near(c[TRANSFORMER_OTHER].activations, 32 * 3 * (2 * scores + 17 * d + 3 * active * f + (active + 1) * d),
	     1e-14, "bytes");
	near(c[TRANSFORMER_OTHER].weights, 32 * 5 * d, 1e-14, "weights");
}

/* GPT-2's shape with 3 key/value heads: their matrices and biases are a quarter as wide. */
Test(transformer, grouped_heads_have_fewer_weights_and_biases)
{
	const struct transformer_shape *all = &transformer_find("gpt2")->shape;
	struct transformer_shape grouped = *all;
	grouped.kv_heads = 3;
	near(transformer_parameters(all) - transformer_parameters(&grouped), 12 * 2 * (768 + 1.0) * (768 - 192), 0,
	     "weights and biases");
}

/* BERT and GPT-2: sizes of the published checkpoints. Model cards: Llama 3 "8B" 8.03e9 and "70B" 70.6e9; Mixtral
 * "46.7B total, 12.9B active" (arXiv:2401.04088 says 47B and 13B). */
Test(transformer, parameters)
{
	static const struct {
		const char *name;
		double total, active, tolerance;
	} want[] = {
		{"bert-base", 109482240, 109482240, 0},    {"bert-large", 335141888, 335141888, 0},
		{"gpt2", 124439808, 124439808, 0},         {"gpt3-175b", 175e9, 175e9, 0.01},
		{"llama-3-8b", 8030261248, 8030261248, 0}, {"llama-3-70b", 70553706496, 70553706496, 0},
		{"mixtral-8x7b", 46.7e9, 12.9e9, 0.002},
	};
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct transformer_shape *s = &transformer_find(want[i].name)->shape;
		near(transformer_parameters(s), want[i].total, want[i].tolerance, want[i].name);
		near(transformer_active_parameters(s), want[i].active, want[i].tolerance, want[i].name);
	}
	near(transformer_kv_bytes(&transformer_find("llama-3-8b")->shape, 16), 131072, 0, "KV cache of Llama 3 8B");
}

Test(transformer, models_are_possible)
{
	char why[200];
	for (size_t i = 0; transformer_at(i); i++) {
		const struct transformer_model *m = transformer_at(i);
		cr_assert_eq(transformer_check(&m->shape, why, sizeof(why)), 0, "%s: %s", m->name, why);
		cr_assert_eq(transformer_find(m->name), m, "%s stands there twice", m->name);
		cr_assert(m->title && m->source && m->shape.context > 0);
	}
	cr_assert_null(transformer_find("bert"));
}

static void refused(struct transformer_shape s, const char *part)
{
	char why[200] = "";
	cr_assert_eq(transformer_check(&s, why, sizeof(why)), -EINVAL);
	cr_assert_not_null(strstr(why, part), "%s", why);
}

Test(transformer, impossible_shapes)
{
	struct transformer_shape s = transformer_find("llama-3-8b")->shape;
	s.kv_heads = 5;
	refused(s, "kv-heads 5 does not divide heads 32");
	s.kv_heads = 0;
	refused(s, "kv-heads is 0");
	s = transformer_find("mixtral-8x7b")->shape;
	s.active_experts = 9;
	refused(s, "active-experts 9 is more than experts 8");
	s.active_experts = 2;
	s.d = UINT64_MAX;
	refused(s, "d is 18446744073709551615");
}

Test(transformer, time_on_a_roofline)
{
	struct transformer_cost c[TRANSFORMER_OPS] = {{.flops = 100, .weights = 1}, {.flops = 10, .cache = 1}};
	near(transformer_time(c, 20), 120, 0, "one bound by compute, one by memory");
	cr_assert(isnan(transformer_time(c, 0)));
	cr_assert(isnan(transformer_time(c, -1)));
}

Test(precision, sizes)
{
	near(precision_find("bf16")->bits, 16, 0, "bf16");
	near(precision_find("mxint8")->bits, 8.25, 0, "mxint8");
	near(precision_find("mxint4")->bits, 4.25, 0, "mxint4");
	cr_assert_null(precision_find("int3"));
	for (size_t i = 0; precision_at(i); i++)
		cr_assert_eq(precision_find(precision_name(i)), precision_at(i));
	cr_assert_null(precision_name(1000));
}
