#include "reports/transformer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"

/* ---- what is published ---- */

extern const char mw_data_transformer_profile_csv[];
extern const size_t mw_data_transformer_profile_csv_size;

static const struct {
	const char *name, *unit;
	double unit_size;
} metrics[PROFILE_METRICS] = {
	[PROFILE_FLOPS] = {"flops", "GFLOP", 1e9},
	[PROFILE_BYTES] = {"bytes", "GB", 1e9},
	[PROFILE_INTENSITY] = {"intensity", "FLOP/byte", 1},
	[PROFILE_LATENCY_MEASURED] = {"latency_measured", "x bert-base at 128", 1},
	[PROFILE_LATENCY_ANALYTIC] = {"latency_analytic", "x bert-base at 128", 1},
};

/* The columns, in this order below. */
static const char *const columns[] = {"model", "seq",    "operator", "metric", "value",
				      "unit",  "source", "licence",  "note"};
enum { MODEL, SEQ, OPERATOR, METRIC, VALUE, UNIT, SOURCE, LICENCE, NOTE, COLUMNS };

/* The metric of that name and unit, or PROFILE_METRICS. */
static enum profile_metric metric_of(const char *name, const char *unit)
{
	int m = 0;
	while (m < PROFILE_METRICS && (strcmp(metrics[m].name, name) != 0 || strcmp(metrics[m].unit, unit) != 0))
		m++;
	return (enum profile_metric)m;
}

/* The operator of that name, or TRANSFORMER_OPS. */
static enum transformer_op op_of(const char *name)
{
	int op = 0;
	while (op < TRANSFORMER_OPS && strcmp(transformer_op_name((enum transformer_op)op), name) != 0)
		op++;
	return (enum transformer_op)op;
}

static int read_cell(const struct csv *c, size_t row, const int at[COLUMNS], struct profile_cell *out, char *err,
		     size_t n)
{
	const char *text[COLUMNS];
	for (int i = 0; i < COLUMNS; i++)
		text[i] = csv_cell(c, row, at[i]);
	*out = (struct profile_cell){
		.model = transformer_find(text[MODEL]),
		.op = op_of(text[OPERATOR]),
		.metric = metric_of(text[METRIC], text[UNIT]),
		.printed = text[VALUE],
		.unit = text[UNIT],
		.source = text[SOURCE],
		.licence = text[LICENCE],
		.note = text[NOTE],
		.in_table = strstr(text[SOURCE], "Table") != NULL,
	};
	const char *wrong = !out->model                       ? "model"
			    : out->op == TRANSFORMER_OPS      ? "operator"
			    : out->metric == PROFILE_METRICS  ? "metric"
			    : !*out->source || !*out->licence ? "source"
							      : NULL;
	if (wrong)
		return mw_fail(MW_EFORMAT, err, n, "%s:%zu: column '%s' has no known value", c->name, csv_line(c, row),
			       wrong);
	out->unit_size = metrics[out->metric].unit_size;
	int rc = csv_number(c, row, at[SEQ], &out->seq, err, n);
	if (rc == 1)
		rc = csv_number(c, row, at[VALUE], &out->value, err, n);
	if (rc == 0)
		return mw_fail(MW_EFORMAT, err, n, "%s:%zu: a number is missing", c->name, csv_line(c, row));
	return rc < 0 ? rc : 0;
}

int profile_parse(struct profile *p, const char *name, const char *text, size_t size, char *err, size_t n)
{
	int at[COLUMNS];
	*p = (struct profile){0};
	int rc = csv_parse(name, text, size, &p->csv, err, n);
	for (int i = 0; i < COLUMNS && rc == 0; i++)
		rc = csv_need(&p->csv, columns[i], &at[i], err, n);
	if (rc < 0)
		return rc;
	p->cells = calloc(p->csv.n_rows + 1, sizeof(*p->cells));
	if (!p->cells)
		return mw_fail(-ENOMEM, err, n, "%s: %s", name, mw_strerror(-ENOMEM));
	while (p->n < p->csv.n_rows && rc == 0) {
		rc = read_cell(&p->csv, p->n, at, &p->cells[p->n], err, n);
		p->n += rc == 0;
	}
	return rc;
}

