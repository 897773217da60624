/* Replaces parts of a graph with up to three inputs (3-input cuts) by the smallest tree of majorities for their
 * function. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/rewrite.h"

/* ---- smallest trees ---- */

static const uint8_t variable[3] = {0xaa, 0xcc, 0xf0};

struct tree {
	uint8_t cost;      /* number of majorities; NO_COST: not known */
	uint8_t constants; /* among the operands */
	uint8_t in[3];     /* functions */
};

enum { NO_COST = 255, MAX_COST = 4 };

struct trees {
	struct tree t[256];
	uint8_t of_cost[MAX_COST + 1][256]; /* functions by cost */
	int n[MAX_COST + 1];
};

static uint8_t maj8(uint8_t a, uint8_t b, uint8_t c)
{
	return (uint8_t)((a & b) | (c & (a | b)));
}

static void offer(struct trees *all, uint8_t cost, uint8_t a, uint8_t b, uint8_t c)
{
	const struct tree *ta = &all->t[a], *tb = &all->t[b], *tc = &all->t[c];
	uint8_t f = maj8(a, b, c);
	struct tree *t = &all->t[f];
	uint8_t constants = (uint8_t)(ta->constants + tb->constants + tc->constants);
	if (t->cost < cost || (t->cost == cost && t->constants <= constants))
		return;
	if (t->cost == NO_COST)
		all->of_cost[cost][all->n[cost]++] = f;
	*t = (struct tree){cost, constants, {a, b, c}};
}

static void combine(struct trees *all, int cost, int i, int j, int k)
{
	for (int a = 0; a < all->n[i]; a++)
		for (int b = 0; b < all->n[j]; b++)
			for (int c = 0; c < all->n[k]; c++)
				offer(all, (uint8_t)cost, all->of_cost[i][a], all->of_cost[j][b], all->of_cost[k][c]);
}

/* Two-input parities are written (a & ~b) | (~a & b): its operands are copied two rows at a time (B8, B9, B10), so it
 * needs fewer commands than forms with fewer constants. */
static void set_xor(struct trees *all, uint8_t a, uint8_t b)
{
	uint8_t left = (uint8_t)(a & ~b), right = (uint8_t)(~a & b), f = a ^ b;
	uint8_t nf = (uint8_t)~f, nl = (uint8_t)~left, nr = (uint8_t)~right;
	all->t[f] = (struct tree){3, 3, {0xff, left, right}};
	all->t[nf] = (struct tree){3, 3, {0, nl, nr}};
}

/* s ? t : e = M(s | e, ~s & e, t), in which s and e are copied once each. */
static void set_mux(struct trees *all, uint8_t s, uint8_t t, uint8_t e)
{
	uint8_t upper = s | e, lower = (uint8_t)(~s & e), f = maj8(upper, lower, t);
	uint8_t nu = (uint8_t)~upper, nl = (uint8_t)~lower, nt = (uint8_t)~t, nf = (uint8_t)~f;
	all->t[f] = (struct tree){3, 2, {upper, lower, t}};
	all->t[nf] = (struct tree){3, 2, {nu, nl, nt}};
}

/* a ^ b ^ c = M(~M(a, b, c), M(a, b, ~c), c), which contains the carry M(a, b, c). */
static void set_parity(struct trees *all)
{
	const uint8_t a = variable[0], b = variable[1], c = variable[2], f = a ^ b ^ c;
	const uint8_t na = (uint8_t)~a, nb = (uint8_t)~b, nc = (uint8_t)~c, nf = (uint8_t)~f;
	all->t[f] = (struct tree){3, 0, {maj8(na, nb, nc), maj8(a, b, nc), c}};
	all->t[nf] = (struct tree){3, 0, {maj8(a, b, c), maj8(na, nb, c), nc}};
}

