/* What training a transformer takes: bytes of weights, gradients, optimizer states and activations, and FLOPs.
 * libc and libm only.
 *
 * ZeRO: Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020,
 * arXiv:1910.02054. Activations: Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models",
 * MLSys 2023, arXiv:2205.05198. */
#ifndef MW_TRAINING_H
#define MW_TRAINING_H

#include <stddef.h>

#include "bench/model/transformer.h"

struct optimizer {
	const char *name;
	double weights, gradients, states; /* bytes per parameter; states: master weights and moments */
	double factor_bytes; /* per number of the m x m and n x n matrices that go with each m x n weight matrix */
	const char *source;
};

/* Optimizer i of the table, or NULL after the last one. */
const struct optimizer *optimizer_at(size_t i);
/* The optimizer of that name, or NULL. */
const struct optimizer *optimizer_find(const char *name);
/* Name of optimizer i or NULL: the legal words of an option. */
const char *optimizer_name(size_t i);

/* Sum of m^2 + n^2 over the sum of m n of the m x n weight matrices of a layer: numbers in the factors of Shampoo and
 * K-FAC for each weight. 3.5 where keys and values are as wide as queries and ffn = 4 d. */
double training_factor_ratio(const struct transformer_shape *s);
/* Bytes of optimizer states per parameter, factors included. factor_ratio: training_factor_ratio(). */
double training_state_bytes(const struct optimizer *o, double factor_ratio);
/* Bytes of weights, gradients and states per parameter. */
double training_bytes_per_parameter(const struct optimizer *o, double factor_ratio);

struct training_bytes {
	double weights, gradients, states;
};

/* Bytes on one of n data-parallel devices: ZeRO splits the states (stage 1), also the gradients (2), also the weights
 * (3) among them. Stage 0 keeps everything on each. NaN for a stage that is not 0 to 3 or n below 1. */
struct training_bytes training_zero(double parameters, const struct optimizer *o, double factor_ratio, int stage,
				    double n);
/* Bytes of all three. */
double training_zero_sum(const struct training_bytes *b);

enum checkpointing {
	CHECKPOINT_NONE,      /* every activation is kept */
	CHECKPOINT_SELECTIVE, /* scores, softmax and dropout of the attention are computed again */
	CHECKPOINT_FULL,      /* only the input of each layer is kept */
	CHECKPOINT_COUNT
};
const char *checkpointing_name(enum checkpointing c);

/* Bytes of the activations of all layers in 16 bits for `batch` sequences of `tokens` tokens on each of `tensor` ways:
 * layers tokens batch d (10 + 24/t + 5 heads tokens/(d t)), without the last term when selective, and 2 in place of the
 * bracket when full (Korthikanti et al., section 4; t = 1 gives 34 + 5 a s/h). The constants are those of a plain FFN
 * of 4 d with dropout; other shapes are priced as if they had it. */
double training_activation_bytes(const struct transformer_shape *s, double tokens, double batch, double tensor,
				 enum checkpointing c);
/* Operations that are repeated, over those without checkpointing: 1/3 when full (one more forward pass); when
 * selective, the attention products of one forward pass, (s/18h) / (1 + s/6h) with s tokens and h = d. */
double training_recompute(const struct transformer_shape *s, double tokens, enum checkpointing c);

/* Smallest share of operations to repeat that makes activations `gain` times smaller, with selective checkpointing and
 * full checkpointing of as many layers as it takes. 0 for gain <= 1; NaN beyond what full checkpointing gives. */
double training_recompute_for(const struct transformer_shape *s, double tokens, double gain);

/* FLOP for one token: 6 for each parameter that it uses, and 12 layers d tokens for the attention (Korthikanti et al.,
 * section 5: 72 B L s h^2 (1 + s/6h)), times 1 + training_recompute. */
double training_flops_per_token(const struct transformer_shape *s, double active_parameters, double tokens,
				enum checkpointing c);

#endif
