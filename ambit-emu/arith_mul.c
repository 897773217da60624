/* Products: rows of AND, added by a ripple of full adders that make each partial product in place (11 per bit, as
 * published: 11_multu-plus.c); signed ones after Baugh and Wooley; wide ones split after Karatsuba. */
#include "ambit-emu/arith.h"

/* Where three half-size products and their additions cost less than one. */
#define KARATSUBA_MIN 20u

/* p = x & y in T0 and T1. */
static void partial_and(struct arith *a, row x, row y)
{
	EMIT(a, "x>B0 y>B1 C0>B2 B12", "xy", x, y);
}

/* p = ~(x & y) in T0 and T1, given ~x. */
static void partial_nand(struct arith *a, row not_x, row y)
{
	EMIT(a, "x>B1 y>B5 C1>B2 B14>B0", "xy", not_x, y);
}

/* o = p + r + c, p in T0 and T1; the carry stays in DCC1. */
static void add_partial(struct arith *a, row c, row r, row o, const row *carry)
{
	EMIT(a, "c>B10 r>B6", "cr", c, r);
	if (carry)
		EMIT(a, "B15>k", "k", *carry);
	else
		EMIT(a, "B15", "", C0);
	EMIT(a, "B7>B11 B12 r>B1 B13>o", "ro", r, o);
}

/* out[k] += x & y[k] for k < n; top stands for out[n - 1] before. */
static void add_row(struct arith *a, row x, const row *y, unsigned n, row *out, row top, const row *carry)
{
	for (unsigned k = 0; k < n; k++) {
		partial_and(a, x, y[k]);
		add_partial(a, k ? ambit_b(6) : C0, k + 1 < n ? out[k] : top, out[k], k + 1 < n ? NULL : carry);
	}
}

/* out[0..bits) = the low bits of x * y, n < bits <= 2n or bits = n: at most 11n^2 - 8n + 1. */
static void schoolbook(struct arith *a, const row *x, const row *y, unsigned n, row *out, unsigned bits)
{
	arith_and(a, x[0], y, out, n);
	if (n == 1 && bits > 1)
		EMIT(a, "C0>o", "o", out[1]);
	for (unsigned j = 1; j < n; j++) {
		unsigned m = j + n <= bits ? n : bits - j;
		bool whole = j + n < bits;
		add_row(a, x[j], y, m, out + j, j == 1 && m == n ? C0 : out[j + m - 1], whole ? &out[j + n] : NULL);
	}
}

/* Baugh and Wooley: the partial products of exactly one sign bit are complemented, and 2^n and 2^(2n-1) added. */
static void signed_schoolbook(struct arith *a, const row *x, const row *y, row *out)
{
	unsigned n = a->n;
	if (n < 2) {
		schoolbook(a, x, y, n, out, 2 * n);
		return;
	}
	row not_x = arith_take(a), not_y = arith_take(a);
	EMIT(a, "x>B5 B4>p y>B5 B4>q", "xypq", x[n - 1], y[n - 1], not_x, not_y);
	arith_and(a, x[0], y, out, n - 1);
	EMIT(a, "y>B1 x>B5 C1>B2 B14>o", "yxo", not_y, x[0], out[n - 1]);
	for (unsigned j = 1; j < n; j++) {
		for (unsigned k = 0; k < n; k++) {
			row old = j == 1 && k == n - 1 ? C1 : out[j + k];
			if ((j == n - 1) == (k == n - 1))
				partial_and(a, x[j], y[k]);
			else if (k == n - 1)
				partial_nand(a, not_y, x[j]);
			else
				partial_nand(a, not_x, y[k]);
			add_partial(a, k ? ambit_b(6) : C0, old, out[j + k],
				    k == n - 1 && j < n - 1 ? &out[j + n] : NULL);
		}
	}
	EMIT(a, "B7>o", "o", out[2 * n - 1]);
	arith_give(a, &not_x, 1);
	arith_give(a, &not_y, 1);
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
	arith_add(a, &(struct arith_sum){x, x + h, h, l, C0, sx, h, &sx[h]});
	arith_add(a, &(struct arith_sum){y, y + h, h, l, C0, sy, h, &sy[h]});
	karatsuba(a, sx, sy, h + 1, m);
	/* The middle term is less than 2^(n + 1): what is above is not needed. */
	arith_sub(a, &(struct arith_sum){m, out, bits, 2 * h, C1, m, bits, NULL});
	arith_sub(a, &(struct arith_sum){m, out + 2 * h, bits, 2 * l, C1, m, bits, NULL});
	arith_add(a, &(struct arith_sum){out + h, m, 2 * n - h, bits, C0, out + h, 2 * n - h, NULL});
	arith_give(a, sx, h + 1);
	arith_give(a, sy, h + 1);
	arith_give(a, m, 2 * h + 2);
}

void arith_op_mul_wide(struct arith *a)
{
	unsigned n = a->n;
	const row *x = a->in[0], *y = a->in[1];
	if (n < KARATSUBA_MIN) {
		if (a->is_signed)
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
		arith_sub(a, &(struct arith_sum){a->out + n, t, n, n, C1, a->out + n, n, NULL});
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
			add_row(a, x[j], y + k, n - j - k, a->out + j + k, a->out[n - 1], NULL);
	}
}
