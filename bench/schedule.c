#include "bench/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"

/* begin() of all benchmarks may take this share of the time, divided by weight. */
#define BEGIN_SHARE 0.2

struct entry {
	const struct schedule_item *item;
	struct mw_opts defaults;
	const struct mw_opts *opts;
	void *state;
	bool begun, done; /* done: visited enough */
	bool ready;       /* it began whole, and tells of its points itself */
	int rc;           /* the first failure */
	char why[MW_ERR_ROOM];
	uint64_t spent_ns;
	double share_s;
};

struct run {
	struct schedule *s;
	const struct schedule_hooks *hooks;
	struct entry *e;
	size_t n;
	uint64_t begin_ns;
	struct mw_sink sink;
	struct mw_sample_sink samples;
	struct mw_progress progress;
	const struct entry *running;
	uint64_t *hash; /* hashes of the first n_hash records */
	size_t n_hash, hash_cap;
};

/* ---- order ---- */

static void add_with_needs(const struct bench *b, const struct bench **out, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (out[i] == b)
			return;
	for (const char *const *need = b->needs; need && *need; need++) {
		const struct bench *other = bench_find(*need);
		if (other && other != b)
			add_with_needs(other, out, count);
	}
	if (*count < SCHEDULE_MAX)
		out[(*count)++] = b;
}

size_t schedule_order(const struct bench *const *wanted, size_t n, const struct bench **out)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		add_with_needs(wanted[i], out, &count);
	return count;
}

/* ---- records ---- */

static const struct mw_emit elapsed_emit = {MW_CASES("run"), &mw_metric_elapsed, NULL, NULL, NULL};
const struct mw_emit *const schedule_end_row = &elapsed_emit;

bool schedule_is_end(const struct mw_record *r, const struct bench *b)
{
	return r->provenance == MW_MEASURED && strcmp(r->bench, b->name) == 0 && strcmp(r->case_name, "run") == 0 &&
	       strcmp(r->metric, "elapsed") == 0;
}

static void leave_out(const struct run *run, const struct mw_record *r, const char *why)
{
	char *id = mw_record_id(r);
	struct mw_buf line = {0};
	mw_buf_add(&line, "left out %s %s", why, id ? id : r->bench);
	if (run->hooks->complain)
		run->hooks->complain(run->hooks->self, mw_buf_text(&line));
	mw_buf_fini(&line);
	free(id);
}

/* 1 when there is a record with r's identity, else 0, or -ENOMEM. Compares hashes first, because there may be thousands
 * of records. */
static int is_second(struct run *run, const struct mw_record *r)
{
	const struct mw_records *l = run->s->records;
	if (l->n > run->hash_cap) {
		uint64_t *more = realloc(run->hash, 2 * l->n * sizeof(*more));
		if (!more)
			return -ENOMEM;
		run->hash = more;
		run->hash_cap = 2 * l->n;
	}
	for (; run->n_hash < l->n; run->n_hash++)
		run->hash[run->n_hash] = mw_record_hash(&l->v[run->n_hash]);
	uint64_t hash = mw_record_hash(r);
	for (size_t i = 0; i < l->n; i++)
		if (run->hash[i] == hash && mw_record_same_identity(&l->v[i], r))
			return 1;
	return 0;
}

static int keep(struct run *run, const struct mw_record *r)
{
	int rc = mw_records_add(run->s->records, r);
	if (rc == 0)
		rc = mw_emit(&run->hooks->record, r);
	if (rc < 0)
		run->s->lost = rc;
	return rc;
}

/* Keeps a record and passes it on. Leaves out one that was not closed, or whose identity another record has. */
static int take(void *self, const struct mw_record *r)
{
	struct run *run = self;
	const char *unpinned = run->s->ctx.team ? mw_team_unpinned(run->s->ctx.team) : "";
	struct mw_record copy;
	if (r->row || !r->declared) {
		leave_out(run, r, "a record that was not declared or not closed:");
		return 0;
	}
	int second = is_second(run, r);
	if (second < 0)
		return run->s->lost = second;
	if (second) {
		leave_out(run, r, "a second record of");
		return 0;
	}
	if (r->provenance != MW_MEASURED || !unpinned[0])
		return keep(run, r);
	int rc = mw_record_copy(&copy, r);
	if (rc < 0)
		return run->s->lost = rc;
	mw_put_text(&copy, &mw_key_pinned, "no");
	rc = keep(run, &copy);
	mw_record_fini(&copy);
	return rc;
}

