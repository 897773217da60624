/* Core-to-core probe: two threads hand one cache line back and forth.
 *
 * Two vCPUs of a guest can be on one core complex or on two, and this can change within seconds. So the probe runs
 * before and after every multi-thread sample, which is tagged with the state that the probe found. */
#ifndef MW_PROBE_H
#define MW_PROBE_H

#include <stdatomic.h>
#include <stdint.h>

#define MW_PROBE_BLOCKS 10

struct mw_probe {
	_Alignas(128) _Atomic uint32_t turn;
	_Alignas(128) uint32_t per_block;   /* round trips of one block */
	uint64_t limit_ns;                  /* give up after this time, because a vCPU may be descheduled */
	uint64_t block_ns[MW_PROBE_BLOCKS]; /* written by side 0 */
	uint32_t blocks;                    /* finished blocks, written by side 0 */
};

/* Sets up a probe of `trips` round trips (at least one per block), plus one block to warm up. */
void mw_probe_init(struct mw_probe *p, uint32_t trips, uint64_t limit_ns);
/* Run by two threads on different CPUs at the same time, side 0 and side 1. Returns after about limit_ns at most. */
void mw_probe_side(struct mw_probe *p, int side);
/* One-way latency in ns, after both sides have returned: that of the median block, which one interrupt does not change.
 * NaN when no block finished in time. */
double mw_probe_one_way_ns(const struct mw_probe *p);

#endif
