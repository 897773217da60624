/* Micro-programs made at run time, command by command. The first error stays in rc and later calls do nothing, so that
 * a caller checks once, at the end. */
#ifndef AMBIT_BUILDER_H
#define AMBIT_BUILDER_H

#include "ambit-emu/program.h"

/* Zero-initialise; then set p.inputs and p.outputs. p.cmd belongs to the builder. */
struct ambit_builder {
	struct ambit_program p;
	struct ambit_command *cmd;
	size_t capacity;
	int rc; /* 0, -ENOMEM, or -ERANGE for too many rows */
};

static inline struct ambit_address ambit_d(unsigned i)
{
	return (struct ambit_address){AMBIT_D, 0, (uint16_t)i};
}

static inline struct ambit_address ambit_b(unsigned i)
{
	return (struct ambit_address){AMBIT_B, 0, (uint16_t)i};
}

static inline struct ambit_address ambit_c(unsigned i)
{
	return (struct ambit_address){AMBIT_C, 0, (uint16_t)i};
}

/* Append an AAP or an AP; p.rows grows to the highest D row named. */
void ambit_aap(struct ambit_builder *b, struct ambit_address first, struct ambit_address second);
void ambit_ap(struct ambit_builder *b, struct ambit_address first);
/* A new temporary row behind all D rows in use. */
struct ambit_address ambit_temporary(struct ambit_builder *b);
void ambit_builder_free(struct ambit_builder *b);

#endif
