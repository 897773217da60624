/* How long a cache line takes from one core to another, and what threads cost each other that use the same lines. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/cores_contend.h"
#include "bench/cores_transfer.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum {
	SLOTS = 64, /* pairs whose lines are different ones; then they are used again */
	MAX_POINTS = 4000,
	MAX_COUNTS = 32,
};
#define LIMIT_NS 20000000u /* of a sample of a pair: a CPU of a guest may not run */
#define PAIR_NS 4e6        /* what it takes, with what the scheduler of rounds does around it */
#define AROUND_NS 2e6      /* the latter for many threads */
#define LEAST_SAMPLE_NS 2e5
#define LONGEST_SAMPLE_NS 3e6 /* of an operation: a longer one more often loses the CPU to something else */

struct node_block {
	int node;
	struct mw_block block;
};

struct pair_point {
	struct cores_run *run;
	int who[2]; /* members: from, to */
	enum cores_line line;
	struct node_block *block;
	size_t slot;
	int rc;
};

struct cores_run {
	const struct bench_ctx *ctx;
	int n_cpus;
	struct mw_cpu *cpus; /* by member */
	const char *ops;     /* names asked for */
	int counts[MAX_COUNTS];
	size_t n_counts;
	size_t most_pairs;
	struct node_block *blocks;
	int n_blocks;
	struct cores_pair *pairs;
	size_t n_pairs;
	struct pair_point *pair_points;
	struct cores_contend *contended;
	struct cores_contend_arg *args;
	uint64_t *done;
	struct round_point *pts;
	size_t n_pair_points, n_contended, n;
	struct rounds *rounds;
	bool lines[CORES_LINES];
	bool counts_given, both_ways;
	bool opened; /* rounds_open was called: it owns the records */
};

/* ---- one sample of a pair ---- */

static int measure_pair(void *arg, double *value, char *err, size_t n)
{
	struct pair_point *p = arg;
	const struct cores_transfer t = {.team = p->run->ctx->team,
					 .from = p->who[0],
					 .to = p->who[1],
					 .line = p->line,
					 .slot = (struct cores_slot *)p->block->block.p + p->slot,
					 .seed = p->run->ctx->seed + p->slot,
					 .limit_ns = LIMIT_NS};
	return cores_transfer_sample(&t, value, err, n);
}

/* ---- which points ---- */

/* Half of the time for contended operations, where pairs are wanted as well. */
static double seconds_for(const struct cores_run *r, bool pairs)
{
	bool any_pairs = r->lines[CORES_MODIFIED] || r->lines[CORES_SHARED] || r->lines[CORES_HANDOVER];
	bool any_ops = false;
	for (size_t i = 0; mw_contend_table[i].name; i++)
		any_ops = any_ops || mw_list_has(r->ops, mw_contend_table[i].name);
	double all = 0.8 * r->ctx->share_s / r->ctx->profile->min_rounds;
	return any_pairs && any_ops ? 0.5 * all : (pairs ? any_pairs : any_ops) ? all : 0;
}

static bool two_homes(const struct cores_run *r, const struct cores_pair *p)
{
	return r->cpus[p->from].node != r->cpus[p->to].node && r->ctx->topo->host.n_nodes > 1;
}

static size_t points_of_pair(const struct cores_run *r, bool both_ways)
{
	size_t each = (both_ways ? 2 : 1) * ((size_t)r->lines[CORES_MODIFIED] + r->lines[CORES_SHARED]);
	return each + r->lines[CORES_HANDOVER];
}

/* All pairs in both directions when time allows; else as many as there is time for, in one direction. */
static int choose_pairs(struct cores_run *r)
{
	double fits = seconds_for(r, true) * 1e9 / PAIR_NS;
	size_t points = fits > MAX_POINTS ? MAX_POINTS : fits < 1 ? 1 : (size_t)fits;
	size_t homes = r->ctx->topo->host.n_nodes > 1 ? 2 : 1;
	uint64_t all = (uint64_t)r->n_cpus * (uint64_t)(r->n_cpus - 1) / 2;
	size_t each = points_of_pair(r, true) * homes;
	if (each == 0)
		return 0;
	r->both_ways = all <= points / each && (!r->most_pairs || all <= r->most_pairs);
	each = points_of_pair(r, r->both_ways) * homes;
	size_t most = points / each ? points / each : 1;
	most = r->most_pairs ? r->most_pairs : most;
	most = most > MAX_POINTS / each ? MAX_POINTS / each : most;
	most = most > all ? (size_t)all : most;
	r->pairs = calloc(most ? most : 1, sizeof(*r->pairs));
	if (!r->pairs)
		return -ENOMEM;
	r->n_pairs = cores_pairs_choose(r->cpus, r->n_cpus, most, r->ctx->seed, r->pairs);
	return 0;
}

