#include "bench/bandwidth_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/place.h"

/* What is left out as time gets short. */
enum density {
	SPARSE, /* the first four operations, one kernel each, one thread and all */
	SHORT,  /* in DRAM all operations, these four also with other thread counts and spread threads */
	PLAIN,  /* all operations in the caches too, and stores of zeros for contrast */
	DENSE,  /* two kernels of these four; everything with all thread counts */
	FULL    /* three kernels of each */
};

/* Below this share of a run, s, the caches are measured with the first four operations only: the others add little to
 * the picture of a cache, and many rows to its table. */
#define SHORT_SHARE 30

/* ---- groups ---- */

/* Elements per array and member so that all arrays of the operation fill half of the member's share of the level. 0:
 * there is no such level, or the share is less than four times the level below. */
static size_t level_elements(const struct mw_topology *t, enum bw_level level, enum mw_stream_op op,
			     const struct bw_placement *at)
{
	uint64_t share = 0;
	int sharing = at->most_shared;
	switch (level) {
	case BW_LEVEL_L1:
		share = t->host.l1d_bytes;
		break;
	case BW_LEVEL_L2:
		share = t->host.l2_bytes;
		break;
	case BW_LEVEL_L3:
		if (sharing == 0)
			sharing = t->host.l3_instances > 0
					  ? (at->threads + t->host.l3_instances - 1) / t->host.l3_instances
					  : at->threads;
		share = t->host.l3_bytes / (uint64_t)sharing;
		if (share < 4 * t->host.l2_bytes)
			share = 0;
		break;
	default:
		return SIZE_MAX;
	}
	return (size_t)(share / 2 / mw_stream_arrays(op) / 256 * 256 / sizeof(double));
}

static bool is_first_four(enum mw_stream_op op)
{
	return op == MW_STREAM_READ || op == MW_STREAM_WRITE || op == MW_STREAM_COPY || op == MW_STREAM_TRIAD;
}

static bool is_asked(const struct bw_plan *p, const struct bw_group *g)
{
	const struct bw_placement *at = g->at;
	if (!p->levels[g->level] || !p->ops[g->op] || (mw_stream_stores(g->op) && !p->stores[g->nt]))
		return false;
	/* Where both choose the same CPUs the compact one is measured, and a core's own caches have no neighbours. */
	if (at->spread)
		return p->placements[1] && !at->same && g->level >= BW_LEVEL_L3;
	return p->placements[0] || at->same;
}

/* What a short sweep does without, unless --ops names it. */
static bool is_detail(const struct bw_plan *p, const struct bw_group *g)
{
	bool named = mw_opt_text(p->ctx->opts, "ops");
	return g->zeros || (g->level != BW_LEVEL_DRAM && !is_first_four(g->op) && !named);
}

/* True when a sweep of that density has this group. */
static bool is_wanted(const struct bw_plan *p, int density, const struct bw_group *g)
{
	int threads = g->at->threads;
	bool end = (threads == p->threads[0] || threads == p->threads[p->n_threads - 1]) && !g->at->spread;
	bool first_four = is_first_four(g->op);
	if (!is_asked(p, g) || (density == SHORT && is_detail(p, g)) ||
	    (density == SPARSE && (!end || !first_four || g->zeros)))
		return false;
	/* In caches only ordinary stores: non-temporal stores bypass the cache. */
	if (g->level != BW_LEVEL_DRAM)
		return !g->nt && !g->zeros && (end || density > PLAIN);
	/* Zeros: only where nothing is read. */
	if (g->zeros && g->op != MW_STREAM_WRITE && g->op != MW_STREAM_FILL && g->op != MW_STREAM_MEMSET)
		return false;
	return end || density > PLAIN || (first_four && !g->zeros);
}

static unsigned kernels_wanted(int density, const struct bw_group *g)
{
	if (g->zeros || density < DENSE)
		return 1;
	return density == FULL ? BW_FINALISTS : is_first_four(g->op) ? 2 : 1;
}

static size_t candidates_of(const struct bw_plan *p, enum mw_stream_op op, bool nt)
{
	struct bw_candidates c;
	bw_candidates_list(&c, op, nt, p->isas);
	return c.n;
}

static void add_group(struct bw_plan *p, struct bw_group *g)
{
	size_t candidates = candidates_of(p, g->op, g->nt);
	g->elements = level_elements(p->ctx->topo, g->level, g->op, g->at);
	if (candidates == 0 || g->elements == 0 || !is_wanted(p, p->density, g))
		return;
	g->want = kernels_wanted(p->density, g);
	g->want = g->want < candidates ? g->want : (unsigned)candidates;
	p->points += g->want;
	p->groups[p->n_groups++] = *g;
}

