/* The sequences of CMU-SAFARI/MIMDRAM@49549f9 microworkloads/ command by command, errors included; only the loops are
 * written anew. docs/emulator.md names those that are wrong. */
#include "ambit-emu/arith.h"

#include <errno.h>

/* 00_addition-plus.c, 01_subtraction-plus.c */
static void published_add(struct arith *a)
{
	EMIT(a, "C0>B6", "", C0);
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "B6>B12 x>B10 y>B6 B15 B7>B11 B12 y>B1 B13>o", "xyo", a->in[0][i], a->in[1][i], a->out[i]);
}

static void published_sub(struct arith *a)
{
	EMIT(a, "C1>B4", "", C0);
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "B4>B12 x>B10 y>B7 B15>B4 B7>B11 B12 y>B7 B15>o", "xyo", a->in[0][i], a->in[1][i], a->out[i]);
}

/* 11_multu-plus.c */
static void published_mul_wide(struct arith *a)
{
	const row *x = a->in[0], *y = a->in[1];
	unsigned n = a->n;
	for (unsigned k = 0; k < n; k++)
		EMIT(a, "x>B0 y>B1 C0>B2 B12>o", "xyo", x[0], y[k], a->out[k]);
	EMIT(a, "C0>o", "o", a->out[n]);
	for (unsigned j = 1; j < n; j++) {
		EMIT(a, "C0>B6", "", C0);
		for (unsigned k = 0; k < n; k++)
			EMIT(a, "x>B0 y>B1 C0>B2 B12 B6>B10 o>B6 B15 B7>B11 B12 o>B1 B13>o", "xyo", x[j], y[k],
			     a->out[j + k]);
		EMIT(a, "B6>o", "o", a->out[j + n]);
	}
}

/* One step of 16_divu-plus.c; rest[0..len) is the remainder so far, including the bit of the dividend just added. */
static void published_div_step(struct arith *a, const row *rest, const row *t, unsigned len, row m, row q)
{
	const row *y = a->in[1];
	unsigned n = a->n, k = len;
	EMIT(a, "C1>B1", "", C0);
	for (unsigned i = 0; i < len; i++)
		EMIT(a, "r>B2 y>B5 B14", "ry", rest[i], y[i]);
	for (; k + 1 < n; k += 2)
		EMIT(a, "C0>B10 y>B5 B14>B0 z>B7 B15>B1", "yz", y[k], y[k + 1]);
	if (k < n)
		EMIT(a, "C0>B2 y>B5 B14>m", "ym", y[n - 1], m);
	else
		EMIT(a, "B1>m", "m", m);
	EMIT(a, "m>q", "mq", m, q);
	for (k = 0; k + 1 < len; k += 2)
		EMIT(a, "C0>B12 m>B10 y>B4 B14>t z>B6 B15>u", "mytzu", m, y[k], t[k], y[k + 1], t[k + 1]);
	if (k < len)
		EMIT(a, "C0>B0 m>B1 y>B2 B12>t", "myt", m, y[k], t[k]);
	EMIT(a, "C1>B4", "", C0);
	for (k = 0; k < len; k++)
		EMIT(a, "B4>B12 r>B10 t>B7 B15>B4 B7>B11 B12 t>B7 B15>r", "rt", rest[k], t[k]);
}

static void published_div(struct arith *a)
{
	unsigned n = a->n;
	row rest[ARITH_BITS], t[ARITH_BITS], m = arith_take(a);
	arith_take_n(a, rest, n);
	arith_take_n(a, t, n);
	for (unsigned j = n; j-- > 0;) {
		EMIT(a, "x>B0 B0>r", "xr", a->in[0][j], rest[j]);
		published_div_step(a, rest + j, t, n - j, m, a->out[j]);
	}
}

/* 40_greater-plus.c, 41_greater_equal-plus.c */
static void published_compare(struct arith *a, const row *x, const row *y, row start, row out)
{
	EMIT(a, "c>B2", "c", start);
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "x>B1 y>B5 B14", "xy", x[i], y[i]);
	EMIT(a, "B2>o", "o", out);
}

/* 60_if_then_else-plus.c: computes s | w. */
static void published_mux(struct arith *a, row s, const row *v, const row *w)
{
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "s>B8 C1>B9 v>B3 w>B2 B12 B14>B3 B15>o", "svwo", s, v[i], w[i], a->out[i]);
}

/* 02_min-plus.c, 03_max-plus.c */
static void published_min_max(struct arith *a, bool max)
{
	const row *x = a->in[0], *y = a->in[1];
	row s = arith_take(a);
	published_compare(a, max ? x : y, max ? y : x, C0, s);
	published_mux(a, s, x, y);
}

/* 50_abs-plus.c: reads T2 before it is written. */
static void published_abs(struct arith *a)
{
	const row *v = a->in[0];
	unsigned n = a->n;
	row c[ARITH_BITS], s = v[n - 1];
	arith_take_n(a, c, n);
	EMIT(a, "s>B0 B0>c", "sc", s, c[0]);
	for (unsigned i = 0; i + 1 < n; i++)
		EMIT(a, "C0>B3 v>B7 B15>c", "vc", v[i], c[i + 1]);
	for (unsigned i = 0; i < n; i++)
		EMIT(a, "s>B8 c>B9 v>B3 B14>B3 B15>B2 v>B5 B14>o", "scvo", s, c[i], v[i], a->out[i]);
}

