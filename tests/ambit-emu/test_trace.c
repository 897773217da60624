#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "energy/model/dram_energy.h"
#include "tests/ambit-emu/trace_check.h"

static const char *const drams[] = {"ddr3-1600", "ddr4-2400", "ddr4-3200", "ddr5-4800", "hbm2"};
enum { DRAMS = sizeof(drams) / sizeof(drams[0]), MAX_BANKS = 256, MAX_RANKS = 4 };

static const struct ambit_program *bulk(enum ambit_bulk op)
{
	return ambit_bulk_program(op);
}

struct tally {
	uint64_t act, pre, rd, wr, ref, end; /* end: clock of the last line */
	uint64_t last_pre;
};

/* Every bank closed, opened, closed; clocks never go back; nothing after END. raw: an open bank may be opened once
 * more. */
static struct tally read_legal(const struct trace_bed *b, bool raw)
{
	struct tally n = {0};
	unsigned open[MAX_BANKS * MAX_RANKS] = {0};
	uint64_t clock = 0;
	const char *at = b->words.text;
	struct trace_line l;
	cr_assert(trace_line_read(&at, &l) && trace_is(&l, "PREA") && l.clock == 0, "the note comes first");
	while (trace_line_read(&at, &l)) {
		unsigned *o = &open[l.rank * MAX_BANKS + l.bank];
		cr_assert_geq(l.clock, clock);
		cr_assert_eq(n.end, 0);
		clock = l.clock;
		cr_assert_lt(l.bank, b->geometry.banks);
		cr_assert_lt(l.rank, b->geometry.ranks);
		cr_assert_lt(l.row, b->geometry.rows * b->geometry.subarrays);
		if (trace_is(&l, "ACT")) {
			cr_assert_leq(*o, raw ? 1 : 0, "ACT to an open bank at %llu", (unsigned long long)clock);
			++*o;
			n.act++;
		} else if (trace_is(&l, "PRE")) {
			cr_assert_geq(*o, 1);
			*o = 0;
			n.pre++;
			n.last_pre = clock;
		} else if (trace_is(&l, "REFA")) {
			for (unsigned k = 0; k < MAX_BANKS; k++)
				cr_assert_eq(open[l.rank * MAX_BANKS + k], 0, "refresh with an open bank");
			n.ref++;
		} else if (trace_is(&l, "END")) {
			n.end = l.clock;
		} else {
			cr_assert_eq(*o, 1, "a burst to a closed bank");
			n.rd += (uint64_t)trace_is(&l, "RD");
			n.wr += (uint64_t)trace_is(&l, "WR");
		}
	}
	cr_assert_gt(n.end, 0);
	return n;
}

Test(ambit_trace, unconstrained_ends_with_the_modelled_time)
{
	static const enum ambit_bulk ops[] = {AMBIT_AND, AMBIT_XOR, AMBIT_COPY};
	for (int i = 0; i < DRAMS; i++)
		for (int aap = AMBIT_AAP_NAIVE; aap <= AMBIT_AAP_STRICT; aap++)
			for (int raw = 0; raw < 2; raw++) {
				struct trace_bed b = {0};
				struct ambit_trace_config c = trace_config(&b, drams[i], AMBIT_LIMIT_NONE);
				b.timing.aap = (enum ambit_aap)aap;
				c.raw_aap = raw;
				trace_start(&b, &c);
				uint64_t slots = 3 * b.timing.banks + 5, ps = 0, act = 0, pre = 0;
				for (int k = 0; k < 3; k++) {
					struct ambit_counts n;
					ambit_program_counts(bulk(ops[k]), &n);
					cr_assert_eq(ambit_trace_program(b.trace, bulk(ops[k]), slots, NULL), 0);
					ps += (uint64_t)ambit_elapsed_ps(&b.timing, bulk(ops[k]), slots);
					act += slots * (2 * n.aap + n.ap);
					pre += slots * (n.aap + n.ap);
				}
				cr_assert_eq(ambit_trace_ps(b.trace), ps);
				cr_assert_eq(ambit_trace_close(b.trace), 0);
				struct tally t = read_legal(&b, raw);
				uint64_t tck = b.timing.dram->tck;
				cr_assert_eq(t.end, (ps + tck - 1) / tck);
				/* The last precharge and its tRP are the end, but for one clock of rounding. */
				uint64_t last = t.last_pre * tck + b.timing.dram->trp;
				cr_assert(last <= ps && last + tck > ps, "%s: %llu of %llu ps", drams[i],
					  (unsigned long long)last, (unsigned long long)ps);
				cr_assert_eq(t.act, act);
				cr_assert_eq(t.pre, raw ? pre : act);
				cr_assert_eq(t.ref, 0);
				free(b.words.text);
			}
}

