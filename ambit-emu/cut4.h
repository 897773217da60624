/* Cuts of up to four leaves and their functions. A cut of a node is a set of nodes, its leaves, that every path from
 * the inputs to the node passes. */
#ifndef AMBIT_CUT4_H
#define AMBIT_CUT4_H

#include "ambit-emu/npn.h"

enum { CUT4_MAX = 8 };

struct cut4 {
	uint32_t leaf[NPN_INPUTS]; /* ascending */
	uint16_t function;         /* of the leaves as variables; it depends on each of them */
	uint8_t n, size;           /* leaves; majorities of the smallest graph */
	uint64_t flow;             /* map.c: area flow */
};

/* The last cut of a full list is the node itself. */
struct cut4_list {
	struct cut4 v[CUT4_MAX];
	uint8_t n;
};

/* Puts a cut at a place of a list and drops the last one of a full list. The last place stays free for the node itself:
 * a cut that would come there is left out. */
void cut4_insert(struct cut4_list *l, unsigned at, const struct cut4 *c);
/* The cut of a node itself. */
struct cut4 cut4_self(uint32_t node);
/* The cut of M(in) that three cuts of its operands give; false: it has too many leaves. */
bool cut4_merge(const struct cut4 *a, const struct cut4 *b, const struct cut4 *c, const mig_literal in[3],
		struct cut4 *out);
bool cut4_same_leaves(const struct cut4 *a, const struct cut4 *b);
/* Are all leaves of a among those of b? */
bool cut4_inside(const struct cut4 *a, const struct cut4 *b);

#endif
