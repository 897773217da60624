/* Restoring division: 6n^2 + O(n) commands; published: 8n^2 + 12n in SIMDRAM's table, 8.25n^2 + 12n in 16_divu-plus.c.
 * Saved here: "some divisor bit above the remainder is 1" is computed once for all steps; bits of the dividend are used
 * in place, not copied into the remainder; a quotient does not compute its last remainder. */
#include "ambit-emu/arith.h"

/* above[i] = y has a 1 at bit i or higher, for lowest <= i < n. T0 holds the OR of the bits seen so far. */
static void ones_above(struct arith *a, const row *y, row *above, unsigned lowest)
{
	unsigned n = a->n;
	above[n - 1] = y[n - 1];
	if (n < lowest + 2)
		return;
	EMIT(a, "y>B0", "y", y[n - 1]);
	for (unsigned i = n - 1, odd = 0; i-- > lowest; odd ^= 1) {
		above[i] = arith_take(a);
		EMIT(a, odd ? "y>B2 B12>h" : "C1>B13 y>B6 B15>h", "yh", y[i], above[i]);
	}
}

/* q = rest >= y, where rest has `len` bits. */
static void fits(struct arith *a, const row *rest, const row *y, const row *above, unsigned len, row q)
{
	EMIT(a, "C1>B2", "", C0);
	for (unsigned k = 0; k < len; k++)
		EMIT(a, k + 1 == a->n ? "x>B1 y>B5 B14>q" : "x>B1 y>B5 B14", "xyq", rest[k], y[k], q);
	if (len < a->n)
		EMIT(a, "C0>B1 y>B5 B14>q", "yq", above[len], q);
}

/* x / y and x mod y, unsigned; above: from ones_above(). quotient or remainder may be NULL. */
static void divide(struct arith *a, const row *x, const row *y, const row *above, row *quotient, row *remainder)
{
	unsigned n = a->n;
	row rest[ARITH_BITS] = {{0}}, next[ARITH_BITS], fit = C0;
	if (!quotient)
		fit = arith_take(a);
	for (unsigned len = 1; len <= n; len++) {
		for (unsigned k = len - 1; k > 0; k--)
			rest[k] = rest[k - 1];
		rest[0] = x[n - len];
		row q = quotient ? quotient[n - len] : fit;
		fits(a, rest, y, above, len, q);
		if (len == n && !remainder)
			break;
		for (unsigned k = 0; k < len; k++)
			next[k] = len == n ? remainder[k] : k ? rest[k] : arith_take(a);
		arith_sub_if(a, q, rest, y, next, len);
		if (len < n)
			rest[0] = next[0];
	}
	arith_give(a, rest + 1, n - 1);
	if (!quotient)
		arith_give(a, &fit, 1);
}

/* Divides magnitudes, then negates: a quotient when the signs differ and y is not 0 (x / 0 is all ones whatever the
 * signs), a remainder when x is negative. */
static void divide_signed(struct arith *a, bool remainder)
{
	unsigned n = a->n;
	row sx = a->in[0][n - 1], sy = a->in[1][n - 1];
	row x[ARITH_BITS], y[ARITH_BITS], above[ARITH_BITS], result[ARITH_BITS];
	arith_take_n(a, x, n);
	arith_take_n(a, y, n);
	arith_take_n(a, result, n);
	arith_negate_if(a, sx, a->in[0], x, n);
	arith_negate_if(a, sy, a->in[1], y, n);
	ones_above(a, y, above, remainder ? 1 : 0);
	divide(a, x, y, above, remainder ? NULL : result, remainder ? result : NULL);
	row s = sx;
	if (!remainder) {
		s = arith_take(a);
		arith_xor(a, sx, sy, s);
		EMIT(a, "s>B0 y>B1 C0>B2 B12>s", "sy", s, above[0]);
	}
	arith_negate_if(a, s, result, a->out, n);
}

void arith_op_divide(struct arith *a, bool remainder)
{
	row above[ARITH_BITS];
	if (a->is_signed) {
		divide_signed(a, remainder);
		return;
	}
	ones_above(a, a->in[1], above, 1);
	divide(a, a->in[0], a->in[1], above, remainder ? NULL : a->out, remainder ? a->out : NULL);
}