static void expect_legal(const struct trace_bed *b, struct check *c, const char *what)
{
	cr_assert_eq(check_trace(c, b), 0, "%s x%u, %s: %llu of %llu commands, the first: %s", b->timing.dram->name,
		     b->timing.dram->chip_bits, what, (unsigned long long)c->illegal, (unsigned long long)c->commands,
		     c->first);
}

Test(ambit_trace, power_limited_traces_are_legal_and_take_the_modelled_time, .timeout = 120)
{
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++)
		for (int faw = AMBIT_FAW_2; faw <= AMBIT_FAW_WORDLINES; faw++)
			for (uint32_t ranks = 1; ranks <= (d->act_slots == 1 && faw != AMBIT_FAW_1 ? 2 : 1); ranks++) {
				/* Two ranks of the others fill the bus, which no model of averages sees. */
				struct trace_bed b = {0};
				struct ambit_trace_config c = trace_config_of(&b, d, AMBIT_LIMIT_JEDEC);
				static struct check check;
				b.timing.faw_acts = (enum ambit_faw)faw;
				b.timing.ranks = b.geometry.ranks = ranks;
				c.raw_aap = ranks == 1;
				trace_start(&b, &c);
				uint64_t slots = 15 * (uint64_t)b.timing.banks * ranks;
				for (int k = 0; k < 6; k++)
					cr_assert_eq(ambit_trace_program(b.trace, bulk(k % 2 ? AMBIT_XOR : AMBIT_AND),
									 slots, NULL),
						     0);
				double ps = (double)ambit_trace_ps(b.trace);
				cr_assert_eq(ambit_trace_close(b.trace), 0);
				struct tally t = read_legal(&b, c.raw_aap);
				expect_legal(&b, &check, "programs");
				double end = (double)t.end * b.timing.dram->tck;
				/* LPDDR5 sends an ACT in two slots of a slow clock: with faw_acts=1 the bus is full. */
				bool coarse = d->act_slots > 1 && d->tck > 1000;
				double most = !coarse ? 1.05 : faw == AMBIT_FAW_1 ? 1.2 : 1.08;
				cr_assert(end / ps < most && end / ps > 0.999, "%s faw %d, %u ranks: %g of %g ns",
					  d->name, faw, ranks, end / 1e3, ps / 1e3);
				cr_assert_lt(fabs((double)t.ref / ranks - floor(ps / b.timing.dram->trefi)), 1.5);
				free(b.words.text);
			}
}

/* ACTs closer than tRRD_S to an ACT of another bank of the rank; second ACTs included. */
static unsigned close_pairs(const struct trace_bed *b)
{
	const struct dram_part *d = b->timing.dram;
	const char *at = b->words.text;
	struct trace_line l, last = {.clock = 0, .bank = UINT32_MAX};
	unsigned n = 0;
	while (trace_line_read(&at, &l))
		if (trace_is(&l, "ACT")) {
			n += last.bank != UINT32_MAX && l.bank != last.bank &&
			     (l.clock - last.clock) * d->tck < d->trrd_s;
			last = l;
		}
	return n;
}

/* faw_acts says for tRRD too how many activations an AAP is. */
Test(ambit_trace, second_activations_keep_trrd_unless_they_count_as_none)
{
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++)
		for (int faw = AMBIT_FAW_2; faw <= AMBIT_FAW_WORDLINES; faw++)
			for (int no_window = 0; no_window < 2; no_window++) {
				struct trace_bed b = {0};
				struct ambit_trace_config c = trace_config_of(&b, d, AMBIT_LIMIT_JEDEC);
				b.timing.faw_acts = (enum ambit_faw)faw;
				b.timing.tfaw = no_window ? 0 : d->tfaw;
				b.timing.refresh = false;
				c.raw_aap = true;
				trace_start(&b, &c);
				cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_XOR), 12 * b.timing.banks, NULL),
					     0);
				double ps = (double)ambit_trace_ps(b.trace);
				cr_assert_eq(ambit_trace_close(b.trace), 0);
				unsigned n = close_pairs(&b);
				cr_assert(faw == AMBIT_FAW_1 ? n > 0 : n == 0, "%s x%u faw_acts %d: %u", d->name,
					  d->chip_bits, faw, n);
				/* The steady state counts them alike: a schedule takes no less. */
				double end = (double)read_legal(&b, true).end * d->tck;
				cr_assert(end > 0.99 * ps && end < 1.3 * ps, "%s x%u faw_acts %d: %g of %g ns", d->name,
					  d->chip_bits, faw, end / 1e3, ps / 1e3);
				free(b.words.text);
			}
}

