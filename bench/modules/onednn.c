/* NEEDS: dnnl.h */
/* LINK: -ldnnl -lgomp */
/* oneDNN matmul with weights packed once into the layout that the library prefers: unpacked int8 weights cost 3.4 times
 * as much per pass at m = 2 as at m = 1 (measured, 2.6.3). It uses OpenMP, which the environment limits to one
 * thread. */
#include <dnnl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/modules/engine.h"

/* Declared here, because omp.h may not be installed with libgomp. */
int omp_get_max_threads(void);

#if DNNL_VERSION_MAJOR == 2

struct plan {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_memory_desc_t w_plain, w_packed;
	dnnl_primitive_t matmul;
	dnnl_memory_t a, w, c, scratch;
	void *scratch_bytes;
	char kernel[48];
};

#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		dnnl_status_t s_ = (call);                                                                             \
		if (s_ != dnnl_success) {                                                                              \
			engine_say(err, en, "oneDNN: %s", status_text(s_));                                            \
			return s_ == dnnl_out_of_memory ? -ENOMEM : GEMM_EUNAVAILABLE;                                 \
		}                                                                                                      \
	} while (0)

static const char *status_text(dnnl_status_t s)
{
	switch (s) {
	case dnnl_out_of_memory:
		return "out of memory";
	case dnnl_invalid_arguments:
		return "invalid arguments";
	case dnnl_unimplemented:
		return "no code for this CPU, type or shape";
	case dnnl_runtime_error:
		return "run-time error";
	default:
		return "the call failed";
	}
}

static int init(char *detail, size_t dn, char *err, size_t en)
{
	if (omp_get_max_threads() != 1) {
		engine_say(err, en, "OpenMP would use %d threads: OMP_NUM_THREADS was read before it could be set",
			   omp_get_max_threads());
		return GEMM_EUNAVAILABLE;
	}
	const dnnl_version_t *v = dnnl_version();
	if (v->major != DNNL_VERSION_MAJOR) {
		engine_say(err, en, "built for oneDNN %d, found %d.%d", DNNL_VERSION_MAJOR, v->major, v->minor);
		return GEMM_EUNAVAILABLE;
	}
	engine_say(detail, dn, "%d.%d.%d isa 0x%x", v->major, v->minor, v->patch,
		   (unsigned)dnnl_get_effective_cpu_isa());
	return 0;
}

static void close_plan(void *plan)
{
	struct plan *p = plan;
	if (!p)
		return;
	dnnl_memory_t memories[] = {p->a, p->w, p->c, p->scratch};
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++)
		if (memories[i])
			(void)dnnl_memory_destroy(memories[i]);
	if (p->matmul)
		(void)dnnl_primitive_destroy(p->matmul);
	if (p->stream)
		(void)dnnl_stream_destroy(p->stream);
	if (p->engine)
		(void)dnnl_engine_destroy(p->engine);
	free(p->scratch_bytes);
	free(p);
}

static int describe(struct plan *p, enum gemm_dtype type, const size_t d[4], dnnl_memory_desc_t *a,
		    dnnl_memory_desc_t *c, char *err, size_t en)
{
	int64_t m = (int64_t)d[0], n = (int64_t)d[1], k = (int64_t)d[2], ldc = (int64_t)d[3];
	dnnl_data_type_t in = type == GEMM_F32 ? dnnl_f32 : dnnl_s8, out = type == GEMM_F32 ? dnnl_f32 : dnnl_s32;
	const dnnl_dims_t a_dims = {m, k}, w_dims = {k, n}, c_dims = {m, n};
	const dnnl_dims_t a_strides = {k, 1}, w_strides = {1, k}, c_strides = {ldc, 1};
	TRY(dnnl_memory_desc_init_by_strides(a, 2, a_dims, in, a_strides));
	TRY(dnnl_memory_desc_init_by_strides(&p->w_plain, 2, w_dims, in, w_strides));
	TRY(dnnl_memory_desc_init_by_tag(&p->w_packed, 2, w_dims, in, dnnl_format_tag_any));
	TRY(dnnl_memory_desc_init_by_strides(c, 2, c_dims, out, c_strides));
	return 0;
}

/* Makes the primitive and its scratch memory. The library's own scratch memory could be used only by the thread that
 * made the primitive. */
static int make_primitive(struct plan *p, const_dnnl_primitive_desc_t pd, char *err, size_t en)
{
	const char *name = "";
	TRY(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name));
	engine_say(p->kernel, sizeof(p->kernel), "%s", name);
	p->w_packed = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	size_t bytes = (dnnl_memory_desc_get_size(scratch) + 63) / 64 * 64;
	p->scratch_bytes = aligned_alloc(64, bytes ? bytes : 64);
	if (!p->scratch_bytes)
		return -ENOMEM;
	TRY(dnnl_memory_create(&p->scratch, scratch, p->engine, p->scratch_bytes));
	TRY(dnnl_primitive_create(&p->matmul, pd));
	return 0;
}

