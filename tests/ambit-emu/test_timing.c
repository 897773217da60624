#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "ambit-emu/energy.h"
#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"
#include "tests/ambit-emu/model.h"

static struct ambit_timing timing(const char *dram, enum ambit_aap aap)
{
	const struct dram_part *d = ambit_dram_find(dram);
	return (struct ambit_timing){
		.dram = d, .aap = aap, .tfaw = d->tfaw, .channels = 1, .ranks = 1, .banks = d->banks, .salp = 1};
}

static const struct ambit_program *program(const char *name)
{
	for (int i = 0; i < AMBIT_BULK_COUNT; i++)
		if (strcmp(ambit_bulk_program((enum ambit_bulk)i)->name, name) == 0)
			return ambit_bulk_program((enum ambit_bulk)i);
	return NULL;
}

static double table(const char *standard, const char *parameter)
{
	char field[5][300];
	const char *at = mw_data_dram_timing_csv;
	while (csv_line(&at, field, 5))
		if (strcmp(field[0], standard) == 0 && strcmp(field[1], parameter) == 0)
			return atof(field[2]);
	cr_assert_fail("%s %s is not in the table", standard, parameter);
	return NAN;
}

enum { IN_NS = 1000 };

/* Rows of the table that a preset's numbers come from. unit: ps of one, or IN_NS. */
static const struct {
	const char *dram;
	unsigned width;
	const char *speed, *chip; /* names of the table: tRAS and tRP; the others */
	double speed_unit, chip_unit;
	const char *trrd_s, *trrd_l, *tfaw, *trfc, *trefi, *tras, *trp;
} sources[] = {
	{"ddr3-1600", 8, "DDR3-1600 8-8-8 (Ambit assumption)", "DDR3-1600 x8 1KB page", IN_NS, IN_NS, "tRRD", "tRRD",
	 "tFAW", "tRFC", "tREFI", "tRAS", "tRP"},
	{"ddr4-2400", 8, "DDR4_2400_x64 (MIMDRAM gem5)", "DDR4-2400 x8", IN_NS, 833, "nRRD_S", "nRRD_L", "nFAW", "nRFC",
	 "nREFI", "tRAS", "tRP"},
	{"ddr4-3200", 8, "DDR4-3200AA", "DDR4-3200 8Gb x8", 625, 625, "nRRD_S", "nRRD_L", "nFAW", "nRFC", "nREFI",
	 "nRAS", "nRP"},
	{"ddr4-3200", 16, "DDR4-3200AA", "DDR4-3200 8Gb x16", 625, 625, "nRRD_S", "nRRD_L", "nFAW", NULL, NULL, "nRAS",
	 "nRP"},
	{"ddr5-4800", 8, "DDR5-4800B", "DDR5-4800B", 5000.0 / 12, 5000.0 / 12, "nRRD_S", "nRRD_L", "nFAW", "nRFC1",
	 "nREFI", "nRAS", "nRP"},
	{"hbm2", 64, "HBM2_8Gb_x128", "HBM2_8Gb_x128", IN_NS, IN_NS, "nRRD_S", "nRRD_L", "nFAW", NULL, NULL, "nRAS",
	 "nRP"},
	{"lpddr3-1600", 32, "LPDDR3_1600_x32 (MIMDRAM gem5)", "LPDDR3_1600_x32 (MIMDRAM gem5)", IN_NS, IN_NS, "tRRD",
	 "tRRD", "tFAW", "tRFC", "tREFI", "tRAS", "tRP"},
	{"lpddr5-6400", 16, "LPDDR5_6400", "LPDDR5 16Gb", 1250, IN_NS, "tRRD", "tRRD", "tFAW", "tRFCab", "tREFI",
	 "nRAS", "nRP"},
};

static void equal(const char *dram, const char *what, uint32_t got, double want)
{
	cr_assert_lt(fabs(got - want), 0.51, "%s %s: %u ps, the table says %g", dram, what, got, want);
}

