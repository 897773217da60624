/* Random accesses: updates (HPCC RandomAccess), gathers and scatters of 64-bit words by size of table and pages.
 *
 * No address depends on a loaded word, so that a core has as many misses under way as it can: the opposite of the
 * pointer chase of `latency`. Each thread has a slice of the table of its own, so that no update is lost. After a
 * sample the same stream of updates runs again, which restores the table exactly; at the end of each visit every word
 * is compared. Gathers are checked by their sum, scatters word by word. */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/core/text.h"
#include "bench/place.h"
#include "bench/random_records.h"
#include "bench/random_table.h"
#include "bench/rounds.h"

enum {
	MAX_POINTS = 512,
	MAX_SIZES = 16,
	MAX_DENSITY = 2, /* all points; lower ones fit into less time */
	LEAST_COUNT = 4096,
	CHECKED = 1 << 16, /* scatters of a sample whose words are compared, per thread */
	LINE = 64
};

/* Indices have 32 bits. */
#define MAX_TABLE (UINT64_C(0xfffffff0) * sizeof(uint64_t))

/* ---- state ---- */

struct access_point {
	struct random_run *run;
	struct random_table *table;
	const struct mw_gups_kernel *kernel;
	uint64_t bytes;
	int threads;
	bool warm;      /* fits into caches: read it before each sample */
	size_t count;   /* accesses of each thread in a sample; 0 before calibration */
	uint64_t seed;  /* of the current sample */
	uint64_t add;   /* of its scatters */
	uint64_t times; /* its number, so that scatters write new values */
	atomic_ullong errors;
};

struct random_run {
	const struct bench_ctx *ctx; /* context of the current call */
	enum mw_pages kinds[MW_PAGES_COUNT];
	size_t n_kinds;
	uint64_t sizes[MAX_SIZES];
	size_t n_sizes;   /* 0: the default ones */
	uint64_t largest; /* bytes of the largest table */
	int threads[2];
	int n_threads;
	int density;
	struct random_table tables[MW_PAGES_COUNT];
	size_t n_tables;
	struct access_point *points;
	struct round_point *pts;
	size_t n;
	double sample_ns;
	uint64_t rng;
	struct rounds *rounds;
	bool wrong; /* a result was wrong: the benchmark fails */
	char why[MW_REASON_ROOM];
};

/* ---- one sample ---- */

static void access_member(void *arg, int rank, int n)
{
	struct access_point *p = arg;
	struct random_slice s = random_table_slice(p->table, p->bytes, rank, n);
	struct mw_gups g, from;
	mw_gups_seed(&from, p->seed + (uint64_t)rank);
	g = from;
	uint64_t sum = p->kernel->run(s.words, s.n, &g, p->count, s.first + p->add);
	if (p->kernel->op == MW_GUPS_GATHER && sum != mw_gups_expected(s.n, &from, p->count, s.first))
		atomic_fetch_add(&p->errors, 1);
}

/* Reads the slice into the caches. */
static void warm_member(void *arg, int rank, int n)
{
	struct access_point *p = arg;
	struct random_slice s = random_table_slice(p->table, p->bytes, rank, n);
	atomic_fetch_add(&p->errors, mw_gups_errors(s.words, s.n, s.first));
}

/* Undoes a sample: the same updates again, or scatters of what the words held before. */
static void undo_member(void *arg, int rank, int n)
{
	struct access_point *p = arg;
	struct random_slice s = random_table_slice(p->table, p->bytes, rank, n);
	struct mw_gups g;
	mw_gups_seed(&g, p->seed + (uint64_t)rank);
	if (p->kernel->op == MW_GUPS_SCATTER)
		atomic_fetch_add(&p->errors,
				 mw_gups_unscattered(s.words, s.n, &g, p->count < CHECKED ? p->count : CHECKED,
						     s.first + p->add));
	(void)p->kernel->run(s.words, s.n, &g, p->count, s.first);
}

/* Takes a sample of p->count accesses per thread and undoes it. */
static int sample(struct access_point *p, uint64_t *ns)
{
	struct mw_team *team = p->run->ctx->team;
	p->seed = mw_random(&p->run->rng);
	p->add = ++p->times << 40; /* indices are below 2^32 */
	int rc = p->warm ? mw_team_run(team, p->threads, warm_member, p) : 0;
	if (rc == 0)
		rc = mw_team_time(team, p->threads, access_member, p, ns);
	if (rc == 0 && p->kernel->op != MW_GUPS_GATHER)
		rc = mw_team_run(team, p->threads, undo_member, p);
	if (p->kernel->op == MW_GUPS_UPDATE)
		p->table->updates += p->count * (uint64_t)p->threads;
	return rc;
}