static int fill_plan(struct plan *p, enum gemm_dtype type, const size_t d[4], char *err, size_t en)
{
	dnnl_memory_desc_t a, c;
	int rc = describe(p, type, d, &a, &c, err, en);
	if (rc < 0)
		return rc;
	TRY(dnnl_engine_create(&p->engine, dnnl_cpu, 0));
	TRY(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_in_order));
	dnnl_primitive_attr_t attr;
	TRY(dnnl_primitive_attr_create(&attr));
	(void)dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
	dnnl_matmul_desc_t desc;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_status_t s = dnnl_matmul_desc_init(&desc, &a, &p->w_packed, NULL, &c);
	if (s == dnnl_success)
		s = dnnl_primitive_desc_create(&pd, &desc, attr, p->engine, NULL);
	(void)dnnl_primitive_attr_destroy(attr);
	TRY(s);
	rc = make_primitive(p, pd, err, en);
	(void)dnnl_primitive_desc_destroy(pd);
	if (rc < 0)
		return rc;
	TRY(dnnl_memory_create(&p->a, &a, p->engine, DNNL_MEMORY_NONE));
	TRY(dnnl_memory_create(&p->w, &p->w_packed, p->engine, DNNL_MEMORY_NONE));
	TRY(dnnl_memory_create(&p->c, &c, p->engine, DNNL_MEMORY_NONE));
	return 0;
}

static int make_plan(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **out, char *err, size_t en)
{
	*out = NULL;
	if (!m || !n || !k || ldc < n || m > INT32_MAX || n > INT32_MAX || k > INT32_MAX) {
		engine_say(err, en, "a size is outside what a matrix product takes");
		return -EINVAL;
	}
	struct plan *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	const size_t d[4] = {m, n, k, ldc};
	int rc = fill_plan(p, type, d, err, en);
	if (rc < 0) {
		close_plan(p);
		return rc;
	}
	*out = p;
	return 0;
}

static size_t packed_bytes(const void *plan)
{
	return dnnl_memory_desc_get_size(&((const struct plan *)plan)->w_packed);
}

static bool same_layout(const void *a, const void *b)
{
	const struct plan *p = a, *q = b;
	return dnnl_memory_desc_equal(&p->w_packed, &q->w_packed) != 0;
}

static int reorder(struct plan *p, dnnl_memory_t from, dnnl_memory_t to)
{
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t prim = NULL;
	dnnl_status_t s =
		dnnl_reorder_primitive_desc_create(&pd, &p->w_plain, p->engine, &p->w_packed, p->engine, NULL);
	if (s == dnnl_success)
		s = dnnl_primitive_create(&prim, pd);
	const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
	if (s == dnnl_success)
		s = dnnl_primitive_execute(prim, p->stream, 2, args);
	if (s == dnnl_success)
		s = dnnl_stream_wait(p->stream);
	if (prim)
		(void)dnnl_primitive_destroy(prim);
	if (pd)
		(void)dnnl_primitive_desc_destroy(pd);
	return s == dnnl_success ? 0 : s == dnnl_out_of_memory ? -ENOMEM : GEMM_EUNAVAILABLE;
}

static int pack(void *plan, const void *w, void *packed)
{
	struct plan *p = plan;
	union {
		const void *in;
		void *out;
	} source = {.in = w}; /* oneDNN's interface has no const; the reorder only reads w */
	dnnl_memory_t from = NULL, to = NULL;
	int rc = GEMM_EUNAVAILABLE;
	if (dnnl_memory_create(&from, &p->w_plain, p->engine, source.out) == dnnl_success &&
	    dnnl_memory_create(&to, &p->w_packed, p->engine, packed) == dnnl_success)
		rc = reorder(p, from, to);
	if (from)
		(void)dnnl_memory_destroy(from);
	if (to)
		(void)dnnl_memory_destroy(to);
	return rc;
}

static int run(void *plan, const void *packed, const void *a, void *c)
{
	struct plan *p = plan;
	union {
		const void *in;
		void *out;
	} w = {.in = packed}, x = {.in = a};
	if (dnnl_memory_set_data_handle(p->a, x.out) != dnnl_success ||
	    dnnl_memory_set_data_handle(p->w, w.out) != dnnl_success ||
	    dnnl_memory_set_data_handle(p->c, c) != dnnl_success)
		return GEMM_EUNAVAILABLE;
	const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, p->a},
					{DNNL_ARG_WEIGHTS, p->w},
					{DNNL_ARG_DST, p->c},
					{DNNL_ARG_SCRATCHPAD, p->scratch}};
	dnnl_status_t s = dnnl_primitive_execute(p->matmul, p->stream, 4, args);
	if (s == dnnl_success)
		s = dnnl_stream_wait(p->stream);
	return s == dnnl_success ? 0 : GEMM_EUNAVAILABLE;
}

static const char *kernel(const void *plan)
{
	return ((const struct plan *)plan)->kernel;
}

#else

/* Refuses oneDNN 3, whose interface differs. */
static int init(char *detail, size_t dn, char *err, size_t en)
{
	(void)detail;
	(void)dn;
	engine_say(err, en, "built against oneDNN %d; only version 2 is supported", DNNL_VERSION_MAJOR);
	return GEMM_EUNAVAILABLE;
}

#endif

GEMM_ENGINE_EXPORT extern const struct gemm_engine gemm_engine;
const struct gemm_engine gemm_engine = {
	.abi = GEMM_ENGINE_ABI,
	.name = "onednn",
	.init = init,
#if DNNL_VERSION_MAJOR == 2
	.plan = make_plan,
	.packed_bytes = packed_bytes,
	.same_layout = same_layout,
	.pack = pack,
	.run = run,
	.kernel = kernel,
	.close = close_plan,
#endif
};
