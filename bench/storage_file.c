#include "bench/storage_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/histogram.h"
#include "base/core/stats.h"
#include "base/core/text.h"

#define CHUNK (1u << 20)
#define LEAST_BYTES (16u << 20)

int storage_limit_reached(const struct storage_limit *l)
{
	if (l->stop && atomic_load_explicit(l->stop, memory_order_relaxed))
		return MW_ECANCELLED;
	return l->deadline_ns && mw_now_ns() >= l->deadline_ns ? MW_EBUDGET : 0;
}

static void fs_name(long magic, char *out, size_t n)
{
	static const struct {
		long magic;
		const char *name;
	} known[] = {
		{EXT4_SUPER_MAGIC, "ext4"},   {XFS_SUPER_MAGIC, "xfs"},   {BTRFS_SUPER_MAGIC, "btrfs"},
		{F2FS_SUPER_MAGIC, "f2fs"},   {NFS_SUPER_MAGIC, "nfs"},   {OVERLAYFS_SUPER_MAGIC, "overlay"},
		{TMPFS_MAGIC, "tmpfs"},       {RAMFS_MAGIC, "ramfs"},     {V9FS_MAGIC, "9p"},
		{FUSE_SUPER_MAGIC, "fuse"},   {0x2fc12fc1, "zfs"},        {0x0bd00bd0, "lustre"},
		{HUGETLBFS_MAGIC, "hugetlb"}, {SQUASHFS_MAGIC, "squash"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].magic == magic) {
			mw_format(out, n, "%s", known[i].name);
			return;
		}
	mw_format(out, n, "0x%lx", (unsigned long)magic & 0xffffffff);
}

int storage_check_dir(const char *dir, uint64_t bytes, char *why, size_t n)
{
	struct statfs fs;
	if (statfs(dir, &fs))
		return mw_fail(MW_EUNAVAILABLE, why, n, "%s: %s", dir, mw_strerror(-errno));
	char name[16];
	fs_name(fs.f_type, name, sizeof(name));
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC || fs.f_type == HUGETLBFS_MAGIC)
		return mw_fail(MW_EUNAVAILABLE, why, n, "%s is on %s, which is memory, not storage", dir, name);
	if (access(dir, W_OK | X_OK))
		return mw_fail(MW_EUNAVAILABLE, why, n, "%s: %s", dir, mw_strerror(-errno));
	uint64_t have = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	if (have < bytes + bytes / 8)
		return mw_fail(MW_EUNAVAILABLE, why, n, "%s: %llu MiB free, not enough for a file of %llu MiB", dir,
			       (unsigned long long)(have >> 20), (unsigned long long)(bytes >> 20));
	return 0;
}

static void describe_device(struct storage_file *f)
{
	struct stat st;
	struct statfs fs;
	char path[96], link[256];
	f->rotational = -1;
	if (fstatfs(f->fd, &fs) == 0)
		fs_name(fs.f_type, f->fs, sizeof(f->fs));
	if (fstat(f->fd, &st))
		return;
	f->major = major(st.st_dev);
	f->minor = minor(st.st_dev);
	mw_format(path, sizeof(path), "/sys/dev/block/%u:%u", f->major, f->minor);
	ssize_t len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0)
		return;
	link[len] = '\0';
	const char *base = strrchr(link, '/');
	mw_clip(f->device, sizeof(f->device), "%s", base ? base + 1 : link);
	/* A partition has no queue folder: that of its disk is one level up. */
	for (int up = 0; up < 2 && f->rotational < 0; up++) {
		mw_format(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/rotational", f->major, f->minor,
			  up ? "../" : "");
		FILE *q = fopen(path, "re");
		if (!q)
			continue;
		if (fscanf(q, "%d", &f->rotational) != 1)
			f->rotational = -1;
		(void)fclose(q);
	}
}

uint64_t storage_stamp(uint64_t seed, uint64_t offset)
{
	uint64_t state = seed ^ (offset * 0x9e3779b97f4a7c15u + 1);
	return mw_random(&state);
}

