#include <criterion/criterion.h>

#include <errno.h>
#include <inttypes.h>

#include "tests/ambit-emu/golden.h"
#include "tests/ambit-emu/lanes.h"

#define DATA_ROWS 1006u /* of a 1024-row subarray */

static uint64_t mask(unsigned bits)
{
	return bits < 64 ? (UINT64_C(1) << bits) - 1 : ~UINT64_C(0);
}

static int64_t sign_extend(uint64_t x, unsigned n)
{
	return (int64_t)(x << (64 - n)) >> (64 - n);
}

/* ---- plain C ---- */

static uint64_t divide(const struct ambit_request *r, uint64_t x, uint64_t y, bool remainder)
{
	if (y == 0)
		return remainder ? x : ~UINT64_C(0);
	if (!r->is_signed)
		return remainder ? x % y : x / y;
	int64_t sx = sign_extend(x, r->width), sy = sign_extend(y, r->width);
	if (sy == -1)
		return remainder ? 0 : 0 - (uint64_t)sx;
	return (uint64_t)(remainder ? sx % sy : sx / sy);
}

static bool less(const struct ambit_request *r, uint64_t x, uint64_t y)
{
	return r->is_signed ? sign_extend(x, r->width) < sign_extend(y, r->width) : x < y;
}

static uint64_t bitwise(int op, uint64_t x, uint64_t y, uint64_t z)
{
	switch (op) {
	case AMBIT_NOT:
		return ~x;
	case AMBIT_AND:
		return x & y;
	case AMBIT_OR:
		return x | y;
	case AMBIT_NAND:
		return ~(x & y);
	case AMBIT_NOR:
		return ~(x | y);
	case AMBIT_XOR:
		return x ^ y;
	case AMBIT_XNOR:
		return ~(x ^ y);
	case AMBIT_MAJ:
		return (x & y) | (x & z) | (y & z);
	case AMBIT_COPY:
		return x;
	default:
		return op == AMBIT_ONE ? ~UINT64_C(0) : 0;
	}
}

/* The expected lane, to be cut to the result's bits; *high: bits 64 and up of mul_wide. */
static uint64_t expected(const struct ambit_request *r, uint64_t x, uint64_t y, uint64_t z, uint64_t *high)
{
	unsigned n = r->width;
	int64_t sx = sign_extend(x, n), sy = sign_extend(y, n);
	*high = 0;
	switch ((unsigned)r->op) {
	case AMBIT_OP_ADD:
		return x + y;
	case AMBIT_OP_SUB:
		return x - y;
	case AMBIT_OP_MUL:
		return x * y;
	case AMBIT_OP_MUL_WIDE: {
		unsigned __int128 p = r->is_signed ? (unsigned __int128)((__int128)sx * sy) : (unsigned __int128)x * y;
		*high = (uint64_t)(p >> 64);
		return (uint64_t)p;
	}
	case AMBIT_OP_DIV:
	case AMBIT_OP_MOD:
		return divide(r, x, y, r->op == AMBIT_OP_MOD);
	case AMBIT_OP_EQ:
		return x == y;
	case AMBIT_OP_NE:
		return x != y;
	case AMBIT_OP_LT:
		return less(r, x, y);
	case AMBIT_OP_LE:
		return !less(r, y, x);
	case AMBIT_OP_GT:
		return less(r, y, x);
	case AMBIT_OP_GE:
		return !less(r, x, y);
	case AMBIT_OP_MIN:
		return less(r, x, y) ? x : y;
	case AMBIT_OP_MAX:
		return less(r, x, y) ? y : x;
	case AMBIT_OP_ABS:
		return r->is_signed && sx < 0 ? 0 - x : x;
	case AMBIT_OP_NEG:
		return 0 - x;
	case AMBIT_OP_RELU:
		return r->is_signed && sx < 0 ? 0 : x;
	case AMBIT_OP_IF_ELSE:
		return x & 1 ? y : z;
	case AMBIT_OP_POPCOUNT:
		return (uint64_t)__builtin_popcountll(x);
	case AMBIT_OP_SHL:
		return r->amount < 64 ? x << r->amount : 0;
	case AMBIT_OP_SHR:
		if (r->is_signed)
			return (uint64_t)(sx >> (r->amount < 64 ? r->amount : 63));
		return r->amount < 64 ? x >> r->amount : 0;
	case AMBIT_OP_RED_AND:
		return x == mask(n);
	case AMBIT_OP_RED_OR:
		return x != 0;
	case AMBIT_OP_RED_XOR:
		return (uint64_t)__builtin_parityll(x);
	case AMBIT_OP_FILL:
		return r->fill;
	default:
		return bitwise((int)r->op - AMBIT_OP_BITWISE, x, y, z);
	}
}

