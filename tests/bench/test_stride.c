#include "tests/bench/context.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/stats.h"
#include "base/sys/tree.h"
#include "bench/stride_ways.h"

extern const struct bench bench_stride;

/* ---- a model of two cache levels with LRU replacement ---- */

enum { MOST_WAYS = 32, MOST_SETS = 4096 };

struct level {
	size_t sets;
	int ways;
	bool hashed;                         /* the set depends on all bits of the address */
	uint64_t line[MOST_SETS][MOST_WAYS]; /* most recent first; 0: empty */
};

/* True for a hit; the line is then the most recent of its set. */
static bool level_load(struct level *l, uint64_t address)
{
	uint64_t line = address / 64 + 1, index = l->hashed ? line * UINT64_C(0x9e3779b97f4a7c15) >> 40 : line - 1;
	uint64_t *set = l->line[index % l->sets];
	int at = 0;
	while (at < l->ways - 1 && set[at] != line)
		at++;
	bool hit = set[at] == line;
	memmove(set + 1, set, (size_t)at * sizeof(*set));
	set[0] = line;
	return hit;
}

static const double hit_ns[3] = {1.0, 3.6, 14.0};

/* Mean latency of many laps through `lines` lines. */
static double chain_ns(struct level *l1, struct level *l2, size_t stride, int lines)
{
	double sum = 0;
	enum { LAPS = 20 };
	memset(l1->line, 0, sizeof(l1->line));
	memset(l2->line, 0, sizeof(l2->line));
	for (int lap = 0; lap < LAPS; lap++)
		for (int i = 0; i < lines; i++) {
			uint64_t address = (UINT64_C(1) << 32) + (uint64_t)i * stride;
			bool first = level_load(l1, address);
			bool second = first || level_load(l2, address);
			sum += lap < 4 ? 0 : hit_ns[first ? 0 : second ? 1 : 2];
		}
	return sum / (LAPS - 4) / lines;
}

static const size_t strides[] = {4096, 16384, 65536, 262144, 1048576};
enum { CURVES = 5 };

static void simulate(struct level *l1, struct level *l2, struct stride_curve curves[CURVES])
{
	for (size_t c = 0; c < CURVES; c++) {
		curves[c].stride = strides[c];
		for (int i = 0; i < STRIDE_LINES; i++)
			curves[c].ns[i] = chain_ns(l1, l2, strides[c], i + 1);
	}
}

Test(stride, ways_of_simulated_caches)
{
	static const struct {
		size_t sets[2];
		int ways[2];
	} caches[] = {
		{{64, 1024}, {12, 16}}, /* Zen 5, Golden Cove server */
		{{64, 1024}, {8, 4}},   /* a second level with fewer ways than the first */
		{{64, 1024}, {8, 16}},  {{64, 2048}, {8, 8}}, {{128, 1024}, {4, 20}}, {{32, 256}, {6, 10}},
	};
	static struct level l1, l2;
	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
		struct stride_curve curves[CURVES];
		struct stride_ways found[STRIDE_LEVELS];
		l1 = (struct level){.sets = caches[i].sets[0], .ways = caches[i].ways[0]};
		l2 = (struct level){.sets = caches[i].sets[1], .ways = caches[i].ways[1]};
		simulate(&l1, &l2, curves);
		stride_find_ways(curves, CURVES, found);
		cr_assert_eq(found[0].ways, caches[i].ways[0], "cache %zu: L1 %d", i, found[0].ways);
		/* With fewer ways than the first level, the second is left together with the first: emitted as unknown.
		 */
		int second = caches[i].ways[1] < caches[i].ways[0] ? caches[i].ways[0] : caches[i].ways[1];
		cr_assert_eq(found[1].ways, second, "cache %zu: L2 %d", i, found[1].ways);
		/* The smallest stride tried that covers all sets. */
		size_t way = strides[0];
		for (size_t c = 0; c < CURVES && way < l1.sets * 64; c++)
			way = strides[c];
		cr_assert_eq(found[0].way_bytes, way, "cache %zu: %zu", i, found[0].way_bytes);
	}
}

