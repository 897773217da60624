#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "ambit-emu/cots.h"
#include "ambit-emu/fault.h"
#include "tests/ambit-emu/model.h"

extern const char mw_data_fault_rates_csv[];

static const struct {
	enum cots_op op;
	const char *name;
} names[] = {{COTS_COPY, "copy_success"}, {COTS_NOT, "not_success"},  {COTS_AND, "and_success"},
	     {COTS_NAND, "nand_success"}, {COTS_OR, "or_success"},    {COTS_NOR, "nor_success"},
	     {COTS_MAJ, "maj3_success"},  {COTS_MAJ, "maj5_success"}, {COTS_MAJ, "maj7_success"},
	     {COTS_MAJ, "maj9_success"}};

Test(ambit_cots, rates_are_those_of_the_data_file)
{
	char field[7][300];
	const char *at = mw_data_fault_rates_csv;
	int points = 0;
	csv_line(&at, field, 7);
	while (csv_line(&at, field, 7)) {
		if (strcmp(field[0], "cots") != 0)
			continue;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (strcmp(names[i].name, field[1]) != 0)
				continue;
			unsigned rows = (unsigned)atoi(field[2]), inputs = rows;
			if (names[i].op == COTS_MAJ)
				inputs = (unsigned)(field[1][3] - '0');
			else if (names[i].op == COTS_COPY || names[i].op == COTS_NOT)
				inputs = 1;
			struct cots_rate r;
			cr_assert_eq(cots_rate(names[i].op, inputs, rows, &r), 0);
			cr_assert(fabs(r.success - atof(field[3]) / 100) < 1e-12, "%s %u", field[1], rows);
			cr_assert_eq(r.verified, strcmp(field[5], "yes") == 0, "%s %u", field[1], rows);
			points++;
		}
	}
	cr_assert_eq(points, 15);
}

Test(ambit_cots, what_is_not_published_is_unverified_or_refused)
{
	struct cots_rate r, four, many;
	cr_assert_eq(cots_rate(COTS_AND, 2, 2, &r), 0);
	cr_assert(!r.verified && r.success == 0.9494);
	cr_assert_eq(cots_rate(COTS_MAJ, 3, 4, &four), 0);
	cr_assert_eq(cots_rate(COTS_MAJ, 3, 32, &many), 0);
	for (unsigned rows = 8; rows <= 16; rows *= 2) {
		cr_assert_eq(cots_rate(COTS_MAJ, 3, rows, &r), 0);
		cr_assert(!r.verified && r.success > four.success && r.success < many.success);
	}
	cr_assert_eq(cots_rate(COTS_MAJ, 5, 8, &r), -EOPNOTSUPP);
	cr_assert_eq(cots_rate(COTS_MAJ, 9, 8, &r), -EINVAL, "9 inputs need 9 rows");
	cr_assert_eq(cots_rate(COTS_MAJ, 4, 32, &r), -EINVAL);
	cr_assert_eq(cots_rate(COTS_MAJ, 3, 64, &r), -EINVAL);
	cr_assert_eq(cots_rate(COTS_AND, 3, 3, &r), -EINVAL);
	cr_assert_eq(cots_rate(COTS_AND, 32, 32, &r), -EINVAL);
	struct cots_plan p;
	cr_assert_eq(cots_plan(COTS_AND, 4, 32, COTS_SIMRA, &p), -EOPNOTSUPP, "a majority of 3 has two inputs free");
	cr_assert_eq(cots_plan(COTS_MAJ, 5, 16, COTS_SIMRA, &p), -EOPNOTSUPP);
}

enum { WORDS = 512 };

static uint64_t src[COTS_MAX_INPUTS][WORDS], dst[WORDS];

static void random_inputs(uint64_t *r)
{
	for (unsigned i = 0; i < COTS_MAX_INPUTS; i++)
		for (unsigned k = 0; k < WORDS; k++) /* all-0 and all-1 columns happen too */
			src[i][k] = k % 3 == 0 && i ? src[0][k] : test_random(r) | (k % 3 == 1 ? test_random(r) : 0);
}

static unsigned ones_at(unsigned inputs, unsigned col)
{
	unsigned n = 0;
	for (unsigned i = 0; i < inputs; i++)
		n += src[i][col / 64] >> (col % 64) & 1;
	return n;
}

static unsigned oracle(enum cots_op op, unsigned inputs, unsigned col)
{
	unsigned n = ones_at(inputs, col);
	switch (op) {
	case COTS_NOT:
		return !n;
	case COTS_AND:
		return n == inputs;
	case COTS_NAND:
		return n != inputs;
	case COTS_OR:
		return n > 0;
	case COTS_NOR:
		return n == 0;
	case COTS_MAJ:
		return 2 * n > inputs;
	default:
		return n;
	}
}