/* ---- transfers ---- */

/* Where the k-th row of plane `plane` of a vector lies, worked out digit by digit from the text of docs/emulator.md. */
struct expected {
	unsigned rank, bank, row;
	uint64_t bursts;
};

static struct expected expect_row(const struct trace_bed *b, const struct ambit_trace_vector *v, unsigned plane,
				  uint64_t slot)
{
	const struct ambit_geometry *g = &b->geometry;
	const struct dram_part *d = b->timing.dram;
	uint64_t rest = slot / g->channels;
	struct expected e = {.rank = (unsigned)(rest % g->ranks)};
	uint64_t row_bytes = (uint64_t)g->chips * g->page_bytes,
		 copy_slots = (v->plane_bytes + row_bytes - 1) / row_bytes;
	rest /= g->ranks;
	unsigned bank = (unsigned)((rest % g->banks + v->at.shift.bank) % g->banks);
	rest /= g->banks;
	unsigned subarray = (unsigned)((rest % g->subarrays + v->at.shift.subarray) % g->subarrays);
	unsigned layer = (unsigned)(rest / g->subarrays);
	/* The trace numbers banks by group: consecutive banks are in different groups. */
	e.bank = bank % d->bank_groups * (g->banks / d->bank_groups) + bank / d->bank_groups;
	e.row = subarray * g->rows + v->at.row[plane * v->at.stride + (v->at.stride > 1 ? layer : 0)];
	e.row += v->at.stride > 1 ? 0 : layer;
	uint64_t left = v->plane_bytes - slot % copy_slots * row_bytes, bytes = left < row_bytes ? left : row_bytes;
	uint64_t burst = (uint64_t)d->burst_length * d->channel_bits / 8;
	e.bursts = (bytes + burst - 1) / burst;
	return e;
}

/* Counts the bursts to each row of a bank in the text from *at on, until a command of another kind than `command`. */
static void count_bursts(const struct trace_bed *b, const char *command, unsigned *n)
{
	const struct ambit_geometry *g = &b->geometry;
	const char *at = b->words.text;
	struct trace_line l;
	while (trace_line_read(&at, &l))
		if (trace_is(&l, command))
			n[(l.rank * g->banks + l.bank) * g->rows * g->subarrays + l.row]++;
}

static void expect_rows(const struct trace_bed *b, const struct ambit_trace_vector *v, uint32_t channel, bool write)
{
	const struct ambit_geometry *g = &b->geometry;
	size_t rows = (size_t)g->ranks * g->banks * g->rows * g->subarrays;
	unsigned *n = calloc(rows, sizeof(*n));
	uint64_t row_bytes = (uint64_t)g->chips * g->page_bytes;
	uint64_t slots = (v->plane_bytes + row_bytes - 1) / row_bytes * v->copies;
	count_bursts(b, write ? "WR" : "RD", n);
	for (unsigned plane = 0; plane < v->planes; plane++)
		for (uint64_t slot = channel; slot < slots; slot += g->channels) {
			struct expected e = expect_row(b, v, plane, slot);
			size_t at = ((size_t)e.rank * g->banks + e.bank) * g->rows * g->subarrays + e.row;
			cr_assert_eq(n[at], e.bursts, "%s plane %u slot %llu: %u bursts to rank %u bank %u row %u",
				     b->timing.dram->name, plane, (unsigned long long)slot, n[at], e.rank, e.bank,
				     e.row);
			n[at] = 0;
		}
	for (size_t i = 0; i < rows; i++)
		cr_assert_eq(n[i], 0, "a burst elsewhere");
	free(n);
}

/* Shapes of vectors, with the share of a row that the last slot fills in 1/64. */
static const struct shape {
	unsigned planes, copies, slots, last, bank, subarray, stride;
} shapes[] = {
	{1, 1, 40, 5, 0, 0, 1}, {8, 1, 40, 64, 0, 0, 1}, {32, 1, 1, 3, 3, 1, 1},
	{5, 1, 19, 1, 2, 3, 1}, {3, 3, 7, 33, 1, 0, 1},  {2, 1, 230, 9, 5, 2, 8},
};

