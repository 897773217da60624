#include <criterion/criterion.h>

#include <errno.h>

#include "tests/ambit-emu/model.h"

static struct ambit_address row(char group, unsigned index)
{
	return (struct ambit_address){group == 'D' ? AMBIT_D : group == 'B' ? AMBIT_B : AMBIT_C, 0, (uint16_t)index};
}

static struct ambit_command aap(struct ambit_address a, struct ambit_address b)
{
	return (struct ambit_command){AMBIT_AAP, a, b};
}

static struct ambit_command ap(struct ambit_address a)
{
	return (struct ambit_command){AMBIT_AP, a, {0}};
}

Test(ambit_program, address_map_is_the_published_one)
{
	struct cell_map m;
	cell_map_read(&m);
	for (unsigned i = 0; i < 18; i++) {
		struct ambit_wordlines w;
		cr_assert_eq(ambit_decode(i < 16 ? row('B', i) : row('C', i - 16), &w), 0);
		cr_assert_eq((int)w.count, m.count[i], "address %u", i);
		for (unsigned k = 0; k < w.count; k++) {
			int found = 0;
			for (int j = 0; j < m.count[i]; j++)
				found += m.line[i][j].row == w.w[k].row && m.line[i][j].n == w.w[k].n;
			cr_assert_eq(found, 1, "address %u wordline %u", i, k);
			cr_assert(w.count < 3 || !w.w[k].n, "the cells' loop has no complemented majority");
		}
	}
	struct ambit_wordlines w;
	cr_assert_eq(ambit_decode(row('B', 16), &w), -EINVAL);
	cr_assert_eq(ambit_decode(row('C', 2), &w), -EINVAL);
	cr_assert_eq(ambit_decode((struct ambit_address){7, 0, 0}, &w), -EINVAL);
}

/* The table writes operands Di, Dj and the result Dk; ours are numbered. */
static void number_operands(const char *text, unsigned inputs, char *out)
{
	for (; *text; text++) {
		*out++ = *text;
		if (*text == 'D' && text[1] >= 'i' && text[1] <= 'k') {
			text++;
			*out++ = (char)('0' + (*text == 'k' ? (int)inputs : *text - 'i'));
		}
	}
	*out = '\0';
}

Test(ambit_program, sequences_and_counts_equal_the_table)
{
	char field[9][300], expected[300], text[300];
	const char *at = mw_data_ambit_ops_csv;
	int seen = 0;
	csv_line(&at, field, 9);
	while (csv_line(&at, field, 9)) {
		const struct ambit_program *p = NULL;
		for (int i = 0; i < AMBIT_BULK_COUNT && !p; i++)
			if (strcmp(ambit_bulk_program((enum ambit_bulk)i)->name, field[0]) == 0)
				p = ambit_bulk_program((enum ambit_bulk)i);
		cr_assert_not_null(p, "%s", field[0]);
		struct ambit_counts c;
		ambit_program_counts(p, &c);
		cr_assert_eq((int)c.aap, atoi(field[1]), "%s", field[0]);
		cr_assert_eq((int)c.ap, atoi(field[2]), "%s", field[0]);
		number_operands(field[7], p->inputs, expected);
		cr_assert_eq(ambit_program_print(p, text, sizeof(text)), (int)strlen(expected));
		cr_assert_str_eq(text, expected);
		cr_assert_eq(ambit_program_print(p, text, 5), (int)strlen(expected), "length without room");
		seen++;
	}
	cr_assert_eq(seen, AMBIT_BULK_COUNT - 1, "every row but maj, which the table lacks");
}

Test(ambit_program, bulk_programs_are_legal_and_free_of_stale_state)
{
	for (int i = 0; i < AMBIT_BULK_COUNT; i++) {
		struct ambit_verdict v;
		const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)i);
		cr_assert_eq(ambit_verify(p, &v), 0, "%s: %s", p->name, v.why);
		cr_assert(v.stale == 0 && !v.result_stale, "%s", p->name);
	}
	cr_assert_null(ambit_bulk_program(AMBIT_BULK_COUNT));
}

