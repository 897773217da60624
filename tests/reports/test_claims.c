/* The table of claims, verdicts, and findings with made-up records. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/claims_ambit.h"
#include "reports/claims.h"

/* ---- the table ---- */

static const char head[] =
	"id,claim,source,phrase,value,unit,kind,tolerance,provenance,licence,second_value,second_source\n";

static int parse(struct claims *c, const char *rows, char *err, size_t n)
{
	char text[1200];
	(void)snprintf(text, sizeof(text), "%s%s", head, rows);
	return claims_parse("own.csv", text, strlen(text), c, err, n);
}

Test(claims, wrong_rows_are_refused_by_line)
{
	static const struct {
		const char *rows, *says;
	} cases[] = {
		{"A01,t,A,p,1,x,measure,printed,verified,l,,\nA01,t,A,p,1,x,measure,printed,verified,l,,\n",
		 "own.csv:3: id 'A01'"},
		{"A01,t,D,p,1,x,measure,printed,verified,l,,\n", "own.csv:2: source 'D'"},
		{"B01,t,A,p,1,x,measure,printed,verified,l,,\n", "own.csv:2: source 'A'"},
		{"A01,t,A,,1,x,measure,printed,verified,l,,\n", "own.csv:2: phrase ''"},
		{"A01,t,A,p,many,x,measure,printed,verified,l,,\n", "own.csv:2: value 'many'"},
		{"A01,t,A,p,1-,x,measure,printed,verified,l,,\n", "own.csv:2: value '1-'"},
		{"A01,t,A,p,1,x,guess,printed,verified,l,,\n", "own.csv:2: kind 'guess'"},
		{"A01,t,A,p,1,x,fit,roughly,verified,l,,\n", "own.csv:2: tolerance 'roughly'"},
		{"A01,t,A,p,1,x,fit,factor:0,verified,l,,\n", "own.csv:2: tolerance 'factor:0'"},
		{"A01,t,A,p,1,x,fit,printed:2,verified,l,,\n", "own.csv:2: tolerance 'printed:2'"},
		{"A01,t,A,p,,x,fit,printed,verified,l,,\n", "own.csv:2: tolerance 'printed'"},
		{"A01,t,A,p,1,x,fit,printed,seen,l,,\n", "own.csv:2: provenance 'seen'"},
		{"A01,t,A,p,1,x,fit,printed,verified,l,some,\n", "own.csv:2: second_value 'some'"},
		{"A01,t\n", "own.csv:2:"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct claims c;
		char err[300] = "";
		cr_expect_eq(parse(&c, cases[i].rows, err, sizeof(err)), MW_EFORMAT, "%s", cases[i].says);
		cr_expect(strncmp(err, cases[i].says, strlen(cases[i].says)) == 0, "%s, not %s", err, cases[i].says);
		claims_close(&c);
	}
}

Test(claims, every_claim_has_an_evaluator_and_the_other_way_round)
{
	struct claims c;
	char err[300] = "";
	size_t rules = 0;
	cr_assert_eq(claims_open(&c, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(c.n, 76u);
	for (const char *id; (id = claim_rule_id(rules)); rules++) {
		cr_expect(claims_find(&c, id), "nothing is claimed as %s", id);
		for (size_t k = 0; k < rules; k++)
			cr_expect_str_neq(claim_rule_id(k), id);
	}
	cr_expect_eq(rules, c.n);
	for (size_t i = 0; i < c.n; i++) {
		bool found = false;
		for (size_t k = 0; k < rules && !found; k++)
			found = strcmp(claim_rule_id(k), c.v[i].id) == 0;
		cr_expect(found, "%s has no evaluator", c.v[i].id);
		cr_expect(i == 0 || strcmp(c.v[i - 1].id, c.v[i].id) < 0, "%s is out of order", c.v[i].id);
		cr_expect(*c.v[i].licence, "%s", c.v[i].id);
	}
	claims_close(&c);
}

Test(claims, a_phrase_loses_the_marks_of_tex_only)
{
	static const struct {
		const char *phrase, *text;
	} cases[] = {
		{"\"scaling at $3.0\\times$ per two years\"", "scaling at 3.0× per two years"},
		{"\"increased by $60,000\\times$ over\"", "increased by 60,000× over"},
		{"train 8 \\times bigger", "train 8× bigger"},
		{"$15 billion on GPUs", "$15 billion on GPUs"},
		{"\"(at $32,000 each) would cost $10 million\"", "(at $32,000 each) would cost $10 million"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct claims c;
		char row[200], err[300] = "";
		(void)snprintf(row, sizeof(row), "A01,t,A,%s,,,cite,,verified,l,,\n", cases[i].phrase);
		cr_assert_eq(parse(&c, row, err, sizeof(err)), 0, "%s", err);
		char *text = claim_phrase(&c.v[0]);
		cr_expect_str_eq(text, cases[i].text);
		free(text);
		claims_close(&c);
	}
}

/* ---- verdicts ---- */

Test(claims, verdicts_turn_at_the_edge_of_the_tolerance)
{
	static const struct {
		const char *value, *tolerance;
		double found, lo, hi;
		enum claim_verdict verdict;
	} cases[] = {
		/* 3.0 stands for 2.95 to 3.05, 60000 for 55000 to 65000, 175e9 for 174.5e9 on */
		{"3.0", "printed", 2.95, NAN, NAN, CLAIM_HOLDS},
		{"3.0", "printed", 2.9499, NAN, NAN, CLAIM_DIFFERS},
		{"3.0", "printed", 3.05, NAN, NAN, CLAIM_HOLDS},
		{"3.0", "printed", 3.0501, NAN, NAN, CLAIM_DIFFERS},
		{"60000", "printed", 65000, NAN, NAN, CLAIM_HOLDS},
		{"60000", "printed", 65001, NAN, NAN, CLAIM_DIFFERS},
		{"410", "printed", 415, NAN, NAN, CLAIM_HOLDS},
		{"410", "printed", 415.1, NAN, NAN, CLAIM_DIFFERS},
		{"175e9", "printed", 174.5e9, NAN, NAN, CLAIM_HOLDS},
		{"175e9", "printed", 174.4e9, NAN, NAN, CLAIM_DIFFERS},
		{"0.12", "printed", 0.125, NAN, NAN, CLAIM_HOLDS},
		{"0.12", "printed", 0.126, NAN, NAN, CLAIM_DIFFERS},
		{"3-4", "printed", 2.5, NAN, NAN, CLAIM_HOLDS},
		{"3-4", "printed", 4.5, NAN, NAN, CLAIM_HOLDS},
		{"3-4", "printed", 4.6, NAN, NAN, CLAIM_DIFFERS},
		{"20", "interval", 27, 20, 40, CLAIM_HOLDS},
		{"20", "interval", 27, 20.1, 40, CLAIM_DIFFERS},
		{"20", "interval", 10, 5, 19.9, CLAIM_DIFFERS},
		{"20", "interval", 20, NAN, NAN, CLAIM_DIFFERS},
		{"10", "magnitude", 31.6, NAN, NAN, CLAIM_HOLDS},
		{"10", "magnitude", 31.7, NAN, NAN, CLAIM_DIFFERS},
		{"10", "magnitude", 3.17, NAN, NAN, CLAIM_HOLDS},
		{"10", "magnitude", 3.15, NAN, NAN, CLAIM_DIFFERS},
		{"100", "percent:5", 105, NAN, NAN, CLAIM_HOLDS},
		{"100", "percent:5", 94.9, NAN, NAN, CLAIM_DIFFERS},
		{"60", "factor:2", 120, NAN, NAN, CLAIM_HOLDS},
		{"60", "factor:2", 29.9, NAN, NAN, CLAIM_DIFFERS},
		{"10", "at-least", 10, NAN, NAN, CLAIM_HOLDS},
		{"10", "at-least", 9.99, NAN, NAN, CLAIM_DIFFERS},
		{"7-12", "at-least", 7, NAN, NAN, CLAIM_HOLDS},
		{"80", "at-most", 80, NAN, NAN, CLAIM_HOLDS},
		{"80", "at-most", 80.1, NAN, NAN, CLAIM_DIFFERS},
		{"2018-2022", "range", 2018, 2018, 2022, CLAIM_HOLDS},
		{"2018-2022", "range", 2018, 2017.9, 2022, CLAIM_DIFFERS},
		{"2018-2022", "range", 2018, 2018, 2022.1, CLAIM_DIFFERS},
		{"1", "printed", NAN, NAN, NAN, CLAIM_UNCHECKED},
		{"", "", 1, NAN, NAN, CLAIM_UNCHECKED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct claims c;
		char row[200], err[300] = "";
		(void)snprintf(row, sizeof(row), "A01,t,A,p,%s,x,fit,%s,verified,l,,\n", cases[i].value,
			       cases[i].tolerance);
		cr_assert_eq(parse(&c, row, err, sizeof(err)), 0, "%s", err);
		enum claim_verdict got = claim_judge(&c.v[0], cases[i].found, cases[i].lo, cases[i].hi);
		cr_expect_eq(got, cases[i].verdict, "%s by %s, found %g: %s", cases[i].value, cases[i].tolerance,
			     cases[i].found, claim_verdict_name(got));
		claims_close(&c);
	}
}

/* ---- findings ---- */

static struct claims_facts facts;
static struct claims_ambit ambit;

static void open_facts(void)
{
	char err[300] = "";
	cr_assert_eq(claims_facts_open(&facts, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(cli_claims_ambit(&ambit, err, sizeof(err)), 0, "%s", err);
	facts.ambit = &ambit;
}

static void close_facts(void)
{
	claims_facts_close(&facts);
}

static struct claim_finding find(const char *id)
{
	struct claim_finding d;
	char err[300] = "";
	const struct claim *c = claims_find(&facts.claims, id);
	cr_assert(c, "%s", id);
	cr_assert_eq(claim_evaluate(&facts, c, &d, err, sizeof(err)), 0, "%s: %s", id, err);
	return d;
}

Test(claims, findings_without_a_measurement, .init = open_facts, .fini = close_facts)
{
	static const struct {
		const char *id;
		double value, within; /* relative */
		enum claim_verdict verdict;
	} golden[] = {
		{"A02", 115, 1e-3, CLAIM_HOLDS},
		{"A03", 1091, 1e-3, CLAIM_HOLDS},
		{"A06", 0.12, 1e-9, CLAIM_HOLDS},
		{"B01", 6.8e5, 5e-3, CLAIM_HOLDS},
		{"B02", 3.5e9, 1e-9, CLAIM_HOLDS},
		{"B03", 7.762e9, 1e-3, CLAIM_DIFFERS},
		{"B04", 174.6e9, 1e-3, CLAIM_HOLDS},
		{"B05", 1.2e12, 1e-9, CLAIM_HOLDS},
		{"B06", 32, 1e-9, CLAIM_HOLDS},
		{"B07", 80, 1e-9, CLAIM_HOLDS},
		{"B08", 320, 1e-9, CLAIM_HOLDS},
		{"B09", 10.24e6, 1e-9, CLAIM_HOLDS},
		{"B10", 32000, 1e-9, CLAIM_INCONSISTENT},
		{"B11", 173, 1e-3, CLAIM_HOLDS},
		{"B16", 102, 5e-3, CLAIM_HOLDS},
		{"B17", 26.9, 2e-3, CLAIM_INCONSISTENT},
		{"B26", 3, 1e-9, CLAIM_HOLDS},
		{"B27", 4, 1e-9, CLAIM_HOLDS},
		{"B28", 349.2, 1e-3, CLAIM_HOLDS},
		{"B30", 0, 1e-9, CLAIM_DIFFERS},
		{"B31", 7, 1e-9, CLAIM_DIFFERS},
		{"C01", 3.026, 1e-3, CLAIM_HOLDS},
		{"C02", 1.591, 1e-3, CLAIM_HOLDS},
		{"C03", 1.415, 1e-3, CLAIM_HOLDS},
		{"C04", 64310, 1e-3, CLAIM_HOLDS},
		{"C05", 104.2, 1e-3, CLAIM_HOLDS},
		{"C06", 32.19, 1e-3, CLAIM_HOLDS},
		{"C07", 754.9, 1e-3, CLAIM_HOLDS},
		{"C08", 413.1, 1e-3, CLAIM_HOLDS},
		{"C09", 1.863, 1e-3, CLAIM_HOLDS},
		{"C10", 6, 1e-4, CLAIM_HOLDS},
		{"C11", 2017.93, 1e-5, CLAIM_DIFFERS},
		{"C12", 20.32, 1e-3, CLAIM_INCONSISTENT},
		{"C13", 2, 1e-9, CLAIM_HOLDS},
		{"C14", 4, 1e-9, CLAIM_HOLDS},
		{"C15", 8, 1e-9, CLAIM_HOLDS},
		{"C16", 22.118, 1e-4, CLAIM_HOLDS},
		{"C19", 78.9, 1e-3, CLAIM_HOLDS},
		{"C20", 79.97, 1e-3, CLAIM_HOLDS},
		{"C24", 10.0 / 3, 1e-9, CLAIM_HOLDS},
		{"C25", 8, 1e-9, CLAIM_HOLDS},
		{"C28", 14.79, 1e-3, CLAIM_HOLDS},
		{"C29", 8, 1e-9, CLAIM_UNCHECKED},
		{"C32", 9.075, 1e-3, CLAIM_HOLDS},
		{"C33", 2.003, 1e-3, CLAIM_HOLDS},
	};
	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		struct claim_finding d = find(golden[i].id);
		cr_expect(fabs(d.value - golden[i].value) <= golden[i].within * fmax(golden[i].value, 1e-9),
			  "%s: %.9g, not %g", golden[i].id, d.value, golden[i].value);
		cr_expect_eq(d.verdict, golden[i].verdict, "%s: %s", golden[i].id, claim_verdict_name(d.verdict));
		cr_expect(d.provenance == MW_REFERENCE || d.provenance == MW_MODELLED, "%s", golden[i].id);
		cr_expect(d.evidence.len > 0 && d.found.len > 0, "%s", golden[i].id);
		claim_finding_fini(&d);
	}
}

Test(claims, what_belongs_to_a_finding_is_said, .init = open_facts, .fini = close_facts)
{
	static const struct {
		const char *id, *text;
	} says[] = {
		{"B08", "25.6 bytes for each parameter"},   {"B10", "4.8 bytes for each parameter here, 25.6 there"},
		{"B11", "711.1 for an addition"},           {"B30", "for AND the third holds zeros, for OR ones"},
		{"B31", "5 AAP and 2 AP, 335 ns"},          {"C12", "410 a year would be 168100 in two"},
		{"C19", "1.9 and 2.0 orders of magnitude"}, {"C20", "115.7 at 512"},
	};
	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++) {
		struct claim_finding d = find(says[i].id);
		cr_expect(strstr(mw_buf_text(&d.found), says[i].text), "%s: %s", says[i].id, mw_buf_text(&d.found));
		claim_finding_fini(&d);
	}
}

Test(claims, without_results_a_claim_names_the_command, .init = open_facts, .fini = close_facts)
{
	for (size_t i = 0; i < facts.claims.n; i++) {
		const struct claim *c = &facts.claims.v[i];
		struct claim_finding d = find(c->id);
		cr_expect(d.provenance != MW_MEASURED, "%s", c->id);
		if (d.verdict == CLAIM_UNCHECKED)
			cr_expect(d.why.len > 0, "%s does not say why", c->id);
		else
			cr_expect_eq(d.why.len, 0u, "%s: %s", c->id, mw_buf_text(&d.why));
		if (strstr(mw_buf_text(&d.why), "needs a measurement"))
			cr_expect(strstr(mw_buf_text(&d.command), "memwall run --only="), "%s", c->id);
		if (c->kind == CLAIM_CITE && !*c->second_source && d.verdict == CLAIM_UNCHECKED && !d.found.len)
			cr_expect(strncmp(mw_buf_text(&d.why), "cited only", 10) == 0, "%s", c->id);
		claim_finding_fini(&d);
	}
}

Test(claims, an_emulator_that_was_not_run_is_no_finding, .init = open_facts, .fini = close_facts)
{
	facts.ambit = NULL;
	static const char *const ids[] = {"B26", "B27", "B30", "B31"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct claim_finding d = find(ids[i]);
		cr_expect(d.verdict == CLAIM_UNCHECKED && isnan(d.value), "%s", ids[i]);
		cr_expect_str_eq(mw_buf_text(&d.why), "the emulator was not run");
		claim_finding_fini(&d);
	}
}

Test(claims, the_emulator_executes_what_the_claims_ask)
{
	struct claims_ambit a;
	char err[300] = "";
	cr_assert_eq(cli_claims_ambit(&a, err, sizeof(err)), 0, "%s", err);
	cr_expect(a.rows_raised == 3 && a.rows_kept == 0 && a.majority && a.and_or);
	cr_expect(a.op_not.aap == 2 && a.op_and.aap == 4 && a.op_or.aap == 4 && a.op_xor.aap == 5 &&
		  a.op_xnor.aap == 5);
	cr_expect(a.op_not.ap == 0 && a.op_and.ap == 0 && a.op_or.ap == 0 && a.op_xor.ap == 2 && a.op_xnor.ap == 2);
	cr_expect(a.op_not.ns == 98 && a.op_and.ns == 196 && a.op_xor.ns == 335 && a.op_xnor.ns == 335);
	cr_expect(a.op_not.exact && a.op_and.exact && a.op_or.exact && a.op_xor.exact && a.op_xnor.exact);
}

/* Records as a machine with RAPL has them: no results file in the tree is of one. */
static void add(struct mw_records *l, const char *metric, enum mw_unit unit, double value, const char *kind)
{
	struct mw_record r;
	mw_record_init(&r, "energy", "read-load", metric, unit);
	r.value = value;
	(void)mw_set_text(&r, MW_AS_PARAM, "domain", kind);
	(void)mw_set_text(&r, MW_AS_OBSERVED, "domain_kind", kind);
	cr_assert_eq(mw_records_add(l, &r), 0);
	mw_record_fini(&r);
}

Test(claims, joules_of_a_machine_that_has_them, .init = open_facts, .fini = close_facts)
{
	struct mw_records l = {0};
	add(&l, "upper_bound_per_byte", MW_PJ_PER_BYTE, 90, "dram");
	add(&l, "upper_bound_per_byte", MW_PJ_PER_BYTE, 900, "package");
	add(&l, "power", MW_WATT, 40, "dram");
	add(&l, "power", MW_WATT, 60, "package");
	facts.measured = &l;
	facts.measured_words = "a test";
	struct claim_finding byte = find("A01"), share = find("B13");
	cr_expect(byte.value == 90 && byte.verdict == CLAIM_HOLDS && byte.provenance == MW_MEASURED);
	cr_expect(share.value == 40 && share.verdict == CLAIM_HOLDS && share.provenance == MW_MEASURED);
	claim_finding_fini(&byte);
	claim_finding_fini(&share);
	l.v[0].value = 121;
	l.v[2].value = 10;
	byte = find("A01");
	share = find("B13");
	cr_expect(share.verdict == CLAIM_DIFFERS);
	cr_expect(byte.verdict == CLAIM_UNCHECKED, "a bound above the claim does not contradict it");
	cr_expect(strstr(mw_buf_text(&byte.why), "upper bound"));
	claim_finding_fini(&byte);
	claim_finding_fini(&share);
	l.v[0].value = 29;
	byte = find("A01");
	cr_expect(byte.verdict == CLAIM_DIFFERS, "one below does");
	claim_finding_fini(&byte);
	mw_records_fini(&l);
}

Test(claims, results_that_lack_a_record_are_said_to, .init = open_facts, .fini = close_facts)
{
	struct mw_records none = {0};
	facts.measured = &none;
	facts.measured_words = "an empty file";
	static const char *const ids[] = {"A07", "B18", "B29", "B32", "C21", "C23"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct claim_finding d = find(ids[i]);
		cr_expect(d.verdict == CLAIM_UNCHECKED && strstr(mw_buf_text(&d.why), "an empty file lacks "), "%s: %s",
			  ids[i], mw_buf_text(&d.why));
		claim_finding_fini(&d);
	}
}
