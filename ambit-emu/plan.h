/* Private to the compiler: which triple-row activation computes which majority, and the copies it needs.
 *
 * A plan is a list of steps on compute rows and memory. It names values in memory by literals; compile.c assigns data
 * rows to them afterwards. */
#ifndef AMBIT_PLAN_H
#define AMBIT_PLAN_H

#include "ambit-emu/compile.h"
#include "ambit-emu/program.h"
#include "ambit-emu/rewrite.h"

enum plan_kind {
	PLAN_LOAD,  /* AAP(memory of l, B to) */
	PLAN_MOVE,  /* AAP(B from, B to) */
	PLAN_STORE, /* AAP(B from, memory of l) */
	PLAN_TRA,   /* activation of B from, which computes literal l */
	PLAN_MERGE, /* B to becomes the second address of the command that computed l's node */
	PLAN_SAVE,  /* memory of l becomes that second address */
};

struct plan_step {
	uint8_t kind; /* enum plan_kind */
	uint8_t from, to;
	mig_literal l;
};

struct plan {
	struct plan_step *step;
	size_t n;
	uint64_t ns;         /* with 49 ns per AAP and 45 ns per AP */
	uint64_t placements; /* ways to place operands that were tried */
};

/* Plans all majorities that the outputs need. At the end every output that is a majority or its complement is in
 * memory. 0 or -ENOMEM. */
int ambit_plan(const struct mig_net *net, enum ambit_effort effort, struct plan *out);

#endif
