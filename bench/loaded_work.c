#include "bench/loaded_work.h"

#include <math.h>

#include "base/core/err.h"

enum {
	WARM_LOADS = 1024,
	FULL_WINDOWS = 3, /* of a sample, until one is on target */
	ATTEMPTS = 20     /* of a window without traffic */
};

/* Length of a window of the sweep over pauses, s; and the share of the peak at which it ends. */
#define SWEEP_S 1e-3
#define SWEEP_END 0.04

/* ---- windows ---- */

/* Loads of a chase that takes about that long. */
static size_t loads_of(double seconds, double latency_ns)
{
	double loads = 1e9 * seconds / (latency_ns > 0 ? latency_ns : 100);
	return (size_t)(loads / MW_CHASE_UNROLL + 1) * MW_CHASE_UNROLL;
}

/* What decides after a window, on the chasing member. */
struct control {
	struct loaded_run *run;
	size_t windows; /* taken and used */
	int empty;      /* windows without traffic, one after the other */
	int rc;
};

static void control_pause(struct load_job *j, size_t pause, double seconds)
{
	atomic_store_explicit(&j->pause, pause, memory_order_relaxed);
	j->loads = loads_of(seconds, j->window.latency_ns);
}

/* True when the window can be used. One in which no traffic moved, because other work had the CPUs, is taken again. */
static bool usable(struct control *c, const struct load_job *j)
{
	if (j->window.bandwidth > 0 || j->n == 0) {
		c->windows++;
		c->empty = 0;
		return true;
	}
	c->rc = bench_stopped(c->run->ctx) ? MW_ECANCELLED : ++c->empty == ATTEMPTS ? MW_EBUDGET : 0;
	return false;
}

/* Runs the windows that `next` wants, the first one with that pause. */
static int run_windows(struct control *c, struct pair *p, enum mw_mix mix, size_t pause, size_t loads,
		       int (*next)(void *self, struct load_job *j), struct load_window *last, char *err, size_t n)
{
	struct loaded_run *r = c->run;
	bool idle = mix == MW_MIX_COUNT;
	struct load_job j = {
		.team = r->ctx->team,
		.chase_rank = p->chase_rank,
		.generator_of = p->generator_of,
		.members = p->members,
		.generators = r->generators,
		.n = idle ? 0 : p->n,
		.traffic = idle ? NULL : r->kernels->fn[mix],
		.mix = idle ? MW_MIX_100 : mix,
		.pause = pause,
		.value = r->value += 2,
		.warm = WARM_LOADS,
		.loads = loads,
		.chase = &p->place->at,
		.next = next,
		.self = c,
	};
	if (bench_stopped(r->ctx))
		return MW_ECANCELLED;
	for (int i = 0; i < j.n; i++)
		r->generators[i].region = &p->place->regions[i];
	int rc = r->take(&j, err, n);
	*last = j.window;
	if (rc == 0 && c->rc == MW_EBUDGET)
		return mw_fail(c->rc, err, n, "the threads of the traffic were not scheduled");
	return rc < 0 ? rc : c->rc;
}

static int single_next(void *self, struct load_job *j)
{
	struct control *c = self;
	return !usable(c, j) && c->rc == 0;
}

/* One window; mix MW_MIX_COUNT: without load. */
static int one_window(struct loaded_run *r, struct pair *p, enum mw_mix mix, size_t loads, struct load_window *out,
		      char *err, size_t n)
{
	struct control c = {.run = r};
	return run_windows(&c, p, mix, 0, loads, single_next, out, err, n);
}

/* ---- the sweep ---- */

struct sweep_control {
	struct control base;
	struct pacer_sweep *sweep;
	double best; /* of the windows with this pause */
};

