/* Memory bandwidth: read, write, copy and triad at every level, by instruction set, kind of store and thread count.
 *
 * Metric "bandwidth" counts the bytes that the program reads and writes. Metric "bus_bandwidth" (modelled) adds the
 * lines that ordinary stores read before they overwrite them. Cases peak-* give the fastest of all kernels that ran,
 * and name it, because no single kernel is the fastest on every machine. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/bandwidth_records.h"
#include "bench/place.h"
#include "bench/rounds.h"
#include "bench/stream_arrays.h"

enum level { L1, L2, L3, DRAM, LEVELS };
enum { MAX_THREAD_COUNTS = 16, MAX_DENSITY = 3, MAX_CELLS = LEVELS * MAX_THREAD_COUNTS * MW_STREAM_OP_COUNT };

struct bw_point {
	struct stream_job job;
	enum level level;
	double sample_ns;
	int rc; /* result of prepare_point(); > 0: not called yet */
	char why[160];
};

struct bw_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct stream_arrays arrays;
	size_t array_bytes;
	const char *limit; /* what limited array_bytes, for notes */
	enum mw_pages pages;
	int threads[MAX_THREAD_COUNTS];
	int n_threads;
	int density; /* MAX_DENSITY: all points; less: fewer points, to fit the budget */
	bool levels[LEVELS], ops[MW_STREAM_OP_COUNT], stores[2], isas[MW_ISA_COUNT];
	enum mw_isa best;
	struct bw_point *points;
	struct round_point *pts;
	size_t n;
	struct rounds *rounds;
	struct bw_cell cells[MAX_CELLS];
	size_t n_cells;
};

/* Assumed size of the last-level cache where it is not known, bytes. */
#define UNKNOWN_CACHE (32u << 20)

/* ---- which points ---- */

/* Elements per array and member so that all arrays of the operation fill half of the member's share of the level. 0:
 * there is no such level, or the share is less than four times the level below. */
static size_t level_elements(const struct mw_topology *t, enum level level, enum mw_stream_op op, int threads)
{
	uint64_t share = 0;
	uint64_t arrays = mw_stream_payload_bytes(op) / sizeof(double);
	int sharing;
	switch (level) {
	case L1:
		share = t->host.l1d_bytes;
		break;
	case L2:
		share = t->host.l2_bytes;
		break;
	case L3:
		sharing = t->host.l3_instances > 0 ? (threads + t->host.l3_instances - 1) / t->host.l3_instances
						   : threads;
		share = t->host.l3_bytes / (uint64_t)(sharing ? sharing : 1);
		if (share < 4 * t->host.l2_bytes)
			share = 0;
		break;
	default:
		return SIZE_MAX;
	}
	return (size_t)(share / 2 / arrays / 256 * 256 / sizeof(double));
}

/* True when a sweep of that density has this combination. Lower densities first leave out what is least likely to be
 * the fastest. */
static bool wanted(const struct bw_run *r, int density, enum level level, const struct mw_stream_kernel *k,
		   int threads_index)
{
	bool end = threads_index == 0 || threads_index == r->n_threads - 1;
	bool store = k->op != MW_STREAM_READ;
	if (!r->levels[level] || !r->ops[k->op] || !r->isas[k->isa] || (store && !r->stores[k->nt]))
		return false;
	/* In caches only the widest path and ordinary stores: non-temporal stores bypass the cache. */
	if (level != DRAM)
		return k->isa == r->best && !k->nt && (end || density > 1);
	return (end || density > 0) && (k->isa == r->best || (end ? density > 0 : density > 2));
}

/* Bytes of cache that these threads can use. A working set of at least four times that is called DRAM. The second level
 * is added, because victim last-level caches do not hold copies of its lines. */
static uint64_t caches_of(const struct mw_host *h, int threads)
{
	uint64_t instances = (uint64_t)(h->l3_instances > 0 && h->l3_instances < threads ? h->l3_instances : threads);
	uint64_t cores = (uint64_t)(h->n_cores > 0 && h->n_cores < threads ? h->n_cores : threads);
	uint64_t last = instances * h->l3_bytes;
	if (h->l3_bytes == 0 || h->l3_instances <= 0)
		last = h->llc_total_bytes ? h->llc_total_bytes : UNKNOWN_CACHE;
	return last + (h->l3_bytes ? cores * h->l2_bytes : 0);
}

static enum bw_place place_of(const struct bw_run *r, enum level level, enum mw_stream_op op, int threads)
{
	if (level != DRAM)
		return (enum bw_place)level;
	return bw_size(op, r->array_bytes) >= 4 * caches_of(&r->ctx->topo->host, threads) ? BW_DRAM : BW_LARGEST;
}

