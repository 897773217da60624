#include "bench/storage_io.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/magic.h>
#include <math.h>
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
#include "base/core/stats.h"
#include "base/core/text.h"

#define CHUNK (1u << 20)
#define LEAST_BYTES (16u << 20)
#define MAX_LATENCIES (1u << 16)

static int limit_reached(const struct storage_limit *l)
{
	if (l->stop && atomic_load_explicit(l->stop, memory_order_relaxed))
		return MW_ECANCELLED;
	return l->deadline_ns && mw_now_ns() >= l->deadline_ns ? MW_EBUDGET : 0;
}

/* ---- the file ---- */

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
	mw_format(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	ssize_t len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0)
		return;
	link[len] = '\0';
	const char *base = strrchr(link, '/');
	mw_clip(f->device, sizeof(f->device), "%s", base ? base + 1 : link);
	/* A partition has no queue folder: that of its disk is one level up. */
	for (int up = 0; up < 2 && f->rotational < 0; up++) {
		mw_format(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/rotational", major(st.st_dev),
			  minor(st.st_dev), up ? "../" : "");
		FILE *q = fopen(path, "re");
		if (!q)
			continue;
		if (fscanf(q, "%d", &f->rotational) != 1)
			f->rotational = -1;
		(void)fclose(q);
	}
}

static uint64_t stamp(uint64_t seed, uint64_t offset)
{
	uint64_t state = seed ^ (offset * 0x9e3779b97f4a7c15u + 1);
	return mw_random(&state);
}

