/* Measures the compute peak: loops on registers, by instruction set, type and number of threads. */
#ifndef MW_GEMM_PEAK_H
#define MW_GEMM_PEAK_H

#include "bench/engine.h"
#include "bench/rounds.h"

enum { GEMM_MAX_PEAKS = 32 };

struct gemm_peak {
	struct mw_team *team;
	uint64_t (*fn)(uint64_t steps);
	int threads;
	enum gemm_dtype type;
	uint64_t steps, ops; /* per sample: steps of one member, and its operations */
};

struct gemm_peaks {
	struct round_point pts[GEMM_MAX_PEAKS];
	struct gemm_peak cases[GEMM_MAX_PEAKS];
	size_t n;
	struct rounds *rounds;
	double rates[GEMM_DTYPES]; /* first estimate for one thread, 1e9 operations per second; 1 where there is none */
	double sample_s;
};

/* Lists the peaks, runs each for some milliseconds and opens their rounds. *p must not move until it is closed. */
int gemm_peaks_open(const struct bench_ctx *ctx, struct gemm_peaks *p, const bool types[GEMM_DTYPES]);
void gemm_peaks_close(struct gemm_peaks *p);

#endif
