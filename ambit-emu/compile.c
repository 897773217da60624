#include "ambit-emu/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/plan.h"

/* ---- from a plan to commands ---- */

enum draft_kind { DRAFT_B, DRAFT_C, DRAFT_MEMORY, DRAFT_NONE };

struct draft_address {
	uint8_t kind; /* enum draft_kind */
	uint8_t index;
	mig_literal l; /* DRAFT_MEMORY */
};

struct draft {
	struct draft_address a, b; /* b: DRAFT_NONE for an AP */
};

struct emit {
	const struct mig_net *net;
	struct draft *cmd;
	size_t n;
	size_t *birth;       /* by node: index of the command that computed it */
	size_t *last_read;   /* by literal: index + 1 of the last command that reads it */
	uint32_t *home;      /* by literal: the first output that has this value, or AMBIT_NO_NAME */
	uint32_t *temporary; /* by literal: temporary row + 1 */
	uint8_t *row_used;   /* by temporary row */
	uint32_t rows;
};

static struct draft_address memory_of(mig_literal l)
{
	if (l <= MIG_ONE)
		return (struct draft_address){DRAFT_C, (uint8_t)l, 0};
	return (struct draft_address){DRAFT_MEMORY, 0, l};
}

static void draft_step(struct emit *e, const struct plan_step *s)
{
	const struct draft_address from = {DRAFT_B, s->from, 0}, to = {DRAFT_B, s->to, 0}, none = {DRAFT_NONE, 0, 0};
	switch ((enum plan_kind)s->kind) {
	case PLAN_LOAD:
		e->cmd[e->n++] = (struct draft){memory_of(s->l), to};
		break;
	case PLAN_MOVE:
		e->cmd[e->n++] = (struct draft){from, to};
		break;
	case PLAN_STORE:
		e->cmd[e->n++] = (struct draft){from, memory_of(s->l)};
		break;
	case PLAN_TRA:
		e->birth[s->l >> 1] = e->n;
		e->cmd[e->n++] = (struct draft){from, none};
		break;
	case PLAN_MERGE:
		e->cmd[e->birth[s->l >> 1]].b = to;
		break;
	case PLAN_SAVE:
		e->cmd[e->birth[s->l >> 1]].b = memory_of(s->l);
		break;
	}
}

/* Copies for outputs that no activation stored: inputs, their complements, constants, and values that have several
 * names. */
static void draft_copies(struct emit *e)
{
	const struct mig_net *net = e->net;
	for (uint32_t k = 0; k < net->n_out; k++) {
		mig_literal l = net->out[k];
		/* index 1: l is the number of an output, not a literal */
		const struct draft_address own = {DRAFT_MEMORY, 1, k};
		bool leaf = mig_is_leaf(&net->g, l >> 1), complement = leaf && l > MIG_ONE && (l & 1);
		if (e->home[l] != k) {
			const struct draft_address first = {DRAFT_MEMORY, 1, e->home[l]};
			e->cmd[e->n++] = (struct draft){l <= MIG_ONE ? memory_of(l) : first, own};
		} else if (complement) {
			e->cmd[e->n++] = (struct draft){memory_of(l ^ 1), {DRAFT_B, 5, 0}};
			e->cmd[e->n++] = (struct draft){{DRAFT_B, 4, 0}, own};
		} else if (leaf) {
			e->cmd[e->n++] = (struct draft){memory_of(l), own};
		}
	}
}

/* ---- rows ---- */

static bool is_temporary(const struct emit *e, const struct draft_address *a)
{
	return a->kind == DRAFT_MEMORY && a->index == 0 && !mig_is_leaf(&e->net->g, a->l >> 1) &&
	       e->home[a->l] == UINT32_MAX;
}

static uint32_t take_row(struct emit *e)
{
	uint32_t r = 0;
	while (r < e->rows && e->row_used[r])
		r++;
	if (r == e->rows)
		e->rows++;
	e->row_used[r] = 1;
	return r;
}

static struct ambit_address resolve(const struct emit *e, const struct draft_address *a)
{
	const struct mig_net *net = e->net;
	if (a->kind == DRAFT_B)
		return ambit_b(a->index);
	if (a->kind == DRAFT_C)
		return ambit_c(a->index);
	if (a->index) /* l is the number of an output */
		return ambit_d(net->n_in + a->l);
	if (mig_is_leaf(&net->g, a->l >> 1))
		return ambit_d((a->l >> 1) - 1);
	if (e->home[a->l] != UINT32_MAX)
		return ambit_d(net->n_in + e->home[a->l]);
	return ambit_d(net->n_in + net->n_out + e->temporary[a->l] - 1);
}

/* Gives each temporary value the lowest free row until its last use, and writes the commands. */
static void write_commands(struct emit *e, struct ambit_builder *out)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->cmd[i].a.kind == DRAFT_MEMORY && e->cmd[i].a.index == 0)
			e->last_read[e->cmd[i].a.l] = i + 1;
	for (size_t i = 0; i < e->n; i++) {
		const struct draft *d = &e->cmd[i];
		bool to_temporary = is_temporary(e, &d->b);
		bool unread = to_temporary && e->last_read[d->b.l] == 0;
		struct ambit_address a = resolve(e, &d->a);
		if (is_temporary(e, &d->a) && e->last_read[d->a.l] == i + 1)
			e->row_used[e->temporary[d->a.l] - 1] = 0;
		if (d->b.kind == DRAFT_NONE || unread) {
			/* Nobody reads this saved value: keep the majority (as an AP), drop a copy. */
			if (a.group == AMBIT_B && a.index >= 12)
				ambit_ap(out, a);
			continue;
		}
		if (to_temporary)
			e->temporary[d->b.l] = take_row(e) + 1;
		ambit_aap(out, a, resolve(e, &d->b));
	}
}