void storage_fill(uint64_t seed, uint64_t offset, void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += STORAGE_BLOCK) {
		uint64_t first = storage_stamp(seed, offset + at);
		uint64_t state = first;
		uint64_t words[STORAGE_BLOCK / 8] = {first};
		for (size_t i = 1; i < STORAGE_BLOCK / 8; i++)
			words[i] = mw_random(&state);
		memcpy((char *)buf + at, words, sizeof(words));
	}
}

int storage_verify(uint64_t seed, uint64_t offset, const void *buf, size_t bytes)
{
	uint64_t want[STORAGE_BLOCK / 8];
	for (size_t at = 0; at < bytes; at += STORAGE_BLOCK) {
		storage_fill(seed, offset + at, want, sizeof(want));
		if (memcmp((const char *)buf + at, want, sizeof(want)) != 0)
			return MW_EVERIFY;
	}
	return 0;
}

static int open_nameless(const char *dir, int flags)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	/* O_TMPFILE or O_DIRECT is refused; the open below tells which. */
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/memwall-storage-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC | flags);
	int rc = fd < 0 ? -errno : fd;
	/* mkostemp may have created the file before O_DIRECT was refused. */
	if (fd >= 0 || rc == -EINVAL)
		(void)unlink(path);
	return rc;
}

/* What the descriptor says, not what was asked for: some file systems drop the flag. */
static bool is_direct(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && (flags & O_DIRECT);
}

static int write_all(struct storage_file *f, void *chunk, const struct storage_limit *limit, char *err, size_t n)
{
	for (uint64_t at = 0; at < f->bytes;) {
		int rc = storage_limit_reached(limit);
		if (rc == MW_EBUDGET && at >= LEAST_BYTES) {
			f->bytes = at;
			break;
		}
		if (rc)
			return mw_fail(rc, err, n, "%s after %llu of %llu MiB of the storage file",
				       rc == MW_EBUDGET ? "no time left" : mw_strerror(rc),
				       (unsigned long long)(at >> 20), (unsigned long long)(f->bytes >> 20));
		storage_fill(f->seed, at, chunk, CHUNK);
		for (size_t done = 0; done < CHUNK;) {
			ssize_t got = pwrite(f->fd, (char *)chunk + done, CHUNK - done, (off_t)(at + done));
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				return got < 0 ? -errno : -EIO;
			done += (size_t)got;
		}
		at += CHUNK;
	}
	if (fdatasync(f->fd))
		return -errno;
	return 0;
}

int storage_create(const char *dir, uint64_t bytes, uint64_t seed, bool try_direct, const struct storage_limit *limit,
		   struct storage_file *f, char *err, size_t n)
{
	*f = (struct storage_file){.fd = -1, .bytes = bytes, .seed = seed, .direct = try_direct};
	if (bytes == 0 || bytes % CHUNK)
		return mw_fail(-EINVAL, err, n, "storage file of %llu bytes: not a multiple of 1 MiB",
			       (unsigned long long)bytes);
	void *chunk = NULL;
	int rc = storage_check_dir(dir, bytes, err, n);
	if (rc)
		return rc;
	if (!try_direct)
		mw_format(f->direct_why, sizeof(f->direct_why), "not asked for");
	if (posix_memalign(&chunk, STORAGE_BLOCK, CHUNK))
		return mw_fail(-ENOMEM, err, n, "storage: no memory");
	for (;;) {
		f->fd = open_nameless(dir, f->direct ? O_DIRECT : 0);
		rc = f->fd < 0 ? f->fd : write_all(f, chunk, limit, err, n);
		if (rc == 0 && f->direct && !is_direct(f->fd))
			rc = -EINVAL;
		/* Some file systems refuse O_DIRECT in open, others at the first transfer. */
		if (rc != -EINVAL || !f->direct)
			break;
		mw_format(f->direct_why, sizeof(f->direct_why), "O_DIRECT refused by the file system");
		f->direct = false;
		storage_destroy(f);
	}
	free(chunk);
	if (rc == 0) {
		describe_device(f);
		return 0;
	}
	/* A directory with too little space is unavailable, not an error. */
	if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "%s: %s while writing a file of %llu MiB%s", dir, mw_strerror(rc),
			     (unsigned long long)(bytes >> 20), rc == -EFBIG ? " (see ulimit -f)" : "");
	else if (rc != MW_ECANCELLED && rc != MW_EBUDGET)
		(void)mw_fail(rc, err, n, "%s: %s", dir, mw_strerror(rc));
	storage_destroy(f);
	return rc;
}

