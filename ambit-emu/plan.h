/* Inside the compiler: which triple-row activation computes which majority, and the copies it needs.
 *
 * A plan is a list of steps on compute rows and on memory. Memory is named by literals: data rows are given to them
 * when the plan is done (compile.c). */
#ifndef AMBIT_PLAN_H
#define AMBIT_PLAN_H

#include "ambit-emu/program.h"
#include "ambit-emu/rewrite.h"

enum plan_kind {
	PLAN_LOAD,  /* AAP(memory of l, B to) */
	PLAN_MOVE,  /* AAP(B from, B to) */
	PLAN_STORE, /* AAP(B from, memory of l) */
	PLAN_TRA,   /* the activation of B from that computes literal l */
	PLAN_MERGE, /* the second activation of the command that computed l's node: B to */
	PLAN_SAVE,  /* the same: memory of l */
};

struct plan_step {
	uint8_t kind; /* enum plan_kind */
	uint8_t from, to;
	mig_literal l;
};

struct plan {
	struct plan_step *step;
	size_t n;
	uint64_t ns; /* AAP 49, AP 45 */
};

/* Plans all majorities that the outputs need; in the end every output that is a majority or its complement is in
 * memory. 0 or -ENOMEM. */
int ambit_plan(const struct mig_net *net, bool thorough, struct plan *out);

#endif
