/* Smallest majority-inverter graphs of the functions of four inputs.
 *
 * Functions that differ by negation of inputs, permutation of inputs and negation of the output form an NPN class and
 * need equally many majorities. The 65536 functions have 222 classes; the table holds one graph of each. */
#ifndef AMBIT_NPN_H
#define AMBIT_NPN_H

#include "ambit-emu/mig.h"

enum { NPN_INPUTS = 4, NPN_CLASSES = 222, NPN_MAX_SIZE = 7 };

/* Truth tables of the four inputs: bit i of a table is the value for the inputs i, x0 being bit 0 of i. */
static const uint16_t npn_input[NPN_INPUTS] = {0xaaaa, 0xcccc, 0xf0f0, 0xff00};

struct npn_class {
	uint16_t function; /* the smallest table of the class */
	/* Three digits per majority, the last one computes `function`. A digit is a literal: 0, 1 the constants, 2..9
	 * x0, ~x0, x1, .. ~x3, then from a on the majorities, plain and complemented. */
	char majorities[3 * NPN_MAX_SIZE + 1];
};

extern const struct npn_class npn_table[NPN_CLASSES]; /* ascending functions */

/* How a function follows from its class: f(y) = class(x) ^ complement, x[k] = y[from[k]] ^ (flip >> k & 1). */
struct npn_match {
	uint8_t at;   /* index into npn_table */
	uint8_t size; /* majorities */
	uint8_t from[NPN_INPUTS];
	uint8_t flip;
	bool complement;
};

/* Matches found so far, by function. */
struct npn_memo {
	struct npn_match match[1u << 16];
	uint8_t known[1u << 16];
};

void npn_find(uint16_t function, struct npn_match *m);
/* The same, looked up in memo first. memo: zeroed by the caller. Valid as long as the memo. */
const struct npn_match *npn_match(struct npn_memo *memo, uint16_t function);
/* Adds the majorities of a matched function of four literals to the graph, and returns its literal. */
mig_literal npn_plant(struct mig *g, const struct npn_match *m, const mig_literal leaf[NPN_INPUTS]);
/* How many majorities npn_plant() would add: those that the graph does not have, and those that it has without
 * references (refs, by node). *result: the literal it would return, MIG_NONE if that is new. */
unsigned npn_added(const struct mig *g, const struct npn_match *m, const mig_literal leaf[NPN_INPUTS],
		   const uint32_t *refs, mig_literal *result);

#endif
