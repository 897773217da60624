/* SIMDRAM's table of operations, with the operation of this emulator that each row corresponds to. */
#ifndef TEST_AMBIT_GOLDEN_H
#define TEST_AMBIT_GOLDEN_H

#include <criterion/criterion.h>

#include "ambit-emu/ops.h"
#include "tests/ambit-emu/model.h"

#define TABLE_FIELDS 12

extern const char mw_data_simdram_ops_csv[];

struct golden {
	const char *op; /* in the table */
	enum ambit_op ops[2];
	bool is_signed;
};

static const struct golden golden[] = {
	{"addition", {AMBIT_OP_ADD, AMBIT_OP_ADD}, false},
	{"subtraction", {AMBIT_OP_SUB, AMBIT_OP_SUB}, false},
	{"multiplication", {AMBIT_OP_MUL_WIDE, AMBIT_OP_MUL_WIDE}, false},
	{"division", {AMBIT_OP_DIV, AMBIT_OP_DIV}, false},
	{"greater", {AMBIT_OP_GT, AMBIT_OP_LT}, false},
	{"greater_equal", {AMBIT_OP_GE, AMBIT_OP_LE}, false},
	{"equal", {AMBIT_OP_EQ, AMBIT_OP_EQ}, false},
	{"max", {AMBIT_OP_MAX, AMBIT_OP_MAX}, false},
	{"min", {AMBIT_OP_MIN, AMBIT_OP_MIN}, false},
	{"if_then_else", {AMBIT_OP_IF_ELSE, AMBIT_OP_IF_ELSE}, false},
	{"relu", {AMBIT_OP_RELU, AMBIT_OP_RELU}, true},
	{"abs", {AMBIT_OP_ABS, AMBIT_OP_ABS}, true},
	{"bitcount", {AMBIT_OP_POPCOUNT, AMBIT_OP_POPCOUNT}, false},
	{"and_reduction", {AMBIT_OP_RED_AND, AMBIT_OP_RED_AND}, false},
	{"or_reduction", {AMBIT_OP_RED_OR, AMBIT_OP_RED_OR}, false},
	{"xor_reduction", {AMBIT_OP_RED_XOR, AMBIT_OP_RED_XOR}, false},
};
enum { GOLDEN = sizeof(golden) / sizeof(golden[0]) };

static inline const struct golden *find_golden(const char *op)
{
	for (int i = 0; i < GOLDEN; i++)
		if (strcmp(golden[i].op, op) == 0)
			return &golden[i];
	cr_assert_fail("the table's %s is not tested", op);
	return NULL;
}

static inline const char *words(const struct ambit_request *r)
{
	static char text[120];
	(void)snprintf(text, sizeof(text), "%s %s width %u amount %u%s", r->is_signed ? "signed" : "unsigned",
		       ambit_op_name(r->op), r->width, r->amount, r->published ? " as published" : "");
	return text;
}

#endif