static struct ambit_trace_vector vector_of(const struct trace_bed *b, const struct shape *s, uint32_t *row)
{
	uint64_t row_bytes = (uint64_t)b->geometry.chips * b->geometry.page_bytes;
	for (unsigned i = 0; i < s->planes * s->stride; i++)
		row[i] = (i * 37 + 11) % 1000; /* no two alike */
	return (struct ambit_trace_vector){
		.at = {.row = row, .stride = s->stride, .shift = {.bank = s->bank, .subarray = s->subarray}},
		.planes = s->planes,
		.copies = s->copies,
		.plane_bytes = (s->slots - 1) * row_bytes + row_bytes * s->last / 64 - (s->last > 1 ? 1 : 0),
	};
}

/* ps at 80 % of the channels' peak. */
static uint64_t paced(const struct trace_bed *b, const struct ambit_trace_vector *v)
{
	const struct dram_part *d = b->timing.dram;
	double gbps = (double)d->burst_mbps * d->channel_bits / 8 / 1000 * b->geometry.channels;
	return (uint64_t)((double)v->planes * (double)v->copies * (double)v->plane_bytes / gbps / 0.8 * 1000);
}

static void move_vector(const struct dram_part *d, enum ambit_limit limit, uint32_t ranks, const struct shape *s)
{
	for (int write = 0; write < 2; write++)
		for (uint32_t channel = 0; channel < 2; channel++) {
			struct trace_bed b = {0};
			struct ambit_trace_config c = trace_config_of(&b, d, limit);
			static struct check check;
			uint32_t row[64];
			b.timing.channels = b.geometry.channels = channel + 1;
			b.timing.ranks = b.geometry.ranks = ranks;
			c.channel = channel;
			const struct ambit_trace_vector v = vector_of(&b, s, row);
			trace_start(&b, &c);
			cr_assert_eq(ambit_trace_transfer(b.trace, &v, paced(&b, &v), write), 0);
			cr_assert_eq(ambit_trace_close(b.trace), 0);
			expect_legal(&b, &check, write ? "a write" : "a read");
			expect_rows(&b, &v, channel, write);
			free(b.words.text);
		}
}

Test(ambit_trace, transfers_go_where_the_vector_lies_and_are_legal, .timeout = 120)
{
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++)
		for (int limit = AMBIT_LIMIT_NONE; limit <= AMBIT_LIMIT_JEDEC; limit++)
			for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++)
				move_vector(d, (enum ambit_limit)limit, 1 + (k + i) % 2, &shapes[k]);
}

/* Reads, writes and programs in a row, so that each turns the bus round after each. */
Test(ambit_trace, turning_round_between_transfers_and_programs_is_legal, .timeout = 120)
{
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++)
		for (uint32_t ranks = 1; ranks <= 2; ranks++) {
			struct trace_bed b = {0};
			struct ambit_trace_config c = trace_config_of(&b, d, AMBIT_LIMIT_JEDEC);
			static struct check check;
			uint32_t row[64];
			uint64_t random = 7 + i;
			b.timing.ranks = b.geometry.ranks = ranks;
			b.timing.faw_acts = i % 2 ? AMBIT_FAW_1 : AMBIT_FAW_2;
			trace_start(&b, &c);
			for (int k = 0; k < 60; k++) {
				random = random * 6364136223846793005u + 1442695040888963407u;
				struct shape s = shapes[(random >> 33) % 6];
				s.slots = 1 + (unsigned)(random >> 40) % 9;
				s.bank = (unsigned)(random >> 50) % 8;
				const struct ambit_trace_vector v = vector_of(&b, &s, row);
				if (random >> 62 == 0)
					cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_XOR), s.slots, &v.at), 0);
				else /* faster than the bus: one transfer runs into the next */
					cr_assert_eq(
						ambit_trace_transfer(b.trace, &v, paced(&b, &v) * 3 / 4, random >> 63),
						0);
			}
			cr_assert_eq(ambit_trace_close(b.trace), 0);
			expect_legal(&b, &check, "transfers and programs");
			cr_assert_gt(check.columns, 1000);
			free(b.words.text);
		}
}

/* A vector spread over all banks keeps the modelled rate of 80 % of the peak. Writes of DDR5, 48 clocks apart in a bank
 * group, drain slowly before each refresh. */
