/* Several independent pointer chains, followed side by side by one thread: the loads of different chains overlap. */
#ifndef MW_CHASES_H
#define MW_CHASES_H

#include "base/core/kernels/chase.h"

enum { MW_CHASES_MAX = 64, MW_CHASES_UNROLL = 4 };

/* `chains` disjoint chains over the memory of `of` (its lane must be 0). In each window every chain has the same number
 * of elements, drawn at random, and all chains visit the windows in the same random order. Since they advance together
 * they are in one window at a time, so that the TLB covers them whatever their number. Elements of a window that cannot
 * be divided evenly, and those behind the last whole window, are in no chain. */
struct mw_chases {
	struct mw_chain of;
	unsigned chains;
};

/* Elements of one chain; 0 when a window has fewer elements than there are chains. */
size_t mw_chases_length(const struct mw_chases *c);

/* Writes the chains; at[i] is the first pointer of chain i. Elements are written in the order in which the chains visit
 * them: what caches still hold afterwards is what the chains visit last. -EINVAL for chains shorter than two elements,
 * a number without kernel, or a lane; -ENOMEM. */
int mw_chases_build(const struct mw_chases *c, void **at);

/* Follows n pointers of each chain (n is rounded up to a multiple of MW_CHASES_UNROLL) and writes back where they end.
 * The pointers are in registers up to mw_chases_in_registers() chains, else in an array that the first-level cache
 * holds. `chains` must be one of mw_chases_count. */
void mw_chases_run(void **at, unsigned chains, size_t n);
unsigned mw_chases_in_registers(void);

/* Numbers of chains that have a kernel, ascending; 0 past the last. */
unsigned mw_chases_count(size_t i);

#endif
