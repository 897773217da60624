#include "base/sys/disturb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/record.h"
#include "base/sys/tree.h"

/* "cpu  user nice system idle iowait irq softirq steal ...": the eighth number. */
uint64_t mw_disturb_steal(void)
{
	char text[256];
	unsigned long long steal = 0;
	int root = mw_tree_open("/");
	if (root < 0)
		return 0;
	if (mw_tree_read(root, "proc/stat", text, sizeof(text)) <= 0 ||
	    sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
		steal = 0;
	(void)close(root);
	return steal;
}

void mw_disturb_read(struct mw_disturb *d)
{
	struct rusage usage;
	d->steal_ticks = mw_disturb_steal();
	d->switches = getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
	d->t_ns = mw_now_ns();
}

uint64_t mw_disturb_tick_ns(void)
{
	long hz = sysconf(_SC_CLK_TCK);
	return 1000000000u / (uint64_t)(hz > 0 ? hz : 100);
}

static bool switched(uint64_t switches, uint64_t ns)
{
	return switches && switches * 10000000u >= ns;
}

static bool stolen(uint64_t ticks, uint64_t ns)
{
	return ticks * mw_disturb_tick_ns() > ns / 100;
}

uint32_t mw_disturb_flags(const struct mw_disturb *before, const struct mw_disturb *after)
{
	uint32_t flags = 0;
	uint64_t ns = after->t_ns - before->t_ns;
	/* Both counters only grow; a step back would be another machine after a migration. An idle CPU steals nothing,
	 * so the sum over all CPUs is what our threads lost, and what a busy neighbour process lost. */
	uint64_t steal = after->steal_ticks > before->steal_ticks ? after->steal_ticks - before->steal_ticks : 0;
	uint64_t switches = after->switches > before->switches ? after->switches - before->switches : 0;
	if (stolen(steal, ns))
		flags |= MW_SAMPLE_STEAL;
	if (switched(switches, ns))
		flags |= MW_SAMPLE_SWITCH;
	return flags;
}

uint32_t mw_disturb_of_sample(uint32_t whole, const struct mw_timed *timed, double add_before_ns, double add_after_ns)
{
	uint32_t flags = whole;
	if (timed->ns) {
		flags &= ~(uint32_t)MW_SAMPLE_SWITCH;
		flags |= switched(timed->switches, timed->ns) ? MW_SAMPLE_SWITCH : 0;
	}
	if (timed->steal_ns) {
		flags &= ~(uint32_t)MW_SAMPLE_STEAL;
		flags |= stolen(timed->steal_ticks, timed->steal_ns) ? MW_SAMPLE_STEAL : 0;
	}
	if (timed->add_first_ns > 0) {
		add_before_ns = timed->add_first_ns;
		add_after_ns = timed->add_last_ns;
	}
	if (fabs(add_after_ns / add_before_ns - 1.0) > 0.03)
		flags |= MW_SAMPLE_FREQ;
	return flags;
}

/* Register plus register: an immediate addend is folded away at register renaming by some cores. */
static uint64_t chain_ns(unsigned iterations)
{
	uint64_t x = 1, k = 3;
	uint64_t start = mw_now_ns();
	for (unsigned i = 0; i < iterations / 8; i++) {
		__asm__ volatile("" : "+r"(k));
#define ADD                                                                                                            \
	x += k;                                                                                                        \
	__asm__ volatile("" : "+r"(x));
		ADD ADD ADD ADD ADD ADD ADD ADD
#undef ADD
	}
	return mw_now_ns() - start;
}

double mw_disturb_add_ns(void)
{
	/* The fastest of four pieces, so that an interrupt in one does not look like a slower clock. */
	enum { PIECES = 4, ITERATIONS = 16384 };
	uint64_t best = UINT64_MAX;
	for (int i = 0; i < PIECES; i++) {
		uint64_t ns = chain_ns(ITERATIONS);
		best = ns < best ? ns : best;
	}
	return (double)best / ITERATIONS;
}
