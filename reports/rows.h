/* A figure of rows: labelled rows with a mark for each of several kinds of value. Private to reports/. */
#ifndef MW_ROWS_H
#define MW_ROWS_H

#include "base/core/record.h"
#include "reports/figure.h"

enum { ROWS_MOST = 48, ROWS_MARKS = FIGURE_SERIES };

/* Starts as {0}; rows_fini frees it. One record for each row and mark. */
struct rows_data {
	struct mw_buf label[ROWS_MOST];
	const struct mw_record *at[ROWS_MOST][ROWS_MARKS];
	size_t n;
	size_t left_out; /* values that an axis cannot show */
};

/* Puts r under the row with that label, which it adds where it is new, unless a smaller value is there already. What
 * does not fit, or cannot be shown, is left out. -ENOMEM. */
int rows_put(struct rows_data *d, const char *label, size_t mark, const struct mw_record *r);

/* Draws the rows from top to bottom over a logarithmic axis. Returns the number of marks; 0: nothing to draw. */
int rows_draw(const struct rows_data *d, const char *const *marks, size_t n_marks, const char *axis,
	      const struct figure_look *look, struct figure_plot *p);
void rows_fini(struct rows_data *d);

#endif
