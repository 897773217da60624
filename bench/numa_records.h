/* The records of the numa benchmark: what it declares, and what follows from the topology and from other records. */
#ifndef MW_BENCH_NUMA_RECORDS_H
#define MW_BENCH_NUMA_RECORDS_H

#include "bench/numa_work.h"

extern const struct mw_emitter numa_emitter;

/* Opens the record of a pair. `touched`: bytes that a sample touches. */
void numa_latency_open(struct mw_record *rec, const struct bench_ctx *ctx, const struct numa_plan *plan,
		       const struct numa_pair *pair, const struct numa_block *block, uint64_t touched);
void numa_bandwidth_open(struct mw_record *rec, const struct bench_ctx *ctx, const struct numa_plan *plan,
			 const struct numa_pair *pair, const struct numa_block *block, uint64_t touched,
			 const char *kernel);
/* Sets the CPU that ran the samples. */
void numa_put_cpu(struct mw_record *rec, int cpu);
/* Bytes of cache that so many cores of a node use. A sample that touches four times as many is of memory. */
uint64_t numa_caches_of(const struct mw_host *h, int cores);
/* Sets the weights of the nodes in observed, from sys/ below root_fd. */
void numa_put_weights(struct mw_record *rec, int root_fd, const struct numa_plan *plan);

/* Emits unavailable records for remote and interleaved memory where the plan has none, with the reason. */
int numa_emit_missing(const struct mw_topology *t, const struct numa_wish *wish, const struct numa_plan *plan,
		      const struct mw_sink *sink);

/* Emits what HMAT promises for the pairs of groups and nodes of the plan, from sys/ below root_fd; an unavailable
 * record when it promises nothing. */
int numa_emit_promises(const struct numa_plan *plan, int root_fd, const struct mw_sink *sink);

/* Emits how far the slowest core is from the median one, by latency and by bandwidth, from the measured records of
 * single cores in l, and names every core whose interval lies beyond that of the median core. Emits nothing for fewer
 * than two cores. */
int numa_emit_slowest(const struct mw_records *l, const struct numa_plan *plan, const struct mw_sink *sink);

#endif
