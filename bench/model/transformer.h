/* Closed forms of transformers: floating-point operations and bytes moved for each operator, parameters, KV cache.
 * libc and libm only; nothing is measured here.
 *
 * The forms are those that reproduce Tables 3, 10 and 11 of Kim et al., "Full Stack Optimization of Transformer
 * Inference: a Survey", arXiv:2302.14017 (also the case study of Gholami et al., "AI and Memory Wall", IEEE Micro
 * 2024), extended to grouped keys and values, gated and expert feed-forward networks, batches and number formats.
 * With one byte for each value, batch 1, as many key/value heads as heads and a plain FFN they are the paper's.
 *
 * Conventions: a multiply-accumulate is 2 FLOP. Local memory is ideal: an operator reads each operand once and writes
 * each result once. Embeddings, the head that makes logits and BERT's pooler are left out, as in the paper.
 *
 * Fitted to the paper's tables and not derived: the 58, 17, 5 and 22 of "other" (softmax, layer norms, activation,
 * residuals, as multiples of l d at ffn = 4 d); that attention counts 2 n - 1 FLOP for a dot product of n values in the
 * encoder and 2 n when it decodes; that a decoded token moves its attention scores once where the encoder moves them
 * twice, and its own key and value once more; and the bytes of the variant `projections_missing`. */
#ifndef MW_TRANSFORMER_H
#define MW_TRANSFORMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transformer_shape {
	/* All at least 1. */
	uint64_t layers, d; /* d: model width */
	uint64_t heads, kv_heads, head_dim;
	uint64_t ffn;                     /* width of the feed-forward network, of one expert where there are several */
	uint64_t experts, active_experts; /* 1 and 1: no mixture. active: that each token uses */
	bool gated;                       /* three matrices (SwiGLU) in place of two */

	/* For the parameter count only. */
	uint64_t vocab, positions, token_types; /* rows of the embeddings; positions 0: not learned (rotary) */
	bool tied;                              /* the head that makes logits is the token embedding */
	bool biased;     /* matrices have biases, and norms as well: layer norm in place of RMS norm */
	bool outer_norm; /* one more norm outside the layers */
	bool pooler;     /* BERT's d x d pooler */

	uint64_t context; /* longest sequence that it was trained for; 0: not said */
	bool decoder;     /* generates token by token */
	/* d x d projections of each layer that published totals lack; 0 but for BERT-Large as published. */
	uint64_t projections_missing;
};

struct transformer_model {
	const char *name;   /* "bert-base" */
	const char *title;  /* "BERT-Base" */
	const char *source; /* of the shape */
	struct transformer_shape shape;
	const char *variant_of; /* the model whose published values these are to be compared with; NULL: its own */
};

/* Model i of the table, or NULL after the last one. */
const struct transformer_model *transformer_at(size_t i);
/* The model of that name, or NULL. */
const struct transformer_model *transformer_find(const char *name);

/* 0, or -EINVAL with one line in why that names what is wrong and what would be right: a number that is 0 or above
 * 2^32, kv_heads that do not divide heads, more active experts than experts. */
int transformer_check(const struct transformer_shape *s, char *why, size_t n);

enum transformer_phase {
	TRANSFORMER_ENCODER,  /* l tokens at once, each attends to all of them */
	TRANSFORMER_PREFILL,  /* l tokens at once, each attends to itself and those before it; fills the KV cache */
	TRANSFORMER_DECODE,   /* one token for each sequence, which attends to l tokens */
	TRANSFORMER_GENERATE, /* l tokens one by one, at the mean context l/2, as the paper counts GPT-2 */
};

struct transformer_load {
	enum transformer_phase phase;
	double tokens;                                /* l, at least 1 */
	double batch;                                 /* sequences, at least 1 */
	double weight_bits, activation_bits, kv_bits; /* per value (bench/model/precision.h) */
};

enum transformer_op {
	TRANSFORMER_PROJECTIONS, /* query, key, value, output */
	TRANSFORMER_ATTENTION,   /* scores = Q K^T, and scores V: products of activations */
	TRANSFORMER_FFN,         /* with the router of a mixture of experts */
	TRANSFORMER_OTHER,
	TRANSFORMER_TOTAL,
	TRANSFORMER_OPS,
};
/* "projections", "attention", "ffn", "other", "total". */
const char *transformer_op_name(enum transformer_op op);

struct transformer_cost {
	double flops;                       /* FLOP */
	double weights, activations, cache; /* bytes: read once for the batch; for each sequence; of the KV cache */
};
/* Bytes of all three kinds. */
double transformer_bytes(const struct transformer_cost *c);
/* FLOP/byte. */
double transformer_intensity(const struct transformer_cost *c);

/* Costs of all layers for the whole batch; in GENERATE, of all l steps. With q = heads head_dim, k = kv_heads head_dim,
 * T = l batch (DECODE: batch), w, a, c bytes of a weight, an activation and a cached value, for each layer:
 *   projections  F = 4 T d (q + k); weights 2 d (q + k) w, read once for the batch however many sequences it has;
 *                activations T (4 d + 2 q + 2 k) a, of which PREFILL writes the 2 k of keys and values as cache, c each
 *   attention    over p pairs of tokens for each sequence, p = l^2 (ENCODER) or l (l + 1)/2 (PREFILL):
 *                F = (2 head_dim - 1) heads p + (2 p - l) q; M = 2 l q a + 2 heads p a + 2 l k (a; PREFILL: c).
 *                Heads of a group share the keys and values, which are read once.
 *                DECODE at context l: F = 4 q l; M = 2 l k c, and 2 q a + heads l a + 2 k c for the token itself
 *   ffn          n = 2 active_experts matrices (gated: 3 for each): F = 2 n d f T, activations n T (d + f) a,
 *                weights (distinct/active) n d f w; a router adds 2 T d experts, d experts w, T (d + experts) a
 *   other        4 heads p + 58 T d; weights 5 d w, activations 2 heads p + 17 T d (DECODE: heads l scores twice each)
 *                Gated: an elementwise product more, F = f T active, 3 f T active a. Experts: their weighted sum,
 *                F = (2 active - 1) T d, (active + 1) T d a
 * GENERATE is l times DECODE at l/2, and reads every weight l times. */
void transformer_costs(const struct transformer_shape *s, const struct transformer_load *load,
		       struct transformer_cost out[TRANSFORMER_OPS]);

/* Sum over the operators of max(FLOP, bytes ridge): time on a machine of that ridge (FLOP/byte), where 1 is the time of
 * one FLOP at its peak. NaN unless ridge is positive. */
double transformer_time(const struct transformer_cost costs[TRANSFORMER_OPS], double ridge);

/* Experts that `tokens` tokens touch on average when each chooses active_experts distinct ones, all equally likely,
 * independently of the other tokens: E (1 - (1 - active/E)^tokens). Real routers are less even and touch fewer. */
double transformer_experts(const struct transformer_shape *s, double tokens);

/* Number of weights, embeddings included. */
double transformer_parameters(const struct transformer_shape *s);
/* Weights that one token uses: all but those of experts that it does not choose; embeddings count in full. */
double transformer_active_parameters(const struct transformer_shape *s);
/* Bytes of keys and values of one token in all layers: 2 layers kv_heads head_dim values of kv_bits. */
double transformer_kv_bytes(const struct transformer_shape *s, double kv_bits);

#endif
