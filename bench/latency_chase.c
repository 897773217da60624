#include "bench/latency_chase.h"

#include <math.h>

#include "base/core/err.h"

size_t chase_span(size_t touched, size_t stride)
{
	return stride > CHASE_LINE ? touched / CHASE_LINE * stride : touched;
}

size_t chase_touched(size_t span, size_t stride)
{
	return stride > CHASE_LINE ? span / stride * CHASE_LINE : span;
}

/* ---- the clock ---- */

static void team_begin(void *self)
{
	mw_team_timed_begin(self, 0);
}

static uint64_t team_end(void *self)
{
	return mw_team_timed_end(self, 0);
}

/* A dependent addition takes one cycle on every core that we know. The time-stamp counter does not count cycles of the
 * core: it has one rate at every clock. */
static double add_ns(void *self)
{
	(void)self;
	return mw_disturb_add_ns();
}

void chase_init(struct chase *c, struct mw_team *team, struct chase_block *block, const struct mw_chain *chain)
{
	*c = (struct chase){.team = team, .block = block, .chain = *chain};
	c->clock = (struct chase_clock){team, team_begin, team_end, add_ns};
}

/* ---- one sample ---- */

static void build_member(void *arg, int rank, int n)
{
	struct chase *c = arg;
	(void)rank;
	(void)n;
	c->rc = mw_chain_build(&c->chain, &c->at);
}

int chase_build(struct chase *c)
{
	c->chain.base = (char *)c->block->block.p + c->offset;
	int rc = c->shares_place ? 0 : mw_team_run(c->team, 1, build_member, c);
	return rc < 0 ? rc : c->rc;
}

static void warm_up(struct chase *c)
{
	const volatile uintptr_t *word;
	uintptr_t sum = 0;
	for (size_t i = 0; c->warm && i < mw_chain_elements(&c->chain); i++) {
		word = (const uintptr_t *)(const void *)mw_chain_place(&c->chain, i);
		sum += *word;
	}
	(void)sum;
	c->at = mw_chase(c->at, c->warm ? 4096 : 1024);
}

static uint64_t timed(struct chase *c, size_t count)
{
	c->clock.begin(c->clock.self);
	c->at = mw_chase(c->at, count);
	return c->clock.end(c->clock.self);
}

/* Loads that take sample_ns, by the fastest of three short runs. */
static size_t calibrate(struct chase *c)
{
	const size_t probe = 4096;
	uint64_t best = UINT64_MAX;
	for (int i = 0; i < 3; i++) {
		uint64_t ns = timed(c, probe);
		best = ns < best ? ns : best;
	}
	double per_load = (double)(best ? best : 1) / (double)probe;
	return (size_t)(c->sample_ns / per_load / MW_CHASE_UNROLL + 1) * MW_CHASE_UNROLL;
}

static void sample_member(void *arg, int rank, int n)
{
	struct chase *c = arg;
	(void)rank;
	(void)n;
	/* In another order each time: caches keep, and prefetchers learn, what is always read first. */
	if (c->shares_place) {
		c->chain.seed++;
		c->rc = mw_chain_build(&c->chain, &c->at);
	}
	if (c->rc < 0)
		return;
	warm_up(c);
	if (c->count == 0)
		c->count = calibrate(c);
	double before = c->clock.cycle_ns(c->clock.self);
	uint64_t ns = timed(c, c->count);
	double after = c->clock.cycle_ns(c->clock.self);
	c->ns = (double)ns / (double)c->count;
	c->cycles = c->ns / (0.5 * (before + after));
	c->ns_fresh = c->cycles_fresh = true;
}

static int measure(struct chase *c, bool *fresh, const double *from, double *value, char *err, size_t n)
{
	c->shared.reused = *fresh && c->round == c->shared.round;
	if (!c->shared.reused) {
		int rc = mw_team_run(c->team, 1, sample_member, c);
		if (rc == 0)
			rc = c->rc;
		if (rc < 0)
			return mw_fail(rc, err, n, "cannot build the pointer chain: %s", mw_strerror(rc));
		c->round = c->shared.round;
	}
	*fresh = false;
	*value = *from;
	return 0;
}

int chase_measure_ns(void *arg, double *value, char *err, size_t n)
{
	struct chase *c = arg;
	return measure(c, &c->ns_fresh, &c->ns, value, err, n);
}

int chase_measure_cycles(void *arg, double *value, char *err, size_t n)
{
	struct chase *c = arg;
	return measure(c, &c->cycles_fresh, &c->cycles, value, err, n);
}

/* ---- placement ---- */

static bool lanes_clash(const struct chase *x, const struct chase *y)
{
	const struct mw_chain *a = &x->chain, *b = &y->chain;
	if (x->block != y->block || x->offset + a->bytes <= y->offset || y->offset + b->bytes <= x->offset)
		return false;
	if (a->stride == b->stride && x->offset == y->offset)
		return a->lane == b->lane;
	return a->lane / mw_chain_lines(a->stride) == b->lane / mw_chain_lines(b->stride);
}

void chase_place(struct chase *v, size_t i)
{
	struct chase *c = &v[i];
	struct chase_block *block = c->block;
	size_t align = 4096;
	while (align < c->chain.bytes && align < (2u << 20))
		align *= 2;
	size_t at = (block->cursor + align - 1) / align * align;
	if (c->chain.bytes > block->bytes / 4 || at + c->chain.bytes > block->bytes)
		at = 0;
	else
		block->cursor = at + c->chain.bytes;
	c->offset = at;
	unsigned lanes = mw_chain_lanes(c->chain.stride);
	bool clash = true;
	for (c->chain.lane = 0; clash && c->chain.lane < lanes; c->chain.lane += clash) {
		clash = false;
		for (size_t k = 0; k < i && !clash; k++)
			clash = lanes_clash(c, &v[k]);
	}
	if (!clash)
		return;
	c->chain.lane = 0;
	c->shares_place = true;
	for (size_t k = 0; k < i; k++)
		if (lanes_clash(c, &v[k]))
			v[k].shares_place = true;
}
