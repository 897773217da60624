#include "cli/pim_ops_energy.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

/* NaN: nothing. */
static void put(struct mw_buf *text, enum ops_energy_column c, double value)
{
	if (isfinite(value))
		mw_buf_add(&text[c], "%.4g", value);
}

static void put_count(struct mw_buf *text, enum ops_energy_column c, uint64_t value)
{
	if (value)
		mw_buf_add(&text[c], "%" PRIu64, value);
}

/* Background and refresh have a model. */
static bool is_whole(const struct pim_energy *e)
{
	const uint32_t standing = 1u << PIM_E_BACKGROUND | 1u << PIM_E_REFRESH;
	return (e->parts & standing) == standing;
}

/* Watts that one rank draws in steady state: pJ / ps. */
static double watts(const struct ops_prices *p, const struct pim_price *price)
{
	if (!price || !p->ranks || !is_whole(&price->energy))
		return (double)NAN;
	return price->energy.typ_pj * (double)price->programs / (double)price->ps_batch / p->ranks;
}

/* Operations per nJ. */
static double per_watt(const struct pim_price *price)
{
	return price && price->energy.parts ? 1e3 * (double)price->lanes / price->energy.typ_pj : (double)NAN;
}

/* GOP/s in steady state per area. */
static double per_area(const struct ops_prices *p, const struct pim_price *price)
{
	if (!price)
		return (double)NAN;
	return 1e3 * (double)price->lanes * (double)price->programs / (double)price->ps_batch / p->area_mm2;
}

static void energy_cells(const struct ops_prices *p, struct mw_buf *text)
{
	const struct pim_energy *e = &p->plain->energy;
	double kb = (double)p->plain->row_bytes / 1024, lanes = (double)p->plain->lanes;
	if (!e->parts)
		return;
	put(text, E_NJ_PER_KB_MIN, kb > 0 ? e->min_pj / 1e3 / kb : (double)NAN);
	put(text, E_NJ_PER_KB_MAX, kb > 0 ? e->max_pj / 1e3 / kb : (double)NAN);
	put(text, E_PJ_PER_LANE_MIN, e->min_pj / lanes);
	put(text, E_PJ_PER_LANE_MAX, e->max_pj / lanes);
	put(text, E_STANDING_PCT, is_whole(e) ? 100 * p->plain->standing_pj / e->typ_pj : (double)NAN);
	put(text, E_W_PER_RANK_NONE, watts(p, p->none));
	put(text, E_W_PER_RANK_JEDEC, watts(p, p->jedec));
	put(text, E_GOPS_PER_W_NONE, per_watt(p->none));
	put(text, E_GOPS_PER_W_JEDEC, per_watt(p->jedec));
}

static void disturbance_cells(const struct pim_disturbance *d, struct mw_buf *text)
{
	static const char *const verdicts[] = {
		[PIM_DISTURBANCE_UNKNOWN] = "unknown",
		[PIM_DISTURBANCE_SAFE] = "safe",
		[PIM_DISTURBANCE_DEPENDS] = "depends on the chip",
		[PIM_DISTURBANCE_UNSAFE] = "unsafe",
	};
	if (!d->source)
		return;
	mw_buf_add(&text[E_DISTURBANCE], "%s", verdicts[d->verdict]);
	put_count(text, E_HC_FIRST_MIN, d->first);
	put_count(text, E_HC_FIRST_MAX, d->first_high);
	put_count(text, E_HC_FIRST_MULTI, d->first_multi);
	put(text, E_GUARD_TIME_PCT, 100 * d->guard_time);
	put(text, E_GUARD_ENERGY_PCT, 100 * d->guard_energy);
	put(text, E_GUARD_MULTI_TIME_PCT, 100 * d->guard_multi_time);
	put(text, E_GUARD_MULTI_ENERGY_PCT, 100 * d->guard_multi_energy);
	put(text, E_REFRESH_RATE, d->refresh_rate);
	put(text, E_REFRESH_SHARE_PCT, 100 * d->refresh_share);
	put_count(text, E_ROTATE_SUBARRAYS, d->rotate_subarrays);
	put(text, E_ROTATE_TIME_PCT, 100 * d->rotate_time);
	put(text, E_ROTATE_ENERGY_PCT, 100 * d->rotate_energy);
	mw_buf_add(&text[E_DISTURBANCE_SOURCE], "%s", d->source);
}

void ops_energy_cells(const struct ops_prices *p, struct mw_buf *text)
{
	energy_cells(p, text);
	put(text, E_GOPS_PER_MM2_NONE, per_area(p, p->none));
	put(text, E_GOPS_PER_MM2_JEDEC, per_area(p, p->jedec));
	disturbance_cells(&p->plain->disturbance, text);
}
