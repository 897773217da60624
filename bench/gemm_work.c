#include "bench/gemm_work.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "base/core/text.h"
#include "bench/place.h"

enum {
	ALIGN = 64,
	SLICE_GRAIN = 16, /* outputs; 16 f32 results are one cache line, which belongs to one member */
	CHECKS = 48,
	DISTINCT = 3, /* matrices that are packed; the others are copies, because packing int8 for oneDNN is slow */
	KEPT_SOURCE = 16 << 20,
	MOST_CALLS = 4096, /* of one timing in the calibration */
};

/* All matrices packed in one layout, with one slice of outputs per member. */
struct gemm_pool {
	const struct gemm_case *layout; /* the plans of this case pack the matrices */
	unsigned char **slices;         /* [matrix * threads + rank]; NULL for an empty slice */
};

static size_t element(const struct gemm_group *g)
{
	return g->type == GEMM_F32 ? sizeof(float) : sizeof(int8_t);
}

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t first_output(const struct gemm_group *g, int rank, size_t *count)
{
	size_t begin, end;
	mw_team_slice(g->n, SLICE_GRAIN, rank, g->threads, &begin, &end);
	*count = end - begin;
	return begin;
}

/* ---- plans ---- */

static int plan_case(struct gemm_case *c)
{
	struct gemm_group *g = c->group;
	c->plans = calloc((size_t)g->threads, sizeof(*c->plans));
	if (!c->plans)
		return -ENOMEM;
	for (int rank = 0; rank < g->threads; rank++) {
		size_t n;
		(void)first_output(g, rank, &n);
		if (n == 0)
			continue;
		int rc = c->engine->ops->plan(g->type, c->m, n, g->k, n, &c->plans[rank], c->why, sizeof(c->why));
		if (rc < 0) {
			if (!c->why[0])
				mw_format(c->why, sizeof(c->why), "%s", mw_strerror(rc));
			c->kernel[0] = '\0';
			return rc == -ENOMEM ? rc : 0;
		}
		mw_clip(c->kernel, sizeof(c->kernel), "%s", c->engine->ops->kernel(c->plans[rank]));
	}
	return 0;
}

static bool share_layout(const struct gemm_case *x, const struct gemm_case *y)
{
	if (x->engine->ops->plain && y->engine->ops->plain)
		return true;
	if (x->engine->ops != y->engine->ops)
		return false;
	for (int rank = 0; rank < x->group->threads; rank++)
		if (x->plans[rank] && !x->engine->ops->same_layout(x->plans[rank], y->plans[rank]))
			return false;
	return true;
}

static int find_pools(struct gemm_group *g)
{
	g->pools = calloc(g->n_cases, sizeof(*g->pools));
	if (!g->pools)
		return -ENOMEM;
	for (size_t i = 0; i < g->n_cases; i++) {
		struct gemm_case *c = &g->cases[i];
		if (c->why[0])
			continue;
		for (c->pool = 0; c->pool < g->n_pools; c->pool++) {
			assert(g->pools[c->pool].layout);
			if (share_layout(g->pools[c->pool].layout, c))
				break;
		}
		if (c->pool == g->n_pools)
			g->pools[g->n_pools++].layout = c;
	}
	return g->n_pools ? 0 : MW_EUNAVAILABLE;
}

/* ---- memory: a block per NUMA node, each member's slices on its own ---- */

struct place {
	int node;
	size_t matrix_bytes; /* bytes of one matrix in all pools, for the members of this node */
	size_t fixed_bytes;  /* activations and results, on the node of member 0 */
	unsigned char *base;
	size_t used;
};

struct layout {
	struct place *places; /* at most one per member */
	size_t n_places;
	int *place_of; /* member -> place */
};

static size_t slice_bytes(const struct gemm_pool *p, int rank)
{
	const struct gemm_case *c = p->layout;
	assert(c);
	return c->plans[rank] ? round_up(c->engine->ops->packed_bytes(c->plans[rank])) : 0;
}

static void find_places(const struct bench_ctx *ctx, struct gemm_group *g, struct layout *l)
{
	for (int rank = 0; rank < g->threads; rank++) {
		int node = bench_node_of(ctx, rank);
		size_t i = 0;
		while (i < l->n_places && l->places[i].node != node)
			i++;
		if (i == l->n_places)
			l->places[l->n_places++].node = node;
		l->place_of[rank] = (int)i;
		for (size_t p = 0; p < g->n_pools; p++)
			l->places[i].matrix_bytes += slice_bytes(&g->pools[p], rank);
	}
}

