/* The benchmark `counters` with a kernel whose counts are known: each pass of the program costs the given bytes. */
#include "tests/bench/context.h"

#include <errno.h>

#include "bench/counters.h"
#include "tests/energy/fixture.h"

extern const struct bench bench_counters;

/* Every reading of an event adds a step, so that the difference around a pass is one step. */
enum { FDS = 64 };

struct fake {
	atomic_int n, open;
	int refuse_threads, refuse_units, broken; /* -errno; broken: of every read */
	uint64_t step[FDS];                       /* set when it is opened */
	_Atomic uint64_t count[FDS], reads[FDS];
	uint64_t share; /* of 4 quarters: how long an event of a thread is on a counter */
};

static struct fake fake;
static const char *root;

enum { READ_MISSES = 1000, WRITE_MISSES = 500, CYCLES = 8000, STALLED = 6000, READS = 300000, WRITES = 100000 };

static uint64_t step_of(const struct perf_event_attr *a, int cpu)
{
	if (cpu >= 0)
		return a->config == 0x0304 ? READS : WRITES;
	if (a->type == PERF_TYPE_HARDWARE)
		return a->config == PERF_COUNT_HW_CPU_CYCLES ? CYCLES : STALLED;
	return a->config == 0x10002 ? READ_MISSES : a->config == 0x10102 ? WRITE_MISSES : 0;
}

static int fake_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	struct fake *f = self;
	int refuse = cpu < 0 ? f->refuse_threads : f->refuse_units;
	if (refuse)
		return refuse;
	int fd = atomic_fetch_add(&f->n, 1);
	cr_assert_lt(fd, FDS);
	f->step[fd] = step_of(attr, cpu);
	atomic_fetch_add(&f->open, 1);
	return fd;
}

static int fake_read(void *self, int fd, struct mw_counter_value *out)
{
	struct fake *f = self;
	if (f->broken)
		return f->broken;
	uint64_t reads = atomic_fetch_add(&f->reads[fd], 1) + 1;
	out->count = atomic_fetch_add(&f->count[fd], f->step[fd]) + f->step[fd];
	out->enabled_ns = 400 * reads;
	out->running_ns = 100 * f->share * reads;
	return 0;
}

static void fake_close(void *self, int fd)
{
	struct fake *f = self;
	(void)fd;
	atomic_fetch_sub(&f->open, 1);
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	static struct mw_counter_sys sys;
	sys = (struct mw_counter_sys){&fake, fake_open, fake_read, fake_close};
	return counters_begin(ctx, sink, &sys, root, state, err, n);
}

static void run_it(struct test_context *t)
{
	struct bench b = bench_counters;
	b.begin = begin;
	test_open(t, &b, NULL);
	t->topo->host.llc_total_bytes = 1u << 20;
	int rc = test_run(t, &b);
	cr_assert_eq(rc, 0, "%d %s", rc, t->err);
	cr_assert_eq(t->out.n, 20, "4 streams with 5 metrics each: %zu", t->out.n);
	cr_assert_eq(atomic_load(&fake.open), 0, "all counters are closed");
}

static const struct mw_record *find(const struct test_context *t, const char *name, const char *stores,
				    const char *metric)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0 &&
		    strcmp(mw_kv_str(&r->params, "stores", ""), stores) == 0)
			return r;
	}
	cr_assert_fail("%s %s %s", name, stores, metric);
	return NULL;
}

static void expect_value(const struct test_context *t, const char *name, const char *stores, const char *metric,
			 double value)
{
	const struct mw_record *r = find(t, name, stores, metric);
	cr_expect_eq(r->provenance, MW_MEASURED, "%s: %s", metric, r->note);
	cr_expect_float_eq(r->value, value, value * 1e-9, "%s: %g instead of %g", metric, r->value, value);
}

static void expect_no_value(const struct test_context *t, const char *metric, const char *why)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (strcmp(r->metric, metric) != 0)
			continue;
		cr_expect_eq(r->provenance, MW_UNAVAILABLE, "%s", metric);
		cr_expect(strstr(r->note, why), "'%s' lacks '%s'", r->note, why);
	}
}

