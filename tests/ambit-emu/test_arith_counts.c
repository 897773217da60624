#include <criterion/criterion.h>

#include "ambit-emu/timing.h"
#include "tests/ambit-emu/golden.h"

/* A term of the table's formulas: 8n, 11n^2, 5*floor(n/2), ((n-1) mod 2), 8log2(..) never. */
static long formula_sum(const char **at, long n);

static long formula_factor(const char **at, long n)
{
	long v = 0;
	if (strncmp(*at, "floor", 5) == 0)
		*at += 5;
	if (**at == '(') {
		++*at;
		v = formula_sum(at, n);
		cr_assert_eq(**at, ')');
	} else if (**at == 'n') {
		v = n;
	} else {
		char *end;
		v = strtol(*at, &end, 10);
		cr_assert(end > *at, "no number at '%s'", *at);
		*at = end - 1;
	}
	++*at;
	if (strncmp(*at, "^2", 2) == 0) {
		*at += 2;
		v *= v;
	}
	return v;
}

static long formula_term(const char **at, long n)
{
	long v = formula_factor(at, n);
	for (;;) {
		if (strncmp(*at, " mod ", 5) == 0) {
			*at += 5;
			v %= formula_factor(at, n);
		} else if (**at == '/') {
			++*at;
			v /= formula_factor(at, n);
		} else if (**at == '*' || **at == 'n' || **at == '(') {
			*at += **at == '*';
			v *= formula_factor(at, n);
		} else {
			return v;
		}
	}
}

static long formula_sum(const char **at, long n)
{
	long v = formula_term(at, n);
	while (**at == '+' || **at == '-') {
		long sign = *(*at)++ == '+' ? 1 : -1;
		v += sign * formula_term(at, n);
	}
	return v;
}

/* "8n+1", or "O: 8n (Omega: ..)", of which the first counts. */
static long formula(const char *text, long n)
{
	if (strncmp(text, "O: ", 3) == 0)
		text += 3;
	long v = formula_sum(&text, n);
	cr_assert(!*text || *text == ' ', "rest '%s'", text);
	return v;
}

static struct ambit_counts counts(const struct ambit_request *r)
{
	struct ambit_builder b = {0};
	struct ambit_counts c;
	cr_assert_eq(ambit_op_build(r, &b), 0, "%s", words(r));
	ambit_program_counts(&b.p, &c);
	ambit_builder_free(&b);
	return c;
}

/* The i-th of "a;b;c". */
static const char *part(const char *list, int i)
{
	while (i-- > 0)
		list = strchr(list, ';') + 1;
	return list;
}

Test(ambit_arith_counts, counts_meet_the_table)
{
	char field[TABLE_FIELDS][300];
	const char *at = mw_data_simdram_ops_csv;
	int seen = 0;
	csv_line(&at, field, TABLE_FIELDS);
	for (; csv_line(&at, field, TABLE_FIELDS); seen++) {
		const struct golden *g = find_golden(field[0]);
		for (unsigned n = 1; n <= 64; n++) {
			long most = formula(field[1], n);
			for (int k = 0; k < 3; k++) {
				if (n != 8u << k)
					continue;
				cr_assert_eq(most, atol(field[2 + k]), "%s: formula and column", g->op);
				if (!*field[8])
					continue;
				const char *split = part(field[8], k);
				long corrected = atol(split) + atol(strchr(split, '+'));
				most = corrected < most ? corrected : most;
			}
			for (int k = 0; k < 2; k++) {
				struct ambit_request r = {.op = g->ops[k], .width = n, .is_signed = g->is_signed};
				struct ambit_counts c = counts(&r);
				cr_assert_leq((long)(c.aap + c.ap), most, "%s: %ld", words(&r), (long)(c.aap + c.ap));
				cr_assert_geq(c.aap, 1u);
			}
		}
	}
	cr_assert_eq(seen, GOLDEN);
}

