/* How much memory and CPU time this process may use: machine, cgroups (v1 and v2), resource limits. */
#ifndef MW_LIMITS_H
#define MW_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct mw_limits {
	uint64_t mem_total;     /* of the machine; 0 unknown */
	bool mem_known;         /* mem_available is known */
	uint64_t mem_available; /* now, the smallest of all limits; 0 may also mean that nothing is left */
	const char *source;     /* what mem_available comes from: "machine", "cgroup v2 memory.max", "ulimit -v", ...,
				   or "unknown" */
	double cpu_quota;       /* CPUs' worth of cgroup time; 0 = no limit */
};

/* Never fails: what cannot be read is no limit. live: root_fd is this machine's own root, so that the kernel may be
 * asked where /proc is absent; a captured tree tells everything itself. */
void mw_limits_read(int root_fd, bool live, struct mw_limits *out);

#endif
