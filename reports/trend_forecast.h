/* Did a trend keep its rate? A line through the points before a date, held against those after it. */
#ifndef MW_TREND_FORECAST_H
#define MW_TREND_FORECAST_H

#include <stdbool.h>

#include "reports/trend_fit.h"

enum trend_verdict { TREND_KEPT, TREND_SLOWER, TREND_FASTER, TREND_CANNOT_TELL };

/* A rate within this factor of the old one, whole interval and all, is called kept. */
#define TREND_KEPT_WITHIN 1.25

struct trend_forecast {
	struct trend_line before, after;    /* after: n below 2 where there is none */
	size_t later, inside, above, below; /* points after the cut, by the 95 % interval of each (trend_predict) */
	struct trend_rate change;           /* rate after over rate before */
	struct trend_interval change_ci;    /* of it, per two years, 95 % by Student's t (Welch); NaN: none */
	enum trend_verdict verdict;
	/* Later points over the old line, geometric mean, with its 95 % interval, to which the points' spread and what
	 * is not known of the line add: below 1 as a whole, they are lower than the line foretold. */
	double level;
	struct trend_interval level_ci;
};

/* before: date < cut; later: cut <= date < end. -EINVAL: fewer than three points or one date before the cut, or no
 * point after it; -ENOMEM. Slower and faster: the interval of the change excludes 1. Kept: it holds 1 and lies within
 * TREND_KEPT_WITHIN. Else it cannot be told. */
int trend_forecast(const struct trend_points *p, double cut, double end, struct trend_forecast *out);

const char *trend_verdict_name(enum trend_verdict v);

#endif
