/* Memory latency under load: bandwidth-latency curves, as Mess (MICRO 2024), Intel MLC and multiload draw them.
 *
 * One thread follows a pointer chain while the others make traffic of a given mix with a pause after each block. The
 * pause is adjusted until the bandwidth that is achieved beside the chase is the wanted share of the mix's highest one.
 * The chain is that of the latency benchmark's quoted value: a stride of 256 B inside of windows that the TLB covers.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/output.h"
#include "bench/loaded_work.h"
#include "bench/place.h"

/* Assumed size of the last-level cache where it is not known, bytes. */
#define UNKNOWN_CACHE (32u << 20)
#define LEAST_SPAN (1u << 20)
enum { LINE = 64, LEAST_REGION = 3 * LOADED_REGION_UNIT };

/* ---- which points ---- */

/* What is measured first, when there is time for little: extremes, then what lies between. */
static const enum mw_mix mix_order[MW_MIX_COUNT] = {MW_MIX_100, MW_MIX_50, MW_MIX_75, MW_MIX_50_NT, MW_MIX_0_NT};
static const int level_order[] = {100, 50, 80, 20, 90, 70, 30, 95, 10, 60, 40, 85, 5, 75, 65, 98};
/* From the densest to the coarsest. */
static const struct {
	size_t mixes, levels;
} densities[] = {{5, 16}, {4, 12}, {4, 8}, {3, 8}, {2, 8}, {2, 6}, {2, 4}, {2, 3}};
enum { DENSITIES = sizeof(densities) / sizeof(densities[0]), SHORT_DENSITY = 5, TINY_DENSITY = 6 };
/* Below this share of a run, s, few points with enough rounds say more than many with few. */
#define SHORT_SHARE 20

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Mixes that this path has and that --mixes allows, at most `most` without it. */
static void choose_mixes(struct loaded_run *r, size_t most)
{
	const char *asked = mw_opt_text(r->ctx->opts, "mixes");
	r->n_mixes = 0;
	for (size_t i = 0; i < MW_MIX_COUNT && (asked || r->n_mixes < most); i++)
		if (r->kernels->fn[mix_order[i]] && (!asked || mw_list_has(asked, mw_mix_name(mix_order[i]))))
			r->mixes[r->n_mixes++] = mix_order[i];
}

static void choose_levels(struct loaded_run *r, size_t most)
{
	int64_t asked[LOADED_LEVELS];
	size_t n = 0;
	if (mw_opt(r->ctx->opts, "levels")->set)
		n = mw_opt_ints(r->ctx->opts, "levels", asked, LOADED_LEVELS);
	r->n_levels = n ? n : most;
	for (size_t i = 0; i < r->n_levels; i++)
		r->levels[i] = n ? (int)asked[i] : level_order[i];
	qsort(r->levels, r->n_levels, sizeof(r->levels[0]), by_number);
}

static size_t live_pairs(const struct loaded_run *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_pairs; i++)
		n += r->pairs[i].n > 0 && !r->pairs[i].place->absent;
	return n;
}

/* Samples of a round. */
static size_t loads_per_round(const struct loaded_run *r)
{
	return live_pairs(r) * (1 + r->n_mixes * r->n_levels);
}

/* Chooses the most mixes and levels whose least number of rounds fits with samples of half the profile's length. */
static void choose_density(struct loaded_run *r)
{
	const struct bench_profile *prof = r->ctx->profile;
	unsigned rounds = prof->min_rounds > prof->visits ? prof->min_rounds : prof->visits;
	double room = 0.4 * r->ctx->share_s; /* the rest is for first touch, sweeps, seeking and repeats */
	size_t first = strcmp(prof->name, "tiny") == 0 ? TINY_DENSITY
		       : r->ctx->share_s < SHORT_SHARE ? SHORT_DENSITY
						       : 0;
	for (size_t d = first; d < DENSITIES; d++) {
		choose_mixes(r, densities[d].mixes);
		choose_levels(r, densities[d].levels);
		if ((double)(loads_per_round(r) * rounds) * (0.5 * prof->sample_s + 0.004) <= room)
			return;
	}
}

/* ---- CPUs ---- */

static int team_size(const struct bench_ctx *ctx)
{
	return ctx->team ? mw_team_size(ctx->team) : ctx->topo->host.n_cpus;
}

