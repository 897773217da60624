/* What a command reads and writes: nothing is written onto what is read, or twice. */
#ifndef MW_CLI_OUT_H
#define MW_CLI_OUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/core/option.h"
#include "base/core/output.h"

struct cli;

/* ---- which files ---- */

enum cli_use {
	CLI_READS,
	CLI_WRITES,
	CLI_MAY_WRITE, /* standard output: two texts may share it, but it may not be an input */
};
enum { CLI_FILES = 32 };

struct cli_files {
	size_t n;
	struct cli_file {
		enum cli_use use;
		struct mw_file_id id;
		char *label; /* owned */
	} v[CLI_FILES];
};

/* The only place that decides whether a file may be written. Each is told of the files of a command before any work is
 * done: main() tells of those that options name (mw_option.file) and of standard output, a command of its others.
 * MW_ESPEC with a line that names both when one file (same device and inode, by whatever path) is read and written, or
 * written twice. what: "the journal"; path NULL: standard output. */
int cli_files_add(struct cli_files *f, enum cli_use use, const char *what, const char *path, char *err, size_t n);
int cli_files_add_options(struct cli_files *f, const struct mw_opts *opts, char *err, size_t n);
/* A run's folder: its journal, and results.json, which is written too when `rewrites`. */
int cli_files_add_run(struct cli_files *f, const char *dir, bool rewrites, char *err, size_t n);

void cli_files_fini(struct cli_files *f);

/* ---- writing one ---- */

/* Opened before any work is done, so that a wrong path costs nothing. A failed run leaves the old file alone. */
struct cli_out {
	FILE *f;            /* NULL: closed */
	const char *option; /* that named the path, for messages */
	char path[4096];    /* as given */
	struct mw_output to;
	bool held; /* signals wait, lest one leave the temporary file behind */
	sigset_t old;
};
/* -o, or stdout. */
int cli_out_open(const struct cli *cli, struct cli_out *out, char *err, size_t n);
/* The path of another option. */
int cli_out_open_path(const char *option, const char *path, struct cli_out *out, char *err, size_t n);
/* Whose fault a failed write is: MW_ESPEC for a place that cannot be written, rc itself for what no other name would
 * change (memory, disk, devices). */
int cli_out_fault(int rc);
int cli_out_commit(struct cli_out *out, char *err, size_t n);
void cli_out_abort(struct cli_out *out);

#endif
