/* What a matrix-product engine offers: one shared object, one `const struct gemm_engine gemm_engine`.
 *
 * A module is opened RTLD_LOCAL after its environment is set, and every function that computes is single-threaded:
 * members of a pinned team call it on slices of their own. Modules include this header and libc only. */
#ifndef MW_ENGINE_H
#define MW_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEMM_ENGINE_ABI 1u
#define GEMM_ENGINE_SYMBOL "gemm_engine"

enum gemm_dtype {
	GEMM_F32, /* float x float -> float */
	GEMM_S8,  /* int8 x int8 -> int32, exact */
	GEMM_DTYPES
};

/* Codes: 0, -errno, or this when the engine cannot do what is asked (the reason is in err). */
#define GEMM_EUNAVAILABLE (-4097)

struct gemm_engine {
	uint32_t abi; /* GEMM_ENGINE_ABI */
	const char *name;
	/* Called once, by one thread. detail: version and what the library chose for this CPU, e.g. "0.3.21 SkylakeX".
	 * Refuses with the reason in err when the library would not do what its figures are labelled with. */
	int (*init)(char *detail, size_t dn, char *err, size_t en);

	/* A plan for C = A W^T: A is m x k and dense, W is n x k (one row of weights per output), C is m x n with ldc
	 * elements from row to row; all row-major. m = 1 is a matrix-vector product. A plan is used by one thread at a
	 * time. */
	int (*plan)(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **plan, char *err, size_t en);
	/* W stays as it is: packed copies are shared with every other such engine. */
	bool plain;
	/* Bytes of W in the engine's own layout, and whether two plans of this engine share that layout. */
	size_t (*packed_bytes)(const void *plan);
	bool (*same_layout)(const void *a, const void *b);
	/* W (dense) into packed, which is aligned to 64 bytes. A copy of the packed bytes elsewhere is as good. */
	int (*pack)(void *plan, const void *w, void *packed);
	int (*run)(void *plan, const void *packed, const void *a, void *c);
	/* The routine that runs, e.g. "sgemv", "brgemm:avx512_core_vnni". */
	const char *(*kernel)(const void *plan);
	void (*close)(void *plan);
};

#define GEMM_ENGINE_EXPORT __attribute__((visibility("default")))

#endif