static void make_root(void)
{
	static const char *const files[][2] = {
		{"type", "21"},
		{"cpumask", "0"},
		{"format/event", "config:0-7"},
		{"format/umask", "config:8-15"},
		{"events/cas_count_read", "event=0x04,umask=0x03"},
		{"events/cas_count_write", "event=0x04,umask=0x0c"},
	};
	root = tree_make();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (int unit = 0; unit < 2; unit++) {
			char path[120];
			(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/uncore_imc_%d/%s", unit,
				       files[i][0]);
			tree_put(root, path, "%s", files[i][1]);
		}
	memset(&fake, 0, sizeof(fake));
	fake.share = 4;
}

static void remove_root(void)
{
	tree_remove(root);
}

TestSuite(bench_counters, .init = make_root, .fini = remove_root);

Test(bench_counters, counts_become_records)
{
	struct test_context t;
	run_it(&t);
	double threads = mw_team_size(t.ctx.team), half = 2u << 20; /* 4 x 1 MiB in two arrays */
	expect_value(&t, "read", "", "program_bytes", half);
	expect_value(&t, "write", "ordinary", "program_bytes", half);
	expect_value(&t, "copy", "nt", "program_bytes", 2 * half);
	expect_value(&t, "copy", "ordinary", "miss_bytes", threads * (READ_MISSES + WRITE_MISSES) * 64);
	expect_value(&t, "copy", "ordinary", "controller_bytes", 2.0 * (READS + WRITES) * 64);
	expect_value(&t, "copy", "ordinary", "controller_ratio", 2.0 * (READS + WRITES) * 64 / (2 * half));
	expect_value(&t, "read", "", "controller_ratio", 2.0 * (READS + WRITES) * 64 / half);
	expect_value(&t, "read", "", "stall_share", (double)STALLED / CYCLES);
	const struct mw_record *r = find(&t, "read", "", "controller_bytes");
	cr_expect_str_eq(mw_kv_str(&r->observed, "controllers", ""), "2 of uncore_imc");
	test_close(&t);
}

Test(bench_counters, memory_is_as_planned)
{
	struct test_context t;
	struct bench_plan plan = {0};
	run_it(&t);
	bench_counters.plan(&t.ctx, &plan);
	cr_expect_eq(plan.points, t.out.n);
	cr_expect_eq(plan.memory_bytes, 4u << 20);
	cr_expect_gt(mw_arenas_bytes(t.ctx.arenas), 0);
	cr_expect_leq(mw_arenas_bytes(t.ctx.arenas), plan.memory_bytes + (2u << 20), "whole huge pages");
	test_close(&t);
}

Test(bench_counters, shared_counters_are_scaled)
{
	struct test_context t;
	fake.share = 1;
	run_it(&t);
	double threads = mw_team_size(t.ctx.team);
	expect_value(&t, "read", "", "miss_bytes", 4 * threads * (READ_MISSES + WRITE_MISSES) * 64);
	expect_value(&t, "read", "", "stall_share", (double)STALLED / CYCLES);
	test_close(&t);
}

Test(bench_counters, what_cannot_be_counted_says_why)
{
	struct test_context t;
	fake.refuse_units = -EACCES;
	run_it(&t);
	expect_no_value(&t, "controller_bytes", "may not be counted");
	expect_no_value(&t, "controller_ratio", "may not be counted");
	cr_expect_eq(find(&t, "read", "", "miss_bytes")->provenance, MW_MEASURED);
	cr_expect_eq(find(&t, "read", "", "program_bytes")->provenance, MW_MEASURED);
	test_close(&t);
}

Test(bench_counters, nothing_is_streamed_where_nothing_counts)
{
	struct test_context t;
	fake.refuse_threads = -EOPNOTSUPP;
	fake.refuse_units = -ENODEV;
	run_it(&t);
	expect_no_value(&t, "program_bytes", "nothing to compare with");
	expect_no_value(&t, "miss_bytes", "does not count read misses");
	expect_no_value(&t, "stall_share", "does not count cycles");
	cr_expect_eq(atomic_load(&fake.n), 0);
	test_close(&t);
}

/* An event that never gets a hardware counter (a watchdog holds it) has no value, not 0. */
Test(bench_counters, an_event_without_time_is_no_zero)
{
	struct test_context t;
	fake.share = 0;
	run_it(&t);
	expect_no_value(&t, "miss_bytes", "no time");
	expect_no_value(&t, "controller_ratio", "no time");
	test_close(&t);
}

Test(bench_counters, a_counter_that_breaks_has_no_value)
{
	struct test_context t;
	fake.broken = -EIO;
	run_it(&t);
	expect_no_value(&t, "controller_bytes", "Input/output error");
	test_close(&t);
}
