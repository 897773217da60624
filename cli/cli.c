/* What every command shares: global options, output file, look-up, exit status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "bench/bench.h"
#include "cli/command.h"

const struct mw_option cli_global_options[] = {
	{.name = "format",
	 .type = MW_OPT_CHOICE,
	 .arg = "FORMAT",
	 .def = "table",
	 .choices = "table|csv|json|latex",
	 .help = "how results are printed"},
	{.name = "out-file", .letter = 'o', .type = MW_OPT_TEXT, .arg = "FILE", .help = "write there, not to stdout"},
	{.name = "help", .letter = 'h', .type = MW_OPT_FLAG, .help = "this text"},
	{.name = "version", .type = MW_OPT_FLAG, .help = "print the version"},
	MW_OPT_END,
};

const char *cli_word(const struct cli *cli, size_t i)
{
	return i < cli->opts.n_positional ? cli->opts.positional[i] : NULL;
}

const struct command *cli_find(const char *name, const struct bench **bench)
{
	*bench = NULL;
	for (const struct command *const *c = command_table; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	*bench = bench_find(name);
	return NULL;
}

int cli_unknown(const char *name, char *err, size_t n)
{
	const char *names[128] = {NULL};
	size_t count = 0;
	for (const struct command *const *c = command_table; *c && count < 100; c++)
		if (!(*c)->hidden)
			names[count++] = (*c)->name;
	for (const struct bench *const *b = bench_table; *b && count < 127; b++)
		names[count++] = (*b)->name;
	const char *near = mw_nearest(name, names);
	if (near)
		return mw_fail(MW_ESPEC, err, n, "unknown command '%s', did you mean '%s'?", name, near);
	return mw_fail(MW_ESPEC, err, n, "unknown command '%s', see 'memwall help'", name);
}

static FILE *open_out(struct cli_out *out)
{
	struct stat st;
	/* A file renamed onto a pipe or device would take its place. */
	bool special = stat(out->path, &st) == 0 && !S_ISREG(st.st_mode);
	if (special)
		out->temp[0] = '\0';
	int fd = special ? open(out->path, O_WRONLY | O_CLOEXEC) : mkostemp(out->temp, O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f || fd < 0)
		return f;
	int code = errno;
	(void)close(fd);
	if (!special)
		(void)unlink(out->temp);
	errno = code;
	return NULL;
}

int cli_out_open_path(const char *option, const char *path, struct cli_out *out, char *err, size_t n)
{
	memset(out, 0, sizeof(*out));
	out->option = option;
	int len = snprintf(out->temp, sizeof(out->temp), "%s.XXXXXX", path);
	if (len < 0 || (size_t)len >= sizeof(out->temp))
		return mw_fail(MW_ESPEC, err, n, "%s %.60s...: the name is too long", option, path);
	(void)snprintf(out->path, sizeof(out->path), "%s", path);
	out->f = open_out(out);
	if (out->f)
		return 0;
	return mw_fail(MW_ESPEC, err, n, "%s %s: cannot write: %s", option, path, mw_strerror(-errno));
}

int cli_out_open(const struct cli *cli, struct cli_out *out, char *err, size_t n)
{
	if (cli->out_file)
		return cli_out_open_path("-o", cli->out_file, out, err, n);
	memset(out, 0, sizeof(*out));
	out->f = stdout;
	return 0;
}

/* Everything on disk, with the mode that the user's mask asks for. */
static int finish(struct cli_out *out)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	errno = 0;
	if (ferror(out->f) || fflush(out->f) != 0)
		return errno ? -errno : -EIO;
	if (out->temp[0] && (fchmod(fileno(out->f), 0666 & ~mask) != 0 || fsync(fileno(out->f)) != 0))
		return -errno;
	return 0;
}

int cli_out_commit(struct cli_out *out, char *err, size_t n)
{
	if (!out->f || out->f == stdout)
		return 0; /* main() checks the flush of stdout */
	int rc = finish(out);
	if (fclose(out->f) != 0 && rc == 0)
		rc = errno ? -errno : -EIO;
	out->f = NULL;
	if (rc == 0 && out->temp[0] && rename(out->temp, out->path) != 0)
		rc = -errno;
	if (rc < 0 && out->temp[0])
		(void)unlink(out->temp);
	return rc < 0 ? mw_fail(rc, err, n, "%s %s: %s", out->option, out->path, mw_strerror(rc)) : 0;
}

void cli_out_abort(struct cli_out *out)
{
	if (!out->f || out->f == stdout)
		return;
	(void)fclose(out->f);
	if (out->temp[0])
		(void)unlink(out->temp);
	out->f = NULL;
}

int cli_exit_status(int rc, const atomic_int *stop)
{
	int sig = atomic_load(stop);
	if (sig == SIGINT)
		return CLI_SIGINT;
	if (sig == SIGTERM)
		return CLI_SIGTERM;
	switch (rc) {
	case 0:
		return CLI_OK;
	case MW_ESPEC:
		return CLI_USAGE;
	case MW_EUNAVAILABLE:
		return CLI_UNAVAILABLE;
	default:
		return CLI_FAILED;
	}
}
