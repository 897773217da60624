#include "base/sys/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"

enum { SLOTS = 2, IO_ALIGN = 4096 };

struct slot {
	char *data;
	uint64_t offset;
	size_t bytes; /* to transfer */
	size_t done;
	int error;
	bool busy;
};

struct mw_stream {
	char path[4096], temp[4096];
	int fd;
	bool writing, committed, uring;
	bool handed; /* reader: the current block is with the caller */
	struct io_uring ring;
	size_t block;
	uint64_t size, submitted; /* submitted: file offset of the next transfer */
	struct slot slots[SLOTS];
	unsigned current;
};

static int io_error(const struct mw_stream *s, int rc, char *err, size_t n)
{
	return mw_fail(rc, err, n, "%s: %s: %s", s->path, s->writing ? "cannot write" : "cannot read", mw_strerror(rc));
}

static int submit(struct mw_stream *s, struct slot *slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);
	if (!sqe)
		return -EBUSY;
	size_t left = slot->bytes - slot->done;
	unsigned len = left > (1u << 30) ? 1u << 30 : (unsigned)left;
	if (s->writing)
		io_uring_prep_write(sqe, s->fd, slot->data + slot->done, len, slot->offset + slot->done);
	else
		io_uring_prep_read(sqe, s->fd, slot->data + slot->done, len, slot->offset + slot->done);
	io_uring_sqe_set_data(sqe, slot);
	int rc = io_uring_submit(&s->ring);
	return rc < 0 ? rc : 0;
}

/* Takes one completion; a short transfer goes on where it stopped. */
static int reap(struct mw_stream *s)
{
	struct io_uring_cqe *cqe;
	int rc = io_uring_wait_cqe(&s->ring, &cqe);
	if (rc < 0)
		return rc == -EINTR ? 0 : rc;
	struct slot *slot = io_uring_cqe_get_data(cqe);
	int res = cqe->res;
	io_uring_cqe_seen(&s->ring, cqe);
	if (res > 0)
		slot->done += (size_t)res;
	if ((res > 0 && slot->done < slot->bytes) || res == -EINTR || res == -EAGAIN) {
		rc = submit(s, slot);
		slot->busy = rc == 0; /* nothing is on its way: no one may wait for it */
		slot->error = rc;
		return rc;
	}
	slot->error = res < 0 ? res : res == 0 ? -EIO : 0; /* 0: the file shrank, or the disk takes no more */
	slot->busy = false;
	return 0;
}

static int wait_slot(struct mw_stream *s, struct slot *slot)
{
	int rc = 0;
	while (slot->busy && rc == 0)
		rc = reap(s);
	return rc < 0 ? rc : slot->error;
}

