#include "bench/model/training.h"

#include <math.h>
#include <string.h>

static const struct optimizer optimizers[] = {
	{"sgd", 4, 4, 0, 0, "fp32 weights and gradients"},
	{"momentum", 4, 4, 4, 0, "fp32 weights, gradients and momentum"},
	{"adam", 2, 2, 12, 0, "mixed precision: ZeRO, arXiv:1910.02054, section 3.1: 2 + 2 + 12 bytes"},
	{"adam-fp32", 4, 4, 8, 0, "Kingma and Ba, ICLR 2015, arXiv:1412.6980: two moments, all in fp32"},
	{"adam-8bit", 2, 2, 6, 0,
	 "Dettmers et al., ICLR 2022, arXiv:2110.02861: moments of one byte; fp32 master weights"},
	{"shampoo", 4, 4, 4, 8,
	 "Gupta et al., ICML 2018, arXiv:1802.09568, algorithm 1: L (m x m) and R (n x n) for each m x n matrix, and "
	 "their inverse roots, fp32; with momentum. K-FAC (arXiv:1503.05671) keeps factors and inverses of the same "
	 "sizes"},
};

const struct optimizer *optimizer_at(size_t i)
{
	return i < sizeof(optimizers) / sizeof(optimizers[0]) ? &optimizers[i] : NULL;
}

const struct optimizer *optimizer_find(const char *name)
{
	for (size_t i = 0; i < sizeof(optimizers) / sizeof(optimizers[0]); i++)
		if (strcmp(optimizers[i].name, name) == 0)
			return &optimizers[i];
	return NULL;
}

const char *optimizer_name(size_t i)
{
	const struct optimizer *o = optimizer_at(i);
	return o ? o->name : NULL;
}

double training_factor_ratio(const struct transformer_shape *s)
{
	const double d = (double)s->d, q = (double)(s->heads * s->head_dim), k = (double)(s->kv_heads * s->head_dim);
	const double f = (double)s->ffn, ffn = (s->gated ? 3.0 : 2.0) * (double)s->experts;
	/* Query and output are d x q, key and value d x k, the feed-forward matrices d x f. */
	const double factors = 2 * (d * d + q * q) + 2 * (d * d + k * k) + ffn * (d * d + f * f);
	return factors / (2 * d * q + 2 * d * k + ffn * d * f);
}

double training_state_bytes(const struct optimizer *o, double factor_ratio)
{
	return o->states + (o->factor_bytes > 0 ? o->factor_bytes * factor_ratio : 0);
}

double training_bytes_per_parameter(const struct optimizer *o, double factor_ratio)
{
	return o->weights + o->gradients + training_state_bytes(o, factor_ratio);
}

struct training_bytes training_zero(double parameters, const struct optimizer *o, double factor_ratio, int stage,
				    double n)
{
	if (stage < 0 || stage > 3 || !(n >= 1))
		return (struct training_bytes){(double)NAN, (double)NAN, (double)NAN};
	struct training_bytes b = {
		.weights = parameters * o->weights,
		.gradients = parameters * o->gradients,
		.states = parameters * training_state_bytes(o, factor_ratio),
	};
	b.states /= stage >= 1 ? n : 1;
	b.gradients /= stage >= 2 ? n : 1;
	b.weights /= stage >= 3 ? n : 1;
	return b;
}

double training_zero_sum(const struct training_bytes *b)
{
	return b->weights + b->gradients + b->states;
}

const char *checkpointing_name(enum checkpointing c)
{
	static const char *const names[CHECKPOINT_COUNT] = {"none", "selective", "full"};
	return names[c];
}

/* Bytes for each token, sequence, layer and unit of the model's width. */
static double activation_factor(const struct transformer_shape *s, double tokens, double tensor, enum checkpointing c)
{
	if (c == CHECKPOINT_FULL)
		return 2;
	const double plain = 10 + 24 / tensor;
	return c == CHECKPOINT_SELECTIVE ? plain : plain + 5 * (double)s->heads * tokens / ((double)s->d * tensor);
}

double training_activation_bytes(const struct transformer_shape *s, double tokens, double batch, double tensor,
				 enum checkpointing c)
{
	return (double)s->layers * tokens * batch * (double)s->d * activation_factor(s, tokens, tensor, c);
}

double training_recompute(const struct transformer_shape *s, double tokens, enum checkpointing c)
{
	const double share = tokens / (double)s->d;
	if (c == CHECKPOINT_FULL)
		return 1.0 / 3;
	return c == CHECKPOINT_SELECTIVE ? share / 18 / (1 + share / 6) : 0;
}

double training_recompute_for(const struct transformer_shape *s, double tokens, double gain)
{
	const double none = activation_factor(s, tokens, 1, CHECKPOINT_NONE),
		     some = activation_factor(s, tokens, 1, CHECKPOINT_SELECTIVE),
		     full = activation_factor(s, tokens, 1, CHECKPOINT_FULL);
	const double some_work = training_recompute(s, tokens, CHECKPOINT_SELECTIVE),
		     full_work = training_recompute(s, tokens, CHECKPOINT_FULL);
	if (gain <= 1)
		return 0;
	const double wanted = none / gain;
	if (wanted >= some) /* selective in some layers is enough */
		return some_work * (none - wanted) / (none - some);
	if (wanted < full)
		return (double)NAN;
	const double all = (some - wanted) / (some - full); /* share of the layers that are checkpointed in full */
	return all * full_work + (1 - all) * some_work;
}

double training_flops_per_token(const struct transformer_shape *s, double active_parameters, double tokens,
				enum checkpointing c)
{
	const double attention = 12 * (double)s->layers * (double)s->d * tokens;
	return (6 * active_parameters + attention) * (1 + training_recompute(s, tokens, c));
}
