/* Memory-level parallelism: independent pointer chains followed by one thread, and by all, for each memory level.
 *
 * One chain gives the latency. With more chains the time between two accesses falls, until the core or the memory
 * cannot have more of them in flight: the knee (parallelism_records.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/kernels/chases.h"
#include "bench/parallelism_records.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum {
	LINE = 64,
	STRIDE = 256, /* smaller ones let prefetchers help (docs of `latency`) */
	WINDOW = 256 << 10,
	LEVELS = 4,
	MAX_THREADS_ITEMS = 16,
	MAX_POINTS = LEVELS * MAX_THREADS_ITEMS * 15,
};

/* Time to write one element of a chain that no cache holds, and the shortest useful sample, ns. */
#define BUILD_NS 25.0
#define LEAST_SAMPLE_NS 1e6
/* The longest one: the shorter a sample, the more often it ends before something else gets the CPU. */
#define LONGEST_SAMPLE_NS 3e6
/* ---- state ---- */

enum level { L1, L2, L3, DRAM };
static const char *const level_names[LEVELS] = {"l1", "l2", "l3", "dram"};

/* The memory of the members on one NUMA node. */
struct node_block {
	int node;
	int members; /* of the largest number of threads */
	struct mw_block block;
};

struct par_point {
	struct par_run *run;
	enum level level;
	struct mw_chases chains; /* of a member, without base */
	int threads;
	double sample_ns;
	size_t steps;    /* of each chain in a sample; 0 before the first one */
	unsigned builds; /* so far */
	atomic_int rc;
};

/* A member's memory, and where its chains are. */
struct member {
	_Alignas(128) void *at[MW_CHASES_MAX]; /* members do not write to one line */
	struct node_block *block;
	int index; /* among the members of its node */
};

struct par_run {
	const struct bench_ctx *ctx;
	enum mw_pages kind;
	bool wanted[LEVELS];
	int threads[MAX_THREADS_ITEMS];
	size_t n_threads;
	unsigned chases[MW_CHASES_MAX];
	size_t n_chases;
	uint64_t limit; /* bytes that all members together may use */
	struct node_block *blocks;
	int n_blocks;
	struct member *members;
	struct par_point *points;
	struct round_point *pts;
	size_t n;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records */
};

/* ---- one sample ---- */

static void build(struct par_point *p, struct member *m)
{
	struct mw_chases c = p->chains;
	c.of.base = (char *)m->block->block.p + (size_t)m->index * c.of.bytes;
	c.of.seed = par_seed(c.of.seed, m->index, p->builds);
	int rc = mw_chases_build(&c, m->at);
	if (rc < 0)
		atomic_store(&p->rc, rc);
}

/* Builds the chains anew for each sample, in another order: every number of chains uses the same memory, and writing it
 * evicts what the sample before left in the caches. */
static void prepare_member(void *arg, int rank, int n)
{
	struct par_point *p = arg;
	struct member *m = &p->run->members[rank];
	(void)n;
	build(p, m);
	if (p->level != DRAM && atomic_load(&p->rc) == 0)
		mw_chases_run(m->at, p->chains.chains, 2 * mw_chases_length(&p->chains));
}

static void chase_member(void *arg, int rank, int n)
{
	struct par_point *p = arg;
	(void)n;
	mw_chases_run(p->run->members[rank].at, p->chains.chains, p->steps);
}

static int prepare(struct par_point *p)
{
	atomic_store(&p->rc, 0);
	p->builds++;
	int rc = mw_team_run(p->run->ctx->team, p->threads, prepare_member, p);
	return rc < 0 ? rc : atomic_load(&p->rc);
}

/* Chooses the steps of a sample from the time of a few. */
static int calibrate(struct par_point *p)
{
	uint64_t ns = 0, best = UINT64_MAX;
	p->steps = 256;
	for (int i = 0; i < 3; i++) {
		int rc = mw_team_time(p->run->ctx->team, p->threads, chase_member, p, &ns);
		if (rc < 0)
			return rc;
		best = ns < best ? ns : best;
	}
	p->steps = par_steps(p->sample_ns, best, p->steps, p->level == DRAM ? mw_chases_length(&p->chains) : 0);
	return prepare(p);
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct par_point *p = arg;
	uint64_t ns = 0;
	int rc = prepare(p);
	if (rc == 0 && p->steps == 0)
		rc = calibrate(p);
	if (rc == 0)
		rc = mw_team_time(p->run->ctx->team, p->threads, chase_member, p, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "cannot build the pointer chains: %s", mw_strerror(rc));
	*value = par_access_ns(ns, p->steps, p->chains.chains, p->threads);
	return 0;
}

/* ---- sizes ---- */

