/* Interface of a matrix-product engine: a shared object with one `const struct gemm_engine gemm_engine`.
 *
 * A module is opened with RTLD_LOCAL after its environment is set. Functions that compute are single-threaded: each
 * member of a pinned team calls them on its own slice. Of memwall, modules include only the headers of
 * this folder. */
#ifndef MW_ENGINE_H
#define MW_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/modules/say.h"

#define GEMM_ENGINE_ABI 1u
#define GEMM_ENGINE_SYMBOL "gemm_engine"

enum gemm_dtype {
	GEMM_F32, /* float x float -> float */
	GEMM_S8,  /* int8 x int8 -> int32, exact */
	GEMM_DTYPES
};

/* Functions return 0, -errno, or this code when the engine cannot do what is asked (with the reason in err). */
#define GEMM_EUNAVAILABLE (-4097)

struct gemm_engine {
	uint32_t abi; /* GEMM_ENGINE_ABI */
	const char *name;
	/* Called once, by one thread. detail: version and what the library chose for this CPU, e.g. "0.3.21 SkylakeX".
	 * GEMM_EUNAVAILABLE with the reason in err when the library would use more than one thread or is another
	 * version. */
	int (*init)(char *detail, size_t dn, char *err, size_t en);

	/* Makes a plan for C = A W^T: A is m x k and dense, W is n x k and dense (one row of weights per output), C is
	 * m x n with ldc elements from row to row; all row-major. m = 1 is a matrix-vector product. A plan must not be
	 * used by two threads at a time. */
	int (*plan)(enum gemm_dtype type, size_t m, size_t n, size_t k, size_t ldc, void **plan, char *err, size_t en);
	/* The engine does not change the layout of W, so its packed copies are shared with other plain engines. */
	bool plain;
	/* Bytes of W in the engine's layout; and whether two plans of this engine have the same layout. */
	size_t (*packed_bytes)(const void *plan);
	bool (*same_layout)(const void *a, const void *b);
	/* Packs W into `packed`, which is aligned to 64 bytes. The packed bytes may be copied to another address. */
	int (*pack)(void *plan, const void *w, void *packed);
	int (*run)(void *plan, const void *packed, const void *a, void *c);
	/* Name of the routine that the plan uses, such as "sgemv" or "brgemm:avx512_core_vnni". */
	const char *(*kernel)(const void *plan);
	void (*close)(void *plan);
};

#define GEMM_ENGINE_EXPORT __attribute__((visibility("default")))

#endif
