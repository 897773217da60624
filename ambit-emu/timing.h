/* DRAM presets and the time of micro-programs, in integer picoseconds.
 *
 * Two independent choices: the latency of one AAP (enum ambit_aap), and what limits many commands at once (enum
 * ambit_limit). */
#ifndef AMBIT_TIMING_H
#define AMBIT_TIMING_H

#include <stdbool.h>

#include "ambit-emu/program.h"
#include "base/core/wide.h"
#include "energy/model/dram_part.h"

/* Presets are the parts of the table (energy/model/dram_part.h) whose row timings have a source; their name is the
 * part's value of key dram. i-th preset; NULL past the last. A name may occur once per width. */
const struct dram_part *ambit_dram_preset(size_t i);
/* The first preset of that name; NULL: none. */
const struct dram_part *ambit_dram_find(const char *name);
/* The preset of a name and a chip width in bits (0: the first). NULL: none; why then holds one line with what exists
 * instead. */
const struct dram_part *ambit_dram_select(const char *name, unsigned width, char *why, size_t n);

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
	const struct dram_part *dram;
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
uint64_t ambit_bus_slots(const struct dram_part *d, const struct ambit_counts *c);
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