Test(ambit_timing, presets_equal_the_table)
{
	size_t n = sizeof(sources) / sizeof(sources[0]);
	for (size_t i = 0; i < n; i++) {
		const struct dram_part *d = ambit_dram_select(sources[i].dram, sources[i].width, NULL, 0);
		const char *chip = sources[i].chip, *speed = sources[i].speed;
		double ck = sources[i].chip_unit;
		cr_assert_not_null(d, "%s x%u", sources[i].dram, sources[i].width);
		equal(d->name, "tRAS", d->tras, sources[i].speed_unit * table(speed, sources[i].tras));
		equal(d->name, "tRP", d->trp, sources[i].speed_unit * table(speed, sources[i].trp));
		equal(d->name, "tRRD_S", d->trrd_s, ck * table(chip, sources[i].trrd_s));
		equal(d->name, "tRRD_L", d->trrd_l, ck * table(chip, sources[i].trrd_l));
		equal(d->name, "tFAW", d->tfaw, ck * table(chip, sources[i].tfaw));
		if (sources[i].trfc) {
			equal(d->name, "tRFC", d->trfc, ck * table(chip, sources[i].trfc));
			equal(d->name, "tREFI", d->trefi, ck * table(chip, sources[i].trefi));
		}
		equal(d->name, "overlap", d->overlap, 4000);
	}
	const struct dram_part *d = ambit_dram_find("hbm2");
	equal(d->name, "tRFC", d->trfc, 1000 * table("HBM2_8Gb_x128 (DRAMsim3)", "tRFC"));
	equal(d->name, "tREFI", d->trefi, 1000 * table("HBM2_8Gb_x128 (DRAMsim3)", "tREFI"));
	d = ambit_dram_find("ddr4-2400");
	equal(d->name, "AAP", d->tras + d->overlap + d->trp, 1000 * table("DDR4_2400_x64 (MIMDRAM gem5)", "AAP"));
	/* tRFC and tREFI of x16 are those of x8: the same die. */
	cr_assert_eq(ambit_dram_select("ddr4-3200", 16, NULL, 0)->trfc, ambit_dram_find("ddr4-3200")->trfc);
	for (size_t i = 0; (d = ambit_dram_preset(i)); i++) {
		cr_assert(dram_part_has_columns(d), "%s", d->name);
		cr_assert(i < n && strcmp(d->dram, sources[i].dram) == 0, "%s has no row here", d->name);
	}
}

/* Times that do not fit are the longest one, never a short one. */
Test(ambit_timing, a_batch_that_takes_too_long_is_full)
{
	struct dram_part d = *ambit_dram_find("ddr4-3200");
	struct ambit_timing t = {.dram = &d, .aap = AMBIT_AAP_SPLIT, .channels = 1, .ranks = 1, .salp = 1};
	const struct ambit_program *p = ambit_bulk_program(AMBIT_AND);
	t.banks = UINT32_MAX;
	t.limit = AMBIT_LIMIT_JEDEC;
	t.faw_acts = AMBIT_FAW_2;
	t.tfaw = d.tfaw;
	uint64_t fits = ambit_batch_ps(&t, p, t.banks);
	cr_assert(fits > (uint64_t)t.banks * 8 * d.tfaw / 4 - 8 && fits < UINT64_MAX);
	t.tfaw = UINT32_MAX;
	cr_assert_eq(ambit_batch_ps(&t, p, t.banks), UINT64_MAX, "activation window");
	t.tfaw = 1;
	d.trrd_s = d.trrd_l = UINT32_MAX;
	cr_assert_eq(ambit_batch_ps(&t, p, t.banks), UINT64_MAX, "activation to activation");
	t.limit = AMBIT_LIMIT_BUS;
	d.tck = UINT32_MAX;
	cr_assert_eq(ambit_batch_ps(&t, p, t.banks), UINT64_MAX, "command bus");
}