static size_t most_tokens(const struct gemm_group *g)
{
	size_t m = 0;
	for (size_t i = 0; i < g->n_cases; i++)
		m = g->cases[i].m > m ? g->cases[i].m : m;
	return m;
}

uint64_t gemm_matrices(uint64_t llc, uint64_t matrix_bytes)
{
	enum { MOST = 4096 };
	uint64_t count = (4 * llc + matrix_bytes - 1) / matrix_bytes;
	return count < 2 ? 2 : count > MOST ? MOST : count;
}

/* As many matrices as hold four times the last-level cache; fewer when memory is short. In a cyclic sweep over four
 * times a cache with random replacement 2 % of the lines are found again; over twice the cache it is 20 %. */
static int choose_matrices(const struct bench_ctx *ctx, struct gemm_group *g, struct layout *l, char *err, size_t n)
{
	uint64_t llc = ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32ull << 20;
	uint64_t one = (uint64_t)g->n * g->k * element(g);
	uint64_t count = gemm_matrices(llc, one), limit = bench_block_limit(ctx, (unsigned)l->n_places);
	for (size_t i = 0; i < l->n_places; i++) {
		const struct place *p = &l->places[i];
		uint64_t fit =
			limit > p->fixed_bytes && p->matrix_bytes ? (limit - p->fixed_bytes) / p->matrix_bytes : count;
		if (limit <= p->fixed_bytes)
			fit = 0;
		count = fit < count ? fit : count;
	}
	if (count == 0)
		return mw_fail(MW_EBUDGET, err, n,
			       "the weights of %zu x %zu need more memory than the run may use (%s)", g->n, g->k,
			       bench_memory_words(ctx));
	g->matrices = count;
	g->weight_bytes = count * one;
	g->cached = g->weight_bytes < 2 * llc;
	return 0;
}

/* Takes one block per node. *intact: all blocks have their contents since this owner released them. */
static int take_blocks(const struct bench_ctx *ctx, struct gemm_group *g, struct layout *l, bool *intact, char *err,
		       size_t n)
{
	g->arenas = ctx->arenas;
	g->blocks = calloc((size_t)g->threads, sizeof(*g->blocks)); /* at most one per member */
	if (!g->blocks)
		return -ENOMEM;
	g->n_blocks = l->n_places;
	*intact = true;
	for (size_t i = 0; i < l->n_places; i++) {
		struct place *p = &l->places[i];
		struct mw_block *block = &g->blocks[i];
		size_t bytes = p->fixed_bytes + g->matrices * p->matrix_bytes;
		int rc = mw_arena_take(ctx->arenas, g->memory, MW_PAGES_THP, p->node, bytes, block, err, n);
		if (rc < 0)
			return rc;
		p->base = block->p;
		*intact = *intact && block->intact;
		mw_format(g->pages, sizeof(g->pages), "%s", block->obtained);
	}
	return 0;
}

static void *carve(struct place *p, size_t bytes)
{
	void *at = p->base + p->used;
	p->used += bytes;
	return at;
}

static int carve_slices(struct gemm_group *g, struct layout *l)
{
	for (size_t i = 0; i < g->n_pools; i++) {
		struct gemm_pool *pool = &g->pools[i];
		free(pool->slices);
		pool->slices = calloc(g->matrices * (size_t)g->threads + 1, sizeof(*pool->slices));
		if (!pool->slices)
			return -ENOMEM;
		/* A member's slices are contiguous, so that it reads one long stream. */
		for (int rank = 0; rank < g->threads; rank++)
			for (size_t j = 0; j < g->matrices && slice_bytes(pool, rank); j++)
				pool->slices[j * (size_t)g->threads + (size_t)rank] =
					carve(&l->places[l->place_of[rank]], slice_bytes(pool, rank));
	}
	return 0;
}

