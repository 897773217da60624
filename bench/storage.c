/* Storage: random and sequential reads of a temporary file, bypassing the page cache, by queue depth. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/rounds.h"
#include "bench/storage_io.h"

enum { MAX_DEPTH = 256, RANDOM_BLOCK = 4096, SEQUENTIAL_BLOCK = 1 << 20, LEAST_OPS = 100 };

/* ---- what it emits ---- */

static const struct mw_metric metric_iops = {"iops", MW_IOPS, MW_HIGHER, "reads per second"};
static const struct mw_metric metric_p50 = {"latency_p50", MW_NS, MW_LOWER, "median time of a read"};
static const struct mw_metric metric_p99 = {"latency_p99", MW_NS, MW_LOWER, "time of a read, 99th percentile"};

static const struct mw_key key_file = {"file", MW_BYTES, MW_PARAM, "size of the file asked for"};
static const struct mw_key key_filled = {"filled", MW_BYTES, MW_OBSERVED, "size of the file that was read"};
static const struct mw_key key_interface = {"interface", MW_TEXT, MW_OBSERVED, "io_uring, or pread one at a time"};
static const struct mw_key key_direct = {"direct", MW_TEXT, MW_OBSERVED,
					 "yes: the page cache was bypassed (O_DIRECT); or why not"};
static const struct mw_key key_fs = {"fs", MW_TEXT, MW_OBSERVED, "file system"};
static const struct mw_key key_disk = {"disk", MW_TEXT, MW_OBSERVED, "block device that holds the file"};
static const struct mw_key key_rotational = {"rotational", MW_NUMBER, MW_OBSERVED, "1: rotating disk, 0: not"};

#define PARAMS MW_LIST(&mw_key_block, &mw_key_depth, &key_file)
#define OBSERVED MW_LIST(&key_interface, &key_direct, &key_fs, &key_filled, &key_disk, &key_rotational)

enum { RANDOM_RATE, SEQUENTIAL_RATE, ANY_P50, ANY_P99 };
static const struct mw_emit emits[] = {
	[RANDOM_RATE] = {MW_CASES("random-read"), &metric_iops, PARAMS, NULL, OBSERVED},
	[SEQUENTIAL_RATE] = {MW_CASES("sequential-read"), &mw_metric_bandwidth, PARAMS, NULL, OBSERVED},
	[ANY_P50] = {MW_CASES("random-read", "sequential-read"), &metric_p50, PARAMS, NULL, OBSERVED},
	[ANY_P99] = {MW_CASES("random-read", "sequential-read"), &metric_p99, PARAMS, NULL, OBSERVED},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"storage", emits};

/* ---- state ---- */

/* The three metrics of one load use the same sample; the one that is measured first takes it. */
enum { RATE, P50, P99, METRICS };

struct load_point {
	struct storage_run *run;
	struct storage_load load;
	double value[METRICS];
	bool fresh[METRICS]; /* in the round that took the sample */
	unsigned round;
	struct round_shared shared;
	int rc;
	char err[160];
};

struct metric_arg {
	struct load_point *point;
	int metric;
};

struct storage_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct storage_file file;
	struct storage_engine *engine;
	struct storage_limit limit;
	uint64_t asked_bytes;
	uint64_t rng;
	char engine_why[120];
	unsigned depth;        /* largest number of reads in flight */
	char depth_why[160];   /* why depth is less than asked for */
	struct mw_block block; /* buffer for reads; held during a visit */
	struct load_point *points;
	struct metric_arg *args;
	struct round_point *pts;
	size_t n_points, n_pts;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

/* ---- one sample ---- */

