/* `memwall completion`: scripts for bash, zsh and fish, made from the same tables as the help. */
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/bench.h"
#include "cli/command.h"
#include "cli/measure.h"

/* A command or a benchmark, in the form that all three shells need. */
struct entry {
	const char *name, *summary;
	const struct mw_option *own, *common; /* common: measure_options, or NULL */
};

/* Entry i of the list of commands and benchmarks; false after the last one. */
static bool entry_at(size_t i, struct entry *e)
{
	for (const struct command *const *c = command_table; *c; c++) {
		if ((*c)->hidden || i-- > 0)
			continue;
		*e = (struct entry){(*c)->name, (*c)->summary, (*c)->options, (*c)->measures ? measure_options : NULL};
		return true;
	}
	for (const struct bench *const *b = bench_table; *b; b++) {
		if (i-- > 0)
			continue;
		*e = (struct entry){(*b)->name, (*b)->summary, (*b)->options, measure_options};
		return true;
	}
	return false;
}

static size_t first_word(const char *name)
{
	return strcspn(name, " ");
}

static const char *second_word(const char *name)
{
	size_t len = first_word(name);
	return name[len] ? name + len + 1 : NULL;
}

/* True when entry i is the first with its first word. */
static bool new_first(size_t i)
{
	struct entry e, before;
	(void)entry_at(i, &e);
	for (size_t k = 0; k < i; k++)
		if (entry_at(k, &before) && first_word(before.name) == first_word(e.name) &&
		    memcmp(before.name, e.name, first_word(e.name)) == 0)
			return false;
	return true;
}

/* True when the option has legal words that can be completed. */
static bool has_words(const struct mw_option *o)
{
	const char *word;
	size_t len;
	return mw_option_word(o, 0, &word, &len);
}

static void print_words(FILE *f, const struct mw_option *o)
{
	const char *word;
	size_t len;
	for (size_t i = 0; mw_option_word(o, i, &word, &len); i++)
		(void)fprintf(f, "%s%.*s", i ? " " : "", (int)len, word);
}

/* Writes text for single quotes of all three shells; the characters in what_else get a backslash. */
static void quoted(FILE *f, const char *text, const char *what_else)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\''", f);
		else
			(void)fprintf(f, "%s%c", strchr(what_else, *text) ? "\\" : "", *text);
	}
}

static const char *group_summary(const struct entry *e)
{
	return second_word(e->name) ? "processing in memory" : e->summary;
}

/* ---- bash ---- */

static void bash_names(FILE *f, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++)
		(void)fprintf(f, " --%s%s", o->name, o->type == MW_OPT_FLAG ? "" : "=");
}

/* Writes a case line for "COMMAND --option" for each option with words. name NULL: for any command. */
static void bash_values(FILE *f, const char *name, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		if (!has_words(o))
			continue;
		(void)fprintf(f, "\t%s'%s --%s')%s words='", name ? "" : "*", name ? name : "", o->name,
			      o->type == MW_OPT_CHOICES ? " list=1" : "");
		print_words(f, o);
		(void)fputs("' ;;\n", f);
	}
}

/* Writes the global options that take the next word as their value. */
static void bash_taking(FILE *f)
{
	bool any = false;
	for (const struct mw_option *o = cli_global_options; o->name; o++) {
		if (o->type == MW_OPT_FLAG)
			continue;
		(void)fprintf(f, "%s--%s", any ? "|" : "", o->name);
		if (o->letter)
			(void)fprintf(f, "|-%c", o->letter);
		any = true;
	}
}

