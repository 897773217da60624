/* Messages between processes: latency, bandwidth one way and both ways, and all-reduce by size, over MPI.
 *
 * Started as `mpirun -n 2 memwall interconnect`. The first process measures and prints; the others follow it. */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/core/text.h"
#include "bench/interconnect_link.h"
#include "bench/module.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum { MAX_SIZES = 16, MAX_POINTS = LINK_DISTANCES * (1 + 2 * MAX_SIZES) + MAX_SIZES, LARGEST = 64 << 20 };

#define START "mpirun -n 2 memwall interconnect"

/* ---- what it emits ---- */

static const struct mw_metric metric_latency = {"message_latency", MW_NS, MW_LOWER,
						"half the round trip of a message between two processes"};
static const struct mw_metric metric_rate = {"message_bandwidth", MW_GBPS, MW_HIGHER,
					     "bytes of messages per second between two processes, of all directions"};

static const struct mw_key key_message = {"message", MW_BYTES, MW_PARAM, "bytes of a message"};
static const struct mw_key key_between = {"between", MW_TEXT, MW_PARAM,
					  "where the processes are: one socket, two sockets or two hosts"};
static const struct mw_key key_processes = {"processes", MW_NUMBER, MW_PARAM, "processes that take part"};
static const struct mw_key key_library = {"messages", MW_TEXT, MW_OBSERVED, "library that carries the messages"};
static const struct mw_key key_window = {"messages_in_flight", MW_NUMBER, MW_OBSERVED,
					 "messages in flight in each direction"};
static const struct mw_key key_peer_cpu = {"peer_cpu", MW_NUMBER, MW_OBSERVED,
					   "CPU of the other process when it joined"};
static const struct mw_key key_hosts = {"hosts", MW_NUMBER, MW_OBSERVED, "hosts of the processes"};

enum { LATENCY, RATE, SUM };
static const struct mw_emit emits[] = {
	[LATENCY] = {MW_CASES("ping-pong"), &metric_latency, MW_LIST(&key_message, &key_between), NULL,
		     MW_LIST(&key_library, &mw_key_cpu, &key_peer_cpu)},
	[RATE] = {MW_CASES("one-way", "both-ways"), &metric_rate, MW_LIST(&key_message, &key_between), NULL,
		  MW_LIST(&key_library, &key_window, &mw_key_cpu, &key_peer_cpu)},
	[SUM] = {MW_CASES("all-reduce"), &mw_metric_time, MW_LIST(&key_message, &key_between, &key_processes), NULL,
		 MW_LIST(&key_library, &key_hosts, &mw_key_cpu)},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"interconnect", emits};

/* ---- state ---- */

struct message_point {
	struct interconnect_run *run;
	struct link_job job; /* iterations: 0 until calibrated */
};

struct interconnect_run {
	const struct bench_ctx *ctx;
	struct link_world world;
	bool joined; /* and the others still listen */
	double sample_s;
	uint64_t seed;
	struct message_point points[MAX_POINTS];
	struct round_point pts[MAX_POINTS];
	size_t n;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

/* ---- starting ---- */

/* The number of this process among those that a launcher started: Open MPI, PMIx (srun), MPICH and Intel, MVAPICH; -1
 * when it was started alone. */
static int started_rank(void)
{
	static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = getenv(names[i]);
		int64_t rank;
		if (text && mw_parse_int(text, &rank) == 0 && rank >= 0 && rank <= INT32_MAX)
			return (int)rank;
	}
	return -1;
}

/* Its symbols are global, because plug-ins of some builds of Open MPI look for them without naming their library. */
static int open_library(const struct messages **lib, char *err, size_t n)
{
	struct mw_buf path = {0};
	int rc = module_find("mpi", &path, err, n);
	void *handle = rc == 0 ? dlopen(mw_buf_text(&path), RTLD_NOW | RTLD_GLOBAL) : NULL;
	mw_buf_fini(&path);
	if (rc < 0)
		return rc;
	*lib = handle ? dlsym(handle, MESSAGES_SYMBOL) : NULL;
	if (!*lib)
		return mw_fail(MW_EUNAVAILABLE, err, n, "mpi: %s", dlerror());
	if ((*lib)->abi != MESSAGES_ABI)
		return mw_fail(MW_EUNAVAILABLE, err, n, "mpi: module interface version %u, this program needs %u",
			       (*lib)->abi, MESSAGES_ABI);
	return 0;
}

static int available(const struct bench_ctx *ctx, char *why, size_t n)
{
	struct mw_buf path = {0};
	if (started_rank() < 0 || !ctx->named)
		return mw_fail(MW_EUNAVAILABLE, why, n, "needs processes that are started together: " START);
	int rc = module_find("mpi", &path, why, n);
	mw_buf_fini(&path);
	return rc;
}

static int join(struct interconnect_run *r, char *err, size_t n)
{
	const struct messages *lib;
	int rc = open_library(&lib, err, n);
	if (rc < 0)
		return rc;
	rc = link_open(&r->world, lib, err, n);
	if (rc < 0)
		return rc;
	r->joined = true;
	if (r->world.rank != 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "only the first process measures: " START);
	if (r->world.size < 2)
		return mw_fail(MW_EUNAVAILABLE, err, n, "was started with one process, needs two: " START);
	return 0;
}

