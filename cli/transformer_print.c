/* Operators and latencies of `memwall transformer`. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/text.h"
#include "cli/transformer.h"
#include "cli/transformer_page.h"

static const char *phase_word(enum transformer_phase phase)
{
	static const char *const words[] = {"encoder", "prefill", "decode", "generate"};
	return words[phase];
}

/* Name of the format that --weights, --activations or --kv chose, else --precision. */
static const char *format_word(const struct cli *cli, const char *option)
{
	const char *own = mw_opt_text(&cli->opts, option);
	return own ? own : mw_opt_text(&cli->opts, "precision");
}

/* ---- latencies ---- */

static const struct grid_column latency_columns[] = {
	{"model", NULL, false},
	{"seq", NULL, true},
	{"ridge", "FLOP/byte", true},
	{"latency", "x modelled", true},
	{"published_measured", "measured (Fig 9)", true},
	{"published_analytic", "analytic (Fig 32)", true},
	{"provenance", NULL, false},
};

static int add_latency(struct grid *g, const struct transformer_case *c, const struct profile *p, double ridge,
		       bool people)
{
	const struct transformer_latency l = transformer_latency_of(c, p, ridge);
	char seq[PAGE_CELL], at[PAGE_CELL], value[PAGE_CELL];
	mw_format(at, sizeof(at), "%.9g", ridge);
	mw_format(value, sizeof(value), people ? "%.4g" : "%.9g", l.modelled);
	const char *cells[] = {
		c->name,    page_plain(c->load.tokens, seq),         at,
		value,      l.measured ? l.measured->printed : NULL, l.analytic ? l.analytic->printed : NULL,
		"modelled",
	};
	return grid_add(g, cells);
}

/* Root mean square of the log of modelled over measured, over the cases with a measured value; NaN where none has one.
 */
static double log_error(const struct profile *p, const struct transformer_cases *c, double ridge)
{
	double sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct transformer_latency l = transformer_latency_of(&c->v[i], p, ridge);
		if (!l.measured)
			continue;
		const double e = log(l.modelled / l.measured->value);
		sum += e * e;
		count++;
	}
	return sqrt(sum / (double)count);
}

static void put_latency_head(FILE *f, const struct profile *p, const struct transformer_cases *c, double ridge)
{
	const double e = log_error(p, c, ridge);
	(void)fprintf(f,
		      "Latency as a multiple of BERT-Base at 128 tokens, by a roofline whose ridge is %g FLOP/byte\n",
		      ridge);
	if (isfinite(e))
		(void)fprintf(f,
			      "measured: printed in Fig 9, on an Intel Xeon Gold 6242; analytic: printed in Fig 32\n"
			      "rms of log(modelled/measured): %.2f; of ridges of 10, 20, 40, 80 and 160, 80 fits Fig 9 "
			      "best\n",
			      e);
}

static int print_latencies(const struct cli *cli, FILE *f, const struct profile *p, const struct transformer_cases *c)
{
	const double ridge = mw_opt_real(&cli->opts, "ridge");
	struct grid g;
	grid_init(&g, latency_columns, sizeof(latency_columns) / sizeof(latency_columns[0]) - page_for_people(cli));
	int rc = 0;
	for (size_t i = 0; i < c->n && rc == 0; i++)
		rc = add_latency(&g, &c->v[i], p, ridge, page_for_people(cli));
	if (rc == 0 && cli->format == PRINT_TABLE)
		put_latency_head(f, p, c, ridge);
	if (rc == 0)
		rc = grid_print(f, &g, cli->format);
	grid_fini(&g);
	return rc;
}

int cli_transformer_latencies(const struct cli *cli, const struct profile *p, const struct transformer_cases *c,
			      char *err, size_t n)
{
	struct cli_out out = {0};
	int rc = cli_out_open(cli, &out, err, n);
	if (rc == 0)
		rc = print_latencies(cli, out.f, p, c);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	return rc;
}

/* ---- operators ---- */

