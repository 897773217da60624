#include "ambit-emu/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ambit-emu/trace_text.h"
#include "base/core/err.h"
#include "energy/model/dram_energy.h"

enum { WINDOW = 4, LINE_BYTES = 64 };

/* A micro-program on rows, or a transfer (n = 0), until every bank is through with it. */
struct work {
	struct work *next;
	uint64_t start, slots; /* start by plan; rows over all channels */
	uint64_t layers;       /* of the vectors' rows in a subarray */
	size_t unfinished;     /* banks */
	size_t n;              /* commands */
	struct ambit_command *cmd;
	uint32_t *row;                  /* of D rows, NULL: in order */
	uint64_t batch, rest;           /* ps of a whole batch, and of the last where that is partial */
	uint64_t *weight, *before, sum; /* share of the batch that each command is given; added up before it; in all */
	uint64_t real;                  /* modelled start: of a transfer, whose rate has room for refreshes */
	uint64_t bytes, pace;           /* of a transfer; ps per row */
	bool write;
};

enum step { FIRST, SECOND, BURST, CLOSE };

struct bank {
	struct work *work;
	uint64_t ready; /* when its own timing allows the next step */
	uint64_t index; /* row of this bank in the work */
	size_t at;      /* command, or burst */
	uint64_t opened;
	enum step step;
};

struct rank {
	uint64_t window[WINDOW]; /* when each of four activations stops counting, oldest at `next` */
	unsigned next;
	uint64_t bucket;  /* token bucket in quarter picoseconds (faw_acts=wl) */
	uint64_t act;     /* next first ACT by tRRD_S */
	uint64_t *group;  /* by tRRD_L, for each bank group */
	uint64_t refresh; /* due */
	uint64_t pause;   /* how far refreshes have shifted the plan */
};

struct ambit_trace {
	struct ambit_timing timing;
	struct ambit_geometry g;
	bool raw_aap;
	uint64_t now;  /* modelled */
	uint64_t plan; /* the same without refreshes: what they take is added per rank */
	uint64_t data_free, bus_free;
	uint32_t burst_bytes;
	size_t banks; /* of the channel */
	struct bank *bank;
	struct rank *rank;
	uint64_t *groups;
	struct work *first, *last;
	int rc;
	struct trace_text text;
};

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool jedec(const struct ambit_trace *t)
{
	return t->timing.limit == AMBIT_LIMIT_JEDEC;
}

/* ---- where things are ---- */

static struct rank *rank_of(struct ambit_trace *t, size_t k)
{
	return &t->rank[k / t->g.banks];
}

static uint64_t *group_of(struct ambit_trace *t, size_t k)
{
	return &rank_of(t, k)->group[k % t->g.banks % t->timing.dram->bank_groups];
}

/* Place of a bank among those that a batch fills: ranks first, then banks. */
static uint64_t position(const struct ambit_trace *t, size_t k)
{
	return (uint64_t)(k % t->g.banks) * t->g.ranks + k / t->g.banks;
}

static uint64_t slot_of(const struct ambit_trace *t, size_t k, uint64_t index)
{
	return (index * t->banks + position(t, k)) * t->g.channels + t->text.channel;
}

/* D rows from the bottom of a subarray, C0, C1 and B0..B15 at its top. */
static uint32_t row_of(const struct ambit_trace *t, const struct work *w, struct ambit_address a, struct ambit_place at)
{
	uint64_t rows = t->g.rows, top = rows - AMBIT_RESERVED_ROWS;
	uint64_t in = a.group == AMBIT_C   ? top + a.index
		      : a.group == AMBIT_B ? top + 2 + a.index
					   : (w->row ? w->row[a.index] : a.index * w->layers) + at.layer;
	return (uint32_t)(at.subarray * rows + in % rows);
}

static uint32_t row_open(const struct ambit_trace *t, size_t k, bool second)
{
	const struct bank *b = &t->bank[k];
	const struct work *w = b->work;
	struct ambit_place at = ambit_place(&t->g, slot_of(t, k, b->index));
	if (w->n == 0)
		return row_of(t, w, (struct ambit_address){AMBIT_D, 0, 0}, at);
	const struct ambit_command *c = &w->cmd[b->at];
	return row_of(t, w, second ? c->b : c->a, at);
}

/* ---- when things may happen ---- */

