#include "cli/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/command.h"
#include "reports/file.h"

/* ---- which files ---- */

static int refuse(const struct cli_file *writer, const struct cli_file *other, char *err, size_t n)
{
	if (other->use == CLI_READS)
		return mw_fail(MW_ESPEC, err, n, "%s is the same file as %s, which is read: write somewhere else",
			       writer->label, other->label);
	return mw_fail(MW_ESPEC, err, n, "%s and %s are the same file: name two", writer->label, other->label);
}

/* Takes the label on success. */
static int add(struct cli_files *f, enum cli_use use, const struct mw_file_id *id, char *label, char *err, size_t n)
{
	if (f->n == CLI_FILES)
		return mw_fail(MW_ESPEC, err, n, "%s: more than %d files", label, CLI_FILES);
	struct cli_file *new = &f->v[f->n];
	*new = (struct cli_file){.use = use, .id = *id, .label = label};
	for (size_t i = 0; i < f->n; i++) {
		const struct cli_file *old = &f->v[i];
		bool clash = use == CLI_READS       ? old->use != CLI_READS
			     : use == CLI_MAY_WRITE ? old->use == CLI_READS
						    : old->use != CLI_MAY_WRITE;
		if (!clash || !mw_same_file(&old->id, id))
			continue;
		return use == CLI_READS ? refuse(old, new, err, n) : refuse(new, old, err, n);
	}
	f->n++;
	return 0;
}

static int identify(enum cli_use use, const char *path, struct mw_file_id *id)
{
	struct mw_place place;
	if (!path)
		return mw_file_id_fd(STDOUT_FILENO, id);
	if (use == CLI_READS)
		return mw_file_id(path, id);
	int rc = mw_place_of(path, &place);
	*id = place.id;
	return rc;
}

/* True for a file that begins like a journal. -o must not overwrite one: it may be all that is left of a killed run. */
static bool is_journal(const char *path)
{
	static const char head[] = "{\"head\":";
	char begin[sizeof(head)] = "";
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : read(fd, begin, sizeof(head) - 1);
	if (fd >= 0)
		(void)close(fd);
	return got == (ssize_t)sizeof(head) - 1 && memcmp(begin, head, sizeof(head) - 1) == 0;
}

static int add_labelled(struct cli_files *f, enum cli_use use, const char *what, char join, const char *path, char *err,
			size_t n)
{
	struct mw_file_id id;
	struct mw_buf label = {0};
	/* What cannot even be found is told, in its own words, by whoever opens it. */
	if (identify(use, path, &id) < 0)
		return 0;
	mw_buf_add(&label, "%s", what);
	if (path)
		mw_buf_add(&label, "%c%s", join, path);
	int rc = label.failed ? -ENOMEM : add(f, use, &id, label.p, err, n);
	if (rc < 0)
		mw_buf_fini(&label);
	else if (path && use == CLI_WRITES && id.exists && is_journal(path))
		rc = mw_fail(MW_ESPEC, err, n, "%s is the journal of a run: write somewhere else", label.p);
	return rc;
}

void cli_files_fini(struct cli_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].label);
	f->n = 0;
}

int cli_files_add(struct cli_files *f, enum cli_use use, const char *what, const char *path, char *err, size_t n)
{
	return add_labelled(f, use, what, ' ', path, err, n);
}

static int add_option(struct cli_files *f, const struct mw_optval *v, char *err, size_t n)
{
	char name[40], path[4096];
	const struct mw_option *o = v->opt;
	enum cli_use use = o->file == MW_OPT_READS ? CLI_READS : CLI_WRITES;
	int rc = 0;
	if (o->letter)
		mw_format(name, sizeof(name), "-%c", o->letter);
	else
		mw_format(name, sizeof(name), "--%s", o->name);
	for (const char *at = v->text; at && *at && rc == 0;) {
		size_t len = o->type == MW_OPT_PATHS ? strcspn(at, "\n") : strlen(at);
		if (len < sizeof(path)) {
			memcpy(path, at, len);
			path[len] = '\0';
			rc = add_labelled(f, use, name, o->letter ? ' ' : '=', path, err, n);
		}
		at += len + (at[len] == '\n');
	}
	return rc;
}

