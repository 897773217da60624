/* How much memory and CPU time this process may use: machine, cgroups (v1 and v2), resource limits. */
#ifndef MW_LIMITS_H
#define MW_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct mw_limits {
	uint64_t mem_total;     /* of the machine; 0 unknown */
	bool mem_known;         /* mem_available is known */
	uint64_t mem_available; /* bytes now, the smallest of all limits; 0: none is left */
	const char *source;     /* what mem_available comes from: "machine", "cgroup v2 memory.max", "ulimit -v", ...,
				   or "unknown" */
	double cpu_quota;       /* cgroup limit in CPUs; 0 = no limit */
};

/* Never fails: a file that cannot be read sets no limit. live: root_fd is the root of this machine, so that system
 * calls may be used where /proc is absent; false for a captured tree. */
void mw_limits_read(int root_fd, bool live, struct mw_limits *out);

#endif
