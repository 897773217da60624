/* Storage: random and sequential requests to a temporary file, bypassing the page cache, by block size and queue depth.
 * Reads only, unless writes are asked for; those go to the same file. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/irq.h"
#include "base/sys/tree.h"
#include "bench/rounds.h"
#include "bench/storage.h"

/* ---- state ---- */

/* The values of one load use the same sample; the one that is measured first takes it. */
struct load_point {
	struct storage_run *run;
	struct storage_load load;
	struct storage_value values[STORAGE_VALUES];
	size_t n_values;
	double value[STORAGE_VALUES];
	bool fresh[STORAGE_VALUES]; /* in the round that took the sample */
	unsigned round;
	struct round_shared shared;
	struct mw_histogram *all[STORAGE_OPS]; /* latencies of the run; NULL: no such requests */
	unsigned in_flight;
	int cpu;
	int rc;
	char err[MW_ERR_ROOM];
};

struct value_arg {
	struct load_point *point;
	size_t index; /* in its values */
};

struct storage_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct storage_file file;
	struct storage_engine *engine;
	struct storage_limit limit;
	struct storage_place place;
	struct storage_facts facts;
	uint64_t rng;
	char engine_why[MW_ERR_ROOM];
	unsigned depth;                   /* largest number of requests in flight */
	char depth_why[MW_ERR_ROOM + 40]; /* why depth is less than asked for */
	struct mw_block block;            /* buffer of the requests; held during a visit */
	struct storage_result *result;
	struct storage_load *loads; /* as planned */
	size_t n_loads;
	struct load_point *points;
	struct value_arg *args;
	struct round_point *pts;
	size_t n_points, n_pts;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

/* Runs fn where the thread belongs (storage_choose_place). */
static int run_in_place(struct storage_run *r, mw_team_fn fn, void *arg)
{
	if (r->place.member >= 0)
		return mw_team_run_on(r->ctx->team, r->place.member, fn, arg);
	fn(arg, 0, 1);
	return 0;
}

/* ---- one sample ---- */

static void sample_member(void *arg, int rank, int n)
{
	struct load_point *p = arg;
	struct storage_run *r = p->run;
	(void)n;
	mw_team_timed_begin(r->ctx->team, rank);
	p->rc = storage_sample(r->engine, &r->file, &p->load, r->block.p, &r->rng, &r->limit, r->result, p->err,
			       sizeof(p->err));
	(void)mw_team_timed_end(r->ctx->team, rank);
	bool bound = r->place.member >= 0 && !mw_team_unpinned(r->ctx->team)[0];
	p->cpu = bound ? sched_getcpu() : -1;
}

static int take_sample(struct load_point *p, char *err, size_t n)
{
	struct storage_run *r = p->run;
	int rc = run_in_place(r, sample_member, p);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	if (p->rc < 0)
		return mw_fail(p->rc, err, n, "%s", p->err);
	for (size_t i = 0; i < p->n_values; i++) {
		p->value[i] = storage_value_of(&p->load, &p->values[i], r->result);
		p->fresh[i] = true;
	}
	for (int op = 0; op < STORAGE_OPS; op++)
		if (p->all[op])
			mw_histogram_merge(p->all[op], &r->result->times[op].latency);
	p->in_flight = r->result->in_flight > p->in_flight ? r->result->in_flight : p->in_flight;
	p->round = p->shared.round;
	return 0;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	const struct value_arg *a = arg;
	struct load_point *p = a->point;
	p->shared.reused = p->fresh[a->index] && p->round == p->shared.round;
	int rc = p->shared.reused ? 0 : take_sample(p, err, n);
	if (rc < 0)
		return rc;
	p->fresh[a->index] = false;
	*value = p->value[a->index];
	if (!isfinite(*value))
		return mw_fail(MW_EBUDGET, err, n, "too few requests per sample for this percentile");
	return 0;
}

/* ---- points ---- */

