/* Arithmetic on vertical lanes: bit j of every lane is one row (SIMDRAM, ASPLOS 2021).
 *
 * Data rows of a program, in this order: the bits of the first operand from the least significant on, those of the
 * second and third, the bits of the result, temporaries. No program changes its inputs, except the published relu.
 * Result rows are written before the last input is read, so a result must not share a row with an input. */
#ifndef AMBIT_OPS_H
#define AMBIT_OPS_H

#include "ambit-emu/builder.h"

enum ambit_op {
	AMBIT_OP_ADD,
	AMBIT_OP_SUB,
	AMBIT_OP_MUL,      /* the low n bits */
	AMBIT_OP_MUL_WIDE, /* all 2n bits */
	AMBIT_OP_DIV,      /* x / 0 is all ones; signed truncates toward 0, INT_MIN / -1 = INT_MIN */
	AMBIT_OP_MOD,      /* x mod 0 is x; the sign is that of x */
	AMBIT_OP_EQ,
	AMBIT_OP_NE,
	AMBIT_OP_LT,
	AMBIT_OP_LE,
	AMBIT_OP_GT,
	AMBIT_OP_GE,
	AMBIT_OP_MIN,
	AMBIT_OP_MAX,
	AMBIT_OP_ABS,      /* of INT_MIN: INT_MIN; of an unsigned lane: a copy */
	AMBIT_OP_NEG,      /* modulo 2^n */
	AMBIT_OP_RELU,     /* of an unsigned lane: a copy */
	AMBIT_OP_IF_ELSE,  /* first operand: one bit s; s ? second : third */
	AMBIT_OP_POPCOUNT, /* floor(log2 n) + 1 result bits */
	AMBIT_OP_SHL,      /* by a constant: n AAPs */
	AMBIT_OP_SHR,      /* arithmetic for signed lanes */
	AMBIT_OP_RED_AND,  /* of the n bits of one lane: one result bit */
	AMBIT_OP_RED_OR,
	AMBIT_OP_RED_XOR,
	AMBIT_OP_FILL, /* no operand; the same constant in every lane */
	/* Bulk operations (enum ambit_bulk) on each of the n bit rows of a lane. */
	AMBIT_OP_BITWISE,
	AMBIT_OP_COUNT = AMBIT_OP_BITWISE + AMBIT_BULK_COUNT
};

struct ambit_shape {
	unsigned inputs;
	unsigned in_bits[3];
	unsigned out_bits;
};

struct ambit_request {
	enum ambit_op op;
	unsigned width;  /* 1..64 */
	uint64_t fill;   /* the constant of AMBIT_OP_FILL */
	unsigned amount; /* of a shift: 0..width */
	bool is_signed;
	bool published; /* true: the published sequence, even where its result is wrong (docs/emulator.md) */
};

/* "add", "mul_wide", ...; NULL: no such operation. */
const char *ambit_op_name(enum ambit_op op);
/* Operands and their bits, and the bits of the result. -EINVAL: no such operation, width or amount. */
int ambit_op_shape(const struct ambit_request *r, struct ambit_shape *out);
/* Builds the program into a zeroed builder, which the caller frees. -EINVAL; -ENOMEM; -EOPNOTSUPP: r->published and
 * nothing was published (mul, mod, ne, neg, shifts, fill; signed mul_wide, div, order comparisons, min, max; unsigned
 * abs and relu). */
int ambit_op_build(const struct ambit_request *r, struct ambit_builder *out);

#endif
