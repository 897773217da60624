#include "ambit-emu/trace_schedule.h"

#include <stdlib.h>

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- where things are ---- */

static struct trace_rank *rank_of(struct ambit_trace *t, size_t k)
{
	return &t->rank[k / t->g.banks];
}

static struct trace_earliest *group_of(struct ambit_trace *t, size_t k)
{
	return &rank_of(t, k)->group[k % t->g.banks % t->timing.dram->bank_groups];
}

/* Position of bank k in the order in which the work fills banks: ranks first, then banks. */
static uint64_t position(const struct ambit_trace *t, const struct trace_work *w, size_t k)
{
	const struct ambit_shift *by = &w->at.shift;
	uint64_t bank = (k % t->g.banks + t->g.banks - by->bank % t->g.banks) % t->g.banks;
	uint64_t ranks = max(t->g.ranks, 1), rank = (k / t->g.banks + ranks - by->rank % ranks) % ranks;
	return bank * ranks + rank;
}

uint64_t trace_first(const struct ambit_trace *t, const struct trace_work *w)
{
	return (t->text.channel + (uint64_t)t->g.channels - w->at.shift.channel % t->g.channels) % t->g.channels;
}

uint64_t trace_slot(const struct ambit_trace *t, const struct trace_work *w, size_t k, uint64_t index)
{
	return (index * t->banks + position(t, w, k)) * t->g.channels + trace_first(t, w);
}

struct ambit_place trace_place(const struct ambit_trace *t, const struct trace_work *w, uint64_t slot)
{
	return ambit_place_at(&t->g, slot, &w->at.shift);
}

/* Does the work have a row number `index` for bank k? */
static bool has_row(const struct ambit_trace *t, const struct trace_work *w, size_t k, uint64_t index)
{
	if (w->alone)
		return index == 0 && k == w->where.rank * (size_t)t->g.banks + w->where.bank;
	return w->n ? trace_slot(t, w, k, index) < w->slots : trace_transfer_has(t, w, k, index);
}

uint32_t trace_row(const struct ambit_trace *t, const struct trace_work *w, uint64_t i, uint32_t layer)
{
	uint64_t stride = w->at.stride, first = w->layers * i;
	if (w->row)
		return stride > 1 ? w->row[stride * i + layer]
				  : (uint32_t)(((uint64_t)w->row[i] + layer) % (t->g.rows - AMBIT_RESERVED_ROWS));
	return (uint32_t)((first + layer) % (t->g.rows - AMBIT_RESERVED_ROWS));
}

/* Row number in a bank: D rows from the bottom of the subarray, C0, C1 and B0..B15 at its top. */
static uint32_t row_of(const struct ambit_trace *t, const struct trace_work *w, struct ambit_address a,
		       struct ambit_place at)
{
	uint32_t top = t->g.rows - AMBIT_RESERVED_ROWS;
	uint32_t in = a.group == AMBIT_C   ? top + a.index
		      : a.group == AMBIT_B ? top + 2 + a.index
					   : trace_row(t, w, a.index, at.layer);
	return at.subarray * t->g.rows + in;
}

static uint32_t row_open(const struct ambit_trace *t, size_t k, bool second)
{
	const struct trace_bank *b = &t->bank[k];
	const struct trace_work *w = b->work;
	if (w->n == 0)
		return b->row;
	struct ambit_place at = w->alone ? w->where : trace_place(t, w, trace_slot(t, w, k, b->index));
	const struct ambit_command *c = &w->cmd[b->at];
	return row_of(t, w, second ? c->b : c->a, at);
}

/* ---- when things may happen ---- */

uint64_t trace_tokens(const struct ambit_trace *t, const struct ambit_command *c, bool second)
{
	struct ambit_wordlines w = {0};
	if (!trace_jedec(t))
		return 0;
	if (t->timing.faw_acts != AMBIT_FAW_WORDLINES)
		return !second || t->timing.faw_acts == AMBIT_FAW_2 ? 1 : 0;
	(void)ambit_decode(second ? c->b : c->a, &w);
	return w.count;
}

static uint64_t tokens(const struct ambit_trace *t, const struct trace_bank *b)
{
	return b->work->n ? trace_tokens(t, &b->work->cmd[b->at], b->step == TRACE_SECOND) : trace_jedec(t) ? 1 : 0;
}

