/* Matrix products with weights that come from memory. A group is one type, shape and thread count; all its engines and
 * token counts use the same set of matrices in turn, which together are larger than the last-level cache. */
#ifndef MW_GEMM_WORK_H
#define MW_GEMM_WORK_H

#include "base/core/err.h"
#include "bench/bench.h"
#include "bench/engine.h"

enum { GEMM_MAX_CASES = 512 }; /* every product on every engine */

struct gemm_group;

/* One engine at one number of tokens. */
struct gemm_case {
	struct gemm_group *group;
	const struct engine *engine;
	size_t m;
	size_t calls;             /* products per sample */
	char why[MW_REASON_ROOM]; /* not empty: why it cannot run */
	char kernel[48];
	/* Private to gemm_work.c: */
	void **plans; /* one per member; NULL for an empty slice */
	size_t pool;
	size_t next; /* matrix with which the next sample begins */
	double one_ns;
};

/* Reason of cases that were not checked before the deadline. */
extern const char gemm_too_late[];

struct gemm_pool;

/* Memory that groups use in turn; each group writes its operands again in each visit. This is faster than memory for
 * each group: the first touch in a guest takes longer than all these copies. */
struct gemm_memory {
	const struct gemm_group *holds; /* group whose operands are in the memory */
};

struct gemm_group {
	enum gemm_dtype type;
	size_t n, k;
	int threads;
	size_t n_cases;
	struct gemm_case cases[GEMM_MAX_CASES];
	struct gemm_memory *memory; /* shared with groups that are not held at the same time; NULL: own memory */
	size_t matrices;            /* matrices used in turn */
	uint64_t weight_bytes;      /* bytes of all matrices, unpacked */
	bool cached;                /* all matrices together are smaller than twice the last-level cache */
	char pages[24];             /* page kind obtained for the weights */
	/* Private to gemm_work.c: */
	struct gemm_memory own;
	struct mw_team *team;
	struct mw_arenas *arenas;
	struct mw_block *blocks; /* one per NUMA node */
	size_t n_blocks;
	struct gemm_pool *pools;
	size_t n_pools;
	/* Unpacked weights: each matrix begins one row after the previous. If large, NULL after gemm_group_leave. */
	unsigned char *source;
	size_t source_bytes;
	unsigned char *a, *c;
};

/* Matrices of a rotation, where memory is not short. */
uint64_t gemm_matrices(uint64_t llc, uint64_t matrix_bytes);

/* Plans, takes memory, packs and checks all cases: group->type, n, k, threads, memory and each case's engine and m are
 * filled in by the caller, everything else is 0. A case that cannot run, computes wrongly or comes after
 * ctx->deadline_ns gets a reason in `why` and is otherwise left alone. Cases ready to be measured have one_ns. Negative
 * with a line in err when nothing can be measured (memory, team). */
int gemm_group_prepare(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n);
/* Releases the memory of a prepared group, and takes it again. gemm_group_take packs the weights again if they were
 * overwritten; negative with a line in err when the group does not get its memory. Cases can be measured only while the
 * group has its memory. */
void gemm_group_leave(struct gemm_group *g);
int gemm_group_take(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n);
/* Sets the length of samples. */
void gemm_group_sample_s(struct gemm_group *g, double seconds);
void gemm_group_close(struct gemm_group *g);

/* Measures one sample of the case arg, in 1e9 operations per second. For struct round_point. */
int gemm_case_measure(void *arg, double *value, char *err, size_t n);

/* Checks `samples` outputs with matrix j against sums in double (f32: within the bound of base/core/kernels/gemv.h) or
 * 64-bit integers. Returns how many are wrong, and describes the first in err. The group must be prepared. */
size_t gemm_case_check(struct gemm_case *c, size_t j, size_t samples, char *err, size_t n);

#endif
