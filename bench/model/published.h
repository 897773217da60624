/* Published statements on the memory, the machines and the money that models take, each as a function that recomputes
 * it, and a table with published and computed values side by side. libc and libm only.
 *
 * Essay: Asianometry's on the AI memory wall. Paper: Gholami et al., "AI and Memory Wall", IEEE Micro 2024,
 * arXiv:2403.14123. */
#ifndef MW_PUBLISHED_H
#define MW_PUBLISHED_H

#include <stddef.h>

#include "bench/model/training.h"
#include "bench/model/transformer.h"

/* Bytes for each parameter when that many devices are just enough. */
double published_bytes_per_parameter(double devices, double device_bytes, double parameters);
/* Whole number of devices that hold that many bytes for each parameter. */
double published_devices(double parameters, double bytes_per_parameter, double device_bytes);

/* How many times bigger a model the memory of each of n devices holds with a stage of ZeRO than without: bytes of
 * weights, gradients and optimizer states without it over those with it. n = INFINITY: the limit. */
double published_zero_gain(const struct optimizer *o, int stage, double n);

/* How a prompt of `longer` tokens compares with one of `shorter`. */
struct published_prompt {
	double whole;     /* FLOP of the whole prompt */
	double per_token; /* FLOP of one of its tokens, on average */
	double batch; /* sequences at which decoding reads twice the bytes for each token, 16 bits; NaN: never twice */
};
struct published_prompt published_prompt_ratio(const struct transformer_shape *s, double shorter, double longer);

/* Bytes per parameter (weights, gradients, states) with optimizer o over those with `against`. */
double published_optimizer_ratio(const struct transformer_shape *s, const struct optimizer *o,
				 const struct optimizer *against);
/* fp32 numbers that an optimizer keeps for each parameter, besides weights and gradients. */
double published_optimizer_numbers(const struct transformer_shape *s, const struct optimizer *o);

/* Times that a model shrinks from one number of bits to another. */
double published_footprint_gain(double from_bits, double to_bits);
/* Dense operations on 16-bit numbers over those on fp32 ones, of a machine of the table; NaN when there is no such
 * machine or figure. */
double published_half_gain(const char *machine);
/* Times that checkpointing shrinks activations. */
double published_checkpointing_gain(const struct transformer_shape *s, double tokens, enum checkpointing c);

struct published_case {
	const char *name;    /* a word of letters and dashes */
	const char *claim;   /* id of the claim that it checks (docs/claims.md), "B08"; "" for none */
	const char *unit;    /* of both values */
	double published;    /* NaN: no number was published */
	double value;        /* by the formula */
	const char *says;    /* what was published */
	const char *follows; /* how the value is computed, or what it shows */
	const char *source;
};

/* Fills out[0..max-1] and returns how many cases there are. s: the model of the cases that depend on a shape; NULL:
 * GPT-3 175B. */
size_t published_cases(const struct transformer_shape *s, struct published_case *out, size_t max);

#endif
