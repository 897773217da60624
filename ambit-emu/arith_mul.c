/* Products: rows of AND (3 per bit), added by a ripple of adders (7 per bit), where the published 11_multu-plus.c takes
 * 11 for both; signed ones after Baugh and Wooley; wide ones split after Karatsuba. */
#include "ambit-emu/arith.h"

/* Where three half-size products and their additions cost less than one. */
#define KARATSUBA_MIN 20u

/* out[0..n) += x & y; of out, `known` bits hold a number before. */
static void add_row(struct arith *a, row x, const row *y, unsigned n, row *out, unsigned known, const row *carry)
{
	row t[ARITH_BITS];
	arith_take_n(a, t, n);
	arith_and(a, x, y, t, n);
	arith_add(a, &(struct arith_sum){out, t, known, n, out, n, carry});
	arith_give(a, t, n);
}

/* out[0..bits) = the low bits of x * y, bits = n or 2n. */
static void schoolbook(struct arith *a, const row *x, const row *y, unsigned n, row *out, unsigned bits)
{
	arith_and(a, x[0], y, out, n);
	if (n == 1 && bits > 1)
		EMIT(a, "C0>o", "o", out[1]);
	for (unsigned j = 1; j < n; j++) {
		bool whole = bits > n;
		add_row(a, x[j], y, whole ? n : n - j, out + j, whole && j > 1 ? n : n - j, whole ? &out[j + n] : NULL);
	}
}

/* out = ~(x & y), given ~x: ~x | ~y. */
static void nand_row(struct arith *a, row not_x, const row *y, unsigned n, row *out)
{
	unsigned i = 0;
	for (; i + 2 <= n; i += 2)
		EMIT(a, "x>B12 C1>B10 y>B5 B14>o z>B7 B15>p", "xyozp", not_x, y[i], out[i], y[i + 1], out[i + 1]);
	if (i < n)
		EMIT(a, "x>B1 y>B5 C1>B2 B14>o", "xyo", not_x, y[i], out[i]);
}

/* Baugh and Wooley: the partial products of exactly one sign bit are complemented, and 2^n and 2^(2n-1) added. */
static void signed_schoolbook(struct arith *a, const row *x, const row *y, row *out)
{
	unsigned n = a->n, top = n - 1;
	row not_x = arith_take(a), not_y = arith_take(a), t[ARITH_BITS];
	arith_take_n(a, t, n);
	EMIT(a, "x>B5 B4>p y>B5 B4>q", "xypq", x[top], y[top], not_x, not_y);
	arith_and(a, x[0], y, out, top);
	nand_row(a, not_y, &x[0], 1, &out[top]);
	EMIT(a, "C1>o", "o", out[n]);
	for (unsigned j = 1; j < n; j++) {
		if (j < top) {
			arith_and(a, x[j], y, t, top);
			nand_row(a, not_y, &x[j], 1, &t[top]);
		} else {
			nand_row(a, not_x, y, top, t);
			arith_and(a, x[top], &y[top], &t[top], 1);
		}
		arith_add(a, &(struct arith_sum){out + j, t, n, n, out + j, n, j < top ? &out[j + n] : NULL});
	}
	EMIT(a, "B6>o", "o", out[2 * n - 1]); /* the last carry, complemented, is in DCC1 */
	arith_give(a, t, n);
	arith_give(a, &not_y, 1);
	arith_give(a, &not_x, 1);
}

/* With h = n/2 rounded up, x = x1 2^h + x0: x y = z2 2^2h + ((x0 + x1)(y0 + y1) - z0 - z2) 2^h + z0. */
static void karatsuba(struct arith *a, const row *x, const row *y, unsigned n, row *out)
{
	if (n < KARATSUBA_MIN) {
		schoolbook(a, x, y, n, out, 2 * n);
		return;
	}
	unsigned h = (n + 1) / 2, l = n - h, bits = n + 1;
	row sx[ARITH_BITS], sy[ARITH_BITS], m[2 * ARITH_BITS];
	karatsuba(a, x, y, h, out);
	karatsuba(a, x + h, y + h, l, out + 2 * h);
	arith_take_n(a, sx, h + 1);
	arith_take_n(a, sy, h + 1);
	arith_take_n(a, m, 2 * h + 2);
	arith_add(a, &(struct arith_sum){x, x + h, h, l, sx, h, &sx[h]});
	arith_add(a, &(struct arith_sum){y, y + h, h, l, sy, h, &sy[h]});
	karatsuba(a, sx, sy, h + 1, m);
	/* The middle term is less than 2^(n + 1): what is above is not needed. */
	arith_sub(a, &(struct arith_sum){m, out, bits, 2 * h, m, bits, NULL});
	arith_sub(a, &(struct arith_sum){m, out + 2 * h, bits, 2 * l, m, bits, NULL});
	arith_add(a, &(struct arith_sum){out + h, m, 2 * n - h, bits, out + h, 2 * n - h, NULL});
	arith_give(a, sx, h + 1);
	arith_give(a, sy, h + 1);
	arith_give(a, m, 2 * h + 2);
}

void arith_op_mul_wide(struct arith *a)
{
	unsigned n = a->n;
	const row *x = a->in[0], *y = a->in[1];
	if (n < KARATSUBA_MIN) {
		if (a->is_signed && n > 1)
			signed_schoolbook(a, x, y, a->out);
		else
			schoolbook(a, x, y, n, a->out, 2 * n);
		return;
	}
	karatsuba(a, x, y, n, a->out);
	if (!a->is_signed)
		return;
	/* A sign bit weighs -2^(n-1), not 2^(n-1): 2^n times the other operand too much. */
	row t[ARITH_BITS];
	arith_take_n(a, t, n);
	for (int k = 0; k < 2; k++) {
		arith_and(a, a->in[k][n - 1], a->in[1 - k], t, n);
		arith_sub(a, &(struct arith_sum){a->out + n, t, n, n, a->out + n, n, NULL});
	}
}

void arith_op_mul(struct arith *a)
{
	unsigned n = a->n, h = n / 2;
	const row *x = a->in[0], *y = a->in[1];
	if (h < KARATSUBA_MIN) {
		schoolbook(a, x, y, n, a->out, n);
		return;
	}
	/* Only the product of the low halves is whole. */
	karatsuba(a, x, y, h, a->out);
	if (n > 2 * h)
		EMIT(a, "C0>o", "o", a->out[n - 1]);
	for (unsigned j = 0; j < n; j++) {
		unsigned k = j < h ? h : 0;
		if (j + k < n)
			add_row(a, x[j], y + k, n - j - k, a->out + j + k, n - j - k, NULL);
	}
}