Test(ambit_timing, what_has_no_source_is_refused)
{
	char why[200] = "";
	cr_assert_null(ambit_dram_select("ddr5", 0, why, sizeof(why)));
	cr_assert(strstr(why, "ddr5-4800") && strstr(why, "hbm2"), "%s", why);
	cr_assert_null(ambit_dram_select("ddr4-3200", 4, why, sizeof(why)));
	cr_assert(strstr(why, "x8 x16"), "%s", why);
	cr_assert_null(ambit_dram_select("lpddr5x-7500", 0, why, sizeof(why)));
	cr_assert(strstr(why, "timing"), "%s", why);
	cr_assert_eq(ambit_dram_select("ddr4-3200", 0, why, sizeof(why))->chip_bits, 8);
	/* Rows follow from chips and pages. */
	static const struct {
		const char *dram;
		unsigned width;
		uint64_t bytes;
	} rows[] = {{"ddr3-1600", 8, 8192}, {"ddr4-2400", 8, 8192}, {"ddr4-3200", 8, 8192},   {"ddr4-3200", 16, 8192},
		    {"ddr5-4800", 8, 4096}, {"hbm2", 0, 1024},      {"lpddr3-1600", 0, 4096}, {"lpddr5-6400", 0, 2048}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dram_part *d = ambit_dram_select(rows[i].dram, rows[i].width, NULL, 0);
		const struct ambit_geometry g = {.chips = d->channel_bits / d->chip_bits, .page_bytes = d->page_bytes};
		cr_assert_eq(ambit_row_bytes(&g), rows[i].bytes, "%s", rows[i].dram);
	}
}

Test(ambit_timing, latencies_equal_the_table)
{
	char field[9][300];
	const char *at = mw_data_ambit_ops_csv;
	csv_line(&at, field, 9);
	while (csv_line(&at, field, 9)) {
		struct ambit_timing t = timing("ddr3-1600", AMBIT_AAP_SPLIT);
		const struct ambit_program *p = program(field[0]);
		cr_assert_eq(ambit_program_ps(&t, p), 1000 * strtoull(field[3], NULL, 10), "%s", field[0]);
		double gbps = (double)ambit_parallel(&t) * 8192 / ((double)ambit_batch_ps(&t, p, 8) / 1000);
		cr_assert_lt(fabs(gbps - atof(field[6])), 0.06, "%s: %g GB/s", field[0], gbps);
		t.aap = AMBIT_AAP_NAIVE;
		cr_assert_eq(ambit_program_ps(&t, p), 1000 * strtoull(field[4], NULL, 10), "%s naive", field[0]);
	}
	/* Split decoders serve B on one side, C and D on the other: AAP(B12,B5) and AAP(D,D) stay naive. */
	static const struct {
		const char *op;
		unsigned ns;
	} strict[] = {{"copy", 80}, {"zero", 80}, {"one", 80}, {"and", 196}, {"nand", 276}, {"nor", 276}, {"xor", 335}};
	for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
		struct ambit_timing t = timing("ddr3-1600", AMBIT_AAP_STRICT);
		cr_assert_eq(ambit_program_ps(&t, program(strict[i].op)), 1000u * strict[i].ns, "%s", strict[i].op);
	}
}

/* SIMDRAM's published latencies follow from 49 and 45 ns (SiyuanMa0316/LLMCompass@faa3918 software_model/utils.py):
 * add8 49 AAP + 16 AP, mul32 8127 AAP + 2976 AP. */
Test(ambit_timing, published_latencies_of_longer_programs)
{
	static const struct {
		size_t aap, ap;
		uint64_t ns;
	} published[] = {{49, 16, 3121}, {8127, 2976, 532143}};
	struct ambit_timing t = timing("ddr3-1600", AMBIT_AAP_SPLIT);
	for (int i = 0; i < 2; i++) {
		size_t n = published[i].aap + published[i].ap;
		struct ambit_command *cmd = calloc(n, sizeof(*cmd));
		for (size_t k = 0; k < n; k++)
			cmd[k] = (struct ambit_command){
				k < published[i].aap ? AMBIT_AAP : AMBIT_AP, {AMBIT_B, 0, 12}, {AMBIT_D, 0, 0}};
		struct ambit_program p = {"long", cmd, n, 0, 1, 0};
		cr_assert_eq(ambit_program_ps(&t, &p), 1000 * published[i].ns);
		free(cmd);
	}
}

/* ---- power-limited: the closed form against known values and against a scheduler ---- */

static const struct {
	const char *dram, *op;
	enum ambit_faw acts;
	unsigned ns;
} steady[] = {
	{"ddr3-1600", "and", AMBIT_FAW_1, 240},         {"ddr3-1600", "and", AMBIT_FAW_2, 480},
	{"ddr3-1600", "and", AMBIT_FAW_WORDLINES, 600}, {"ddr3-1600", "xor", AMBIT_FAW_1, 420},
	{"ddr3-1600", "xor", AMBIT_FAW_2, 720},         {"ddr3-1600", "xor", AMBIT_FAW_WORDLINES, 1260},
	{"ddr4-3200", "and", AMBIT_FAW_1, 340},         {"ddr4-3200", "and", AMBIT_FAW_2, 680},
	{"ddr4-3200", "and", AMBIT_FAW_WORDLINES, 850}, {"ddr4-3200", "xor", AMBIT_FAW_1, 595},
	{"ddr4-3200", "xor", AMBIT_FAW_2, 1020},        {"ddr4-3200", "xor", AMBIT_FAW_WORDLINES, 1785},
};