static void add_count(struct cores_run *r, int threads)
{
	if (r->n_counts < MAX_COUNTS && (r->n_counts == 0 || r->counts[r->n_counts - 1] < threads))
		r->counts[r->n_counts++] = threads;
}

static size_t wanted_ops(const struct cores_run *r)
{
	size_t n = 0;
	for (size_t i = 0; mw_contend_table[i].name; i++)
		n += mw_list_has(r->ops, mw_contend_table[i].name);
	return n;
}

static double contended_sample_ns(const struct cores_run *r)
{
	size_t n = wanted_ops(r) * r->n_counts;
	double ns = n ? seconds_for(r, false) * 1e9 / (double)n - AROUND_NS : 0;
	return fmin(ns, fmin(1e9 * r->ctx->profile->sample_s, LONGEST_SAMPLE_NS));
}

/* 1, 2, 4, ... and all; where time does not allow these 1, 2 and all. */
static void choose_counts(struct cores_run *r)
{
	if (r->counts_given)
		return;
	for (int k = 1; k < r->n_cpus; k *= 2)
		add_count(r, k);
	add_count(r, r->n_cpus);
	if (contended_sample_ns(r) >= LEAST_SAMPLE_NS)
		return;
	r->n_counts = 0;
	add_count(r, 1);
	add_count(r, 2);
	add_count(r, r->n_cpus);
}

/* ---- points ---- */

static struct node_block *block_on(struct cores_run *r, int node)
{
	for (int i = 0; i < r->n_blocks; i++)
		if (r->blocks[i].node == node)
			return &r->blocks[i];
	return &r->blocks[0]; /* one node */
}

static void add_pair_point(struct cores_run *r, enum cores_line line, int from, int to, bool home_is_to, size_t slot)
{
	struct pair_point *p = &r->pair_points[r->n_pair_points++];
	struct round_point *pt = &r->pts[r->n++];
	*p = (struct pair_point){.run = r, .who = {from, to}, .line = line, .slot = slot % SLOTS};
	p->block = block_on(r, r->cpus[home_is_to ? to : from].node);
	cores_pair_open(&pt->rec, &(struct cores_words){.line = line,
							.from = &r->cpus[from],
							.to = &r->cpus[to],
							.home_is_to = home_is_to,
							.node = p->block->block.node});
	pt->measure = measure_pair;
	pt->arg = p;
	/* The scheduler probes the first and the last member: with two of them that is this pair. */
	pt->threads = r->n_cpus == 2 ? 2 : 1;
}

static void add_pair(struct cores_run *r, size_t i)
{
	const struct cores_pair *p = &r->pairs[i];
	int homes = two_homes(r, p) ? 2 : 1;
	for (int line = 0; line < CORES_LINES; line++) {
		int ways = !r->lines[line] ? 0 : r->both_ways && line != CORES_HANDOVER ? 2 : 1;
		for (int back = 0; back < ways; back++)
			for (int home = 0; home < homes; home++)
				add_pair_point(r, (enum cores_line)line, back ? p->to : p->from, back ? p->from : p->to,
					       home != 0, i);
	}
}

static void add_contended(struct cores_run *r, const struct mw_contend *kernel, int threads)
{
	struct cores_contend *c = &r->contended[r->n_contended];
	*c = (struct cores_contend){.team = r->ctx->team, .kernel = kernel, .threads = threads, .done = r->done};
	c->sample_ns = fmax(contended_sample_ns(r), LEAST_SAMPLE_NS);
	for (int k = 0; k < CORES_METRICS; k++) {
		if (k == CORES_FAIRNESS && threads == 1)
			continue;
		struct cores_contend_arg *a = &r->args[r->n_contended * CORES_METRICS + (size_t)k];
		struct round_point *pt = &r->pts[r->n++];
		*a = (struct cores_contend_arg){c, (enum cores_metric)k};
		*pt = (struct round_point){.measure = cores_contend_measure, .arg = a, .shared = &c->shared};
		pt->threads = threads;
		cores_contend_open(&pt->rec, kernel, (enum cores_metric)k, threads);
	}
	r->n_contended++;
}

