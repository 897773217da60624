/* Energy of device `ambit`, and what it costs to keep rows safe from read disturbance. */
#include <errno.h>
#include <math.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "pim/devices/ambit.h"

/* ---- keys ---- */

static int set_source(struct ambit *a, char *err, size_t n)
{
	const struct ambit_energy_table *t = a->energy_table;
	struct mw_buf b = {0};
	if (t)
		mw_buf_add(&b, "%g nJ per AAP and %g per AP for %u bytes of row%s: %s", t->aap_nj, t->ap_nj,
			   t->per_bytes, t->verified ? "" : " (unverified)", t->source);
	else if (!ambit_has_energy(a))
		mw_buf_add(&b, "no currents are known for %s", a->part.name);
	else
		mw_buf_add(&b,
			   "DRAMPower equations on %s (%u chips; rho %.3g%s); second activation 0.07 / 0.31 / 1 of the "
			   "first; %.2f per extra wordline (unverified); datasheet x %.2f / %.2f / %.2f; I/O: %s",
			   a->part.name, a->energy.chips, a->energy.chip.rho,
			   a->energy.chip.act_pj > 0 ? "" : ": activation is all in the background",
			   AMBIT_EXTRA_WORDLINE, dram_datasheet_band.min, dram_datasheet_band.typ,
			   dram_datasheet_band.max, a->io.source);
	a->energy_source = ambit_source_text(a, &b, !t);
	return a->energy_source ? 0 : mw_fail(-ENOMEM, err, n, "out of memory");
}

static void set_threshold(struct ambit *a, const struct pim_config *c)
{
	a->hc_first = *ambit_hc_first(a->timing.dram);
	if (!pim_config_text(c, "hc_first"))
		return;
	a->hc_first.low = a->hc_first.high = (uint64_t)pim_config_int(c, "hc_first");
	a->hc_first.multi = 0;
	a->hc_first.source = "key hc_first (user)";
}

int ambit_energy_open(struct ambit *a, const struct pim_config *c, char *err, size_t n)
{
	char why[MW_ERR_ROOM] = "";
	double rho = pim_config_text(c, "rho") ? pim_config_real(c, "rho") : DRAM_RHO_DEFAULT;
	bool ecc = pim_config_int(c, "ecc") || a->failures.protection == AMBIT_PROTECT_ECC;
	unsigned chips = a->geometry.chips + (ecc ? (a->geometry.chips + 7) / 8 : 0);
	const char *io = pim_config_text(c, "io");
	a->energy_table = ambit_energy_table(pim_config_text(c, "energy"));
	if (!dram_part_has_currents(&a->part)) {
		if (io)
			return mw_fail(-EINVAL, err, n, "ambit: io=%s: no currents are known for %s", io, a->part.name);
	} else {
		int rc = ambit_energy_init(&a->energy, &a->part, rho, chips, err, n);
		if (rc < 0)
			return rc == -EDOM ? -ERANGE : rc;
		rc = ambit_io_init(&a->io, &a->energy, io, why, sizeof(why));
		if (rc < 0)
			return mw_fail(rc, err, n, "ambit: %s", why);
	}
	set_threshold(a, c);
	return set_source(a, err, n);
}

/* ---- energy of counts ---- */

/* A published table prices whole commands: all of it counts as activation, and other parts have no model. */
static int table_joules(const struct ambit *a, const uint64_t *counts, enum pim_part part, struct dram_band *out)
{
	if (part != PIM_E_ACT)
		return -EOPNOTSUPP;
	*out = ambit_table_pj(a->energy_table, counts[PIM_AAP], counts[PIM_AP], ambit_row_bytes(&a->geometry));
	return 0;
}

static unsigned ranks_of(const struct ambit *a)
{
	return a->geometry.channels * a->geometry.ranks;
}

/* Time that banks are open while computing, added over banks, in ps. A copy has two banks of each rank busy. */
static uint64_t open_ps(const struct ambit *a, const uint64_t *counts)
{
	mw_wide not_open = mw_wide_mul(counts[PIM_PRE], a->timing.dram->trp) +
			   mw_wide_mul(counts[PIM_PS_COPY], 2ull * ranks_of(a));
	return counts[PIM_PS_BUSY] > not_open ? (uint64_t)(counts[PIM_PS_BUSY] - not_open) : 0;
}

static struct ambit_standing standing_of(const struct ambit *a, const uint64_t *counts)
{
	return (struct ambit_standing){
		.compute_ps = counts[PIM_PS_COMPUTE],
		.open_ps = open_ps(a, counts),
		.copy_ps = counts[PIM_PS_COPY],
		.transfer_ps = counts[PIM_PS_IN] + counts[PIM_PS_OUT] + counts[PIM_PS_RELOAD],
		.closed_ps = counts[PIM_PS_TRANSPOSE] + counts[PIM_PS_HOST],
		.ranks = ranks_of(a),
	};
}

