/* What a bandwidth-latency curve says, and its text in the format of the Mess benchmark. Pure arithmetic. */
#ifndef MW_LOADED_CURVE_H
#define MW_LOADED_CURVE_H

#include <stddef.h>

#include "base/core/text.h"

/* Saturation begins where the latency is twice the unloaded one (Esmaili-Dokht et al., "A Mess of Memory System
 * Benchmarking, Simulation and Application Profiling", MICRO 2024, section II.C). */
#define CURVE_KNEE 2.0

struct curve_value {
	double value, lo, hi; /* 95 % interval; NaN: none */
};

struct curve_point {
	double load;                           /* percent; points ascend by it, 100 is the most pressure */
	struct curve_value latency, bandwidth; /* ns, GB/s */
};

enum curve_answer { CURVE_NO, CURVE_YES, CURVE_UNDECIDED };

struct curve_facts {
	struct curve_value knee; /* bandwidth where the latency is CURVE_KNEE times the unloaded one and stays above;
				    NaN: the curve does not get there */
	size_t peak;             /* point with the highest bandwidth */
	double rise;             /* latency at the most pressure over the unloaded one */
	/* Over-saturation: more pressure gives less bandwidth at a higher latency. UNDECIDED: intervals overlap or are
	 * missing. */
	enum curve_answer oversaturated;
	struct curve_value
		decline; /* 1 - bandwidth at the most pressure / highest bandwidth; 0 when that is the peak */
};

/* v: n > 0 points in order of their load, without the unloaded one. */
void curve_facts_of(const struct curve_point *v, size_t n, struct curve_value unloaded, struct curve_facts *out);

/* One row of memory_curves.csv. */
struct curve_row {
	unsigned read_percent; /* of the bytes that the memory moves */
	size_t pause;
	double bandwidth, bandwidth_sd; /* GB/s that the memory moves; sd: of the samples, NaN: one sample */
	double latency, latency_sd;     /* ns */
};

/* Head and rows of memory_curves.csv as the plotter of Mess 2.0 writes and reads it. Rows are sorted by read percentage
 * and bandwidth. The columns *_smooth repeat the means: nothing is smoothed. Sorts v. */
void curve_csv(struct curve_row *v, size_t n, struct mw_buf *out);

#endif
