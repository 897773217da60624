/* Which members of the team work: the first ones (compact), or spread over sockets and third-level caches. */
#ifndef MW_BENCH_BANDWIDTH_PLACE_H
#define MW_BENCH_BANDWIDTH_PLACE_H

#include "base/sys/topology.h"

struct bw_placement {
	int threads;
	bool spread;
	bool same;       /* compact and spread choose the same CPUs, so that only compact is measured */
	int *ranks;      /* `threads` ranks of the team, ascending; owned */
	int span;        /* last rank + 1 */
	int caches;      /* third-level caches that the members use; 0: not known */
	int most_shared; /* most members that share one of them */
};

/* Fills *p for a team of these n CPUs. Compact: the first `threads` CPUs, which fill third-level
 * caches and sockets one after the other, a thread per core as long as there are cores. Spread: one CPU after the other
 * from the cores, then the sockets, then the third-level caches with the fewest so far. -ENOMEM, or -EINVAL where there
 * are fewer CPUs. */
int bw_placement_open(struct bw_placement *p, const struct mw_cpu *cpus, int n, int threads, bool spread);
/* A struct of zeros is allowed. */
void bw_placement_fini(struct bw_placement *p);

#endif
