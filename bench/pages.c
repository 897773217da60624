/* What pages cost: first touch, faults, zeroing, return, population and collapse into huge pages, per page and GiB.
 *
 * "first-touch" is the first sequence of the run: its pages may be such that a hypervisor took back or never gave,
 * which costs 2 s per GiB instead of 0.05 to 0.2. The other cases are repeats, each on a fresh mapping, with pages that
 * the kernel had shortly before. Which pages the kernel hands out, and what the hypervisor does, cannot be chosen. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/tree.h"
#include "bench/pages_cycle.h"
#include "bench/place.h"
#include "bench/rounds.h"

enum { MAX_POINTS = PAGES_CYCLES * PAGES_STEPS };

/* ---- what it emits ---- */

static const struct mw_metric metric_page = {"page_time", MW_NS, MW_LOWER, "time per page of the kind named"};
static const struct mw_metric metric_gib = {"gib_time", MW_S, MW_LOWER, "time per GiB of memory"};
static const struct mw_metric metric_part = {"part", MW_RATIO, MW_NEITHER, "share of the time of a first touch"};

static const struct mw_key key_faults = {"faults", MW_NUMBER, MW_OBSERVED,
					 "minor faults of the thread while the last sample was timed"};
static const struct mw_key key_count = {"page_count", MW_NUMBER, MW_OBSERVED, "pages of one sample"};
static const struct mw_key key_page = {"page", MW_BYTES, MW_OBSERVED, "bytes of one page"};

#define STEPS                                                                                                          \
	MW_CASES("touch", "zeroing", "dontneed", "refault", "free", "touch-after-free", "munmap", "minor-fault",       \
		 "zero-page", "map-populate", "populate-write", "collapse", "first-touch")
#define PARAMS MW_LIST(&mw_key_size, &mw_key_pages)
#define OBSERVED MW_LIST(&key_faults, &key_count, &key_page, &mw_key_obtained, &mw_key_cpu)

enum { PAGE, GIB, PART };
static const struct mw_emit emits[] = {
	[PAGE] = {STEPS, &metric_page, PARAMS, NULL, OBSERVED},
	[GIB] = {MW_CASES("first-touch", "touch", "zeroing", "refault", "map-populate", "populate-write"), &metric_gib,
		 PARAMS, NULL, OBSERVED},
	[PART] = {MW_CASES("zeroing", "minor-fault"), &metric_part, PARAMS, NULL, NULL},
	{.metric = NULL},
};
static const struct mw_emitter emitter = {"pages", emits};

/* ---- state ---- */

/* A sequence. Its steps are points that share each sample. */
struct cycle_point {
	struct pages_run *run;
	enum pages_cycle cycle;
	struct pages_result results[PAGES_STEPS];
	unsigned fresh; /* steps whose results no point has taken, as bits */
	unsigned round; /* in which the sample was taken */
	struct round_shared shared;
};

struct step_arg {
	struct cycle_point *point;
	enum pages_step step;
};

struct pages_run {
	const struct bench_ctx *ctx; /* context of the current call */
	struct pages_job job;
	struct cycle_point cycles[PAGES_CYCLES];
	struct step_arg args[MAX_POINTS];
	struct round_point pts[MAX_POINTS];
	size_t n;
	struct pages_result first[PAGES_STEPS]; /* of the first sequence of all */
	bool has_first;
	struct rounds *rounds;
};

/* ---- one sample ---- */

static void cycle_member(void *arg, int rank, int n)
{
	struct cycle_point *p = arg;
	(void)n;
	mw_team_timed_begin(p->run->ctx->team, rank);
	pages_cycle_run(&p->run->job, p->cycle, p->results);
	(void)mw_team_timed_end(p->run->ctx->team, rank);
}

static int take_sample(struct cycle_point *p, char *err, size_t n)
{
	const struct pages_job *job = &p->run->job;
	int rc = mw_arenas_make_room(p->run->ctx->arenas, job->bytes + 2 * job->huge, err, n);
	if (rc == 0)
		rc = mw_team_run(p->run->ctx->team, 1, cycle_member, p);
	p->round = p->shared.round;
	p->fresh = rc == 0 ? pages_cycle_steps(p->cycle) : 0;
	return rc;
}

static int measure(void *arg, double *value, char *err, size_t n)
{
	const struct step_arg *a = arg;
	struct cycle_point *p = a->point;
	const struct pages_result *res = &p->results[a->step];
	const unsigned bit = 1u << a->step;
	p->shared.reused = (p->fresh & bit) && p->round == p->shared.round;
	int rc = p->shared.reused ? 0 : take_sample(p, err, n);
	if (rc < 0)
		return rc;
	p->fresh &= ~bit;
	*value = (double)res->ns / (double)(res->pages ? res->pages : 1);
	return res->rc < 0 ? mw_fail(res->rc, err, n, "%s", res->why) : 0;
}

/* ---- points ---- */

static bool is_huge(enum pages_cycle c)
{
	return c == PAGES_HUGE || c == PAGES_COLLAPSED;
}