Test(ambit_program, each_illegal_kind_is_rejected_with_its_reason)
{
	struct ambit_command other = aap(row('D', 0), row('D', 1));
	other.b.subarray = 1;
	struct ambit_command strange = ap(row('B', 12)), away = aap(row('D', 0), row('D', 1));
	strange.kind = 9;
	away.a.subarray = away.b.subarray = 1;
	const struct {
		struct ambit_command cmd;
		const char *why;
	} bad[] = {
		{aap(row('B', 10), row('D', 0)), "not provably equal"},
		{aap(row('B', 8), row('D', 0)), "not provably equal"},
		{ap(row('B', 10)), "AP on two wordlines"},
		{aap(row('B', 4), row('B', 5)), "both wordlines"},
		{aap(row('B', 14), row('B', 8)), "both wordlines"},
		{aap(row('B', 7), row('B', 15)), "both wordlines"},
		{aap(row('D', 0), row('C', 0)), "constant row"},
		{aap(row('B', 12), row('C', 1)), "constant row"},
		{other, "two subarrays"},
		{away, "one subarray"},
		{aap(row('B', 16), row('D', 0)), "source"},
		{aap(row('D', 0), row('B', 17)), "destination"},
		{aap(row('C', 2), row('D', 0)), "source"},
		{aap(row('D', 4), row('D', 0)), "source"},
		{aap(row('D', 0), row('D', 4)), "destination"},
		{strange, "unknown command"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* Behind a legal command, so that the place is reported too. */
		struct ambit_command cmd[2] = {aap(row('D', 1), row('D', 2)), bad[i].cmd};
		struct ambit_program p = {"bad", cmd, 2, 2, 4, 1};
		struct ambit_verdict v;
		cr_assert_eq(ambit_verify(&p, &v), -EINVAL, "case %zu", i);
		cr_assert_eq(v.at, 1u, "case %zu", i);
		cr_assert_not_null(strstr(v.why, bad[i].why), "case %zu: %s", i, v.why);
	}
}

Test(ambit_program, two_equal_cells_may_be_read_together)
{
	/* Equal by copy, by complement through an n-wordline, and by majority of the same operands. */
	struct ambit_command copy[] = {aap(row('D', 0), row('B', 10)), aap(row('B', 10), row('D', 1))};
	struct ambit_command complement[] = {aap(row('D', 0), row('B', 8)), aap(row('B', 8), row('D', 1))};
	struct ambit_command not_equal[] = {aap(row('D', 0), row('B', 0)), aap(row('D', 0), row('B', 4)),
					    aap(row('B', 8), row('D', 1))};
	struct ambit_command majority[] = {aap(row('D', 0), row('B', 0)), aap(row('D', 1), row('B', 1)),
					   aap(row('C', 0), row('B', 2)), aap(row('B', 12), row('B', 3)),
					   aap(row('B', 11), row('D', 2))};
	struct ambit_command constants[] = {aap(row('C', 0), row('B', 2)), aap(row('C', 1), row('B', 3)),
					    aap(row('B', 10), row('D', 2))};
	const struct {
		struct ambit_command *cmd;
		size_t n;
		int rc;
	} cases[] = {
		{copy, 2, 0}, {complement, 2, 0}, {not_equal, 3, -EINVAL}, {majority, 5, 0}, {constants, 3, -EINVAL}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ambit_program p = {"pair", cases[i].cmd, cases[i].n, 2, 3, 1};
		struct ambit_verdict v;
		cr_assert_eq(ambit_verify(&p, &v), cases[i].rc, "case %zu: %s", i, v.why);
	}
}

Test(ambit_program, majorities_are_compared_after_normalising)
{
	/* MAJ(~a,~b,~c) = ~MAJ(a,b,c): DCC0 against T0 through B8. */
	struct ambit_command dual[] = {
		aap(row('D', 0), row('B', 5)), aap(row('B', 4), row('D', 3)),
		aap(row('D', 1), row('B', 5)), aap(row('B', 4), row('D', 4)),
		aap(row('D', 2), row('B', 5)), aap(row('B', 4), row('D', 5)),
		aap(row('D', 0), row('B', 0)), aap(row('D', 1), row('B', 1)),
		aap(row('D', 2), row('B', 2)), aap(row('B', 12), row('B', 4)),
		aap(row('D', 3), row('B', 0)), aap(row('D', 4), row('B', 1)),
		aap(row('D', 5), row('B', 2)), ap(row('B', 12)),
		aap(row('B', 8), row('D', 6)),
	};
	struct ambit_program p = {"dual", dual, sizeof(dual) / sizeof(dual[0]), 3, 7, 1};
	struct ambit_verdict v;
	cr_assert_eq(ambit_verify(&p, &v), 0, "%s", v.why);
	/* MAJ(a, d, ~d) = a, whichever of the two operands is numbered first. */
	for (unsigned a = 0; a < 2; a++) {
		struct ambit_command pair[] = {
			aap(row('D', 1 - a), row('B', 5)),
			aap(row('B', 4), row('B', 2)),
			aap(row('D', 1 - a), row('B', 1)),
			aap(row('D', a), row('B', 0)),
			ap(row('B', 12)),
			aap(row('D', a), row('B', 3)),
			aap(row('B', 11), row('D', 2)),
		};
		struct ambit_program q = {"pair", pair, sizeof(pair) / sizeof(pair[0]), 2, 3, 1};
		cr_assert_eq(ambit_verify(&q, &v), 0, "%s", v.why);
		pair[5] = aap(row('D', 1 - a), row('B', 3));
		cr_assert_eq(ambit_verify(&q, &v), -EINVAL);
	}
}

Test(ambit_program, stale_reads_are_seen)
{
	struct ambit_command cmd[] = {aap(row('D', 0), row('B', 0)), aap(row('D', 1), row('B', 1)),
				      aap(row('B', 12), row('D', 2))};
	struct ambit_program p = {"stale", cmd, 3, 2, 3, 1};
	struct ambit_verdict v;
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert_eq(v.stale, 1u << AMBIT_T2);
	cr_assert(v.result_stale);
	/* MAJ(a, a, stale) = a: read, but without effect. */
	cmd[1] = aap(row('D', 0), row('B', 1));
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert(v.stale == 1u << AMBIT_T2 && !v.result_stale);
}

Test(ambit_program, results_and_temporaries_hold_anything_at_first)
{
	struct ambit_command cmd[] = {aap(row('D', 2), row('B', 0)), aap(row('B', 0), row('D', 1))};
	struct ambit_program p = {"temporary", cmd, 2, 1, 3, 1};
	struct ambit_verdict v;
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert(v.data_stale && v.result_stale && v.stale == 0 && !v.input_changed);
	cmd[0] = aap(row('D', 0), row('D', 2)); /* written before it is read */
	cmd[1] = aap(row('D', 2), row('D', 1));
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert(!v.data_stale && !v.result_stale);
	cmd[1] = aap(row('D', 2), row('B', 0));
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert(!v.data_stale && v.result_stale, "the result is never written");
	cmd[1] = aap(row('C', 0), row('D', 0));
	cr_assert_eq(ambit_verify(&p, &v), 0);
	cr_assert(v.input_changed);
	p.outputs = 3;
	cr_assert_eq(ambit_verify(&p, &v), -EINVAL, "more results than rows");
	cr_assert(strlen(v.why) > 0);
}
