/* Beam search over the order of majorities, the rows they use and the copies of their operands.
 *
 * A state is the contents of the six compute rows and the set of values in memory. One generation computes one more
 * majority: every state is extended by its next majorities, on each of the four triple-row addresses, with each order
 * of operands and both polarities (a majority is self-dual), by every way of writing the missing operands. Where an
 * address raises more rows than the operand needs, the others get a copy (B8, B9: a complement) that a later majority
 * may use.
 *
 * Saving a value needs no command of its own: the AP that computed it becomes an AAP with a memory row as second
 * address, even later on, as long as that second address is not used otherwise. */
#include "ambit-emu/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/plan_inside.h"

/* ---- order ---- */

/* Depth first from each output, deeper operands first, so that values are used soon after they are computed. */
static int make_order(struct search *s)
{
	const struct mig *g = &s->net->g;
	uint32_t *level = calloc(g->n, sizeof(*level)), *stack = calloc(3 * (size_t)g->n + 3, sizeof(*stack));
	uint8_t *seen = calloc(g->n, sizeof(*seen)); /* 1: on the way down, 2: ordered */
	int rc = level && stack && seen ? 0 : -ENOMEM;
	for (uint32_t i = 1; i < g->n && rc == 0; i++)
		for (int k = 0; k < 3 && !mig_is_leaf(g, i); k++)
			if (level[g->v[i].in[k] >> 1] >= level[i])
				level[i] = level[g->v[i].in[k] >> 1] + 1;
	for (uint32_t o = 0; o < s->net->n_out && rc == 0; o++) {
		size_t depth = 0;
		stack[depth++] = s->net->out[o] >> 1;
		while (depth) {
			uint32_t i = stack[depth - 1];
			if (mig_is_leaf(g, i) || seen[i]) {
				depth--;
				if (seen[i] == 1) {
					seen[i] = 2;
					s->order[s->n_order++] = i;
				}
				continue;
			}
			seen[i] = 1;
			/* The last one pushed is visited first: push the deepest last. */
			uint32_t in[3] = {g->v[i].in[0] >> 1, g->v[i].in[1] >> 1, g->v[i].in[2] >> 1};
			for (int a = 0; a < 2; a++)
				for (int b = 0; b < 2 - a; b++)
					if (level[in[b]] > level[in[b + 1]]) {
						uint32_t t = in[b];
						in[b] = in[b + 1];
						in[b + 1] = t;
					}
			for (int k = 0; k < 3; k++)
				if (!mig_is_leaf(g, in[k]) && !seen[in[k]])
					stack[depth++] = in[k];
		}
	}
	free(level);
	free(stack);
	free(seen);
	return rc;
}

static int make_fanout(struct search *s)
{
	const struct mig *g = &s->net->g;
	s->fan_first = calloc((size_t)g->n + 2, sizeof(*s->fan_first));
	s->fan = calloc(3 * (size_t)s->n_order + 1, sizeof(*s->fan));
	if (!s->fan_first || !s->fan)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_order; i++)
		for (int k = 0; k < 3; k++)
			s->fan_first[(g->v[s->order[i]].in[k] >> 1) + 2]++;
	for (uint32_t i = 2; i < g->n + 2; i++)
		s->fan_first[i] += s->fan_first[i - 1];
	for (uint32_t i = 0; i < s->n_order; i++) /* users in the order in which they are computed */
		for (int k = 0; k < 3; k++)
			s->fan[s->fan_first[(g->v[s->order[i]].in[k] >> 1) + 1]++] = s->order[i];
	return 0;
}

/* ---- states ---- */

/* At most this many nodes of a state change in a generation. */
enum { CHANGES = 1 + 3 + 2 * MAX_SAVED, COMMIT_EVERY = 64, COMMIT_ABOVE = 1000 };

static int state_alloc(const struct search *s, struct state *st)
{
	*st = (struct state){0};
	st->node = calloc(s->net->g.n, sizeof(*st->node));
	st->dirty = calloc((size_t)COMMIT_EVERY * CHANGES, sizeof(*st->dirty));
	return st->node && st->dirty ? 0 : -ENOMEM;
}

static void state_free(struct state *st)
{
	free(st->node);
	free(st->dirty);
}

