/* The few numbers that a reader wants first; the terminal and the page show the same list. Private to reports/. */
#ifndef MW_HEADLINE_H
#define MW_HEADLINE_H

#include "reports/results.h"

#define HEADLINES_MAX 16

struct headline {
	const char *label;
	double value, ci_lo, ci_hi; /* NaN when unknown */
	const char *unit;           /* as shown: times are scaled */
	enum mw_provenance provenance;
	char detail[200]; /* the case in words, and the inputs of a derived value */
};

/* Fills v[0..HEADLINES_MAX-1]; a number that this run does not hold is left out. Returns how many. */
size_t headlines(const struct results *r, struct headline *v);

#endif
