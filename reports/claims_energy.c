/* Claims on the energy of an operation and of moving a byte: table values (Horowitz, ISSCC 2014, 45 nm, from copies).
 */
#include "base/core/text.h"
#include "reports/claims_rules.h"

/* pJ of an operation on that many bits. */
static int energy_of(const struct claim_case *k, const char *operation, int bits, double *pj)
{
	char where[80];
	mw_format(where, sizeof(where), "operation=%s;bits=%d", operation, bits);
	return claim_cell(k, &k->facts->horowitz, where, "energy_pJ", pj);
}

static const char horowitz[] = "Horowitz, ISSCC 2014, 45 nm, 0.9 V (from copies that agree)";

/* Energy of one operation of an int8 multiply-accumulate, which is two, in fJ. */
static int int8_mac(const struct claim_case *k, double *fj_per_op)
{
	double add, mul;
	int rc = energy_of(k, "int add", 8, &add);
	if (rc == 0)
		rc = energy_of(k, "int mul", 8, &mul);
	*fj_per_op = rc == 0 ? (add + mul) / 2 * 1e3 : (double)NAN;
	return rc;
}

/* A02 */
static int find_operation(struct claim_case *k)
{
	double fj;
	int rc = int8_mac(k, &fj);
	if (rc != 0)
		return rc;
	claim_plain(k, fj, MW_REFERENCE);
	mw_buf_add(&k->out->found, " for an 8-bit multiply-accumulate, two operations");
	claim_evidence(k, "%s; the phrase names neither width nor process, so only the order of magnitude is compared",
		       horowitz);
	return 0;
}

/* A03: A01 over A02 of the same text, and the share of moving at some arithmetic intensities. */
static int find_moving(struct claim_case *k)
{
	const struct claim *byte, *op;
	double fj, low, high;
	int rc = claim_other(k, "A01", &byte);
	if (rc == 0)
		rc = claim_other(k, "A02", &op);
	if (rc == 0)
		rc = int8_mac(k, &fj);
	if (rc == 0)
		rc = energy_of(k, "DRAM access low", 64, &low);
	if (rc == 0)
		rc = energy_of(k, "DRAM access high", 64, &high);
	if (rc != 0)
		return rc;
	const double move = byte->lo * 1e3, compute = (op->lo + op->hi) / 2; /* fJ per byte, per operation */
	claim_plain(k, move / compute, MW_REFERENCE);
	mw_buf_add(&k->out->found, " (moving a byte over an operation)");
	claim_found(k, "moving takes %.1f %% of the energy at 2 FLOP/byte, and half of it at %s FLOP/byte",
		    100 * move / (move + compute * 2), num(move / compute).text);
	claim_evidence(k, "the text's own %s %s (%s) over the middle of %s %s (%s)", byte->value, byte->unit, byte->id,
		       op->value, op->unit, op->id);
	claim_evidence(k, "at 45 nm %s to %s: %s", num(low * 1e3 / 8 / fj).text, num(high * 1e3 / 8 / fj).text,
		       horowitz);
	return 0;
}

/* B11 */
static int find_off_chip(struct claim_case *k)
{
	double dram, mul, add;
	int rc = energy_of(k, "DRAM read (derived half of 1300)", 32, &dram);
	if (rc == 0)
		rc = energy_of(k, "fp mul", 32, &mul);
	if (rc == 0)
		rc = energy_of(k, "fp add", 32, &add);
	if (rc != 0)
		return rc;
	claim_plain(k, dram / mul, MW_REFERENCE);
	mw_buf_add(&k->out->found, " for a 32-bit multiplication");
	claim_found(k, "%s for an addition", num(dram / add).text);
	claim_evidence(k, "%s pJ for 32 bits of DRAM (half of a 64-bit access) over %s and %s pJ: %s", num(dram).text,
		       num(mul).text, num(add).text, horowitz);
	return 0;
}

const struct claim_rule claim_rules_energy[] = {
	{"A02", find_operation},
	{"A03", find_moving},
	{"B11", find_off_chip},
	{NULL, NULL},
};
