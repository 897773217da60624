/* Matrix products over weights that stream: one group = one type, shape and thread count; every engine and token
 * count of it works on the same rotation of matrices, larger together than the last-level cache. */
#ifndef MW_GEMM_WORK_H
#define MW_GEMM_WORK_H

#include "bench/bench.h"
#include "bench/engine.h"

enum { GEMM_MAX_CASES = 512 }; /* every product on every engine */

struct gemm_group;

/* One engine at one number of tokens. */
struct gemm_case {
	struct gemm_group *group;
	const struct engine *engine;
	size_t m;
	size_t calls;  /* products per sample */
	char why[160]; /* not empty: cannot be run, and why */
	char kernel[48];
	/* Below: of gemm_work.c. */
	void **plans; /* one per member; NULL for an empty slice */
	size_t pool;
	size_t next; /* matrix that the next sample begins with */
	double one_ns;
};

/* The reason of a case that the deadline left out. */
extern const char gemm_too_late[];

struct gemm_pool;

/* Memory that groups take in turn: what it holds is written anew in each visit. Memory for each would cost more: a
 * guest's first touch takes longer than all copies that a run makes. */
struct gemm_memory {
	const struct gemm_group *holds; /* whose operands are in it */
};

struct gemm_group {
	enum gemm_dtype type;
	size_t n, k;
	int threads;
	size_t n_cases;
	struct gemm_case cases[GEMM_MAX_CASES];
	struct gemm_memory *memory; /* not held by another group at the same time; NULL: of its own */
	size_t matrices;            /* in the rotation */
	uint64_t weight_bytes;      /* of the rotation, unpacked */
	bool cached;                /* the rotation is smaller than twice the last-level cache */
	char pages[24];             /* obtained for the weights */
	/* Below: of gemm_work.c. */
	struct gemm_memory own;
	struct mw_team *team;
	struct mw_arenas *arenas;
	struct mw_block *blocks; /* one per NUMA node */
	size_t n_blocks;
	struct gemm_pool *pools;
	size_t n_pools;
	unsigned char
		*source; /* what is packed: one matrix begins a row behind the other; NULL after leaving, if large */
	size_t source_bytes;
	unsigned char *a, *c;
};

/* Plans, takes memory, packs and checks all cases: group->type, n, k, threads, memory and each case's engine and m are
 * filled in by the caller, everything else is 0. A case that cannot run, computes wrongly or comes after
 * ctx->deadline_ns gets a reason in `why` and is otherwise left alone. Cases ready to be measured have one_ns. Negative
 * with a line in err when nothing can be measured (memory, team). */
int gemm_group_prepare(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n);
/* The memory of a prepared group goes to others until it is taken again, which packs the weights anew where they
 * are not there any more. Cases are measured in between. Negative with a line in err: the group does not have it. */
void gemm_group_leave(struct gemm_group *g);
int gemm_group_take(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n);
/* Sets the samples' length. */
void gemm_group_sample_s(struct gemm_group *g, double seconds);
void gemm_group_close(struct gemm_group *g);

/* One sample of a case (arg): 1e9 operations per second. For struct round_point. */
int gemm_case_measure(void *arg, double *value, char *err, size_t n);

/* Outputs of matrix j that differ from sums in double (f32: beyond the bound of base/core/kernels/gemv.h) or in
 * 64-bit integers, over at most `samples` places; the first one is described in err. For prepared groups. */
size_t gemm_case_check(struct gemm_case *c, size_t j, size_t samples, char *err, size_t n);

#endif
