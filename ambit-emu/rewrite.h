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

/* Copies the part of g that the outputs depend on. 0, -ENOMEM or -E2BIG, as all functions below; *net must be freed in
 * every case. */
int mig_net_copy(struct mig_net *net, const struct mig *g, const mig_literal *in, uint32_t n_in, const mig_literal *out,
		 uint32_t n_out);
int mig_net_clone(struct mig_net *to, const struct mig_net *from);
void mig_net_free(struct mig_net *net);

/* One pass of the axioms of majority logic (Amaru et al., DAC 2014): associativity, distributivity and relevance,
 * applied where they save nodes. The graph itself applies the majority axiom and inverter propagation. */
int mig_rewrite_omega(struct mig_net *to, const struct mig_net *from);
enum mig_cuts {
	MIG_SMALLER, /* only where that saves a node */
	MIG_EQUAL,   /* also where it saves none: shared nodes may become unused elsewhere */
	MIG_FORMS,   /* as MIG_EQUAL, as last pass: prefers forms whose operands are cheap to copy */
};
/* One pass that replaces every part with up to three inputs by the smallest tree of majorities for its function. */
int mig_rewrite_cuts(struct mig_net *to, const struct mig_net *from, enum mig_cuts what);
/* One pass that covers the graph by parts with up to four inputs and replaces each by the smallest graph of its
 * function; parts with few majorities of their own are preferred. */
int mig_rewrite_map(struct mig_net *to, const struct mig_net *from);
/* One pass over the nodes that replaces cuts of up to four inputs where that saves majorities, those that exist already
 * being free; equal_too: also where it saves none. */
int mig_rewrite_dag(struct mig_net *to, const struct mig_net *from, bool equal_too);
/* Runs the passes until none helps, a bounded number of times. */
int mig_optimise(struct mig_net *net);

/* Translates a literal into another graph; map[node]: its literal there. */
static inline mig_literal mig_mapped(const mig_literal *map, mig_literal l)
{
	return map[l >> 1] ^ (l & 1);
}

/* Number of uses of each node by used majorities and outputs, g.n entries, freed by the caller. NULL: no memory. */
uint32_t *mig_references(const struct mig_net *net);
/* An empty net with the same inputs and as many outputs. */
int mig_net_like(struct mig_net *to, const struct mig_net *from);

#endif
