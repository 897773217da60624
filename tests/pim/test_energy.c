/* Energy of scopes and prices: what it covers, how it is split, what it says is missing; read disturbance. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "energy/model/dram_energy.h"
#include "pim/pim.h"

static struct pim_device *open_device(const char *spec)
{
	struct pim_device *dev = NULL;
	char err[300] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static void near(const char *what, double got, double want)
{
	cr_assert(fabs(got - want) <= 1e-9 * fabs(want) + 1e-6, "%s: %.17g instead of %.17g", what, got, want);
}

static uint64_t count(const struct pim_cost *c, enum pim_count what)
{
	uint64_t n = 0;
	cr_assert_eq(pim_cost_count(c, what, &n), 0, "%s", pim_count_name(what));
	return n;
}

static struct pim_energy energy(const struct pim_cost *c, enum pim_part part)
{
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_energy(c, part, &e), 0, "%s", pim_part_name(part));
	return e;
}

/* Writes two vectors without contents, computes on them, reads the result and counts its ones. */
static struct pim_cost *whole_use(struct pim_device *dev, enum pim_op op, struct pim_type type, uint64_t lanes,
				  uint32_t subarray)
{
	struct pim_vector *v[3];
	struct pim_cost *c;
	struct pim_type result;
	uint64_t ones;
	const struct pim_placement apart = {.size = sizeof(apart), .subarray = subarray};
	cr_assert_eq(pim_op_result(op, type, &result), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(subarray ? pim_alloc_at(dev, i < 2 ? type : result, lanes, i == 1 ? &apart : NULL, &v[i])
				      : pim_alloc_unbacked(dev, i < 2 ? type : result, lanes, &v[i]),
			     0, "%s", pim_error(dev));
	char *host = subarray ? calloc(1, pim_bytes(v[0])) : NULL;
	cr_assert_eq(pim_cost_begin(dev, &c), 0);
	cr_assert_eq(pim_write(v[0], host, pim_bytes(v[0])), 0);
	cr_assert_eq(pim_write(v[1], host, pim_bytes(v[1])), 0);
	cr_assert_eq(pim_execute(op, v[2], v, 2), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_read(v[2], host, pim_bytes(v[2])), 0);
	cr_assert_eq(pim_reduce(PIM_COUNT_ONES, v[2], subarray ? &ones : NULL), 0);
	pim_cost_stop(c);
	free(host);
	return c;
}

/* Background and refresh by hand from the currents, for a device of one rank of 8 chips with rho = 1: any open bank
 * draws IDD3N, as a refresh does. */
Test(pim_energy, covers_the_whole_elapsed_time)
{
	static const char *const specs[] = {
		"ambit:dram=ddr4-3200,rho=1",
		"ambit:dram=ddr4-3200,rho=1,efficiency=0.05",
		"ambit:dram=ddr4-3200,rho=1,limit=jedec,transpose=unit:1,host=2",
	};
	const struct dram_part *p = dram_part_find("ddr4-3200-x8");
	double last = 0;
	for (int i = 0; i < 3; i++) {
		struct pim_device *dev = open_device(specs[i]);
		struct pim_cost *c = whole_use(dev, PIM_ADD, pim_uint(8), 1 << 20, 0);
		double all = (double)count(c, PIM_PS_ELAPSED);
		double closed = (double)(count(c, PIM_PS_TRANSPOSE) + count(c, PIM_PS_HOST));
		double refreshing = (double)p->trfc / p->trefi;
		double open_mw = p->vdd * p->idd3n, closed_mw = p->vdd * p->idd2n;
		double background =
			open_mw * (all - closed) + (closed_mw * (1 - refreshing) + open_mw * refreshing) * closed;
		double refresh = p->vdd * (p->idd5b - p->idd3n) * refreshing * all;
		cr_assert(closed > 0 && count(c, PIM_PS_IN) > 0);
		near("background", energy(c, PIM_E_BACKGROUND).max_pj, 8e-3 * background);
		near("refresh", energy(c, PIM_E_REFRESH).max_pj, 8e-3 * refresh);
		double total = energy(c, PIM_E_TOTAL).typ_pj;
		cr_assert_neq(total, last, "the time of transfers is in the total");
		last = total;
		pim_close(dev);
	}
}

Test(pim_energy, is_split_as_the_time_is)
{
	static const char *const specs[] = {"ambit:dram=ddr3-1600", "ambit:dram=ddr4-2400,limit=jedec,rho=0",
					    "ambit:dram=ddr4-3200,ranks=2,channels=2,io=3",
					    "ambit:dram=ddr4-3200,ecc=1"};
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		for (uint32_t apart = 0; apart < 2; apart++) {
			struct pim_device *dev = open_device(specs[i]);
			struct pim_cost *c = whole_use(dev, PIM_MUL, pim_uint(8), 1 << 17, apart);
			struct pim_energy total = energy(c, PIM_E_TOTAL);
			double sum[3] = {0};
			uint32_t missing = 0;
			for (int t = PIM_PS_COMPUTE; t <= PIM_PS_HOST; t++) {
				struct pim_energy e = {.size = sizeof(e)};
				cr_assert_eq(pim_cost_energy_during(c, (enum pim_count)t, &e), 0);
				cr_assert((e.typ_pj > 0) == (count(c, PIM_PS_ELAPSED) && t != PIM_PS_RELOAD &&
							     (t != PIM_PS_COPY || apart)),
					  "%s: %g pJ", pim_count_name((enum pim_count)t), e.typ_pj);
				cr_assert(e.min_pj <= e.typ_pj && e.typ_pj <= e.max_pj);
				sum[0] += e.min_pj;
				sum[1] += e.typ_pj;
				sum[2] += e.max_pj;
				missing |= e.missing;
			}
			near(specs[i], sum[0], total.min_pj);
			near(specs[i], sum[1], total.typ_pj);
			near(specs[i], sum[2], total.max_pj);
			cr_assert_eq(missing, total.missing);
			cr_assert((count(c, PIM_PS_COPY) > 0) == apart);
			pim_close(dev);
		}
	struct pim_device *dev = open_device("ambit");
	struct pim_cost *c;
	struct pim_energy e = {.size = sizeof(e)};
	cr_assert_eq(pim_cost_begin(dev, &c), 0);
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_ELAPSED, &e), -EINVAL);
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_BUSY, &e), -EINVAL);
	cr_assert_eq(pim_cost_energy_during(NULL, PIM_PS_IN, &e), -EINVAL);
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_IN, NULL), -EINVAL);
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_IN, &e), 0, "nothing happened: 0 pJ");
	cr_assert_eq(e.typ_pj, 0);
	e.size = 8;
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_IN, &e), -EINVAL);
	pim_close(dev);
}