static void note(const struct search *s, struct state *st, uint32_t node)
{
	if (s->commit)
		st->dirty[st->n_dirty++] = node;
}

/* Makes the nodes of two states equal: those that changed in either of them since the last commit. */
static void nodes_copy(const struct search *s, struct state *to, const struct state *from)
{
	if (!s->commit) {
		memcpy(to->node, from->node, s->net->g.n * sizeof(*to->node));
		return;
	}
	for (uint32_t i = 0; i < to->n_dirty; i++)
		to->node[to->dirty[i]] = from->node[to->dirty[i]];
	for (uint32_t i = 0; i < from->n_dirty; i++)
		to->node[from->dirty[i]] = from->node[from->dirty[i]];
}

static void state_copy(const struct search *s, struct state *to, const struct state *from)
{
	uint32_t *node = to->node, *dirty = to->dirty;
	nodes_copy(s, to, from);
	*to = *from;
	to->node = node;
	to->dirty = dirty;
	memcpy(dirty, from->dirty, from->n_dirty * sizeof(*dirty));
}

static int log_add(struct search *s, uint32_t parent, struct plan_step step, uint32_t *at)
{
	if (s->n_log == s->log_capacity) {
		size_t more = s->log_capacity ? 2 * s->log_capacity : 1024;
		struct log_entry *log = more < UINT32_MAX ? reallocarray(s->log, more, sizeof(*log)) : NULL;
		if (!log)
			return -ENOMEM;
		s->log = log;
		s->log_capacity = more;
	}
	s->log[s->n_log] = (struct log_entry){step, parent};
	*at = (uint32_t)s->n_log++;
	return 0;
}

/* Turns a candidate into a state. */
static int settle(struct search *s, struct state *to, const struct state *from, const struct candidate *c)
{
	const struct trial *t = &c->trial;
	const struct mig *g = &s->net->g;
	state_copy(s, to, from);
	memcpy(to->row, t->row, sizeof(to->row));
	memcpy(to->touched, t->touched, sizeof(to->touched));
	to->seq = t->seq;
	to->ns = t->ns;
	to->key = c->key;
	to->node[c->node] |= 1u << COMPUTED | 1u << SLOT | (c->value & 1) << BORN_N;
	note(s, to, c->node);
	for (unsigned i = 0; i < t->n_saved; i++) {
		to->node[t->saved[i] >> 1] |= 1u << (t->saved[i] & 1 ? SAVED_N : SAVED);
		note(s, to, t->saved[i] >> 1);
	}
	for (unsigned i = 0; i < t->n_taken; i++) {
		to->node[t->taken[i]] &= ~(1u << SLOT);
		note(s, to, t->taken[i]);
	}
	for (int k = 0; k < 3; k++) {
		to->node[g->v[c->node].in[k] >> 1] -= 1u << FLAGS;
		note(s, to, g->v[c->node].in[k] >> 1);
	}
	memmove(to->birth + 1, to->birth, (BIRTHS - 1) * sizeof(to->birth[0]));
	to->birth[0] = (struct birth){c->value, t->birth_seq, c->tra};
	while (to->first < s->n_order && flag(to, COMPUTED, s->order[to->first]))
		to->first++;
	int rc = 0;
	for (unsigned i = 0; i < t->n_steps && rc == 0; i++)
		rc = log_add(s, to->log, t->step[i], &to->log);
	return rc;
}

/* ---- generations ---- */

struct ready {
	uint32_t node;
	int have;
};

/* Majorities whose operands are computed, sorted by how many operands are in place. */
static unsigned find_ready(const struct search *s, const struct state *st, struct ready out[MAX_READY])
{
	const struct mig *g = &s->net->g;
	unsigned n = 0, window = WINDOW, most = s->effort.max_ready > 1 ? MAX_READY : 1;
	for (uint32_t i = st->first; i < s->n_order && window && n < most; i++) {
		uint32_t node = s->order[i];
		bool ready = !flag(st, COMPUTED, node);
		window -= ready;
		for (int k = 0; k < 3 && ready; k++) {
			uint32_t in = g->v[node].in[k] >> 1;
			ready = mig_is_leaf(g, in) || flag(st, COMPUTED, in);
		}
		if (!ready)
			continue;
		struct ready r = {node, plan_in_place(s, st->row, node)};
		unsigned at = n++;
		for (; at > 0 && out[at - 1].have < r.have; at--)
			out[at] = out[at - 1];
		out[at] = r;
	}
	return n < s->effort.max_ready ? n : s->effort.max_ready;
}