/* ---- operands ---- */

static struct cell_map map;
static uint64_t operand[3][ALL_PAIRS], got[2][ALL_PAIRS];

static void every_pair_of_8_bits(uint64_t select)
{
	for (unsigned i = 0; i < ALL_PAIRS; i++) {
		operand[0][i] = i & 255;
		operand[1][i] = i >> 8;
		operand[2][i] = (i * 2654435761u >> 16) & 255;
		if (select < 2) { /* if_else: the pair is its second and third operand */
			operand[2][i] = operand[1][i];
			operand[1][i] = operand[0][i];
			operand[0][i] = select;
		}
	}
}

/* All pairs of edges first; then uniform, equal, near, and of different magnitudes. */
static void random_and_edge_lanes(unsigned n)
{
	uint64_t msb = UINT64_C(1) << (n - 1), r = 0x9e3779b97f4a7c15u + n;
	const uint64_t edge[] = {0,
				 1,
				 2,
				 3,
				 ~UINT64_C(0),
				 ~UINT64_C(1),
				 msb,
				 msb - 1,
				 msb + 1,
				 0x5555555555555555u,
				 0xaaaaaaaaaaaaaaaau};
	enum { EDGES = sizeof(edge) / sizeof(edge[0]) };
	for (unsigned i = 0; i < LANES; i++) {
		uint64_t x = test_random(&r), y = test_random(&r), z = test_random(&r);
		unsigned by = (unsigned)(test_random(&r) % n);
		if (i < EDGES * EDGES) {
			x = edge[i % EDGES];
			y = edge[i / EDGES];
		} else if (i % 8 == 1) {
			y = x;
		} else if (i % 8 == 2) {
			y = x + z % 5 - 2;
		} else if (i % 8 == 3) {
			y = (y & mask(n)) >> by;
		} else if (i % 8 == 4) {
			x = (x & mask(n)) >> by;
		} else if (i % 8 == 5) {
			y = (y & mask(n)) >> by;
			x = y * (z & 7) + x % 3;
		}
		operand[0][i] = x & mask(n);
		operand[1][i] = y & mask(n);
		operand[2][i] = z & mask(n);
	}
}

/* ---- one program ---- */

/* Wrong lanes among the first `lanes`; the first of them in *at. */
static unsigned wrong_lanes(const struct ambit_request *r, unsigned lanes, unsigned *at)
{
	struct ambit_shape s;
	cr_assert_eq(ambit_op_shape(r, &s), 0);
	unsigned wrong = 0;
	for (unsigned i = lanes; i-- > 0;) {
		uint64_t high, x = operand[0][i] & mask(s.in_bits[0] ? s.in_bits[0] : 1);
		uint64_t low = expected(r, x, operand[1][i], operand[2][i], &high);
		bool ok = got[0][i] == (low & mask(s.out_bits));
		if (s.out_bits > 64)
			ok &= got[1][i] == (high & mask(s.out_bits - 64));
		if (!ok) {
			wrong++;
			*at = i;
		}
	}
	return wrong;
}

