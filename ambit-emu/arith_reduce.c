/* Operations over the bits of one lane: popcount, red_and, red_or, red_xor. */
#include "ambit-emu/arith.h"

/* A full adder turns three rows of one weight into one of that weight and one of twice the weight: n - popcount(n)
 * adders of 6 commands, and 2 per result bit. The published 91_bitcount-plus.c counts one bit twice and omits the last.
 */
void arith_op_popcount(struct arith *a)
{
	row bits[ARITH_BITS], carries[ARITH_BITS / 2];
	unsigned n = a->n;
	for (unsigned i = 0; i < n; i++)
		bits[i] = a->in[0][i];
	for (unsigned level = 0; n > 0; level++) {
		/* A single carry is the top bit of the result. */
		if (n / 2 == 1)
			carries[0] = a->out[level + 1];
		else
			arith_take_n(a, carries, n / 2);
		unsigned next = arith_column(a, bits, n, a->out[level], carries);
		if (level)
			arith_give(a, bits, n);
		if (next == 1)
			break;
		for (n = 0; n < next; n++)
			bits[n] = carries[n];
	}
}

/* 5 commands for two bits: 31_and_reduction-plus.c, 32_or_reduction-plus.c. T0 holds the result so far. */
static void reduce_and_or(struct arith *a, row neutral)
{
	const row *x = a->in[0];
	unsigned n = a->n, i = 2 - n % 2;
	if (i == 2)
		EMIT(a, n == 2 ? "x>B0 y>B1 c>B2 B12>o" : "x>B0 y>B1 c>B2 B12", "xyco", x[0], x[1], neutral, a->out[0]);
	else
		EMIT(a, n == 1 ? "x>o" : "x>B0", "xo", x[0], a->out[0]);
	for (; i < n; i += 2)
		EMIT(a, i + 2 == n ? "c>B13 x>B6 B15 y>B2 B12>o" : "c>B13 x>B6 B15 y>B2 B12", "cxyo", neutral, x[i],
		     x[i + 1], a->out[0]);
}

/* 6 commands for two bits: 30_xor_reduction-plus.c. T1 holds the result so far, DCC1 its complement. */
static void reduce_xor(struct arith *a)
{
	const row *x = a->in[0];
	unsigned n = a->n, i = n % 2;
	if (n == 1)
		EMIT(a, "x>o", "xo", x[0], a->out[0]);
	else
		EMIT(a, "x>B9", "x", i ? x[0] : C0);
	for (; i + 1 < n; i += 2) {
		EMIT(a, "x>B8 y>B2 B14>B3 B15>B2 y>B5", "xy", x[i], x[i + 1]);
		EMIT(a, "B14>o", "o", i + 2 == n ? a->out[0] : ambit_b(7));
	}
}

void arith_op_reduce(struct arith *a, enum ambit_op op)
{
	if (op == AMBIT_OP_RED_XOR)
		reduce_xor(a);
	else
		reduce_and_or(a, op == AMBIT_OP_RED_AND ? C0 : C1);
}