static int sweep_next(void *self, struct load_job *j)
{
	struct sweep_control *c = self;
	struct pacer_sweep *s = c->sweep;
	int more;
	if (!usable(&c->base, j))
		return c->base.rc == 0;
	/* The faster of two windows: a thread that was interrupted gives too low a bandwidth. */
	c->best = fmax(c->best, j->window.bandwidth);
	if (c->base.windows % 2 == 1)
		return 1;
	s->pause[s->n] = atomic_load_explicit(&j->pause, memory_order_relaxed);
	s->bandwidth[s->n++] = c->best;
	c->best = 0;
	control_pause(j, pacer_sweep_next(s, SWEEP_END, &more), SWEEP_S);
	if (bench_stopped(c->base.run->ctx))
		c->base.rc = MW_ECANCELLED;
	return more && c->base.rc == 0;
}

/* Bandwidths over a range of pauses: the highest one, and where to seek each level. */
static int sweep(struct loaded_run *r, struct pair *p, enum mw_mix mix, struct mix_state *s, char *err, size_t n)
{
	struct sweep_control c = {.base = {.run = r}, .sweep = &s->sweep};
	struct load_window last;
	s->sweep = (struct pacer_sweep){.n = 0};
	int rc = run_windows(&c.base, p, mix, 0, loads_of(SWEEP_S, 2 * p->place->idle_ns), sweep_next, &last, err, n);
	s->swept = rc == 0;
	return rc;
}

static int prepare_place(struct loaded_run *r, struct pair *p, char *err, size_t n)
{
	struct load_window w;
	if (p->place->idle_ns > 0)
		return 0;
	int rc = one_window(r, p, MW_MIX_COUNT, loads_of(SWEEP_S, 0), &w, err, n);
	p->place->idle_ns = rc == 0 ? w.latency_ns : 0;
	return rc;
}

/* ---- one sample ---- */

/* Keeps the window as the sample. */
static void keep(struct load_point *p, const struct load_window *w)
{
	p->value[LOADED_LATENCY] = p->latency_ns = w->latency_ns;
	p->value[LOADED_BANDWIDTH] = w->bandwidth;
	p->error = w->error;
}

struct seek_control {
	struct control base;
	struct load_point *point;
	struct pacer pacer;
	enum pacer_state state;
	size_t most; /* windows at most */
	double seconds;
};

/* From here on windows of a sample's full length, until one is on target. */
static void seek_full(struct seek_control *c)
{
	struct load_point *p = c->point;
	pacer_begin(&c->pacer, p->found.target, p->found.pause, p->slope);
	c->base.windows = 0;
	c->most = FULL_WINDOWS;
	c->seconds = p->run->sample_s;
}

static int seek_next(void *self, struct load_job *j)
{
	struct seek_control *c = self;
	struct load_point *p = c->point;
	if (!usable(&c->base, j))
		return c->base.rc == 0;
	p->found.pause = c->pacer.pause;
	keep(p, &j->window);
	c->state = pacer_next(&c->pacer, j->window.bandwidth);
	bool more = c->state == PACER_SEEKING && c->base.windows < c->most;
	if (!more && !p->settled) {
		p->settled = more = true;
		p->slope = c->pacer.slope;
		p->found.pause = c->pacer.pause;
		seek_full(c);
	}
	if (more)
		control_pause(j, c->pacer.pause, c->seconds);
	if (more && bench_stopped(p->run->ctx))
		c->base.rc = MW_ECANCELLED;
	return more && c->base.rc == 0;
}

/* The first time the pause is sought with short windows. */
static int paced_sample(struct load_point *p, char *err, size_t n)
{
	struct seek_control c = {.base = {.run = p->run}, .point = p};
	struct load_window last;
	seek_full(&c);
	if (!p->settled) {
		c.most = c.pacer.max_windows;
		c.seconds = 0.25 * p->run->sample_s;
	}
	int rc = run_windows(&c.base, p->pair, p->mix, c.pacer.pause, loads_of(c.seconds, p->latency_ns), seek_next,
			     &last, err, n);
	p->found.off_target += rc == 0 && c.state != PACER_HELD;
	return rc;
}

