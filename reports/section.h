/* A section of the report: its queries, figure and headlines. Each section is a file in sections/. */
#ifndef MW_SECTION_H
#define MW_SECTION_H

#include "reports/figure.h"
#include "reports/headline.h"
#include "reports/select.h"

enum { SECTION_PLACES = 100 };

struct section {
	int place;         /* order on the page and in the summary, from 0 */
	const char *id;    /* name of its anchor and of its figure's file: "roofline" */
	const char *name;  /* heading: "Latency" */
	const char *bench; /* benchmark whose records are its table */
	/* All its queries, ended by a NULL bench. A test checks them against the declarations of the benchmarks. */
	const struct query *queries;
	/* Fills *plot, whose script is open, and returns the number of points (0: nothing to draw) or -ENOMEM. NULL: no
	 * figure. */
	int (*draw)(const struct results *r, const struct figure_look *look, struct figure_plot *plot);
	void (*headlines)(const struct results *r, struct headlines *out); /* NULL: none */
};

extern const struct section *const section_table[]; /* generated, ended by NULL */

/* The section of a benchmark, or NULL. */
const struct section *section_of(const char *bench);
/* Section i in the order of the page; NULL past the last. */
const struct section *section_at(size_t i);

#endif
