/* Did the wall keep its rate? Lines fitted to Epoch's chips to the end of 2022, extended, and the later chips. */
#include <errno.h>
#include <math.h>

#include "base/core/text.h"
#include "reports/trend_figures.h"

enum { PANELS = 3, STEPS = 16, FIRST = 2011 };

static const struct {
	const char *series, *label;
	double lo, hi; /* of the axis */
} panels[PANELS] = {
	{"epoch_dc.best16", "FLOP/s", 5e11, 2e16},
	{"epoch_dc.mem_bw", "bandwidth", 2e10, 4e13},
	{"epoch_dc.balance", "FLOP/byte", 4, 5e3},
};

static const char *const heads[PANELS] = {"Peak rate, 1e12 FLOP/s", "Memory bandwidth, 1e9 B/s",
					  "Machine balance, FLOP/byte"};
/* Values are divided by this for the axis. */
static const double scales[PANELS] = {1e12, 1e9, 1};

struct panel {
	struct trend_points points;
	struct trend_forecast forecast;
};

static void panels_close(struct panel p[PANELS])
{
	for (int i = 0; i < PANELS; i++)
		trend_points_fini(&p[i].points);
}

/* 0, -EINVAL where points before or after the cut are too few, -ENOMEM. Freed by the caller in every case. */
static int panels_open(const struct trends *t, struct panel p[PANELS])
{
	int rc = 0;
	for (int i = 0; i < PANELS; i++)
		p[i] = (struct panel){0};
	for (int i = 0; i < PANELS && rc == 0; i++) {
		rc = trends_points(t, trend_series_find(panels[i].series), &p[i].points, NULL, 0);
		if (rc == 0)
			rc = trend_forecast(&p[i].points, TREND_CUT, TREND_END, &p[i].forecast);
	}
	return rc < 0 && rc != -EINVAL ? -ENOMEM : rc;
}

/* ---- the figure ---- */

static int put_points(FILE *f, int k, const struct panel *p, bool later)
{
	int n = 0;
	(void)fprintf(f, "$p%d%d << EOD\n", k, later);
	for (size_t i = 0; i < p->points.n; i++) {
		const struct trend_point *v = &p->points.v[i];
		if ((v->date >= TREND_CUT) != later || v->date >= TREND_END || v->date < FIRST)
			continue;
		(void)fprintf(f, "%.5f %.9g\n", v->date, v->value / scales[k]);
		n++;
	}
	(void)fputs("EOD\n", f);
	return n;
}

static void put_line(FILE *f, int k, const struct trend_line *l)
{
	(void)fprintf(f, "$l%d << EOD\n", k);
	for (int i = 0; i <= STEPS; i++) {
		double date = FIRST + (double)(TREND_END - FIRST) * i / STEPS;
		struct trend_interval ci = trend_predict(l, date, 0.95);
		(void)fprintf(f, "%.5f %.9g %.9g %.9g\n", date, trend_at(l, date) / scales[k], ci.lo / scales[k],
			      ci.hi / scales[k]);
	}
	(void)fputs("EOD\n", f);
}

static void put_panel(FILE *f, const struct figure_look *look, int k)
{
	double lo = panels[k].lo / scales[k], hi = panels[k].hi / scales[k];
	(void)fprintf(f,
		      "set lmargin at screen %g\nset rmargin at screen %g\nset yrange [%g:%g]\n"
		      "set label 1 '%s' at graph 0, graph 1.05 left noenhanced tc rgb '%s'\n",
		      0.07 + 0.325 * k, 0.07 + 0.325 * k + 0.25, lo, hi, heads[k], look->ink);
	plot_log_ticks(f, "y", lo, hi);
	(void)fprintf(
		f,
		"plot $l%d using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb '%s' notitle, \\\n"
		"$l%d using 1:2 with lines lw 2 lc rgb '%s' title 'line to the end of 2022', \\\n"
		"$p%d0 using 1:2 with points pt 7 ps 0.8 lc rgb '%s' title 'chips to the end of 2022', \\\n"
		"$p%d1 using 1:2 with points pt 12 ps 1.1 lw 1.8 lc rgb '%s' title 'later chips'\n",
		k, look->series[0], k, look->series[0], k, look->series[0], k, look->series[1]);
}

