#include "reports/trend_data.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

#define PAPER "Gholami et al., IEEE Micro 2024 (arXiv 2403.14123): (c) 2021 Amir Gholami, MIT licence"
#define EPOCH "Epoch AI, CC BY 4.0"
#define RUPP "Karl Rupp, CC BY 4.0"

#define TABLES(T)                                                                                                      \
	T(TREND_HW_FLOPS, hw_flops, PAPER)                                                                             \
	T(TREND_DRAM_BW, dram_bw, PAPER)                                                                               \
	T(TREND_INTERCONNECT_BW, interconnect_bw, PAPER)                                                               \
	T(TREND_EDITION_2021, fig1_2021_edition, PAPER)                                                                \
	T(TREND_MODEL_PARAMS, model_params, PAPER)                                                                     \
	T(TREND_TRAIN_FLOPS, model_train_flops, PAPER)                                                                 \
	T(TREND_ACCELERATOR_MEMORY, accelerator_memory, PAPER)                                                         \
	T(TREND_TRAINING_MEMORY, training_memory, PAPER)                                                               \
	T(TREND_README_MODELS, readme_models, PAPER)                                                                   \
	T(TREND_EPOCH_HARDWARE, epoch_hardware, EPOCH ", machine-learning hardware")                                   \
	T(TREND_EPOCH_MODELS, epoch_models, EPOCH ", notable models")                                                  \
	T(TREND_RUPP_50, rupp_50yrs, RUPP ", microprocessor trend data")                                               \
	T(TREND_RUPP_DEVICES, rupp_devices, RUPP ", CPU, GPU and MIC comparison")                                      \
	T(TREND_PATTERSON, patterson_latency_bandwidth, "Patterson, CACM 47(10), 2004, and slides of the talk")

#define DECLARE(id, name, credit)                                                                                      \
	extern const char mw_data_##name##_csv[];                                                                      \
	extern const size_t mw_data_##name##_csv_size;
TABLES(DECLARE)

#define ROW(id, name, credit) [id] = {#name, mw_data_##name##_csv, &mw_data_##name##_csv_size, credit},
const struct trend_table_info trend_tables[TREND_TABLES] = {TABLES(ROW)};

int trend_data_open(struct trend_data *out, char *err, size_t n)
{
	int rc = 0;
	memset(out, 0, sizeof(*out));
	for (int t = 0; t < TREND_TABLES && rc == 0; t++)
		rc = csv_parse(trend_tables[t].name, trend_tables[t].text, *trend_tables[t].size, &out->tables[t], err,
			       n);
	return rc;
}

void trend_data_fini(struct trend_data *d)
{
	for (int t = 0; t < TREND_TABLES; t++)
		csv_fini(&d->tables[t]);
}

/* ---- a row of a table as a point ---- */

/* Does text contain (part) or equal (not part) one of the words "a|b|c"? */
static bool has_word(const char *text, const char *words, bool part)
{
	size_t len = strlen(text);
	for (;;) {
		size_t w = strcspn(words, "|");
		if (!part && w == len && strncmp(text, words, w) == 0)
			return true;
		if (part && w && memmem(text, len, words, w))
			return true;
		if (!words[w])
			return false;
		words += w + 1;
	}
}

static bool is_chosen(const struct csv *c, size_t row, const struct trend_series *s)
{
	for (size_t i = 0; i < sizeof(s->where) / sizeof(*s->where); i++) {
		const struct trend_where *w = &s->where[i];
		if (w->column &&
		    has_word(csv_cell(c, row, csv_column(c, w->column)), w->words, w->part != 0) == (w->not != 0))
			return false;
	}
	return true;
}

/* *out: the largest number in the columns "a|b|c" (len bytes). Returns 1; 0 where all are empty; MW_EFORMAT. */
static int largest(const struct csv *c, size_t row, const char *columns, size_t len, double *out, char *err, size_t n)
{
	*out = (double)NAN;
	for (const char *end = columns + len; columns < end;) {
		char column[40];
		double v = (double)NAN;
		int at = -1;
		size_t word = 0;
		while (columns + word < end && columns[word] != '|')
			word++;
		mw_format(column, sizeof(column), "%.*s", (int)word, columns);
		int rc = csv_need(c, column, &at, err, n);
		if (rc == 0)
			rc = csv_number(c, row, at, &v, err, n);
		if (rc < 0)
			return rc;
		*out = fmax(*out, v); /* of a number and NaN: the number */
		columns += word + 1;
	}
	return *out > 0;
}