static int take_sample(struct load_point *p, char *err, size_t n)
{
	struct loaded_run *r = p->run;
	struct load_window w;
	int rc = prepare_place(r, p->pair, err, n);
	if (rc == 0 && p->mix_state && !p->mix_state->swept)
		rc = sweep(r, p->pair, p->mix, p->mix_state, err, n);
	if (rc < 0)
		return rc;
	if (p->latency_ns <= 0)
		p->latency_ns = p->pair->place->idle_ns;
	if (p->load > 0 && p->load < 100) {
		if (!p->settled) {
			p->found.target = 0.01 * p->load * pacer_sweep_peak(&p->mix_state->sweep);
			pacer_sweep_start(&p->mix_state->sweep, p->found.target, &p->found.pause, &p->slope);
		}
		return paced_sample(p, err, n);
	}
	rc = one_window(r, p->pair, p->mix_state ? p->mix : MW_MIX_COUNT, loads_of(r->sample_s, p->latency_ns), &w, err,
			n);
	if (rc == 0)
		keep(p, &w);
	return rc;
}

int loaded_measure(void *arg, double *value, char *err, size_t n)
{
	const struct metric_arg *a = arg;
	struct load_point *p = a->point;
	/* The metric that is measured first in a round takes its samples, also a second one after a disturbed one; the
	 * other always has the value of the last, so that latency and bandwidth are of one window. */
	p->shared.reused = p->taken && p->round == p->shared.round && a->metric != p->taker;
	if (!p->shared.reused) {
		int rc = take_sample(p, err, n);
		if (rc < 0)
			return rc;
		p->found.error = fmax(p->found.error, p->error);
		p->round = p->shared.round;
		p->taker = a->metric;
		p->taken = true;
	}
	*value = p->value[a->metric];
	return 0;
}

/* ---- memory ---- */

static int take_block(const struct loaded_run *r, struct place *p, char *err, size_t n)
{
	int rc = mw_arena_take(r->ctx->arenas, p, r->kind, p->arena_id, r->span + r->arrays, &p->block, err, n);
	size_t region = r->arrays / (size_t)r->most_generators / LOADED_REGION_UNIT * LOADED_REGION_UNIT;
	if (rc < 0)
		return rc;
	/* An odd number of units, so that the two arrays of a mix do not begin at the same place of a page. */
	region -= region / LOADED_REGION_UNIT % 2 ? 0 : LOADED_REGION_UNIT;
	p->chain = (struct mw_chain){.base = p->block.p,
				     .bytes = r->span,
				     .stride = LOADED_STRIDE,
				     .window = LOADED_WINDOW,
				     .seed = r->ctx->seed};
	for (int i = 0; i < r->most_generators; i++) {
		p->regions[i].base = (char *)p->block.p + r->span + (size_t)i * region;
		p->regions[i].bytes = region;
	}
	return 0;
}

struct fill {
	struct loaded_run *run;
	struct place *place;
};

/* Writes the chain, and data other than zeros into the regions. */
static void fill_member(void *arg, int rank, int n)
{
	struct fill *f = arg;
	struct place *p = f->place;
	(void)rank, (void)n;
	p->rc = mw_chain_build(&p->chain, &p->at);
	for (int i = 0; i < f->run->most_generators; i++) {
		uint64_t *word = (uint64_t *)(void *)p->regions[i].base;
		for (size_t k = 0; k < p->regions[i].bytes / sizeof(*word); k++)
			word[k] = 0x9e3779b97f4a7c15u * (k + 1);
	}
}

int place_take(struct loaded_run *r, struct place *p, char *err, size_t n)
{
	struct fill f = {r, p};
	int rc = take_block(r, p, err, n);
	if (rc < 0 || p->block.intact)
		return rc;
	rc = mw_team_run(r->ctx->team, 1, fill_member, &f);
	rc = rc < 0 ? rc : p->rc;
	return rc < 0 ? mw_fail(rc, err, n, "cannot build the pointer chain: %s", mw_strerror(rc)) : 0;
}

void loaded_release(struct loaded_run *r)
{
	for (size_t i = 0; i < r->n_places; i++)
		mw_arena_release(r->ctx->arenas, &r->places[i].block);
}

int loaded_take(struct loaded_run *r, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < r->n_places && rc == 0; i++)
		rc = r->places[i].absent ? 0 : place_take(r, &r->places[i], err, n);
	return rc;
}
