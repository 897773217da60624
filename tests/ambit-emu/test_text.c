#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "ambit-emu/text.h"
#include "tests/ambit-emu/model.h"

static int parse(const char *text, struct ambit_builder *b, struct ambit_ports *ports, char *err, size_t n)
{
	return ambit_program_parse(text, strlen(text), b, ports, err, n);
}

Test(text, reads_what_print_writes)
{
	for (int i = 0; i < AMBIT_BULK_COUNT; i++) {
		const struct ambit_program *p = ambit_bulk_program((enum ambit_bulk)i);
		struct ambit_builder b = {0};
		char text[400], again[400], err[200] = "";
		(void)ambit_program_print(p, text, sizeof(text));
		cr_assert_eq(parse(text, &b, NULL, err, sizeof(err)), 0, "%s: %s", text, err);
		(void)ambit_program_print(&b.p, again, sizeof(again));
		cr_assert_str_eq(again, text);
		cr_assert_eq(b.p.n, p->n);
		cr_assert_eq(b.p.rows, p->rows, "%s", p->name);
		cr_assert_eq(ambit_program_infer(&b.p), 0);
		cr_assert(b.p.inputs == p->inputs && b.p.outputs == p->outputs, "%s: %u inputs, %u outputs", p->name,
			  b.p.inputs, b.p.outputs);
		ambit_builder_free(&b);
	}
}

Test(text, blanks_comments_and_names)
{
	static const char text[] = "# and\n.inputs a b # two\n.outputs c\n AAP ( D0 , B0 ) ;; AAP(D1,B1)\r\n"
				   "AAP(C0,B2)\n\n;AAP(B12,D2);AAP(B12,D4);AP(B12)\n";
	struct ambit_builder b = {0};
	struct ambit_ports ports = {0};
	char err[200] = "", again[200];
	cr_assert_eq(parse(text, &b, &ports, err, sizeof(err)), 0, "%s", err);
	(void)ambit_program_print(&b.p, again, sizeof(again));
	cr_assert_str_eq(again, "AAP(D0,B0);AAP(D1,B1);AAP(C0,B2);AAP(B12,D2);AAP(B12,D4);AP(B12)");
	cr_assert(b.p.inputs == 2 && b.p.outputs == 1 && b.p.rows == 5);
	cr_assert_str_eq(ports.inputs.v[1], "b");
	cr_assert_str_eq(ports.outputs.v[0], "c");
	ambit_ports_free(&ports);
	ambit_builder_free(&b);
	b = (struct ambit_builder){0};
	cr_assert_eq(parse("", &b, NULL, err, sizeof(err)), 0);
	cr_assert_eq(b.p.n, 0u);
}

Test(text, errors_have_a_place)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"AAP(D0,B0", "line 1, column 10: ')' expected, the text ends here"},
		{"AAP(D0 B0)", "line 1, column 8: ',' expected, not 'B'"},
		{"AP(B12);\n  AAP(D0,B16)", "line 2, column 10: no row B16: B rows end at 15"},
		{"AP(C2)", "line 1, column 4: no row C2: C rows end at 1"},
		{"AP(D65527)", "line 1, column 4: no row D65527: D rows end at 65526"},
		{"AP(D99999999999)", "line 1, column 5: a number above 4294967295"},
		{"AP(E1)", "line 1, column 4: a row address (D0.., B0..B15, C0, C1) expected, not 'E'"},
		{"AP(B)", "line 1, column 5: a number expected, not ')'"},
		{"ACT(B1)", "line 1, column 1: AAP or AP expected, not 'ACT'"},
		{"AP(B12) AP(B12)", "line 1, column 9: ';' or a new line expected, not 'A'"},
		{"AP\n(B1)", "line 1, column 3: '(' expected, the line ends here"},
		{"\001", "line 1, column 1: AAP or AP expected, not byte 0x01"},
		{".input a", "line 1, column 1: .inputs or .outputs expected"},
		{".inputs a a", "line 1, column 11: 'a' is declared twice"},
		{".inputs a,b", "line 1, column 10: ';' or a new line expected, not ','"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ambit_builder b = {0};
		char err[200] = "";
		cr_assert_eq(parse(bad[i].text, &b, NULL, err, sizeof(err)), -EINVAL, "%s", bad[i].text);
		cr_assert_str_eq(err, bad[i].why);
		ambit_builder_free(&b);
	}
}

Test(text, infers_inputs_and_results)
{
	static const struct {
		const char *text;
		unsigned inputs, outputs;
	} cases[] = {
		{"AAP(D0,B0);AAP(D2,B1);AAP(B0,D3)", 3, 1},
		{"AAP(C1,D0)", 0, 1},
		/* D1 is written, then read for the last time: a temporary; so is D3. */
		{"AAP(D0,D1);AAP(D1,D2)", 1, 0},
		{"AAP(D0,D3);AAP(D3,D1);AAP(D0,D2)", 1, 2},
		{"AP(D4)", 5, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ambit_builder b = {0};
		cr_assert_eq(parse(cases[i].text, &b, NULL, NULL, 0), 0);
		cr_assert_eq(ambit_program_infer(&b.p), 0);
		cr_assert(b.p.inputs == cases[i].inputs && b.p.outputs == cases[i].outputs, "%s: %u, %u", cases[i].text,
			  b.p.inputs, b.p.outputs);
		ambit_builder_free(&b);
	}
}
