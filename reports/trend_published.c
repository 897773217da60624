/* Published statements on 20 years of memory beside fits of data; memory that training takes (figure 4). */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/trends.h"

/* ---- 128x, 20x, 1.3x ---- */

static const struct {
	const char *series, *with; /* with: the fit that stands beside it */
	double factor;             /* said of 20 years */
	const char *words;
} said[] = {
	{"essay.capacity.accelerator_memory", "accelerator_memory", 128, "DRAM capacity"},
	{"essay.capacity.epoch", "epoch.memory", 128, "DRAM capacity"},
	{"essay.bandwidth.dram_bw", "dram_bw", 20, "DRAM bandwidth"},
	{"essay.bandwidth.intel", "rupp.intel_mem_bw", 20, "DRAM bandwidth"},
	{"essay.bandwidth.epoch", "epoch.mem_bw", 20, "DRAM bandwidth"},
};
static const double latency_said = 1.3;

#define ESSAY "Asianometry's essay on the memory wall of AI; no primary source found: unverified"

static int add_said(struct trends *t)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct trend_points p;
		struct trend_line l;
		char note[120];
		mw_format(note, sizeof(note), "%s: %.0fx is unverified; fitted: %s", said[i].words, said[i].factor,
			  said[i].with);
		struct trend_row *r = trends_add(t, TREND_T_TWENTY_YEARS, said[i].series, note);
		int rc = r ? trends_line(t, said[i].with, &p, &l) : -ENOMEM;
		if (rc == 0)
			trend_row_line(r, &l);
		else if (r)
			r->provenance = MW_UNAVAILABLE;
		if (r)
			trend_row_published(r, exp2(log2(said[i].factor) / 10), said[i].factor);
		if (r && rc != -ENOMEM)
			trend_points_fini(&p);
		if (rc == -ENOMEM || trend_row_text(&r->source, ESSAY) < 0 ||
		    trend_row_also(r, "fitted", &t->data, trend_series_find(said[i].with)->table, 0) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- Patterson: latency lags bandwidth ---- */

/* Value of a technology's metric, NaN when it is not there; *row is where. */
static double patterson(const struct csv *c, const char *technology, const char *metric, size_t *row)
{
	for (*row = 0; *row < c->n_rows; ++*row) {
		double v;
		if (strcmp(csv_cell(c, *row, 0), technology) == 0 && strcmp(csv_cell(c, *row, 1), metric) == 0 &&
		    csv_number(c, *row, csv_column(c, "value"), &v, NULL, 0) == 1)
			return v;
	}
	return (double)NAN;
}

static void name_of(const char *technology, const char *metric, char *out, size_t n)
{
	mw_format(out, n, "patterson.%s.%.*s", technology, (int)strcspn(metric, " "), metric);
	for (char *c = out; *c; c++)
		if (*c == ' ' || *c == '-')
			*c = '_';
}

/* One row: growth by `factor` in that many years. */
static int add_patterson_row(struct trends *t, size_t row, double factor, double years)
{
	const struct csv *c = &t->data.tables[TREND_PATTERSON];
	const char *technology = csv_cell(c, row, 0);
	char series[100];
	size_t other;
	name_of(technology, csv_cell(c, row, 1), series, sizeof(series));
	struct trend_row *r = trends_add(t, TREND_T_PATTERSON, series, csv_cell(c, row, csv_column(c, "status")));
	if (!r || trend_row_text(&r->source, csv_cell(c, row, csv_column(c, "source"))) < 0)
		return -ENOMEM;
	r->licence = csv_cell(c, row, csv_column(c, "licence"));
	const struct trend_rate rate = {log2(factor) / years, (double)NAN, (double)NAN};
	trend_row_rate(r, &rate);
	/* The rule of Patterson, CACM 47(10), 2004: while bandwidth doubles, latency improves 1.2 to 1.4 times at most.
	 */
	double bandwidth = patterson(c, technology, years > 1 ? "bandwidth improvement" : "bandwidth per year", &other);
	if (strncmp(csv_cell(c, row, 1), "latency", 7) == 0 && bandwidth > 1) {
		r->v[TREND_VALUE] = exp2(log2(factor) / log2(bandwidth));
		r->unit = "x latency while bandwidth doubles";
	}
	return 0;
}

static int add_patterson(struct trends *t, char *err, size_t n)
{
	const struct csv *c = &t->data.tables[TREND_PATTERSON];
	int rc = 0;
	for (size_t row = 0; row < c->n_rows && rc == 0; row++) {
		double v;
		bool yearly = strcmp(csv_cell(c, row, csv_column(c, "unit")), "x/yr") == 0;
		if (strcmp(csv_cell(c, row, 0), "all") == 0)
			continue; /* the rule of thumb is a range and has no rate */
		rc = csv_number(c, row, csv_column(c, "value"), &v, err, n);
		if (rc == 1)
			rc = add_patterson_row(t, row, v, yearly ? 1 : 20);
	}
	return rc;
}

/* The 1.3x of latency, beside the rates of Patterson. */
static int add_latency_said(struct trends *t)
{
	static const struct {
		const char *series, *technology, *metric;
		double years;
	} beside[] = {
		{"essay.latency.memory", "memory", "latency per year", 1},
		{"essay.latency.memory_module", "memory module 1980-2000", "latency improvement", 20},
	};
	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
		size_t row;
		char note[160];
		double v = patterson(&t->data.tables[TREND_PATTERSON], beside[i].technology, beside[i].metric, &row);
		mw_format(note, sizeof(note), "DRAM latency: %.1fx is unverified; Patterson: %s, %s", latency_said,
			  beside[i].technology, beside[i].metric);
		struct trend_row *r = trends_add(t, TREND_T_TWENTY_YEARS, beside[i].series, note);
		if (!r || trend_row_text(&r->source, ESSAY) < 0 ||
		    trend_row_also(r, "Patterson", &t->data, TREND_PATTERSON, row) < 0)
			return -ENOMEM;
		const struct trend_rate rate = {log2(v) / beside[i].years, (double)NAN, (double)NAN};
		trend_row_rate(r, &rate);
		trend_row_published(r, exp2(log2(latency_said) / 10), latency_said);
	}
	return 0;
}

