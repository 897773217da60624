#include "ambit-emu/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"

/* ---- one command ---- */

static int illegal(const struct ambit_command *c, size_t at, const char *why, struct ambit_verdict *v)
{
	const struct ambit_program one = {.cmd = c, .n = 1};
	char text[40];
	(void)ambit_program_print(&one, text, sizeof(text));
	v->at = at;
	mw_format(v->why, sizeof(v->why), "command %zu, %s: %s", at + 1, text, why);
	return -EINVAL;
}

/* Do a and b raise one dual-contact row through both of its wordlines? */
static bool both_wordlines(const struct ambit_wordlines *a, const struct ambit_wordlines *b)
{
	for (unsigned i = 0; i < a->count; i++)
		for (unsigned k = 0; k < b->count; k++)
			if (a->w[i].row == b->w[k].row && a->w[i].n != b->w[k].n)
				return true;
	return false;
}

/* Why a command is illegal whatever the rows hold; NULL: it is not. */
static const char *ill_formed(const struct ambit_command *c, unsigned data_rows, struct ambit_wordlines *a,
			      struct ambit_wordlines *b)
{
	if (c->kind != AMBIT_AAP && c->kind != AMBIT_AP)
		return "unknown command";
	if (ambit_decode(c->a, a) < 0 || a->w[0].row >= AMBIT_FIRST_D + data_rows)
		return "unknown source address";
	if (both_wordlines(a, a))
		return "both wordlines of one dual-contact row";
	if (c->kind == AMBIT_AP)
		return a->count == 2 ? "AP on two wordlines is undefined" : NULL;
	if (ambit_decode(c->b, b) < 0 || b->w[0].row >= AMBIT_FIRST_D + data_rows)
		return "unknown destination address";
	if (c->a.subarray != c->b.subarray)
		return "rows of two subarrays share no bitlines";
	if (c->b.group == AMBIT_C)
		return "a constant row is never written";
	return both_wordlines(a, b) ? "both wordlines of one dual-contact row" : NULL;
}

/* The literal that a wordline puts on the bitline. Notes a read of contents from before the program: in row r they are
 * node 1 + r. */
static mig_literal sense(const struct ambit_symbols *s, struct ambit_wordline w, struct ambit_verdict *v)
{
	mig_literal x = s->row[w.row];
	if (x >> 1 == 1u + w.row) {
		if (w.row < AMBIT_COMPUTE_ROWS)
			v->stale |= (uint8_t)(1u << w.row);
		else if (w.row >= AMBIT_FIRST_D + s->inputs)
			v->data_stale = true;
	}
	return x ^ (mig_literal)w.n;
}

static void restore(struct ambit_symbols *s, const struct ambit_wordlines *w, mig_literal bitline)
{
	for (unsigned i = 0; i < w->count; i++)
		s->row[w->w[i].row] = bitline ^ (mig_literal)w->w[i].n;
}

int ambit_symbols_step(struct ambit_symbols *s, const struct ambit_command *c, size_t at, struct ambit_verdict *v)
{
	struct ambit_wordlines a, b = {0};
	mig_literal x[3] = {0};
	const char *why = ill_formed(c, s->data_rows, &a, &b);
	if (why)
		return illegal(c, at, why, v);
	for (unsigned i = 0; i < a.count; i++)
		x[i] = sense(s, a.w[i], v);
	if (a.count == 2 && x[0] != x[1])
		return illegal(c, at, "two wordlines whose cells are not provably equal", v);
	mig_literal bitline = a.count == 3 ? mig_maj(s->mig, x[0], x[1], x[2]) : x[0];
	if (s->mig->rc < 0)
		return s->mig->rc;
	restore(s, &a, bitline);
	restore(s, &b, bitline);
	return 0;
}

/* ---- long use ---- */

/* Marks the nodes that the rows hold and, if operands, all nodes that these depend on. Returns their number. */
static uint32_t mark(const struct mig *g, uint32_t *keep, const mig_literal *row, size_t rows, bool operands)
{
	uint32_t n = 0;
	memset(keep, 0, g->n * sizeof(*keep));
	for (size_t i = 0; i < rows; i++)
		keep[row[i] >> 1] = 1;
	for (uint32_t i = g->n; i-- > 1;) {
		n += keep[i];
		for (unsigned k = 0; k < 3 && keep[i] && operands && !mig_is_leaf(g, i); k++)
			keep[g->v[i].in[k] >> 1] = 1;
	}
	return n;
}