static void find_trees(struct trees *all)
{
	memset(all, 0, sizeof(*all));
	for (int f = 0; f < 256; f++)
		all->t[f].cost = NO_COST;
	const uint8_t leaf[8] = {0, 0xff, 0xaa, 0x55, 0xcc, 0x33, 0xf0, 0x0f};
	for (int i = 0; i < 8; i++) {
		all->t[leaf[i]] = (struct tree){0, i < 2, {0}};
		all->of_cost[0][all->n[0]++] = leaf[i];
	}
	for (int cost = 1; cost <= MAX_COST; cost++)
		for (int i = 0; i < cost; i++)
			for (int j = i; i + j < cost; j++)
				if (cost - 1 - i - j >= j)
					combine(all, cost, i, j, cost - 1 - i - j);
	for (int i = 0; i < 3; i++)
		for (int j = i + 1; j < 3; j++)
			set_xor(all, variable[i], variable[j]);
	for (int i = 0; i < 3; i++)
		for (int j = 1; j < 3; j++) {
			uint8_t t = variable[(i + j) % 3], e = variable[(i + 3 - j) % 3];
			set_mux(all, variable[i], t, e);
			set_mux(all, variable[i], (uint8_t)~t, e);
		}
	set_parity(all);
}

static mig_literal plant(const struct trees *all, struct mig *g, uint8_t f, const mig_literal leaf[3])
{
	const struct tree *t = &all->t[f];
	if (t->cost > 0) /* recursion is no deeper than the cost */
		return mig_maj(g, plant(all, g, t->in[0], leaf), plant(all, g, t->in[1], leaf),
			       plant(all, g, t->in[2], leaf));
	if (f == 0 || f == 0xff)
		return f & 1;
	for (int i = 0; i < 3; i++)
		if (f == variable[i] || (f ^ variable[i]) == 0xff)
			return leaf[i] ^ (mig_literal)(f != variable[i]);
	return MIG_ZERO;
}

/* a ^ b ^ c = M(p, M(a, ~c, p), ~b) with p = M(~a, b, c). M(a, ~c, p) has the value of M(a, ~c, b), but p is in a
 * compute row already. c is the latest value, whose complement a dual-contact row can take at once: 6 commands in a
 * chain. */
static mig_literal plant_parity(struct mig *g, const mig_literal leaf[3])
{
	mig_literal a = leaf[0], b = leaf[1], c = leaf[2];
	mig_literal p = mig_maj(g, a ^ 1, b, c);
	return mig_maj(g, p, mig_maj(g, a, c ^ 1, p), b ^ 1);
}

/* ---- cuts ---- */

enum { MAX_CUTS = 8 };

struct cut {
	uint32_t leaf[3]; /* ascending */
	uint8_t n;
	uint8_t function; /* of the leaves as variables */
};

struct cut_list {
	struct cut v[MAX_CUTS];
	uint8_t n;
};

static bool unite(const struct cut *a, const struct cut *b, struct cut *out)
{
	struct cut r = {.n = 0};
	int i = 0, k = 0;
	while (i < a->n || k < b->n) {
		uint32_t x = i < a->n ? a->leaf[i] : UINT32_MAX, y = k < b->n ? b->leaf[k] : UINT32_MAX;
		if (r.n == 3)
			return false;
		r.leaf[r.n++] = x < y ? x : y;
		i += x <= y;
		k += y <= x;
	}
	*out = r;
	return true;
}

/* The function of cut c with the leaves of the larger cut `to` as variables. */
static uint8_t widen(const struct cut *c, const struct cut *to)
{
	uint8_t at[3] = {0}, f = 0;
	for (int i = 0; i < c->n; i++)
		while (to->leaf[at[i]] != c->leaf[i])
			at[i]++;
	for (unsigned row = 0; row < 8; row++) {
		unsigned own = 0;
		for (int i = 0; i < c->n; i++)
			own |= (row >> at[i] & 1) << i;
		f |= (uint8_t)((c->function >> own & 1) << row);
	}
	return f;
}

