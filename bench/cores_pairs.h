/* Which pairs of CPUs the benchmark cores measures. */
#ifndef MW_CORES_PAIRS_H
#define MW_CORES_PAIRS_H

#include "base/sys/topology.h"

/* What two CPUs share at least; the nearest first. */
enum cores_relation { CORES_SMT, CORES_L3, CORES_SOCKET, CORES_REMOTE, CORES_RELATIONS };

const char *cores_relation_name(enum cores_relation r); /* "smt", "same-l3", "same-socket", "cross-socket" */
enum cores_relation cores_relation_of(const struct mw_cpu *a, const struct mw_cpu *b);

/* Two CPUs by their index into the list of CPUs, from < to or the other way round. */
struct cores_pair {
	int from, to;
};

/* Pairs without regard to order: n (n - 1) / 2 in all, and of each relation. */
uint64_t cores_pairs_count(const struct mw_cpu *cpus, int n, uint64_t by_relation[CORES_RELATIONS]);

/* Chooses at most `most` pairs, none twice. All of them, from < to, when they fit. Else one of each distance first:
 * the relations from the first CPU, then relation and nodes from the first CPU of each node; the rest at random, in
 * random direction. Returns how many were written to out. */
size_t cores_pairs_choose(const struct mw_cpu *cpus, int n, size_t most, uint64_t seed, struct cores_pair *out);

#endif
