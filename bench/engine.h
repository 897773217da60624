/* Engines of matrix products: the own kernels, and third-party libraries opened as modules.
 *
 * A module is looked for in $MEMWALL_MODULES when that is set, else in modules/ beside the executable and then in
 * ../lib/memwall/modules (where `make install` puts them). Opening sets the library's environment first; libraries
 * read it only when they are loaded, so a process can try one setting: it is chosen by rule and recorded. */
#ifndef MW_BENCH_ENGINE_H
#define MW_BENCH_ENGINE_H

#include "base/core/err.h"
#include "bench/modules/engine.h"

#define ENGINES_MAX 8

struct engine {
	const struct gemm_engine *ops; /* NULL: not available, `why` says why */
	void *handle;                  /* of dlopen; stays open until the process ends */
	char name[16];
	char detail[96]; /* the library's version and the core type that it chose */
	char env[96];    /* what was set for it, "KEY=value ..." */
	char why[MW_ERR_ROOM];
};

struct engines {
	size_t n;
	struct engine v[ENGINES_MAX];
};

/* The own kernels: matrix-vector products of mw_gemv_best(). */
extern const struct gemm_engine engine_own;

/* Name of engine i, own first; NULL after the last one. */
const char *engines_word(size_t i);
/* All engines, own first, then modules; only: NULL or the comma-separated names wanted. Changes the environment:
 * before threads that read it. Always succeeds; an engine that cannot be used says why. */
void engines_open(struct engines *e, const char *only);
/* One module from a file, with the environment of `name` set. 0 or MW_EUNAVAILABLE with e->why. */
int engine_open_file(struct engine *e, const char *name, const char *path);
/* Checks the ABI and initialises; MW_EUNAVAILABLE with e->why and e->ops NULL when refused. */
int engine_accept(struct engine *e, const struct gemm_engine *ops);
/* NULL when absent from the set. */
const struct engine *engines_find(const struct engines *e, const char *name);

#endif