/* ---- what training takes: figure 4 ---- */

static double cell(const struct csv *c, size_t row, const char *column)
{
	double v;
	(void)csv_number(c, row, csv_column(c, column), &v, NULL, 0);
	return v;
}

static int add_training(struct trends *t)
{
	const struct csv *c = &t->data.tables[TREND_TRAINING_MEMORY];
	for (size_t row = 0; row < c->n_rows; row++) {
		char series[100];
		double year = cell(c, row, "year"), activation = cell(c, row, "activation_GB");
		double sum = cell(c, row, "params_GB") + cell(c, row, "optimizer_GB") + activation;
		if ((t->from > 0 && year < t->from) || (t->to > 0 && year >= t->to))
			continue;
		mw_format(series, sizeof(series), "training_memory.%s", csv_cell(c, row, csv_column(c, "model")));
		struct trend_row *r =
			trends_add(t, TREND_T_TRAINING_MEMORY, series, csv_cell(c, row, csv_column(c, "note")));
		if (!r || trend_row_source(r, &t->data, TREND_TRAINING_MEMORY) < 0)
			return -ENOMEM;
		r->unit = "GB";
		r->v[TREND_YEAR] = year;
		r->v[TREND_VALUE] = sum;
		r->v[TREND_PUBLISHED] = cell(c, row, "total_GB_readme");
		r->v[TREND_ERROR] = sum / r->v[TREND_PUBLISHED] - 1;
		r->v[TREND_DRAWN] = cell(c, row, "fig_total_GB");
		r->v[TREND_LIMIT] = cell(c, row, "gpu_limit_GB");
		r->v[TREND_SHARE] = activation / sum;
	}
	return 0;
}

int trends_add_published(struct trends *t, char *err, size_t n)
{
	int rc = add_said(t);
	if (rc == 0)
		rc = add_latency_said(t);
	if (rc == 0)
		rc = add_patterson(t, err, n);
	if (rc == 0)
		rc = add_training(t);
	return rc;
}