static void sample_member(void *arg, int rank, int n)
{
	struct load_point *p = arg;
	struct storage_run *r = p->run;
	struct storage_result res;
	(void)n;
	mw_team_timed_begin(r->ctx->team, rank);
	p->rc = storage_sample(r->engine, &r->file, &p->load, r->block.p, &r->rng, &r->limit, &res, p->err,
			       sizeof(p->err));
	(void)mw_team_timed_end(r->ctx->team, rank);
	if (p->rc < 0)
		return;
	double per_s = (double)res.ops / ((double)res.ns * 1e-9);
	p->value[RATE] = p->load.random ? per_s : per_s * p->load.block * 1e-9;
	p->value[P50] = res.p50_ns;
	p->value[P99] = res.p99_ns;
	for (int k = 0; k < METRICS; k++)
		p->fresh[k] = true;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	const struct metric_arg *a = arg;
	struct load_point *p = a->point;
	p->shared.reused = p->fresh[a->metric] && p->round == p->shared.round;
	if (!p->shared.reused) {
		int rc = mw_team_run(p->run->ctx->team, 1, sample_member, p);
		if (rc < 0)
			return mw_fail(rc, err, n, "%s", mw_strerror(rc));
		if (p->rc < 0)
			return mw_fail(p->rc, err, n, "%s", p->err);
		p->round = p->shared.round;
	}
	p->fresh[a->metric] = false;
	*value = p->value[a->metric];
	if (!isfinite(*value))
		return mw_fail(MW_EBUDGET, err, n, "too few reads per sample for this percentile");
	return 0;
}

/* ---- points ---- */

static void describe(const struct storage_run *r, const struct storage_load *l, struct mw_record *rec)
{
	bool uring = storage_engine_uring(r->engine);
	/* Reads through the page cache, or without a queue, are other methods, so that they are not compared with
	 * these. */
	if (uring)
		mw_record_method(rec, r->file.direct ? "io_uring" : "io_uring-buffered", 1);
	else
		mw_record_method(rec, r->file.direct ? "pread" : "pread-buffered", 1);
	mw_put_int(rec, &mw_key_block, l->block);
	mw_put_int(rec, &mw_key_depth, l->depth);
	mw_put_int(rec, &key_file, (int64_t)r->asked_bytes);
	mw_put_text(rec, &key_interface, uring ? "io_uring" : "pread");
	mw_put_text(rec, &key_direct, r->file.direct ? "yes" : r->file.direct_why);
	mw_put_text(rec, &key_fs, r->file.fs);
	mw_put_int(rec, &key_filled, (int64_t)r->file.bytes);
	if (r->file.device[0])
		mw_put_text(rec, &key_disk, r->file.device);
	if (r->file.rotational >= 0)
		mw_put_int(rec, &key_rotational, r->file.rotational);
	if (!uring)
		mw_record_note(rec, "fallback: %s", r->engine_why);
	else if (!r->file.direct)
		mw_record_note(rec, "read through the page cache: %s", r->file.direct_why);
}

static void open_record(const struct storage_run *r, const struct storage_load *l, int metric, struct mw_record *rec)
{
	static const int rows[METRICS] = {RANDOM_RATE, ANY_P50, ANY_P99};
	int row = metric == RATE && !l->random ? SEQUENTIAL_RATE : rows[metric];
	mw_record_open(rec, &emitter, &emits[row], l->random ? "random-read" : "sequential-read");
	describe(r, l, rec);
}

static void add_load(struct storage_run *r, bool random, unsigned depth)
{
	struct load_point *p = &r->points[r->n_points];
	*p = (struct load_point){.run = r};
	p->load = (struct storage_load){
		.random = random,
		.block = random ? RANDOM_BLOCK : SEQUENTIAL_BLOCK,
		.depth = depth,
		/* Several times the queue length, so that filling and draining the queue do not matter. */
		.min_ops = LEAST_OPS + 4 * depth,
	};
	for (int k = 0; k < METRICS; k++) {
		struct metric_arg *a = &r->args[r->n_pts];
		struct round_point *pt = &r->pts[r->n_pts++];
		*a = (struct metric_arg){.point = p, .metric = k};
		*pt = (struct round_point){.measure = measure, .arg = a, .shared = &p->shared, .threads = 1};
		open_record(r, &p->load, k, &pt->rec);
	}
	r->n_points++;
}

/* Adds the loads. Depths that cannot be had (no io_uring, not enough memory) become unavailable records with the
 * reason. */
static int add_loads(struct storage_run *r, unsigned max_depth, const struct mw_sink *sink)
{
	for (int random = 1; random >= 0; random--)
		for (unsigned depth = 1; depth <= max_depth; depth *= 2) {
			if (depth <= r->depth) {
				add_load(r, random != 0, depth);
				continue;
			}
			struct storage_load l = {.random = random != 0, .depth = depth};
			l.block = random ? RANDOM_BLOCK : SEQUENTIAL_BLOCK;
			struct mw_record rec;
			open_record(r, &l, RATE, &rec);
			mw_record_unavailable(&rec, r->depth_why);
			int rc = mw_finish(sink, &rec);
			if (rc < 0)
				return rc;
		}
	return 0;
}

