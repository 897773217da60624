/* Use of closed handles, which only the library of VARIANT=debug detects; other variants skip these tests. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pim/pim.h"

struct handles {
	struct pim_device *dev;
	struct pim_vector *v, *w;
	struct pim_cost *cost;
	struct pim_subarray *s;
	struct pim_program *p;
	struct pim_matrix *m;
};

static void open_all(struct handles *h)
{
	cr_assert_eq(pim_open("ambit", &h->dev, NULL, 0), 0);
	cr_assert_eq(pim_alloc(h->dev, pim_uint(1), 100, &h->v), 0);
	cr_assert_eq(pim_alloc(h->dev, pim_uint(1), 100, &h->w), 0);
	cr_assert_eq(pim_cost_begin(h->dev, &h->cost), 0);
	cr_assert_eq(pim_subarray_open(h->dev, 0, 0, &h->s), 0);
	cr_assert_eq(pim_program_compile(PIM_EXPRESSION, "s = a & b", 9, &h->p, NULL, 0), 0);
}

/* ---- one misuse each ---- */

static void free_twice(struct handles *h)
{
	pim_free(h->v);
	pim_free(h->v);
}

static void use_after_free(struct handles *h)
{
	pim_free(h->v);
	(void)pim_and(h->w, h->w, h->v);
}

static void result_after_free(struct handles *h)
{
	pim_free(h->v);
	(void)pim_fill(h->v, 0);
}

static void ask_after_free(struct handles *h)
{
	pim_free(h->v);
	(void)pim_lanes(h->v);
}

static void close_twice(struct handles *h)
{
	pim_close(h->dev);
	pim_close(h->dev);
}

static void vector_of_closed_device(struct handles *h)
{
	unsigned char bytes[13];
	pim_close(h->dev);
	(void)pim_read(h->v, bytes, sizeof(bytes));
}

static void free_after_close(struct handles *h)
{
	pim_close(h->dev);
	pim_free(h->v);
}

static void alloc_on_closed_device(struct handles *h)
{
	struct pim_vector *v;
	pim_close(h->dev);
	(void)pim_alloc(h->dev, pim_uint(1), 1, &v);
}

static void cost_twice(struct handles *h)
{
	pim_cost_end(h->cost);
	pim_cost_end(h->cost);
}

static void cost_of_closed_device(struct handles *h)
{
	uint64_t n;
	pim_close(h->dev);
	(void)pim_cost_count(h->cost, PIM_AAP, &n);
}

static void subarray_twice(struct handles *h)
{
	pim_subarray_close(h->s);
	pim_subarray_close(h->s);
}

static void subarray_of_closed_device(struct handles *h)
{
	pim_close(h->dev);
	(void)pim_ap(h->s, "B12");
}

static void program_twice(struct handles *h)
{
	pim_program_free(h->p);
	pim_program_free(h->p);
}

static void run_freed_program(struct handles *h)
{
	pim_program_free(h->p);
	(void)pim_program_run(h->p, &h->v, 1, (struct pim_vector *[]){h->v, h->w}, 2);
}

static void run_on_freed_vector(struct handles *h)
{
	pim_free(h->w);
	(void)pim_program_run(h->p, &h->v, 1, (struct pim_vector *[]){h->v, h->w}, 2);
}

static void matrix_twice(struct handles *h)
{
	struct pim_device *dimc;
	cr_assert_eq(pim_open("dimc", &dimc, NULL, 0), 0);
	cr_assert_eq(pim_matrix_alloc(dimc, pim_int(8), 2, 2, &h->m), 0);
	pim_matrix_free(h->m);
	pim_matrix_free(h->m);
}

static void right_use(struct handles *h)
{
	/* More than are kept, so that what is buried is freed in turn. */
	for (int i = 0; i < 5000; i++) {
		struct pim_vector *v;
		cr_assert_eq(pim_alloc(h->dev, pim_uint(1), 100, &v), 0);
		pim_free(v);
	}
	pim_free(h->v);
	pim_subarray_close(h->s);
	pim_close(h->dev); /* and what is left of it */
	pim_program_free(h->p);
	pim_free(NULL);
	pim_close(NULL);
}

/* Signal that ends it, 0 for none; what it says in line. */
static int end_of(void (*use)(struct handles *), char *line, size_t n)
{
	int out[2], status;
	cr_assert_eq(pipe(out), 0);
	pid_t child = fork();
	cr_assert(child >= 0);
	if (child == 0) {
		struct handles h;
		const struct rlimit none = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(out[1], STDERR_FILENO);
		open_all(&h);
		use(&h);
		_exit(0);
	}
	(void)close(out[1]);
	ssize_t got, len = 0;
	while ((got = read(out[0], line + len, n - 1 - (size_t)len)) > 0)
		len += got;
	line[len] = '\0';
	(void)close(out[0]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Test(pim_handles, closed_ones_are_found)
{
#ifndef PIM_CHECK_HANDLES
	cr_skip_test("handles are checked in VARIANT=debug only");
#endif
	static const struct {
		void (*use)(struct handles *);
		const char *function;
	} wrong[] = {
		{free_twice, "pim_free"},
		{use_after_free, "execute"},
		{result_after_free, "pim_fill"},
		{ask_after_free, "pim_lanes"},
		{close_twice, "pim_close"},
		{vector_of_closed_device, "pim_read"},
		{free_after_close, "pim_free"},
		{alloc_on_closed_device, "pim_alloc"},
		{cost_twice, "pim_cost_end"},
		{cost_of_closed_device, "pim_cost_count"},
		{subarray_twice, "pim_subarray_close"},
		{subarray_of_closed_device, "pim_ap"},
		{program_twice, "pim_program_free"},
		{run_freed_program, "pim_program_run"},
		{run_on_freed_vector, "check_vectors"},
		{matrix_twice, "pim_matrix_free"},
	};
	char line[1000];
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_assert_eq(end_of(wrong[i].use, line, sizeof(line)), SIGABRT, "%zu: %s", i, line);
		cr_assert(strstr(line, "handle was closed") && strstr(line, wrong[i].function), "%zu: %s", i, line);
		cr_assert_eq(strcspn(line, "\n"), strlen(line) - 1, "one line: %s", line);
	}
}

Test(pim_handles, right_use_goes_on)
{
	char line[1000];
	cr_assert_eq(end_of(right_use, line, sizeof(line)), 0, "%s", line);
	cr_assert_str_eq(line, "");
}
