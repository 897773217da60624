/* Core-to-core probe: two threads hand one cache line back and forth.
 *
 * Two vCPUs of a guest can share one core complex or sit on two, and flip between the two within seconds; every
 * multi-thread sample is bracketed by this probe and tagged with the state it saw. */
#ifndef MW_PROBE_H
#define MW_PROBE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mw_probe {
	_Alignas(128) _Atomic uint32_t turn;
	_Alignas(128) uint32_t trips; /* round trips to make */
	uint64_t limit_ns;            /* give up after this long: a vCPU may be descheduled */
	uint64_t elapsed_ns;          /* written by side 0 */
	uint32_t done;                /* round trips made, written by side 0 */
};

void mw_probe_init(struct mw_probe *p, uint32_t trips, uint64_t limit_ns);
/* Run by two pinned threads at the same time, side 0 and side 1. */
void mw_probe_side(struct mw_probe *p, int side);
/* One-way latency in ns after both sides returned; NaN when no trip finished. */
double mw_probe_one_way_ns(const struct mw_probe *p);

#endif