static unsigned tokens(const struct ambit_command *c, enum ambit_faw acts)
{
	struct ambit_wordlines a, b = {0};
	(void)ambit_decode(c->a, &a);
	if (c->kind == AMBIT_AAP)
		(void)ambit_decode(c->b, &b);
	if (acts == AMBIT_FAW_WORDLINES)
		return a.count + b.count;
	return acts == AMBIT_FAW_2 && c->kind == AMBIT_AAP ? 2 : 1;
}

/* Command by command: a token bucket of 4 that refills over tFAW, tRRD between activations of different banks (as many
 * of an AAP as acts says, taken together at its first), one program after the other in each bank. Returns ps per
 * program over all banks. */
static double schedule(const struct ambit_timing *t, const struct ambit_program *p, enum ambit_faw acts)
{
	enum { REPEAT = 200 };
	const struct dram_part *d = t->dram;
	double ready[16] = {0}, bucket = 4, bucket_at = 0, last[4] = {-1e9, -1e9, -1e9, -1e9}, any = -1e9, end = 0;
	double half = 0;
	size_t next[16] = {0};
	for (size_t k = 0; k < REPEAT * p->n * t->banks; k++) {
		unsigned bank = 0;
		for (unsigned b = 1; b < t->banks; b++)
			if (ready[b] < ready[bank])
				bank = b;
		const struct ambit_command *c = &p->cmd[next[bank] % p->n];
		unsigned group = bank % d->bank_groups, need = tokens(c, acts);
		double at = fmax(ready[bank], fmax(any + d->trrd_s, last[group] + d->trrd_l));
		double have = fmin(4, bucket + (at - bucket_at) * 4 / (double)t->tfaw);
		if (have < need) {
			at += (need - have) * (double)t->tfaw / 4;
			have = need;
		}
		bucket = have - need;
		bucket_at = at;
		/* An AAP takes the places of two activations in a row of equal distances. */
		unsigned more = acts != AMBIT_FAW_1 && c->kind == AMBIT_AAP;
		any = at + more * d->trrd_s;
		last[group] = at + more * d->trrd_l;
		ready[bank] = at + (double)ambit_command_ps(t, c);
		next[bank]++;
		end = fmax(end, ready[bank]);
		if (k + 1 == REPEAT / 2 * p->n * t->banks)
			half = end;
	}
	return (end - half) / (REPEAT / 2);
}

Test(ambit_timing, power_limited_steady_state)
{
	for (size_t i = 0; i < sizeof(steady) / sizeof(steady[0]); i++) {
		struct ambit_timing t = timing(steady[i].dram, AMBIT_AAP_SPLIT);
		t.limit = AMBIT_LIMIT_JEDEC;
		t.faw_acts = steady[i].acts;
		const struct ambit_program *p = program(steady[i].op);
		double ns = (double)ambit_batch_ps(&t, p, t.banks) / 1000;
		cr_assert_lt(fabs(ns / steady[i].ns - 1), 0.02, "case %zu: %g ns", i, ns);
		double scheduled = schedule(&t, p, steady[i].acts) / 1000;
		cr_assert_lt(fabs(scheduled / ns - 1), 0.02, "case %zu: scheduled %g ns, closed form %g", i, scheduled,
			     ns);
		t.refresh = true;
		double factor = (double)ambit_batch_ps(&t, p, t.banks) / 1000 / ns;
		cr_assert_lt(fabs(factor - t.dram->trefi / ((double)t.dram->trefi - t.dram->trfc)), 1e-4);
		t.tfaw = 0; /* what is left is tRRD, the bus and the bank itself */
		t.refresh = false;
		cr_assert_geq(ambit_batch_ps(&t, p, t.banks), ambit_program_ps(&t, p));
		cr_assert_lt(fabs(schedule(&t, p, steady[i].acts) / (double)ambit_batch_ps(&t, p, t.banks) - 1), 0.03,
			     "case %zu without tFAW", i);
	}
}

