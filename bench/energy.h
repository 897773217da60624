/* The energy benchmark with a given meter, for tests on machines that have none. */
#ifndef BENCH_ENERGY_H
#define BENCH_ENERGY_H

#include "bench/bench.h"
#include "energy/meters/meter.h"

/* begin() of the benchmark with a given meter; NULL: the one that --meter names, or the best of the machine. */
int energy_begin_with(struct bench_ctx *ctx, const struct energy_meter *meter, void **state, char *err, size_t n);

/* The record of benchmark `bandwidth` with the measured DRAM read bandwidth; NULL when there is none. */
const struct mw_record *energy_read_bandwidth(const struct mw_records *earlier);

#endif
