#include "bench/rounds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/core/text.h"
#include "base/core/visits.h"
#include "base/sys/disturb.h"

/* Repeats of flagged samples may take at most this share of the time spent so far. */
#define REPEAT_SHARE (1.0 / 6.0)

enum { LEAST_VISITS = 5 };
static const uint64_t journal_ns = 4000000000u; /* oldest unwritten sample: 5 s with the next one */

struct point {
	struct round_point *pt;
	struct mw_sample *v;
	size_t n, cap;
	size_t journalled;   /* number of samples that the journal has */
	size_t rounds;       /* number of rounds in which it was measured */
	double cost_ns;      /* estimated time of the next sample */
	double last_cost_ns; /* time of the last sample; 0 before the first one */
	bool narrow;         /* interval within the target */
	bool met;            /* narrow, after enough visits and rounds */
	bool dropped;
	char *why; /* why it was dropped; NULL: no memory for that */
};

struct real_machine {
	struct mw_team *team;
	struct mw_disturb before;
	double add_before_ns;
};

struct rounds {
	struct bench_ctx ctx; /* context of the current or last visit */
	struct real_machine real;
	struct rounds_machine machine;
	struct point *points;
	struct mw_visit_point *view; /* the points as base/core/visits.h takes them */
	size_t *order;
	size_t n;
	uint64_t begin_ns, end_ns; /* of the current visit */
	uint64_t busy_ns;          /* time of earlier visits */
	uint64_t repeat_ns;
	uint64_t journal_at_ns;
	uint64_t rng;
	unsigned round, visit; /* numbers of the next ones */
	bool narrow, met;      /* true for all points */
};

/* ---- the machine ---- */

static void add_member(void *arg, int rank, int n)
{
	(void)rank;
	(void)n;
	*(double *)arg = mw_disturb_add_ns();
}

/* ns per addition on the core of member 0, which measures. */
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
	(void)mw_team_timed_take(m->team);
	mw_disturb_read(&m->before);
}

static uint32_t real_after(void *self)
{
	struct real_machine *m = self;
	struct mw_disturb after;
	mw_disturb_read(&after);
	struct mw_timed timed = mw_team_timed_take(m->team);
	double add_after_ns = timed.ns ? m->add_before_ns : core_add_ns(m->team);
	return mw_disturb_of_sample(mw_disturb_flags(&m->before, &after), &timed, m->add_before_ns, add_after_ns);
}

/* ---- one sample ---- */

static uint64_t now(const struct rounds *r)
{
	return r->machine.now_ns(r->machine.self);
}

static bool fits(const struct rounds *r, uint64_t limit_ns, double cost_ns)
{
	uint64_t t = now(r);
	return t < limit_ns && cost_ns <= (double)(limit_ns - t);
}

static int add_sample(struct point *p, const struct mw_sample *s)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		struct mw_sample *v = realloc(p->v, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = *s;
	return 0;
}

/* A value of a sample that was taken for another point is what it was: nothing happened since. */
static void share(struct round_shared *shared, struct mw_sample *s)
{
	double value = s->value;
	if (shared->reused)
		*s = shared->taken;
	s->value = value;
	shared->taken = *s;
}

static void drop(struct point *p, const char *why)
{
	p->dropped = true;
	free(p->why);
	p->why = strdup(why);
}

static int measure_once(struct rounds *r, struct point *p, struct mw_sample *s)
{
	const struct rounds_machine *m = &r->machine;
	char err[MW_ERR_ROOM] = "";
	bool probe = p->pt->threads > 1;
	uint64_t start = now(r);
	s->before_ns = probe ? m->c2c_ns(m->self, p->pt->threads) : (double)NAN;
	m->before(m->self);
	uint64_t at = now(r);
	if (p->pt->shared) {
		p->pt->shared->round = r->round;
		p->pt->shared->reused = false;
	}
	int rc = p->pt->measure(p->pt->arg, &s->value, err, sizeof(err));
	s->flags = m->after(m->self);
	s->after_ns = probe ? m->c2c_ns(m->self, p->pt->threads) : (double)NAN;
	if (mw_probes_disagree(s->before_ns, s->after_ns))
		s->flags |= MW_SAMPLE_TOPOLOGY;
	s->round = r->round;
	s->visit = r->visit;
	s->t_ns = at > r->ctx.start_ns ? at - r->ctx.start_ns : 0;
	if (p->pt->shared)
		share(p->pt->shared, s);
	double cost = (double)(now(r) - start);
	p->cost_ns = fmax(cost, p->last_cost_ns); /* the longer of the last two samples */
	p->last_cost_ns = cost;
	if (rc == 0 && !isfinite(s->value))
		rc = mw_fail(MW_EVERIFY, err, sizeof(err), "the sample is not a number");
	/* An interrupted sample does not drop the point. */
	if (rc < 0 && rc != MW_ECANCELLED) {
		drop(p, err[0] ? err : mw_strerror(rc));
	}
	return rc;
}