/* No preset's tRRD_L binds while banks take turns; a part with two groups and a long one would. */
Test(ambit_timing, activations_of_one_bank_group)
{
	struct dram_part d = *ambit_dram_find("ddr4-3200");
	d.bank_groups = 2;
	d.trrd_l = 6 * d.trrd_s;
	struct ambit_timing t = timing("ddr4-3200", AMBIT_AAP_SPLIT);
	t.dram = &d;
	t.limit = AMBIT_LIMIT_JEDEC;
	t.tfaw = 0;
	const struct ambit_program *p = program("and");
	for (int faw = AMBIT_FAW_2; faw <= AMBIT_FAW_WORDLINES; faw++) { /* AND: 4 AAP */
		t.faw_acts = (enum ambit_faw)faw;
		cr_assert_eq(ambit_batch_ps(&t, p, 16), 8u * 4 * (faw == AMBIT_FAW_1 ? 1 : 2) * d.trrd_l);
		cr_assert_lt(fabs(schedule(&t, p, t.faw_acts) / (double)ambit_batch_ps(&t, p, 16) - 1), 0.03);
	}
}

Test(ambit_timing, elapsed_is_batches_times_program)
{
	for (int limit = AMBIT_LIMIT_NONE; limit <= AMBIT_LIMIT_JEDEC; limit++) {
		struct ambit_timing t = timing("ddr4-3200", AMBIT_AAP_SPLIT);
		t.limit = (enum ambit_limit)limit;
		t.refresh = true;
		t.channels = 2;
		const struct ambit_program *p = program("xor");
		uint64_t batch = ambit_batch_ps(&t, p, 32);
		for (uint64_t n = 1; n < 5000; n *= 3)
			cr_assert_eq(ambit_elapsed_ps(&t, p, 32 * n), n * batch);
		cr_assert_eq(ambit_elapsed_ps(&t, p, 0), 0);
		uint64_t before = 0; /* more rows never take less time, and one bank alone is not throttled by tFAW */
		for (uint64_t slots = 1; slots <= 96; slots++) {
			uint64_t ps = (uint64_t)ambit_elapsed_ps(&t, p, slots);
			cr_assert_geq(ps, before);
			before = ps;
		}
		t.refresh = false;
		t.faw_acts = AMBIT_FAW_1;
		cr_assert_eq(ambit_elapsed_ps(&t, p, 1), ambit_program_ps(&t, p));
	}
	/* One slot per tCK: 13 commands (5 AAP of 3, 2 AP of 2: 19) x 32 banks bind once banks outnumber the program.
	 */
	struct ambit_timing t = timing("ddr4-3200", AMBIT_AAP_SPLIT);
	t.limit = AMBIT_LIMIT_BUS;
	t.ranks = 4;
	t.banks = 16;
	cr_assert_eq(ambit_batch_ps(&t, program("xor"), 64), 64u * 19 * 625);
	/* An ACT of DDR5 takes two slots: AND has 4 x 5 of them, XOR 5 x 5 + 2 x 3. */
	t = timing("ddr5-4800", AMBIT_AAP_SPLIT);
	t.limit = AMBIT_LIMIT_BUS;
	cr_assert_eq(ambit_batch_ps(&t, program("and"), 32), 32u * 20 * 417);
	cr_assert_eq(ambit_batch_ps(&t, program("xor"), 32), 32u * 31 * 417);
}

/* Whole rank, AND: 652 GB/s of result unconstrained, 385, 193 and 153 to 166 power-limited. */
Test(ambit_timing, rank_throughput_of_ddr4_3200)
{
	struct ambit_timing t = timing("ddr4-3200", AMBIT_AAP_SPLIT);
	const struct ambit_program *p = program("and");
	static const struct {
		enum ambit_limit limit;
		enum ambit_faw acts;
		double low, high;
	} rows[] = {{AMBIT_LIMIT_NONE, AMBIT_FAW_2, 651.5, 652.5},
		    {AMBIT_LIMIT_JEDEC, AMBIT_FAW_1, 384.5, 386},
		    {AMBIT_LIMIT_JEDEC, AMBIT_FAW_2, 192, 193.5},
		    {AMBIT_LIMIT_JEDEC, AMBIT_FAW_WORDLINES, 153, 166}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.limit = rows[i].limit;
		t.faw_acts = rows[i].acts;
		double gbps = 16 * 8192 * 1e3 / (double)ambit_batch_ps(&t, p, 16);
		cr_assert(gbps >= rows[i].low && gbps <= rows[i].high, "row %zu: %g GB/s", i, gbps);
	}
}

