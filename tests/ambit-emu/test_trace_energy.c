/* Computes DRAMPower's core equations (tukl-msd/DRAMPower core_calculation_DDR4.cpp) independently, from the standard
 * commands of a trace only: their counts, and how long banks and ranks are open. */
#include <criterion/criterion.h>

#include <math.h>

#include "ambit-emu/energy.h"
#include "tests/ambit-emu/trace_read.h"

enum { BANKS = 64 };

struct replay {
	double act, pre, rd, wr, ref;        /* commands */
	double bank_ns, active_ns, total_ns; /* open time added over banks; with any bank open; in all */
	double open_since[BANKS];
	int open[BANKS], opened;
	double active_since;
};

static void set_open(struct replay *r, unsigned k, int open, double now)
{
	if (r->open[k] == open)
		return;
	r->open[k] = open;
	if (open) {
		r->open_since[k] = now;
		if (r->opened++ == 0)
			r->active_since = now;
	} else {
		r->bank_ns += now - r->open_since[k];
		if (--r->opened == 0)
			r->active_ns += now - r->active_since;
	}
}

/* One rank. A refresh opens all banks for tRFC, as DRAMPower counts it. */
static struct replay replay(const struct trace_bed *b, const struct dram_part *p)
{
	struct replay r = {0};
	double tck = b->timing.dram->tck / 1000.0;
	const char *at = b->words.text;
	struct trace_line l;
	(void)trace_line_read(&at, &l);
	while (trace_line_read(&at, &l)) {
		double now = (double)l.clock * tck;
		if (trace_is(&l, "ACT")) {
			r.act++;
			set_open(&r, l.bank, 1, now);
		} else if (trace_is(&l, "PRE")) {
			r.pre++;
			set_open(&r, l.bank, 0, now);
		} else if (trace_is(&l, "REFA")) {
			r.ref++;
			for (uint32_t k = 0; k < 2 * p->banks; k++)
				set_open(&r, (unsigned)(k % p->banks), k < p->banks,
					 now + (k < p->banks ? 0 : p->trfc / 1e3));
		} else if (trace_is(&l, "END")) {
			r.total_ns = now;
		} else {
			*(trace_is(&l, "RD") ? &r.rd : &r.wr) += 1;
		}
	}
	return r;
}

struct joules {
	double act, pre, rd, wr, ref, background;
};

static struct joules equations(const struct dram_part *p, double rho, const struct replay *r)
{
	double v = p->vdd, b = p->banks, i_beta = p->idd0;
	double i_rho = rho * (p->idd3n - p->idd2n) + p->idd2n;
	double i_1 = (p->idd3n + (b - 1) * i_rho) / b;
	double tras = dram_part_idd_tras_ns(p), trp = dram_part_idd_trp_ns(p);
	double i_theta = (p->idd0 * (trp + tras) - i_beta * trp) / tras;
	double burst_ns = 1e3 * p->burst_length / p->burst_mbps;
	return (struct joules){
		.act = r->act * v * (i_theta - i_1) * tras,
		.pre = r->pre * v * (i_beta - p->idd2n) * trp,
		.rd = r->rd * v * (p->idd4r - p->idd3n) * burst_ns,
		.wr = r->wr * v * (p->idd4w - p->idd3n) * burst_ns,
		.ref = r->ref * v * (p->idd5b - p->idd3n) * p->trfc / 1e3,
		.background = v * i_rho * r->active_ns + v * (p->idd3n - i_rho) / b * r->bank_ns +
			      v * p->idd2n * (r->total_ns - r->active_ns),
	};
}

struct computed {
	struct trace_bed b;
	struct ambit_counts counts; /* of all rows */
	uint64_t open_ps;
};

/* AND and XOR on many rows, lowered. */
static void compute(struct computed *x, const char *dram, enum ambit_limit limit)
{
	struct ambit_trace_config c = trace_config(&x->b, dram, limit);
	trace_start(&x->b, &c);
	uint64_t slots = 100 * (uint64_t)x->b.timing.banks;
	for (int k = 0; k < 4; k++) {
		const struct ambit_program *p = ambit_bulk_program(k % 2 ? AMBIT_XOR : AMBIT_AND);
		struct ambit_counts n;
		ambit_program_counts(p, &n);
		cr_assert_eq(ambit_trace_program(x->b.trace, p, slots, NULL), 0);
		x->counts.aap += slots * n.aap;
		x->counts.ap += slots * n.ap;
		x->open_ps += slots * (ambit_program_ps(&x->b.timing, p) - (n.aap + n.ap) * x->b.timing.dram->trp);
	}
}

