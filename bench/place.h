/* Nodes and sizes for a benchmark's memory, and the time that is left. */
#ifndef MW_BENCH_PLACE_H
#define MW_BENCH_PLACE_H

#include "bench/bench.h"

/* NUMA node of a team member for mw_arena_take; -1 on a machine with one node. */
int bench_node_of(const struct bench_ctx *ctx, int rank);

/* Seconds until ctx->deadline_ns; 0 after it. */
double bench_left_s(const struct bench_ctx *ctx);

/* Bytes of the largest block that a benchmark may take when it needs `blocks` of them at once: at most the profile's
 * max_bytes, and at most 3/4 of --max-mem or free memory over all blocks. The rest is for the system and for blocks
 * that other benchmarks keep between their visits. */
uint64_t bench_block_limit(const struct bench_ctx *ctx, unsigned blocks);

/* Text for messages that says what sets that limit, such as "half of what is available: ulimit -v; see --max-mem". */
const char *bench_memory_words(const struct bench_ctx *ctx);

/* 0, or MW_ESPEC with a line that names the option when this run may not use that many bytes. */
int bench_check_size(const struct bench_ctx *ctx, const char *option, uint64_t bytes, char *err, size_t n);

/* Page kinds that a MW_OPT_CHOICES option of mw_pages_word names, in the order given. Returns how many. */
size_t bench_page_kinds(const struct bench_ctx *ctx, const char *option, enum mw_pages kinds[MW_PAGES_COUNT]);

/* The page kind of a MW_OPT_CHOICE option with these words. */
enum mw_pages bench_page_kind(const struct bench_ctx *ctx, const char *option);

/* Bytes of second- and last-level cache that this many threads can use; 32 MiB where no size is known. A working set of
 * four times that is called DRAM. The second level counts, because victim last-level caches do not hold copies of its
 * lines. */
uint64_t bench_caches(const struct mw_host *h, int threads);

#endif
