/* A section of the report: its queries, figures and headlines. Each section is a file in sections/. */
#ifndef MW_SECTION_H
#define MW_SECTION_H

#include "reports/figure.h"
#include "reports/headline.h"
#include "reports/select.h"

enum { SECTION_PLACES = 100, SECTION_FIGURES = 8 };

struct section_figure {
	const char *id;   /* name of its anchor and of its file: "wall-models"; NULL: that of the section */
	const char *name; /* heading; NULL: none, when the section has one figure */
	/* Fills *plot, whose script is open, and returns the number of points (0: nothing to draw) or -ENOMEM. */
	int (*draw)(const struct results *r, const struct figure_look *look, struct figure_plot *plot);
	/* Initializes *g and fills it with the numbers that are drawn and their provenance; 0 or -ENOMEM. The caller
	 * frees *g in both cases. NULL: the records of the section's benchmark are the table. Needs a name. */
	int (*table)(const struct results *r, struct grid *g);
};

struct section {
	int place;         /* order on the page and in the summary, from 0 */
	const char *id;    /* name of its anchor: "roofline" */
	const char *name;  /* heading: "Latency" */
	const char *words; /* a sentence below the heading; NULL: none */
	const char *bench; /* benchmark whose records are its table; NULL: each figure has a table */
	/* All its queries, ended by a NULL bench. A test checks them against the declarations of the benchmarks. */
	const struct query *queries;
	/* Metrics that the page's table leaves out first when it has very many rows (reports/brief.h), "time,energy";
	 * or NULL. */
	const char *brief;
	struct section_figure figures[SECTION_FIGURES + 1]; /* in their order, ended by one without draw */
	void (*headlines)(const struct results *r, struct headlines *out); /* NULL: none */
};

extern const struct section *const section_table[]; /* generated, ended by NULL */

/* The section of a benchmark, or NULL. */
const struct section *section_of(const char *bench);
/* Section i in the order of the page; NULL past the last. */
const struct section *section_at(size_t i);

#endif