Test(ambit_trace, transfers_take_the_modelled_time)
{
	const struct dram_part *d;
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++)
		for (int write = 0; write < 2; write++) {
			struct trace_bed b = {0};
			struct ambit_trace_config c = trace_config_of(&b, d, AMBIT_LIMIT_JEDEC);
			const struct ambit_trace_vector v = {
				.planes = 4, .copies = 1, .plane_bytes = 64ull * b.geometry.chips * d->page_bytes};
			trace_start(&b, &c);
			double ps = (double)paced(&b, &v);
			cr_assert_eq(ambit_trace_transfer(b.trace, &v, (mw_wide)ps, write), 0);
			/* A program after it starts when it ends, not later by the refreshes in it. */
			cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_COPY), b.timing.banks, NULL), 0);
			ps = (double)ambit_trace_ps(b.trace);
			cr_assert_eq(ambit_trace_close(b.trace), 0);
			double end = (double)read_legal(&b, false).end * d->tck;
			double late = d->tccd_l_wr > 2 * d->tccd_l ? 0.025 * ps : 2e6;
			cr_assert(end > ps && end < ps + late, "%s x%u %s: %g of %g ns", d->name, d->chip_bits,
				  write ? "write" : "read", end / 1e3, ps / 1e3);
			free(b.words.text);
		}
}

/* What drains at the end of one operation is made good by the next: many small ones do not add up to a delay. */
Test(ambit_trace, the_drain_does_not_add_up)
{
	struct trace_bed b = {0};
	struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_JEDEC);
	b.timing.refresh = false;
	trace_start(&b, &c);
	for (int k = 0; k < 400; k++)
		cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 16, NULL), 0);
	uint64_t ps = ambit_trace_ps(b.trace);
	cr_assert_eq(ps, 400 * ambit_elapsed_ps(&b.timing, bulk(AMBIT_AND), 16));
	cr_assert_eq(ambit_trace_close(b.trace), 0);
	uint64_t end = read_legal(&b, false).end * b.timing.dram->tck;
	cr_assert(end >= ps && end < ps + 2 * 50250, "%llu after %llu ps", (unsigned long long)end,
		  (unsigned long long)ps);
	free(b.words.text);
}

Test(ambit_trace, one_channel_of_several_and_where_rows_lie)
{
	uint64_t acts = 0;
	for (uint32_t channel = 0; channel < 3; channel++) {
		struct trace_bed b = {0};
		struct ambit_trace_config c = trace_config(&b, "ddr3-1600", AMBIT_LIMIT_NONE);
		b.timing.channels = b.geometry.channels = 3;
		c.channel = channel;
		trace_start(&b, &c);
		cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_NOT), 100, NULL), 0);
		cr_assert_eq(ambit_trace_close(b.trace), 0);
		uint64_t n = read_legal(&b, false).act;
		cr_assert_eq(n, 4u * (channel == 0 ? 34 : 33));
		acts += n;
		free(b.words.text);
	}
	cr_assert_eq(acts, 400);

	struct trace_bed b = {0};
	struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_NONE);
	const uint32_t rows[] = {7, 9};
	struct trace_line l;
	c.format = AMBIT_TRACE_RAMULATOR;
	trace_start(&b, &c);
	cr_assert_eq(
		ambit_trace_program(b.trace, bulk(AMBIT_NOT), 2, &(struct ambit_trace_at){.row = rows, .stride = 1}),
		0); /* AAP(D0,B5) AAP(B4,D1) */
	cr_assert_eq(ambit_trace_close(b.trace), 0);
	char expected[400];
	(void)snprintf(expected, sizeof(expected),
		       "clock,command,Channel,Rank,BankGroup,Bank,Row,Column,type,source\n"
		       "0,ACT,0,0,0,0,7,0,-1,-1\n0,ACT,0,0,1,0,7,0,-1,-1\n"
		       "52,PREpb,0,0,0,0,7,0,-1,-1\n52,ACT,0,0,0,0,%u,0,-1,-1\n",
		       1024u - 16 + 5);
	const char *body = strchr(b.words.text, '\n') + 1;
	cr_assert(b.words.text[0] == '#' && strncmp(body, expected, strlen(expected)) == 0, "%.600s", b.words.text);
	free(b.words.text);
	(void)l;
}

