/* The files of a command. No file may be both read and written, or written twice. */
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
	CLI_MAY_WRITE, /* standard output: several texts may go to it, but it must not be an input */
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

/* Adds a file of the command, before any work is done: main() adds those of options (mw_option.file) and standard
 * output, a command adds its others. MW_ESPEC with a line that names both when one file (same device and inode) is read
 * and written, or written twice. what: its name in messages, such as "the journal"; path NULL: standard output. */
int cli_files_add(struct cli_files *f, enum cli_use use, const char *what, const char *path, char *err, size_t n);
int cli_files_add_options(struct cli_files *f, const struct mw_opts *opts, char *err, size_t n);
/* Adds the files of a run's folder: its journal, and results.json, which is also written when `rewrites`. */
int cli_files_add_run(struct cli_files *f, const char *dir, bool rewrites, char *err, size_t n);

void cli_files_fini(struct cli_files *f);

/* ---- writing one ---- */

/* An output file. Opened before any work is done, so that a wrong path is reported at once. If the command fails, the
 * old file stays. */
struct cli_out {
	FILE *f;            /* NULL: closed */
	const char *option; /* option that gave the path, for messages */
	char path[4096];    /* as given */
	struct mw_output to;
	bool held; /* signals are blocked, so that none leaves the temporary file behind */
	sigset_t old;
};
/* Opens the file of -o, or stdout. */
int cli_out_open(const struct cli *cli, struct cli_out *out, char *err, size_t n);
/* Opens the file of another option. */
int cli_out_open_path(const char *option, const char *path, struct cli_out *out, char *err, size_t n);
/* Code for a failed write: MW_ESPEC when the path cannot be written, rc itself when another path would not help
 * (memory, disk, devices). */
int cli_out_fault(int rc);
int cli_out_commit(struct cli_out *out, char *err, size_t n);
/* Why an earlier write to f failed, when errno no longer tells: -errno of one more try, or -EIO. The output is lost
 * already, so that one more byte does no harm. */
int cli_lost_cause(FILE *f);
/* Commits where rc, of what wrote, is 0; else returns rc. Where no line says yet why writing failed, one names the
 * file. */
int cli_out_close(struct cli_out *out, int rc, char *err, size_t n);
void cli_out_abort(struct cli_out *out);

#endif
