/* Time that a transformer takes to answer, as a roofline with a term for communication. libc and libm only.
 *
 * Each operator (bench/model/transformer.h) takes the longer of its arithmetic and of its bytes; operators follow each
 * other, and communication overlaps nothing. No software that runs the operators one by one is faster; software that
 * overlaps them could be. */
#ifndef MW_SERVING_H
#define MW_SERVING_H

#include <stddef.h>

#include "bench/model/transformer.h"

/* Memories of one device, fastest first: what no longer fits into one lies in the next. */
struct memory_tier {
	char name[24];
	double bytes, bandwidth; /* of one device; bytes, bytes per second */
};

enum { SERVING_TIERS = 8 };

struct serving {
	const struct transformer_shape *shape;
	double weight_bits, activation_bits, kv_bits;
	double batch;            /* sequences that are answered at once */
	double tensor, pipeline; /* ways that each layer is split; stages that the layers are split into */
	double context;          /* tokens of each sequence that the KV cache holds */
	double peak;             /* operations per second of one device */
	double link;             /* bytes per second of one device in one direction; NaN: none known */
	double link_latency;     /* s for each message */
	const struct memory_tier *tiers;
	size_t n_tiers;
};

enum serving_roof { ROOF_COMPUTE, ROOF_MEMORY, ROOF_LINK, ROOF_COUNT };
const char *serving_roof_name(enum serving_roof r);

struct serving_bytes {
	double weights, cache; /* of the whole model and batch */
	double device;         /* of both, on one device */
};

/* Weights are split over all devices; keys and values as well, but no finer than one key/value head. */
struct serving_bytes serving_memory(const struct serving *s);

struct serving_step {
	double seconds;          /* from the first layer to the last */
	double part[ROOF_COUNT]; /* seconds in operators that arithmetic binds, that memory binds, and on links */
	enum serving_roof roof;  /* the largest of them */
	double tokens_per_s;     /* of the batch, all stages of the pipeline busy */
	double flops, bytes;     /* for the whole batch, all devices */
};

/* One step of the batch: TRANSFORMER_PREFILL of `tokens` tokens, or TRANSFORMER_DECODE of one token at a context of
 * `tokens`; the product that makes logits included. The batch passes a pipeline in as many groups as it has stages, or
 * sequences where these are fewer.
 * Tensor parallel: 2 all-reduces in each layer of the activations, as a ring: 2 (t-1)/t of the bytes, 2 (t-1) messages.
 * Pipeline: activations from each stage to the next.
 * 0; -ENOSPC when weights and cache do not fit into the tiers; -EINVAL when the split is not possible or a number is
 * missing; -ENODATA when the split needs a link and none is known. */
int serving_step(const struct serving *s, enum transformer_phase phase, double tokens, struct serving_step *out);

/* Seconds of a ring all-reduce of that many bytes over n devices. 0 for one. */
double serving_all_reduce(double bytes, double n, double link, double latency);

/* Sets s->tensor and s->pipeline to a split in which weights and cache fit into the tiers: tensor is doubled first, as
 * long as it divides the heads and is at most `node`, then stages are added. Returns its devices; 0 when none fits. */
int serving_split(struct serving *s, double node);

#endif
