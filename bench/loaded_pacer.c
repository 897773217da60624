#include "bench/loaded_pacer.h"

#include <math.h>
#include <stdbool.h>

/* Within a few per cent: the curve is drawn over what was achieved, so that more precision would only cost windows. */
#define TOLERANCE 0.04
enum { MAX_WINDOWS = 12 };
#define LONGEST_PAUSE 1e9

void pacer_begin(struct pacer *p, double target, size_t pause, double slope)
{
	*p = (struct pacer){.target = target,
			    .tolerance = TOLERANCE,
			    .max_windows = MAX_WINDOWS,
			    .pause = pause,
			    .slope = slope > 0 && isfinite(slope) ? slope : 1e-3 / target};
}

/* Slope between the last two windows. Noise can make it useless: a change of more than a factor of 4 is not believed.
 */
static void update_slope(struct pacer *p, double inverse)
{
	double slope = (inverse - p->last_inverse) / ((double)p->pause - (double)p->last_pause);
	if (p->last_inverse <= 0 || p->pause == p->last_pause || !isfinite(slope) || slope <= 0)
		return;
	p->slope = fmin(fmax(slope, p->slope / 4), p->slope * 4);
}

/* A pause inside the bracket; without an upper end at most 8 times the last one. */
static double bracketed(const struct pacer *p, double next)
{
	double low = p->too_short ? (double)p->too_short - 1 : -1;
	double high = p->too_long ? (double)p->too_long : fmin(8 * (double)p->pause + 64, LONGEST_PAUSE);
	if (next > low && next < high)
		return next;
	return p->too_long ? floor((fmax(low, 0) + high) / 2) : high;
}

enum pacer_state pacer_next(struct pacer *p, double achieved)
{
	if (fabs(achieved / p->target - 1) <= p->tolerance)
		return PACER_HELD;
	if (++p->windows >= p->max_windows)
		return PACER_GAVE_UP;
	bool too_short = achieved > p->target;
	if (!too_short && p->pause == 0)
		return PACER_UNREACHABLE;
	if (too_short && p->pause + 1 > p->too_short)
		p->too_short = p->pause + 1;
	if (!too_short && (p->too_long == 0 || p->pause < p->too_long))
		p->too_long = p->pause;
	if (p->too_short && p->too_long && p->too_long <= p->too_short)
		return PACER_GAVE_UP;
	double inverse = achieved > 0 ? 1 / achieved : 1e3 / p->target;
	update_slope(p, inverse);
	p->last_pause = p->pause;
	p->last_inverse = inverse;
	double next = bracketed(p, round((double)p->pause + (1 / p->target - inverse) / p->slope));
	if (next == (double)p->last_pause)
		next += too_short ? 1 : -1;
	p->pause = (size_t)fmax(next, 0);
	return PACER_SEEKING;
}

size_t pacer_sweep_next(const struct pacer_sweep *s, double least, int *more)
{
	const size_t room = sizeof(s->pause) / sizeof(s->pause[0]);
	*more = s->n < room && (s->n == 0 || s->bandwidth[s->n - 1] >= least * pacer_sweep_peak(s));
	return s->n == 0 ? 0 : (size_t)1 << (s->n - 1);
}

double pacer_sweep_peak(const struct pacer_sweep *s)
{
	double peak = 0;
	for (size_t i = 0; i < s->n; i++)
		peak = fmax(peak, s->bandwidth[i]);
	return peak;
}

void pacer_sweep_start(const struct pacer_sweep *s, double target, size_t *pause, double *slope)
{
	*pause = 0;
	*slope = 0;
	for (size_t i = s->n; i-- > 1;) {
		double x0 = (double)s->pause[i - 1], x1 = (double)s->pause[i];
		double y0 = 1 / s->bandwidth[i - 1], y1 = 1 / s->bandwidth[i], y = 1 / target;
		if (!(y1 > y0))
			continue;
		if (*slope <= 0)
			*slope = (y1 - y0) / (x1 - x0); /* of the longest pauses, where nothing hides them */
		if (y < y0)
			continue;
		/* From here down, the first piece that begins below the target; beyond the sweep it is extended. */
		*slope = (y1 - y0) / (x1 - x0);
		*pause = (size_t)fmax(round(x0 + (y - y0) / *slope), 0);
		return;
	}
}
