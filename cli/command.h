/* A sub-command is one `const struct command cmd_NAME` at the end of a file of this folder; every benchmark of
 * bench_table is a sub-command too, without a file here. */
#ifndef MW_COMMAND_H
#define MW_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/core/option.h"
#include "base/core/record.h"
#include "cli/out.h"
#include "reports/print.h"

/* Or 128 + the signal that ended it: 130 for SIGINT, 143 for SIGTERM. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNAVAILABLE = 3, /* something named on the command line cannot be had here */
};

struct cli {
	const char *command; /* as typed: "latency", "pim ops" */
	struct mw_opts opts; /* global options and the command's own */
	enum print_format format;
	const char *out_file; /* -o, NULL: stdout */
	struct cli_files files;
	int argc; /* as given to main, for the echo in results.json */
	char **argv;
	const atomic_int *stop; /* the signal that asked to stop, or 0 */
	bool ends_at_signal;    /* cli_end_at_signal was called */
};

struct command {
	const char *name;    /* one word, or two: "pim ops" */
	const char *section; /* heading in the help */
	const char *usage;   /* what follows the name: "DIR", "" */
	const char *summary;
	const char *details; /* more lines for `memwall help NAME`, or NULL */
	const struct mw_option *options;
	int min_words, max_words;         /* positional words after the command's own name; max -1: any number */
	const struct mw_emitter *emitter; /* the records that it emits, other than those of benchmarks; NULL: none */
	bool hidden;
	bool records;  /* prints records: takes --select */
	bool measures; /* takes the options of every measuring command as well (cli/measure.h) */
	bool stops;    /* looks at cli->stop while it works; the others end at the first signal */
	/* Returns 0 or a negative code with one line in err. MW_ESPEC becomes exit 2, MW_EUNAVAILABLE exit 3. */
	int (*run)(struct cli *cli, char *err, size_t n);
};

extern const struct command *const command_table[]; /* generated, ended by NULL */
extern const struct mw_option cli_global_options[];

/* Positional word i after the command's name, or NULL. */
const char *cli_word(const struct cli *cli, size_t i);

/* The command of that name; a benchmark's command comes back in *bench with NULL returned. */
struct bench;
const struct command *cli_find(const char *name, const struct bench **bench);
/* Is there a command of two words that begins with this one? */
bool cli_is_group(const char *word);
/* "unknown command X, did you mean Y?" into err; returns MW_ESPEC. */
int cli_unknown(const char *name, char *err, size_t n);

/* "memwall: ..." on stderr as one line; what a terminal might obey is shown escaped. */
void cli_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A text from outside (a path, a name of a file's) on f, escaped likewise. */
void cli_put(FILE *f, const char *text);

/* With --strict: MW_EVERIFY and a line when the records are of a disturbed machine; else 0. */
int cli_strict(const struct cli *cli, const struct mw_records *l, char *err, size_t n);
/* Prints the records that --select names in the chosen format on f; MW_ESPEC and nothing printed when it names none. */
int cli_print_records(const struct cli *cli, FILE *f, const struct mw_records *records, char *err, size_t n);

/* Prints a grid to -o or stdout: for commands whose work costs nothing, so that a wrong path may show late. */
int cli_print_grid(const struct cli *cli, const struct grid *g, char *err, size_t n);

/* The same for a text, which has no formats: --format is refused. */
int cli_print_text(const struct cli *cli, void (*print)(FILE *f), char *err, size_t n);

/* MW_ESPEC and "--option: why" when the option was given to a command that has no use for it. */
int cli_no_option(const struct mw_opts *opts, const char *option, const char *why, char *err, size_t n);

/* Signals that ask to end: asked is called with each. SIGHUP stays ignored below nohup. */
void cli_catch(void (*asked)(int sig));
/* From here on they end the program at once, with their exit status: nothing measured can be lost. MW_ECANCELLED: one
 * came before. */
int cli_end_at_signal(struct cli *cli);

/* Exit status of a return code. */
int cli_exit_status(int rc, const atomic_int *stop);

/* Help on the command of that name to -o or stdout, on those that begin with this word, or on all (NULL). --format is
 * refused. */
int cli_print_help(const struct cli *cli, const char *name, char *err, size_t n);

#endif
