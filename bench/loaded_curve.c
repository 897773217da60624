#include "bench/loaded_curve.h"

#include <math.h>
#include <stdlib.h>

/* ---- the knee ---- */

enum which { VALUE, LOW, HIGH };

static double pick(const struct curve_value *v, enum which w)
{
	return w == VALUE ? v->value : w == LOW ? v->lo : v->hi;
}

/* Bandwidth at which the curve of these latencies crosses `limit` for good, on the line from the point before. NaN when
 * its last point is below, or a latency is not known. */
static double crossing(const struct curve_point *v, size_t n, enum which latency, double limit, double unloaded)
{
	size_t i = n;
	while (i > 0 && pick(&v[i - 1].latency, latency) >= limit)
		i--;
	if (i == n || !isfinite(limit))
		return NAN;
	for (size_t k = 0; k < n; k++)
		if (!isfinite(pick(&v[k].latency, latency)))
			return NAN;
	/* Without load there is no traffic, and the unloaded latency. */
	double x0 = i ? v[i - 1].bandwidth.value : 0, y0 = i ? pick(&v[i - 1].latency, latency) : unloaded;
	double x1 = v[i].bandwidth.value, y1 = pick(&v[i].latency, latency);
	return y1 > y0 ? x0 + (x1 - x0) * (limit - y0) / (y1 - y0) : x1;
}

/* ---- over-saturation ---- */

static void decline_of(const struct curve_point *v, size_t n, struct curve_facts *f)
{
	const struct curve_point *peak = &v[f->peak], *last = &v[n - 1];
	const struct curve_value *a = &last->bandwidth, *b = &peak->bandwidth;
	f->decline = (struct curve_value){0, NAN, NAN};
	f->oversaturated = CURVE_NO;
	if (peak == last)
		return;
	f->decline = (struct curve_value){1 - a->value / b->value, 1 - a->hi / b->lo, 1 - a->lo / b->hi};
	if (!isfinite(f->decline.hi) || !(f->decline.lo > 0))
		f->oversaturated = CURVE_UNDECIDED;
	else if (last->latency.value > peak->latency.value)
		f->oversaturated = CURVE_YES;
}

void curve_facts_of(const struct curve_point *v, size_t n, struct curve_value unloaded, struct curve_facts *out)
{
	*out = (struct curve_facts){.peak = 0};
	for (size_t i = 0; i < n; i++)
		if (v[i].bandwidth.value > v[out->peak].bandwidth.value)
			out->peak = i;
	out->rise = v[n - 1].latency.value / unloaded.value;
	out->knee.value = crossing(v, n, VALUE, CURVE_KNEE * unloaded.value, unloaded.value);
	/* The knee is earliest where latencies are high and the unloaded one is low. */
	out->knee.lo = crossing(v, n, HIGH, CURVE_KNEE * unloaded.lo, unloaded.lo);
	out->knee.hi = crossing(v, n, LOW, CURVE_KNEE * unloaded.hi, unloaded.hi);
	if (!(out->knee.lo <= out->knee.value && out->knee.value <= out->knee.hi))
		out->knee.lo = out->knee.hi = NAN;
	decline_of(v, n, out);
}

/* ---- memory_curves.csv ---- */

static int by_ratio_and_bandwidth(const void *a, const void *b)
{
	const struct curve_row *x = a, *y = b;
	if (x->read_percent != y->read_percent)
		return x->read_percent < y->read_percent ? -1 : 1;
	return (x->bandwidth > y->bandwidth) - (x->bandwidth < y->bandwidth);
}

/* As pandas writes a number that is not known: an empty cell. */
static void add_number(struct mw_buf *out, double v, const char *end)
{
	if (isfinite(v))
		mw_buf_add(out, "%.6g%s", v, end);
	else
		mw_buf_add(out, "%s", end);
}

void curve_csv(struct curve_row *v, size_t n, struct mw_buf *out)
{
	qsort(v, n, sizeof(*v), by_ratio_and_bandwidth);
	mw_buf_add(out, "read_pct_rounded,pause,bandwidth_mean,bandwidth_std,rd_percentage_actual_mean,latency_mean,"
			"latency_std,bandwidth_smooth,latency_smooth\n");
	for (size_t i = 0; i < n; i++) {
		const struct curve_row *r = &v[i];
		mw_buf_add(out, "%u,%zu,", r->read_percent, r->pause);
		add_number(out, r->bandwidth, ",");
		add_number(out, r->bandwidth_sd, ",");
		add_number(out, r->read_percent / 100.0, ",");
		add_number(out, r->latency, ",");
		add_number(out, r->latency_sd, ",");
		add_number(out, r->bandwidth, ",");
		add_number(out, r->latency, "\n");
	}
}