/* Passes samples to the journal. An error ends the run, as it does for records, but is not counted as a failure of the
 * benchmark. */
static int put_samples(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	struct run *run = self;
	const struct mw_sample_sink *to = run->hooks->samples;
	int rc = to ? to->put(to->self, point, threads, v, n) : 0;
	if (rc < 0)
		run->s->lost = rc;
	return rc;
}

static const struct mw_sample *earlier_samples(void *self, const struct mw_record *point, size_t *n)
{
	const struct run *run = self;
	const struct mw_sample_sink *from = run->hooks->samples;
	*n = 0;
	return from && from->earlier ? from->earlier(from->self, point, n) : NULL;
}

/* Emits the record that the benchmark has finished, which --resume looks for. */
static int emit_elapsed(const struct run *run, const struct entry *e)
{
	const struct mw_emitter emitter = {e->item->bench->name, &elapsed_emit};
	struct mw_record r;
	mw_record_open(&r, &emitter, &elapsed_emit, "run");
	mw_record_method(&r, "wall", 1);
	mw_record_set(&r, (double)e->spent_ns * 1e-9, MW_MEASURED, NULL);
	return mw_finish(&run->sink, &r);
}

/* Points are not known before a benchmark has begun: one record stands for all that it would have measured. The end of
 * a resumed run replaces it, being of the same identity. */
static int emit_stopped(const struct run *run, const struct entry *e)
{
	const struct mw_emitter emitter = {e->item->bench->name, &elapsed_emit};
	struct mw_record r;
	struct mw_buf why = {0};
	mw_buf_add(&why, "stopped before %s began", emitter.name);
	mw_record_open(&r, &emitter, &elapsed_emit, "run");
	mw_record_method(&r, "wall", 1);
	mw_record_unavailable(&r, mw_buf_text(&why));
	mw_buf_fini(&why);
	return mw_finish(&run->sink, &r);
}

/* ---- steps ---- */

static bool over(const struct run *run)
{
	return run->s->lost || atomic_load(run->s->ctx.stop) != 0;
}

/* Context of a benchmark for a step that may last until deadline_ns. */
static struct bench_ctx context(const struct run *run, const struct entry *e, uint64_t deadline_ns)
{
	struct bench_ctx ctx = run->s->ctx;
	ctx.opts = e->opts;
	ctx.earlier = run->s->records;
	ctx.named = e->item->named;
	ctx.progress = &run->progress;
	ctx.samples = &run->samples;
	ctx.share_s = e->share_s;
	if (deadline_ns < ctx.deadline_ns)
		ctx.deadline_ns = deadline_ns;
	return ctx;
}

static void failed(struct entry *e, int rc, const char *why)
{
	if (e->rc == 0 && rc < 0 && rc != MW_ECANCELLED) {
		e->rc = rc;
		const char *cause = rc == -ENOMEM ? "no memory for its points (see ulimit -v)" : mw_strerror(rc);
		mw_clip(e->why, sizeof(e->why), "%s", why[0] ? why : cause);
	}
}

static double weight_of(const struct run *run)
{
	double sum = 0;
	for (size_t i = 0; i < run->n; i++)
		sum += run->e[i].rc < 0 || run->e[i].done ? 0 : run->e[i].item->bench->weight;
	return sum;
}

static uint64_t after_s(double seconds)
{
	return mw_now_ns() + (uint64_t)(seconds > 0 ? 1e9 * seconds : 0);
}

static double left_s(const struct run *run)
{
	uint64_t now = mw_now_ns(), end = run->s->ctx.deadline_ns;
	return now < end ? 1e-9 * (double)(end - now) : 0;
}

static int read_defaults(struct entry *e, char *err, size_t n)
{
	char *argv[] = {NULL, NULL};
	const struct bench *b = e->item->bench;
	e->opts = e->item->opts ? e->item->opts : &e->defaults;
	return e->item->opts ? 0 : mw_opts_parse(&e->defaults, &b->options, b->options ? 1 : 0, 1, argv, err, n);
}

