/* NUMA: latency and bandwidth from the CPUs of every node to the memory of every node, to memory interleaved over all
 * nodes, and of each core alone.
 *
 * Latency is that of one core of the node: dependent loads along a random chain, stride 256 B within windows of 256
 * KiB, as the quoted latency of `latency`. Bandwidth is read by one thread on each core of the node, with the widest
 * kernel. Memory is placed by policy (mbind) and found again with move_pages: observed.placed says where the pages are.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/sys/tree.h"
#include "bench/numa_records.h"
#include "bench/place.h"
#include "bench/rounds.h"

#define MIB ((uint64_t)1 << 20)

struct numa_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct mw_cpulist memory_nodes;
	struct numa_wish wish;
	struct numa_plan plan;
	struct numa_memory memory;
	const struct mw_stream_kernel *kernel;
	struct numa_chase *chases; /* one per pair, as reads; points are chases, then reads */
	struct numa_read *reads;
	struct round_point *pts;
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

/* ---- options ---- */

static const char *part_word(size_t i)
{
	static const char *const parts[] = {"matrix", "interleave", "cores", NULL};
	return parts[i];
}

static bool has_part(const struct mw_opts *opts, size_t part)
{
	const char *text = mw_opt_text(opts, "parts");
	return !text || mw_list_has(text, part_word(part));
}

/* The nodes of --memory-nodes, each of which must have memory. */
static int parse_memory_nodes(struct numa_run *r, char *err, size_t n)
{
	const char *text = mw_opt_text(r->ctx->opts, "memory-nodes");
	struct mw_cpulist usable;
	char why[MW_ERR_ROOM], names[MW_ERR_ROOM];
	if (!text)
		return 0;
	int rc = mw_cpulist_read(&r->memory_nodes, text, "node", why, sizeof(why));
	if (rc < 0)
		return mw_fail(rc, err, n, "--memory-nodes: %s", why);
	numa_memory_nodes(r->ctx->topo, &usable);
	(void)mw_cpulist_format(&usable, names, sizeof(names));
	for (int id = mw_cpulist_next(&r->memory_nodes, 0); id >= 0; id = mw_cpulist_next(&r->memory_nodes, id + 1))
		if (!mw_cpulist_has(&usable, id))
			return mw_fail(MW_ESPEC, err, n,
				       "--memory-nodes=%s: node %d has no memory that this process may use; usable: %s",
				       text, id, names);
	r->wish.memory = &r->memory_nodes;
	return 0;
}

/* The plain read kernel of the widest instruction set: which one is the fastest differs from run to run, and would make
 * runs hard to compare. */
static const struct mw_stream_kernel *read_kernel(void)
{
	size_t n;
	const struct mw_stream_kernel *k = mw_stream_kernels(mw_isa_best(), &n);
	for (size_t i = 0; i < n; i++)
		if (k[i].op == MW_STREAM_READ)
			return &k[i];
	return NULL;
}

/* ---- which points ---- */

/* Measures every second core alone, every fourth one, ..., until the least number of rounds fits. */
static int choose_points(struct numa_run *r)
{
	const struct bench_profile *prof = r->ctx->profile;
	double rounds = prof->min_rounds > prof->visits ? prof->min_rounds : prof->visits;
	double sample_s = 0.5 * prof->sample_s + 0.0015;
	for (r->wish.every_core = 1;; r->wish.every_core *= 2) {
		numa_plan_fini(&r->plan);
		int rc = numa_plan_make(r->ctx->topo, &r->wish, &r->plan);
		bool fits = 2 * r->plan.n_pairs * rounds * sample_s <= 0.6 * r->ctx->share_s;
		if (rc < 0 || fits || !r->wish.cores || r->plan.cores / r->wish.every_core <= 2)
			return rc;
	}
}

static int cores_of_largest_group(const struct numa_plan *plan)
{
	int most = 1;
	for (int i = 0; i < plan->n_groups; i++)
		most = plan->groups[i].n > most ? plan->groups[i].n : most;
	return most;
}

/* Sizes of the two parts of a block. Both are touched four times as far as the caches reach, or less where profile,
 * time or memory limit it. */
