#include "base/sys/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/output.h"
#include "base/core/text.h"

/* Two blocks are in transfer while the caller works on the third, so that the disk does not wait for the caller. */
enum { SLOTS = MW_STREAM_BUFFERS, IO_ALIGN = 4096 };

struct slot {
	char *data;
	uint64_t offset;
	size_t bytes; /* to transfer */
	size_t done;
	int error;
	bool busy;
};

struct mw_stream {
	char path[4096];
	int fd;
	struct mw_output out; /* writer; its descriptor is fd */
	bool writing, uring;
	bool in_order; /* a pipe or descriptor: no offsets, no holes */
	bool direct;   /* O_DIRECT: bypasses the page cache */
	bool handed;   /* reader: the caller uses the current block */
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

/* Bytes of the slot still to transfer, at most 1 GiB. Direct transfers need whole sectors: the last block is rounded up
 * to sectors (mw_stream_commit cuts the file to its length), and a transfer that stopped inside a sector repeats that
 * sector. */
static size_t rest(const struct mw_stream *s, struct slot *slot)
{
	size_t end = slot->bytes;
	if (s->direct) {
		slot->done -= slot->done % IO_ALIGN;
		end = (end + IO_ALIGN - 1) / IO_ALIGN * IO_ALIGN;
	}
	size_t left = end - slot->done;
	return left > (1u << 30) ? 1u << 30 : left;
}

static void leave_direct(struct mw_stream *s)
{
	int flags = fcntl(s->fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(s->fd, F_SETFL, flags & ~O_DIRECT);
	s->direct = false;
}

/* Without O_DIRECT: drops the pages that were read and starts write-back of those written, so that a large file does
 * not fill the memory limit of a container with page cache. */
static void forget(const struct mw_stream *s, const struct slot *slot)
{
	off_t at = (off_t)slot->offset, bytes = (off_t)slot->bytes;
	if (s->direct)
		return;
	if (s->writing)
		(void)sync_file_range(s->fd, at, bytes, SYNC_FILE_RANGE_WRITE);
	(void)posix_fadvise(s->fd, s->writing ? 0 : at, s->writing ? at : bytes, POSIX_FADV_DONTNEED);
}

static int submit(struct mw_stream *s, struct slot *slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);
	if (!sqe)
		return -EBUSY;
	unsigned len = (unsigned)rest(s, slot);
	if (s->writing)
		io_uring_prep_write(sqe, s->fd, slot->data + slot->done, len, slot->offset + slot->done);
	else
		io_uring_prep_read(sqe, s->fd, slot->data + slot->done, len, slot->offset + slot->done);
	io_uring_sqe_set_data(sqe, slot);
	int rc = io_uring_submit(&s->ring);
	return rc < 0 ? rc : 0;
}

/* Waits for one completion. A short transfer is continued where it stopped. */
static int reap(struct mw_stream *s)
{
	struct io_uring_cqe *cqe;
	int rc = io_uring_wait_cqe(&s->ring, &cqe);
	if (rc < 0)
		return rc == -EINTR ? 0 : rc;
	struct slot *slot = io_uring_cqe_get_data(cqe);
	int res = cqe->res;
	io_uring_cqe_seen(&s->ring, cqe);
	/* Some file systems accept O_DIRECT in open and refuse the transfer. */
	bool refused = res == -EINVAL && s->direct;
	if (refused)
		leave_direct(s);
	if (res > 0)
		slot->done += (size_t)res;
	if ((res > 0 && slot->done < slot->bytes) || res == -EINTR || res == -EAGAIN || refused) {
		rc = submit(s, slot);
		slot->busy = rc == 0; /* after an error nothing is in transfer: nobody may wait for it */
		slot->error = rc;
		return rc;
	}
	slot->error = res < 0 ? res : res == 0 ? -EIO : 0; /* 0: the file became shorter, or the disk is full */
	slot->busy = false;
	if (slot->error == 0)
		forget(s, slot);
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
		size_t len = rest(s, slot);
		char *p = slot->data + slot->done;
		off_t at = (off_t)(slot->offset + slot->done);
		ssize_t got = s->in_order  ? write(s->fd, p, len)
			      : s->writing ? pwrite(s->fd, p, len, at)
					   : pread(s->fd, p, len, at);
		if (got < 0 && errno == EINVAL && s->direct)
			leave_direct(s);
		else if (got < 0 && errno != EINTR)
			return -errno;
		else if (got == 0)
			return -EIO;
		else if (got > 0)
			slot->done += (size_t)got;
	}
	forget(s, slot);
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
	int flags = fcntl(s->fd, F_GETFL);
	s->direct = !s->in_order && block % IO_ALIGN == 0 && flags >= 0 && fcntl(s->fd, F_SETFL, flags | O_DIRECT) == 0;
	size_t bytes = (block + IO_ALIGN - 1) / IO_ALIGN * IO_ALIGN;
	for (int i = 0; i < SLOTS; i++) {
		s->slots[i].data = aligned_alloc(IO_ALIGN, bytes);
		if (!s->slots[i].data)
			return mw_fail(-ENOMEM, err, n, "%s: no memory for buffers of %zu bytes", s->path, block);
		memset(s->slots[i].data + block, 0, bytes - block);
	}
	/* Containers and hardened kernels refuse io_uring with EPERM or ENOSYS; then blocks are transferred one at a
	 * time. */
	s->uring = !s->in_order && io_uring_queue_init(2 * SLOTS, &s->ring, 0) == 0;
	return 0;
}

static struct mw_stream *create(const char *path, bool writing)
{
	struct mw_stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->fd = -1;
	s->writing = writing;
	mw_clip(s->path, sizeof(s->path), "%s", path);
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
	int rc = mw_output_open(path, &s->out);
	s->fd = s->out.fd;
	s->in_order = !s->out.temp[0];
	if (rc < 0)
		rc = mw_fail(MW_ESPEC, err, n, "%s: cannot write: %s", path, mw_strerror(rc));
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
	if (s->direct)
		return s->uring ? "io_uring, O_DIRECT" : "pread/pwrite, O_DIRECT";
	return s->uring ? "io_uring" : "pread/pwrite";
}

int mw_stream_next(struct mw_stream *s, const void **data, size_t *bytes, char *err, size_t n)
{
	/* The caller is done with the previous block: read ahead into its buffer. */
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

static bool all_zero(const char *p, size_t n)
{
	return n == 0 || (*p == 0 && memcmp(p, p + 1, n - 1) == 0);
}

int mw_stream_put(struct mw_stream *s, size_t bytes, char *err, size_t n)
{
	if (!s->in_order && all_zero(s->slots[s->current].data, bytes)) {
		s->submitted += bytes;
		return 0;
	}
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
	/* Cuts what was written beyond the end in the last sector, and sets the length where the file ends in a
	 * hole. */
	if (rc == 0 && !s->in_order && ftruncate(s->fd, (off_t)s->submitted) < 0)
		rc = -errno;
	if (rc == 0) {
		rc = mw_output_commit(&s->out);
		s->fd = -1;
	}
	return rc < 0 ? io_error(s, rc, err, n) : 0;
}

void mw_stream_close(struct mw_stream *s)
{
	if (!s)
		return;
	for (int i = 0; i < SLOTS; i++) {
		if (s->uring)
			(void)wait_slot(s, &s->slots[i]); /* the kernel may still use the buffer */
		free(s->slots[i].data);
	}
	if (s->uring)
		io_uring_queue_exit(&s->ring);
	if (s->writing)
		mw_output_abort(&s->out);
	else if (s->fd >= 0)
		(void)close(s->fd);
	free(s);
}
