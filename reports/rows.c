#include "reports/rows.h"

#include <errno.h>
#include <math.h>
#include <string.h>

int rows_put(struct rows_data *d, const char *label, size_t mark, const struct mw_record *r)
{
	size_t row = 0;
	if (!plot_can_show(r->value)) {
		d->left_out += isfinite(r->value) != 0;
		return 0;
	}
	while (row < d->n && strcmp(mw_buf_text(&d->label[row]), label) != 0)
		row++;
	if (row == ROWS_MOST || mark >= ROWS_MARKS)
		return 0;
	if (row == d->n) {
		mw_buf_add(&d->label[d->n++], "%s", label);
		if (d->label[row].failed)
			return -ENOMEM;
	}
	if (!d->at[row][mark] || r->value < d->at[row][mark]->value)
		d->at[row][mark] = r;
	return 0;
}

struct extent {
	double lo, hi;
	int n;
};

/* Marks of one row are side by side, so that close values do not cover each other. */
static double lane(size_t mark, size_t n_marks)
{
	return n_marks < 2 ? 0.0 : -0.25 + 0.5 * (double)mark / (double)(n_marks - 1);
}

static struct extent put_marks(const struct rows_data *d, size_t n_marks, bool used[ROWS_MARKS], FILE *f)
{
	struct extent e = {(double)INFINITY, 0, 0};
	for (size_t m = 0; m < n_marks; m++) {
		(void)fprintf(f, "$mark%zu << EOD\n", m);
		for (size_t i = 0; i < d->n; i++) {
			const struct mw_record *r = d->at[i][m];
			if (!r)
				continue;
			bool ci = plot_can_show_interval(r);
			(void)fprintf(f, "%.9g %.3f %.9g %.9g\n", r->value, (double)i + lane(m, n_marks),
				      ci ? r->ci_lo : r->value, ci ? r->ci_hi : r->value);
			e.lo = fmin(e.lo, r->value);
			e.hi = fmax(e.hi, r->value);
			used[m] = true;
			e.n++;
		}
		(void)fputs("EOD\n", f);
	}
	return e;
}

static void put_axes(const struct rows_data *d, const struct extent *e, const char *axis,
		     const struct figure_look *look, FILE *f)
{
	double lo = e->lo / 1.4, hi = e->hi * 1.4;
	(void)fprintf(f, "set logscale x 10\nset xrange [%.9g:%.9g]\nset yrange [%g:-0.6]\nset xlabel ", lo, hi,
		      (double)d->n - 0.4);
	plot_quote(f, axis);
	(void)fprintf(f, " tc rgb '%s'\n", look->ink);
	plot_log_ticks(f, "x", lo, hi);
	(void)fputs("set ytics (", f);
	for (size_t i = 0; i < d->n; i++) {
		(void)fputs(i ? ", " : "", f);
		plot_quote(f, mw_buf_text(&d->label[i]));
		(void)fprintf(f, " %zu", i);
	}
	(void)fputs(")\n", f);
}

int rows_draw(const struct rows_data *d, const char *const *marks, size_t n_marks, const char *axis,
	      const struct figure_look *look, struct figure_plot *p)
{
	static const int points[ROWS_MARKS] = {7, 5, 9, 13, 11, 15, 6, 4};
	bool used[ROWS_MARKS] = {false};
	const char *separator = "plot ";
	FILE *f = p->script;
	struct extent e = put_marks(d, n_marks, used, f);
	if (e.n == 0)
		return 0;
	p->height = 110 + 40 * (int)d->n;
	plot_frame(f, look);
	put_axes(d, &e, axis, look, f);
	for (size_t m = 0; m < n_marks; m++) {
		if (!used[m])
			continue;
		(void)plot_legend(p, marks[m], (int)m, points[m], false, MARK_DOT);
		(void)fprintf(f,
			      "%s$mark%zu using 1:2:3:4 with xerrorbars pt 0 lw 1.5 lc rgb '%s' notitle, "
			      "\\\n$mark%zu using 1:2 with points pt %d ps 0.9 lw 1.6 lc rgb '%s' title ",
			      separator, m, look->series[m], m, points[m], look->series[m]);
		plot_quote(f, marks[m]);
		separator = ", \\\n";
	}
	(void)fputs("\n", f);
	plot_left_out(p, d->left_out);
	return e.n;
}

void rows_fini(struct rows_data *d)
{
	for (size_t i = 0; i < d->n; i++)
		mw_buf_fini(&d->label[i]);
	d->n = 0;
}
