/* Pieces of the page. Private to reports/. */
#ifndef MW_HTML_H
#define MW_HTML_H

#include <stdio.h>

#include "reports/print.h"
#include "reports/words.h"

/* Text as element content or attribute value. Control characters, what turns the
 * direction of writing and bytes that are not UTF-8 become U+FFFD. */
void html_escape(FILE *out, const char *text);
/* printf whose %s arguments are NOT escaped is plain fprintf; this one writes one escaped text inside a tag. */
void html_element(FILE *out, const char *tag, const char *class_name, const char *text);
/* A grid as a table in a box that scrolls on its own. A column named "provenance" gets its mark. */
void html_grid(FILE *out, const struct grid *g, const char *label);
/* What metrics and keys say, as a list below a table; nothing where there are none. */
void html_words(FILE *out, const struct words *w);
/* <span> with the mark and the word of a provenance. */
void html_provenance(FILE *out, const char *name);

#endif
