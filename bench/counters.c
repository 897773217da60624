/* Bytes that the program moves, beside those that the processor's counters saw: the check that `bandwidth` counts what
 * it says. Streams over an array in DRAM, all threads, with counters open around each pass.
 *
 * Ordinary stores first read the line that they write, so a copy of 2 bytes moves 3 on the bus: a ratio of 1.5. */
#include "bench/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/kernels/stream.h"
#include "base/core/text.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum {
	LINE = 64,
	CACHES = 4, /* the arrays are this many times the last-level caches */
	FILL = 3,   /* what the write kernel stores */
};

/* ---- what it emits ---- */

static const struct mw_metric metrics[] = {
	{"program_bytes", MW_BYTE, MW_NEITHER, "bytes that the program reads and writes in one pass"},
	{"miss_bytes", MW_BYTE, MW_NEITHER, "64 byte for each counted miss of the last-level cache, in one pass"},
	{"controller_bytes", MW_BYTE, MW_NEITHER, "bytes that the memory controllers counted in one pass"},
	{"controller_ratio", MW_RATIO, MW_NEITHER, "bytes at the memory controllers per byte of the program"},
	{"stall_share", MW_RATIO, MW_LOWER, "share of cycles in which the core waited for data or execution units"},
};
enum { PROGRAM, MISSES, CONTROLLERS, RATIO, STALLS, METRICS };

static const struct mw_key key_controllers = {"controllers", MW_TEXT, MW_OBSERVED, "memory controllers counted"};

