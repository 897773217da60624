#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "reports/figure.h"
#include "reports/file.h"

/* Limits for a gnuplot that does not end. A figure normally takes about 0.1 s and 100 KB. */
#define LIMIT_S 60
#define LIMIT_MIB 256

/* Standard input, output and error are memory files, so that no pipe can fill up and no file remains on disk. */
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

/* Runs in the child, which must not allocate memory here. The child is killed when its parent dies. */
static void become(const char *program, const struct channel *c, char *const *argv, char *const *env, pid_t parent)
{
	const struct rlimit seconds = {LIMIT_S, LIMIT_S + 1}, none = {0, 0}; /* SIGKILL at the hard limit */
	const struct rlimit bytes = {(rlim_t)LIMIT_MIB << 20, (rlim_t)LIMIT_MIB << 20};
	sigset_t all;
	(void)setpgid(0, 0); /* own process group, so that gnuplot's children can be killed with it */
	(void)sigemptyset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)signal(SIGXCPU, SIG_DFL);
	(void)setrlimit(RLIMIT_CPU, &seconds);
	(void)setrlimit(RLIMIT_FSIZE, &bytes);
	(void)setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(c->in, 0) == 0 &&
	    dup2(c->out, 1) == 1 && dup2(c->err, 2) == 2 && fcntl(0, F_SETFD, 0) == 0 && fcntl(1, F_SETFD, 0) == 0 &&
	    fcntl(2, F_SETFD, 0) == 0)
		(void)execvpe(program, argv, env);
}

/* -d: read no start-up files. C locale: decimal points. */
static int spawn(const char *program, const struct channel *c, pid_t *pid)
{
	char name[] = "gnuplot", quiet[] = "-d", input[] = "-";
	char locale[] = "LC_ALL=C.UTF-8", home[] = "HOME=/nonexistent";
	char *argv[] = {name, quiet, input, NULL};
	const char *old = getenv("PATH");
	struct mw_buf path = {0};
	int pipe_fd[2], cause = 0;
	mw_buf_add(&path, "PATH=%s", old ? old : "/usr/local/bin:/usr/bin:/bin");
	char *env[] = {locale, path.p, home, NULL};
	int piped = path.failed ? -ENOMEM : pipe2(pipe_fd, O_CLOEXEC) != 0 ? -errno : 0;
	if (piped) {
		mw_buf_fini(&path);
		return piped;
	}
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		become(program, c, argv, env, parent);
		cause = errno;
		(void)!write(pipe_fd[1], &cause, sizeof(cause));
		(void)kill(getpid(), SIGKILL);
	}
	int rc = child < 0 ? -errno : 0;
	mw_buf_fini(&path);
	(void)close(pipe_fd[1]);
	/* The child's end closes when the program starts; otherwise the child writes the error to it. */
	if (rc == 0 && read(pipe_fd[0], &cause, sizeof(cause)) == (ssize_t)sizeof(cause)) {
		(void)waitpid(child, NULL, 0);
		rc = cause ? -cause : -EIO;
	}
	(void)close(pipe_fd[0]);
	*pid = child;
	return rc;
}

/* Waits for the child; kills it after LIMIT_S and returns true then. */
static bool ended_late(pid_t pid, int *status)
{
	uint64_t start = mw_now_ns();
	bool late = false;
	while (waitpid(pid, status, WNOHANG) == 0) {
		late = mw_now_ns() - start > LIMIT_S * UINT64_C(1000000000);
		if (late) {
			(void)kill(-pid, SIGKILL);
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, status, 0);
			break;
		}
		(void)poll(NULL, 0, 5);
	}
	return late;
}

/* Says it and returns the code. */
static int fail(int code, struct mw_buf *why, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(int code, struct mw_buf *why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(why, fmt, ap);
	va_end(ap);
	return code;
}

static int complain(int fd, struct mw_buf *why)
{
	char *text = NULL;
	size_t size = 0;
	if (slurp(fd, &text, &size) || !text)
		return fail(MW_EFORMAT, why, "gnuplot failed");
	/* Its complaint follows an echo of the line and a caret. */
	const char *at = strstr(text, "line ");
	if (!at)
		at = text;
	(void)fail(MW_EFORMAT, why, "gnuplot failed: %.*s", (int)strcspn(at, "\n"), at);
	free(text);
	return MW_EFORMAT;
}

int gnuplot_run(const char *program, const char *script, size_t script_size, char **out, size_t *out_size,
		struct mw_buf *why)
{
	struct channel c = {memory_file("script"), memory_file("plot"), memory_file("complaints")};
	pid_t pid = 0;
	int status = 0, rc = 0;
	if (c.in < 0 || c.out < 0 || c.err < 0)
		rc = fail(-EMFILE, why, "gnuplot: no memory file to talk through");
	if (rc == 0 && ((rc = file_write_all(c.in, script, script_size)) || lseek(c.in, 0, SEEK_SET) != 0))
		rc = fail(rc ? rc : -EIO, why, "gnuplot: the script cannot be written");
	if (rc)
		goto out;
	rc = spawn(program ? program : "gnuplot", &c, &pid);
	if (rc) {
		rc = fail(rc == -ENOENT || rc == -EACCES ? MW_EUNAVAILABLE : rc, why, "gnuplot: %s", mw_strerror(rc));
		goto out;
	}
	if (ended_late(pid, &status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
		rc = fail(MW_EBUDGET, why, "gnuplot did not end within %d s", LIMIT_S);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		rc = fail(MW_EFORMAT, why, "gnuplot drew a figure of more than %d MiB", LIMIT_MIB);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		rc = fail(MW_EUNAVAILABLE, why, "gnuplot cannot be run");
	else if (WEXITSTATUS(status) != 0)
		rc = complain(c.err, why);
	else if (slurp(c.out, out, out_size))
		rc = fail(-ENOMEM, why, "gnuplot: out of memory");
out:
	if (c.in >= 0)
		(void)close(c.in);
	if (c.out >= 0)
		(void)close(c.out);
	if (c.err >= 0)
		(void)close(c.err);
	return rc;
}