/* *out: value of an expression of columns (struct trend_series). Returns 1; 0 where the row has none; MW_EFORMAT. */
static int value_of(const struct csv *c, size_t row, const char *expression, double *out, char *err, size_t n)
{
	size_t above = strcspn(expression, "/");
	const char *below = expression + above + (expression[above] == '/');
	double divisor = 1;
	int rc = largest(c, row, expression, above, out, err, n);
	if (rc == 1 && *below)
		rc = largest(c, row, below, strlen(below), &divisor, err, n);
	*out /= divisor;
	return rc;
}

static int date_of(const struct csv *c, size_t row, int column, double *out, char *err, size_t n)
{
	const char *text = csv_cell(c, row, column);
	/* Rupp's years are numbers; dates of the others are days. */
	if (strcmp(c->heads[column], "year") == 0)
		return csv_number(c, row, column, out, err, n);
	if (!*text)
		return 0;
	if (trend_date(text, out) == 0)
		return 1;
	return mw_fail(MW_EFORMAT, err, n, "%s:%zu: '%s' is no date", c->name, csv_line(c, row), text);
}

/* ---- changes to the points (enum trend_twist) ---- */

static void by_date(struct trend_points *p)
{
	for (size_t i = 1; i < p->n; i++) {
		struct trend_point moved = p->v[i];
		size_t k = i;
		for (; k > 0 && p->v[k - 1].date > moved.date; k--)
			p->v[k] = p->v[k - 1];
		p->v[k] = moved;
	}
}

static void running_max(struct trend_points *p)
{
	size_t kept = 0;
	double most = 0;
	by_date(p);
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].value > most) {
			most = p->v[i].value;
			p->v[kept++] = p->v[i];
		}
	}
	p->n = kept;
}

static void end_points(struct trend_points *p)
{
	by_date(p);
	if (p->n > 2) {
		p->v[1] = p->v[p->n - 1];
		p->n = 2;
	}
}

static int twist(struct trend_points *p, enum trend_twist how)
{
	const double r10000 = 390e6, h100 = 3.35e12;
	double h100_date = 0;
	(void)trend_date("2022-09-20", &h100_date);
	if (how == TREND_RUNNING_MAX)
		running_max(p);
	if (how == TREND_END_POINTS)
		end_points(p);
	if (how == TREND_R10000_390 && p->n)
		p->v[0].value = r10000;
	if (how == TREND_LAST_H100 && p->n)
		p->n--;
	return how == TREND_AND_H100 || how == TREND_LAST_H100 ? trend_points_add(p, h100_date, h100, "H100 SXM") : 0;
}

/* ---- series ---- */

const struct trend_series *trend_series_find(const char *name)
{
	for (const struct trend_series *s = trend_series; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

int trend_series_points(const struct trend_data *d, const struct trend_series *s, struct trend_points *out, char *err,
			size_t n)
{
	const struct csv *c = &d->tables[s->table];
	int name = csv_column(c, "name"), date;
	*out = (struct trend_points){0};
	int rc = csv_need(c, s->date, &date, err, n);
	name = name >= 0 ? name : csv_column(c, "model");
	for (size_t row = 0; row < c->n_rows && rc >= 0; row++) {
		double x, y;
		if (!is_chosen(c, row, s))
			continue;
		rc = date_of(c, row, date, &x, err, n);
		if (rc == 1)
			rc = value_of(c, row, s->value, &y, err, n);
		if (rc == 1 && (s->from == 0 || x >= s->from) && (s->to == 0 || x < s->to))
			rc = trend_points_add(out, x, y, csv_cell(c, row, name));
	}
	if (rc >= 0)
		rc = twist(out, s->twist);
	if (rc < 0)
		trend_points_fini(out);
	return rc < 0 ? rc : 0;
}