static bool has_cut(const struct cut_list *l, const struct cut *c)
{
	for (int i = 0; i < l->n; i++)
		if (l->v[i].n == c->n && memcmp(l->v[i].leaf, c->leaf, c->n * sizeof(c->leaf[0])) == 0)
			return true;
	return false;
}

static void add_cuts(const struct mig *g, uint32_t node, struct cut_list *lists)
{
	struct cut_list *l = &lists[node];
	const struct cut own = {{node, 0, 0}, 1, 0xaa};
	if (!mig_is_leaf(g, node)) {
		const mig_literal *in = g->v[node].in;
		const struct cut_list *p[3] = {&lists[in[0] >> 1], &lists[in[1] >> 1], &lists[in[2] >> 1]};
		for (int i = 0; i < p[0]->n; i++)
			for (int j = 0; j < p[1]->n; j++)
				for (int k = 0; k < p[2]->n && l->n < MAX_CUTS - 1; k++) {
					struct cut c;
					if (!unite(&p[0]->v[i], &p[1]->v[j], &c) || !unite(&c, &p[2]->v[k], &c) ||
					    has_cut(l, &c))
						continue;
					uint8_t f[3] = {widen(&p[0]->v[i], &c), widen(&p[1]->v[j], &c),
							widen(&p[2]->v[k], &c)};
					for (int m = 0; m < 3; m++)
						f[m] ^= (uint8_t)(0 - (in[m] & 1));
					c.function = maj8(f[0], f[1], f[2]);
					l->v[l->n++] = c;
				}
	}
	l->v[l->n++] = own; /* last, so that choose() can skip it */
}

/* ---- rewriting ---- */

enum { MAX_CONE = 16 };

/* Lists the majorities between the leaves of c and the root, root first, in no other order. Returns their number, 0
 * when there are more than MAX_CONE. */
static int cone(const struct mig *g, uint32_t root, const struct cut *c, uint32_t node[MAX_CONE])
{
	int n = 0;
	node[n++] = root;
	for (int at = 0; at < n; at++)
		for (int k = 0; k < 3; k++) {
			uint32_t in = g->v[node[at]].in[k] >> 1;
			bool stop = mig_is_leaf(g, in);
			for (int i = 0; i < c->n; i++)
				stop |= c->leaf[i] == in;
			for (int i = 0; i < n; i++)
				stop |= node[i] == in;
			if (stop)
				continue;
			if (n == MAX_CONE)
				return 0;
			node[n++] = in;
		}
	return n;
}

/* How many majorities become unused when the root is expressed by the leaves: the root and those that only such
 * majorities use. */
static int freed(const struct mig *g, const uint32_t *refs, uint32_t root, const struct cut *c)
{
	uint32_t node[MAX_CONE], inside[MAX_CONE] = {0};
	int n = cone(g, root, c, node), count = 0;
	/* In descending order, users come before what they use. */
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			if (node[k] > node[i]) {
				uint32_t t = node[i];
				node[i] = node[k];
				node[k] = t;
			}
	for (int i = 0; i < n; i++) {
		if (node[i] != root && inside[i] != refs[node[i]])
			continue;
		count++;
		for (int k = 0; k < 3; k++)
			for (int m = i + 1; m < n; m++)
				inside[m] += g->v[node[i]].in[k] >> 1 == node[m];
	}
	return count;
}

static const struct cut *choose(const struct mig *g, const uint32_t *refs, uint32_t node, const struct cut_list *l,
				const struct trees *all, bool equal_too)
{
	const struct cut *best = NULL;
	int best_gain = equal_too ? -1 : 0;
	for (int i = 0; i + 1 < l->n; i++) {
		const struct cut *c = &l->v[i];
		if (all->t[c->function].cost == NO_COST)
			continue;
		int gain = freed(g, refs, node, c) - all->t[c->function].cost;
		if (gain > best_gain) {
			best_gain = gain;
			best = c;
		}
	}
	return best;
}

