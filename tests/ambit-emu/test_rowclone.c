#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "ambit-emu/rowclone.h"

/* Published copies, with the timings of their memories. */
static const struct ambit_dram ddr3_1066 = {.name = "1066", .trrd_l = 7500, .trp = 13125, .chip_bits = 8};
static const struct ambit_column col_1066 = {
	.trcd = 13125, .tcl = 13125, .tccd = 7500, .burst = 7500, .twr = 15000, .beats = 8};
static const struct ambit_dram ddr3_1600 = {.name = "1600", .trrd_l = 5000, .trp = 13750, .chip_bits = 8};
static const struct ambit_column col_1600 = {
	.trcd = 13750, .tcl = 13750, .tccd = 5000, .burst = 5000, .twr = 15000, .beats = 8};

Test(rowclone, times_are_those_that_were_published)
{
	const struct ambit_geometry kb4 = {1, 1, 8, 64, 512, 8, 512}, kb8 = {1, 1, 8, 64, 512, 8, 1024};
	struct ambit_clone_cost c;
	/* RowClone, Table 3: 4 KB take 1046 ns through the processor, 1.93 times as long as between two banks; between
	 * two subarrays there is nearly no difference. */
	cr_assert_eq(ambit_clone_cost(&ddr3_1066, &col_1066, &kb4, AMBIT_CLONE_BANK, &c), 0);
	cr_assert_eq(round(100 * 1046e3 / (double)c.ps), 193, "%llu ps", (unsigned long long)c.ps);
	cr_assert_eq(ambit_clone_cost(&ddr3_1066, &col_1066, &kb4, AMBIT_CLONE_SUBARRAY, &c), 0);
	cr_assert_float_eq(1046e3 / (double)c.ps, 1.0, 0.02);
	/* LISA, Table 1. */
	cr_assert_eq(ambit_clone_cost(&ddr3_1600, &col_1600, &kb8, AMBIT_CLONE_SUBARRAY, &c), 0);
	cr_assert_eq(c.ps, 1363750u);
	cr_assert(c.activations == 3 && c.transfers == 256 && c.bytes == 16384);
}

Test(rowclone, presets_and_their_sources)
{
	struct ambit_geometry g = {1, 1, 16, 64, 1024, 8, 1024};
	struct ambit_clone_cost bank, subarray, none;
	const struct ambit_dram *ddr4 = ambit_dram_find("ddr4-3200"), *ddr3 = ambit_dram_find("ddr3-1600");
	cr_assert(ambit_column_find(ddr4)->verified && !ambit_column_find(ddr3)->verified);
	cr_assert_not_null(strstr(ambit_column_find(ddr3)->source, "unverified"));
	for (size_t i = 0; ambit_dram_preset(i); i++) {
		/* Every preset can move rows, and says whose figures that rests on. */
		const struct ambit_dram *d = ambit_dram_preset(i);
		const struct ambit_column *c = ambit_column_find(d);
		struct ambit_geometry own = {1, 1, d->banks, 2, 64, d->channel_bits / d->chip_bits, d->page_bytes};
		cr_assert_not_null(c, "%s", d->name);
		cr_assert_eq(c->trcd, d->trcd, "%s: %u, %u", d->name, c->trcd, d->trcd);
		cr_assert_eq(c->verified, strstr(c->source, "unverified") == NULL, "%s", d->name);
		cr_assert_eq(ambit_clone_cost(d, c, &own, AMBIT_CLONE_BANK, &bank), 0);
		cr_assert_eq((uint64_t)bank.transfers * c->beats * d->channel_bits / 8, ambit_row_bytes(&own), "%s",
			     d->name);
	}
	struct ambit_dram other = *ddr4;
	other.name = "unknown";
	cr_assert_null(ambit_column_find(&other));
	const struct ambit_column *c = ambit_column_find(ddr4);
	cr_assert_eq(ambit_clone_cost(ddr4, c, &g, AMBIT_CLONE_BANK, &bank), 0);
	/* 8 + 22 + 127 x 8 + 22 + 4 + 24 + 22 clocks */
	cr_assert_eq(bank.ps, 1118u * 625);
	cr_assert(bank.activations == 2 && bank.transfers == 128 && bank.bytes == 8192);
	cr_assert_eq(ambit_clone_cost(ddr4, c, &g, AMBIT_CLONE_SUBARRAY, &subarray), 0);
	cr_assert_eq(subarray.ps, (1118u + 22 + 22 + 127 * 8) * 625);
	cr_assert_eq(ambit_clone_cost(ddr4, c, &g, AMBIT_CLONE_NONE, &none), 0);
	cr_assert(none.ps == 0 && none.transfers == 0);
	cr_assert_eq(ambit_clone_cost(ddr4, c, &g, AMBIT_CLONE_FAR, &none), -EOPNOTSUPP);
	cr_assert_eq(ambit_clone_cost(ddr4, NULL, &g, AMBIT_CLONE_BANK, &none), -EOPNOTSUPP);
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
