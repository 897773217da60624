/* The case study of "AI and Memory Wall": intensity of BERT and GPT-2, and what a roofline makes of it, beside Figures
 * 4 to 6, 9 and 32 of Kim et al., arXiv:2302.14017. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/sections/wall.h"
#include "reports/transformer.h"

/* The ridge at which modelled latencies come nearest to those that the paper measured (docs/transformer.md). */
#define PAPER_RIDGE 80

enum { CASES = 6 };

static const struct {
	const char *model;
	double tokens;
} cases[CASES] = {{"bert-base", 128},  {"bert-base", 512}, {"bert-large", 128},
		  {"bert-large", 512}, {"gpt2", 128},      {"gpt2", 512}};

struct row {
	const struct transformer_model *model;
	double tokens, flops, bytes, intensity;
	double modelled, host; /* latencies, multiples of BERT-Base at 128 tokens; host: NaN when not measured */
	const struct profile_cell *published, *measured, *analytic;
};

struct study {
	struct profile profile;
	struct row rows[CASES];
	double ridge; /* of this host, int8 operations per byte; NaN: not measured */
};

static void make_row(struct study *s, size_t i)
{
	const struct transformer_model *m = transformer_find(cases[i].model);
	struct transformer_case c = {m->name, m, m->shape, transformer_paper_load(m, cases[i].tokens)};
	struct transformer_row ops[TRANSFORMER_OPS];
	struct transformer_latency paper = transformer_latency_of(&c, &s->profile, PAPER_RIDGE);
	transformer_rows(&c, &s->profile, ops);
	const struct transformer_row *total = &ops[TRANSFORMER_TOTAL];
	s->rows[i] = (struct row){
		.model = m,
		.tokens = cases[i].tokens,
		.flops = transformer_row_value(total, PROFILE_FLOPS),
		.bytes = transformer_row_value(total, PROFILE_BYTES),
		.intensity = transformer_row_value(total, PROFILE_INTENSITY),
		.modelled = paper.modelled,
		.host = s->ridge > 0 ? transformer_latency_of(&c, &s->profile, s->ridge).modelled : (double)NAN,
		.published = total->published[PROFILE_INTENSITY],
		.measured = paper.measured,
		.analytic = paper.analytic,
	};
}

/* -ENOMEM; freed by the caller in every case. */
static int study_open(const struct results *r, struct study *s)
{
	char err[200];
	struct wall_host host = wall_host_of(r);
	s->ridge = wall_ridge(host.int8, host.bandwidth);
	if (profile_open(&s->profile, err, sizeof(err)) < 0)
		return -ENOMEM; /* (a test reads the table, so that only memory can fail) */
	for (size_t i = 0; i < CASES; i++)
		make_row(s, i);
	return 0;
}

/* ---- the figure: one line for each case, intensity on the left, latency on the right ---- */

enum { FORM, PRINTED, MEASURED, ANALYTIC, HOST, SERIES };

static const struct {
	const char *label;
	int colour, point;
	double above; /* offset of the mark from the line of its case, so that equal values stay apart */
} series[SERIES] = {
	[FORM] = {"closed form; latency on a roofline of 80 FLOP/byte", 0, 7, 0.27},
	[PRINTED] = {"published intensity, Figure 6", 1, 12, -0.09},
	[MEASURED] = {"published latency, measured, Figure 9", 2, 4, -0.09},
	[ANALYTIC] = {"published latency, analytic, Figure 32", 3, 8, -0.27},
	[HOST] = {NULL, 5, 6, 0.09}, /* put_legends() adds its ridge */
};

static double value_of(const struct profile_cell *c)
{
	return c ? c->value : (double)NAN;
}

/* Value of a series in panel 0 (intensity) or 1 (latency); NaN: none. */
static double point_of(const struct row *r, int panel, int which)
{
	const double values[2][SERIES] = {
		{r->intensity, value_of(r->published), (double)NAN, (double)NAN, (double)NAN},
		{r->modelled, (double)NAN, value_of(r->measured), value_of(r->analytic), r->host},
	};
	return values[panel][which];
}

static size_t put_points(FILE *f, const struct study *s, int panel, int which)
{
	size_t n = 0;
	(void)fprintf(f, "$p%d%d << EOD\n", panel, which);
	for (size_t i = 0; i < CASES; i++) {
		double v = point_of(&s->rows[i], panel, which);
		if (plot_can_show(v)) {
			(void)fprintf(f, "%.9g %.9g\n", v, (double)(CASES - i) + series[which].above);
			n++;
		}
	}
	(void)fputs("EOD\n", f);
	return n;
}

static void put_models(FILE *f, const struct study *s)
{
	(void)fputs("set ytics (", f);
	for (size_t i = 0; i < CASES; i++)
		(void)fprintf(f, "%s'%s, %.0f' %zu", i ? ", " : "", s->rows[i].model->title, s->rows[i].tokens,
			      CASES - i);
	(void)fputs(")\n", f);
}