static uint64_t tokens_of(const struct ambit_trace *t, const struct ambit_command *c, bool second)
{
	struct ambit_wordlines w = {0};
	if (!jedec(t))
		return 0;
	if (t->timing.faw_acts != AMBIT_FAW_WORDLINES)
		return !second || t->timing.faw_acts == AMBIT_FAW_2 ? 1 : 0;
	(void)ambit_decode(second ? c->b : c->a, &w);
	return w.count;
}

static uint64_t tokens(const struct ambit_trace *t, const struct bank *b)
{
	return b->work->n ? tokens_of(t, &b->work->cmd[b->at], b->step == SECOND) : jedec(t) ? 1 : 0;
}

static uint64_t window_admits(const struct ambit_trace *t, const struct rank *r, uint64_t n)
{
	if (n == 0)
		return 0;
	if (t->timing.faw_acts != AMBIT_FAW_WORDLINES)
		return r->window[r->next];
	uint64_t room = (WINDOW - min(n, WINDOW)) * t->timing.tfaw;
	return r->bucket > room ? (r->bucket - room + 3) / 4 : 0;
}

static void window_take(const struct ambit_trace *t, struct rank *r, uint64_t ps, uint64_t n)
{
	if (n == 0)
		return;
	if (t->timing.faw_acts == AMBIT_FAW_WORDLINES) {
		r->bucket = max(r->bucket, 4 * ps) + n * t->timing.tfaw;
		return;
	}
	r->window[r->next] = ps + t->timing.tfaw;
	r->next = (r->next + 1) % WINDOW;
}

static uint64_t share(uint64_t ps, uint64_t part, uint64_t of)
{
	return (uint64_t)((unsigned __int128)ps * part / of);
}

/* Rows of a transfer come one after the other at an even pace. */
static uint64_t row_due(const struct ambit_trace *t, size_t k)
{
	const struct bank *b = &t->bank[k];
	return b->work->real + b->work->pace * (b->index * t->banks + position(t, k));
}

/* By plan: banks spread evenly over each command's share of the batch, so that they do not collide on the bus. */
static uint64_t planned(const struct ambit_trace *t, size_t k)
{
	const struct bank *b = &t->bank[k];
	const struct work *w = b->work;
	if (t->timing.limit == AMBIT_LIMIT_NONE)
		return w->start;
	uint64_t here = t->banks, whole = w->slots / ambit_parallel(&t->timing), ps = w->batch;
	if (b->index >= whole) {
		uint64_t left = w->slots % ambit_parallel(&t->timing);
		here = (left - t->text.channel + t->g.channels - 1) / t->g.channels;
		ps = w->rest;
	}
	return w->start + b->index * w->batch + share(ps, w->before[b->at], w->sum) +
	       share(share(ps, w->weight[b->at], w->sum), position(t, k), here);
}

static uint64_t allowed(struct ambit_trace *t, size_t k)
{
	const struct bank *b = &t->bank[k];
	struct rank *r = rank_of(t, k);
	if (!b->work)
		return UINT64_MAX;
	uint64_t at = max(b->ready, t->timing.limit == AMBIT_LIMIT_NONE ? 0 : t->bus_free);
	if (b->step == FIRST) {
		at = max(at, b->work->n ? planned(t, k) + r->pause : row_due(t, k));
		if (jedec(t))
			at = max(at, max(r->act, *group_of(t, k)));
	}
	if (b->step == FIRST || b->step == SECOND)
		at = max(at, window_admits(t, r, tokens(t, b)));
	if (b->step == BURST)
		at = max(at, t->data_free);
	return b->step == FIRST && at >= r->refresh ? UINT64_MAX : at;
}

/* A refresh that is due waits until all banks of its rank are closed; no row is opened before it is done. */
static uint64_t refresh_allowed(const struct ambit_trace *t, uint32_t rank)
{
	uint64_t at = t->rank[rank].refresh;
	if (at == UINT64_MAX)
		return at;
	for (size_t b = 0; b < t->g.banks; b++) {
		const struct bank *bank = &t->bank[rank * (size_t)t->g.banks + b];
		if (bank->step != FIRST)
			return UINT64_MAX;
		at = max(at, bank->ready);
	}
	return max(at, t->bus_free);
}

/* ---- issuing ---- */

static void say(struct ambit_trace *t, size_t k, enum trace_command command, uint64_t at, uint32_t row, uint32_t column)
{
	const struct ambit_dram *d = t->timing.dram;
	struct trace_event e = {.ps = at, .command = command, .row = row, .column = column};
	e.rank = (uint32_t)(k / t->g.banks);
	e.bank = (uint32_t)(k % t->g.banks);
	trace_text_event(&t->text, &e);
	uint64_t slots = command == TRACE_ACT ? d->act_slots : 1, clock = at / d->tck;
	t->bus_free = max(t->bus_free, (clock + slots) * d->tck);
}