static int take_memory(const struct bench_ctx *ctx, struct gemm_group *g, bool *intact, char *err, size_t n)
{
	struct layout l = {.n_places = 0};
	int rc = -ENOMEM;
	l.place_of = calloc((size_t)g->threads, sizeof(*l.place_of));
	l.places = calloc((size_t)g->threads, sizeof(*l.places));
	if (!l.place_of || !l.places)
		goto out;
	size_t a_bytes = round_up(most_tokens(g) * g->k * element(g));
	size_t c_bytes = round_up(most_tokens(g) * g->n * sizeof(int32_t));
	find_places(ctx, g, &l);
	l.places[l.place_of[0]].fixed_bytes = a_bytes + c_bytes;
	rc = g->matrices ? 0 : choose_matrices(ctx, g, &l, err, n);
	if (rc == 0)
		rc = take_blocks(ctx, g, &l, intact, err, n);
	if (rc == 0) {
		g->a = carve(&l.places[l.place_of[0]], a_bytes);
		g->c = carve(&l.places[l.place_of[0]], c_bytes);
		rc = carve_slices(g, &l);
	}
out:
	free(l.places);
	free(l.place_of);
	return rc;
}

/* ---- contents ---- */

static void fill(enum gemm_dtype type, unsigned char *p, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t r = mw_random(seed);
		if (type == GEMM_S8) {
			p[i] = (unsigned char)r;
		} else {
			float f = (float)(int32_t)(r >> 40) / 8388608.0f - 1.0f; /* 24 bits: [-1, 1) */
			memcpy(p + 4 * i, &f, sizeof(f));
		}
	}
}

/* Fills activations and, unless they were kept, weights with values that depend on the seed only. */
static int fill_operands(const struct bench_ctx *ctx, struct gemm_group *g)
{
	size_t elements = (g->n + DISTINCT - 1) * g->k;
	uint64_t seed = ctx->seed, other = ctx->seed + 1;
	if (!g->source) {
		g->source = malloc(elements * element(g));
		if (!g->source)
			return -ENOMEM;
		g->source_bytes = elements * element(g);
		fill(g->type, g->source, elements, &seed);
	}
	fill(g->type, g->a, most_tokens(g) * g->k, &other);
	return 0;
}

static const unsigned char *matrix(const struct gemm_group *g, size_t j, size_t row)
{
	return g->source + (j % DISTINCT + row) * g->k * element(g);
}

static unsigned char *slice(const struct gemm_pool *p, size_t j, int rank)
{
	return p->slices[j * (size_t)p->layout->group->threads + (size_t)rank];
}

struct pack_job {
	struct gemm_group *g;
	_Atomic int rc;
};

static void pack_member(void *arg, int rank, int n)
{
	struct pack_job *job = arg;
	const struct gemm_group *g = job->g;
	(void)n;
	size_t count, first = first_output(g, rank, &count);
	for (size_t i = 0; i < g->n_pools && count; i++) {
		const struct gemm_pool *p = &g->pools[i];
		for (size_t j = 0; j < g->matrices; j++) {
			unsigned char *to = slice(p, j, rank);
			int rc = 0;
			if (j < DISTINCT)
				rc = p->layout->engine->ops->pack(p->layout->plans[rank], matrix(g, j, first), to);
			else
				memcpy(to, slice(p, j % DISTINCT, rank), slice_bytes(p, rank));
			if (rc < 0)
				job->rc = rc;
		}
	}
}

/* ---- running ---- */

struct run_job {
	struct gemm_case *c;
	size_t first, calls;
	_Atomic int rc;
};

/* Each member writes a dense block of results, as column-parallel layers do: with gaps between rows oneDNN 2.6 takes a
 * path with half the speed. */
static unsigned char *shard(const struct gemm_case *c, int rank)
{
	size_t count;
	return c->group->c + first_output(c->group, rank, &count) * c->m * sizeof(int32_t);
}

static void run_member(void *arg, int rank, int n)
{
	struct run_job *job = arg;
	struct gemm_case *c = job->c;
	const struct gemm_group *g = c->group;
	(void)n;
	if (!c->plans[rank])
		return;
	unsigned char *out = shard(c, rank);
	for (size_t i = 0, j = job->first; i < job->calls; i++) {
		int rc = c->engine->ops->run(c->plans[rank], slice(&g->pools[c->pool], j, rank), g->a, out);
		if (rc < 0)
			job->rc = rc;
		if (++j == g->matrices)
			j = 0;
	}
}

/* Computes `calls` products with matrices first, first + 1, ... Members synchronise at the start only. */
static int run_calls(struct gemm_case *c, size_t first, size_t calls, uint64_t *ns)
{
	struct run_job job = {.c = c, .first = first, .calls = calls};
	int rc = mw_team_time(c->group->team, c->group->threads, run_member, &job, ns);
	return rc < 0 ? rc : job.rc;
}

