#include "ambit-emu/redundant.h"

#include <errno.h>

#define FIRST_TRA 12u
#define VOTE 15u
/* Data rows that six compute rows may stand for at once, and one more for a new value. */
#define POOL (AMBIT_COMPUTE_ROWS + 1)

/* The contents of a compute row: a data row or a constant, plain or complemented. */
struct value {
	struct ambit_address at;
	bool n, known;
};

struct copy {
	struct ambit_builder *b;
	const struct ambit_program *p;
	unsigned address; /* TRA address of this copy */
	unsigned results; /* first row of this copy's results */
	struct ambit_address pool[POOL];
	struct value row[AMBIT_COMPUTE_ROWS];
};

/* Row of a copy: inputs are shared, results and temporaries are the copy's own. */
static struct ambit_address renamed(const struct ambit_program *p, unsigned results, struct ambit_address a)
{
	return a.group == AMBIT_D && a.index >= p->inputs ? ambit_d(results + a.index - p->inputs) : a;
}

static bool same(struct ambit_address a, struct ambit_address b)
{
	return a.group == b.group && a.index == b.index;
}

static bool holds(const struct copy *c, struct ambit_address a)
{
	for (unsigned i = 0; i < AMBIT_COMPUTE_ROWS; i++)
		if (c->row[i].known && same(c->row[i].at, a))
			return true;
	return false;
}

static struct ambit_address spare(const struct copy *c)
{
	unsigned i = 0;
	while (i + 1 < POOL && holds(c, c->pool[i]))
		i++;
	return c->pool[i];
}

/* Before data row d is overwritten: copies it elsewhere if compute rows stand for it. */
static void save(struct copy *c, struct ambit_address d)
{
	if (!holds(c, d))
		return;
	struct ambit_address to = spare(c);
	ambit_aap(c->b, d, to);
	for (unsigned i = 0; i < AMBIT_COMPUTE_ROWS; i++)
		if (c->row[i].known && same(c->row[i].at, d))
			c->row[i].at = to;
}

/* B address that raises one compute row through its d- or n-wordline. */
static struct ambit_address wordline(unsigned row, bool n)
{
	static const uint8_t b[] = {0, 1, 2, 3, 4, 6};
	return ambit_b(b[row] + (n ? 1u : 0u));
}

/* dst = v, through the dual-contact row `inverter` where a complement is needed. */
static void put(struct copy *c, struct value v, struct ambit_address dst, unsigned inverter)
{
	if (!v.n) {
		ambit_aap(c->b, v.at, dst);
		return;
	}
	ambit_aap(c->b, v.at, wordline(inverter, true));
	ambit_aap(c->b, wordline(inverter, false), dst);
}

/* Copies the three values into the cells of the new address; a complemented value goes to its dual-contact cell if
 * possible. */
static void load(struct copy *c, const struct value v[3], const struct ambit_wordlines *to)
{
	unsigned dcc = AMBIT_COMPUTE_ROWS, inverter = AMBIT_DCC1, order[3] = {0, 1, 2};
	for (unsigned i = 0; i < 3; i++)
		if (to->w[i].row >= AMBIT_DCC0)
			dcc = i;
	if (dcc < 3) {
		inverter = to->w[dcc].row == AMBIT_DCC0 ? AMBIT_DCC1 : AMBIT_DCC0;
		for (unsigned i = 0; i < 3; i++)
			if (v[i].n && !v[order[dcc]].n) {
				unsigned t = order[dcc];
				order[dcc] = order[i];
				order[i] = t;
			}
	}
	for (unsigned i = 0; i < 3; i++) {
		struct value x = v[order[i]];
		if (i == dcc && x.n)
			ambit_aap(c->b, x.at, wordline(to->w[i].row, true));
		else
			put(c, x, wordline(to->w[i].row, false), inverter);
	}
}

static int tra(struct copy *c, const struct ambit_command *cmd, const struct ambit_wordlines *from, struct value *out)
{
	struct value v[3];
	for (unsigned i = 0; i < 3; i++) {
		v[i] = c->row[from->w[i].row];
		v[i].n ^= from->w[i].n;
		if (!v[i].known)
			return -EOPNOTSUPP;
	}
	struct ambit_address moved = ambit_b(c->address);
	struct ambit_wordlines to;
	(void)ambit_decode(moved, &to);
	load(c, v, &to);
	bool to_data = cmd->kind == AMBIT_AAP && cmd->b.group == AMBIT_D;
	struct ambit_address keep = renamed(c->p, c->results, cmd->b);
	for (unsigned i = 0; i < 3; i++)
		c->row[from->w[i].row].known = false; /* about to be overwritten: no need to save them */
	if (to_data)
		save(c, keep);
	else
		keep = spare(c);
	ambit_aap(c->b, moved, keep);
	*out = (struct value){keep, false, true};
	for (unsigned i = 0; i < 3; i++)
		c->row[from->w[i].row] = (struct value){keep, from->w[i].n, true};
	return 0;
}

