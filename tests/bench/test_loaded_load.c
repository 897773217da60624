/* A window counts its own bytes, generators do what a job says, and samples are paced. */
#include "tests/bench/context.h"

#include <math.h>
#include <unistd.h>

#include "bench/loaded_work.h"

/* ---- the window: what moves outside of the timed chase is not counted ---- */

enum { MOST_EVENTS = 32 };

struct script {
	uint64_t clock_ns, moved;
	char events[MOST_EVENTS];
	size_t n;
	size_t asked[2]; /* loads of the chases */
	size_t chases;
};

static void event(struct script *s, char c)
{
	if (s->n < MOST_EVENTS - 1)
		s->events[s->n++] = c;
}

static uint64_t script_now(void *self)
{
	struct script *s = self;
	event(s, 't');
	return s->clock_ns;
}

/* Reading the counters takes 100 ns; they are read half way, and the traffic goes on at 1 block per ns. */
static uint64_t script_moved(void *self)
{
	struct script *s = self;
	event(s, 'm');
	s->clock_ns += 50;
	s->moved += 50;
	uint64_t moved = s->moved;
	s->clock_ns += 50;
	s->moved += 50;
	return moved;
}

/* The warm-up has other traffic than the timed chase. */
static void script_chase(void *self, size_t loads)
{
	struct script *s = self;
	event(s, 'c');
	s->clock_ns += 10000;
	s->moved += s->chases ? 10000 : 77777;
	if (s->chases < 2)
		s->asked[s->chases] = loads;
	s->chases++;
}

/* Looking at what disturbs takes time, in which traffic moves. */
static void script_begin(void *self)
{
	struct script *s = self;
	event(s, '(');
	s->clock_ns += 30000;
	s->moved += 123456;
}

static void script_end(void *self)
{
	struct script *s = self;
	event(s, ')');
	s->clock_ns += 30000;
	s->moved += 123456;
}

Test(loaded_load, window_counts_its_own_bytes)
{
	struct script s = {.clock_ns = 5000, .moved = 999};
	const struct load_machine m = {&s, script_now, script_moved, script_chase, script_begin, script_end};
	struct load_window w;
	load_window_take(&m, 64, 320, 3, &w);
	cr_expect_str_eq(s.events, "c(tmtctmt)");
	cr_expect_eq(s.asked[0], 64);
	cr_expect_eq(s.asked[1], 320);
	cr_expect_float_eq(w.latency_ns, 10000.0 / 320, 1e-9);
	cr_expect_float_eq(w.bandwidth, 768, 1e-9, "%g: 1 block of 768 byte per ns", w.bandwidth);
	/* Three generators, a turn of 4 blocks each at either end, of 10100 blocks counted. */
	cr_expect_float_eq(w.error, 12.0 / 10100, 1e-12);
}

Test(loaded_load, window_without_generators)
{
	struct script s = {.clock_ns = 5000};
	const struct load_machine m = {&s, script_now, script_moved, script_chase, script_begin, script_end};
	struct load_window w;
	load_window_take(&m, 64, 320, 0, &w);
	cr_expect_null(strchr(s.events, 'm'));
	cr_expect_eq(w.bandwidth, 0);
	cr_expect_eq(w.error, 0);
	cr_expect_float_eq(w.latency_ns, 10000.0 / 320, 1e-9);
}

/* ---- generators ---- */

enum { BLOCKS = 50 }; /* no multiple of a turn */

static struct {
	_Atomic uint64_t blocks, calls;
	_Atomic size_t pause;
	_Atomic int outside; /* a call that was not within the region */
	const char *base;
	bool lazy; /* does not write */
	bool slow; /* the first call takes long */
} seen;

static uint64_t recorded(void *to, const void *from, uint64_t value, size_t blocks, size_t pause)
{
	const char *t = to, *f = from, *split = seen.base + BLOCKS * 8 * 64;
	if (seen.slow && atomic_load(&seen.calls) == 0)
		(void)usleep(100000);
	atomic_fetch_add(&seen.blocks, blocks);
	atomic_fetch_add(&seen.calls, 1);
	atomic_store(&seen.pause, pause);
	if (f < seen.base || f + blocks * 8 * 64 > split || t < split || t + blocks * 4 * 64 > split + BLOCKS * 4 * 64)
		atomic_store(&seen.outside, 1);
	return seen.lazy ? 0 : mw_traffic_portable.fn[MW_MIX_75](to, from, value, blocks, pause);
}