/* The first nine columns of CSV are promised to stay (docs/transformer.md). */
static const struct grid_column operator_columns[] = {
	{"model", NULL, false},
	{"seq", NULL, true},
	{"operator", NULL, false},
	{"flops", NULL, true},
	{"mops", NULL, true},
	{"intensity", NULL, true},
	{"published", NULL, true},
	{"error", NULL, true},
	{"note", NULL, false},
	{"published_mops", NULL, true},
	{"published_intensity", NULL, true},
	{"phase", NULL, false},
	{"batch", NULL, true},
	{"weights", NULL, false},
	{"activations", NULL, false},
	{"kv", NULL, false},
	{"provenance", NULL, false},
	{"source", NULL, false},
};
static const struct grid_column people_columns[] = {
	{"model", NULL, false},         {"seq", NULL, true},     {"operator", NULL, false},
	{"flops", "FLOP", true},        {"mops", "bytes", true}, {"intensity", "FLOP/byte", true},
	{"published", "printed", true}, {"error", NULL, true},   {"note", NULL, false},
};
/* For people, where nothing is published. */
static const struct grid_column short_columns[] = {
	{"model", NULL, false},  {"seq", NULL, true},     {"operator", NULL, false},
	{"flops", "FLOP", true}, {"mops", "bytes", true}, {"intensity", "FLOP/byte", true},
	{"note", NULL, false},
};

/* To two decimals, and 0 rather than -0. */
static double rounded_percent(double error)
{
	return nearbyint(10000 * error) / 100 + 0.0;
}

struct published_texts {
	char value[PROFILE_INTENSITY + 1][PAGE_CELL], error[PAGE_CELL];
};

/* What is published for a row; "" where nothing is. */
static void published_texts(const struct cli *cli, const struct transformer_row *r, struct published_texts *out)
{
	const struct profile_cell *flops = r->published[PROFILE_FLOPS];
	*out = (struct published_texts){0};
	for (int m = 0; m <= PROFILE_INTENSITY; m++)
		if (r->published[m])
			(void)page_plain(r->published[m]->value * r->published[m]->unit_size, out->value[m]);
	if (!flops)
		return;
	const double error = r->cost.flops / (flops->value * flops->unit_size) - 1;
	if (page_for_people(cli)) {
		mw_format(out->value[PROFILE_FLOPS], PAGE_CELL, "%s G", flops->printed);
		mw_format(out->error, PAGE_CELL, "%+.2f %%", rounded_percent(error));
	} else
		mw_format(out->error, PAGE_CELL, "%.6g", error);
}

static void source_of(const struct transformer_row *r, struct mw_buf *out)
{
	mw_buf_add(out, "closed forms of arXiv:2302.14017");
	if (r->of->model)
		mw_buf_add(out, "; shape: %s", r->of->model->source);
	if (r->published[PROFILE_FLOPS])
		mw_buf_add(out, "; published: %s", r->published[PROFILE_FLOPS]->source);
}

static int add_operator(const struct cli *cli, struct page *page, const struct transformer_row *r, const char *note)
{
	const struct transformer_case *c = r->of;
	char seq[PAGE_CELL], text[3][PAGE_CELL], batch[PAGE_CELL], mark[PAGE_CELL];
	const char *note_text;
	struct published_texts published;
	struct mw_buf source = {0};
	int rc = page_note(cli, page, note, mark, &note_text);
	published_texts(cli, r, &published);
	source_of(r, &source);
	const char *all[] = {
		c->name,
		page_plain(c->load.tokens, seq),
		transformer_op_name(r->op),
		page_number(cli, r->cost.flops, text[0]),
		page_number(cli, transformer_bytes(&r->cost), text[1]),
		page_intensity(cli, transformer_intensity(&r->cost), text[2]),
		published.value[PROFILE_FLOPS],
		published.error,
		note_text,
		published.value[PROFILE_BYTES],
		published.value[PROFILE_INTENSITY],
		phase_word(c->load.phase),
		page_plain(c->load.batch, batch),
		format_word(cli, "weights"),
		format_word(cli, "activations"),
		format_word(cli, "kv"),
		"modelled",
		mw_buf_text(&source),
	};
	const char *brief[] = {all[0], all[1], all[2], all[3], all[4], all[5], note_text};
	if (rc == 0)
		rc = source.failed ? -ENOMEM : grid_add(&page->grid, page->grid.columns == short_columns ? brief : all);
	mw_buf_fini(&source);
	return rc;
}

