/* Products by adding rows of partial products. The AND is computed in the rows where the adder reads it: 9 commands per
 * bit, where the published 11_multu-plus.c takes 11. Signed: C. R. Baugh and B. A. Wooley, IEEE Trans. Computers C-22
 * (1973). Large: Karatsuba. */
#include "ambit-emu/arith.h"

/* Width from which three products of half the width and their additions cost less than one product; signed products
 * also need two conditional subtractions. */
#define KARATSUBA_MIN 20u
#define SIGNED_KARATSUBA_MIN 26u

/* o = r + p + carry, as in arith_add, with p in DCC0 and ~p in T0..T2. PARTIAL: p = x & y, from the complements of
 * both; COMPLEMENTED: p = ~(x & y). */
#define PARTIAL "x>B0 y>B1 C1>B2 B12>B5 "
#define COMPLEMENTED "x>B0 y>B1 C0>B2 B12>B5 "
#define PARTIAL_FIRST "x>B0 y>B1 C1>B10 B12>B5 C0>B0 " /* no carry: 0 in T0, 1 in T3 */
#define COMPLEMENTED_FIRST COMPLEMENTED "C0>B0 C1>B3 "
#define ADD "r>B9 B12 B15>B1 B14>o"

struct product {
	const row *x, *y;
	unsigned n, bits; /* bits of an operand; of the result: n or 2n */
	unsigned done;    /* the result already holds the product of the low `done` bits of both */
	bool is_signed;   /* the partial products of exactly one sign bit are complemented, 2^n and 2^(2n-1) added */
	row *out;
};

/* out += x[j] * y[first..last) << j. not_y: the complements of y; not_x: a row for the complement of x[j]. */
static void add_row(struct arith *a, const struct product *p, unsigned j, const row *not_y, row not_x)
{
	unsigned n = p->n, first = j < p->done ? p->done : 0, last = j + n < p->bits ? n : p->bits - j;
	EMIT(a, "x>B5 B4>n", "xn", p->x[j], not_x);
	for (unsigned k = first; k < last; k++) {
		bool complemented = p->is_signed && (j == n - 1) != (k == n - 1);
		row r = p->done || j > 1 || k < n - 1 ? p->out[j + k] : p->is_signed ? C1 : C0;
		row x = complemented ? p->x[j] : not_x, y = complemented ? p->y[k] : not_y[k];
		if (k == first)
			EMIT(a, complemented ? COMPLEMENTED_FIRST ADD : PARTIAL_FIRST ADD, "xyro", x, y, r,
			     p->out[j + k]);
		else
			EMIT(a, complemented ? COMPLEMENTED "B7>B0 " ADD : PARTIAL "B7>B0 " ADD, "xyro", x, y, r,
			     p->out[j + k]);
	}
	if (j + n < p->bits)
		EMIT(a, p->is_signed && j == n - 1 ? "B6>o" : "B7>o", "o", p->out[j + n]);
}

/* All 2n bits: 9n^2 - n - 3 commands, one more for odd n. */
static void schoolbook(struct arith *a, const struct product *p)
{
	unsigned n = p->n, top = n - 1;
	row not_y[ARITH_BITS], not_x;
	if (n == 1) {
		EMIT(a, "x>B0 y>B1 C0>B2 B12>o", "xyo", p->x[0], p->y[0], p->out[0]);
		if (p->bits > 1)
			EMIT(a, "C0>o", "o", p->out[1]);
		return;
	}
	not_x = arith_take(a);
	arith_take_n(a, not_y, n);
	for (unsigned k = 0; k < n; k++)
		EMIT(a, "y>B5 B4>n", "yn", p->y[k], not_y[k]);
	if (p->done) {
		add_row(a, p, 0, not_y, not_x);
	} else {
		arith_and(a, p->x[0], p->y, p->out, p->is_signed ? top : n);
		if (p->is_signed)
			EMIT(a, "y>B1 x>B5 C1>B2 B14>o", "xyo", p->x[0], not_y[top], p->out[top]);
	}
	for (unsigned j = 1; j < n; j++)
		add_row(a, p, j, not_y, not_x);
	arith_give(a, not_y, n);
	arith_give(a, &not_x, 1);
}

/* With h = n/2 rounded up, x = x1 2^h + x0: x y = z2 2^2h + ((x0 + x1)(y0 + y1) - z0 - z2) 2^h + z0. */
static void karatsuba(struct arith *a, const row *x, const row *y, unsigned n, row *out)
{
	if (n < KARATSUBA_MIN) {
		schoolbook(a, &(struct product){x, y, n, 2 * n, 0, false, out});
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
	/* The middle term is below 2^(n + 1), so only n + 1 bits of it are computed. */
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
	if (a->is_signed && n > 1 && n < SIGNED_KARATSUBA_MIN) {
		schoolbook(a, &(struct product){x, y, n, 2 * n, 0, true, a->out});
		return;
	}
	karatsuba(a, x, y, n, a->out);
	if (!a->is_signed || n == 1)
		return;
	/* The unsigned product counts a sign bit as +2^(n-1) instead of -2^(n-1): subtract 2^n times the other operand.
	 */
	for (int k = 0; k < 2; k++)
		arith_sub_if(a, a->in[k][n - 1], a->out + n, a->in[1 - k], a->out + n, n);
}

void arith_op_mul(struct arith *a)
{
	struct product p = {.x = a->in[0], .y = a->in[1], .n = a->n, .bits = a->n, .out = a->out};
	/* Of the low n bits only the product of the low halves is needed in full: Karatsuba serves that part. */
	if (p.n / 2 >= KARATSUBA_MIN) {
		p.done = p.n / 2;
		karatsuba(a, p.x, p.y, p.done, p.out);
		if (p.n % 2)
			EMIT(a, "C0>o", "o", p.out[p.n - 1]);
	}
	schoolbook(a, &p);
}
