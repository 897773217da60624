/* DRAM presets and the time of micro-programs, in integer picoseconds.
 *
 * Two independent choices: the latency of one AAP (enum ambit_aap), and what limits many commands at once (enum
 * ambit_limit). */
#ifndef AMBIT_TIMING_H
#define AMBIT_TIMING_H

#include <stdbool.h>

#include "ambit-emu/program.h"
#include "base/core/wide.h"

/* One kind of memory. Times in ps; banks, rows and pages as commented. */
struct ambit_dram {
	const char *name, *title;
	uint32_t tck, tras, trp;
	uint32_t act_slots; /* command slots that an ACT takes on the bus: 2 for DDR5 and HBM2; timings count from the
			       last */
	uint32_t overlap;   /* the second wordline of an AAP rises this long after the first row is restored (Ambit) */
	uint32_t trrd_s, trrd_l, tfaw;
	uint32_t trfc, trefi;
	/* Column commands. twr: from the end of the data to PRE; twtr_s, twtr_l: from there to RD, of another bank
	 * group and of the same; tcs: gap on the data bus between ranks. */
	uint32_t trcd, tcl, tcwl, trtp, twr, twtr_s, twtr_l, tcs;
	uint32_t tccd_s, tccd_l, tccd_l_wr;         /* the last: from WR to WR of a bank group */
	uint32_t turn;                              /* RD to WR: tCL + burst + this - tCWL */
	uint32_t tppd;                              /* PRE to PRE of a rank; 0: free */
	uint32_t column_slots;                      /* command slots of RD and WR */
	bool column_bus;                            /* RD and WR have a command bus of their own (HBM) */
	uint32_t banks, bank_groups, rows_per_bank; /* banks and bank groups of a rank; rows of a bank */
	uint32_t chip_bits, channel_bits, page_bytes;
	uint32_t burst_mbps;     /* MT/s: transfers per us on each data pin */
	const char *energy_part; /* its part in energy/model */
	const char *time_source;
	const char *unverified; /* the value that has no source of its own; NULL: none */
};

/* i-th preset; NULL past the last. A name may occur once per width. */
const struct ambit_dram *ambit_dram_preset(size_t i);
/* The first preset of that name; NULL: none. */
const struct ambit_dram *ambit_dram_find(const char *name);
/* The preset of a name and a chip width in bits (0: the first). NULL: none; why then holds one line with what exists
 * instead. */
const struct ambit_dram *ambit_dram_select(const char *name, unsigned width, char *why, size_t n);

/* naive: 2 tRAS + tRP. split: tRAS + overlap + tRP for every AAP (SIMDRAM's convention). strict: split only where
 * exactly one of the two addresses is in the B group, else naive, because the split row decoder serves B on one side
 * and C and D on the other (unverified). */
enum ambit_aap { AMBIT_AAP_NAIVE, AMBIT_AAP_SPLIT, AMBIT_AAP_STRICT };
/* none: each bank runs one command after the other, independent of other banks. bus: also one command slot per tCK and
 * channel. jedec: also tRRD, tFAW, refresh. */
enum ambit_limit { AMBIT_LIMIT_NONE, AMBIT_LIMIT_BUS, AMBIT_LIMIT_JEDEC };
/* How many of the four activations per tFAW an AAP counts as: two, one, or one per wordline raised. */
enum ambit_faw { AMBIT_FAW_2, AMBIT_FAW_1, AMBIT_FAW_WORDLINES };

struct ambit_timing {
	const struct ambit_dram *dram;
	enum ambit_aap aap;
	enum ambit_limit limit;
	enum ambit_faw faw_acts;
	uint64_t tfaw; /* ps, after the factor of key faw */
	bool refresh;
	uint32_t channels, ranks, banks, salp; /* salp: subarrays of a bank that may be open at once */
};

/* Time of one command in ps. */
uint64_t ambit_command_ps(const struct ambit_timing *t, const struct ambit_command *c);
/* Slots on the command bus of a channel that these commands take. */
uint64_t ambit_bus_slots(const struct ambit_dram *d, const struct ambit_counts *c);
/* ps of one micro-program in one subarray, nothing else running. */
uint64_t ambit_program_ps(const struct ambit_timing *t, const struct ambit_program *p);
/* How many subarrays work at once: channels x ranks x banks x salp. */
uint64_t ambit_parallel(const struct ambit_timing *t);
/* ps of the program once in each of `slots` <= ambit_parallel() subarrays, which are dealt to channels, ranks and banks
 * in this order. Steady state: the largest of what one bank, the activations of one rank and the commands of one
 * channel need. */
uint64_t ambit_batch_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots);
/* ps of the program on each of `slots` rows: full batches and the rest. */
mw_wide ambit_elapsed_ps(const struct ambit_timing *t, const struct ambit_program *p, uint64_t slots);

#endif
