/* A part of the report: what it looks for, its figure, its headlines. One file each in sections/. */
#ifndef MW_SECTION_H
#define MW_SECTION_H

#include "reports/figure.h"
#include "reports/headline.h"
#include "reports/select.h"

enum { SECTION_PLACES = 100 };

struct section {
	int place;         /* on the page and in the summary, from 0 */
	const char *id;    /* of its anchor and of its figure's file: "roofline" */
	const char *name;  /* of the quantity: "Latency" */
	const char *bench; /* `memwall <bench>` produces its records, which are its table */
	/* All that it asks for, ended by a NULL bench: a test holds them against what benchmarks declare. */
	const struct query *queries;
	/* Fills plot and returns how many points there are (0: nothing to draw); -ENOMEM. plot->script is open.
	 * NULL: a table alone. */
	int (*draw)(const struct results *r, const struct figure_look *look, struct figure_plot *plot);
	void (*headlines)(const struct results *r, struct headlines *out); /* NULL: none */
};

extern const struct section *const section_table[]; /* generated, ended by NULL */

/* The section of a benchmark; NULL when it has none. */
const struct section *section_of(const char *bench);
/* The i-th section of the page, by place; NULL past the last. */
const struct section *section_at(size_t i);

#endif
