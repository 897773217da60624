/* The paper's figures: scripts of numbers only, legends that say what was fitted, data beside them. */
#include "tests/reports/fixture.h"

#include <errno.h>

#include "base/core/err.h"
#include "reports/trend_figures.h"

TestSuite(trend_figures, .init = make_dir, .fini = remove_dir, .timeout = 120);

static char err[400];

static void open_rows(struct trends *t, double from, double to)
{
	cr_assert_eq(trends_open(&(struct trends_options){.from = from, .to = to}, t, err, sizeof(err)), 0, "%s", err);
}

/* The script, freed by the caller. */
static char *script_of(const struct trend_figure *fig, const struct trends *t, struct figure_plot *plot, int *points)
{
	char *script = NULL;
	size_t size = 0;
	*plot = (struct figure_plot){.script = open_memstream(&script, &size)};
	*points = fig->draw(t, &look_print, plot);
	cr_assert_eq(fclose(plot->script), 0);
	cr_assert_null(strstr(script, "nan"), "%s", fig->id);
	cr_assert_null(strstr(script, "inf"), "%s", fig->id);
	return script;
}

Test(trend_figures, every_point_is_drawn_and_legends_say_what_was_fitted)
{
	static const struct {
		const char *id, *legend;
		int points;
		size_t entries;
	} expected[] = {
		{"wall-hardware", "Peak FLOP/s: n 37, 3.03 times in 2 years (2.69 .. 3.40)", 59, 3},
		{"wall-models", "Transformers: n 10, 413 times in 2 years (120 .. 1419)", 23, 4},
		{"wall-training", "Transformers: n 10, 755 times in 2 years (110 .. 5204)", 42, 3},
		{"wall-memory", "activations", 8, 4},
		{"wall-prediction", "line to the end of 2022, and where one more chip would fall", 171, 3},
	};
	struct trends t;
	size_t n = 0;
	open_rows(&t, 0, 0);
	for (const struct trend_figure *fig = trend_figures; fig->id; fig++, n++) {
		struct figure_plot plot;
		int points;
		char *script = script_of(fig, &t, &plot, &points);
		cr_assert_str_eq(fig->id, expected[n].id);
		cr_assert_eq(points, expected[n].points, "%s: %d", fig->id, points);
		cr_assert_eq(plot.n_legend, expected[n].entries, "%s: %zu", fig->id, plot.n_legend);
		cr_assert_str_eq(mw_buf_text(&plot.legend[0].label), expected[n].legend);
		cr_assert_gt(plot.title.len, 0);
		cr_assert_not_null(strstr(mw_buf_text(&plot.caption), n < 4 ? "Gholami" : "Epoch AI (CC BY 4.0)"), "%s",
				   mw_buf_text(&plot.caption));
		plot_fini(&plot);
		free(script);
	}
	cr_assert_eq(n, 5);
	trends_fini(&t);
}

Test(trend_figures, band_is_narrowest_amid_the_points)
{
	struct trends t;
	struct trend_points p;
	struct trend_line l;
	open_rows(&t, 0, 0);
	cr_assert_eq(trends_line(&t, "hw_flops", &p, &l), 0);
	struct trend_interval middle = trend_band(&l, l.mean), end = trend_band(&l, l.last);
	cr_assert_lt(middle.hi / middle.lo, end.hi / end.lo);
	cr_assert_float_eq(middle.hi * middle.lo, trend_at(&l, l.mean) * trend_at(&l, l.mean),
			   1e-6 * middle.hi * middle.lo);
	trend_points_fini(&p);
	trends_fini(&t);
}

Test(trend_figures, window_without_points_draws_nothing)
{
	struct trends t;
	open_rows(&t, 0, 1985);
	for (const struct trend_figure *fig = trend_figures; fig->id; fig++) {
		struct figure_plot plot;
		int points;
		char *script = script_of(fig, &t, &plot, &points);
		cr_assert_eq(points, 0, "%s", fig->id);
		plot_fini(&plot);
		free(script);
	}
	trends_fini(&t);
}

Test(trend_figures, data_are_the_points_with_their_lines)
{
	struct trends t;
	open_rows(&t, 0, 0);
	for (const struct trend_figure *fig = trend_figures; fig->id; fig++) {
		char *text = NULL;
		size_t size = 0;
		struct csv c;
		FILE *f = open_memstream(&text, &size);
		cr_assert_eq(fig->data(f, &t), 0);
		cr_assert_eq(fclose(f), 0);
		cr_assert_eq(csv_parse(fig->id, text, size, &c, err, sizeof(err)), 0, "%s", err);
		cr_assert_geq(c.n_rows, 8);
		for (size_t row = 0; row < c.n_rows; row++)
			cr_assert_str_neq(csv_cell(&c, row, csv_column(&c, "licence")), "");
		csv_fini(&c);
		free(text);
	}
	trends_fini(&t);
}

/* As a section of the report would: gnuplot's SVG becomes part of a page. */
Test(trend_figures, page_takes_them)
{
	struct trends t;
	open_rows(&t, 0, 0);
	for (const struct trend_figure *fig = trend_figures; fig->id; fig++) {
		struct figure_plot plot;
		struct mw_buf why = {0};
		char *svg = NULL, *page = NULL;
		size_t size = 0, page_size = 0;
		int rc = figure_render(fig->draw, &t, FIGURE_PAGE, NULL, &plot, &svg, &size, &why);
		if (rc == MW_EUNAVAILABLE)
			cr_skip_test("gnuplot is not installed");
		cr_assert_gt(rc, 0, "%s", mw_buf_text(&why));
		FILE *f = open_memstream(&page, &page_size);
		cr_assert_eq(svg_inline(f, svg, size, "p-", mw_buf_text(&plot.title)), 0, "%s", fig->id);
		cr_assert_eq(fclose(f), 0);
		cr_assert_not_null(strstr(page, "var(--s"), "%s has no colour of the page", fig->id);
		cr_assert_null(strstr(page, "#0102"), "%s: a stand-in colour is left", fig->id);
		mw_buf_fini(&why);
		plot_fini(&plot);
		free(svg);
		free(page);
	}
	trends_fini(&t);
}