#define CASES MW_CASES("read", "write", "copy")
#define PARAMS MW_LIST(&mw_key_size, &mw_key_kernel, &mw_key_threads), MW_LIST(&mw_key_stores)
static const struct mw_emit emits[] = {
	{CASES, &metrics[PROGRAM], PARAMS, NULL},
	{CASES, &metrics[MISSES], PARAMS, NULL},
	{CASES, &metrics[CONTROLLERS], PARAMS, MW_LIST(&key_controllers)},
	{CASES, &metrics[RATIO], PARAMS, MW_LIST(&key_controllers)},
	{CASES, &metrics[STALLS], PARAMS, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"counters", emits};

static const struct {
	enum mw_stream_op op;
	bool nt;
} streams[] = {{MW_STREAM_READ, false}, {MW_STREAM_WRITE, false}, {MW_STREAM_COPY, false}, {MW_STREAM_COPY, true}};
enum { STREAMS = sizeof(streams) / sizeof(streams[0]) };

/* ---- state ---- */

struct stream_case {
	struct counters_run *run;
	const struct mw_stream_kernel *kernel;
	struct round_shared shared;
	unsigned round;
	double value[METRICS];
	bool fresh[METRICS]; /* in the round that took the sample */
};

struct metric_arg {
	struct stream_case *stream;
	int metric;
};

struct member {
	struct mw_thread_counters counters;
	struct mw_counter_value before[MW_THREAD_EVENTS];
	double events[MW_THREAD_EVENTS];
	int rc[MW_THREAD_EVENTS]; /* of the latest reading */
	uint64_t sum;             /* of the bit patterns that it reads */
	bool wrong;               /* the latest pass did not do its work */
};

struct counters_run {
	const struct bench_ctx *ctx; /* context of the current call */
	const struct mw_counter_sys *sys;
	const char *root;
	struct mw_controllers *controllers;
	char why[METRICS][MW_ERR_ROOM]; /* why a metric is not counted; "" when it is */
	int threads;
	struct member *members;
	size_t bytes; /* of the block, whose halves are the two arrays */
	struct mw_block block;
	struct stream_case streams[STREAMS];
	struct metric_arg args[STREAMS * METRICS];
	struct round_point pts[STREAMS * METRICS];
	size_t n_pts;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

static size_t elements(const struct counters_run *r)
{
	return r->bytes / 2 / sizeof(double);
}

/* ---- one sample ---- */

struct job {
	struct counters_run *run;
	const struct mw_stream_kernel *kernel;
};

static void open_member(void *arg, int rank, int n)
{
	struct counters_run *r = arg;
	(void)n;
	mw_thread_counters_open(r->sys, &r->members[rank].counters);
}

static void fill_member(void *arg, int rank, int n)
{
	struct counters_run *r = arg;
	double *p = r->block.p;
	size_t begin, end;
	mw_team_slice(2 * elements(r), 8, rank, n, &begin, &end);
	for (size_t i = begin; i < end; i++)
		p[i] = 1 + (double)(i % 1021);
}

/* What the read kernel must return for the member's slice of b. */
static void sum_member(void *arg, int rank, int n)
{
	struct counters_run *r = arg;
	const double *b = (const double *)r->block.p + elements(r);
	size_t begin, end;
	mw_team_slice(elements(r), 8, rank, n, &begin, &end);
	r->members[rank].sum = 0;
	for (size_t i = begin; i < end; i++) {
		uint64_t bits;
		memcpy(&bits, &b[i], sizeof(bits));
		r->members[rank].sum += bits;
	}
}

static void read_member(struct counters_run *r, struct member *m, bool after)
{
	for (int e = 0; e < MW_THREAD_EVENTS; e++) {
		struct mw_counter_value now;
		if (after && m->rc[e] < 0)
			continue;
		m->rc[e] = mw_thread_counters_read(r->sys, &m->counters, (enum mw_thread_event)e, &now);
		if (m->rc[e] == 0 && after)
			m->rc[e] = mw_counter_delta(&m->before[e], &now, &m->events[e]);
		else
			m->before[e] = now;
	}
}

static void pass_member(void *arg, int rank, int n)
{
	const struct job *j = arg;
	struct counters_run *r = j->run;
	double *a = r->block.p;
	const double *b = a + elements(r);
	size_t begin, end;
	mw_team_slice(elements(r), 8, rank, n, &begin, &end);
	struct member *m = &r->members[rank];
	enum mw_stream_op op = j->kernel->op;
	m->wrong = begin == end; /* --max-mem leaves less than a line for each thread */
	if (m->wrong)
		return;
	a[begin] = a[end - 1] = -1;
	read_member(r, m, false);
	mw_team_timed_begin(r->ctx->team, rank);
	uint64_t sum = j->kernel->run(a + begin, b + begin, NULL, FILL, end - begin);
	(void)mw_team_timed_end(r->ctx->team, rank);
	read_member(r, m, true);
	if (op == MW_STREAM_READ)
		m->wrong = sum != m->sum;
	else
		m->wrong = a[begin] != (op == MW_STREAM_WRITE ? FILL : b[begin]) ||
			   a[end - 1] != (op == MW_STREAM_WRITE ? FILL : b[end - 1]);
}

/* Sum of an event over the members; the first error. */
static int sum_of(const struct counters_run *r, enum mw_thread_event e, double *sum)
{
	*sum = 0;
	for (int i = 0; i < r->threads; i++) {
		if (r->members[i].rc[e] < 0)
			return r->members[i].rc[e];
		*sum += r->members[i].events[e];
	}
	return 0;
}

/* Prefetches are counted apart by few processors, and then not as read misses. */
static int misses_of(const struct counters_run *r, double *misses)
{
	double reads, writes = 0, prefetches = 0;
	int rc = sum_of(r, MW_LLC_READ_MISSES, &reads);
	if (rc == 0)
		rc = sum_of(r, MW_LLC_WRITE_MISSES, &writes);
	if (rc == 0 && sum_of(r, MW_LLC_PREFETCH_MISSES, &prefetches) < 0)
		prefetches = 0;
	*misses = reads + writes + prefetches;
	return rc;
}

static int stalls_of(const struct counters_run *r, double *share)
{
	double cycles, stalled = 0;
	int rc = sum_of(r, MW_CORE_CYCLES, &cycles);
	if (rc == 0)
		rc = sum_of(r, MW_STALLED_CYCLES, &stalled);
	if (rc == 0 && !(cycles > 0))
		rc = MW_EUNAVAILABLE;
	*share = rc == 0 ? stalled / cycles : 0;
	return rc;
}

static int sample(struct stream_case *s, char *err, size_t n)
{
	struct counters_run *r = s->run;
	struct job job = {r, s->kernel};
	struct mw_controller_bytes bytes = {0};
	int rc = r->controllers ? mw_controllers_take(r->controllers, &bytes, err, n) : 0;
	if (rc == 0)
		rc = mw_team_run(r->ctx->team, r->threads, pass_member, &job);
	if (rc == 0 && r->controllers)
		rc = mw_controllers_take(r->controllers, &bytes, err, n);
	if (rc < 0)
		return rc;
	for (int i = 0; i < r->threads; i++)
		if (r->members[i].wrong)
			return mw_fail(MW_EVERIFY, err, n, "the kernel %s gave a wrong result", s->kernel->name);
	s->value[PROGRAM] = (double)(elements(r) * mw_stream_payload_bytes(s->kernel->op));
	s->value[CONTROLLERS] = bytes.read + bytes.written;
	s->value[RATIO] = s->value[CONTROLLERS] / s->value[PROGRAM];
	if (!r->why[MISSES][0]) {
		rc = misses_of(r, &s->value[MISSES]);
		s->value[MISSES] *= LINE;
	}
	if (rc == 0 && !r->why[STALLS][0])
		rc = stalls_of(r, &s->value[STALLS]);
	if (rc < 0)
		return mw_counter_why(r->root, rc, "an event of the threads", MW_PARANOID_THREAD, err, n);
	for (int k = 0; k < METRICS; k++)
		s->fresh[k] = true;
	return 0;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	const struct metric_arg *a = arg;
	struct stream_case *s = a->stream;
	s->shared.reused = s->fresh[a->metric] && s->round == s->shared.round;
	if (!s->shared.reused) {
		int rc = sample(s, err, n);
		if (rc < 0)
			return rc;
		s->round = s->shared.round;
	}
	s->fresh[a->metric] = false;
	*value = s->value[a->metric];
	return 0;
}

/* ---- preparing ---- */

static const struct mw_stream_kernel *kernel_of(enum mw_stream_op op, bool nt)
{
	for (int isa = (int)mw_isa_best(); isa >= 0; isa--) {
		size_t n;
		const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &n);
		for (size_t i = 0; i < n; i++)
			if (mw_isa_supported(k[i].isa) && k[i].op == op && k[i].nt == nt)
				return &k[i];
	}
	return NULL;
}

/* Bytes of both arrays: several times all last-level caches, if memory and profile allow it. */
static uint64_t wanted_bytes(const struct bench_ctx *ctx)
{
	const struct mw_host *h = &ctx->topo->host;
	uint64_t caches = h->llc_total_bytes ? h->llc_total_bytes : h->l3_bytes;
	uint64_t want = CACHES * (caches ? caches : 32u << 20), limit = bench_block_limit(ctx, 1);
	return (want < limit ? want : limit) / 4096 * 4096;
}

static void why_event(const struct counters_run *r, enum mw_thread_event e, char *why, size_t n)
{
	for (int i = 0; i < r->threads && !why[0]; i++)
		if (r->members[i].counters.fd[e] < 0)
			(void)mw_counter_why(r->root, r->members[i].counters.fd[e], mw_thread_event_name(e),
					     MW_PARANOID_THREAD, why, n);
}

/* Opens all counters and says why those that are missing are. 0 or -ENOMEM. */
static int open_counters(struct counters_run *r)
{
	enum { N = sizeof(r->why[0]) };
	r->members = calloc((size_t)r->threads, sizeof(*r->members));
	if (!r->members)
		return -ENOMEM;
	for (int i = 0; i < r->threads; i++)
		for (int e = 0; e < MW_THREAD_EVENTS; e++)
			r->members[i].counters.fd[e] = -EBADF;
	int rc = mw_team_run(r->ctx->team, r->threads, open_member, r);
	if (rc == 0)
		rc = mw_controllers_open(r->sys, r->root, &r->controllers, r->why[CONTROLLERS], N);
	if (rc < 0 && rc != MW_EUNAVAILABLE)
		return rc;
	why_event(r, MW_LLC_READ_MISSES, r->why[MISSES], N);
	why_event(r, MW_LLC_WRITE_MISSES, r->why[MISSES], N);
	why_event(r, MW_CORE_CYCLES, r->why[STALLS], N);
	why_event(r, MW_STALLED_CYCLES, r->why[STALLS], N);
	mw_clip(r->why[RATIO], N, "%s", r->why[CONTROLLERS]);
	if (r->why[MISSES][0] && r->why[CONTROLLERS][0] && r->why[STALLS][0])
		mw_clip(r->why[PROGRAM], N, "nothing to compare with: %s", r->why[CONTROLLERS]);
	return 0;
}

static void open_record(const struct counters_run *r, const struct mw_stream_kernel *k, int metric,
			struct mw_record *rec)
{
	mw_record_open(rec, &emitter, &emits[metric], mw_stream_op_name(k->op));
	mw_record_method(rec, "one-pass", 1);
	mw_put_int(rec, &mw_key_size, (int64_t)r->bytes);
	mw_put_text(rec, &mw_key_kernel, k->name);
	mw_put_int(rec, &mw_key_threads, r->threads);
	if (k->op != MW_STREAM_READ)
		mw_put_text(rec, &mw_key_stores, k->nt ? "nt" : "ordinary");
	if (r->controllers && (metric == CONTROLLERS || metric == RATIO))
		mw_put_text(rec, &key_controllers, mw_controllers_words(r->controllers));
	uint64_t caches = r->ctx->topo->host.llc_total_bytes;
	if (r->bytes < CACHES * caches)
		mw_record_note(rec,
			       "the arrays are less than %d times the last-level caches: part of the bytes may "
			       "stay in them",
			       CACHES);
}

static int add_stream(struct counters_run *r, struct stream_case *s, const struct mw_sink *sink)
{
	for (int k = 0; k < METRICS; k++) {
		if (r->why[k][0]) {
			struct mw_record rec;
			open_record(r, s->kernel, k, &rec);
			mw_record_unavailable(&rec, r->why[k]);
			int rc = mw_finish(sink, &rec);
			if (rc < 0)
				return rc;
			continue;
		}
		struct metric_arg *a = &r->args[r->n_pts];
		struct round_point *pt = &r->pts[r->n_pts++];
		*a = (struct metric_arg){s, k};
		/* threads = 1: counts do not depend on the topology state, so no core-to-core probes around them. */
		*pt = (struct round_point){.measure = measure, .arg = a, .shared = &s->shared, .threads = 1};
		open_record(r, s->kernel, k, &pt->rec);
	}
	return 0;
}

static int take_block(struct counters_run *r, char *err, size_t n)
{
	int rc = mw_arena_take(r->ctx->arenas, r, MW_PAGES_THP, bench_node_of(r->ctx, 0), r->bytes, &r->block, err, n);
	if (rc == 0 && !r->block.intact)
		rc = mw_team_run(r->ctx->team, r->threads, fill_member, r);
	return rc == 0 ? mw_team_run(r->ctx->team, r->threads, sum_member, r) : rc;
}

int counters_begin(struct bench_ctx *ctx, const struct mw_sink *sink, const struct mw_counter_sys *sys,
		   const char *root, void **state, char *err, size_t n)
{
	(void)err, (void)n;
	struct counters_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->sys = sys;
	r->root = root;
	r->threads = mw_team_size(ctx->team);
	r->bytes = (size_t)wanted_bytes(ctx);
	int rc = open_counters(r);
	for (int i = 0; i < STREAMS && rc == 0; i++) {
		struct stream_case *s = &r->streams[i];
		s->run = r;
		s->kernel = kernel_of(streams[i].op, streams[i].nt);
		if (s->kernel)
			rc = add_stream(r, s, sink);
	}
	if (rc < 0 || r->n_pts == 0)
		return rc;
	r->opened = true;
	return rounds_open(ctx, r->pts, r->n_pts, &r->rounds);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	return counters_begin(ctx, sink, &mw_counter_kernel, "/", state, err, n);
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct counters_run *r = state;
	r->ctx = ctx;
	if (r->n_pts == 0)
		return BENCH_DONE;
	int rc = take_block(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	mw_arena_release(ctx->arenas, &r->block);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	(void)ctx, (void)err, (void)n;
	struct counters_run *r = state;
	return r->rounds ? rounds_finish(r->rounds, sink) : 0;
}

static void end(void *state)
{
	struct counters_run *r = state;
	if (r->rounds)
		rounds_close(r->rounds);
	if (!r->opened)
		rounds_drop(r->pts, r->n_pts);
	for (int i = 0; r->members && i < r->threads; i++)
		mw_thread_counters_close(r->sys, &r->members[i].counters);
	mw_controllers_close(r->controllers);
	free(r->members);
	free(r);
}

/* At most, where all is counted. */
static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	out->points = STREAMS * METRICS;
	out->memory_bytes = wanted_bytes(ctx);
}

const struct bench bench_counters = {
	.name = "counters",
	.summary = "bytes of the program beside those of the processor's counters",
	.weight = 1,
	.dependency = "perf counters of the processor",
	.plan = plan,
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