Test(ambit_geometry, slots_fill_channels_ranks_banks_then_subarrays)
{
	const struct ambit_geometry g = {2, 3, 4, 5, 1024, 8, 1024};
	cr_assert_eq(ambit_row_bytes(&g), 8192);
	cr_assert_eq(ambit_slots(&g, 1), 1);
	cr_assert_eq(ambit_slots(&g, 65536), 1);
	cr_assert_eq(ambit_slots(&g, 65537), 2);
	cr_assert_eq(ambit_layers(&g, 120), 1);
	cr_assert_eq(ambit_layers(&g, 121), 2);
	for (uint64_t s = 0; s < 240; s++) {
		struct ambit_place p = ambit_place(&g, s);
		cr_assert_eq(p.channel + 2 * (p.rank + 3 * (p.bank + 4 * (p.subarray + 5 * (uint64_t)p.layer))), s);
		cr_assert(p.channel < 2 && p.rank < 3 && p.bank < 4 && p.subarray < 5);
	}
	cr_assert_eq(ambit_place(&g, 1).channel, 1);
	cr_assert_eq(ambit_place(&g, 2).rank, 1);
	cr_assert_eq(ambit_place(&g, 6).bank, 1);
	cr_assert_eq(ambit_place(&g, 24).subarray, 1);
}

/* ---- energy: the equation written out once more, from currents alone ---- */
Test(ambit_energy, bulk_operations_follow_the_equation)
{
	static const double kappa[3] = {0.07, 0.31, 1};
	const double band[3] = {dram_datasheet_band.min, dram_datasheet_band.typ, dram_datasheet_band.max};
	for (size_t k = 0; ambit_dram_preset(k); k++) {
		const struct dram_part *d = ambit_dram_preset(k);
		struct ambit_energy e;
		if (!dram_part_has_currents(d) || dram_rho_max(d) < 0.5)
			continue; /* below */
		cr_assert_eq(ambit_energy_init(&e, d, 0.5, 8, NULL, 0), 0);
		double i_rho = 0.5 * (d->idd3n - d->idd2n) + d->idd2n;
		double i1 = (d->idd3n + (d->banks - 1) * i_rho) / d->banks;
		double act = d->vdd * (d->idd0 - i1) * dram_part_idd_tras_ns(d);
		double pre = d->vdd * (d->idd0 - d->idd2n) * dram_part_idd_trp_ns(d);
		for (int op = 0; op < AMBIT_BULK_COUNT; op++) {
			const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)op);
			double expected[3] = {0};
			struct ambit_activity a = {0};
			for (size_t i = 0; i < p->n; i++) {
				struct ambit_wordlines w, v = {0};
				(void)ambit_decode(p->cmd[i].a, &w);
				bool second = p->cmd[i].kind == AMBIT_AAP;
				if (second)
					(void)ambit_decode(p->cmd[i].b, &v);
				for (int j = 0; j < 3; j++)
					expected[j] +=
						8 * band[j] *
						(act * (1 + 0.22 * (w.count - 1)) +
						 (second ? kappa[j] * act * (1 + 0.22 * (v.count - 1.0)) : 0) + pre);
				a.act_first++;
				a.extra_first += w.count - 1;
				a.pre++;
				a.act_second += second;
				a.extra_second += second ? v.count - 1 : 0;
			}
			double got[3] = {0};
			for (int part = 0; part < AMBIT_E_PARTS; part++) {
				struct dram_band b = ambit_energy_pj(&e, &a, (enum ambit_energy_part)part);
				got[0] += b.min;
				got[1] += b.typ;
				got[2] += b.max;
			}
			for (int j = 0; j < 3; j++)
				cr_assert_lt(fabs(got[j] / expected[j] - 1), 1e-12, "%s %s band %d", d->name, p->name,
					     j);
			cr_assert(got[0] < got[1] && got[1] < got[2]);
		}
	}
	struct ambit_energy e;
	char err[200];
	struct dram_part unknown = *dram_part_find("ddr5-4800-x8");
	unknown.idd4w = 0;
	cr_assert_eq(ambit_energy_init(&e, &unknown, 0.5, 8, err, sizeof(err)), -EOPNOTSUPP);
	/* DDR5's IDD3N has all banks open: at rho 0.5 its activation would be negative (facts of DRAMPower's form). */
	cr_assert_eq(ambit_energy_init(&e, dram_part_find("ddr5-4800-x8"), 0.5, 8, err, sizeof(err)), -EDOM);
	cr_assert(strstr(err, "-520 pJ"), "%s", err);
	cr_assert_eq(ambit_energy_init(&e, dram_part_find("ddr5-4800-x8"), DRAM_RHO_DEFAULT, 8, err, sizeof(err)), 0);
	cr_assert(e.chip.rho > 0 && e.chip.rho < 0.5 && e.chip.act_pj == 0);
	cr_assert_eq(ambit_energy_init(&e, dram_part_find("lpddr5x-7500-x16"), 0, 4, err, sizeof(err)), -EOPNOTSUPP);
}

