#include "reports/trend_figures.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/text.h"

/* ---- what each figure draws ---- */

struct curve {
	const char *label;
	const char *series; /* whose points these are, and whose line is drawn; NULL: points of `own`, and no line */
	struct trend_series own;
	double scale; /* values are divided by it */
	int colour, point;
	const char *host;         /* row of this host's value (trend_host.c); NULL: none */
	double host_scale;        /* of its unit in the series' unit; 0: the same */
	const char *left, *right; /* "|"-separated names of points that get a label on this side */
};

enum { CURVES = 4, STEPS = 16 };

struct lines_figure {
	const char *id, *y;
	double y_lo, y_hi, x_lo, x_hi;
	int height;
	struct curve curves[CURVES]; /* ended by a NULL label */
	const char *caption;
};

/* Units of figure 1, inferred from parts that are known (reports/data/README.md). */
static const struct lines_figure hardware = {
	.id = "wall-hardware",
	.y = "Growth since the first point (log scale)",
	.y_lo = 0.3,
	.y_hi = 2e7,
	.x_lo = 1993.5,
	.x_hi = 2026.5,
	.height = 520,
	.curves = {{.label = "Peak FLOP/s",
		    .series = "hw_flops",
		    .scale = 0.339e9,
		    .colour = 0,
		    .point = 7,
		    .host = "host.flops/hw_flops",
		    .left = "R10000|Itanium 2|A100|H100"},
		   {.label = "DRAM bandwidth",
		    .series = "dram_bw",
		    .scale = 15.2e9,
		    .colour = 2,
		    .point = 5,
		    .host = "host.mem_bw/dram_bw",
		    .left = "GDDR5|HBM|HBM2E",
		    .right = "GDDR3"},
		   {.label = "Interconnect, a lane",
		    .series = "interconnect_bw",
		    .scale = 2.5,
		    .colour = 1,
		    .point = 9,
		    .host = "host.interconnect/interconnect_bw.pcie",
		    .host_scale = TREND_X16_BYTES,
		    .left = "PCIe 1.0a",
		    .right = "PCIe 3.0|PCIe 5.0|NVLink 4.0"}},
	.caption =
		"Figure 1 of Gholami et al., from the markers of its drawing; relative to R10000, GDDR3 and PCIe 1.0. "
		"Lines: "
		"least squares of log2; bands: 95 % of the line. Half of the FLOP/s points have no name in the paper.",
};

static const struct lines_figure models = {
	.id = "wall-models",
	.y = "Parameters, billions (log scale)",
	.y_lo = 0.01,
	.y_hi = 40000,
	.x_lo = 2015.2,
	.x_hi = 2023.6,
	.height = 460,
	.curves = {{.label = "Transformers",
		    .series = "model_params",
		    .scale = 1e9,
		    .colour = 5,
		    .point = 7,
		    .left = "Megatron LM|GPT-3|GShard|Switch Transformer",
		    .right = "Transformer|GPT-1|BERT|GPT-2|Megatron-Turing"},
		   {.label = "Memory of accelerators, GB / 6",
		    .series = "accelerator_memory",
		    .scale = 6,
		    .colour = 2,
		    .point = 5,
		    .left = "V100 (32GB)",
		    .right = "P100 (12GB)|A100 (40GB)|H100 (80GB)"},
		   {.label = "Computer vision",
		    .own = {.table = TREND_MODEL_PARAMS,
			    .date = "date",
			    .value = "params",
			    .where = {{.column = "family", .words = "cv"}}},
		    .scale = 1e9,
		    .colour = 7,
		    .point = 6},
		   {.label = "Recommender",
		    .own = {.table = TREND_MODEL_PARAMS,
			    .date = "date",
			    .value = "params",
			    .where = {{.column = "family", .words = "recsys"}}},
		    .scale = 1e9,
		    .colour = 3,
		    .point = 12,
		    .left = "10TB Baidu RecSys"}},
	.caption = "Figure 2a of Gholami et al., from the markers of its drawing. Memory as the parameters that it "
		   "could train, at "
		   "six bytes each. Lines: least squares of log2; bands: 95 % of the line. Record setters: other "
		   "models grew "
		   "far less.",
};

