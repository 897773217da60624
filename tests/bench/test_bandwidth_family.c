/* Which kernels of the family and which members of the team are measured. */
#include "tests/bench/context.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "bench/bandwidth_plan.h"
#include "bench/stream_arrays.h"

extern const struct bench bench_bandwidth;

/* ---- choosing kernels: rates are those of a table ---- */

enum { WIDE = MW_ISA_AVX512, NARROW = MW_ISA_AVX2 };

#define MEMBER(isa, lines, ahead)                                                                                      \
	{                                                                                                              \
#isa "-" #lines "-" #ahead, MW_STREAM_READ, (enum mw_isa)(isa), false, NULL, lines, ahead              \
	}
static const struct mw_stream_kernel members[] = {
	MEMBER(WIDE, 4, 0),    MEMBER(WIDE, 2, 0),      MEMBER(WIDE, 1, 0),      MEMBER(NARROW, 4, 0),
	MEMBER(NARROW, 2, 0),  MEMBER(NARROW, 1, 0),    MEMBER(NARROW, 0, 0),    MEMBER(WIDE, 1, 1024),
	MEMBER(WIDE, 2, 4096), MEMBER(NARROW, 1, 1024), MEMBER(NARROW, 2, 4096), MEMBER(NARROW, 2, 1024),
};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

struct rates {
	double of[MEMBERS];
	int left; /* probes until the time is over */
	int tried[MEMBERS];
};

static double table_rate(void *self, const struct mw_stream_kernel *k)
{
	struct rates *r = self;
	if (r->left-- <= 0)
		return 0;
	r->tried[k - members]++;
	return r->of[k - members];
}

static struct bw_candidates all_members(void)
{
	struct bw_candidates c = {.n = MEMBERS};
	for (size_t i = 0; i < MEMBERS; i++)
		c.k[i] = &members[i];
	return c;
}

Test(bandwidth_family, the_fastest_is_found_coarsest_first)
{
	const struct bw_candidates c = all_members();
	/* The narrow path leads by one line per step; two are better still, and with prefetch best of all. */
	struct rates r = {{50, 99, 40, 45, 70, 60, 30, 95, 98, 61, 80, 65}, 1000, {0}};
	struct bw_choice choice;
	bw_choose(&c, 3, true, table_rate, &r, &choice);
	cr_assert_eq(choice.n, 3);
	cr_assert_str_eq(choice.k[0]->name, "NARROW-2-4096");
	cr_assert_str_eq(choice.k[1]->name, "NARROW-2-0");
	cr_assert_str_eq(choice.k[2]->name, "NARROW-2-1024");
	/* What is finer than the widths that lost was not tried. */
	cr_assert_eq(r.tried[1] + r.tried[7] + r.tried[8] + r.tried[9], 0);
	cr_assert_eq(choice.probed, 8);
	/* Those that lead are tried three times. */
	cr_assert(r.tried[10] == 3 && r.tried[4] == 3 && r.tried[2] == 1);
}

Test(bandwidth_family, near_levels_try_no_prefetch)
{
	const struct bw_candidates c = all_members();
	struct rates r = {{50, 10, 40, 45, 70, 60, 65, 95, 98, 61, 80, 65}, 1000, {0}};
	struct bw_choice choice;
	bw_choose(&c, 2, false, table_rate, &r, &choice);
	cr_assert_str_eq(choice.k[0]->name, "NARROW-2-0"); /* tried, because the fastest of the coarse ones is narrow */
	cr_assert_str_eq(choice.k[1]->name, "NARROW-0-0");
	for (size_t i = 0; i < MEMBERS; i++)
		cr_assert(members[i].ahead == 0 || r.tried[i] == 0, "%s", members[i].name);
}

Test(bandwidth_family, without_time_the_first_candidates)
{
	const struct bw_candidates c = all_members();
	for (int left = 0; left < 3; left++) {
		struct rates r = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, left, {0}};
		struct bw_choice choice;
		bw_choose(&c, 2, true, table_rate, &r, &choice);
		cr_assert_eq(choice.n, 2);
		cr_assert_eq(choice.probed, (unsigned)left);
		cr_assert_eq(choice.k[0], &members[left == 2 ? 2 : 0], "%d: %s", left, choice.k[0]->name);
	}
}

