/* Description: engines of matrix products compared with plain loops; modules that are absent, damaged, no engines, or
 * that refuse to initialise. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "bench/engine.h"
#include "bench/gemm_derive.h"
#include "bench/gemm_work.h"

/* The modules of this build: beside the tests or, for the release variant, one folder up. */
static void find_modules(void)
{
	char exe[1024], dir[1100];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	cr_assert(len > 0);
	exe[len] = '\0';
	*strrchr(exe, '/') = '\0';
	(void)snprintf(dir, sizeof(dir), "%s/modules", exe);
	if (access(dir, F_OK) != 0)
		(void)snprintf(dir, sizeof(dir), "%s/../modules", exe);
	cr_assert(setenv("MEMWALL_MODULES", dir, 1) == 0);
}

/* ---- engines against plain loops ---- */

struct operands {
	enum gemm_dtype type;
	size_t m, n, k, ldc;
	void *w, *a, *c, *packed;
};

static size_t element(enum gemm_dtype t)
{
	return t == GEMM_F32 ? 4 : 1;
}

static void fill(enum gemm_dtype t, void *p, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		if (t == GEMM_F32)
			((float *)p)[i] = (float)mw_random_below(seed, 4001) / 2000.0f - 1.0f;
		else
			((int8_t *)p)[i] = (int8_t)mw_random(seed);
}

static void make_operands(struct operands *o, size_t packed_bytes)
{
	uint64_t seed = 1000003 * o->m + 1009 * o->n + o->k;
	size_t packed = (packed_bytes + 63) / 64 * 64;
	o->w = malloc(o->n * o->k * element(o->type));
	o->a = malloc(o->m * o->k * element(o->type));
	o->c = malloc(o->m * o->ldc * 4);
	o->packed = aligned_alloc(64, packed ? packed : 64);
	cr_assert(o->w && o->a && o->c && o->packed);
	fill(o->type, o->w, o->n * o->k, &seed);
	fill(o->type, o->a, o->m * o->k, &seed);
	memset(o->c, 0x7b, o->m * o->ldc * 4);
}

static void check_output(const char *name, const struct operands *o, size_t i, size_t j)
{
	if (o->type == GEMM_S8) {
		const int8_t *a = (const int8_t *)o->a + i * o->k, *w = (const int8_t *)o->w + j * o->k;
		int64_t want = 0;
		for (size_t x = 0; x < o->k; x++)
			want += (int64_t)a[x] * w[x];
		int32_t got = ((const int32_t *)o->c)[i * o->ldc + j];
		cr_assert(got == want, "%s int8 m%zu n%zu k%zu at %zu,%zu: got %d, want %lld", name, o->m, o->n, o->k,
			  i, j, got, (long long)want);
		return;
	}
	const float *a = (const float *)o->a + i * o->k, *w = (const float *)o->w + j * o->k;
	double want = 0, magnitude = 0, ku = (double)o->k * 0x1p-24;
	for (size_t x = 0; x < o->k; x++) {
		want += (double)a[x] * (double)w[x];
		magnitude += fabs((double)a[x] * (double)w[x]);
	}
	double got = (double)((const float *)o->c)[i * o->ldc + j];
	cr_assert(fabs(got - want) <= ku / (1 - ku) * magnitude,
		  "%s f32 m%zu n%zu k%zu at %zu,%zu: got %.9g, want %.9g", name, o->m, o->n, o->k, i, j, got, want);
}

/* false: the engine does not offer this product. */
static bool check_product(const struct gemm_engine *e, enum gemm_dtype type, size_t m, size_t n, size_t k)
{
	struct operands o = {.type = type, .m = m, .n = n, .k = k, .ldc = n + 3};
	void *plan;
	char err[160] = "";
	int rc = e->plan(type, m, n, k, o.ldc, &plan, err, sizeof(err));
	if (rc == GEMM_EUNAVAILABLE) {
		cr_assert(plan == NULL && err[0], "%s refuses without a reason", e->name);
		return false;
	}
	cr_assert(rc == 0, "%s: %s", e->name, err);
	make_operands(&o, e->packed_bytes(plan));
	cr_assert(e->same_layout(plan, plan));
	cr_assert(!e->plain || e->packed_bytes(plan) == n * k * element(type));
	cr_assert(e->pack(plan, o.w, o.packed) == 0);
	for (int pass = 0; pass < 2; pass++)
		cr_assert(e->run(plan, o.packed, o.a, o.c) == 0);
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++)
			check_output(e->name, &o, i, j);
		for (size_t j = n; j < o.ldc && m > 1; j++)
			cr_assert(((const int32_t *)o.c)[i * o.ldc + j] == 0x7b7b7b7b, "%s writes between rows",
				  e->name);
	}
	e->close(plan);
	free(o.w);
	free(o.a);
	free(o.c);
	free(o.packed);
	return true;
}

