/* Legality of a micro-program by symbolic execution.
 *
 * Every row holds a node of a majority-inverter graph: an input, the constant, or a majority, with a complement bit.
 * Nodes are hash-consed and majorities normalised (sorted, self-dual, MAJ(a,a,b) = a, MAJ(a,~a,b) = b), so that equal
 * literals prove equal contents. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/program.h"

typedef uint32_t literal; /* node << 1 | complement; node 0 is constant 0 */

struct node {
	literal in[3]; /* majority; unused for inputs */
	uint32_t next; /* hash chain, 0 ends */
	bool stale;    /* depends on what a compute row held before */
};

struct graph {
	struct node *v;
	uint32_t n;
	uint32_t *head; /* buckets: a power of two */
	uint32_t mask;
	literal *row; /* contents by physical row */
	struct ambit_verdict *verdict;
	const struct ambit_program *p;
};

static literal new_node(struct graph *g, bool stale)
{
	g->v[g->n] = (struct node){.stale = stale};
	return g->n++ << 1;
}

static void sort2(literal *a, literal *b)
{
	if (*a > *b) {
		literal t = *a;
		*a = *b;
		*b = t;
	}
}

static literal majority(struct graph *g, literal a, literal b, literal c)
{
	sort2(&a, &b);
	sort2(&b, &c);
	sort2(&a, &b);
	/* Sorted literals put a node and its complement side by side. */
	if (a == b || a == (b ^ 1))
		return a == b ? a : c;
	if (b == c || b == (c ^ 1))
		return b == c ? b : a;
	literal flip = a & 1; /* self-dual: MAJ(~a,~b,~c) = ~MAJ(a,b,c); the first literal is kept plain */
	a ^= flip;
	b ^= flip;
	c ^= flip;
	uint32_t h = (a * 0x9e3779b1u ^ b * 0x85ebca6bu ^ c * 0xc2b2ae35u) >> 7 & g->mask;
	for (uint32_t i = g->head[h]; i; i = g->v[i].next)
		if (g->v[i].in[0] == a && g->v[i].in[1] == b && g->v[i].in[2] == c)
			return i << 1 | flip;
	literal r = new_node(g, g->v[a >> 1].stale || g->v[b >> 1].stale || g->v[c >> 1].stale);
	struct node *node = &g->v[r >> 1];
	node->in[0] = a;
	node->in[1] = b;
	node->in[2] = c;
	node->next = g->head[h];
	g->head[h] = r >> 1;
	return r | flip;
}

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
static literal sense(struct graph *g, struct ambit_wordline w)
{
	literal x = g->row[w.row];
	if (w.row < AMBIT_COMPUTE_ROWS && x >> 1 == 1u + w.row)
		g->verdict->stale |= (uint8_t)(1u << w.row);
	return x ^ (literal)w.n;
}

static void restore(struct graph *g, const struct ambit_wordlines *w, literal bitline)
{
	for (unsigned i = 0; i < w->count; i++)
		g->row[w->w[i].row] = bitline ^ (literal)w->w[i].n;
}

static int first_activation(struct graph *g, size_t at, const struct ambit_wordlines *w, literal *bitline)
{
	literal x[3] = {0};
	for (unsigned i = 0; i < w->count; i++)
		x[i] = sense(g, w->w[i]);
	if (w->count == 2) {
		if (g->p->cmd[at].kind == AMBIT_AP)
			return illegal(g, at, "AP on two wordlines is undefined");
		if (x[0] != x[1])
			return illegal(g, at, "two wordlines whose cells are not provably equal");
	}
	*bitline = w->count == 3 ? majority(g, x[0], x[1], x[2]) : x[0];
	restore(g, w, *bitline);
	return 0;
}

static int step(struct graph *g, size_t at)
{
	const struct ambit_command *c = &g->p->cmd[at];
	struct ambit_wordlines a, b;
	literal bitline;
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

int ambit_verify(const struct ambit_program *p, struct ambit_verdict *v)
{
	*v = (struct ambit_verdict){0};
	if (p->rows > UINT16_MAX - AMBIT_FIRST_D || p->n > UINT32_MAX / 4)
		return -EINVAL;
	struct graph g = {.verdict = v, .p = p, .mask = 1};
	while (g.mask < p->n)
		g.mask = g.mask << 1 | 1;
	g.v = calloc(p->n + p->rows + AMBIT_FIRST_D + 1, sizeof(*g.v));
	g.head = calloc((size_t)g.mask + 1, sizeof(*g.head));
	g.row = calloc(AMBIT_FIRST_D + (size_t)p->rows, sizeof(*g.row));
	int rc = g.v && g.head && g.row ? 0 : -ENOMEM;
	if (rc == 0) {
		literal zero = new_node(&g, false);
		for (unsigned i = 0; i < AMBIT_COMPUTE_ROWS; i++)
			g.row[i] = new_node(&g, true); /* node 1 + i: sense() counts on it */
		g.row[AMBIT_C0] = zero;
		g.row[AMBIT_C1] = zero ^ 1;
		for (unsigned i = 0; i < p->rows; i++)
			g.row[AMBIT_FIRST_D + i] = new_node(&g, false);
	}
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = step(&g, i);
	for (unsigned i = 0; i < p->rows && rc == 0; i++)
		v->result_stale |= g.v[g.row[AMBIT_FIRST_D + i] >> 1].stale;
	free(g.v);
	free(g.head);
	free(g.row);
	return rc;
}