Test(bandwidth_family, few_candidates_need_no_probe)
{
	struct bw_candidates c = all_members();
	struct rates r = {{0}, 1000, {0}};
	struct bw_choice choice;
	c.n = 2;
	bw_choose(&c, 3, true, table_rate, &r, &choice);
	cr_assert(choice.n == 2 && choice.probed == 0 && choice.k[0] == &members[0] && choice.k[1] == &members[1]);
}

Test(bandwidth_family, candidates_are_of_the_operation_and_its_stores)
{
	bool isas[MW_ISA_COUNT];
	struct bw_candidates c;
	for (int i = 0; i < MW_ISA_COUNT; i++)
		isas[i] = true;
	for (int op = 0; op < MW_STREAM_OP_COUNT; op++)
		for (int nt = 0; nt < 2; nt++) {
			bw_candidates_list(&c, (enum mw_stream_op)op, nt, isas);
			for (size_t i = 0; i < c.n; i++)
				cr_assert((int)c.k[i]->op == op && c.k[i]->nt == nt);
		}
	bw_candidates_list(&c, MW_STREAM_TRIAD, false, isas);
	size_t all = c.n;
	isas[mw_isa_best()] = mw_isa_best() == MW_ISA_PORTABLE;
	bw_candidates_list(&c, MW_STREAM_TRIAD, false, isas);
	cr_assert(mw_isa_best() == MW_ISA_PORTABLE || c.n < all);
}

/* ---- placement ---- */

enum { CPUS = 16 };

/* Two sockets with two third-level caches each, four cores on each of these. */
static void two_sockets(struct mw_cpu *cpus)
{
	for (int i = 0; i < CPUS; i++)
		cpus[i] = (struct mw_cpu){.id = i, .core = i, .socket = i / 8, .node = i / 8, .l3 = i / 4};
}

static void check_ranks(const struct mw_cpu *cpus, int n, int threads, bool spread, const int *want, bool same)
{
	struct bw_placement p;
	cr_assert_eq(bw_placement_open(&p, cpus, n, threads, spread), 0);
	for (int i = 0; i < threads; i++)
		cr_assert_eq(p.ranks[i], want[i], "%d threads, spread %d: member %d is %d", threads, spread, i,
			     p.ranks[i]);
	cr_assert_eq(p.span, want[threads - 1] + 1);
	cr_assert_eq(p.same, same, "%d threads, spread %d", threads, spread);
	bw_placement_fini(&p);
}