static void put_words(struct figure_plot *plot, const struct panel p[PANELS])
{
	mw_buf_add(&plot->title, "Of the chips since 2023 the 95 %% bands of the lines to 2022 hold");
	for (int k = 0; k < PANELS; k++) {
		const struct trend_forecast *f = &p[k].forecast;
		mw_buf_add(&plot->title, "%s %zu of %zu by %s (%s%.2g%s)", k ? "," : "", f->inside, f->later,
			   panels[k].label, k ? "" : "mean ", f->level, k ? "" : " of the line");
	}
	mw_buf_add(
		&plot->caption,
		"Epoch AI (CC BY 4.0), names of datacentre chips, best of FP32 and 16 bit without sparsity. Line: "
		"least squares of log2 over the chips to the end of 2022; band: where one more chip falls with 95 %% "
		"probability, by Student's t.");
}

int trend_draw_prediction(const void *trends, const struct figure_look *look, struct figure_plot *plot)
{
	struct panel p[PANELS];
	FILE *f = plot->script;
	int points = 0, rc = panels_open(trends, p);
	if (rc < 0)
		goto out;
	plot->height = 400;
	plot_frame(f, look);
	for (int k = 0; k < PANELS; k++) {
		points += put_points(f, k, &p[k], false);
		points += put_points(f, k, &p[k], true);
		put_line(f, k, &p[k].forecast.before);
	}
	(void)plot_legend(plot, "line to the end of 2022, and where one more chip would fall", 0, 0, false, MARK_LINE);
	(void)plot_legend(plot, "chips to the end of 2022", 0, 7, false, MARK_DOT);
	(void)plot_legend(plot, "later chips", 1, 12, false, MARK_DOT);
	(void)fprintf(f,
		      "set logscale y 10\nset xrange [%d:%d]\nset format x '%%.0f'\nset xtics 2012, 4\nset tmargin %d\n"
		      "set arrow from first %d, graph 0 to first %d, graph 1 nohead back dt (4,5) lw 1 lc rgb '%s'\n"
		      "set multiplot\n",
		      FIRST, TREND_END, look->key ? 6 : 2, TREND_CUT, TREND_CUT, look->muted);
	for (int k = 0; k < PANELS; k++) {
		put_panel(f, look, k);
		(void)fputs("unset key\n", f);
	}
	(void)fputs("unset multiplot\n", f);
	put_words(plot, p);
out:
	panels_close(p);
	return rc == -EINVAL ? 0 : rc < 0 ? rc : points;
}

/* ---- its points as CSV ---- */

static int put_row(FILE *f, const struct trends *t, int k, const struct trend_point *v, const struct trend_line *l)
{
	static const struct grid_column columns[] = {
		{"curve", NULL, false}, {"name", NULL, false},   {"year", NULL, true},     {"value", NULL, true},
		{"drawn", NULL, true},  {"line", NULL, true},    {"line_lo", NULL, true},  {"line_hi", NULL, true},
		{"place", NULL, false}, {"source", NULL, false}, {"licence", NULL, false}, {"provenance", NULL, false}};
	enum { COLUMNS = sizeof(columns) / sizeof(*columns), NUMBERS = 6 };
	char text[NUMBERS][32];
	if (!v)
		return csv_row(f, columns, COLUMNS, NULL);
	const struct csv *table = &t->data.tables[TREND_EPOCH_HARDWARE];
	struct trend_interval ci = trend_predict(l, v->date, 0.95);
	const double numbers[NUMBERS] = {
		v->date,           v->value,         v->value / scales[k], trend_at(l, v->date) / scales[k],
		ci.lo / scales[k], ci.hi / scales[k]};
	for (int i = 0; i < NUMBERS; i++)
		mw_format(text[i], sizeof(text[i]), "%.9g", numbers[i]);
	const char *place = v->date < TREND_CUT ? "fitted"
			    : v->value > ci.hi  ? "above"
			    : v->value < ci.lo  ? "below"
						: "within";
	const char *cells[COLUMNS] = {panels[k].label,
				      v->name,
				      text[0],
				      text[1],
				      text[2],
				      text[3],
				      text[4],
				      text[5],
				      place,
				      csv_cell(table, 0, csv_column(table, "source")),
				      csv_cell(table, 0, csv_column(table, "licence")),
				      mw_provenance_name(MW_REFERENCE)};
	return csv_row(f, columns, COLUMNS, cells);
}

int trend_data_prediction(FILE *f, const struct trends *t)
{
	struct panel p[PANELS];
	int rc = panels_open(t, p);
	int put = rc == -ENOMEM ? rc : put_row(f, t, 0, NULL, NULL);
	for (int k = 0; k < PANELS && rc == 0; k++)
		for (size_t i = 0; i < p[k].points.n && put == 0; i++)
			if (p[k].points.v[i].date < TREND_END && p[k].points.v[i].date >= FIRST)
				put = put_row(f, t, k, &p[k].points.v[i], &p[k].forecast.before);
	panels_close(p);
	return put < 0 ? put : ferror(f) ? -EIO : 0;
}