static uint64_t window_admits(const struct ambit_trace *t, const struct trace_rank *r, uint64_t n)
{
	if (n == 0)
		return 0;
	if (t->timing.faw_acts != AMBIT_FAW_WORDLINES)
		return r->window[r->next];
	uint64_t room = (TRACE_WINDOW - min(n, TRACE_WINDOW)) * t->timing.tfaw;
	return r->bucket > room ? (r->bucket - room + 3) / 4 : 0;
}

static void window_take(const struct ambit_trace *t, struct trace_rank *r, uint64_t ps, uint64_t n)
{
	if (n == 0)
		return;
	if (t->timing.faw_acts == AMBIT_FAW_WORDLINES) {
		r->bucket = max(r->bucket, 4 * ps) + n * t->timing.tfaw;
		return;
	}
	r->window[r->next] = ps + t->timing.tfaw;
	r->next = (r->next + 1) % TRACE_WINDOW;
}

static uint64_t share(uint64_t ps, uint64_t part, uint64_t of)
{
	return (uint64_t)((unsigned __int128)ps * part / of);
}

/* Planned time of bank k's next command: banks are spread evenly over the command's share of the batch, so that they do
 * not collide on the bus. */
static uint64_t planned(const struct ambit_trace *t, size_t k)
{
	const struct trace_bank *b = &t->bank[k];
	const struct trace_work *w = b->work;
	if (t->timing.limit == AMBIT_LIMIT_NONE || w->alone)
		return w->start;
	uint64_t here = t->banks, whole = w->slots / ambit_parallel(&t->timing), ps = w->batch;
	if (b->index >= whole) {
		uint64_t left = w->slots % ambit_parallel(&t->timing);
		here = (left - trace_first(t, w) + t->g.channels - 1) / t->g.channels;
		ps = w->rest;
	}
	return w->start + b->index * w->batch + share(ps, w->before[b->at], w->sum) +
	       share(share(ps, w->weight[b->at], w->sum), position(t, w, k), here);
}

/* tRRD to the last ACT of another bank. */
static uint64_t spacing(struct ambit_trace *t, size_t k)
{
	const struct trace_bank *b = &t->bank[k];
	const struct trace_rank *r = rank_of(t, k);
	bool second = b->step == TRACE_SECOND;
	if (!trace_jedec(t) || (second && (t->timing.faw_acts == AMBIT_FAW_1 || r->opener == k)))
		return 0;
	return max(r->at.act, group_of(t, k)->act);
}

/* Under limit=none micro-programs run at the modelled picosecond; all else is at clock edges. */
static uint64_t edge(const struct ambit_trace *t, const struct trace_bank *b, uint64_t ps)
{
	uint64_t tck = t->timing.dram->tck;
	return t->timing.limit == AMBIT_LIMIT_NONE && b->work->n ? ps : (ps + tck - 1) / tck * tck;
}

/* Timings count from the last slot of a command: time from its first to its last. */
static uint64_t lead(const struct ambit_trace *t, const struct trace_bank *b)
{
	const struct dram_part *d = t->timing.dram;
	bool act = b->step == TRACE_FIRST || b->step == TRACE_SECOND;
	uint32_t slots = act ? d->act_slots : b->step == TRACE_BURST ? d->column_slots : 1;
	return t->timing.limit == AMBIT_LIMIT_NONE && b->work->n ? 0 : (slots - 1) * (uint64_t)d->tck;
}

/* When the timings of bank and rank allow bank k's next step, in its last slot. */
static uint64_t timings_allow(struct ambit_trace *t, size_t k)
{
	const struct trace_bank *b = &t->bank[k];
	const struct trace_rank *r = rank_of(t, k);
	if (b->step == TRACE_FIRST || b->step == TRACE_SECOND)
		return max(b->ready, max(spacing(t, k), window_admits(t, r, tokens(t, b))));
	if (b->step == TRACE_BURST)
		return max(b->ready, trace_burst_allowed(t, k));
	return max(b->ready, trace_jedec(t) ? r->at.pre : 0);
}

static uint64_t allowed(struct ambit_trace *t, size_t k)
{
	const struct trace_bank *b = &t->bank[k];
	const struct trace_rank *r = rank_of(t, k);
	if (!b->work)
		return UINT64_MAX;
	uint64_t at = timings_allow(t, k), first = lead(t, b);
	at = at > first ? at - first : 0;
	if (t->timing.limit != AMBIT_LIMIT_NONE)
		at = max(at, b->step == TRACE_BURST && t->timing.dram->column_bus ? t->column_bus : t->bus);
	if (b->step == TRACE_FIRST)
		at = max(at, b->work->n ? planned(t, k) + r->pause : b->due);
	at = edge(t, b, at);
	return b->step == TRACE_FIRST && at >= r->refresh ? UINT64_MAX : at;
}

