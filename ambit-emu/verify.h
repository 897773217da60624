/* Symbolic contents of rows, for ambit_verify() and for subarrays that keep their state. Every row holds a literal of a
 * majority-inverter graph; equal literals prove equal contents. */
#ifndef AMBIT_VERIFY_H
#define AMBIT_VERIFY_H

#include "ambit-emu/mig.h"
#include "ambit-emu/program.h"

struct ambit_symbols {
	struct mig *mig;
	mig_literal *row; /* of one subarray, by physical row */
	unsigned data_rows;
	unsigned inputs; /* data rows that are defined before a program */
};

/* Executes one command symbolically. 0, or -EINVAL with v->at = at and v->why, and no row has changed; -ENOMEM, -E2BIG
 * as mig->rc. */
int ambit_symbols_step(struct ambit_symbols *s, const struct ambit_command *c, size_t at, struct ambit_verdict *v);

/* Replaces the graph by one of only the nodes that row[0..n-1] depend on, and renumbers the literals. Where these are
 * more than `limit` nodes, the contents of rows become unknown: rows that were equal or complements stay so, but values
 * computed later are no longer recognised as equal to them. -ENOMEM, -E2BIG: nothing has changed. */
int ambit_symbols_compact(struct mig *g, mig_literal *row, size_t n, uint32_t limit);

#endif
