/* Chooses the matrix products of the gemm benchmark: those asked for, or as many transformer layers as fit into the
 * time. */
#ifndef MW_GEMM_PLAN_H
#define MW_GEMM_PLAN_H

#include "bench/bench.h"
#include "bench/engine.h"

enum { GEMM_MAX_PRODUCTS = 64 };

/* Y = X W: k inputs, n outputs, m tokens. */
struct gemm_product {
	size_t k, n, m;
};

struct gemm_plan {
	struct gemm_product list[GEMM_MAX_PRODUCTS];
	size_t n, n_asked; /* list[n..n_asked-1] do not fit into the time */
	bool types[GEMM_DTYPES];
};

/* Reads --shapes, --tokens and --dtype, or takes the profile's products; touches no memory. 0, or MW_ESPEC with a line
 * in err.
 * */
int gemm_plan_read(const struct bench_ctx *ctx, struct gemm_plan *p, char *err, size_t n);
/* Upper bound of the memory that the products take: operands, and weights in every layout that engines may pack them
 * into; for what a library takes for itself, a guess. */
uint64_t gemm_plan_bytes(const struct bench_ctx *ctx, const struct gemm_plan *p);
/* 1, and all CPUs where there are more. Returns how many. */
int gemm_thread_counts(const struct bench_ctx *ctx, int counts[2]);
/* Leaves out the products that do not fit into ctx->share_s. rates: of one thread by type, 1e9 operations per second.
 * The first `least` products stay, and all of them when --shapes or --tokens was given. */
void gemm_plan_thin(const struct bench_ctx *ctx, struct gemm_plan *p, const double rates[GEMM_DTYPES], size_t engines,
		    size_t least);

#endif