/* Runs p on the operands; the results to got[]. *inputs_kept: no operand nor constant row changed. */
static void run(const struct ambit_program *p, const struct ambit_shape *s, unsigned lanes, bool *inputs_kept)
{
	struct lanes l;
	size_t words_of_row = lanes / 64;
	lanes_init(&l, p, words_of_row, 0x2545f4914f6cdd1du);
	unsigned d = 0;
	for (unsigned i = 0; i < s->inputs; d += s->in_bits[i++])
		lanes_load(&l, d, s->in_bits[i], operand[i]);
	size_t kept = (2 + d) * words_of_row * 8; /* C0, C1 and the operands lie side by side */
	void *before = malloc(kept);
	memcpy(before, lanes_row(&l, CELL_C0), kept);
	lanes_run(&l, &map, p);
	cr_assert_not(l.unequal, "%s: unequal cells were read together", p->name);
	*inputs_kept = memcmp(before, lanes_row(&l, CELL_C0), kept) == 0;
	for (unsigned k = 0; k < 2 && 64 * k < s->out_bits; k++)
		lanes_store(&l, d + 64 * k, s->out_bits - 64 * k > 64 ? 64 : s->out_bits - 64 * k, got[k]);
	free(before);
	free(l.row);
}

/* Builds, verifies and runs one request; every lane must be right. */
static void check(const struct ambit_request *r, unsigned lanes)
{
	struct ambit_builder b = {0};
	struct ambit_shape s;
	struct ambit_verdict v;
	bool kept;
	unsigned at = 0;
	cr_assert_eq(ambit_op_shape(r, &s), 0, "%s", words(r));
	cr_assert_eq(ambit_op_build(r, &b), 0, "%s", words(r));
	cr_assert_eq(ambit_verify(&b.p, &v), 0, "%s: %s", words(r), v.why);
	cr_assert_not(v.result_stale, "%s: depends on what was there before", words(r));
	cr_assert_leq(b.p.rows, DATA_ROWS, "%s: %u rows", words(r), b.p.rows);
	cr_assert_eq(b.p.inputs, s.in_bits[0] + s.in_bits[1] + s.in_bits[2]);
	cr_assert_eq(b.p.outputs, s.out_bits);
	run(&b.p, &s, lanes, &kept);
	cr_assert(kept, "%s: an operand or constant row changed", words(r));
	unsigned wrong = wrong_lanes(r, lanes, &at);
	cr_assert_eq(wrong, 0, "%s: %u lanes wrong, first: %" PRIx64 ", %" PRIx64 ", %" PRIx64 " gave %" PRIx64,
		     words(r), wrong, operand[0][at], operand[1][at], operand[2][at], got[0][at]);
	ambit_builder_free(&b);
}

static bool is_long(unsigned op)
{
	return op == AMBIT_OP_MUL || op == AMBIT_OP_MUL_WIDE || op == AMBIT_OP_DIV || op == AMBIT_OP_MOD;
}

static bool is_shift(unsigned op)
{
	return op == AMBIT_OP_SHL || op == AMBIT_OP_SHR;
}

Test(ambit_arith, every_pair_of_8_bit_operands)
{
	cell_map_read(&map);
	every_pair_of_8_bits(2);
	for (unsigned op = 0; op < AMBIT_OP_COUNT; op++)
		for (int sign = 0; sign < 2; sign++)
			for (unsigned amount = 0; amount <= (is_shift(op) ? 8 : 0); amount++)
				check(&(struct ambit_request){.op = op,
							      .width = 8,
							      .is_signed = sign,
							      .amount = amount,
							      .fill = 0xa5},
				      ALL_PAIRS);
}

Test(ambit_arith, if_else_over_all_2_17_inputs)
{
	cell_map_read(&map);
	for (uint64_t s = 0; s < 2; s++) {
		every_pair_of_8_bits(s);
		check(&(struct ambit_request){.op = AMBIT_OP_IF_ELSE, .width = 8}, ALL_PAIRS);
	}
}

static void every_width(unsigned from, unsigned to, bool long_ops)
{
	cell_map_read(&map);
	for (unsigned n = from; n <= to; n++) {
		random_and_edge_lanes(n);
		for (unsigned op = 0; op < AMBIT_OP_COUNT; op++) {
			const unsigned amounts[] = {0, 1, n / 2, n - 1, n};
			for (int i = 0; is_long(op) == long_ops && i < (is_shift(op) ? 10 : 2); i++)
				check(&(struct ambit_request){.op = op,
							      .width = n,
							      .is_signed = i & 1,
							      .amount = is_shift(op) ? amounts[i / 2] : 0,
							      .fill = 0x123456789abcdef1u & mask(n)},
				      LANES);
		}
	}
}

Test(ambit_arith, every_width_but_mul_and_div)
{
	every_width(1, 64, false);
}

