/* Products. Partial products, 3 commands each, are made for a block of rows at once and added column by column with
 * adders of 6, where the published 11_multu-plus.c takes 11 for both; signed ones after Baugh and Wooley; wide ones
 * split after Karatsuba. */
#include "ambit-emu/arith.h"

/* Where three half-size products and their additions cost less than one. */
#define KARATSUBA_MIN 18u
/* Rows of partial products at once: BLOCK x n temporaries; a column costs 2 beside its adders. */
#define BLOCK 6u

struct product {
	const row *x, *y;
	unsigned n, bits; /* of an operand; of the result: n or 2n */
	unsigned done;    /* the product of the low `done` bits of both is in the result already */
	bool is_signed;
	row not_x, not_y; /* of a signed product: the complements of the sign bits */
	row *out;
};

/* out = ~(x & y), given ~x: ~x | ~y. */
static void nand_row(struct arith *a, row not_x, const row *y, unsigned n, row *out)
{
	unsigned i = 0;
	for (; i + 2 <= n; i += 2)
		EMIT(a, "x>B12 C1>B10 y>B5 B14>o z>B7 B15>p", "xyozp", not_x, y[i], out[i], y[i + 1], out[i + 1]);
	if (i < n)
		EMIT(a, "x>B1 y>B5 C1>B2 B14>o", "xyo", not_x, y[i], out[i]);
}

/* t[k] = x[j] & y[k] for first <= k < last; Baugh and Wooley complement the partial products of exactly one sign bit,
 * and add 2^n and 2^(2n-1). */
static void partials(struct arith *a, const struct product *p, unsigned j, unsigned first, unsigned last, row *t)
{
	unsigned top = p->n - 1;
	if (!p->is_signed) {
		arith_and(a, p->x[j], p->y + first, t + first, last - first);
	} else if (j < top) {
		arith_and(a, p->x[j], p->y, t, top);
		nand_row(a, p->not_y, &p->x[j], 1, &t[top]);
	} else {
		nand_row(a, p->not_x, p->y, top, t);
		arith_and(a, p->x[top], &p->y[top], &t[top], 1);
	}
}

struct block {
	unsigned j, rows; /* partial products of x[j..j + rows) */
	unsigned first[BLOCK], last[BLOCK];
	row t[BLOCK][ARITH_BITS];
};

/* What column c adds up but for the carries. */
static unsigned collect(const struct product *p, const struct block *b, unsigned c, row *bits)
{
	unsigned m = 0;
	if (c < 2 * p->done || (b->j && c < p->n + b->j))
		bits[m++] = p->out[c];
	for (unsigned r = 0; r < b->rows; r++) {
		unsigned k = c - b->j - r;
		if (c >= b->j + r && k >= b->first[r] && k < b->last[r])
			bits[m++] = b->t[r][k];
	}
	if (p->is_signed && ((b->j == 0 && c == p->n) || c == 2 * p->n - 1))
		bits[m++] = C1;
	return m;
}

static void add_columns(struct arith *a, const struct product *p, const struct block *b)
{
	row bits[2 * BLOCK + 4], carries[BLOCK + 2];
	unsigned n_carries = 0;
	for (unsigned c = b->j; c < p->bits && c < p->n + b->j + b->rows; c++) {
		unsigned own = collect(p, b, c, bits), m = own;
		for (unsigned i = 0; i < n_carries; i++)
			bits[m++] = carries[i];
		arith_take_n(a, carries, m / 2);
		if (m == 0)
			EMIT(a, "C0>o", "o", p->out[c]);
		else if (m > 1 || bits[0].group != AMBIT_D || bits[0].index != p->out[c].index)
			(void)arith_column(a, bits, m, p->out[c], carries);
		arith_give(a, bits + own, n_carries);
		n_carries = m / 2;
	}
	arith_give(a, carries, n_carries);
}

static void schoolbook(struct arith *a, const struct product *p)
{
	struct block b;
	for (b.j = 0; b.j < p->n; b.j += b.rows) {
		b.rows = p->n - b.j < BLOCK ? p->n - b.j : BLOCK;
		for (unsigned r = 0; r < b.rows; r++) {
			unsigned j = b.j + r, n = p->n < p->bits - j ? p->n : p->bits - j;
			b.first[r] = j < p->done ? p->done : 0;
			b.last[r] = n;
			arith_take_n(a, b.t[r] + b.first[r], n - b.first[r]);
			/* The lowest column has one partial product: it is the result. */
			if (j == 0 && p->done == 0) {
				arith_give(a, b.t[0], 1);
				b.t[0][0] = p->out[0];
			}
			partials(a, p, j, b.first[r], n, b.t[r]);
		}
		add_columns(a, p, &b);
		for (unsigned r = b.rows; r-- > 0;) {
			unsigned k = b.j + r == 0 && p->done == 0 ? 1 : b.first[r];
			arith_give(a, b.t[r] + k, b.last[r] - k);
		}
	}
}

static void signed_schoolbook(struct arith *a, const row *x, const row *y, row *out)
{
	unsigned n = a->n;
	struct product p = {.x = x, .y = y, .n = n, .bits = 2 * n, .is_signed = true, .out = out};
	p.not_x = arith_take(a);
	p.not_y = arith_take(a);
	EMIT(a, "x>B5 B4>p y>B5 B4>q", "xypq", x[n - 1], y[n - 1], p.not_x, p.not_y);
	schoolbook(a, &p);
}

/* With h = n/2 rounded up, x = x1 2^h + x0: x y = z2 2^2h + ((x0 + x1)(y0 + y1) - z0 - z2) 2^h + z0. */
static void karatsuba(struct arith *a, const row *x, const row *y, unsigned n, row *out)
{
	if (n < KARATSUBA_MIN) {
		schoolbook(a, &(struct product){.x = x, .y = y, .n = n, .bits = 2 * n, .out = out});
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
	if (a->is_signed && n > 1 && n < KARATSUBA_MIN) {
		signed_schoolbook(a, x, y, a->out);
		return;
	}
	karatsuba(a, x, y, n, a->out);
	if (!a->is_signed || n == 1)
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
	struct product p = {.x = a->in[0], .y = a->in[1], .n = a->n, .bits = a->n, .out = a->out};
	/* Only the product of the low halves is whole. */
	if (p.n / 2 >= KARATSUBA_MIN) {
		p.done = p.n / 2;
		karatsuba(a, p.x, p.y, p.done, p.out);
	}
	schoolbook(a, &p);
}