/* When a rank may be refreshed: a due refresh waits until all its banks are closed, and no bank opens before it is
 * done. */
static uint64_t refresh_allowed(const struct ambit_trace *t, uint32_t rank)
{
	uint64_t at = t->rank[rank].refresh;
	if (at == UINT64_MAX)
		return at;
	for (size_t b = 0; b < t->g.banks; b++) {
		const struct trace_bank *bank = &t->bank[rank * (size_t)t->g.banks + b];
		if (bank->step != TRACE_FIRST)
			return UINT64_MAX;
		at = max(at, bank->ready);
	}
	at = max(at, t->bus);
	return (at + t->timing.dram->tck - 1) / t->timing.dram->tck * t->timing.dram->tck;
}

/* ---- issuing ---- */

static void say(struct ambit_trace *t, size_t k, enum trace_command command, uint64_t at, uint32_t row, uint32_t column)
{
	const struct dram_part *d = t->timing.dram;
	struct trace_event e = {.ps = at, .command = command, .row = row, .column = column};
	bool burst = command == TRACE_RD || command == TRACE_WR;
	e.rank = (uint32_t)(k / t->g.banks);
	e.bank = (uint32_t)(k % t->g.banks);
	trace_text_event(&t->text, &e);
	uint64_t slots = burst ? d->column_slots : command == TRACE_ACT ? d->act_slots : 1, clock = at / d->tck;
	uint64_t *bus = burst && d->column_bus ? &t->column_bus : &t->bus;
	*bus = max(*bus, (clock + slots) * d->tck);
}

static void issue_refresh(struct ambit_trace *t, uint32_t rank, uint64_t at)
{
	size_t first = rank * (size_t)t->g.banks;
	bool moving = false; /* the rate of a transfer includes refreshes */
	say(t, first, TRACE_REF, at, 0, 0);
	for (size_t b = 0; b < t->g.banks; b++) {
		const struct trace_work *w = t->bank[first + b].work;
		moving = moving || (w && w->n == 0);
		t->bank[first + b].ready = at + t->timing.dram->trfc;
	}
	struct trace_rank *r = &t->rank[rank];
	r->pause += moving ? 0 : at + t->timing.dram->trfc - r->refresh;
	r->refresh += t->timing.dram->trefi;
}

void trace_work_free(struct trace_work *w)
{
	free(w->cmd);
	free(w->row);
	free(w->weight);
	free(w->before);
	free(w);
}

void trace_finish(struct ambit_trace *t)
{
	while (t->first && t->first->unfinished == 0) {
		struct trace_work *w = t->first;
		t->first = w->next;
		trace_work_free(w);
	}
	if (!t->first)
		t->last = NULL;
}

/* Moves bank k on to its next row, in this or a later work. */
static void advance(struct ambit_trace *t, size_t k)
{
	struct trace_bank *b = &t->bank[k];
	while (b->work && !has_row(t, b->work, k, b->index)) {
		b->work->unfinished--;
		b->work = b->work->next;
		b->index = 0;
		b->at = 0;
	}
	if (b->work && b->work->n == 0)
		trace_transfer_arrive(t, k);
}

static void issue_close(struct ambit_trace *t, size_t k, uint64_t at)
{
	struct trace_bank *b = &t->bank[k];
	bool aap = b->work->n && b->work->cmd[b->at].kind == AMBIT_AAP;
	say(t, k, TRACE_PRE, at, row_open(t, k, aap), 0);
	b->ready = at + t->timing.dram->trp;
	b->step = TRACE_FIRST;
	rank_of(t, k)->at.pre = at + t->timing.dram->tppd;
	if (b->work->n == 0 || ++b->at == b->work->n) {
		b->at = 0;
		b->index++;
		advance(t, k);
	}
}

/* Notes an ACT for tRRD and the activation window. */
static void count_act(struct ambit_trace *t, size_t k, uint64_t at)
{
	const struct trace_bank *b = &t->bank[k];
	struct trace_rank *r = rank_of(t, k);
	window_take(t, r, at, tokens(t, b));
	if (b->step == TRACE_SECOND && t->timing.faw_acts == AMBIT_FAW_1)
		return;
	r->at.act = at + t->timing.dram->trrd_s;
	group_of(t, k)->act = at + t->timing.dram->trrd_l;
	r->opener = k;
}