static void open_record(const struct pages_run *r, struct mw_record *rec, const char *name, bool huge)
{
	mw_record_open(rec, &emitter, &emits[PAGE], name);
	mw_record_method(rec, "fresh-mapping", 1);
	mw_put_int(rec, &mw_key_size, (int64_t)r->job.bytes);
	mw_put_text(rec, &mw_key_pages, mw_pages_name(huge ? MW_PAGES_THP : MW_PAGES_4K));
	mw_put_int(rec, &mw_key_cpu, mw_team_cpu(r->ctx->team, 0));
}

static void put_found(struct mw_record *rec, const struct pages_result *res)
{
	if (res->rc < 0 || res->pages == 0)
		return;
	mw_put_int(rec, &key_faults, (int64_t)res->faults);
	mw_put_int(rec, &key_count, (int64_t)res->pages);
	mw_put_int(rec, &key_page, (int64_t)res->page);
	if (res->obtained[0])
		mw_put_text(rec, &mw_key_obtained, res->obtained);
}

static void add_cycle(struct pages_run *r, enum pages_cycle c)
{
	struct cycle_point *p = &r->cycles[c];
	*p = (struct cycle_point){.run = r, .cycle = c};
	for (int s = 0; s < PAGES_STEPS; s++) {
		if (!(pages_cycle_steps(c) & (1u << s)))
			continue;
		struct round_point *pt = &r->pts[r->n];
		r->args[r->n] = (struct step_arg){.point = p, .step = (enum pages_step)s};
		*pt = (struct round_point){
			.measure = measure, .arg = &r->args[r->n], .shared = &p->shared, .threads = 1};
		open_record(r, &pt->rec, pages_step_name((enum pages_step)s), is_huge(c));
		r->n++;
	}
}

/* ---- the benchmark ---- */

/* Bytes of a transparent huge page: 2 MiB where the kernel does not say. */
static size_t huge_bytes(void)
{
	uint64_t bytes = 0;
	int root = mw_tree_open("/");
	if (root >= 0) {
		if (mw_tree_u64(root, "sys/kernel/mm/transparent_hugepage/hpage_pmd_size", &bytes) < 0)
			bytes = 0;
		(void)close(root);
	}
	return bytes ? (size_t)bytes : 2u << 20;
}

/* Bytes of a sequence: what is asked for, else as many as leave time for several rounds at 2 s per GiB, which the first
 * touch of memory costs that a guest gave back. */
static int choose_size(const struct bench_ctx *ctx, struct pages_job *job, char *err, size_t n)
{
	uint64_t asked = (uint64_t)mw_opt_int(ctx->opts, "size"), limit = bench_block_limit(ctx, 1);
	if (asked) {
		job->bytes = (size_t)asked;
		if (asked % job->huge)
			return mw_fail(MW_ESPEC, err, n, "--size: %llu is not a multiple of a huge page, %zu",
				       (unsigned long long)asked, job->huge);
		return bench_check_size(ctx, "size", asked, err, n);
	}
	double s = ctx->share_s / (ctx->profile->visits ? ctx->profile->visits : 5);
	size_t pages = (64u << 20) / job->huge;
	while (pages > 2 && (2.0 * 10.0 * (double)(pages * job->huge) / 0x1p30 > s || pages * job->huge > limit / 2))
		pages /= 2;
	job->bytes = (pages ? pages : 1) * job->huge;
	return job->bytes <= limit ? 0
				   : mw_fail(MW_EBUDGET, err, n, "less than %zu MiB of memory may be used (%s)",
					     job->bytes >> 20, bench_memory_words(ctx));
}

