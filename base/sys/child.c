#include "base/sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"

/* The exit handler that runs first. It ends the child at once: the handlers of the program would flush its files a
 * second time. */
static void leave_at_once(int status, void *arg)
{
	(void)arg;
	_exit(status);
}

/* Closes all files but the socket, which moves to a number from 256 on; standard streams become /dev/null. Returns the
 * new number. */
static int close_other_files(int fd)
{
	int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3 && quiet >= 0; i++)
		(void)dup2(quiet, i);
	int mine = fcntl(fd, F_DUPFD_CLOEXEC, 256);
	if (mine < 0)
		mine = fd;
	if (mine > 3)
		(void)close_range(3, (unsigned)mine - 1, 0);
	(void)close_range((unsigned)mine + 1, ~0u, 0);
	return mine;
}

int mw_child_start(void (*serve)(void *arg, int fd), void *arg, struct mw_child *out, char *err, size_t n)
{
	int pair[2];
	*out = (struct mw_child){.fd = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return mw_fail(-errno, err, n, "socketpair: %s", mw_strerror(-errno));
	pid_t pid = fork();
	if (pid == 0) {
		(void)on_exit(leave_at_once, NULL);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Ctrl-C reaches the whole process group; the parent decides when the child ends. */
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		serve(arg, close_other_files(pair[1]));
		_exit(0);
	}
	int rc = pid < 0 ? -errno : 0;
	(void)close(pair[1]);
	if (rc) {
		(void)close(pair[0]);
		return mw_fail(rc, err, n, "fork: %s", mw_strerror(rc));
	}
	out->pid = pid;
	out->fd = pair[0];
	return 0;
}

bool mw_child_send(int fd, const void *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t put = send(fd, (const char *)p + done, n - done, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

bool mw_child_receive(int fd, void *p, size_t n, int timeout_ms)
{
	uint64_t deadline = mw_now_ns() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000;
	for (size_t done = 0; done < n;) {
		uint64_t now = mw_now_ns();
		struct pollfd pf = {.fd = fd, .events = POLLIN};
		int wait_ms = timeout_ms < 0 ? -1 : now < deadline ? (int)((deadline - now) / 1000000) + 1 : 0;
		int ready = poll(&pf, 1, wait_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return false;
		ssize_t got = recv(fd, (char *)p + done, n - done, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

void mw_child_end(struct mw_child *c, char *how, size_t n)
{
	if (c->pid <= 0)
		return;
	const struct timespec nap = {.tv_nsec = 5000000};
	int status = 0;
	pid_t gone = 0;
	/* The child may be ending already: its socket closes before the process ends. Wait for up to 0.1 s. */
	for (int i = 0; how && i < 20 && gone == 0; i++) {
		gone = waitpid(c->pid, &status, WNOHANG);
		if (gone == 0)
			(void)nanosleep(&nap, NULL);
	}
	if (gone == 0) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
		(void)mw_fail(0, how, n, "gave no answer");
	} else if (gone == c->pid && WIFSIGNALED(status)) {
		(void)mw_fail(0, how, n, "was killed by signal %d", WTERMSIG(status));
	} else {
		(void)mw_fail(0, how, n, "called exit(%d)", WEXITSTATUS(status));
	}
	(void)close(c->fd);
	*c = (struct mw_child){.fd = -1};
}
