/* DRAM presets and the time of micro-programs. Integer picoseconds.
 *
 * Two independent choices: the latency of one AAP, and what limits many of them at once. */
#ifndef AMBIT_TIMING_H
#define AMBIT_TIMING_H

#include "ambit-emu/program.h"
#include "base/core/wide.h"

/* One kind of memory. Times in ps; the chips' counts are those of one rank. */
struct ambit_dram {
	const char *name, *title;
	uint32_t tck, tras, trp;
	uint32_t act_slots; /* command slots that an ACT takes on the bus: 2 for DDR5 and HBM2 */
	uint32_t overlap;   /* second wordline rises this long after the first row is restored (Ambit) */
	uint32_t trrd_s, trrd_l, tfaw;
	uint32_t trfc, trefi;
	uint32_t trcd, trtp, twr; /* for traces: ACT to RD or WR; RD to PRE; WR to PRE (tCWL + burst + tWR) */
	uint32_t banks, bank_groups, rows_per_bank; /* of a rank */
	uint32_t chip_bits, channel_bits, page_bytes;
	uint32_t burst_mbps;     /* transfers per us on each data pin */
	const char *energy_part; /* name of the energy/model part */
	const char *time_source;
	const char *unverified; /* which value has no source of its own; NULL: none */
};

/* i-th preset; NULL past the last. A name may occur once per width. */
const struct ambit_dram *ambit_dram_preset(size_t i);
/* The first of that name. */
const struct ambit_dram *ambit_dram_find(const char *name);
/* By name and data bits of a chip (0: the first). NULL: why (one line) says what exists instead. */
const struct ambit_dram *ambit_dram_select(const char *name, unsigned width, char *why, size_t n);

/* naive: 2 tRAS + tRP. split: tRAS + 4 ns + tRP for every AAP (SIMDRAM's convention). strict: that only where exactly
 * one of the two addresses is in the B group, since the split decoder serves B on one side and C/D on the other
 * (unverified in print), else naive. */
enum ambit_aap { AMBIT_AAP_NAIVE, AMBIT_AAP_SPLIT, AMBIT_AAP_STRICT };
/* none: banks are serial and independent. bus: also one command slot per tCK and channel. jedec: also tRRD, tFAW,
 * refresh. */
enum ambit_limit { AMBIT_LIMIT_NONE, AMBIT_LIMIT_BUS, AMBIT_LIMIT_JEDEC };
/* What an AAP takes from the four-activation window: two activations, one, or one per wordline raised. */
enum ambit_faw { AMBIT_FAW_2, AMBIT_FAW_1, AMBIT_FAW_WORDLINES };

struct ambit_timing {
	const struct ambit_dram *dram;
	enum ambit_aap aap;
	enum ambit_limit limit;
	enum ambit_faw faw_acts;
	uint64_t tfaw; /* ps, scaled */
	bool refresh;
	uint32_t channels, ranks, banks, salp; /* salp: subarrays of a bank that may be open at once */
};

uint64_t ambit_command_ps(const struct ambit_timing *t, const struct ambit_command *c);
/* Command slots of a channel that these commands take. */
uint64_t ambit_bus_slots(const struct ambit_dram *d, const struct ambit_counts *c);
/* One micro-program in one subarray, nothing else running. */
uint64_t ambit_program_ps(const struct ambit_timing *t, const struct ambit_program *p);
/* Subarrays that work at once: channels x ranks x banks x salp. */
uint64_t ambit_parallel(const struct ambit_timing *t);
/* Steady state: the program once in each of `slots` <= ambit_parallel() subarrays, dealt to channels, ranks and banks
 * in that order: the largest of what one bank, one rank's activations and one channel's commands need. */
uint64_t ambit_batch_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots);
/* The program on each of `slots` rows: whole batches and the rest. */
mw_wide ambit_elapsed_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots);

#endif
