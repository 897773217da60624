#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "energy/model/dram_energy.h"

/* Values worked out from the datasheet rows by an independent calculation, rounded as printed there. */
static void near(const char *what, double got, double want, double tolerance)
{
	cr_assert(fabs(got - want) <= tolerance, "%s: %.6g, expected %.6g", what, got, want);
}

static double bits(const struct dram_part *p)
{
	return (double)p->burst_length * dram_part_idd_bits(p);
}

/* The file that the currents of DDR4-3200 come from prints a clock of 0.63 ns, with which the values of these tests
 * were worked out; the part itself has 0.625 ns, the clock of 3200 MT/s. */
static struct dram_part with_printed_clock(const char *name)
{
	struct dram_part p = *dram_part_find(name);
	p.tras = 52 * 630;
	p.trp = 22 * 630;
	p.trfc = 560 * 630;
	p.trefi = 12480 * 630;
	p.burst_mbps = 3175;
	return p;
}

static const struct dram_part *part(const char *name)
{
	const struct dram_part *p = dram_part_find(name);
	cr_assert(p, "%s", name);
	return p;
}

Test(dram_energy, ddr4_3200_x8)
{
	const struct dram_part printed = with_printed_clock("ddr4-3200-x8"), *p = &printed;
	struct dram_energy e;
	const struct {
		double rho, act;
	} v[] = {{0, 749}, {0.5, 473}, {1, 197}};
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(dram_energy(p, v->rho, &e, NULL, 0), 0);
		near("act", e.act_pj, v->act, 0.5);
		near("pre", e.pre_pj, 333, 0.5);
		near("rd per bit", e.rd_pj / bits(p), 5.48, 0.005);
		near("wr per bit", e.wr_pj / bits(p), 4.63, 0.005);
	}
	near("ACT+PRE TN-41-01", dram_act_pre_tn4101_pj(p), 529, 0.5);
	cr_assert_eq(dram_energy(p, DRAM_RHO_DEFAULT, &e, NULL, 0), 0);
	cr_assert_eq(e.rho, 1.0);
	/* TN-41-01 charges the background of all banks: it is DRAMPower's sum at rho = 1. */
	near("act + pre at rho 1", e.act_pj + e.pre_pj, dram_act_pre_tn4101_pj(p), 1e-9);
	near("refresh of a bank", e.ref_bank_pj, 1.2 * (250 - 52) * 560 * 0.63 / 16, 1e-6);
	near("refresh power", e.refresh_mw, 1.2 * 198 * 560 / 12480.0, 1e-9);

	/* 1.2 V x 19.0625 mA x 32.5 ns; 1.2 x 20 x 13.75; 1.2 x 116 mA x 8 beats at 3.2 GT/s */
	p = part("ddr4-3200-x8");
	cr_assert_eq(dram_energy(p, 0, &e, NULL, 0), 0);
	near("act", e.act_pj, 743.4375, 1e-9);
	near("pre", e.pre_pj, 330, 1e-9);
	near("rd", e.rd_pj, 348, 1e-9);
}

Test(dram_energy, ddr4_2400_x8)
{
	const struct dram_part *p = part("ddr4-2400-x8");
	struct dram_energy e;
	cr_assert_eq(dram_energy(p, DRAM_RHO_DEFAULT, &e, NULL, 0), 0);
	near("ACT+PRE", dram_act_pre_tn4101_pj(p), 430, 0.5);
	near("rd per bit", e.rd_pj / bits(p), 5.75, 0.005);
}