static int choose_sizes(struct numa_run *r, char *err, size_t n)
{
	const struct mw_host *h = &r->ctx->topo->host;
	uint64_t stretch = NUMA_STRIDE / 64, asked = (uint64_t)mw_opt_int(r->ctx->opts, "size");
	uint64_t blocks = r->plan.n_places > 0 ? (uint64_t)r->plan.n_places : 1;
	uint64_t chain = stretch * 4 * numa_caches_of(h, 1);
	uint64_t read = 4 * numa_caches_of(h, cores_of_largest_group(&r->plan));
	if (asked) {
		int rc = bench_check_size(r->ctx, "size", blocks * (stretch + 1) * asked, err, n);
		if (rc < 0)
			return rc;
		chain = stretch * asked;
		read = asked;
	} else {
		uint64_t limit = bench_block_limit(r->ctx, (unsigned)blocks);
		/* First touch of memory that a guest gave back costs 2 s per GiB; at most a third of the time goes to
		 * it. */
		uint64_t touch = (uint64_t)(r->ctx->share_s / 3.0 / 2.0 / (double)blocks * 1073741824.0);
		limit = touch < limit ? (touch > 32 * MIB ? touch : 32 * MIB < limit ? 32 * MIB : limit) : limit;
		double part = fmin(1.0, (double)limit / (double)(chain + read));
		chain = (uint64_t)((double)chain * part);
		read = (uint64_t)((double)read * part);
	}
	r->memory.chain_bytes = chain / NUMA_WINDOW * NUMA_WINDOW;
	r->memory.read_bytes = read / NUMA_GRAIN_BYTES * NUMA_GRAIN_BYTES;
	return r->memory.chain_bytes && r->memory.read_bytes
		       ? 0
		       : mw_fail(MW_EBUDGET, err, n, "less memory may be used than a sample needs");
}

/* Reads the options, chooses points and sizes; touches no memory. */
static int plan_run(struct numa_run *r, const struct bench_ctx *ctx, char *err, size_t n)
{
	*r = (struct numa_run){.ctx = ctx};
	r->wish.matrix = has_part(ctx->opts, 0);
	r->wish.interleave = has_part(ctx->opts, 1);
	r->wish.cores = has_part(ctx->opts, 2);
	r->wish.members = ctx->team ? mw_team_wanted(ctx->team) : ctx->topo->host.n_cpus;
	r->memory.pages = bench_page_kind(ctx, "pages");
	int rc = parse_memory_nodes(r, err, n);
	if (rc == 0)
		rc = choose_points(r);
	return rc < 0 ? rc : choose_sizes(r, err, n);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct numa_run *r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	int rc = plan_run(r, ctx, err, n);
	numa_plan_fini(&r->plan);
	free(r);
	return rc == MW_EBUDGET ? 0 : rc;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct numa_run *r = malloc(sizeof(*r));
	if (r && plan_run(r, ctx, NULL, 0) == 0) {
		out->points = 2 * (unsigned)r->plan.n_pairs;
		out->memory_bytes = (uint64_t)r->plan.n_places * (r->memory.chain_bytes + r->memory.read_bytes);
	}
	if (r)
		numa_plan_fini(&r->plan);
	free(r);
}

/* ---- points ---- */

static int measure_chase(void *arg, double *value, char *err, size_t n)
{
	return numa_chase_measure(arg, value, err, n);
}

static int measure_read(void *arg, double *value, char *err, size_t n)
{
	return numa_read_measure(arg, value, err, n);
}

/* The scheduler's probes are between the first members of the team: only threads on these have its topology state. */
static int probed_threads(const struct numa_group *g)
{
	for (int i = 0; i < g->n; i++)
		if (g->members[i] != i)
			return 1;
	return g->n;
}

static void add_pair(struct numa_run *r, int i, double sample_ns, int root_fd)
{
	const struct numa_pair *pair = &r->plan.pairs[i];
	const struct numa_group *g = &r->plan.groups[pair->group];
	struct numa_block *block = &r->memory.blocks[pair->place];
	bool alone = pair->kind == NUMA_CORE;
	size_t window = 4 * (size_t)numa_caches_of(&r->ctx->topo->host, 1) / NUMA_GRAIN_BYTES * NUMA_GRAIN;
	r->chases[i] = (struct numa_chase){
		.memory = &r->memory, .block = block, .member = pair->member, .sample_ns = sample_ns, .cpu = -1};
	r->reads[i] = (struct numa_read){
		.memory = &r->memory,
		.block = block,
		.kernel = r->kernel,
		.members = alone ? &pair->member : g->members,
		.n = alone ? 1 : g->n,
		.window = alone ? window : 0,
		.sample_ns = sample_ns,
	};
	struct round_point *chase = &r->pts[2 * i], *read = &r->pts[2 * i + 1];
	*chase = (struct round_point){.measure = measure_chase, .arg = &r->chases[i], .threads = 1};
	*read = (struct round_point){
		.measure = measure_read, .arg = &r->reads[i], .threads = alone ? 1 : probed_threads(g)};
	numa_latency_open(&chase->rec, r->ctx, &r->plan, pair, block, r->memory.chain_bytes / NUMA_STRIDE * 64);
	numa_bandwidth_open(&read->rec, r->ctx, &r->plan, pair, block,
			    numa_read_elements(&r->reads[i]) * sizeof(double), r->kernel->name);
	if (pair->kind == NUMA_WEIGHTED) {
		numa_put_weights(&chase->rec, root_fd, &r->plan);
		numa_put_weights(&read->rec, root_fd, &r->plan);
	}
}

