/* Computes one more majority: brings its operands into the three rows of a triple-row address, saves values that would
 * be lost and are needed again, then activates the rows. */
#include <string.h>

#include "ambit-emu/plan_inside.h"

enum { FIRST_TRA = 12 };

static const uint8_t d_address[ROWS] = {0, 1, 2, 3, 4, 6}; /* B address that raises this row alone */

static uint8_t n_address(int dcc)
{
	return (uint8_t)(d_address[dcc] + 1);
}

struct place {
	struct search *s;
	const struct state *st;
	uint32_t parent, node;
	uint8_t tra, row[3];
	mig_literal target[ROWS]; /* MIG_NONE: any */
	mig_literal value;
	unsigned visits;
};

enum source_kind { NO_SOURCE, FROM_MEMORY, FROM_ROW, FROM_BIRTH };

struct source {
	enum source_kind kind;
	uint8_t from;
	const struct birth *birth;
};

void plan_addresses(struct search *s)
{
	for (unsigned i = 0; i < AMBIT_B_ADDRESSES; i++) {
		struct ambit_wordlines w;
		(void)ambit_decode((struct ambit_address){AMBIT_B, 0, (uint16_t)i}, &w);
		struct lines *a = &s->address[i];
		for (unsigned k = 0; k < w.count; k++)
			*(w.w[k].n ? &a->n : &a->d) |= (uint8_t)(1u << w.w[k].row);
		a->all = a->d | a->n;
	}
}

static bool has(uint8_t rows, int r)
{
	return rows >> r & 1;
}

/* One command must not raise both wordlines of a dual-contact row. */
static bool clash(const struct lines *a, const struct lines *b)
{
	return (a->d & b->n) || (a->n & b->d);
}

/* ---- what a state knows ---- */

static bool in_memory(const struct place *p, const struct trial *t, mig_literal l)
{
	if (mig_is_leaf(&p->s->net->g, l >> 1))
		return l <= MIG_ONE || !(l & 1);
	for (unsigned i = 0; i < t->n_saved; i++)
		if (t->saved[i] == l)
			return true;
	return flag(p->st, l & 1 ? SAVED_N : SAVED, l >> 1);
}

static bool slot_free(const struct place *p, const struct trial *t, uint32_t node)
{
	for (unsigned i = 0; i < t->n_taken; i++)
		if (t->taken[i] == node)
			return false;
	return flag(p->st, SLOT, node);
}

/* Can x become the second address of the activation that computed b? */
static bool birth_reaches(const struct place *p, const struct trial *t, const struct birth *b, const struct lines *x)
{
	if (b->value == MIG_NONE || !slot_free(p, t, b->value >> 1) || clash(&p->s->address[b->tra], x))
		return false;
	for (int r = 0; r < ROWS; r++)
		if (has(x->all, r) && t->touched[r] > b->seq)
			return false;
	return true;
}

/* Finds a way to put literal l on the bitlines of a command whose second address is x. */
static struct source find_source(const struct place *p, const struct trial *t, mig_literal l, const struct lines *x)
{
	for (int i = 0; i < BIRTHS; i++)
		if (p->st->birth[i].value == l && birth_reaches(p, t, &p->st->birth[i], x))
			return (struct source){FROM_BIRTH, 0, &p->st->birth[i]};
	if (in_memory(p, t, l))
		return (struct source){FROM_MEMORY, 0, NULL};
	for (int r = 0; r < ROWS; r++) {
		if (t->row[r] == l && !clash(&p->s->address[d_address[r]], x))
			return (struct source){FROM_ROW, d_address[r], NULL};
		if (r >= AMBIT_DCC0 && t->row[r] == (l ^ 1) && !clash(&p->s->address[n_address(r)], x))
			return (struct source){FROM_ROW, n_address(r), NULL};
	}
	return (struct source){0};
}

/* ---- steps ---- */

static bool add_step(struct trial *t, enum plan_kind kind, uint8_t from, uint8_t to, mig_literal l, unsigned ns)
{
	if (t->n_steps == MAX_STEPS)
		return false;
	t->step[t->n_steps++] = (struct plan_step){(uint8_t)kind, from, to, l};
	t->ns += ns;
	return true;
}

