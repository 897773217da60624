#include "bench/numa_work.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/sys/pages.h"

/* ---- contents ---- */

/* Elements 1, 2, .. NUMA_GRAIN, again and again: not zeros, and the sum over whole periods is known without reading. */
static uint64_t period_sum(void)
{
	uint64_t sum = 0, bits;
	for (int i = 1; i <= NUMA_GRAIN; i++) {
		double v = i;
		memcpy(&bits, &v, sizeof(bits));
		sum += bits;
	}
	return sum;
}

struct fill_job {
	struct numa_memory *m;
	atomic_int error;
};

static bool wants_fill(const struct numa_block *b)
{
	return b->block.p && !b->block.intact;
}

/* Every member fills its share of what is read; a chain is written by one of them. */
static void fill_member(void *arg, int rank, int n)
{
	struct fill_job *job = arg;
	for (int i = 0; i < job->m->n; i++) {
		struct numa_block *b = &job->m->blocks[i];
		size_t begin, end;
		if (!wants_fill(b))
			continue;
		mw_team_slice(b->elements, NUMA_GRAIN, rank, n, &begin, &end);
		for (size_t k = begin; k < end; k++)
			b->read[k] = (double)(1 + k % NUMA_GRAIN);
	}
	for (int i = rank; i < job->m->n; i += n) {
		struct numa_block *b = &job->m->blocks[i];
		int rc = wants_fill(b) ? mw_chain_build(&b->chain, &b->at) : 0;
		if (rc < 0)
			atomic_store(&job->error, rc);
	}
}

static int fill(struct numa_memory *m, char *err, size_t n)
{
	struct fill_job job = {.m = m};
	bool any = false;
	for (int i = 0; i < m->n; i++)
		any = any || wants_fill(&m->blocks[i]);
	if (!any)
		return 0;
	int rc = mw_team_run(m->ctx->team, mw_team_size(m->ctx->team), fill_member, &job);
	rc = rc < 0 ? rc : atomic_load(&job.error);
	return rc < 0 ? mw_fail(rc, err, n, "cannot write the pointer chains: %s", mw_strerror(rc)) : 0;
}

/* ---- blocks ---- */

static void take(struct numa_memory *m, struct numa_block *b)
{
	b->rc = mw_arena_take(m->arenas, b, m->pages, b->node, m->chain_bytes + m->read_bytes, &b->block, b->why,
			      sizeof(b->why));
	if (b->rc < 0)
		return;
	b->chain.base = b->block.p;
	b->read = (double *)(void *)((char *)b->block.p + m->chain_bytes);
	if (b->block.intact)
		return;
	mw_buf_clear(&b->placed);
	mw_pages_placed(b->block.p, m->chain_bytes + m->read_bytes, &b->placed);
	b->next = 0;
}

int numa_memory_take(struct numa_memory *m, const struct bench_ctx *ctx, char *err, size_t n)
{
	m->ctx = ctx;
	for (int i = 0; i < m->n && !bench_stopped(ctx); i++)
		if (m->blocks[i].used)
			take(m, &m->blocks[i]);
	int rc = bench_stopped(ctx) ? MW_ECANCELLED : fill(m, err, n);
	if (rc < 0)
		numa_memory_release(m);
	return rc;
}

void numa_memory_release(struct numa_memory *m)
{
	for (int i = 0; i < m->n; i++)
		mw_arena_release(m->arenas, &m->blocks[i].block);
}

int numa_memory_open(struct numa_memory *m, const struct bench_ctx *ctx, const struct numa_plan *plan, char *err,
		     size_t n)
{
	m->ctx = ctx;
	m->arenas = ctx->arenas;
	m->blocks = calloc((size_t)plan->n_places + 1, sizeof(*m->blocks));
	if (!m->blocks)
		return mw_fail(-ENOMEM, err, n, "no memory for the list of blocks");
	m->n = plan->n_places;
	for (int i = 0; i < m->n; i++) {
		struct numa_block *b = &m->blocks[i];
		b->node = plan->places[i].node;
		b->elements = m->read_bytes / sizeof(double);
		b->chain = (struct mw_chain){.bytes = m->chain_bytes,
					     .stride = NUMA_STRIDE,
					     .window = NUMA_WINDOW,
					     .seed = ctx->seed + (uint64_t)i};
		for (int k = 0; k < plan->n_pairs; k++)
			b->used = b->used || plan->pairs[k].place == i;
	}
	return numa_memory_take(m, ctx, err, n);
}

