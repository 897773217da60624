#include "bench/model/machines.h"

#include <math.h>
#include <string.h>

/* Sources that many rows share. */
#define EPOCH ("Epoch AI, machine-learning hardware (CC BY 4.0), as in natepaulo43-oss/Capstone-AI-Capex-Wall@efc5e00")
#define RUPP ("Karl Rupp, cpu-gpu-mic-comparison@af35759 data-intel.txt (CC BY 4.0)")
#define NVLINK ("half of Epoch AI's figure, which adds both directions")
#define NVIDIA_PEAKS ("Epoch AI; bf16, fp8 and int4 from NVIDIA's data sheet, without sparsity")
#define SHEET_FROM_MEMORY ("maker's data sheet, not opened for this table")
#define UNKNOWN ((double)NAN)

enum {
	U_MEMORY = 1 << MACHINE_MEMORY,
	U_BANDWIDTH = 1 << MACHINE_BANDWIDTH,
	U_PEAK = 1 << MACHINE_PEAK,
	U_LINK = 1 << MACHINE_LINK,
	U_POWER = 1 << MACHINE_POWER,
	U_PRICE = 1 << MACHINE_PRICE,
	U_ALL = (1 << MACHINE_FIELDS) - 1,
};

/* clang-format off */
const struct machine machine_table[] = {
	{.name = "v100", .words = "NVIDIA V100 SXM2 32 GB", .kind = MACHINE_GPU, .year = 2018,
	 .memory = 32e9, .bandwidth = 898e9, .link = 150e9, .power = 300, .price = 11458,
	 .peak = {15.67e12, 125e12, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
	 .source = EPOCH, .field_source = {[MACHINE_LINK] = NVLINK}},
	{.name = "a100-40", .words = "NVIDIA A100 SXM4 40 GB", .kind = MACHINE_GPU, .year = 2020,
	 .memory = 40e9, .bandwidth = 1560e9, .link = 300e9, .power = 400, .price = 15000,
	 .peak = {19.49e12, 312e12, 312e12, UNKNOWN, 624e12, 1248e12},
	 .source = EPOCH, .field_source = {[MACHINE_LINK] = NVLINK, [MACHINE_PEAK] = NVIDIA_PEAKS}},
	{.name = "a100", .words = "NVIDIA A100 SXM4 80 GB", .kind = MACHINE_GPU, .year = 2020,
	 .memory = 80e9, .bandwidth = 2039e9, .link = 300e9, .power = 400, .price = 32000,
	 .peak = {19.49e12, 312e12, 312e12, UNKNOWN, 624e12, 1248e12},
	 .source = EPOCH,
	 .field_source = {[MACHINE_LINK] = NVLINK, [MACHINE_PEAK] = NVIDIA_PEAKS,
			  [MACHINE_PRICE] = "Asianometry essay on the AI memory wall: \"at $32,000 each\""},
	 .unverified = U_PRICE},
	{.name = "h100", .words = "NVIDIA H100 SXM5 80 GB", .kind = MACHINE_GPU, .year = 2022,
	 .memory = 80e9, .bandwidth = 3350e9, .link = 450e9, .power = 700, .price = 33600,
	 .peak = {66.91e12, 989.4e12, 989.4e12, 1979e12, 1979e12, UNKNOWN},
	 .source = EPOCH, .field_source = {[MACHINE_LINK] = NVLINK, [MACHINE_PEAK] = NVIDIA_PEAKS}},
	{.name = "h200", .words = "NVIDIA H200 SXM 141 GB", .kind = MACHINE_GPU, .year = 2024,
	 .memory = 141e9, .bandwidth = 4800e9, .link = 450e9, .power = 700, .price = UNKNOWN,
	 .peak = {66.91e12, 989.5e12, 989.5e12, 1979e12, 1979e12, UNKNOWN},
	 .source = EPOCH,
	 .field_source = {[MACHINE_LINK] = "NVLink 4 as on the H100; Epoch AI has none for this part",
			  [MACHINE_PEAK] = NVIDIA_PEAKS},
	 .unverified = U_LINK},
	{.name = "b200", .words = "NVIDIA B200 180 GB", .kind = MACHINE_GPU, .year = 2024,
	 .memory = 180e9, .bandwidth = 7700e9, .link = UNKNOWN, .power = 1000, .price = UNKNOWN,
	 .peak = {62.08e12, 2250e12, 2250e12, 4500e12, 4500e12, UNKNOWN},
	 .source = EPOCH, .field_source = {[MACHINE_PEAK] = NVIDIA_PEAKS}},
	{.name = "mi300x", .words = "AMD Instinct MI300X 192 GB", .kind = MACHINE_GPU, .year = 2023,
	 .memory = 192e9, .bandwidth = 5300e9, .link = UNKNOWN, .power = 750, .price = 15000,
	 .peak = {163.4e12, 1307.4e12, 1307.4e12, UNKNOWN, 2614.9e12, UNKNOWN},
	 .source = EPOCH, .field_source = {[MACHINE_PEAK] = "Epoch AI; bf16 taken to be as fast as fp16"}},
	{.name = "tpu-v5p", .words = "Google TPU v5p", .kind = MACHINE_GPU, .year = 2023,
	 .memory = 95e9, .bandwidth = 2765e9, .link = UNKNOWN, .power = 540, .price = UNKNOWN,
	 .peak = {UNKNOWN, UNKNOWN, 459e12, UNKNOWN, 918e12, UNKNOWN},
	 .source = EPOCH, .field_source = {[MACHINE_PEAK] = "Epoch AI, whose 16-bit figure is that of bf16"}},

	{.name = "xeon-8180", .words = "Intel Xeon Platinum 8180, one socket", .kind = MACHINE_CPU, .year = 2017,
	 .memory = 768e9, .bandwidth = 120e9, .link = UNKNOWN, .power = 205, .price = UNKNOWN,
	 .peak = {4.48e12, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
	 .source = RUPP, .field_source = {[MACHINE_MEMORY] = SHEET_FROM_MEMORY}, .unverified = U_MEMORY},
	{.name = "xeon-6242", .words = "Intel Xeon Gold 6242, one socket (the CPU of Kim et al. 2023)",
	 .kind = MACHINE_CPU, .year = 2019,
	 .memory = 384e9, .bandwidth = 140.8e9, .link = UNKNOWN, .power = 150, .price = UNKNOWN,
	 .peak = {2.8672e12, UNKNOWN, UNKNOWN, UNKNOWN, 11.4688e12, UNKNOWN},
	 .source = SHEET_FROM_MEMORY,
	 .field_source = {[MACHINE_MEMORY] = "assumed: 12 modules of 32 GB",
			  [MACHINE_BANDWIDTH] = "6 channels of DDR4-2933",
			  [MACHINE_PEAK] = "16 cores x 2.8 GHz x 64 FLOP (fp32) or 256 operations (VNNI) a cycle"},
	 .unverified = U_ALL},
	{.name = "xeon-8480", .words = "Intel Xeon Platinum 8480+, one socket", .kind = MACHINE_CPU, .year = 2023,
	 .memory = 512e9, .bandwidth = 307.2e9, .link = UNKNOWN, .power = 350, .price = 10710,
	 .peak = {7.168e12, UNKNOWN, 114.688e12, UNKNOWN, 229.376e12, UNKNOWN},
	 .source = SHEET_FROM_MEMORY,
	 .field_source = {[MACHINE_MEMORY] = "assumed: 8 modules of 64 GB",
			  [MACHINE_BANDWIDTH] = "8 channels of DDR5-4800",
			  [MACHINE_PEAK] = "56 cores x 2.0 GHz x 64 (fp32), 1024 (AMX bf16), 2048 (AMX int8) a cycle"},
	 .unverified = U_ALL},
	{.name = "epyc-9654", .words = "AMD EPYC 9654, one socket", .kind = MACHINE_CPU, .year = 2022,
	 .memory = 768e9, .bandwidth = 460.8e9, .link = UNKNOWN, .power = 360, .price = 11805,
	 .peak = {7.3728e12, UNKNOWN, 14.7456e12, UNKNOWN, 29.4912e12, UNKNOWN},
	 .source = SHEET_FROM_MEMORY,
	 .field_source = {[MACHINE_MEMORY] = "assumed: 12 modules of 64 GB",
			  [MACHINE_BANDWIDTH] = "12 channels of DDR5-4800",
			  [MACHINE_PEAK] = "96 cores x 2.4 GHz x 32 (fp32), 64 (bf16), 128 (int8) a cycle",
			  [MACHINE_PRICE] = "list price as reported by fanaticosdelhardware.com"},
	 .unverified = U_ALL},

	{.name = "hbm-pim", .words = "Samsung HBM-PIM, one 6 GB stack", .kind = MACHINE_NEAR_MEMORY, .year = 2021,
	 .memory = 6e9, .bandwidth = 1.2288e12, .link = 307.2e9, .power = UNKNOWN, .price = UNKNOWN,
	 .peak = {UNKNOWN, 1.2e12, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN},
	 .source = "ISSCC 2021, title: 20 nm, 6 GB, 1.2 TFLOPS",
	 .field_source = {[MACHINE_BANDWIDTH] = "four times the off-chip bandwidth, as Samsung says (Maximum PC, 4/2021)",
			  [MACHINE_LINK] = "off-chip: 1024 pins of 2.4 Gb/s"},
	 .unverified = U_BANDWIDTH | U_LINK},
	{.name = "gddr6-aim", .words = "SK hynix GDDR6-AiM, one 8 Gb chip", .kind = MACHINE_NEAR_MEMORY, .year = 2022,
	 .memory = 1073741824.0, .bandwidth = 1.024e12, .link = 64e9, .power = UNKNOWN, .price = UNKNOWN,
	 .peak = {UNKNOWN, UNKNOWN, 1e12, UNKNOWN, UNKNOWN, UNKNOWN},
	 .source = "ISSCC 2022, title: 8 Gb, 16 Gb/s a pin, 1 TFLOPS of MAC operations",
	 .field_source = {[MACHINE_BANDWIDTH] = "derived: 2 channels x 16 banks x 256 bits at 1 GHz",
			  [MACHINE_LINK] = "off-chip: 32 pins of 16 Gb/s",
			  [MACHINE_PEAK] = "ISSCC 2022, title; bf16 as in the aim_simulator of arkhadem"},
	 .unverified = U_BANDWIDTH | U_LINK},
	{.name = "upmem", .words = "UPMEM DIMM, 128 DPUs of 64 MB", .kind = MACHINE_NEAR_MEMORY, .year = 2019,
	 .memory = 8589934592.0, .bandwidth = 128e9, .link = 19.2e9, .power = 20, .price = UNKNOWN,
	 .peak = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 44.8e9, UNKNOWN},
	 .source = "VIA-Research/uPIMulator@870d916 main.go; 128 DPUs on a DIMM",
	 .field_source = {[MACHINE_BANDWIDTH] = "announced: 1 GB/s per DPU (0.628 measured, unverified)",
			  [MACHINE_PEAK] = "a bound: one instruction a cycle in each DPU at 350 MHz; no floating point",
			  [MACHINE_LINK] = "a DDR4-2400 channel: DPUs meet through the host",
			  [MACHINE_POWER] = "announced, hardwareluxx.de"},
	 .unverified = U_BANDWIDTH | U_PEAK | U_POWER | U_LINK},

	{.name = "corsair", .words = "d-Matrix Corsair card, weights in its 2 GB of SRAM", .kind = MACHINE_DIMC,
	 .year = 2024, .memory = 2e9, .bandwidth = 150e12, .link = UNKNOWN, .power = UNKNOWN, .price = UNKNOWN,
	 .peak = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 2400e12, UNKNOWN},
	 .source = "d-Matrix's claims: 2400 TFLOPS of 8 bits (MXINT8), 2 GB of SRAM at 150 TB/s (mirrorfrog.com)",
	 .unverified = U_ALL},
	{.name = NULL},
};
/* clang-format on */