static void print_bash(FILE *f)
{
	struct entry e;
	/* readline splits --option=value at '='. */
	(void)fputs("# bash completion for memwall\n_memwall() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words= list= "
		    "option= name= at=1 w\n\twhile [ $at -lt \"$COMP_CWORD\" ]; do\n\t\tw=${COMP_WORDS[at]}\n"
		    "\t\tcase $w in\n\t\t",
		    f);
	bash_taking(f);
	(void)fputs(") at=$((at + 1)); [ \"${COMP_WORDS[at]}\" = '=' ] && at=$((at + 1)) ;;\n\t\t-*) ;;\n"
		    "\t\t*) name=$w; break ;;\n\t\tesac\n\t\tat=$((at + 1))\n\tdone\n"
		    "\tcase $name in\n",
		    f);
	for (size_t i = 0; entry_at(i, &e); i++) {
		if (!second_word(e.name) || !new_first(i))
			continue;
		(void)fprintf(f, "\t%.*s)\n\t\tif [ \"$COMP_CWORD\" = $((at + 1)) ]; then words='",
			      (int)first_word(e.name), e.name);
		struct entry other;
		for (size_t k = i, n = 0; entry_at(k, &other); k++)
			if (second_word(other.name) && first_word(other.name) == first_word(e.name) &&
			    memcmp(other.name, e.name, first_word(e.name)) == 0)
				(void)fprintf(f, "%s%s", n++ ? " " : "", second_word(other.name));
		(void)fputs("'\n\t\telse name=\"$name ${COMP_WORDS[at + 1]}\"; fi ;;\n", f);
	}
	(void)fputs("\tesac\n\tw=${COMP_WORDS[COMP_CWORD - 1]}\n"
		    "\tif [ \"$cur\" = '=' ]; then option=$w cur=\n"
		    "\telif [ \"$w\" = '=' ]; then option=${COMP_WORDS[COMP_CWORD - 2]}\n"
		    "\telse case $w in --?*) [ \"$COMP_CWORD\" -gt 1 ] && option=$w ;; esac\n\tfi\n"
		    "\t[ -n \"$words\" ] || case \"$name $option\" in\n",
		    f);
	bash_values(f, NULL, cli_global_options);
	for (size_t i = 0; entry_at(i, &e); i++) {
		bash_values(f, e.name, e.own);
		bash_values(f, e.name, e.common);
	}
	(void)fputs("\tesac\n\tlocal begin=\n\t[ -n \"$list\" ] && [[ $cur == *,* ]] && begin=${cur%,*},\n"
		    "\tif [ -z \"$words\" ]; then\n\t[[ $cur == -* || -n $name || $w == = || -n $option ]] || words='",
		    f);
	for (size_t i = 0, n = 0; entry_at(i, &e); i++)
		if (new_first(i))
			(void)fprintf(f, "%s%.*s", n++ ? " " : "", (int)first_word(e.name), e.name);
	(void)fputs("'\n\t[[ $cur == -* ]] && case $name in\n", f);
	for (size_t i = 0; entry_at(i, &e); i++) {
		(void)fprintf(f, "\t'%s') words='", e.name);
		bash_names(f, e.own);
		bash_names(f, e.common);
		(void)fputs("' ;;\n", f);
	}
	(void)fputs("\tesac\n\t[[ $cur == -* ]] && words=\"$words", f);
	bash_names(f, cli_global_options);
	(void)fputs(
		"\"\n\tfi\n\tmapfile -t COMPREPLY < <(compgen -P \"$begin\" -W \"$words\" -- \"${cur#\"$begin\"}\")\n"
		"\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n\tif [ ${#COMPREPLY[@]} = 0 ]; then\n"
		"\t\tcompopt -o default\n\tfi\n}\ncomplete -F _memwall memwall\n",
		f);
}

/* ---- fish ---- */

static void fish_options(FILE *f, const char *condition, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		bool file = o->file != MW_OPT_NO_FILE || (o->arg && strcmp(o->arg, "DIR") == 0);
		(void)fprintf(f, "complete -c memwall%s -l %s%s", condition, o->name,
			      o->type == MW_OPT_FLAG ? ""
			      : file                 ? " -rF"
						     : " -x");
		if (o->letter)
			(void)fprintf(f, " -s %c", o->letter);
		if (has_words(o)) {
			(void)fprintf(f, " -a '%s", o->type == MW_OPT_CHOICES ? "(__fish_append , " : "");
			print_words(f, o);
			(void)fputs(o->type == MW_OPT_CHOICES ? ")'" : "'", f);
		}
		(void)fputs(" -d '", f);
		quoted(f, o->help, "\\");
		(void)fputs("'\n", f);
	}
}

