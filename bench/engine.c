#include "bench/engine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core/cpu.h"
#include "base/core/err.h"
#include "base/core/option.h"
#include "base/core/text.h"
#include "bench/module.h"

struct setting {
	const char *key, *value;
	bool force; /* overwrite what the user has set */
};

/* OpenBLAS 0.3.21 uses its Haswell kernels on AMD CPUs with AVX-512: 126 GFLOP/s, against 235 with SkylakeX (Zen 5). */
static const char *openblas_core(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_is("intel") && mw_isa_supported(MW_ISA_AVX512))
		return "SkylakeX";
#endif
	return NULL;
}

static const struct {
	const char *name;
	struct setting settings[4];
	const char *(*core)(void); /* gives the value of settings[0]; NULL: do not set it */
} modules[] = {
	{"openblas",
	 {{"OPENBLAS_CORETYPE", NULL, true}, {"OPENBLAS_NUM_THREADS", "1", true}, {"OMP_NUM_THREADS", "1", true}},
	 openblas_core},
	{"blis", {{"BLIS_NUM_THREADS", "1", true}, {"OMP_NUM_THREADS", "1", true}}, NULL},
	/* passive: by default OpenMP's threads spin for 200 ms after a parallel region. */
	{"onednn",
	 {{"OMP_NUM_THREADS", "1", true}, {"OMP_WAIT_POLICY", "passive", true}, {"OMP_PROC_BIND", "false", true}},
	 NULL},
};
enum { MODULES = sizeof(modules) / sizeof(modules[0]) };

static void set_environment(struct engine *e)
{
	for (size_t i = 0; i < MODULES; i++) {
		if (strcmp(modules[i].name, e->name) != 0)
			continue;
		for (const struct setting *s = modules[i].settings; s->key; s++) {
			bool chosen = s == modules[i].settings && modules[i].core;
			const char *value = chosen ? modules[i].core() : s->value;
			if (value)
				(void)setenv(s->key, value, s->force);
			value = getenv(s->key);
			if (value)
				mw_clip_add(e->env, sizeof(e->env), "%s%s=%s", e->env[0] ? " " : "", s->key, value);
		}
	}
}

/* False when less than 512 MiB of address space is left: OpenBLAS then tries for ever to map its buffers instead of
 * failing. */
static bool address_room(void)
{
	const uint64_t need = 512ull << 20;
	struct rlimit limit;
	if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return true;
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f) {
		if (fscanf(f, "%lu", &pages) != 1)
			pages = 0;
		(void)fclose(f);
	}
	uint64_t used = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return limit.rlim_cur > used && limit.rlim_cur - used >= need;
}

const char *engines_word(size_t i)
{
	return i == 0 ? engine_own.name : i <= MODULES ? modules[i - 1].name : NULL;
}

int engine_accept(struct engine *e, const struct gemm_engine *ops)
{
	e->ops = NULL;
	if (ops->abi != GEMM_ENGINE_ABI)
		return mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why),
			       "%s: module interface version %u, this program needs %u", e->name, ops->abi,
			       GEMM_ENGINE_ABI);
	char err[160] = "";
	int rc = ops->init(e->detail, sizeof(e->detail), err, sizeof(err));
	if (rc < 0)
		return mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why), "%s: %s", e->name,
			       err[0] ? err : mw_strerror(rc));
	e->ops = ops;
	return 0;
}

int engine_open_file(struct engine *e, const char *name, const char *path)
{
	memset(e, 0, sizeof(*e));
	mw_format(e->name, sizeof(e->name), "%s", name);
	if (!address_room())
		return mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why),
			       "%s: less than 512 MiB of address space left (ulimit -v)", name);
	set_environment(e);
	e->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!e->handle)
		return mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why), "%s: %s", name, dlerror());
	const struct gemm_engine *ops = dlsym(e->handle, GEMM_ENGINE_SYMBOL);
	if (!ops)
		return mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why), "%s: %s has no symbol %s", name, path,
			       GEMM_ENGINE_SYMBOL);
	return engine_accept(e, ops);
}

static void open_module(struct engine *e, const char *name)
{
	struct mw_buf path = {0};
	char why[MW_ERR_ROOM] = "";
	if (module_find(name, &path, why, sizeof(why)) == 0) {
		(void)engine_open_file(e, name, mw_buf_text(&path));
	} else {
		memset(e, 0, sizeof(*e));
		mw_format(e->name, sizeof(e->name), "%s", name);
		(void)mw_fail(MW_EUNAVAILABLE, e->why, sizeof(e->why), "%s", why);
	}
	mw_buf_fini(&path);
}

void engines_open(struct engines *e, const char *only)
{
	e->n = 0;
	if (!only || mw_list_has(only, engine_own.name)) {
		struct engine *own = &e->v[e->n++];
		memset(own, 0, sizeof(*own));
		mw_format(own->name, sizeof(own->name), "%s", engine_own.name);
		(void)engine_accept(own, &engine_own);
	}
	for (size_t i = 0; i < MODULES; i++)
		if (!only || mw_list_has(only, modules[i].name))
			open_module(&e->v[e->n++], modules[i].name);
}

const struct engine *engines_find(const struct engines *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->v[i].name, name) == 0)
			return &e->v[i];
	return NULL;
}