static int emit_alloc(struct emit *e, const struct plan *plan)
{
	size_t nodes = e->net->g.n, commands = plan->n + 2 * (size_t)e->net->n_out;
	e->cmd = calloc(commands + 1, sizeof(*e->cmd));
	e->birth = calloc(nodes, sizeof(*e->birth));
	e->last_read = calloc(2 * nodes, sizeof(*e->last_read));
	e->home = malloc(2 * nodes * sizeof(*e->home));
	e->temporary = calloc(2 * nodes, sizeof(*e->temporary));
	e->row_used = calloc(commands + 1, sizeof(*e->row_used));
	if (!e->cmd || !e->birth || !e->last_read || !e->home || !e->temporary || !e->row_used)
		return -ENOMEM;
	memset(e->home, 0xff, 2 * nodes * sizeof(*e->home));
	for (uint32_t k = e->net->n_out; k-- > 0;)
		e->home[e->net->out[k]] = k;
	return 0;
}

static int emit(const struct mig_net *net, const struct plan *plan, struct ambit_builder *out)
{
	struct emit e = {.net = net};
	int rc = emit_alloc(&e, plan);
	if (rc == 0) {
		for (size_t i = 0; i < plan->n; i++)
			draft_step(&e, &plan->step[i]);
		draft_copies(&e);
		out->p.inputs = net->n_in;
		out->p.outputs = net->n_out;
		out->p.rows = net->n_in + net->n_out;
		write_commands(&e, out);
		rc = out->rc;
		if (rc == 0 && net->n_in + net->n_out + e.rows >= UINT16_MAX - AMBIT_FIRST_D)
			rc = -ERANGE;
	}
	free(e.cmd);
	free(e.birth);
	free(e.last_read);
	free(e.home);
	free(e.temporary);
	free(e.row_used);
	return rc;
}

/* ---- the best of several graphs ---- */

enum { AS_WRITTEN, REWRITTEN, OTHER_FORMS, NETS, ALL_FORMS_BELOW = 600 };

static int make_nets(const struct ambit_circuit *c, struct mig_net net[NETS], int *n)
{
	int rc = mig_net_copy(&net[0], &c->g, c->in, c->inputs.n, c->out, c->outputs.n);
	*n = 1;
	if (rc == 0) {
		rc = mig_net_copy(&net[1], &c->g, c->in, c->inputs.n, c->out, c->outputs.n);
		*n = 2;
	}
	if (rc == 0)
		rc = mig_optimise(&net[1]);
	if (rc == 0 && net[1].g.n <= ALL_FORMS_BELOW) {
		rc = mig_rewrite_cuts(&net[2], &net[1], MIG_FORMS);
		*n = 3;
	}
	return rc;
}

/* Drops the nodes that the rewriting passes left unused. */
static int compact(struct mig_net *net)
{
	struct mig_net next;
	int rc = mig_net_clone(&next, net);
	mig_net_free(rc < 0 ? &next : net);
	if (rc == 0)
		*net = next;
	return rc;
}

static bool same_net(const struct mig_net *a, const struct mig_net *b)
{
	if (a->g.n != b->g.n || memcmp(a->out, b->out, a->n_out * sizeof(*a->out)) != 0)
		return false;
	for (uint32_t i = 1; i < a->g.n; i++)
		if (memcmp(a->g.v[i].in, b->g.v[i].in, sizeof(a->g.v[i].in)) != 0)
			return false;
	return true;
}

static int plan_all(struct mig_net net[NETS], int n, enum ambit_effort effort, struct plan plan[NETS], int *best)
{
	int rc = 0;
	*best = n - 1;
	for (int i = n - 1; i >= 0 && rc == 0; i--) {
		if (i == AS_WRITTEN && net[0].g.n > 4 * ALL_FORMS_BELOW)
			break; /* too large: only the rewritten graph is planned */
		rc = compact(&net[i]);
		bool known = false;
		for (int k = n - 1; k > i && rc == 0; k--)
			known |= same_net(&net[k], &net[i]);
		if (rc < 0 || known)
			continue;
		rc = ambit_plan(&net[i], effort, &plan[i]);
		if (rc == 0 && plan[i].ns < plan[*best].ns)
			*best = i;
	}
	return rc;
}

int ambit_compile(const struct ambit_circuit *c, enum ambit_effort effort, struct ambit_builder *out,
		  struct ambit_compiled *info)
{
	struct mig_net net[NETS] = {0};
	struct plan plan[NETS] = {0};
	struct ambit_verdict verdict;
	struct ambit_equivalence check;
	int n = 0, best = 0;
	int rc = make_nets(c, net, &n);
	if (rc == 0)
		rc = plan_all(net, n, effort, plan, &best);
	if (rc == 0)
		rc = emit(&net[best], &plan[best], out);
	if (rc == 0)
		rc = ambit_verify(&out->p, &verdict);
	if (rc == 0)
		rc = ambit_equivalent(c, &out->p, 1, &check);
	if (rc == 0 && check.wrong)
		rc = -EBADMSG;
	if (rc == 0 && info) {
		rc = mig_measure(&c->g, c->out, c->outputs.n, &info->written);
		if (rc == 0)
			rc = mig_measure(&net[best].g, net[best].out, net[best].n_out, &info->rewritten);
		info->placements = 0;
		for (int i = 0; i < n; i++)
			info->placements += plan[i].placements;
	}
	for (int i = 0; i < NETS; i++) {
		mig_net_free(&net[i]);
		free(plan[i].step);
	}
	return rc;
}
