/* The scheduler of a run, with benchmarks defined here. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/schedule.h"

enum { STEPS = 400 };

/* What happened, a word each: "b0" = the first one began, "v0:2" = its third visit, "f0", "e0". */
struct log {
	char step[STEPS][8];
	size_t n;
	char complaint[400];
	char skipped[400];
	struct mw_records out;
};

static struct log seen;
static int begin_fails[2], visit_fails[2];
static int stop_at; /* after so many steps */
static bool unclosed, done_at_once;
static double left_at_visit[2];
static int samples_rc; /* of the journal */
static atomic_int stop;

static const struct mw_emit rows[] = {{MW_CASES("c"), &mw_metric_time, MW_LIST(&mw_key_size), NULL, NULL},
				      {.metric = NULL}};
static const struct mw_emitter emitter = {"toy", rows};

static void note(const char *what, int i, int number)
{
	cr_assert_lt(seen.n, STEPS);
	(void)snprintf(seen.step[seen.n++], sizeof(seen.step[0]), number < 0 ? "%s%d" : "%s%d:%d", what, i, number);
	if (stop_at && (int)seen.n == stop_at)
		atomic_store(&stop, 2);
}

static int begin(int i, void **state, char *err, size_t n)
{
	note("b", i, -1);
	if (begin_fails[i])
		return mw_fail(begin_fails[i], err, n, "cannot begin");
	*state = &begin_fails[i];
	return 0;
}

static int visit(int i, struct bench_ctx *ctx, char *err, size_t n)
{
	note("v", i, (int)ctx->visit);
	left_at_visit[i] += 1e-9 * ((double)ctx->deadline_ns - (double)mw_now_ns());
	cr_assert_eq(ctx->share_s, i ? 30 : 10);
	if (samples_rc) {
		struct mw_record point;
		mw_record_open(&point, &emitter, &rows[0], "c");
		int rc = ctx->samples->put(ctx->samples->self, &point, 1, NULL, 0);
		mw_record_fini(&point);
		return rc;
	}
	if (visit_fails[i])
		return mw_fail(visit_fails[i], err, n, "broken");
	return done_at_once ? BENCH_DONE : 0;
}

static int emit(const struct mw_sink *sink, const char *bench, int64_t size, double value)
{
	const struct mw_emitter own = {bench, rows};
	struct mw_record r;
	mw_record_open(&r, &own, &rows[0], "c");
	mw_put_int(&r, &mw_key_size, size);
	mw_record_set(&r, value, MW_MEASURED, NULL);
	if (!unclosed)
		return mw_finish(sink, &r);
	int rc = mw_emit(sink, &r);
	mw_record_fini(&r);
	return rc;
}

static int finish(int i, struct bench_ctx *ctx, const struct mw_sink *sink)
{
	note("f", i, -1);
	if (i == 1)
		cr_assert(mw_records_find(ctx->earlier, "zero", "c", "time") || atomic_load(&stop) || begin_fails[0] ||
			  unclosed);
	int rc = emit(sink, i ? "one" : "zero", 1, 10);
	if (rc == 0)
		rc = emit(sink, i ? "one" : "zero", 1, 20); /* a second one */
	return rc < 0 ? rc : emit(sink, i ? "one" : "zero", 2, 30);
}

#define TOY(i)                                                                                                         \
	static int begin##i(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)      \
	{                                                                                                              \
		(void)ctx, (void)sink;                                                                                 \
		return begin(i, state, err, n);                                                                        \
	}                                                                                                              \
	static int visit##i(struct bench_ctx *ctx, void *state, char *err, size_t n)                                   \
	{                                                                                                              \
		(void)state;                                                                                           \
		return visit(i, ctx, err, n);                                                                          \
	}                                                                                                              \
	static int finish##i(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)      \
	{                                                                                                              \
		(void)state, (void)err, (void)n;                                                                       \
		return finish(i, ctx, sink);                                                                           \
	}                                                                                                              \
	static void end##i(void *state)                                                                                \
	{                                                                                                              \
		(void)state;                                                                                           \
		note("e", i, -1);                                                                                      \
	}
