/* Memory traffic of a given mix of reads and writes, with a pause after each block of lines: the load beside which a
 * latency is measured.
 *
 * The ratio of a mix counts what the memory moves, as in Mess (Esmaili-Dokht et al., MICRO 2024): an ordinary store
 * reads the line that it overwrites (read for ownership) and writes it back later, a non-temporal one only writes. So
 * two lines loaded for each line stored give 75:25, and stores alone give 50:50. Loads and stores go to two arrays and
 * alternate line by line. */
#ifndef MW_TRAFFIC_H
#define MW_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

enum mw_mix { MW_MIX_100, MW_MIX_75, MW_MIX_50, MW_MIX_50_NT, MW_MIX_0_NT, MW_MIX_COUNT };

enum { MW_TRAFFIC_LINE = 64, MW_TRAFFIC_LINES = 12 }; /* bytes of a line, lines of a block */

const char *mw_mix_name(enum mw_mix mix); /* "75:25", "50:50-nt" */
const char *mw_mix_word(size_t i);        /* the same by index, NULL after the last; for struct mw_option.word */
/* Lines of a block that are loaded, and stored; together MW_TRAFFIC_LINES. */
unsigned mw_mix_loads(enum mw_mix mix);
unsigned mw_mix_stores(enum mw_mix mix);
bool mw_mix_nt(enum mw_mix mix);
/* Percentage of the bytes moved that are read, 0 to 100. */
unsigned mw_mix_read_percent(enum mw_mix mix);
/* Bytes that the memory moves for each byte that the program reads or writes. */
double mw_mix_bus_factor(enum mw_mix mix);

/* Moves `blocks` blocks and waits after each for `pause` iterations of an empty loop, about one cycle each. Reads
 * blocks * mw_mix_loads lines from `from` on and overwrites blocks * mw_mix_stores lines from `to` on, each once; both
 * are aligned to a line. Each word written is `value`; returns the sum of the 64-bit words read, modulo 2^64. The store
 * fence that other threads need after non-temporal stores is mw_traffic_fence. */
typedef uint64_t (*mw_traffic_fn)(void *to, const void *from, uint64_t value, size_t blocks, size_t pause);

struct mw_traffic_kernels {
	mw_traffic_fn fn[MW_MIX_COUNT]; /* NULL where the path has no non-temporal stores */
};

extern const struct mw_traffic_kernels mw_traffic_portable, mw_traffic_avx2, mw_traffic_avx512, mw_traffic_neon;

/* Kernels of one path; NULL when this build or this CPU has none. */
const struct mw_traffic_kernels *mw_traffic_kernels(enum mw_isa isa);
void mw_traffic_fence(void);

#endif
