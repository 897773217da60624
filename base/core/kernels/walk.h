/* Dependent loads at a stride, in order or at random, without a list of pointers in memory; and chains whose elements
 * all fall into one set of a cache.
 *
 * The address of the next load is computed, and the word loaded before, masked by `mask` (0), is added to it. So each
 * load waits for the one before whatever the memory holds, no chain has to be written, and walks of every stride share
 * one block. That costs two to three cycles per load. One instruction does all loads, as in an ordinary loop:
 * prefetchers that learn the stride of an instruction see it, which an unrolled chase hides from them. */
#ifndef MW_WALK_H
#define MW_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All sizes are powers of two, line <= stride <= window <= bytes. The walk visits one line of each stride of a window,
 * then the next window; after the last window it goes on with other lines. bytes / 64 loads visit each line once.
 * In order: lines follow each other at exactly the stride. At random: windows, their elements and the lines in them
 * follow in pseudo-random order. */
struct mw_walk {
	const char *base; /* aligned to 64 */
	size_t bytes, window, stride;
	bool random;
	uint64_t seed;
	uint64_t at;   /* number of the next load */
	uint64_t mask; /* 0; other values are for tests */
};

/* Offset of load number t from the base. */
size_t mw_walk_offset(const struct mw_walk *w, uint64_t t);

/* Does `count` loads from w->at on, which moves, and returns the address of the last one. */
const void *mw_walk_run(struct mw_walk *w, size_t count);

/* Writes a cycle of pointers through base, base + stride, ..., base + (lines - 1) * stride in random order: with a
 * stride that is a multiple of sets * 64, all are in one set. mw_chase follows it. -EINVAL for less than one line or a
 * stride that is no multiple of 64. */
int mw_conflict_build(void *base, size_t stride, size_t lines, uint64_t seed, void **start);

#endif