static void describe(const struct bw_run *r, const struct bw_point *p, struct mw_record *rec)
{
	const struct stream_job *j = &p->job;
	const struct bw_words words = {
		.place = place_of(r, p->level, j->kernel->op, j->threads),
		.kernel = j->kernel,
		.threads = j->threads,
		.array = p->level == DRAM ? r->array_bytes : j->max_elements * sizeof(double) * (size_t)j->threads,
		.caches = caches_of(&r->ctx->topo->host, j->threads),
		.pages = mw_pages_name(r->pages),
		.obtained = r->arrays.nodes[0].block.obtained,
	};
	bw_record_open(rec, &words);
}

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

static void add_point(struct bw_run *r, enum level level, const struct mw_stream_kernel *k, int threads)
{
	size_t elements = level_elements(r->ctx->topo, level, k->op, threads);
	if (elements == 0)
		return;
	if (r->points) {
		struct bw_point *p = &r->points[r->n];
		*p = (struct bw_point){.level = level, .rc = 1};
		p->job.arrays = &r->arrays;
		p->job.kernel = k;
		p->job.threads = threads;
		p->job.max_elements = elements;
		p->job.warm = level != DRAM;
		describe(r, p, &r->pts[r->n].rec);
		r->pts[r->n].measure = measure_point;
		r->pts[r->n].arg = p;
		r->pts[r->n].threads = threads;
	}
	r->n++;
}

/* Lists the points of the current density; only counts them when r->points is NULL. */
static void list_points(struct bw_run *r)
{
	r->n = 0;
	for (int level = 0; level < LEVELS; level++)
		for (int t = 0; t < r->n_threads; t++)
			for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
				size_t n;
				const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &n);
				for (size_t i = 0; i < n; i++)
					if (wanted(r, r->density, (enum level)level, &k[i], t))
						add_point(r, (enum level)level, &k[i], r->threads[t]);
			}
}

static void list_cell(struct bw_run *r, enum level level, int t, enum mw_stream_op op)
{
	struct bw_cell *c = &r->cells[r->n_cells];
	*c = (struct bw_cell){.place = place_of(r, level, op, r->threads[t]), .op = op, .threads = r->threads[t]};
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		size_t n;
		const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &n);
		for (size_t i = 0; i < n; i++) {
			c->kernels += k[i].op == op && wanted(r, MAX_DENSITY, level, &k[i], t);
			c->listed += k[i].op == op && wanted(r, r->density, level, &k[i], t);
		}
	}
	if (level_elements(r->ctx->topo, level, op, c->threads) == 0)
		c->why = "this machine has no such cache, or a thread's share of it is less than four times the level "
			 "below";
	else if (c->listed == 0)
		c->why = "left out to fit the time budget";
	r->n_cells += c->kernels > 0;
}

/* Lists the cells of which the envelope gives the best kernel, also those without points. */
static void list_cells(struct bw_run *r)
{
	r->n_cells = 0;
	for (int level = 0; level < LEVELS; level++)
		for (int t = 0; t < r->n_threads; t++)
			for (int op = 0; op < MW_STREAM_OP_COUNT; op++)
				list_cell(r, (enum level)level, t, (enum mw_stream_op)op);
}

/* Thread counts 1, 2, 4, ..., the number of physical cores, and all CPUs. */
static void default_threads(struct bw_run *r)
{
	int all = r->ctx->team ? mw_team_wanted(r->ctx->team) : r->ctx->topo->host.n_cpus;
	int cores = r->ctx->topo->host.n_cores;
	for (int t = 1; t < all && r->n_threads < MAX_THREAD_COUNTS - 2; t *= 2) {
		if (cores > t / 2 && cores < t && r->n_threads)
			r->threads[r->n_threads++] = cores;
		r->threads[r->n_threads++] = t;
	}
	r->threads[r->n_threads++] = all;
}

/* Chooses the densest sweep whose least number of rounds fits with samples of half the profile's length. */
static void choose_density(struct bw_run *r)
{
	const struct bench_profile *prof = r->ctx->profile;
	unsigned rounds = prof->min_rounds > prof->visits ? prof->min_rounds : prof->visits;
	double room = r->ctx->share_s * 0.7; /* the rest is for first touch, checks and repeats */
	for (r->density = MAX_DENSITY; r->density > 0; r->density--) {
		list_points(r);
		if ((double)r->n * rounds * (0.5 * prof->sample_s + 0.0015) <= room)
			return;
	}
}

/* ---- options ---- */

/* Sets out[i] for the names in a list option; all when it is not set. */
static void choose_words(const struct mw_opts *opts, const char *option, const char *(*name)(size_t i), bool *out)
{
	const char *text = mw_opt_text(opts, option);
	for (size_t i = 0; name(i); i++)
		out[i] = !text || mw_list_has(text, name(i));
}

static const char *level_word(size_t i)
{
	return i < LEVELS ? bw_place_name((enum bw_place)i) : NULL;
}