static int add_points(struct cores_run *r)
{
	size_t pair_points = r->n_pairs * points_of_pair(r, r->both_ways) * 2, contended = wanted_ops(r) * r->n_counts;
	size_t all = pair_points + contended * CORES_METRICS;
	r->pair_points = calloc(pair_points + 1, sizeof(*r->pair_points));
	r->contended = calloc(contended + 1, sizeof(*r->contended));
	r->args = calloc(contended * CORES_METRICS + 1, sizeof(*r->args));
	r->done = calloc((size_t)r->n_cpus * CORES_DONE_STEP, sizeof(*r->done));
	r->pts = calloc(all + 1, sizeof(*r->pts));
	if (!r->pair_points || !r->contended || !r->args || !r->done || !r->pts)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_pairs; i++)
		add_pair(r, i);
	for (size_t k = 0; mw_contend_table[k].name; k++)
		for (size_t i = 0; i < r->n_counts; i++)
			if (mw_list_has(r->ops, mw_contend_table[k].name))
				add_contended(r, &mw_contend_table[k], r->counts[i]);
	return 0;
}

/* ---- memory ---- */

static int find_nodes(struct cores_run *r)
{
	r->blocks = calloc((size_t)r->n_cpus, sizeof(*r->blocks));
	if (!r->blocks)
		return -ENOMEM;
	for (int i = 0; i < r->n_cpus; i++) {
		int node = bench_node_of(r->ctx, i), k = 0;
		while (k < r->n_blocks && r->blocks[k].node != node)
			k++;
		if (k == r->n_blocks)
			r->blocks[r->n_blocks++].node = node;
	}
	return 0;
}

static size_t contended_bytes(int n_cpus)
{
	return (mw_contend_bytes(n_cpus) + 4095) / 4096 * 4096;
}

/* The words of contended operations are behind the slots. */
static size_t block_bytes(int n_cpus)
{
	return SLOTS * sizeof(struct cores_slot) + contended_bytes(n_cpus);
}

static void release_blocks(struct cores_run *r)
{
	for (int i = 0; i < r->n_blocks; i++)
		mw_arena_release(r->ctx->arenas, &r->blocks[i].block);
}

static int take_blocks(struct cores_run *r, char *err, size_t n)
{
	int rc = 0;
	for (int i = 0; i < r->n_blocks && rc == 0; i++)
		rc = mw_arena_take(r->ctx->arenas, r, MW_PAGES_4K, r->blocks[i].node, block_bytes(r->n_cpus),
				   &r->blocks[i].block, err, n);
	for (size_t i = 0; i < r->n_contended && rc == 0; i++)
		r->contended[i].block = (char *)r->blocks[0].block.p + SLOTS * sizeof(struct cores_slot);
	return rc;
}

/* ---- the benchmark ---- */

static int read_options(struct cores_run *r, const struct bench_ctx *ctx, char *err, size_t n)
{
	int64_t v[MAX_COUNTS];
	*r = (struct cores_run){.ctx = ctx, .ops = mw_opt_text(ctx->opts, "ops")};
	r->most_pairs = (size_t)mw_opt_int(ctx->opts, "pairs");
	for (int i = 0; i < CORES_LINES; i++)
		r->lines[i] = mw_list_has(r->ops, cores_line_name((enum cores_line)i)) &&
			      (i != CORES_SHARED || mw_transfer_can_flush());
	r->n_counts = mw_opt_text(ctx->opts, "threads") ? mw_opt_ints(ctx->opts, "threads", v, MAX_COUNTS) : 0;
	r->counts_given = r->n_counts > 0;
	for (size_t i = 0; i < r->n_counts; i++) {
		if (v[i] > ctx->topo->host.n_cpus)
			return mw_fail(MW_ESPEC, err, n, "--threads: %lld is more than the %d CPUs of this run",
				       (long long)v[i], ctx->topo->host.n_cpus);
		r->counts[i] = (int)v[i];
	}
	return 0;
}

static int available(const struct bench_ctx *ctx, char *why, size_t n)
{
	if (ctx->topo->host.n_cpus < 2)
		return mw_fail(MW_EUNAVAILABLE, why, n, "needs two CPUs to pass a line between; this run may use one");
	return 0;
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct cores_run r;
	return read_options(&r, ctx, err, n);
}

