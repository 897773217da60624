#include "bench/rounds.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/sys/disturb.h"

/* Two probes that differ by more than this saw two placements: on one core complex 45-70 ns, across two 200 ns. */
#define PROBE_RATIO 1.6
/* Repeats of flagged samples may take this share of the time so far. */
#define REPEAT_SHARE (1.0 / 6.0)

enum { STATES = 2, UNKNOWN_STATE = UINT32_MAX };

struct trial {
	struct mw_sample s;
	double before, after; /* core-to-core probes in ns; NaN when not probed */
};

struct point {
	struct round_point *pt;
	struct trial *v;
	size_t n, cap;
	double cost_ns;      /* of the next sample, estimated */
	double last_cost_ns; /* 0 before the first one */
	bool dropped;
	char why[160];
};

/* Topology states of one thread count: the pair of CPUs that is probed depends on it. */
struct split {
	int states;
	double threshold_ns; /* between near and far */
	double center_ns[STATES];
};

struct run {
	struct bench_ctx *ctx;
	const struct rounds_machine *machine;
	struct point *points;
	size_t *order;
	size_t n;
	uint64_t begin_ns;
	uint64_t repeat_ns;
	uint64_t rng;
	unsigned round;
	const char *stop;
};

/* ---- the machine ---- */

struct real_machine {
	struct mw_team *team;
	struct mw_disturb before;
	double add_before_ns;
};

static void add_member(void *arg, int rank, int n)
{
	(void)rank;
	(void)n;
	*(double *)arg = mw_disturb_add_ns();
}

/* On the first member: the core that measures, not the caller's. */
static double core_add_ns(struct mw_team *team)
{
	double ns = NAN;
	(void)mw_team_run(team, 1, add_member, &ns);
	return ns;
}

static uint64_t real_now(void *self)
{
	(void)self;
	return mw_now_ns();
}

static double real_c2c(void *self, int threads)
{
	struct real_machine *m = self;
	return mw_team_c2c_ns(m->team, 0, threads - 1);
}

static void real_before(void *self)
{
	struct real_machine *m = self;
	m->add_before_ns = core_add_ns(m->team);
	mw_disturb_read(&m->before);
}

static uint32_t real_after(void *self)
{
	struct real_machine *m = self;
	struct mw_disturb after;
	mw_disturb_read(&after);
	uint32_t flags = mw_disturb_flags(&m->before, &after);
	if (fabs(core_add_ns(m->team) / m->add_before_ns - 1.0) > 0.03)
		flags |= MW_SAMPLE_FREQ;
	return flags;
}

/* ---- states ---- */

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Best cut of sorted logarithms into two classes: largest variance between them (Otsu 1979). */
static size_t best_cut(const double *x, size_t n)
{
	double total = 0.0, left = 0.0, best = -1.0;
	size_t cut = 0;
	for (size_t i = 0; i < n; i++)
		total += x[i];
	for (size_t i = 1; i < n; i++) {
		left += x[i - 1];
		double gap = left / (double)i - (total - left) / (double)(n - i);
		double between = (double)i * (double)(n - i) * gap * gap;
		if (between > best) {
			best = between;
			cut = i;
		}
	}
	return cut;
}

/* One state unless the probes form two heaps: far apart, neither a few stray values, hardly any in between. */
static void split_probes(double *x, size_t n, struct split *out)
{
	*out = (struct split){.states = n ? 1 : 0, .threshold_ns = INFINITY};
	if (n == 0)
		return;
	qsort(x, n, sizeof(*x), compare_double);
	out->center_ns[0] = exp(x[n / 2]);
	size_t cut = n > 1 ? best_cut(x, n) : 0;
	size_t least = n / 20 > 3 ? n / 20 : 3;
	if (cut < least || n - cut < least)
		return;
	double near = x[cut / 2], far = x[cut + (n - cut) / 2];
	if (far - near < log(PROBE_RATIO))
		return;
	double middle = 0.5 * (near + far), band = 0.15 * (far - near);
	size_t between = 0;
	for (size_t i = 0; i < n; i++)
		between += fabs(x[i] - middle) < band;
	if (between * 10 > (cut < n - cut ? cut : n - cut))
		return;
	*out = (struct split){2, exp(middle), {exp(near), exp(far)}};
}