/* Fills the pair with chase and generators: team members of its CPU node, each with a core of its own. */
static void find_members(const struct loaded_run *r, struct pair *p)
{
	int size = team_size(r->ctx), cores = r->ctx->topo->host.n_cores;
	int members = r->sibling || cores < 1 || cores > size ? size : cores;
	p->chase_rank = -1;
	for (int rank = 0; rank < size; rank++) {
		bool here = rank < members && r->ctx->topo->cpus[rank].node == p->cpu_node;
		p->generator_of[rank] = here && p->chase_rank >= 0 ? p->n++ : -1;
		if (here && p->chase_rank < 0)
			p->chase_rank = rank;
		if (here)
			p->members = rank + 1;
	}
}

static bool has_cpu(const struct bench_ctx *ctx, int node)
{
	for (int rank = 0; rank < team_size(ctx); rank++)
		if (ctx->topo->cpus[rank].node == node)
			return true;
	return false;
}

static int add_pair(struct loaded_run *r, int cpu_node, struct place *place)
{
	struct pair *p = &r->pairs[r->n_pairs++];
	*p = (struct pair){.cpu_node = cpu_node, .place = place};
	p->generator_of = calloc((size_t)team_size(r->ctx), sizeof(*p->generator_of));
	if (!p->generator_of)
		return -ENOMEM;
	find_members(r, p);
	r->most_generators = p->n > r->most_generators ? p->n : r->most_generators;
	return 0;
}

/* Each node with CPUs with its own memory, then, unless --memory=local, with that of the other nodes. */
static int list_pairs(struct loaded_run *r)
{
	const struct mw_host *h = &r->ctx->topo->host;
	bool all = strcmp(mw_opt_text(r->ctx->opts, "memory"), "all") == 0;
	size_t nodes = h->n_nodes > 0 ? (size_t)h->n_nodes : 1;
	r->places = calloc(nodes, sizeof(*r->places));
	r->pairs = calloc(nodes * nodes, sizeof(*r->pairs));
	if (!r->places || !r->pairs)
		return -ENOMEM;
	for (size_t i = 0; i < nodes; i++) {
		int node = h->n_nodes > 0 ? h->nodes[i].id : r->ctx->topo->cpus[0].node;
		if (h->n_nodes > 0 && h->nodes[i].bytes == 0)
			continue;
		if (all || has_cpu(r->ctx, node))
			r->places[r->n_places++] = (struct place){.node = node, .arena_id = nodes > 1 ? node : -1};
	}
	int rc = 0;
	for (int local = 1; local >= 0; local--)
		for (size_t i = 0; i < nodes; i++)
			for (size_t k = 0; k < r->n_places && rc == 0; k++) {
				int node = h->n_nodes > 0 ? h->nodes[i].id : r->ctx->topo->cpus[0].node;
				if (has_cpu(r->ctx, node) && (r->places[k].node == node) == (local != 0) &&
				    (local || all))
					rc = add_pair(r, node, &r->places[k]);
			}
	return rc;
}

/* ---- memory ---- */

/* The chain touches four times the last-level cache, and so do the regions together, or less where time or memory limit
 * it. */
static void choose_bytes(struct loaded_run *r)
{
	const struct mw_host *h = &r->ctx->topo->host;
	uint64_t caches = h->llc_total_bytes > r->llc ? h->llc_total_bytes : r->llc;
	uint64_t limit = bench_block_limit(r->ctx, (unsigned)r->n_places);
	/* First touch of memory that a guest gave back costs 2 s per GiB; at most half of the budget goes to it. */
	double touch = 0.5 * r->ctx->share_s / 2.0 / (double)(r->n_places ? r->n_places : 1) * 1073741824.0;
	uint64_t least = (uint64_t)(r->most_generators ? r->most_generators : 1) * LEAST_REGION;
	r->span = LEAST_SPAN;
	while (r->span < 4 * r->llc / LINE * LOADED_STRIDE)
		r->span *= 2;
	r->arrays = 4 * caches > least ? 4 * caches : least;
	while (r->span > LEAST_SPAN &&
	       (r->span + r->arrays > limit || (r->span > (64u << 20) && (double)(r->span + r->arrays) > touch))) {
		r->span /= 2;
		if (r->arrays > r->span && r->arrays / 2 >= least)
			r->arrays /= 2;
	}
}