/* The CPUs of the team's members, in their order; without a team those of the topology. */
static int list_cpus(struct cores_run *r)
{
	const struct mw_topology *t = r->ctx->topo;
	r->n_cpus = r->ctx->team ? mw_team_size(r->ctx->team) : t->host.n_cpus;
	r->cpus = calloc((size_t)r->n_cpus, sizeof(*r->cpus));
	if (!r->cpus)
		return -ENOMEM;
	for (int i = 0; i < r->n_cpus; i++)
		for (int k = 0; k < t->host.n_cpus; k++)
			if (t->cpus[k].id == (r->ctx->team ? mw_team_cpu(r->ctx->team, i) : t->cpus[i].id))
				r->cpus[i] = t->cpus[k];
	return 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct cores_run r;
	if (read_options(&r, ctx, NULL, 0) < 0)
		return;
	if (list_cpus(&r) == 0 && choose_pairs(&r) == 0) {
		choose_counts(&r);
		for (size_t i = 0; i < r.n_pairs; i++)
			out->points += (unsigned)points_of_pair(&r, r.both_ways) * (1 + two_homes(&r, &r.pairs[i]));
		for (size_t i = 0; i < r.n_counts; i++)
			out->points += (unsigned)wanted_ops(&r) * (r.counts[i] > 1 ? CORES_METRICS : CORES_METRICS - 1);
		int nodes = ctx->topo->host.n_nodes > 1 ? ctx->topo->host.n_nodes : 1;
		out->memory_bytes = (uint64_t)nodes * block_bytes(r.n_cpus);
	}
	free(r.cpus);
	free(r.pairs);
}

static int report_unflushed(const struct cores_run *r, const struct mw_sink *sink)
{
	struct mw_record rec;
	if (mw_transfer_can_flush() || !mw_list_has(r->ops, cores_line_name(CORES_SHARED)))
		return 0;
	cores_pair_open(
		&rec, &(struct cores_words){.line = CORES_SHARED, .from = &r->cpus[0], .to = &r->cpus[1], .node = -1});
	mw_record_unavailable(&rec, "programs cannot flush a cache line on this architecture, and without it the line "
				    "would still be in the reader's own cache");
	return mw_finish(sink, &rec);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct cores_run *r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = read_options(r, ctx, err, n);
	if (rc == 0 && mw_team_size(ctx->team) < 2)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "needs two threads: %s", mw_team_short(ctx->team));
	if (rc == 0)
		rc = list_cpus(r);
	if (rc == 0)
		rc = find_nodes(r);
	if (rc == 0)
		rc = choose_pairs(r);
	if (rc < 0)
		return rc;
	choose_counts(r);
	rc = take_blocks(r, err, n);
	if (rc == 0)
		rc = report_unflushed(r, sink);
	if (rc == 0)
		rc = add_points(r);
	if (rc == 0) {
		r->opened = true;
		rc = rounds_open(ctx, r->pts, r->n, &r->rounds);
	}
	release_blocks(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct cores_run *r = state;
	r->ctx = ctx;
	int rc = take_blocks(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	release_blocks(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct cores_run *r = state;
	struct cores_results results = {.out = sink};
	const struct mw_sink middle = {cores_results_add, &results};
	(void)err, (void)n;
	r->ctx = ctx;
	(void)cores_pairs_count(r->cpus, r->n_cpus, results.of);
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = cores_results_derive(&results);
	cores_results_fini(&results);
	return rc;
}

static void end(void *state)
{
	struct cores_run *r = state;
	if (!r->opened)
		rounds_drop(r->pts, r->n);
	rounds_close(r->rounds);
	free(r->pts);
	free(r->done);
	free(r->args);
	free(r->contended);
	free(r->pair_points);
	free(r->pairs);
	free(r->blocks);
	free(r->cpus);
	free(r);
}

#define ALL_OPS "modified|shared|handover|atomic-add|cas|spin-lock|mutex|same-line|own-line"

static const struct mw_option options[] = {
	{.name = "ops",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "modified,shared,handover,atomic-add,cas,spin-lock,mutex,same-line,own-line",
	 .choices = ALL_OPS,
	 .help = "lines to pass on between pairs of CPUs, and operations of many threads on common lines"},
	{.name = "pairs",
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .min = 1,
	 .max = MAX_POINTS,
	 .help = "pairs of CPUs at most (default: all, or as many as there is time for)"},
	{.name = "threads",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = MW_MAX_CPUS,
	 .max_items = MAX_COUNTS,
	 .help = "threads of the operations (default: 1, 2, 4, ... and all)"},
	MW_OPT_END,
};

const struct bench bench_cores = {
	.name = "cores",
	.summary = "cache lines from core to core, and contended atomics, locks and false sharing",
	.options = options,
	.weight = 4,
	.available = available,
	.check = check,
	.plan = plan,
	.emitter = &cores_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