static bool add_saved(struct trial *t, mig_literal l)
{
	if (t->n_saved == MAX_SAVED)
		return false;
	t->saved[t->n_saved++] = l;
	return true;
}

static bool take_slot(struct trial *t, uint32_t node)
{
	if (t->n_taken == MAX_SAVED)
		return false;
	t->taken[t->n_taken++] = node;
	return true;
}

static bool store(const struct place *p, struct trial *t, uint8_t from, mig_literal l)
{
	t->seq++;
	for (int r = 0; r < ROWS; r++)
		if (has(p->s->address[from].all, r))
			t->touched[r] = t->seq;
	return add_step(t, PLAN_STORE, from, 0, l, NS_AAP) && add_saved(t, l);
}

/* Would the value of row r be lost with the rows of `gone`? left: how often it will still be used. */
static bool unsaved(const struct place *p, const struct trial *t, int r, uint8_t gone, uint32_t left)
{
	mig_literal l = t->row[r];
	if (l == MIG_NONE || mig_is_leaf(&p->s->net->g, l >> 1) || left == 0)
		return false;
	if (in_memory(p, t, l) || in_memory(p, t, l ^ 1))
		return false;
	for (int k = 0; k < ROWS; k++)
		if (!has(gone, k) && t->row[k] != MIG_NONE && t->row[k] >> 1 == l >> 1)
			return false;
	return true;
}

/* May row r be overwritten together with the rows of `gone`? Saves its value if it would be lost. now: a command may be
 * added; otherwise it is saved only by the free second address of the activation that computed it. */
static bool save(const struct place *p, struct trial *t, int r, uint8_t gone, uint32_t left, bool now)
{
	mig_literal l = t->row[r];
	if (!unsaved(p, t, r, gone, left))
		return true;
	if (slot_free(p, t, l >> 1)) {
		mig_literal born = (l & ~1u) | (mig_literal)flag(p->st, BORN_N, l >> 1);
		return add_step(t, PLAN_SAVE, 0, 0, born, NS_SECOND) && add_saved(t, born) && take_slot(t, l >> 1);
	}
	return now && store(p, t, d_address[r], l);
}

/* Writes literal l, which is on the bitlines, through the second address `to`. */
static bool write_rows(const struct place *p, struct trial *t, uint8_t to, mig_literal l, const struct source *from)
{
	const struct lines *x = &p->s->address[to];
	bool now = from->kind != FROM_BIRTH;
	for (int r = 0; r < ROWS; r++)
		if (has(x->all, r) && t->row[r] >> 1 != l >> 1 &&
		    !save(p, t, r, x->all, t->row[r] == MIG_NONE ? 0 : uses_left(p->st, t->row[r] >> 1), now))
			return false;
	uint32_t seq = now ? ++t->seq : from->birth->seq;
	for (int r = 0; r < ROWS; r++) {
		if (from->kind == FROM_ROW && has(p->s->address[from->from].all, r))
			t->touched[r] = seq;
		if (has(x->all, r)) {
			t->touched[r] = seq;
			t->row[r] = l ^ (mig_literal)has(x->n, r);
		}
	}
	switch (from->kind) {
	case FROM_BIRTH:
		return add_step(t, PLAN_MERGE, 0, to, l, NS_SECOND) && take_slot(t, l >> 1);
	case FROM_MEMORY:
		return add_step(t, PLAN_LOAD, 0, to, l, NS_AAP);
	default:
		return add_step(t, PLAN_MOVE, from->from, to, l, NS_AAP);
	}
}

/* ---- value of a state ---- */

static uint8_t rows_with(const mig_literal row[ROWS], mig_literal l)
{
	uint8_t rows = 0;
	for (int r = 0; r < ROWS; r++)
		rows |= (uint8_t)((row[r] == l) << r);
	return rows;
}