/* Ambit's table is per KB, pLUTo's per 8 KB row; both come out of two constants each. */
Test(ambit_energy, published_tables)
{
	const struct ambit_energy_table *ambit = ambit_energy_table("ambit-table"),
					*pluto = ambit_energy_table("pluto");
	cr_assert(ambit && pluto && !ambit->verified && !ambit_energy_table("drampower"));
	static const struct {
		const char *op;
		double nj;
	} rows[] = {{"not", 1.74}, {"and", 3.48}, {"or", 3.48}, {"xor", 5.68}}; /* pLUTo memory_models.py */
	char field[9][300];
	const char *at = mw_data_ambit_ops_csv;
	int compared = 0;
	csv_line(&at, field, 9);
	while (csv_line(&at, field, 9)) {
		uint64_t aap = strtoull(field[1], NULL, 10), ap = strtoull(field[2], NULL, 10);
		double per_kb = ambit_table_pj(ambit, aap, ap, 1024).typ / 1e3;
		double per_row = ambit_table_pj(pluto, aap, ap, 8192).typ / 1e3;
		if (field[5][0]) {
			cr_assert_lt(fabs(per_kb - atof(field[5])), 0.001, "%s: %g nJ/KB", field[0], per_kb);
			compared++;
		}
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (strcmp(rows[i].op, field[0]) == 0) {
				cr_assert_lt(fabs(per_row - rows[i].nj), 0.005, "%s: %g nJ", field[0], per_row);
				compared++;
			}
	}
	cr_assert_eq(compared, 11);
	/* Per KB the second is far below the first: 0.109 against 0.8 nJ of an AAP. */
	cr_assert_lt(fabs(ambit_table_pj(pluto, 1, 0, 1024).max - 108.9), 0.1);
	cr_assert_lt(fabs(ambit_table_pj(ambit, 1, 0, 8192).min - 6400), 1e-6);
}

Test(ambit_energy, standing_and_transfer_terms)
{
	struct ambit_energy e;
	cr_assert_eq(ambit_energy_init(&e, dram_part_find("ddr4-3200-x8"), 1, 8, NULL, 0), 0);
	/* rho = 1: any open bank draws IDD3N. 1 us x 8 chips x 1.2 V x 52 mA. */
	cr_assert_lt(fabs(ambit_background_pj(
				  &e, &(struct ambit_standing){.compute_ps = 1000000, .open_ps = 16000000, .ranks = 1})
					  .max /
				  (8 * 1.2 * 52 * 1000) -
			  1),
		     1e-9);
	double refresh = 1.2 * (250 - 52) * e.part->trfc / e.part->trefi; /* mW */
	cr_assert_lt(fabs(ambit_refresh_pj(&e, 1000000, 2).max / (2 * 8 * refresh * 1000) - 1), 1e-9);
	/* A row of 8 KB: 128 bursts of each chip, one activation and precharge. */
	double row = 128 * e.chip.rd_pj + e.chip.act_pj + e.chip.pre_pj;
	cr_assert_lt(fabs(ambit_transfer_pj(&e, 8192, 0).max / (8 * row) - 1), 1e-9);
}
