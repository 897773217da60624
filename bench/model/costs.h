/* Money and energy: a table of constants that cannot be measured here, and the formulas that use them. libc and libm
 * only. */
#ifndef MW_COSTS_H
#define MW_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum constant {
	/* Figures of the device. NaN in the table: take those of bench/model/machines.h. */
	C_MEMORY,
	C_BANDWIDTH,
	C_PEAK,
	C_LINK,
	C_POWER,
	C_PRICE,
	/* How much of these figures is reached, and how models are split and trained. */
	C_MEMORY_SHARE,
	C_COMPUTE_SHARE,
	C_BANDWIDTH_SHARE,
	C_LINK_SHARE,
	C_LINK_LATENCY,
	C_NODE,
	C_TRAINING_SHARE,
	C_TOKENS_PER_PARAMETER,
	/* Money. */
	C_YEARS,
	C_BUSY,
	C_ELECTRICITY,
	C_PUE,
	C_POWER_SHARE,
	C_SERVED_TOKENS,
	/* Energy of bytes and operations alone. */
	C_PJ_PER_BYTE,
	C_PJ_PER_FLOP,
	CONSTANT_COUNT
};

struct constant_row {
	const char *key, *unit;
	double value;
	double min, max;            /* limits of what a user may set */
	const char *source, *words; /* words: what it is */
};

extern const struct constant_row constant_table[CONSTANT_COUNT];
/* The constant of that key, or -1. */
int constant_find(const char *key);

/* The table's values, some of them replaced. */
struct constants {
	double value[CONSTANT_COUNT];
	uint32_t user; /* bit i: constant i was set by the user */
};
void constants_init(struct constants *c);
/* -ERANGE: outside of the constant's range, or not finite. */
int constants_set(struct constants *c, enum constant which, double value);

/* USD for one second of work of one device: its price (USD) over the seconds that it works in its life, and the
 * electricity for its power (W). NaN when price or power is. */
double cost_per_second(const struct constants *c, double price, double power);
/* Watts at the meter of the building for one device of that power (W). */
double cost_watts(const struct constants *c, double power);
/* Share (0..1) of serving in the whole cost: training in USD, tokens served, USD per token. */
double cost_serving_share(double training, double tokens, double per_token);
/* Tokens to serve until serving is that share (0..1) of the whole cost. */
double cost_tokens_for_share(double training, double share, double per_token);

#endif
