/* Did a trend keep its rate? A line through the points before a date, held against those after it. */
#ifndef MW_TREND_FORECAST_H
#define MW_TREND_FORECAST_H

#include <stdbool.h>

#include "reports/trend_fit.h"

enum trend_verdict { TREND_KEPT, TREND_SLOWER, TREND_FASTER, TREND_CANNOT_TELL };

/* A rate is called kept when the whole interval of its change lies within this factor of 1. */
#define TREND_KEPT_WITHIN 1.25

struct trend_forecast {
	struct trend_line before, after;    /* after: sxx is 0 where later points have one date */
	size_t later, inside, above, below; /* points after the cut, by the 95 % interval of each (trend_predict) */
	struct trend_rate change;           /* rate after over rate before */
	struct trend_interval change_ci;    /* of it, per two years, 95 % by Student's t (Welch); NaN: none */
	enum trend_verdict verdict;
	/* Geometric mean of the later points over the old line, and its 95 % interval, from the spread of the points
	 * and the uncertainty of the line. An interval wholly below 1: the points lie lower than the line predicted. */
	double level;
	struct trend_interval level_ci;
};

/* before: date < cut; later: cut <= date < end. -EINVAL: fewer than three points or one date before the cut, or no
 * point after it; -ENOMEM. Slower and faster: the interval of the change excludes 1. Kept: it holds 1 and lies within
 * TREND_KEPT_WITHIN. Else: cannot tell. */
int trend_forecast(const struct trend_points *p, double cut, double end, struct trend_forecast *out);

const char *trend_verdict_name(enum trend_verdict v);

#endif
