#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "ambit-emu/rowclone.h"

/* Published copies, with the timings of their memories. */
static struct dram_part ddr3(uint32_t tck, uint32_t trrd, uint32_t cycle, uint32_t tccd)
{
	struct dram_part p = *ambit_dram_find("ddr3-1600");
	p.tck = tck;
	p.trrd_l = trrd;
	p.trp = p.trcd = p.tcl = cycle;
	p.tccd_l = tccd;
	return p;
}

Test(rowclone, times_are_those_that_were_published)
{
	const struct ambit_geometry kb4 = {1, 1, 8, 64, 512, 8, 512}, kb8 = {1, 1, 8, 64, 512, 8, 1024};
	const struct dram_part ddr3_1066 = ddr3(1875, 7500, 13125, 7500), ddr3_1600 = ddr3(1250, 5000, 13750, 5000);
	struct ambit_clone_cost c;
	/* RowClone, Table 3: 4 KB take 1046 ns through the processor, 1.93 times as long as between two banks; between
	 * two subarrays there is nearly no difference. */
	cr_assert_eq(ambit_clone_cost(&ddr3_1066, &kb4, AMBIT_CLONE_BANK, &c), 0);
	cr_assert_eq(round(100 * 1046e3 / (double)c.ps), 193, "%llu ps", (unsigned long long)c.ps);
	cr_assert_eq(ambit_clone_cost(&ddr3_1066, &kb4, AMBIT_CLONE_SUBARRAY, &c), 0);
	cr_assert_float_eq(1046e3 / (double)c.ps, 1.0, 0.02);
	/* LISA, Table 1. */
	cr_assert_eq(ambit_clone_cost(&ddr3_1600, &kb8, AMBIT_CLONE_SUBARRAY, &c), 0);
	cr_assert_eq(c.ps, 1363750u);
	cr_assert(c.activations == 3 && c.transfers == 256 && c.bytes == 16384);
}

Test(rowclone, presets_and_their_sources)
{
	struct ambit_geometry g = {1, 1, 16, 64, 1024, 8, 1024};
	struct ambit_clone_cost bank, subarray, none;
	const struct dram_part *ddr4 = ambit_dram_find("ddr4-3200"), *ddr3 = ambit_dram_find("ddr3-1600");
	cr_assert(!ddr4->column_unverified[0] && ddr3->column_unverified[0]);
	for (size_t i = 0; ambit_dram_preset(i); i++) {
		/* Every preset can move rows, and says whose figures that rests on. */
		const struct dram_part *d = ambit_dram_preset(i);
		struct ambit_geometry own = {1, 1, d->banks, 2, 64, d->channel_bits / d->chip_bits, d->page_bytes};
		cr_assert(dram_part_has_columns(d) && d->column_source[0], "%s", d->name);
		cr_assert_eq(ambit_clone_cost(d, &own, AMBIT_CLONE_BANK, &bank), 0);
		cr_assert_eq((uint64_t)bank.transfers * d->burst_length * d->channel_bits / 8, ambit_row_bytes(&own),
			     "%s", d->name);
	}
	struct dram_part other = *ddr4;
	other.twr = 0; /* one column timing without a source */
	cr_assert_eq(ambit_clone_cost(ddr4, &g, AMBIT_CLONE_BANK, &bank), 0);
	/* 8 + 22 + 127 x 8 + 22 + 4 + 24 + 22 clocks */
	cr_assert_eq(bank.ps, 1118u * 625);
	cr_assert(bank.activations == 2 && bank.transfers == 128 && bank.bytes == 8192);
	cr_assert_eq(ambit_clone_cost(ddr4, &g, AMBIT_CLONE_SUBARRAY, &subarray), 0);
	cr_assert_eq(subarray.ps, (1118u + 22 + 22 + 127 * 8) * 625);
	cr_assert_eq(ambit_clone_cost(ddr4, &g, AMBIT_CLONE_NONE, &none), 0);
	cr_assert(none.ps == 0 && none.transfers == 0);
	cr_assert_eq(ambit_clone_cost(ddr4, &g, AMBIT_CLONE_FAR, &none), -EOPNOTSUPP);
	cr_assert_eq(ambit_clone_cost(&other, &g, AMBIT_CLONE_BANK, &none), -EOPNOTSUPP);
}

Test(rowclone, kinds_follow_the_places)
{
	const struct ambit_geometry g = {2, 2, 4, 8, 64, 8, 1024};
	for (uint64_t i = 0; i < 256; i++)
		for (uint64_t k = 0; k < 256; k++) {
			struct ambit_place a = ambit_place(&g, i), b = ambit_place(&g, k);
			enum ambit_clone want = i % 4 != k % 4             ? AMBIT_CLONE_FAR
						: i / 4 % 4 != k / 4 % 4   ? AMBIT_CLONE_BANK
						: i / 16 % 8 != k / 16 % 8 ? AMBIT_CLONE_SUBARRAY
									   : AMBIT_CLONE_NONE;
			cr_assert_eq(ambit_clone_kind(&a, &b), want, "%d %d", (int)i, (int)k);
		}
	/* Four ranks copy side by side, one row after the other in each. */
	const struct ambit_clone_cost one = {.ps = 1000};
	cr_assert_eq(ambit_clone_elapsed_ps(&g, &one, 0), 0u);
	cr_assert_eq(ambit_clone_elapsed_ps(&g, &one, 4), 1000u);
	cr_assert_eq(ambit_clone_elapsed_ps(&g, &one, 9), 3000u);
}