/* Takes one round's sample of a point, and a second one when the first was disturbed and time allows. */
static int take(struct rounds *r, struct point *p)
{
	p->rounds++;
	for (int attempt = 0; attempt < 2; attempt++) {
		struct mw_sample s = {0};
		uint64_t start = now(r);
		if (measure_once(r, p, &s) < 0)
			return 0;
		int rc = add_sample(p, &s);
		if (rc < 0)
			return rc;
		uint64_t end = now(r);
		if (attempt)
			r->repeat_ns += end - start;
		double room = REPEAT_SHARE * (double)(r->busy_ns + end - r->begin_ns) - (double)r->repeat_ns;
		if (s.flags == 0 || p->cost_ns > room || !fits(r, r->ctx.deadline_ns, p->cost_ns) ||
		    bench_stopped(&r->ctx))
			return 0;
	}
	return 0;
}

/* ---- journal ---- */

/* Passes new samples to the journal. */
static int journal(struct rounds *r)
{
	const struct mw_sample_sink *sink = r->ctx.samples;
	r->journal_at_ns = now(r);
	for (size_t i = 0; i < r->n && sink && sink->put; i++) {
		struct point *p = &r->points[i];
		if (p->journalled == p->n)
			continue;
		int rc = sink->put(sink->self, &p->pt->rec, p->pt->threads, p->v + p->journalled, p->n - p->journalled);
		if (rc < 0)
			return rc;
		p->journalled = p->n;
	}
	return 0;
}

/* Takes over the samples of an earlier session; rounds and visits are numbered on from there. */
static int take_over(struct rounds *r, struct point *p)
{
	const struct mw_sample_sink *sink = r->ctx.samples;
	size_t n = 0;
	if (!sink || !sink->earlier)
		return 0;
	const struct mw_sample *v = sink->earlier(sink->self, &p->pt->rec, &n);
	for (size_t i = 0; i < n; i++) {
		int rc = add_sample(p, &v[i]);
		if (rc < 0)
			return rc;
		p->rounds += i == 0 || v[i].round != v[i - 1].round;
		r->round = v[i].round >= r->round ? v[i].round + 1 : r->round;
		r->visit = v[i].visit >= r->visit ? v[i].visit + 1 : r->visit;
	}
	p->journalled = p->n;
	return 0;
}

/* ---- rounds ---- */

static unsigned profile_visits(const struct bench_profile *p)
{
	return p->visits ? p->visits : LEAST_VISITS;
}

static size_t visits_of(const struct point *p)
{
	size_t visits = 0;
	for (size_t i = 0; i < p->n; i++)
		visits += i == 0 || p->v[i].visit != p->v[i - 1].visit;
	return visits;
}

static void show_points(struct rounds *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct point *p = &r->points[i];
		r->view[i] = (struct mw_visit_point){&p->pt->rec, p->v, p->n, p->pt->threads, NULL, NULL};
	}
}

/* Finds the points whose interval meets the target. Called once per visit, and rounds do not stop before the fifth:
 * testing more often and stopping at the first success gives intervals with less than 95 % coverage. */
static int review(struct rounds *r)
{
	const struct bench_profile *prof = r->ctx.profile;
	unsigned visits = profile_visits(prof), least = visits < LEAST_VISITS ? visits : LEAST_VISITS;
	struct mw_split split = {.threshold_ns = INFINITY};
	int threads = 0;
	show_points(r);
	r->narrow = r->met = true;
	for (size_t i = 0; i < r->n; i++) {
		struct point *p = &r->points[i];
		int rc = 0;
		if (p->pt->threads != threads)
			rc = mw_split_find(r->view, r->n, threads = p->pt->threads, &split);
		if (rc < 0)
			return rc;
		mw_split_tag(&split, &r->view[i]);
		rc = p->dropped ? 0 : mw_visits_met(&r->view[i], prof->target);
		if (rc < 0)
			return rc;
		p->narrow = rc;
		p->met = rc && visits_of(p) >= least && p->rounds >= prof->min_rounds;
		r->narrow = r->narrow && (p->narrow || p->dropped);
		r->met = r->met && (p->met || p->dropped);
	}
	return 0;
}

