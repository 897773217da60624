#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "tests/ambit-emu/trace_read.h"

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

/* Raw traces under limit=jedec: what JEDEC asks of ACT, REF and the bus, found in the text alone. */
static void check_jedec(const struct trace_bed *b, int faw_acts)
{
	const struct dram_part *d = b->timing.dram;
	uint64_t bus = 0, acts[MAX_RANKS][4] = {{0}}, n[MAX_RANKS] = {0}, first[MAX_RANKS] = {0};
	uint64_t group[MAX_RANKS][16] = {{0}}, refreshed[MAX_RANKS] = {0};
	uint64_t closed[MAX_RANKS] = {0}; /* when the rank's last bank to close may be opened or refreshed */
	unsigned open[MAX_BANKS * MAX_RANKS] = {0};
	const char *at = b->words.text;
	struct trace_line l;
	(void)trace_line_read(&at, &l);
	while (trace_line_read(&at, &l) && !trace_is(&l, "END")) {
		uint64_t ps = l.clock * d->tck;
		unsigned *o = &open[l.rank * MAX_BANKS + l.bank];
		cr_assert_geq(l.clock, bus, "two commands in a clock");
		bus = l.clock + (trace_is(&l, "ACT") ? d->act_slots : 1);
		if (trace_is(&l, "REFA")) {
			for (unsigned k = 0; k < MAX_BANKS; k++)
				cr_assert_eq(open[l.rank * MAX_BANKS + k], 0, "refresh with an open bank, clock %llu",
					     (unsigned long long)l.clock);
			cr_assert_geq(ps + d->tck, closed[l.rank], "refresh before tRP, clock %llu",
				      (unsigned long long)l.clock);
			refreshed[l.rank] = ps + d->trfc;
		}
		if (trace_is(&l, "PRE")) {
			*o = 0;
			closed[l.rank] = ps + d->trp;
		}
		if (!trace_is(&l, "ACT"))
			continue;
		cr_assert_geq(ps + d->tck, refreshed[l.rank], "ACT during refresh");
		if (++*o == 1) { /* one clock of rounding each */
			if (first[l.rank])
				cr_assert_geq(ps + d->tck, first[l.rank] + d->trrd_s);
			if (group[l.rank][l.group])
				cr_assert_geq(ps + d->tck, group[l.rank][l.group] + d->trrd_l);
			first[l.rank] = group[l.rank][l.group] = ps;
		}
		if (faw_acts == AMBIT_FAW_1 && *o == 2)
			continue;
		uint64_t *a = acts[l.rank];
		if (n[l.rank]++ >= 4)
			cr_assert_geq(ps + 3 * d->tck, a[0] + d->tfaw, "five ACTs in tFAW, clock %llu",
				      (unsigned long long)l.clock);
		memmove(a, a + 1, 3 * sizeof(*a));
		a[3] = ps;
	}
}

Test(ambit_trace, power_limited_traces_are_legal_and_take_the_modelled_time, .timeout = 120)
{
	for (unsigned i = 0; i < DRAMS; i++)
		for (int faw = AMBIT_FAW_2; faw <= AMBIT_FAW_1; faw++)
			for (uint32_t ranks = 1; ranks <= (i < 3 && faw == AMBIT_FAW_2 ? 2 : 1); ranks++) {
				/* Two ranks of the others fill the bus, which no model of averages sees. */
				struct trace_bed b = {0};
				struct ambit_trace_config c = trace_config(&b, drams[i], AMBIT_LIMIT_JEDEC);
				b.timing.faw_acts = (enum ambit_faw)faw;
				b.timing.ranks = b.geometry.ranks = ranks;
				c.raw_aap = true;
				trace_start(&b, &c);
				uint64_t slots = 15 * (uint64_t)b.timing.banks * ranks;
				for (int k = 0; k < 6; k++)
					cr_assert_eq(ambit_trace_program(b.trace, bulk(k % 2 ? AMBIT_XOR : AMBIT_AND),
									 slots, NULL),
						     0);
				double ps = (double)ambit_trace_ps(b.trace);
				cr_assert_eq(ambit_trace_close(b.trace), 0);
				struct tally t = read_legal(&b, true);
				check_jedec(&b, faw);
				double end = (double)t.end * b.timing.dram->tck;
				cr_assert(end / ps < 1.05 && end / ps > 0.999, "%s faw %d, %u ranks: %g of %g ns",
					  drams[i], faw, ranks, end / 1e3, ps / 1e3);
				cr_assert_lt(fabs((double)t.ref / ranks - floor(ps / b.timing.dram->trefi)), 1.5);
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
	cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_NOT), 2, rows), 0); /* AAP(D0,B5) AAP(B4,D1) */
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
		cr_assert_eq(ambit_trace_transfer(b.trace, bytes, 0, ps, write), 0);
		cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 41, NULL), 0);
		cr_assert_eq(ambit_trace_transfer(b.trace, bytes, 3, ps, !write), 0);
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
	cr_assert_eq(ambit_trace_transfer(b.trace, 8192 + 100, 2, 1000, true), 0);
	cr_assert_eq(ambit_trace_program(b.trace, bulk(AMBIT_AND), 2, NULL), 0);
	cr_assert_eq(ambit_trace_transfer(b.trace, 64, 0, 1000, false), 0);
	cr_assert_eq(ambit_trace_close(b.trace), 0);
	unsigned long long address, previous = 0;
	char op[3];
	const char *at = b.words.text;
	for (int i = 0; i < 128 + 2 + 1; i++, previous = address) {
		cr_assert_eq(sscanf(at, "%2s 0x%llx\n", op, &address), 2, "%.40s", at);
		cr_assert_str_eq(op, i < 130 ? "ST" : "LD");
		if (i == 0)
			cr_assert_eq(address, 2ull * 16 * 8192); /* row 2 of bank 0 */
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
