#include "cli/claims_ambit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/spec.h"
#include "pim/pim_device.h"

/* The default device, with the DRAM of its publication; engine exact executes each command on the contents of rows. */
static const char dram[] = "ddr3-1600", engine[] = "exact";

/* Bit c of each byte of row i is bit i of c: every byte holds all eight combinations of three operands. */
static const unsigned char operand[3] = {0xaa, 0xcc, 0xf0};
static const char *const data_rows[3] = {"D0", "D1", "D2"}, *const compute_rows[3] = {"B0", "B1", "B2"};

/* Does every byte of the row hold `byte`? row: room for its contents. */
static bool holds(struct pim_subarray *s, const char *name, unsigned char *row, unsigned char byte)
{
	size_t bytes = pim_row_bytes(s);
	if (pim_row_read(s, name, row, bytes) < 0)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if (row[i] != byte)
			return false;
	return true;
}

/* Copies D0, D1 and `third` into the three compute rows, activates these together (B12), and copies the result to D3.
 */
static int activate(struct pim_subarray *s, const char *third)
{
	int rc = pim_aap(s, data_rows[0], compute_rows[0]);
	if (rc == 0)
		rc = pim_aap(s, data_rows[1], compute_rows[1]);
	if (rc == 0)
		rc = pim_aap(s, third, compute_rows[2]);
	return rc == 0 ? pim_aap(s, "B12", "D3") : rc;
}

static int run_rows(struct pim_device *dev, struct claims_ambit *out)
{
	const unsigned char majority =
		(unsigned char)((operand[0] & operand[1]) | (operand[1] & operand[2]) | (operand[0] & operand[2]));
	struct pim_subarray *s = NULL;
	unsigned char *row = NULL;
	int rc = pim_subarray_open(dev, 0, 0, &s);
	if (rc == 0 && !(row = malloc(pim_row_bytes(s))))
		rc = -ENOMEM;
	for (int i = 0; i < 3 && rc == 0; i++) {
		memset(row, operand[i], pim_row_bytes(s));
		rc = pim_row_write(s, data_rows[i], row, pim_row_bytes(s));
	}
	if (rc == 0)
		rc = activate(s, data_rows[2]);
	for (int i = 0; i < 3 && rc == 0; i++) {
		out->rows_raised += holds(s, compute_rows[i], row, majority);
		out->rows_kept += holds(s, compute_rows[i], row, operand[i]);
	}
	out->majority = rc == 0 && holds(s, "D3", row, majority);
	if (rc == 0)
		rc = activate(s, "C0");
	out->and_or = rc == 0 && holds(s, "D3", row, operand[0] & operand[1]);
	if (rc == 0)
		rc = activate(s, "C1");
	out->and_or = out->and_or && rc == 0 && holds(s, "D3", row, operand[0] | operand[1]);
	free(row);
	pim_subarray_close(s);
	return rc;
}

/* Operands of one operation. */
enum { LANES = 64 };
static const uint64_t left = UINT64_C(0x0123456789abcdef), right = UINT64_C(0xf0f0ff00cccc5a5a);

static int counted(const struct pim_cost *cost, struct claims_ambit_op *out)
{
	uint64_t aap = 0, ap = 0, ps = 0;
	int rc = pim_cost_count(cost, PIM_AAP, &aap);
	if (rc == 0)
		rc = pim_cost_count(cost, PIM_AP, &ap);
	if (rc == 0)
		rc = pim_cost_count(cost, PIM_PS_ELAPSED, &ps);
	*out = (struct claims_ambit_op){.aap = aap, .ap = ap, .ns = (double)ps / 1e3};
	return rc;
}

/* Runs the operation on one row and counts its commands. want: what the host computes. */
static int run_op(struct pim_device *dev, enum pim_op op, uint64_t want, struct claims_ambit_op *out)
{
	struct pim_vector *v[3] = {NULL};
	struct pim_cost *cost = NULL;
	const uint64_t in[2] = {left, right};
	uint64_t result = 0;
	int rc = 0;
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = pim_alloc(dev, pim_uint(1), LANES, &v[i]);
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = pim_write(v[i], &in[i], sizeof(in[i]));
	if (rc == 0)
		rc = pim_cost_begin(dev, &cost);
	if (rc == 0)
		rc = pim_execute(op, v[2], v, pim_op_inputs(op));
	if (rc == 0)
		rc = counted(cost, out);
	if (rc == 0)
		rc = pim_read(v[2], &result, sizeof(result));
	out->exact = rc == 0 && result == want;
	pim_cost_end(cost);
	for (int i = 0; i < 3; i++)
		pim_free(v[i]);
	return rc;
}

int cli_claims_ambit(struct claims_ambit *out, char *err, size_t n)
{
	struct pim_device *dev = NULL;
	char spec[CLI_SPEC_MAX];
	*out = (struct claims_ambit){.rows_raised = 0};
	int rc = cli_pim_set(cli_pim_default(0), "dram", dram, spec, sizeof(spec), err, n);
	if (rc == 0)
		rc = cli_pim_set(spec, "engine", engine, out->device, sizeof(out->device), err, n);
	if (rc == 0)
		rc = cli_pim_open(NULL, out->device, NULL, NULL, &dev, err, n);
	if (rc < 0)
		return rc;
	rc = run_rows(dev, out);
	if (rc == 0)
		rc = run_op(dev, PIM_NOT, ~left, &out->op_not);
	if (rc == 0)
		rc = run_op(dev, PIM_AND, left & right, &out->op_and);
	if (rc == 0)
		rc = run_op(dev, PIM_OR, left | right, &out->op_or);
	if (rc == 0)
		rc = run_op(dev, PIM_XOR, left ^ right, &out->op_xor);
	if (rc == 0)
		rc = run_op(dev, PIM_XNOR, ~(left ^ right), &out->op_xnor);
	if (rc < 0)
		rc = mw_fail(rc, err, n, "%s: %s", out->device, *pim_error(dev) ? pim_error(dev) : mw_strerror(rc));
	pim_close(dev);
	return rc;
}