/* A second level whose sets a hash chooses has no step; one disturbed curve does not change the answer. */
Test(stride, ways_of_hashed_and_disturbed_caches)
{
	static struct level l1, l2;
	struct stride_curve curves[CURVES];
	struct stride_ways found[STRIDE_LEVELS];
	l1 = (struct level){.sets = 64, .ways = 12};
	l2 = (struct level){.sets = 1024, .ways = 16, .hashed = true};
	simulate(&l1, &l2, curves);
	stride_find_ways(curves, CURVES, found);
	cr_assert_eq(found[0].ways, 12);
	cr_assert_eq(found[1].ways, 0, "%d", found[1].ways);
	l2.hashed = false;
	simulate(&l1, &l2, curves);
	curves[1].ns[11] *= 2;
	curves[3].ns[4] *= 5;
	stride_find_ways(curves, CURVES, found);
	cr_assert_eq(found[0].ways, 12, "%d", found[0].ways);
	cr_assert_eq(found[1].ways, 16, "%d", found[1].ways);
	/* Nothing measured, nothing found. */
	for (int i = 0; i < STRIDE_LINES; i++)
		for (size_t c = 0; c < CURVES; c++)
			curves[c].ns[i] = (double)NAN;
	stride_find_ways(curves, CURVES, found);
	cr_assert(found[0].ways == 0 && found[1].ways == 0);
	stride_find_ways(NULL, 0, found);
	cr_assert(found[0].ways == 0 && found[1].ways == 0);
}

Test(stride, reach_of_prefetchers)
{
	struct stride_pair pairs[] = {{64, 5, 100}, {128, 10, 100}, {256, 70, 100}, {512, 95, 100}, {1024, 40, 100}};
	int beyond = 0;
	cr_assert_eq(stride_find_reach(pairs, 5, &beyond), 256, "not past a stride without help");
	cr_assert_not(beyond);
	cr_assert_eq(stride_find_reach(pairs, 3, &beyond), 256);
	cr_assert(beyond);
	pairs[0].in_order_ns = 99;
	cr_assert_eq(stride_find_reach(pairs, 5, &beyond), 0, "none");
	cr_assert_not(beyond);
	cr_assert_eq(stride_find_reach(pairs, 0, &beyond), 0);
	cr_assert_not(beyond);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[300];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	cr_assert(f, "%s", path);
	(void)fputs(text, f);
	(void)fclose(f);
}

/* sysfs lists the instruction cache beside the data cache of the first level. */
Test(stride, ways_that_the_system_tells)
{
	static const char *const caches[][3] = {{"1", "Instruction", "8"}, {"1", "Data", "12"}, {"2", "Unified", "16"}};
	char root[] = "/tmp/stride-XXXXXX", dir[200], command[300];
	cr_assert(mkdtemp(root));
	for (int i = 0; i < 3; i++) {
		(void)snprintf(dir, sizeof(dir), "%s/sys/devices/system/cpu/cpu3/cache/index%d", root, i);
		for (char *slash = dir + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
			*slash = '\0';
			(void)mkdir(dir, 0755);
			*slash = '/';
		}
		cr_assert_eq(mkdir(dir, 0755), 0, "%s", dir);
		put(dir, "level", caches[i][0]);
		put(dir, "type", caches[i][1]);
		put(dir, "ways_of_associativity", caches[i][2]);
	}
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	cr_assert_eq(stride_ways_told(fd, 3, 1), 12);
	cr_assert_eq(stride_ways_told(fd, 3, 2), 16);
	cr_assert_eq(stride_ways_told(fd, 3, 3), 0);
	cr_assert_eq(stride_ways_told(fd, 2, 1), 0);
	(void)close(fd);
	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

/* ---- the benchmark ---- */

static const struct mw_record *find(const struct test_context *t, const char *name, const char *metric, const char *key,
				    int64_t value)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0 &&
		    mw_kv_int(&r->params, key, -1) == value)
			return r;
	}
	return NULL;
}