static int alloc_regions(struct loaded_run *r)
{
	size_t n = (size_t)(r->most_generators ? r->most_generators : 1);
	r->generators = aligned_alloc(_Alignof(struct load_generator), n * sizeof(*r->generators));
	if (!r->generators)
		return -ENOMEM;
	memset(r->generators, 0, n * sizeof(*r->generators));
	for (size_t i = 0; i < r->n_places; i++) {
		struct place *p = &r->places[i];
		p->regions = calloc(n, sizeof(*p->regions));
		p->chain = (struct mw_chain){
			.bytes = r->span, .stride = LOADED_STRIDE, .window = LOADED_WINDOW, .seed = r->ctx->seed + i};
		if (!p->regions)
			return -ENOMEM;
	}
	return 0;
}

/* ---- plan ---- */

/* Everything that options, topology and budget decide; takes no memory for the measurement. */
static int plan_run(struct loaded_run *r, const struct bench_ctx *ctx)
{
	r->ctx = ctx;
	r->arenas = ctx->arenas;
	r->isa = mw_isa_best();
	r->kernels = mw_traffic_kernels(r->isa);
	r->llc = ctx->topo->host.l3_bytes ? ctx->topo->host.l3_bytes : UNKNOWN_CACHE;
	r->sibling = ctx->topo->host.n_cores == 1;
	r->value = ctx->seed | 1;
	r->take = load_run;
	r->kind = bench_page_kind(ctx, "pages");
	int rc = list_pairs(r);
	if (rc < 0)
		return rc;
	choose_density(r);
	choose_bytes(r);
	return 0;
}

static void free_run(struct loaded_run *r)
{
	for (size_t i = 0; i < r->n_places; i++) {
		free(r->places[i].regions);
		if (r->arenas) /* not of ctx, which is that of a call that has ended */
			mw_arena_forget(r->arenas, &r->places[i]);
	}
	for (size_t i = 0; i < r->n_pairs; i++)
		free(r->pairs[i].generator_of);
	free(r->places);
	free(r->pairs);
	free(r->generators);
	free(r->states);
	free(r->points);
	free(r->args);
	free(r->pts);
	free(r);
}

static int available(const struct bench_ctx *ctx, char *why, size_t n)
{
	int cpus = team_size(ctx);
	if (cpus < 2)
		return mw_fail(MW_EUNAVAILABLE, why, n,
			       "needs two CPUs, one for the chase and others for traffic: this run has one%s%s",
			       ctx->team && mw_team_short(ctx->team)[0] ? ": " : "",
			       ctx->team ? mw_team_short(ctx->team) : "");
	if (ctx->topo->host.cpu_quota > 0 && ctx->topo->host.cpu_quota < 2)
		return mw_fail(MW_EUNAVAILABLE, why, n,
			       "chase and traffic need the time of two CPUs: the cgroup allows that of %.3g",
			       ctx->topo->host.cpu_quota);
	return 0;
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	const char *mixes = mw_opt_text(ctx->opts, "mixes"), *curves = mw_opt_text(ctx->opts, "curves");
	const struct mw_traffic_kernels *k = mw_traffic_kernels(mw_isa_best());
	struct mw_place place;
	for (int i = 0; i < MW_MIX_COUNT; i++)
		if (mixes && mw_list_has(mixes, mw_mix_name((enum mw_mix)i)) && !k->fn[i])
			return mw_fail(MW_EUNAVAILABLE, err, n,
				       "--mixes=%s: the %s path has no non-temporal stores (see MEMWALL_ISA)",
				       mw_mix_name((enum mw_mix)i), mw_isa_name(mw_isa_best()));
	int rc = curves ? mw_place_of(curves, &place) : 0;
	return rc < 0 ? mw_fail(MW_ESPEC, err, n, "--curves: cannot write '%s': %s", curves, mw_strerror(rc)) : 0;
}

static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct loaded_run *r = calloc(1, sizeof(*r));
	if (!r)
		return;
	if (plan_run(r, ctx) == 0) {
		size_t pairs = live_pairs(r);
		out->points = (unsigned)(pairs * (1 + 2 * r->n_mixes * r->n_levels));
		out->memory_bytes = pairs ? r->n_places * (r->span + r->arrays) : 0;
	}
	free_run(r);
}

