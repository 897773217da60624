/* Core-to-core probe: two threads hand one cache line back and forth.
 *
 * Two vCPUs of a guest can share one core complex or sit on two, and flip between the two within seconds; every
 * multi-thread sample is bracketed by this probe and tagged with the state it saw. */
#ifndef MW_PROBE_H
#define MW_PROBE_H

#include <stdatomic.h>
#include <stdint.h>

#define MW_PROBE_BLOCKS 10

struct mw_probe {
	_Alignas(128) _Atomic uint32_t turn;
	_Alignas(128) uint32_t per_block;   /* round trips of one block */
	uint64_t limit_ns;                  /* give up after this long: a vCPU may be descheduled */
	uint64_t block_ns[MW_PROBE_BLOCKS]; /* written by side 0 */
	uint32_t blocks;                    /* finished ones, written by side 0 */
};

/* trips round trips (at least one per block), after a few more that warm up. */
void mw_probe_init(struct mw_probe *p, uint32_t trips, uint64_t limit_ns);
/* Run by two threads on different CPUs at the same time, side 0 and side 1. Returns after about limit_ns at most. */
void mw_probe_side(struct mw_probe *p, int side);
/* One-way latency in ns after both sides returned: of the median block, so that an interrupt in one of them does not
 * look like another topology. NaN when no block finished in time. */
double mw_probe_one_way_ns(const struct mw_probe *p);

#endif