/* Chooses count so that a sample takes as long as wanted. */
static int calibrate(struct access_point *p)
{
	uint64_t ns = 0;
	int rc = 0;
	double want = p->run->sample_ns;
	for (p->count = LEAST_COUNT; rc == 0; p->count *= 4) {
		rc = sample(p, &ns);
		if ((double)ns * 16 >= want)
			break;
	}
	double fit = (double)p->count * want / (double)(ns ? ns : 1);
	p->count = (size_t)(fit > LEAST_COUNT ? fit : LEAST_COUNT) / MW_GUPS_LANES * MW_GUPS_LANES;
	return rc;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	struct access_point *p = arg;
	uint64_t ns = 0;
	int rc = p->count ? 0 : calibrate(p);
	if (rc == 0)
		rc = sample(p, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s", mw_strerror(rc));
	*value = (double)p->count * p->threads / (double)(ns ? ns : 1);
	unsigned long long errors = atomic_exchange(&p->errors, 0);
	if (errors == 0)
		return 0;
	p->run->wrong = true;
	(void)mw_fail(MW_EVERIFY, p->run->why, sizeof(p->run->why), "%s by %s: %llu wrong of %zu",
		      mw_gups_op_name(p->kernel->op), mw_isa_name(p->kernel->isa), errors, p->count);
	return mw_fail(MW_EVERIFY, err, n, "%s", p->run->why);
}

/* ---- points ---- */

static bool asked(const struct random_run *r, const struct mw_gups_kernel *k)
{
	return mw_isa_supported(k->isa) && k->isa <= mw_isa_best() &&
	       mw_list_has(mw_opt_text(r->ctx->opts, "ops"), mw_gups_op_name(k->op)) &&
	       (!mw_opt_text(r->ctx->opts, "isa") ||
		mw_list_has(mw_opt_text(r->ctx->opts, "isa"), mw_isa_name(k->isa)));
}

/* The widest kernel of that operation that was asked for. */
static bool is_widest(const struct random_run *r, const struct mw_gups_kernel *k)
{
	for (const struct mw_gups_kernel *o = k + 1; o < mw_gups_kernels + mw_gups_kernel_count; o++)
		if (o->op == k->op && asked(r, o))
			return false;
	return true;
}

/* What a choice of points is made from. */
struct choice {
	size_t table;
	uint64_t bytes;
	bool largest;
	int threads;
	const struct mw_gups_kernel *kernel;
};

/* True when a sweep of that density has this point. The sparsest has updates in every level, and the rest of DRAM with
 * the first page kind only. */
static bool wanted(const struct random_run *r, int density, const struct choice *c)
{
	bool update = c->kernel->op == MW_GUPS_UPDATE, first = c->table == 0;
	if (density == MAX_DENSITY || r->n_sizes)
		return true;
	if (!is_widest(r, c->kernel))
		return density > 0 && c->largest && first;
	if (!c->largest)
		return first && (density > 0 || (update && c->threads == 1));
	return update || first || density > 0;
}

static size_t sizes_of(const struct random_run *r, int threads, uint64_t v[MAX_SIZES])
{
	const struct mw_host *h = &r->ctx->topo->host;
	size_t n = 0;
	if (r->n_sizes) {
		memcpy(v, r->sizes, r->n_sizes * sizeof(*v));
		return r->n_sizes;
	}
	uint64_t l2 = h->l2_bytes / 2 * (uint64_t)threads;
	uint64_t l3 = h->l3_bytes / 2 * (uint64_t)(h->l3_instances < threads ? h->l3_instances : threads);
	if (l2 && l2 < r->largest)
		v[n++] = l2;
	if (l3 >= 4 * l2 && l3 && l3 < r->largest)
		v[n++] = l3;
	v[n++] = r->largest;
	return n;
}

/* Lists the points of n_tables tables; writes them where r->points is set. Returns how many. */
static size_t list_points(struct random_run *r, size_t n_tables, int density)
{
	size_t n = 0;
	for (size_t t = 0; t < n_tables; t++)
		for (int i = 0; i < r->n_threads; i++) {
			uint64_t sizes[MAX_SIZES];
			size_t n_sizes = sizes_of(r, r->threads[i], sizes);
			for (size_t k = 0; k < n_sizes * mw_gups_kernel_count && n < MAX_POINTS; k++) {
				struct choice c = {.table = t, .bytes = sizes[k / mw_gups_kernel_count]};
				c.largest = c.bytes == r->largest;
				c.threads = r->threads[i];
				c.kernel = &mw_gups_kernels[k % mw_gups_kernel_count];
				if (!asked(r, c.kernel) || !wanted(r, density, &c))
					continue;
				if (r->points)
					r->points[n] = (struct access_point){.run = r,
									     .table = &r->tables[t],
									     .kernel = c.kernel,
									     .bytes = c.bytes,
									     .threads = c.threads};
				n++;
			}
		}
	return n;
}

/* The largest density whose samples are long enough. */
static void choose_density(struct random_run *r, size_t n_tables)
{
	double least = fmin(r->ctx->profile->sample_s, 0.005);
	for (r->density = MAX_DENSITY; r->density > 0; r->density--)
		if (rounds_visits_sample_s(r->ctx, 4 * list_points(r, n_tables, r->density)) >= least)
			return;
}

static int open_points(struct random_run *r)
{
	choose_density(r, r->n_tables);
	size_t n = list_points(r, r->n_tables, r->density);
	r->points = calloc(n ? n : 1, sizeof(*r->points));
	r->pts = calloc(n ? n : 1, sizeof(*r->pts));
	if (!r->points || !r->pts)
		return -ENOMEM;
	r->n = list_points(r, r->n_tables, r->density);
	/* Half of the time goes to undoing samples. */
	r->sample_ns = 0.5e9 * rounds_visits_sample_s(r->ctx, r->n);
	for (size_t i = 0; i < r->n; i++) {
		struct access_point *p = &r->points[i];
		p->warm = p->bytes <= bench_caches(&r->ctx->topo->host, p->threads);
		const struct random_words words = {
			.host = &r->ctx->topo->host,
			.op = p->kernel->op,
			.isa = p->kernel->isa,
			.bytes = p->bytes,
			.threads = p->threads,
			.pages = p->table->kind,
			.block = &p->table->nodes[0].block,
		};
		random_record_open(&r->pts[i].rec, &words);
		r->pts[i].measure = measure;
		r->pts[i].arg = p;
		r->pts[i].threads = p->threads;
	}
	return rounds_open(r->ctx, r->pts, r->n, &r->rounds);
}

/* ---- options ---- */

static int parse_sizes(struct random_run *r, char *err, size_t n)
{
	const uint64_t least = LINE * 64 * (uint64_t)r->threads[r->n_threads - 1];
	if (!mw_opt_text(r->ctx->opts, "sizes"))
		return 0;
	r->n_sizes = mw_opt_sizes(r->ctx->opts, "sizes", r->sizes, MAX_SIZES);
	for (size_t i = 0; i < r->n_sizes; i++) {
		int rc = bench_check_size(r->ctx, "sizes", r->sizes[i], err, n);
		if (rc < 0)
			return rc;
		if (r->sizes[i] < least)
			return mw_fail(MW_ESPEC, err, n, "--sizes: %llu is below %llu, 64 lines for each of %d threads",
				       (unsigned long long)r->sizes[i], (unsigned long long)least,
				       r->threads[r->n_threads - 1]);
		r->largest = r->sizes[i] > r->largest ? r->sizes[i] : r->largest;
	}
	return 0;
}

/* Eight times the caches, so that few accesses hit, or less where time or memory limit it. */
static uint64_t default_size(const struct random_run *r)
{
	uint64_t want = 8 * bench_caches(&r->ctx->topo->host, r->threads[r->n_threads - 1]);
	uint64_t limit = bench_block_limit(r->ctx, (unsigned)r->n_kinds);
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most half of the budget goes to it. */
	double touch = 0.5 * r->ctx->share_s / 2.0 / (double)r->n_kinds * 0x1p30;
	if (limit > MAX_TABLE)
		limit = MAX_TABLE;
	if (want > limit)
		want = limit;
	if ((double)want > touch && want > (16u << 20))
		want = touch > (double)(16u << 20) ? (uint64_t)touch : 16u << 20;
	return want < limit ? want & ~(uint64_t)0xfffff : limit & ~(uint64_t)0xfff;
}

/* Reads and checks the options; touches no memory. */
static int plan_run(struct random_run *r, const struct bench_ctx *ctx, char *err, size_t n)
{
	r->ctx = ctx;
	r->rng = ctx->seed;
	int all = ctx->team ? mw_team_wanted(ctx->team) : ctx->topo->host.n_cpus;
	r->threads[r->n_threads++] = 1;
	if (all > 1)
		r->threads[r->n_threads++] = all;
	r->n_kinds = bench_page_kinds(ctx, "pages", r->kinds);
	int rc = parse_sizes(r, err, n);
	if (rc < 0)
		return rc;
	if (r->n_sizes == 0)
		r->largest = default_size(r);
	bool any = false;
	for (size_t i = 0; i < mw_gups_kernel_count; i++)
		any = any || asked(r, &mw_gups_kernels[i]);
	return any ? 0
		   : mw_fail(MW_ESPEC, err, n, "--ops and --isa leave nothing that this CPU has; updates are portable");
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct random_run r = {0};
	return plan_run(&r, ctx, err, n);
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct random_run r = {0};
	if (plan_run(&r, ctx, NULL, 0) < 0)
		return;
	choose_density(&r, r.n_kinds);
	out->points = (unsigned)list_points(&r, r.n_kinds, r.density);
	out->memory_bytes =
		r.largest * r.n_kinds * (uint64_t)(ctx->topo->host.n_nodes > 0 ? ctx->topo->host.n_nodes : 1);
}

/* ---- the benchmark ---- */

static void release_tables(struct random_run *r)
{
	for (size_t i = 0; i < r->n_tables; i++)
		random_table_release(&r->tables[i]);
}

static int open_tables(struct random_run *r, const struct mw_sink *sink, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	for (size_t i = 0; i < r->n_kinds; i++) {
		struct random_table *t = &r->tables[r->n_tables];
		int rc = random_table_open(t, r->ctx, r->kinds[i], r->largest, why, sizeof(why));
		if (rc == 0) {
			r->n_tables++;
			continue;
		}
		random_table_close(t);
		rc = random_emit_missing(sink, r->kinds[i], why[0] ? why : mw_strerror(rc));
		if (rc < 0)
			return rc;
	}
	return r->n_tables ? 0 : mw_fail(MW_EUNAVAILABLE, err, n, "%s", why);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct random_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = plan_run(r, ctx, err, n);
	if (rc == 0)
		rc = open_tables(r, sink, err, n);
	if (rc == 0)
		rc = open_points(r);
	release_tables(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct random_run *r = state;
	int rc = 0;
	r->ctx = ctx;
	for (size_t i = 0; i < r->n_tables && rc == 0; i++)
		rc = random_table_take(&r->tables[i], ctx, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	for (size_t i = 0; i < r->n_tables && (rc == 0 || rc == MW_ECANCELLED); i++) {
		int checked = r->tables[i].updates > r->tables[i].checked ? random_table_check(&r->tables[i]) : 0;
		rc = checked < 0 ? checked : rc;
	}
	release_tables(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

/* ---- the end ---- */

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct random_run *r = state;
	struct mw_sink out = *sink;
	const struct mw_sink middle = {random_emit_with_derived, &out};
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	for (size_t i = 0; i < r->n_tables && rc == 0; i++)
		rc = random_emit_errors(sink, &r->tables[i]);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].errors)
			return mw_fail(MW_EVERIFY, err, n, "%llu words of the table are wrong after the updates",
				       (unsigned long long)r->tables[i].errors);
	return r->wrong ? mw_fail(MW_EVERIFY, err, n, "%s", r->why) : 0;
}

static void end(void *state)
{
	struct random_run *r = state;
	rounds_close(r->rounds);
	for (size_t i = 0; i < MW_PAGES_COUNT; i++)
		random_table_close(&r->tables[i]);
	free(r->points);
	free(r->pts);
	free(r);
}

static const char *isa_word(size_t i)
{
	return i < MW_ISA_COUNT ? mw_isa_name((enum mw_isa)i) : NULL;
}

static const struct mw_option options[] = {
	{.name = "sizes",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .min = 4096,
	 .max = (double)MAX_TABLE,
	 .max_items = MAX_SIZES,
	 .help = "bytes of the table, for example 512K,1G (default: in L2, in L3, and 8x all caches)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "thp,4K,2M,1G",
	 .word = mw_pages_word,
	 .help = "page kinds; the first one obtained has more points"},
	{.name = "ops",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "update,gather,scatter",
	 .choices = "update|gather|scatter",
	 .help = "kinds of access"},
	{.name = "isa",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = isa_word,
	 .help = "instruction sets of gathers and scatters (default: all that this CPU has)"},
	MW_OPT_END,
};

const struct bench bench_random = {
	.name = "random",
	.summary = "random updates (GUPS), gathers and scatters by table and page size",
	.options = options,
	.weight = 4,
	.check = check,
	.plan = plan,
	.emitter = &random_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