static int find_split(const struct run *r, int threads, struct split *out)
{
	size_t n = 0;
	*out = (struct split){.states = 0, .threshold_ns = INFINITY};
	for (size_t i = 0; i < r->n; i++)
		n += r->points[i].pt->threads == threads ? 2 * r->points[i].n : 0;
	if (n == 0 || threads < 2)
		return 0;
	double *x = malloc(n * sizeof(*x));
	if (!x)
		return -ENOMEM;
	size_t k = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct point *p = &r->points[i];
		for (size_t j = 0; j < p->n && p->pt->threads == threads; j++) {
			if (p->v[j].before > 0)
				x[k++] = log(p->v[j].before);
			if (p->v[j].after > 0)
				x[k++] = log(p->v[j].after);
		}
	}
	split_probes(x, k, out);
	free(x);
	return 0;
}

static bool probes_disagree(double before, double after)
{
	return before > 0 && after > 0 && fabs(log(after / before)) > log(PROBE_RATIO);
}

static uint32_t state_of(const struct trial *t, const struct split *s)
{
	if (s->states < 2)
		return probes_disagree(t->before, t->after) ? UNKNOWN_STATE : 0;
	bool has_before = t->before > 0, has_after = t->after > 0;
	uint32_t before = t->before > s->threshold_ns, after = t->after > s->threshold_ns;
	if ((!has_before && !has_after) || (has_before && has_after && before != after))
		return UNKNOWN_STATE;
	return has_before ? before : after;
}

static void tag_states(struct point *p, const struct split *s)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mw_sample *v = &p->v[i].s;
		v->flags &= ~(uint32_t)MW_SAMPLE_TOPOLOGY;
		v->state = p->pt->threads > 1 ? state_of(&p->v[i], s) : 0;
		if (v->state == UNKNOWN_STATE)
			v->flags |= MW_SAMPLE_TOPOLOGY;
	}
}

/* Values of the rounds in one state: the first clean sample of each, or else the first. Returns how many. */
static size_t round_values(const struct point *p, uint32_t state, double *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n;) {
		const struct mw_sample *pick = NULL;
		uint32_t round = p->v[i].s.round;
		for (; i < p->n && p->v[i].s.round == round; i++) {
			const struct mw_sample *s = &p->v[i].s;
			if (s->state == state && (!pick || (pick->flags && !s->flags)))
				pick = s;
		}
		if (pick)
			out[n++] = pick->value;
	}
	return n;
}

/* ---- one sample ---- */

static uint64_t now(const struct run *r)
{
	return r->machine->now_ns(r->machine->self);
}

static bool fits(const struct run *r, double cost_ns)
{
	uint64_t t = now(r);
	return t < r->ctx->deadline_ns && cost_ns <= (double)(r->ctx->deadline_ns - t);
}

static int add_trial(struct point *p, const struct trial *t)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		struct trial *v = realloc(p->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = *t;
	return 0;
}

static int measure_once(struct run *r, struct point *p, struct trial *t)
{
	const struct rounds_machine *m = r->machine;
	char err[sizeof(p->why)] = "";
	bool probe = p->pt->threads > 1;
	uint64_t start = now(r);
	t->before = probe ? m->c2c_ns(m->self, p->pt->threads) : (double)NAN;
	m->before(m->self);
	uint64_t at = now(r);
	int rc = p->pt->measure(p->pt->arg, &t->s.value, err, sizeof(err));
	t->s.flags = m->after(m->self);
	t->after = probe ? m->c2c_ns(m->self, p->pt->threads) : (double)NAN;
	if (probes_disagree(t->before, t->after))
		t->s.flags |= MW_SAMPLE_TOPOLOGY;
	t->s.round = r->round;
	t->s.t_ns = at > r->ctx->start_ns ? at - r->ctx->start_ns : 0;
	double cost = (double)(now(r) - start);
	p->cost_ns = fmax(cost, p->last_cost_ns); /* one quick sample proves nothing */
	p->last_cost_ns = cost;
	if (rc == 0 && !isfinite(t->s.value))
		rc = mw_fail(MW_EVERIFY, err, sizeof(err), "the sample is not a number");
	/* An interrupted sample says nothing against those before it. */
	if (rc < 0 && rc != MW_ECANCELLED) {
		p->dropped = true;
		(void)snprintf(p->why, sizeof(p->why), "%s", err[0] ? err : mw_strerror(rc));
	}
	return rc;
}

