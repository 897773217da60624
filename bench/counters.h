/* The benchmark `counters` with other system calls and another root, for tests. */
#ifndef MW_BENCH_COUNTERS_H
#define MW_BENCH_COUNTERS_H

#include "base/sys/counters.h"
#include "bench/bench.h"

/* As bench.begin. sys and root must stay until bench.end. */
int counters_begin(struct bench_ctx *ctx, const struct mw_sink *sink, const struct mw_counter_sys *sys,
		   const char *root, void **state, char *err, size_t n);

#endif