int ambit_symbols_compact(struct mig *g, mig_literal *row, size_t n, uint32_t limit)
{
	struct mig fresh = {0};
	uint32_t *to = malloc(g->n * sizeof(*to));
	if (!to)
		return -ENOMEM;
	bool forget = mark(g, to, row, n, true) > limit;
	if (forget)
		(void)mark(g, to, row, n, false);
	int rc = mig_init(&fresh, g->n);
	to[0] = MIG_ZERO;
	for (uint32_t i = 1; i < g->n && rc == 0; i++) {
		const mig_literal *in = g->v[i].in;
		if (!to[i])
			continue;
		/* Operands come before their node and in the same order as before, so the literal is not complemented.
		 */
		to[i] = forget || mig_is_leaf(g, i)
				? mig_leaf(&fresh)
				: mig_maj(&fresh, to[in[0] >> 1] ^ (in[0] & 1), to[in[1] >> 1] ^ (in[1] & 1),
					  to[in[2] >> 1] ^ (in[2] & 1));
		rc = fresh.rc;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		row[i] = to[row[i] >> 1] ^ (row[i] & 1);
	free(to);
	if (rc < 0) {
		mig_free(&fresh);
		return rc;
	}
	mig_free(g);
	*g = fresh;
	return 0;
}

/* ---- whole programs ---- */

/* Gives the contents before the program symbols: row r holds node 1 + r, except the constants. */
static int first_contents(struct ambit_symbols *s)
{
	for (unsigned r = 0; r < AMBIT_FIRST_D + s->data_rows; r++)
		s->row[r] = mig_leaf(s->mig);
	s->row[AMBIT_C0] = MIG_ZERO;
	s->row[AMBIT_C1] = MIG_ONE;
	return s->mig->rc;
}

/* Sets input_changed and result_stale. */
static int look_at_results(const struct ambit_symbols *s, unsigned outputs, struct ambit_verdict *v)
{
	const struct mig *m = s->mig;
	uint32_t first = 1 + AMBIT_FIRST_D; /* of the first input */
	bool *stale = calloc(m->n, sizeof(*stale));
	if (!stale)
		return -ENOMEM;
	for (uint32_t i = 1; i < m->n; i++) {
		const mig_literal *in = m->v[i].in;
		stale[i] = mig_is_leaf(m, i) ? i < first || i >= first + s->inputs
					     : stale[in[0] >> 1] || stale[in[1] >> 1] || stale[in[2] >> 1];
	}
	for (unsigned i = 0; i < s->inputs + outputs; i++)
		v->result_stale |= stale[s->row[AMBIT_FIRST_D + i] >> 1];
	for (unsigned i = 0; i < s->inputs; i++)
		v->input_changed |= s->row[AMBIT_FIRST_D + i] != (first + i) << 1;
	free(stale);
	return 0;
}

int ambit_verify(const struct ambit_program *p, struct ambit_verdict *v)
{
	*v = (struct ambit_verdict){0};
	if (p->rows > UINT16_MAX - AMBIT_FIRST_D || p->inputs > p->rows || p->outputs > p->rows - p->inputs) {
		mw_format(v->why, sizeof(v->why), "%u data rows for %u inputs and %u results", p->rows, p->inputs,
			  p->outputs);
		return -EINVAL;
	}
	struct mig mig;
	struct ambit_symbols s = {.mig = &mig, .data_rows = p->rows, .inputs = p->inputs};
	int rc = mig_init(&mig, p->n + p->rows + AMBIT_FIRST_D + 1);
	s.row = calloc(AMBIT_FIRST_D + (size_t)p->rows, sizeof(*s.row));
	if (rc == 0)
		rc = s.row ? first_contents(&s) : -ENOMEM;
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		if (p->cmd[i].a.subarray != p->cmd[0].a.subarray)
			rc = illegal(&p->cmd[i], i, "a micro-program runs in one subarray", v);
		else
			rc = ambit_symbols_step(&s, &p->cmd[i], i, v);
	}
	if (rc == 0)
		rc = look_at_results(&s, p->outputs, v);
	mig_free(&mig);
	free(s.row);
	return rc;
}
