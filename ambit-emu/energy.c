#include "ambit-emu/energy.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/err.h"

static const struct dram_band kappa = {.min = 0.07, .typ = 0.31, .max = 1.0};

int ambit_energy_init(struct ambit_energy *e, const struct dram_part *part, double rho, unsigned chips, char *err,
		      size_t n)
{
	*e = (struct ambit_energy){.part = part, .chips = chips};
	if (!dram_part_has_currents(part))
		return mw_fail(-EOPNOTSUPP, err, n, "no currents are known for %s", part->name);
	return dram_energy(e->part, rho, &e->chip, err, n);
}

/* pJ by datasheet currents, as a band of measured currents. */
static struct dram_band datasheet(double pj)
{
	const struct dram_band *b = &dram_datasheet_band;
	return (struct dram_band){.min = pj * b->min, .typ = pj * b->typ, .max = pj * b->max};
}

static struct dram_band times(struct dram_band a, double min, double typ, double max)
{
	return (struct dram_band){.min = a.min * min, .typ = a.typ * typ, .max = a.max * max};
}

struct dram_band ambit_energy_pj(const struct ambit_energy *e, const struct ambit_activity *a,
				 enum ambit_energy_part part)
{
	struct dram_band act = datasheet(e->chip.act_pj * e->chips), pre = datasheet(e->chip.pre_pj * e->chips);
	double second = (double)a->act_second, n = (double)a->pre;
	double first_extra = AMBIT_EXTRA_WORDLINE * (double)a->extra_first;
	double second_extra = AMBIT_EXTRA_WORDLINE * (double)a->extra_second;
	switch (part) {
	case AMBIT_E_ACT:
		return times(act, (double)a->act_first, (double)a->act_first, (double)a->act_first);
	case AMBIT_E_ACT2:
		return times(act, kappa.min * second, kappa.typ * second, kappa.max * second);
	case AMBIT_E_WORDLINES:
		return times(act, first_extra + kappa.min * second_extra, first_extra + kappa.typ * second_extra,
			     first_extra + kappa.max * second_extra);
	default:
		return times(pre, n, n, n);
	}
}

struct dram_band ambit_background_pj(const struct ambit_energy *e, const struct ambit_standing *s)
{
	const struct dram_part *p = e->part;
	/* With one or more open banks power is linear in their number. mW x ps = 1e-3 pJ. */
	double one = dram_background_mw(p, e->chip.rho, 1), all = dram_background_mw(p, e->chip.rho, p->banks);
	double more = (all - one) / (p->banks - 1), refreshing = (double)p->trfc / p->trefi;
	double compute = (double)s->compute_ps, open = (double)s->open_ps / s->ranks;
	double extra = fmin(fmax(open - compute, 0), compute * (p->banks - 1));
	double working = compute + (double)s->copy_ps + (double)s->transfer_ps, closed = (double)s->closed_ps;
	double awake = one * working + more * (extra + (double)s->copy_ps) + e->chip.closed_mw * closed;
	double mw_ps = (1 - refreshing) * awake + refreshing * all * (working + closed);
	return datasheet(mw_ps * 1e-3 * e->chips * s->ranks);
}

struct dram_band ambit_refresh_pj(const struct ambit_energy *e, uint64_t elapsed_ps, unsigned ranks)
{
	return datasheet(e->chip.refresh_mw * (double)elapsed_ps * 1e-3 * e->chips * ranks);
}

struct dram_band ambit_transfer_pj(const struct ambit_energy *e, double bytes, int write)
{
	const struct dram_part *p = e->part;
	double chip_burst = dram_part_idd_bits(p) * p->burst_length / 8.0;
	double data_chips = dram_part_chips(p);
	double burst_pj = write ? e->chip.wr_pj : e->chip.rd_pj;
	double per_chip_byte = burst_pj / chip_burst + (e->chip.act_pj + e->chip.pre_pj) / p->page_bytes;
	return datasheet(bytes / data_chips * per_chip_byte * e->chips);
}

/* Ambit (MICRO 2017, Table 3), nJ per KB: not 1.6 (2 AAP), and, or 3.2 (4), nand, nor 4.0 (5), xor, xnor 5.5 (5 AAP + 2
 * AP), hence 0.8 per AAP and 0.75 per AP. pLUTo, nJ per row of 8 KB: 0.871 and 0.664 (its get_energy divides bytes by
 * 8192). */
static const struct ambit_energy_table tables[] = {
	{"ambit-table", 0.8, 0.75, 1024, false, "Ambit MICRO 2017 Table 3 divided by commands"},
	{"pluto", 0.871, 0.664, 8192, true, "CMU-SAFARI/pLUTo@74c2e3a memory_models.py class DDR4"},
};

const struct ambit_energy_table *ambit_energy_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	return NULL;
}

struct dram_band ambit_table_pj(const struct ambit_energy_table *t, uint64_t aap, uint64_t ap, uint64_t row_bytes)
{
	double nj = ((double)aap * t->aap_nj + (double)ap * t->ap_nj) * (double)row_bytes / t->per_bytes;
	return (struct dram_band){.min = nj * 1e3, .typ = nj * 1e3, .max = nj * 1e3};
}