/* What docs/emulator.md states of our own programs. */
Test(ambit_arith_counts, counts_are_the_documented_ones)
{
	static const struct {
		enum ambit_op op;
		bool is_signed;
		unsigned from, to;
		const char *formula;
	} own[] = {
		{AMBIT_OP_ADD, false, 1, 64, "7n"},
		{AMBIT_OP_SUB, true, 1, 64, "7n"},
		{AMBIT_OP_NEG, true, 2, 64, "6n-3"},
		{AMBIT_OP_ABS, true, 1, 64, "9n-8"},
		{AMBIT_OP_MUL_WIDE, false, 2, 19, "9n^2-n-3+(n mod 2)"},
		{AMBIT_OP_MUL_WIDE, false, 32, 32, "8161"},
		{AMBIT_OP_MUL_WIDE, false, 64, 64, "27127"},
		{AMBIT_OP_MUL_WIDE, true, 32, 32, "8737"},
		{AMBIT_OP_MUL_WIDE, true, 64, 64, "28279"},
		{AMBIT_OP_MUL, false, 2, 39, "floor((9*n^2+5*n)/2)-2+(n mod 2)"},
		{AMBIT_OP_MUL, false, 64, 64, "17921"},
		{AMBIT_OP_DIV, false, 3, 64, "floor((12*n^2+7*n-13)/2)"},
		{AMBIT_OP_LT, true, 1, 64, "3n+1"},
		{AMBIT_OP_GE, false, 1, 64, "3n+1"},
		{AMBIT_OP_NE, false, 1, 64, "4n+3"},
		{AMBIT_OP_MAX, true, 1, 64, "10n+1"},
		{AMBIT_OP_IF_ELSE, false, 1, 64, "7n"},
		{AMBIT_OP_RELU, true, 2, 64, "3n+((n-1) mod 2)"},
		{AMBIT_OP_RED_AND, false, 2, 64, "5*floor((n-1)/2)+1+3*((n-1) mod 2)"},
		{AMBIT_OP_RED_XOR, false, 2, 64, "6*floor(n/2)+1"},
		{AMBIT_OP_SHL, false, 1, 64, "n"},
	};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		for (unsigned n = own[i].from; n <= own[i].to; n++) {
			struct ambit_request r = {.op = own[i].op, .width = n, .is_signed = own[i].is_signed};
			struct ambit_counts c = counts(&r);
			cr_assert_eq((long)(c.aap + c.ap), formula(own[i].formula, n), "%s: %ld, not %s", words(&r),
				     (long)(c.aap + c.ap), own[i].formula);
		}
	for (unsigned n = 2; n <= 64; n++) {
		struct ambit_request r = {.op = AMBIT_OP_POPCOUNT, .width = n};
		struct ambit_counts c = counts(&r);
		unsigned adders = n - (unsigned)__builtin_popcount(n), levels = 31 - (unsigned)__builtin_clz(n);
		cr_assert_eq(c.aap + c.ap, 6 * adders + 2 * levels, "%s", words(&r));
	}
}

Test(ambit_arith_counts, published_programs_have_the_published_counts)
{
	char field[TABLE_FIELDS][300];
	const char *at = mw_data_simdram_ops_csv;
	csv_line(&at, field, TABLE_FIELDS);
	while (csv_line(&at, field, TABLE_FIELDS)) {
		const struct golden *g = find_golden(field[0]);
		for (int k = 0; k < 6; k++) {
			struct ambit_request r = {.op = g->ops[k % 2],
						  .width = 8u << k / 2,
						  .is_signed = g->is_signed,
						  .published = true};
			struct ambit_counts c = counts(&r);
			const char *split = field[5 + k / 2];
			cr_assert(c.aap == strtoull(split, NULL, 10) && c.ap == strtoull(strchr(split, '+'), NULL, 10),
				  "%s: %d + %d, not %s", words(&r), (int)c.aap, (int)c.ap, split);
		}
	}
}

Test(ambit_arith_counts, published_latencies)
{
	static const struct {
		struct ambit_request r;
		uint64_t split,
			strict; /* ns; CMU-SAFARI's programs under SiyuanMa0316/LLMCompass@faa3918's 49 and 45 */
	} cases[] = {
		{{.op = AMBIT_OP_ADD, .width = 8, .published = true}, 3121, 3617},
		{{.op = AMBIT_OP_MUL_WIDE, .width = 32, .published = true}, 532143, 593678},
	};
	for (int i = 0; i < 2; i++) {
		struct ambit_timing t = {.dram = ambit_dram_find("ddr3-1600"), .aap = AMBIT_AAP_SPLIT, .channels = 1};
		struct ambit_builder b = {0};
		cr_assert_eq(ambit_op_build(&cases[i].r, &b), 0);
		cr_assert_eq(ambit_program_ps(&t, &b.p), 1000 * cases[i].split);
		t.aap = AMBIT_AAP_STRICT;
		cr_assert_eq(ambit_program_ps(&t, &b.p), 1000 * cases[i].strict);
		ambit_builder_free(&b);
	}
}
