/* Energy over a window of time: idle, or while every team member reads memory. */
#ifndef ENERGY_WINDOW_H
#define ENERGY_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys/team.h"
#include "energy/meters/meter.h"

/* An open meter and its domains. */
struct window_meter {
	const struct energy_meter *m;
	void *state;
	struct energy_domain d[METER_MAX_DOMAINS];
	size_t n;
};

struct window {
	struct energy_reading a, b; /* at its two ends */
	bool aligned;               /* both taken as a counter moved; false: no counter moved for 50 ms */
	double seconds;
	uint64_t bytes; /* read by the team inside the window; 0 when idle */
};

/* Waits until a counter has moved (updates come about once per millisecond) and returns that reading; *moved false
 * after 50 ms without. The meter's error with err. */
int window_edge(struct window_meter *w, struct energy_reading *r, bool *moved, char *err, size_t n);

/* At least `seconds` of sleep between two edges. MW_ECANCELLED once *stop (may be NULL) is set. */
int window_idle(struct window_meter *w, double seconds, const atomic_int *stop, struct window *out, char *err,
		size_t n);

/* The same while members of the team read their slices of buf over and over; member 0 reads the meter too. Loads have
 * settled before the window begins. buf: bytes, a multiple of 4096 per member. */
int window_load(struct window_meter *w, struct mw_team *team, const void *buf, size_t bytes, double seconds,
		const atomic_int *stop, struct window *out, char *err, size_t n);

#endif
