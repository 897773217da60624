/* What a micro-program does to rows beyond computing: how often wordlines rise, and how many rows must be kept. */
#ifndef AMBIT_USE_H
#define AMBIT_USE_H

#include "ambit-emu/timing.h"

struct ambit_row_use {
	uint64_t raised[AMBIT_FIRST_D]; /* wordlines of T0..T3, DCC0, DCC1, C0, C1 raised in one run */
	uint64_t most;                  /* of any row, data rows included */
	unsigned most_row;              /* enum ambit_row and above */
	unsigned live;                  /* data rows needed at once: inputs, results and temporaries in use */
};

/* The program must decode. -ENOMEM. */
int ambit_row_use(const struct ambit_program *p, struct ambit_row_use *out);
/* Rows refreshed 8192 times tREFI apart: activations of the busiest row between two refreshes when the program runs
 * back to back in one subarray. Published thresholds of read disturbance lie far below a million; nothing here models
 * it. */
uint64_t ambit_window_activations(const struct ambit_timing *t, const struct ambit_program *p,
				  const struct ambit_row_use *u);

#endif
