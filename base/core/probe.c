#include "base/core/probe.h"

#include <math.h>

#include "base/core/clock.h"

enum { STOP = UINT32_MAX, CHECK_EVERY = 4096 };

void mw_probe_init(struct mw_probe *p, uint32_t trips, uint64_t limit_ns)
{
	atomic_init(&p->turn, 0);
	p->trips = trips;
	p->limit_ns = limit_ns;
	p->elapsed_ns = 0;
	p->done = 0;
}

/* Waits until turn == want. false when time ran out or the other side stopped. */
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

void mw_probe_side(struct mw_probe *p, int side)
{
	uint64_t start = mw_now_ns();
	uint64_t deadline = start + p->limit_ns;
	uint32_t warm = p->trips / 8 + 1; /* the first trips include the wake-up of the other side */
	for (uint32_t i = 0; i < warm + p->trips; i++) {
		if (!wait_turn(p, 2 * i + (uint32_t)side, deadline)) {
			atomic_store_explicit(&p->turn, STOP, memory_order_release);
			break;
		}
		if (side == 0 && i == warm)
			start = mw_now_ns();
		if (side == 0)
			p->done = i > warm ? i - warm : 0;
		atomic_store_explicit(&p->turn, 2 * i + (uint32_t)side + 1, memory_order_release);
	}
	if (side == 0)
		p->elapsed_ns = mw_now_ns() - start;
}

double mw_probe_one_way_ns(const struct mw_probe *p)
{
	if (p->done == 0)
		return NAN;
	return (double)p->elapsed_ns / (2.0 * p->done);
}
