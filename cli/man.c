/* `memwall man` and `memwall completion`: made from the same tables as the help, for `make install`. */
#include <string.h>

#include "base/core/err.h"
#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"

/* ---- manual page ---- */

/* roff text: a backslash is \e, a hyphen \-, and a line must not begin with a control character. */
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
		char choices[400];
		if (mw_option_choices(o, choices, sizeof(choices))) {
			(void)fputs(o->type == MW_OPT_CHOICES ? " (list of " : " (", f);
			man_text(f, choices);
			(void)fputc(')', f);
		}
		if (o->def) {
			(void)fputs(" [", f);
			man_text(f, o->def);
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
		"report of what is done.\n"
		".SH FILES\n.TP\n.I DIR/results.json\nall records of a run (schema 1).\n.TP\n"
		".I DIR/records.jsonl\neach record as it was finished.\n.TP\n.I DIR/report.html\nthe report.\n",
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

/* ---- completion ---- */

/* Calls fn for every visible command and its own options. */
static void each_command(FILE *f, void (*fn)(FILE *f, const char *name, const char *summary,
					     const struct mw_option *own, bool measures))
{
	for (const struct command *const *c = command_table; *c; c++)
		if (!(*c)->hidden)
			fn(f, (*c)->name, (*c)->summary, (*c)->options, (*c)->measures);
	for (const struct bench *const *b = bench_table; *b; b++)
		fn(f, (*b)->name, (*b)->summary, (*b)->options, true);
}

static void print_names(FILE *f, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++)
		(void)fprintf(f, " --%s%s", o->name, o->type == MW_OPT_FLAG ? "" : "=");
}

static void bash_case(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	(void)summary;
	(void)fprintf(f, "\t'%s') words=\"", name);
	print_names(f, own);
	if (measures)
		print_names(f, measure_options);
	(void)fputs("\" ;;\n", f);
}

static void bash_word(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	(void)summary, (void)own, (void)measures;
	(void)fprintf(f, " %.*s", (int)strcspn(name, " "), name);
}

static void bash_second(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	(void)summary, (void)own, (void)measures;
	if (strchr(name, ' '))
		(void)fprintf(f, " %s", strchr(name, ' ') + 1);
}

static void print_bash(FILE *f)
{
	(void)fputs("# bash completion for memwall\n_memwall() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
		    "\tif [ \"$COMP_CWORD\" = 1 ]; then words=\"",
		    f);
	each_command(f, bash_word);
	(void)fputs("\"\n\telif [ \"$COMP_CWORD\" = 2 ] && [ \"${COMP_WORDS[1]}\" = pim ]; then words=\"", f);
	each_command(f, bash_second);
	(void)fputs(
		"\"\n\telse\n\tlocal name=${COMP_WORDS[1]}\n\t[ \"$name\" = pim ] && name=\"pim ${COMP_WORDS[2]}\"\n"
		"\tcase $name in\n",
		f);
	each_command(f, bash_case);
	(void)fputs("\tesac\n\twords=\"$words", f);
	print_names(f, cli_global_options);
	(void)fputs("\"\n\tfi\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		    "\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n\tif [ ${#COMPREPLY[@]} = 0 ]; then\n"
		    "\t\tcompopt -o default\n\tfi\n}\ncomplete -F _memwall memwall\n",
		    f);
}

static void fish_options(FILE *f, const char *condition, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		(void)fprintf(f, "complete -c memwall%s -l %s%s", condition, o->name,
			      o->type == MW_OPT_FLAG ? "" : " -r");
		if (o->letter)
			(void)fprintf(f, " -s %c", o->letter);
		(void)fprintf(f, " -d \"%s\"\n", o->help);
	}
}

static void fish_command(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	int first = (int)strcspn(name, " ");
	const char *second = name[first] ? name + first + 1 : NULL;
	char seen[120];
	if (second)
		(void)fprintf(f, "complete -c memwall -f -n '__fish_seen_subcommand_from %.*s' -a %s -d \"%s\"\n",
			      first, name, second, summary);
	(void)fprintf(f, "complete -c memwall -f -n __fish_use_subcommand -a %.*s -d \"%s\"\n", first, name,
		      second ? "processing in memory" : summary);
	(void)snprintf(seen, sizeof(seen), " -n '__fish_seen_subcommand_from %s'", second ? second : name);
	fish_options(f, seen, own);
	if (measures)
		fish_options(f, seen, measure_options);
}

static void print_fish(FILE *f)
{
	each_command(f, fish_command);
	fish_options(f, "", cli_global_options);
}

static void zsh_word(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	(void)own, (void)measures;
	int first = (int)strcspn(name, " ");
	(void)fprintf(f, "\t\t'%.*s:%s'\n", first, name, name[first] ? "processing in memory" : summary);
}

static void zsh_case(FILE *f, const char *name, const char *summary, const struct mw_option *own, bool measures)
{
	(void)summary;
	(void)fprintf(f, "\t('%s') options=(", name);
	print_names(f, own);
	if (measures)
		print_names(f, measure_options);
	(void)fputs(") ;;\n", f);
}

static void print_zsh(FILE *f)
{
	(void)fputs("#compdef memwall\n_memwall() {\n\tlocal -a commands options second\n\tcommands=(\n", f);
	each_command(f, zsh_word);
	(void)fputs("\t)\n\tsecond=(", f);
	each_command(f, bash_second);
	(void)fputs(")\n\tif (( CURRENT == 2 )); then _describe command commands; return; fi\n"
		    "\tif [[ $words[2] == pim && CURRENT == 3 ]]; then compadd -a second; return; fi\n"
		    "\tlocal name=$words[2]\n\t[[ $name == pim ]] && name=\"pim $words[3]\"\n\tcase $name in\n",
		    f);
	each_command(f, zsh_case);
	(void)fputs("\tesac\n\toptions+=(", f);
	print_names(f, cli_global_options);
	(void)fputs(")\n\tcompadd -S '' -a options || _files\n}\n_memwall \"$@\"\n", f);
}

static int run_completion(struct cli *cli, char *err, size_t n)
{
	const char *shell = cli_word(cli, 0);
	void (*print)(FILE * f) = strcmp(shell, "bash") == 0   ? print_bash
				  : strcmp(shell, "zsh") == 0  ? print_zsh
				  : strcmp(shell, "fish") == 0 ? print_fish
							       : NULL;
	if (!print)
		return mw_fail(MW_ESPEC, err, n, "completion: '%s' is not one of bash, zsh, fish", shell);
	return cli_print_text(cli, print, err, n);
}

const struct command cmd_completion = {
	.name = "completion",
	.section = "About",
	.usage = "bash|zsh|fish",
	.summary = "shell completion, for installing",
	.min_words = 1,
	.max_words = 1,
	.hidden = true,
	.run = run_completion,
};
