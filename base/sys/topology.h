/* What machine this is: read once per run. hwloc describes, cgroup and /proc limit. */
#ifndef MW_TOPOLOGY_H
#define MW_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MW_MAX_CPUS 8192 /* as many as Linux can be built for on x86 */
#define MW_MAX_NODES 64

struct mw_cpu {
	int id;     /* the kernel's number */
	int core;   /* physical core, unique over sockets */
	int socket; /* index */
	int node;   /* kernel's NUMA node number */
};

struct mw_node {
	int id;
	uint64_t bytes; /* 0 = unknown */
	bool has_cpu;
};

struct mw_topology {
	char cpu_model[96];
	char microcode[32];
	char isa[160]; /* paths and extensions found */
	char kernel[96];
	char hostname[64];
	char virtualization[48]; /* "none", "kvm", ...; "unknown" when nothing tells */
	char governor[32];       /* "unknown" in most guests */
	char turbo[16];          /* "on", "off", "unknown" */
	char thp[16];            /* always, madvise, never, unknown */
	char numa_balancing[16];
	int n_cpus; /* CPUs this process may use, one entry each, physical cores first */
	struct mw_cpu cpus[MW_MAX_CPUS];
	int n_cores, n_sockets, smt; /* of the allowed CPUs; smt = threads per core */
	int n_nodes;
	struct mw_node nodes[MW_MAX_NODES];
	int distance[MW_MAX_NODES][MW_MAX_NODES]; /* by index into nodes; 0 = unknown */
	uint64_t l1d_bytes, l2_bytes, l3_bytes;   /* one instance; 0 = not reported */
	int l3_instances;
	uint64_t llc_total_bytes;  /* all last-level caches that the allowed CPUs reach */
	uint64_t mem_total;        /* of the machine; 0 = unknown */
	uint64_t mem_available;    /* now, after cgroup (v1 and v2) and RLIMIT_AS limits */
	bool mem_known;            /* mem_available is known; else it is 0 */
	char mem_limit_source[48]; /* "machine", "cgroup v2 memory.max", "ulimit -v", ... */
	double cpu_quota;          /* CPUs' worth of cgroup time; 0 = no limit */
	bool hugepages_known;
	uint64_t hugepages_2m_free; /* 0 when not known */
};

/* Fills *out. root is "/" or a captured tree holding sys/ and proc/ (tests); cpus is NULL or a list such as
 * "0-3,8" that restricts the CPUs used. Returns 0, or MW_ESPEC for a bad list, MW_EUNAVAILABLE otherwise. */
int mw_topology_read(const char *root, const char *cpus, struct mw_topology *out, char *err, size_t n);

/* The same for the CPUs of NUMA nodes, a list such as "0-1,3" (of cpus, where that is not NULL). MW_ESPEC names the
 * nodes that do not exist or give no CPU, and the usable ones: memory alone runs nothing. */
int mw_topology_read_nodes(const char *root, const char *cpus, const char *nodes, struct mw_topology *out, char *err,
			   size_t n);

/* The machine's CPU ids in team order (one per physical core first, then SMT siblings) into v. */
int mw_topology_cpu_ids(const struct mw_topology *t, int *v, int max);

#endif