static const char *op_word(size_t i)
{
	return i < MW_STREAM_OP_COUNT ? mw_stream_op_name((enum mw_stream_op)i) : NULL;
}

static const char *store_word(size_t i)
{
	static const char *const stores[] = {"ordinary", "nt", NULL};
	return stores[i];
}

static const char *isa_word(size_t i)
{
	return i < MW_ISA_COUNT ? mw_isa_name((enum mw_isa)i) : NULL;
}

static int parse_threads(struct bw_run *r, char *err, size_t n)
{
	int all = r->ctx->team ? mw_team_wanted(r->ctx->team) : r->ctx->topo->host.n_cpus;
	int64_t asked[MAX_THREAD_COUNTS];
	if (!mw_opt(r->ctx->opts, "threads")->set) {
		default_threads(r);
		return 0;
	}
	size_t count = mw_opt_ints(r->ctx->opts, "threads", asked, MAX_THREAD_COUNTS);
	for (size_t i = 0; i < count; i++) {
		if (asked[i] > all)
			return mw_fail(MW_ESPEC, err, n, "--threads: %d is more than the %d CPUs of this run",
				       (int)asked[i], all);
		r->threads[r->n_threads++] = (int)asked[i];
	}
	return 0;
}

static int parse_options(struct bw_run *r, char *err, size_t n)
{
	const struct mw_opts *opts = r->ctx->opts;
	bool asked[MW_ISA_COUNT] = {false};
	choose_words(opts, "levels", level_word, r->levels);
	choose_words(opts, "ops", op_word, r->ops);
	choose_words(opts, "stores", store_word, r->stores);
	choose_words(opts, "isa", isa_word, asked);
	int rc = parse_threads(r, err, n);
	for (int i = 0; i < MW_ISA_COUNT && rc == 0; i++) {
		/* Paths wider than the one that MEMWALL_ISA names are left out. */
		r->isas[i] = asked[i] && mw_isa_supported((enum mw_isa)i) && i <= (int)mw_isa_best();
		if (r->isas[i])
			r->best = (enum mw_isa)i;
		else if (asked[i] && mw_opt_text(opts, "isa"))
			rc = mw_fail(MW_EUNAVAILABLE, err, n, "--isa=%s: not available on this CPU",
				     isa_word((size_t)i));
	}
	const char *pages = mw_opt_text(opts, "pages");
	for (int i = 0; i < MW_PAGES_COUNT; i++)
		if (strcmp(pages, mw_pages_name((enum mw_pages)i)) == 0)
			r->pages = (enum mw_pages)i;
	return rc;
}

/* Each array is four times all caches (the rule of STREAM: McCalpin, 1995), or less where profile, time or memory limit
 * it. */
static int choose_size(struct bw_run *r, char *err, size_t n)
{
	const uint64_t least = 3 * 4096 * (uint64_t)r->ctx->topo->host.n_cpus;
	uint64_t asked = (uint64_t)mw_opt_int(r->ctx->opts, "size");
	if (asked) {
		int rc = asked > UINT64_MAX / 4 ? -ERANGE : 0;
		rc = rc < 0 ? rc : bench_check_size(r->ctx, "size", 3 * asked, err, n);
		if (rc == 0 && asked < least)
			rc = mw_fail(MW_ESPEC, err, n, "--size: at least %llu byte on this machine",
				     (unsigned long long)least);
		r->array_bytes = (size_t)asked;
		r->limit = "--size";
		return rc;
	}
	uint64_t want = 4 * caches_of(&r->ctx->topo->host, r->ctx->topo->host.n_cpus);
	uint64_t room = bench_block_limit(r->ctx, 1), limit = room / 3;
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most a third of the budget goes to it. */
	uint64_t touch = (uint64_t)(r->ctx->share_s / 3.0 / 2.0 / 3.0 * 1073741824.0);
	want = (want + 4095) / 4096 * 4096;
	if (want < (64u << 20))
		want = 64u << 20;
	r->limit = room == r->ctx->profile->max_bytes ? "sizes of the profile" : bench_memory_words(r->ctx);
	if (want > limit)
		want = limit;
	if (want > touch && touch > (32u << 20)) {
		want = touch;
		r->limit = "time limit";
	}
	r->array_bytes = want / 4096 * 4096;
	return r->array_bytes < least ? mw_fail(MW_EBUDGET, err, n, "less than %llu MiB of memory may be used",
						(unsigned long long)(3 * least >> 20) + 1)
				      : 0;
}

/* ---- the benchmark ---- */

/* Reads the options and chooses size and points; touches no memory. */
static int plan_run(struct bw_run *r, char *err, size_t n)
{
	int rc = parse_options(r, err, n);
	if (rc == 0)
		rc = choose_size(r, err, n);
	if (rc < 0)
		return rc;
	choose_density(r);
	list_points(r);
	return r->n ? 0 : mw_fail(MW_ESPEC, err, n, "--levels, --ops, --stores and --isa leave nothing to measure");
}