void numa_memory_close(struct numa_memory *m)
{
	if (!m->blocks)
		return;
	numa_memory_release(m);
	for (int i = 0; i < m->n; i++) {
		mw_arena_forget(m->arenas, &m->blocks[i]);
		mw_buf_fini(&m->blocks[i].placed);
	}
	free(m->blocks);
	m->blocks = NULL;
}

static int no_block(const struct numa_block *b, char *err, size_t n)
{
	return mw_fail(b->rc, err, n, "%s", b->why);
}

static int no_member(const struct numa_memory *m, int rc, char *err, size_t n)
{
	const char *why = mw_team_short(m->ctx->team);
	return mw_fail(rc, err, n, "%s", why[0] ? why : mw_strerror(rc));
}

/* ---- latency ---- */

static void chase_member(void *arg, int rank, int n)
{
	enum { WARM_UP = 1024 };
	struct numa_chase *c = arg;
	(void)rank, (void)n;
	void *p = mw_chase(c->block->at, WARM_UP);
	uint64_t begin = mw_now_ns();
	p = mw_chase(p, c->count);
	c->ns = mw_now_ns() - begin;
	c->block->at = p;
	c->cpu = sched_getcpu();
}

static int chase(struct numa_chase *c, size_t count, char *err, size_t n)
{
	uint64_t ns;
	c->count = count;
	int rc = mw_team_time_on(c->memory->ctx->team, &c->member, 1, chase_member, c, &ns);
	return rc < 0 ? no_member(c->memory, rc, err, n) : 0;
}

int numa_chase_measure(struct numa_chase *c, double *value, char *err, size_t n)
{
	enum { PROBE = 4096 };
	if (!c->block->block.p)
		return no_block(c->block, err, n);
	int rc = 0;
	if (c->count == 0) {
		rc = chase(c, PROBE, err, n);
		double per_load = (double)(c->ns ? c->ns : 1) / PROBE;
		c->count = (size_t)(c->sample_ns / per_load / MW_CHASE_UNROLL + 1) * MW_CHASE_UNROLL;
	}
	if (rc == 0)
		rc = chase(c, c->count, err, n);
	if (rc < 0) {
		c->count = 0;
		return rc;
	}
	*value = (double)c->ns / (double)c->count;
	return 0;
}

/* ---- bandwidth ---- */

size_t numa_read_elements(const struct numa_read *r)
{
	size_t all = r->block->elements;
	return r->window && r->window < all ? r->window : all;
}

static void read_member(void *arg, int rank, int n)
{
	struct numa_read *r = arg;
	size_t begin, end;
	mw_team_slice(numa_read_elements(r), NUMA_GRAIN, rank, n, &begin, &end);
	uint64_t expected = r->period_sum * ((end - begin) / NUMA_GRAIN), wrong = 0;
	const double *from = r->block->read + r->first + begin;
	for (size_t i = 0; i < r->passes; i++)
		wrong |= r->kernel->run(NULL, from, NULL, 0, end - begin) ^ expected;
	if (wrong)
		atomic_store(&r->wrong, 1);
	if (rank == 0)
		atomic_store(&r->cpu, sched_getcpu());
}

/* A sample of these passes over the part that comes next. */
static int read_part(struct numa_read *r, size_t passes, char *err, size_t n)
{
	struct numa_block *b = r->block;
	size_t elements = numa_read_elements(r);
	r->passes = passes;
	r->period_sum = period_sum();
	r->first = b->next + elements <= b->elements ? b->next : 0;
	b->next = r->first + elements;
	int rc = mw_team_time_on(r->memory->ctx->team, r->members, r->n, read_member, r, &r->ns);
	if (rc < 0)
		return no_member(r->memory, rc, err, n);
	r->ns = r->ns ? r->ns : 1;
	return atomic_load(&r->wrong) ? mw_fail(MW_EVERIFY, err, n, "read kernel %s: the sum is wrong", r->kernel->name)
				      : 0;
}

int numa_read_measure(struct numa_read *r, double *value, char *err, size_t n)
{
	if (!r->block->block.p)
		return no_block(r->block, err, n);
	int rc = 0;
	if (r->passes == 0) {
		rc = read_part(r, 1, err, n);
		double passes = r->sample_ns / (double)(r->ns ? r->ns : 1);
		r->passes = passes > 1 ? (size_t)(passes + 0.5) : 1;
	}
	if (rc == 0)
		rc = read_part(r, r->passes, err, n);
	if (rc < 0) {
		r->passes = 0;
		return rc;
	}
	*value = (double)(numa_read_elements(r) * sizeof(double) * r->passes) / (double)r->ns;
	return 0;
}