TOY(0)
TOY(1)

static const struct bench zero = {.name = "zero",
				  .weight = 1,
				  .emitter = &emitter,
				  .begin = begin0,
				  .visit = visit0,
				  .finish = finish0,
				  .end = end0};
static const struct bench one = {.name = "one",
				 .weight = 3,
				 .emitter = &emitter,
				 .begin = begin1,
				 .visit = visit1,
				 .finish = finish1,
				 .end = end1,
				 .finish_share = 0.5};

static int keep(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

static int skip(void *self, const char *bench, const char *reason, bool fails)
{
	(void)self;
	(void)snprintf(seen.skipped, sizeof(seen.skipped), "%s: %s%s", bench, reason, fails ? " (fails)" : "");
	return 0;
}

static void complain(void *self, const char *line)
{
	(void)self;
	(void)snprintf(seen.complaint, sizeof(seen.complaint), "%s", line);
}

static int refuse_samples(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	(void)self, (void)point, (void)threads, (void)v, (void)n;
	return samples_rc;
}

static int run(bool named, struct mw_records *records, char *err, size_t n)
{
	static const struct bench_profile profile = {"test", 40, 0.05, 2, 3, 0.001, 1 << 20, 4};
	const struct schedule_item items[] = {{.bench = &zero, .named = named}, {.bench = &one}};
	const struct mw_sample_sink samples = {.put = refuse_samples};
	const struct schedule_hooks hooks = {.record = {keep, &seen.out},
					     .samples = samples_rc ? &samples : NULL,
					     .skip = skip,
					     .complain = complain,
					     .target = "the journal"};
	struct schedule s = {.records = records};
	uint64_t now = mw_now_ns();
	s.ctx = (struct bench_ctx){.profile = &profile, .stop = &stop, .start_ns = now};
	s.ctx.deadline_ns = now + 40000000000u;
	return schedule_run(&s, items, 2, &hooks, err, n);
}

static void expect_steps(const char *words)
{
	char text[STEPS * 8] = "";
	for (size_t i = 0; i < seen.n; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", seen.step[i]);
	cr_expect_str_eq(text, words);
}

Test(schedule, visits_in_turn)
{
	struct mw_records records = {0};
	char err[300] = "";
	cr_assert_eq(run(false, &records, err, sizeof(err)), 0, "%s", err);
	expect_steps("b0 b1 v0:0 v1:0 v0:1 v1:1 v0:2 v1:2 v0:3 v1:3 f0 f1 e0 e1");
	/* Two records each, and how long each took; what went to the hook is what the run keeps. */
	cr_expect_eq(records.n, 6);
	cr_expect_eq(seen.out.n, 6);
	cr_expect_eq(records.v[0].value, 10);
	cr_expect_str_eq(seen.complaint, "left out a second record of one.c.time{size=1}");
	cr_expect(schedule_is_end(&records.v[2], &zero) && schedule_is_end(&records.v[5], &one));
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

/* The toys take no time, so each visit is offered its share of all that is left: three times as much for three times
 * the weight, and never what the end of the second one was promised (half of three quarters of its time). */
Test(schedule, time_by_weight)
{
	struct mw_records records = {0};
	char err[300] = "";
	cr_assert_eq(run(false, &records, err, sizeof(err)), 0, "%s", err);
	cr_expect(left_at_visit[1] > 2 * left_at_visit[0], "%g and %g s", left_at_visit[0], left_at_visit[1]);
	cr_expect_lt(left_at_visit[1], 4 * 40 * 0.63);
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

Test(schedule, what_cannot_begin_is_left_out)
{
	static const int codes[] = {MW_EUNAVAILABLE, MW_EBUDGET, -ENOMEM};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct mw_records records = {0};
		char err[300] = "";
		memset(&seen, 0, sizeof(seen));
		begin_fails[0] = codes[i];
		cr_expect_eq(run(false, &records, err, sizeof(err)), 0, "%s", err);
		expect_steps("b0 b1 v1:0 v1:1 v1:2 v1:3 f1 e1");
		cr_expect_str_eq(seen.skipped, "zero: cannot begin");
		cr_expect_eq(run(true, &records, err, sizeof(err)), codes[i]);
		cr_expect_str_eq(err, "zero: cannot begin");
		mw_records_fini(&records);
		mw_records_fini(&seen.out);
	}
}

Test(schedule, a_broken_visit_ends_one_benchmark)
{
	struct mw_records records = {0};
	char err[300] = "";
	visit_fails[0] = MW_EVERIFY;
	cr_expect_eq(run(false, &records, err, sizeof(err)), MW_EVERIFY);
	expect_steps("b0 b1 v0:0 v1:0 v1:1 v1:2 v1:3 f0 f1 e0 e1");
	cr_expect_str_eq(seen.skipped, "zero: broken (fails)");
	for (size_t i = 0; i < records.n; i++)
		cr_expect_not(schedule_is_end(&records.v[i], &zero), "it did not come to its end");
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

Test(schedule, a_benchmark_that_met_the_target_is_not_visited_again)
{
	struct mw_records records = {0};
	char err[300] = "";
	done_at_once = true;
	cr_expect_eq(run(false, &records, err, sizeof(err)), 0);
	expect_steps("b0 b1 v0:0 v1:0 f0 f1 e0 e1");
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

Test(schedule, a_signal_keeps_what_was_measured)
{
	struct mw_records records = {0};
	char err[300] = "";
	stop_at = 5;
	cr_expect_eq(run(false, &records, err, sizeof(err)), MW_ECANCELLED);
	expect_steps("b0 b1 v0:0 v1:0 v0:1 f0 f1 e0 e1");
	cr_expect_eq(records.n, 4, "no end is recorded");
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

static void expect_stopped(const struct mw_record *r, const char *bench, const char *why)
{
	cr_expect_str_eq(r->bench, bench);
	cr_expect_eq(r->provenance, MW_UNAVAILABLE);
	cr_expect_str_eq(r->note, why);
	cr_expect_not(schedule_is_end(r, &zero) || schedule_is_end(r, &one), "a resumed run would leave it out");
}

/* The first was beginning when the signal came, the second had not begun. */
Test(schedule, a_signal_before_the_visits_leaves_a_reason)
{
	struct mw_records records = {0};
	char err[300] = "";
	stop_at = 1;
	begin_fails[0] = MW_ECANCELLED;
	cr_expect_eq(run(false, &records, err, sizeof(err)), MW_ECANCELLED);
	expect_steps("b0");
	cr_assert_eq(records.n, 2);
	expect_stopped(&records.v[0], "zero", "stopped before zero began");
	expect_stopped(&records.v[1], "one", "stopped before one began");
	cr_expect_eq(seen.out.n, 2, "the journal has them");
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

Test(schedule, an_unchecked_record_is_left_out)
{
	struct mw_records records = {0};
	char err[300] = "";
	unclosed = true;
	cr_expect_eq(run(false, &records, err, sizeof(err)), 0);
	cr_expect_eq(records.n, 2, "the two ends alone");
	cr_expect(strstr(seen.complaint, "not declared or not closed"), "%s", seen.complaint);
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}

/* A full disk ends the run and names the file; no benchmark is blamed for it. */
Test(schedule, samples_that_cannot_be_kept_end_the_run)
{
	struct mw_records records = {0};
	char err[300] = "";
	samples_rc = -ENOSPC;
	cr_expect_eq(run(false, &records, err, sizeof(err)), -ENOSPC);
	expect_steps("b0 b1 v0:0 e0 e1");
	cr_expect(strstr(err, "cannot write the journal: No space left"), "%s", err);
	cr_expect_str_eq(seen.skipped, "");
	mw_records_fini(&records);
	mw_records_fini(&seen.out);
}
