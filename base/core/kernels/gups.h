/* Random accesses to a table of 64-bit words: updates, gathers and scatters, by instruction set.
 *
 * MW_GUPS_LANES generators run side by side (xorshift64, Marsaglia, J. Stat. Software 8(14), 2003), and each word of
 * them gives one index. No index depends on a word that was loaded, so a core can have many accesses under way, unlike
 * in the pointer chase. All paths visit the same words in the same order of lanes, so that their results are equal. */
#ifndef MW_GUPS_H
#define MW_GUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

enum { MW_GUPS_LANES = 8 };

/* Where a stream of indices stands. */
struct mw_gups {
	uint64_t x[MW_GUPS_LANES]; /* none is 0 */
};

enum mw_gups_op {
	MW_GUPS_UPDATE,  /* table[i] ^= x, the update of HPCC RandomAccess: the same stream again restores the table */
	MW_GUPS_GATHER,  /* sum of table[i] modulo 2^64 */
	MW_GUPS_SCATTER, /* table[i] = i + add */
	MW_GUPS_OP_COUNT
};

const char *mw_gups_op_name(enum mw_gups_op op);

/* The beginning of the stream with that seed. */
void mw_gups_seed(struct mw_gups *g, uint64_t seed);

/* Does `count` accesses (a multiple of MW_GUPS_LANES) to table[0..words-1], words < 2^32, and moves the stream on. add
 * is used by scatters. Returns the sum of a gather, else 0. */
typedef uint64_t (*mw_gups_fn)(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add);

struct mw_gups_kernel {
	enum mw_gups_op op;
	enum mw_isa isa;
	mw_gups_fn run;
};

/* Kernels of this build, narrowest first. AVX2 has no scatter. Vector updates are left out: two lanes with the same
 * index would lose one update. */
extern const struct mw_gups_kernel mw_gups_kernels[];
extern const size_t mw_gups_kernel_count;

/* Sets table[i] = first + i. */
void mw_gups_fill(uint64_t *table, uint64_t words, uint64_t first);
/* Number of words with table[i] != first + i. */
uint64_t mw_gups_errors(const uint64_t *table, uint64_t words, uint64_t first);
/* Number of accesses of the stream that do not find what a scatter with that `add` wrote. */
uint64_t mw_gups_unscattered(const uint64_t *table, uint64_t words, const struct mw_gups *from, size_t count,
			     uint64_t add);

/* What a gather of that stream returns from a table that mw_gups_fill has filled. */
uint64_t mw_gups_expected(uint64_t words, const struct mw_gups *from, size_t count, uint64_t first);

uint64_t mw_gups_gather_avx2(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add);
uint64_t mw_gups_gather_avx512(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add);
uint64_t mw_gups_scatter_avx512(uint64_t *table, uint64_t words, struct mw_gups *g, size_t count, uint64_t add);

#endif
