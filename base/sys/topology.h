/* What machine this is: read once per run. hwloc describes, cgroup and /proc limit. */
#ifndef MW_TOPOLOGY_H
#define MW_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/host.h"

#define MW_MAX_CPUS 8192 /* as many as Linux can be built for on x86 */

struct mw_cpu {
	int id;     /* the kernel's number */
	int core;   /* physical core, unique over sockets */
	int socket; /* index */
	int node;   /* kernel's NUMA node number */
};

struct mw_topology {
	struct mw_host host;
	struct mw_cpu *cpus; /* host.n_cpus that this process may use, physical cores first */
	bool *node_has_cpu;  /* by index into host.nodes */
};

/* Fills *out, which is overwritten and freed with mw_topology_fini; after a failure it is empty. root is "/" or a
 * captured tree holding sys/ and proc/ (tests); cpus is NULL or a list such as "0-3,8" that restricts the CPUs used.
 * Returns 0, or MW_ESPEC for a bad list, -ENOMEM, MW_EUNAVAILABLE otherwise. */
int mw_topology_read(const char *root, const char *cpus, struct mw_topology *out, char *err, size_t n);

/* The same for the CPUs of NUMA nodes, a list such as "0-1,3" (of cpus, where that is not NULL). MW_ESPEC names the
 * nodes that do not exist or give no CPU, and the usable ones: memory alone runs nothing. */
int mw_topology_read_nodes(const char *root, const char *cpus, const char *nodes, struct mw_topology *out, char *err,
			   size_t n);

/* Also right for one of zeros only. */
void mw_topology_fini(struct mw_topology *t);

/* The machine's CPU ids in team order (one per physical core first, then SMT siblings) into v. */
int mw_topology_cpu_ids(const struct mw_topology *t, int *v, int max);

#endif