/* ---- points ---- */

static void describe(const struct loaded_run *r, const struct pair *p, enum mw_mix mix, int load,
		     struct loaded_words *w)
{
	*w = (struct loaded_words){
		.cpu_node = p->cpu_node,
		.memory_node = p->place->node,
		.threads = p->n + 1,
		.mix = mix,
		.load = load,
		.size = r->span / LOADED_STRIDE * LINE,
		.stride = LOADED_STRIDE,
		.window = LOADED_WINDOW,
		.pages = mw_pages_name(r->kind),
		.obtained = p->place->block.p ? p->place->block.obtained : NULL,
		.isa = mw_isa_name(r->isa),
		.cpu = p->chase_rank >= 0 ? mw_team_cpu(r->ctx->team, p->chase_rank) : -1,
		.sibling = r->sibling,
		.least_size = 4 * r->llc,
	};
}

/* Emits the reason why a pair is not measured. */
static int report(const struct loaded_run *r, const struct pair *p, const char *why, const struct mw_sink *sink)
{
	struct loaded_words w;
	struct mw_record rec;
	describe(r, p, MW_MIX_100, 100, &w);
	loaded_record_open(&rec, LOADED_LATENCY, &w);
	mw_record_unavailable(&rec, why);
	return mw_finish(sink, &rec);
}

/* Finds out which memory can be had, and reports the pairs that cannot be measured. */
static int find_places(struct loaded_run *r, const struct mw_sink *sink, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < r->n_places && rc == 0; i++) {
		char why[MW_ERR_ROOM] = "";
		rc = place_take(r, &r->places[i], why, sizeof(why));
		r->places[i].absent = rc < 0;
		if (rc < 0)
			(void)mw_fail(rc, err, n, "%s", why);
		rc = rc == MW_EUNAVAILABLE ? 0 : rc;
		for (size_t k = 0; k < r->n_pairs && rc == 0; k++)
			if (r->pairs[k].place == &r->places[i] && r->places[i].absent)
				rc = report(r, &r->pairs[k], why, sink);
	}
	for (size_t k = 0; k < r->n_pairs && rc == 0; k++)
		if (r->pairs[k].n == 0 && !r->pairs[k].place->absent)
			rc = report(r, &r->pairs[k], "traffic needs a second CPU on this node", sink);
	return rc == 0 && live_pairs(r) == 0 ? MW_EUNAVAILABLE : rc;
}

static void add_load(struct loaded_run *r, struct pair *pair, size_t mix, int load)
{
	struct load_point *p = &r->points[r->n_points++];
	bool idle = load == 0;
	*p = (struct load_point){.run = r, .pair = pair, .load = load, .found.target = (double)NAN};
	p->mix = idle ? MW_MIX_100 : r->mixes[mix];
	p->mix_state = idle ? NULL : &r->states[(size_t)(pair - r->pairs) * r->n_mixes + mix];
	for (int k = 0; k < (idle ? 1 : LOADED_METRICS); k++) {
		struct metric_arg *a = &r->args[r->n_pts];
		struct round_point *pt = &r->pts[r->n_pts++];
		struct loaded_words w;
		*a = (struct metric_arg){.point = p, .metric = (enum loaded_metric)k};
		*pt = (struct round_point){.measure = loaded_measure, .arg = a, .shared = &p->shared};
		pt->threads = idle ? 1 : pair->members;
		describe(r, pair, p->mix, load, &w);
		loaded_record_open(&pt->rec, (enum loaded_metric)k, &w);
	}
}

static int add_points(struct loaded_run *r)
{
	size_t loads = loads_per_round(r);
	r->states = calloc(r->n_pairs * r->n_mixes + 1, sizeof(*r->states));
	r->points = calloc(loads, sizeof(*r->points));
	r->args = calloc(LOADED_METRICS * loads, sizeof(*r->args));
	r->pts = calloc(LOADED_METRICS * loads, sizeof(*r->pts));
	if (!r->states || !r->points || !r->args || !r->pts)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_pairs; i++) {
		if (r->pairs[i].n == 0 || r->pairs[i].place->absent)
			continue;
		add_load(r, &r->pairs[i], 0, 0);
		for (size_t m = 0; m < r->n_mixes; m++)
			for (size_t l = 0; l < r->n_levels; l++)
				add_load(r, &r->pairs[i], m, r->levels[l]);
	}
	r->sample_s = rounds_visits_sample_s(r->ctx, loads);
	return 0;
}