/* One round's sample of a point, repeated once when it was disturbed and time allows. */
static int take(struct run *r, struct point *p)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		struct trial t = {0};
		uint64_t start = now(r);
		if (measure_once(r, p, &t) < 0)
			return 0;
		int rc = add_trial(p, &t);
		if (rc < 0)
			return rc;
		uint64_t end = now(r);
		if (attempt)
			r->repeat_ns += end - start;
		double room = REPEAT_SHARE * (double)(end - r->begin_ns) - (double)r->repeat_ns;
		if (t.s.flags == 0 || p->cost_ns > room || !fits(r, p->cost_ns) || bench_stopped(r->ctx))
			return 0;
	}
	return 0;
}

/* ---- rounds ---- */

/* Does every state that holds at least a quarter of the point's values have a narrow enough interval? */
static bool point_met(const struct point *p, const struct split *s, double target, double *scratch)
{
	size_t n[STATES] = {0}, all = 0;
	bool met = true;
	for (uint32_t k = 0; k < STATES && (k == 0 || (int)k < s->states); k++) {
		n[k] = round_values(p, k, scratch);
		all += n[k];
	}
	for (uint32_t k = 0; k < STATES; k++) {
		struct mw_summary sum;
		if (n[k] == 0 || n[k] * 4 < all)
			continue;
		if (mw_summarize(scratch, round_values(p, k, scratch), &sum) < 0)
			return false;
		met = met && mw_summary_rel_width(&sum) <= target;
	}
	return met && all > 0;
}

/* Tags every sample with its state; met[i] says which points reached the target. Returns 1 when all did. */
static int review(struct run *r, bool *met)
{
	int rc = 0;
	size_t longest = 1;
	for (size_t i = 0; i < r->n; i++)
		longest = r->points[i].n > longest ? r->points[i].n : longest;
	double *scratch = malloc(longest * sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	bool all = true;
	struct split split = {.threshold_ns = INFINITY};
	int split_threads = 0;
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		struct point *p = &r->points[i];
		if (p->pt->threads != split_threads)
			rc = find_split(r, split_threads = p->pt->threads, &split);
		if (rc < 0)
			break;
		tag_states(p, &split);
		met[i] = !p->dropped && point_met(p, &split, r->ctx->profile->target, scratch);
		all = all && (met[i] || p->dropped);
	}
	free(scratch);
	return rc < 0 ? rc : all;
}

static double round_cost(const struct run *r)
{
	double sum = 0.0;
	for (size_t i = 0; i < r->n; i++)
		sum += r->points[i].dropped ? 0.0 : r->points[i].cost_ns;
	return sum;
}

static void show_progress(const struct run *r)
{
	const struct mw_progress *pr = r->ctx->progress;
	if (!pr || !pr->update || r->n == 0)
		return;
	uint64_t t = now(r), end = r->ctx->deadline_ns;
	double by_time = t >= end ? 1.0 : (double)(t - r->begin_ns) / (double)(end - r->begin_ns);
	double by_round = (double)(r->round + 1) / r->ctx->profile->max_rounds;
	pr->update(pr->self, r->points[0].pt->rec.bench, fmin(1.0, fmax(by_time, by_round)));
}

