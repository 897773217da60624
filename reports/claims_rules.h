/* For the evaluators of claims. Private to reports/claims_*.c. */
#ifndef MW_CLAIMS_RULES_H
#define MW_CLAIMS_RULES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/claims.h"
#include "reports/print.h"
#include "reports/select.h"

struct claim_case {
	const struct claims_facts *facts;
	const struct claim *claim;
	struct claim_finding *out;
	char *err; /* n bytes for the line of an error */
	size_t n;
};

/* find fills in k->out. It returns 0, or an error as claim_evaluate. */
struct claim_rule {
	const char *id; /* NULL ends a table */
	int (*find)(struct claim_case *k);
};

extern const struct claim_rule claim_rules_fit[], claim_rules_energy[], claim_rules_model[], claim_rules_memory[],
	claim_rules_measured[], claim_rules_cited[], claim_rules_machine[];

/* Queries for the records that claims need, ended by a NULL bench. A test compares them with the declarations of the
 * benchmarks. */
extern const struct query claims_queries[];

/* A number for people: four digits, from 1e7 on as "1.2e12". num(x).text lives to the end of the full expression. */
struct claim_number {
	char text[32];
};
static inline struct claim_number num(double v)
{
	struct claim_number t = {""};
	char *e;
	(void)print_value(v, t.text, sizeof(t.text));
	if (!(fabs(v) >= 1e7))
		return t;
	mw_format(t.text, sizeof(t.text), "%.3e", v); /* "1.200e+12" */
	e = strchr(t.text, 'e');
	if (e) {
		char exponent[8];
		mw_format(exponent, sizeof(exponent), "e%ld", strtol(e + 1, NULL, 10));
		while (e > t.text && e[-1] == '0')
			e--;
		e -= e > t.text && e[-1] == '.';
		mw_format(e, sizeof(t.text) - (size_t)(e - t.text), "%s", exponent);
	}
	return t;
}

/* value with its 95 % interval (NaN: none), judged by the claim's tolerance; found begins with it and the unit. */
void claim_value(struct claim_case *k, double value, double lo, double hi, enum mw_provenance p);
/* The same without an interval. */
void claim_plain(struct claim_case *k, double value, enum mw_provenance p);
/* For a claim without a number: whether it holds, and the value that shows it. */
void claim_states(struct claim_case *k, bool holds, double value, enum mw_provenance p);

/* Each adds to its text, after "; " where there is one already. */
void claim_found(struct claim_case *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void claim_evidence(struct claim_case *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void claim_command(struct claim_case *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets the verdict to "cannot be checked here" and adds the reason; what was found is kept. */
void claim_cannot(struct claim_case *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The claim of that id, to compare this one with. MW_EFORMAT with a line in err where there is none. */
int claim_other(const struct claim_case *k, const char *id, const struct claim **out);

/* The first number in `column` of the rows that `where` names, "column=value;column=value". MW_EFORMAT with a line in
 * err where there is none. */
int claim_cell(const struct claim_case *k, const struct csv *table, const char *where, const char *column, double *out);

/* The line fitted to a series (reports/trend_data.h). MW_EFORMAT with a line in err where there is none, -ENOMEM. */
int claim_fit(const struct claim_case *k, const char *series, struct trend_line *out);

#endif