int gemm_case_measure(void *arg, double *value, char *err, size_t n)
{
	struct gemm_case *c = arg;
	const struct gemm_group *g = c->group;
	uint64_t ns;
	int rc = run_calls(c, c->next, c->calls, &ns);
	if (rc < 0)
		return mw_fail(rc, err, n, "%s: %s", c->engine->name, mw_strerror(rc));
	c->next = (c->next + c->calls) % g->matrices;
	*value = 2.0 * (double)c->m * (double)g->n * (double)g->k * (double)c->calls / (double)ns;
	return 0;
}

/* ---- checking ---- */

static double exact_f32(const struct gemm_group *g, const float *w, const float *a, double *bound)
{
	double sum = 0, magnitude = 0;
	for (size_t i = 0; i < g->k; i++) {
		double product = (double)w[i] * (double)a[i];
		sum += product;
		magnitude += fabs(product);
	}
	double ku = (double)g->k * 0x1p-24;
	*bound = ku / (1.0 - ku) * magnitude;
	return sum;
}

static const unsigned char *output_at(const struct gemm_case *c, size_t row, size_t col)
{
	for (int rank = 0;; rank++) {
		size_t count, first = first_output(c->group, rank, &count);
		if (col < first + count)
			return shard(c, rank) + (row * count + col - first) * sizeof(int32_t);
	}
}

static bool output_right(const struct gemm_case *c, size_t j, size_t row, size_t col, char *err, size_t n)
{
	const struct gemm_group *g = c->group;
	const void *w = matrix(g, j, col), *a = g->a + row * g->k * element(g);
	const unsigned char *at = output_at(c, row, col);
	double got, want, bound = 0;
	if (g->type == GEMM_F32) {
		float f;
		memcpy(&f, at, sizeof(f));
		got = (double)f;
		want = exact_f32(g, w, a, &bound);
	} else {
		int32_t v;
		int64_t sum = 0;
		for (size_t i = 0; i < g->k; i++)
			sum += (int64_t)((const int8_t *)w)[i] * ((const int8_t *)a)[i];
		memcpy(&v, at, sizeof(v));
		got = v;
		want = (double)sum;
	}
	if (fabs(got - want) <= bound)
		return true;
	(void)mw_fail(0, err, n, "wrong result: %s gives %.9g instead of %.9g (matrix %zu; row %zu; column %zu)",
		      c->engine->name, got, want, j, row, col);
	return false;
}

size_t gemm_case_check(struct gemm_case *c, size_t j, size_t samples, char *err, size_t n)
{
	const struct gemm_group *g = c->group;
	uint64_t seed = j + 1, ns;
	size_t wrong = 0;
	/* NaN or -1, so that an output that is not written counts as wrong. */
	memset(g->c, 0xff, c->m * g->n * sizeof(int32_t));
	int rc = run_calls(c, j, 1, &ns);
	if (rc < 0) {
		(void)mw_fail(rc, err, n, "%s: %s", c->engine->name, mw_strerror(rc));
		return samples;
	}
	bool all = samples >= c->m * g->n;
	for (size_t i = 0; i < (all ? c->m * g->n : samples); i++) {
		/* The four corners first, then random places. */
		size_t row = i < 4 ? (i & 1 ? c->m - 1 : 0) : mw_random_below(&seed, c->m);
		size_t col = i < 4 ? (i & 2 ? g->n - 1 : 0) : mw_random_below(&seed, g->n);
		if (all) {
			row = i / g->n;
			col = i % g->n;
		}
		if (!output_right(c, j, row, col, wrong ? NULL : err, wrong ? 0 : n))
			wrong++;
	}
	return wrong;
}

static void calibrate(struct gemm_case *c)
{
	uint64_t ns = 0;
	size_t calls = 1;
	/* The check has warmed up the code. Repeats calls until they take 0.5 ms, because one call can be shorter than
	 * the jitter of the start barrier. */
	for (;; calls *= 8) {
		int rc = run_calls(c, 0, calls, &ns);
		if (rc < 0) {
			mw_format(c->why, sizeof(c->why), "%s", mw_strerror(rc));
			return;
		}
		if (ns > 500000 || calls >= MOST_CALLS)
			break;
	}
	c->one_ns = (double)ns / (double)calls;
	c->calls = 1;
}

/* ---- the group ---- */

const char gemm_too_late[] = "the time budget ended before it was checked";