static int add_case(const struct cli *cli, const struct profile *p, struct page *page, const struct transformer_case *c)
{
	struct transformer_row rows[TRANSFORMER_OPS];
	int rc = 0;
	transformer_rows(c, p, rows);
	for (int op = 0; op < TRANSFORMER_OPS && rc == 0; op++) {
		struct mw_buf note = {0};
		transformer_row_note(&rows[op], &note);
		rc = note.failed ? -ENOMEM : add_operator(cli, page, &rows[op], mw_buf_text(&note));
		mw_buf_fini(&note);
	}
	return rc;
}

/* Is a total of any case published? */
static bool any_published(const struct profile *p, const struct transformer_cases *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct transformer_row rows[TRANSFORMER_OPS];
		transformer_rows(&c->v[i], p, rows);
		if (rows[TRANSFORMER_TOTAL].published[PROFILE_FLOPS])
			return true;
	}
	return false;
}

/* Names of the cases of a phase, each once; "" where there are none. */
static void phase_models(const struct transformer_cases *c, enum transformer_phase phase, struct mw_buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].load.phase == phase && (i == 0 || strcmp(c->v[i - 1].name, c->v[i].name) != 0))
			mw_buf_add(out, "%s%s", out->len ? ", " : "", c->v[i].name);
}

static void put_conditions(FILE *f, const struct cli *cli, const struct transformer_cases *c)
{
	static const char *const words[] = {
		"all tokens at once",
		"all tokens at once, each attends to those before it; fills the KV cache",
		"one token, which attends to seq tokens",
		"seq tokens one by one, at the mean context seq/2",
	};
	for (int phase = 0; phase <= TRANSFORMER_GENERATE; phase++) {
		struct mw_buf names = {0}, line = {0};
		phase_models(c, (enum transformer_phase)phase, &names);
		mw_buf_add(&line, "%s (%s): %s", phase_word((enum transformer_phase)phase), words[phase],
			   mw_buf_text(&names));
		if (names.len)
			page_put_wrapped(f, mw_buf_text(&line), 0, 0);
		mw_buf_fini(&names);
		mw_buf_fini(&line);
	}
	(void)fprintf(f, "modelled, not measured; batch %.0f; weights %s, activations %s, KV cache %s\n\n",
		      c->v[0].load.batch, format_word(cli, "weights"), format_word(cli, "activations"),
		      format_word(cli, "kv"));
}

void cli_transformer_put_fit(FILE *f, const struct profile *p)
{
	const struct profile_fit tables = profile_fit(p, true), figures = profile_fit(p, false);
	struct mw_buf line = {0};
	mw_buf_add(
		&line,
		"Of %zu values of Tables 3, 10 and 11 at 128 and 512 tokens, the closed forms round to all but %zu; of "
		"%zu of Figs 4-6 to all but %zu, those of BERT-Large ('memwall transformer --published' lists them). "
		"The constants of `other` are fitted.",
		tables.cells, tables.missed, figures.cells, figures.missed);
	(void)fputc('\n', f);
	page_put_wrapped(f, mw_buf_text(&line), 0, 0);
	mw_buf_fini(&line);
}

int cli_transformer_operators(const struct cli *cli, const struct profile *p, const struct transformer_cases *c,
			      char *err, size_t n)
{
	struct page page = {0};
	const bool published = any_published(p, c);
	if (!page_for_people(cli))
		grid_init(&page.grid, operator_columns, sizeof(operator_columns) / sizeof(operator_columns[0]));
	else if (published)
		grid_init(&page.grid, people_columns, sizeof(people_columns) / sizeof(people_columns[0]));
	else
		grid_init(&page.grid, short_columns, sizeof(short_columns) / sizeof(short_columns[0]));
	int rc = 0;
	for (size_t i = 0; i < c->n && rc == 0; i++)
		rc = add_case(cli, p, &page, &c->v[i]);
	if (rc == 0)
		rc = cli_out_open(cli, &page.out, err, n);
	if (rc == 0 && cli->format == PRINT_TABLE)
		put_conditions(page.out.f, cli, c);
	if (rc == 0)
		rc = page_print(cli, &page);
	if (rc == 0 && cli->format == PRINT_TABLE && published) {
		cli_transformer_put_fit(page.out.f, p);
		(void)fputc('\n', page.out.f);
		rc = print_latencies(cli, page.out.f, p, c);
	}
	rc = cli_out_close(&page.out, rc, err, n);
	page_fini(&page);
	return rc;
}
