#include "ambit-emu/rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 6 };

/* ---- the axioms ---- */

struct omega {
	struct mig *g;
	uint32_t *level; /* by node of g: longest path from the leaves */
	uint32_t level_capacity;
};

/* One way to write a majority: in[0], in[1] and either in[2] or the majority of inner[0..2]. */
struct form {
	mig_literal in[3], inner[3];
	bool nested;
	int cost; /* new nodes minus nodes that become unused */
	uint32_t level;
};

static uint32_t level_of(const struct omega *o, mig_literal l)
{
	return l >> 1 < o->level_capacity ? o->level[l >> 1] : 0;
}

static uint32_t level_above(const struct omega *o, const mig_literal in[3])
{
	uint32_t max = level_of(o, in[0]);
	for (int i = 1; i < 3; i++)
		if (level_of(o, in[i]) > max)
			max = level_of(o, in[i]);
	return max + 1;
}

/* Sets cost and level; freed: number of nodes that become unused with this form. */
static void weigh(const struct omega *o, struct form *f, int freed)
{
	mig_literal in[3] = {f->in[0], f->in[1], f->in[2]}, known = MIG_NONE;
	f->cost = -freed;
	uint32_t inner_level = 0;
	if (f->nested) {
		in[2] = mig_find(o->g, f->inner[0], f->inner[1], f->inner[2]);
		if (in[2] == MIG_NONE) {
			f->cost++;
			inner_level = level_above(o, f->inner);
		}
	}
	if (in[2] != MIG_NONE)
		known = mig_find(o->g, in[0], in[1], in[2]);
	else
		in[2] = in[0]; /* the inner gate has no number yet: any operand will do, inner_level is its level */
	f->cost += known == MIG_NONE;
	f->level = known == MIG_NONE ? level_above(o, in) : level_of(o, known);
	if (known == MIG_NONE && inner_level >= f->level)
		f->level = inner_level + 1;
}

static void consider(const struct omega *o, struct form *best, struct form f, int freed)
{
	weigh(o, &f, freed);
	if (f.cost < best->cost || (f.cost == best->cost && f.level < best->level))
		*best = f;
}

/* The operands of a literal's node, complemented if the literal is (inverter propagation). False for a leaf. */
static bool operands(const struct mig *g, mig_literal l, mig_literal in[3])
{
	if (mig_is_leaf(g, l >> 1))
		return false;
	for (int i = 0; i < 3; i++)
		in[i] = g->v[l >> 1].in[i] ^ (l & 1);
	return true;
}

/* Other forms of M(x, y, z) with z = M(p, q, r) where x or y is among p, q, r. */
static void nested_forms(const struct omega *o, struct form *best, mig_literal x, mig_literal y, mig_literal z,
			 int freed)
{
	mig_literal p[3];
	if (!operands(o->g, z, p))
		return;
	for (int i = 0; i < 3; i++) {
		mig_literal q = p[(i + 1) % 3], r = p[(i + 2) % 3];
		for (int side = 0; side < 2; side++) {
			mig_literal u = side ? x : y, w = side ? y : x;
			if (p[i] == u) {
				/* Associativity: M(w, u, M(q, u, r)) = M(r, u, M(q, u, w)) = M(q, u, M(r, u, w)) */
				consider(o, best, (struct form){{r, u, 0}, {q, u, w}, true, 0, 0}, freed);
				consider(o, best, (struct form){{q, u, 0}, {r, u, w}, true, 0, 0}, freed);
			}
			/* Relevance: z matters only where x = ~y, so there u may be replaced by ~w. */
			if (p[i] >> 1 == u >> 1)
				consider(o, best, (struct form){{x, y, 0}, {w ^ 1 ^ (p[i] ^ u), q, r}, true, 0, 0},
					 freed);
		}
	}
}

/* M(M(x, y, u), M(x, y, v), z) = M(x, y, M(u, v, z)) */
static void distributed_form(const struct omega *o, struct form *best, mig_literal a, mig_literal b, mig_literal z,
			     int freed)
{
	mig_literal p[3], q[3], common[3];
	if (!operands(o->g, a, p) || !operands(o->g, b, q))
		return;
	int n = 0;
	mig_literal u = MIG_NONE, v = MIG_NONE;
	for (int i = 0; i < 3; i++) {
		bool in_q = p[i] == q[0] || p[i] == q[1] || p[i] == q[2];
		bool in_p = q[i] == p[0] || q[i] == p[1] || q[i] == p[2];
		if (in_q)
			common[n++] = p[i];
		else
			u = p[i];
		if (!in_p)
			v = q[i];
	}
	if (n == 2)
		consider(o, best, (struct form){{common[0], common[1], 0}, {u, v, z}, true, 0, 0}, freed);
}

static void note_level(struct omega *o, mig_literal l)
{
	uint32_t i = l >> 1;
	if (i < o->level_capacity && o->level[i] == 0 && !mig_is_leaf(o->g, i))
		o->level[i] = level_above(o, o->g->v[i].in);
}