static int transfer_blocking(struct mw_stream *s, struct slot *slot)
{
	while (slot->done < slot->bytes) {
		char *p = slot->data + slot->done;
		off_t at = (off_t)(slot->offset + slot->done);
		ssize_t got = s->writing ? pwrite(s->fd, p, slot->bytes - slot->done, at)
					 : pread(s->fd, p, slot->bytes - slot->done, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		slot->done += (size_t)got;
	}
	return 0;
}

static int start(struct mw_stream *s, struct slot *slot, size_t bytes)
{
	slot->offset = s->submitted;
	slot->bytes = bytes;
	slot->done = 0;
	slot->error = 0;
	s->submitted += bytes;
	if (!s->uring)
		return transfer_blocking(s, slot);
	slot->busy = true;
	int rc = submit(s, slot);
	if (rc < 0)
		slot->busy = false;
	return rc;
}

static int start_read(struct mw_stream *s, struct slot *slot)
{
	uint64_t left = s->size - s->submitted;
	slot->bytes = 0;
	return left ? start(s, slot, left < s->block ? (size_t)left : s->block) : 0;
}

static int set_up(struct mw_stream *s, size_t block, char *err, size_t n)
{
	s->block = block;
	size_t bytes = (block + IO_ALIGN - 1) / IO_ALIGN * IO_ALIGN;
	for (int i = 0; i < SLOTS; i++) {
		s->slots[i].data = aligned_alloc(IO_ALIGN, bytes);
		if (!s->slots[i].data)
			return mw_fail(-ENOMEM, err, n, "%s: no memory for buffers of %zu bytes", s->path, block);
	}
	/* Containers and hardened kernels refuse io_uring with EPERM or ENOSYS: same result, one block at a time. */
	s->uring = io_uring_queue_init(2 * SLOTS, &s->ring, 0) == 0;
	return 0;
}

static struct mw_stream *create(const char *path, bool writing)
{
	struct mw_stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->fd = -1;
	s->writing = writing;
	(void)snprintf(s->path, sizeof(s->path), "%s", path);
	return s;
}

int mw_stream_reader(const char *path, size_t block, struct mw_stream **out, char *err, size_t n)
{
	*out = NULL;
	struct mw_stream *s = create(path, false);
	if (!s)
		return -ENOMEM;
	struct stat st;
	int rc = 0;
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		rc = mw_fail(MW_ESPEC, err, n, "%s: cannot read: %s", path, mw_strerror(-errno));
	else if (!S_ISREG(st.st_mode))
		rc = mw_fail(MW_ESPEC, err, n, "%s: not a regular file", path);
	else
		s->size = (uint64_t)st.st_size;
	if (rc == 0)
		rc = set_up(s, block, err, n);
	for (int i = 0; i < SLOTS && rc == 0; i++)
		if ((rc = start_read(s, &s->slots[i])) < 0)
			(void)io_error(s, rc, err, n);
	s->current = SLOTS - 1;
	if (rc < 0) {
		mw_stream_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

int mw_stream_writer(const char *path, size_t block, struct mw_stream **out, char *err, size_t n)
{
	*out = NULL;
	struct mw_stream *s = create(path, true);
	if (!s)
		return -ENOMEM;
	int rc = 0;
	if (snprintf(s->temp, sizeof(s->temp), "%s.XXXXXX", path) >= (int)sizeof(s->temp))
		rc = mw_fail(MW_ESPEC, err, n, "%.60s...: the name is too long", path);
	else if ((s->fd = mkostemp(s->temp, O_CLOEXEC)) < 0)
		rc = mw_fail(MW_ESPEC, err, n, "%s: cannot write: %s", path, mw_strerror(-errno));
	if (rc == 0)
		rc = set_up(s, block, err, n);
	if (rc < 0) {
		mw_stream_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

uint64_t mw_stream_size(const struct mw_stream *s)
{
	return s->size;
}

const char *mw_stream_method(const struct mw_stream *s)
{
	return s->uring ? "io_uring" : "pread/pwrite";
}

int mw_stream_next(struct mw_stream *s, const void **data, size_t *bytes, char *err, size_t n)
{
	/* The block handed out before is free now: read ahead into it. */
	int rc = s->handed ? start_read(s, &s->slots[s->current]) : 0;
	if (rc < 0)
		return io_error(s, rc, err, n);
	s->handed = true;
	s->current = (s->current + 1) % SLOTS;
	struct slot *slot = &s->slots[s->current];
	rc = wait_slot(s, slot);
	if (rc < 0)
		return io_error(s, rc, err, n);
	*data = slot->data;
	*bytes = slot->bytes;
	return 0;
}

int mw_stream_buffer(struct mw_stream *s, void **data, char *err, size_t n)
{
	s->current = (s->current + 1) % SLOTS;
	int rc = wait_slot(s, &s->slots[s->current]);
	if (rc < 0)
		return io_error(s, rc, err, n);
	*data = s->slots[s->current].data;
	return 0;
}

int mw_stream_put(struct mw_stream *s, size_t bytes, char *err, size_t n)
{
	int rc = start(s, &s->slots[s->current], bytes);
	return rc < 0 ? io_error(s, rc, err, n) : 0;
}

int mw_stream_commit(struct mw_stream *s, char *err, size_t n)
{
	int rc = 0;
	for (int i = 0; i < SLOTS; i++) {
		int one = wait_slot(s, &s->slots[i]);
		rc = rc < 0 ? rc : one;
	}
	mode_t mask = umask(0);
	(void)umask(mask);
	if (rc == 0 && (fchmod(s->fd, 0666 & ~mask) < 0 || fsync(s->fd) < 0 || rename(s->temp, s->path) < 0))
		rc = -errno;
	s->committed = rc == 0;
	return rc < 0 ? io_error(s, rc, err, n) : 0;
}

void mw_stream_close(struct mw_stream *s)
{
	if (!s)
		return;
	for (int i = 0; i < SLOTS; i++) {
		if (s->uring)
			(void)wait_slot(s, &s->slots[i]); /* the kernel still writes into the buffer */
		free(s->slots[i].data);
	}
	if (s->uring)
		io_uring_queue_exit(&s->ring);
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->writing && !s->committed && s->fd >= 0)
		(void)unlink(s->temp);
	free(s);
}
