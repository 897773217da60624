/* Shared by the engines with a cblas interface: a plan is only the shape, and W is not packed. */
#ifndef MW_CBLAS_ENGINE_H
#define MW_CBLAS_ENGINE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/modules/engine.h"

/* Declared here, because the installed cblas.h may belong to another library. */
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
		 const float *b, int ldb, float beta, float *c, int ldc);
void cblas_sgemv(int order, int trans, int m, int n, float alpha, const float *a, int lda, const float *x, int incx,
		 float beta, float *y, int incy);

struct cblas_shape {
	int m, n, k, ldc;
};

static int cblas_plan(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **out, char *err, size_t en)
{
	*out = NULL;
	if (type != GEMM_F32) {
		engine_say(err, en, "cblas has no int8 product");
		return GEMM_EUNAVAILABLE;
	}
	if (m > INT32_MAX || n > INT32_MAX || k > INT32_MAX || ldc > INT32_MAX || ldc < n || !m || !n || !k) {
		engine_say(err, en, "a size is zero or above 2^31 - 1, the limit of cblas");
		return -EINVAL;
	}
	struct cblas_shape *p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct cblas_shape){(int)m, (int)n, (int)k, (int)ldc};
	*out = p;
	return 0;
}

static size_t cblas_packed_bytes(const void *plan)
{
	const struct cblas_shape *p = plan;
	return (size_t)p->n * (size_t)p->k * sizeof(float);
}

static bool cblas_same_layout(const void *a, const void *b)
{
	const struct cblas_shape *p = a, *q = b;
	return p->n == q->n && p->k == q->k;
}

static int cblas_pack(void *plan, const void *w, void *packed)
{
	memcpy(packed, w, cblas_packed_bytes(plan));
	return 0;
}

static int cblas_run(void *plan, const void *packed, const void *a, void *c)
{
	const struct cblas_shape *p = plan;
	/* sgemm has no path for one row: a third of the bandwidth of sgemv (measured, OpenBLAS 0.3.21). */
	if (p->m == 1)
		cblas_sgemv(ROW_MAJOR, NO_TRANS, p->n, p->k, 1.0f, packed, p->k, a, 1, 0.0f, c, 1);
	else
		cblas_sgemm(ROW_MAJOR, NO_TRANS, TRANS, p->m, p->n, p->k, 1.0f, a, p->k, packed, p->k, 0.0f, c, p->ldc);
	return 0;
}

static const char *cblas_kernel(const void *plan)
{
	const struct cblas_shape *p = plan;
	return p->m == 1 ? "sgemv" : "sgemm";
}

/* The members of a struct gemm_engine that do not depend on the library. */
#define CBLAS_ENGINE                                                                                                   \
	.abi = GEMM_ENGINE_ABI, .plan = cblas_plan, .plain = true, .packed_bytes = cblas_packed_bytes,                 \
	.same_layout = cblas_same_layout, .pack = cblas_pack, .run = cblas_run, .kernel = cblas_kernel, .close = free

#endif