Test(pim_energy, says_what_is_missing)
{
	const uint32_t io = 1u << PIM_E_IO, unit = 1u << PIM_E_TRANSPOSE;
	static const struct {
		const char *spec;
		unsigned bits;
		bool io, unit;
		double pj_per_bit[3]; /* where I/O is known */
	} cases[] = {
		{"ambit:dram=ddr4-3200", 1, true, false, {0}},
		{"ambit:dram=ddr4-3200", 8, true, true, {0}},
		{"ambit:dram=ddr4-3200,transpose=done", 8, true, false, {0}},
		{"ambit:dram=ddr4-3200,io=3.5", 8, false, true, {3.5, 3.5, 3.5}},
		/* 1.2 V, 60 ohm, 0.315 ns a bit: 7.56 pJ for each 0. */
		{"ambit:dram=ddr4-3200,io=ohm:60", 1, false, false, {0, 3.78, 7.56}},
		{"ambit:dram=ddr4-3200,io=0,ecc=1", 1, false, false, {0, 0, 0}},
		{"ambit:dram=hbm2", 1, false, false, {0.3, 0.8, 0.8}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_device *dev = open_device(cases[i].spec);
		struct pim_cost *c =
			whole_use(dev, cases[i].bits == 1 ? PIM_AND : PIM_ADD, pim_uint(cases[i].bits), 1 << 20, 0);
		struct pim_energy total = energy(c, PIM_E_TOTAL), part = {.size = sizeof(part)};
		cr_assert_eq(total.missing, (cases[i].io ? io : 0) | (cases[i].unit ? unit : 0), "%s: %x",
			     cases[i].spec, total.missing);
		cr_assert_eq(total.parts & total.missing, 0);
		cr_assert_eq(pim_cost_energy(c, PIM_E_IO, &part), cases[i].io ? -EOPNOTSUPP : 0, "%s", cases[i].spec);
		double bits = 8.0 * (double)(count(c, PIM_BYTES_IN) + count(c, PIM_BYTES_OUT));
		if (!cases[i].io) {
			near("min", part.min_pj, bits * cases[i].pj_per_bit[0]);
			cr_assert_lt(fabs(part.typ_pj - bits * cases[i].pj_per_bit[1]), 0.01 * part.typ_pj + 1e-9);
			cr_assert_lt(fabs(part.max_pj - bits * cases[i].pj_per_bit[2]), 0.01 * part.max_pj + 1e-9);
		}
		pim_close(dev);
	}
	static const char *const wrong[] = {
		"ambit:io=x", "ambit:io=-1", "ambit:io=ohm:", "ambit:io=ohm:0", "ambit:dram=ddr3-1600,io=ohm:60",
		"ambit:io="};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pim_device *dev;
		char err[300] = "";
		cr_assert_eq(pim_open(wrong[i], &dev, err, sizeof(err)), -EINVAL, "%s", wrong[i]);
		cr_assert(strstr(err, "io"), "%s: %s", wrong[i], err);
	}
}

