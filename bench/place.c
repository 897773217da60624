#include "bench/place.h"

#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"

int bench_node_of(const struct bench_ctx *ctx, int rank)
{
	const struct mw_topology *t = ctx->topo;
	int cpu = mw_team_cpu(ctx->team, rank);
	if (t->host.n_nodes > 1)
		for (int i = 0; i < t->host.n_cpus; i++)
			if (t->cpus[i].id == cpu)
				return t->cpus[i].node;
	return -1;
}

double bench_left_s(const struct bench_ctx *ctx)
{
	uint64_t t = mw_now_ns();
	return t < ctx->deadline_ns ? 1e-9 * (double)(ctx->deadline_ns - t) : 0.0;
}

/* Bytes that the arenas may hold: the smaller of their limit and the memory that was available when the run started.
 * *words: what sets the limit. */
static uint64_t memory_limit(const struct bench_ctx *ctx, const char **words)
{
	uint64_t arenas = mw_arenas_max(ctx->arenas);
	uint64_t free_now = ctx->topo->host.mem_available;
	bool by_arenas = !mw_host_memory_known(&ctx->topo->host) || (arenas && arenas < free_now);
	*words = by_arenas ? mw_arenas_source(ctx->arenas) : mw_text_or(ctx->topo->host.mem_limit_source, "");
	return by_arenas ? arenas : free_now;
}

const char *bench_memory_words(const struct bench_ctx *ctx)
{
	const char *words;
	(void)memory_limit(ctx, &words);
	return words[0] ? words : "see --max-mem";
}

uint64_t bench_block_limit(const struct bench_ctx *ctx, unsigned blocks)
{
	const char *words;
	uint64_t bytes = memory_limit(ctx, &words) / 4 * 3 / (blocks ? blocks : 1);
	return ctx->profile->max_bytes && ctx->profile->max_bytes < bytes ? ctx->profile->max_bytes : bytes;
}

int bench_check_size(const struct bench_ctx *ctx, const char *option, uint64_t bytes, char *err, size_t n)
{
	const char *words;
	uint64_t limit = memory_limit(ctx, &words);
	if (bytes <= limit)
		return 0;
	char asked[32];
	bool large = limit >= UINT64_C(1) << 30;
	mw_format_size(bytes, asked, sizeof(asked));
	return mw_fail(MW_ESPEC, err, n, "--%s: %s in all is more than the %.1f %s that this run may use (%s)", option,
		       asked, (double)limit / (large ? 0x1p30 : 0x1p20), large ? "GiB" : "MiB",
		       words[0] ? words : "see --max-mem");
}

size_t bench_page_kinds(const struct bench_ctx *ctx, const char *option, enum mw_pages kinds[MW_PAGES_COUNT])
{
	const char *rest = mw_opt_text(ctx->opts, option), *item;
	size_t len, n = 0;
	while (n < MW_PAGES_COUNT && mw_list_next(&rest, &item, &len))
		for (size_t k = 0; mw_pages_word(k); k++)
			if (strlen(mw_pages_word(k)) == len && memcmp(item, mw_pages_word(k), len) == 0)
				kinds[n++] = (enum mw_pages)k;
	return n;
}

enum mw_pages bench_page_kind(const struct bench_ctx *ctx, const char *option)
{
	enum mw_pages kinds[MW_PAGES_COUNT];
	return bench_page_kinds(ctx, option, kinds) ? kinds[0] : MW_PAGES_THP;
}

uint64_t bench_caches(const struct mw_host *h, int threads)
{
	uint64_t cores = (uint64_t)(h->n_cores > 0 && h->n_cores < threads ? h->n_cores : threads);
	uint64_t last = (uint64_t)(h->l3_instances < threads ? h->l3_instances : threads) * h->l3_bytes;
	if (h->l3_instances <= 0 || h->l3_bytes == 0)
		last = h->llc_total_bytes ? h->llc_total_bytes : 32u << 20;
	return last + (h->l3_bytes ? cores * h->l2_bytes : 0);
}
