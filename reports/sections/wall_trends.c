/* Growth rates: the figures of `memwall trends` on the page, and where this host stands on their lines. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/csv.h"
#include "reports/sections/wall.h"
#include "reports/trend_figures.h"

/* The trends with this run's values. -ENOMEM; freed with trends_fini in every case. */
static int open_trends(const struct results *r, struct trends *t)
{
	const struct trends_options opt = {.host = r, .host_path = "this run"};
	char err[200];
	return trends_open(&opt, t, err, sizeof(err)) < 0 ? -ENOMEM : 0; /* (a test reads the data) */
}

static const struct trend_figure *figure_of(const char *id)
{
	const struct trend_figure *fig = trend_figures;
	while (fig->id && strcmp(fig->id, id) != 0)
		fig++;
	return fig;
}

int wall_draw_trend(const char *figure, const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct trends t;
	int rc = open_trends(r, &t);
	if (rc == 0)
		rc = figure_of(figure)->draw(&t, look, p);
	trends_fini(&t);
	return rc;
}

/* ---- tables: the CSV that `memwall trends --output=DIR` writes beside a figure, for people ---- */

/* Columns by their names in CSV. */
static const struct grid_column of_points[] = {
	{"curve", "Curve", false},   {"name", "Name", false},       {"year", "Year", true},
	{"drawn", "As drawn", true}, {"line", "Fitted line", true}, {"provenance", "Provenance and source", false},
	{"source", NULL, false},
};
static const struct grid_column of_memory[] = {
	{"year", "Year", true},
	{"model", "Model", false},
	{"params_GB", "Parameters, GB", true},
	{"optimizer_GB", "Optimizer, GB", true},
	{"activation_GB", "Activations, GB", true},
	{"sum_GB", "Sum, GB", true},
	{"gpu_limit_GB", "GPU of the time, GB", true},
	{"provenance", "Provenance and source", false},
	{"source", NULL, false},
};

enum { COLUMNS_MAX = 12 };

static const char *cell_of(const struct csv *c, size_t row, const struct grid_column *column, char *text, size_t n)
{
	const char *cell = csv_cell(c, row, csv_column(c, column->name));
	double v;
	if (strcmp(column->name, "provenance") == 0)
		return *cell ? cell : mw_provenance_name(MW_REFERENCE); /* (figure 4 has published values only) */
	if (!column->number || csv_number(c, row, csv_column(c, column->name), &v, NULL, 0) != 1)
		return cell;
	if (strcmp(column->name, "year") == 0)
		mw_format(text, n, "%.*f", v > floor(v) ? 2 : 0, v);
	else
		(void)print_value(v, text, n);
	return text;
}

static int fill(struct grid *g, const struct csv *c)
{
	int rc = 0;
	for (size_t row = 0; row < c->n_rows && rc == 0; row++) {
		char texts[COLUMNS_MAX][32];
		const char *cells[COLUMNS_MAX];
		for (size_t i = 0; i < g->n_columns; i++)
			cells[i] = cell_of(c, row, &g->columns[i], texts[i], sizeof(texts[i]));
		rc = grid_add(g, cells);
	}
	return rc;
}

/* ---- the prediction: one row for each chip, its panels side by side ---- */

enum { CHIP, CHIP_YEAR, CHIP_VALUE, CHIP_PLACE = CHIP_VALUE + 3, CHIP_PROVENANCE, CHIP_SOURCE, CHIP_COLUMNS };

static const struct grid_column of_chips[CHIP_COLUMNS] = {
	[CHIP] = {"name", "Chip", false},
	[CHIP_YEAR] = {"year", "Year", true},
	[CHIP_VALUE] = {"flops", "1e12 FLOP/s", true},
	[CHIP_VALUE + 1] = {"bandwidth", "1e9 B/s", true},
	[CHIP_VALUE + 2] = {"balance", "FLOP/byte", true},
	[CHIP_PLACE] = {"place", "Each against its band", false},
	[CHIP_PROVENANCE] = {"provenance", "Provenance and source", false},
	[CHIP_SOURCE] = {"source", NULL, false},
};
static const char *const panels[3] = {"FLOP/s", "bandwidth", "FLOP/byte"};

/* The row of that chip in a panel; -1: it has none. */
static long chip_in(const struct csv *c, size_t chip, const char *panel)
{
	int curve = csv_column(c, "curve"), name = csv_column(c, "name"), year = csv_column(c, "year");
	for (size_t row = 0; row < c->n_rows; row++)
		if (strcmp(csv_cell(c, row, curve), panel) == 0 &&
		    strcmp(csv_cell(c, row, name), csv_cell(c, chip, name)) == 0 &&
		    strcmp(csv_cell(c, row, year), csv_cell(c, chip, year)) == 0)
			return (long)row;
	return -1;
}

