#include "bench/interconnect_link.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

/* ---- who is where ---- */

static int package_of(int cpu)
{
	char path[96];
	uint64_t package = 0;
	int root = mw_tree_open("/");
	mw_format(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
	int rc = root < 0 ? root : mw_tree_u64(root, path, &package);
	if (root >= 0)
		(void)close(root);
	return rc == 0 && package <= INT32_MAX ? (int)package : -1;
}

/* Words of the library, or those of the code. */
static int failed(int rc, const char *words, char *err, size_t n)
{
	return mw_fail(rc, err, n, "%s", words[0] ? words : mw_strerror(rc));
}

int link_open(struct link_world *w, const struct messages *lib, char *err, size_t n)
{
	char words[MESSAGES_ERR] = "";
	*w = (struct link_world){.lib = lib};
	int rc = lib->start(&w->rank, &w->size, w->detail, sizeof(w->detail), words);
	if (rc < 0)
		return failed(rc, words, err, n);
	struct link_place own = {.package = -1};
	(void)gethostname(own.host, sizeof(own.host) - 1);
	own.cpu = sched_getcpu();
	own.package = own.cpu < 0 ? -1 : package_of(own.cpu);
	w->places = calloc((size_t)w->size, sizeof(*w->places));
	rc = w->places ? lib->gather(&own, sizeof(own), w->places, words) : -ENOMEM;
	return rc < 0 ? failed(rc, words, err, n) : 0;
}

void link_close(struct link_world *w)
{
	free(w->places);
	free(w->out);
	free(w->in);
	*w = (struct link_world){.lib = NULL};
}

const char *link_distance_words(enum link_distance d)
{
	static const char *const words[LINK_DISTANCES] = {"one socket", "two sockets", "two hosts"};
	return words[d];
}

enum link_distance link_distance(const struct link_place *a, const struct link_place *b)
{
	if (strcmp(a->host, b->host) != 0)
		return LINK_HOSTS;
	return a->package == b->package ? LINK_SOCKET : LINK_SOCKETS;
}

enum link_distance link_widest(const struct link_world *w)
{
	enum link_distance most = LINK_SOCKET;
	for (int i = 0; i < w->size; i++)
		for (int k = 0; k < i; k++) {
			enum link_distance d = link_distance(&w->places[i], &w->places[k]);
			most = d > most ? d : most;
		}
	return most;
}

int link_hosts(const struct link_world *w)
{
	int n = 0;
	for (int i = 0; i < w->size; i++) {
		bool first = true;
		for (int k = 0; k < i && first; k++)
			first = strcmp(w->places[i].host, w->places[k].host) != 0;
		n += first;
	}
	return n;
}

int link_peer(const struct link_world *w, enum link_distance d)
{
	for (int i = 1; i < w->size; i++)
		if (link_distance(&w->places[0], &w->places[i]) == d)
			return i;
	return -1;
}

uint32_t link_window(uint64_t bytes)
{
	enum { MOST = 16, MOST_BYTES = 16 << 20 };
	uint64_t fit = bytes ? MOST_BYTES / bytes : MOST;
	return fit < 1 ? 1 : fit > MOST ? MOST : (uint32_t)fit;
}

double link_value(const struct link_job *job, uint64_t ns)
{
	double one = (double)ns / (double)job->iterations, sent = (double)job->bytes * job->window;
	switch (job->op) {
	case LINK_PING_PONG:
		return one / 2;
	case LINK_ONE_WAY:
		return sent / one;
	case LINK_BOTH_WAYS:
		return 2 * sent / one;
	default:
		return one;
	}
}

/* ---- contents ---- */

/* Contents of the messages of a process: words that depend on seed, process and place. The first word of each message
 * says the iteration as well. */
static uint64_t first_word(const struct link_job *j, int from, uint64_t iteration, uint32_t message)
{
	uint64_t state = j->seed ^ ((uint64_t)(uint32_t)from << 48) ^ (iteration << 8) ^ message;
	return mw_random(&state);
}

static uint64_t contents_seed(const struct link_job *j, int from)
{
	return j->seed + UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(uint32_t)(from + 1);
}

static void fill(const struct link_job *j, int from, char *buf)
{
	uint64_t state = contents_seed(j, from);
	for (size_t at = 0; at < j->bytes * j->window; at += 8) {
		uint64_t word = mw_random(&state);
		memcpy(buf + at, &word, 8);
	}
}

static void put_first_words(const struct link_job *j, int from, uint64_t iteration, char *buf)
{
	for (uint32_t m = 0; m < j->window; m++) {
		uint64_t word = first_word(j, from, iteration, m);
		memcpy(buf + m * j->bytes, &word, 8);
	}
}

static int check_first_words(const struct link_job *j, int from, uint64_t iteration, const char *buf)
{
	for (uint32_t m = 0; m < j->window; m++) {
		uint64_t want = first_word(j, from, iteration, m);
		if (memcmp(buf + m * j->bytes, &want, 8) != 0)
			return MW_EVERIFY;
	}
	return 0;
}

/* Everything but the first words. */
static int check_contents(const struct link_job *j, int from, const char *buf)
{
	uint64_t state = contents_seed(j, from);
	for (size_t at = 0; at < j->bytes * j->window; at += 8) {
		uint64_t want = mw_random(&state);
		if (at % j->bytes && memcmp(buf + at, &want, 8) != 0)
			return MW_EVERIFY;
	}
	return 0;
}

/* ---- the parts of a job ---- */

/* One process's part in a job. A wrong message does not end it, because the peer goes on: it is kept in `verify`. */
struct part {
	struct link_world *w;
	const struct link_job *job;
	int peer; /* -1: has no part in it */
	int verify;
	char words[MESSAGES_ERR];
};

static void found(struct part *p, int verify)
{
	p->verify = p->verify ? p->verify : verify;
}

static int ping_pong(struct part *p, uint64_t i)
{
	const struct messages *lib = p->w->lib;
	uint64_t ask = first_word(p->job, 0, i, 0), answer = ~ask, got = 0;
	int rc;
	if (p->w->rank == 0) {
		rc = lib->send(&ask, sizeof(ask), p->peer, p->words);
		rc = rc < 0 ? rc : lib->receive(&got, sizeof(got), p->peer, p->words);
		found(p, got == answer ? 0 : MW_EVERIFY);
		return rc;
	}
	rc = lib->receive(&got, sizeof(got), p->peer, p->words);
	found(p, got == ask ? 0 : MW_EVERIFY);
	return rc < 0 ? rc : lib->send(&answer, sizeof(answer), p->peer, p->words);
}

static int one_way(struct part *p, uint64_t i)
{
	struct link_world *w = p->w;
	const struct link_job *j = p->job;
	uint64_t done = i;
	int rc;
	if (w->rank == 0) {
		put_first_words(j, 0, i, w->out);
		rc = w->lib->window(w->out, NULL, j->window, j->bytes, p->peer, p->words);
		rc = rc < 0 ? rc : w->lib->receive(&done, sizeof(done), p->peer, p->words);
		found(p, done == ~i ? 0 : MW_EVERIFY);
		return rc;
	}
	rc = w->lib->window(NULL, w->in, j->window, j->bytes, p->peer, p->words);
	found(p, check_first_words(j, p->peer, i, w->in));
	done = ~i;
	return rc < 0 ? rc : w->lib->send(&done, sizeof(done), p->peer, p->words);
}

static int both_ways(struct part *p, uint64_t i)
{
	struct link_world *w = p->w;
	const struct link_job *j = p->job;
	put_first_words(j, w->rank, i, w->out);
	int rc = w->lib->window(w->out, w->in, j->window, j->bytes, p->peer, p->words);
	found(p, check_first_words(j, p->peer, i, w->in));
	return rc;
}

/* Whole numbers that a double holds exactly, in any order of adding. */
static double addend(const struct link_job *j, int rank, size_t k)
{
	return (double)((j->seed + k) % 1024) + rank;
}

static double sum_of(const struct link_job *j, int size, size_t k)
{
	return (double)((j->seed + k) % 1024) * size + (double)size * (size - 1) / 2;
}

static int sums(struct part *p, uint64_t i)
{
	struct link_world *w = p->w;
	double *own = (double *)(void *)w->out, *all = (double *)(void *)w->in;
	size_t count = (size_t)(p->job->bytes / 8);
	own[0] = (double)(i % 1024);
	int rc = w->lib->sum(own, all, count, p->words);
	found(p, all[0] == own[0] * w->size ? 0 : MW_EVERIFY);
	return rc;
}

static void prepare(struct part *p)
{
	const struct link_job *j = p->job;
	double *own = (double *)(void *)p->w->out;
	memset(p->w->in, 0, p->w->bytes);
	if (j->op == LINK_SUM)
		for (size_t k = 0; k < j->bytes / 8; k++)
			own[k] = addend(j, p->w->rank, k);
	else if (p->peer >= 0)
		fill(j, p->w->rank, p->w->out);
}

static void check_after(struct part *p)
{
	const struct link_job *j = p->job;
	const double *all = (const double *)(const void *)p->w->in;
	bool received = j->op == LINK_BOTH_WAYS || (j->op == LINK_ONE_WAY && p->w->rank != 0);
	if (p->peer < 0)
		return;
	for (size_t k = 1; j->op == LINK_SUM && k < j->bytes / 8; k++)
		found(p, all[k] == sum_of(j, p->w->size, k) ? 0 : MW_EVERIFY);
	if (received)
		found(p, check_contents(j, p->peer, p->w->in));
}

static int iterate(struct part *p, uint64_t *ns)
{
	static int (*const parts[])(struct part *, uint64_t) = {[LINK_PING_PONG] = ping_pong,
								[LINK_ONE_WAY] = one_way,
								[LINK_BOTH_WAYS] = both_ways,
								[LINK_SUM] = sums};
	int rc = p->w->lib->barrier(p->words);
	uint64_t begin = mw_now_ns();
	for (uint64_t i = 0; i < p->job->iterations && rc == 0 && p->peer >= 0; i++)
		rc = parts[p->job->op](p, i);
	*ns = mw_now_ns() - begin;
	return rc;
}

/* ---- a job ---- */

static int room(struct link_world *w, size_t bytes)
{
	if (bytes <= w->bytes)
		return 0;
	free(w->out);
	free(w->in);
	w->bytes = 0;
	size_t whole = (bytes + 4095) / 4096 * 4096;
	w->out = aligned_alloc(4096, whole);
	w->in = aligned_alloc(4096, whole);
	if (!w->out || !w->in)
		return -ENOMEM;
	memset(w->out, 0, whole);
	w->bytes = whole;
	return 0;
}

/* A job of another program's version, or of a broken library, must not lead outside of the buffers. */
static bool is_job(const struct link_world *w, const struct link_job *j)
{
	return j->op > LINK_STOP && j->op <= LINK_SUM && j->peer > 0 && j->peer < w->size && j->bytes >= 8 &&
	       j->bytes % 8 == 0 && j->bytes <= UINT32_MAX && j->window >= 1 && j->window <= MESSAGES_WINDOW &&
	       j->iterations > 0;
}

/* Every process says how it went; all get the first failure and its process. */
static int agree(struct link_world *w, int own, int *who, char *words)
{
	int32_t mine = own, *all = calloc((size_t)w->size, sizeof(*all));
	int rc = all ? w->lib->gather(&mine, sizeof(mine), all, words) : -EIO;
	int first = 0;
	for (int i = 0; all && rc == 0 && i < w->size && first == 0; i++) {
		first = all[i];
		*who = i;
	}
	free(all);
	return rc < 0 ? rc : first;
}

static int take_part(struct link_world *w, const struct link_job *job, uint64_t *ns, char *err, size_t n)
{
	struct part p = {.w = w, .job = job, .peer = -1};
	int who = 0;
	if (!is_job(w, job))
		return mw_fail(-EIO, err, n, "process %d was sent what is no job", w->rank);
	if (w->rank == 0 || job->op == LINK_SUM)
		p.peer = job->peer;
	else if (w->rank == job->peer)
		p.peer = 0;
	/* Memory that one lacks is known to all before any of them waits for a message. */
	int rc = agree(w, room(w, (size_t)job->bytes * job->window), &who, p.words);
	if (rc < 0)
		return mw_fail(rc, err, n, "process %d: %s", who, p.words[0] ? p.words : mw_strerror(rc));
	prepare(&p);
	rc = iterate(&p, ns);
	if (rc < 0)
		return failed(rc, p.words, err, n);
	check_after(&p);
	rc = agree(w, p.verify, &who, p.words);
	if (rc < 0)
		return mw_fail(rc, err, n, "process %d: %s", who,
			       p.words[0]         ? p.words
			       : rc == MW_EVERIFY ? "received what was not sent"
						  : mw_strerror(rc));
	return 0;
}

int link_lead(struct link_world *w, const struct link_job *job, uint64_t *ns, char *err, size_t n)
{
	char words[MESSAGES_ERR] = "";
	struct link_job copy = *job;
	*ns = 0;
	int rc = w->lib->broadcast(&copy, sizeof(copy), words);
	return rc < 0 ? failed(rc, words, err, n) : take_part(w, job, ns, err, n);
}

void link_stop(struct link_world *w)
{
	char words[MESSAGES_ERR] = "";
	struct link_job stop = {.op = LINK_STOP};
	if (w->lib->broadcast(&stop, sizeof(stop), words) == 0)
		w->lib->stop();
}

int link_follow(struct link_world *w, char *err, size_t n)
{
	for (;;) {
		char words[MESSAGES_ERR] = "";
		struct link_job job = {.op = LINK_STOP};
		uint64_t ns;
		int rc = w->lib->broadcast(&job, sizeof(job), words);
		if (rc < 0)
			return failed(rc, words, err, n);
		if (job.op == LINK_STOP) {
			w->lib->stop();
			return 0;
		}
		rc = take_part(w, &job, &ns, err, n);
		/* Lack of memory and wrong contents are known to process 0, which decides what comes next. */
		if (rc < 0 && rc != MW_EVERIFY && rc != -ENOMEM)
			return rc;
	}
}
