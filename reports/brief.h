/* Which rows the page shows of a benchmark with very many records. */
#ifndef MW_BRIEF_H
#define MW_BRIEF_H

#include "reports/section.h"

/* Largest number of rows of a table on the page. */
enum { BRIEF_ROWS = 90 };

struct brief {
	bool *show;        /* by index into results->records; owned */
	size_t left_out;   /* records of the benchmark that are not shown */
	const char *state; /* topology state that is shown alone; NULL: all */
};

/* Shows all records of the section's benchmark where they are no more than BRIEF_ROWS. Else leaves out, until they fit:
 * topology states but the one with most records, the metrics of section.brief one after the other, and the last rows. 0
 * or -ENOMEM. Free *b with brief_fini in every case. */
int brief_choose(const struct results *r, const struct section *s, struct brief *b);
void brief_fini(struct brief *b);

/* True for records that tables show: of that benchmark, and not the time that it took. */
bool brief_is_row(const struct mw_record *r, const char *bench);

#endif
