/* A table of `memwall transformer`: readable units, and remarks below, for people; plain numbers for programs. */
#ifndef MW_CLI_TRANSFORMER_PAGE_H
#define MW_CLI_TRANSFORMER_PAGE_H

#include "cli/command.h"

enum { PAGE_CELL = 64 };

/* Texts below a table on the terminal. Starts as {0}. */
struct remarks {
	char **v; /* owned */
	size_t n;
};

struct page {
	struct cli_out out;
	struct grid grid;
	struct remarks remarks;
};

/* Prints the table, and on the terminal the remarks below it; other formats have them in their cells. */
int page_print(const struct cli *cli, struct page *p);
void page_fini(struct page *p);

/* Cell of a note: on the terminal the number of its remark (in mark), else the text; NULL where text is "". mark, and
 * out below, have PAGE_CELL bytes. -ENOMEM. */
int page_note(const struct cli *cli, struct page *p, const char *text, char *mark, const char **cell);

/* Is the format for people: table or LaTeX, not CSV or JSON? */
bool page_for_people(const struct cli *cli);
/* For people four digits and a prefix, "7.248 G"; else as page_plain. Returns out, as the next two do. */
const char *page_number(const struct cli *cli, double v, char *out);
/* All digits of a whole number below 1e22; else 9 significant ones. */
const char *page_plain(double v, char *out);
/* For people two decimals, as in the paper, from 0.1 to 1e6; else 4 significant digits. For programs 9. */
const char *page_intensity(const struct cli *cli, double v, char *out);

/* Words of text in lines of 100 columns, the later ones indented; begins after `column` columns. */
void page_put_wrapped(FILE *f, const char *text, size_t column, size_t indent);

#endif