struct pass {
	const struct mig_net *from;
	struct mig_net *to;
	struct trees trees;
	bool forms; /* forms for a chain of commands, not for sharing */
	struct cut_list *cuts;
	const struct cut **choice;
	uint32_t *refs;
	bool *needed;
	mig_literal *map;
};

static void mark_needed(struct pass *p)
{
	const struct mig *g = &p->from->g;
	for (uint32_t i = 0; i < p->from->n_out; i++)
		p->needed[p->from->out[i] >> 1] = true;
	for (uint32_t i = g->n; i-- > 1;) {
		if (!p->needed[i] || mig_is_leaf(g, i))
			continue;
		for (int k = 0; k < 3; k++)
			if (!p->choice[i])
				p->needed[g->v[i].in[k] >> 1] = true;
			else if (k < p->choice[i]->n)
				p->needed[p->choice[i]->leaf[k]] = true;
	}
}

static mig_literal rebuilt(const struct pass *p, uint32_t i)
{
	const struct mig *g = &p->from->g;
	const struct cut *c = p->choice[i];
	mig_literal in[3] = {0};
	for (int k = 0; k < 3; k++) {
		mig_literal l = g->v[i].in[k];
		if (!c)
			in[k] = p->map[l >> 1] ^ (l & 1);
		else if (k < c->n)
			in[k] = p->map[c->leaf[k]];
	}
	if (!c)
		return mig_maj(&p->to->g, in[0], in[1], in[2]);
	const uint8_t parity = variable[0] ^ variable[1] ^ variable[2], other = (uint8_t)~parity;
	if (p->forms && (c->function == parity || c->function == other))
		return plant_parity(&p->to->g, in) ^ (mig_literal)(c->function != parity);
	return plant(&p->trees, &p->to->g, c->function, in);
}

static int run(struct pass *p, enum mig_cuts what)
{
	const struct mig *g = &p->from->g;
	p->forms = what == MIG_FORMS;
	find_trees(&p->trees);
	p->cuts[0] = (struct cut_list){.v = {{{0}, 0, 0}}, .n = 1}; /* the constant */
	for (uint32_t i = 1; i < g->n; i++) {
		add_cuts(g, i, p->cuts);
		if (p->refs[i] && !mig_is_leaf(g, i))
			p->choice[i] = choose(g, p->refs, i, &p->cuts[i], &p->trees, what != MIG_SMALLER);
	}
	mark_needed(p);
	for (uint32_t i = 1; i < g->n; i++) {
		if (mig_is_leaf(g, i))
			p->map[i] = i << 1;
		else if (p->needed[i])
			p->map[i] = rebuilt(p, i);
		if (p->to->g.rc < 0)
			return p->to->g.rc;
	}
	for (uint32_t i = 0; i < p->from->n_out; i++)
		p->to->out[i] = p->map[p->from->out[i] >> 1] ^ (p->from->out[i] & 1);
	return 0;
}

int mig_rewrite_cuts(struct mig_net *to, const struct mig_net *from, enum mig_cuts what)
{
	size_t n = from->g.n;
	int rc = mig_net_like(to, from);
	struct pass *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->from = from;
	p->to = to;
	p->cuts = calloc(n, sizeof(*p->cuts));
	p->choice = calloc(n, sizeof(void *));
	p->refs = mig_references(from);
	p->needed = calloc(n, sizeof(*p->needed));
	p->map = calloc(n, sizeof(*p->map));
	if (!p->cuts || !p->choice || !p->refs || !p->needed || !p->map)
		rc = -ENOMEM;
	if (rc == 0)
		rc = run(p, what);
	free(p->cuts);
	free(p->choice);
	free(p->refs);
	free(p->needed);
	free(p->map);
	free(p);
	return rc;
}
