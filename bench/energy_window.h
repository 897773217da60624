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
	bool aligned; /* both readings were taken when a counter had just changed; false: none changed for 50 ms */
	double seconds;
	uint64_t bytes; /* bytes that the team read inside the window; 0 when idle */
};

/* Waits until a counter changes (about once per millisecond) and returns that reading; *moved is false when none
 * changed for 50 ms. 0, or the meter's error with a line in err. */
int window_edge(struct window_meter *w, struct energy_reading *r, bool *moved, char *err, size_t n);

/* Measures at least `seconds` of sleep, from edge to edge. MW_ECANCELLED once *stop is set (stop may be NULL). */
int window_idle(struct window_meter *w, double seconds, const atomic_int *stop, struct window *out, char *err,
		size_t n);

/* The same while all members of the team read their slices of buf repeatedly; member 0 also reads the meter. The load
 * runs for a settling time before the window. bytes: at least 4096 per member. */
int window_load(struct window_meter *w, struct mw_team *team, const void *buf, size_t bytes, double seconds,
		const atomic_int *stop, struct window *out, char *err, size_t n);

#endif
