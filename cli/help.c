/* `memwall help`: the text comes from the command and benchmark tables. */
#include <errno.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"
#include "cli/records.h"

static void help_section(FILE *f, const char *section)
{
	bool head = false;
	for (const struct command *const *c = command_table; *c; c++) {
		if ((*c)->hidden || strcmp((*c)->section, section) != 0)
			continue;
		if (!head)
			(void)fprintf(f, "\n%s\n", section);
		head = true;
		(void)fprintf(f, "  %-14s %s\n", (*c)->name, (*c)->summary);
	}
}

static void help(FILE *f)
{
	(void)fputs("memwall: where this machine hits the memory wall, and what computing in memory would buy\n\n"
		    "usage: memwall [--format=table|csv|json|latex] [-o FILE] COMMAND [OPTION...]\n",
		    f);
	help_section(f, "Everything at once");
	(void)fputs("\nHost benchmarks\n", f);
	for (const struct bench *const *b = bench_table; *b; b++)
		(void)fprintf(f, "  %-14s %s\n", (*b)->name, (*b)->summary);
	help_section(f, "Processing in memory");
	help_section(f, "The memory wall");
	help_section(f, "Results");
	help_section(f, "About");
	(void)fputs("\nGlobal options, before or after COMMAND\n", f);
	mw_opts_help(f, cli_global_options);
	(void)fputs(
		"\n'memwall help COMMAND' shows a command's options, 'memwall help records' the metrics of results.\n"
		"Exit status: 0 done, 1 failed, 2 bad usage, 3 something named is unavailable here, 130 interrupted,\n"
		"141 the reader of the output (as in '| head') went away.\n",
		f);
}

/* Prints the commands that begin with this word. */
static int help_group(FILE *f, const char *word)
{
	size_t len = strlen(word);
	(void)fprintf(f, "usage: memwall %s COMMAND [OPTION...]\n\n", word);
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden && strncmp((*c)->name, word, len) == 0 && (*c)->name[len] == ' ')
			(void)fprintf(f, "  %-14s %s\n", (*c)->name, (*c)->summary);
	(void)fprintf(f, "\n'memwall help %s COMMAND' shows a command's options.\n", word);
	return 0;
}

static int help_command(FILE *f, const char *name, char *err, size_t n)
{
	const struct bench *bench;
	if (strcmp(name, "records") == 0)
		return records_help(f) < 0 ? mw_fail(-ENOMEM, err, n, "out of memory") : 0;
	const struct command *cmd = cli_find(name, &bench);
	if (!cmd && !bench && cli_is_group(name))
		return help_group(f, name);
	if (!cmd && !bench)
		return cli_unknown(name, err, n);
	const struct command as_command = {.usage = "",
					   .summary = bench ? bench->summary : "",
					   .options = bench ? bench->options : NULL,
					   .measures = true};
	if (!cmd)
		cmd = &as_command;
	(void)fprintf(f, "memwall %s: %s\n\nusage: memwall %s%s%s [OPTION...]\n", name, cmd->summary, name,
		      *cmd->usage ? " " : "", cmd->usage);
	if (cmd->details)
		(void)fprintf(f, "\n%s\n", cmd->details);
	const struct mw_option *own = cmd->options;
	if (own && own->name) {
		(void)fputs("\nOptions\n", f);
		mw_opts_help(f, own);
	}
	if (cmd->measures) {
		(void)fputs("\nOptions of every measuring command\n", f);
		mw_opts_help(f, measure_options);
	}
	(void)fputs("\nGlobal options\n", f);
	mw_opts_help(f, cli_global_options);
	return 0;
}

int cli_print_help(const struct cli *cli, const char *name, char *err, size_t n)
{
	struct cli_out out = {0};
	if (!name)
		return cli_print_text(cli, help, err, n);
	int rc = cli_no_option(&cli->opts, "format", "this text has one format only", err, n);
	if (rc == 0)
		rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = help_command(out.f, name, err, n);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	return rc;
}

static int run_help(struct cli *cli, char *err, size_t n)
{
	const char *first = cli_word(cli, 0), *second = cli_word(cli, 1);
	struct mw_buf name = {0};
	if (!first)
		return cli_print_help(cli, NULL, err, n);
	mw_buf_add(&name, "%s", first);
	if (second)
		mw_buf_add(&name, " %s", second);
	int rc = name.failed ? -ENOMEM : cli_print_help(cli, mw_buf_text(&name), err, n);
	mw_buf_fini(&name);
	return rc;
}

const struct command cmd_help = {
	.name = "help",
	.section = "About",
	.usage = "[COMMAND | records]",
	.summary = "the commands, the options of one command, or the metrics and keys of records",
	.max_words = 2,
	.run = run_help,
};
