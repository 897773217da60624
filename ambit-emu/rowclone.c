#include "ambit-emu/rowclone.h"

#include <errno.h>
#include <string.h>

#define CLOCKS(tck, n) ((n) * (tck))
/* A clock of DDR5-4800 is 5000/12 ps: round the product, not the clock. */
#define CK4800(n) (((n)*5000 + 6) / 12)

static const struct ambit_column columns[] = {
	{
		.dram = "ddr3-1600",
		.trcd = CLOCKS(1250, 8),
		.tcl = CLOCKS(1250, 8),
		.tccd = CLOCKS(1250, 4),
		.burst = CLOCKS(1250, 4),
		.twr = 15000,
		.beats = 8,
		.source = "tRCD tCL of 8-8-8; tCCD 4 tCK and tWR 15 ns as usual for DDR3 (unverified)",
	},
	{
		.dram = "ddr4-2400",
		.trcd = 14160,
		.tcl = 14160,
		.tccd = CLOCKS(833, 6),
		.burst = CLOCKS(833, 4),
		.twr = CLOCKS(833, 18),
		.beats = 8,
		.source =
			"tRCD tCL MIMDRAM DRAMCtrl.py DDR4_2400_x64; tWR ramulator2 DDR4_2400R; tCCD_L 6 tCK as usual "
			"for DDR4 (unverified)",
	},
	{
		.dram = "ddr4-3200",
		.trcd = CLOCKS(625, 22),
		.tcl = CLOCKS(625, 22),
		.tccd = CLOCKS(625, 8),
		.burst = CLOCKS(625, 4),
		.twr = CLOCKS(625, 24),
		.beats = 8,
		.verified = true,
		.source = "tRCD tCL tCCD_L tWR ramulator2 DDR4-3200AA",
	},
	{
		.dram = "ddr5-4800",
		.trcd = CK4800(39),
		.tcl = CK4800(40),
		.tccd = CK4800(48), /* every TRANSFER writes to the same bank */
		.burst = CK4800(8),
		.twr = CK4800(72),
		.beats = 16,
		.verified = true,
		.source = "tRCD tCL tCCD_L_WR tWR JESD79-5B 4800B (rvsim)",
	},
	{
		.dram = "hbm2",
		.trcd = 14000,
		.tcl = 14000,
		.tccd = 2000,
		.burst = 2000,
		.twr = 16000,
		.beats = 4,
		.verified = true,
		.source = "tRCD tCL tCCD_L tWR DRAMsim3 HBM2_8Gb_x128",
	},
};

const struct ambit_column *ambit_column_find(const struct ambit_dram *d)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (strcmp(columns[i].dram, d->name) == 0 &&
		    (columns[i].chip_bits == 0 || columns[i].chip_bits == d->chip_bits))
			return &columns[i];
	return NULL;
}

enum ambit_clone ambit_clone_kind(const struct ambit_place *from, const struct ambit_place *to)
{
	if (from->channel != to->channel || from->rank != to->rank)
		return AMBIT_CLONE_FAR;
	if (from->bank != to->bank)
		return AMBIT_CLONE_BANK;
	return from->subarray == to->subarray ? AMBIT_CLONE_NONE : AMBIT_CLONE_SUBARRAY;
}

int ambit_clone_cost(const struct ambit_dram *d, const struct ambit_column *c, const struct ambit_geometry *g,
		     enum ambit_clone kind, struct ambit_clone_cost *out)
{
	*out = (struct ambit_clone_cost){0};
	if (kind == AMBIT_CLONE_FAR || !c)
		return -EOPNOTSUPP;
	if (kind == AMBIT_CLONE_NONE)
		return 0;
	uint32_t n = g->page_bytes * 8 / (d->chip_bits * c->beats);
	uint64_t stream = (uint64_t)(n - 1) * c->tccd;
	uint32_t halves = kind == AMBIT_CLONE_SUBARRAY ? 2 : 1;
	out->ps = (uint64_t)d->trrd_l + c->trcd + stream + c->tcl + c->burst + c->twr + d->trp;
	if (halves == 2)
		out->ps += (uint64_t)d->trp + c->trcd + stream;
	out->activations = halves + 1;
	out->transfers = halves * n;
	out->bytes = halves * ambit_row_bytes(g);
	return 0;
}

mw_wide ambit_clone_elapsed_ps(const struct ambit_geometry *g, const struct ambit_clone_cost *one, uint64_t rows)
{
	uint64_t buses = (uint64_t)g->channels * g->ranks;
	return mw_wide_mul((rows + buses - 1) / buses, one->ps);
}
