/* How much memory and CPU time this process may use: machine, cgroups (v1 and v2), resource limits. */
#ifndef MW_LIMITS_H
#define MW_LIMITS_H

#include <stdint.h>

struct mw_limits {
	uint64_t mem_total;     /* of the machine; 0 unknown */
	uint64_t mem_available; /* now, the smallest of all limits; 0 unknown */
	char source[48];        /* what mem_available comes from: "machine", "cgroup v2 memory.max", "ulimit -v", ... */
	double cpu_quota;       /* CPUs' worth of cgroup time; 0 = no limit */
};

/* Never fails: what cannot be read is no limit. */
void mw_limits_read(int root_fd, struct mw_limits *out);

#endif