static int open_points(struct numa_run *r, int root_fd)
{
	size_t n = (size_t)r->plan.n_pairs;
	double sample_ns = 1e9 * rounds_visits_sample_s(r->ctx, 2 * n);
	r->chases = calloc(n + 1, sizeof(*r->chases));
	r->reads = calloc(n + 1, sizeof(*r->reads));
	r->pts = calloc(2 * n + 1, sizeof(*r->pts));
	if (!r->chases || !r->reads || !r->pts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		add_pair(r, (int)i, sample_ns, root_fd);
	r->opened = true;
	return rounds_open(r->ctx, r->pts, 2 * n, &r->rounds);
}

/* ---- the benchmark ---- */

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct numa_run *r = malloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = plan_run(r, ctx, err, n), root_fd = mw_tree_open("/");
	r->kernel = read_kernel();
	if (rc == 0 && !r->kernel)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "this build has no read kernel for this CPU");
	if (rc == 0)
		rc = numa_emit_missing(ctx->topo, &r->wish, &r->plan, sink);
	if (rc == 0 && r->wish.matrix)
		rc = numa_emit_promises(&r->plan, root_fd, sink);
	if (rc == 0)
		rc = numa_memory_open(&r->memory, ctx, &r->plan, err, n);
	if (rc == 0)
		rc = open_points(r, root_fd);
	numa_memory_release(&r->memory);
	if (root_fd >= 0)
		(void)close(root_fd);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct numa_run *r = state;
	r->ctx = ctx;
	int rc = numa_memory_take(&r->memory, ctx, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	numa_memory_release(&r->memory);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

struct results {
	const struct mw_sink *out;
	struct mw_records kept; /* without samples */
};

static int pass_on(void *self, const struct mw_record *rec)
{
	struct results *s = self;
	int rc = mw_records_add_bare(&s->kept, rec);
	if (rc < 0)
		return rc;
	return mw_emit(s->out, rec);
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct numa_run *r = state;
	struct results results = {.out = sink};
	const struct mw_sink middle = {pass_on, &results};
	(void)err, (void)n;
	r->ctx = ctx;
	for (int i = 0; r->rounds && i < r->plan.n_pairs; i++)
		if (r->chases[i].cpu >= 0)
			numa_put_cpu(&r->pts[2 * i].rec, r->chases[i].cpu);
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = numa_emit_slowest(&results.kept, &r->plan, sink);
	mw_records_fini(&results.kept);
	return rc;
}

static void end(void *state)
{
	struct numa_run *r = state;
	/* rounds_open takes the records over, even if it fails. */
	if (!r->opened)
		rounds_drop(r->pts, 2 * (size_t)r->plan.n_pairs);
	rounds_close(r->rounds);
	free(r->pts);
	free(r->chases);
	free(r->reads);
	numa_memory_close(&r->memory);
	numa_plan_fini(&r->plan);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "parts",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = part_word,
	 .help = "what to measure: node by node, interleaved memory, each core alone (default: all)"},
	{.name = "memory-nodes",
	 .type = MW_OPT_TEXT,
	 .arg = "LIST",
	 .help = "nodes whose memory is measured, with or without CPUs, such as 0,2 (default: all)"},
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 1 << 20,
	 .max = 1125899906842624.0,
	 .help = "bytes that a sample may touch on each node (default: 4x the caches)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind"},
	MW_OPT_END,
};

const struct bench bench_numa = {
	.name = "numa",
	.summary = "latency and bandwidth from node to node, and of each core alone",
	.options = options,
	.weight = 4,
	.check = check,
	.plan = plan,
	.emitter = &numa_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
