#include "base/core/text.h"
#include "bench/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/gemv.h"

struct own_plan {
	enum gemm_dtype type;
	size_t n, k;
	const struct mw_gemv_path *path;
};

static int own_init(char *detail, size_t dn, char *err, size_t en)
{
	(void)err;
	(void)en;
	mw_format(detail, dn, "%s", mw_gemv_best()->name);
	return 0;
}

static int own_plan(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **out, char *err, size_t en)
{
	(void)ldc;
	*out = NULL;
	if (m != 1) {
		mw_clip(err, en, "memwall's own kernels compute matrix-vector products only");
		return GEMM_EUNAVAILABLE;
	}
	struct own_plan *p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct own_plan){type, n, k, mw_gemv_best()};
	*out = p;
	return 0;
}

static size_t own_bytes(const void *plan)
{
	const struct own_plan *p = plan;
	return p->n * p->k * (p->type == GEMM_F32 ? sizeof(float) : sizeof(int8_t));
}

static bool own_same(const void *a, const void *b)
{
	const struct own_plan *p = a, *q = b;
	return p->type == q->type && p->n == q->n && p->k == q->k;
}

static int own_pack(void *plan, const void *w, void *packed)
{
	memcpy(packed, w, own_bytes(plan));
	return 0;
}

static int own_run(void *plan, const void *packed, const void *a, void *c)
{
	const struct own_plan *p = plan;
	if (p->type == GEMM_F32)
		p->path->f32(packed, p->k, a, c, p->n, p->k);
	else
		p->path->s8(packed, p->k, a, c, p->n, p->k);
	return 0;
}

static const char *own_kernel(const void *plan)
{
	const struct own_plan *p = plan;
	return p->type == GEMM_F32 ? mw_isa_name(p->path->isa) : p->path->name;
}

const struct gemm_engine engine_own = {
	.abi = GEMM_ENGINE_ABI,
	.name = "own",
	.init = own_init,
	.plan = own_plan,
	.plain = true,
	.packed_bytes = own_bytes,
	.same_layout = own_same,
	.pack = own_pack,
	.run = own_run,
	.kernel = own_kernel,
	.close = free,
};
