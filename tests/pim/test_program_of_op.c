/* pim_program_of_op(): the programs behind the operations, executed as programs of a user against plain C. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pim/lanes.h"

enum { LANES = 130, BYTES = (LANES + 7) / 8, ROWS = 200 };

static struct pim_device *open_device(const char *spec)
{
	struct pim_device *dev;
	char err[300] = "";
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

static char *print(const struct pim_program *p)
{
	int len = pim_program_print(p, NULL, 0);
	cr_assert_geq(len, 0);
	char *text = malloc((size_t)len + 1);
	cr_assert_not_null(text);
	(void)pim_program_print(p, text, (size_t)len + 1);
	return text;
}

/* Bits of input i of an operation. */
static unsigned bits_of(enum pim_op op, struct pim_type t, unsigned i)
{
	return op == PIM_IF_ELSE && i == 0 ? 1 : t.bits;
}

/* Runs the program on random lanes, one vector per bit, and compares each lane with plain C. */
static void run(struct pim_device *dev, const struct pim_program *p, enum pim_op op, struct pim_type t, uint64_t value)
{
	static uint64_t lane[3][LANES];
	struct pim_vector *src[ROWS], *dst[ROWS];
	unsigned char bytes[BYTES];
	struct pim_type result = t;
	uint64_t seed = 88172645463325252u + t.bits;
	unsigned n_in = 0, inputs = pim_op_inputs(op);
	bool wide = pim_op_result(op, t, &result) == -EOPNOTSUPP; /* 2 x 33 bits and more: the low 64 are compared */
	for (unsigned k = 0; k < inputs; k++)
		for (unsigned i = 0; i < LANES; i++)
			lane[k][i] = (i % 5 == 0 ? UINT64_MAX << (i % 64) : oracle_random(&seed)) &
				     lane_mask(bits_of(op, t, k));
	for (unsigned k = 0; k < inputs; k++)
		for (unsigned b = 0; b < bits_of(op, t, k); b++, n_in++) {
			memset(bytes, 0, sizeof(bytes));
			for (unsigned i = 0; i < LANES; i++)
				bytes[i / 8] |= (unsigned char)((lane[k][i] >> b & 1) << (i % 8));
			cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &src[n_in]), 0);
			cr_assert_eq(pim_write(src[n_in], bytes, BYTES), 0);
		}
	for (unsigned b = 0; b < result.bits; b++)
		cr_assert_eq(pim_alloc(dev, pim_uint(1), LANES, &dst[b]), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_program_run(p, dst, result.bits, src, n_in), 0, "%s %u: %s", pim_op_name(op), t.bits,
		     pim_error(dev));
	uint64_t got[LANES] = {0};
	for (unsigned b = 0; b < result.bits && b < 64; b++) {
		cr_assert_eq(pim_read(dst[b], bytes, BYTES), 0);
		for (unsigned i = 0; i < LANES; i++)
			got[i] |= (uint64_t)(bytes[i / 8] >> (i % 8) & 1) << b;
	}
	for (unsigned i = 0; i < LANES && !wide; i++) {
		uint64_t in[3] = {lane[0][i], lane[1][i], lane[2][i]};
		uint64_t want = op == PIM_FILL ? value & lane_mask(t.bits)
					       : lane_expected(op, t, in, (unsigned)value) & lane_mask(result.bits);
		cr_assert_eq(got[i], want, "%s%s of %u bits, lane %u", t.kind == PIM_INT ? "signed " : "",
			     pim_op_name(op), t.bits, i);
	}
	for (unsigned i = 0; i < n_in; i++)
		pim_free(src[i]);
	for (unsigned b = 0; b < result.bits; b++)
		pim_free(dst[b]);
}

/* The program has the price of the operation; bulk operations are priced for one row. */
static void same_price(struct pim_device *dev, const struct pim_program *p, enum pim_op op, struct pim_type t)
{
	struct pim_price of_op = {.size = sizeof(of_op), .energy.size = sizeof(of_op.energy)}, of_program = of_op;
	struct pim_program_info info = {.size = sizeof(info)};
	uint64_t times = op <= PIM_FILL ? t.bits : 1;
	int rc = pim_price_of(dev, op, t, &of_op);
	if (op == PIM_MUL_WIDE && t.bits > 32) { /* more than 64 bits: the operation has no price */
		cr_assert_eq(rc, -EOPNOTSUPP);
		return;
	}
	cr_assert_eq(rc, 0);
	cr_assert_eq(pim_program_price(dev, p, &of_program), 0, "%s", pim_error(dev));
	cr_assert_eq(pim_program_info(p, &info), 0);
	cr_assert(of_program.aap == times * of_op.aap && of_program.ap == times * of_op.ap &&
			  of_program.ps == times * of_op.ps,
		  "%s %u: %llu + %llu", pim_op_name(op), t.bits, (unsigned long long)of_program.aap,
		  (unsigned long long)of_program.ap);
	cr_assert(info.aap == of_program.aap && info.ap == of_program.ap);
}