static const size_t shapes[][3] = {{1, 1, 1},   {1, 1, 63},    {1, 37, 129}, {1, 64, 768},  {2, 3, 5},
				   {7, 13, 31}, {8, 16, 64},   {17, 33, 65}, {3, 100, 257}, {64, 48, 129},
				   {5, 1, 300}, {31, 130, 17}, {1, 768, 1},  {65, 129, 100}};

static void check_engine(const char *name, bool f32, bool s8, bool gemm)
{
	struct engines set;
	find_modules();
	engines_open(&set, name);
	cr_assert(set.n == 1);
	const struct engine *e = engines_find(&set, name);
	cr_assert_not_null(e);
	if (!e->ops) {
		cr_assert(strncmp(e->why, name, strlen(name)) == 0 && strlen(e->why) > strlen(name) + 2, "%s", e->why);
		cr_skip_test("%s", e->why);
	}
	cr_assert(e->detail[0] && e->why[0] == '\0');
	for (int t = 0; t < GEMM_DTYPES; t++)
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
			bool offered = (t == GEMM_F32 ? f32 : s8) && (gemm || shapes[i][0] == 1);
			cr_assert(check_product(e->ops, (enum gemm_dtype)t, shapes[i][0], shapes[i][1], shapes[i][2]) ==
					  offered,
				  "%s type %d m %zu", name, t, shapes[i][0]);
		}
}

Test(gemm, own_kernels_are_right)
{
	check_engine("own", true, true, false);
}

Test(gemm, openblas_is_right)
{
	check_engine("openblas", true, false, true);
	cr_assert_str_eq(getenv("OPENBLAS_NUM_THREADS"), "1");
}

Test(gemm, blis_is_right)
{
	check_engine("blis", true, false, true);
}

Test(gemm, onednn_is_right)
{
	check_engine("onednn", true, true, true);
	cr_assert_str_eq(getenv("OMP_NUM_THREADS"), "1");
}

/* A joined thread may still be listed while the kernel takes it down: its flags say so. */
static bool is_exiting(const char *id)
{
	enum { PF_EXITING = 4 };
	char path[64], text[512] = "";
	unsigned flags = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", id);
	FILE *f = fopen(path, "r");
	if (!f)
		return true;
	size_t len = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	/* State, parent, group, session, terminal and its group follow the name; a thread that is gone has no text. */
	return len == 0 ||
	       (sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && (flags & PF_EXITING));
}

static int count_tasks(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.' && !is_exiting(e->d_name);
	if (d)
		(void)closedir(d);
	return n;
}

static void *compute(void *arg)
{
	const struct engine *e = arg;
	for (int i = 0; i < 10; i++)
		(void)check_product(e->ops, GEMM_F32, 33, 65, 129);
	return NULL;
}

/* OpenBLAS and BLIS both export cblas_sgemm; each module must keep its own. */
Test(gemm, engines_side_by_side_start_no_threads_and_rest)
{
	struct engines set;
	find_modules();
	int before = count_tasks();
	engines_open(&set, NULL);
	cr_assert(set.n == 4);
	for (size_t i = 0; i < set.n; i++) {
		pthread_t t[2];
		if (!set.v[i].ops || strcmp(set.v[i].name, "own") == 0)
			continue;
		/* Two callers at once, as team members are. */
		for (int k = 0; k < 2; k++)
			cr_assert(pthread_create(&t[k], NULL, compute, &set.v[i]) == 0);
		for (int k = 0; k < 2; k++)
			cr_assert(pthread_join(t[k], NULL) == 0);
	}
	cr_assert(count_tasks() == before, "%d threads before, %d after", before, count_tasks());
	/* Nothing spins behind our back: 100 ms of sleep cost no CPU time to speak of. */
	struct rusage a, b;
	cr_assert(getrusage(RUSAGE_SELF, &a) == 0);
	cr_assert(usleep(100000) == 0);
	cr_assert(getrusage(RUSAGE_SELF, &b) == 0);
	long us = (b.ru_utime.tv_sec - a.ru_utime.tv_sec) * 1000000 + (b.ru_utime.tv_usec - a.ru_utime.tv_usec);
	cr_assert(us < 50000, "%ld us of CPU time while asleep", us);
}