static const struct lines_figure training = {
	.id = "wall-training",
	.y = "Training compute, PFLOP (log scale)",
	.y_lo = 5,
	.y_hi = 3e9,
	.x_lo = 2011.2,
	.x_hi = 2021.9,
	.height = 460,
	.curves = {{.label = "Transformers",
		    .series = "model_train_flops",
		    .scale = 1,
		    .colour = 5,
		    .point = 7,
		    .left = "Megatron LM|GPT-3",
		    .right = "Transformer|GPT-1|BERT|Microsoft T-NLG"},
		   {.label = "All models", .series = "model_train_flops.all", .scale = 1, .colour = 7, .point = 0},
		   {.label = "Others",
		    .own = {.table = TREND_TRAIN_FLOPS,
			    .date = "date",
			    .value = "train_PFLOPs",
			    .where = {{.column = "in_transformer_fit", .words = "no"}}},
		    .scale = 1,
		    .colour = 7,
		    .point = 6,
		    .left = "AlexNet|VGG|Xception",
		    .right = "ELMo|Wav2Vec 2.0"}},
	.caption = "Figure 2b of Gholami et al., from the markers of its drawing. Lines: least squares of log2; bands: "
		   "95 % of the "
		   "line.",
};

/* ---- drawing ---- */

enum { HOST_POINT = 13 };

static const struct trend_series *series_of(const struct curve *c)
{
	return c->series ? trend_series_find(c->series) : &c->own;
}

static bool is_named(const char *names, const char *name)
{
	for (size_t len; names && *names; names += len + (names[len] == '|')) {
		len = strcspn(names, "|");
		if (strlen(name) == len && strncmp(name, names, len) == 0)
			return true;
	}
	return false;
}

static void put_points(FILE *f, int k, const struct curve *c, const struct trend_points *p)
{
	(void)fprintf(f, "$p%d << EOD\n", k);
	for (size_t i = 0; i < p->n; i++)
		if (plot_can_show(p->v[i].value / c->scale))
			(void)fprintf(f, "%.5f %.9g\n", p->v[i].date, p->v[i].value / c->scale);
	(void)fputs("EOD\n", f);
}

static void put_line(FILE *f, int k, const struct curve *c, const struct trend_line *l)
{
	(void)fprintf(f, "$l%d << EOD\n", k);
	for (int i = 0; i <= STEPS; i++) {
		double date = l->first + (l->last - l->first) * i / STEPS;
		struct trend_interval band = trend_band(l, date);
		double lo = isfinite(band.lo) ? band.lo : trend_at(l, date);
		double hi = isfinite(band.hi) ? band.hi : trend_at(l, date);
		(void)fprintf(f, "%.5f %.9g %.9g %.9g\n", date, trend_at(l, date) / c->scale, lo / c->scale,
			      hi / c->scale);
	}
	(void)fputs("EOD\n", f);
}

/* Points of a point's name. The page is shrunk to a phone's width, where 11 px are the least. */
static int name_size(const struct figure_look *look)
{
	return look->key ? 10 : 13;
}

static void put_names(FILE *f, const struct figure_look *look, const struct curve *c, const struct trend_points *p)
{
	for (size_t i = 0; i < p->n; i++) {
		double v = p->v[i].value / c->scale;
		bool left = is_named(c->left, p->v[i].name), right = is_named(c->right, p->v[i].name);
		if (!(left || right) || !plot_can_show(v))
			continue;
		(void)fputs("set label ", f);
		plot_quote(f, p->v[i].name);
		(void)fprintf(f, " at first %.5f, first %.9g %s offset %s noenhanced font ',%d' tc rgb '%s'\n",
			      p->v[i].date, v, left ? "right" : "left", left ? "-0.5,0.5" : "0.5,-0.6", name_size(look),
			      look->series[c->colour]);
	}
}