static int equation_joules(const struct ambit *a, const uint64_t *counts, enum pim_part part, struct dram_band *out)
{
	const struct ambit_activity activity = {
		.act_first = counts[PIM_ACT_FIRST],
		.act_second = counts[PIM_ACT_SECOND],
		.extra_first = counts[PIM_EXTRA_WORDLINES_FIRST],
		.extra_second = counts[PIM_EXTRA_WORDLINES_SECOND],
		.pre = counts[PIM_PRE],
	};
	unsigned ranks = ranks_of(a);
	double reloaded = (double)counts[PIM_BYTES_RELOAD];
	double inside = (double)counts[PIM_BYTES_COPIED] + reloaded / 2;
	struct ambit_standing standing;
	switch (part) {
	case PIM_E_ACT:
	case PIM_E_ACT2:
	case PIM_E_WORDLINES:
	case PIM_E_PRE:
		*out = ambit_energy_pj(&a->energy, &activity, (enum ambit_energy_part)(part - PIM_E_ACT));
		return 0;
	case PIM_E_BACKGROUND:
		standing = standing_of(a, counts);
		*out = ambit_background_pj(&a->energy, &standing);
		return 0;
	case PIM_E_REFRESH:
		*out = ambit_refresh_pj(&a->energy, counts[PIM_PS_ELAPSED], ranks);
		return 0;
	/* A row copied over the internal bus is read and written as by the host, with an activation each. Half of what
	 * is reloaded goes out, half in. */
	case PIM_E_RD:
		*out = ambit_transfer_pj(&a->energy, (double)counts[PIM_BYTES_OUT] + inside, 0);
		return 0;
	case PIM_E_WR:
		*out = ambit_transfer_pj(&a->energy, (double)counts[PIM_BYTES_IN] + inside, 1);
		return 0;
	case PIM_E_IO:
		if (!a->io.known)
			return -EOPNOTSUPP;
		*out = ambit_io_pj(&a->io, &a->energy,
				   (double)counts[PIM_BYTES_IN] + (double)counts[PIM_BYTES_OUT] + reloaded);
		return 0;
	default:
		return -EOPNOTSUPP; /* the energy of a transposition unit has no source */
	}
}

int ambit_joules(void *state, const uint64_t *counts, enum pim_part part, struct pim_energy *out)
{
	const struct ambit *a = state;
	struct dram_band b = {0};
	if (!ambit_has_energy(a))
		return -EOPNOTSUPP;
	int rc = a->energy_table ? table_joules(a, counts, part, &b) : equation_joules(a, counts, part, &b);
	if (rc < 0)
		return rc;
	if (b.min < 0 || b.typ < 0 || b.max < 0)
		return -ERANGE;
	out->min_pj = b.min;
	out->typ_pj = b.typ;
	out->max_pj = b.max;
	out->source = a->energy_source;
	return 0;
}

_Static_assert(PIM_E_ACT2 - PIM_E_ACT == (int)AMBIT_E_ACT2 && PIM_E_WORDLINES - PIM_E_ACT == (int)AMBIT_E_WORDLINES &&
		       PIM_E_PRE - PIM_E_ACT == (int)AMBIT_E_PRE,
	       "activation parts are numbered alike");

/* ---- energy of one program ---- */

static void add_band(struct pim_energy *e, enum pim_part part, struct dram_band b)
{
	e->parts |= 1u << part;
	e->min_pj += b.min;
	e->typ_pj += b.typ;
	e->max_pj += b.max;
}

/* Background and refresh of all ranks while every bank runs the program once. */
static void price_standing(const struct ambit *a, const struct ambit_run *r, struct pim_energy *out)
{
	uint64_t programs = ambit_parallel(&a->timing), pre_ps = (r->counts->aap + r->counts->ap) * a->timing.dram->trp;
	const struct ambit_standing s = {
		.compute_ps = r->batch_ps, .open_ps = programs * (r->ps - pre_ps), .ranks = ranks_of(a)};
	struct dram_band b = ambit_background_pj(&a->energy, &s);
	struct dram_band refresh = ambit_refresh_pj(&a->energy, r->batch_ps, s.ranks);
	double n = (double)programs;
	add_band(out, PIM_E_BACKGROUND, (struct dram_band){b.min / n, b.typ / n, b.max / n});
	add_band(out, PIM_E_REFRESH, (struct dram_band){refresh.min / n, refresh.typ / n, refresh.max / n});
}