static double round_cost(const struct rounds *r)
{
	double sum = 0.0;
	for (size_t i = 0; i < r->n; i++)
		sum += r->points[i].dropped ? 0.0 : r->points[i].cost_ns;
	return sum;
}

static void show_progress(const struct rounds *r)
{
	const struct mw_progress *pr = r->ctx.progress;
	if (!pr || !pr->update || r->n == 0)
		return;
	const struct bench_profile *prof = r->ctx.profile;
	uint64_t t = now(r);
	double share = t >= r->end_ns ? 1.0 : (double)(t - r->begin_ns) / (double)(r->end_ns - r->begin_ns);
	double by_time = (r->visit + share) / profile_visits(prof);
	double by_round = (double)r->round / prof->max_rounds;
	pr->update(pr->self, r->points[0].pt->rec.bench, fmin(1.0, fmax(by_time, by_round)));
}

/* Random order, but points with fewer rounds, left out before for lack of time, come first. */
static void draw_order(struct rounds *r)
{
	mw_shuffle(r->order, r->n, &r->rng);
	for (size_t i = 1; i < r->n; i++) {
		size_t at = i, moved = r->order[i];
		for (; at > 0 && r->points[r->order[at - 1]].rounds > r->points[moved].rounds; at--)
			r->order[at] = r->order[at - 1];
		r->order[at] = moved;
	}
}

/* Result of a round. */
struct outcome {
	size_t taken;
	bool left_out; /* a point did not fit into the time */
};

