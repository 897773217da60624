/* Engines for matrix products: memwall's own kernels, and third-party libraries opened as modules.
 *
 * Modules are searched as bench/module.h says. The library's environment is set before it is opened.
 * Libraries read it only when they are loaded, so a process can use only one setting; it is recorded. */
#ifndef MW_BENCH_ENGINE_H
#define MW_BENCH_ENGINE_H

#include "base/core/err.h"
#include "bench/modules/engine.h"

#define ENGINES_MAX 8

struct engine {
	const struct gemm_engine *ops; /* NULL: not available, for the reason in why */
	void *handle;                  /* of dlopen; stays open until the process ends */
	char name[16];
	char detail[96];       /* the library's version and the core type that it chose */
	char env[MW_ERR_ROOM]; /* what was set for it, "KEY=value ..." */
	char why[MW_ERR_ROOM];
};

struct engines {
	size_t n;
	struct engine v[ENGINES_MAX];
};

/* Memwall's own kernels: matrix-vector products with mw_gemv_best(). */
extern const struct gemm_engine engine_own;

/* Name of engine i, own first; NULL after the last one. */
const char *engines_word(size_t i);
/* Opens all engines, own first, then modules; only: NULL or the comma-separated names wanted. Changes the environment,
 * so call it before threads that read it exist. Always succeeds: an engine that cannot be used has ops NULL and why. */
void engines_open(struct engines *e, const char *only);
/* Opens one module from a file, after setting the environment of `name`. 0, or MW_EUNAVAILABLE with e->why. */
int engine_open_file(struct engine *e, const char *name, const char *path);
/* Checks the ABI version and initialises the engine. 0, or MW_EUNAVAILABLE with e->why and e->ops NULL. */
int engine_accept(struct engine *e, const struct gemm_engine *ops);
/* The engine of that name, or NULL. */
const struct engine *engines_find(const struct engines *e, const char *name);

#endif
