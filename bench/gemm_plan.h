/* Which matrix products the gemm benchmark measures: those asked for, or as many of the transformer layers as the time
 * has room for. */
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
	size_t n, n_asked; /* list[n..n_asked-1]: the time has no room for them */
	bool types[GEMM_DTYPES];
};

/* From the options --shapes, --tokens and --dtype, or the profile's products; touches no memory. MW_ESPEC and a line.
 */
int gemm_plan_read(const struct bench_ctx *ctx, struct gemm_plan *p, char *err, size_t n);
/* 1, and all CPUs where there are more. Returns how many. */
int gemm_thread_counts(const struct bench_ctx *ctx, int counts[2]);
/* Leaves out what does not fit into ctx->share_s. rates: of one thread by type, 1e9 operations per second. Products
 * that were asked for one by one all stay, and so do the first `least`. */
void gemm_plan_thin(const struct bench_ctx *ctx, struct gemm_plan *p, const double rates[GEMM_DTYPES], size_t engines,
		    size_t least);

#endif