static int next_generation(struct search *s)
{
	s->n_best = 0;
	for (unsigned i = 0; i < s->n_states; i++) {
		struct ready ready[MAX_READY];
		unsigned n = find_ready(s, &s->state[i], ready);
		for (unsigned k = 0; k < n; k++)
			plan_extend(s, i, ready[k].node);
	}
	if (s->n_best == 0) /* the search was too narrow: the node that is due is always possible */
		plan_plainly(s, 0, s->order[s->state[0].first]);
	struct state *next = s->other;
	int rc = 0;
	for (unsigned i = 0; i < s->n_best && rc == 0; i++) {
		const struct candidate *c = &s->candidate[s->best[i].at];
		rc = settle(s, &next[i], &s->state[c->parent], c);
	}
	s->other = s->state;
	s->state = next;
	s->n_states = s->n_best;
	return rc;
}

/* Appends the steps that lead to a state to those done, and empties the log. */
static int take_steps(struct search *s, struct state *st)
{
	size_t n = 0;
	for (uint32_t at = st->log; at != UINT32_MAX; at = s->log[at].parent)
		n++;
	struct plan_step *step = reallocarray(s->done, s->n_done + n + 1, sizeof(*step));
	if (!step)
		return -ENOMEM;
	s->done = step;
	s->n_done += n;
	for (uint32_t at = st->log, i = 0; at != UINT32_MAX; at = s->log[at].parent)
		step[s->n_done - ++i] = s->log[at].step;
	s->n_log = 0;
	st->log = UINT32_MAX;
	return 0;
}

/* Keeps the best state only, so that states differ in few nodes and are cheap to copy. */
static int commit(struct search *s)
{
	struct state *best = &s->state[0];
	for (unsigned i = 0; i < s->effort.width; i++) {
		if (i)
			nodes_copy(s, &s->state[i], best);
		nodes_copy(s, &s->other[i], best);
		s->state[i].n_dirty = i ? 0 : best->n_dirty;
		s->other[i].n_dirty = 0;
	}
	best->n_dirty = 0;
	s->n_states = 1;
	return take_steps(s, best);
}

/* The larger the graph, the fewer alternatives are followed, to bound the work. Small graphs are searched up to three
 * times: strictly in depth-first order, which keeps values in the rows, and more freely. */
static const struct {
	uint32_t below; /* majorities */
	struct effort try[MAX_TRIES];
} efforts[] = {
	{5, {{32, MAX_READY, 1, 24, 40, 8}, {24, 1, 1, 24, 30, 8}, {48, 2, 0, 48, 60, 4}}},
	{9, {{12, 2, 1, 12, 12, 8}, {8, 1, 0, 12, 12, 4}}},
	{13, {{12, 3, 1, 12, 20, 8}, {48, 2, 0, 24, 30, 4}}},
	{61, {{96, 1, 0, 24, 20, 4}, {24, 1, 1, 48, 20, 4}, {32, 2, 0, 24, 20, 2}}},
	{201, {{48, 1, 0, 24, 20, 4}, {16, 2, 0, 24, 20, 2}}},
	{601, {{24, 1, 0, 24, 20, 4}, {16, 1, 1, 24, 20, 4}}},
	{1501, {{12, 1, 1, 24, 20, 4}, {12, 1, 0, 24, 20, 8}}},
	{20001, {{8, 1, 1, 24, 20, 4}}},
	{UINT32_MAX, {{4, 1, 0, 12, 20, 4}}},
};

