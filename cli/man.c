/* `memwall man`: the manual page, made from the same tables as the help, for `make install`. */
#include <string.h>

#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"

/* Writes text escaped for roff: backslash as \e, hyphen as \-, and no control character at the start of a line. */
static void man_text(FILE *f, const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", f);
	for (; *text; text++) {
		if (*text == '\\')
			(void)fputs("\\e", f);
		else if (*text == '-')
			(void)fputs("\\-", f);
		else
			(void)fputc(*text, f);
	}
}

static void man_options(FILE *f, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		(void)fputs(".TP\n\\fB", f);
		if (o->letter)
			(void)fprintf(f, "\\-%c\\fR, \\fB", o->letter);
		(void)fputs("\\-\\-", f);
		man_text(f, o->name);
		if (o->arg)
			(void)fprintf(f, "\\fR=\\fI%s", o->arg);
		(void)fputs("\\fR\n", f);
		man_text(f, o->help);
		char choices[MW_OPT_ROOM];
		if (mw_option_choices(o, choices, sizeof(choices))) {
			(void)fputs(o->type == MW_OPT_CHOICES ? " (list of " : " (", f);
			man_text(f, choices);
			(void)fputc(')', f);
		}
		char def[MW_OPT_ROOM];
		if (mw_option_default(o, ' ', def, sizeof(def))) {
			(void)fputs(" [", f);
			man_text(f, def);
			(void)fputc(']', f);
		}
		(void)fputc('\n', f);
	}
}

static void man_command(FILE *f, const char *name, const char *usage, const char *summary, const char *details,
			const struct mw_option *options)
{
	(void)fputs(".SS \"memwall ", f);
	man_text(f, name);
	if (*usage) {
		(void)fputc(' ', f);
		man_text(f, usage);
	}
	(void)fputs("\"\n", f);
	man_text(f, summary);
	(void)fputs(".\n", f);
	if (details) {
		(void)fputs(".PP\n", f);
		man_text(f, details);
		(void)fputc('\n', f);
	}
	man_options(f, options);
}

static void print_man(FILE *f)
{
	(void)fprintf(f,
		      ".TH MEMWALL 1 \"\" \"memwall %s\"\n.SH NAME\n"
		      "memwall \\- where a machine hits the memory wall, and what computing in memory would buy\n"
		      ".SH SYNOPSIS\n.B memwall\n[\\fB\\-\\-format\\fR=\\fIFORMAT\\fR] [\\fB\\-o\\fR \\fIFILE\\fR] "
		      "\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n.SH OPTIONS\nBefore or after the command:\n",
		      MEMWALL_VERSION);
	man_options(f, cli_global_options);
	(void)fputs(".PP\nOf every measuring command:\n", f);
	man_options(f, measure_options);
	(void)fputs(".SH COMMANDS\n", f);
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			man_command(f, (*c)->name, (*c)->usage, (*c)->summary, (*c)->details, (*c)->options);
	for (const struct bench *const *b = bench_table; *b; b++)
		man_command(f, (*b)->name, "", (*b)->summary, NULL, (*b)->options);
	(void)fputs(
		".SH ENVIRONMENT\n.TP\n.B MEMWALL_ISA\nportable, neon, avx2 or avx512: the kernels' "
		"instruction set instead of the widest one.\n.TP\n.B MEMWALL_MODULES\nfolder of the optional "
		"engines.\n.SH EXIT STATUS\n0 done; 1 failed; 2 bad usage; 3 something named on the command line is "
		"not available here; 128 + the signal after SIGINT (130), SIGTERM (143), SIGHUP or SIGXCPU, with the\n"
		"report of what is done; 141 the reader of the output (as in '| head') went away.\n"
		".SH FILES\n.TP\n.I DIR/results.json\nall records of a run (schema 2).\n.TP\n"
		".I DIR/records.jsonl\nsamples and records as they come.\n.TP\n.I DIR/report.html\nthe report.\n",
		f);
}

static int run_man(struct cli *cli, char *err, size_t n)
{
	return cli_print_text(cli, print_man, err, n);
}

const struct command cmd_man = {
	.name = "man",
	.section = "About",
	.usage = "",
	.summary = "the manual page, for installing",
	.hidden = true,
	.run = run_man,
};