Test(pim_energy, parts_have_names)
{
	char text[20];
	cr_assert_eq(pim_parts_print(1u << PIM_E_IO | 1u << PIM_E_TRANSPOSE, text, sizeof(text)), 14);
	cr_assert_str_eq(text, "io + transpose");
	cr_assert_eq(pim_parts_print(0, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "");
	cr_assert_gt(pim_parts_print(UINT32_MAX, NULL, 0), 40);
}

/* A table prices commands only: what else happens has no model, and none of it is 0. */
Test(pim_energy, of_a_table_of_commands)
{
	struct pim_device *dev = open_device("ambit:energy=pluto");
	struct pim_cost *c = whole_use(dev, PIM_AND, pim_uint(1), 1 << 20, 0);
	struct pim_energy total = energy(c, PIM_E_TOTAL), e = {.size = sizeof(e)};
	cr_assert_eq(total.parts, 1u << PIM_E_ACT);
	cr_assert_eq(total.missing,
		     1u << PIM_E_BACKGROUND | 1u << PIM_E_REFRESH | 1u << PIM_E_RD | 1u << PIM_E_WR | 1u << PIM_E_IO);
	cr_assert_eq(pim_cost_energy_during(c, PIM_PS_COMPUTE, &e), 0);
	near("compute", e.typ_pj, total.typ_pj);
	static const enum pim_count others[] = {PIM_PS_IN, PIM_PS_OUT, PIM_PS_HOST};
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pim_cost_energy_during(c, others[i], &e), -EOPNOTSUPP, "%s", pim_count_name(others[i]));
	struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
	cr_assert_eq(pim_price_of(dev, PIM_AND, pim_uint(1), &price), 0);
	cr_assert_eq(price.energy.missing, 1u << PIM_E_BACKGROUND | 1u << PIM_E_REFRESH);
	pim_close(dev);
}

/* The price of one program is its share of a batch: as many as run at once cost what a scope charges for them. */
Test(pim_energy, price_is_the_share_of_a_batch)
{
	static const char *const specs[] = {"ambit:dram=ddr3-1600", "ambit:dram=ddr4-3200,limit=jedec,ranks=2",
					    "ambit:dram=ddr5-4800", "ambit:dram=ddr4-3200,salp=4",
					    "ambit:energy=ambit-table"};
	static const enum pim_op ops[] = {PIM_AND, PIM_XOR, PIM_ADD, PIM_MUL};
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		for (int k = 0; k < 4; k++) {
			struct pim_device *dev = open_device(specs[i]);
			struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
			struct pim_type type = pim_uint(k < 2 ? 1 : 16);
			cr_assert_eq(pim_price_of(dev, ops[k], type, &p), 0);
			struct pim_cost *c = whole_use(dev, ops[k], type, 3 * p.programs * p.lanes, 0);
			struct pim_energy e = {.size = sizeof(e)};
			cr_assert_eq(pim_cost_energy_during(c, PIM_PS_COMPUTE, &e), 0);
			near(specs[i], 3 * (double)p.programs * p.energy.min_pj, e.min_pj);
			near(specs[i], 3 * (double)p.programs * p.energy.typ_pj, e.typ_pj);
			near(specs[i], 3 * (double)p.programs * p.energy.max_pj, e.max_pj);
			pim_close(dev);
		}
}

/* ---- read disturbance ---- */

static struct pim_price price(const char *spec, enum pim_op op, struct pim_device **dev)
{
	struct pim_price p = {.size = sizeof(p), .energy.size = sizeof(p.energy)};
	*dev = open_device(spec);
	cr_assert_eq(pim_price_of(*dev, op, pim_uint(1), &p), 0);
	return p;
}