void storage_fill(uint64_t seed, uint64_t offset, void *buf, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += STORAGE_BLOCK) {
		uint64_t first = stamp(seed, offset + at);
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

static int write_all(struct storage_file *f, void *chunk, const struct storage_limit *limit, char *err, size_t n)
{
	for (uint64_t at = 0; at < f->bytes;) {
		int rc = limit_reached(limit);
		if (rc == MW_EBUDGET && at >= LEAST_BYTES) {
			f->bytes = at;
			break;
		}
		if (rc)
			return mw_fail(rc, err, n, "%s after %llu of %llu MiB of the storage file", mw_strerror(rc),
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

/* ---- reads ---- */

struct slot {
	uint64_t offset, begin_ns;
};

struct storage_engine {
	bool uring;
	unsigned depth;
	struct io_uring ring;
	struct slot *slots;
	double *latency; /* MAX_LATENCIES */
};

bool storage_engine_uring(const struct storage_engine *e)
{
	return e->uring;
}

void storage_engine_close(struct storage_engine *e)
{
	if (!e)
		return;
	if (e->uring)
		io_uring_queue_exit(&e->ring);
	free(e->slots);
	free(e->latency);
	free(e);
}

int storage_engine_open(unsigned depth, bool use_uring, struct storage_engine **out, char *why, size_t n)
{
	*out = NULL;
	struct storage_engine *e = calloc(1, sizeof(*e));
	if (!e)
		return mw_fail(-ENOMEM, why, n, "storage: no memory");
	e->depth = depth ? depth : 1;
	e->slots = calloc(e->depth, sizeof(e->slots[0]));
	e->latency = calloc(MAX_LATENCIES, sizeof(e->latency[0]));
	if (!e->slots || !e->latency) {
		storage_engine_close(e);
		return mw_fail(-ENOMEM, why, n, "storage: no memory for %u reads in flight", depth);
	}
	int rc = use_uring ? io_uring_queue_init(e->depth, &e->ring, 0) : 0;
	e->uring = use_uring && rc == 0;
	if (n)
		why[0] = '\0';
	if (!use_uring)
		(void)mw_fail(0, why, n, "pread asked for");
	else if (rc)
		/* Kernels before 5.12 count the ring as locked memory (ulimit -l). */
		(void)mw_fail(0, why, n, "io_uring refused: %s%s", mw_strerror(rc),
			      rc == -ENOMEM ? " (see ulimit -l)" : "");
	*out = e;
	return 0;
}

struct sampler {
	struct storage_engine *e;
	const struct storage_file *f;
	const struct storage_load *load;
	char *buf;
	uint64_t *rng;
	uint64_t next; /* sequential position */
	uint64_t ops;
};

static char *slot_buf(const struct sampler *s, unsigned i)
{
	return s->buf + (size_t)i * s->load->block;
}

/* Clears the stamps of the first and the last 4 KiB block of a slot. */
static void clear_stamps(char *buf, uint32_t block)
{
	memset(buf, 0, 8);
	memset(buf + block - STORAGE_BLOCK, 0, 8);
}

static bool stamps_right(const struct sampler *s, const char *buf, uint64_t offset)
{
	uint64_t first, last;
	uint32_t tail = s->load->block - STORAGE_BLOCK;
	memcpy(&first, buf, 8);
	memcpy(&last, buf + tail, 8);
	return first == stamp(s->f->seed, offset) && last == stamp(s->f->seed, offset + tail);
}

static uint64_t next_offset(struct sampler *s)
{
	uint64_t blocks = s->f->bytes / s->load->block;
	if (s->load->random)
		return mw_random_below(s->rng, blocks) * s->load->block;
	uint64_t at = s->next;
	s->next = (at + 1) % blocks;
	return at * s->load->block;
}

/* Checks and counts one finished read. res: its byte count or -errno. */
static int finish(struct sampler *s, unsigned i, long res, char *err, size_t n)
{
	const struct slot *slot = &s->e->slots[i];
	uint64_t now = mw_now_ns();
	if (res < 0)
		return mw_fail((int)res, err, n, "read at %llu: %s", (unsigned long long)slot->offset,
			       mw_strerror((int)res));
	if (res != (long)s->load->block)
		return mw_fail(-EIO, err, n, "read at %llu: %ld of %u bytes", (unsigned long long)slot->offset, res,
			       s->load->block);
	if (!stamps_right(s, slot_buf(s, i), slot->offset))
		return mw_fail(MW_EVERIFY, err, n, "read at %llu: wrong data", (unsigned long long)slot->offset);
	if (s->ops < MAX_LATENCIES)
		s->e->latency[s->ops] = (double)(now - slot->begin_ns);
	s->ops++;
	return 0;
}

static void begin(struct sampler *s, unsigned i)
{
	struct slot *slot = &s->e->slots[i];
	slot->offset = next_offset(s);
	clear_stamps(slot_buf(s, i), s->load->block);
	slot->begin_ns = mw_now_ns();
}

static void submit(struct sampler *s, unsigned i)
{
	/* The ring has `depth` entries and no more are in flight, so there is always one. */
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->e->ring);
	begin(s, i);
	io_uring_prep_read(sqe, s->f->fd, slot_buf(s, i), s->load->block, s->e->slots[i].offset);
	io_uring_sqe_set_data64(sqe, i);
}

static bool go_on(const struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit)
{
	double elapsed = (double)(mw_now_ns() - begin_ns) * 1e-9;
	if (s->ops >= MAX_LATENCIES || limit_reached(limit))
		return false;
	double most = fmax(10 * s->load->seconds, 2.0);
	return elapsed < s->load->seconds || (s->ops < s->load->min_ops && elapsed < most);
}

static int run_uring(struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit, char *err, size_t n)
{
	unsigned in_flight = 0;
	int rc = 0;
	for (; in_flight < s->load->depth; in_flight++)
		submit(s, in_flight);
	/* Returns only after all reads have ended, because the kernel writes into the buffers until then. */
	while (in_flight > 0) {
		int got = io_uring_submit_and_wait(&s->e->ring, 1);
		if (got < 0 && got != -EINTR && got != -EAGAIN && got != -EBUSY) {
			/* The state of reads in flight is unknown: close the ring, which ends them. */
			io_uring_queue_exit(&s->e->ring);
			s->e->uring = false;
			return mw_fail(got, err, n, "io_uring: %s", mw_strerror(got));
		}
		bool more = rc == 0 && go_on(s, begin_ns, limit);
		struct io_uring_cqe *cqe;
		while (io_uring_peek_cqe(&s->e->ring, &cqe) == 0) {
			unsigned i = (unsigned)io_uring_cqe_get_data64(cqe);
			int res = cqe->res;
			io_uring_cqe_seen(&s->e->ring, cqe);
			int bad = finish(s, i, res, rc ? NULL : err, n);
			rc = rc ? rc : bad;
			if (more && !rc)
				submit(s, i);
			else
				in_flight--;
		}
	}
	return rc;
}

static int run_pread(struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit, char *err, size_t n)
{
	do {
		begin(s, 0);
		ssize_t got;
		do
			got = pread(s->f->fd, s->buf, s->load->block, (off_t)s->e->slots[0].offset);
		while (got < 0 && errno == EINTR);
		int rc = finish(s, 0, got < 0 ? -errno : (long)got, err, n);
		if (rc)
			return rc;
	} while (go_on(s, begin_ns, limit));
	return 0;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Nearest-rank percentile of sorted values; NaN when fewer than `least`. */
static double percentile(const double *v, uint64_t n, unsigned percent, uint64_t least)
{
	if (n < least)
		return (double)NAN;
	uint64_t rank = (n * percent + 99) / 100;
	return v[rank ? rank - 1 : 0];
}

int storage_sample(struct storage_engine *e, const struct storage_file *f, const struct storage_load *load, void *buf,
		   uint64_t *rng, const struct storage_limit *limit, struct storage_result *out, char *err, size_t n)
{
	if (load->block == 0 || load->block % STORAGE_BLOCK || load->block > f->bytes || load->depth == 0 ||
	    load->depth > e->depth || (!e->uring && load->depth > 1))
		return mw_fail(-EINVAL, err, n, "storage: block %u, depth %u", load->block, load->depth);
	struct sampler s = {.e = e, .f = f, .load = load, .buf = buf, .rng = rng};
	s.next = mw_random_below(rng, f->bytes / load->block);
	/* Without O_DIRECT, drop what the previous sample left in the page cache. */
	if (!f->direct)
		(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	uint64_t begin_ns = mw_now_ns();
	int rc = e->uring ? run_uring(&s, begin_ns, limit, err, n) : run_pread(&s, begin_ns, limit, err, n);
	out->ns = mw_now_ns() - begin_ns;
	out->ops = s.ops;
	uint64_t kept = s.ops < MAX_LATENCIES ? s.ops : MAX_LATENCIES;
	qsort(e->latency, kept, sizeof(e->latency[0]), compare_double);
	out->p50_ns = percentile(e->latency, kept, 50, 20);
	out->p99_ns = percentile(e->latency, kept, 99, 100);
	if (rc == 0 && limit->stop && atomic_load_explicit(limit->stop, memory_order_relaxed))
		rc = mw_fail(MW_ECANCELLED, err, n, "interrupted");
	return rc;
}