Test(stride, records)
{
	const char *const options[] = {"--size=2M", "--strides=4K,64,256", NULL};
	struct test_context t;
	struct bench_plan plan = {0};
	test_open(&t, &bench_stride, options);
	t.topo->host.l2_bytes = 64 << 10; /* 2 MiB are more than four times these caches */
	t.topo->host.l3_bytes = 256 << 10;
	t.topo->host.l3_instances = 1;
	struct bench_ctx planned = t.ctx;
	planned.team = NULL;
	bench_stride.plan(&planned, &plan);
	cr_assert_eq(plan.memory_bytes, 2 << 20);
	cr_assert_eq(test_run(&t, &bench_stride), 0, "%s", t.err);
	static const char *const orders[] = {"in-order", "random"};
	static const int64_t asked[] = {64, 256, 4096};
	size_t points = 0;
	for (size_t o = 0; o < 2; o++)
		for (size_t i = 0; i < 3; i++) {
			const struct mw_record *r = find(&t, orders[o], "latency", "stride", asked[i]);
			cr_assert(r, "%s at %lld", orders[o], (long long)asked[i]);
			cr_assert_eq(r->provenance, MW_MEASURED);
			cr_assert(r->value > 0.1 && isfinite(r->value));
		}
	for (size_t i = 0; i < t.out.n; i++)
		points += strcmp(t.out.v[i].metric, "latency") == 0;
	cr_assert_eq(points, plan.points);
	const struct mw_record *reach = find(&t, "in-order", "prefetch_reach", "size", 2 << 20);
	cr_assert(reach);
	cr_assert_eq(reach->provenance, MW_MEASURED, "%s", reach->note);
	cr_assert(strstr(mw_kv_str(&reach->observed, "in_order", ""), "4K: "), "strides in words");
	/* Chains of 1 to 24 lines at 4K; 1M x 24 does not fit. */
	for (int lines = 1; lines <= STRIDE_LINES; lines++)
		cr_assert(find(&t, "conflict", "latency", "chain_lines", lines));
	cr_assert(find(&t, "conflict", "latency", "stride", 4096));
	cr_assert_null(find(&t, "conflict", "latency", "stride", 1048576));
	size_t levels = 0;
	for (size_t i = 0; i < t.out.n; i++)
		levels += strcmp(t.out.v[i].metric, "ways") == 0 &&
			  (t.out.v[i].provenance == MW_MEASURED || t.out.v[i].note[0]);
	cr_assert_eq(levels, 3);
	/* The window of a page at stride 64, against stride 256. */
	const struct mw_record *share = find(&t, "random", "adjacent_share", "window", 4096);
	cr_assert(share && share->value > 0);
	cr_expect_eq(share->n, t.profile.max_rounds, "as many rounds as its points");
	cr_expect_eq(reach->n, t.profile.max_rounds);
	test_close(&t);
}

/* A short share has few points: walks of the largest working set, and chains of two strides. */
Test(stride, few_points_in_a_short_share)
{
	const double shares[] = {3, 30};
	unsigned points[2];
	for (size_t i = 0; i < 2; i++) {
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, &bench_stride, (const char *const[]){"--size=64M", NULL});
		mw_arenas_destroy(t.ctx.arenas);
		cr_assert_eq(mw_arenas_create(UINT64_C(1) << 30, &t.ctx.arenas), 0); /* nothing of it is touched */
		t.profile.sample_s = 0.02;
		t.profile.max_bytes = 0;
		t.ctx.share_s = shares[i];
		bench_stride.plan(&t.ctx, &plan);
		points[i] = plan.points;
		test_close(&t);
	}
	/* Five strides in both orders, and three windows at two strides. */
	cr_expect_eq(points[0], 2 * 5 + 3 * 2 + 2 * STRIDE_LINES);
	cr_expect_gt(points[1], 2 * points[0]);
}

/* Without memory for four times the caches the reach is not claimed. */
Test(stride, small_memory_has_no_reach)
{
	const char *const options[] = {"--size=1M", "--strides=64", NULL};
	struct test_context t;
	test_open(&t, &bench_stride, options);
	t.topo->host.l2_bytes = 1 << 20;
	cr_assert_eq(test_run(&t, &bench_stride), 0, "%s", t.err);
	const struct mw_record *reach = find(&t, "in-order", "prefetch_reach", "size", 1 << 20);
	cr_assert(reach);
	cr_assert_eq(reach->provenance, MW_UNAVAILABLE);
	cr_assert(strstr(reach->note, "4 times") && strstr(reach->note, "--size"), "%s", reach->note);
	test_close(&t);
}

Test(stride, refuses)
{
	static const struct {
		const char *options[4];
		const char *word;
	} bad[] = {
		{{"--size=512T"}, "more than the"}, {{"--size=3M"}, "power of two"}, {{"--strides=96"}, "power of two"},
		{{"--strides=32"}, "--strides"},    {{"--strides=64,64"}, "twice"},  {{"--pages=4M"}, "not one of 4K"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_stride, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(stride, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_stride, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_stride), MW_ECANCELLED);
	test_close(&t);
}
