/* Rewriting of majority-inverter graphs: fewer majorities first, then a shorter longest path. */
#ifndef AMBIT_REWRITE_H
#define AMBIT_REWRITE_H

#include "ambit-emu/mig.h"

/* A graph whose inputs are the nodes 1..n_in, with the literals of its outputs. */
struct mig_net {
	struct mig g;
	uint32_t n_in, n_out;
	mig_literal *out;
};

/* The part of g that the outputs depend on. 0, -ENOMEM or -E2BIG, as all below; *net must be freed in every case. */
int mig_net_copy(struct mig_net *net, const struct mig *g, const mig_literal *in, uint32_t n_in, const mig_literal *out,
		 uint32_t n_out);
void mig_net_free(struct mig_net *net);

/* One pass of the axioms of majority logic (Amaru et al., DAC 2014): associativity, distributivity and relevance,
 * where they need fewer new nodes; majority and inverter propagation are the graph's own normal form. */
int mig_rewrite_omega(struct mig_net *to, const struct mig_net *from);
enum mig_cuts {
	MIG_SMALLER, /* where that gains a node */
	MIG_EQUAL,   /* or gains none: shared nodes may come free elsewhere */
	MIG_FORMS,   /* the same, for the last time: the forms whose operands are cheapest to copy */
};
/* One pass that replaces every part with up to three inputs by the smallest tree of majorities for its function. */
int mig_rewrite_cuts(struct mig_net *to, const struct mig_net *from, enum mig_cuts what);
/* Passes until none helps, a bounded number of them. */
int mig_optimise(struct mig_net *net);

/* A literal in another graph; map: literals of its nodes there. */
static inline mig_literal mig_mapped(const mig_literal *map, mig_literal l)
{
	return map[l >> 1] ^ (l & 1);
}

/* For the passes: references to each node from used majorities and outputs, g.n entries. NULL: no memory. */
uint32_t *mig_references(const struct mig_net *net);
/* An empty net with the same inputs and room for the outputs. */
int mig_net_like(struct mig_net *to, const struct mig_net *from);

#endif
