/* Symbolic contents of rows, for the verifier of whole programs and for subarrays that keep their state: every row
 * holds a literal of a majority-inverter graph, and equal literals prove equal contents. */
#ifndef AMBIT_VERIFY_H
#define AMBIT_VERIFY_H

#include "ambit-emu/mig.h"
#include "ambit-emu/program.h"

struct ambit_symbols {
	struct mig *mig;
	mig_literal *row; /* of one subarray, by physical row */
	unsigned data_rows;
	unsigned inputs; /* data rows that hold something before a program */
};

/* One command: 0, or -EINVAL with v->at = at and v->why, and then no row has changed; -ENOMEM, -E2BIG as mig->rc. */
int ambit_symbols_step(struct ambit_symbols *s, const struct ambit_command *c, size_t at, struct ambit_verdict *v);

/* A new graph of what the literals row[0..n-1] depend on; they are renumbered. Where that is more than `limit` nodes,
 * what the rows hold becomes unknown: rows that were equal or complements stay so, while what is computed anew is no
 * longer recognised. -ENOMEM, -E2BIG: nothing has changed. */
int ambit_symbols_compact(struct mig *g, mig_literal *row, size_t n, uint32_t limit);

#endif