/* ---- opening ---- */

Test(gemm, absent_damaged_and_foreign_modules)
{
	struct engine e;
	struct engines set;
	cr_assert(setenv("MEMWALL_MODULES", "/nonexistent/folder", 1) == 0);
	engines_open(&set, NULL);
	cr_assert(set.n == 4 && set.v[0].ops == &engine_own);
	for (size_t i = 1; i < set.n; i++)
		cr_assert(!set.v[i].ops && strstr(set.v[i].why, "/nonexistent/folder") &&
				  strstr(set.v[i].why, set.v[i].name),
			  "%s", set.v[i].why);

	char dir[] = "/tmp/memwall-test-XXXXXX", path[64];
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/onednn.so", dir);
	FILE *f = fopen(path, "w");
	cr_assert(f && fputs("\177ELF this is no shared object", f) >= 0 && fclose(f) == 0);
	cr_assert(setenv("MEMWALL_MODULES", dir, 1) == 0);
	engines_open(&set, "onednn");
	cr_assert(set.n == 1 && !set.v[0].ops && strstr(set.v[0].why, path), "%s", set.v[0].why);
	cr_assert(unlink(path) == 0 && rmdir(dir) == 0);

	cr_assert(engine_open_file(&e, "onednn", "libm.so.6") == MW_EUNAVAILABLE);
	cr_assert(!e.ops && strstr(e.why, "no symbol gemm_engine"), "%s", e.why);
	cr_assert(engine_open_file(&e, "onednn", "") == MW_EUNAVAILABLE || strstr(e.why, "gemm_engine"), "%s", e.why);
	engines_open(&set, "nobody");
	cr_assert(set.n == 0 && !engines_find(&set, "nobody"));
}

static int refuse(char *detail, size_t dn, char *err, size_t en)
{
	(void)detail;
	(void)dn;
	(void)snprintf(err, en, "not on a Sunday");
	return GEMM_EUNAVAILABLE;
}

static int refuse_silently(char *detail, size_t dn, char *err, size_t en)
{
	(void)detail;
	(void)dn;
	(void)err;
	(void)en;
	return -ENOMEM;
}

Test(gemm, modules_that_refuse)
{
	struct engine e = {.name = "odd"};
	struct gemm_engine ops = {.abi = GEMM_ENGINE_ABI, .name = "odd", .init = refuse};
	cr_assert(engine_accept(&e, &ops) == MW_EUNAVAILABLE && !e.ops);
	cr_assert_str_eq(e.why, "odd: not on a Sunday");
	ops.init = refuse_silently;
	cr_assert(engine_accept(&e, &ops) == MW_EUNAVAILABLE && !e.ops && strlen(e.why) > 6, "%s", e.why);
	ops.abi = GEMM_ENGINE_ABI + 1;
	ops.init = NULL; /* of another interface: must not be called */
	cr_assert(engine_accept(&e, &ops) == MW_EUNAVAILABLE && !e.ops && strstr(e.why, "interface"), "%s", e.why);
}

Test(gemm, small_address_space_is_refused)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("the address sanitizer needs terabytes of address space");
#else
	struct rlimit limit = {400u << 20, RLIM_INFINITY};
	struct engines set;
	find_modules();
	cr_assert(setrlimit(RLIMIT_AS, &limit) == 0);
	engines_open(&set, "openblas");
	cr_assert(!set.v[0].ops, "opened under 400 MiB of address space");
	cr_assert(strstr(set.v[0].why, "address space") || strstr(set.v[0].why, "no module"), "%s", set.v[0].why);
#endif
}
