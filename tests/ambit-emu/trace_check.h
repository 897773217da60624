/* Checks every command of a trace against JEDEC's rules, from the text and a preset's timings alone: it shares no code
 * with the scheduler. Distances are whole clocks, each timing rounded up, and count from the last slot of a command.
 *
 * The second ACT of an AAP, to an open bank (raw) or with a PRE of its bank just before it in the same clock (lowered),
 * is no JEDEC command. It is checked against tRRD, tFAW and the bus as faw_acts says, and the bank then closes no
 * earlier than the AAP allows. */
#ifndef TEST_TRACE_CHECK_H
#define TEST_TRACE_CHECK_H

#include <stdint.h>

#include "energy/model/dram_energy.h"
#include "tests/ambit-emu/trace_read.h"

enum check_command { CHECK_ACT, CHECK_PRE, CHECK_RD, CHECK_WR, CHECK_REF, CHECK_COMMANDS };

enum { CHECK_BANKS = 64, CHECK_GROUPS = 16, CHECK_RANKS = 4 };

struct check_bank {
	int open; /* activations since it was closed */
	unsigned row, column;
	int64_t second; /* clock of the second ACT of an AAP */
	int64_t last[CHECK_COMMANDS];
};

struct check_rank {
	struct check_bank bank[CHECK_BANKS];
	int64_t group[CHECK_GROUPS][CHECK_COMMANDS], last[CHECK_COMMANDS];
	int64_t window[4]; /* clocks of the last four ACTs that count, oldest first */
};

struct check {
	const struct ambit_timing *t;
	bool bus, window; /* the limit has a command bus; and tRRD, tFAW, tPPD */
	struct check_rank rank[CHECK_RANKS];
	int64_t row_bus, column_bus, data; /* free from here on */
	unsigned data_rank;
	uint64_t commands, illegal, columns;
	char first[200]; /* what the first illegal command was */
};

static inline int64_t check_clocks(const struct check *c, uint64_t ps)
{
	return (int64_t)((ps + c->t->dram->tck - 1) / c->t->dram->tck);
}

static inline void check_fail(struct check *c, const struct trace_line *l, const char *rule)
{
	if (c->illegal++ == 0)
		(void)snprintf(c->first, sizeof(c->first), "%s of rank %u bank %u at clock %llu: %s", l->command,
			       l->rank, l->bank, (unsigned long long)l->clock, rule);
}

/* Is l at least `ps` after the clock `from`? */
static inline void check_after(struct check *c, const struct trace_line *l, int64_t from, uint64_t ps, const char *rule)
{
	if ((int64_t)l->clock < from + check_clocks(c, ps))
		check_fail(c, l, rule);
}

static inline int64_t check_beats(const struct check *c)
{
	return c->t->dram->burst_length;
}

/* Checks the slots of a command and returns it at the clock of its last one. */
static inline struct trace_line check_bus(struct check *c, const struct trace_line *l, enum check_command what)
{
	const struct dram_part *d = c->t->dram;
	bool column = what == CHECK_RD || what == CHECK_WR;
	int64_t *bus = column && d->column_bus ? &c->column_bus : &c->row_bus;
	unsigned slots = column ? d->column_slots : what == CHECK_ACT ? d->act_slots : 1;
	if ((int64_t)l->clock < *bus && c->bus)
		check_fail(c, l, "command bus");
	*bus = (int64_t)l->clock + slots;
	struct trace_line last = *l;
	last.clock += slots - 1;
	return last;
}

static inline void check_act(struct check *c, const struct trace_line *l, bool second)
{
	const struct dram_part *d = c->t->dram;
	struct check_rank *r = &c->rank[l->rank];
	struct check_bank *b = &r->bank[l->bank];
	bool counts = c->window && (!second || c->t->faw_acts != AMBIT_FAW_1);
	if (second) {
		check_after(c, l, b->last[CHECK_ACT], d->tras, "second ACT before tRAS");
	} else {
		check_after(c, l, b->last[CHECK_PRE], d->trp, "tRP");
		check_after(c, l, b->last[CHECK_ACT], (uint64_t)d->tras + d->trp, "tRC");
		check_after(c, l, r->last[CHECK_REF], d->trfc, "tRFC");
	}
	if (counts) {
		check_after(c, l, r->last[CHECK_ACT], d->trrd_s, "tRRD_S");
		check_after(c, l, r->group[l->group][CHECK_ACT], d->trrd_l, "tRRD_L");
		if (c->t->faw_acts != AMBIT_FAW_WORDLINES)
			check_after(c, l, r->window[0], c->t->tfaw, "tFAW");
		for (int i = 0; i < 3; i++)
			r->window[i] = r->window[i + 1];
		r->window[3] = (int64_t)l->clock;
		r->last[CHECK_ACT] = r->group[l->group][CHECK_ACT] = (int64_t)l->clock;
	}
	b->row = l->row;
	b->column = 0;
	if (second)
		b->second = (int64_t)l->clock;
	else
		b->last[CHECK_ACT] = (int64_t)l->clock;
	b->open++;
}

static inline void check_pre(struct check *c, const struct trace_line *l)
{
	const struct dram_part *d = c->t->dram;
	struct check_rank *r = &c->rank[l->rank];
	struct check_bank *b = &r->bank[l->bank];
	uint64_t burst = dram_part_burst_ps(d);
	if (!b->open)
		check_fail(c, l, "PRE of a closed bank");
	check_after(c, l, b->last[CHECK_ACT], d->tras, "tRAS");
	if (b->open == 2)
		check_after(c, l, b->second, d->overlap, "overlap of an AAP");
	check_after(c, l, b->last[CHECK_RD], d->trtp, "tRTP");
	check_after(c, l, b->last[CHECK_WR], d->tcwl + burst + d->twr, "tWR");
	if (c->window)
		check_after(c, l, r->last[CHECK_PRE], d->tppd, "tPPD");
	b->open = 0;
	b->last[CHECK_PRE] = r->last[CHECK_PRE] = (int64_t)l->clock;
}

