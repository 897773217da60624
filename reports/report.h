/* Writes report.html, one self-contained file, and its figures as separate files. */
#ifndef MW_REPORT_H
#define MW_REPORT_H

#include "base/core/text.h"
#include "reports/results.h"

enum report_figures { REPORT_SVG, REPORT_PNG, REPORT_PDF };

struct report_options {
	/* PNG or PDF: also write each figure to a file beside the page (report_figure_path). */
	enum report_figures figures;
	const char *gnuplot; /* program; NULL: looked up in PATH */
};

/* Writes the file name of figure i, <page without .html>-<figure>.png|pdf. Returns the full length, as snprintf;
 * -ENOENT past the last figure. */
int report_figure_path(const char *page, enum report_figures kind, size_t i, char *out, size_t n);

/* Writes the page (reports/file.h). Figures are inline SVG drawn by gnuplot; without gnuplot the page holds
 * the tables and says so, and asking for PNG or PDF is MW_EUNAVAILABLE (the page is written all the same).
 * opt NULL: defaults. note (may be NULL) gets a line worth telling the user, if there is one. */
int report_html(const char *path, const struct results *r, const struct report_options *opt, struct mw_buf *note,
		char *err, size_t n);

#endif
