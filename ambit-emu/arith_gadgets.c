/* Adders, comparison, selection. Counts per bit and their source beside each. */
#include "ambit-emu/arith.h"

/* 8 per bit, published: 00_addition-plus.c. The carry c' = MAJ(x,y,c) stays in DCC1; sum = MAJ(y, MAJ(~c',c,x), ~c').
 * The first carry is copied from where it is, which saves the published program's first command. */
void arith_add(struct arith *a, const struct arith_sum *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		row x = arith_bit(s->x, s->nx, i), y = arith_bit(s->y, s->ny, i), c = i ? ambit_b(6) : s->carry;
		EMIT(a, "c>B12 x>B10 y>B6", "cxy", c, x, y);
		if (i + 1 == s->n && s->carry_out)
			EMIT(a, "B15>k", "k", *s->carry_out);
		else
			EMIT(a, "B15", "", C0);
		EMIT(a, "B7>B11 B12 y>B1 B13>o", "yo", y, s->out[i]);
	}
}

/* 8 per bit, published: 01_subtraction-plus.c. c' = MAJ(x,~y,c) stays in DCC0. */
void arith_sub(struct arith *a, const struct arith_sum *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		row x = arith_bit(s->x, s->nx, i), y = arith_bit(s->y, s->ny, i), c = i ? ambit_b(4) : s->carry;
		EMIT(a, "c>B12 x>B10 y>B7 B15>k", "cxyk", c, x, y,
		     i + 1 == s->n && s->carry_out ? *s->carry_out : ambit_b(4));
		EMIT(a, "B7>B11 B12 y>B7 B15>o", "yo", y, s->out[i]);
	}
}

/* 3n + 1; published with a copy at the end: 40_greater-plus.c, 41_greater_equal-plus.c. The order of the sign bits is
 * the other way round. */
void arith_compare(struct arith *a, const row *x, const row *y, bool or_equal, row out)
{
	EMIT(a, "c>B2", "c", or_equal ? C1 : C0);
	for (unsigned i = 0; i < a->n; i++) {
		bool last = i + 1 == a->n, flip = last && a->is_signed;
		EMIT(a, last ? "x>B1 y>B5 B14>o" : "x>B1 y>B5 B14", "xyo", flip ? y[i] : x[i], flip ? x[i] : y[i], out);
	}
}

/* 7 per bit, the count of 60_if_then_else-plus.c, whose own sequence computes s | w: MAJ(s|w, ~s&w, v). */
void arith_mux(struct arith *a, row s, const row *v, const row *w, row *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		EMIT(a, "s>B8 C0>B9 w>B10 B15 B14 v>B2 B12>o", "swvo", s, w[i], v[i], out[i]);
}

/* 3 per bit, two bits for one load of k and C0: 51_relu-plus.c. */
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

/* 10n - 8. e = some lower bit of v is 1, where s: e' = MAJ(e, v, s); the result is v ^ e. */
void arith_negate_if(struct arith *a, row s, const row *v, row *out, unsigned n)
{
	row e[ARITH_BITS];
	arith_take_n(a, e + 1, n - 1);
	if (n > 1)
		EMIT(a, "C0>B0", "", C0);
	for (unsigned i = 0; i + 1 < n; i++)
		EMIT(a, "v>B1 s>B2 B12>e", "vse", v[i], s, e[i + 1]);
	EMIT(a, "v>o", "vo", v[0], out[0]);
	for (unsigned i = 1; i < n; i++)
		arith_xor(a, v[i], e[i], out[i]);
	arith_give(a, e + 1, n - 1);
}