static int move_command(struct copy *c, const struct ambit_command *cmd)
{
	struct ambit_wordlines from, to;
	struct value v;
	(void)ambit_decode(cmd->a, &from);
	if (from.count == 3) {
		int rc = tra(c, cmd, &from, &v);
		if (rc < 0 || cmd->kind == AMBIT_AP || cmd->b.group == AMBIT_D)
			return rc;
	} else if (cmd->kind == AMBIT_AP) {
		return 0; /* a refresh */
	} else if (cmd->a.group == AMBIT_B) {
		v = c->row[from.w[0].row];
		v.n ^= from.w[0].n;
		if (!v.known)
			return -EOPNOTSUPP;
	} else {
		v = (struct value){renamed(c->p, c->results, cmd->a), false, true};
	}
	if (cmd->b.group == AMBIT_D) {
		struct ambit_address dst = renamed(c->p, c->results, cmd->b);
		if (!v.n && same(v.at, dst))
			return 0;
		save(c, dst);
		put(c, v, dst, AMBIT_DCC0);
		return 0;
	}
	(void)ambit_decode(cmd->b, &to);
	for (unsigned i = 0; i < to.count; i++)
		c->row[to.w[i].row] = (struct value){v.at, v.n != to.w[i].n, true};
	return 0;
}

static int add_copy(struct ambit_builder *b, const struct ambit_program *p, unsigned address, unsigned results)
{
	struct copy c = {.b = b, .p = p, .address = address, .results = results};
	int rc = 0;
	for (unsigned i = 0; i < POOL; i++)
		c.pool[i] = ambit_d(results + p->rows - p->inputs + i);
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = move_command(&c, &p->cmd[i]);
	return rc;
}

static void add_as_it_is(struct ambit_builder *b, const struct ambit_program *p, unsigned results)
{
	for (size_t i = 0; i < p->n; i++) {
		struct ambit_address from = renamed(p, results, p->cmd[i].a);
		if (p->cmd[i].kind == AMBIT_AP)
			ambit_ap(b, from);
		else
			ambit_aap(b, from, renamed(p, results, p->cmd[i].b));
	}
}

/* Does the program use only this TRA address? Then its first copy needs no changes. */
static bool keeps_to(const struct ambit_program *p, unsigned address)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cmd[i].a.group == AMBIT_B && p->cmd[i].a.index >= FIRST_TRA && p->cmd[i].a.index != address)
			return false;
	return true;
}

bool ambit_has_tra(const struct ambit_program *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cmd[i].a.group == AMBIT_B && p->cmd[i].a.index >= FIRST_TRA)
			return true;
	return false;
}

/* Does the program overwrite an input? The later copies would read the new value. */
static bool changes_inputs(const struct ambit_program *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->cmd[i].kind == AMBIT_AAP && p->cmd[i].b.group == AMBIT_D && p->cmd[i].b.index < p->inputs)
			return true;
	return false;
}

int ambit_triple(const struct ambit_program *p, struct ambit_builder *out)
{
	struct ambit_verdict v;
	int rc = ambit_verify(p, &v);
	if (rc < 0)
		return rc;
	if (v.stale || v.data_stale || changes_inputs(p))
		return -EOPNOTSUPP;
	unsigned own = p->rows - p->inputs, first = p->rows, each = own + POOL;
	if ((uint64_t)first + 3ull * each >= UINT16_MAX - AMBIT_FIRST_D)
		return -ERANGE;
	out->p.name = p->name;
	out->p.inputs = p->inputs;
	out->p.outputs = p->outputs;
	for (unsigned i = 0; i < 3 && rc == 0; i++) {
		if (i == 0 && keeps_to(p, FIRST_TRA))
			add_as_it_is(out, p, first);
		else
			rc = add_copy(out, p, FIRST_TRA + i, first + i * each);
	}
	for (unsigned k = 0; k < p->outputs && rc == 0; k++) {
		static const unsigned cell[3] = {6, 0, 3}; /* B addresses of DCC1, T0, T3, the rows of B15 */
		for (unsigned i = 0; i < 3; i++)
			ambit_aap(out, ambit_d(first + i * each + k), ambit_b(cell[i]));
		ambit_aap(out, ambit_b(VOTE), ambit_d(p->inputs + k));
	}
	return rc < 0 ? rc : out->rc;
}
