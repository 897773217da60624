#include <criterion/criterion.h>

#include <math.h>
#include <unistd.h>

#include "base/core/record.h"
#include "base/sys/disturb.h"

Test(disturb, flags_of_intervals)
{
	const uint64_t ms = 1000000, tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	const struct mw_disturb before = {.t_ns = 5 * ms, .steal_ticks = 100, .switches = 1000};
	const struct {
		uint64_t ns, steal, switches;
		uint32_t flags;
	} rows[] = {
		{10 * ms, 0, 0, 0},
		{10 * ms, 1, 0, MW_SAMPLE_STEAL},
		{100 * tick, 1, 0, 0}, /* one per cent is not above it */
		{100 * tick, 2, 0, MW_SAMPLE_STEAL},
		{10 * ms, 0, 1, MW_SAMPLE_SWITCH},
		{11 * ms, 0, 1, 0},
		{100 * ms, 0, 9, 0},
		{100 * ms, 0, 10, MW_SAMPLE_SWITCH},
		{20 * ms, 3, 5, MW_SAMPLE_STEAL | MW_SAMPLE_SWITCH},
		{1, 0, 0, 0},
		{0, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_disturb after = {.t_ns = before.t_ns + rows[i].ns,
					   .steal_ticks = before.steal_ticks + rows[i].steal,
					   .switches = before.switches + rows[i].switches};
		cr_expect_eq(mw_disturb_flags(&before, &after), rows[i].flags, "row %zu", i);
	}
	const struct mw_disturb migrated = {.t_ns = 50 * ms, .steal_ticks = 3, .switches = 1000};
	cr_expect_eq(mw_disturb_flags(&before, &migrated), 0, "a counter that went back");
}

/* What happened in the set-up of a sample is none of its flags, as far as the kernel's ticks can tell. */
Test(disturb, timed_parts_decide)
{
	enum { STEAL = MW_SAMPLE_STEAL, SWITCH = MW_SAMPLE_SWITCH, FREQ = MW_SAMPLE_FREQ };
	const uint64_t ms = 1000000;
	const struct {
		uint32_t whole;
		struct mw_timed timed;
		double before, after;
		uint32_t flags;
	} rows[] = {
		{STEAL | SWITCH, {0}, 1, 1, STEAL | SWITCH}, /* no timed part */
		{0, {0}, 1, 1.04, FREQ},
		{0, {0}, 1, 0.96, FREQ},
		{STEAL | SWITCH, {.ns = 50 * ms, .steal_ns = 51 * ms, .add_first_ns = 1, .add_last_ns = 1}, 1, 1, 0},
		{0,
		 {.ns = 50 * ms, .steal_ns = 51 * ms, .steal_ticks = 1, .add_first_ns = 1, .add_last_ns = 1},
		 1,
		 1,
		 STEAL},
		{0,
		 {.ns = 50 * ms, .switches = 5, .steal_ns = 51 * ms, .add_first_ns = 1, .add_last_ns = 1},
		 1,
		 1,
		 SWITCH},
		/* Shorter than a tick: the whole sample tells of steal, and of nothing else. */
		{STEAL | SWITCH, {.ns = ms, .add_first_ns = 1, .add_last_ns = 1}, 1, 1, STEAL},
		/* The clock changed in the set-up, or in the timed part. */
		{0, {.ns = ms, .add_first_ns = 1, .add_last_ns = 1.02}, 1, 2, 0},
		{0, {.ns = ms, .add_first_ns = 1, .add_last_ns = 1.04}, 1, 1, FREQ},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(mw_disturb_of_sample(rows[i].whole, &rows[i].timed, rows[i].before, rows[i].after),
			     rows[i].flags, "row %zu", i);
}

Test(disturb, counters_only_grow)
{
	struct mw_disturb a, b;
	mw_disturb_read(&a);
	mw_disturb_read(&b);
	cr_expect_gt(b.t_ns, a.t_ns);
	cr_expect_geq(b.steal_ticks, a.steal_ticks);
	cr_expect_geq(b.switches, a.switches);
}

Test(disturb, the_add_chain_tells_the_clock)
{
	double ns = mw_disturb_add_ns();
	cr_expect(isfinite(ns) && ns > 0, "%g", ns);
}