/* Reads the options of the benchmark and asks whether it can run here. */
static int prepare(const struct run *run, struct entry *e, char *why, size_t n)
{
	const struct bench *b = e->item->bench;
	int rc = read_defaults(e, why, n);
	struct bench_ctx ctx = context(run, e, after_s(0));
	return rc == 0 && b->available ? b->available(&ctx, why, n) : rc;
}

static void begin(struct run *run, struct entry *e, double seconds)
{
	const struct bench *b = e->item->bench;
	char why[MW_ERR_ROOM] = "";
	uint64_t start = mw_now_ns();
	int rc = prepare(run, e, why, sizeof(why));
	struct bench_ctx ctx = context(run, e, after_s(seconds));
	run->running = e;
	if (rc == 0 && left_s(run) <= 0)
		rc = mw_fail(MW_EBUDGET, why, sizeof(why), "no time left");
	if (rc == 0) {
		why[0] = '\0'; /* so that a message of available() is not taken for one of begin() */
		e->begun = true;
		rc = b->begin(&ctx, &run->sink, &e->state, why, sizeof(why));
	}
	failed(e, rc, why);
	e->ready = rc == 0;
	e->spent_ns += mw_now_ns() - start;
}

/* One that was stopped before it began, and could not have run here, is skipped for that reason: a resumed run, which
 * skips it as well, would not replace a record that it was stopped. */
static void look_at_unbegun(struct run *run, struct entry *e)
{
	char why[MW_ERR_ROOM] = "";
	int rc = e->rc < 0 ? 0 : prepare(run, e, why, sizeof(why));
	failed(e, rc, why);
}

/* Share of the time left at the start of the visits that all finish() need. */
static double finish_share(const struct run *run)
{
	double sum = 0, weights = 0;
	for (size_t i = 0; i < run->n; i++) {
		const struct bench *b = run->e[i].item->bench;
		weights += b->weight;
		sum += b->weight * (b->finish_share > 0 ? b->finish_share : 0.02);
	}
	return weights > 0 ? sum / weights : 0;
}

static void visit(struct run *run, struct entry *e, unsigned number, double seconds)
{
	char why[MW_ERR_ROOM] = "";
	uint64_t start = mw_now_ns();
	struct bench_ctx ctx = context(run, e, after_s(seconds));
	ctx.visit = number;
	run->running = e;
	int rc = e->item->bench->visit(&ctx, e->state, why, sizeof(why));
	failed(e, rc, why);
	e->done = rc == BENCH_DONE;
	e->spent_ns += mw_now_ns() - start;
}

static void visit_all(struct run *run)
{
	unsigned all = run->s->ctx.profile->visits, first = run->s->visits_done;
	double end_s = left_s(run) * finish_share(run);
	/* A resumed run that had all its visits repeats the last one, then does what it lacks: finish(). */
	if (first >= all)
		first = all ? all - 1 : 0;
	for (unsigned v = first; v < all; v++) {
		double rest = weight_of(run); /* weights of the benchmarks still to come in this visit */
		for (size_t i = 0; i < run->n; i++) {
			struct entry *e = &run->e[i];
			double weight = e->item->bench->weight;
			if (!e->begun || e->rc < 0 || e->done)
				continue;
			if (over(run))
				return;
			double later = (double)(all - v - 1) * weight_of(run);
			double share = (left_s(run) - end_s) * weight / (rest + later);
			visit(run, e, v, share);
			rest -= weight;
		}
	}
}

static void finish(struct run *run, struct entry *e, double seconds)
{
	char why[MW_ERR_ROOM] = "";
	uint64_t start = mw_now_ns();
	struct bench_ctx ctx = context(run, e, after_s(seconds));
	ctx.visit = run->s->ctx.profile->visits;
	run->running = e;
	int rc = e->item->bench->finish(&ctx, e->state, &run->sink, why, sizeof(why));
	failed(e, rc, why);
	e->spent_ns += mw_now_ns() - start;
	if (e->rc == 0 && rc == 0 && !over(run))
		(void)emit_elapsed(run, e);
}