/* One run at a chosen place; the trace of another channel only waits. */
Test(ambit_trace, one_subarray_alone)
{
	for (uint32_t channel = 0; channel < 2; channel++) {
		struct trace_bed b = {0};
		struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_JEDEC);
		b.timing.channels = b.geometry.channels = 2;
		c.channel = channel;
		trace_start(&b, &c);
		const struct ambit_place at = {.channel = 1, .bank = 5, .subarray = 3};
		cr_assert_eq(ambit_trace_alone(b.trace, bulk(AMBIT_AND), at), 0);
		cr_assert_eq(ambit_trace_ps(b.trace), ambit_elapsed_ps(&b.timing, bulk(AMBIT_AND), 1));
		cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 64, NULL), 0);
		cr_assert_eq(ambit_trace_close(b.trace), 0);
		cr_assert_eq(read_legal(&b, false).act, channel * 8 + 32 * 8);
		const char *text = b.words.text;
		struct trace_line l;
		(void)trace_line_read(&text, &l);
		for (int i = 0; channel == 1 && i < 8 + 8; i++) {
			cr_assert(trace_line_read(&text, &l));
			/* Bank 5 of four groups: the second of group 1. */
			cr_assert(l.group == 1 && l.bank == 5 && l.row / 1024 == 3);
		}
		free(b.words.text);
	}
}

Test(ambit_trace, transfers_and_what_the_host_does)
{
	for (int write = 0; write < 2; write++) {
		struct trace_bed b = {0};
		struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_JEDEC);
		trace_start(&b, &c);
		uint64_t bytes = 40 * 8192 + 640, ps = (uint64_t)((double)bytes / 20.48 * 1000);
		cr_assert_eq(trace_move(&b, bytes, ps, write), 0);
		cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 41, NULL), 0);
		cr_assert_eq(trace_move(&b, bytes, ps, !write), 0);
		cr_assert_eq(ambit_trace_close(b.trace), 0);
		struct tally t = read_legal(&b, false);
		cr_assert_eq(t.rd, bytes / 64);
		cr_assert_eq(t.wr, bytes / 64);
		cr_assert_eq(t.act, 2 * 41 + 41 * 8);
		free(b.words.text);
	}
	struct trace_bed b = {0};
	struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_NONE);
	c.format = AMBIT_TRACE_HOST;
	b.timing.salp = 4; /* the host does not see it */
	trace_start(&b, &c);
	cr_assert_eq(trace_move(&b, 8192 + 100, 1000, true), 0);
	cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 2, NULL), 0);
	cr_assert_eq(trace_move(&b, 64, 1000, false), 0);
	cr_assert_eq(ambit_trace_close(b.trace), 0);
	unsigned long long address, previous = 0;
	char op[3];
	const char *at = b.words.text;
	for (int i = 0; i < 128 + 2 + 1; i++, previous = address) {
		cr_assert_eq(sscanf(at, "%2s 0x%llx\n", op, &address), 2, "%.40s", at);
		cr_assert_str_eq(op, i < 130 ? "ST" : "LD");
		if (i == 0)
			cr_assert_eq(address, 0); /* row 0 of bank 0 */
		else if (i < 130)
			cr_assert_eq(address, previous + 64); /* bank 1 follows bank 0 */
		else
			cr_assert_eq(address, 0);
		at = strchr(at, '\n') + 1;
	}
	cr_assert_eq(*at, '\0');
	free(b.words.text);
}

Test(ambit_trace, refusals_and_errors)
{
	struct trace_bed b = {0};
	char err[200] = "";
	struct ambit_trace_config c = trace_config(&b, "ddr3-1600", AMBIT_LIMIT_NONE);
	c.channel = 1;
	cr_assert_eq(ambit_trace_open(&c, &b.trace, err, sizeof(err)), -EINVAL);
	c.channel = 0;
	b.timing.salp = 2;
	cr_assert_eq(ambit_trace_open(&c, &b.trace, err, sizeof(err)), -EOPNOTSUPP);
	cr_assert(strstr(err, "salp"), "%s", err);
	b.timing.salp = 1;
	b.words.fail_after = 1;
	trace_start(&b, &c);
	int rc = 0;
	for (int k = 0; k < 2000 && rc == 0; k++)
		rc = ambit_trace_program(b.trace, bulk(AMBIT_AND), 8, NULL);
	cr_assert_eq(rc, -28, "a failing callback stops the trace: %d", rc);
	cr_assert_eq(ambit_trace_close(b.trace), -28);
	cr_assert_eq(ambit_trace_close(NULL), 0);
	free(b.words.text);
}
