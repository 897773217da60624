/* Covers a graph by cuts of up to four inputs and writes each as the smallest graph of its function: technology mapping
 * with majorities as the technology. A first pass over the nodes chooses cuts by area flow (the size of a cut and its
 * share of the cuts below), two more by exact area (the nodes that the cover gains by it). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/cut4.h"
#include "ambit-emu/rewrite.h"

enum { EXACT_PASSES = 2, FLOW_ONE = 256 };

struct cover {
	const struct mig *g;
	struct cut4_list *cuts; /* by node; the chosen one comes first */
	uint64_t *flow;         /* by node: of the chosen cut, shared by the uses */
	const uint32_t *uses;   /* by node, in the old graph */
	uint32_t *refs;         /* by node: uses by chosen cuts and outputs */
	uint32_t *stack;
	struct npn_memo *memo;
	uint64_t work; /* bound on the steps of exact area */
};

/* ---- cuts ---- */

/* Keeps the CUT4_MAX - 1 cuts with the smallest flow; the last place is for the node itself. */
static void keep(struct cut4_list *l, const struct cut4 *c)
{
	unsigned at = l->n;
	for (unsigned i = 0; i < l->n; i++)
		if (cut4_same_leaves(&l->v[i], c))
			return;
	while (at > 0 && (l->v[at - 1].flow > c->flow || (l->v[at - 1].flow == c->flow && l->v[at - 1].n > c->n)))
		at--;
	cut4_insert(l, at, c);
}

static void weigh(const struct cover *m, struct cut4 *c)
{
	c->size = npn_match(m->memo, c->function)->size;
	c->flow = (uint64_t)c->size * FLOW_ONE;
	for (unsigned i = 0; i < c->n; i++)
		c->flow += m->flow[c->leaf[i]];
	if (c->flow > UINT32_MAX)
		c->flow = UINT32_MAX;
}

static void find_cuts(const struct cover *m, uint32_t node)
{
	const mig_literal *in = m->g->v[node].in;
	const struct cut4_list *p[3] = {&m->cuts[in[0] >> 1], &m->cuts[in[1] >> 1], &m->cuts[in[2] >> 1]};
	struct cut4 c;
	for (unsigned i = 0; i < p[0]->n; i++)
		for (unsigned j = 0; j < p[1]->n; j++)
			for (unsigned k = 0; k < p[2]->n; k++)
				if (cut4_merge(&p[0]->v[i], &p[1]->v[j], &p[2]->v[k], in, &c)) {
					weigh(m, &c);
					keep(&m->cuts[node], &c);
				}
}

static void choose_by_flow(const struct cover *m)
{
	m->cuts[0].n = 1; /* the constant: no leaves, function 0 */
	for (uint32_t i = 1; i < m->g->n; i++) {
		if (!mig_is_leaf(m->g, i)) {
			find_cuts(m, i);
			m->flow[i] = m->cuts[i].v[0].flow / (m->uses[i] ? m->uses[i] : 1);
		}
		struct cut4 self = cut4_self(i);
		self.flow = m->flow[i];
		m->cuts[i].v[m->cuts[i].n++] = self;
	}
}

/* ---- exact area ---- */

static const struct cut4 *chosen(const struct cover *m, uint32_t node)
{
	return &m->cuts[node].v[0];
}

/* Adds a cut to the cover, or takes it away. Returns how many majorities that adds or takes. */
static uint64_t count(struct cover *m, const struct cut4 *c, bool add)
{
	uint64_t area = c->size;
	size_t depth = 0;
	for (;;) {
		for (unsigned i = 0; i < c->n; i++) {
			uint32_t l = c->leaf[i];
			uint32_t users = add ? m->refs[l]++ : --m->refs[l];
			if (users == 0 && !mig_is_leaf(m->g, l))
				m->stack[depth++] = l;
		}
		if (depth == 0)
			break;
		c = chosen(m, m->stack[--depth]);
		area += c->size;
		m->work++;
	}
	return area;
}

static void choose_by_area(struct cover *m, uint64_t limit)
{
	for (uint32_t i = 1; i < m->g->n && m->work < limit; i++) {
		struct cut4 *list = m->cuts[i].v;
		unsigned best = 0;
		uint64_t least = UINT64_MAX;
		if (mig_is_leaf(m->g, i) || m->refs[i] == 0)
			continue;
		(void)count(m, &list[0], false);
		for (unsigned k = 0; k + 1u < m->cuts[i].n; k++) {
			uint64_t area = count(m, &list[k], true);
			(void)count(m, &list[k], false);
			if (area < least) {
				least = area;
				best = k;
			}
		}
		struct cut4 c = list[best];
		list[best] = list[0];
		list[0] = c;
		(void)count(m, &list[0], true);
	}
}

static void cover_outputs(struct cover *m, const struct mig_net *net)
{
	for (uint32_t i = 0; i < net->n_out; i++) {
		uint32_t node = net->out[i] >> 1;
		if (m->refs[node]++ == 0 && !mig_is_leaf(m->g, node))
			(void)count(m, chosen(m, node), true);
	}
}

/* ---- the new graph ---- */

static int build(const struct cover *m, struct mig_net *to, const struct mig_net *from)
{
	mig_literal *map = calloc(m->g->n, sizeof(*map));
	if (!map)
		return -ENOMEM;
	for (uint32_t i = 1; i < m->g->n; i++) {
		const struct cut4 *c = chosen(m, i);
		mig_literal leaf[NPN_INPUTS] = {MIG_ZERO};
		if (mig_is_leaf(m->g, i))
			map[i] = i << 1;
		if (mig_is_leaf(m->g, i) || m->refs[i] == 0)
			continue;
		for (unsigned k = 0; k < c->n; k++)
			leaf[k] = map[c->leaf[k]];
		map[i] = npn_plant(&to->g, npn_match(m->memo, c->function), leaf);
	}
	for (uint32_t i = 0; i < from->n_out; i++)
		to->out[i] = mig_mapped(map, from->out[i]);
	free(map);
	return to->g.rc;
}

static int run(struct cover *m, struct mig_net *to, const struct mig_net *from)
{
	choose_by_flow(m);
	cover_outputs(m, from);
	for (int pass = 0; pass < EXACT_PASSES; pass++) {
		/* Chains without fan-out make exact area quadratic: it stops there, the cover stays valid. */
		m->work = 0;
		choose_by_area(m, 1000 * (uint64_t)m->g->n);
	}
	return build(m, to, from);
}

int mig_rewrite_map(struct mig_net *to, const struct mig_net *from)
{
	size_t n = from->g.n;
	int rc = mig_net_like(to, from);
	uint32_t *uses = mig_references(from);
	struct cut4_list *cuts = calloc(n, sizeof(*cuts));
	struct cover m = {.g = &from->g, .uses = uses, .cuts = cuts};
	m.flow = calloc(n, sizeof(*m.flow));
	m.refs = calloc(n, sizeof(*m.refs));
	m.stack = calloc(n, sizeof(*m.stack));
	m.memo = calloc(1, sizeof(*m.memo));
	if (!uses || !cuts || !m.flow || !m.refs || !m.stack || !m.memo)
		rc = -ENOMEM;
	if (rc == 0)
		rc = run(&m, to, from);
	free(uses);
	free(cuts);
	free(m.flow);
	free(m.refs);
	free(m.stack);
	free(m.memo);
	return rc;
}
