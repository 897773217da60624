#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "cli/measure.h"

static int emit(const struct mw_sink *sink, int64_t size, double value)
{
	struct mw_record r;
	mw_record_init(&r, "twice", "case", "rate", MW_GBPS);
	(void)mw_set_int(&r, MW_AS_PARAM, "size", size);
	mw_record_set(&r, value, MW_MEASURED, "");
	return mw_emit(sink, &r);
}

static int emit_twice(struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	(void)ctx, (void)err, (void)n;
	return emit(sink, 1, 10) + emit(sink, 2, 20) + emit(sink, 1, 30) + emit(sink, 3, 40);
}

static int keep(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

/* A second record of one identity is left out and named; the run and all others stay. */
Test(measure_records, one_per_identity)
{
	static const struct bench twice = {.name = "twice", .weight = 1, .run = emit_twice};
	const struct bench *const list[] = {&twice};
	struct mw_records out = {0};
	const struct measure_hooks hooks = {.record = {keep, &out}};
	atomic_int stop = 0;
	char err[200] = "";
	struct measure *m = calloc(1, sizeof(*m));
	cr_redirect_stderr();
	m->stop = &stop;
	cr_assert_eq(mw_topology_read("/", NULL, &m->topo, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(measure_start_team(m, err, sizeof(err)), 0, "%s", err);
	m->start_ns = mw_now_ns();
	m->deadline_ns = m->start_ns + 60000000000u;
	cr_assert_eq(measure_run(m, list, 1, NULL, NULL, NULL, &hooks, err, sizeof(err)), 0, "%s", err);
	(void)fflush(stderr);
	cr_assert_stderr_eq_str("memwall: left out a second record of twice.case.rate{size=1}\n");
	cr_assert_eq(out.n, 4, "three sizes and the time that it took");
	cr_assert_eq(m->records.n, out.n);
	for (size_t i = 0; i < 3; i++) {
		static const double values[] = {10, 20, 40};
		cr_assert_eq(out.v[i].value, values[i]);
	}
	mw_records_fini(&out);
	measure_close(m);
	free(m);
}
