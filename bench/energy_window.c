#include "bench/energy_window.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/core/clock.h"
#include "base/core/err.h"

#define EDGE_LIMIT_NS 50000000u
#define SETTLE_NS 50000000u
#define POLL_NS 100000000u /* to integrate power sensors, and not to miss a wrap of a counter */
#define PIECE (256u << 10) /* bytes read between two looks at the clock; takes below 0.1 ms */

static bool moved_since(const struct window_meter *w, const struct energy_reading *a, const struct energy_reading *b)
{
	for (size_t i = 0; i < w->n; i++)
		if (a->ticks[i] != b->ticks[i])
			return true;
	return false;
}

int window_edge(struct window_meter *w, struct energy_reading *r, bool *moved, char *err, size_t n)
{
	struct energy_reading first;
	int rc = w->m->read(w->state, &first, err, n);
	uint64_t begin = mw_now_ns(), now = begin;
	*moved = false;
	*r = first;
	/* Reads the clock before the counters. So the last reading is taken after the limit, even if this thread was
	 * descheduled in between, before the loop reports that no counter moved. */
	while (rc == 0 && !*moved && now - begin < EDGE_LIMIT_NS) {
		now = mw_now_ns();
		rc = w->m->read(w->state, r, err, n);
		*moved = rc == 0 && moved_since(w, &first, r);
	}
	return rc;
}

static bool is_set(const atomic_int *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed) != 0;
}

static void finish(struct window *out, bool first, bool last)
{
	out->aligned = first && last;
	out->seconds = (double)(out->b.t_ns - out->a.t_ns) * 1e-9;
}

int window_idle(struct window_meter *w, double seconds, const atomic_int *stop, struct window *out, char *err, size_t n)
{
	bool first, last;
	memset(out, 0, sizeof(*out));
	int rc = window_edge(w, &out->a, &first, err, n);
	if (rc)
		return rc;
	/* Sleeps 0.1 s at a time, so that Ctrl-C is quick; ten readings per second do not change the idle power
	 * measurably. */
	while ((double)(mw_now_ns() - out->a.t_ns) * 1e-9 < seconds) {
		const struct timespec nap = {.tv_nsec = POLL_NS};
		if (is_set(stop))
			return mw_fail(MW_ECANCELLED, err, n, "interrupted");
		rc = w->m->read(w->state, &out->b, err, n);
		if (rc)
			return rc;
		double left = seconds * 1e9 - (double)(mw_now_ns() - out->a.t_ns);
		const struct timespec rest = {.tv_nsec = left > 0 ? (long)left : 0};
		(void)nanosleep(left < POLL_NS ? &rest : &nap, NULL);
	}
	rc = window_edge(w, &out->b, &last, err, n);
	finish(out, first, last);
	return rc;
}

/* One cache line per member, so that the counters cause no traffic between cores. */
struct progress {
	_Alignas(64) atomic_uint_fast64_t bytes;
};

struct load_job {
	struct window_meter *w;
	const char *buf;
	size_t bytes;
	double seconds;
	const atomic_int *stop;
	struct window *out;
	char *err;
	size_t en;
	int rc;
	atomic_bool over;
	atomic_uint_fast64_t sink; /* keeps the compiler from removing the reads */
	struct progress *read;
	int members;
};

static uint64_t read_piece(const char *p, size_t bytes)
{
	const uint64_t *v = (const uint64_t *)(const void *)p;
	uint64_t s[8] = {0};
	for (size_t i = 0; i + 8 <= bytes / 8; i += 8)
		for (size_t k = 0; k < 8; k++)
			s[k] += v[i + k];
	return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

struct walker {
	const char *base;
	size_t bytes, at;
};

static void walk(struct load_job *j, struct walker *k, int rank)
{
	size_t piece = k->bytes - k->at < PIECE ? k->bytes - k->at : PIECE;
	uint64_t sum = read_piece(k->base + k->at, piece);
	k->at = k->at + piece < k->bytes ? k->at + piece : 0;
	(void)atomic_fetch_add_explicit(&j->read[rank].bytes, piece, memory_order_relaxed);
	if (sum == 42) /* uses the sum in a way that the compiler cannot remove */
		atomic_store_explicit(&j->sink, sum, memory_order_relaxed);
}

static uint64_t bytes_so_far(struct load_job *j)
{
	uint64_t sum = 0;
	for (int i = 0; i < j->members; i++)
		sum += atomic_load_explicit(&j->read[i].bytes, memory_order_relaxed);
	return sum;
}

static int walk_for(struct load_job *j, struct walker *k, double ns)
{
	struct energy_reading r;
	uint64_t begin = mw_now_ns(), polled = begin, now = begin;
	for (; (double)(now - begin) < ns && !is_set(j->stop); now = mw_now_ns()) {
		walk(j, k, 0);
		if (now - polled < POLL_NS)
			continue;
		int rc = j->w->m->read(j->w->state, &r, j->err, j->en);
		if (rc)
			return rc;
		polled = now;
	}
	return 0;
}

/* Run by member 0: settling time, edge, load, edge. It stops reading for about a millisecond at each edge; the others
 * go on. */
static void meter_window(struct load_job *j, struct walker *k)
{
	bool first = false, last = false;
	j->rc = walk_for(j, k, SETTLE_NS);
	if (j->rc == 0)
		j->rc = window_edge(j->w, &j->out->a, &first, j->err, j->en);
	uint64_t begin = bytes_so_far(j);
	if (j->rc == 0)
		j->rc = walk_for(j, k, j->seconds * 1e9);
	if (j->rc == 0)
		j->rc = window_edge(j->w, &j->out->b, &last, j->err, j->en);
	j->out->bytes = bytes_so_far(j) - begin;
	finish(j->out, first, last);
}

static void load_member(void *arg, int rank, int n)
{
	struct load_job *j = arg;
	size_t begin, end;
	mw_team_slice(j->bytes, 4096, rank, n, &begin, &end);
	struct walker k = {.base = j->buf + begin, .bytes = end - begin};
	if (rank == 0) {
		meter_window(j, &k);
		atomic_store(&j->over, true);
		return;
	}
	while (k.bytes && !atomic_load_explicit(&j->over, memory_order_relaxed))
		walk(j, &k, rank);
}

int window_load(struct window_meter *w, struct mw_team *team, const void *buf, size_t bytes, double seconds,
		const atomic_int *stop, struct window *out, char *err, size_t n)
{
	int members = mw_team_size(team);
	memset(out, 0, sizeof(*out));
	if (bytes / 4096 < (size_t)members)
		return mw_fail(-EINVAL, err, n, "a load of %zu byte is too small for %d threads", bytes, members);
	struct load_job j = {.w = w, .buf = buf, .bytes = bytes, .seconds = seconds, .stop = stop, .out = out};
	j.err = err;
	j.en = n;
	j.members = members;
	void *read = NULL;
	if (posix_memalign(&read, 64, (size_t)members * sizeof(*j.read)))
		return mw_fail(-ENOMEM, err, n, "no memory");
	memset(read, 0, (size_t)members * sizeof(*j.read));
	j.read = read;
	int rc = mw_team_run(team, members, load_member, &j);
	free(read);
	if (rc)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	if (j.rc == 0 && is_set(stop))
		return mw_fail(MW_ECANCELLED, err, n, "interrupted");
	return j.rc;
}
