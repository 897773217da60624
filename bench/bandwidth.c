/* Memory bandwidth: the operations of STREAM and more at every level, by kernel, kind of store, thread count and
 * placement.
 *
 * Metric "bandwidth" counts the bytes that the program reads and writes. Metric "bus_bandwidth" (modelled) adds the
 * lines that ordinary stores read before they overwrite them. No single kernel is the fastest on every machine: begin()
 * chooses some of each family by short probes, later samples of these are the points, and cases peak-* give the fastest
 * of them and name it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/bandwidth_plan.h"
#include "bench/rounds.h"
#include "bench/stream_arrays.h"

struct bw_point {
	struct stream_job job;
	double sample_ns;
	int rc; /* result of prepare_point(); > 0: not called yet */
	char why[MW_REASON_ROOM];
};

struct bw_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct bw_plan plan;
	struct stream_arrays arrays;
	struct bw_point *points;
	struct round_point *pts;
	size_t n;
	struct rounds *rounds;
};

/* ---- which kernels ---- */

static struct stream_job job_of(const struct bw_run *r, const struct bw_group *g, const struct mw_stream_kernel *k)
{
	return (struct stream_job){
		.arrays = &r->arrays,
		.kernel = k,
		.threads = g->at->threads,
		.ranks = g->at->ranks,
		.max_elements = g->elements,
		.warm = g->level != BW_LEVEL_DRAM,
		.zeros = g->zeros,
	};
}

static void describe(const struct bw_run *r, const struct bw_group *g, const struct mw_stream_kernel *k,
		     struct mw_record *rec)
{
	struct bw_words words = bw_plan_words(&r->plan, g, k);
	words.obtained = r->arrays.nodes[0].block.obtained;
	bw_record_open(rec, &words);
}

/* Probes of one group. */
struct prober {
	struct bw_run *r;
	const struct bw_group *g;
	size_t count;
	uint64_t until_ns;
};

/* A probe in DRAM passes over the next part of the arrays, so that it does not find what the one before left in the
 * caches. */
static double probe(void *self, const struct mw_stream_kernel *k)
{
	enum { PART = 24 << 20 }; /* bytes of a member, of all its arrays: a millisecond or two */
	struct prober *p = self;
	struct stream_job job = job_of(p->r, p->g, k);
	double gbps = 0;
	if (bench_stopped(p->r->ctx) || mw_now_ns() >= p->until_ns)
		return 0;
	if (p->g->level == BW_LEVEL_DRAM) {
		job.max_elements = PART / sizeof(double) / mw_stream_arrays(p->g->op);
		job.skip = job.max_elements * p->count++;
	}
	int rc = stream_job_probe(&job, 1e5, &gbps);
	stream_job_fini(&job);
	return rc == 0 ? gbps : 0;
}

/* A resumed run goes on with the kernels of which it has samples. */
static void choose_sampled(const struct bw_run *r, struct bw_group *g, const struct bw_candidates *c)
{
	const struct mw_sample_sink *sink = r->ctx->samples;
	for (size_t i = 0; i < c->n && sink && sink->earlier && g->choice.n < g->want; i++) {
		struct mw_record rec;
		size_t n = 0;
		describe(r, g, c->k[i], &rec);
		if (sink->earlier(sink->self, &rec, &n) && n)
			g->choice.k[g->choice.n++] = c->k[i];
		mw_record_fini(&rec);
	}
}

/* Operations that move the same arrays in the same way have the same fast kernels. */
static enum mw_stream_op shape_of(enum mw_stream_op op)
{
	return op == MW_STREAM_SCALE ? MW_STREAM_COPY : op == MW_STREAM_ADD ? MW_STREAM_TRIAD : op;
}

/* A group of the same level, stores and shape whose choice can stand for that of g; NULL when there is none. near: only
 * one that was probed under the same conditions: with the same members, or in caches that a core has for itself. */
static const struct bw_group *like(const struct bw_plan *p, const struct bw_group *g, bool near)
{
	const struct bw_group *found = NULL;
	for (size_t i = p->n_groups; i-- > 0;) {
		const struct bw_group *o = &p->groups[i];
		if (o == g || o->level != g->level || o->nt != g->nt || o->zeros || o->choice.n < g->want ||
		    shape_of(o->op) != shape_of(g->op) || o->choice.probed == 0)
			continue;
		if (o->at == g->at || g->level <= BW_LEVEL_L2)
			return o;
		found = near ? found : o;
	}
	return found;
}

static const struct mw_stream_kernel *same_name(const struct bw_candidates *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->k[i]->name, name) == 0)
			return c->k[i];
	return NULL;
}

/* Takes the kernels that were chosen for another group. False when g's operation lacks one of them. */
static bool take_choice(struct bw_group *g, const struct bw_candidates *c, const struct bw_group *other)
{
	struct bw_choice choice = {.probed = other->choice.probed};
	for (; choice.n < g->want; choice.n++) {
		choice.k[choice.n] = same_name(c, other->choice.k[choice.n]->name);
		if (!choice.k[choice.n])
			return false;
	}
	g->choice = choice;
	return true;
}

