/* Writes parts of the page. Private to reports/. */
#ifndef MW_HTML_H
#define MW_HTML_H

#include <stdio.h>

#include "reports/figure.h"
#include "reports/print.h"
#include "reports/words.h"

/* Writes text as element content or attribute value. Control characters, characters that change the direction of
 * writing, and bytes that are not UTF-8 become U+FFFD. */
void html_escape(FILE *out, const char *text);
/* Writes one element with escaped text. (fprintf to the page does not escape its arguments.) */
void html_element(FILE *out, const char *tag, const char *class_name, const char *text);
/* Writes a grid as a table in a box with its own scroll bar. Cells of a column "provenance" get the provenance mark. */
void html_grid(FILE *out, const struct grid *g, const char *label);
/* Writes the descriptions of metrics and keys as a list below a table; nothing when there are none. */
void html_words(FILE *out, const struct words *w);
/* Writes the legend of a drawing as a list. */
void html_legend(FILE *out, const struct figure_plot *plot);
/* Writes a <span> with the mark and the name of a provenance. */
void html_provenance(FILE *out, const char *name);

#endif
