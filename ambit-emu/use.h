/* How often a micro-program raises wordlines, and how many rows it needs at once. */
#ifndef AMBIT_USE_H
#define AMBIT_USE_H

#include "ambit-emu/timing.h"

struct ambit_row_use {
	uint64_t raised[AMBIT_FIRST_D]; /* times that T0..T3, DCC0, DCC1, C0, C1 are raised in one run */
	uint64_t most;                  /* the largest number for any row, data rows included */
	uint64_t total;                 /* the sum over all rows */
	unsigned most_row;              /* enum ambit_row and above */
	unsigned live;                  /* data rows needed at once: inputs, results and temporaries in use */
};

/* Every address of the program must exist. -ENOMEM. */
int ambit_row_use(const struct ambit_program *p, struct ambit_row_use *out);
/* Activations of the busiest row between two of its refreshes (8192 x tREFI) when the program runs back to back in one
 * subarray (ambit-emu/disturb.h). */
uint64_t ambit_window_activations(const struct ambit_timing *t, const struct ambit_program *p,
				  const struct ambit_row_use *u);

#endif