static void issue_refresh(struct ambit_trace *t, uint32_t rank, uint64_t at)
{
	size_t first = rank * (size_t)t->g.banks;
	say(t, first, TRACE_REF, at, 0, 0);
	for (size_t b = 0; b < t->g.banks; b++)
		t->bank[first + b].ready = at + t->timing.dram->trfc;
	struct rank *r = &t->rank[rank];
	r->pause += at + t->timing.dram->trfc - r->refresh;
	r->refresh += t->timing.dram->trefi;
}

static void finish(struct ambit_trace *t)
{
	while (t->first && t->first->unfinished == 0) {
		struct work *w = t->first;
		t->first = w->next;
		free(w->cmd);
		free(w->row);
		free(w->weight);
		free(w->before);
		free(w);
	}
	if (!t->first)
		t->last = NULL;
}

/* Gives a bank the next row of its work, or the next work that has one for it. */
static void advance(struct ambit_trace *t, size_t k)
{
	struct bank *b = &t->bank[k];
	while (b->work && slot_of(t, k, b->index) >= b->work->slots) {
		b->work->unfinished--;
		b->work = b->work->next;
		b->index = 0;
		b->at = 0;
	}
}

static uint64_t bursts_of(const struct ambit_trace *t, size_t k)
{
	const struct bank *b = &t->bank[k];
	uint64_t row = ambit_row_bytes(&t->g), bytes = b->work->bytes - slot_of(t, k, b->index) * row;
	return (min(bytes, row) + t->burst_bytes - 1) / t->burst_bytes;
}

static void issue_burst(struct ambit_trace *t, size_t k, uint64_t at)
{
	const struct ambit_dram *d = t->timing.dram;
	struct bank *b = &t->bank[k];
	uint64_t n = bursts_of(t, k), beats = (uint64_t)t->burst_bytes * 8 / d->channel_bits;
	say(t, k, b->work->write ? TRACE_WR : TRACE_RD, at, row_open(t, k, false), (uint32_t)(b->at * beats));
	t->data_free = at + beats * d->tck / 2;
	if (++b->at < n) { /* what a refresh held up goes faster than the pace */
		b->ready = max(t->data_free, row_due(t, k) + d->trcd + b->at * b->work->pace / n);
		return;
	}
	b->ready = max(b->opened + d->tras, at + (b->work->write ? d->twr : d->trtp));
	b->step = CLOSE;
	b->at = 0;
}

static void issue_close(struct ambit_trace *t, size_t k, uint64_t at)
{
	struct bank *b = &t->bank[k];
	bool aap = b->work->n && b->work->cmd[b->at].kind == AMBIT_AAP;
	say(t, k, TRACE_PRE, at, row_open(t, k, aap), 0);
	b->ready = at + t->timing.dram->trp;
	b->step = FIRST;
	if (b->work->n == 0 || ++b->at == b->work->n) {
		b->at = 0;
		b->index++;
		advance(t, k);
	}
}

static void issue(struct ambit_trace *t, size_t k, uint64_t at)
{
	const struct ambit_dram *d = t->timing.dram;
	struct bank *b = &t->bank[k];
	const struct ambit_command *c = b->work->n ? &b->work->cmd[b->at] : NULL;
	switch (b->step) {
	case FIRST:
		window_take(t, rank_of(t, k), at, tokens(t, b));
		rank_of(t, k)->act = at + d->trrd_s;
		*group_of(t, k) = at + d->trrd_l;
		say(t, k, TRACE_ACT, at, row_open(t, k, false), 0);
		b->opened = at;
		b->ready = at + (c ? d->tras : d->trcd);
		b->step = !c ? BURST : c->kind == AMBIT_AAP ? SECOND : CLOSE;
		return;
	case SECOND:
		window_take(t, rank_of(t, k), at, tokens(t, b));
		if (!t->raw_aap)
			say(t, k, TRACE_PRE, at, row_open(t, k, false), 0);
		say(t, k, TRACE_ACT, at, row_open(t, k, true), 0);
		b->ready = at + ambit_command_ps(&t->timing, c) - d->tras - d->trp;
		b->step = CLOSE;
		return;
	case BURST:
		issue_burst(t, k, at);
		return;
	default:
		issue_close(t, k, at);
	}
}

