/* The memory of the numa benchmark, and its two samples: a chain followed by one core, and reads by the cores of a
 * node.
 *
 * Each block has a part for the chain and a part that is read, so that what one sample leaves in the caches is not what
 * the next one of the other kind looks for. Samples of a kind go on where the last one ended, whoever took it: what
 * they touch was touched longest ago. */
#ifndef MW_BENCH_NUMA_WORK_H
#define MW_BENCH_NUMA_WORK_H

#include <stdatomic.h>

#include "base/core/err.h"
#include "base/core/kernels/chase.h"
#include "base/core/kernels/stream.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "bench/numa_plan.h"

enum {
	NUMA_STRIDE = 256,       /* of the chain, bytes: prefetchers do not help */
	NUMA_WINDOW = 256 << 10, /* its locality window, bytes: the TLB covers it */
	NUMA_GRAIN = 4096,       /* elements: what is read begins and ends at multiples of it */
	NUMA_GRAIN_BYTES = NUMA_GRAIN * (int)sizeof(double)
};

/* Memory of one place. */
struct numa_block {
	struct mw_block block; /* held during a visit */
	int node;              /* as numa_place.node */
	bool used;             /* a pair measures it */
	int rc;                /* why it could not be had: an error code with the reason in why */
	char why[MW_ERR_ROOM];
	struct mw_buf placed; /* where the pages were found: mw_pages_placed */
	struct mw_chain chain;
	void *at;        /* where the next chase begins */
	double *read;    /* first element of the part that is read */
	size_t elements; /* of that part, a multiple of NUMA_GRAIN */
	size_t next;     /* element at which the next core alone begins */
};

struct numa_memory {
	const struct bench_ctx *ctx; /* of the current call */
	struct mw_arenas *arenas;
	enum mw_pages pages;
	size_t chain_bytes, read_bytes;
	struct numa_block *blocks; /* one per place of the plan; owned */
	int n;
};

/* Opens one block per place that a pair uses and fills it. A block that cannot be had keeps the reason; its samples
 * fail with it. 0, -ENOMEM or MW_ECANCELLED. numa_memory_close in every case; *m must not move. */
int numa_memory_open(struct numa_memory *m, const struct bench_ctx *ctx, const struct numa_plan *plan, char *err,
		     size_t n);
/* At the begin of a visit, and at its end. */
int numa_memory_take(struct numa_memory *m, const struct bench_ctx *ctx, char *err, size_t n);
void numa_memory_release(struct numa_memory *m);
void numa_memory_close(struct numa_memory *m);

/* A core follows the chain of a block. */
struct numa_chase {
	struct numa_memory *memory;
	struct numa_block *block;
	int member;
	double sample_ns;
	size_t count; /* loads of a sample; 0 before the first one */
	uint64_t ns;
	int cpu; /* that ran the last sample */
};

/* *value: ns per load. */
int numa_chase_measure(struct numa_chase *c, double *value, char *err, size_t n);

/* Cores read a block with the kernel, each its share; one alone reads `window` elements. */
struct numa_read {
	struct numa_memory *memory;
	struct numa_block *block;
	const struct mw_stream_kernel *kernel;
	const int *members;
	int n;
	size_t window; /* elements that one core alone reads at a time; 0: all */
	double sample_ns;
	size_t passes; /* 0 before the first sample */
	uint64_t ns;   /* of the last sample */
	size_t first;  /* of the current sample */
	uint64_t period_sum;
	atomic_int wrong;
	atomic_int cpu; /* that rank 0 ran on */
};

/* *value: GB/s. MW_EVERIFY when what was read is not what was written. */
int numa_read_measure(struct numa_read *r, double *value, char *err, size_t n);
/* Elements that a sample touches. */
size_t numa_read_elements(const struct numa_read *r);

#endif