const struct machine *machine_find(const char *name)
{
	for (const struct machine *m = machine_table; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

const char *machine_kind_name(enum machine_kind kind)
{
	static const char *const names[] = {"gpu", "cpu", "near-memory", "in-memory"};
	return names[kind];
}

const char *machine_format_name(enum machine_format format)
{
	static const char *const names[] = {"fp32", "fp16", "bf16", "fp8", "int8", "int4"};
	return names[format];
}

const char *machine_field_name(enum machine_field field)
{
	static const char *const names[] = {"memory", "bandwidth", "peak", "link", "power", "price"};
	return names[field];
}

const char *machine_source(const struct machine *m, enum machine_field field)
{
	return m->field_source[field] ? m->field_source[field] : m->source;
}

bool machine_is_verified(const struct machine *m, enum machine_field field)
{
	return !(m->unverified & 1U << field);
}

double machine_peak(const struct machine *m, enum machine_format format, enum machine_format *used)
{
	/* Wider formats in the order in which they are tried; ended by MACHINE_FORMATS. */
	static const enum machine_format wider[MACHINE_FORMATS][MACHINE_FORMATS] = {
		[MACHINE_FP32] = {MACHINE_FP32, MACHINE_FORMATS},
		[MACHINE_FP16] = {MACHINE_FP16, MACHINE_BF16, MACHINE_FP32, MACHINE_FORMATS},
		[MACHINE_BF16] = {MACHINE_BF16, MACHINE_FP16, MACHINE_FP32, MACHINE_FORMATS},
		[MACHINE_FP8] = {MACHINE_FP8, MACHINE_FP16, MACHINE_BF16, MACHINE_FP32, MACHINE_FORMATS},
		[MACHINE_INT8] = {MACHINE_INT8, MACHINE_FP16, MACHINE_BF16, MACHINE_FP32, MACHINE_FORMATS},
		[MACHINE_INT4] = {MACHINE_INT4, MACHINE_INT8, MACHINE_FP16, MACHINE_BF16, MACHINE_FP32,
				  MACHINE_FORMATS},
	};
	for (size_t i = 0; i < MACHINE_FORMATS && wider[format][i] != MACHINE_FORMATS; i++) {
		double peak = m->peak[wider[format][i]];
		if (isnan(peak))
			continue;
		if (used)
			*used = wider[format][i];
		return peak;
	}
	return UNKNOWN;
}