int plan_in_place(const struct search *s, const mig_literal row[ROWS], uint32_t node)
{
	const mig_literal *in = s->net->g.v[node].in;
	uint8_t plain[3], flipped[3], any = 0;
	for (int k = 0; k < 3; k++) {
		plain[k] = rows_with(row, in[k]);
		flipped[k] = rows_with(row, in[k] ^ 1);
		any |= plain[k] | flipped[k];
	}
	if (!any)
		return 0;
	int most = 0;
	for (int a = FIRST_TRA; a < (int)AMBIT_B_ADDRESSES; a++) {
		uint8_t d = s->address[a].d;
		int n = !!(d & plain[0]) + !!(d & plain[1]) + !!(d & plain[2]);
		int f = !!(d & flipped[0]) + !!(d & flipped[1]) + !!(d & flipped[2]);
		most = n > most ? n : most;
		most = f > most ? f : most;
	}
	return most;
}

enum { MAX_BONUS = 3 * (16 + 12 + 8 + 4) * NS_AAP / 16 };

/* Estimated time saved because operands of the next majorities are in place; the best four count. */
static int64_t bonus(const struct place *p, const struct trial *t)
{
	static const int weight[4] = {16, 12, 8, 4};
	const struct search *s = p->s;
	int top[4] = {0};
	unsigned near = 0;
	for (uint32_t i = p->st->first; i < s->n_order && near < s->effort.near; i++) {
		uint32_t node = s->order[i];
		if (node == p->node || flag(p->st, COMPUTED, node))
			continue;
		near++;
		int have = plan_in_place(s, t->row, node);
		for (int k = 0; k < 4; k++)
			if (have > top[k]) {
				int lower = top[k];
				top[k] = have;
				have = lower;
			}
	}
	int64_t sum = 0;
	for (int k = 0; k < 4; k++)
		sum += top[k] * weight[k];
	return sum * NS_AAP / 16;
}

