#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/core/err.h"
#include "reports/figure.h"
#include "reports/file.h"

/* Input, output and complaints go through memory files: no pipe can fill up, nothing is left on disk. */
struct channel {
	int in, out, err;
};

static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int slurp(int fd, char **text, size_t *size)
{
	off_t len = lseek(fd, 0, SEEK_END);
	if (len < 0)
		return -errno;
	char *buf = malloc((size_t)len + 1);
	if (!buf)
		return -ENOMEM;
	size_t got = 0;
	while (got < (size_t)len) {
		ssize_t r = pread(fd, buf + got, (size_t)len - got, (off_t)got);
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	buf[got] = '\0';
	*text = buf;
	*size = got;
	return 0;
}

/* -d: no start-up files. The C locale: decimal points. */
static int spawn(const char *program, const struct channel *c, pid_t *pid)
{
	char name[] = "gnuplot", quiet[] = "-d", input[] = "-";
	char locale[] = "LC_ALL=C.UTF-8", path[4096], home[] = "HOME=/nonexistent";
	char *argv[] = {name, quiet, input, NULL};
	const char *old = getenv("PATH");
	(void)snprintf(path, sizeof(path), "PATH=%s", old ? old : "/usr/local/bin:/usr/bin:/bin");
	char *env[] = {locale, path, home, NULL};
	posix_spawn_file_actions_t actions;
	int rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return -rc;
	if ((rc = posix_spawn_file_actions_adddup2(&actions, c->in, 0)) == 0 &&
	    (rc = posix_spawn_file_actions_adddup2(&actions, c->out, 1)) == 0 &&
	    (rc = posix_spawn_file_actions_adddup2(&actions, c->err, 2)) == 0)
		rc = posix_spawnp(pid, program, &actions, NULL, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static int complain(int fd, char *err, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	if (slurp(fd, &text, &size) || !text)
		return mw_fail(MW_EFORMAT, err, n, "gnuplot failed");
	/* Its complaint follows an echo of the line and a caret. */
	const char *at = strstr(text, "line ");
	if (!at)
		at = text;
	(void)mw_fail(MW_EFORMAT, err, n, "gnuplot failed: %.*s", (int)strcspn(at, "\n"), at);
	free(text);
	return MW_EFORMAT;
}

int gnuplot_run(const char *program, const char *script, size_t script_size, char **out, size_t *out_size, char *err,
		size_t n)
{
	struct channel c = {memory_file("script"), memory_file("plot"), memory_file("complaints")};
	pid_t pid = 0;
	int status = 0, rc = 0;
	if (c.in < 0 || c.out < 0 || c.err < 0)
		rc = mw_fail(-EMFILE, err, n, "gnuplot: no memory file to talk through");
	if (rc == 0 && ((rc = file_write_all(c.in, script, script_size)) || lseek(c.in, 0, SEEK_SET) != 0))
		rc = mw_fail(rc ? rc : -EIO, err, n, "gnuplot: the script cannot be written");
	if (rc)
		goto out;
	rc = spawn(program ? program : "gnuplot", &c, &pid);
	if (rc) {
		rc = mw_fail(rc == -ENOENT || rc == -EACCES ? MW_EUNAVAILABLE : rc, err, n, "gnuplot: %s",
			     strerror(-rc));
		goto out;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "gnuplot cannot be run");
	else if (WEXITSTATUS(status) != 0)
		rc = complain(c.err, err, n);
	else if (slurp(c.out, out, out_size))
		rc = mw_fail(-ENOMEM, err, n, "gnuplot: out of memory");
out:
	if (c.in >= 0)
		(void)close(c.in);
	if (c.out >= 0)
		(void)close(c.out);
	if (c.err >= 0)
		(void)close(c.err);
	return rc;
}
