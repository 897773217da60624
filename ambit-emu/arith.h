/* What the generators of ops.h share; internal to arith*.c.
 *
 * A gadget is written as the papers write a micro-program, once, with names for its rows:
 *   "x>B8"  AAP(x, B8)        "B12>o"  AAP(B12, o)        "B14"  AP(B14)
 * Words are parted by a space; one lower-case letter names a row that the caller passes, C0 and C1 are the constants.
 * The B addresses by the wordlines they raise (n: the complement's):
 *   B0 T0   B1 T1   B2 T2   B3 T3   B4 DCC0   B5 DCC0n   B6 DCC1   B7 DCC1n
 *   B8 DCC0n T0   B9 DCC1n T1   B10 T2 T3   B11 T0 T3
 *   B12 T0 T1 T2   B13 T1 T2 T3   B14 DCC0 T1 T2   B15 DCC1 T0 T3
 * "Published" is the sequence of CMU-SAFARI/MIMDRAM@49549f9 microworkloads/, named by its file. */
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

/* Appends the commands of `text`; names[i] is the letter of rows[i]. -EINVAL sticks in the builder for a bad text. */
void arith_emit(struct arith *a, const char *text, const char *names, const row *rows);
#define EMIT(a, text, names, ...) arith_emit(a, text, names, (const row[]){__VA_ARGS__})

/* Temporary rows, reused last in, first out. */
row arith_take(struct arith *a);
void arith_take_n(struct arith *a, row *rows, unsigned n);
void arith_give(struct arith *a, const row *rows, unsigned n);
/* The i-th bit of a number of n bits, zero above. */
static inline row arith_bit(const row *x, unsigned n, unsigned i)
{
	return i < n ? x[i] : C0;
}

/* ---- gadgets; out may be the same rows as x or y, bit by bit ---- */

/* x + y or x - y */
struct arith_sum {
	const row *x, *y;
	unsigned nx, ny; /* bits of each, zero above; one is at least n */
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
/* sum = parity of n >= 1 rows; n / 2 carries of twice the weight to rows, which are given. Returns n / 2. */
unsigned arith_column(struct arith *a, const row *bits, unsigned n, row sum, row *carries);
/* out = x > y, or x >= y. */
void arith_compare(struct arith *a, const row *x, const row *y, bool or_equal, row out);
/* out[i] = s ? v[i] : w[i]. */
void arith_mux(struct arith *a, row s, const row *v, const row *w, row *out, unsigned n);
/* out[i] = k & v[i]. */
void arith_and(struct arith *a, row k, const row *v, row *out, unsigned n);
/* out = x ^ y */
void arith_xor(struct arith *a, row x, row y, row out);
/* out = s ? -v : v, modulo 2^n; out and v do not share rows. */
void arith_negate_if(struct arith *a, row s, const row *v, row *out, unsigned n);

/* ---- operations, by file; out of range requests never reach them ---- */
void arith_op_mul(struct arith *a);
void arith_op_mul_wide(struct arith *a);
void arith_op_divide(struct arith *a, bool remainder);
void arith_op_popcount(struct arith *a);
void arith_op_reduce(struct arith *a, enum ambit_op op);
/* -EOPNOTSUPP: nothing was published. */
int arith_published(struct arith *a, enum ambit_op op);

#endif