/* One round over all points (all), or over those whose interval is wider than the target. */
static int one_round(struct rounds *r, uint64_t limit_ns, bool all, struct outcome *did)
{
	*did = (struct outcome){0};
	draw_order(r);
	for (size_t i = 0; i < r->n; i++) {
		struct point *p = &r->points[r->order[i]];
		if (bench_stopped(&r->ctx))
			return MW_ECANCELLED;
		if (p->dropped || (p->narrow && !all))
			continue;
		if (!fits(r, limit_ns, p->cost_ns)) {
			did->left_out = true;
			continue;
		}
		int rc = take(r, p);
		did->taken++;
		if (rc == 0 && now(r) - r->journal_at_ns > journal_ns)
			rc = journal(r);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Number of rounds to reach in this visit: an even share of the profile's max_rounds; of its min_rounds where all
 * intervals are within the target already; at least one more round. */
static unsigned quota(const struct rounds *r)
{
	const struct bench_profile *prof = r->ctx.profile;
	unsigned visits = profile_visits(prof), nth = r->visit + 1 < visits ? r->visit + 1 : visits;
	unsigned even = (prof->max_rounds * nth + visits - 1) / visits;
	unsigned least = r->round + (prof->min_rounds + visits - 1) / visits;
	unsigned most = r->narrow && least < even ? least : even;
	if (r->met || r->round >= prof->max_rounds)
		return r->round;
	return most > r->round ? most : r->round + 1;
}

/* Measures rounds until end_ns; the first one may last until the deadline. */
static int rounds_until(struct rounds *r, uint64_t end_ns)
{
	unsigned most = quota(r);
	for (unsigned k = 0; r->round < most; k++) {
		/* When a whole round does not fit, only points with too wide an interval are measured. */
		uint64_t limit = k == 0 ? r->ctx.deadline_ns : end_ns;
		bool whole = fits(r, limit, round_cost(r));
		struct outcome did;
		int rc = one_round(r, limit, whole || k == 0, &did);
		r->round += did.taken > 0;
		show_progress(r);
		if (rc < 0 || did.left_out || did.taken == 0)
			return rc;
	}
	return 0;
}

static int visit_until(struct rounds *r, const struct bench_ctx *ctx, uint64_t end_ns)
{
	r->ctx = *ctx;
	if (r->n == 0)
		return 0;
	r->visit = ctx->visit > r->visit ? ctx->visit : r->visit;
	r->begin_ns = r->journal_at_ns = now(r);
	r->end_ns = end_ns;
	unsigned rounds = r->round;
	int rc = rounds_until(r, end_ns);
	if (rc < 0 && rc != MW_ECANCELLED)
		return rc;
	r->busy_ns += now(r) - r->begin_ns;
	r->visit += r->round > rounds;
	int handed = journal(r);
	int reviewed = handed < 0 ? handed : review(r);
	return reviewed < 0 ? reviewed : rc;
}

/* ---- the object ---- */

int rounds_open(const struct bench_ctx *ctx, struct round_point *pts, size_t n, struct rounds **out)
{
	*out = NULL;
	struct rounds *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;
	if (!r)
		goto out;
	r->ctx = *ctx;
	r->real.team = ctx->team;
	r->machine = ctx->machine ? *ctx->machine
				  : (struct rounds_machine){&r->real, real_now, real_c2c, real_before, real_after};
	r->rng = ctx->seed;
	r->points = calloc(n ? n : 1, sizeof(*r->points));
	r->view = calloc(n ? n : 1, sizeof(*r->view));
	r->order = calloc(n ? n : 1, sizeof(*r->order));
	if (!r->points || !r->view || !r->order)
		goto out;
	rc = 0;
	r->n = n;
	for (size_t i = 0; i < n; i++) {
		struct point *p = &r->points[i];
		p->pt = &pts[i];
		p->cost_ns = 1e9 * ctx->profile->sample_s;
		r->order[i] = i;
		if (ctx->team && p->pt->threads > mw_team_size(ctx->team))
			drop(p, mw_team_short(ctx->team));
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = take_over(r, &r->points[i]);
	if (rc == 0)
		rc = review(r);
out:
	if (rc == 0) {
		*out = r;
		return 0;
	}
	for (size_t i = r ? r->n : 0; i < n; i++)
		mw_record_fini(&pts[i].rec);
	rounds_close(r);
	return rc;
}

int rounds_visit(struct rounds *r, const struct bench_ctx *ctx)
{
	return visit_until(r, ctx, ctx->deadline_ns);
}

double rounds_round_s(const struct rounds *r)
{
	return 1e-9 * round_cost(r);
}

bool rounds_met(const struct rounds *r)
{
	return r->met;
}

int rounds_finish(struct rounds *r, const struct mw_sink *sink)
{
	const char *stop = r->round >= r->ctx.profile->max_rounds ? "rounds" : "budget";
	show_points(r);
	for (size_t i = 0; i < r->n; i++) {
		const struct point *p = &r->points[i];
		struct mw_visit_point *v = &r->view[i];
		v->stop = p->met ? "target" : stop;
		if (p->dropped)
			v->why = p->why ? p->why : "dropped, and no memory for the reason";
		else if (p->n == 0)
			v->why = bench_stopped(&r->ctx) ? "interrupted before its first sample"
							: "the time budget ended before its first sample";
	}
	return mw_visits_finish(r->view, r->n, r->ctx.profile->target, sink);
}

void rounds_close(struct rounds *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		free(r->points[i].v);
		free(r->points[i].why);
		mw_record_fini(&r->points[i].pt->rec);
	}
	free(r->points);
	free(r->view);
	free(r->order);
	free(r);
}

void rounds_drop(struct round_point *pts, size_t n)
{
	for (size_t i = 0; pts && i < n; i++)
		mw_record_fini(&pts[i].rec);
}

int rounds_run(const struct bench_ctx *ctx, struct round_point *pts, size_t n, const struct mw_sink *sink)
{
	struct rounds *r;
	int rc = rounds_open(ctx, pts, n, &r);
	if (rc < 0)
		return rc;
	struct bench_ctx all = *ctx;
	unsigned visits = profile_visits(ctx->profile);
	all.visit = 0; /* visits are numbered by this call */
	for (unsigned i = 0; i < visits && rc == 0 && !rounds_met(r); i++) {
		uint64_t t = now(r), left = ctx->deadline_ns > t ? ctx->deadline_ns - t : 0;
		rc = visit_until(r, &all, t + left / (visits - i));
	}
	int cancelled = rc == MW_ECANCELLED ? rc : 0;
	if (rc == 0 || cancelled)
		rc = rounds_finish(r, sink);
	rounds_close(r);
	return rc < 0 ? rc : cancelled;
}

static double sample_s(const struct bench_profile *prof, double left_s, size_t n)
{
	unsigned visits = profile_visits(prof), least = prof->min_rounds > visits ? prof->min_rounds : visits;
	/* A third of the time goes to probes, warm-up passes and repeats. */
	double fair = 0.67 * left_s / ((double)(n ? n : 1) * least);
	return fmin(prof->sample_s, fmax(fair, 1e-4));
}

double rounds_sample_s(const struct bench_ctx *ctx, size_t n)
{
	uint64_t t = mw_now_ns();
	return sample_s(ctx->profile, t < ctx->deadline_ns ? 1e-9 * (double)(ctx->deadline_ns - t) : 0.0, n);
}

double rounds_visits_sample_s(const struct bench_ctx *ctx, size_t n)
{
	/* A quarter of the time goes to begin() and finish(). */
	return sample_s(ctx->profile, 0.75 * ctx->share_s, n);
}
