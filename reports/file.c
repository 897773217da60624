#include "reports/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"

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

/* The rename is durable only when its folder is. Some file systems refuse that: then there is nothing to add. */
static void sync_folder(const char *path)
{
	char dir[4096];
	(void)snprintf(dir, sizeof(dir), "%s", path);
	char *slash = strrchr(dir, '/');
	if (!slash)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		slash[slash == dir] = '\0';
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
}

int file_replace(const char *path, const char *text, size_t size, char *err, size_t n)
{
	char temporary[4096];
	struct stat st;
	/* A pipe or /dev/stdout cannot be renamed onto. */
	bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	int rc = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
	if (rc >= (int)sizeof(temporary))
		return mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", path);
	int fd = special ? open(path, O_WRONLY | O_CLOEXEC)
			 : open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return mw_fail(-errno, err, n, "%s: %s", path, strerror(errno));
	rc = file_write_all(fd, text, size);
	if (rc == 0 && !special && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && !special && rename(temporary, path) != 0)
		rc = -errno;
	if (rc == 0 && !special)
		sync_folder(path);
	if (rc && !special)
		(void)unlink(temporary);
	return rc ? mw_fail(rc, err, n, "%s: %s", path, mw_strerror(rc)) : 0;
}