/* ---- one sample ---- */

/* Iterations for about a sample: four times as many until they take a tenth of it, then as many as fit. */
static int calibrate(struct message_point *p, char *err, size_t n)
{
	struct interconnect_run *r = p->run;
	double want_ns = r->sample_s * 1e9;
	uint64_t ns = 0;
	for (uint64_t iterations = 2; (double)ns < want_ns / 10; iterations *= 4) {
		if (bench_stopped(r->ctx))
			return mw_fail(MW_ECANCELLED, err, n, "interrupted");
		p->job.iterations = iterations;
		p->job.seed = mw_random(&r->seed);
		int rc = link_lead(&r->world, &p->job, &ns, err, n);
		if (rc < 0)
			return rc;
	}
	double fit = (double)p->job.iterations * want_ns / fmax((double)ns, 1);
	p->job.iterations = fit < 2 ? 2 : fit > 1e9 ? 1000000000u : (uint64_t)fit;
	return 0;
}

static int sample(struct message_point *p, uint64_t *ns, char *err, size_t n)
{
	struct interconnect_run *r = p->run;
	int rc = p->job.iterations ? 0 : calibrate(p, err, n);
	p->job.seed = mw_random(&r->seed);
	return rc < 0 ? rc : link_lead(&r->world, &p->job, ns, err, n);
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct message_point *p = arg;
	struct interconnect_run *r = p->run;
	uint64_t ns = 0;
	if (!r->joined)
		return mw_fail(MW_EUNAVAILABLE, err, n, "the other processes cannot be reached any more");
	/* By the calling thread, which joined the others; the launcher has bound it. */
	mw_team_timed_begin(r->ctx->team, 0);
	int rc = sample(p, &ns, err, n);
	(void)mw_team_timed_end(r->ctx->team, 0);
	r->joined = rc == 0 || rc == MW_EVERIFY || rc == -ENOMEM;
	*value = link_value(&p->job, ns);
	return rc;
}

/* ---- points ---- */

static void add_point(struct interconnect_run *r, enum link_op op, enum link_distance d, int peer, uint64_t bytes)
{
	static const struct {
		int row;
		const char *case_name, *method;
	} kinds[] = {
		[LINK_PING_PONG] = {LATENCY, "ping-pong", "ping-pong"},
		[LINK_ONE_WAY] = {RATE, "one-way", "window"},
		[LINK_BOTH_WAYS] = {RATE, "both-ways", "window"},
		[LINK_SUM] = {SUM, "all-reduce", "all-reduce"},
	};
	struct message_point *p = &r->points[r->n];
	struct round_point *pt = &r->pts[r->n++];
	const struct link_place *own = &r->world.places[0], *other = &r->world.places[peer];
	bool window = op == LINK_ONE_WAY || op == LINK_BOTH_WAYS;
	*p = (struct message_point){.run = r, .job = {.op = op, .peer = peer, .bytes = bytes}};
	p->job.window = window ? link_window(bytes) : 1;
	*pt = (struct round_point){.measure = measure, .arg = p, .threads = 1};
	mw_record_open(&pt->rec, &emitter, &emits[kinds[op].row], kinds[op].case_name);
	mw_record_method(&pt->rec, kinds[op].method, 1);
	mw_put_int(&pt->rec, &key_message, (int64_t)bytes);
	mw_put_text(&pt->rec, &key_between, link_distance_words(d));
	mw_put_text(&pt->rec, &key_library, r->world.detail);
	mw_put_int(&pt->rec, &mw_key_cpu, own->cpu);
	if (op == LINK_SUM) {
		mw_put_int(&pt->rec, &key_processes, r->world.size);
		mw_put_int(&pt->rec, &key_hosts, link_hosts(&r->world));
		return;
	}
	mw_put_int(&pt->rec, &key_peer_cpu, other->cpu);
	if (window)
		mw_put_int(&pt->rec, &key_window, p->job.window);
	if (d != LINK_HOSTS && own->cpu == other->cpu)
		mw_record_note(&pt->rec, "both processes were on CPU %d and take turns", own->cpu);
}

/* Message sizes: those asked for, else by the time; none of which two windows need more memory than the run may use. */
static size_t choose_sizes(const struct bench_ctx *ctx, uint64_t v[MAX_SIZES])
{
	static const uint64_t few[] = {8, 4 << 10, 64 << 10, 1 << 20, 4 << 20};
	static const uint64_t many[] = {8, 64, 512, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20};
	uint64_t limit = bench_block_limit(ctx, 2), asked[MAX_SIZES];
	size_t n = mw_opt_sizes(ctx->opts, "sizes", asked, MAX_SIZES), kept = 0;
	bool matrix = ctx->share_s >= 30;
	const uint64_t *from = n ? asked : matrix ? many : few;
	n = n ? n : matrix ? sizeof(many) / sizeof(many[0]) : sizeof(few) / sizeof(few[0]);
	for (size_t i = 0; i < n; i++)
		if (from[i] * link_window(from[i]) <= limit)
			v[kept++] = from[i];
	return kept;
}