static uint64_t mix(uint64_t z)
{
	/* splitmix64's finaliser */
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rows_hash(uint64_t key, const struct trial *t)
{
	for (int r = 0; r < ROWS; r++)
		key = mix(key + t->row[r]);
	return key;
}

static void offer(const struct place *p, const struct trial *t)
{
	struct search *s = p->s;
	if (s->n_best == s->effort.width && (int64_t)t->ns - MAX_BONUS >= s->best[s->n_best - 1].score)
		return;
	int64_t score = (int64_t)t->ns - bonus(p, t);
	if (s->n_best == s->effort.width && score >= s->best[s->n_best - 1].score)
		return;
	uint64_t key = p->st->key ^ mix(p->node + 1u);
	for (unsigned i = 0; i < t->n_saved; i++)
		key ^= mix(((uint64_t)1 << 40) + t->saved[i]);
	struct place_of free = s->best[s->n_best];
	unsigned at = s->n_best;
	uint64_t hash = rows_hash(key, t);
	for (unsigned i = 0; i < s->n_best; i++)
		if (s->best[i].hash == hash) { /* the same state, reached twice */
			if (s->best[i].score <= score)
				return;
			free = s->best[i];
			at = i;
			break;
		}
	if (at == s->n_best && s->n_best < s->effort.width)
		s->n_best++;
	else if (at == s->n_best)
		free = s->best[--at];
	struct candidate *c = &s->candidate[free.at];
	*c = (struct candidate){
		.trial = *t, .key = key, .node = p->node, .parent = p->parent, .value = p->value, .tra = p->tra};
	for (; at > 0 && s->best[at - 1].score > score; at--)
		s->best[at] = s->best[at - 1];
	s->best[at] = (struct place_of){score, hash, free.at};
}

/* ---- the activation ---- */

/* Stores an output that is the complement of the majority through a dual-contact row, because no row of this address
 * holds it. */
static bool store_through_dcc(const struct place *p, struct trial *t, int dcc)
{
	if (!p->s->is_output[p->value]) { /* the activation has no second address yet */
		if (!add_step(t, PLAN_MERGE, 0, n_address(dcc), p->value, NS_SECOND) || !take_slot(t, p->node))
			return false;
		t->touched[dcc] = t->birth_seq;
	} else {
		t->touched[dcc] = ++t->seq;
		t->touched[p->row[0]] = t->seq;
		if (!add_step(t, PLAN_MOVE, d_address[p->row[0]], n_address(dcc), p->value, NS_AAP))
			return false;
	}
	t->row[dcc] = p->value ^ 1;
	return store(p, t, d_address[dcc], p->value ^ 1);
}

struct activation {
	uint8_t rows;    /* overwritten */
	int dcc;         /* holds the complement of the majority, -1: no row does */
	bool complement; /* the complement is an output */
	bool through;    /* dcc is not among the rows of the triple-row address */
};

static void finish(const struct place *p, const struct activation *a, struct trial *t)
{
	t->birth_seq = ++t->seq;
	for (int k = 0; k < 3; k++) {
		t->row[p->row[k]] = p->value;
		t->touched[p->row[k]] = t->seq;
	}
	bool ok = add_step(t, PLAN_TRA, p->tra, 0, p->value, NS_AP);
	if (ok && p->s->is_output[p->value])
		ok = add_step(t, PLAN_SAVE, 0, 0, p->value, NS_SECOND) && add_saved(t, p->value) &&
		     take_slot(t, p->node);
	if (ok && a->complement)
		ok = a->through ? store_through_dcc(p, t, a->dcc) : store(p, t, n_address(a->dcc), p->value ^ 1);
	if (ok)
		offer(p, t);
}

static void keep_rows(const struct place *p, const struct activation *a, const struct trial *from);

/* Before the value of row r is lost: tries copies into other rows by the activation that computed it, where they cost
 * no more than a copy in memory and may be operands in place. */
static void move_aside(const struct place *p, const struct activation *a, const struct trial *t, int r)
{
	for (int i = 0; i < BIRTHS; i++) {
		const struct birth *b = &p->st->birth[i];
		if (b->value == MIG_NONE || b->value >> 1 != t->row[r] >> 1)
			continue;
		for (int k = 0; k < 2 * ROWS; k++) {
			const int row = k % ROWS;
			if (has(a->rows, row) || (k >= ROWS && row < AMBIT_DCC0))
				continue;
			const uint8_t to = k < ROWS ? d_address[row] : n_address(row);
			const struct source from = {FROM_BIRTH, 0, b};
			struct trial next = *t;
			if (birth_reaches(p, t, b, &p->s->address[to]) && write_rows(p, &next, to, b->value, &from))
				keep_rows(p, a,
					  &next); /* from the start: the row may have kept an earlier one's value */
		}
	}
}

/* Saves what the rows to overwrite hold and is needed again, then activates them. */
static void keep_rows(const struct place *p, const struct activation *a, const struct trial *from)
{
	struct trial t = *from;
	for (int r = 0; r < ROWS; r++) {
		if (!has(a->rows, r) || t.row[r] == MIG_NONE)
			continue;
		/* This majority is one of the uses of its operands. */
		uint32_t left = uses_left(p->st, t.row[r] >> 1) - (p->target[r] != MIG_NONE);
		if (a->through && r == a->dcc)
			for (int k = 0; k < 3; k++)
				left -= t.row[p->row[k]] >> 1 == t.row[r] >> 1;
		if (unsaved(p, &t, r, a->rows, left))
			move_aside(p, a, &t, r);
		if (!save(p, &t, r, a->rows, left, true))
			return;
	}
	finish(p, a, &t);
}

static void activate(const struct place *p, const struct trial *t)
{
	struct activation a = {.rows = p->s->address[p->tra].all, .complement = p->s->is_output[p->value ^ 1]};
	a.dcc = has(a.rows, AMBIT_DCC0) ? AMBIT_DCC0 : has(a.rows, AMBIT_DCC1) ? AMBIT_DCC1 : -1;
	a.through = a.complement && a.dcc < 0;
	if (a.through) { /* prefer the row whose value can be lost at no cost */
		a.dcc = AMBIT_DCC0;
		struct trial probe = *t;
		if (!save(p, &probe, a.dcc, (uint8_t)(1u << a.dcc), 1, false))
			a.dcc = AMBIT_DCC1;
		a.rows |= (uint8_t)(1u << a.dcc);
	}
	keep_rows(p, &a, t);
}

/* ---- operands ---- */

/* Is it useful to raise the other rows of x too? None of them may hold an operand that is in place. */
static bool acceptable(const struct place *p, const struct trial *t, const struct lines *x, int row, mig_literal l)
{
	bool alone = true, useful = false;
	for (int r = 0; r < ROWS; r++) {
		if (!has(x->all, r) || r == row)
			continue;
		mig_literal v = l ^ (mig_literal)has(x->n, r);
		alone = false;
		if (p->target[r] != MIG_NONE && t->row[r] == p->target[r] && v != t->row[r])
			return false;
		if (v == t->row[r])
			continue;
		/* One of the uses is this majority. */
		useful |= v == p->target[r] || uses_left(p->st, v >> 1) > 1;
	}
	return alone || useful;
}

static void place_missing(struct place *p, const struct trial *t, int last, uint8_t last_rows);

/* Only the complement of the operand is at hand: inverts it through a dual-contact row that this majority does not
 * need. */
static void invert(struct place *p, const struct trial *t, int row)
{
	mig_literal l = p->target[row];
	for (int dcc = AMBIT_DCC0; dcc <= AMBIT_DCC1; dcc++) {
		const struct lines *x = &p->s->address[n_address(dcc)];
		if (dcc == row || (p->target[dcc] != MIG_NONE && t->row[dcc] == p->target[dcc]))
			continue;
		struct source from = find_source(p, t, l ^ 1, x);
		struct trial next = *t;
		if (from.kind == NO_SOURCE || !write_rows(p, &next, n_address(dcc), l ^ 1, &from))
			continue;
		const struct source back = {FROM_ROW, d_address[dcc], NULL};
		if (write_rows(p, &next, d_address[row], l, &back))
			place_missing(p, &next, -1, 0);
	}
}

static void place_row(struct place *p, const struct trial *t, int row, int last, uint8_t last_rows)
{
	bool direct = false;
	for (uint8_t a = 0; a < AMBIT_B_ADDRESSES; a++) {
		const struct lines *x = &p->s->address[a];
		if (!has(x->all, row))
			continue;
		mig_literal l = p->target[row] ^ (mig_literal)has(x->n, row);
		if (!acceptable(p, t, x, row, l))
			continue;
		struct source from = find_source(p, t, l, x);
		if (from.kind == NO_SOURCE)
			continue;
		direct = true;
		/* Copies from memory to different rows commute: only one order is tried. */
		if (from.kind == FROM_MEMORY && last > row && !(x->all & last_rows))
			continue;
		struct trial next = *t;
		if (write_rows(p, &next, a, l, &from))
			place_missing(p, &next, from.kind == FROM_MEMORY ? row : -1, x->all);
	}
	if (!direct)
		invert(p, t, row);
}

/* Places the missing operands in every order, then activates. last: row that the previous step wrote from memory (-1:
 * none), last_rows: all rows it wrote. */
static void place_missing(struct place *p, const struct trial *t, int last, uint8_t last_rows)
{
	bool missing = false;
	if (p->visits == 0)
		return;
	p->visits--;
	p->s->placements++;
	for (int k = 0; k < 3; k++)
		if (t->row[p->row[k]] != p->target[p->row[k]]) {
			missing = true;
			place_row(p, t, p->row[k], last, last_rows);
		}
	if (!missing)
		activate(p, t);
}

/* ---- assignments ---- */

struct assignment {
	uint8_t tra, row[3];
	mig_literal l[3], value;
	int bound; /* lower bound on commands */
};

/* Lower bound on the commands that bring literal l into row r. */
static int commands_for(const struct place *p, const struct trial *t, int r, mig_literal l)
{
	if (t->row[r] == l)
		return 0;
	bool plain = in_memory(p, t, l), complement = in_memory(p, t, l ^ 1);
	for (int k = 0; k < ROWS; k++) {
		plain |= t->row[k] == l || (k >= AMBIT_DCC0 && t->row[k] == (l ^ 1) && k != r);
		complement |= t->row[k] == (l ^ 1) && k != r;
	}
	return plain || (complement && r >= AMBIT_DCC0) ? 1 : 2;
}

static unsigned list_assignments(const struct place *p, const struct trial *t, struct assignment out[48])
{
	static const uint8_t order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const mig_literal *in = p->s->net->g.v[p->node].in;
	unsigned n = 0;
	for (uint8_t tra = FIRST_TRA; tra < AMBIT_B_ADDRESSES; tra++)
		for (mig_literal flip = 0; flip < 2; flip++)
			for (int o = 0; o < 6; o++) {
				struct assignment a = {.tra = tra, .value = p->node << 1 | flip};
				int k = 0;
				for (int r = 0; r < ROWS; r++)
					if (has(p->s->address[tra].d, r))
						a.row[k++] = (uint8_t)r;
				for (k = 0; k < 3; k++) {
					a.l[k] = in[order[o][k]] ^ flip;
					a.bound += commands_for(p, t, a.row[k], a.l[k]);
				}
				a.bound += p->s->is_output[a.value ^ 1];
				unsigned at = n++;
				for (; at > 0 && out[at - 1].bound > a.bound; at--)
					out[at] = out[at - 1];
				out[at] = a;
			}
	return n;
}

void plan_extend(struct search *s, unsigned parent, uint32_t node)
{
	const struct state *st = &s->state[parent];
	struct place p = {.s = s, .st = st, .parent = parent, .node = node};
	struct trial t = {.seq = st->seq, .ns = st->ns};
	struct assignment all[48] = {{0}};
	memcpy(t.row, st->row, sizeof(t.row));
	memcpy(t.touched, st->touched, sizeof(t.touched));
	unsigned n = list_assignments(&p, &t, all);
	for (unsigned i = 0; i < n && i < s->effort.assignments && all[i].bound <= all[0].bound + (int)s->effort.slack;
	     i++) {
		p.tra = all[i].tra;
		p.value = all[i].value;
		for (int r = 0; r < ROWS; r++)
			p.target[r] = MIG_NONE;
		for (int k = 0; k < 3; k++) {
			p.row[k] = all[i].row[k];
			p.target[p.row[k]] = all[i].l[k];
		}
		p.visits = s->effort.visits;
		place_missing(&p, &t, -1, 0);
	}
}

/* The contents of row r go to memory unless they are there, or are not needed again. */
static bool flush(const struct place *p, struct trial *t, int r)
{
	mig_literal l = t->row[r];
	if (l == MIG_NONE || mig_is_leaf(&p->s->net->g, l >> 1) || uses_left(p->st, l >> 1) == 0 ||
	    in_memory(p, t, l) || in_memory(p, t, l ^ 1))
		return true;
	return store(p, t, d_address[r], l);
}

void plan_plainly(struct search *s, unsigned parent, uint32_t node)
{
	const struct state *st = &s->state[parent];
	const mig_literal *in = s->net->g.v[node].in;
	struct place p = {.s = s, .st = st, .parent = parent, .node = node, .tra = FIRST_TRA, .value = node << 1};
	struct trial t = {.seq = st->seq, .ns = st->ns};
	const struct source memory = {FROM_MEMORY, 0, NULL};
	memcpy(t.row, st->row, sizeof(t.row));
	memcpy(t.touched, st->touched, sizeof(t.touched));
	bool ok = true;
	for (int r = 0; r < ROWS; r++) {
		ok = ok && flush(&p, &t, r);
		p.target[r] = MIG_NONE;
	}
	for (int r = 0, k = 0; r < ROWS; r++)
		if (has(s->address[FIRST_TRA].d, r)) {
			p.row[k] = (uint8_t)r;
			p.target[r] = in[k++];
		}
	for (int k = 0; k < 3 && ok; k++) {
		const uint8_t to = d_address[p.row[k]];
		if (in_memory(&p, &t, in[k])) {
			ok = write_rows(&p, &t, to, in[k], &memory);
			continue;
		}
		const struct source inverted = {FROM_ROW, d_address[AMBIT_DCC0], NULL};
		ok = write_rows(&p, &t, n_address(AMBIT_DCC0), in[k] ^ 1, &memory) &&
		     write_rows(&p, &t, to, in[k], &inverted);
	}
	if (ok)
		activate(&p, &t);
}