/* What is printed can be read back. */
static void reads_back(const struct pim_program *p)
{
	struct pim_program_info info = {.size = sizeof(info)}, again = info;
	struct pim_program *q;
	char err[200] = "", *text = print(p), *whole = NULL;
	size_t len;
	FILE *f = open_memstream(&whole, &len);
	const char *name;
	cr_assert_not_null(f);
	(void)fprintf(f, ".inputs");
	for (size_t i = 0; (name = pim_program_input(p, i)); i++)
		(void)fprintf(f, " %s", name);
	(void)fprintf(f, "\n.outputs");
	for (size_t i = 0; (name = pim_program_output(p, i)); i++)
		(void)fprintf(f, " %s", name);
	(void)fprintf(f, "\n%s\n", text);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(pim_program_compile(PIM_MICRO_PROGRAM, whole, len, &q, err, sizeof(err)), 0, "%s", err);
	cr_assert(pim_program_info(p, &info) == 0 && pim_program_info(q, &again) == 0);
	cr_assert_eq(memcmp(&info, &again, sizeof(info)), 0);
	char *second = print(q);
	cr_assert_str_eq(text, second);
	free(second);
	pim_program_free(q);
	free(text);
	free(whole);
}

static void whole(struct pim_device *dev, enum pim_op op, struct pim_type t, uint64_t value)
{
	struct pim_program *p;
	cr_assert_eq(pim_program_of_op(dev, op, t, value, &p), 0, "%s %u: %s", pim_op_name(op), t.bits, pim_error(dev));
	same_price(dev, p, op, t);
	run(dev, p, op, t, value);
	reads_back(p);
	pim_program_free(p);
}

static void of_width(struct pim_device *dev, unsigned width)
{
	for (int op = PIM_NOT; op <= PIM_RED_XOR; op++)
		for (int is_signed = 0; is_signed < 2; is_signed++) {
			struct pim_type t = is_signed ? pim_int(width) : pim_uint(width);
			bool shift = op == PIM_SHL || op == PIM_SHR;
			if (op == PIM_SHL || op == PIM_SHR || op == PIM_FILL)
				for (unsigned k = 0; k < 3; k++)
					whole(dev, (enum pim_op)op, t,
					      shift ? (uint64_t)k * width / 2 : k * UINT64_C(0x5555555555555555));
			else
				whole(dev, (enum pim_op)op, t, 0);
		}
}

Test(pim_program_of_op, every_program_computes_its_operation, .timeout = 300)
{
	static const unsigned fast[] = {1, 2, 3, 5, 8, 13, 16, 31, 32, 33, 64}, slow[] = {1, 2, 3, 8};
	const unsigned *width = TEST_SLOW ? slow : fast;
	size_t n = TEST_SLOW ? sizeof(slow) / sizeof(slow[0]) : sizeof(fast) / sizeof(fast[0]);
	for (size_t i = 0; i < n; i++) {
		struct pim_device *dev = open_device("ambit:engine=exact,subarrays=4");
		of_width(dev, width[i]);
		pim_close(dev);
	}
}

Test(pim_program_of_op, rows_have_names)
{
	static const struct {
		enum pim_op op;
		unsigned bits;
		const char *inputs[6], *outputs[6];
	} cases[] = {
		{PIM_ADD, 2, {"a0", "a1", "b0", "b1"}, {"r0", "r1"}},
		{PIM_LT, 2, {"a0", "a1", "b0", "b1"}, {"r"}},
		{PIM_IF_ELSE, 2, {"s", "a0", "a1", "b0", "b1"}, {"r0", "r1"}},
		{PIM_MAJ, 1, {"a", "b", "c"}, {"r"}},
		{PIM_POPCOUNT, 4, {"a0", "a1", "a2", "a3"}, {"r0", "r1", "r2"}},
		{PIM_FILL, 3, {NULL}, {"r0", "r1", "r2"}},
	};
	struct pim_device *dev = open_device("ambit");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_program *p;
		cr_assert_eq(pim_program_of_op(dev, cases[i].op, pim_uint(cases[i].bits), 0, &p), 0);
		for (size_t k = 0; k < 6; k++) {
			const char *in = pim_program_input(p, k), *out = pim_program_output(p, k);
			cr_expect_str_eq(in ? in : "", cases[i].inputs[k] ? cases[i].inputs[k] : "");
			cr_expect_str_eq(out ? out : "", cases[i].outputs[k] ? cases[i].outputs[k] : "");
		}
		pim_program_free(p);
	}
	pim_close(dev);
}

