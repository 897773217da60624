/* report.html: one self-contained file, and its figures as files of their own. */
#ifndef MW_REPORT_H
#define MW_REPORT_H

#include "reports/results.h"

enum report_figures { REPORT_SVG, REPORT_PNG, REPORT_PDF };

struct report_options {
	/* PNG or PDF: each figure is written beside the page as <page without .html>-<figure>.png|pdf, too. */
	enum report_figures figures;
	const char *gnuplot; /* program; NULL: looked up in PATH */
};

/* Writes the page (temporary file, rename). Figures are inline SVG drawn by gnuplot; without gnuplot the page holds
 * the tables and says so, and asking for PNG or PDF is MW_EUNAVAILABLE (the page is written all the same).
 * opt NULL: defaults. note (size n_note, may be NULL) gets a line worth telling the user, or "". */
int report_html(const char *path, const struct results *r, const struct report_options *opt, char *note, size_t n_note,
		char *err, size_t n);

#endif
