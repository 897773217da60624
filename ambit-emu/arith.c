#include "ambit-emu/arith.h"

#include <errno.h>
#include <string.h>

static const char *const op_name[AMBIT_OP_BITWISE] = {
	[AMBIT_OP_ADD] = "add",
	[AMBIT_OP_SUB] = "sub",
	[AMBIT_OP_MUL] = "mul",
	[AMBIT_OP_MUL_WIDE] = "mul_wide",
	[AMBIT_OP_DIV] = "div",
	[AMBIT_OP_MOD] = "mod",
	[AMBIT_OP_EQ] = "eq",
	[AMBIT_OP_NE] = "ne",
	[AMBIT_OP_LT] = "lt",
	[AMBIT_OP_LE] = "le",
	[AMBIT_OP_GT] = "gt",
	[AMBIT_OP_GE] = "ge",
	[AMBIT_OP_MIN] = "min",
	[AMBIT_OP_MAX] = "max",
	[AMBIT_OP_ABS] = "abs",
	[AMBIT_OP_NEG] = "neg",
	[AMBIT_OP_RELU] = "relu",
	[AMBIT_OP_IF_ELSE] = "if_else",
	[AMBIT_OP_POPCOUNT] = "popcount",
	[AMBIT_OP_SHL] = "shl",
	[AMBIT_OP_SHR] = "shr",
	[AMBIT_OP_RED_AND] = "red_and",
	[AMBIT_OP_RED_OR] = "red_or",
	[AMBIT_OP_RED_XOR] = "red_xor",
	[AMBIT_OP_FILL] = "fill",
};

const char *ambit_op_name(enum ambit_op op)
{
	if ((unsigned)op < AMBIT_OP_BITWISE)
		return op_name[op];
	const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)(op - AMBIT_OP_BITWISE));
	return p ? p->name : NULL;
}

static unsigned floor_log2(unsigned n)
{
	unsigned r = 0;
	while (n >>= 1)
		r++;
	return r;
}

int ambit_op_shape(const struct ambit_request *r, struct ambit_shape *out)
{
	unsigned n = r->width;
	if ((unsigned)r->op >= AMBIT_OP_COUNT || n < 1 || n > ARITH_BITS)
		return -EINVAL;
	*out = (struct ambit_shape){.inputs = 2, .in_bits = {n, n}, .out_bits = n};
	switch ((unsigned)r->op) {
	case AMBIT_OP_MUL_WIDE:
		out->out_bits = 2 * n;
		break;
	case AMBIT_OP_EQ:
	case AMBIT_OP_NE:
	case AMBIT_OP_LT:
	case AMBIT_OP_LE:
	case AMBIT_OP_GT:
	case AMBIT_OP_GE:
		out->out_bits = 1;
		break;
	case AMBIT_OP_IF_ELSE:
		*out = (struct ambit_shape){.inputs = 3, .in_bits = {1, n, n}, .out_bits = n};
		break;
	case AMBIT_OP_SHL:
	case AMBIT_OP_SHR:
		if (r->amount > n)
			return -EINVAL;
		/* fall through */
	case AMBIT_OP_ABS:
	case AMBIT_OP_NEG:
	case AMBIT_OP_RELU:
		*out = (struct ambit_shape){.inputs = 1, .in_bits = {n}, .out_bits = n};
		break;
	case AMBIT_OP_POPCOUNT:
		*out = (struct ambit_shape){.inputs = 1, .in_bits = {n}, .out_bits = floor_log2(n) + 1};
		break;
	case AMBIT_OP_RED_AND:
	case AMBIT_OP_RED_OR:
	case AMBIT_OP_RED_XOR:
		*out = (struct ambit_shape){.inputs = 1, .in_bits = {n}, .out_bits = 1};
		break;
	case AMBIT_OP_FILL:
		*out = (struct ambit_shape){.out_bits = n};
		break;
	default:
		break;
	}
	if (r->op >= AMBIT_OP_BITWISE) {
		unsigned k = ambit_bulk_program((enum ambit_bulk)(r->op - AMBIT_OP_BITWISE))->inputs;
		*out = (struct ambit_shape){.inputs = k, .out_bits = n};
		for (unsigned i = 0; i < k; i++)
			out->in_bits[i] = n;
	}
	return 0;
}

/* ---- operations ---- */

static void op_equal(struct arith *a, bool negate)
{
	/* T2 keeps x >= y so far, T3 keeps y >= x; the result is their AND. For x != y they keep x > y and y > x, and
	 * the result is their OR. Published: 42_equal-plus.c. */
	EMIT(a, "c>B10", "c", negate ? C0 : C1);
	for (unsigned i = 0; i < a->n; i++)
		EMIT(a, "x>B8 y>B9 B14 B15", "xy", a->in[0][i], a->in[1][i]);
	EMIT(a, "c>B1 B12>o", "co", negate ? C1 : C0, a->out[0]);
}

static void op_min_max(struct arith *a, bool max)
{
	const row *x = a->in[0], *y = a->in[1];
	row s = arith_take(a);
	arith_compare(a, max ? x : y, max ? y : x, false, s);
	arith_mux(a, s, x, y, a->out, a->n);
}