/* One round over all points, or over those that met[] leaves open. Returns 1 when something did not fit. */
static int one_round(struct run *r, const bool *met)
{
	int left_out = 0;
	mw_shuffle(r->order, r->n, &r->rng);
	for (size_t i = 0; i < r->n; i++) {
		struct point *p = &r->points[r->order[i]];
		if (bench_stopped(r->ctx))
			return MW_ECANCELLED;
		if (p->dropped || (met && met[r->order[i]]))
			continue;
		if (!fits(r, p->cost_ns)) {
			left_out = 1;
			continue;
		}
		int rc = take(r, p);
		if (rc < 0)
			return rc;
	}
	return left_out;
}

static int run_rounds(struct run *r, bool *met)
{
	const struct bench_profile *prof = r->ctx->profile;
	unsigned look = prof->min_rounds;
	r->stop = "rounds";
	for (r->round = 0; r->round < prof->max_rounds; r->round++) {
		/* What is left of the budget below a whole round goes to the points that still need it. */
		bool whole = fits(r, round_cost(r));
		int rc = one_round(r, whole || r->round < prof->min_rounds ? NULL : met);
		show_progress(r);
		if (rc < 0)
			return rc;
		bool cut = rc == 1;
		rc = review(r, met);
		if (rc < 0)
			return rc;
		/* Few looks, a quarter more rounds from one to the next: stopping at the first lucky one makes
		 * intervals that cover less than they say (one skewed point alone: 90 % when looked at in every round).
		 */
		if (r->round + 1 >= look) {
			if (rc == 1) {
				r->stop = "target";
				return 0;
			}
			look += look / 4 + 1;
		}
		if (cut) {
			r->stop = "budget";
			return 0;
		}
	}
	return 0;
}

/* ---- records ---- */

static size_t copy_samples(const struct point *p, uint32_t state, bool first, struct mw_sample *out, size_t *flagged)
{
	size_t n = 0;
	*flagged = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct mw_sample *s = &p->v[i].s;
		/* A sample of no state goes with the first record, so that none is lost. */
		if (s->state != state && !(first && s->state == UNKNOWN_STATE))
			continue;
		out[n] = *s;
		out[n++].state = state == UNKNOWN_STATE ? 0 : state;
		*flagged += s->flags != 0;
	}
	return n;
}

static int emit_state(const struct run *r, const struct point *p, uint32_t state, bool first, bool met,
		      const struct split *split, const struct mw_sink *sink)
{
	static const char *const names[] = {"near", "far"};
	struct mw_record rec;
	struct mw_summary sum;
	size_t flagged;
	int rc = mw_record_copy_bare(&rec, &p->pt->rec);
	if (rc < 0)
		return rc;
	rc = -ENOMEM;
	double *values = malloc(p->n * sizeof(*values));
	rec.samples = malloc(p->n * sizeof(*rec.samples));
	if (!values || !rec.samples)
		goto out;
	rec.n_samples = copy_samples(p, state, first, rec.samples, &flagged);
	rc = mw_summarize(values, round_values(p, state, values), &sum);
	if (rc < 0)
		goto out;
	rec.value = sum.median;
	rec.ci_lo = sum.ci_lo;
	rec.ci_hi = sum.ci_hi;
	rec.min = sum.min;
	rec.max = sum.max;
	rec.n = sum.n;
	rec.provenance = MW_MEASURED;
	(void)mw_set_text(&rec, MW_AS_OBSERVED, "stop", met ? "target" : r->stop);
	if (flagged)
		(void)mw_set_int(&rec, MW_AS_OBSERVED, "flagged", (int64_t)flagged);
	if (p->pt->threads > 1) {
		(void)mw_set_text(&rec, MW_AS_PARAM, "state",
				  state == UNKNOWN_STATE ? "mixed" : (split->states == 2 ? names[state] : "one"));
		if (state != UNKNOWN_STATE && split->states)
			(void)mw_set_real(&rec, MW_AS_OBSERVED, "c2c_ns", round(10.0 * split->center_ns[state]) / 10.0);
		if (state != UNKNOWN_STATE && split->states == 2 && !rec.note[0])
			mw_record_note(&rec, "%s CPUs: core to core %.0f ns", names[state], split->center_ns[state]);
	}
	rc = mw_emit(sink, &rec);
out:
	free(values);
	mw_record_fini(&rec);
	return rc;
}