/* Everything that can happen before `until`, in order of time. */
static void run(struct ambit_trace *t, uint64_t until)
{
	while (t->rc == 0) {
		uint64_t when = until;
		size_t k = t->banks, rank = t->g.ranks;
		for (size_t i = 0; i < t->banks; i++) {
			uint64_t at = allowed(t, i);
			/* An open row is served before a closed one that waits as long. */
			if (at < when || (at == when && k < t->banks && t->bank[i].step > t->bank[k].step)) {
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
	finish(t);
}

/* ---- work ---- */

/* Shares of a batch: by what limits it. */
static void set_weights(const struct ambit_trace *t, struct work *w)
{
	const struct ambit_dram *d = t->timing.dram;
	uint64_t sum[3] = {0};
	int most = 0;
	for (int kind = 0; kind < 4; kind++) {
		w->sum = 0;
		for (size_t i = 0; i < w->n; i++) {
			const struct ambit_command *c = &w->cmd[i];
			bool aap = c->kind == AMBIT_AAP;
			uint64_t need[3] = {ambit_command_ps(&t->timing, c)};
			if (t->timing.limit != AMBIT_LIMIT_NONE)
				need[1] = ((aap ? 2u : 1u) * d->act_slots + 1u) * (uint64_t)d->tck * t->banks;
			need[2] = (tokens_of(t, c, false) + (aap ? tokens_of(t, c, true) : 0)) * t->timing.tfaw *
				  t->g.banks / WINDOW;
			w->weight[i] = need[kind < 3 ? kind : most];
			w->before[i] = w->sum;
			w->sum += w->weight[i];
		}
		if (kind < 3)
			sum[kind] = w->sum;
		if (kind < 3 && sum[kind] > sum[most])
			most = kind;
	}
}

/* Ranks that have nothing to do begin at the modelled time, whatever refreshes took before. */
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

static int enqueue(struct ambit_trace *t, struct work *w)
{
	resume(t);
	w->start = t->plan;
	w->real = t->now;
	w->layers = ambit_layers(&t->g, w->slots);
	w->unfinished = t->banks;
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
	return t->rc;
}

int ambit_trace_program(struct ambit_trace *t, const struct ambit_program *p, uint64_t slots, const uint32_t *row)
{
	uint64_t ps = ambit_elapsed_ps(&t->timing, p, slots), parallel = ambit_parallel(&t->timing);
	if (t->text.format == AMBIT_TRACE_HOST || p->n == 0 || slots == 0 || t->rc < 0) {
		t->now += ps;
		return t->rc;
	}
	struct work *w = calloc(1, sizeof(*w));
	if (w) {
		w->n = p->n;
		w->cmd = malloc(p->n * sizeof(*w->cmd));
		w->weight = calloc(p->n, sizeof(*w->weight));
		w->before = calloc(p->n, sizeof(*w->before));
		w->row = row && p->rows ? malloc(p->rows * sizeof(*w->row)) : NULL;
	}
	if (!w || !w->cmd || !w->weight || !w->before || (row && p->rows && !w->row)) {
		if (w) {
			free(w->cmd);
			free(w->weight);
			free(w->before);
			free(w->row);
		}
		free(w);
		return t->rc = -ENOMEM;
	}
	memcpy(w->cmd, p->cmd, p->n * sizeof(*w->cmd));
	if (w->row)
		memcpy(w->row, row, p->rows * sizeof(*w->row));
	w->slots = slots;
	struct ambit_timing plan = t->timing;
	plan.refresh = false;
	w->batch = ambit_batch_ps(&plan, p, min(slots, parallel));
	w->rest = ambit_batch_ps(&plan, p, slots % parallel);
	set_weights(t, w);
	(void)enqueue(t, w);
	t->now += ps;
	t->plan += ambit_elapsed_ps(&plan, p, slots);
	run(t, t->now);
	return t->rc;
}

/* Lines of the host in the order of rows. */
static void transfer_lines(struct ambit_trace *t, uint64_t bytes, uint32_t first_row, bool write)
{
	uint64_t row_bytes = ambit_row_bytes(&t->g);
	for (uint64_t slot = t->text.channel; slot * row_bytes < bytes; slot += t->g.channels) {
		struct ambit_place at = ambit_place(&t->g, slot);
		uint64_t row = at.subarray * (uint64_t)t->g.rows + (first_row + at.layer) % t->g.rows;
		uint64_t line = (((row * t->g.ranks + at.rank) * t->g.banks + at.bank) * t->g.channels + at.channel) *
				row_bytes;
		uint64_t n = min(row_bytes, bytes - slot * row_bytes);
		for (uint64_t i = 0; i < n; i += LINE_BYTES)
			trace_text_line(&t->text, line + i, write);
	}
	t->rc = t->text.rc;
}

int ambit_trace_transfer(struct ambit_trace *t, uint64_t bytes, uint32_t row, uint64_t ps, bool write)
{
	uint64_t row_bytes = ambit_row_bytes(&t->g), slots = (bytes + row_bytes - 1) / row_bytes;
	if (t->text.format == AMBIT_TRACE_HOST && t->rc == 0)
		transfer_lines(t, bytes, row, write);
	if (t->text.format == AMBIT_TRACE_HOST || bytes == 0 || t->rc < 0) {
		t->now += ps;
		return t->rc;
	}
	struct work *w = calloc(1, sizeof(*w));
	uint32_t *first = malloc(sizeof(*first));
	if (!w || !first) {
		free(w);
		free(first);
		return t->rc = -ENOMEM;
	}
	*first = row;
	w->row = first;
	w->slots = slots;
	w->bytes = bytes;
	w->write = write;
	w->pace = ps / ((slots + t->g.channels - 1) / t->g.channels);
	(void)enqueue(t, w);
	t->now += ps;
	t->plan += ps;
	run(t, t->now);
	return t->rc;
}

int ambit_trace_idle(struct ambit_trace *t, uint64_t ps)
{
	t->now += ps;
	t->plan += ps;
	run(t, t->now);
	return t->rc;
}

uint64_t ambit_trace_ps(const struct ambit_trace *t)
{
	return t->now;
}

/* ---- beginning and end ---- */

static void release(struct ambit_trace *t)
{
	for (struct work *w = t->first; w; w = w->next)
		w->unfinished = 0;
	finish(t);
	free(t->bank);
	free(t->rank);
	free(t->groups);
	free(t);
}

static int set_up(struct ambit_trace *t, const struct ambit_trace_config *c)
{
	const struct ambit_dram *d = c->timing->dram;
	const struct dram_part *part = dram_part_find(d->energy_part);
	t->timing = *c->timing;
	t->g = *c->geometry;
	t->raw_aap = c->raw_aap;
	t->burst_bytes = part ? d->channel_bits / 8 * (uint32_t)part->burst_length : LINE_BYTES;
	t->banks = (size_t)t->g.ranks * t->g.banks;
	t->bank = calloc(t->banks, sizeof(*t->bank));
	t->rank = calloc(t->g.ranks, sizeof(*t->rank));
	t->groups = calloc((size_t)t->g.ranks * d->bank_groups, sizeof(*t->groups));
	if (!t->bank || !t->rank || !t->groups)
		return -ENOMEM;
	for (uint32_t r = 0; r < t->g.ranks; r++) {
		t->rank[r].group = t->groups + (size_t)r * d->bank_groups;
		t->rank[r].refresh = jedec(t) && t->timing.refresh ? d->trefi : UINT64_MAX;
	}
	return 0;
}

int ambit_trace_open(const struct ambit_trace_config *c, struct ambit_trace **out, char *err, size_t n)
{
	*out = NULL;
	if (c->channel >= c->geometry->channels)
		return mw_fail(-EINVAL, err, n, "trace of channel %u: there are %u", c->channel, c->geometry->channels);
	if (c->timing->salp > 1 && c->format != AMBIT_TRACE_HOST)
		return mw_fail(-EOPNOTSUPP, err, n,
			       "trace: salp=%u has several open rows in a bank, no format says that", c->timing->salp);
	struct ambit_trace *t = calloc(1, sizeof(*t));
	int rc = t ? set_up(t, c) : -ENOMEM;
	if (rc < 0) {
		if (t)
			release(t);
		return mw_fail(rc, err, n, "trace: out of memory");
	}
	trace_text_begin(&t->text, c);
	*out = t;
	return 0;
}

int ambit_trace_close(struct ambit_trace *t)
{
	if (!t)
		return 0;
	uint64_t end = t->now;
	run(t, t->now);
	for (uint32_t r = 0; r < t->g.ranks; r++)
		t->rank[r].refresh = UINT64_MAX; /* what is left drains */
	run(t, UINT64_MAX);
	for (size_t k = 0; k < t->banks; k++)
		end = max(end, t->bank[k].ready);
	trace_text_end(&t->text, end, t->now);
	int rc = t->rc < 0 ? t->rc : t->text.rc;
	release(t);
	return rc;
}