static int run_job(struct test_context *t, struct load_job *j, struct load_region *r)
{
	static struct load_generator generator;
	static const int generator_of[] = {-1, 0};
	static void *chain[2];
	chain[0] = chain;
	static void *at;
	at = chain;
	generator.region = r;
	memset(&seen, 0, sizeof(seen));
	seen.base = r->base;
	*j = (struct load_job){.team = t->ctx.team,
			       .generator_of = generator_of,
			       .members = 2,
			       .generators = &generator,
			       .n = 1,
			       .traffic = recorded,
			       .mix = MW_MIX_75,
			       .pause = 321,
			       .value = 7,
			       .warm = 32,
			       .loads = 3200000,
			       .chase = &at};
	return 0;
}

Test(loaded_load, generators_follow_the_job)
{
	struct test_context t;
	struct load_region r = {.bytes = BLOCKS * LOAD_BLOCK_BYTES};
	struct load_job j;
	test_open(&t, bench_table[0], NULL);
	if (mw_team_size(t.ctx.team) < 2)
		cr_skip_test("one CPU");
	r.base = aligned_alloc(64, r.bytes);
	memset(r.base, 1, r.bytes);
	cr_assert_eq(run_job(&t, &j, &r), 0);
	cr_assert_eq(load_run(&j, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_expect_eq(atomic_load(&seen.pause), 321);
	cr_expect_eq(atomic_load(&seen.outside), 0);
	cr_expect_eq(atomic_load(&j.generators[0].moved), atomic_load(&seen.blocks), "blocks that the kernel moved");
	cr_expect_geq(atomic_load(&seen.blocks), BLOCKS, "all of the region, with its last turn");
	cr_expect_eq(r.at, atomic_load(&seen.blocks) % BLOCKS, "the next job goes on there");
	cr_expect_gt(j.window.latency_ns, 0);
	for (size_t i = load_region_split(&r, MW_MIX_75); i < r.bytes; i += 8) {
		uint64_t word;
		memcpy(&word, r.base + i, sizeof(word));
		cr_assert_eq(word, 7, "line %zu of the stored part", i / 64);
	}
	/* A kernel that does not store is noticed. */
	cr_assert_eq(run_job(&t, &j, &r), 0);
	seen.lazy = true;
	j.value = 9;
	cr_expect_eq(load_run(&j, t.err, sizeof(t.err)), MW_EVERIFY);
	cr_expect(strstr(t.err, "75:25"), "%s", t.err);
	free(r.base);
	test_close(&t);
}

/* Each window begins after traffic moved with the pause that it was given, and ends before the traffic does. */
static struct {
	int windows, idle, ended, other_pause;
	uint64_t moved;
} around;

static int watch_windows(void *self, struct load_job *j)
{
	(void)self;
	uint64_t moved = atomic_load(&j->generators[0].moved);
	around.idle += moved <= around.moved;
	around.ended += atomic_load(&j->stop) != 0;
	around.other_pause += atomic_load(&seen.pause) != atomic_load(&j->pause);
	around.moved = moved;
	atomic_store(&j->pause, atomic_load(&j->pause) + 1);
	return ++around.windows < 5;
}

Test(loaded_load, traffic_begins_before_a_window_and_ends_after)
{
	struct test_context t;
	struct load_region r = {.bytes = BLOCKS * LOAD_BLOCK_BYTES};
	struct load_job j;
	test_open(&t, bench_table[0], NULL);
	if (mw_team_size(t.ctx.team) < 2)
		cr_skip_test("one CPU");
	r.base = aligned_alloc(64, r.bytes);
	memset(r.base, 1, r.bytes);
	cr_assert_eq(run_job(&t, &j, &r), 0);
	seen.slow = true;
	j.loads = 32; /* much shorter than the first call of the traffic */
	j.next = watch_windows;
	cr_assert_eq(load_run(&j, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_expect_eq(around.windows, 5);
	cr_expect_eq(around.idle, 0, "%d windows without traffic before them", around.idle);
	cr_expect_eq(around.ended, 0);
	cr_expect_eq(around.other_pause, 0, "%d windows with the pause of the one before", around.other_pause);
	free(r.base);
	test_close(&t);
}

/* ---- memory of a place ---- */

static void small_run(struct test_context *t, struct loaded_run *r, struct place *p, struct load_region *regions)
{
	*p = (struct place){.arena_id = -1, .regions = regions};
	*r = (struct loaded_run){.ctx = &t->ctx, .kind = MW_PAGES_4K, .most_generators = 2};
	r->span = 1 << 20;
	r->arrays = 4 * LOADED_REGION_UNIT * 2;
	r->places = p;
	r->n_places = 1;
}

/* The chain is the one that docs and records promise: one element per 256 byte, all of a 256 KiB window before the
 * next. */
Test(loaded_load, chain_has_its_stride_and_window)
{
	struct test_context t;
	struct loaded_run r;
	struct place p;
	struct load_region regions[2];
	test_open(&t, bench_table[0], NULL);
	small_run(&t, &r, &p, regions);
	cr_assert_eq(place_take(&r, &p, t.err, sizeof(t.err)), 0, "%s", t.err);
	const size_t elements = (1 << 20) / 256, per_window = (256 << 10) / 256;
	char *seen_element = calloc(elements, 1);
	const void *const *at = p.at;
	size_t jumps = 0, neighbours = 0;
	for (size_t i = 0; i < elements; i++, at = *at) {
		size_t offset = (size_t)((const char *)at - (const char *)p.block.p), element = offset / 256;
		size_t next = (size_t)((const char *)*at - (const char *)p.block.p) / 256;
		cr_assert_lt(element, elements);
		cr_assert_eq(seen_element[element], 0, "element %zu twice", element);
		seen_element[element] = 1;
		jumps += element / per_window != next / per_window;
		neighbours += next == element + 1;
	}
	cr_expect_eq(at, p.at, "a cycle");
	cr_expect_eq(jumps, 4, "each of the four windows is left once");
	cr_expect_lt(neighbours, elements / 100, "random order");
	free(seen_element);
	mw_arena_release(t.ctx.arenas, &p.block);
	test_close(&t);
}

Test(loaded_load, regions_do_not_overlap_and_hold_no_zeros)
{
	struct test_context t;
	struct loaded_run r;
	struct place p;
	struct load_region g[2];
	test_open(&t, bench_table[0], NULL);
	small_run(&t, &r, &p, g);
	cr_assert_eq(place_take(&r, &p, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_expect_geq(g[0].base, (char *)p.block.p + r.span);
	cr_expect_eq(g[1].base, g[0].base + g[0].bytes);
	cr_expect_leq(g[1].base + g[1].bytes, (char *)p.block.p + r.span + r.arrays);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq((uintptr_t)g[i].base % 64, 0);
		cr_expect_eq(g[i].bytes / LOADED_REGION_UNIT % 2, 1, "arrays of a mix begin at other places of a page");
		for (size_t k = 0; k < g[i].bytes; k += 8) {
			uint64_t word;
			memcpy(&word, g[i].base + k, sizeof(word));
			cr_assert_neq(word, 0);
		}
	}
	mw_arena_release(t.ctx.arenas, &p.block);
	test_close(&t);
}

/* ---- paced samples on a simulated memory ---- */

static struct {
	double peak;
	size_t loads_of_last, windows, idle;
	double drift; /* the memory is faster by this factor */
	bool asleep;  /* no traffic moves */
} memory;

/* 768 byte per 12 ns and a quarter per iteration; latency rises as in a queue. */
static void simulated_window(struct load_job *j)
{
	memory.windows++;
	memory.loads_of_last = j->loads;
	if (j->n == 0) {
		memory.idle++;
		j->window = (struct load_window){.latency_ns = 100};
		return;
	}
	double gbps = memory.drift * 768 / fmax(12 + 0.25 * (double)atomic_load(&j->pause), 768 / memory.peak);
	double used = fmin(gbps / (memory.drift * memory.peak), 0.98);
	j->window = (struct load_window){100 / (1 - 0.9 * used), memory.asleep ? 0 : gbps, 0.001};
}

static int simulated(struct load_job *j, char *err, size_t n)
{
	(void)err, (void)n;
	do
		simulated_window(j);
	while (j->next && j->next(j->self, j) > 0);
	return 0;
}

struct simulation {
	struct test_context t;
	struct loaded_run run;
	struct place place;
	struct pair pair;
	struct mix_state state;
	struct load_generator generators[1];
	struct load_region regions[1];
	int generator_of[2];
	struct load_point point;
	struct metric_arg args[LOADED_METRICS];
};

static void simulate(struct simulation *s, int load)
{
	memset(s, 0, sizeof(*s));
	memset(&memory, 0, sizeof(memory));
	memory.peak = 40;
	memory.drift = 1;
	test_open(&s->t, bench_table[0], NULL);
	s->place.regions = s->regions;
	s->generator_of[0] = -1;
	s->pair = (struct pair){.place = &s->place, .members = 2, .n = 1, .generator_of = s->generator_of};
	s->run = (struct loaded_run){.ctx = &s->t.ctx, .generators = s->generators, .sample_s = 0.01};
	s->run.kernels = &mw_traffic_portable;
	s->run.take = simulated;
	s->point = (struct load_point){.run = &s->run, .pair = &s->pair, .mix = MW_MIX_100, .load = load};
	s->point.mix_state = load ? &s->state : NULL;
	s->point.found.target = (double)NAN;
	for (int k = 0; k < LOADED_METRICS; k++)
		s->args[k] = (struct metric_arg){&s->point, (enum loaded_metric)k};
}

static double take(struct simulation *s, enum loaded_metric m)
{
	double v = (double)NAN;
	cr_assert_eq(loaded_measure(&s->args[m], &v, s->t.err, sizeof(s->t.err)), 0, "%s", s->t.err);
	return v;
}

Test(loaded_load, samples_are_on_target)
{
	static const int levels[] = {10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98};
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct simulation s;
		simulate(&s, levels[i]);
		double latency = take(&s, LOADED_LATENCY), gbps = take(&s, LOADED_BANDWIDTH);
		cr_expect_float_eq(s.point.found.target, 0.4 * levels[i], 1e-6);
		cr_expect_float_eq(gbps / s.point.found.target, 1, 0.0401, "%d %%: %g", levels[i], gbps);
		cr_expect_float_eq(latency, 100 / (1 - 0.9 * fmin(gbps / 40, 0.98)), 1e-6, "of the same window");
		cr_expect_eq(s.point.found.off_target, 0);
		cr_expect_eq(s.point.found.error, 0.001);
		cr_expect_eq(memory.idle, 1, "the unloaded latency is estimated once");
		/* The last window has the length of a sample: 10 ms. */
		cr_expect_float_eq((double)memory.loads_of_last * latency, 1e7, 4e5, "%zu loads", memory.loads_of_last);
		/* Another round takes one window, and no sweep. */
		size_t before = memory.windows;
		s.point.shared.round++;
		(void)take(&s, LOADED_BANDWIDTH);
		cr_expect_eq(memory.windows, before + 1);
		/* The memory became a fifth faster: the pause follows within two rounds. */
		memory.drift = 1.2;
		for (int round = 0; round < 2; round++) {
			s.point.shared.round++;
			gbps = take(&s, LOADED_BANDWIDTH);
		}
		cr_expect_float_eq(gbps / s.point.found.target, 1, 0.0401, "%d %% after drift: %g", levels[i], gbps);
		test_close(&s.t);
	}
}

/* The memory became slower than the target: the sample is what it is, and is counted. */
Test(loaded_load, targets_that_are_out_of_reach_are_counted)
{
	struct simulation s;
	simulate(&s, 90);
	(void)take(&s, LOADED_LATENCY);
	memory.drift = 0.5;
	for (unsigned round = 1; round <= 3; round++) {
		s.point.shared.round = round;
		double gbps = take(&s, LOADED_BANDWIDTH); /* the macros evaluate their arguments twice */
		cr_expect_float_eq(gbps, 20, 1e-6);
		cr_expect_eq(s.point.found.off_target, round, "%u in round %u, pause %zu", s.point.found.off_target,
			     round, s.point.found.pause);
	}
	cr_expect_eq(s.point.found.pause, 0);
	test_close(&s.t);
}

Test(loaded_load, all_pressure_and_none)
{
	struct simulation s;
	simulate(&s, 100);
	double gbps = take(&s, LOADED_BANDWIDTH);
	cr_expect_float_eq(gbps, 40, 1e-6);
	cr_expect_eq(s.point.found.pause, 0);
	cr_expect(isnan(s.point.found.target));
	test_close(&s.t);
	simulate(&s, 0);
	double ns = take(&s, LOADED_LATENCY);
	cr_expect_float_eq(ns, 100, 1e-6);
	cr_expect_eq(memory.windows, memory.idle, "no traffic");
	test_close(&s.t);
}

/* Both metrics of a round are of one sample; the second one takes none. */
Test(loaded_load, metrics_share_a_sample)
{
	struct simulation s;
	simulate(&s, 50);
	(void)take(&s, LOADED_BANDWIDTH);
	cr_expect_not(s.point.shared.reused);
	size_t before = memory.windows;
	(void)take(&s, LOADED_LATENCY);
	cr_expect(s.point.shared.reused);
	(void)take(&s, LOADED_LATENCY);
	cr_expect(s.point.shared.reused);
	cr_expect_eq(memory.windows, before);
	(void)take(&s, LOADED_BANDWIDTH); /* a disturbed sample is repeated by the metric that took it */
	cr_expect_not(s.point.shared.reused);
	cr_expect_gt(memory.windows, before);
	test_close(&s.t);
}

Test(loaded_load, windows_without_traffic_are_no_samples)
{
	struct simulation s;
	double v;
	simulate(&s, 50);
	memory.asleep = true;
	cr_expect_eq(loaded_measure(&s.args[0], &v, s.t.err, sizeof(s.t.err)), MW_EBUDGET);
	cr_expect(strstr(s.t.err, "not scheduled"), "%s", s.t.err);
	test_close(&s.t);
}
