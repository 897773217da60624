/* Rewriting that knows which majorities exist already. The new graph is built node by node; each new majority is then
 * looked at through its cuts of up to four leaves, and where the smallest graph of a cut's function needs fewer new
 * majorities than become unused, it takes the place of the majority.
 *
 * References are exact at every moment: those of living nodes, and those that nodes of the old graph, which are not
 * built yet, will make. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/cut4.h"
#include "ambit-emu/rewrite.h"

struct rewriting {
	struct mig *g; /* the new graph */
	struct cut4_list *cuts;
	uint32_t *refs; /* by node; a majority without any refers to nothing */
	uint32_t capacity;
	uint32_t *stack;
	uint32_t known; /* nodes below this one have cuts */
	struct npn_memo *memo;
};

/* Keeps the CUT4_MAX - 1 cuts with the fewest leaves; the last place is for the node itself. */
static void keep(struct cut4_list *l, const struct cut4 *c)
{
	unsigned at = l->n;
	for (unsigned i = 0; i < l->n; i++)
		if (cut4_inside(&l->v[i], c))
			return;
	while (at > 0 && l->v[at - 1].n > c->n)
		at--;
	cut4_insert(l, at, c);
}

/* Makes the arrays as long as the graph, and finds the cuts of new nodes. */
static int catch_up(struct rewriting *r)
{
	if (r->g->n > r->capacity) {
		uint32_t more = r->g->capacity;
		struct cut4_list *cuts = reallocarray(r->cuts, more, sizeof(*cuts));
		if (!cuts)
			return -ENOMEM;
		r->cuts = cuts;
		uint32_t *refs = reallocarray(r->refs, more, sizeof(*refs));
		if (!refs)
			return -ENOMEM;
		r->refs = refs;
		uint32_t *stack = reallocarray(r->stack, more, sizeof(*stack));
		if (!stack)
			return -ENOMEM;
		r->stack = stack;
		memset(refs + r->capacity, 0, (more - r->capacity) * sizeof(*refs));
		r->capacity = more;
	}
	for (; r->known < r->g->n; r->known++) {
		const uint32_t node = r->known;
		const mig_literal *in = r->g->v[node].in;
		struct cut4_list *l = &r->cuts[node];
		struct cut4 c;
		l->n = 0;
		if (node == 0) {
			l->v[l->n++] = (struct cut4){.n = 0}; /* the constant */
			continue;
		}
		const struct cut4_list *p[3] = {&r->cuts[in[0] >> 1], &r->cuts[in[1] >> 1], &r->cuts[in[2] >> 1]};
		for (unsigned i = 0; !mig_is_leaf(r->g, node) && i < p[0]->n; i++)
			for (unsigned j = 0; j < p[1]->n; j++)
				for (unsigned k = 0; k < p[2]->n; k++)
					if (cut4_merge(&p[0]->v[i], &p[1]->v[j], &p[2]->v[k], in, &c))
						keep(l, &c);
		l->v[l->n++] = cut4_self(node);
	}
	return r->refs ? 0 : -ENOMEM; /* every graph has a node, the constant */
}

/* Adds n references to a node. Returns how many majorities that brings to life. */
static uint32_t refer(struct rewriting *r, uint32_t node, uint32_t n)
{
	uint32_t born = 0;
	size_t depth = 0;
	r->refs[node] += n;
	if (r->refs[node] > n || mig_is_leaf(r->g, node))
		return 0;
	r->stack[depth++] = node;
	while (depth) {
		const mig_literal *in = r->g->v[r->stack[--depth]].in;
		born++;
		for (int k = 0; k < 3; k++)
			if (r->refs[in[k] >> 1]++ == 0 && !mig_is_leaf(r->g, in[k] >> 1))
				r->stack[depth++] = in[k] >> 1;
	}
	return born;
}

/* Takes n references away. Returns how many majorities become unused. */
static uint32_t release(struct rewriting *r, uint32_t node, uint32_t n)
{
	uint32_t dead = 0;
	size_t depth = 0;
	r->refs[node] -= n;
	if (r->refs[node] > 0 || mig_is_leaf(r->g, node))
		return 0;
	r->stack[depth++] = node;
	while (depth) {
		const mig_literal *in = r->g->v[r->stack[--depth]].in;
		dead++;
		for (int k = 0; k < 3; k++)
			if (--r->refs[in[k] >> 1] == 0 && !mig_is_leaf(r->g, in[k] >> 1))
				r->stack[depth++] = in[k] >> 1;
	}
	return dead;
}

