/* Datasheet currents and timings, one row per chip. Most sources print the VDD rail only, so VPP is left out for all
 * parts. */
#include "energy/model/dram_energy.h"

#include <string.h>

static const struct dram_part parts[] = {
	{
		.name = "ddr3-1600-x8",
		.title = "DDR3-1600 x8, 1 KB page",
		.vdd = 1.5,
		.idd0 = 75,
		.idd2n = 50,
		.idd3n = 57,
		.idd4r = 187,
		.idd4w = 165,
		.idd5b = 220,
		.tck_ns = 1.25,
		.tras_ns = 35,
		.trp_ns = 13.75,
		.trfc_ns = 260,
		.trefi_ns = 7800,
		.burst_length = 8,
		.data_rate = 2,
		.width_bits = 8,
		.banks = 8,
		.page_bytes = 1024,
		.channel_bits = 64,
		.source = "CMU-SAFARI/MIMDRAM@49549f9 gem5/src/mem/DRAMCtrl.py DDR3_1600_x64",
	},
	{
		.name = "ddr4-2400-x8",
		.title = "DDR4-2400 8 Gb x8 (Micron MT40A rev B)",
		.vdd = 1.2,
		.idd0 = 48,
		.idd2n = 34,
		.idd3n = 43,
		.idd4r = 135,
		.idd4w = 123,
		.idd5b = 250,
		.tck_ns = 1.0 / 1.2,
		.tras_ns = 32,
		.trp_ns = 14.16,
		.trfc_ns = 350,
		.trefi_ns = 7800,
		.burst_length = 8,
		.data_rate = 2,
		.width_bits = 8,
		.banks = 16,
		.page_bytes = 1024,
		.channel_bits = 64,
		.source = "Micron MT40A rev B Table 148; IDD5B: umd-memsys/DRAMsim3 DDR4_8Gb_x8_2400.ini",
	},
	{
		/* The source rounds tCK to 0.63 ns; its timings are in clocks and follow its tCK. */
		.name = "ddr4-3200-x8",
		.title = "DDR4-3200 8 Gb x8",
		.vdd = 1.2,
		.idd0 = 57,
		.idd2n = 37,
		.idd3n = 52,
		.idd4r = 168,
		.idd4w = 150,
		.idd5b = 250,
		.tck_ns = 0.63,
		.tras_ns = 52 * 0.63,
		.trp_ns = 22 * 0.63,
		.trfc_ns = 560 * 0.63,
		.trefi_ns = 12480 * 0.63,
		.burst_length = 8,
		.data_rate = 2,
		.width_bits = 8,
		.banks = 16,
		.page_bytes = 1024,
		.channel_bits = 64,
		.source = "umd-memsys/DRAMsim3@2981759 configs/DDR4_8Gb_x8_3200.ini",
	},
	{
		.name = "ddr4-3200-x16",
		.title = "DDR4-3200 8 Gb x16",
		.vdd = 1.2,
		.idd0 = 95,
		.idd2n = 37,
		.idd3n = 56,
		.idd4r = 302,
		.idd4w = 278,
		.idd5b = 280,
		.tck_ns = 0.63,
		.tras_ns = 52 * 0.63,
		.trp_ns = 22 * 0.63,
		.trfc_ns = 560 * 0.63,
		.trefi_ns = 12480 * 0.63,
		.burst_length = 8,
		.data_rate = 2,
		.width_bits = 16,
		.banks = 8,
		.page_bytes = 2048,
		.channel_bits = 64,
		.source = "umd-memsys/DRAMsim3@2981759 configs/DDR4_8Gb_x16_3200.ini",
	},
	{
		.name = "ddr5-4800-x8",
		.title = "DDR5-4800 16 Gb x8 (Micron MT60B rev A)",
		.vdd = 1.1,
		.idd0 = 103,
		.idd2n = 92,
		.idd3n = 142,
		.idd4r = 377,
		.idd4w = 349,
		.idd5b = 277,
		.tck_ns = 1.0 / 2.4,
		.tras_ns = 32,
		.trp_ns = 39 / 2.4,
		.trfc_ns = 708 / 2.4,
		.trefi_ns = 9360 / 2.4,
		.burst_length = 16,
		.data_rate = 2,
		.width_bits = 8,
		.banks = 32,
		.page_bytes = 1024,
		.channel_bits = 32,
		.source = "Micron MT60B rev A Table 6; timing JESD79-5B 4800B",
	},
	{
		/* Currents of one channel of 128 bits, shared by two pseudo-channels. */
		.name = "hbm2-x128",
		.title = "HBM2 8 Gb channel, 2 Gb/s",
		.vdd = 1.2,
		.idd0 = 65,
		.idd2n = 40,
		.idd3n = 55,
		.idd4r = 390,
		.idd4w = 500,
		.idd5b = 250,
		.tck_ns = 1,
		.tras_ns = 34,
		.trp_ns = 14,
		.trfc_ns = 260,
		.trefi_ns = 3900,
		.burst_length = 4,
		.data_rate = 2,
		.width_bits = 128,
		.banks = 16,
		.page_bytes = 1024,
		.channel_bits = 128,
		.source = "umd-memsys/DRAMsim3@2981759 configs/HBM2_8Gb_x128.ini",
	},
	{
		/* VDD2H rail, maxima. tRAS, tRP and tREFI have no source: only bursts can be priced. */
		.name = "lpddr5x-7500-x16",
		.title = "LPDDR5X-7500 16 Gb x16 (Micron Y52P)",
		.vdd = 1.05,
		.idd0 = 53,
		.idd2n = 32.5,
		.idd3n = 40,
		.idd4r = 390,
		.idd4w = 265,
		.idd5b = 205,
		.tck_ns = 8 / 7.5,
		.trfc_ns = 280,
		.burst_length = 16,
		.data_rate = 8, /* beats per clock: the data clock is four times as fast */
		.width_bits = 16,
		.channel_bits = 16,
		.source = "Micron Y52P Table 18 (VDD2H maxima)",
	},
};

const struct dram_part *dram_parts(size_t *n)
{
	*n = sizeof(parts) / sizeof(parts[0]);
	return parts;
}

const struct dram_part *dram_part_find(const char *name)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	return NULL;
}

int dram_part_chips(const struct dram_part *p)
{
	return p->channel_bits / p->width_bits;
}
