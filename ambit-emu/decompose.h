/* Functions given by truth tables as majorities: disjoint decomposition as far as it goes, then small graphs of up
 * to four inputs, then Shannon expansion. */
#ifndef AMBIT_DECOMPOSE_H
#define AMBIT_DECOMPOSE_H

#include "ambit-emu/mig.h"

enum { DECOMPOSE_INPUTS = 8, DECOMPOSE_ROWS = 1 << DECOMPOSE_INPUTS };

/* The function of n <= DECOMPOSE_INPUTS literals that is value[i] (0 or 1) where literal k has the value of bit k of i.
 * An error is left in g->rc. */
mig_literal mig_of_table(struct mig *g, const uint8_t *value, unsigned n, const mig_literal *in);

#endif