static void op_relu(struct arith *a)
{
	/* The published 51_relu-plus.c clears the sign row of the operand; this clears that of the result. */
	unsigned n = a->n;
	if (n > 1) {
		row k = arith_take(a);
		EMIT(a, "s>B5 B4>k", "sk", a->in[0][n - 1], k);
		arith_and(a, k, a->in[0], a->out, n - 1);
	}
	EMIT(a, "C0>o", "o", a->out[n - 1]);
}

static void op_shift(struct arith *a, int by)
{
	for (int i = 0, n = (int)a->n; i < n; i++) {
		int from = i - by;
		row src = from < 0 ? C0 : from < n ? a->in[0][from] : a->is_signed ? a->in[0][n - 1] : C0;
		ambit_aap(a->b, src, a->out[i]);
	}
}

static void op_bulk(struct arith *a, const struct ambit_program *p)
{
	for (unsigned bit = 0; bit < a->n; bit++) {
		for (size_t i = 0; i < p->n; i++) {
			struct ambit_command c = p->cmd[i];
			row *const of[2] = {&c.a, &c.b};
			for (int k = 0; k < 2; k++)
				if (of[k]->group == AMBIT_D)
					*of[k] = of[k]->index < p->inputs ? a->in[of[k]->index][bit] : a->out[bit];
			if (c.kind == AMBIT_AAP)
				ambit_aap(a->b, c.a, c.b);
			else
				ambit_ap(a->b, c.a);
		}
	}
}

static void op_unary(struct arith *a, const struct ambit_request *r)
{
	unsigned n = a->n;
	switch ((unsigned)r->op) {
	case AMBIT_OP_ABS:
		arith_negate_if(a, a->in[0][n - 1], a->in[0], a->out, n);
		break;
	case AMBIT_OP_NEG:
		arith_negate(a, a->in[0], a->out, n);
		break;
	case AMBIT_OP_RELU:
		op_relu(a);
		break;
	case AMBIT_OP_POPCOUNT:
		arith_op_popcount(a);
		break;
	case AMBIT_OP_SHL:
		op_shift(a, (int)r->amount);
		break;
	case AMBIT_OP_SHR:
		op_shift(a, -(int)r->amount);
		break;
	case AMBIT_OP_FILL:
		for (unsigned i = 0; i < n; i++)
			ambit_aap(a->b, ambit_c(r->fill >> i & 1), a->out[i]);
		break;
	default:
		arith_op_reduce(a, r->op);
		break;
	}
}

static void op_binary(struct arith *a, enum ambit_op op)
{
	const row *x = a->in[0], *y = a->in[1];
	struct arith_sum s = {.x = x, .nx = a->n, .y = y, .ny = a->n, .out = a->out, .n = a->n};
	switch ((unsigned)op) {
	case AMBIT_OP_ADD:
		arith_add(a, &s);
		break;
	case AMBIT_OP_SUB:
		arith_sub(a, &s);
		break;
	case AMBIT_OP_MUL:
		arith_op_mul(a);
		break;
	case AMBIT_OP_MUL_WIDE:
		arith_op_mul_wide(a);
		break;
	case AMBIT_OP_DIV:
	case AMBIT_OP_MOD:
		arith_op_divide(a, op == AMBIT_OP_MOD);
		break;
	case AMBIT_OP_EQ:
	case AMBIT_OP_NE:
		op_equal(a, op == AMBIT_OP_NE);
		break;
	case AMBIT_OP_LT:
	case AMBIT_OP_LE:
		arith_compare(a, y, x, op == AMBIT_OP_LE, a->out[0]);
		break;
	case AMBIT_OP_GT:
	case AMBIT_OP_GE:
		arith_compare(a, x, y, op == AMBIT_OP_GE, a->out[0]);
		break;
	default:
		op_min_max(a, op == AMBIT_OP_MAX);
		break;
	}
}

static void build(struct arith *a, const struct ambit_request *r, unsigned inputs)
{
	if (r->op >= AMBIT_OP_BITWISE)
		op_bulk(a, ambit_bulk_program((enum ambit_bulk)(r->op - AMBIT_OP_BITWISE)));
	else if (!r->is_signed && (r->op == AMBIT_OP_ABS || r->op == AMBIT_OP_RELU))
		op_shift(a, 0);
	else if (r->op == AMBIT_OP_IF_ELSE)
		arith_mux(a, a->in[0][0], a->in[1], a->in[2], a->out, a->n);
	else if (inputs < 2)
		op_unary(a, r);
	else
		op_binary(a, r->op);
}

int ambit_op_build(const struct ambit_request *r, struct ambit_builder *out)
{
	struct ambit_shape shape;
	int rc = ambit_op_shape(r, &shape);
	if (rc < 0)
		return rc;
	struct arith a = {.b = out, .n = r->width, .is_signed = r->is_signed};
	unsigned d = 0;
	for (unsigned i = 0; i < shape.inputs; i++)
		for (unsigned k = 0; k < shape.in_bits[i]; k++)
			a.in[i][k] = ambit_d(d++);
	out->p.name = ambit_op_name(r->op);
	out->p.inputs = d;
	out->p.outputs = shape.out_bits;
	out->p.rows = d + shape.out_bits;
	for (unsigned k = 0; k < shape.out_bits; k++)
		a.out[k] = ambit_d(d++);
	if (r->published && r->op < AMBIT_OP_BITWISE)
		rc = arith_published(&a, r->op);
	else
		build(&a, r, shape.inputs);
	return rc < 0 ? rc : out->rc;
}