static int make_job(const struct bench_ctx *ctx, struct pages_job *job, char *err, size_t n)
{
	*job = (struct pages_job){.os = &pages_linux, .huge = huge_bytes()};
	job->page = (size_t)sysconf(_SC_PAGESIZE);
	return choose_size(ctx, job, err, n);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct pages_job job;
	return make_job(ctx, &job, err, n);
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct pages_job job;
	if (make_job(ctx, &job, NULL, 0) < 0)
		return;
	for (int c = 0; c < PAGES_CYCLES; c++)
		out->points += (unsigned)__builtin_popcount(pages_cycle_steps((enum pages_cycle)c));
	out->memory_bytes = job.bytes;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct pages_run *r = calloc(1, sizeof(*r));
	(void)sink;
	if (!r)
		return -ENOMEM;
	*state = r;
	r->ctx = ctx;
	int rc = make_job(ctx, &r->job, err, n);
	if (rc < 0)
		return rc;
	for (int c = 0; c < PAGES_CYCLES; c++)
		add_cycle(r, (enum pages_cycle)c);
	rc = rounds_open(ctx, r->pts, r->n, &r->rounds);
	if (rc < 0)
		return rc;
	/* Without room it is measured nowhere, and the points say why. */
	r->has_first = !bench_stopped(ctx) && take_sample(&r->cycles[PAGES_BASE], NULL, 0) == 0;
	memcpy(r->first, r->cycles[PAGES_BASE].results, sizeof(r->first));
	r->cycles[PAGES_BASE].fresh = 0;
	return 0;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct pages_run *r = state;
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = rounds_visit(r->rounds, ctx);
	for (size_t i = 0; i < r->n; i++)
		put_found(&r->pts[i].rec, &r->args[i].point->results[r->args[i].step]);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

/* ---- derived records ---- */

struct parts {
	const struct mw_sink *out;
	struct mw_records kept; /* touch, zeroing and minor-fault */
};

static int emit_gib(const struct mw_sink *sink, const struct mw_record *rec)
{
	struct mw_record out;
	double page = (double)mw_kv_int(&rec->observed, "page", 0);
	bool listed = false;
	for (const char *const *c = emits[GIB].cases; *c; c++)
		listed = listed || strcmp(*c, rec->case_name) == 0;
	if (!listed || rec->provenance != MW_MEASURED || !(page > 0))
		return 0;
	mw_record_derive(&out, &emitter, &emits[GIB], rec->case_name, rec);
	mw_record_method(&out, rec->method, rec->method_version);
	mw_record_scale(&out, rec, 1e-9 * 0x1p30 / page);
	if (rec->note[0])
		mw_record_note(&out, "%s", rec->note);
	return mw_finish(sink, &out);
}

static int emit_and_keep(void *self, const struct mw_record *rec)
{
	struct parts *p = self;
	int rc = mw_emit(p->out, rec);
	if (rc == 0)
		rc = emit_gib(p->out, rec);
	return rc < 0 || rec->provenance != MW_MEASURED ? rc : mw_records_add_bare(&p->kept, rec);
}

static const struct mw_record *kept(const struct parts *p, const char *name, const char *pages)
{
	for (size_t i = 0; i < p->kept.n; i++)
		if (strcmp(p->kept.v[i].case_name, name) == 0 &&
		    strcmp(mw_kv_str(&p->kept.v[i].params, "pages", ""), pages) == 0)
			return &p->kept.v[i];
	return NULL;
}

static int emit_part(const struct parts *p, const struct mw_record *part, const struct mw_record *touch,
		     const char *source)
{
	struct mw_record out;
	if (!part || !touch || !(touch->value > 0))
		return 0;
	mw_record_derive(&out, &emitter, &emits[PART], part->case_name, touch);
	mw_record_method(&out, "parts-of-a-touch", 1);
	mw_record_set(&out, part->value / touch->value, MW_MODELLED, source);
	return mw_finish(p->out, &out);
}

static int emit_parts(const struct parts *p)
{
	static const enum mw_pages kinds[] = {MW_PAGES_4K, MW_PAGES_THP};
	int rc = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && rc == 0; i++) {
		const char *pages = mw_pages_name(kinds[i]);
		const struct mw_record *touch = kept(p, "touch", pages);
		rc = emit_part(p, kept(p, "zeroing", pages), touch,
			       "measured time of memset of the same page / time of its first touch; the kernel zeroes "
			       "with its own code");
		if (rc == 0)
			rc = emit_part(
				p, kept(p, "minor-fault", mw_pages_name(MW_PAGES_4K)), touch,
				"measured time of a fault that finds its page (entry to the kernel, page tables) "
				"/ time of the first touch");
	}
	return rc;
}

static int emit_first(const struct pages_run *r, const struct mw_sink *sink)
{
	const struct pages_result *res = &r->first[PAGES_TOUCH];
	struct mw_record rec;
	if (!r->has_first)
		return 0;
	open_record(r, &rec, "first-touch", false);
	put_found(&rec, res);
	if (res->rc < 0) {
		mw_record_unavailable(&rec, res->why);
		return mw_finish(sink, &rec);
	}
	mw_record_set(&rec, (double)res->ns / (double)res->pages, MW_MEASURED, NULL);
	rec.n = 1;
	mw_record_note(&rec,
		       "the first pages of this run, once; whether a hypervisor had to supply them cannot be seen");
	int rc = emit_gib(sink, &rec);
	int finished = mw_finish(sink, &rec);
	return rc < 0 ? rc : finished;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct pages_run *r = state;
	struct parts parts = {.out = sink};
	const struct mw_sink middle = {emit_and_keep, &parts};
	(void)err, (void)n;
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = emit_parts(&parts);
	if (rc == 0)
		rc = emit_first(r, sink);
	mw_records_fini(&parts.kept);
	return rc;
}

static void end(void *state)
{
	struct pages_run *r = state;
	rounds_close(r->rounds);
	free(r);
}

static const struct mw_option options[] = {
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 65536,
	 .max = 1125899906842624.0,
	 .help = "bytes mapped in each sample, a multiple of a huge page (default: 64M, or less by time)"},
	MW_OPT_END,
};

const struct bench bench_pages = {
	.name = "pages",
	.summary = "cost of page faults, zeroing, population and huge pages",
	.options = options,
	.weight = 3,
	.check = check,
	.plan = plan,
	.emitter = &emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
