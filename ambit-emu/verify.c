/* Legality of a micro-program by symbolic execution: every row holds a literal of a majority-inverter graph, and equal
 * literals prove equal contents. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/mig.h"
#include "ambit-emu/program.h"

struct graph {
	struct mig mig;
	mig_literal *row; /* contents by physical row */
	struct ambit_verdict *verdict;
	const struct ambit_program *p;
};

static int illegal(struct graph *g, size_t at, const char *why)
{
	const struct ambit_program one = {.cmd = &g->p->cmd[at], .n = 1};
	char text[40];
	(void)ambit_program_print(&one, text, sizeof(text));
	g->verdict->at = at;
	(void)snprintf(g->verdict->why, sizeof(g->verdict->why), "command %zu, %s: %s", at + 1, text, why);
	return -EINVAL;
}

static bool in_range(const struct graph *g, const struct ambit_wordlines *w)
{
	return w->w[0].row < AMBIT_FIRST_D + g->p->rows;
}

/* Is one dual-contact row raised through both of its wordlines? */
static bool both_wordlines(const struct ambit_wordlines *a, const struct ambit_wordlines *b)
{
	for (unsigned i = 0; i < a->count; i++)
		for (unsigned k = 0; k < b->count; k++)
			if (a->w[i].row == b->w[k].row && a->w[i].n != b->w[k].n)
				return true;
	return false;
}

/* What the bitline shows for one wordline, and a note when it is content from before the program. */
static mig_literal sense(struct graph *g, struct ambit_wordline w)
{
	mig_literal x = g->row[w.row];
	if (w.row < AMBIT_COMPUTE_ROWS && x >> 1 == 1u + w.row)
		g->verdict->stale |= (uint8_t)(1u << w.row);
	return x ^ (mig_literal)w.n;
}

static void restore(struct graph *g, const struct ambit_wordlines *w, mig_literal bitline)
{
	for (unsigned i = 0; i < w->count; i++)
		g->row[w->w[i].row] = bitline ^ (mig_literal)w->w[i].n;
}

static int first_activation(struct graph *g, size_t at, const struct ambit_wordlines *w, mig_literal *bitline)
{
	mig_literal x[3] = {0};
	for (unsigned i = 0; i < w->count; i++)
		x[i] = sense(g, w->w[i]);
	if (w->count == 2) {
		if (g->p->cmd[at].kind == AMBIT_AP)
			return illegal(g, at, "AP on two wordlines is undefined");
		if (x[0] != x[1])
			return illegal(g, at, "two wordlines whose cells are not provably equal");
	}
	*bitline = w->count == 3 ? mig_maj(&g->mig, x[0], x[1], x[2]) : x[0];
	restore(g, w, *bitline);
	return 0;
}

static int step(struct graph *g, size_t at)
{
	const struct ambit_command *c = &g->p->cmd[at];
	struct ambit_wordlines a, b;
	mig_literal bitline;
	if (c->kind != AMBIT_AAP && c->kind != AMBIT_AP)
		return illegal(g, at, "unknown command");
	if (ambit_decode(c->a, &a) < 0 || !in_range(g, &a))
		return illegal(g, at, "unknown source address");
	if (both_wordlines(&a, &a))
		return illegal(g, at, "both wordlines of one dual-contact row");
	if (c->kind == AMBIT_AP)
		return first_activation(g, at, &a, &bitline);
	if (ambit_decode(c->b, &b) < 0 || !in_range(g, &b))
		return illegal(g, at, "unknown destination address");
	if (c->a.subarray != c->b.subarray)
		return illegal(g, at, "rows of two subarrays share no bitlines");
	if (c->b.group == AMBIT_C)
		return illegal(g, at, "a constant row is never written");
	if (both_wordlines(&a, &b))
		return illegal(g, at, "both wordlines of one dual-contact row");
	int rc = first_activation(g, at, &a, &bitline);
	if (rc == 0)
		restore(g, &b, bitline);
	return rc;
}

/* Does a data row depend on what a compute row held before? Such leaves are numbered first. */
static int find_stale(struct graph *g)
{
	const struct mig *m = &g->mig;
	bool *stale = calloc(m->n, sizeof(*stale));
	if (!stale)
		return -ENOMEM;
	for (uint32_t i = 1; i < m->n; i++) {
		const mig_literal *in = m->v[i].in;
		stale[i] = mig_is_leaf(m, i) ? i <= AMBIT_COMPUTE_ROWS
					     : stale[in[0] >> 1] || stale[in[1] >> 1] || stale[in[2] >> 1];
	}
	for (unsigned i = 0; i < g->p->rows; i++)
		g->verdict->result_stale |= stale[g->row[AMBIT_FIRST_D + i] >> 1];
	free(stale);
	return 0;
}

int ambit_verify(const struct ambit_program *p, struct ambit_verdict *v)
{
	*v = (struct ambit_verdict){0};
	if (p->rows > UINT16_MAX - AMBIT_FIRST_D || p->n > UINT32_MAX / 4)
		return -EINVAL;
	struct graph g = {.verdict = v, .p = p};
	int rc = mig_init(&g.mig, p->n + p->rows + AMBIT_FIRST_D);
	g.row = calloc(AMBIT_FIRST_D + (size_t)p->rows, sizeof(*g.row));
	if (!g.row)
		rc = -ENOMEM;
	if (rc == 0) {
		for (unsigned i = 0; i < AMBIT_COMPUTE_ROWS; i++)
			g.row[i] = mig_leaf(&g.mig); /* node 1 + i: sense() counts on it */
		g.row[AMBIT_C0] = MIG_ZERO;
		g.row[AMBIT_C1] = MIG_ONE;
		for (unsigned i = 0; i < p->rows; i++)
			g.row[AMBIT_FIRST_D + i] = mig_leaf(&g.mig);
	}
	for (size_t i = 0; i < p->n && rc == 0 && g.mig.rc == 0; i++)
		rc = step(&g, i);
	if (g.mig.rc < 0)
		rc = g.mig.rc;
	if (rc == 0)
		rc = find_stale(&g);
	mig_free(&g.mig);
	free(g.row);
	return rc;
}
