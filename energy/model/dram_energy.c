#include "energy/model/dram_energy.h"

#include <errno.h>
#include <math.h>

#include "base/core/err.h"
#include "base/core/text.h"

/* Measured chips: arXiv 2411.17960 (DDR4) and Ghose et al., SIGMETRICS 2018 (DDR3L). */
const struct dram_band dram_datasheet_band = {.min = 0.35, .typ = 0.54, .max = 1.0};

/* mA that a chip draws as soon as any bank is open (DRAMPower's I_rho). */
static double i_rho(const struct dram_part *p, double rho)
{
	return rho * (p->idd3n - p->idd2n) + p->idd2n;
}

/* mA with `open` banks open: each open bank adds an equal share of the rest up to IDD3N. */
static double i_background(const struct dram_part *p, double rho, unsigned open)
{
	if (open == 0)
		return p->idd2n;
	double shared = i_rho(p, rho);
	return shared + (p->idd3n - shared) * open / p->banks;
}

static double ns(uint32_t ps)
{
	return ps * 1e-3;
}

/* mA during tRAS of an IDD0 loop, assuming that precharging draws i_beta = IDD0 for tRP (DRAMPower). */
static double i_theta(const struct dram_part *p)
{
	double i_beta = p->idd0;
	double tras = dram_part_idd_tras_ns(p), trp = dram_part_idd_trp_ns(p);
	return (p->idd0 * (tras + trp) - i_beta * trp) / tras;
}

double dram_background_mw(const struct dram_part *p, double rho, unsigned open)
{
	return p->vdd * i_background(p, rho, open);
}

double dram_act_pre_tn4101_pj(const struct dram_part *p)
{
	double tras = dram_part_idd_tras_ns(p), trp = dram_part_idd_trp_ns(p);
	return p->vdd * (p->idd0 * (tras + trp) - p->idd3n * tras - p->idd2n * trp);
}

double dram_rho_max(const struct dram_part *p)
{
	/* Solves i_theta = i1(rho); i1, the background with one open bank, is linear in rho with slope (B - 1) (IDD3N -
	 * IDD2N) / B. */
	double at0 = i_background(p, 0.0, 1);
	double slope = i_background(p, 1.0, 1) - at0;
	double room = i_theta(p) - at0;
	if (room < 0)
		return -1.0;
	if (slope <= 0 || room >= slope)
		return 1.0;
	return room / slope;
}

struct need {
	const char *name;
	double value;
};

static int check(const struct dram_part *p, const struct need *need, size_t count, char *err, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (!(need[i].value > 0))
			return mw_fail(-EINVAL, err, n, "%s: %s must be above 0", p->name, need[i].name);
	return 0;
}

static int check_burst(const struct dram_part *p, char *err, size_t n)
{
	const struct need need[] = {
		{"VDD", p->vdd},         {"IDD3N", p->idd3n},
		{"IDD4R", p->idd4r},     {"IDD4W", p->idd4w},
		{"MT/s", p->burst_mbps}, {"burst length", p->burst_length},
		{"width", p->chip_bits}, {"channel width", p->channel_bits},
	};
	return check(p, need, sizeof(need) / sizeof(need[0]), err, n);
}

static int check_part(const struct dram_part *p, char *err, size_t n)
{
	const struct need need[] = {
		{"IDD0", p->idd0}, {"IDD2N", p->idd2n}, {"IDD5B", p->idd5b}, {"tRAS", p->tras},       {"tRP", p->trp},
		{"tRFC", p->trfc}, {"tREFI", p->trefi}, {"banks", p->banks}, {"page", p->page_bytes},
	};
	int rc = check_burst(p, err, n);
	if (rc)
		return rc;
	if (p->tras == 0 && p->trp == 0)
		return mw_fail(-EOPNOTSUPP, err, n, "%s: tRAS and tRP have no source: only bursts can be priced",
			       p->name);
	return check(p, need, sizeof(need) / sizeof(need[0]), err, n);
}

static double burst_pj(const struct dram_part *p, double idd4)
{
	return p->vdd * (idd4 - p->idd3n) * p->burst_length * 1000.0 / p->burst_mbps;
}

int dram_burst_pj(const struct dram_part *p, int write, double *pj, char *err, size_t n)
{
	int rc = check_burst(p, err, n);
	if (rc)
		return rc;
	*pj = burst_pj(p, write ? p->idd4w : p->idd4r);
	if (!(*pj >= 0))
		return mw_fail(-EDOM, err, n, "%s: %s energy is %.0f pJ: these currents do not fit the model", p->name,
			       write ? "write" : "read", *pj);
	return 0;
}