static uint64_t power_below(uint64_t v)
{
	while (v & (v - 1))
		v &= v - 1;
	return v;
}

/* Bytes of the chains of one member on a level, a multiple of the window; *touched: of their cache lines. 0: the level
 * cannot be measured with that many threads. */
static uint64_t span_of(const struct par_run *r, enum level level, int threads, struct mw_chain *c)
{
	const struct mw_host *h = &r->ctx->topo->host;
	uint64_t l1 = h->l1d_bytes ? h->l1d_bytes : 32 << 10, l2 = h->l2_bytes ? h->l2_bytes : 1 << 20;
	uint64_t l3 = h->l3_bytes, share = (uint64_t)threads, bytes = 0;
	*c = (struct mw_chain){.stride = level == L1 ? LINE : STRIDE, .window = WINDOW, .seed = r->ctx->seed};
	if (level == L1)
		bytes = l1 / 2;
	else if (level == L2)
		bytes = l2 / 2 * (STRIDE / LINE);
	else if (level == L3 && l3) {
		/* One thread alone uses one of the caches; all of them share all. */
		uint64_t caches = threads > 1 && h->l3_instances > 1 ? (uint64_t)h->l3_instances : 1;
		uint64_t touched = (l3 / 4 >= 2 * l2 ? l3 / 4 : l3 / 2) * caches / share;
		bytes = touched >= 2 * l2 ? touched * (STRIDE / LINE) : 0;
	} else if (level == DRAM) {
		uint64_t all = threads > 1 && h->llc_total_bytes > l3 ? h->llc_total_bytes : l3 ? l3 : 32u << 20;
		uint64_t want = power_below(8 * all - 1) * (STRIDE / LINE); /* touches at least 4 times the caches */
		bytes = (want < r->limit ? want : power_below(r->limit)) / share;
	}
	if (level == L1)
		c->window = bytes;
	c->bytes = c->window ? bytes / c->window * c->window : 0;
	return c->bytes;
}

static uint64_t touched(const struct mw_chain *c)
{
	return c->bytes / c->stride * LINE;
}

/* ---- which points ---- */

/* Bytes that the run may use: half of the time of `begin` and of the visits is enough to touch them first (2 s per GiB
 * in a guest). */
static uint64_t memory_limit(const struct bench_ctx *ctx, unsigned blocks)
{
	uint64_t limit = bench_block_limit(ctx, blocks) * blocks;
	double touch = 0.25 * ctx->share_s / 2.0 * 0x1p30;
	double least = 64u << 20;
	if (touch < least)
		touch = least;
	return (double)limit > touch ? (uint64_t)touch : limit;
}

struct cost {
	unsigned points;
	double fixed_ns; /* of a round, without the samples */
};

static struct cost cost_of(const struct par_run *r)
{
	struct cost c = {0};
	for (size_t t = 0; t < r->n_threads; t++)
		for (int level = 0; level < LEVELS; level++) {
			struct mw_chain chain;
			if (!r->wanted[level] || !span_of(r, (enum level)level, r->threads[t], &chain))
				continue;
			size_t elements = chain.bytes / chain.stride;
			c.points += (unsigned)r->n_chases;
			c.fixed_ns += (double)r->n_chases *
				      (1e6 + (double)elements * (level == DRAM ? BUILD_NS : 2 * BUILD_NS));
		}
	return c;
}

/* Time for the samples of one round, ns. */
static double samples_ns(const struct par_run *r, const struct cost *c)
{
	return 0.8e9 * r->ctx->share_s / r->ctx->profile->min_rounds - c->fixed_ns;
}

/* Takes the finest list of chases for which there is time; else the coarsest. */
static void choose_chases(struct par_run *r)
{
	static const unsigned lists[][16] = {
		{1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64},
		{1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32},
		{1, 2, 4, 8, 16, 32},
		{1, 8, 32},
	};
	enum { N = sizeof(lists) / sizeof(lists[0]) };
	for (size_t i = 0; i < N; i++) {
		for (r->n_chases = 0; lists[i][r->n_chases]; r->n_chases++)
			r->chases[r->n_chases] = lists[i][r->n_chases];
		struct cost c = cost_of(r);
		if (samples_ns(r, &c) >= c.points * LEAST_SAMPLE_NS)
			return;
	}
}

static int check_chases(struct par_run *r, char *err, size_t n)
{
	int64_t v[MW_CHASES_MAX];
	r->n_chases = mw_opt_ints(r->ctx->opts, "chases", v, MW_CHASES_MAX);
	for (size_t i = 0; i < r->n_chases; i++) {
		bool known = false;
		for (size_t k = 0; mw_chases_count(k); k++)
			known = known || mw_chases_count(k) == v[i];
		if (!known)
			return mw_fail(MW_ESPEC, err, n,
				       "--chases: %lld is none of 1-6, 8, 10, 12, 16, 20, 24, 32, 48 and 64",
				       (long long)v[i]);
		r->chases[i] = (unsigned)v[i];
	}
	return 0;
}