static int add_load(struct storage_run *r, const struct storage_load *l)
{
	struct load_point *p = &r->points[r->n_points++];
	*p = (struct load_point){.run = r, .load = *l, .cpu = -1};
	p->n_values = storage_values(l, r->facts.uring, p->values);
	for (size_t i = 0; i < p->n_values; i++) {
		const struct storage_value *v = &p->values[i];
		if (v->whole_run && !p->all[v->op] && !(p->all[v->op] = calloc(1, sizeof(struct mw_histogram))))
			return -ENOMEM;
		if (v->whole_run)
			continue;
		struct value_arg *a = &r->args[r->n_pts];
		struct round_point *pt = &r->pts[r->n_pts++];
		*a = (struct value_arg){.point = p, .index = i};
		*pt = (struct round_point){.measure = measure, .arg = a, .shared = &p->shared, .threads = 1};
		storage_open_record(&r->facts, l, v, &pt->rec);
	}
	return 0;
}

/* Adds the loads. Depths that cannot be had (no io_uring, not enough memory) become unavailable records with the
 * reason. */
static int add_loads(struct storage_run *r, const struct mw_sink *sink)
{
	struct storage_value v[STORAGE_VALUES];
	int rc = 0;
	for (size_t i = 0; i < r->n_loads && rc == 0; i++) {
		const struct storage_load *l = &r->loads[i];
		if (l->depth <= r->depth) {
			rc = add_load(r, l);
			continue;
		}
		struct mw_record rec;
		(void)storage_values(l, r->facts.uring, v);
		storage_open_record(&r->facts, l, &v[0], &rec);
		mw_record_unavailable(&rec, r->depth_why);
		rc = mw_finish(sink, &rec);
	}
	return rc;
}

/* Bytes in flight of the loads up to a depth. */
static size_t buffer_bytes(const struct storage_load *v, size_t n, unsigned depth)
{
	size_t most = STORAGE_BLOCK;
	for (size_t i = 0; i < n; i++) {
		size_t bytes = (size_t)v[i].depth * v[i].block;
		if (v[i].depth <= depth && bytes > most)
			most = bytes;
	}
	return most;
}

static unsigned deepest(const struct storage_load *v, size_t n)
{
	unsigned most = 1;
	for (size_t i = 0; i < n; i++)
		most = v[i].depth > most ? v[i].depth : most;
	return most;
}

/* The loads of the context, freed by the caller; NULL when out of memory. */
static struct storage_load *plan_loads(const struct bench_ctx *ctx, size_t *n)
{
	const struct storage_wish wish = storage_wish_of(ctx);
	size_t max = storage_plan(&wish, NULL, 0);
	struct storage_load *v = calloc(max, sizeof(*v));
	*n = v ? storage_plan(&wish, v, max) : 0;
	return v;
}

static int take_block(struct storage_run *r, char *err, size_t n)
{
	return mw_arena_take(r->ctx->arenas, r, MW_PAGES_4K, -1, buffer_bytes(r->loads, r->n_loads, r->depth),
			     &r->block, err, n);
}

static int alloc_points(struct storage_run *r, char *err, size_t n)
{
	r->points = calloc(r->n_loads, sizeof(*r->points));
	r->args = calloc(r->n_loads * STORAGE_VALUES, sizeof(*r->args));
	r->pts = calloc(r->n_loads * STORAGE_VALUES, sizeof(*r->pts));
	r->result = calloc(1, sizeof(*r->result));
	if (!r->points || !r->args || !r->pts || !r->result)
		return mw_fail(-ENOMEM, err, n, "storage: no memory for the points");
	r->depth = 1;
	if (!r->facts.uring)
		mw_clip(r->depth_why, sizeof(r->depth_why), "one request at a time: %s", r->engine_why);
	else
		r->depth = deepest(r->loads, r->n_loads);
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
	return (bytes + STORAGE_SEQUENTIAL_BLOCK - 1) / STORAGE_SEQUENTIAL_BLOCK * STORAGE_SEQUENTIAL_BLOCK;
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

static int check_loads(const struct bench_ctx *ctx, char *err, size_t n)
{
	const struct storage_wish w = storage_wish_of(ctx);
	for (size_t i = 0; i < w.n_blocks; i++)
		if (w.blocks[i] % STORAGE_BLOCK)
			return mw_fail(MW_ESPEC, err, n, "--blocks: %llu is not a multiple of %u",
				       (unsigned long long)w.blocks[i], STORAGE_BLOCK);
	if (w.n_depths && mw_opt(ctx->opts, "max-depth")->given)
		return mw_fail(MW_ESPEC, err, n, "--depths and --max-depth: only one of them");
	return 0;
}

/* Checks the loads, and --dir; available() checks the default directories. */
static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	const char *dir;
	char why[MW_ERR_ROOM] = "";
	if (check_loads(ctx, err, n) < 0)
		return MW_ESPEC;
	if (!mw_opt(ctx->opts, "dir")->given)
		return 0;
	int rc = pick_dir(ctx, file_bytes(ctx), &dir, why, sizeof(why));
	return rc == MW_EUNAVAILABLE ? mw_fail(rc, err, n, "--dir: %s", why)
	       : rc < 0              ? mw_fail(rc, err, n, "%s", why)
				     : 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *p)
{
	struct storage_value v[STORAGE_VALUES];
	size_t n;
	struct storage_load *loads = plan_loads(ctx, &n);
	for (size_t i = 0; i < n; i++)
		p->points += (unsigned)storage_values(&loads[i], true, v);
	p->memory_bytes = buffer_bytes(loads, n, STORAGE_MAX_DEPTH);
	p->disk_bytes = file_bytes(ctx);
	free(loads);
}