void storage_destroy(struct storage_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}

/* ---- signs of a cache below this system ---- */

static int reread_pass(const struct storage_file *f, void *buf, const uint64_t *offsets, size_t n,
		       const struct storage_limit *limit, struct mw_histogram *times)
{
	mw_histogram_clear(times);
	for (size_t i = 0; i < n && storage_limit_reached(limit) == 0; i++) {
		uint64_t begin_ns = mw_now_ns();
		ssize_t got;
		do
			got = pread(f->fd, buf, STORAGE_BLOCK, (off_t)offsets[i]);
		while (got < 0 && errno == EINTR);
		if (got != STORAGE_BLOCK)
			return got < 0 ? -errno : -EIO;
		mw_histogram_add(times, mw_now_ns() - begin_ns);
	}
	return 0;
}

int storage_reread(const struct storage_file *f, void *buf, uint64_t *rng, const struct storage_limit *limit,
		   double pass_ns[2])
{
	enum { BLOCKS = 256, LEAST = 20 };
	uint64_t offsets[BLOCKS];
	struct mw_histogram *times = malloc(sizeof(*times));
	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < BLOCKS; i++)
		offsets[i] = mw_random_below(rng, f->bytes / STORAGE_BLOCK) * STORAGE_BLOCK;
	if (!f->direct)
		(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	size_t n = BLOCKS;
	int rc = 0;
	for (int pass = 0; pass < 2 && rc == 0; pass++) {
		rc = reread_pass(f, buf, offsets, n, limit, times);
		n = (size_t)times->n; /* the second pass reads what the first one did */
		pass_ns[pass] = mw_histogram_quantile(times, 500);
		if (rc == 0 && n < LEAST)
			rc = MW_EBUDGET;
	}
	free(times);
	return rc;
}

/* A seek and half a turn of a disk of 15000 rpm take 2 ms and more; flash needs 20 us to sense a page, the fastest
 * memories behind NVMe 5 us. What is clearly faster, no device of the class can have answered. */
#define ROTATING_NS 1e6
#define SOLID_STATE_NS 3e3
#define SECOND_SHARE 0.7

bool storage_cache_suspect(const struct storage_file *f, const double pass_ns[2], char *words, size_t n)
{
	double first_us = pass_ns[0] * 1e-3, second_us = pass_ns[1] * 1e-3;
	double fast = pass_ns[0] < pass_ns[1] ? pass_ns[0] : pass_ns[1];
	if (!f->direct)
		mw_format(words, n, "yes: the page cache of this system was not bypassed");
	else if (f->rotational == 1 && fast < ROTATING_NS)
		mw_format(words, n,
			  "yes: a random read took %.1f us, and no rotating disk, as which it presents itself, can do "
			  "that: a cache below this system answers, or it is no such disk",
			  fast * 1e-3);
	else if (fast < SOLID_STATE_NS)
		mw_format(words, n, "yes: a random read took %.1f us, less than any storage device needs", fast * 1e-3);
	else if (pass_ns[1] < SECOND_SHARE * pass_ns[0])
		mw_format(words, n, "yes: the same blocks took %.1f us at first and %.1f us the second time", first_us,
			  second_us);
	else {
		mw_format(words, n,
			  "no sign: the same blocks took %.1f us at first and %.1f us the second time (a cache that "
			  "kept the whole file as it was written shows none)",
			  first_us, second_us);
		return false;
	}
	return true;
}
