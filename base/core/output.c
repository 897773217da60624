#include "base/core/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/core/text.h"

enum { MAX_LINKS = 40, NOT_A_DESCRIPTOR = -1, OF_ANOTHER_PROCESS = -2 };

/* ---- where a path leads ---- */

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The folder that holds the last component; path has at most sizeof(mw_place.path) bytes, as out. */
static void folder_of(const char *path, char *out, size_t n)
{
	int len = (int)(name_of(path) - path);
	if (len == 0)
		mw_format(out, n, ".");
	else
		mw_format(out, n, "%.*s", len > 1 ? len - 1 : 1, path);
}

/* N when link is /proc/<this process>/fd/N under any name. Such a link stands for an open descriptor: the path that
 * readlink gives need not exist. */
static int descriptor_of(const char *link)
{
	char dir[PATH_MAX], real[PATH_MAX], self[PATH_MAX];
	struct statfs fs;
	folder_of(link, dir, sizeof(dir));
	if (statfs(dir, &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC || !realpath(dir, real))
		return NOT_A_DESCRIPTOR;
	size_t len = strlen(real);
	if (len < 3 || strcmp(real + len - 3, "/fd") != 0)
		return NOT_A_DESCRIPTOR;
	if (!realpath("/proc/self", self))
		return OF_ANOTHER_PROCESS;
	len = strlen(self);
	return strncmp(real, self, len) == 0 && real[len] == '/' ? atoi(name_of(link)) : OF_ANOTHER_PROCESS;
}

/* Follows the links of p->path. realpath() cannot: the last link may point to a file that does not exist yet, or be a
 * descriptor. */
static int follow(struct mw_place *p)
{
	char to[PATH_MAX], dir[PATH_MAX];
	for (int i = 0; i < MAX_LINKS; i++) {
		ssize_t len = readlink(p->path, to, sizeof(to) - 1);
		if (len < 0)
			return 0; /* not a link, or does not exist */
		to[len] = '\0';
		int fd = descriptor_of(p->path);
		if (fd != NOT_A_DESCRIPTOR) {
			p->fd = fd >= 0 ? fd : -1;
			p->replaced = false;
			return 0;
		}
		folder_of(p->path, dir, sizeof(dir));
		int need = *to == '/' ? snprintf(p->path, sizeof(p->path), "%s", to)
				      : snprintf(p->path, sizeof(p->path), "%s/%s", dir, to);
		if (need < 0 || (size_t)need >= sizeof(p->path))
			return -ENAMETOOLONG;
	}
	return -ELOOP;
}

static void id_of(const struct stat *st, struct mw_file_id *id)
{
	*id = (struct mw_file_id){.dev = st->st_dev, .ino = st->st_ino, .exists = true, .stream = S_ISCHR(st->st_mode)};
}

static int id_of_missing(const char *path, struct mw_file_id *id)
{
	char dir[PATH_MAX];
	struct stat st;
	folder_of(path, dir, sizeof(dir));
	const char *name = name_of(path);
	if (!*name)
		return -ENOENT;
	if (strlen(name) >= sizeof(id->name))
		return -ENAMETOOLONG;
	if (stat(dir, &st) != 0)
		return -errno;
	*id = (struct mw_file_id){.dev = st.st_dev, .ino = st.st_ino};
	mw_format(id->name, sizeof(id->name), "%s", name);
	return 0;
}

int mw_place_of(const char *path, struct mw_place *out)
{
	struct stat st;
	memset(out, 0, sizeof(*out));
	out->fd = -1;
	out->replaced = true;
	if (strlen(path) >= sizeof(out->path))
		return -ENAMETOOLONG;
	mw_format(out->path, sizeof(out->path), "%s", path);
	/* stat first: the kernel refuses links that it does not trust (fs.protected_symlinks). */
	bool there = stat(path, &st) == 0;
	if (!there && errno != ENOENT)
		return -errno;
	int rc = follow(out);
	if (rc < 0)
		return rc;
	if (!there)
		return id_of_missing(out->path, &out->id);
	if (out->fd >= 0 && fstat(out->fd, &st) != 0)
		return -errno;
	id_of(&st, &out->id);
	out->replaced = out->replaced && S_ISREG(st.st_mode);
	out->mode = st.st_mode;
	out->uid = st.st_uid;
	out->gid = st.st_gid;
	return 0;
}

int mw_file_id(const char *path, struct mw_file_id *out)
{
	struct stat st;
	if (stat(path, &st) == 0) {
		id_of(&st, out);
		return 0;
	}
	return errno == ENOENT ? id_of_missing(path, out) : -errno;
}

int mw_file_id_fd(int fd, struct mw_file_id *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	id_of(&st, out);
	return 0;
}

bool mw_same_file(const struct mw_file_id *a, const struct mw_file_id *b)
{
	return !a->stream && a->dev == b->dev && a->ino == b->ino && a->exists == b->exists &&
	       strcmp(a->name, b->name) == 0;
}

/* ---- writing ---- */

static int open_through(const char *path, const struct mw_place *p)
{
	if (p->fd >= 0) {
		int flags = fcntl(p->fd, F_GETFL);
		if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
			errno = EBADF;
			return -1;
		}
		return flags < 0 ? -1 : fcntl(p->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	}
	/* A regular file here is a descriptor of another process: append, so that what that process wrote stays. */
	return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (S_ISREG(p->mode) ? O_APPEND : 0));
}