/* One thread; and all, when named in --threads or when there is time for more than the few points of a quick run. */
static int read_threads(struct par_run *r, char *err, size_t n)
{
	int64_t v[MAX_THREADS_ITEMS];
	const struct bench_ctx *ctx = r->ctx;
	int cpus = ctx->topo->host.n_cpus;
	r->n_threads = mw_opt_text(ctx->opts, "threads") ? mw_opt_ints(ctx->opts, "threads", v, MAX_THREADS_ITEMS) : 0;
	for (size_t i = 0; i < r->n_threads; i++) {
		if (v[i] > cpus)
			return mw_fail(MW_ESPEC, err, n, "--threads: %lld is more than the %d CPUs of this run",
				       (long long)v[i], cpus);
		r->threads[i] = (int)v[i];
	}
	if (r->n_threads)
		return 0;
	r->threads[r->n_threads++] = 1;
	if (cpus > 1 && ctx->share_s > 12.0)
		r->threads[r->n_threads++] = cpus;
	return 0;
}

static int read_options(struct par_run *r, const struct bench_ctx *ctx, char *err, size_t n)
{
	*r = (struct par_run){.ctx = ctx};
	r->kind = bench_page_kind(ctx, "pages");
	for (int i = 0; i < LEVELS; i++)
		r->wanted[i] = mw_list_has(mw_opt_text(ctx->opts, "levels"), level_names[i]);
	int rc = read_threads(r, err, n);
	if (rc == 0 && mw_opt_text(ctx->opts, "chases"))
		rc = check_chases(r, err, n);
	return rc;
}

/* Sizes and chases, when the number of blocks is known. */
static void choose(struct par_run *r, unsigned blocks)
{
	r->limit = memory_limit(r->ctx, blocks);
	if (r->n_chases == 0)
		choose_chases(r);
}

/* ---- points ---- */

static void add_point(struct par_run *r, enum level level, int threads, unsigned chases, double sample_ns)
{
	struct par_point *p = &r->points[r->n];
	struct round_point *pt = &r->pts[r->n];
	const struct mw_host *h = &r->ctx->topo->host;
	*p = (struct par_point){.run = r, .level = level, .threads = threads, .sample_ns = sample_ns};
	p->chains.chains = chases;
	(void)span_of(r, level, threads, &p->chains.of);
	uint64_t bytes = touched(&p->chains.of) * (uint64_t)threads;
	uint64_t caches = threads > 1 ? h->llc_total_bytes : h->l3_bytes;
	caches = caches ? caches : 32u << 20;
	bool small = level == DRAM && bytes < 4 * caches;
	const struct mw_block *block = &r->blocks[0].block;
	par_record_open(&pt->rec, &(struct par_words){.level = small ? "largest" : level_names[level],
						      .size = bytes,
						      .stride = p->chains.of.stride,
						      .window = p->chains.of.window,
						      .pages = mw_pages_name(r->kind),
						      .obtained = block->obtained,
						      .threads = threads,
						      .cpu = mw_team_cpu(r->ctx->team, 0),
						      .node = r->n_blocks == 1 || threads == 1 ? block->node : -1,
						      .chases = chases});
	if (small)
		mw_record_note(&pt->rec,
			       "not called DRAM: time or memory allow fewer bytes than 4x the last-level cache of "
			       "%.0f MiB",
			       (double)caches / 1048576.0);
	pt->measure = measure;
	pt->arg = p;
	pt->threads = threads;
	r->n++;
}

static void add_points(struct par_run *r)
{
	struct cost c = cost_of(r);
	double sample = c.points ? samples_ns(r, &c) / c.points : 0;
	double most = fmin(1e9 * r->ctx->profile->sample_s, LONGEST_SAMPLE_NS);
	sample = fmin(fmax(sample, LEAST_SAMPLE_NS), most);
	for (size_t t = 0; t < r->n_threads; t++)
		for (int level = 0; level < LEVELS; level++) {
			struct mw_chain chain;
			if (!r->wanted[level] || !span_of(r, (enum level)level, r->threads[t], &chain))
				continue;
			for (size_t k = 0; k < r->n_chases; k++)
				add_point(r, (enum level)level, r->threads[t], r->chases[k], sample);
		}
}

/* ---- memory ---- */

