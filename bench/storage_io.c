#include "bench/storage_io.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"

struct slot {
	uint64_t offset, begin_ns, accepted_ns;
	enum storage_op op;
};

struct storage_engine {
	bool uring;
	unsigned depth;
	struct io_uring ring;
	struct slot *slots;
	unsigned *prepared; /* slots that wait for being accepted, in their order */
	unsigned n_prepared;
	struct io_uring_cqe **done;
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
	free(e->prepared);
	free(e->done);
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
	e->prepared = calloc(e->depth, sizeof(e->prepared[0]));
	e->done = calloc(e->depth, sizeof(struct io_uring_cqe *));
	if (!e->slots || !e->prepared || !e->done) {
		storage_engine_close(e);
		return mw_fail(-ENOMEM, why, n, "storage: no memory for %u requests in flight", depth);
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

double storage_rate(const struct storage_result *r)
{
	return r->full_ns ? (double)r->full_ops / ((double)r->full_ns * 1e-9) : (double)NAN;
}

double storage_percentile(const struct mw_histogram *h, unsigned per_mille)
{
	uint64_t least = per_mille <= 950 ? 20 : per_mille <= 990 ? 100 : per_mille < 1000 ? 1000 : 1;
	return h->n < least ? (double)NAN : mw_histogram_quantile(h, per_mille);
}

/* ---- one request ---- */

struct sampler {
	struct storage_engine *e;
	const struct storage_file *f;
	const struct storage_load *load;
	struct storage_result *out;
	char *buf;
	uint64_t *rng;
	unsigned in_flight;  /* accepted by the kernel and not yet taken back */
	uint64_t next;       /* sequential position */
	uint64_t generation; /* of written blocks */
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
	return first == storage_stamp(s->f->seed, offset) && last == storage_stamp(s->f->seed, offset + tail);
}

/* Stamps every 4 KiB of what is about to be written, so that later reads find them; the word behind the stamp makes the
 * block differ from what the file held, because storage may leave out writes that change nothing. */
static void put_stamps(struct sampler *s, char *buf, uint64_t offset)
{
	for (uint32_t at = 0; at < s->load->block; at += STORAGE_BLOCK) {
		uint64_t words[2] = {storage_stamp(s->f->seed, offset + at), ++s->generation};
		memcpy(buf + at, words, sizeof(words));
	}
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

static enum storage_op next_op(struct sampler *s)
{
	unsigned percent = s->load->write_percent;
	if (percent == 0 || percent == 100)
		return percent ? STORAGE_WRITE : STORAGE_READ;
	return mw_random_below(s->rng, 100) < percent ? STORAGE_WRITE : STORAGE_READ;
}

/* Checks and counts one request that has ended at now_ns. res: its byte count or -errno. */
static int finish(struct sampler *s, unsigned i, long res, uint64_t now_ns, char *err, size_t n)
{
	static const char *const names[STORAGE_OPS] = {"read", "write"};
	const struct slot *slot = &s->e->slots[i];
	unsigned long long at = slot->offset;
	struct storage_times *t = &s->out->times[slot->op];
	if (res < 0)
		return mw_fail((int)res, err, n, "%s at %llu: %s", names[slot->op], at, mw_strerror((int)res));
	if (res != (long)s->load->block)
		return mw_fail(-EIO, err, n, "%s at %llu: %ld of %u bytes", names[slot->op], at, res, s->load->block);
	if (slot->op == STORAGE_READ && !stamps_right(s, slot_buf(s, i), slot->offset))
		return mw_fail(MW_EVERIFY, err, n, "read at %llu: wrong data", at);
	mw_histogram_add(&t->latency, now_ns - slot->begin_ns);
	if (slot->accepted_ns)
		mw_histogram_add(&t->completion, now_ns - slot->accepted_ns);
	s->out->ops++;
	return 0;
}

static void begin(struct sampler *s, unsigned i)
{
	struct slot *slot = &s->e->slots[i];
	slot->op = next_op(s);
	slot->offset = next_offset(s);
	if (slot->op == STORAGE_WRITE)
		put_stamps(s, slot_buf(s, i), slot->offset);
	else
		clear_stamps(slot_buf(s, i), s->load->block);
	slot->accepted_ns = 0;
	slot->begin_ns = mw_now_ns();
}

static bool go_on(const struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit)
{
	double elapsed = (double)(mw_now_ns() - begin_ns) * 1e-9;
	if (storage_limit_reached(limit))
		return false;
	double most = fmax(10 * s->load->seconds, 2.0);
	return elapsed < s->load->seconds || (s->out->ops < s->load->min_ops && elapsed < most);
}

/* ---- many at a time ---- */

static void prepare(struct sampler *s, unsigned i)
{
	/* The ring has `depth` entries and no more are in flight, so there is always one. */
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->e->ring);
	const struct slot *slot = &s->e->slots[i];
	begin(s, i);
	if (slot->op == STORAGE_WRITE)
		io_uring_prep_write(sqe, s->f->fd, slot_buf(s, i), s->load->block, slot->offset);
	else
		io_uring_prep_read(sqe, s->f->fd, slot_buf(s, i), s->load->block, slot->offset);
	io_uring_sqe_set_data64(sqe, i);
	s->e->prepared[s->e->n_prepared++] = i;
}

/* Gives the prepared requests to the kernel; it may take fewer, which stay prepared: one that is short of something
 * takes more after others have ended. Returns 0 or -errno. */
static int submit(struct sampler *s)
{
	struct storage_engine *e = s->e;
	int got = e->n_prepared ? io_uring_submit(&e->ring) : 0;
	if (got == -EINTR || (s->in_flight && (got == -EAGAIN || got == -EBUSY)))
		return 0;
	if (got <= 0)
		return got;
	uint64_t now = mw_now_ns();
	for (int k = 0; k < got; k++)
		e->slots[e->prepared[k]].accepted_ns = now;
	e->n_prepared -= (unsigned)got;
	memmove(e->prepared, e->prepared + got, e->n_prepared * sizeof(e->prepared[0]));
	s->in_flight += (unsigned)got;
	s->out->in_flight = s->in_flight > s->out->in_flight ? s->in_flight : s->out->in_flight;
	s->out->submissions++;
	return 0;
}

/* Each request is submitted by itself, as fio does. Requests that are submitted together end together, and the device
 * waits while the next ones are prepared: 32 at a time reached 0.82 of the rate. */
static int start_one(struct sampler *s, unsigned i)
{
	prepare(s, i);
	return submit(s);
}

/* Waits for at least one request if any is in flight and takes what has ended. The time is looked at once, after all of
 * it is known to have ended. Returns how many ended, or -errno. */
static int wait(struct sampler *s, uint64_t *now_ns)
{
	struct io_uring_cqe *one;
	int rc = s->in_flight ? io_uring_wait_cqe(&s->e->ring, &one) : 0;
	if (rc < 0)
		return rc == -EINTR || rc == -EAGAIN ? 0 : rc;
	unsigned got = io_uring_peek_batch_cqe(&s->e->ring, s->e->done, s->e->depth);
	*now_ns = mw_now_ns();
	return (int)got;
}

/* Takes the time in which the queue was full: its first call is with the first result. */
static void note_full(struct storage_result *out, uint64_t now_ns, uint64_t *first_ns, uint64_t *first_ops)
{
	if (!*first_ns) {
		*first_ns = now_ns;
		*first_ops = out->ops;
	}
	out->full_ns = now_ns - *first_ns;
	out->full_ops = out->ops - *first_ops;
}

/* The state of requests in flight is unknown: closes the ring, which ends them. */
static int give_up(struct storage_engine *e, int rc, char *err, size_t n)
{
	io_uring_queue_exit(&e->ring);
	e->uring = false;
	return mw_fail(rc, err, n, "io_uring: %s", mw_strerror(rc));
}

static int run_uring(struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit, char *err, size_t n)
{
	struct storage_engine *e = s->e;
	uint64_t first_ns = 0, first_ops = 0;
	int rc = 0, ring = 0;
	bool more = true;
	e->n_prepared = 0;
	for (unsigned i = 0; i < s->load->depth && ring == 0; i++)
		ring = start_one(s, i);
	/* Returns only after all requests have ended, because the kernel uses the buffers until then. */
	while (ring == 0 && (s->in_flight > 0 || e->n_prepared > 0)) {
		uint64_t now = 0;
		ring = submit(s);
		int got = ring ? ring : wait(s, &now);
		if (got < 0)
			return give_up(e, got, err, n);
		bool full = more;
		more = more && rc == 0 && go_on(s, begin_ns, limit);
		for (int k = 0; k < got && ring == 0; k++) {
			unsigned i = (unsigned)io_uring_cqe_get_data64(e->done[k]);
			int bad = finish(s, i, e->done[k]->res, now, rc ? NULL : err, n);
			rc = rc ? rc : bad;
			s->in_flight--;
			if (more && !rc)
				ring = start_one(s, i);
		}
		io_uring_cq_advance(&e->ring, (unsigned)got);
		if (full && got > 0)
			note_full(s->out, now, &first_ns, &first_ops);
	}
	return ring ? give_up(e, ring, err, n) : rc;
}

/* ---- one at a time ---- */

static ssize_t transfer(const struct sampler *s)
{
	const struct slot *slot = &s->e->slots[0];
	ssize_t got;
	do
		got = slot->op == STORAGE_WRITE ? pwrite(s->f->fd, s->buf, s->load->block, (off_t)slot->offset)
						: pread(s->f->fd, s->buf, s->load->block, (off_t)slot->offset);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int run_one_by_one(struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit, char *err, size_t n)
{
	s->out->in_flight = 1;
	do {
		begin(s, 0);
		ssize_t got = transfer(s);
		int rc = finish(s, 0, got, mw_now_ns(), err, n);
		if (rc)
			return rc;
	} while (go_on(s, begin_ns, limit));
	return 0;
}

/* Each request is the call that makes the block before it durable. */
static int run_sync(struct sampler *s, uint64_t begin_ns, const struct storage_limit *limit, char *err, size_t n)
{
	bool all = s->load->sync == STORAGE_FSYNC;
	s->out->in_flight = 1;
	do {
		begin(s, 0);
		ssize_t got = transfer(s);
		s->e->slots[0].begin_ns = mw_now_ns();
		if (got >= 0 && (all ? fsync(s->f->fd) : fdatasync(s->f->fd)))
			return mw_fail(-errno, err, n, "%s: %s", all ? "fsync" : "fdatasync", mw_strerror(-errno));
		int rc = finish(s, 0, got, mw_now_ns(), err, n);
		if (rc)
			return rc;
	} while (go_on(s, begin_ns, limit));
	return 0;
}

/* ---- a sample ---- */

static bool load_is_possible(const struct storage_engine *e, const struct storage_file *f, const struct storage_load *l)
{
	bool block = l->block > 0 && l->block % STORAGE_BLOCK == 0 && l->block <= f->bytes;
	bool depth = l->depth > 0 && l->depth <= e->depth && (e->uring || l->depth == 1);
	bool sync = l->sync == STORAGE_NO_SYNC || (l->depth == 1 && l->write_percent == 100);
	return block && depth && sync && l->write_percent <= 100;
}

int storage_sample(struct storage_engine *e, const struct storage_file *f, const struct storage_load *load, void *buf,
		   uint64_t *rng, const struct storage_limit *limit, struct storage_result *out, char *err, size_t n)
{
	if (!load_is_possible(e, f, load))
		return mw_fail(-EINVAL, err, n, "storage: block %u, depth %u", load->block, load->depth);
	struct sampler s = {.e = e, .f = f, .load = load, .out = out, .buf = buf, .rng = rng};
	memset(out, 0, sizeof(*out));
	s.next = mw_random_below(rng, f->bytes / load->block);
	s.generation = mw_random(rng);
	if (load->write_percent)
		storage_fill(mw_random(rng), 0, buf, (size_t)load->depth * load->block);
	/* Without O_DIRECT, drop what the previous sample left in the page cache. */
	if (!f->direct)
		(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	uint64_t begin_ns = mw_now_ns();
	int rc = load->sync ? run_sync(&s, begin_ns, limit, err, n)
		 : e->uring ? run_uring(&s, begin_ns, limit, err, n)
			    : run_one_by_one(&s, begin_ns, limit, err, n);
	out->ns = mw_now_ns() - begin_ns;
	/* One at a time there is no queue to fill; nor is there in a sample of one batch. */
	if (out->full_ops == 0) {
		out->full_ops = out->ops;
		out->full_ns = out->ns;
	}
	if (rc == 0 && limit->stop && atomic_load_explicit(limit->stop, memory_order_relaxed))
		rc = mw_fail(MW_ECANCELLED, err, n, "interrupted");
	return rc;
}