Test(ambit_arith, mul_and_div_of_every_width)
{
	every_width(1, 50, true);
}

Test(ambit_arith, mul_and_div_of_large_widths)
{
	every_width(51, 64, true);
}

/* ---- what was published ---- */

static unsigned wrong_as_published(const struct ambit_request *r, unsigned lanes, bool *kept)
{
	struct ambit_builder b = {0};
	struct ambit_shape s;
	unsigned at = 0;
	cr_assert_eq(ambit_op_shape(r, &s), 0);
	cr_assert_eq(ambit_op_build(r, &b), 0, "%s", words(r));
	run(&b.p, &s, lanes, kept);
	ambit_builder_free(&b);
	return wrong_lanes(r, lanes, &at);
}

Test(ambit_arith, published_programs_are_right_and_wrong_as_the_table_says)
{
	char field[TABLE_FIELDS][300];
	const char *at = mw_data_simdram_ops_csv;
	bool kept;
	cell_map_read(&map);
	csv_line(&at, field, TABLE_FIELDS);
	while (csv_line(&at, field, TABLE_FIELDS)) {
		const struct golden *g = find_golden(field[0]);
		for (int k = 0; k < 2; k++) {
			struct ambit_request r = {
				.op = g->ops[k], .width = 8, .is_signed = g->is_signed, .published = true};
			every_pair_of_8_bits(r.op == AMBIT_OP_IF_ELSE ? 1 : 2);
			if (r.op == AMBIT_OP_DIV) /* by zero is not defined there */
				for (unsigned i = 0; i < 256; i++)
					operand[1][i] = 1;
			unsigned wrong = wrong_as_published(&r, ALL_PAIRS, &kept);
			cr_assert_eq(wrong != 0, strcmp(field[9], "wrong") == 0, "%s: %u lanes wrong", words(&r),
				     wrong);
			cr_assert_eq(kept, r.op != AMBIT_OP_RELU, "%s", words(&r));
		}
	}
}

Test(ambit_arith, published_if_else_computes_s_or_w)
{
	bool kept;
	cell_map_read(&map);
	for (uint64_t s = 0; s < 2; s++) {
		every_pair_of_8_bits(s);
		struct ambit_request r = {.op = AMBIT_OP_IF_ELSE, .width = 8, .published = true};
		unsigned wrong = wrong_as_published(&r, ALL_PAIRS, &kept);
		cr_assert_eq(wrong, s ? ALL_PAIRS - 256 : 0, "s = 1 gives all ones, right where v is 255: %u", wrong);
		for (unsigned i = 0; i < ALL_PAIRS; i++)
			cr_assert_eq(got[0][i], operand[2][i] | (s ? 255 : 0));
	}
}

Test(ambit_arith, what_was_not_published_or_cannot_be_is_refused)
{
	struct ambit_builder b = {0};
	struct ambit_shape s;
	const struct ambit_request none[] = {
		{.op = AMBIT_OP_MUL, .width = 8, .published = true},
		{.op = AMBIT_OP_NE, .width = 8, .published = true},
		{.op = AMBIT_OP_GT, .width = 8, .is_signed = true, .published = true},
		{.op = AMBIT_OP_ABS, .width = 8, .published = true},
		{.op = AMBIT_OP_FILL, .width = 8, .published = true},
	};
	const struct ambit_request bad[] = {
		{.op = AMBIT_OP_ADD, .width = 0},
		{.op = AMBIT_OP_ADD, .width = 65},
		{.op = AMBIT_OP_COUNT, .width = 8},
		{.op = AMBIT_OP_SHL, .width = 8, .amount = 9},
	};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		cr_assert_eq(ambit_op_build(&none[i], &b), -EOPNOTSUPP, "%s", words(&none[i]));
		ambit_builder_free(&b);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(ambit_op_shape(&bad[i], &s), -EINVAL);
		cr_assert_eq(ambit_op_build(&bad[i], &b), -EINVAL);
	}
	cr_assert_null(ambit_op_name(AMBIT_OP_COUNT));
	cr_assert_str_eq(ambit_op_name(AMBIT_OP_BITWISE + AMBIT_XNOR), "xnor");
}