/* Every power of ten, from 10 000 on with an exponent. */
static void put_decades(FILE *f, double lo, double hi)
{
	static const char *const raised[] = {"\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
					     "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
	(void)fputs("set ytics (", f);
	const char *comma = "";
	for (int e = (int)ceil(log10(lo) - 1e-9); e <= (int)floor(log10(hi) + 1e-9); e++) {
		if (e < 4)
			(void)fprintf(f, "%s'%.9g' 1e%d", comma, pow(10, e), e);
		else
			(void)fprintf(f, "%s'10%s%s' 1e%d", comma, e > 9 ? raised[e / 10 % 10] : "", raised[e % 10], e);
		comma = ", ";
	}
	(void)fputs(")\n", f);
}

/* "n 37, 3.03 times in 2 years (2.69 .. 3.40)" */
static void fit_words(const struct trend_line *l, char *out, size_t n)
{
	struct trend_interval ci = trend_factor_ci(&l->rate, 2);
	double v[3] = {trend_factor(&l->rate, 2), ci.lo, ci.hi};
	char text[3][32];
	for (int i = 0; i < 3; i++) {
		int decimals = v[i] >= 100 ? 0 : v[i] >= 10 ? 1 : 2;
		double unit = v[i] >= 1000 ? 10 : 1;
		if (fabs(v[i]) < 1e9)
			mw_format(text[i], sizeof(text[i]), "%.*f", decimals, round(v[i] * 100 / unit) * unit / 100);
		else /* of a few points that lie close together */
			mw_format(text[i], sizeof(text[i]), "%.3g", v[i]);
	}
	if (isfinite(ci.lo))
		mw_format(out, n, "n %zu, %s times in 2 years (%s .. %s)", l->n, text[0], text[1], text[2]);
	else
		mw_format(out, n, "n %zu, %s times in 2 years", l->n, text[0]);
}

static void put_curve(struct figure_plot *plot, const struct figure_look *look, int k, const struct curve *c,
		      const struct trend_points *p, const struct trend_line *l)
{
	FILE *f = plot->script;
	char label[240];
	const char *colour = look->series[c->colour], *separator = plot->n_legend ? ", \\\n" : "plot ";
	char fit[160];
	if (l) {
		fit_words(l, fit, sizeof(fit));
		mw_format(label, sizeof(label), "%s: %s", c->label, fit);
	} else {
		mw_format(label, sizeof(label), "%s: n %zu", c->label, p->n);
	}
	(void)plot_legend(plot, label, c->colour, c->point, false, l ? MARK_LINE : MARK_DOT);
	if (l)
		(void)fprintf(f,
			      "%s$l%d using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb '%s' "
			      "notitle, \\\n$l%d using 1:2 with lines lw 2 lc rgb '%s' notitle",
			      separator, k, colour, k, colour);
	if (l && c->point)
		(void)fprintf(f,
			      ", \\\n$p%d using 1:2 with points pt %d ps 0.9 lc rgb '%s' notitle, \\\nkeyentry with "
			      "linespoints lw 2 pt %d ps 0.9 lc rgb '%s' title ",
			      k, c->point, colour, c->point, colour);
	else if (l)
		(void)fprintf(f, ", \\\nkeyentry with lines lw 2 lc rgb '%s' title ", colour);
	else
		(void)fprintf(f, "%s$p%d using 1:2 with points pt %d ps 0.9 lc rgb '%s' title ", separator, k, c->point,
			      colour);
	plot_quote(f, label);
}

/* A host's value in the unit of the curve's series. */
static double host_value(const struct curve *c, const struct trend_row *r)
{
	return r->v[TREND_VALUE] / (c->host_scale > 0 ? c->host_scale : 1);
}

/* This host's value for a curve, in the year in which it was measured; NULL: none. */
static const struct trend_row *host_of(const struct trends *t, const struct curve *c)
{
	const struct trend_row *r = c->host ? trends_find(t, c->host) : NULL;
	return r && isfinite(t->host_date) && plot_can_show(host_value(c, r) / c->scale) ? r : NULL;
}

static void put_host(struct figure_plot *plot, const struct figure_look *look, const struct trends *t, int k,
		     const struct curve *c)
{
	const struct trend_row *r = host_of(t, c);
	struct mw_buf label = {0};
	char value[32];
	if (!r)
		return;
	mw_buf_add(&label, "This host, measured: %s G%s%s", print_value(r->v[TREND_VALUE] / 1e9, value, sizeof(value)),
		   r->unit, c->host_scale > 0 ? ", as of x16" : "");
	(void)plot_legend(plot, mw_buf_text(&label), c->colour, HOST_POINT, false, MARK_DOT);
	(void)fprintf(plot->script, ", \\\n$host%d using 1:2 with points pt %d ps 1.4 lc rgb '%s' title ", k,
		      HOST_POINT, look->series[c->colour]);
	plot_quote(plot->script, mw_buf_text(&label));
	mw_buf_fini(&label);
}

/* Data and names of the hosts' points; the last year of the axis. */
static double put_host_data(FILE *f, const struct figure_look *look, const struct trends *t, int k,
			    const struct curve *c, double x_hi)
{
	const struct trend_row *r = host_of(t, c);
	if (!r)
		return x_hi;
	double v = host_value(c, r) / c->scale;
	(void)fprintf(f, "$host%d << EOD\n%.5f %.9g\nEOD\n", k, t->host_date, v);
	(void)fprintf(f,
		      "set label 'this host' at first %.5f, first %.9g right offset -1.6,%s noenhanced font ',%d' tc "
		      "rgb '%s'\n",
		      t->host_date, v, c->host_scale > 0 ? "-0.9" : "0", /* links are near the memory */
		      name_size(look), look->series[c->colour]);
	return fmax(x_hi, t->host_date + 0.5);
}

static int draw_lines(const struct lines_figure *fig, const struct trends *t, const struct figure_look *look,
		      struct figure_plot *plot)
{
	struct trend_points p[CURVES] = {{0}};
	struct trend_line l[CURVES];
	int fit[CURVES], rc = 0, n = 0, points = 0;
	double x_hi = fig->x_hi;
	FILE *f = plot->script;
	plot->height = fig->height;
	plot_frame(f, look);
	for (; n < CURVES && fig->curves[n].label && rc == 0; n++) {
		rc = trends_points(t, series_of(&fig->curves[n]), &p[n], NULL, 0);
		fit[n] = rc == 0 && fig->curves[n].series ? trend_fit(&p[n], &l[n]) : -EINVAL;
		rc = fit[n] == -ENOMEM ? fit[n] : rc;
		points += (int)p[n].n;
	}
	for (int k = 0; k < n && rc == 0 && points; k++) {
		put_points(f, k, &fig->curves[k], &p[k]);
		if (fit[k] == 0)
			put_line(f, k, &fig->curves[k], &l[k]);
		put_names(f, look, &fig->curves[k], &p[k]);
		x_hi = put_host_data(f, look, t, k, &fig->curves[k], x_hi);
	}
	(void)fprintf(f,
		      "set logscale y 10\nset xrange [%g:%g]\nset yrange [%g:%g]\nset format x '%%.0f'\n"
		      "set ylabel '%s' tc rgb '%s'\n",
		      fig->x_lo, x_hi, fig->y_lo, fig->y_hi, fig->y, look->ink);
	put_decades(f, fig->y_lo, fig->y_hi);
	for (int k = 0; k < n && rc == 0; k++)
		if (p[k].n && (fit[k] == 0 || fig->curves[k].point))
			put_curve(plot, look, k, &fig->curves[k], &p[k], fit[k] == 0 ? &l[k] : NULL);
	for (int k = 0; k < n && rc == 0 && points; k++)
		put_host(plot, look, t, k, &fig->curves[k]);
	(void)fputs("\n", f);
	mw_buf_add(&plot->caption, "%s", fig->caption);
	for (int k = 0; k < CURVES; k++)
		trend_points_fini(&p[k]);
	return rc < 0 ? -ENOMEM : points;
}

static double rate(const struct trends *t, const char *series)
{
	struct trend_points p;
	struct trend_line l;
	int rc = trends_line(t, series, &p, &l);
	trend_points_fini(&p);
	return rc == 0 ? trend_factor(&l.rate, 2) : (double)NAN;
}

int trend_draw_hardware(const void *trends, const struct figure_look *look, struct figure_plot *plot)
{
	const struct trends *t = trends;
	mw_buf_add(&plot->title,
		   "Every two years peak FLOP/s grow %.3g times, DRAM bandwidth %.3g times, interconnects %.3g times",
		   rate(t, "hw_flops"), rate(t, "dram_bw"), rate(t, "interconnect_bw"));
	return draw_lines(&hardware, t, look, plot);
}

int trend_draw_models(const void *trends, const struct figure_look *look, struct figure_plot *plot)
{
	const struct trends *t = trends;
	mw_buf_add(&plot->title,
		   "Every two years the largest transformers grow %.3g times, memory of accelerators %.3g times",
		   rate(t, "model_params"), rate(t, "accelerator_memory"));
	return draw_lines(&models, t, look, plot);
}

int trend_draw_training(const void *trends, const struct figure_look *look, struct figure_plot *plot)
{
	const struct trends *t = trends;
	mw_buf_add(&plot->title,
		   "Every two years the training of transformers takes %.3g times the compute, that of all models %.3g "
		   "times",
		   rate(t, "model_train_flops"), rate(t, "model_train_flops.all"));
	return draw_lines(&training, t, look, plot);
}

/* ---- the points as CSV ---- */

static const struct grid_column columns[] = {
	{"curve", NULL, false},  {"name", NULL, false},    {"year", NULL, true},       {"value", NULL, true},
	{"drawn", NULL, true},   {"line", NULL, true},     {"line_lo", NULL, true},    {"line_hi", NULL, true},
	{"source", NULL, false}, {"licence", NULL, false}, {"provenance", NULL, false}};
enum { COLUMNS = sizeof(columns) / sizeof(*columns), NUMBERS = 6 };

static int put_row(FILE *f, const struct curve *c, const struct trend_point *v, const struct trend_line *l,
		   const char *source, const char *licence, enum mw_provenance provenance)
{
	char text[NUMBERS][32] = {""};
	struct trend_interval band = {(double)NAN, (double)NAN};
	if (l)
		band = trend_band(l, v->date);
	const double numbers[NUMBERS] = {v->date,
					 v->value,
					 v->value / c->scale,
					 l ? trend_at(l, v->date) / c->scale : (double)NAN,
					 band.lo / c->scale,
					 band.hi / c->scale};
	for (int i = 0; i < NUMBERS; i++)
		if (isfinite(numbers[i]))
			mw_format(text[i], sizeof(text[i]), "%.9g", numbers[i]);
	const char *cells[COLUMNS] = {c->label,
				      v->name,
				      text[0],
				      text[1],
				      text[2],
				      text[3],
				      text[4],
				      text[5],
				      source,
				      licence,
				      mw_provenance_name(provenance)};
	return csv_row(f, columns, COLUMNS, cells);
}

static int put_data_points(FILE *f, const struct trends *t, const struct curve *c)
{
	const struct trend_series *s = series_of(c);
	const struct csv *table = &t->data.tables[s->table];
	const struct trend_row *host = host_of(t, c);
	struct trend_points p;
	struct trend_line l;
	int rc = trends_points(t, s, &p, NULL, 0);
	int fit = rc == 0 && c->series ? trend_fit(&p, &l) : -EINVAL;
	for (size_t i = 0; i < p.n && rc == 0; i++)
		rc = put_row(f, c, &p.v[i], fit == 0 ? &l : NULL, csv_cell(table, 0, csv_column(table, "source")),
			     csv_cell(table, 0, csv_column(table, "licence")), MW_REFERENCE);
	if (rc == 0 && host && p.n) {
		const struct trend_point here = {t->host_date, host_value(c, host),
						 c->host_scale > 0 ? "this host, as of x16" : "this host"};
		rc = put_row(f, c, &here, NULL, host->source, "", host->provenance);
	}
	trend_points_fini(&p);
	return rc;
}

static int put_data(FILE *f, const struct trends *t, const struct lines_figure *fig)
{
	int rc = csv_row(f, columns, COLUMNS, NULL);
	for (int k = 0; k < CURVES && fig->curves[k].label && rc == 0; k++)
		rc = put_data_points(f, t, &fig->curves[k]);
	return rc < 0 ? rc : ferror(f) ? -EIO : 0;
}

static int data_hardware(FILE *f, const struct trends *t)
{
	return put_data(f, t, &hardware);
}

static int data_models(FILE *f, const struct trends *t)
{
	return put_data(f, t, &models);
}

static int data_training(FILE *f, const struct trends *t)
{
	return put_data(f, t, &training);
}

const struct trend_figure trend_figures[] = {
	{"wall-hardware", "Compute, memory, interconnect", trend_draw_hardware, data_hardware},
	{"wall-models", "Model size and accelerator memory", trend_draw_models, data_models},
	{"wall-training", "Training compute", trend_draw_training, data_training},
	{"wall-memory", "Memory that training takes", trend_draw_memory, trend_data_memory},
	{"wall-prediction", "Chips since 2023", trend_draw_prediction, trend_data_prediction},
	{NULL, NULL, NULL, NULL},
};
