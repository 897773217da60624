/* Which loads the storage benchmark measures, and on which CPU its thread runs. */
#include <stdio.h>
#include <string.h>

#include "base/core/text.h"
#include "bench/storage.h"

enum { LEAST_OPS = 100, MIXED_OPS = 500, MIXED_WRITES = 30, FEW_SEQUENTIAL = 16, WRITE_DEPTH = 32 };

/* The block sizes and depths take some 30 loads of 0.1 s in each of the rounds. */
#define MATRIX_S 40.0

struct storage_wish storage_wish_of(const struct bench_ctx *ctx)
{
	struct storage_wish w = {.matrix = ctx->share_s >= MATRIX_S, .max_depth = 64};
	if (!ctx->opts)
		return w;
	w.write = mw_opt_flag(ctx->opts, "write");
	w.max_depth = (unsigned)mw_opt_int(ctx->opts, "max-depth");
	w.n_blocks = mw_opt_sizes(ctx->opts, "blocks", w.blocks, STORAGE_LIST);
	w.n_depths = mw_opt_ints(ctx->opts, "depths", w.depths, STORAGE_LIST);
	return w;
}

struct plan {
	const struct storage_wish *wish;
	struct storage_load *v;
	size_t n, max;
};

static void add(struct plan *p, struct storage_load l)
{
	/* Several times the queue length, so that filling and draining the queue do not matter; of mixed requests so
	 * many that the writes alone have a percentile of 99. */
	l.min_ops = (l.write_percent % 100 ? MIXED_OPS : LEAST_OPS) + 4 * l.depth;
	if (p->n < p->max)
		p->v[p->n] = l;
	p->n++;
}

/* Depth 1, then step times as many up to `most`, and the largest power of two up to it. */
static void add_depths(struct plan *p, struct storage_load l, unsigned step, unsigned most)
{
	unsigned last = 1;
	while (2 * last <= most)
		last *= 2;
	for (l.depth = 1; l.depth < last; l.depth *= step)
		add(p, l);
	l.depth = last;
	add(p, l);
}

static void add_asked_depths(struct plan *p, struct storage_load l)
{
	for (size_t i = 0; i < p->wish->n_depths; i++) {
		l.depth = (unsigned)p->wish->depths[i];
		add(p, l);
	}
}

static void add_random(struct plan *p)
{
	static const uint64_t few[] = {STORAGE_RANDOM_BLOCK},
			      many[] = {STORAGE_RANDOM_BLOCK, 16 << 10, 64 << 10, 256 << 10};
	const struct storage_wish *w = p->wish;
	const uint64_t *blocks = w->n_blocks ? w->blocks : w->matrix ? many : few;
	size_t n = w->n_blocks ? w->n_blocks : w->matrix ? sizeof(many) / sizeof(many[0]) : 1;
	for (size_t i = 0; i < n; i++) {
		const struct storage_load l = {.random = true, .block = (uint32_t)blocks[i]};
		if (w->n_depths)
			add_asked_depths(p, l);
		else
			add_depths(p, l, w->matrix && i == 0 ? 2 : 4, w->max_depth);
	}
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void add_sequential(struct plan *p)
{
	const struct storage_wish *w = p->wish;
	const struct storage_load l = {.block = STORAGE_SEQUENTIAL_BLOCK};
	if (w->n_depths)
		add_asked_depths(p, l);
	else
		add_depths(p, l, 4, w->matrix ? w->max_depth : smaller(w->max_depth, FEW_SEQUENTIAL));
}

static void add_writes(struct plan *p)
{
	const struct storage_wish *w = p->wish;
	const struct storage_load kinds[] = {
		{.random = true, .write_percent = 100, .block = STORAGE_RANDOM_BLOCK},
		{.random = true, .write_percent = MIXED_WRITES, .block = STORAGE_RANDOM_BLOCK},
		{.random = false, .write_percent = 100, .block = STORAGE_SEQUENTIAL_BLOCK},
	};
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct storage_load l = kinds[k];
		for (size_t b = 0; b < (l.random && w->n_blocks ? w->n_blocks : 1); b++) {
			l.block = l.random && w->n_blocks ? (uint32_t)w->blocks[b] : l.block;
			if (w->n_depths)
				add_asked_depths(p, l);
			else
				add_depths(p, l, WRITE_DEPTH, smaller(w->max_depth, WRITE_DEPTH));
		}
	}
	for (int sync = STORAGE_FSYNC; sync <= STORAGE_FDATASYNC; sync++)
		add(p, (struct storage_load){.random = true,
					     .write_percent = 100,
					     .sync = (enum storage_sync)sync,
					     .block = STORAGE_RANDOM_BLOCK,
					     .depth = 1});
}

size_t storage_plan(const struct storage_wish *wish, struct storage_load *v, size_t max)
{
	struct plan p = {.wish = wish, .v = v, .max = max};
	add_random(&p);
	add_sequential(&p);
	if (wish->write)
		add_writes(&p);
	return p.n;
}

void storage_choose_place(const struct mw_cpulist *irq, const char *why, const int *cpus, int n,
			  struct storage_place *out)
{
	*out = (struct storage_place){.member = -1};
	if (!irq) {
		mw_clip(out->words, sizeof(out->words), "not bound to a CPU: %s", why);
		return;
	}
	if (mw_cpulist_format(irq, out->irq_cpus, sizeof(out->irq_cpus)) >= (int)sizeof(out->irq_cpus))
		mw_format(out->irq_cpus, sizeof(out->irq_cpus), "a list too long to be shown");
	for (int i = 0; i < n && out->member < 0; i++)
		if (mw_cpulist_has(irq, cpus[i]))
			out->member = i;
	if (out->member >= 0) {
		mw_format(out->words, sizeof(out->words), "on a CPU that handles the disk's interrupts");
		return;
	}
	out->member = 0;
	mw_format(
		out->words, sizeof(out->words),
		"away from the CPUs that handle the disk's interrupts, which this run may not use: results are lower");
}
