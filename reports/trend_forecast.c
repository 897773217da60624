#include "reports/trend_forecast.h"

#include <errno.h>
#include <math.h>

#include "base/core/stats.h"

static enum trend_verdict judge(const struct trend_interval *change)
{
	if (isnan(change->lo) || isnan(change->hi))
		return TREND_CANNOT_TELL;
	if (change->hi < 1)
		return TREND_SLOWER;
	if (change->lo > 1)
		return TREND_FASTER;
	return change->lo > 1 / TREND_KEPT_WITHIN && change->hi < TREND_KEPT_WITHIN ? TREND_KEPT : TREND_CANNOT_TELL;
}

static int split(const struct trend_points *p, double cut, double end, struct trend_points *before,
		 struct trend_points *later)
{
	int rc = 0;
	for (size_t i = 0; i < p->n && rc == 0; i++) {
		const struct trend_point *v = &p->v[i];
		if (v->date < end)
			rc = trend_points_add(v->date < cut ? before : later, v->date, v->value, v->name);
	}
	return rc;
}

static void compare(const struct trend_points *later, struct trend_forecast *out)
{
	out->later = later->n;
	for (size_t i = 0; i < later->n; i++) {
		struct trend_interval expected = trend_predict(&out->before, later->v[i].date, 0.95);
		out->above += later->v[i].value > expected.hi;
		out->below += later->v[i].value < expected.lo;
	}
	out->inside = later->n - out->above - out->below;
}

/* Mean of m later points against the old line; its variance is that of the points over m, and that of the line (Draper
 * and Smith, Applied Regression Analysis, 3rd ed., 1998, section 3.1). */
static void find_level(const struct trend_points *later, struct trend_forecast *out)
{
	const struct trend_line *l = &out->before;
	double m = (double)later->n, date = 0, log_sum = 0;
	for (size_t i = 0; i < later->n; i++) {
		date += later->v[i].date / m;
		log_sum += log2(later->v[i].value / trend_at(l, later->v[i].date)) / m;
	}
	double se = l->spread * sqrt(1 / m + 1 / (double)l->n + (date - l->mean) * (date - l->mean) / l->sxx);
	double half = mw_t_quantile(0.975, l->rate.dof) * se;
	out->level = exp2(log_sum);
	out->level_ci = (struct trend_interval){exp2(log_sum - half), exp2(log_sum + half)};
}

int trend_forecast(const struct trend_points *p, double cut, double end, struct trend_forecast *out)
{
	struct trend_points before = {0}, later = {0};
	*out = (struct trend_forecast){.change_ci = {(double)NAN, (double)NAN}, .verdict = TREND_CANNOT_TELL};
	int rc = split(p, cut, end, &before, &later);
	if (rc == 0 && (before.n < 3 || later.n == 0))
		rc = -EINVAL;
	if (rc == 0)
		rc = trend_fit(&before, &out->before);
	if (rc < 0)
		goto out;
	compare(&later, out);
	find_level(&later, out);
	rc = trend_fit(&later, &out->after);
	if (rc == 0) {
		out->change = trend_ratio(&out->after.rate, &out->before.rate);
		if (later.n > 2)
			out->change_ci = trend_factor_ci_t(&out->change, 2);
		out->verdict = judge(&out->change_ci);
	} else if (rc == -EINVAL) { /* later points of one date are compared, but have no rate */
		out->after = (struct trend_line){.n = later.n};
		out->change = (struct trend_rate){(double)NAN, (double)NAN, (double)NAN};
		rc = 0;
	}
out:
	trend_points_fini(&before);
	trend_points_fini(&later);
	return rc;
}

const char *trend_verdict_name(enum trend_verdict v)
{
	static const char *const names[] = {"kept", "slower", "faster", "cannot tell"};
	return names[v];
}