int profile_open(struct profile *p, char *err, size_t n)
{
	return profile_parse(p, "transformer_profile.csv", mw_data_transformer_profile_csv,
			     mw_data_transformer_profile_csv_size, err, n);
}

void profile_close(struct profile *p)
{
	free(p->cells);
	csv_fini(&p->csv);
	*p = (struct profile){0};
}

const struct profile_cell *profile_find(const struct profile *p, const struct transformer_model *model, double seq,
					enum transformer_op op, enum profile_metric metric)
{
	const struct profile_cell *found = NULL;
	const char *name = model->variant_of ? model->variant_of : model->name;
	for (size_t i = 0; i < p->n; i++) {
		const struct profile_cell *c = &p->cells[i];
		if (c->op == op && c->metric == metric && c->seq == seq && strcmp(c->model->name, name) == 0 &&
		    (!found || c->in_table))
			found = c;
	}
	return found;
}

bool profile_rounds(double value, const char *printed)
{
	const char *point = strchr(printed, '.');
	const double unit = pow(10, -(double)(point ? strlen(point + 1) : 0));
	return fabs(value - strtod(printed, NULL)) <= unit / 2 * (1 + 1e-9);
}

double profile_value(const struct profile_cell *cell)
{
	if (cell->metric > PROFILE_INTENSITY)
		return (double)NAN;
	const struct transformer_case c = {.shape = cell->model->shape,
					   .load = transformer_paper_load(cell->model, cell->seq)};
	const struct profile none = {0};
	struct transformer_row rows[TRANSFORMER_OPS];
	transformer_rows(&c, &none, rows);
	return transformer_row_value(&rows[cell->op], cell->metric) / cell->unit_size;
}

struct profile_fit profile_fit(const struct profile *p, bool in_tables)
{
	struct profile_fit fit = {0};
	for (size_t i = 0; i < p->n; i++) {
		const struct profile_cell *c = &p->cells[i];
		if (c->in_table != in_tables || c->metric > PROFILE_INTENSITY)
			continue;
		fit.cells++;
		fit.missed += !profile_rounds(profile_value(c), c->printed);
	}
	return fit;
}

/* ---- rows ---- */

struct transformer_load transformer_paper_load(const struct transformer_model *model, double tokens)
{
	return (struct transformer_load){
		.phase = model->shape.decoder ? TRANSFORMER_GENERATE : TRANSFORMER_ENCODER,
		.tokens = tokens,
		.batch = 1,
		.weight_bits = 8,
		.activation_bits = 8,
		.kv_bits = 8,
	};
}

/* Are these the conditions of the published values? An encoder has no KV cache, so its format does not matter. */
static bool as_published(const struct transformer_case *c)
{
	if (!c->model)
		return false;
	const struct transformer_load want = transformer_paper_load(c->model, c->load.tokens), *l = &c->load;
	return l->phase == want.phase && l->batch == want.batch && l->weight_bits == want.weight_bits &&
	       l->activation_bits == want.activation_bits &&
	       (l->kv_bits == want.kv_bits || l->phase == TRANSFORMER_ENCODER);
}

void transformer_rows(const struct transformer_case *c, const struct profile *p,
		      struct transformer_row out[TRANSFORMER_OPS])
{
	struct transformer_cost costs[TRANSFORMER_OPS];
	const bool published = as_published(c);
	transformer_costs(&c->shape, &c->load, costs);
	for (int op = 0; op < TRANSFORMER_OPS; op++) {
		out[op] = (struct transformer_row){.of = c, .op = (enum transformer_op)op, .cost = costs[op]};
		for (int m = 0; m <= PROFILE_INTENSITY && published; m++)
			out[op].published[m] =
				profile_find(p, c->model, c->load.tokens, out[op].op, (enum profile_metric)m);
	}
}

double transformer_row_value(const struct transformer_row *r, enum profile_metric metric)
{
	switch (metric) {
	case PROFILE_FLOPS:
		return r->cost.flops;
	case PROFILE_BYTES:
		return transformer_bytes(&r->cost);
	case PROFILE_INTENSITY:
		return transformer_intensity(&r->cost);
	default:
		return (double)NAN;
	}
}