static int most_threads(const struct par_run *r)
{
	int most = 1;
	for (size_t t = 0; t < r->n_threads; t++)
		most = r->threads[t] > most ? r->threads[t] : most;
	int have = mw_team_size(r->ctx->team);
	return most < have ? most : have;
}

/* Gives each member a place in the block of its node. */
static int place_members(struct par_run *r)
{
	int n = most_threads(r);
	r->members = aligned_alloc(_Alignof(struct member), (size_t)n * sizeof(*r->members));
	r->blocks = calloc((size_t)n, sizeof(*r->blocks));
	if (!r->members || !r->blocks)
		return -ENOMEM;
	memset(r->members, 0, (size_t)n * sizeof(*r->members));
	for (int i = 0; i < n; i++) {
		int node = bench_node_of(r->ctx, i), k = 0;
		while (k < r->n_blocks && r->blocks[k].node != node)
			k++;
		if (k == r->n_blocks)
			r->blocks[r->n_blocks++].node = node;
		r->members[i].block = &r->blocks[k];
		r->members[i].index = r->blocks[k].members++;
	}
	return 0;
}

static void release_blocks(struct par_run *r)
{
	for (int i = 0; i < r->n_blocks; i++)
		mw_arena_release(r->ctx->arenas, &r->blocks[i].block);
}

/* Bytes of a block: the chains of its members, on the level and with the number of threads that need most. */
static size_t block_bytes(const struct par_run *r, const struct node_block *b)
{
	size_t most = 1;
	for (size_t t = 0; t < r->n_threads; t++)
		for (int level = 0; level < LEVELS; level++) {
			struct mw_chain chain;
			int in_use = b->members < r->threads[t] ? b->members : r->threads[t];
			if (!r->wanted[level] || !span_of(r, (enum level)level, r->threads[t], &chain))
				continue;
			size_t bytes = (size_t)chain.bytes * (size_t)in_use;
			most = bytes > most ? bytes : most;
		}
	return most;
}

static int take_blocks(struct par_run *r, char *err, size_t n)
{
	int rc = 0;
	for (int i = 0; i < r->n_blocks && rc == 0; i++)
		rc = mw_arena_take(r->ctx->arenas, r, r->kind, r->blocks[i].node, block_bytes(r, &r->blocks[i]),
				   &r->blocks[i].block, err, n);
	return rc;
}

/* ---- the benchmark ---- */

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct par_run r;
	return read_options(&r, ctx, err, n);
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct par_run r;
	if (read_options(&r, ctx, NULL, 0) < 0)
		return;
	choose(&r, 1);
	out->points = cost_of(&r).points;
	out->memory_bytes = block_bytes(&r, &(struct node_block){.members = ctx->topo->host.n_cpus});
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct par_run *r = malloc(sizeof(*r));
	(void)sink;
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = read_options(r, ctx, err, n);
	if (rc == 0)
		rc = place_members(r);
	if (rc < 0)
		return rc;
	choose(r, (unsigned)r->n_blocks);
	r->points = calloc(MAX_POINTS, sizeof(*r->points));
	r->pts = calloc(MAX_POINTS, sizeof(*r->pts));
	if (!r->points || !r->pts)
		return -ENOMEM;
	rc = take_blocks(r, err, n);
	if (rc == 0) {
		add_points(r);
		r->opened = true;
		rc = rounds_open(ctx, r->pts, r->n, &r->rounds);
	}
	release_blocks(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct par_run *r = state;
	r->ctx = ctx;
	int rc = take_blocks(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	release_blocks(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct par_run *r = state;
	struct par_results results = {.out = sink};
	const struct mw_sink middle = {par_results_add, &results};
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = par_results_derive(&results);
	par_results_fini(&results);
	return rc;
}

static void end(void *state)
{
	struct par_run *r = state;
	if (!r->opened)
		rounds_drop(r->pts, r->n);
	rounds_close(r->rounds);
	free(r->pts);
	free(r->points);
	free(r->members);
	free(r->blocks);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "levels",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "l1,l2,l3,dram",
	 .choices = "l1|l2|l3|dram",
	 .help = "memory levels"},
	{.name = "chases",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = MW_CHASES_MAX,
	 .max_items = 15,
	 .help = "chains per thread, for example 1,2,4,8 (default: up to 64, as many as there is time for)"},
	{.name = "threads",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = MW_MAX_CPUS,
	 .max_items = MAX_THREADS_ITEMS,
	 .help = "threads, each with chains of its own (default: 1; and all, where there is time)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind"},
	MW_OPT_END,
};

const struct bench bench_parallelism = {
	.name = "parallelism",
	.summary = "memory accesses that a core has in flight: parallel pointer chases by level",
	.options = options,
	.weight = 3,
	.check = check,
	.plan = plan,
	.emitter = &par_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
