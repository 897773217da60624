/* The few numbers that a reader wants first; the terminal and the page show the same list. Private to reports/.
 *
 * Sections add them (reports/section.h). */
#ifndef MW_HEADLINE_H
#define MW_HEADLINE_H

#include "reports/results.h"

struct headline {
	const char *label;
	double value, ci_lo, ci_hi; /* NaN when unknown; value NaN: left out, detail says why */
	const char *unit;           /* as shown: times are scaled */
	enum mw_provenance provenance;
	char *detail;                   /* the case in words, and the inputs of a derived value; warnings last */
	const struct mw_record *record; /* whose value it is; NULL: of several */
};

struct headlines {
	struct headline *v;
	size_t n, cap;
	const struct results *results;
	double c2c_ns; /* of the topology state that most of the run was measured in; 0: any */
	bool failed;   /* memory was out: v lacks some */
};

/* Those of all sections, in the order of the page, then a line for each benchmark that has no section. -ENOMEM. */
int headlines_of(const struct results *r, struct headlines *out);
void headlines_fini(struct headlines *h);

/* ---- for sections ---- */

/* Adds r under a label, with a word on an interval that is missing and on disturbance; NULL where r is NULL or memory
 * is out. The label lives as long as the program. */
struct headline *headline_add(struct headlines *h, const char *label, const struct mw_record *r);
/* a / b, of the weaker provenance; nothing when one is NULL. */
struct headline *headline_ratio(struct headlines *h, const char *label, const char *unit, const struct mw_record *a,
				const struct mw_record *b, const char *detail);
/* A headline that cannot be shown, and why. */
void headline_missing(struct headlines *h, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends to the detail, after a comma. line may be NULL. */
void headline_say(struct headlines *h, struct headline *line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends the pairs of r that are there, in the order of keys ("size,stride"); a state only where it tells apart. */
void headline_pairs(struct headlines *h, struct headline *line, const struct mw_record *r, const char *keys);
/* "band of the model 9.5 .. 27": r's range, which a model gives, under the words for it. */
void headline_range(struct headlines *h, struct headline *line, const struct mw_record *r, const char *words);

#endif