static void end(struct entry *e)
{
	if (e->state)
		e->item->bench->end(e->state);
	e->state = NULL;
	mw_opts_fini(&e->defaults);
}

/* ---- progress ---- */

static void show(void *self, const char *step, double fraction)
{
	const struct run *run = self;
	uint64_t now = mw_now_ns(), end_ns = run->s->ctx.deadline_ns;
	double done = end_ns > run->begin_ns ? (double)(now - run->begin_ns) / (double)(end_ns - run->begin_ns) : 1;
	(void)fraction;
	if (run->hooks->progress && run->running)
		run->hooks->progress(run->hooks->self, run->running->item->bench->name, step, fmin(done, 1));
}

/* ---- all of it ---- */

/* Error of a record that could not be written: the message names the file, not the benchmark. */
static int say_lost(const struct run *run, char *err, size_t n)
{
	return mw_fail(run->s->lost, err, n, "cannot write %s: %s",
		       run->hooks->target ? run->hooks->target : "a record", mw_strerror(run->s->lost));
}

/* Reports a benchmark that did not finish. One that was not named may be unavailable, or find too little time or
 * memory; any other failure is reported as such. */
static int report(struct run *run, const struct entry *e, int rc, char *err, size_t n)
{
	bool absent = e->rc == MW_EUNAVAILABLE || e->rc == MW_EBUDGET || e->rc == -ENOMEM;
	bool counts = absent ? e->item->named : true;
	const char *name = e->item->bench->name;
	int skip = run->hooks->skip ? run->hooks->skip(run->hooks->self, name, e->why, counts && rc == 0) : 0;
	if (counts && rc == 0)
		rc = mw_fail(e->rc, err, n, "%s: %s", name, e->why);
	if (skip < 0)
		run->s->lost = skip;
	return rc;
}

int schedule_run(struct schedule *s, const struct schedule_item *items, size_t n, const struct schedule_hooks *hooks,
		 char *err, size_t en)
{
	struct run run = {.s = s, .hooks = hooks, .n = n, .begin_ns = mw_now_ns()};
	int rc = 0;
	run.sink = (struct mw_sink){take, &run};
	run.samples = (struct mw_sample_sink){put_samples, earlier_samples, &run};
	run.progress = (struct mw_progress){show, &run};
	run.e = calloc(n + 1, sizeof(*run.e));
	if (!run.e)
		return mw_fail(-ENOMEM, err, en, "no memory for the schedule");
	for (size_t i = 0; i < n; i++)
		run.e[i].item = &items[i];
	double begin_s = BEGIN_SHARE * left_s(&run), weights = weight_of(&run);
	/* Shares of the profile's time, not of the time left, so that a resumed run chooses the same points. */
	for (size_t i = 0; i < n; i++)
		run.e[i].share_s = s->ctx.profile->limit_s * items[i].bench->weight / weights;
	for (size_t i = 0; i < n && !over(&run); i++)
		begin(&run, &run.e[i], begin_s * items[i].bench->weight / weights);
	visit_all(&run);
	double asked = finish_share(&run) * weights;
	for (size_t i = 0; i < n && !s->lost; i++) {
		const struct bench *b = items[i].bench;
		double own = b->weight * (b->finish_share > 0 ? b->finish_share : 0.02);
		if (run.e[i].state)
			finish(&run, &run.e[i], left_s(&run) * own / asked);
		asked -= own;
	}
	for (size_t i = 0; i < n && !s->lost; i++) {
		if (!run.e[i].ready && !run.e[i].begun)
			look_at_unbegun(&run, &run.e[i]);
		if (run.e[i].rc < 0)
			rc = report(&run, &run.e[i], rc, err, en);
		else if (!run.e[i].ready)
			(void)emit_stopped(&run, &run.e[i]); /* what cannot be kept is s->lost */
	}
	if (s->lost)
		rc = say_lost(&run, err, en);
	else if (atomic_load(s->ctx.stop))
		rc = MW_ECANCELLED;
	for (size_t i = 0; i < n; i++)
		end(&run.e[i]);
	free(run.e);
	free(run.hash);
	return rc;
}