static const char *metric_word(int metric)
{
	static const char *const words[] = {"FLOPs", "bytes", "intensity"};
	return words[metric];
}

static double in_unit(const struct transformer_row *r, int metric)
{
	return transformer_row_value(r, (enum profile_metric)metric) / r->published[metric]->unit_size;
}

/* Does a published value need a note? If the row does not round to it; unless the row is of a variant, also if the data
 * have a note on it. */
static bool remarkable(const struct transformer_row *r, int metric)
{
	const struct profile_cell *c = r->published[metric];
	if (!c)
		return false;
	return !profile_rounds(in_unit(r, metric), c->printed) ||
	       (!r->of->model->variant_of && c->in_table && *c->note);
}

/* Was the note of metric m given for a metric before it? */
static bool told(const struct transformer_row *r, int m)
{
	for (int k = 0; k < m; k++)
		if (remarkable(r, k) && strcmp(r->published[k]->note, r->published[m]->note) == 0)
			return true;
	return false;
}

static void note_published(const struct transformer_row *r, struct mw_buf *note)
{
	for (int m = 0; m <= PROFILE_INTENSITY; m++) {
		const struct profile_cell *c = r->published[m];
		if (!remarkable(r, m) || (*c->note && told(r, m)))
			continue;
		mw_buf_add(note, "%s%s", note->len ? "; " : "", metric_word(m));
		for (int k = m + 1; k <= PROFILE_INTENSITY && *c->note; k++)
			if (remarkable(r, k) && strcmp(r->published[k]->note, c->note) == 0)
				mw_buf_add(note, ", %s", metric_word(k));
		if (*c->note)
			mw_buf_add(note, ": %s", c->note);
		else
			mw_buf_add(note, ": fit residual, %.5g where %s is printed", in_unit(r, m), c->printed);
	}
}

void transformer_row_note(const struct transformer_row *r, struct mw_buf *note)
{
	const struct transformer_case *c = r->of;
	note_published(r, note);
	if (r->op == TRANSFORMER_FFN && c->shape.experts > c->shape.active_experts) {
		const bool whole = c->load.phase == TRANSFORMER_ENCODER || c->load.phase == TRANSFORMER_PREFILL;
		const double rows = c->load.batch * (whole ? c->load.tokens : 1);
		mw_buf_add(note, "%sreads %.3g of %.0f experts in each layer at each step, if all are equally likely",
			   note->len ? "; " : "", transformer_experts(&c->shape, rows), (double)c->shape.experts);
	}
	if (r->op != TRANSFORMER_TOTAL)
		return;
	if (c->shape.projections_missing)
		mw_buf_add(note,
			   "%snot a real model: one d x d projection of each layer is left out, which fits Figs 4-6",
			   note->len ? "; " : "");
	if (c->shape.context && c->load.tokens > (double)c->shape.context)
		mw_buf_add(note, "%sbeyond the %.0f tokens that the model was trained for", note->len ? "; " : "",
			   (double)c->shape.context);
}

struct transformer_latency transformer_latency_of(const struct transformer_case *c, const struct profile *p,
						  double ridge)
{
	const struct transformer_model *base = transformer_find("bert-base");
	struct transformer_load reference = c->load;
	struct transformer_cost costs[TRANSFORMER_OPS], unit[TRANSFORMER_OPS];
	reference.phase = TRANSFORMER_ENCODER;
	reference.tokens = 128;
	reference.batch = 1;
	transformer_costs(&c->shape, &c->load, costs);
	transformer_costs(&base->shape, &reference, unit);
	struct transformer_latency out = {.modelled = transformer_time(costs, ridge) / transformer_time(unit, ridge)};
	if (as_published(c)) {
		const double seq = c->load.tokens;
		out.measured = profile_find(p, c->model, seq, TRANSFORMER_TOTAL, PROFILE_LATENCY_MEASURED);
		out.analytic = profile_find(p, c->model, seq, TRANSFORMER_TOTAL, PROFILE_LATENCY_ANALYTIC);
	}
	return out;
}
