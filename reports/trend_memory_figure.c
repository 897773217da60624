/* Figure 4: memory that training takes, beside the memory of a GPU of the time. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "reports/trend_figures.h"

enum { PARTS = 3 };

static const struct {
	const char *column, *label;
	int colour;
} parts[PARTS] = {
	{"params_GB", "parameters", 0},
	{"optimizer_GB", "optimizer", 1},
	{"activation_GB", "activations", 2},
};

static double number(const struct csv *c, size_t row, const char *column)
{
	double v;
	(void)csv_number(c, row, csv_column(c, column), &v, NULL, 0);
	return v;
}

static bool in_window(const struct trends *t, double year)
{
	return !(t->from > 0 && year < t->from) && !(t->to > 0 && year >= t->to);
}

struct found {
	int n, mostly_activations;
	double most;                    /* GB */
	double least_share, most_share; /* of the GPU's memory */
};

/* One line for each model: its place, the running sum after each part, the GPU's memory (GB). */
static struct found put_bars(FILE *f, const struct trends *t)
{
	const struct csv *c = &t->data.tables[TREND_TRAINING_MEMORY];
	struct found out = {.least_share = (double)INFINITY};
	(void)fputs("$bars << EOD\n", f);
	for (size_t row = 0; row < c->n_rows; row++) {
		double sum = 0, limit = number(c, row, "gpu_limit_GB");
		if (!in_window(t, number(c, row, "year")))
			continue;
		(void)fprintf(f, "%d", out.n++);
		for (int p = 0; p < PARTS; p++) {
			sum += number(c, row, parts[p].column);
			(void)fprintf(f, " %.6g", sum);
		}
		(void)fprintf(f, " %.6g\n", limit);
		out.most = fmax(out.most, fmax(sum, limit));
		out.least_share = fmin(out.least_share, sum / limit);
		out.most_share = fmax(out.most_share, sum / limit);
		out.mostly_activations += number(c, row, "activation_GB") > sum / 2;
	}
	(void)fputs("EOD\n", f);
	return out;
}

static void put_names(FILE *f, const struct trends *t, const struct figure_look *look)
{
	const struct csv *c = &t->data.tables[TREND_TRAINING_MEMORY];
	int n = 0;
	(void)fputs("set xtics rotate by -20 (", f);
	for (size_t row = 0; row < c->n_rows; row++) {
		if (!in_window(t, number(c, row, "year")))
			continue;
		(void)fputs(n ? ", " : "", f);
		plot_quote(f, csv_cell(c, row, csv_column(c, "model")));
		(void)fprintf(f, " %d", n++);
	}
	(void)fprintf(f, ") scale 0,0 textcolor rgb '%s'\n", look->ink);
}

int trend_draw_memory(const void *trends, const struct figure_look *look, struct figure_plot *plot)
{
	const struct trends *t = trends;
	FILE *f = plot->script;
	plot->height = 460;
	plot_frame(f, look);
	const struct found found = put_bars(f, t);
	if (found.n == 0)
		return 0;
	put_names(f, t, look);
	(void)fprintf(f,
		      "set xrange [-0.6:%g]\nset yrange [0:%g]\nset bmargin 5\nset grid noxtics\nset rmargin 6\nset "
		      "boxwidth 0.6\n"
		      "set ylabel 'GB' tc rgb '%s'\nplot ",
		      found.n - 0.4, 1.08 * found.most, look->ink);
	/* The tallest first: each smaller sum is drawn over it. */
	for (int p = PARTS - 1; p >= 0; p--) {
		(void)plot_legend(plot, parts[p].label, parts[p].colour, 0, false, MARK_BAR);
		(void)fprintf(f, "$bars using 1:%d with boxes fs solid 1 noborder lc rgb '%s' title '%s', \\\n", p + 2,
			      look->series[parts[p].colour], parts[p].label);
	}
	(void)plot_legend(plot, "memory of a GPU of the time", 5, 0, false, MARK_LINE);
	(void)fprintf(f,
		      "$bars using ($1-0.42):%d:(0.84):(0) with vectors nohead lw 2.5 lc rgb '%s' "
		      "title 'memory of a GPU of the time'\n",
		      PARTS + 2, look->series[5]);
	mw_buf_add(&plot->title,
		   "Training takes %.0f to %.0f %% of the memory of a GPU of its time; activations are most of it "
		   "in %d of "
		   "%d models",
		   100 * found.least_share, 100 * found.most_share, found.mostly_activations, found.n);
	mw_buf_add(&plot->caption,
		   "Figure 4 of Gholami et al., from the README of its authors. AlexNet's total is 1.71 GB there, the "
		   "sum of its parts 1.17; GPT-2's 26.21, the sum 26.11.");
	return found.n;
}

int trend_data_memory(FILE *f, const struct trends *t)
{
	static const struct grid_column columns[] = {
		{"year", NULL, true},         {"model", NULL, false},        {"params_GB", NULL, true},
		{"optimizer_GB", NULL, true}, {"activation_GB", NULL, true}, {"sum_GB", NULL, true},
		{"gpu_limit_GB", NULL, true}, {"source", NULL, false},       {"licence", NULL, false},
	};
	enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
	const struct csv *c = &t->data.tables[TREND_TRAINING_MEMORY];
	int rc = csv_row(f, columns, COLUMNS, NULL);
	for (size_t row = 0; row < c->n_rows && rc == 0; row++) {
		const char *cells[COLUMNS];
		if (!in_window(t, number(c, row, "year")))
			continue;
		for (size_t i = 0; i < COLUMNS; i++)
			cells[i] = csv_cell(c, row, csv_column(c, columns[i].name));
		rc = csv_row(f, columns, COLUMNS, cells);
	}
	return rc < 0 ? rc : ferror(f) ? -EIO : 0;
}