static int open_beside(struct mw_output *o)
{
	if (o->place.id.exists && faccessat(AT_FDCWD, o->place.path, W_OK, AT_EACCESS) != 0)
		return -1;
	int len = snprintf(o->temp, sizeof(o->temp), "%s.XXXXXX", o->place.path);
	if (len < 0 || (size_t)len >= sizeof(o->temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkostemp(o->temp, O_CLOEXEC);
}

int mw_output_open(const char *path, struct mw_output *o)
{
	memset(o, 0, sizeof(*o));
	o->fd = -1;
	int rc = mw_place_of(path, &o->place);
	if (rc < 0)
		return rc;
	if (S_ISDIR(o->place.mode))
		return -EISDIR;
	o->fd = o->place.replaced ? open_beside(o) : open_through(path, &o->place);
	if (o->fd >= 0)
		return 0;
	rc = -errno;
	o->temp[0] = '\0';
	return rc;
}

static void set_owner_and_mode(int fd, const struct mw_place *p)
{
	mode_t mode = p->mode & 0777;
	if (!p->id.exists) {
		mode_t mask = umask(0);
		(void)umask(mask);
		mode = 0666 & ~mask;
	} else if (fchown(fd, p->uid, p->gid) != 0) {
		(void)fchown(fd, (uid_t)-1, p->gid); /* only root may change the owner; try the group alone */
	}
	(void)fchmod(fd, mode);
}

/* Makes the rename durable by fsync of the folder. Errors are ignored: some file systems refuse it. */
static void sync_folder(const char *path)
{
	char dir[PATH_MAX];
	folder_of(path, dir, sizeof(dir));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
}

int mw_output_commit(struct mw_output *o)
{
	int rc = 0;
	if (o->fd < 0)
		return -EBADF;
	if (o->temp[0]) {
		set_owner_and_mode(o->fd, &o->place);
		rc = fsync(o->fd) == 0 ? 0 : -errno;
	}
	if (close(o->fd) != 0 && rc == 0)
		rc = -errno;
	o->fd = -1;
	if (rc == 0 && o->temp[0] && rename(o->temp, o->place.path) != 0)
		rc = -errno;
	if (o->temp[0] && rc == 0)
		sync_folder(o->place.path);
	else if (o->temp[0])
		(void)unlink(o->temp);
	o->temp[0] = '\0';
	return rc;
}

void mw_output_abort(struct mw_output *o)
{
	if (o->fd < 0)
		return;
	(void)close(o->fd);
	o->fd = -1;
	if (o->temp[0])
		(void)unlink(o->temp);
	o->temp[0] = '\0';
}
