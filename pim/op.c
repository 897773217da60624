/* Names of operations, counts and parts; types of results. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pim/core.h"

static const struct {
	const char *name;
	unsigned inputs;
} ops[PIM_OP_COUNT] = {
	[PIM_NOT] = {"not", 1},
	[PIM_AND] = {"and", 2},
	[PIM_OR] = {"or", 2},
	[PIM_NAND] = {"nand", 2},
	[PIM_NOR] = {"nor", 2},
	[PIM_XOR] = {"xor", 2},
	[PIM_XNOR] = {"xnor", 2},
	[PIM_MAJ] = {"maj", 3},
	[PIM_COPY] = {"copy", 1},
	[PIM_FILL] = {"fill", 0},
	[PIM_ADD] = {"add", 2},
	[PIM_SUB] = {"sub", 2},
	[PIM_MUL] = {"mul", 2},
	[PIM_MUL_WIDE] = {"mul_wide", 2},
	[PIM_DIV] = {"div", 2},
	[PIM_MOD] = {"mod", 2},
	[PIM_EQ] = {"eq", 2},
	[PIM_NE] = {"ne", 2},
	[PIM_LT] = {"lt", 2},
	[PIM_LE] = {"le", 2},
	[PIM_GT] = {"gt", 2},
	[PIM_GE] = {"ge", 2},
	[PIM_MIN] = {"min", 2},
	[PIM_MAX] = {"max", 2},
	[PIM_ABS] = {"abs", 1},
	[PIM_NEG] = {"neg", 1},
	[PIM_RELU] = {"relu", 1},
	[PIM_IF_ELSE] = {"if_else", 3},
	[PIM_POPCOUNT] = {"popcount", 1},
	[PIM_SHL] = {"shl", 1},
	[PIM_SHR] = {"shr", 1},
	[PIM_RED_AND] = {"red_and", 1},
	[PIM_RED_OR] = {"red_or", 1},
	[PIM_RED_XOR] = {"red_xor", 1},
	[PIM_SUM_LANES] = {"sum_lanes", 1},
	[PIM_MIN_LANES] = {"min_lanes", 1},
	[PIM_COUNT_ONES] = {"count_ones", 1},
	[PIM_SHIFT_LANES] = {"shift_lanes", 1},
	[PIM_GEMV] = {"gemv", 2},
};

static const char *const counts[PIM_COUNT_N] = {
	[PIM_AAP] = "aap",
	[PIM_AP] = "ap",
	[PIM_ACT_FIRST] = "act_first",
	[PIM_ACT_SECOND] = "act_second",
	[PIM_EXTRA_WORDLINES_FIRST] = "extra_wordlines_first",
	[PIM_EXTRA_WORDLINES_SECOND] = "extra_wordlines_second",
	[PIM_PRE] = "pre",
	[PIM_PROGRAMS] = "programs",
	[PIM_BATCHES] = "batches",
	[PIM_COPIES_INTER_SUBARRAY] = "copies_inter_subarray",
	[PIM_COPIES_INTER_BANK] = "copies_inter_bank",
	[PIM_PASSES] = "passes",
	[PIM_CYCLES] = "cycles",
	[PIM_MACS] = "macs",
	[PIM_BYTES_IN] = "bytes_in",
	[PIM_BYTES_OUT] = "bytes_out",
	[PIM_BYTES_RELOAD] = "bytes_reload",
	[PIM_BYTES_COPIED] = "bytes_copied",
	[PIM_BYTES_TRANSPOSE] = "bytes_transpose",
	[PIM_PS_ELAPSED] = "ps_elapsed",
	[PIM_PS_COMPUTE] = "ps_compute",
	[PIM_PS_IN] = "ps_in",
	[PIM_PS_OUT] = "ps_out",
	[PIM_PS_RELOAD] = "ps_reload",
	[PIM_PS_COPY] = "ps_copy",
	[PIM_PS_TRANSPOSE] = "ps_transpose",
	[PIM_PS_HOST] = "ps_host",
	[PIM_PS_BUSY] = "ps_busy",
	[PIM_FAULTS_INJECTED] = "faults_injected",
	[PIM_BITS_WRONG] = "bits_wrong",
	[PIM_ECC_CORRECTED] = "ecc_corrected",
	[PIM_ECC_DETECTED] = "ecc_detected",
	[PIM_ECC_UNDETECTED] = "ecc_undetected",
};

static const char *const parts[PIM_PART_N] = {
	[PIM_E_ACT] = "act",
	[PIM_E_ACT2] = "act2",
	[PIM_E_WORDLINES] = "wordlines",
	[PIM_E_PRE] = "pre",
	[PIM_E_BACKGROUND] = "background",
	[PIM_E_REFRESH] = "refresh",
	[PIM_E_RD] = "rd",
	[PIM_E_WR] = "wr",
	[PIM_E_IO] = "io",
	[PIM_E_TRANSPOSE] = "transpose",
	[PIM_E_MAC] = "mac",
	[PIM_E_TOTAL] = "total",
};

const char *pim_op_name(enum pim_op op)
{
	return (unsigned)op < PIM_OP_COUNT ? ops[op].name : NULL;
}

int pim_op_parse(const char *name, enum pim_op *op)
{
	if (!name || !op)
		return -EINVAL;
	for (unsigned i = 0; i < PIM_OP_COUNT; i++)
		if (strcmp(ops[i].name, name) == 0) {
			*op = (enum pim_op)i;
			return 0;
		}
	return -EINVAL;
}

unsigned pim_op_inputs(enum pim_op op)
{
	return (unsigned)op < PIM_OP_COUNT ? ops[op].inputs : 0;
}

static uint32_t bits_of_result(enum pim_op op, uint32_t bits)
{
	if (core_is_predicate(op))
		return 1;
	if (op == PIM_MUL_WIDE)
		return 2 * bits;
	return op == PIM_POPCOUNT ? 32 - (uint32_t)__builtin_clz(bits) : bits;
}

bool core_is_predicate(enum pim_op op)
{
	return (op >= PIM_EQ && op <= PIM_GE) || (op >= PIM_RED_AND && op <= PIM_RED_XOR);
}

int pim_op_result(enum pim_op op, struct pim_type t, struct pim_type *result)
{
	if (!result || op == PIM_GEMV || (op >= PIM_SUM_LANES && op <= PIM_COUNT_ONES) || !pim_op_name(op) ||
	    t.size < sizeof(t) || (unsigned)t.kind > PIM_MXINT || t.bits == 0 || t.bits > 64)
		return -EINVAL;
	*result = t;
	result->size = sizeof(*result);
	if (op <= PIM_FILL || op == PIM_SHIFT_LANES)
		return 0;
	if (t.kind != PIM_UINT && t.kind != PIM_INT)
		return -EINVAL;
	result->bits = bits_of_result(op, t.bits);
	if (core_is_predicate(op) || op == PIM_POPCOUNT)
		result->kind = PIM_UINT;
	return result->bits > 64 ? -EOPNOTSUPP : 0;
}

const char *pim_count_name(enum pim_count what)
{
	return (unsigned)what < PIM_COUNT_N ? counts[what] : NULL;
}

const char *pim_verified_name(enum pim_verified what)
{
	switch (what) {
	case PIM_VERIFIED_RESULTS:
		return "results";
	case PIM_VERIFIED_COUNT:
		return "count";
	case PIM_VERIFIED_TIME:
		return "time";
	case PIM_VERIFIED_ENERGY:
		return "energy";
	default:
		return NULL;
	}
}

const char *pim_part_name(enum pim_part part)
{
	return (unsigned)part < PIM_PART_N ? parts[part] : NULL;
}

int pim_parts_print(uint32_t mask, char *out, size_t n)
{
	char text[16 * PIM_PART_N];
	size_t len = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < PIM_E_TOTAL; i++)
		if (mask >> i & 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " + " : "", parts[i]);
	return snprintf(out, n, "%s", text);
}