static void near(const char *dram, const char *what, double got, double want, double tolerance)
{
	cr_assert_lt(fabs(got / want - 1), tolerance, "%s %s: %g, the equations give %g", dram, what, got, want);
}

/* x->b.words.text of a standard-command trace against the energy parts of the library, at the datasheet's end of the
 * band, where a second activation costs as much as a first. */
static void compare(const char *dram, enum ambit_limit limit, double rho)
{
	struct computed x = {0};
	compute(&x, dram, limit);
	uint64_t modelled = ambit_trace_ps(x.b.trace);
	cr_assert_eq(ambit_trace_close(x.b.trace), 0);
	const struct dram_part *p = x.b.timing.dram;
	struct replay r = replay(&x.b, p);
	struct joules j = equations(p, rho, &r);
	struct ambit_energy e;
	unsigned chips = x.b.geometry.chips;
	cr_assert_eq(ambit_energy_init(&e, p, rho, chips, NULL, 0), 0);
	const struct ambit_activity a = {
		.act_first = x.counts.aap + x.counts.ap, .act_second = x.counts.aap, .pre = x.counts.aap + x.counts.ap};
	double act = ambit_energy_pj(&e, &a, AMBIT_E_ACT).max + ambit_energy_pj(&e, &a, AMBIT_E_ACT2).max;
	near(dram, "act", act, chips * j.act, 1e-9);
	/* The lowered trace has one PRE per AAP that the device does not issue. */
	double inserted = (double)x.counts.aap / r.pre;
	near(dram, "pre", ambit_energy_pj(&e, &a, AMBIT_E_PRE).max, chips * j.pre * (1 - inserted), 1e-9);
	const struct ambit_standing standing = {
		.compute_ps = (uint64_t)(r.total_ns * 1e3), .open_ps = x.open_ps, .ranks = 1};
	double background = ambit_background_pj(&e, &standing).max;
	/* A second activation that waits for the window or the bus keeps its bank open. */
	double open = (r.bank_ns - r.ref * p->trfc / 1e3 * p->banks) / ((double)x.open_ps / 1e3);
	cr_assert(open > 0.98 && open < (limit == AMBIT_LIMIT_JEDEC ? 1.1 : 1.02), "%s: banks open %g x as long", dram,
		  open);
	if (limit == AMBIT_LIMIT_JEDEC) {
		near(dram, "background", background, chips * j.background, 0.03);
		double refresh = ambit_refresh_pj(&e, modelled, 1).max, one = chips * j.ref / r.ref;
		cr_assert_lt(fabs(refresh - chips * j.ref), 1.5 * one, "%s: refresh", dram);
	} else { /* all banks in step: the model keeps one open where the trace has gaps */
		cr_assert(background >= chips * j.background * (1 - 1e-9) && background < 1.12 * chips * j.background,
			  "%s: background %g, the equations give %g", dram, background, chips * j.background);
	}
	free(x.b.words.text);
}

Test(ambit_trace_energy, parts_follow_from_the_commands_alone)
{
	static const char *const drams[] = {"ddr3-1600", "ddr4-2400", "ddr4-3200"};
	for (int i = 0; i < 3; i++)
		for (int rho = 0; rho <= 2; rho++) {
			compare(drams[i], AMBIT_LIMIT_JEDEC, rho / 2.0);
			compare(drams[i], AMBIT_LIMIT_NONE, rho / 2.0);
		}
}

Test(ambit_trace_energy, transfers_follow_from_the_commands_alone)
{
	for (int write = 0; write < 2; write++) {
		struct trace_bed b = {0};
		struct ambit_trace_config c = trace_config(&b, "ddr4-3200", AMBIT_LIMIT_NONE);
		trace_start(&b, &c);
		uint64_t bytes = 64 * 8192;
		cr_assert_eq(trace_move(&b, bytes, bytes * 1000 / 20, write), 0);
		cr_assert_eq(ambit_trace_close(b.trace), 0);
		const struct dram_part *p = dram_part_find("ddr4-3200-x8");
		struct replay r = replay(&b, p);
		struct joules j = equations(p, 1, &r);
		struct ambit_energy e;
		cr_assert_eq(ambit_energy_init(&e, p, 1, 8, NULL, 0), 0);
		near("ddr4-3200", "transfer", ambit_transfer_pj(&e, (double)bytes, write).max,
		     8 * (j.act + j.pre + j.rd + j.wr), 1e-9);
		cr_assert_eq(write ? r.wr : r.rd, (double)(bytes / 64));
		free(b.words.text);
	}
}
