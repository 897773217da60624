/* Each identity (bench, case, params, metric) has one record, also when the topology state changes during the run. */
#include "tests/bench/context.h"

#include <stdio.h>

#include "base/core/err.h"
#include "bench/rounds.h"

/* A clock that stands still, so that no round is cut short, and probes that change sides with every sample. */
static uint64_t standing(void *self)
{
	(void)self;
	return 0;
}

static double changing_sides(void *self, int threads)
{
	unsigned *probes = self;
	(void)threads;
	return (*probes)++ / 2 % 2 ? 200.0 : 50.0;
}

static void nothing(void *self)
{
	(void)self;
}

static uint32_t no_flags(void *self)
{
	(void)self;
	return 0;
}

static const struct {
	const char *name;
	const char *options[6]; /* little work: what is measured does not matter */
} benches[] = {
	{"latency", {"--sizes=16K,1M", NULL}},
	{"bandwidth", {"--size=1M", "--ops=read,write", NULL}},
	{"gemm", {"--shapes=96x64", "--tokens=1,4", NULL}},
	{"pages", {"--size=4M", NULL}},
	{"random", {"--sizes=256K", "--pages=4K", NULL}},
	{"loaded", {"--mixes=100:0,50:50", "--levels=50,100", NULL}},
	{"storage", {"--file-size=1M", "--max-depth=2", NULL}},
	{"stride", {"--size=1M", "--strides=64", NULL}},
	{"energy", {"--sample-time=0.05", NULL}},
	{"numa", {"--size=1M", NULL}},
	{"cores", {NULL}},
	{"parallelism", {"--chases=1,2,4", "--threads=1,2", NULL}},
	{"offload", {"--sizes=64K,1M", "--shapes=96x200", "--kernels=and,add32,gemv", NULL}},
};

static const char *const *options_of(const struct bench *b)
{
	static const char *const none[] = {NULL};
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (strcmp(benches[i].name, b->name) == 0)
			return benches[i].options;
	return none;
}

static void check_unique(const struct mw_records *l, size_t from)
{
	for (size_t i = from; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		char *id = mw_record_id(r);
		cr_assert_leq(r->params.n, MW_RECORD_PARAMS);
		cr_assert_leq(r->observed.n, MW_RECORD_PARAMS);
		for (size_t k = 0; k < i; k++)
			cr_assert(!mw_record_same_identity(r, &l->v[k]), "%s twice", id);
		free(id);
	}
}

/* Of a converted benchmark every record was closed, and one of its rows has the case and the metric. */
static void check_declared(const struct bench *b, const struct mw_records *l, size_t from)
{
	for (size_t i = from; b->emitter && i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		const struct mw_emit *row = b->emitter->emits;
		bool found = false;
		for (; row->metric && !found; row++)
			for (const char *const *c = row->cases; *c && !found; c++)
				found = row->metric == r->declared && strcmp(*c, r->case_name) == 0;
		cr_assert(found, "%s: %s %s is not declared", b->name, r->case_name, r->metric);
		cr_assert_null(r->row, "%s: %s %s was not closed", b->name, r->case_name, r->metric);
		cr_assert_str_eq(r->bench, b->name);
	}
}

static size_t in_state(const struct mw_records *l, size_t from, const char *state)
{
	size_t n = 0;
	for (size_t i = from; i < l->n; i++)
		n += strcmp(mw_kv_str(&l->v[i].params, "state", ""), state) == 0;
	return n;
}

Test(identity, one_record_each_in_two_states, .timeout = 300)
{
	struct mw_records all = {0};
	for (const struct bench *const *b = bench_table; *b; b++) {
		struct test_context t;
		unsigned probes = 0;
		const struct rounds_machine machine = {&probes, standing, changing_sides, nothing, no_flags};
		size_t from = all.n;
		test_open(&t, *b, options_of(*b));
		t.profile.min_rounds = t.profile.max_rounds = 8;
		t.ctx.earlier = &all;
		t.ctx.machine = &machine;
		int rc = test_run_into(&t, *b, &all);
		cr_assert(rc == 0 || rc == MW_EUNAVAILABLE, "%s: %d %s", (*b)->name, rc, t.err);
		check_unique(&all, from);
		check_declared(*b, &all, from);
		if (probes) {
			cr_assert(in_state(&all, from, "near") && in_state(&all, from, "far"), "%s: %u probes",
				  (*b)->name, probes);
			cr_assert_eq(in_state(&all, from, "one"), 0, "%s", (*b)->name);
		}
		test_close(&t);
	}
	mw_records_fini(&all);
}

/* What `run --dry-run` says of memory is no less than what is taken. */
Test(identity, memory_is_as_planned, .timeout = 300)
{
	static const struct {
		const char *name, *options[4];
	} large[] = {
		{"random", {"--sizes=16M", NULL}},
		{"stride", {"--size=32M", NULL}},
		{"bandwidth", {"--size=12M", "--ops=read", NULL}},
		{"energy", {"--sample-time=0.05", NULL}},
		{"gemm", {"--shapes=768x768", "--tokens=1", NULL}},
		{"latency", {"--sizes=48M", NULL}},
		{"offload", {"--sizes=16M", "--kernels=and", NULL}},
		{"storage", {"--file-size=1M", NULL}},
		{"numa", {"--size=6M", NULL}},
		{"cores", {"--ops=modified", NULL}},
		{"parallelism", {"--chases=1,2", "--threads=2", NULL}},
		{"loaded", {"--mixes=100:0", "--levels=100", NULL}},
	};
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		const struct bench *b = bench_find(large[i].name);
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, b, large[i].options);
		b->plan(&t.ctx, &plan);
		int rc = test_run(&t, b);
		cr_assert(rc == 0 || rc == MW_EUNAVAILABLE, "%s: %d %s", b->name, rc, t.err);
		/* Blocks are whole huge pages. */
		uint64_t taken = mw_arenas_bytes(t.ctx.arenas), most = plan.memory_bytes + 4 * (2u << 20);
		cr_expect_leq(taken, most, "%s took %llu bytes, planned %llu", b->name, (unsigned long long)taken,
			      (unsigned long long)plan.memory_bytes);
		test_close(&t);
	}
}

/* Whatever there is no time for is a record with the reason, one per identity. */
Test(identity, lack_of_time_is_reported_once, .timeout = 300)
{
	for (const struct bench *const *b = bench_table; *b; b++) {
		struct test_context t;
		size_t named = 0;
		test_open(&t, *b, options_of(*b));
		t.ctx.deadline_ns = t.ctx.start_ns;
		int rc = test_run(&t, *b);
		cr_assert(rc == 0 || rc == MW_EUNAVAILABLE || rc == MW_EBUDGET, "%s: %d %s", (*b)->name, rc, t.err);
		check_unique(&t.out, 0);
		check_declared(*b, &t.out, 0);
		for (size_t i = 0; i < t.out.n; i++)
			named += t.out.v[i].provenance != MW_UNAVAILABLE || t.out.v[i].note[0];
		cr_assert_eq(named, t.out.n, "%s: a value is absent without a reason", (*b)->name);
		test_close(&t);
	}
}

Test(identity, a_product_named_twice_is_refused)
{
	static const char *const options[][3] = {
		{"--shapes=96x64,32x32,96x64", NULL},
		{"--tokens=1,4,1", NULL},
		{"--shapes=96x64", "--tokens=8,8", NULL},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		test_refused(bench_find("gemm"), options[i], MW_ESPEC, "twice");
}
