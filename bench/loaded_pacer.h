/* Finds the pause between blocks of traffic with which generators reach a bandwidth. Pure arithmetic: the caller takes
 * a window with the pause asked for and reports what was achieved.
 *
 * The time per byte, 1 / bandwidth, grows about linearly with the pause, so the next pause is found by the secant
 * method, within the bracket of pauses that were too short and too long. */
#ifndef MW_LOADED_PACER_H
#define MW_LOADED_PACER_H

#include <stddef.h>

enum pacer_state {
	PACER_SEEKING,     /* take a window with `pause` */
	PACER_HELD,        /* the last window was within the tolerance */
	PACER_UNREACHABLE, /* even without a pause the bandwidth is too low */
	PACER_GAVE_UP      /* neighbouring pauses miss the target on both sides, or too many windows were needed */
};

struct pacer {
	double target;    /* wanted bandwidth; any unit */
	double tolerance; /* of achieved / target - 1 */
	unsigned max_windows;
	size_t pause;
	double slope; /* change of 1 / bandwidth per iteration of the pause; > 0 */
	/* Private. */
	size_t too_short, too_long; /* longest pause that was too short + 1, shortest that was too long; 0: none */
	size_t last_pause;
	double last_inverse; /* 0: none */
	unsigned windows;
};

/* pause, slope: where to start, from a sweep or from the last time. */
void pacer_begin(struct pacer *p, double target, size_t pause, double slope);
/* achieved: bandwidth of the window that was taken with p->pause. While it returns PACER_SEEKING, p->pause is the next
 * one to try. */
enum pacer_state pacer_next(struct pacer *p, double achieved);

/* A sweep over pauses, from 0 on. */
struct pacer_sweep {
	size_t n;
	size_t pause[32]; /* ascending */
	double bandwidth[32];
};

/* Next pause of a sweep: 0, 1, 2, 4, ... *more = 0 when the last bandwidth is below `least` times the highest one, or
 * the sweep is full. */
size_t pacer_sweep_next(const struct pacer_sweep *s, double least, int *more);
double pacer_sweep_peak(const struct pacer_sweep *s); /* highest bandwidth; 0 when empty */
/* Where to start for that bandwidth: the longest pause of the sweep's straight pieces that gives it. slope: see struct
 * pacer. */
void pacer_sweep_start(const struct pacer_sweep *s, double target, size_t *pause, double *slope);

#endif
