/* A benchmark's context for tests: little memory, short samples, at most two CPUs. */
#ifndef MW_TESTS_BENCH_CONTEXT_H
#define MW_TESTS_BENCH_CONTEXT_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/bench.h"

struct test_context {
	struct mw_topology *topo;
	struct mw_opts opts;
	struct mw_records out;
	struct bench_profile profile;
	struct bench_ctx ctx;
	atomic_int stop;
	char err[300];
};

static int test_collect(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

/* options: words as on the command line, NULL-terminated. */
static inline void test_open(struct test_context *t, const struct bench *b, const char *const *options)
{
	static char program[] = "test";
	char *argv[16] = {program};
	int argc = 1;
	memset(t, 0, sizeof(*t));
	for (; options && options[argc - 1]; argc++)
		argv[argc] = strdup(options[argc - 1]);
	/* Few rounds end the run, never the clock: on a machine as busy as may be. */
	t->profile = (struct bench_profile){"test", 600, 0.5, 2, 3, 0.0005, 24u << 20, 2};
	t->topo = calloc(1, sizeof(*t->topo));
	cr_assert_eq(mw_topology_read("/", NULL, t->topo, t->err, sizeof(t->err)), 0, "%s", t->err);
	cr_assert_eq(mw_opts_parse(&t->opts, &b->options, 1, argc, argv, t->err, sizeof(t->err)), 0, "%s", t->err);
	t->ctx = (struct bench_ctx){.topo = t->topo, .profile = &t->profile, .opts = &t->opts, .stop = &t->stop};
	t->ctx.start_ns = mw_now_ns();
	t->ctx.deadline_ns = t->ctx.start_ns + 600000000000u;
	t->ctx.seed = 1;
	t->ctx.share_s = t->profile.limit_s;
	int cpus[2], n = mw_topology_cpu_ids(t->topo, cpus, 2);
	cr_assert_eq(mw_team_create(cpus, n, &t->ctx.team, t->err, sizeof(t->err)), 0, "%s", t->err);
	cr_assert_eq(mw_arenas_create(256u << 20, &t->ctx.arenas), 0);
	for (int i = 1; i < argc; i++)
		free(argv[i]);
}

/* As the scheduler does: begin, all visits, finish. */
static inline int test_run_ctx(struct bench_ctx *ctx, const struct bench *b, const struct mw_sink *sink, char *err,
			       size_t n)
{
	void *state = NULL;
	err[0] = '\0';
	int rc = b->begin(ctx, sink, &state, err, n);
	for (ctx->visit = 0; ctx->visit < ctx->profile->visits && rc == 0; ctx->visit++)
		rc = b->visit(ctx, state, err, n);
	int finished = rc >= 0 || rc == MW_ECANCELLED ? b->finish(ctx, state, sink, err, n) : 0;
	if (state)
		b->end(state);
	return rc < 0 ? rc : finished;
}

static inline int test_run_into(struct test_context *t, const struct bench *b, struct mw_records *out)
{
	const struct mw_sink sink = {test_collect, out};
	return test_run_ctx(&t->ctx, b, &sink, t->err, sizeof(t->err));
}

static inline int test_run(struct test_context *t, const struct bench *b)
{
	return test_run_into(t, b, &t->out);
}

static inline void test_close(struct test_context *t)
{
	mw_team_destroy(t->ctx.team);
	mw_arenas_destroy(t->ctx.arenas);
	mw_opts_fini(&t->opts);
	mw_records_fini(&t->out);
	mw_topology_fini(t->topo);
	free(t->topo);
}

/* Expects the code and a word of the message from the option table or from check(), and no run. */
static inline void test_refused(const struct bench *b, const char *const *options, int code, const char *word)
{
	char *argv[16] = {NULL}, err[300] = "";
	int argc = 1;
	struct mw_opts opts;
	struct mw_topology *topo = calloc(1, sizeof(*topo));
	atomic_int stop = 0;
	const struct bench_profile profile = {"test", 20, 0.5, 2, 3, 0.0005, 24u << 20, 2};
	struct bench_ctx ctx = {.topo = topo, .profile = &profile, .opts = &opts, .stop = &stop, .named = true};
	for (; options[argc - 1]; argc++)
		argv[argc] = strdup(options[argc - 1]);
	cr_assert_eq(mw_topology_read("/", NULL, topo, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(mw_arenas_create(256u << 20, &ctx.arenas), 0);
	ctx.start_ns = mw_now_ns();
	ctx.deadline_ns = ctx.start_ns + 20000000000u;
	int rc = mw_opts_parse(&opts, &b->options, 1, argc, argv, err, sizeof(err));
	if (rc == 0)
		rc = b->check(&ctx, err, sizeof(err));
	cr_assert_eq(rc, code, "%s: %s", options[0], err);
	cr_assert(strstr(err, word), "%s: '%s' lacks '%s'", options[0], err, word);
	cr_assert(strstr(err, "--"), "%s: '%s' names no option", options[0], err);
	cr_assert_null(strchr(err, '\n'));
	mw_arenas_destroy(ctx.arenas);
	mw_opts_fini(&opts);
	mw_topology_fini(topo);
	free(topo);
	for (int i = 1; i < argc; i++)
		free(argv[i]);
}

#endif