/* at: of the first slot of the command. */
static void issue(struct ambit_trace *t, size_t k, uint64_t at)
{
	const struct dram_part *d = t->timing.dram;
	struct trace_bank *b = &t->bank[k];
	const struct ambit_command *c = b->work->n ? &b->work->cmd[b->at] : NULL;
	uint64_t last = at + lead(t, b);
	switch (b->step) {
	case TRACE_FIRST:
		count_act(t, k, last);
		say(t, k, TRACE_ACT, at, row_open(t, k, false), 0);
		b->opened = last;
		b->ready = last + (c ? d->tras : d->trcd);
		b->step = !c ? TRACE_BURST : c->kind == AMBIT_AAP ? TRACE_SECOND : TRACE_CLOSE;
		return;
	case TRACE_SECOND:
		count_act(t, k, last);
		if (!t->raw_aap)
			say(t, k, TRACE_PRE, at, row_open(t, k, false), 0);
		say(t, k, TRACE_ACT, at, row_open(t, k, true), 0);
		b->ready = last + ambit_command_ps(&t->timing, c) - d->tras - d->trp;
		b->step = TRACE_CLOSE;
		return;
	case TRACE_BURST:
		say(t, k, b->work->write ? TRACE_WR : TRACE_RD, at, b->row, (uint32_t)(b->at * t->beats));
		if (trace_burst_issue(t, k, last))
			b->step = TRACE_CLOSE;
		return;
	default:
		issue_close(t, k, at);
	}
}

/* What goes first at equal times. Activations are what most programs wait for, a precharge is not missed for a clock.
 */
static int urgency(const struct ambit_trace *t, const struct trace_bank *b)
{
	switch (b->step) {
	case TRACE_FIRST:
		return 2;
	case TRACE_SECOND:
		return t->timing.faw_acts == AMBIT_FAW_1 ? 1 : 3;
	case TRACE_BURST:
		return 1;
	default:
		return 0;
	}
}

static bool goes_first(const struct ambit_trace *t, const struct trace_bank *a, const struct trace_bank *b)
{
	int x = urgency(t, a), y = urgency(t, b);
	if (x != y || a->step != TRACE_BURST || b->step != TRACE_BURST)
		return x > y;
	if (a->work != b->work)
		return a->work->number < b->work->number;
	return trace_burst_place(a) < trace_burst_place(b);
}

/* Issues all commands that can be issued before `until`, in order of time. */
void trace_run(struct ambit_trace *t, uint64_t until)
{
	while (t->rc == 0) {
		uint64_t when = until;
		size_t k = t->banks, rank = t->g.ranks;
		for (size_t i = 0; i < t->banks; i++) {
			uint64_t at = allowed(t, i);
			if (at < when || (at == when && k < t->banks && goes_first(t, &t->bank[i], &t->bank[k]))) {
				when = at;
				k = i;
			}
		}
		for (uint32_t r = 0; r < t->g.ranks; r++) {
			uint64_t at = refresh_allowed(t, r);
			if (at < when) {
				when = at;
				rank = r;
			}
		}
		if (rank < t->g.ranks)
			issue_refresh(t, (uint32_t)rank, when);
		else if (k < t->banks)
			issue(t, k, when);
		else
			break;
		if (t->text.rc < 0)
			t->rc = t->text.rc;
	}
	trace_finish(t);
}

/* Idle ranks restart at the modelled time, whatever time refreshes took before. */
static void resume(struct ambit_trace *t)
{
	for (uint32_t r = 0; r < t->g.ranks; r++) {
		bool idle = true;
		for (size_t b = 0; b < t->g.banks; b++)
			idle = idle && !t->bank[r * (size_t)t->g.banks + b].work;
		if (idle)
			t->rank[r].pause = t->now - t->plan;
	}
}

void trace_enqueue(struct ambit_trace *t, struct trace_work *w)
{
	resume(t);
	w->start = t->plan;
	w->real = t->now;
	w->layers = ambit_layers(&t->g, w->slots);
	w->unfinished = t->banks;
	w->number = t->works++;
	if (w->n == 0)
		trace_transfer_begin(t, w);
	if (t->last)
		t->last->next = w;
	else
		t->first = w;
	t->last = w;
	for (size_t k = 0; k < t->banks; k++)
		if (!t->bank[k].work) {
			t->bank[k].work = w;
			t->bank[k].index = t->bank[k].at = 0;
			advance(t, k);
		}
}