static int emit_nothing(const struct run *r, const struct point *p, const struct mw_sink *sink)
{
	struct mw_record *rec = &p->pt->rec;
	mw_record_unavailable(rec, p->dropped
					   ? p->why
					   : (bench_stopped(r->ctx) ? "interrupted before its first sample"
								    : "the time budget ended before its first sample"));
	return mw_emit(sink, rec);
}

static int emit_point(const struct run *r, const struct point *p, bool met, const struct mw_sink *sink)
{
	struct split split;
	size_t count[STATES] = {0}, any = 0;
	int rc = find_split(r, p->pt->threads, &split);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].s.state < STATES) {
			count[p->v[i].s.state]++;
			any++;
		}
	if (p->n == 0 || p->dropped)
		return emit_nothing(r, p, sink);
	if (any == 0)
		return emit_state(r, p, UNKNOWN_STATE, false, false, &split, sink);
	bool first = true;
	for (uint32_t k = 0; k < STATES && rc == 0; k++) {
		if (count[k] == 0)
			continue;
		rc = emit_state(r, p, k, first, met, &split, sink);
		first = false;
	}
	return rc;
}

static void free_run(struct run *r, struct round_point *pts)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->points)
			free(r->points[i].v);
		mw_record_fini(&pts[i].rec);
	}
	free(r->points);
	free(r->order);
}

int rounds_run_on(struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink,
		  const struct rounds_machine *machine)
{
	struct run r = {.ctx = ctx, .machine = machine, .n = n, .rng = ctx->seed, .stop = "rounds"};
	if (n == 0)
		return 0;
	r.points = calloc(n, sizeof(*r.points));
	r.order = calloc(n, sizeof(*r.order));
	bool *met = calloc(n, sizeof(*met));
	int rc = r.points && r.order && met ? 0 : -ENOMEM;
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		r.points[i].pt = &pts[i];
		r.points[i].cost_ns = 1e9 * ctx->profile->sample_s;
		r.order[i] = i;
		if (ctx->team && pts[i].threads > mw_team_size(ctx->team)) {
			r.points[i].dropped = true;
			(void)snprintf(r.points[i].why, sizeof(r.points[i].why), "%s", mw_team_short(ctx->team));
		}
	}
	r.begin_ns = now(&r);
	rc = run_rounds(&r, met);
	if (rc < 0 && rc != MW_ECANCELLED)
		goto out;
	int cancelled = rc;
	rc = cancelled ? review(&r, met) : 0;
	for (size_t i = 0; i < n && rc >= 0; i++)
		rc = emit_point(&r, &r.points[i], met[i], sink);
	rc = rc < 0 ? rc : cancelled;
out:
	free_run(&r, pts);
	free(met);
	return rc;
}

int rounds_run(struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink)
{
	struct real_machine real = {.team = ctx->team};
	const struct rounds_machine machine = {&real, real_now, real_c2c, real_before, real_after};
	return rounds_run_on(ctx, pts, n, sink, ctx->machine ? ctx->machine : &machine);
}

double rounds_sample_s(const struct bench_ctx *ctx, size_t n)
{
	const struct bench_profile *prof = ctx->profile;
	uint64_t t = mw_now_ns();
	double left = t < ctx->deadline_ns ? 1e-9 * (double)(ctx->deadline_ns - t) : 0.0;
	/* A third goes to probes, warm-up passes and repeats. */
	double fair = 0.67 * left / ((double)(n ? n : 1) * (prof->min_rounds ? prof->min_rounds : 1));
	return fmin(prof->sample_s, fmax(fair, 1e-4));
}
