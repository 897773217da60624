/* Pointer chains: a random cycle through all elements of a block of memory, followed by dependent loads. */
#ifndef MW_CHASE_H
#define MW_CHASE_H

#include <stddef.h>
#include <stdint.h>

enum { MW_CHASE_UNROLL = 32 };

/* Each element has `stride` bytes and holds one pointer. The elements form windows of `window` bytes: the chain visits
 * all elements of a window in random order, then those of the next one; windows follow in random order. A window of at
 * least `bytes` gives a fully random walk. A small window limits the pages in use (TLB). A large stride keeps
 * prefetchers of adjacent lines and regions from helping (on Zen 5 a stride of 64 B gave latencies up to 58 % too low).
 *
 * The place of the pointer within its element varies from element to element, so that all cache sets are used. Chains
 * over the same memory with different `lane` use different places, and lanes below mw_chain_lines() different lines. */
struct mw_chain {
	void *base; /* aligned to 64 */
	size_t bytes;
	size_t stride; /* multiple of 8; a power of two >= 64 for several chains in one memory */
	size_t window;
	unsigned lane; /* 0 .. mw_chain_lanes() - 1 */
	uint64_t seed;
};

size_t mw_chain_elements(const struct mw_chain *c);
/* Chains that the same memory can hold at once; and how many of them share no cache line with another. */
unsigned mw_chain_lanes(size_t stride);
unsigned mw_chain_lines(size_t stride);
/* Address of the pointer of element i. */
void **mw_chain_place(const struct mw_chain *c, size_t i);

/* Writes the chain; *start is its first pointer. -EINVAL for fewer than two elements, a stride that is no multiple of 8
 * or a lane out of range; -ENOMEM for the list of windows. */
int mw_chain_build(const struct mw_chain *c, void **start);

/* Follows n pointers (n is rounded up to a multiple of MW_CHASE_UNROLL) and returns the last one. */
void *mw_chase(void *p, size_t n);

#endif
