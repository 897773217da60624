#include "bench/model/transformer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/core/text.h"

/* A shape as real numbers: products of six 32-bit numbers fit, and are exact up to 2^53. */
struct dims {
	double layers, d, heads, head_dim, q, k, ffn, experts, active;
	double matrices; /* of the feed-forward network */
};

static struct dims dims_of(const struct transformer_shape *s)
{
	struct dims m = {
		.layers = (double)s->layers,
		.d = (double)s->d,
		.heads = (double)s->heads,
		.head_dim = (double)s->head_dim,
		.ffn = (double)s->ffn,
		.experts = (double)s->experts,
		.active = (double)s->active_experts,
		.matrices = s->gated ? 3 : 2,
	};
	m.q = m.heads * m.head_dim;
	m.k = (double)s->kv_heads * m.head_dim;
	return m;
}

/* One step of the whole batch. */
struct step {
	enum transformer_phase phase;
	double l;           /* tokens of each sequence that pass through the layers in this step */
	double context;     /* that a decoded token attends to */
	double batch, rows; /* rows = l batch */
	double w, a, c;     /* bytes per value: weights, activations, KV cache */
};

static bool decodes(const struct step *t)
{
	return t->phase == TRANSFORMER_DECODE || t->phase == TRANSFORMER_GENERATE;
}

/* Pairs (token, token that it attends to) of one sequence. */
static double pairs_of(const struct step *t)
{
	if (decodes(t))
		return t->context;
	return t->phase == TRANSFORMER_PREFILL ? t->l * (t->l + 1) / 2 : t->l * t->l;
}

static struct transformer_cost projections(const struct transformer_shape *s, const struct step *t)
{
	const struct dims m = dims_of(s);
	struct transformer_cost c = {
		.flops = 4 * t->rows * m.d * (m.q + m.k),
		.weights = 2 * m.d * (m.q + m.k) * t->w,
		.activations = t->rows * (4 * m.d + 2 * m.q) * t->a,
	};
	/* A decoded token's keys and values are stored by the attention operator, where the paper counts them. */
	if (t->phase == TRANSFORMER_PREFILL)
		c.cache = 2 * t->rows * m.k * t->c;
	else
		c.activations += 2 * t->rows * m.k * t->a;
	/* What BERT-Large as published lacks: the FLOPs and weights are those of one projection, the 0.2 is fitted. */
	const double missing = (double)s->projections_missing;
	if (missing > 0) {
		c.flops -= missing * 2 * t->rows * m.d * m.d;
		c.weights -= missing * m.d * m.d * t->w;
		c.activations -= missing * 0.2 * t->rows * m.d * t->a;
	}
	return c;
}

static struct transformer_cost attention(const struct transformer_shape *s, const struct step *t)
{
	const struct dims m = dims_of(s);
	const double p = pairs_of(t);
	struct transformer_cost c = {0};
	if (decodes(t)) {
		c.flops = t->batch * 4 * m.q * p;
		c.activations = t->batch * (2 * m.q + m.heads * p) * t->a;
		c.cache = t->batch * (2 * p * m.k + 2 * m.k) * t->c;
		return c;
	}
	c.flops = t->batch * ((2 * m.head_dim - 1) * m.heads * p + (2 * p - t->l) * m.q);
	c.activations = t->batch * (2 * t->l * m.q + 2 * m.heads * p) * t->a;
	if (t->phase == TRANSFORMER_PREFILL)
		c.cache = t->batch * 2 * t->l * m.k * t->c;
	else
		c.activations += t->batch * 2 * t->l * m.k * t->a;
	return c;
}

static struct transformer_cost ffn(const struct transformer_shape *s, const struct step *t)
{
	const struct dims m = dims_of(s);
	struct transformer_cost c = {
		.flops = 2 * m.matrices * m.active * m.d * m.ffn * t->rows,
		.weights = m.matrices * transformer_experts(s, t->rows) * m.d * m.ffn * t->w,
		.activations = m.matrices * m.active * t->rows * (m.d + m.ffn) * t->a,
	};
	if (s->experts > 1) {
		c.flops += 2 * t->rows * m.d * m.experts;
		c.weights += m.d * m.experts * t->w;
		c.activations += t->rows * (m.d + m.experts) * t->a;
	}
	return c;
}

static struct transformer_cost other(const struct transformer_shape *s, const struct step *t)
{
	const struct dims m = dims_of(s);
	const double scores = m.heads * pairs_of(t) * t->batch;
	struct transformer_cost c = {
		.flops = 4 * scores + 58 * t->rows * m.d,
		.weights = 5 * m.d * t->w,
		.activations = (2 * scores + 17 * t->rows * m.d) * t->a,
	};
	if (s->gated) {
		c.flops += m.active * t->rows * m.ffn;
		c.activations += 3 * m.active * t->rows * m.ffn * t->a;
	}
	if (s->experts > 1) {
		c.flops += (2 * m.active - 1) * t->rows * m.d;
		c.activations += (m.active + 1) * t->rows * m.d * t->a;
	}
	return c;
}

/* to += c times n. */
static void add(struct transformer_cost *to, const struct transformer_cost *c, double n)
{
	to->flops += n * c->flops;
	to->weights += n * c->weights;
	to->activations += n * c->activations;
	to->cache += n * c->cache;
}

