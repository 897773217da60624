#include "reports/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/output.h"

int file_read(const char *path, char **text, size_t *size, char *err, size_t n)
{
	char *buf = NULL;
	size_t len = 0, cap = 0;
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return mw_fail(-errno, err, n, "%s: %s", path, strerror(errno));
	for (;;) {
		if (cap - len < 2) {
			char *more = realloc(buf, cap = cap ? 2 * cap : 1 << 16);
			if (!more) {
				rc = -ENOMEM;
				break;
			}
			buf = more;
		}
		ssize_t got = read(fd, buf + len, cap - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = -errno;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	(void)close(fd);
	if (rc) {
		free(buf);
		return mw_fail(rc, err, n, "%s: %s", path, mw_strerror(rc));
	}
	buf[len] = '\0';
	*text = buf;
	*size = len;
	return 0;
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

int file_replace(const char *path, const char *text, size_t size, char *err, size_t n)
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
