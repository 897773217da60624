/* Pointer chains: memory laid out as one random cycle through every element, followed by dependent loads. */
#ifndef MW_CHASE_H
#define MW_CHASE_H

#include <stddef.h>
#include <stdint.h>

enum { MW_CHASE_UNROLL = 32 };

/* Elements of `stride` bytes, one pointer in each, in windows of `window` bytes: all elements of a window are visited
 * in random order before the next window, windows in random order. A window of at least `bytes` gives a fully random
 * walk. The window bounds the pages in use (TLB), the stride keeps neighbours out of adjacent-line and region
 * prefetchers (on Zen 5 a stride of 64 B reads up to 58 % low).
 *
 * Within its element a pointer stands at a place that varies from element to element, so that all cache sets are used;
 * chains over the same memory with different `lane` never share a pointer's place, and lanes below
 * mw_chain_lines() never share a line. */
struct mw_chain {
	void *base; /* aligned to 64 */
	size_t bytes;
	size_t stride; /* multiple of 8; a power of two from 64 on lets chains share memory */
	size_t window;
	unsigned lane; /* 0 .. mw_chain_lanes() - 1 */
	uint64_t seed;
};

size_t mw_chain_elements(const struct mw_chain *c);
/* Chains that the same memory can hold at once, and how many of them are in lines of their own. */
unsigned mw_chain_lanes(size_t stride);
unsigned mw_chain_lines(size_t stride);
/* Where element i keeps its pointer. */
void **mw_chain_place(const struct mw_chain *c, size_t i);

/* Writes the chain, a uniformly random cycle within each window. *start = its first place. -EINVAL for fewer than two
 * elements, a stride that is no multiple of 8 or a lane out of range; -ENOMEM for the list of windows. */
int mw_chain_build(const struct mw_chain *c, void **start);

/* Follows n pointers, n a multiple of MW_CHASE_UNROLL, and returns where it stands. */
void *mw_chase(void *p, size_t n);

#endif
