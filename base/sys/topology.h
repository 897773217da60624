/* Describes the machine: cores, caches, NUMA nodes, memory and the limits of this process. Read once per run. */
#ifndef MW_TOPOLOGY_H
#define MW_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/host.h"

#define MW_MAX_CPUS 8192 /* the largest number that Linux on x86 can be built for */

struct mw_cpu {
	int id;     /* the kernel's number */
	int core;   /* physical core, unique over sockets */
	int socket; /* index */
	int l3;     /* L3 cache, unique over sockets; -1 = none, or not known */
	int node;   /* the kernel's number of the NUMA node */
};

struct mw_topology {
	struct mw_host host;
	struct mw_cpu *cpus; /* host.n_cpus CPUs that this process may use, one of each core first */
	bool *node_has_cpu;  /* by index into host.nodes */
};

/* Fills *out (free with mw_topology_fini); after a failure it is empty. root: "/", or a captured tree with sys/ and
 * proc/ (tests). cpus: NULL, or a list such as "0-3,8" of the CPUs to use. 0, or with a line in err MW_ESPEC for a bad
 * list, -ENOMEM, MW_EUNAVAILABLE otherwise. */
int mw_topology_read(const char *root, const char *cpus, struct mw_topology *out, char *err, size_t n);

/* The same for the CPUs of NUMA nodes, a list such as "0-1,3", and only those in cpus where that is not NULL. MW_ESPEC
 * when a node does not exist or has no usable CPU; the line in err names these nodes and the usable ones. */
int mw_topology_read_nodes(const char *root, const char *cpus, const char *nodes, struct mw_topology *out, char *err,
			   size_t n);

/* A struct of zeros is allowed. */
void mw_topology_fini(struct mw_topology *t);

/* Writes up to max CPU ids to v in team order (one per core first, then SMT siblings). Returns how many. */
int mw_topology_cpu_ids(const struct mw_topology *t, int *v, int max);

#endif