Test(bandwidth_family, spread_alternates_over_sockets_and_caches)
{
	struct mw_cpu cpus[CPUS];
	static const int first[CPUS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	two_sockets(cpus);
	check_ranks(cpus, CPUS, 1, false, first, true);
	check_ranks(cpus, CPUS, 1, true, first, true);
	check_ranks(cpus, CPUS, 2, false, first, false);
	check_ranks(cpus, CPUS, 2, true, (const int[]){0, 8}, false);
	check_ranks(cpus, CPUS, 3, true, (const int[]){0, 4, 8}, false);
	check_ranks(cpus, CPUS, 4, false, first, false);
	check_ranks(cpus, CPUS, 4, true, (const int[]){0, 4, 8, 12}, false);
	check_ranks(cpus, CPUS, 6, true, (const int[]){0, 1, 4, 8, 9, 12}, false);
	check_ranks(cpus, CPUS, CPUS, false, first, true);
	check_ranks(cpus, CPUS, CPUS, true, first, true);
	/* One socket and cache: no choice differs. */
	for (int threads = 1; threads <= 4; threads++) {
		check_ranks(cpus, 4, threads, false, first, true);
		check_ranks(cpus, 4, threads, true, first, true);
	}
}

Test(bandwidth_family, cores_come_before_their_second_threads)
{
	/* In the order of the team: first threads of four cores on two sockets, then second ones. */
	struct mw_cpu cpus[8];
	for (int i = 0; i < 8; i++)
		cpus[i] = (struct mw_cpu){.id = i, .core = i % 4, .socket = i % 4 / 2, .l3 = -1};
	check_ranks(cpus, 8, 2, true, (const int[]){0, 2}, false);
	check_ranks(cpus, 8, 4, true, (const int[]){0, 1, 2, 3}, true);
	check_ranks(cpus, 8, 6, true, (const int[]){0, 1, 2, 3, 4, 6}, false);
	struct bw_placement p;
	cr_assert_eq(bw_placement_open(&p, cpus, 8, 9, true), -EINVAL);
	bw_placement_fini(&p);
	cr_assert_eq(bw_placement_open(&p, cpus, 8, 2, true), 0);
	cr_assert(p.caches == 0 && p.most_shared == 0, "no third-level cache is known");
	bw_placement_fini(&p);
}

static const struct bw_group *find_group(const struct bw_plan *p, enum bw_level level, int threads, bool spread)
{
	for (size_t i = 0; i < p->n_groups; i++) {
		const struct bw_group *g = &p->groups[i];
		if (g->level == level && g->at->threads == threads && g->at->spread == spread &&
		    g->op == MW_STREAM_READ)
			return g;
	}
	return NULL;
}

/* The plan of a machine with two sockets; options: of the command line. */
static void open_plan(struct test_context *t, struct bw_plan *p, const char *const *options)
{
	static struct mw_cpu cpus[CPUS];
	test_open(t, &bench_bandwidth, options);
	two_sockets(cpus);
	free(t->topo->cpus);
	t->topo->cpus = calloc(CPUS, sizeof(*cpus));
	memcpy(t->topo->cpus, cpus, sizeof(cpus));
	struct mw_host *h = &t->topo->host;
	h->n_cpus = h->n_cores = CPUS;
	h->l1d_bytes = 32u << 10;
	h->l2_bytes = 64u << 10;
	h->l3_bytes = 4u << 20;
	h->l3_instances = 4;
	h->llc_total_bytes = 16u << 20;
	struct mw_team *team = t->ctx.team;
	t->ctx.team = NULL; /* as in check() and plan(): all CPUs of the topology */
	t->profile.max_bytes = 128u << 20;
	int rc = bw_plan_open(p, &t->ctx, t->err, sizeof(t->err));
	t->ctx.team = team;
	cr_assert_eq(rc, 0, "%s", t->err);
}

Test(bandwidth_family, spread_is_measured_where_it_differs)
{
	struct test_context t;
	struct bw_plan *p = calloc(1, sizeof(*p));
	open_plan(&t, p, NULL);
	for (int threads = 1; threads <= CPUS; threads *= 2) {
		bool differs = threads > 1 && threads < CPUS;
		cr_assert(find_group(p, BW_LEVEL_DRAM, threads, false), "%d", threads);
		cr_assert_eq(find_group(p, BW_LEVEL_DRAM, threads, true) != NULL, differs, "%d", threads);
		cr_assert_eq(find_group(p, BW_LEVEL_L3, threads, true) != NULL, differs, "%d", threads);
		cr_assert_null(find_group(p, BW_LEVEL_L1, threads, true), "a core has its first level for itself");
	}
	/* Four compact threads share one cache; spread, each has one. */
	const struct bw_group *compact = find_group(p, BW_LEVEL_L3, 4, false),
			      *spread = find_group(p, BW_LEVEL_L3, 4, true);
	cr_assert(compact && spread);
	cr_assert_eq(spread->elements, 4 * compact->elements);
	bw_plan_close(p);
	test_close(&t);

	open_plan(&t, p, (const char *const[]){"--placement=compact", NULL});
	cr_assert(find_group(p, BW_LEVEL_DRAM, 4, false) && !find_group(p, BW_LEVEL_DRAM, 4, true));
	bw_plan_close(p);
	test_close(&t);

	open_plan(&t, p, (const char *const[]){"--placement=spread", NULL});
	cr_assert(!find_group(p, BW_LEVEL_DRAM, 4, false) && find_group(p, BW_LEVEL_DRAM, 4, true));
	cr_assert(find_group(p, BW_LEVEL_DRAM, 1, false), "the same CPUs");
	bw_plan_close(p);
	test_close(&t);
	free(p);
}

/* Groups of the plan in the caches with this operation, and all that store zeros. */
static void count_details(const struct bw_plan *p, enum mw_stream_op op, size_t *caches, size_t *zeros)
{
	*caches = *zeros = 0;
	for (size_t i = 0; i < p->n_groups; i++) {
		*caches += p->groups[i].op == op && p->groups[i].level != BW_LEVEL_DRAM;
		*zeros += p->groups[i].zeros;
	}
}

/* A short share: the first four operations in the caches, all of them in DRAM; others in caches where --ops names
 * them. No record says that something is missing which a short run does not look for. */
Test(bandwidth_family, short_runs_leave_out_details_of_caches)
{
	static const struct {
		const char *options[2];
		double share_s;
		bool caches, zeros;
	} rows[] = {
		{{NULL}, 20, false, false}, {{NULL}, 60, true, true}, {{"--ops=scale,write", NULL}, 20, true, false}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct test_context t;
		struct bw_plan *p = calloc(1, sizeof(*p));
		size_t caches, zeros, cells, scales = 0;
		open_plan(&t, p, rows[i].options);
		bw_plan_close(p);
		t.ctx.share_s = rows[i].share_s;
		struct mw_team *team = t.ctx.team;
		t.ctx.team = NULL;
		cr_assert_eq(bw_plan_open(p, &t.ctx, t.err, sizeof(t.err)), 0, "%s", t.err);
		count_details(p, MW_STREAM_SCALE, &caches, &zeros);
		cr_expect_eq(caches > 0, rows[i].caches, "%zu", i);
		cr_expect_eq(zeros > 0, rows[i].zeros, "%zu", i);
		count_details(p, MW_STREAM_WRITE, &caches, &zeros);
		cr_expect_gt(caches, 0, "%zu", i);
		struct bw_cell *cell = bw_plan_cells(p, &cells);
		for (size_t k = 0; k < cells; k++)
			scales += cell[k].op == MW_STREAM_SCALE && cell[k].place == BW_L1;
		cr_expect_eq(scales > 0, rows[i].caches, "%zu", i);
		free(cell);
		t.ctx.team = team;
		bw_plan_close(p);
		test_close(&t);
		free(p);
	}
}

Test(bandwidth_family, records_say_how_threads_are_placed)
{
	struct test_context t;
	struct bw_plan *p = calloc(1, sizeof(*p));
	open_plan(&t, p, NULL);
	static const struct {
		int threads;
		bool spread;
		const char *placed;
	} rows[] = {{1, false, "same"}, {4, false, "compact"}, {4, true, "spread"}, {CPUS, false, "same"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct bw_group *g = find_group(p, BW_LEVEL_DRAM, rows[i].threads, rows[i].spread);
		cr_assert(g);
		size_t n;
		struct bw_words words = bw_plan_words(p, g, mw_stream_kernels(MW_ISA_PORTABLE, &n));
		struct mw_record rec;
		words.obtained = "4K";
		bw_record_open(&rec, &words);
		cr_assert_str_eq(mw_kv_str(&rec.observed, "placed", ""), rows[i].placed);
		cr_assert_str_eq(mw_kv_str(&rec.params, "placement", ""), rows[i].spread ? "spread" : "");
		cr_assert_eq(mw_kv_int(&rec.params, "threads", 0), rows[i].threads);
		mw_record_fini(&rec);
	}
	bw_plan_close(p);
	test_close(&t);
	free(p);
}

/* ---- jobs ---- */

static atomic_int cpu_of_kernel;

static uint64_t where_am_i(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	atomic_store(&cpu_of_kernel, sched_getcpu());
	for (size_t i = 0; i < n; i++)
		a[i] = s;
	return 0;
}

Test(bandwidth_family, the_chosen_members_work)
{
	static const struct mw_stream_kernel kernel = {"where", MW_STREAM_WRITE, MW_ISA_PORTABLE, false, where_am_i, 0,
						       0};
	struct test_context t;
	struct stream_arrays *arrays = calloc(1, sizeof(*arrays));
	double gbps;
	test_open(&t, &bench_bandwidth, NULL);
	if (mw_team_size(t.ctx.team) < 2 || mw_team_unpinned(t.ctx.team)[0])
		cr_skip_test("needs two pinned members");
	cr_assert_eq(stream_arrays_open(arrays, &t.ctx, MW_PAGES_4K, 1 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (int rank = 0; rank < 2; rank++) {
		struct stream_job j = {
			.arrays = arrays, .kernel = &kernel, .threads = 1, .ranks = &rank, .max_elements = SIZE_MAX};
		cr_assert_eq(stream_job_span(&j), rank + 1);
		cr_assert_eq(stream_job_prepare(&j, 1e5, t.err, sizeof(t.err)), 0, "%s", t.err);
		cr_assert_eq(stream_job_measure(&j, &gbps, t.err, sizeof(t.err)), 0, "%s", t.err);
		cr_assert_eq(atomic_load(&cpu_of_kernel), mw_team_cpu(t.ctx.team, rank));
		if (arrays->n_nodes == 1)
			cr_assert_eq(stream_job_bytes(&j), 1u << 20, "the only member has all of the array");
		stream_job_fini(&j);
	}
	stream_arrays_close(arrays);
	free(arrays);
	test_close(&t);
}

static double stored[2]; /* scales of the last call and the one before */

static uint64_t spy_write(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	stored[1] = stored[0];
	stored[0] = s;
	for (size_t i = 0; i < n; i++)
		a[i] = s;
	return 0;
}

/* Zeros are stored only where the contrast is measured, and do not stay. */
Test(bandwidth_family, zeros_only_for_the_contrast)
{
	static const struct mw_stream_kernel kernel = {"spy", MW_STREAM_WRITE, MW_ISA_PORTABLE, false, spy_write, 0, 0};
	struct test_context t;
	struct stream_arrays *arrays = calloc(1, sizeof(*arrays));
	double gbps;
	test_open(&t, &bench_bandwidth, NULL);
	cr_assert_eq(stream_arrays_open(arrays, &t.ctx, MW_PAGES_4K, 1 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (int node = 0; node < arrays->n_nodes; node++)
		for (size_t i = 0; i < arrays->nodes[node].elements; i++)
			cr_assert(arrays->nodes[node].a[i] > 0 && arrays->nodes[node].b[i] > 0 &&
				  arrays->nodes[node].c[i] > 0);
	for (int zeros = 0; zeros < 2; zeros++) {
		struct stream_job j = {
			.arrays = arrays, .kernel = &kernel, .threads = 1, .zeros = zeros, .max_elements = SIZE_MAX};
		cr_assert_eq(stream_job_prepare(&j, 1e5, t.err, sizeof(t.err)), 0, "%s", t.err);
		for (int k = 0; k < 3; k++) {
			cr_assert_eq(stream_job_measure(&j, &gbps, t.err, sizeof(t.err)), 0, "%s", t.err);
			cr_assert_neq(stored[0], 0.0);
			cr_assert_eq(stored[1] == 0.0, zeros);
			cr_assert_neq(j.slices[0].a[0], 0.0);
		}
		stream_job_fini(&j);
	}
	stream_arrays_close(arrays);
	free(arrays);
	test_close(&t);
}

/* Probes go on through the arrays: what one has left in the caches is not what the next one reads. */
Test(bandwidth_family, parts_of_the_arrays_follow_one_another)
{
	size_t n;
	const struct mw_stream_kernel *k = mw_stream_kernels(MW_ISA_PORTABLE, &n);
	struct test_context t;
	struct stream_arrays *arrays = calloc(1, sizeof(*arrays));
	double gbps;
	test_open(&t, &bench_bandwidth, NULL);
	cr_assert_eq(stream_arrays_open(arrays, &t.ctx, MW_PAGES_4K, 1 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (size_t part = 0; part < 40; part++) {
		struct stream_job j = {
			.arrays = arrays, .kernel = k, .threads = 1, .max_elements = 8192, .skip = part * 8192};
		cr_assert_eq(stream_job_probe(&j, 1e3, &gbps), 0);
		cr_assert_gt(gbps, 0);
		cr_assert_eq(j.slices[0].n, 8192);
		cr_assert_leq(j.slices[0].first + 8192, arrays->nodes[0].elements);
		cr_assert_eq(j.slices[0].b, arrays->nodes[0].b + j.slices[0].first);
		if (part < 8 && arrays->n_nodes == 1)
			cr_assert_eq(j.slices[0].first, part * 8192);
		stream_job_fini(&j);
	}
	stream_arrays_close(arrays);
	free(arrays);
	test_close(&t);
}

/* ---- a resumed run ---- */

static const struct mw_sample *earlier_copy(void *self, const struct mw_record *point, size_t *n)
{
	static const struct mw_sample sample = {.value = 1.0};
	(void)self;
	bool known = strcmp(mw_kv_str(&point->params, "kernel", ""), "portable-u2-p1k") == 0;
	*n = known;
	return known ? &sample : NULL;
}

static int drop_samples(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	(void)self, (void)point, (void)threads, (void)v, (void)n;
	return 0;
}

/* The kernels of which an earlier session took samples are measured again, whatever the probes say. */
Test(bandwidth_family, a_resumed_run_keeps_its_kernels)
{
	const char *const options[] = {"--size=1M",   "--levels=dram", "--isa=portable",
				       "--threads=1", "--ops=copy",    NULL};
	const struct mw_sample_sink samples = {drop_samples, earlier_copy, NULL};
	struct test_context t;
	size_t points = 0, found = 0;
	test_open(&t, &bench_bandwidth, options);
	t.ctx.samples = &samples;
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	for (size_t i = 0; i < t.out.n; i++) {
		const char *kernel = mw_kv_str(&t.out.v[i].params, "kernel", "");
		bool point = kernel[0] && strcmp(t.out.v[i].metric, "bandwidth") == 0;
		points += point;
		found += point && strcmp(kernel, "portable-u2-p1k") == 0;
	}
	cr_assert_eq(points, BW_FINALISTS);
	cr_assert_eq(found, 1);
	test_close(&t);
}

/* ---- the best kernel of a case ---- */

enum { VISITS = 4 };

static void add_result(struct bw_results *results, const struct bw_placement *at, bool zeros, double value)
{
	size_t n;
	const struct mw_stream_kernel *k = mw_stream_kernels(MW_ISA_PORTABLE, &n);
	while (k->op != MW_STREAM_WRITE)
		k++;
	const struct bw_words words = {BW_DRAM, k, at, zeros, 1 << 20, 1 << 10, "thp", "thp"};
	struct mw_record rec;
	bw_record_open(&rec, &words);
	mw_record_set(&rec, value, MW_MEASURED, NULL);
	rec.samples = calloc(VISITS, sizeof(*rec.samples));
	rec.n = rec.n_samples = VISITS;
	for (uint32_t i = 0; i < VISITS; i++)
		rec.samples[i] = (struct mw_sample){.value = value, .visit = i, .round = i};
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	cr_assert_eq(bw_results_add(results, &rec), 0);
	mw_record_fini(&rec);
}

/* Zeros are no peak, and compact and spread threads have one each. */
Test(bandwidth_family, the_best_is_of_like_points)
{
	struct mw_records out = {0};
	const struct mw_sink sink = {test_collect, &out};
	struct bw_results results = {.out = &sink, .target = 0.05};
	int ranks[] = {0, 8};
	const struct bw_placement compact = {.threads = 2, .ranks = ranks},
				  spread = {.threads = 2, .spread = true, .ranks = ranks};
	const struct bw_cell cells[] = {
		{.place = BW_DRAM, .op = MW_STREAM_WRITE, .threads = 2, .kernels = 1, .points = 1},
		{.place = BW_DRAM, .op = MW_STREAM_WRITE, .threads = 2, .spread = true, .kernels = 1, .points = 1},
	};
	size_t peaks = 0, bus = 0;
	add_result(&results, &compact, false, 10);
	add_result(&results, &compact, true, 40);
	add_result(&results, &spread, false, 20);
	cr_assert_eq(bw_results_envelope(&results, cells, 2), 0);
	for (size_t i = 0; i < out.n; i++) {
		const struct mw_record *r = &out.v[i];
		bus += strcmp(r->metric, "bus_bandwidth") == 0;
		if (strcmp(r->case_name, "peak-write") != 0)
			continue;
		peaks++;
		cr_assert_eq(r->value, mw_kv_find(&r->params, "placement") ? 20 : 10);
		cr_assert_null(mw_kv_find(&r->params, "data"));
	}
	cr_assert_eq(peaks, 2);
	cr_assert_eq(bus, 2, "zeros are a contrast of stores, not traffic");
	bw_results_fini(&results);
	mw_records_fini(&out);
}
