/* Majority-inverter graphs (Amaru, Gaillardon, De Micheli, DAC 2014). They describe what a micro-program computes: a
 * triple-row activation is a majority, a dual-contact cell an inverter.
 *
 * Equal nodes are stored once (hash-consing) and normalised (operands sorted, self-dual, MAJ(a,a,b) = a, MAJ(a,~a,b) =
 * b), so that equal literals prove equal functions. A node's operands have smaller numbers than the node. */
#ifndef AMBIT_MIG_H
#define AMBIT_MIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t mig_literal; /* node << 1 | complement; node 0 is constant 0 */

#define MIG_ZERO 0u
#define MIG_ONE 1u
#define MIG_NONE UINT32_MAX
#define MIG_MAX_NODES (1u << 20)

struct mig_node {
	mig_literal in[3]; /* of a majority, ascending, the first one plain; all 0: a leaf */
	uint32_t next;     /* hash chain, 0 ends */
};

struct mig {
	struct mig_node *v;
	uint32_t n, capacity;
	uint32_t *head; /* hash buckets; their number is a power of two */
	uint32_t mask;
	int rc; /* first error: -ENOMEM, or -E2BIG for more than MIG_MAX_NODES; later literals are MIG_ZERO */
};

/* Makes a graph that holds only the constant, with memory for `expected` nodes. -ENOMEM. */
int mig_init(struct mig *g, size_t expected);
void mig_free(struct mig *g);

mig_literal mig_leaf(struct mig *g);
mig_literal mig_maj(struct mig *g, mig_literal a, mig_literal b, mig_literal c);
/* The literal mig_maj() would return if it needs no new node, else MIG_NONE. */
mig_literal mig_find(const struct mig *g, mig_literal a, mig_literal b, mig_literal c);

static inline mig_literal mig_and(struct mig *g, mig_literal a, mig_literal b)
{
	return mig_maj(g, MIG_ZERO, a, b);
}

static inline mig_literal mig_or(struct mig *g, mig_literal a, mig_literal b)
{
	return mig_maj(g, MIG_ONE, a, b);
}

mig_literal mig_xor(struct mig *g, mig_literal a, mig_literal b);
/* s ? t : e */
mig_literal mig_mux(struct mig *g, mig_literal s, mig_literal t, mig_literal e);

/* True for inputs and the constant. */
static inline bool mig_is_leaf(const struct mig *g, uint32_t node)
{
	return g->v[node].in[2] == 0;
}

/* Evaluates 64 assignments at once: sets value[node] of every majority from value[] of the leaves, and value[0] to 0.
 */
void mig_evaluate(const struct mig *g, uint64_t *value);

static inline uint64_t mig_value(const uint64_t *value, mig_literal l)
{
	return value[l >> 1] ^ (0 - (uint64_t)(l & 1));
}

/* Number of majorities that the outputs depend on, and of those on the longest path. */
struct mig_size {
	uint32_t nodes, depth;
};
/* -ENOMEM. */
int mig_measure(const struct mig *g, const mig_literal *out, size_t n_out, struct mig_size *size);

#endif