/* Puts the kernels of which there are samples first. */
static void keep(struct bw_group *g, const struct bw_choice *sampled)
{
	struct bw_choice all = *sampled;
	for (size_t i = 0; i < g->choice.n && all.n < g->want; i++) {
		bool known = false;
		for (size_t k = 0; k < all.n; k++)
			known = known || all.k[k] == g->choice.k[i];
		if (!known)
			all.k[all.n++] = g->choice.k[i];
	}
	all.probed = g->choice.probed;
	g->choice = all;
}

static void choose_group(struct bw_run *r, struct bw_group *g, uint64_t until_ns)
{
	struct prober prober = {.r = r, .g = g, .until_ns = until_ns};
	struct bw_candidates c;
	bw_candidates_list(&c, g->op, g->nt, r->plan.isas);
	choose_sampled(r, g, &c);
	struct bw_choice sampled = g->choice;
	if (sampled.n == g->want)
		return;
	/* Team members that are missing drop the points later. */
	bool possible = g->at->span <= mw_team_size(r->ctx->team) && !g->zeros && mw_now_ns() < until_ns;
	const struct bw_group *other = r->plan.all_probed && possible ? NULL : like(&r->plan, g, possible);
	if (!other || !take_choice(g, &c, other))
		bw_choose(&c, g->want, g->level >= BW_LEVEL_L3, possible ? probe : NULL, &prober, &g->choice);
	keep(g, &sampled);
}

/* Chooses for the groups in caches, or for those in DRAM, with all members first, as they are last in the list. */
static void choose_some(struct bw_run *r, bool dram, bool zeros, uint64_t until_ns)
{
	/* Those of which most kernels are wanted first: others may take their choice. */
	for (unsigned want = BW_FINALISTS; want > 0; want--)
		for (size_t i = r->plan.n_groups; i-- > 0;) {
			struct bw_group *g = &r->plan.groups[i];
			if ((g->level == BW_LEVEL_DRAM) == dram && g->zeros == zeros && g->want == want)
				choose_group(r, g, until_ns);
		}
}

/* Half of the time is for probes. Those in caches are short: all instruction sets are tried there, too. */
static void choose_kernels(struct bw_run *r)
{
	uint64_t now = mw_now_ns(), end = r->ctx->deadline_ns;
	uint64_t half = end > now ? (end - now) / 2 : 0;
	choose_some(r, false, false, now + half / 2);
	choose_some(r, true, false, now + half);
	choose_some(r, true, true, now + half); /* the kernels of the other values */
}

/* ---- points ---- */

/* Runs the kernel once, compares every byte of its result and chooses the passes per sample. */
static int prepare_point(struct bw_point *p)
{
	p->rc = stream_job_prepare(&p->job, p->sample_ns, p->why, sizeof(p->why));
	return p->rc;
}

static int measure_point(void *arg, double *value, char *err, size_t n)
{
	struct bw_point *p = arg;
	if (p->rc > 0)
		(void)prepare_point(p);
	if (p->rc < 0)
		return mw_fail(p->rc, err, n, "%s", p->why[0] ? p->why : mw_strerror(p->rc));
	return stream_job_measure(&p->job, value, err, n);
}

static void add_point(struct bw_run *r, const struct bw_group *g, const struct mw_stream_kernel *k, double sample_ns)
{
	struct bw_point *p = &r->points[r->n];
	p->job = job_of(r, g, k);
	/* 5 ms are enough for thousands of passes over a cache; over DRAM only for a few. */
	p->sample_ns = g->level == BW_LEVEL_DRAM || sample_ns < 5e6 ? sample_ns : 5e6;
	p->rc = 1;
	describe(r, g, k, &r->pts[r->n].rec);
	r->pts[r->n].measure = measure_point;
	r->pts[r->n].arg = p;
	r->pts[r->n].threads = g->at->span; /* the probe of the topology state goes to the last member that works */
	r->n++;
}

/* Prepares points until until_ns, starting with the last one (DRAM, all members). The others are prepared when they are
 * first measured. */
static void prepare_points(struct bw_run *r, uint64_t until_ns)
{
	const struct mw_progress *pr = r->ctx->progress;
	for (size_t i = r->n; i-- > 0 && !bench_stopped(r->ctx) && mw_now_ns() < until_ns;) {
		struct bw_point *p = &r->points[i];
		/* rounds_open() drops points that need more threads than there are, with the reason. */
		if (p->rc <= 0 || stream_job_span(&p->job) > mw_team_size(r->ctx->team))
			continue;
		(void)prepare_point(p);
		if (pr && pr->update)
			pr->update(pr->self, "checking kernels", (double)(r->n - i) / (double)r->n);
	}
}