static int create(struct storage_run *r, char *err, size_t n)
{
	const struct bench_ctx *ctx = r->ctx;
	const char *dir = NULL;
	int rc = pick_dir(ctx, r->facts.asked_bytes, &dir, err, n);
	if (rc < 0)
		return rc;
	const struct storage_limit limit = {.stop = ctx->stop, .deadline_ns = ctx->deadline_ns};
	bool direct = !mw_opt_flag(ctx->opts, "buffered");
	return storage_create(dir, r->facts.asked_bytes, ctx->seed ^ mw_now_ns(), direct, &limit, &r->file, err, n);
}

static int open_engine(struct storage_run *r, char *err, size_t n)
{
	const char *asked = mw_opt_text(r->ctx->opts, "engine");
	int rc = storage_engine_open(deepest(r->loads, r->n_loads), strcmp(asked, "pread") != 0, &r->engine,
				     r->engine_why, sizeof(r->engine_why));
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", r->engine_why);
	r->facts.uring = storage_engine_uring(r->engine);
	if (!r->facts.uring && strcmp(asked, "io_uring") == 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "%s", r->engine_why);
	return 0;
}

static int choose_place(struct storage_run *r)
{
	struct mw_cpulist irq;
	char why[MW_ERR_ROOM] = "/sys cannot be read";
	int root = mw_tree_open("/"), n = mw_team_size(r->ctx->team);
	int *cpus = calloc((size_t)n, sizeof(*cpus));
	for (int i = 0; cpus && i < n; i++)
		cpus[i] = mw_team_cpu(r->ctx->team, i);
	int rc = root < 0 ? root : mw_irq_cpus(root, r->file.major, r->file.minor, &irq, why, sizeof(why));
	if (cpus)
		storage_choose_place(rc == 0 ? &irq : NULL, why, cpus, n, &r->place);
	if (root >= 0)
		(void)close(root);
	rc = cpus ? 0 : -ENOMEM;
	free(cpus);
	return rc;
}

struct reread {
	struct storage_run *run;
	struct storage_limit limit;
	double pass_ns[2];
	int rc;
};

static void reread_member(void *arg, int rank, int n)
{
	struct reread *j = arg;
	(void)rank, (void)n;
	j->rc = storage_reread(&j->run->file, j->run->block.p, &j->run->rng, &j->limit, j->pass_ns);
}

