/* Money and energy: the constants that no measurement gives, in one table, and the sums they enter. libc and libm only.
 */
#ifndef MW_COSTS_H
#define MW_COSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum constant {
	/* Of the device: NaN in the table, which means its own (bench/model/machines.h). */
	C_MEMORY,
	C_BANDWIDTH,
	C_PEAK,
	C_LINK,
	C_POWER,
	C_PRICE,
	/* How much of it is reached. */
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
	/* Energy of the bare work. */
	C_PJ_PER_BYTE,
	C_PJ_PER_FLOP,
	CONSTANT_COUNT
};

struct constant_row {
	const char *key, *unit;
	double value;
	double min, max; /* of what a user may set */
	const char *source, *words;
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

/* USD for one second of one device: its price over the seconds in which it works in its life, and its electricity. NaN
 * when price or power is. */
double cost_per_second(const struct constants *c, double price, double power);
/* Joules drawn at the meter of the building by one device in one second. */
double cost_watts(const struct constants *c, double power);
/* Share of serving in the whole cost. */
double cost_serving_share(double training, double tokens, double per_token);
/* Tokens until serving is that share (0..1) of the whole cost. */
double cost_tokens_for_share(double training, double share, double per_token);

#endif