static unsigned bit(const uint64_t *v, unsigned col)
{
	return v[col / 64] >> (col % 64) & 1;
}

static void run(const struct cots_plan *p, const uint64_t *const map[COTS_MAPS], uint64_t lanes, struct cots_done *done)
{
	const uint64_t *in[COTS_MAX_INPUTS];
	for (unsigned i = 0; i < COTS_MAX_INPUTS; i++)
		in[i] = src[i];
	void *scratch = malloc(cots_scratch(WORDS));
	*done = (struct cots_done){0, 0};
	cots_run(p, map, in, dst, WORDS, lanes, scratch, done);
	free(scratch);
}

struct variant {
	enum cots_op op;
	unsigned inputs, rows;
	enum cots_logic logic;
};

static const struct variant variants[] = {
	{COTS_COPY, 1, 32, COTS_SIMRA}, {COTS_NOT, 1, 32, COTS_SIMRA},   {COTS_MAJ, 3, 4, COTS_SIMRA},
	{COTS_MAJ, 3, 8, COTS_SIMRA},   {COTS_MAJ, 3, 16, COTS_SIMRA},   {COTS_MAJ, 3, 32, COTS_SIMRA},
	{COTS_MAJ, 5, 32, COTS_SIMRA},  {COTS_MAJ, 7, 32, COTS_SIMRA},   {COTS_MAJ, 9, 32, COTS_SIMRA},
	{COTS_AND, 2, 32, COTS_SIMRA},  {COTS_NAND, 2, 8, COTS_SIMRA},   {COTS_OR, 2, 4, COTS_SIMRA},
	{COTS_NOR, 2, 16, COTS_SIMRA},  {COTS_AND, 2, 32, COTS_FCDRAM},  {COTS_NAND, 4, 32, COTS_FCDRAM},
	{COTS_OR, 8, 32, COTS_FCDRAM},  {COTS_NOR, 16, 32, COTS_FCDRAM}, {COTS_AND, 16, 32, COTS_FCDRAM},
};
enum { VARIANTS = sizeof(variants) / sizeof(variants[0]) };

Test(ambit_cots, without_failures_every_operation_is_exact)
{
	const uint64_t *none[COTS_MAPS] = {NULL};
	uint64_t r = 8;
	random_inputs(&r);
	for (int i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct cots_plan p;
		struct cots_done done;
		cr_assert_eq(cots_plan(v->op, v->inputs, v->rows, v->logic, &p), 0, "variant %d", i);
		run(&p, none, 64 * WORDS, &done);
		for (unsigned col = 0; col < 64 * WORDS; col++)
			cr_assert_eq(bit(dst, col), oracle(v->op, v->inputs, col), "variant %d, column %u", i, col);
		cr_assert(done.injected == 0 && done.wrong == 0);
	}
}

/* A bad column of the compute command alone: wrong exactly where the charges are hard to tell. */
Test(ambit_cots, bad_columns_fail_where_charges_are_close)
{
	static uint64_t bad[WORDS];
	const uint64_t *map[COTS_MAPS] = {NULL};
	uint64_t r = 19, lanes = 64 * WORDS - 1000;
	random_inputs(&r);
	for (unsigned i = 0; i < WORDS; i++)
		bad[i] = test_random(&r);
	for (int i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct cots_plan p;
		struct cots_done done;
		uint64_t wrong = 0;
		cr_assert_eq(cots_plan(v->op, v->inputs, v->rows, v->logic, &p), 0);
		map[COTS_M_COMPUTE] = cots_opens_many(&p) ? bad : NULL;
		map[COTS_M_NOT] = v->op == COTS_NOT ? bad : NULL;
		run(&p, map, lanes, &done);
		for (unsigned col = 0; col < lanes; col++) {
			unsigned n = ones_at(v->inputs, col), hard = v->op == COTS_NOT;
			if (p.op == COTS_MAJ) {
				unsigned constant = p.ones ? p.constant : 0;
				hard = n + constant > 0 && n + constant < p.inputs;
			} else if (v->op == COTS_AND || v->op == COTS_NAND) {
				hard = n + 1 >= v->inputs;
			} else if (v->op == COTS_OR || v->op == COTS_NOR) {
				hard = n <= 1;
			}
			hard &= bit(bad, col);
			wrong += hard;
			cr_assert_eq(bit(dst, col), oracle(v->op, v->inputs, col) ^ hard, "variant %d, column %u", i,
				     col);
		}
		cr_assert_eq(done.wrong, wrong, "variant %d: %llu, %llu", i, (unsigned long long)done.wrong,
			     (unsigned long long)wrong);
		cr_assert_eq(done.injected, wrong);
	}
}

