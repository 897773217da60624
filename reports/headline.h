/* The most important numbers of a run; terminal and page show the same list. Private to reports/.
 *
 * Sections add them (reports/section.h). */
#ifndef MW_HEADLINE_H
#define MW_HEADLINE_H

#include "reports/results.h"

struct headline {
	const char *label;
	double value, ci_lo, ci_hi; /* NaN when unknown; value NaN: left out, detail says why */
	const char *unit;           /* unit as shown; times are scaled */
	enum mw_provenance provenance;
	char *detail;                   /* the case in words, inputs of a derived value, then warnings */
	const struct mw_record *record; /* the record with the value; NULL: derived from several */
};

struct headlines {
	struct headline *v;
	size_t n, cap;
	const struct results *results;
	double c2c_ns; /* of the topology state in which most of the run was measured; 0: any state */
	bool failed;   /* out of memory: v is incomplete */
};

/* Headlines of all sections in the order of the page, then a line for each benchmark without a section. 0 or
 * -ENOMEM. */
int headlines_of(const struct results *r, struct headlines *out);
void headlines_fini(struct headlines *h);

/* ---- for sections ---- */

/* Adds r under a label; notes a missing interval and disturbance in the detail. NULL when r is NULL or out of memory.
 * label must be static. */
struct headline *headline_add(struct headlines *h, const char *label, const struct mw_record *r);
/* Adds a value that is of no record, without an interval. NULL when out of memory. label and unit must be static. */
struct headline *headline_number(struct headlines *h, const char *label, double value, const char *unit,
				 enum mw_provenance provenance);
/* Adds a / b, with the weaker provenance; adds nothing when one is NULL. */
struct headline *headline_ratio(struct headlines *h, const char *label, const char *unit, const struct mw_record *a,
				const struct mw_record *b, const char *detail);
/* A headline that cannot be shown, and why. */
void headline_missing(struct headlines *h, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends to the detail, after a comma. line may be NULL. */
void headline_say(struct headlines *h, struct headline *line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends the pairs of r with the given keys ("size,stride"), in that order; the state only when it is near, far or
 * mixed. */
void headline_pairs(struct headlines *h, struct headline *line, const struct mw_record *r, const char *keys);
/* Appends words and r's range: "band of the model 9.5 .. 27". */
void headline_range(struct headlines *h, struct headline *line, const struct mw_record *r, const char *words);

#endif