static void leaves_of(const struct cut4 *c, mig_literal leaf[NPN_INPUTS])
{
	for (unsigned k = 0; k < NPN_INPUTS; k++)
		leaf[k] = k < c->n ? c->leaf[k] << 1 : MIG_ZERO;
}

/* The cut that saves most majorities of `node`, which has n references; least: what it must save. NULL: none. */
static const struct cut4 *best_cut(struct rewriting *r, uint32_t node, uint32_t n, int least)
{
	const struct cut4_list *l = &r->cuts[node];
	const struct cut4 *best = NULL;
	for (unsigned i = 0; i + 1 < l->n; i++) {
		const struct cut4 *c = &l->v[i];
		const struct npn_match *m = npn_match(r->memo, c->function);
		mig_literal leaf[NPN_INPUTS];
		leaves_of(c, leaf);
		for (unsigned k = 0; k < c->n; k++)
			r->refs[c->leaf[k]]++; /* leaves stay alive */
		int saved = (int)release(r, node, n);
		mig_literal same = MIG_NONE;
		saved -= (int)npn_added(r->g, m, leaf, r->refs, &same);
		(void)refer(r, node, n);
		for (unsigned k = 0; k < c->n; k++)
			r->refs[c->leaf[k]]--;
		if (saved >= least && same >> 1 != node) {
			least = saved + 1;
			best = c;
		}
	}
	return best;
}

/* Builds M(in), which n references will use, or something smaller. */
static int build(struct rewriting *r, const mig_literal in[3], uint32_t n, int least, mig_literal *out)
{
	mig_literal l = mig_maj(r->g, in[0], in[1], in[2]);
	int rc = r->g->rc < 0 ? r->g->rc : catch_up(r);
	if (rc < 0)
		return rc;
	bool alone = r->refs[l >> 1] == 0;
	(void)refer(r, l >> 1, n);
	for (int k = 0; k < 3; k++)
		(void)release(r, in[k] >> 1, 1);
	*out = l;
	const struct cut4 *c = alone && !mig_is_leaf(r->g, l >> 1) ? best_cut(r, l >> 1, n, least) : NULL;
	if (!c)
		return 0;
	mig_literal leaf[NPN_INPUTS];
	leaves_of(c, leaf);
	mig_literal other = npn_plant(r->g, npn_match(r->memo, c->function), leaf) ^ (l & 1);
	rc = r->g->rc < 0 ? r->g->rc : catch_up(r);
	if (rc < 0)
		return rc;
	(void)refer(r, other >> 1, n);
	(void)release(r, l >> 1, n);
	*out = other;
	return 0;
}

static int run(struct rewriting *r, struct mig_net *to, const struct mig_net *from, const uint32_t *uses, int least)
{
	const struct mig *g = &from->g;
	mig_literal *map = calloc(g->n, sizeof(*map));
	int rc = map ? catch_up(r) : -ENOMEM;
	for (uint32_t i = 1; i < g->n && rc == 0; i++) {
		if (mig_is_leaf(g, i)) {
			map[i] = i << 1;
			r->refs[i] = uses[i];
		} else if (uses[i]) {
			const mig_literal *in = g->v[i].in;
			mig_literal now[3] = {mig_mapped(map, in[0]), mig_mapped(map, in[1]), mig_mapped(map, in[2])};
			rc = build(r, now, uses[i], least, &map[i]);
		}
	}
	for (uint32_t i = 0; i < from->n_out && rc == 0; i++)
		to->out[i] = mig_mapped(map, from->out[i]);
	free(map);
	return rc;
}

int mig_rewrite_dag(struct mig_net *to, const struct mig_net *from, bool equal_too)
{
	int rc = mig_net_like(to, from);
	uint32_t *uses = mig_references(from);
	struct rewriting r = {.g = &to->g, .memo = calloc(1, sizeof(*r.memo))};
	if (!uses || !r.memo)
		rc = -ENOMEM;
	if (rc == 0)
		rc = run(&r, to, from, uses, equal_too ? 0 : 1);
	free(uses);
	free(r.cuts);
	free(r.refs);
	free(r.stack);
	free(r.memo);
	return rc;
}