void ambit_price_energy(const struct ambit *a, const struct ambit_run *r, struct pim_price *price)
{
	struct pim_energy *out = &price->energy;
	const struct ambit_counts *n = r->counts;
	const struct ambit_activity activity = {n->aap + n->ap, n->aap, n->extra_first, n->extra_second,
						n->aap + n->ap};
	if (!ambit_has_energy(a))
		return;
	out->source = a->energy_source;
	if (a->energy_table) {
		add_band(out, PIM_E_ACT, ambit_table_pj(a->energy_table, n->aap, n->ap, ambit_row_bytes(&a->geometry)));
		out->missing = 1u << PIM_E_BACKGROUND | 1u << PIM_E_REFRESH;
		return;
	}
	for (unsigned i = 0; i < AMBIT_E_PARTS; i++)
		add_band(out, (enum pim_part)(PIM_E_ACT + i),
			 ambit_energy_pj(&a->energy, &activity, (enum ambit_energy_part)i));
	double commands = out->typ_pj;
	price_standing(a, r, out);
	price->standing_pj = out->typ_pj - commands;
}

/* ---- read disturbance ---- */

static enum pim_disturbance_verdict verdict(const struct ambit_hc_first *hc, uint64_t activations)
{
	if (!hc->low || !activations)
		return PIM_DISTURBANCE_UNKNOWN;
	if (activations < hc->low)
		return PIM_DISTURBANCE_SAFE;
	return activations < hc->high ? PIM_DISTURBANCE_DEPENDS : PIM_DISTURBANCE_UNSAFE;
}

/* Energy of `aps` additional AP of one wordline and of `time` more background, relative to that of the program. */
static double guard_energy(const struct ambit *a, const struct ambit_run *r, const struct pim_price *p, double aps,
			   double time)
{
	const struct ambit_activity one = {.act_first = 1, .pre = 1};
	struct pim_energy standing = {.size = sizeof(standing)};
	if (!ambit_has_energy(a))
		return (double)NAN;
	if (a->energy_table)
		return aps * ambit_table_pj(a->energy_table, 0, 1, ambit_row_bytes(&a->geometry)).typ /
		       p->energy.typ_pj;
	price_standing(a, r, &standing);
	double ap =
		ambit_energy_pj(&a->energy, &one, AMBIT_E_ACT).typ + ambit_energy_pj(&a->energy, &one, AMBIT_E_PRE).typ;
	return (aps * ap + time * standing.typ_pj) / p->energy.typ_pj;
}

/* Moving the live rows to another subarray of the bank after every so many runs. */
static void price_rotation(const struct ambit *a, const struct ambit_run *r, const struct ambit_safe *safe,
			   struct pim_price *p)
{
	const struct dram_part *d = a->timing.dram;
	struct ambit_clone_cost clone;
	p->disturbance.rotate_subarrays = safe->subarrays;
	if (safe->subarrays > a->geometry.subarrays ||
	    ambit_clone_cost(d, &a->geometry, AMBIT_CLONE_SUBARRAY, &clone) < 0)
		return;
	double rows = safe->subarrays > 1 ? p->live_rows / safe->runs_per_visit : 0;
	p->disturbance.rotate_time = rows * (double)clone.ps / (double)r->ps;
	if (!a->energy_table && ambit_has_energy(a))
		p->disturbance.rotate_energy = rows *
					       (ambit_transfer_pj(&a->energy, (double)clone.bytes, 0).typ +
						ambit_transfer_pj(&a->energy, (double)clone.bytes, 1).typ) /
					       p->energy.typ_pj;
}

void ambit_price_disturbance(const struct ambit *a, const struct ambit_run *r, const struct ambit_row_use *use,
			     struct pim_price *p)
{
	const struct ambit_hc_first *hc = &a->hc_first;
	struct pim_disturbance *d = &p->disturbance;
	struct ambit_safe safe;
	d->verdict = verdict(hc, p->window_activations);
	d->first = hc->low;
	d->first_high = hc->high;
	d->first_multi = hc->multi;
	d->source = hc->source;
	if (d->verdict == PIM_DISTURBANCE_UNKNOWN)
		return;
	ambit_keep_safe(&a->timing, r->program, use, hc->low, &safe);
	d->guard_time = safe.time_share;
	d->guard_energy = guard_energy(a, r, p, safe.refreshes, safe.time_share);
	d->refresh_rate = safe.rate;
	d->refresh_share = safe.rate_share;
	price_rotation(a, r, &safe, p);
	if (!hc->multi)
		return;
	ambit_keep_safe(&a->timing, r->program, use, hc->multi, &safe);
	d->guard_multi_time = safe.time_share;
	d->guard_multi_energy = guard_energy(a, r, p, safe.refreshes, safe.time_share);
}
