#include "base/core/probe.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/core/clock.h"

enum { STOP = UINT32_MAX, CHECK_EVERY = 4096 };

void mw_probe_init(struct mw_probe *p, uint32_t trips, uint64_t limit_ns)
{
	atomic_init(&p->turn, 0);
	p->per_block = trips / MW_PROBE_BLOCKS ? trips / MW_PROBE_BLOCKS : 1;
	p->limit_ns = limit_ns;
	p->blocks = 0;
	memset(p->block_ns, 0, sizeof(p->block_ns));
}

/* Waits until turn == want. False after the deadline or when the other side has stopped. */
static bool wait_turn(struct mw_probe *p, uint32_t want, uint64_t deadline)
{
	for (unsigned spins = 1;; spins++) {
		uint32_t now = atomic_load_explicit(&p->turn, memory_order_acquire);
		if (now == want)
			return true;
		if (now == STOP || (spins % CHECK_EVERY == 0 && mw_now_ns() > deadline))
			return false;
	}
}

/* Does `count` round trips, starting at turn *turn. */
static bool hand_over(struct mw_probe *p, uint32_t *turn, uint32_t count, int side, uint64_t deadline)
{
	for (uint32_t i = 0; i < count; i++, *turn += 2) {
		if (!wait_turn(p, *turn + (uint32_t)side, deadline)) {
			atomic_store_explicit(&p->turn, STOP, memory_order_release);
			return false;
		}
		atomic_store_explicit(&p->turn, *turn + (uint32_t)side + 1, memory_order_release);
	}
	return true;
}

void mw_probe_side(struct mw_probe *p, int side)
{
	uint64_t deadline = mw_now_ns() + p->limit_ns;
	uint32_t turn = 0;
	/* Warm-up: the first trips include the wake-up of the other side. */
	bool ok = hand_over(p, &turn, p->per_block, side, deadline);
	uint64_t start = mw_now_ns();
	for (uint32_t i = 0; i < MW_PROBE_BLOCKS && ok; i++) {
		ok = hand_over(p, &turn, p->per_block, side, deadline);
		if (side != 0 || !ok)
			continue;
		uint64_t now = mw_now_ns();
		p->block_ns[p->blocks++] = now - start;
		start = now;
	}
}

double mw_probe_one_way_ns(const struct mw_probe *p)
{
	uint64_t v[MW_PROBE_BLOCKS];
	if (p->blocks == 0)
		return NAN;
	for (uint32_t i = 0; i < p->blocks; i++) { /* insertion sort of at most ten */
		uint32_t k = i;
		for (; k > 0 && v[k - 1] > p->block_ns[i]; k--)
			v[k] = v[k - 1];
		v[k] = p->block_ns[i];
	}
	uint64_t median = v[p->blocks / 2];
	return (double)median / (2.0 * p->per_block);
}