/* Prepares points until until_ns, starting with the last one (DRAM, all members, widest path). The others are prepared
 * when they are first measured. */
static void prepare_points(struct bw_run *r, uint64_t until_ns)
{
	const struct mw_progress *pr = r->ctx->progress;
	for (size_t i = r->n; i-- > 0 && !bench_stopped(r->ctx) && mw_now_ns() < until_ns;) {
		struct bw_point *p = &r->points[i];
		/* rounds_open() drops points that need more threads than there are, with the reason. */
		if (p->rc <= 0 || p->job.threads > mw_team_size(r->ctx->team))
			continue;
		(void)prepare_point(p);
		if (pr && pr->update)
			pr->update(pr->self, "checking kernels", (double)(r->n - i) / (double)r->n);
	}
}

static int open_points(struct bw_run *r, char *err, size_t n)
{
	int rc = stream_arrays_open(&r->arrays, r->ctx, r->pages, r->array_bytes, err, n);
	if (rc < 0)
		return rc;
	r->points = calloc(r->n, sizeof(*r->points));
	r->pts = calloc(r->n, sizeof(*r->pts));
	if (!r->points || !r->pts)
		return -ENOMEM;
	list_points(r);
	list_cells(r);
	/* From share_s, not from the deadline of this call, so that a resumed run has samples of the same length. */
	struct bench_ctx visits = *r->ctx;
	visits.deadline_ns = mw_now_ns() + (uint64_t)(0.75e9 * r->ctx->share_s);
	double sample_ns = 1e9 * rounds_sample_s(&visits, r->n);
	/* 5 ms are enough for thousands of passes over a cache; over DRAM only for a few. */
	for (size_t i = 0; i < r->n; i++)
		r->points[i].sample_ns = r->points[i].level == DRAM || sample_ns < 5e6 ? sample_ns : 5e6;
	return rounds_open(r->ctx, r->pts, r->n, &r->rounds);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct bw_run *r = calloc(1, sizeof(*r));
	(void)sink;
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	int rc = plan_run(r, err, n);
	if (rc == 0)
		rc = open_points(r, err, n);
	if (rc == 0)
		prepare_points(r, ctx->deadline_ns);
	stream_arrays_release(&r->arrays);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct bw_run *r = state;
	uint64_t now = mw_now_ns();
	r->ctx = ctx;
	int rc = stream_arrays_take(&r->arrays, ctx, err, n);
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
	struct bw_results results = {.out = sink, .target = ctx->profile->target, .limit = r->limit};
	const struct mw_sink middle = {bw_results_add, &results};
	r->ctx = ctx;
	if (!r->rounds)
		return 0;
	int rc = rounds_finish(r->rounds, &middle);
	if (rc == 0)
		rc = bw_results_envelope(&results, r->cells, r->n_cells);
	bw_results_fini(&results);
	return rc < 0 ? rc : wrong_kernel(r, err, n);
}

static void end(void *state)
{
	struct bw_run *r = state;
	rounds_close(r->rounds);
	for (size_t i = 0; r->points && i < r->n; i++)
		stream_job_fini(&r->points[i].job);
	free(r->points);
	free(r->pts);
	stream_arrays_close(&r->arrays);
	free(r);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct bw_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ctx = ctx;
	int rc = plan_run(r, err, n);
	free(r);
	return rc;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct bw_run *r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->ctx = ctx;
	if (plan_run(r, NULL, 0) == 0) {
		out->points = (unsigned)r->n;
		out->memory_bytes = 3 * (uint64_t)r->array_bytes;
	}
	free(r);
}

static const struct mw_option options[] = {
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 4096,
	 .max = 1125899906842624.0,
	 .help = "bytes of each of the three arrays (default: 4x all caches)"},
	{.name = "threads",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = MW_MAX_CPUS,
	 .max_items = MAX_THREAD_COUNTS,
	 .help = "thread counts, for example 1,2 (default: 1,2,4..)"},
	{.name = "levels",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = level_word,
	 .help = "memory levels (default: all)"},
	{.name = "ops", .type = MW_OPT_CHOICES, .arg = "LIST", .word = op_word, .help = "operations (default: all)"},
	{.name = "stores",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = store_word,
	 .help = "kinds of store (default: both)"},
	{.name = "isa",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = isa_word,
	 .help = "instruction sets (default: all that this CPU has)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind of the arrays"},
	MW_OPT_END,
};

const struct bench bench_bandwidth = {
	.name = "bandwidth",
	.summary = "bandwidth of every memory level by kernel, stores and threads",
	.options = options,
	.weight = 18,
	.check = check,
	.plan = plan,
	.emitter = &bw_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
