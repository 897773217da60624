#include "reports/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/output.h"

/* Far more than the results of any run, but not so much that reading it uses up the memory. */
#define LARGEST ((off_t)1 << 30)

int file_open(const char *path, char *err, size_t n)
{
	/* O_NONBLOCK: do not wait for the writer of a pipe; it is refused later. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? mw_fail(-errno, err, n, "%s: %s", path, mw_strerror(-errno)) : fd;
}

/* Refuses pipes and devices, which may never end, and folders. */
static int check_regular(int fd, const char *path, char *err, size_t n)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return mw_fail(-errno, err, n, "%s: %s", path, mw_strerror(-errno));
	if (!S_ISREG(st.st_mode))
		return mw_fail(MW_EFORMAT, err, n, "%s: not a regular file; save it as one first", path);
	if (st.st_size > LARGEST)
		return mw_fail(-EFBIG, err, n, "%s: larger than 1 GiB, too large for a results file", path);
	return 0;
}

int file_read_fd(int fd, const char *path, char **text, size_t *size, char *err, size_t n)
{
	char *buf = NULL;
	size_t len = 0, cap = 0;
	*text = NULL;
	*size = 0;
	int rc = check_regular(fd, path, err, n);
	if (rc < 0)
		return rc;
	for (;;) {
		if (len > (size_t)LARGEST) { /* needed for files in /proc, whose size is 0 */
			rc = -EFBIG;
			break;
		}
		if (cap - len < 2) {
			char *more = realloc(buf, cap = cap ? 2 * cap : 1 << 16);
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			buf = more;
		}
		ssize_t got = pread(fd, buf + len, cap - len - 1, (off_t)len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = -errno;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	if (rc) {
		free(buf);
		return mw_fail(rc, err, n, "%s: %s", path, mw_strerror(rc));
	}
	buf[len] = '\0';
	*text = buf;
	*size = len;
	return 0;
}

int file_read(const char *path, char **text, size_t *size, char *err, size_t n)
{
	int fd = file_open(path, err, n);
	if (fd < 0)
		return fd;
	int rc = file_read_fd(fd, path, text, size, err, n);
	(void)close(fd);
	return rc;
}

void file_hold_signals(sigset_t *old)
{
	sigset_t stop;
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &stop, old);
}

void file_let_signals(const sigset_t *old)
{
	(void)pthread_sigmask(SIG_SETMASK, old, NULL);
}

bool file_is_special(const char *path)
{
	struct mw_place place;
	return mw_place_of(path, &place) == 0 && !place.replaced;
}

int file_write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t w = write(fd, text, size);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		text += w;
		size -= (size_t)w;
	}
	return 0;
}

static int replace(const char *path, const char *text, size_t size, char *err, size_t n)
{
	struct mw_output o;
	int rc = mw_output_open(path, &o);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s: cannot write: %s", path, mw_strerror(rc));
	rc = file_write_all(o.fd, text, size);
	if (rc == 0)
		rc = mw_output_commit(&o);
	mw_output_abort(&o);
	return rc ? mw_fail(rc, err, n, "%s: %s", path, mw_strerror(rc)) : 0;
}

int file_replace(const char *path, const char *text, size_t size, char *err, size_t n)
{
	sigset_t old;
	if (file_is_special(path))
		return replace(path, text, size, err, n);
	file_hold_signals(&old);
	int rc = replace(path, text, size, err, n);
	file_let_signals(&old);
	return rc;
}