static void add_points(struct interconnect_run *r)
{
	uint64_t sizes[MAX_SIZES];
	size_t n = choose_sizes(r->ctx, sizes);
	for (int d = 0; d < LINK_DISTANCES; d++) {
		int peer = link_peer(&r->world, (enum link_distance)d);
		if (peer < 0)
			continue;
		add_point(r, LINK_PING_PONG, (enum link_distance)d, peer, 8);
		for (size_t i = 0; i < n; i++) {
			add_point(r, LINK_ONE_WAY, (enum link_distance)d, peer, sizes[i]);
			add_point(r, LINK_BOTH_WAYS, (enum link_distance)d, peer, sizes[i]);
		}
	}
	for (size_t i = 0; i < n; i++)
		add_point(r, LINK_SUM, link_widest(&r->world), 1, sizes[i]);
}

/* What the processes are not far enough apart for. */
static int emit_missing(struct interconnect_run *r, const struct mw_sink *sink)
{
	int rc = 0;
	for (int d = 0; d < LINK_DISTANCES && rc == 0; d++) {
		struct mw_record rec;
		char why[MW_ERR_ROOM];
		if (link_peer(&r->world, (enum link_distance)d) >= 0)
			continue;
		mw_record_open(&rec, &emitter, &emits[LATENCY], "ping-pong");
		mw_record_method(&rec, "ping-pong", 1);
		mw_put_int(&rec, &key_message, 8);
		mw_put_text(&rec, &key_between, link_distance_words((enum link_distance)d));
		mw_format(why, sizeof(why), "no other process on %s%s: see the launcher's options for placement",
			  d == LINK_SOCKET    ? "the first one's socket"
			  : d == LINK_SOCKETS ? "another socket"
					      : "another host",
			  d == LINK_SOCKETS ? " of its host" : "");
		mw_record_unavailable(&rec, why);
		rc = mw_finish(sink, &rec);
	}
	return rc;
}

/* ---- the benchmark ---- */

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	uint64_t v[MAX_SIZES];
	size_t count = mw_opt_sizes(ctx->opts, "sizes", v, MAX_SIZES);
	for (size_t i = 0; i < count; i++) {
		if (v[i] % 8)
			return mw_fail(MW_ESPEC, err, n, "--sizes: %llu is not a multiple of 8",
				       (unsigned long long)v[i]);
		int rc = bench_check_size(ctx, "--sizes", 2 * v[i] * link_window(v[i]), err, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *p)
{
	uint64_t v[MAX_SIZES];
	size_t n = choose_sizes(ctx, v);
	p->points = (unsigned)(1 + 3 * n);
	for (size_t i = 0; i < n; i++) {
		uint64_t bytes = 2 * v[i] * link_window(v[i]);
		p->memory_bytes = bytes > p->memory_bytes ? bytes : p->memory_bytes;
	}
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct interconnect_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->seed = ctx->seed;
	int rc = available(ctx, err, n);
	if (rc == 0)
		rc = join(r, err, n);
	if (rc == 0)
		rc = emit_missing(r, sink);
	if (rc < 0 || !r->world.places)
		return rc < 0 ? rc : -ENOMEM;
	add_points(r);
	r->sample_s = fmax(rounds_visits_sample_s(ctx, r->n), 0.001);
	r->opened = true;
	return rounds_open(ctx, r->pts, r->n, &r->rounds);
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct interconnect_run *r = state;
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = rounds_visit(r->rounds, ctx);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct interconnect_run *r = state;
	(void)err, (void)n;
	r->ctx = ctx;
	return r->rounds ? rounds_finish(r->rounds, sink) : 0;
}

static void end(void *state)
{
	struct interconnect_run *r = state;
	if (!r->opened)
		rounds_drop(r->pts, r->n);
	rounds_close(r->rounds);
	if (r->joined)
		link_stop(&r->world);
	link_close(&r->world);
	free(r);
}

static int follow(const struct bench_ctx *ctx, char *err, size_t n)
{
	const struct messages *lib;
	struct link_world w = {.lib = NULL};
	int rc = available(ctx, err, n);
	if (rc == 0)
		rc = open_library(&lib, err, n);
	if (rc == 0)
		rc = link_open(&w, lib, err, n);
	if (rc == 0)
		rc = link_follow(&w, err, n);
	link_close(&w);
	return rc;
}

static const struct mw_option options[] = {
	{.name = "sizes",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = 8,
	 .max = LARGEST,
	 .max_items = MAX_SIZES,
	 .help = "bytes of a message, for example 8,64K,4M (default: 8 to 4M, or to 16M where there is time)"},
	MW_OPT_END,
};

const struct bench bench_interconnect = {
	.name = "interconnect",
	.summary = "messages between processes over MPI: latency, bandwidth, all-reduce (" START ")",
	.options = options,
	.weight = 2,
	.dependency = "MPI",
	.available = available,
	.check = check,
	.plan = plan,
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
	.rank = started_rank,
	.follow = follow,
};