/* Lists the groups of the current density. */
static void list_groups(struct bw_plan *p)
{
	p->n_groups = p->points = 0;
	for (int level = 0; level < BW_LEVELS; level++)
		for (int i = 0; i < p->n_places; i++)
			for (int op = 0; op < MW_STREAM_OP_COUNT; op++)
				for (int kind = 0; kind < 4; kind++) {
					struct bw_group g = {.level = (enum bw_level)level,
							     .at = &p->places[i],
							     .op = (enum mw_stream_op)op,
							     .nt = kind & 1,
							     .zeros = kind >> 1};
					add_group(p, &g);
				}
}

/* Chooses the densest sweep whose least number of rounds fits with samples of half the profile's length. */
static int choose_groups(struct bw_plan *p)
{
	const struct bench_profile *prof = p->ctx->profile;
	unsigned rounds = prof->min_rounds > prof->visits ? prof->min_rounds : prof->visits;
	double room = p->ctx->share_s * 0.7; /* the rest is for first touch, checks and repeats */
	p->groups = calloc((size_t)BW_LEVELS * 2 * BW_THREAD_COUNTS * MW_STREAM_OP_COUNT * 4, sizeof(*p->groups));
	if (!p->groups)
		return -ENOMEM;
	for (p->density = p->ctx->share_s < SHORT_SHARE ? SHORT : FULL;; p->density--) {
		list_groups(p);
		if (p->density == SPARSE || (double)p->points * rounds * (0.5 * prof->sample_s + 0.0015) <= room)
			break;
	}
	p->all_probed = p->density == FULL;
	return 0;
}

/* ---- records ---- */

static enum bw_place place_of(const struct bw_plan *p, const struct bw_group *g)
{
	if (g->level != BW_LEVEL_DRAM)
		return (enum bw_place)g->level;
	uint64_t caches = bench_caches(&p->ctx->topo->host, g->at->threads);
	return bw_size(g->op, p->array_bytes) >= 4 * caches ? BW_DRAM : BW_LARGEST;
}

struct bw_words bw_plan_words(const struct bw_plan *p, const struct bw_group *g, const struct mw_stream_kernel *k)
{
	int threads = g->at->threads;
	return (struct bw_words){
		.place = place_of(p, g),
		.kernel = k,
		.at = g->at,
		.zeros = g->zeros,
		.array = g->level == BW_LEVEL_DRAM ? p->array_bytes : g->elements * sizeof(double) * (size_t)threads,
		.caches = bench_caches(&p->ctx->topo->host, threads),
		.pages = mw_pages_name(p->pages),
	};
}

static bool list_cell(const struct bw_plan *p, struct bw_group *g, struct bw_cell *c)
{
	*c = (struct bw_cell){.place = place_of(p, g), .op = g->op, .threads = g->at->threads, .spread = g->at->spread};
	if (!is_wanted(p, FULL, g) || (p->density == SHORT && is_detail(p, g)))
		return false;
	for (size_t i = 0; i < p->n_groups; i++) {
		const struct bw_group *o = &p->groups[i];
		if (o->level == g->level && o->at == g->at && o->op == g->op && !o->zeros) {
			c->points += o->want;
			c->probed += o->choice.probed;
		}
	}
	for (int nt = 0; nt < 2; nt++)
		if (!mw_stream_stores(g->op) || p->stores[nt])
			c->kernels += (unsigned)candidates_of(p, g->op, nt);
	if (c->kernels == 0 && g->op == MW_STREAM_FILL)
		c->why = "this CPU has no instruction that fills memory, or --isa leaves it out";
	else if (level_elements(p->ctx->topo, g->level, g->op, g->at) == 0)
		c->why = "this machine has no such cache, or a thread's share of it is less than four times the level "
			 "below";
	else if (c->points == 0)
		c->why = "left out to fit the time budget";
	return c->kernels > 0 || c->why;
}