static int start(struct search *s)
{
	unsigned width = s->effort.width;
	s->state = calloc(width, sizeof(*s->state));
	s->other = calloc(width, sizeof(*s->other));
	s->candidate = calloc(width + 1, sizeof(*s->candidate));
	s->best = calloc(width + 1, sizeof(*s->best));
	if (!s->state || !s->other || !s->candidate || !s->best)
		return -ENOMEM;
	for (uint32_t i = 0; i <= width; i++)
		s->best[i].at = i;
	s->commit = s->n_order > COMMIT_ABOVE;
	int rc = 0;
	for (unsigned i = 0; i < width && rc == 0; i++) {
		rc = state_alloc(s, &s->state[i]);
		if (rc == 0)
			rc = state_alloc(s, &s->other[i]);
	}
	if (rc < 0)
		return rc;
	struct state *st = &s->state[0];
	s->n_states = 1;
	s->n_log = 0;
	s->n_done = 0;
	st->log = UINT32_MAX;
	for (int r = 0; r < ROWS; r++)
		st->row[r] = MIG_NONE;
	for (int i = 0; i < BIRTHS; i++)
		st->birth[i].value = MIG_NONE;
	for (uint32_t i = 0; i < s->n_order; i++)
		for (int k = 0; k < 3; k++)
			st->node[s->net->g.v[s->order[i]].in[k] >> 1] += 1u << FLAGS;
	for (unsigned i = 0; i < width; i++) {
		if (i)
			memcpy(s->state[i].node, st->node, s->net->g.n * sizeof(*st->node));
		memcpy(s->other[i].node, st->node, s->net->g.n * sizeof(*st->node));
	}
	return 0;
}

static void stop(struct search *s)
{
	for (unsigned i = 0; i < s->effort.width; i++) {
		if (s->state)
			state_free(&s->state[i]);
		if (s->other)
			state_free(&s->other[i]);
	}
	free(s->state);
	free(s->other);
	free(s->candidate);
	free(s->best);
	free(s->done);
	s->state = s->other = NULL;
	s->candidate = NULL;
	s->best = NULL;
	s->done = NULL;
}

static int collect(struct search *s, struct plan *out)
{
	struct state *best = &s->state[0];
	for (unsigned i = 1; i < s->n_states; i++)
		if (s->state[i].ns < best->ns)
			best = &s->state[i];
	int rc = take_steps(s, best);
	*out = (struct plan){s->done, s->n_done, best->ns, 0};
	s->done = NULL;
	return rc;
}

/* Runs one search; keeps its plan when it is faster than *out. */
static int search(struct search *s, const struct effort *effort, struct plan *out)
{
	struct plan found = {0};
	s->effort = *effort;
	int rc = start(s);
	for (uint32_t i = 0; i < s->n_order && rc == 0; i++) {
		rc = next_generation(s);
		if (rc == 0 && s->commit && i % COMMIT_EVERY == COMMIT_EVERY - 1)
			rc = commit(s);
	}
	if (rc == 0)
		rc = collect(s, &found);
	stop(s);
	if (rc == 0 && (!out->step || found.ns < out->ns)) {
		free(out->step);
		*out = found;
	} else {
		free(found.step);
	}
	return rc;
}

int ambit_plan(const struct mig_net *net, enum ambit_effort effort, struct plan *out)
{
	struct search s = {.net = net};
	*out = (struct plan){0};
	plan_addresses(&s);
	s.order = calloc(net->g.n, sizeof(*s.order));
	s.is_output = calloc(2 * (size_t)net->g.n, sizeof(*s.is_output));
	int rc = s.order && s.is_output ? make_order(&s) : -ENOMEM;
	if (rc == 0)
		rc = make_fanout(&s);
	for (uint32_t i = 0; i < net->n_out && rc == 0; i++)
		s.is_output[net->out[i]] = true;
	/* A search that tries no majority finds nothing, and each is placed plainly. */
	static const struct effort plain = {.width = 1}, quick = {1, 1, 0, 6, 10, 4};
	size_t size = 0;
	while (efforts[size].below < UINT32_MAX && s.n_order >= efforts[size].below)
		size++;
	if (rc == 0 && effort != AMBIT_THOROUGH)
		rc = search(&s, effort == AMBIT_PLAIN ? &plain : &quick, out);
	for (int i = 0; i < MAX_TRIES && effort == AMBIT_THOROUGH && efforts[size].try[i].width && rc == 0; i++)
		rc = search(&s, &efforts[size].try[i], out);
	out->placements = s.placements;
	free(s.log);
	free(s.order);
	free(s.is_output);
	free(s.fan);
	free(s.fan_first);
	return rc;
}