/* The adder that docs/emulator.md proves: 7 commands for the lowest bit, 7 for each other one. */
Test(pim_program_of_op, the_adder_is_that_of_the_proof)
{
	struct pim_device *dev = open_device("ambit");
	struct pim_program *p;
	cr_assert_eq(pim_program_of_op(dev, PIM_ADD, pim_uint(2), 0, &p), 0);
	char *text = print(p);
	cr_expect_str_eq(text, "AAP(D2,B14);AAP(D0,B9);AAP(B5,B11);AAP(C1,B8);AP(B12);AAP(B15,B1);AAP(B14,D4);"
			       "AAP(B7,B0);AAP(D1,B4);AAP(D3,B9);AAP(B5,B2);AP(B12);AAP(B15,B1);AAP(B14,D5)");
	free(text);
	pim_program_free(p);
	pim_close(dev);
}

/* As published, some programs are wrong: they are printed and priced; those that change an input or read what a row
 * held before do not run. */
Test(pim_program_of_op, published_programs_can_be_printed)
{
	struct pim_device *dev = open_device("ambit:programs=published");
	static const struct {
		enum pim_op op;
		bool is_signed, runs;
	} cases[] = {{PIM_ADD, false, true},     {PIM_MUL_WIDE, false, true}, {PIM_IF_ELSE, false, true},
		     {PIM_MIN, false, true},     {PIM_RELU, true, false},     {PIM_ABS, true, false},
		     {PIM_POPCOUNT, false, true}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pim_type t = cases[i].is_signed ? pim_int(4) : pim_uint(4);
		struct pim_program *p;
		struct pim_equivalence e = {.size = sizeof(e)};
		cr_assert_eq(pim_program_of_op(dev, cases[i].op, t, 0, &p), 0, "%s", pim_error(dev));
		same_price(dev, p, cases[i].op, t);
		char *text = print(p);
		cr_expect(strlen(text) > 40);
		cr_expect_eq(pim_program_verify(p, 1, &e), cases[i].runs ? 0 : -EOPNOTSUPP, "%s",
			     pim_op_name(cases[i].op));
		struct pim_vector *v[16];
		for (int k = 0; k < 16; k++)
			cr_assert_eq(pim_alloc(dev, pim_uint(1), 8, &v[k]), 0);
		size_t n_in = 0, n_out = 0;
		while (pim_program_input(p, n_in))
			n_in++;
		while (pim_program_output(p, n_out))
			n_out++;
		cr_expect_eq(pim_program_run(p, v, n_out, v + n_out, n_in), cases[i].runs ? 0 : -EOPNOTSUPP, "%s: %s",
			     pim_op_name(cases[i].op), pim_error(dev));
		for (int k = 0; k < 16; k++)
			pim_free(v[k]);
		free(text);
		pim_program_free(p);
	}
	pim_close(dev);
}

Test(pim_program_of_op, refuses_what_it_has_not)
{
	static const enum pim_op none[] = {PIM_SUM_LANES, PIM_MIN_LANES, PIM_COUNT_ONES, PIM_SHIFT_LANES, PIM_GEMV};
	struct pim_device *dev = open_device("ambit"), *host = open_device("host");
	struct pim_program *p;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		cr_expect_eq(pim_program_of_op(dev, none[i], pim_uint(8), 0, &p), -EOPNOTSUPP);
		cr_expect_null(p);
		cr_expect(strstr(pim_error(dev), pim_op_name(none[i])), "%s", pim_error(dev));
	}
	cr_expect_eq(pim_program_of_op(host, PIM_ADD, pim_uint(8), 0, &p), -EOPNOTSUPP);
	cr_expect_eq(pim_program_of_op(dev, PIM_SHL, pim_uint(8), 9, &p), -EINVAL);
	cr_expect(strstr(pim_error(dev), "8 bits"), "%s", pim_error(dev));
	cr_expect_eq(
		pim_program_of_op(dev, PIM_ADD, (struct pim_type){sizeof(struct pim_type), PIM_BF16, 16, 0}, 0, &p),
		-EINVAL);
	pim_close(host);
	pim_close(dev);
}