struct bw_cell *bw_plan_cells(const struct bw_plan *p, size_t *n)
{
	struct bw_cell *cells = calloc((size_t)BW_LEVELS * 2 * BW_THREAD_COUNTS * MW_STREAM_OP_COUNT, sizeof(*cells));
	*n = 0;
	for (int level = 0; cells && level < BW_LEVELS; level++)
		for (int i = 0; i < p->n_places; i++)
			for (int op = 0; op < MW_STREAM_OP_COUNT; op++) {
				struct bw_group g = {.level = (enum bw_level)level,
						     .at = &p->places[i],
						     .op = (enum mw_stream_op)op};
				/* Where ordinary stores are not wanted, non-temporal ones may be. */
				bool listed = list_cell(p, &g, &cells[*n]);
				g.nt = true;
				*n += listed || list_cell(p, &g, &cells[*n]);
			}
	return cells;
}

/* ---- options ---- */

/* Sets out[i] for the names in a list option; all when it is not set. */
static void choose_words(const struct mw_opts *opts, const char *option, const char *(*name)(size_t i), bool *out)
{
	const char *text = mw_opt_text(opts, option);
	for (size_t i = 0; name(i); i++)
		out[i] = !text || mw_list_has(text, name(i));
}

static const char *level_word(size_t i)
{
	return i < BW_LEVELS ? bw_place_name((enum bw_place)i) : NULL;
}

static const char *op_word(size_t i)
{
	return i < MW_STREAM_OP_COUNT ? mw_stream_op_name((enum mw_stream_op)i) : NULL;
}

static const char *store_word(size_t i)
{
	static const char *const stores[] = {"ordinary", "nt", NULL};
	return stores[i];
}

static const char *isa_word(size_t i)
{
	return i < MW_ISA_COUNT ? mw_isa_name((enum mw_isa)i) : NULL;
}

static const char *placement_word(size_t i)
{
	static const char *const placements[] = {"compact", "spread", NULL};
	return placements[i];
}

/* CPUs of the run. */
static int all_cpus(const struct bw_plan *p)
{
	return p->ctx->team ? mw_team_wanted(p->ctx->team) : p->ctx->topo->host.n_cpus;
}

/* Thread counts 1, 2, 4, ..., the number of physical cores, and all CPUs. */
static void default_threads(struct bw_plan *p)
{
	int all = all_cpus(p), cores = p->ctx->topo->host.n_cores;
	for (int t = 1; t < all && p->n_threads < BW_THREAD_COUNTS - 2; t *= 2) {
		if (cores > t / 2 && cores < t && p->n_threads)
			p->threads[p->n_threads++] = cores;
		p->threads[p->n_threads++] = t;
	}
	p->threads[p->n_threads++] = all;
}

static int parse_threads(struct bw_plan *p, char *err, size_t n)
{
	int all = all_cpus(p);
	int64_t asked[BW_THREAD_COUNTS];
	if (!mw_opt(p->ctx->opts, "threads")->set) {
		default_threads(p);
		return 0;
	}
	size_t count = mw_opt_ints(p->ctx->opts, "threads", asked, BW_THREAD_COUNTS);
	for (size_t i = 0; i < count; i++) {
		if (asked[i] > all)
			return mw_fail(MW_ESPEC, err, n, "--threads: %d is more than the %d CPUs of this run",
				       (int)asked[i], all);
		p->threads[p->n_threads++] = (int)asked[i];
	}
	return 0;
}

static int parse_isas(struct bw_plan *p, char *err, size_t n)
{
	bool asked[MW_ISA_COUNT] = {false};
	choose_words(p->ctx->opts, "isa", isa_word, asked);
	for (int i = 0; i < MW_ISA_COUNT; i++) {
		/* Paths wider than the one that MEMWALL_ISA names are left out. */
		p->isas[i] = asked[i] && mw_isa_supported((enum mw_isa)i) && i <= (int)mw_isa_best();
		if (!p->isas[i] && asked[i] && mw_opt_text(p->ctx->opts, "isa"))
			return mw_fail(MW_EUNAVAILABLE, err, n, "--isa=%s: not available on this CPU",
				       isa_word((size_t)i));
	}
	return 0;
}

static int parse_options(struct bw_plan *p, char *err, size_t n)
{
	const struct mw_opts *opts = p->ctx->opts;
	choose_words(opts, "levels", level_word, p->levels);
	choose_words(opts, "ops", op_word, p->ops);
	choose_words(opts, "stores", store_word, p->stores);
	choose_words(opts, "placement", placement_word, p->placements);
	int rc = parse_threads(p, err, n);
	if (rc == 0)
		rc = parse_isas(p, err, n);
	p->pages = bench_page_kind(p->ctx, "pages");
	return rc;
}

static uint64_t least_array(const struct bw_plan *p)
{
	return 3 * 4096 * (uint64_t)p->ctx->topo->host.n_cpus;
}

