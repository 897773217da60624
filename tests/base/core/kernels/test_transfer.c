/* Lines between two cores: what is done to them, in which order, and what the time of a line is. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/kernels/transfer.h"
#include "base/sys/cpulist.h"
#include "base/sys/team.h"

enum { LINES = 64, STRIDE = 512 };

/* What happened, in its order. Criterion runs each test in a process of its own. */
static struct {
	char text[8192];
	size_t n;
	uint64_t clock_ns;
	void *start;
	size_t loads;
} did;

static void note(char what)
{
	cr_assert_lt(did.n, sizeof(did.text) - 1);
	did.text[did.n++] = what;
}

static void fake_write(void **line, uintptr_t pass)
{
	note('w');
	line[1] = (void *)pass;
}

static void fake_flush(void **line)
{
	note('f');
	cr_assert_not_null(*line);
}

static void fake_fence(void)
{
	note('|');
}

static void fake_read(void **line)
{
	note('r');
	cr_assert_not_null(*line);
}

/* 100 ns for each load. */
static void *fake_chase(void *p, size_t n)
{
	note('c');
	did.start = p;
	did.loads = n;
	did.clock_ns += 100 * n;
	return p;
}

static uint64_t fake_now(void)
{
	note('t');
	return did.clock_ns;
}

static const struct mw_transfer_ops fake = {fake_write, fake_flush, fake_fence, fake_read, fake_chase, fake_now};

static struct mw_transfer *open_transfer(enum mw_transfer_line line, bool faked)
{
	struct mw_transfer *t = aligned_alloc(128, sizeof(*t));
	void *memory = aligned_alloc(4096, (size_t)LINES * STRIDE);
	memset(memory, 0, (size_t)LINES * STRIDE);
	const struct mw_chain lines = {.base = memory,
				       .bytes = (size_t)LINES * STRIDE,
				       .stride = STRIDE,
				       .window = (size_t)LINES * STRIDE,
				       .seed = 3};
	cr_assert_eq(mw_transfer_init(t, &lines, line, 20, 1000000000), 0);
	if (faked)
		t->ops = &fake;
	return t;
}

static void close_transfer(struct mw_transfer *t)
{
	free(t->lines.base);
	free(t);
}

static void expect_run(size_t *at, char what, size_t n)
{
	for (size_t i = 0; i < n; i++, (*at)++)
		cr_assert_eq(did.text[*at], what, "step %zu of %s", *at, did.text);
}

Test(transfer, a_modified_line_is_written_and_not_flushed)
{
	struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, true);
	size_t at = 0;
	mw_transfer_give(t, 7);
	expect_run(&at, 'w', LINES);
	cr_assert_eq(mw_transfer_take(t, 7), 100 * LINES, "ns of all loads");
	cr_assert_str_eq(did.text + at, "tct", "only the loads are timed");
	cr_assert_eq(did.start, t->start);
	cr_assert_eq(did.loads, LINES);
	cr_assert_eq(t->wrong, 0);
	close_transfer(t);
}

/* Without the flush the taker would read its own copies, without the reads memory. */
Test(transfer, a_shared_line_is_flushed_and_then_only_read)
{
	struct mw_transfer *t = open_transfer(MW_LINE_SHARED, true);
	size_t at = 0;
	mw_transfer_give(t, 1);
	expect_run(&at, 'f', LINES);
	expect_run(&at, '|', 1);
	expect_run(&at, 'r', LINES);
	expect_run(&at, '|', 1);
	cr_assert_eq(did.n, at);
	(void)mw_transfer_take(t, 1);
	cr_assert_eq(t->wrong, 0);
	close_transfer(t);
}

/* The taker knows when the giver did not write in this pass. */
Test(transfer, an_unwritten_line_is_wrong)
{
	struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, true);
	mw_transfer_give(t, 1);
	(void)mw_transfer_take(t, 2);
	cr_assert_eq(t->wrong, LINES);
	close_transfer(t);
}

Test(transfer, the_lines_are_different_ones_and_form_one_cycle)
{
	struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, false);
	bool seen[LINES * STRIDE / 64] = {false};
	void **p = t->start;
	for (int i = 0; i < LINES; i++, p = *p) {
		size_t line = (size_t)((char *)p - (char *)t->lines.base) / 64;
		cr_assert(!seen[line]);
		seen[line] = true;
	}
	cr_assert_eq((void *)p, t->start);
	close_transfer(t);
}

Test(transfer, time_of_a_line_is_that_of_the_median_pass)
{
	struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, false);
	cr_assert(isnan(mw_transfer_ns(t)), "no pass");
	static const uint64_t passes[] = {900000, 6400, 12800, 12800, 100};
	t->done = 5;
	memcpy(t->pass_ns, passes, sizeof(passes));
	cr_assert_eq(mw_transfer_ns(t), 200.0);
	close_transfer(t);
}

static void member(void *arg, int rank, int n)
{
	(void)n;
	mw_transfer_side(arg, rank);
}

/* Both kinds on threads, with the machine's instructions. On one CPU the sides wait until the limit. */
Test(transfer, two_threads_take_turns, .timeout = 60)
{
	struct mw_cpulist mine;
	char err[160] = "";
	struct mw_team *team;
	cr_assert_eq(mw_cpulist_affinity(&mine), 0);
	int a = mw_cpulist_next(&mine, 0), b = mw_cpulist_next(&mine, a + 1);
	const int cpus[] = {a, b < 0 ? a : b};
	cr_assert_eq(mw_team_create(cpus, 2, &team, err, sizeof(err)), 0, "%s", err);
	for (int line = 0; line < MW_LINES; line++) {
		struct mw_transfer *t = open_transfer((enum mw_transfer_line)line, false);
		cr_assert_eq(mw_team_run(team, 2, member, t), 0);
		cr_assert_eq(t->wrong, 0);
		cr_assert_leq(t->done, 20);
		if (t->done) {
			cr_assert_gt(mw_transfer_ns(t), 0);
			cr_assert_eq((uintptr_t)((void **)t->start)[1], line == MW_LINE_MODIFIED ? t->done + 1 : 0);
		}
		close_transfer(t);
	}
	mw_team_destroy(team);
}

Test(transfer, ends_when_the_other_side_does_not_come, .timeout = 30)
{
	for (int side = 0; side < 2; side++) {
		struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, false);
		t->limit_ns = 1000000;
		mw_transfer_side(t, side);
		cr_assert_eq(t->done, 0);
		cr_assert(isnan(mw_transfer_ns(t)));
		mw_transfer_side(t, 1 - side); /* one that comes too late returns at once */
		cr_assert_eq(t->done, 0);
		close_transfer(t);
	}
}

Test(transfer, refuses_lines_that_the_chase_cannot_follow)
{
	struct mw_transfer *t = open_transfer(MW_LINE_MODIFIED, false);
	struct mw_chain lines = t->lines, bad = lines;
	bad.bytes = 33 * STRIDE;
	cr_expect_eq(mw_transfer_init(t, &bad, MW_LINE_MODIFIED, 1, 1), -EINVAL);
	bad = lines;
	bad.stride = 32;
	cr_expect_eq(mw_transfer_init(t, &bad, MW_LINE_MODIFIED, 1, 1), -EINVAL);
	cr_assert_eq(mw_transfer_init(t, &lines, MW_LINE_MODIFIED, 100000, 1), 0);
	cr_expect_eq(t->passes, MW_TRANSFER_PASSES);
	close_transfer(t);
}
