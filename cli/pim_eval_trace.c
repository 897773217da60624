/* `memwall pim eval --trace`: the device's commands in a file, which appears when it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "cli/pim_eval.h"

static int write_text(void *ctx, const char *text, size_t n)
{
	const struct eval *e = ctx;
	if (atomic_load(e->stop))
		return MW_ECANCELLED;
	errno = 0;
	if (fwrite(text, 1, n, e->trace.file) == n)
		return 0;
	return errno ? -errno : -EIO;
}

static enum pim_trace_format format_of(const char *name)
{
	static const char *const names[] = {"drampower", "ramulator", "ramulator-host"};
	int i = 0;
	while (i < 2 && strcmp(names[i], name) != 0)
		i++;
	return (enum pim_trace_format)i;
}

/* A pipe or a device is written as it is: nothing can be renamed onto it. */
static int open_file(struct eval_trace *t, const char *path, char *err, size_t n)
{
	struct stat st;
	bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	if (strlen(path) >= sizeof(t->path))
		return mw_fail(MW_ESPEC, err, n, "--trace: the name is too long");
	(void)snprintf(t->path, sizeof(t->path), "%s", path);
	(void)snprintf(t->part, sizeof(t->part), "%s%s", path, special ? "" : ".XXXXXX");
	int fd = special ? open(path, O_WRONLY | O_CLOEXEC) : mkostemp(t->part, O_CLOEXEC);
	if (fd >= 0)
		t->file = fdopen(fd, "w");
	if (t->file)
		return 0;
	int rc = -errno;
	if (fd >= 0)
		(void)close(fd);
	return mw_fail(MW_ESPEC, err, n, "--trace %s: cannot write: %s", path, mw_strerror(rc));
}

int eval_trace_begin(struct eval *e, const struct mw_opts *opts, char *err, size_t n)
{
	static const char *const with[] = {"trace-format", "trace-channel", "aap"};
	const char *path = mw_opt_text(opts, "trace");
	for (size_t i = 0; !path && i < sizeof(with) / sizeof(with[0]); i++)
		if (mw_opt(opts, with[i])->given)
			return mw_fail(MW_ESPEC, err, n, "--%s is for --trace=FILE", with[i]);
	if (!path)
		return 0;
	struct eval_trace *t = &e->trace;
	int rc = open_file(t, path, err, n);
	if (rc < 0)
		return rc;
	const struct pim_trace_config c = {
		.size = sizeof(c),
		.format = format_of(mw_opt_text(opts, "trace-format")),
		.raw_aap = strcmp(mw_opt_text(opts, "aap"), "raw") == 0,
		.channel = (uint32_t)mw_opt_int(opts, "trace-channel"),
		.write = write_text,
		.ctx = e,
	};
	rc = pim_trace_begin(e->dev, &c);
	return rc < 0 ? eval_failed(e, rc, "--trace", err, n) : 0;
}

static bool is_temporary(const struct eval_trace *t)
{
	return strcmp(t->part, t->path) != 0;
}

int eval_trace_stop(struct eval *e, char *err, size_t n)
{
	struct eval_trace *t = &e->trace;
	if (!t->file || t->stopped)
		return 0;
	t->stopped = true;
	int rc = pim_trace_end(e->dev);
	return rc < 0 ? mw_fail(rc, err, n, "--trace %s: %s", t->path, mw_strerror(rc)) : 0;
}

int eval_trace_commit(struct eval *e, char *err, size_t n)
{
	struct eval_trace *t = &e->trace;
	int rc = eval_trace_stop(e, err, n);
	if (rc < 0 || !t->file)
		return rc;
	mode_t mask = umask(0);
	(void)umask(mask);
	errno = 0;
	if (fflush(t->file) != 0 || (is_temporary(t) && fchmod(fileno(t->file), 0666 & ~mask) != 0))
		rc = errno ? -errno : -EIO;
	if (fclose(t->file) != 0 && rc == 0)
		rc = errno ? -errno : -EIO;
	t->file = NULL;
	if (rc == 0 && is_temporary(t) && rename(t->part, t->path) != 0)
		rc = -errno;
	if (rc < 0 && is_temporary(t))
		(void)unlink(t->part);
	return rc < 0 ? mw_fail(rc, err, n, "--trace %s: %s", t->path, mw_strerror(rc)) : 0;
}

void eval_trace_abort(struct eval *e)
{
	struct eval_trace *t = &e->trace;
	if (!t->file)
		return;
	if (!t->stopped)
		(void)pim_trace_end(e->dev);
	(void)fclose(t->file);
	if (is_temporary(t))
		(void)unlink(t->part);
	t->file = NULL;
}
