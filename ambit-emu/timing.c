#include "ambit-emu/timing.h"

#include <string.h>

static const struct ambit_dram presets[] = {
	{
		.name = "ddr3-1600",
		.title = "DDR3-1600 8-8-8, x8, 1 KB page, 4 Gb",
		.tck = 1250,
		.tras = 35000, /* with trp 10: AAP 49, AP 45 reproduce the latencies in SiyuanMa0316/LLMCompass@faa3918
				*/
		.trp = 10000,
		.overlap = 4000, /* tWLOV, CMU-SAFARI/MIMDRAM@49549f9 gem5/src/mem/DRAMCtrl.py */
		.trrd_s = 6000,  /* this and the next four: the same file, DDR3_1600_x64 */
		.trrd_l = 6000,
		.tfaw = 30000,
		.trfc = 260000,
		.trefi = 7800000,
		.banks = 8,
		.bank_groups = 1,
		.rows_per_bank = 65536, /* 4 Gb = 8 banks x 65536 rows x 1 KB */
		.chip_bits = 8,
		.channel_bits = 64,
		.page_bytes = 1024,
		.burst_mbps = 1600,
		.energy_part = "ddr3-1600-x8",
		.time_source = "tRAS 35 tRP 10 as in Ambit (AAP 49 AP 45 cross-checked); tRRD tFAW tRFC tREFI MIMDRAM "
			       "DRAMCtrl.py DDR3_1600_x64",
	},
	{
		.name = "ddr4-3200",
		.title = "DDR4-3200AA, x8, 1 KB page, 8 Gb",
		.tck = 625, /* tck, tras, trp: CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr4.py, DDR4-3200AA
			     */
		.tras = 52 * 625,
		.trp = 22 * 625,
		.overlap = 4000, /* as above: no figure for DDR4 is published */
		.trrd_s =
			4 * 625, /* this and the next four: umd-memsys/DRAMsim3@2981759 DDR4_8Gb_x8_3200.ini, in tCK */
		.trrd_l = 8 * 625,
		.tfaw = 34 * 625,
		.trfc = 560 * 625,
		.trefi = 12480 * 625,
		.banks = 16,
		.bank_groups = 4,
		.rows_per_bank = 65536, /* 8 Gb = 16 banks x 65536 rows x 1 KB */
		.chip_bits = 8,
		.channel_bits = 64,
		.page_bytes = 1024,
		.burst_mbps = 3200,
		.energy_part = "ddr4-3200-x8",
		.time_source =
			"ramulator2 DDR4-3200AA; tRRD tFAW tRFC tREFI DRAMsim3 DDR4_8Gb_x8_3200; overlap 4 ns MIMDRAM",
	},
};

const struct ambit_dram *ambit_dram_preset(size_t i)
{
	return i < sizeof(presets) / sizeof(presets[0]) ? &presets[i] : NULL;
}

const struct ambit_dram *ambit_dram_find(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

uint64_t ambit_command_ps(const struct ambit_timing *t, const struct ambit_command *c)
{
	const struct ambit_dram *d = t->dram;
	if (c->kind == AMBIT_AP)
		return (uint64_t)d->tras + d->trp;
	bool split = t->aap == AMBIT_AAP_SPLIT ||
		     (t->aap == AMBIT_AAP_STRICT && (c->a.group == AMBIT_B) != (c->b.group == AMBIT_B));
	return (uint64_t)d->tras + (split ? d->overlap : d->tras) + d->trp;
}

uint64_t ambit_program_ps(const struct ambit_timing *t, const struct ambit_program *p)
{
	uint64_t ps = 0;
	for (size_t i = 0; i < p->n; i++)
		ps += ambit_command_ps(t, &p->cmd[i]);
	return ps;
}

uint64_t ambit_parallel(const struct ambit_timing *t)
{
	return (uint64_t)t->channels * t->ranks * t->banks * t->salp;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Activations of one rank in which `subarrays` of its subarrays run the program once. */
static uint64_t activation_ps(const struct ambit_timing *t, const struct ambit_counts *c, uint64_t subarrays)
{
	const struct ambit_dram *d = t->dram;
	uint64_t first = c->aap + c->ap, tokens = first;
	if (t->faw_acts == AMBIT_FAW_2)
		tokens = 2 * c->aap + c->ap;
	if (t->faw_acts == AMBIT_FAW_WORDLINES)
		tokens = 2 * c->aap + c->ap + c->extra_first + c->extra_second;
	uint64_t ps = ceil_div(tokens * subarrays * t->tfaw, 4);
	if (subarrays > 1) { /* tRRD is between banks; inside an AAP the second activation is part of the command */
		uint64_t same_group = ceil_div(subarrays, d->bank_groups);
		ps = max(ps, subarrays * first * d->trrd_s);
		ps = max(ps, same_group > 1 ? same_group * first * d->trrd_l : 0);
	}
	return ps;
}

uint64_t ambit_batch_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots)
{
	const struct ambit_dram *d = t->dram;
	uint64_t ps = ambit_program_ps(t, p);
	if (t->limit == AMBIT_LIMIT_NONE || slots == 0)
		return slots ? ps : 0;
	struct ambit_counts c;
	ambit_program_counts(p, &c);
	uint64_t commands = 3 * c.aap + 2 * c.ap;
	ps = max(ps, ceil_div(slots, t->channels) * commands * d->tck);
	if (t->limit == AMBIT_LIMIT_BUS)
		return ps;
	ps = max(ps, activation_ps(t, &c, ceil_div(slots, (uint64_t)t->channels * t->ranks)));
	if (t->refresh) /* every tREFI the rank is away for tRFC */
		ps = ceil_div(ps * d->trefi, d->trefi - d->trfc);
	return ps;
}

uint64_t ambit_elapsed_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots)
{
	uint64_t parallel = ambit_parallel(t), rest = slots % parallel;
	return slots / parallel * ambit_batch_ps(t, p, parallel) + ambit_batch_ps(t, p, rest);
}