void transformer_costs(const struct transformer_shape *s, const struct transformer_load *load,
		       struct transformer_cost out[TRANSFORMER_OPS])
{
	static struct transformer_cost (*const ops[TRANSFORMER_TOTAL])(const struct transformer_shape *,
								       const struct step *) = {
		[TRANSFORMER_PROJECTIONS] = projections,
		[TRANSFORMER_ATTENTION] = attention,
		[TRANSFORMER_FFN] = ffn,
		[TRANSFORMER_OTHER] = other,
	};
	const bool generates = load->phase == TRANSFORMER_GENERATE;
	struct step t = {
		.phase = load->phase,
		.l = load->tokens,
		.context = generates ? load->tokens / 2 : load->tokens,
		.batch = load->batch,
		.w = load->weight_bits / 8,
		.a = load->activation_bits / 8,
		.c = load->kv_bits / 8,
	};
	if (decodes(&t))
		t.l = 1;
	t.rows = t.l * t.batch;
	const double times = (double)s->layers * (generates ? load->tokens : 1);
	const struct transformer_cost none = {0};
	out[TRANSFORMER_TOTAL] = none;
	for (size_t i = 0; i < TRANSFORMER_TOTAL; i++) {
		const struct transformer_cost c = ops[i](s, &t);
		out[i] = none;
		add(&out[i], &c, times);
		add(&out[TRANSFORMER_TOTAL], &out[i], 1);
	}
}

double transformer_bytes(const struct transformer_cost *c)
{
	return c->weights + c->activations + c->cache;
}

double transformer_intensity(const struct transformer_cost *c)
{
	return c->flops / transformer_bytes(c);
}

double transformer_time(const struct transformer_cost costs[TRANSFORMER_OPS], double ridge)
{
	if (!(ridge > 0) || !isfinite(ridge))
		return (double)NAN;
	double sum = 0;
	for (size_t i = 0; i < TRANSFORMER_TOTAL; i++)
		sum += fmax(costs[i].flops, transformer_bytes(&costs[i]) * ridge);
	return sum;
}

double transformer_experts(const struct transformer_shape *s, double tokens)
{
	const double experts = (double)s->experts, active = (double)s->active_experts;
	if (active >= experts)
		return experts;
	/* log1p and expm1: exact where active/experts is small, and no power of a number near 1. */
	return -experts * expm1(tokens * log1p(-active / experts));
}

/* All weights when each layer has `experts` feed-forward networks. */
static double parameters(const struct transformer_shape *s, double experts)
{
	const struct dims m = dims_of(s);
	const double norm = s->biased ? 2 * m.d : m.d;
	double attention = 2 * m.d * (m.q + m.k), one = m.matrices * m.d * m.ffn;
	if (s->biased) {
		attention += m.q + 2 * m.k + m.d;
		one += (m.matrices - 1) * m.ffn + m.d;
	}
	double layer = attention + experts * one + 2 * norm;
	if (s->experts > 1)
		layer += m.d * m.experts;
	double outside = ((double)s->vocab + (double)s->positions + (double)s->token_types) * m.d;
	if (!s->tied)
		outside += (double)s->vocab * m.d;
	if (s->outer_norm)
		outside += norm;
	if (s->pooler)
		outside += m.d * m.d + m.d;
	return m.layers * layer + outside;
}

double transformer_parameters(const struct transformer_shape *s)
{
	return parameters(s, (double)s->experts);
}

double transformer_active_parameters(const struct transformer_shape *s)
{
	return parameters(s, (double)s->active_experts);
}

double transformer_kv_bytes(const struct transformer_shape *s, double kv_bits)
{
	return 2 * (double)s->layers * dims_of(s).k * kv_bits / 8;
}

const char *transformer_op_name(enum transformer_op op)
{
	static const char *const names[TRANSFORMER_OPS] = {"projections", "attention", "ffn", "other", "total"};
	return names[op];
}

int transformer_check(const struct transformer_shape *s, char *why, size_t n)
{
	const uint64_t most = UINT64_C(1) << 32;
	const struct {
		const char *name;
		uint64_t value, least;
	} numbers[] = {
		{"layers", s->layers, 1},
		{"d", s->d, 1},
		{"heads", s->heads, 1},
		{"kv-heads", s->kv_heads, 1},
		{"head-dim", s->head_dim, 1},
		{"ffn", s->ffn, 1},
		{"experts", s->experts, 1},
		{"active-experts", s->active_experts, 1},
		{"vocab", s->vocab, 0},
		{"positions", s->positions, 0},
		{"token-types", s->token_types, 0},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value < numbers[i].least || numbers[i].value > most) {
			mw_clip(why, n, "%s is %" PRIu64 "; %" PRIu64 " to %" PRIu64 " are possible", numbers[i].name,
				numbers[i].value, numbers[i].least, most);
			return -EINVAL;
		}
	if (s->heads % s->kv_heads) {
		mw_clip(why, n, "kv-heads %" PRIu64 " does not divide heads %" PRIu64, s->kv_heads, s->heads);
		return -EINVAL;
	}
	if (s->active_experts > s->experts) {
		mw_clip(why, n, "active-experts %" PRIu64 " is more than experts %" PRIu64, s->active_experts,
			s->experts);
		return -EINVAL;
	}
	return 0;
}
