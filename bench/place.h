/* Where a benchmark puts its memory. */
#ifndef MW_BENCH_PLACE_H
#define MW_BENCH_PLACE_H

#include "bench/bench.h"

/* NUMA node of a team member for mw_arena_take; -1 on a machine with one node. */
int bench_node_of(const struct bench_ctx *ctx, int rank);

/* Seconds left of this benchmark's budget. */
double bench_left_s(const struct bench_ctx *ctx);

/* Largest block in byte that a benchmark may take when it needs `blocks` of them at once: profile, --max-mem and free
 * memory, with a quarter left to the system and to what other benchmarks hold between their visits. */
uint64_t bench_block_limit(const struct bench_ctx *ctx, unsigned blocks);

/* What sets that limit, for messages: "half of what is available: ulimit -v; see --max-mem", ... */
const char *bench_memory_words(const struct bench_ctx *ctx);

/* MW_ESPEC and a line that names the option when a size cannot be had on this machine, else 0. */
int bench_check_size(const struct bench_ctx *ctx, const char *option, uint64_t bytes, char *err, size_t n);

#endif