static inline void check_ref(struct check *c, const struct trace_line *l)
{
	struct check_rank *r = &c->rank[l->rank];
	for (int k = 0; k < CHECK_BANKS; k++) {
		if (r->bank[k].open)
			check_fail(c, l, "refresh with an open bank");
		check_after(c, l, r->bank[k].last[CHECK_PRE], c->t->dram->trp, "refresh before tRP");
	}
	check_after(c, l, r->last[CHECK_REF], c->t->dram->trfc, "refresh before tRFC");
	r->last[CHECK_REF] = (int64_t)l->clock;
}

static inline void check_data(struct check *c, const struct trace_line *l, bool write)
{
	const struct dram_part *d = c->t->dram;
	int64_t start = (int64_t)l->clock + check_clocks(c, write ? d->tcwl : d->tcl);
	if (start < c->data + (c->data_rank != l->rank ? check_clocks(c, d->tcs) : 0))
		check_fail(c, l, "data bus");
	c->data = start + check_beats(c) / c->t->dram->data_rate;
	c->data_rank = l->rank;
}

static inline void check_column(struct check *c, const struct trace_line *l, bool write)
{
	const struct dram_part *d = c->t->dram;
	struct check_rank *r = &c->rank[l->rank];
	struct check_bank *b = &r->bank[l->bank];
	int64_t *g = r->group[l->group];
	uint64_t burst = dram_part_burst_ps(d);
	if (b->open != 1 || b->row != l->row)
		check_fail(c, l, "its row is not open");
	if (l->column != b->column || l->column >= 8 * d->page_bytes / d->chip_bits)
		check_fail(c, l, "column");
	b->column += (unsigned)check_beats(c);
	check_after(c, l, b->last[CHECK_ACT], d->trcd, "tRCD");
	check_after(c, l, r->last[write ? CHECK_WR : CHECK_RD], d->tccd_s, "tCCD_S");
	check_after(c, l, g[write ? CHECK_WR : CHECK_RD], write ? dram_part_write_gap_ps(d) : d->tccd_l, "tCCD_L");
	if (write) {
		check_after(c, l, r->last[CHECK_RD], d->trtw, "read to write");
	} else {
		check_after(c, l, r->last[CHECK_WR], d->tcwl + burst + d->twtr_s, "tWTR_S");
		check_after(c, l, g[CHECK_WR], d->tcwl + burst + d->twtr_l, "tWTR_L");
	}
	check_data(c, l, write);
	enum check_command what = write ? CHECK_WR : CHECK_RD;
	b->last[what] = r->last[what] = g[what] = (int64_t)l->clock;
	c->columns++;
}

static inline void check_begin(struct check *c, const struct ambit_timing *t)
{
	*c = (struct check){.t = t, .row_bus = INT64_MIN, .column_bus = INT64_MIN, .data = INT64_MIN / 2};
	c->bus = t->limit != AMBIT_LIMIT_NONE;
	c->window = t->limit == AMBIT_LIMIT_JEDEC;
	for (int r = 0; r < CHECK_RANKS; r++) {
		int64_t long_ago = INT64_MIN / 2;
		for (int i = 0; i < CHECK_COMMANDS; i++) {
			c->rank[r].last[i] = c->rank[r].window[i % 4] = long_ago;
			for (int k = 0; k < CHECK_GROUPS; k++)
				c->rank[r].group[k][i] = long_ago;
			for (int k = 0; k < CHECK_BANKS; k++)
				c->rank[r].bank[k].last[i] = long_ago;
		}
	}
}

static inline void check_line(struct check *c, const struct trace_line *l, bool inserted)
{
	const struct check_bank *b = &c->rank[l->rank].bank[l->bank];
	cr_assert(l->rank < CHECK_RANKS && l->bank < CHECK_BANKS && l->group < CHECK_GROUPS);
	c->commands++;
	struct trace_line last;
	if (trace_is(l, "ACT")) {
		last = check_bus(c, l, CHECK_ACT);
		check_act(c, &last, b->open == 1);
	} else if (trace_is(l, "PRE")) {
		if (inserted)
			return; /* of a lowered AAP */
		last = check_bus(c, l, CHECK_PRE);
		check_pre(c, &last);
	} else if (trace_is(l, "REFA")) {
		last = check_bus(c, l, CHECK_REF);
		check_ref(c, &last);
	} else if (trace_is(l, "RD") || trace_is(l, "WR")) {
		last = check_bus(c, l, trace_is(l, "WR") ? CHECK_WR : CHECK_RD);
		check_column(c, &last, trace_is(l, "WR"));
	} else {
		cr_assert(trace_is(l, "END"), "%s", l->command);
	}
}

/* Checks all lines of a trace in DRAMPower's format after its first. Returns how many commands are illegal. */
static inline uint64_t check_trace(struct check *c, const struct trace_bed *b)
{
	const char *at = b->words.text;
	struct trace_line l, next;
	check_begin(c, &b->timing);
	cr_assert(trace_line_read(&at, &l) && trace_is(&l, "PREA"));
	for (int more = trace_line_read(&at, &l); more; l = next) {
		more = trace_line_read(&at, &next);
		bool inserted = more && trace_is(&l, "PRE") && trace_is(&next, "ACT") && next.clock == l.clock &&
				next.rank == l.rank && next.bank == l.bank;
		check_line(c, &l, inserted);
	}
	return c->illegal;
}

#endif