/* Each array is four times all caches (the rule of STREAM: McCalpin, 1995), or less where profile, time or memory limit
 * it. */
static int choose_size(struct bw_plan *p, char *err, size_t n)
{
	const uint64_t least = least_array(p);
	uint64_t asked = (uint64_t)mw_opt_int(p->ctx->opts, "size");
	if (asked) {
		int rc = asked > UINT64_MAX / 4 ? -ERANGE : 0;
		rc = rc < 0 ? rc : bench_check_size(p->ctx, "size", 3 * asked, err, n);
		if (rc == 0 && asked < least)
			rc = mw_fail(MW_ESPEC, err, n, "--size: at least %llu byte on this machine",
				     (unsigned long long)least);
		p->array_bytes = (size_t)asked;
		p->limit = "--size";
		return rc;
	}
	uint64_t want = 4 * bench_caches(&p->ctx->topo->host, p->ctx->topo->host.n_cpus);
	uint64_t room = bench_block_limit(p->ctx, 1), limit = room / 3;
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most a third of the budget goes to it. */
	uint64_t touch = (uint64_t)(p->ctx->share_s / 3.0 / 2.0 / 3.0 * 1073741824.0);
	want = (want + 4095) / 4096 * 4096;
	if (want < (64u << 20))
		want = 64u << 20;
	p->limit = room == p->ctx->profile->max_bytes ? "sizes of the profile" : bench_memory_words(p->ctx);
	if (want > limit)
		want = limit;
	if (want > touch && touch > (32u << 20)) {
		want = touch;
		p->limit = "time limit";
	}
	p->array_bytes = want / 4096 * 4096;
	return p->array_bytes < least ? mw_fail(MW_EBUDGET, err, n, "less than %llu MiB of memory may be used",
						(unsigned long long)(3 * least >> 20) + 1)
				      : 0;
}

bool bw_plan_shrink(struct bw_plan *p)
{
	size_t half = p->array_bytes / 2 / 4096 * 4096;
	if (mw_opt_int(p->ctx->opts, "size") || half < least_array(p))
		return false;
	p->array_bytes = half;
	p->limit = bench_memory_words(p->ctx);
	return true;
}

static int open_placements(struct bw_plan *p)
{
	int rc = 0;
	for (int i = 0; i < 2 * p->n_threads && rc == 0; i++)
		rc = bw_placement_open(&p->places[p->n_places++], p->ctx->topo->cpus, all_cpus(p), p->threads[i / 2],
				       i % 2);
	return rc;
}

int bw_plan_open(struct bw_plan *p, const struct bench_ctx *ctx, char *err, size_t n)
{
	*p = (struct bw_plan){.ctx = ctx};
	int rc = parse_options(p, err, n);
	if (rc == 0)
		rc = choose_size(p, err, n);
	if (rc == 0)
		rc = open_placements(p);
	if (rc == 0)
		rc = choose_groups(p);
	if (rc == 0 && p->points == 0)
		rc = mw_fail(MW_ESPEC, err, n,
			     "--levels, --ops, --stores, --placement, --threads and --isa leave nothing to measure");
	return rc;
}

void bw_plan_close(struct bw_plan *p)
{
	for (int i = 0; i < p->n_places; i++)
		bw_placement_fini(&p->places[i]);
	free(p->groups);
	p->groups = NULL;
	p->n_places = 0;
}

const struct mw_option bw_options[] = {
	{.name = "size",
	 .type = MW_OPT_SIZE,
	 .arg = "SIZE",
	 .min = 4096,
	 .max = 1125899906842624.0,
	 .help = "bytes of each of the three arrays (default: 4x all caches)"},
	{.name = "threads",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = MW_MAX_CPUS,
	 .max_items = BW_THREAD_COUNTS,
	 .help = "thread counts, for example 1,2 (default: 1,2,4..)"},
	{.name = "placement",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = placement_word,
	 .help = "CPUs of fewer threads than there are (default: both)"},
	{.name = "levels",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = level_word,
	 .help = "memory levels (default: all)"},
	{.name = "ops", .type = MW_OPT_CHOICES, .arg = "LIST", .word = op_word, .help = "operations (default: all)"},
	{.name = "stores",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = store_word,
	 .help = "kinds of store (default: both)"},
	{.name = "isa",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = isa_word,
	 .help = "instruction sets (default: all that this CPU has)"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind of the arrays"},
	MW_OPT_END,
};