/* AND on DDR3-1600: 4 AAP of 49 ns raise T0..T2 twice each, and C0, D0, D1, D2 once: 10 wordlines, the busiest twice.
 * 8192 x 7.8 us / 196 ns x 2 = 652 k activations in a refresh window. */
Test(pim_disturbance, of_and_by_hand)
{
	struct pim_device *dev;
	struct pim_price p = price("ambit:dram=ddr3-1600", PIM_AND, &dev);
	const struct pim_disturbance *d = &p.disturbance;
	cr_assert_eq(p.window_activations, (uint64_t)8192 * 7800000 / 196000 * 2);
	cr_assert(d->first == 22400 && d->first_high == 69200 && d->first_multi == 0);
	cr_assert_eq(d->verdict, PIM_DISTURBANCE_UNSAFE);
	cr_assert(strstr(d->source, "ISCA 2020"));
	near("guard time", d->guard_time, 2 * 10 / 22400.0 * 45 / 196);
	cr_assert(d->guard_energy > 0 && d->guard_energy < 0.01);
	cr_assert(isnan(d->guard_multi_time) && isnan(d->guard_multi_energy), "no figure for DDR3");
	near("refresh rate", d->refresh_rate, (double)p.window_activations / 22400);
	near("refresh share", d->refresh_share, d->refresh_rate * 260 / 7800);
	cr_assert_eq(d->rotate_subarrays, 30);
	/* 3 rows after 11200 runs of 196 ns; LISA's 8 KB between subarrays take 1363.75 ns with slower timings. */
	cr_assert(fabs(d->rotate_time / (3 / 11200.0 * 1363.75 / 196) - 1) < 0.05, "%g", d->rotate_time);
	cr_assert(d->rotate_energy > d->rotate_time && d->rotate_energy < 0.02, "%g", d->rotate_energy);
	pim_close(dev);
}

Test(pim_disturbance, verdict_follows_the_threshold)
{
	static const struct {
		const char *spec;
		enum pim_disturbance_verdict verdict;
	} cases[] = {
		{"ambit:dram=ddr3-1600,hc_first=1000000", PIM_DISTURBANCE_SAFE},
		{"ambit:dram=ddr3-1600,hc_first=652016", PIM_DISTURBANCE_UNSAFE}, /* 326008 runs x 2 */
		{"ambit:dram=ddr3-1600,hc_first=652017", PIM_DISTURBANCE_SAFE},
		{"ambit:dram=ddr4-3200", PIM_DISTURBANCE_UNSAFE},
		{"ambit:dram=ddr5-4800", PIM_DISTURBANCE_UNKNOWN},
		{"ambit:dram=hbm2", PIM_DISTURBANCE_UNKNOWN},
		{"ambit:dram=hbm2,hc_first=10000", PIM_DISTURBANCE_UNSAFE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_device *dev;
		struct pim_price p = price(cases[i].spec, PIM_AND, &dev);
		cr_assert_eq(p.disturbance.verdict, cases[i].verdict, "%s: %d, %llu activations", cases[i].spec,
			     p.disturbance.verdict, (unsigned long long)p.window_activations);
		cr_assert_eq(isnan(p.disturbance.guard_time), cases[i].verdict == PIM_DISTURBANCE_UNKNOWN);
		pim_close(dev);
	}
	struct pim_device *dev;
	struct pim_price p = price("ambit:dram=ddr4-3200", PIM_AND, &dev);
	near("several rows at once", p.disturbance.guard_multi_time, p.disturbance.guard_time * 4123 / 26);
	cr_assert_gt(p.disturbance.guard_multi_energy, p.disturbance.guard_energy);
	pim_close(dev);
	/* Too few subarrays to rotate over: no price. */
	p = price("ambit:dram=ddr3-1600,subarrays=29", PIM_AND, &dev);
	cr_assert(p.disturbance.rotate_subarrays == 30 && isnan(p.disturbance.rotate_time));
	pim_close(dev);
	p = price("cots", PIM_AND, &dev);
	cr_assert_eq(p.disturbance.verdict, PIM_DISTURBANCE_UNKNOWN);
	cr_assert(isnan(p.disturbance.guard_time) && isnan(p.disturbance.refresh_rate) && !p.disturbance.source);
	pim_close(dev);
}