static int take_block(struct storage_run *r, char *err, size_t n)
{
	return mw_arena_take(r->ctx->arenas, r, MW_PAGES_4K, -1, (size_t)r->depth * SEQUENTIAL_BLOCK, &r->block, err,
			     n);
}

static int alloc_points(struct storage_run *r, unsigned max_depth, char *err, size_t n)
{
	size_t loads = 2;
	for (unsigned d = 2; d <= max_depth; d *= 2)
		loads += 2;
	r->points = calloc(loads, sizeof(*r->points));
	r->args = calloc(loads * METRICS, sizeof(*r->args));
	r->pts = calloc(loads * METRICS, sizeof(*r->pts));
	if (!r->points || !r->args || !r->pts)
		return mw_fail(-ENOMEM, err, n, "storage: no memory for the points");
	r->depth = 1;
	if (!storage_engine_uring(r->engine))
		mw_format(r->depth_why, sizeof(r->depth_why), "one read at a time: %s", r->engine_why);
	else
		while (2 * r->depth <= max_depth)
			r->depth *= 2;
	int rc;
	do
		rc = take_block(r, r->depth > 1 ? r->depth_why : err, r->depth > 1 ? sizeof(r->depth_why) : n);
	while ((rc == MW_EBUDGET || rc == -ENOMEM) && r->depth > 1 && (r->depth /= 2));
	return rc;
}

/* ---- where ---- */

static uint64_t file_bytes(const struct bench_ctx *ctx)
{
	static const struct {
		const char *profile;
		uint64_t mib;
	} sizes[] = {{"tiny", 16}, {"quick", 256}, {"standard", 1024}, {"full", 4096}};
	uint64_t asked = ctx->opts ? (uint64_t)mw_opt_int(ctx->opts, "file-size") : 0;
	uint64_t mib = 256;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (strcmp(ctx->profile->name, sizes[i].profile) == 0)
			mib = sizes[i].mib;
	uint64_t bytes = asked ? asked : mib << 20;
	return (bytes + SEQUENTIAL_BLOCK - 1) / SEQUENTIAL_BLOCK * SEQUENTIAL_BLOCK;
}

/* The directory named with --dir, else the first default one that is suitable. */
static int pick_dir(const struct bench_ctx *ctx, uint64_t bytes, const char **dir, char *why, size_t n)
{
	const char *named = ctx->opts ? mw_opt_text(ctx->opts, "dir") : NULL;
	const char *const usual[] = {ctx->scratch_dir, "/var/tmp", "."};
	char first[MW_ERR_ROOM] = "", reason[MW_ERR_ROOM];
	struct stat st;
	if (named && (stat(named, &st) || !S_ISDIR(st.st_mode)))
		return mw_fail(MW_ESPEC, why, n, "--dir: '%s' is not a directory", named);
	if (named) {
		*dir = named;
		return storage_check_dir(named, bytes, why, n);
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (!usual[i])
			continue;
		*dir = usual[i];
		if (storage_check_dir(usual[i], bytes, reason, sizeof(reason)) == 0)
			return 0;
		if (!first[0])
			mw_clip(first, sizeof(first), "%s", reason);
	}
	return mw_fail(MW_EUNAVAILABLE, why, n, "%s; /var/tmp and . are not suitable either (see --dir)", first);
}

/* ---- the benchmark ---- */

static int available(const struct bench_ctx *ctx, char *why, size_t n)
{
	const char *dir;
	return pick_dir(ctx, file_bytes(ctx), &dir, why, n);
}

/* Checks --dir only; available() checks the default directories. */
static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	const char *dir;
	char why[MW_ERR_ROOM] = "";
	if (!mw_opt(ctx->opts, "dir")->given)
		return 0;
	int rc = pick_dir(ctx, file_bytes(ctx), &dir, why, sizeof(why));
	return rc == MW_EUNAVAILABLE ? mw_fail(rc, err, n, "--dir: %s", why)
	       : rc < 0              ? mw_fail(rc, err, n, "%s", why)
				     : 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *p)
{
	unsigned max_depth = ctx->opts ? (unsigned)mw_opt_int(ctx->opts, "max-depth") : 64;
	for (unsigned depth = 1; depth <= max_depth; depth *= 2) {
		p->points += 2 * METRICS;
		p->memory_bytes = (uint64_t)depth * SEQUENTIAL_BLOCK;
	}
	p->disk_bytes = file_bytes(ctx);
}

