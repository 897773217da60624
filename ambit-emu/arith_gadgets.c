/* Adders, comparison, selection; each with its commands per bit and the published count. */
#include "ambit-emu/arith.h"

/* 7 commands per bit; the published 00_addition-plus.c takes 8. Found with a satisfiability solver, which also shows
 * that 6 per bit are not enough when the carry stays in compute rows. ~c is in T3 and DCC1 before and after each bit.
 * With m = MAJ(~x,y,c): ~c' = MAJ(~y,~c,m) and sum = MAJ(x,~c',m), so that each operand is loaded once. */
#define ADD_FIRST "y>B14 x>B9 B5>B11 C1>B8 B12 B15>B1 B14>o"
#define ADD_NEXT "B7>B0 x>B4 y>B9 B5>B2 B12 B15>B1 B14>o"
/* 6 per bit above the top bit of the shorter operand. */
#define ADD_CARRY "B7>B14 x>B9 C1>B8 B12 B15>B1 B14>o"

void arith_add(struct arith *a, const struct arith_sum *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		bool both = i < s->nx && i < s->ny;
		EMIT(a,
		     i == 0 ? ADD_FIRST
		     : both ? ADD_NEXT
			    : ADD_CARRY,
		     "xyo", i < s->nx ? s->x[i] : arith_bit(s->y, s->ny, i), arith_bit(s->y, s->ny, i), s->out[i]);
	}
	if (s->carry_out)
		EMIT(a, "B7>k", "k", *s->carry_out);
}

/* As the adder, with y complemented while it is loaded; 01_subtraction-plus.c takes 8 per bit. The borrow is in T3 and
 * DCC1. */
#define SUB_FIRST "C0>B8 y>B2 x>B9 B14>B3 B15>B2 y>B5 B14>o"
#define SUB_NEXT "B7>B0 y>B5 x>B9 y>B2 B12 B15>B1 B14>o"

void arith_sub(struct arith *a, const struct arith_sum *s)
{
	for (unsigned i = 0; i < s->n; i++)
		EMIT(a, i ? SUB_NEXT : SUB_FIRST, "xyo", arith_bit(s->x, s->nx, i), arith_bit(s->y, s->ny, i),
		     s->out[i]);
}

/* 9 per bit: the AND of y and q is computed in the rows where the subtraction reads it (T2, complement in DCC0). */
void arith_sub_if(struct arith *a, row q, const row *x, const row *y, row *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		EMIT(a, i ? "q>B0 y>B1 C0>B2 B12>B5 B7>B0" : "q>B0 y>B1 C0>B10 B12>B5 C1>B0", "qy", q, y[i]);
		EMIT(a, "x>B9 B12 B15>B1 B14>o", "xo", x[i], out[i]);
	}
}

/* 6n - 3 commands, also found with the solver. With p = some lower bit is 1: out = v ^ p, then p = v | p. ~p is in T2,
 * p in T3. */
void arith_negate(struct arith *a, const row *v, row *out, unsigned n)
{
	EMIT(a, n > 1 ? "v>o v>B3 v>B5 B4>B2" : "v>o", "vo", v[0], out[0]);
	for (unsigned i = 1; i < n; i++)
		EMIT(a, i + 1 < n ? "v>B8 C0>B9 B12 B15>B2 B14>o B7>B12" : "v>B8 C0>B9 B12 B15>B2 B14>o", "vo", v[i],
		     out[i]);
}

/* 6 commands for two rows and 2 at the end, also found with the solver. T3 and DCC1 hold the complement of the sum;
 * each carry is MAJ(sum,v,w). */
unsigned arith_column(struct arith *a, const row *bits, unsigned n, row sum, row *carries)
{
	unsigned k = 0;
	for (unsigned i = 1; i < n; i += 2)
		EMIT(a, i == 1 ? "v>B14 B5>B3 w>B8 x>B9 B12>k B15>B2 B14>B15" : "B7>B14 w>B9 v>B8 B12>k B15>B1 B14>B15",
		     "xvwk", bits[0], bits[i], arith_bit(bits, n, i + 1), carries[k++]);
	EMIT(a, n > 1 ? "B7>s" : "x>s", "xs", bits[0], sum);
	return k;
}

/* 3n + 1 commands; 40_greater-plus.c and 41_greater_equal-plus.c need one copy more. Signed: the operands change places
 * at the sign bit. */
void arith_compare(struct arith *a, const row *x, const row *y, bool or_equal, row out)
{
	EMIT(a, "c>B2", "c", or_equal ? C1 : C0);
	for (unsigned i = 0; i < a->n; i++) {
		bool last = i + 1 == a->n, flip = last && a->is_signed;
		EMIT(a, last ? "x>B1 y>B5 B14>o" : "x>B1 y>B5 B14", "xyo", flip ? y[i] : x[i], flip ? x[i] : y[i], out);
	}
}

/* 7 per bit, as many as 60_if_then_else-plus.c, whose sequence computes s | w instead. out = MAJ(s|w, ~s&w, v). */
void arith_mux(struct arith *a, row s, const row *v, const row *w, row *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		EMIT(a, "s>B8 C0>B9 w>B10 B15 B14 v>B2 B12>o", "swvo", s, w[i], v[i], out[i]);
}

/* 3 per bit (51_relu-plus.c): k and C0 are loaded once for two bits. */
void arith_and(struct arith *a, row k, const row *v, row *out, unsigned n)
{
	unsigned i = 0;
	for (; i + 2 <= n; i += 2)
		EMIT(a, "k>B12 C0>B10 v>B4 B14>o w>B6 B15>p", "kvowp", k, v[i], out[i], v[i + 1], out[i + 1]);
	if (i < n)
		EMIT(a, "k>B0 C0>B1 v>B2 B12>o", "kvo", k, v[i], out[i]);
}

void arith_xor(struct arith *a, row x, row y, row out)
{
	EMIT(a, "x>B8 y>B9 C0>B10 B14 B15 C1>B2 B12>o", "xyo", x, y, out);
}

/* 9n - 8: v - (s ? 2v : 0). */
void arith_negate_if(struct arith *a, row s, const row *v, row *out, unsigned n)
{
	EMIT(a, "v>o", "vo", v[0], out[0]);
	arith_sub_if(a, s, v + 1, v, out + 1, n - 1);
}
