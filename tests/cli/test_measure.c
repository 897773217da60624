/* Description: a benchmark's options are checked before threads are created, other benchmarks are run or -o is opened.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "cli/measure.h"

static int answer; /* of check() */
static struct {
	int checks, runs, availables;
	bool alone; /* check() saw neither a team nor records */
	int words;  /* that check() read */
} seen;

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	seen.checks++;
	seen.alone = !ctx->team && ctx->earlier->n == 0 && seen.runs == 0 && ctx->named;
	seen.words = (int)mw_opt_int(ctx->opts, "words");
	return answer ? mw_fail(answer, err, n, "--words: not today") : 0;
}

static int available(const struct bench_ctx *ctx, char *why, size_t n)
{
	(void)ctx, (void)why, (void)n;
	seen.availables++;
	return 0;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	(void)ctx, (void)sink, (void)err, (void)n;
	seen.runs++;
	*state = &seen;
	return 0;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	(void)ctx, (void)state, (void)err, (void)n;
	return BENCH_DONE;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	(void)ctx, (void)state, (void)sink, (void)err, (void)n;
	return 0;
}

static void end(void *state)
{
	(void)state;
}

static const struct mw_option options[] = {
	{.name = "words", .type = MW_OPT_INT, .arg = "N", .def = "1", .min = 1, .max = 9, .help = "words"},
	MW_OPT_END,
};

static const char *const needs[] = {"bandwidth", NULL};
static const struct bench fake = {.name = "fake",
				  .summary = "for the test",
				  .options = options,
				  .needs = needs,
				  .weight = 1,
				  .check = check,
				  .available = available,
				  .begin = begin,
				  .visit = visit,
				  .finish = finish,
				  .end = end};
static const struct bench fake_alone = {.name = "fake",
					.summary = "for the test",
					.options = options,
					.weight = 1,
					.check = check,
					.begin = begin,
					.visit = visit,
					.finish = finish,
					.end = end};

static int command(const struct bench *b, const char *out_file, char *err, size_t n)
{
	static char program[] = "memwall", words[] = "--words=7", time[] = "--max-time=1e6";
	char *argv[] = {program, words, time, NULL};
	const struct mw_option *const tables[] = {cli_global_options, b->options, measure_options};
	atomic_int stop = 0;
	struct cli cli = {.command = "fake", .argc = 3, .argv = argv, .stop = &stop, .out_file = out_file};
	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(mw_opts_parse(&cli.opts, tables, 3, 3, argv, err, n), 0, "%s", err);
	int rc = measure_bench_command(&cli, b, err, n);
	mw_opts_fini(&cli.opts);
	return rc;
}

Test(measure, options_are_refused_before_anything_is_measured, .timeout = 120)
{
	static const int codes[] = {MW_ESPEC, MW_EUNAVAILABLE};
	char folder[] = "/tmp/measure-XXXXXX", file[64], err[300];
	cr_assert(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/out", folder);
	for (size_t i = 0; i < 2; i++) {
		answer = codes[i];
		err[0] = '\0';
		cr_assert_eq(command(&fake, file, err, sizeof(err)), codes[i], "%s", err);
		cr_assert_str_eq(err, "fake: --words: not today");
		cr_assert(seen.checks == 1 && seen.alone && seen.words == 7);
		cr_assert(seen.runs == 0 && seen.availables == 0);
	}
	cr_assert_eq(rmdir(folder), 0, "nothing was written, not even begun");
}

Test(measure, what_check_accepts_is_run, .timeout = 120)
{
	char err[300] = "";
	answer = 0;
	cr_assert_eq(command(&fake_alone, "/dev/null", err, sizeof(err)), 0, "%s", err);
	cr_assert(seen.checks == 1 && seen.alone && seen.runs == 1);
}