Test(dram_energy, ddr5_needs_a_small_rho)
{
	const struct dram_part *p = part("ddr5-4800-x8");
	struct dram_energy e;
	char err[160] = "";
	cr_assert_eq(dram_energy(p, 0.0, &e, err, sizeof(err)), 0, "%s", err);
	near("act at rho 0", e.act_pj, 332, 0.5);
	near("pre", e.pre_pj, 197, 0.5);
	near("rd per bit", e.rd_pj / bits(p), 6.73, 0.005);
	near("wr per bit", e.wr_pj / bits(p), 5.93, 0.005);
	near("TN-41-01", dram_act_pre_tn4101_pj(p), -1176, 0.5);

	cr_assert_eq(dram_energy(p, 0.5, &e, err, sizeof(err)), -EDOM);
	near("act at rho 0.5", e.act_pj, -520, 0.5);
	cr_assert(strstr(err, "activation") && strstr(err, "-520"), "%s", err);

	double rho = dram_rho_max(p);
	near("rho", rho, (103.0 * 32 - 142 - 31 * 92) / (31 * 50), 1e-12);
	cr_assert_eq(dram_energy(p, DRAM_RHO_DEFAULT, &e, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(e.rho, rho);
	cr_assert_eq(e.act_pj, 0.0);
	cr_assert_eq(dram_energy(p, rho, &e, err, sizeof(err)), 0, "the recorded rho works when given back: %s", err);
	cr_assert_eq(dram_energy(p, rho + 1e-6, &e, err, sizeof(err)), -EDOM);
}

/* Published beside the model: a row activation of HBM2 909 pJ (O'Connor, MICRO 2017) on paper, and 444 pJ per 1 KB
 * measured on 36 stacks (CMU-SAFARI HBM-Power). */
Test(dram_energy, hbm2_lies_between_the_published_figures)
{
	const struct dram_part *p = part("hbm2-x128");
	struct dram_energy e;
	cr_assert_eq(dram_energy(p, DRAM_RHO_DEFAULT, &e, NULL, 0), 0);
	near("ACT+PRE", e.act_pj + e.pre_pj, 1.2 * (65 * 48 - 55 * 34 - 40 * 14), 1e-9);
	cr_assert(e.act_pj + e.pre_pj < 909 && e.act_pj + e.pre_pj > 444);
	cr_assert(dram_datasheet_band.min * (e.act_pj + e.pre_pj) < 444);
}

/* No row timings have a source: 1.05 V x 350 mA x 16 beats at 7.5 GT/s over 256 bits. */
Test(dram_energy, lpddr5x_has_bursts_only)
{
	double pj;
	cr_assert_eq(dram_burst_pj(part("lpddr5x-7500-x16"), 0, &pj, NULL, 0), 0);
	near("rd per bit", pj / 256, 1.05 * (390 - 40) * 16 / 7.5 / 256, 1e-9);
	struct dram_part p = *part("lpddr5x-7500-x16");
	p.idd4r = 39;
	char err[160] = "";
	cr_assert_eq(dram_burst_pj(&p, 0, &pj, err, sizeof(err)), -EDOM);
	cr_assert(strstr(err, "read"), "%s", err);
}

Test(dram_energy, every_part_is_sane)
{
	const struct dram_part *v;
	size_t n = 0;
	for (; (v = dram_part_at(n)); n++) {
		struct dram_energy e;
		char err[160] = "";
		cr_assert_eq(dram_part_find(v->name), v, "%s twice", v->name);
		if (!dram_part_has_currents(v)) {
			cr_assert_eq(dram_energy(v, DRAM_RHO_DEFAULT, &e, err, sizeof(err)), -EINVAL);
			continue;
		}
		cr_assert(strlen(v->current_source) > 10);
		double read, write;
		cr_assert_eq(dram_burst_pj(v, 0, &read, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(dram_burst_pj(v, 1, &write, err, sizeof(err)), 0, "%s", err);
		cr_assert(read > 0 && write > 0);
		if (v->tras == 0) { /* bursts only */
			cr_assert_eq(dram_energy(v, DRAM_RHO_DEFAULT, &e, err, sizeof(err)), -EOPNOTSUPP);
			cr_assert(strstr(err, "source"), "%s", err);
			continue;
		}
		cr_assert_eq(dram_energy(v, DRAM_RHO_DEFAULT, &e, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(e.rd_pj, read);
		cr_assert_eq(e.wr_pj, write);
		/* A burst of the whole (sub)channel is a 64-byte line, of LPDDR half of one. */
		cr_assert_eq(dram_part_chips(v) * bits(v), strncmp(v->name, "lpddr", 5) == 0 ? 256 : 512, "%s",
			     v->name);
		/* Independent of rho: what activation loses, one bank's background over tRAS gains. */
		struct dram_energy zero;
		cr_assert_eq(dram_energy(v, 0.0, &zero, NULL, 0), 0);
		double tras = dram_part_idd_tras_ns(v);
		near(v->name, e.act_pj + e.open_mw * tras, zero.act_pj + zero.open_mw * tras, 1e-6);
		near("all open", dram_background_mw(v, e.rho, v->banks), v->vdd * v->idd3n, 1e-9);
		near("none open", e.closed_mw, v->vdd * v->idd2n, 1e-9);
		double pj_bit = e.rd_pj / bits(v);
		cr_assert(pj_bit > 1 && pj_bit < 25, "%s: %.2f pJ/bit", v->name, pj_bit);
	}
	cr_assert_geq(n, 7);
	cr_assert_null(dram_part_find("ddr9"));
}

Test(dram_energy, refuses_nonsense)
{
	struct dram_part p = *part("ddr4-3200-x8");
	struct dram_energy e;
	char err[160] = "";
	cr_assert_eq(dram_energy(&p, 1.01, &e, err, sizeof(err)), -EINVAL);
	cr_assert_eq(dram_energy(&p, (double)NAN, &e, err, sizeof(err)), -EINVAL);
	cr_assert_eq(dram_energy(&p, -0.5, &e, err, sizeof(err)), -EINVAL);
	p.trp = 0;
	cr_assert_eq(dram_energy(&p, 0.0, &e, err, sizeof(err)), -EINVAL);
	cr_assert(strstr(err, "tRP"), "%s", err);
	p = *part("ddr4-3200-x8");
	p.idd4w = 51; /* below IDD3N */
	cr_assert_eq(dram_energy(&p, 0.0, &e, err, sizeof(err)), -EDOM);
	cr_assert(strstr(err, "write"), "%s", err);
	p = *part("ddr4-3200-x8");
	p.idd0 = 36; /* below IDD2N: no rho helps */
	cr_assert(dram_rho_max(&p) < 0);
	cr_assert_eq(dram_energy(&p, DRAM_RHO_DEFAULT, &e, err, sizeof(err)), -EDOM);
}

Test(dram_energy, traffic)
{
	const struct dram_part printed = with_printed_clock("ddr4-3200-x8"), *p = &printed;
	struct dram_traffic t = {.read_bytes = 1000000, .write_bytes = 0, .row_hit = 1.0};
	struct dram_price price;
	char err[160] = "";
	cr_assert_eq(dram_price_traffic(p, &t, &price, err, sizeof(err)), 0, "%s", err);
	near("read, all hits", price.read_pj_per_byte.max, 5.48 * 8, 0.05);
	near("nJ", price.dynamic_nj.max, price.read_pj_per_byte.max * 1e6 / 1e3, 1e-6);
	near("min", price.dynamic_nj.min, 0.35 * price.dynamic_nj.max, 1e-6);
	cr_assert_eq(price.standing_nj.max, 0.0);
	cr_assert(strstr(price.source, "ddr4-3200-x8") && strstr(price.source, "rho 1"), "%s", price.source);

	/* Every burst a miss: 8 bytes per chip carry one ACT and one PRE; dearest at rho 0, cheapest at rho 1. */
	t.row_hit = 0.0;
	cr_assert_eq(dram_price_traffic(p, &t, &price, err, sizeof(err)), 0);
	near("miss max", price.read_pj_per_byte.max, (350.78 + 748.9 + 332.6) / 8, 0.1);
	near("miss typ", price.read_pj_per_byte.typ, 0.54 * (350.78 + 196.6 + 332.6) / 8, 0.1);
	cr_assert(price.read_pj_per_byte.min < price.read_pj_per_byte.typ &&
		  price.read_pj_per_byte.typ < price.read_pj_per_byte.max);

	/* One second of one rank: 8 chips at VDD (I1 + refresh). */
	t = (struct dram_traffic){.write_bytes = 1000, .row_hit = 1.0, .seconds = 1.0, .ranks = 2};
	cr_assert_eq(dram_price_traffic(p, &t, &price, err, sizeof(err)), 0);
	near("write", price.dynamic_nj.max, 4.63 * 8, 0.05);
	near("standing", price.standing_nj.typ, 0.54 * 2 * 8 * 1e6 * (1.2 * 52 + 1.2 * 198 * 560 / 12480.0), 1.0);

	t.row_hit = 1.5;
	cr_assert_eq(dram_price_traffic(p, &t, &price, err, sizeof(err)), -EINVAL);
	t.row_hit = 0.5;
	t.ranks = 0;
	cr_assert_eq(dram_price_traffic(p, &t, &price, err, sizeof(err)), -EINVAL);
}