/* 51_relu-plus.c: clears the operand's sign row, not the result's. */
static void published_relu(struct arith *a)
{
	const row *v = a->in[0];
	row *o = a->out, k = arith_take(a);
	unsigned n = a->n, i = 0;
	EMIT(a, "s>B5 B4>k", "sk", v[n - 1], k);
	for (; i + 2 < n; i += 2)
		EMIT(a, "k>B12 C0>B10 v>B4 B14>o w>B6 B15>p", "kvowp", k, v[i], o[i], v[i + 1], o[i + 1]);
	if (i + 2 == n)
		EMIT(a, "k>B0 C0>B1 v>B2 B12>o", "kvo", k, v[i], o[i]);
	EMIT(a, "C0>s", "s", v[n - 1]);
}

/* 91_bitcount-plus.c. The second half begins at the bit that is also taken as carry in, so that some bits are counted
 * twice or not at all. Returns the number of result bits. */
static unsigned published_count(struct arith *a, const row *in, unsigned n, row *out)
{
	if (n == 0)
		return 0;
	if (n == 1) {
		EMIT(a, "x>o", "xo", in[0], out[0]);
		return 1;
	}
	if (n <= 3) {
		EMIT(a, "x>B12 y>B10 z>B6 B15>c B7>B11 B12 z>B1 B13>s", "xyzcs", in[0], in[1], n == 3 ? in[2] : C0,
		     out[1], out[0]);
		return 2;
	}
	unsigned left = 1;
	while (2 * left + 1 < n)
		left = 2 * left + 1;
	unsigned b1 = published_count(a, in, left, out);
	unsigned b2 = published_count(a, in + left, n - left - 1, out + b1);
	EMIT(a, "c>B6", "c", in[left]);
	for (unsigned i = 0; i < b1; i++)
		EMIT(a, "B6>B12 x>B10 y>B6 B15 B7>B11 B12 y>B1 B13>x", "xy", out[i], i < b2 ? out[b1 + i] : C0);
	EMIT(a, "B6>o", "o", out[b1]);
	return b1 + 1;
}

static void published_popcount(struct arith *a)
{
	enum { SPACE = 32 }; /* 6 + 5 + .. + 1 = 21 rows at most */
	row rows[SPACE];
	for (unsigned i = 0; i < SPACE; i++)
		rows[i] = i < a->b->p.outputs ? a->out[i] : arith_take(a);
	(void)published_count(a, a->in[0], a->n, rows);
}

/* 30_xor_reduction-plus.c, 31_and_reduction-plus.c, 32_or_reduction-plus.c */
static void published_reduce(struct arith *a, enum ambit_op op)
{
	const row *x = a->in[0];
	bool xor_all = op == AMBIT_OP_RED_XOR;
	row first = a->n % 2 ? x[0] : op == AMBIT_OP_RED_AND ? C1 : C0;
	row absorbing = op == AMBIT_OP_RED_AND ? C0 : C1;
	EMIT(a, xor_all ? "x>B9" : "x>B3", "x", first);
	for (unsigned i = a->n % 2; i + 1 < a->n; i += 2)
		EMIT(a, xor_all ? "x>B8 y>B2 B14>B3 B15>B2 y>B5 B14>B7" : "c>B12 x>B6 B15>B2 y>B4 B14>B3", "xyc", x[i],
		     x[i + 1], absorbing);
	EMIT(a, xor_all ? "B1>o" : "B3>o", "o", a->out[0]);
}

static void published_equal(struct arith *a)
{
	EMIT(a, "C1>B10", "", C0);
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "x>B8 y>B9 B14 B15", "xy", a->in[0][i], a->in[1][i]);
	EMIT(a, "C0>B1 B12>o", "o", a->out[0]);
}

static int published_for_any_sign(struct arith *a, enum ambit_op op)
{
	switch ((unsigned)op) {
	case AMBIT_OP_ADD:
		published_add(a);
		return 0;
	case AMBIT_OP_SUB:
		published_sub(a);
		return 0;
	case AMBIT_OP_EQ:
		published_equal(a);
		return 0;
	case AMBIT_OP_IF_ELSE:
		published_mux(a, a->in[0][0], a->in[1], a->in[2]);
		return 0;
	case AMBIT_OP_POPCOUNT:
		published_popcount(a);
		return 0;
	case AMBIT_OP_RED_AND:
	case AMBIT_OP_RED_OR:
	case AMBIT_OP_RED_XOR:
		published_reduce(a, op);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int published_signed(struct arith *a, enum ambit_op op)
{
	if (op == AMBIT_OP_ABS)
		published_abs(a);
	else if (op == AMBIT_OP_RELU)
		published_relu(a);
	else
		return -EOPNOTSUPP;
	return 0;
}

static int published_unsigned(struct arith *a, enum ambit_op op)
{
	const row *x = a->in[0], *y = a->in[1];
	switch ((unsigned)op) {
	case AMBIT_OP_MUL_WIDE:
		published_mul_wide(a);
		return 0;
	case AMBIT_OP_DIV:
		published_div(a);
		return 0;
	case AMBIT_OP_GT:
	case AMBIT_OP_GE:
		published_compare(a, x, y, op == AMBIT_OP_GE ? C1 : C0, a->out[0]);
		return 0;
	case AMBIT_OP_LT:
	case AMBIT_OP_LE:
		published_compare(a, y, x, op == AMBIT_OP_LE ? C1 : C0, a->out[0]);
		return 0;
	case AMBIT_OP_MIN:
	case AMBIT_OP_MAX:
		published_min_max(a, op == AMBIT_OP_MAX);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

int arith_published(struct arith *a, enum ambit_op op)
{
	int rc = published_for_any_sign(a, op);
	if (rc < 0)
		rc = a->is_signed ? published_signed(a, op) : published_unsigned(a, op);
	return rc;
}
