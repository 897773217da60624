/* Which CPUs measure which memory: the choice of points of the numa benchmark, from the topology alone. */
#ifndef MW_BENCH_NUMA_PLAN_H
#define MW_BENCH_NUMA_PLAN_H

#include "base/sys/arena.h"
#include "base/sys/cpulist.h"
#include "base/sys/topology.h"

/* Memory that is measured: that of one node, or spread over all. */
struct numa_place {
	int node;         /* number of the node, MW_NODE_INTERLEAVE or MW_NODE_WEIGHTED */
	bool memory_only; /* the node has no CPU */
};

/* The CPUs of one node, one per core, as members of the team. */
struct numa_group {
	int node;
	int *members; /* in the order of the team; owned */
	int n;
};

enum numa_kind { NUMA_LOCAL, NUMA_REMOTE, NUMA_MEMORY_ONLY, NUMA_INTERLEAVE, NUMA_WEIGHTED, NUMA_CORE };

/* One latency and one bandwidth. */
struct numa_pair {
	enum numa_kind kind;
	int group, place; /* indices */
	int member;       /* NUMA_CORE: the core that measures alone; else the group's first member for the latency */
};

struct numa_plan {
	struct numa_place *places;
	struct numa_group *groups; /* in ascending order of their nodes, as the places */
	struct numa_pair *pairs;
	int n_places, n_groups, n_pairs;
	int cores;      /* of this run */
	int every_core; /* every so many of them is measured alone; 0: none */
};

struct numa_wish {
	const struct mw_cpulist *memory; /* nodes of memory to measure; NULL: all */
	bool matrix, interleave, cores;
	int members;    /* of the team */
	int every_core; /* at least 1 */
};

/* Pairs every group with every place, then each core with the memory of its own node (of the nearest one where its node
 * has none). 0 or -ENOMEM; numa_plan_fini in both cases. */
int numa_plan_make(const struct mw_topology *t, const struct numa_wish *wish, struct numa_plan *out);
void numa_plan_fini(struct numa_plan *p);

/* The nodes whose memory this process may use. */
void numa_memory_nodes(const struct mw_topology *t, struct mw_cpulist *out);

#endif