static void print_fish(FILE *f)
{
	struct entry e;
	for (size_t i = 0; entry_at(i, &e); i++) {
		int first = (int)first_word(e.name);
		const char *second = second_word(e.name);
		char seen[200];
		if (new_first(i)) {
			(void)fprintf(f, "complete -c memwall -f -n __fish_use_subcommand -a %.*s -d '", first, e.name);
			quoted(f, group_summary(&e), "\\");
			(void)fputs("'\n", f);
		}
		if (second) {
			(void)fprintf(f,
				      "complete -c memwall -f -n '__fish_seen_subcommand_from %.*s; and test (count "
				      "(commandline -opc)) -eq 2' -a %s -d '",
				      first, e.name, second);
			quoted(f, e.summary, "\\");
			(void)fputs("'\n", f);
			mw_format(seen, sizeof(seen),
				  " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'", first,
				  e.name, second);
		} else {
			mw_format(seen, sizeof(seen), " -n '__fish_seen_subcommand_from %s'", e.name);
		}
		fish_options(f, seen, e.own);
		fish_options(f, seen, e.common);
	}
	fish_options(f, "", cli_global_options);
}

/* ---- zsh ---- */

/* Writes arguments for zsh's _arguments: '--name=[help]:value:action'. */
static void zsh_options(FILE *f, const struct mw_option *table)
{
	for (const struct mw_option *o = table; o && o->name; o++) {
		const char *star = o->type == MW_OPT_PATHS ? "*" : "";
		for (int letter = 0; letter < (o->letter ? 2 : 1); letter++) {
			if (letter)
				(void)fprintf(f, " '%s-%c", star, o->letter);
			else
				(void)fprintf(f, " '%s--%s%s", star, o->name, o->type == MW_OPT_FLAG ? "" : "=");
			(void)fputc('[', f);
			quoted(f, o->help, "\\[]");
			(void)fputc(']', f);
			if (o->type != MW_OPT_FLAG)
				(void)fprintf(f, ":%s:", o->arg ? o->arg : "VALUE");
			if (has_words(o)) {
				(void)fputs(o->type == MW_OPT_CHOICES ? "_sequence compadd - " : "(", f);
				print_words(f, o);
				(void)fputs(o->type == MW_OPT_CHOICES ? "" : ")", f);
			} else if (o->file != MW_OPT_NO_FILE || (o->arg && strcmp(o->arg, "DIR") == 0)) {
				(void)fputs("_files", f);
			}
			(void)fputc('\'', f);
		}
	}
}

static void print_zsh(FILE *f)
{
	struct entry e;
	(void)fputs("#compdef memwall\n_memwall() {\n\tlocal context state state_descr line name\n"
		    "\tlocal -a commands options global\n\ttypeset -A opt_args\n\tglobal=(",
		    f);
	zsh_options(f, cli_global_options);
	(void)fputs(")\n\t_arguments -C $global '1: :->command' '*:: :->rest' && return\n\tcase $state in\n"
		    "\tcommand)\n\t\tcommands=(",
		    f);
	for (size_t i = 0; entry_at(i, &e); i++) {
		if (!new_first(i))
			continue;
		(void)fprintf(f, " '%.*s:", (int)first_word(e.name), e.name);
		quoted(f, group_summary(&e), "\\");
		(void)fputc('\'', f);
	}
	(void)fputs(")\n\t\t_describe command commands ;;\n\trest)\n\t\tname=$words[1]\n\t\tcase $name in\n", f);
	for (size_t i = 0; entry_at(i, &e); i++) {
		if (!second_word(e.name) || !new_first(i))
			continue;
		(void)fprintf(f, "\t\t%.*s)\n\t\t\tif (( CURRENT == 2 )); then\n\t\t\t\tcommands=(",
			      (int)first_word(e.name), e.name);
		struct entry other;
		for (size_t k = i; entry_at(k, &other); k++) {
			if (!second_word(other.name) || first_word(other.name) != first_word(e.name) ||
			    memcmp(other.name, e.name, first_word(e.name)) != 0)
				continue;
			(void)fprintf(f, " '%s:", second_word(other.name));
			quoted(f, other.summary, "\\");
			(void)fputc('\'', f);
		}
		(void)fputs(")\n\t\t\t\t_describe command commands; return\n\t\t\tfi\n\t\t\tname=\"$name $words[2]\"\n"
			    "\t\t\tshift words; (( CURRENT-- )) ;;\n",
			    f);
	}
	(void)fputs("\t\tesac\n\t\tcase $name in\n", f);
	for (size_t i = 0; entry_at(i, &e); i++) {
		(void)fprintf(f, "\t\t'%s') options=(", e.name);
		zsh_options(f, e.own);
		zsh_options(f, e.common);
		(void)fputs(") ;;\n", f);
	}
	(void)fputs("\t\tesac\n\t\t_arguments $options $global '*: :_files' ;;\n\tesac\n}\n_memwall \"$@\"\n", f);
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
