/* DRAM presets whose timings have a source. Times in ps, computed from clocks where the source prints clocks. The
 * overlap of 4 ns is MIMDRAM's tWLOV for DDR3 and DDR4; no figure is published for the others.
 *
 * Not used: MIMDRAM's activation window of 50 ns for DDR4-2400 (JEDEC: 21 ns), and DRAMsim3's DDR3_8Gb_x8, whose page
 * has 2 KB. */
#include <string.h>

#include "ambit-emu/timing.h"
#include "base/core/text.h"

#define CK1600(n) ((n)*1250)
#define CK3200(n) ((n)*625)
#define CK2400(n) ((n)*833)
/* A clock of DDR5-4800 is 5000/12 ps: round the product, not the clock. */
#define CK4800(n) (((n)*5000 + 6) / 12)
#define NS(n) ((n)*1000)

static const struct ambit_dram presets[] = {
	{
		.name = "ddr3-1600",
		.title = "DDR3-1600 8-8-8, x8, 1 KB page, 4 Gb",
		.tck = 1250,
		.act_slots = 1,
		/* With tRP 10: AAP 49 and AP 45 reproduce the latencies in SiyuanMa0316/LLMCompass@faa3918. */
		.tras = NS(35),
		.trp = NS(10),
		.trcd = NS(10), /* 8-8-8 */
		.overlap = NS(4),
		/* CMU-SAFARI/MIMDRAM@49549f9 gem5/src/mem/DRAMCtrl.py DDR3_1600_x64 */
		.trrd_s = NS(6),
		.trrd_l = NS(6),
		.tfaw = NS(30),
		.trfc = NS(260),
		.trefi = NS(7800),
		/* CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr3.py, alike in all bins of DDR3-1600 */
		.tcl = NS(10), /* 8-8-8 */
		.tcwl = CK1600(8),
		.trtp = CK1600(6),
		.twr = CK1600(12),
		.twtr_s = CK1600(6),
		.twtr_l = CK1600(6),
		.tcs = CK1600(2),
		.tccd_s = CK1600(4),
		.tccd_l = CK1600(4),
		.tccd_l_wr = CK1600(4),
		.turn = CK1600(2),
		.column_slots = 1,
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
		.name = "ddr4-2400",
		.title = "DDR4-2400, x8, 1 KB page, 8 Gb",
		.tck = 833,
		.act_slots = 1,
		/* CMU-SAFARI/MIMDRAM@49549f9 gem5/src/mem/DRAMCtrl.py DDR4_2400_x64 */
		.tras = NS(32),
		.trp = 14160,
		.trcd = 14160,
		.overlap = NS(4),
		/* umd-memsys/DRAMsim3@2981759 configs/DDR4_8Gb_x8_2400.ini */
		.trrd_s = CK2400(4),
		.trrd_l = CK2400(6),
		.tfaw = CK2400(26),
		.trfc = CK2400(420),
		.trefi = CK2400(9360),
		/* CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr4.py DDR4_2400R */
		.tcl = CK2400(17), /* MIMDRAM: 14.16 ns */
		.tcwl = CK2400(12),
		.trtp = CK2400(9),
		.twr = CK2400(18),
		.twtr_s = CK2400(3),
		.twtr_l = CK2400(9),
		.tcs = CK2400(2),
		.tccd_s = CK2400(4),
		.tccd_l = CK2400(6),
		.tccd_l_wr = CK2400(6),
		.turn = CK2400(2),
		.column_slots = 1,
		.banks = 16,
		.bank_groups = 4,
		.rows_per_bank = 65536,
		.chip_bits = 8,
		.channel_bits = 64,
		.page_bytes = 1024,
		.burst_mbps = 2400,
		.energy_part = "ddr4-2400-x8",
		.time_source = "tRAS 32 tRP 14.16 overlap 4 ns MIMDRAM DRAMCtrl.py DDR4_2400_x64; tRRD tFAW tRFC tREFI "
			       "DRAMsim3 DDR4_8Gb_x8_2400",
	},
	{
		.name = "ddr4-3200",
		.title = "DDR4-3200AA, x8, 1 KB page, 8 Gb",
		.tck = 625,
		.act_slots = 1,
		/* CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr4.py DDR4-3200AA */
		.tras = CK3200(52),
		.trp = CK3200(22),
		.trcd = CK3200(22),
		.tcl = CK3200(22),
		.tcwl = CK3200(16),
		.trtp = CK3200(12),
		.twr = CK3200(24),
		.twtr_s = CK3200(4),
		.twtr_l = CK3200(12),
		.tcs = CK3200(2),
		.tccd_s = CK3200(4),
		.tccd_l = CK3200(8),
		.tccd_l_wr = CK3200(8),
		.turn = CK3200(2),
		.column_slots = 1,
		.overlap = NS(4),
		/* umd-memsys/DRAMsim3@2981759 configs/DDR4_8Gb_x8_3200.ini, in clocks */
		.trrd_s = CK3200(4),
		.trrd_l = CK3200(8),
		.tfaw = CK3200(34),
		.trfc = CK3200(560),
		.trefi = CK3200(12480),
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
	{
		.name = "ddr4-3200",
		.title = "DDR4-3200AA, x16, 2 KB page, 8 Gb",
		.tck = 625,
		.act_slots = 1,
		.tras = CK3200(52), /* as x8 */
		.trp = CK3200(22),
		.trcd = CK3200(22),
		.tcl = CK3200(22),
		.tcwl = CK3200(16),
		.trtp = CK3200(12),
		.twr = CK3200(24),
		.twtr_s = CK3200(4),
		.twtr_l = CK3200(12),
		.tcs = CK3200(2),
		.tccd_s = CK3200(4),
		.tccd_l = CK3200(8),
		.tccd_l_wr = CK3200(8),
		.turn = CK3200(2),
		.column_slots = 1,
		.overlap = NS(4),
		/* umd-memsys/DRAMsim3@2981759 configs/DDR4_8Gb_x16_3200.ini, in clocks */
		.trrd_s = CK3200(9),
		.trrd_l = CK3200(11),
		.tfaw = CK3200(48),
		.trfc = CK3200(560),
		.trefi = CK3200(12480),
		.banks = 8,
		.bank_groups = 2,
		.rows_per_bank = 65536, /* 8 Gb = 8 banks x 65536 rows x 2 KB */
		.chip_bits = 16,
		.channel_bits = 64,
		.page_bytes = 2048,
		.burst_mbps = 3200,
		.energy_part = "ddr4-3200-x16",
		.time_source = "ramulator2 DDR4-3200AA; tRRD tFAW tRFC tREFI DRAMsim3 DDR4_8Gb_x16_3200; overlap 4 ns "
			       "MIMDRAM",
	},
	{
		.name = "ddr5-4800",
		.title = "DDR5-4800B, x8, 1 KB page, 16 Gb, one 32-bit subchannel",
		.tck = 417,
		.act_slots = 2,
		/* JESD79-5B 4800B 40-39-39 as printed in rvsim's test of it */
		.tras = CK4800(77),
		.trp = CK4800(39),
		.trcd = CK4800(39),
		.trrd_s = CK4800(8),
		.trrd_l = CK4800(12),
		.tfaw = CK4800(32),
		.trfc = CK4800(708), /* RFC1: all banks */
		.trefi = CK4800(9360),
		.tcl = CK4800(40),
		.tcwl = CK4800(38),
		.trtp = CK4800(18),
		.twr = CK4800(72),
		.twtr_s = CK4800(6),
		.twtr_l = CK4800(24),
		.tccd_s = CK4800(8),
		.tccd_l = CK4800(12),
		.tccd_l_wr = CK4800(48),
		/* CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr5.py */
		.tcs = CK4800(2),
		.turn = CK4800(4),
		.tppd = CK4800(2),
		.column_slots = 2,
		.overlap = NS(4),
		.banks = 32,
		.bank_groups =
			8, /* geometry: CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/ddr5.py DDR5_16Gb_x8 */
		.rows_per_bank = 65536,
		.chip_bits = 8,
		.channel_bits = 32,
		.page_bytes = 1024,
		.burst_mbps = 4800,
		.energy_part = "ddr5-4800-x8",
		.time_source = "JESD79-5B 4800B (rvsim); geometry and two slots for an ACT ramulator2",
		.unverified = "overlap 4 ns is that of DDR3 and DDR4",
	},
	{
		.name = "hbm2",
		.title = "HBM2 2 Gb/s, one pseudo-channel of 64 bits, 1 KB page",
		.tck = 1000,
		.act_slots =
			2, /* on the row command bus: CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/hbm2.py */
		/* umd-memsys/DRAMsim3@2981759 configs/HBM2_8Gb_x128.ini, clocks of 1 ns */
		.tras = NS(34),
		.trp = NS(14),
		.trcd = NS(14),
		.trrd_s = NS(4),
		.trrd_l = NS(6),
		.tfaw = NS(30),
		.trfc = NS(260),
		.trefi = NS(3900),
		.tcl = NS(14),
		.tcwl = NS(4),
		.trtp = NS(6),
		.twr = NS(16),
		.twtr_s = NS(6),
		.twtr_l = NS(8),
		.tccd_s = NS(1), /* the data of a burst take 2 */
		.tccd_l = NS(2),
		.tccd_l_wr = NS(2),
		/* CMU-SAFARI/ramulator2@c5b1c3a python/ramulator/dram/hbm2.py; it has no gap between ranks */
		.turn = NS(2),
		.column_slots = 1,
		.column_bus = true,
		.overlap = NS(4),
		.banks = 16,
		.bank_groups = 4,
		.rows_per_bank = 32768, /* 4 Gb of a channel's 8: 16 banks x 32768 rows x 1 KB */
		.chip_bits = 64,
		.channel_bits = 64,
		.page_bytes = 1024,
		.burst_mbps = 2000,
		.energy_part = "hbm2-x128",
		.time_source = "DRAMsim3 HBM2_8Gb_x128; two slots for an ACT ramulator2",
		.unverified = "overlap 4 ns is that of DDR3 and DDR4",
	},
};

enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

static const struct {
	const char *name, *why;
} refused[] = {
	{"lpddr5x-7500", "its timings have no source (the energy model prices bursts of lpddr5x-7500-x16 only)"},
};

const struct ambit_dram *ambit_dram_preset(size_t i)
{
	return i < PRESETS ? &presets[i] : NULL;
}

const struct ambit_dram *ambit_dram_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

/* Lists the widths of one preset, "x8 x16", or for NULL the names of all presets. */
static void list(const char *name, char *out, size_t n)
{
	out[0] = '\0';
	for (size_t i = 0; i < PRESETS; i++) {
		const char *gap = out[0] ? " " : "";
		if (name && strcmp(presets[i].name, name) != 0)
			continue;
		if (!name && i > 0 && strcmp(presets[i].name, presets[i - 1].name) == 0)
			continue;
		if (name)
			mw_clip_add(out, n, "%sx%u", gap, presets[i].chip_bits);
		else
			mw_clip_add(out, n, "%s%s", gap, presets[i].name);
	}
}

const struct ambit_dram *ambit_dram_select(const char *name, unsigned width, char *why, size_t n)
{
	char have[160];
	for (size_t i = 0; i < PRESETS; i++)
		if (strcmp(presets[i].name, name) == 0 && (width == 0 || presets[i].chip_bits == width))
			return &presets[i];
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(refused[i].name, name) == 0) {
			mw_clip(why, n, "dram=%s: %s", name, refused[i].why);
			return NULL;
		}
	bool known = ambit_dram_find(name) != NULL;
	list(known ? name : NULL, have, sizeof(have));
	if (known)
		mw_clip(why, n, "width=x%u: %s has sourced values for %s only", width, name, have);
	else
		mw_clip(why, n, "dram=%s: no such preset, known: %s", name, have);
	return NULL;
}