Test(ambit_cots, maps_have_the_published_rates)
{
	for (int i = 0; i < VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct cots_plan p;
		cr_assert_eq(cots_plan(v->op, v->inputs, v->rows, v->logic, &p), 0);
		for (unsigned m = 0; m < COTS_MAPS; m++) {
			static uint64_t map[16 * WORDS];
			struct ambit_site site = {.seed = 9, .bank = m, .kind = AMBIT_FAULT_COTS};
			struct cots_rate rate;
			if (!cots_map_of(&p, (enum cots_map)m, &rate, &site.address))
				continue;
			double n = 16 * 64 * WORDS, good = n, mean = n * rate.success;
			ambit_bad_columns(&site, ambit_threshold(1 - rate.success), map, 16 * WORDS);
			for (unsigned k = 0; k < 16 * WORDS; k++)
				good -= __builtin_popcountll(map[k]);
			cr_assert(fabs(good - mean) < 5 * sqrt(mean * (1 - rate.success)) + 2,
				  "variant %d, map %u: %g of %g columns are good, %g expected", i, m, good, n, mean);
		}
	}
}

/* Replication: a copy that fails in one of ten rows does not turn the majority, one into the first of them does. */
Test(ambit_cots, replicas_outvote_a_bad_copy)
{
	static uint64_t bad[WORDS];
	const uint64_t *map[COTS_MAPS] = {NULL};
	uint64_t r = 3;
	struct cots_plan p;
	struct cots_done done;
	random_inputs(&r);
	memset(bad, 0xff, sizeof(bad));
	cr_assert_eq(cots_plan(COTS_MAJ, 3, 32, COTS_SIMRA, &p), 0);
	cr_assert_eq(p.copies, 10);
	map[COTS_M_COPY + 1] = bad; /* to 3 rows: this plan has none of it (1, then 7, 1, 1) */
	run(&p, map, 64 * WORDS, &done);
	cr_assert_eq(done.injected, 0);
	map[COTS_M_COPY + 2] = bad; /* to 7 rows: 7 of 10 copies of every input are wrong */
	run(&p, map, 64 * WORDS, &done);
	cr_assert_eq(done.injected, 3ull * 7 * 64 * WORDS);
	/* 21 of 30 rows are complements: the result is the complement of a majority, in every column */
	cr_assert_eq(done.wrong, 64ull * WORDS);
}

Test(ambit_cots, plans_count_their_commands)
{
	const struct cots_timing t = {32500, 13750};
	struct cots_plan p;
	cr_assert_eq(cots_plan(COTS_COPY, 1, 32, COTS_SIMRA, &p), 0);
	cr_assert_eq(cots_plan_ps(&t, &p), 36000 + 3000 + 32500 + 13750);
	cr_assert_eq(cots_activations(&p), 2);
	cr_assert_eq(cots_plan(COTS_NOT, 1, 32, COTS_SIMRA, &p), 0);
	cr_assert_eq(cots_plan_ps(&t, &p), 46500 + 3000 + 32500 + 13750);
	/* 3 x (1 + 7 + 1 + 1 copies in 4 commands), 2 neutral rows x 3 Frac, majority, copy out */
	cr_assert_eq(cots_plan(COTS_MAJ, 3, 32, COTS_SIMRA, &p), 0);
	cr_assert_eq(p.n[COTS_K_COPY], 13);
	cr_assert_eq(p.n[COTS_K_FRAC], 6);
	cr_assert_eq(p.n[COTS_K_MAJ], 1);
	cr_assert_eq(cots_activations(&p), 2 * 14 + 6);
	cr_assert_eq(cots_plan_ps(&t, &p), 13 * 85250u + 6 * (1500u + 13750) + (1500u + 3000 + 32500 + 13750));
	/* NAND by majority: NOT takes the result across instead of a copy */
	cr_assert_eq(cots_plan(COTS_NAND, 2, 32, COTS_SIMRA, &p), 0);
	cr_assert_eq(p.n[COTS_K_COPY], 12);
	cr_assert_eq(p.n[COTS_K_NOT], 1);
	cr_assert(cots_moves(&p));
	/* 16 operands, 15 reference rows (1 + 7 + 7 in 3 commands), 5 Frac, copy out */
	cr_assert_eq(cots_plan(COTS_AND, 16, 32, COTS_FCDRAM, &p), 0);
	cr_assert_eq(p.n[COTS_K_COPY], 16 + 3 + 1);
	cr_assert_eq(p.n[COTS_K_FRAC], 5);
	cr_assert_eq(p.n[COTS_K_LOGIC], 1);
	cr_assert_not(cots_moves(&p));
}