static int pack(struct gemm_group *g)
{
	struct pack_job job = {.g = g};
	int rc = mw_team_run(g->team, g->threads, pack_member, &job);
	return rc < 0 ? rc : job.rc;
}

int gemm_group_take(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n)
{
	bool intact = false;
	if (n)
		err[0] = '\0';
	g->team = ctx->team;
	int rc = take_memory(ctx, g, &intact, err, n);
	if (rc == 0 && !(intact && g->memory->holds == g)) {
		g->memory->holds = NULL;
		rc = fill_operands(ctx, g);
		if (rc == 0)
			rc = pack(g);
		if (rc == 0)
			g->memory->holds = g;
	}
	if (rc < 0 && n && !err[0])
		(void)mw_fail(rc, err, n, "gemm %zu x %zu: %s", g->n, g->k, mw_strerror(rc));
	if (rc < 0)
		gemm_group_leave(g);
	return rc;
}

void gemm_group_leave(struct gemm_group *g)
{
	for (size_t i = 0; i < g->n_blocks; i++)
		mw_arena_release(g->arenas, &g->blocks[i]);
	free(g->blocks);
	g->blocks = NULL;
	g->n_blocks = 0;
	if (g->source_bytes > KEPT_SOURCE) {
		free(g->source);
		g->source = NULL;
	}
}

/* Checks and calibrates each case, on the first and the last matrix. */
static int check_cases(const struct bench_ctx *ctx, struct gemm_group *g)
{
	for (size_t i = 0; i < g->n_cases; i++) {
		struct gemm_case *c = &g->cases[i];
		if (c->why[0])
			continue;
		if (mw_now_ns() >= ctx->deadline_ns)
			mw_format(c->why, sizeof(c->why), "%s", gemm_too_late);
		else if (gemm_case_check(c, 0, CHECKS, c->why, sizeof(c->why)) == 0 &&
			 gemm_case_check(c, g->matrices - 1, CHECKS, c->why, sizeof(c->why)) == 0)
			calibrate(c);
		if (bench_stopped(ctx))
			return MW_ECANCELLED;
	}
	return 0;
}

static int prepare(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < g->n_cases && rc == 0; i++)
		rc = plan_case(&g->cases[i]);
	if (rc == 0)
		rc = find_pools(g);
	if (rc == MW_EUNAVAILABLE)
		return 0; /* no engine has this product; each case says so */
	if (rc == 0)
		rc = gemm_group_take(ctx, g, err, n);
	return rc < 0 ? rc : check_cases(ctx, g);
}

int gemm_group_prepare(const struct bench_ctx *ctx, struct gemm_group *g, char *err, size_t n)
{
	if (n)
		err[0] = '\0';
	int rc = 0;
	if (!g->memory)
		g->memory = &g->own;
	for (size_t i = 0; i < g->n_cases; i++)
		g->cases[i].group = g;
	if (mw_now_ns() >= ctx->deadline_ns)
		for (size_t i = 0; i < g->n_cases; i++)
			mw_format(g->cases[i].why, sizeof(g->cases[i].why), "%s", gemm_too_late);
	else if (g->n_cases)
		rc = prepare(ctx, g, err, n);
	if (rc < 0 && n && !err[0])
		(void)mw_fail(rc, err, n, "gemm %zu x %zu: %s", g->n, g->k, mw_strerror(rc));
	return rc;
}

void gemm_group_sample_s(struct gemm_group *g, double seconds)
{
	for (size_t i = 0; i < g->n_cases; i++) {
		struct gemm_case *c = &g->cases[i];
		double calls = c->one_ns > 0 ? 1e9 * seconds / c->one_ns : 1;
		c->calls = calls < 1 ? 1 : calls > 1e6 ? 1000000 : (size_t)calls;
	}
}

void gemm_group_close(struct gemm_group *g)
{
	for (size_t i = 0; i < g->n_cases; i++) {
		struct gemm_case *c = &g->cases[i];
		for (int rank = 0; c->plans && rank < g->threads; rank++)
			if (c->plans[rank])
				c->engine->ops->close(c->plans[rank]);
		free(c->plans);
		c->plans = NULL;
	}
	for (size_t i = 0; i < g->n_pools; i++)
		free(g->pools[i].slices);
	gemm_group_leave(g);
	if (g->memory && g->memory->holds == g)
		g->memory->holds = NULL; /* a later group may have the same address */
	free(g->pools);
	free(g->source);
	g->pools = NULL;
	g->source = NULL;
	g->n_pools = 0;
}