static int add_chip(struct grid *g, const struct csv *c, size_t chip, const long rows[3])
{
	static const struct grid_column year = {"year", NULL, true}, drawn = {"drawn", NULL, true};
	char texts[4][32];
	struct mw_buf place = {0};
	const char *cells[CHIP_COLUMNS] = {
		[CHIP] = csv_cell(c, chip, csv_column(c, "name")),
		[CHIP_YEAR] = cell_of(c, chip, &year, texts[3], sizeof(texts[3])),
		[CHIP_PROVENANCE] = csv_cell(c, chip, csv_column(c, "provenance")),
		[CHIP_SOURCE] = csv_cell(c, chip, csv_column(c, "source")),
	};
	for (int k = 0; k < 3; k++) {
		const char *where = rows[k] < 0 ? "none" : csv_cell(c, (size_t)rows[k], csv_column(c, "place"));
		cells[CHIP_VALUE + k] =
			rows[k] < 0 ? "" : cell_of(c, (size_t)rows[k], &drawn, texts[k], sizeof(texts[k]));
		if (strcmp(where, "fitted") != 0)
			mw_buf_add(&place, "%s%s", place.len ? ", " : "", where);
	}
	cells[CHIP_PLACE] = place.len ? mw_buf_text(&place) : "";
	int rc = place.failed ? -ENOMEM : grid_add(g, cells);
	mw_buf_fini(&place);
	return rc;
}

static int fill_chips(struct grid *g, const struct csv *c)
{
	int rc = 0;
	for (size_t row = 0; row < c->n_rows && rc == 0; row++) {
		long rows[3];
		for (int k = 0; k < 3; k++)
			rows[k] = chip_in(c, row, panels[k]);
		/* A chip is added once, at its first row. */
		long first = rows[0] >= 0 ? rows[0] : rows[1] >= 0 ? rows[1] : rows[2];
		if (first == (long)row)
			rc = add_chip(g, c, row, rows);
	}
	return rc;
}

int wall_table_trend(const char *figure, const struct results *r, struct grid *g)
{
	struct trends t;
	struct csv c = {0};
	char *text = NULL, err[200];
	size_t size = 0;
	if (strcmp(figure, "wall-memory") == 0)
		grid_init(g, of_memory, sizeof(of_memory) / sizeof(*of_memory));
	else if (strcmp(figure, "wall-prediction") == 0)
		grid_init(g, of_chips, CHIP_COLUMNS);
	else
		grid_init(g, of_points, sizeof(of_points) / sizeof(*of_points));
	int rc = open_trends(r, &t);
	FILE *f = rc == 0 ? open_memstream(&text, &size) : NULL;
	if (f) {
		rc = figure_of(figure)->data(f, &t);
		if (fclose(f) != 0)
			rc = -ENOMEM;
	} else {
		rc = -ENOMEM;
	}
	if (rc == 0 && csv_parse(figure, text, size, &c, err, sizeof(err)) == 0)
		rc = g->columns == of_chips ? fill_chips(g, &c) : fill(g, &c);
	else
		rc = -ENOMEM;
	csv_fini(&c);
	free(text);
	trends_fini(&t);
	return rc;
}

/* ---- the summary ---- */

void wall_headline(const struct results *r, struct headlines *out)
{
	struct trends t;
	if (open_trends(r, &t) < 0)
		out->failed = true;
	const struct trend_row *flops = trends_find(&t, "host.flops/hw_flops");
	const struct trend_row *dram = trends_find(&t, "host.mem_bw/dram_bw");
	if (flops && dram && isfinite(flops->v[TREND_YEAR]) && isfinite(dram->v[TREND_YEAR])) {
		struct headline *line = headline_number(out, "This host on the memory wall", floor(dram->v[TREND_YEAR]),
							"year", mw_weakest(dram->provenance, MW_REFERENCE));
		headline_say(
			out, line,
			"in which the fitted line of accelerators reaches this DRAM bandwidth; it reaches this f32 "
			"rate in %.0f; machine balance %.3g FLOP/byte",
			floor(flops->v[TREND_YEAR]), flops->v[TREND_VALUE] / dram->v[TREND_VALUE]);
	}
	trends_fini(&t);
}
