/* Shared by the generators of ops.h; private to arith*.c.
 *
 * A gadget writes a micro-program as the papers do, with one letter for each row that the caller passes:
 *	"x>B8"  AAP(x, B8)        "B12>o"  AAP(B12, o)        "B14"  AP(B14)
 * Commands are separated by a space; C0 and C1 are the constant rows.
 * The B addresses and the wordlines they raise (n: the complement's wordline):
 *	B0 T0   B1 T1   B2 T2   B3 T3   B4 DCC0   B5 DCC0n   B6 DCC1   B7 DCC1n
 *	B8 DCC0n T0   B9 DCC1n T1   B10 T2 T3   B11 T0 T3
 *	B12 T0 T1 T2   B13 T1 T2 T3   B14 DCC0 T1 T2   B15 DCC1 T0 T3
 * "Published" means the sequence in the named file of CMU-SAFARI/MIMDRAM@49549f9 microworkloads/. */
#ifndef AMBIT_ARITH_H
#define AMBIT_ARITH_H

#include "ambit-emu/ops.h"

#define ARITH_BITS 64u
#define ARITH_SPARES 1024u

typedef struct ambit_address row;

struct arith {
	struct ambit_builder *b;
	unsigned n; /* width */
	bool is_signed;
	row in[3][ARITH_BITS], out[2 * ARITH_BITS];
	row spare[ARITH_SPARES]; /* temporaries that are free again */
	unsigned spares;
};

#define C0 ambit_c(0)
#define C1 ambit_c(1)

/* Appends the commands of `text`; names[i] is the letter of rows[i]. A text that cannot be read sets a->b->rc to
 * -EINVAL. */
void arith_emit(struct arith *a, const char *text, const char *names, const row *rows);
#define EMIT(a, text, names, ...) arith_emit(a, text, names, (const row[]){__VA_ARGS__})

/* Take and give back temporary rows; the row given back last is taken first. */
row arith_take(struct arith *a);
void arith_take_n(struct arith *a, row *rows, unsigned n);
void arith_give(struct arith *a, const row *rows, unsigned n);
/* Row of bit i of the n-bit number x; C0 for i >= n. */
static inline row arith_bit(const row *x, unsigned n, unsigned i)
{
	return i < n ? x[i] : C0;
}

/* ---- gadgets; out[i] may be the row of x[i] or y[i] ---- */

/* x + y or x - y */
struct arith_sum {
	const row *x, *y;
	unsigned nx, ny; /* bits of x and y; missing bits are 0; the larger is at least n */
	row *out;
	unsigned n;
	const row *carry_out; /* of an addition; NULL: not wanted */
};
void arith_add(struct arith *a, const struct arith_sum *s);
void arith_sub(struct arith *a, const struct arith_sum *s);
/* out[0..n) = x - (q ? y : 0). */
void arith_sub_if(struct arith *a, row q, const row *x, const row *y, row *out, unsigned n);
/* out = -v modulo 2^n. */
void arith_negate(struct arith *a, const row *v, row *out, unsigned n);
/* Adds n >= 1 rows of one weight: sum = their parity, carries[0..n/2-1] = rows of twice the weight, which the caller
 * gives. Returns n / 2. */
unsigned arith_column(struct arith *a, const row *bits, unsigned n, row sum, row *carries);
/* out = x > y, or x >= y when or_equal; a->n bits, signed when a->is_signed. */
void arith_compare(struct arith *a, const row *x, const row *y, bool or_equal, row out);
/* out[i] = s ? v[i] : w[i]. */
void arith_mux(struct arith *a, row s, const row *v, const row *w, row *out, unsigned n);
/* out[i] = k & v[i]. */
void arith_and(struct arith *a, row k, const row *v, row *out, unsigned n);
/* out = x ^ y */
void arith_xor(struct arith *a, row x, row y, row out);
/* out = s ? -v : v, modulo 2^n; out and v do not share rows. */
void arith_negate_if(struct arith *a, row s, const row *v, row *out, unsigned n);

/* ---- operations; ambit_op_build() has checked width and amount ---- */
void arith_op_mul(struct arith *a);
void arith_op_mul_wide(struct arith *a);
void arith_op_divide(struct arith *a, bool remainder);
void arith_op_popcount(struct arith *a);
void arith_op_reduce(struct arith *a, enum ambit_op op);
/* -EOPNOTSUPP: nothing was published. */
int arith_published(struct arith *a, enum ambit_op op);

#endif