/* Looks for a cache below this system, for at most half a second. What ends it early leaves the answer open. */
static void look_for_cache(struct storage_run *r)
{
	uint64_t until = mw_now_ns() + 500000000u;
	struct reread j = {.run = r, .limit = {.stop = r->ctx->stop, .deadline_ns = until}};
	if (r->ctx->deadline_ns && r->ctx->deadline_ns < until)
		j.limit.deadline_ns = r->ctx->deadline_ns;
	if (run_in_place(r, reread_member, &j) == 0 && j.rc == 0)
		(void)storage_cache_suspect(&r->file, j.pass_ns, r->facts.suspect, sizeof(r->facts.suspect));
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct storage_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	r->file.fd = -1;
	r->rng = ctx->seed;
	r->limit.stop = ctx->stop;
	r->facts = (struct storage_facts){.file = &r->file, .place = &r->place, .engine_why = r->engine_why};
	r->facts.asked_bytes = file_bytes(ctx);
	r->loads = plan_loads(ctx, &r->n_loads);
	int rc = r->loads ? open_engine(r, err, n) : -ENOMEM;
	if (rc == 0)
		rc = create(r, err, n);
	if (rc == 0)
		rc = choose_place(r);
	if (rc == 0)
		rc = alloc_points(r, err, n);
	if (rc == 0)
		look_for_cache(r);
	if (rc == 0)
		rc = add_loads(r, sink);
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

/* The values that are taken from all requests of a load together. */
static int emit_whole_run(struct storage_run *r, const struct load_point *p, const struct mw_sink *sink)
{
	int rc = 0;
	for (size_t i = 0; i < p->n_values && rc == 0; i++) {
		const struct storage_value *v = &p->values[i];
		struct mw_record rec;
		if (!v->whole_run)
			continue;
		const struct mw_histogram *all = p->all[v->op];
		double value = storage_percentile(all, v->per_mille);
		storage_open_record(&r->facts, &p->load, v, &rec);
		storage_put_requests(&rec, all->n);
		if (all->n)
			storage_put_seen(&rec, p->in_flight, p->cpu);
		if (isfinite(value))
			mw_record_set(&rec, value, MW_MEASURED, "");
		else
			mw_record_unavailable(&rec, "too few requests in the run for this percentile");
		rc = mw_finish(sink, &rec);
	}
	return rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct storage_run *r = state;
	(void)err, (void)n;
	r->ctx = ctx;
	for (size_t i = 0; r->rounds && i < r->n_pts; i++) {
		const struct load_point *p = r->args[i].point;
		if (p->in_flight)
			storage_put_seen(&r->pts[i].rec, p->in_flight, p->cpu);
	}
	int rc = r->rounds ? rounds_finish(r->rounds, sink) : 0;
	for (size_t i = 0; r->rounds && i < r->n_points && rc == 0; i++)
		rc = emit_whole_run(r, &r->points[i], sink);
	return rc;
}

static void end(void *state)
{
	struct storage_run *r = state;
	/* rounds_open takes the records over, even if it fails. */
	if (!r->opened)
		rounds_drop(r->pts, r->n_pts);
	rounds_close(r->rounds);
	for (size_t i = 0; i < r->n_points; i++)
		for (int op = 0; op < STORAGE_OPS; op++)
			free(r->points[i].all[op]);
	free(r->pts);
	free(r->args);
	free(r->points);
	free(r->loads);
	free(r->result);
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
	 .max = STORAGE_MAX_DEPTH,
	 .help = "most requests in flight: 1, 4, 16, ... up to N, or every power of two where there is time"},
	{.name = "depths",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = STORAGE_MAX_DEPTH,
	 .max_items = STORAGE_LIST,
	 .help = "requests in flight, exactly these, for example 1,32"},
	{.name = "blocks",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = STORAGE_BLOCK,
	 .max = STORAGE_SEQUENTIAL_BLOCK,
	 .max_items = STORAGE_LIST,
	 .help = "bytes of a random request (default: 4K; where there is time 4K,16K,64K,256K)"},
	{.name = "write",
	 .type = MW_OPT_FLAG,
	 .help = "also measure writes, 70:30 mixed requests, fsync and fdatasync, all in the temporary file"},
	{.name = "engine",
	 .type = MW_OPT_CHOICE,
	 .arg = "NAME",
	 .def = "auto",
	 .choices = "auto|io_uring|pread",
	 .help = "auto: io_uring, or one request at a time where the kernel refuses it"},
	{.name = "buffered", .type = MW_OPT_FLAG, .help = "go through the page cache, without O_DIRECT"},
	MW_OPT_END,
};

const struct bench bench_storage = {
	.name = "storage",
	.summary = "random and sequential reads of a temporary file by block size and queue depth; writes on request",
	.options = options,
	.weight = 10,
	.dependency = "liburing",
	.available = available,
	.check = check,
	.plan = plan,
	.emitter = &storage_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
