/* memwall: finds the sub-command, parses its options, maps its result to an exit status. */
#include <errno.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/core/cpu.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"
#include "cli/out.h"

static atomic_int stop_signal;

static void on_signal(int sig)
{
	atomic_store_explicit(&stop_signal, sig, memory_order_relaxed);
	/* A second Ctrl-C ends the program at once; finished records are in the journal already. */
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	(void)sigaction(sig, &dfl, NULL);
}

static void catch_signals(void)
{
	cli_catch(on_signal);
	/* With these ignored, a closed pipe and the file size limit (ulimit -f) make write() fail, and a run can still
	 * save its results. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* All threads use one heap: glibc otherwise reserves 64 MiB of address space for each thread that allocates, which
 * measurements need below a ulimit -v. No measured loop allocates. */
static void share_one_heap(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_ARENA_MAX, 1);
#endif
}

/* True for a global option that takes its value from the next word. */
static bool takes_next_word(const char *word)
{
	for (const struct mw_option *o = cli_global_options; o->name; o++) {
		if (o->type == MW_OPT_FLAG)
			continue;
		if (word[1] != '-' && o->letter && word[1] == o->letter && word[2] == '\0')
			return true;
		if (word[1] == '-' && strcmp(word + 2, o->name) == 0)
			return true;
	}
	return false;
}

/* Index of the command word in argv, or 0. */
static int command_index(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		if (takes_next_word(argv[i]))
			i++;
	}
	return 0;
}

struct target {
	const struct command *cmd;
	const struct bench *bench;
	struct mw_buf name;
	bool group;   /* the first word of several commands, alone */
	size_t words; /* of argv that the name takes */
	int index;    /* of the first of them; 0: no command given */
};

static int find_target(int argc, char **argv, struct target *t, char *err, size_t n)
{
	t->index = command_index(argc, argv);
	if (t->index == 0)
		return 0;
	const char *word = argv[t->index];
	const char *next = t->index + 1 < argc && argv[t->index + 1][0] != '-' ? argv[t->index + 1] : NULL;
	t->words = next && cli_is_group(word) ? 2 : 1;
	mw_buf_add(&t->name, "%s", word);
	if (t->words == 2)
		mw_buf_add(&t->name, " %s", next);
	if (t->name.failed)
		return mw_fail(-ENOMEM, err, n, "out of memory");
	const char *name = mw_buf_text(&t->name);
	t->cmd = cli_find(name, &t->bench);
	t->group = t->words == 1 && cli_is_group(word);
	return t->cmd || t->bench || t->group ? 0 : cli_unknown(name, err, n);
}

static int run_target(struct cli *cli, const struct target *t, char *err, size_t n)
{
	size_t words = cli->opts.n_positional;
	const char *name = mw_buf_text(&t->name);
	size_t min = t->cmd ? (size_t)t->cmd->min_words : 0;
	size_t max = !t->cmd ? 0 : t->cmd->max_words < 0 ? SIZE_MAX : (size_t)t->cmd->max_words;
	if (words < min)
		return mw_fail(MW_ESPEC, err, n, "%s needs %s, see 'memwall help %s'", name, t->cmd->usage, name);
	if (words > max)
		return mw_fail(MW_ESPEC, err, n, "%s takes no word '%s', see 'memwall help %s'", name,
			       cli->opts.positional[max], name);
	if (t->cmd && !t->cmd->stops && cli_end_at_signal(cli) < 0)
		return MW_ECANCELLED;
	return t->cmd ? t->cmd->run(cli, err, n) : measure_bench_command(cli, t->bench, err, n);
}

static void print_version(FILE *f)
{
	(void)fprintf(f, "memwall %s\n", MEMWALL_VERSION);
}

static int parse_and_run(struct cli *cli, struct target *t, char *err, size_t n)
{
	int rc = find_target(cli->argc, cli->argv, t, err, n);
	if (rc < 0)
		return rc;
	if (t->bench && measure_followed(&t->bench, 1))
		cli_be_silent();
	const struct mw_option *tables[3] = {cli_global_options};
	size_t n_tables = 1;
	if (t->cmd || t->bench)
		tables[n_tables++] = t->cmd ? t->cmd->options : t->bench->options;
	if (t->bench || (t->cmd && t->cmd->measures))
		tables[n_tables++] = measure_options;
	cli->command = mw_buf_text(&t->name);
	rc = mw_opts_parse(&cli->opts, tables, n_tables, cli->argc, cli->argv, err, n);
	if (rc < 0)
		return rc;
	/* The command's own words come first among the positional ones: drop them. */
	cli->opts.n_positional -= t->words;
	memmove(cli->opts.positional, cli->opts.positional + t->words,
		cli->opts.n_positional * sizeof(*cli->opts.positional));
	cli->out_file = mw_opt_text(&cli->opts, "out-file");
	const char *select = mw_opt_text(&cli->opts, "select");
	if (select && select[strspn(select, " ")] == '\0')
		return mw_fail(MW_ESPEC, err, n, "--select: '%s' matches no id, expected for example 'bandwidth.*'",
			       select);
	bool text = mw_opt_flag(&cli->opts, "version") || mw_opt_flag(&cli->opts, "help");
	if (text || (t->cmd && !t->cmd->records))
		rc = cli_no_option(&cli->opts, "select", "no records are printed here", err, n);
	if (rc < 0)
		return rc;
	if (mw_opt_flag(&cli->opts, "version"))
		return cli_print_text(cli, print_version, err, n);
	if (mw_opt_flag(&cli->opts, "help") || t->group)
		return cli_print_help(cli, t->index ? mw_buf_text(&t->name) : NULL, err, n);
	if (t->index == 0)
		return mw_fail(MW_ESPEC, err, n, "no command given, see 'memwall help'");
	(void)print_format_parse(mw_opt_text(&cli->opts, "format"), &cli->format); /* the table checked it */
	rc = mw_isa_check_override(err, n);
	if (rc == 0)
		rc = cli_files_add_options(&cli->files, &cli->opts, err, n);
	return rc < 0 ? rc : run_target(cli, t, err, n);
}

/* True when the reader of stdout has closed the pipe, as head does. */
static bool reader_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* Flushes stdout and prints the error. If the reader of stdout has gone: no message, and the exit status of SIGPIPE
 * (141), as other programs do. */
static int finish(int rc, int status, const char *err)
{
	errno = 0;
	bool lost = fflush(stdout) != 0 || ferror(stdout);
	int cause = errno ? -errno : (lost ? cli_lost_cause(stdout) : 0);
	if (lost && (rc == 0 || rc == -EIO || rc == -EPIPE) && reader_gone())
		return 128 + SIGPIPE;
	if (lost && (rc == 0 || (rc == -EIO && !err[0]))) {
		cli_complain("cannot write standard output: %s", mw_strerror(cause));
		return status == CLI_OK ? CLI_FAILED : status;
	}
	if (rc < 0 && rc != MW_ECANCELLED)
		cli_complain("%s", err[0] ? err : mw_strerror(rc));
	return status;
}

int main(int argc, char **argv)
{
	/* C locale, because programs read the numbers: no decimal comma. */
	(void)setlocale(LC_ALL, "C");
	catch_signals();
	share_one_heap();
	struct cli cli = {.argc = argc, .argv = argv, .stop = &stop_signal};
	char err[MW_ERR_ROOM] = "";
	struct target t = {0};
	int rc = parse_and_run(&cli, &t, err, sizeof(err));
	mw_opts_fini(&cli.opts);
	cli_files_fini(&cli.files);
	mw_buf_fini(&t.name);
	return finish(rc, cli_exit_status(rc, &stop_signal), err);
}