/* The limit is of all blocks together, but the program and other benchmarks have taken some of the address space. */
static int open_arrays(struct bw_run *r, char *err, size_t n)
{
	int rc;
	while ((rc = stream_arrays_open(&r->arrays, r->ctx, r->plan.pages, r->plan.array_bytes, err, n)) ==
		       MW_EBUDGET &&
	       bw_plan_shrink(&r->plan))
		stream_arrays_close(&r->arrays);
	return rc;
}

static int open_points(struct bw_run *r, char *err, size_t n)
{
	int rc = open_arrays(r, err, n);
	if (rc < 0)
		return rc;
	r->points = calloc(r->plan.points, sizeof(*r->points));
	r->pts = calloc(r->plan.points, sizeof(*r->pts));
	if (!r->points || !r->pts)
		return -ENOMEM;
	choose_kernels(r);
	/* From share_s, not from the deadline of this call, so that a resumed run has samples of the same length. */
	struct bench_ctx visits = *r->ctx;
	visits.deadline_ns = mw_now_ns() + (uint64_t)(0.75e9 * r->ctx->share_s);
	double sample_ns = 1e9 * rounds_sample_s(&visits, r->plan.points);
	for (size_t i = 0; i < r->plan.n_groups; i++)
		for (size_t k = 0; k < r->plan.groups[i].choice.n; k++)
			add_point(r, &r->plan.groups[i], r->plan.groups[i].choice.k[k], sample_ns);
	return rounds_open(r->ctx, r->pts, r->n, &r->rounds);
}

static void close_points(struct bw_run *r)
{
	rounds_close(r->rounds);
	for (size_t i = 0; r->points && i < r->n; i++)
		stream_job_fini(&r->points[i].job);
	free(r->points);
	free(r->pts);
	stream_arrays_close(&r->arrays);
	r->rounds = NULL;
	r->points = NULL;
	r->pts = NULL;
	r->n = 0;
}

/* ---- the benchmark ---- */

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct bw_run *r = calloc(1, sizeof(*r));
	(void)sink;
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	int rc = bw_plan_open(&r->plan, ctx, err, n);
	if (rc == 0)
		rc = open_points(r, err, n);
	if (rc == 0)
		prepare_points(r, ctx->deadline_ns);
	stream_arrays_release(&r->arrays);
	return rc;
}

/* Since begin() other benchmarks may have taken address space that they keep, such as libraries of tens of MiB. Before
 * anything was measured the arrays can still become smaller. */
static int take_arrays(struct bw_run *r, char *err, size_t n)
{
	int rc = stream_arrays_take(&r->arrays, r->ctx, err, n);
	if (rc != MW_EBUDGET || r->ctx->visit > 0 || !bw_plan_shrink(&r->plan))
		return rc;
	close_points(r);
	return open_points(r, err, n);
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct bw_run *r = state;
	uint64_t now = mw_now_ns();
	r->ctx = r->plan.ctx = ctx;
	int rc = take_arrays(r, err, n);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->n; i++)
		stream_job_place(&r->points[i].job);
	if (now < ctx->deadline_ns)
		prepare_points(r, now + (ctx->deadline_ns - now) / 2);
	rc = rounds_visit(r->rounds, ctx);
	stream_arrays_release(&r->arrays);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

/* Fails the benchmark when a kernel gave a wrong result. */
static int wrong_kernel(const struct bw_run *r, char *err, size_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->points[i].rc == MW_EVERIFY)
			return mw_fail(MW_EVERIFY, err, n, "%s", r->points[i].why);
	return 0;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct bw_run *r = state;
	struct bw_results results = {.out = sink, .target = ctx->profile->target, .limit = r->plan.limit};
	const struct mw_sink middle = {bw_results_add, &results};
	size_t n_cells;
	r->ctx = r->plan.ctx = ctx;
	if (!r->rounds)
		return 0;
	struct bw_cell *cells = bw_plan_cells(&r->plan, &n_cells);
	int rc = cells ? rounds_finish(r->rounds, &middle) : -ENOMEM;
	if (rc == 0)
		rc = bw_results_envelope(&results, cells, n_cells);
	bw_results_fini(&results);
	free(cells);
	return rc < 0 ? rc : wrong_kernel(r, err, n);
}

static void end(void *state)
{
	struct bw_run *r = state;
	close_points(r);
	bw_plan_close(&r->plan);
	free(r);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct bw_plan *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int rc = bw_plan_open(p, ctx, err, n);
	bw_plan_close(p);
	free(p);
	return rc;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct bw_plan *p = calloc(1, sizeof(*p));
	if (!p)
		return;
	if (bw_plan_open(p, ctx, NULL, 0) == 0) {
		out->points = (unsigned)p->points;
		out->memory_bytes = 3 * (uint64_t)p->array_bytes;
	}
	bw_plan_close(p);
	free(p);
}

const struct bench bench_bandwidth = {
	.name = "bandwidth",
	.summary = "bandwidth of every memory level by kernel, stores and threads",
	.options = bw_options,
	.weight = 18,
	.check = check,
	.plan = plan,
	.emitter = &bw_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
