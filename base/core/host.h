/* Facts about a machine. base/sys/topology reads them from this machine, reports/ from results.json.
 *
 * Texts are owned and of any length. An unknown text is NULL, an unknown number is the "not known" value of its type
 * (fields.h). 0 bytes of available memory means that none is left. */
#ifndef MW_HOST_H
#define MW_HOST_H

#include <stdbool.h>

#include "base/core/fields.h"

struct mw_host_node {
	int id;           /* the kernel's number */
	uint64_t bytes;   /* of memory, or MW_COUNT_UNKNOWN */
	bool memory_only; /* no CPU belongs to it: CXL, high-bandwidth or persistent memory */
};

struct mw_host {
	char *hostname;
	char *cpu_model;
	char *microcode;
	char *isa; /* paths and extensions found */
	char *kernel;
	char *virtualization; /* "none", "kvm", ... */
	char *governor;       /* "mixed" where CPUs differ; NULL in most guests */
	char *turbo;          /* "on", "off" */
	char *thp;            /* "always", "madvise", "never" */
	char *numa_balancing;
	int n_cpus;                  /* that the process may use */
	int n_cores, n_sockets, smt; /* of those CPUs; smt = threads per core */
	uint64_t page_bytes;
	uint64_t hugepages_2m_free;             /* MW_COUNT_UNKNOWN */
	uint64_t l1d_bytes, l2_bytes, l3_bytes; /* of one instance */
	int l3_instances;
	uint64_t llc_total_bytes;           /* all last-level caches that those CPUs reach */
	uint64_t mem_total;                 /* of the machine */
	uint64_t mem_available;             /* now, within cgroup and ulimit limits; or MW_COUNT_UNKNOWN */
	char *mem_limit_source;             /* "machine", "cgroup v2 memory.max", "ulimit -v", ... */
	double cpu_quota;                   /* cgroup limit in CPUs (1.5: time of one and a half); 0 = no limit */
	int n_cpu_nodes;                    /* NUMA nodes of the CPUs in use */
	int mem_slots, mem_modules;         /* slots for memory modules, and those with one */
	char *mem_kinds;                    /* "8 x 32 GiB DDR5 4800 MT/s 2 ranks", kinds separated by "; " */
	int mem_channels, mem_channels_all; /* channels with a module; with a slot */
	int mem_mts, mem_rated_mts;         /* MT/s of the slowest module, as configured and as it could be */
	double mem_peak;                    /* GB/s that all channels can carry */
	char *mem_peak_source;              /* "8 channels x 4800 MT/s x 8 byte", "--peak" */
	char *mitigations;                  /* in force, "name: what is done", separated by "; " */
	uint64_t swap_used;                 /* bytes, or MW_COUNT_UNKNOWN */
	/* Memory errors since the driver was loaded, and times that the clock of a core was lowered for its temperature
	 * since the system started; then how many of them came during the run. MW_COUNT_UNKNOWN. */
	uint64_t edac_corrected, edac_uncorrected, throttled;
	uint64_t edac_corrected_during, edac_uncorrected_during, throttled_during;
	int n_nodes;
	struct mw_host_node *nodes; /* n_nodes, in ascending order of their ids; owned */
	int *distances;             /* n_nodes x n_nodes, row-major, by index into nodes; 0 = not known; owned */
};

extern const struct mw_field mw_host_fields[];        /* all but the nodes */
extern const struct mw_field mw_host_during_fields[]; /* those of them that count over the run */

/* Sets everything to "not known". Does not free what *h held. */
void mw_host_init(struct mw_host *h);
void mw_host_fini(struct mw_host *h);
/* Deep copy; *to is overwritten, not freed. -ENOMEM: *to is as after mw_host_init. */
int mw_host_copy(struct mw_host *to, const struct mw_host *from);
/* Replaces the nodes by n nodes with id 0, unknown size and unknown distances. -ENOMEM: there are none. */
int mw_host_set_nodes(struct mw_host *h, int n);

static inline int *mw_host_distance(const struct mw_host *h, int from, int to)
{
	return &h->distances[(size_t)from * (size_t)h->n_nodes + (size_t)to];
}

static inline bool mw_host_memory_known(const struct mw_host *h)
{
	return h->mem_available != MW_COUNT_UNKNOWN;
}

#endif