/* ---- the benchmark ---- */

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct loaded_run *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*state = r;
	int rc = available(ctx, err, n);
	if (rc == 0)
		rc = plan_run(r, ctx);
	if (rc == 0)
		rc = alloc_regions(r);
	if (rc == 0)
		rc = find_places(r, sink, err, n);
	if (rc == 0)
		rc = add_points(r);
	if (rc == 0) {
		r->opened = true;
		rc = rounds_open(ctx, r->pts, r->n_pts, &r->rounds);
	}
	loaded_release(r);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct loaded_run *r = state;
	r->ctx = ctx;
	int rc = loaded_take(r, err, n);
	if (rc == 0)
		rc = rounds_visit(r->rounds, ctx);
	loaded_release(r);
	return rc == 0 && rounds_met(r->rounds) ? BENCH_DONE : rc;
}

static const struct loaded_observed *find_observed(void *self, const struct mw_record *rec)
{
	const struct loaded_run *r = self;
	const char *mix = mw_kv_str(&rec->params, "mix", "");
	for (size_t i = 0; i < r->n_points; i++) {
		const struct load_point *p = &r->points[i];
		if (p->load == mw_kv_int(&rec->params, "load", -1) && strcmp(mw_mix_name(p->mix), mix) == 0 &&
		    p->pair->cpu_node == mw_kv_int(&rec->params, "cpu_node", -1) &&
		    p->pair->place->node == mw_kv_int(&rec->params, "memory_node", -1))
			return &p->found;
	}
	return NULL;
}

static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct loaded_run *r = state;
	struct loaded_results results = {.out = sink, .ctx = ctx, .find = find_observed, .self = r};
	const struct mw_sink middle = {loaded_results_add, &results};
	const char *curves = mw_opt_text(ctx->opts, "curves");
	r->ctx = ctx;
	int rc = r->rounds ? rounds_finish(r->rounds, &middle) : 0;
	if (rc == 0)
		rc = loaded_results_derive(&results);
	if (rc == 0 && curves) {
		char why[MW_ERR_ROOM] = "";
		rc = loaded_results_csv(&results, curves, why, sizeof(why));
		if (rc < 0)
			rc = mw_fail(rc, err, n, "--curves: %s", why[0] ? why : mw_strerror(rc));
	}
	loaded_results_fini(&results);
	return rc;
}

static void end(void *state)
{
	struct loaded_run *r = state;
	/* rounds_open takes the records over, even if it fails. */
	if (!r->opened)
		rounds_drop(r->pts, r->n_pts);
	rounds_close(r->rounds);
	free_run(r);
}

static const struct mw_option options[] = {
	{.name = "mixes",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .word = mw_mix_word,
	 .help = "read:write of the bytes that the memory moves, -nt: non-temporal stores (default: as time allows)"},
	{.name = "levels",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = 100,
	 .max_items = LOADED_LEVELS,
	 .help = "percent of each mix's highest bandwidth; 100: no pauses (default: as time allows)"},
	{.name = "memory",
	 .type = MW_OPT_CHOICE,
	 .arg = "WHICH",
	 .def = "all",
	 .choices = "local|all",
	 .help = "memory of the node of the CPUs, or of all nodes"},
	{.name = "pages",
	 .type = MW_OPT_CHOICE,
	 .arg = "KIND",
	 .def = "thp",
	 .word = mw_pages_word,
	 .help = "page kind of chain and traffic"},
	{.name = "curves",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_WRITES,
	 .help = "write memory_curves.csv of the Mess benchmark, for the first node with CPUs and its own memory"},
	MW_OPT_END,
};

const struct bench bench_loaded = {
	.name = "loaded",
	.summary = "memory latency under traffic of several mixes: bandwidth-latency curves",
	.options = options,
	.weight = 8,
	.available = available,
	.check = check,
	.plan = plan,
	.emitter = &loaded_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
};