static void put_panel(FILE *f, const struct figure_look *look, struct figure_plot *p, const bool used[2][SERIES],
		      int panel)
{
	const char *separator = "plot ";
	for (int k = 0; k < SERIES; k++) {
		if (!used[panel][k])
			continue;
		(void)fprintf(f, "%s$p%d%d using 1:2 with points pt %d ps 1.1 lw 1.8 lc rgb '%s' notitle", separator,
			      panel, k, series[k].point, look->series[series[k].colour]);
		separator = ", \\\n";
	}
	/* The legend of both panels belongs to the first. */
	for (size_t i = 0; i < p->n_legend && panel == 0; i++) {
		const struct figure_legend *l = &p->legend[i];
		(void)fprintf(f, "%sNaN with points pt %d ps 1.1 lw 1.8 lc rgb '%s' title ", separator, l->point,
			      look->series[l->colour]);
		plot_quote(f, mw_buf_text(&l->label));
	}
	(void)fputs("\n", f);
}

static void put_legends(const struct study *s, const bool used[2][SERIES], struct figure_plot *p)
{
	for (int k = 0; k < SERIES; k++) {
		struct mw_buf label = {0};
		if (k == HOST)
			mw_buf_add(&label, "on the roofline of this host, %.3g int8 operations/byte", s->ridge);
		else
			mw_buf_add(&label, "%s", series[k].label);
		if (used[0][k] || used[1][k])
			(void)plot_legend(p, mw_buf_text(&label), series[k].colour, series[k].point, false, MARK_DOT);
		mw_buf_fini(&label);
	}
}

static void put_words(const struct study *s, struct figure_plot *p)
{
	const struct row *base = &s->rows[1], *decoder = &s->rows[5];
	mw_buf_add(&p->title,
		   "GPT-2 does the arithmetic of BERT-Base with %.0f times the bytes: %.3g FLOP/byte in place of %.3g",
		   decoder->bytes / base->bytes, decoder->intensity, base->intensity);
	mw_buf_add(&p->caption,
		   "Published: Kim et al., arXiv:2302.14017. 8 bits, one sequence, 128 and 512 tokens; latencies are "
		   "multiples of BERT-Base at 128. A latency is "
		   "modelled: the sum over the operators of the longer of arithmetic time and memory time. "
		   "The published BERT-Large lacks one projection of each layer (docs/transformer.md).");
}

int wall_draw_transformer(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct study s = {.ridge = (double)NAN};
	FILE *f = p->script;
	size_t points = 0;
	bool used[2][SERIES];
	int rc = study_open(r, &s);
	if (rc < 0)
		goto out;
	p->height = 350;
	plot_frame(f, look);
	for (int panel = 0; panel < 2; panel++) {
		for (int k = 0; k < SERIES; k++) {
			size_t n = put_points(f, &s, panel, k);
			used[panel][k] = n > 0;
			points += n;
		}
	}
	put_legends(&s, used, p);
	put_models(f, &s);
	(void)fprintf(f,
		      "set logscale x 10\nset yrange [0.4:6.6]\nset multiplot\n"
		      "set lmargin at screen 0.16\nset rmargin at screen 0.54\nset xrange [0.8:1200]\n"
		      "set xlabel 'Arithmetic intensity (FLOP/byte)' tc rgb '%s'\n",
		      look->ink);
	plot_log_ticks(f, "x", 0.8, 1200);
	put_panel(f, look, p, used, 0);
	(void)fprintf(f,
		      "set lmargin at screen 0.58\nset rmargin at screen 0.96\nset xrange [0.8:1200]\n"
		      "set xlabel 'Latency (multiple of BERT-Base, 128)' tc rgb '%s'\nset format y ''\nunset key\n",
		      look->ink);
	(void)fputs("set ytics ('' 1, '' 2, '' 3, '' 4, '' 5, '' 6)\n", f);
	put_panel(f, look, p, used, 1);
	(void)fputs("unset multiplot\n", f);
	put_words(&s, p);
out:
	profile_close(&s.profile);
	return rc < 0 ? rc : (int)points;
}

/* ---- the table ---- */

int wall_table_transformer(const struct results *r, struct grid *g)
{
	static const struct grid_column columns[] = {
		{"model", "Model", false},
		{"tokens", "Tokens", true},
		{"gflop", "GFLOP", true},
		{"gbyte", "GB", true},
		{"intensity", "FLOP/byte", true},
		{"published_intensity", "published", true},
		{"latency", "Latency, x", true},
		{"latency_host", "this host", true},
		{"published_measured", "Fig 9", true},
		{"published_analytic", "Fig 32", true},
		{"provenance", "Provenance and source", false},
		{"source", NULL, false},
	};
	struct study s = {.ridge = (double)NAN};
	int rc = study_open(r, &s);
	grid_init(g, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < CASES && rc == 0; i++) {
		const struct row *row = &s.rows[i];
		char texts[6][32], tokens[24], host[32] = "";
		mw_format(tokens, sizeof(tokens), "%.0f", row->tokens);
		if (isfinite(row->host))
			(void)print_value(row->host, host, sizeof(host));
		const char *cells[] = {
			row->model->title,
			tokens,
			print_value(row->flops / 1e9, texts[0], sizeof(texts[0])),
			print_value(row->bytes / 1e9, texts[1], sizeof(texts[1])),
			print_value(row->intensity, texts[2], sizeof(texts[2])),
			row->published ? row->published->printed : "",
			print_value(row->modelled, texts[3], sizeof(texts[3])),
			host,
			row->measured ? row->measured->printed : "",
			row->analytic ? row->analytic->printed : "",
			mw_provenance_name(MW_MODELLED),
			("closed forms of arXiv:2302.14017 (docs/transformer.md); published: its Tables 3, 11, Figures "
			 "6, 9, 32"),
		};
		rc = grid_add(g, cells);
	}
	profile_close(&s.profile);
	return rc;
}
