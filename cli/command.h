/* A sub-command is a `const struct command cmd_NAME` at the end of a file of this folder. Every benchmark of
 * bench_table is also a sub-command, without a file here. */
#ifndef MW_COMMAND_H
#define MW_COMMAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/core/option.h"
#include "base/core/record.h"
#include "cli/out.h"
#include "reports/print.h"

/* Exit status; 128 + the signal when one ended the program: 130 for SIGINT, 143 for SIGTERM. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_UNAVAILABLE = 3, /* something named on the command line is not available here */
};

struct cli {
	const char *command; /* as typed: "latency", "pim ops" */
	struct mw_opts opts; /* global options and the command's own */
	enum print_format format;
	const char *out_file; /* -o, NULL: stdout */
	struct cli_files files;
	int argc; /* as given to main(), recorded in results.json */
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
	const struct mw_emitter *emitter; /* records of its own, besides those of benchmarks; NULL: none */
	bool hidden;
	bool records;  /* prints records: takes --select */
	bool measures; /* also takes measure_options (cli/measure.h) */
	bool stops;    /* checks cli->stop while it works; other commands end at the first signal */
	/* Returns 0 or a negative code with one line in err. MW_ESPEC becomes exit 2, MW_EUNAVAILABLE exit 3. */
	int (*run)(struct cli *cli, char *err, size_t n);
};

extern const struct command *const command_table[]; /* generated, ended by NULL */
extern const struct mw_option cli_global_options[];

/* Positional word i after the command's name, or NULL. */
const char *cli_word(const struct cli *cli, size_t i);

/* The command of that name. For a benchmark's command returns NULL and sets *bench. */
struct bench;
const struct command *cli_find(const char *name, const struct bench **bench);
/* True when a command of two words begins with this one. */
bool cli_is_group(const char *word);
/* Writes "unknown command X, did you mean Y?" to err; returns MW_ESPEC. */
int cli_unknown(const char *name, char *err, size_t n);

/* Prints one line "memwall: ..." on stderr, with control characters escaped. */
void cli_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints a text from outside (a path, a name in a file) on f, escaped in the same way. */
void cli_put(FILE *f, const char *text);

/* MW_EVERIFY with a line in err when --strict is given and the records are disturbed; else 0. */
int cli_strict(const struct cli *cli, const struct mw_records *l, char *err, size_t n);
/* Prints the records that --select matches (all without it) on f, in the format of --format. MW_ESPEC, and nothing
 * printed, when it matches none. */
int cli_print_records(const struct cli *cli, FILE *f, const struct mw_records *records, char *err, size_t n);

/* Prints a grid to -o or stdout. The path is opened only now, so this is for commands that take no time. */
int cli_print_grid(const struct cli *cli, const struct grid *g, char *err, size_t n);

/* The same for a text; --format is refused. */
int cli_print_text(const struct cli *cli, void (*print)(FILE *f), char *err, size_t n);

/* MW_ESPEC and "--option: why" when the option was given to a command that has no use for it. */
int cli_no_option(const struct mw_opts *opts, const char *option, const char *why, char *err, size_t n);

/* Calls asked() for SIGINT, SIGTERM, SIGHUP and SIGXCPU. SIGHUP stays ignored when it was (nohup). */
void cli_catch(void (*asked)(int sig));
/* From now on these signals end the program at once, with their exit status: for the time when nothing measured can be
 * lost. MW_ECANCELLED when one has come already. */
int cli_end_at_signal(struct cli *cli);

/* Of processes that were started together only the first prints: the others would repeat it. */
void cli_be_silent(void);

/* Exit status of a return code. */
int cli_exit_status(int rc, const atomic_int *stop);

/* Prints help to -o or stdout: on the command of that name, on those that begin with this word, or on all (NULL).
 * --format is refused. */
int cli_print_help(const struct cli *cli, const char *name, char *err, size_t n);

#endif