static int create(struct storage_run *r, char *err, size_t n)
{
	const struct bench_ctx *ctx = r->ctx;
	const char *dir = NULL;
	int rc = pick_dir(ctx, r->asked_bytes, &dir, err, n);
	if (rc < 0)
		return rc;
	const struct storage_limit limit = {.stop = ctx->stop, .deadline_ns = ctx->deadline_ns};
	bool direct = !mw_opt_flag(ctx->opts, "buffered");
	return storage_create(dir, r->asked_bytes, ctx->seed ^ mw_now_ns(), direct, &limit, &r->file, err, n);
}

static int open_engine(struct storage_run *r, unsigned max_depth, char *err, size_t n)
{
	const char *asked = mw_opt_text(r->ctx->opts, "engine");
	int rc = storage_engine_open(max_depth, strcmp(asked, "pread") != 0, &r->engine, r->engine_why,
				     sizeof(r->engine_why));
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", r->engine_why);
	if (!storage_engine_uring(r->engine) && strcmp(asked, "io_uring") == 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "%s", r->engine_why);
	return 0;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct storage_run *r = calloc(1, sizeof(*r));
	unsigned max_depth = (unsigned)mw_opt_int(ctx->opts, "max-depth");
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->file.fd = -1;
	r->rng = ctx->seed;
	r->limit.stop = ctx->stop;
	r->asked_bytes = file_bytes(ctx);
	int rc = open_engine(r, max_depth, err, n);
	if (rc == 0)
		rc = create(r, err, n);
	if (rc == 0)
		rc = alloc_points(r, max_depth, err, n);
	if (rc == 0)
		rc = add_loads(r, max_depth, sink);
	for (size_t i = 0; i < r->n_points; i++)
		r->points[i].load.seconds = fmax(rounds_visits_sample_s(ctx, r->n_points), 0.01);
	if (rc == 0) {
		r->opened = true;
		rc = rounds_open(ctx, r->pts, r->n_pts, &r->rounds);
	}
	mw_arena_release(ctx->arenas, &r->block);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct storage_run *r = state;
	r->ctx = ctx;
	int rc = take_block(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	mw_arena_release(ctx->arenas, &r->block);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct storage_run *r = state;
	(void)err, (void)n;
	r->ctx = ctx;
	return r->rounds ? rounds_finish(r->rounds, sink) : 0;
}

static void end(void *state)
{
	struct storage_run *r = state;
	/* rounds_open takes the records over, even if it fails. */
	for (size_t i = 0; i < r->n_pts && !r->opened; i++)
		mw_record_fini(&r->pts[i].rec);
	rounds_close(r->rounds);
	free(r->pts);
	free(r->args);
	free(r->points);
	storage_engine_close(r->engine);
	storage_destroy(&r->file);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "dir",
	 .type = MW_OPT_TEXT,
	 .arg = "DIR",
	 .help = "directory of the temporary file, on the device under test (default: scratch folder, /var/tmp or .)"},
	{.name = "file-size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 1 << 20,
	 .max = 0x1p43,
	 .help = "size of that file (default: by profile, quick 256M)"},
	{.name = "max-depth",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "64",
	 .min = 1,
	 .max = MAX_DEPTH,
	 .help = "reads in flight: 1, 2, 4, ... up to N"},
	{.name = "engine",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "auto",
	 .choices = "auto|io_uring|pread",
	 .help = "auto: io_uring, or one pread at a time where the kernel refuses it"},
	{.name = "buffered", .type = MW_OPT_FLAG, .help = "read through the page cache, without O_DIRECT"},
	MW_OPT_END,
};

const struct bench bench_storage = {
	.name = "storage",
	.summary = "random and sequential reads of a temporary file by queue depth",
	.options = options,
	.weight = 10,
	.dependency = "liburing",
	.available = available,
	.check = check,
	.plan = plan,
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