int cli_files_add_options(struct cli_files *f, const struct mw_opts *opts, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < opts->n && rc == 0; i++)
		if (opts->v[i].opt->file != MW_OPT_NO_FILE && opts->v[i].set)
			rc = add_option(f, &opts->v[i], err, n);
	return rc == 0 ? cli_files_add(f, CLI_MAY_WRITE, "standard output", NULL, err, n) : rc;
}

int cli_files_add_run(struct cli_files *f, const char *dir, bool rewrites, char *err, size_t n)
{
	char path[PATH_MAX];
	if (mw_fit(path, sizeof(path), "%s/records.jsonl", dir))
		return mw_fail(MW_ESPEC, err, n, "%s: name too long", dir);
	int rc = cli_files_add(f, CLI_READS, "the journal", path, err, n);
	mw_format(path, sizeof(path), "%s/results.json", dir); /* shorter */
	return rc == 0 ? cli_files_add(f, rewrites ? CLI_WRITES : CLI_READS, "the results", path, err, n) : rc;
}

/* ---- writing one ---- */

/* A stream on a copy of the descriptor: mw_output_commit needs fd after the stream is closed. */
static FILE *stream_on(int fd)
{
	int twin = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	FILE *f = twin < 0 ? NULL : fdopen(twin, "w");
	if (!f && twin >= 0) {
		int code = errno;
		(void)close(twin);
		errno = code;
	}
	return f;
}

int cli_out_fault(int rc)
{
	static const int places[] = {EACCES, EBADF,   EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENODEV,
				     ENOENT, ENOTDIR, ENXIO,  EPERM,  EROFS, ETXTBSY};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (rc == -places[i])
			return MW_ESPEC;
	return rc;
}

int cli_out_open_path(const char *option, const char *path, struct cli_out *out, char *err, size_t n)
{
	memset(out, 0, sizeof(*out));
	out->option = option;
	mw_clip(out->path, sizeof(out->path), "%s", path);
	int rc = mw_output_open(path, &out->to);
	if (rc == 0 && !(out->f = stream_on(out->to.fd))) {
		rc = -errno;
		mw_output_abort(&out->to);
	}
	if (rc == 0)
		return 0;
	return mw_fail(cli_out_fault(rc), err, n, "%s %s: cannot write: %s", option, path, mw_strerror(rc));
}

int cli_out_open(const struct cli *cli, struct cli_out *out, char *err, size_t n)
{
	if (cli->out_file) {
		int rc = cli_out_open_path("-o", cli->out_file, out, err, n);
		out->held = rc == 0 && cli->ends_at_signal && out->to.temp[0];
		if (out->held)
			file_hold_signals(&out->old);
		return rc;
	}
	memset(out, 0, sizeof(*out));
	out->f = stdout;
	return 0;
}

static void let_signals(struct cli_out *out)
{
	if (out->held)
		file_let_signals(&out->old);
	out->held = false;
}

int cli_out_commit(struct cli_out *out, char *err, size_t n)
{
	if (!out->f || out->f == stdout)
		return 0; /* main() checks the flush of stdout */
	errno = 0;
	int rc = ferror(out->f) || fflush(out->f) != 0 ? (errno ? -errno : cli_lost_cause(out->f)) : 0;
	if (fclose(out->f) != 0 && rc == 0)
		rc = errno ? -errno : -EIO;
	out->f = NULL;
	if (rc == 0)
		rc = mw_output_commit(&out->to);
	mw_output_abort(&out->to);
	let_signals(out);
	return rc < 0 ? mw_fail(rc, err, n, "%s %s: %s", out->option, out->path, mw_strerror(rc)) : 0;
}

int cli_lost_cause(FILE *f)
{
	return write(fileno(f), "\n", 1) < 0 ? -errno : -EIO;
}

int cli_out_close(struct cli_out *out, int rc, char *err, size_t n)
{
	if (rc == 0)
		return cli_out_commit(out, err, n);
	if (!out->f || !ferror(out->f) || *err)
		return rc;
	if (rc == -EIO)
		rc = cli_lost_cause(out->f);
	if (out->f == stdout)
		return mw_fail(rc, err, n, "cannot write standard output: %s", mw_strerror(rc));
	return mw_fail(rc, err, n, "%s %s: %s", out->option, out->path, mw_strerror(rc));
}

void cli_out_abort(struct cli_out *out)
{
	if (!out->f || out->f == stdout)
		return;
	(void)fclose(out->f);
	out->f = NULL;
	mw_output_abort(&out->to);
	let_signals(out);
}