/* The cheapest way to write M(in); only[k]: nothing else uses in[k]. */
static mig_literal best_maj(struct omega *o, const mig_literal in[3], const bool only[3])
{
	struct form best = {.in = {in[0], in[1], in[2]}};
	weigh(o, &best, 0);
	for (int k = 0; k < 3 && best.cost > 0; k++) {
		mig_literal x = in[(k + 1) % 3], y = in[(k + 2) % 3];
		nested_forms(o, &best, x, y, in[k], only[k]);
		distributed_form(o, &best, x, y, in[k], only[(k + 1) % 3] + only[(k + 2) % 3]);
	}
	if (best.nested) {
		best.in[2] = mig_maj(o->g, best.inner[0], best.inner[1], best.inner[2]);
		note_level(o, best.in[2]);
	}
	mig_literal l = mig_maj(o->g, best.in[0], best.in[1], best.in[2]);
	note_level(o, l);
	return l;
}

int mig_rewrite_omega(struct mig_net *to, const struct mig_net *from)
{
	const struct mig *g = &from->g;
	int rc = mig_net_like(to, from);
	uint32_t *refs = mig_references(from);
	mig_literal *map = calloc(g->n, sizeof(*map));
	/* Every old node adds at most two new ones. */
	struct omega o = {.g = &to->g, .level_capacity = 2 * g->n + 2};
	o.level = calloc(o.level_capacity, sizeof(*o.level));
	if (!refs || !map || !o.level)
		rc = -ENOMEM;
	for (uint32_t i = 1; i < g->n && rc == 0; i++) {
		if (mig_is_leaf(g, i)) {
			map[i] = i << 1;
			continue;
		}
		if (!refs[i])
			continue;
		mig_literal in[3];
		bool only[3];
		for (int k = 0; k < 3; k++) {
			mig_literal l = g->v[i].in[k];
			in[k] = mig_mapped(map, l);
			only[k] = refs[l >> 1] == 1 && !mig_is_leaf(g, l >> 1);
		}
		map[i] = best_maj(&o, in, only);
		rc = to->g.rc;
	}
	for (uint32_t i = 0; i < from->n_out && rc == 0; i++)
		to->out[i] = mig_mapped(map, from->out[i]);
	free(refs);
	free(map);
	free(o.level);
	return rc;
}

/* ---- all passes ---- */

/* One pass: 's', 'e' cuts of three inputs where they save majorities, or also where they save none; 'm' cover by cuts
 * of four inputs; 'd', 'z' cuts of four inputs where they save, or also where they save none; 'o' the axioms. */
static int one_pass(char pass, struct mig_net *to, const struct mig_net *from)
{
	switch (pass) {
	case 's':
		return mig_rewrite_cuts(to, from, MIG_SMALLER);
	case 'e':
		return mig_rewrite_cuts(to, from, MIG_EQUAL);
	case 'm':
		return mig_rewrite_map(to, from);
	case 'o':
		return mig_rewrite_omega(to, from);
	default:
		return mig_rewrite_dag(to, from, pass == 'z');
	}
}

static bool smaller(const struct mig_size *a, const struct mig_size *b)
{
	return a->nodes < b->nodes || (a->nodes == b->nodes && a->depth < b->depth);
}

/* Runs the passes of a script on a copy. Passes that save nothing, or even lose some, lead to forms in which later ones
 * find more; the smallest graph on the way becomes *best. *size: of *best. */
static int run_script(const char *script, const struct mig_net *from, struct mig_net *best, struct mig_size *size)
{
	struct mig_net now = {0};
	const struct mig_net *at = from;
	int rc = 0;
	for (; *script && rc == 0; script++) {
		struct mig_net next;
		struct mig_size s = {0};
		rc = one_pass(*script, &next, at);
		if (rc == 0)
			rc = mig_measure(&next.g, next.out, next.n_out, &s);
		if (rc == 0 && smaller(&s, size)) {
			*size = s;
			mig_net_free(best);
			rc = mig_net_clone(best, &next);
		}
		mig_net_free(&now);
		now = next;
		at = &now;
	}
	mig_net_free(&now);
	return rc;
}

int mig_optimise(struct mig_net *net)
{
	/* No order of passes is best for all graphs: arithmetic shrinks more by the second, control by the first. */
	static const char *const script[] = {"soeemozdzd", "dzdomdzd", "msomso", "esdzmzdozd"};
	enum { FIRST = 3 };
	struct mig_net start = {0};
	struct mig_size size;
	int rc = mig_net_clone(&start, net);
	if (rc == 0)
		rc = mig_measure(&net->g, net->out, net->n_out, &size);
	for (int i = 0; i < FIRST && rc == 0; i++)
		rc = run_script(script[i], &start, net, &size);
	for (int round = 0; round < MAX_ROUNDS && rc == 0; round++) {
		const uint32_t before = size.nodes;
		mig_net_free(&start);
		rc = mig_net_clone(&start, net);
		if (rc == 0)
			rc = run_script(script[FIRST], &start, net, &size);
		if (size.nodes == before)
			break;
	}
	mig_net_free(&start);
	return rc;
}