int dram_energy(const struct dram_part *p, double rho, struct dram_energy *e, char *err, size_t n)
{
	int rc = check_part(p, err, n);
	if (rc)
		return rc;
	if (rho == DRAM_RHO_DEFAULT)
		rho = fmax(dram_rho_max(p), 0.0);
	if (!(rho >= 0.0 && rho <= 1.0))
		return mw_fail(-EINVAL, err, n, "rho %g is outside 0..1", rho);

	double i_beta = p->idd0;
	/* V x mA x ns = pJ, V x mA = mW, pJ / ns = mW. */
	e->rho = rho;
	e->act_pj = p->vdd * (i_theta(p) - i_background(p, rho, 1)) * dram_part_idd_tras_ns(p);
	/* The default rho makes this term 0 on parts where IDD0 limits it; rounding may leave -1e-13. */
	if (fabs(e->act_pj) < 1e-9)
		e->act_pj = 0.0;
	e->pre_pj = p->vdd * (i_beta - p->idd2n) * dram_part_idd_trp_ns(p);
	e->rd_pj = burst_pj(p, p->idd4r);
	e->wr_pj = burst_pj(p, p->idd4w);
	e->ref_pj = p->vdd * (p->idd5b - p->idd3n) * ns(p->trfc);
	e->ref_bank_pj = e->ref_pj / p->banks;
	e->closed_mw = dram_background_mw(p, rho, 0);
	e->open_mw = dram_background_mw(p, rho, 1);
	e->refresh_mw = e->ref_pj / ns(p->trefi);

	const struct {
		const char *name;
		double value;
	} terms[] = {
		{"activation", e->act_pj}, {"precharge", e->pre_pj}, {"read", e->rd_pj},
		{"write", e->wr_pj},       {"refresh", e->ref_pj},
	};
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		if (!(terms[i].value >= 0))
			return mw_fail(-EDOM, err, n,
				       "%s: %s energy is %.0f pJ at rho %.3g: these currents do not fit the model",
				       p->name, terms[i].name, terms[i].value, rho);
	return 0;
}

static struct dram_band band(double low, double high)
{
	return (struct dram_band){
		.min = low * dram_datasheet_band.min,
		.typ = low * dram_datasheet_band.typ,
		.max = high * dram_datasheet_band.max,
	};
}

/* pJ per byte of bursts of burst_pj each, 1 - row_hit of which need an activation and a precharge. Every chip of the
 * channel takes part in a burst, so the number of chips cancels. */
static double per_byte(const struct dram_part *p, const struct dram_energy *e, double burst_pj, double row_hit)
{
	double bytes = (double)p->burst_length * dram_part_idd_bits(p) / 8.0;
	return (burst_pj + (1.0 - row_hit) * (e->act_pj + e->pre_pj)) / bytes;
}

int dram_price_traffic(const struct dram_part *p, const struct dram_traffic *t, struct dram_price *out, char *err,
		       size_t n)
{
	if (!(t->row_hit >= 0.0 && t->row_hit <= 1.0))
		return mw_fail(-EINVAL, err, n, "row-hit rate %g is outside 0..1", t->row_hit);
	if (!(t->seconds >= 0.0) || (t->seconds > 0.0 && t->ranks < 1))
		return mw_fail(-EINVAL, err, n, "%g s of background on %d ranks", t->seconds, t->ranks);
	struct dram_energy low, high;
	int rc = dram_energy(p, DRAM_RHO_DEFAULT, &low, err, n);
	if (!rc)
		rc = dram_energy(p, 0.0, &high, err, n);
	if (rc)
		return rc;

	double rd = (double)t->read_bytes, wr = (double)t->write_bytes;
	out->rho = low.rho;
	out->read_pj_per_byte =
		band(per_byte(p, &low, low.rd_pj, t->row_hit), per_byte(p, &high, high.rd_pj, t->row_hit));
	out->write_pj_per_byte =
		band(per_byte(p, &low, low.wr_pj, t->row_hit), per_byte(p, &high, high.wr_pj, t->row_hit));
	const struct dram_band *r = &out->read_pj_per_byte, *w = &out->write_pj_per_byte;
	out->dynamic_nj = (struct dram_band){
		.min = (rd * r->min + wr * w->min) * 1e-3,
		.typ = (rd * r->typ + wr * w->typ) * 1e-3,
		.max = (rd * r->max + wr * w->max) * 1e-3,
	};
	/* rho moves energy from activation to here, so both use the same rho. mW s = 1e6 nJ. */
	double chips = (double)dram_part_chips(p) * t->ranks * t->seconds * 1e6;
	out->standing_nj = band(chips * (low.open_mw + low.refresh_mw), chips * (high.open_mw + high.refresh_mw));
	mw_format(out->source, sizeof(out->source), "DRAMPower equations (VDD core) on %s, rho %.3g", p->name, low.rho);
	return 0;
}
