/* The compiled-in points, and the rates that they give, against values found by another program (Python, the method of
 * the paper) from the same files. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/trend_data.h"

static char err[400];

static void open_data(struct trend_data *d)
{
	cr_assert_eq(trend_data_open(d, err, sizeof(err)), 0, "%s", err);
}

Test(trend_data, every_file_has_its_rows_and_names_source_and_licence)
{
	static const size_t rows[TREND_TABLES] = {
		[TREND_HW_FLOPS] = 37,          [TREND_DRAM_BW] = 12,        [TREND_INTERCONNECT_BW] = 10,
		[TREND_EDITION_2021] = 53,      [TREND_MODEL_PARAMS] = 16,   [TREND_TRAIN_FLOPS] = 21,
		[TREND_ACCELERATOR_MEMORY] = 7, [TREND_TRAINING_MEMORY] = 8, [TREND_README_MODELS] = 23,
		[TREND_EPOCH_HARDWARE] = 175,   [TREND_EPOCH_MODELS] = 743,  [TREND_RUPP_50] = 465,
		[TREND_RUPP_DEVICES] = 49,      [TREND_PATTERSON] = 14,
	};
	struct trend_data d;
	open_data(&d);
	for (int t = 0; t < TREND_TABLES; t++) {
		const struct csv *c = &d.tables[t];
		int source = csv_column(c, "source"), licence = csv_column(c, "licence");
		cr_assert_eq(c->n_rows, rows[t], "%s has %zu rows", c->name, c->n_rows);
		for (size_t row = 0; row < c->n_rows; row++) {
			cr_assert_str_neq(csv_cell(c, row, source), "", "%s:%zu", c->name, csv_line(c, row));
			cr_assert_str_neq(csv_cell(c, row, licence), "", "%s:%zu", c->name, csv_line(c, row));
		}
		bool by = strcmp(csv_cell(c, 0, licence), "CC BY 4.0") == 0;
		cr_assert_eq(by, strstr(trend_tables[t].credit, "CC BY 4.0") != NULL, "%s: %s", c->name,
			     trend_tables[t].credit);
	}
	trend_data_fini(&d);
}

/* Series, points, rate per two years, its interval, factor in 20 years, R^2: digits as printed. */
static const struct golden {
	const char *series;
	size_t n;
	const char *rate, *lo, *hi, *factor, *r2;
} golden[] = {
	{"hw_flops", 37, "3.026", "2.69", "3.4", "6.43e+04", "0.909"},
	{"dram_bw", 12, "1.591", "1.46", "1.73", "104.2", "0.922"},
	{"interconnect_bw", 10, "1.415", "1.35", "1.48", "32.19", "0.965"},
	{"model_params", 10, "413.1", "120", "1.42e+03", NULL, "0.920"},
	{"model_train_flops", 10, "754.9", "110", "5.2e+03", NULL, "0.850"},
	{"accelerator_memory", 7, "1.863", "1.48", "2.35", "503.7", "0.847"},

	{"edition2021.hw_flops", 35, "3.133", "2.71", "3.62", "9.104e+04", "0.881"},
	{"edition2021.dram_bw", 10, "1.391", "1.29", "1.5", "27.1", "0.903"},
	{"edition2021.interconnect_bw", 8, "1.427", "1.37", "1.48", "35", "0.982"},
	{"edition2021.model_params", 10, "240.9", "9.89", "5.87e+03", NULL, "0.586"},
	{"edition2021.accelerator_memory", 6, "1.987", "1.43", "2.77", NULL, "0.805"},
	{"edition2021.train_flops_all", 21, "14.79", "6.52", "33.5", NULL, "0.686"},

	{"hw_flops.from_2002", 35, "2.883", "2.49", "3.34", "3.962e+04", "0.856"},
	{"hw_flops.labelled", 10, "3.189", "2.95", "3.45", "1.088e+05", "0.991"},
	{"hw_flops.frontier", 17, "3.047", "2.7", "3.43", "6.888e+04", "0.957"},
	{"hw_flops.r10000_390", 37, "3.015", "2.68", "3.39", "6.208e+04", "0.908"},
	{"hw_flops.end_points", 2, "3.194", "nan", "nan", "1.104e+05", "1.000"},
	{"dram_bw.end_points", 2, "1.7", "nan", "nan", "201.1", "1.000"},
	{"interconnect_bw.end_points", 2, "1.454", "nan", "nan", "42.16", "1.000"},
	{"hw_flops.no_tpu", 34, "3.012", "2.64", "3.43", "6.143e+04", "0.896"},
	{"hw_flops.no_16bit", 30, "2.821", "2.41", "3.31", "3.191e+04", "0.854"},
	{"dram_bw.hbm", 6, "1.492", "1.42", "1.57", "54.63", "0.985"},
	{"dram_bw.gddr", 6, "1.485", "1.34", "1.65", "52.01", "0.933"},
	{"dram_bw.and_h100_sxm", 13, "1.613", "1.49", "1.75", "119", "0.927"},
	{"dram_bw.last_h100_sxm", 12, "1.612", "1.48", "1.76", "118.5", "0.921"},
	{"interconnect_bw.pcie", 6, "1.376", "1.31", "1.45", "24.37", "0.976"},
	{"interconnect_bw.nvlink", 4, "1.642", "1.54", "1.75", "142.9", "0.992"},
	{"model_params.dense", 8, "213.7", "80.2", "570", NULL, "0.950"},
	{"model_params.and_recsys", 11, "643.9", "93.6", "4.43e+03", NULL, "0.828"},
	{"model_params.from_2018", 9, "479.9", "102", "2.26e+03", NULL, "0.897"},
	{"model_train_flops.without_four", 6, "1726", "560", "5.32e+03", NULL, "0.977"},
	{"model_train_flops.all", 21, "14.79", "6.52", "33.5", NULL, "0.686"},
	{"readme.params", 12, "200.8", "15.2", "2.65e+03", NULL, "0.619"},
	{"readme.params_no_duplicate", 10, "240.9", "9.89", "5.87e+03", NULL, "0.586"},
	{"readme.train_flops", 9, "887.7", "115", "6.85e+03", NULL, "0.858"},

	{"epoch.fp32", 126, "1.651", "1.55", "1.76", "150.3", "0.652"},
	{"epoch.tensor_fp16", 66, "1.813", "1.57", "2.1", "382.9", "0.500"},
	{"epoch.best16", 154, "2.414", "2.21", "2.64", "6712", "0.716"},
	{"epoch.mem_bw", 148, "1.636", "1.5", "1.78", "137.6", "0.469"},
	{"epoch.memory", 132, "1.588", "1.43", "1.76", "102", "0.378"},
	{"epoch.intranode", 24, "1.715", "1.32", "2.23", "220.1", "0.427"},
	{"epoch.intranode_nvidia", 18, "1.824", "1.31", "2.55", "408.2", "0.437"},
	{"epoch.internode", 17, "1.76", "1.63", "1.9", "284.9", "0.933"},
	{"epoch_dc.best16", 60, "2.658", "2.46", "2.87", "1.759e+04", "0.916"},
	{"epoch_dc.mem_bw", 56, "1.809", "1.66", "1.98", "374.4", "0.763"},
	{"epoch_dc.memory", 49, "1.729", "1.59", "1.88", "238.3", "0.768"},
	{"epoch_dc.balance", 55, "1.479", "1.36", "1.61", "50.17", "0.614"},
	{"epoch_lm.params", 119, "17.04", "7.87", "36.9", NULL, "0.307"},
	{"epoch_lm.train_flop", 95, "212", "52.1", "862", NULL, "0.376"},
	{"epoch_models.train_flop", 453, "18.67", "15.2", "22.9", NULL, "0.636"},
	{"epoch_models.params", 599, "4.485", "3.96", "5.08", NULL, "0.482"},
	{"rupp.intel_fp32", 12, "2.3", "2.02", "2.62", "4137", "0.941"},
	{"rupp.intel_mem_bw", 12, "1.39", "1.32", "1.47", "26.9", "0.933"},
	{"rupp.intel_balance", 12, "1.655", "1.51", "1.81", "153.8", "0.925"},
	{"rupp.amd_fp32", 11, "1.682", "1.49", "1.9", "181.6", "0.889"},
	{"rupp.amd_mem_bw", 11, "1.486", "1.39", "1.59", "52.53", "0.934"},
	{"rupp.amd_balance", 11, "1.132", "1.02", "1.25", "3.457", "0.395"},
	{"rupp.nvidia_fp32", 12, "1.843", "1.77", "1.93", "453.3", "0.987"},
	{"rupp.nvidia_mem_bw", 12, "1.444", "1.36", "1.54", "39.29", "0.931"},
	{"rupp.nvidia_balance", 12, "1.277", "1.19", "1.37", "11.54", "0.827"},
	{"rupp50.transistors", 99, "2.003", "1.96", "2.04", "1042", "0.980"},
	{"rupp50.frequency", 101, "1.373", "1.33", "1.42", "23.8", "0.791"},
	{"rupp50.specint", 74, "1.6", "1.54", "1.66", "109.8", "0.904"},
};

static void reads(const char *series, const char *what, const char *format, double v, const char *expected)
{
	char text[40];
	(void)snprintf(text, sizeof(text), format[1] == '4' ? "%.4g" : format[1] == '3' ? "%.3g" : "%.3f", v);
	cr_assert_str_eq(text, expected, "%s: %s is %s, not %s", series, what, text, expected);
}

Test(trend_data, every_series_gives_its_golden_rate)
{
	struct trend_data d;
	size_t known = 0;
	open_data(&d);
	for (size_t i = 0; i < sizeof(golden) / sizeof(*golden); i++) {
		const struct golden *g = &golden[i];
		const struct trend_series *s = trend_series_find(g->series);
		struct trend_points p;
		struct trend_line l;
		cr_assert_not_null(s, "%s", g->series);
		cr_assert_eq(trend_series_points(&d, s, &p, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(trend_fit(&p, &l), 0, "%s", g->series);
		cr_assert_eq(l.n, g->n, "%s has %zu points", g->series, l.n);
		const struct trend_interval ci = trend_factor_ci(&l.rate, 2);
		reads(g->series, "rate", "%4", trend_factor(&l.rate, 2), g->rate);
		reads(g->series, "lower end", "%3", ci.lo, g->lo);
		reads(g->series, "upper end", "%3", ci.hi, g->hi);
		reads(g->series, "R^2", "%f", l.r2, g->r2);
		if (g->factor)
			reads(g->series, "factor in 20 years", "%4", trend_factor(&l.rate, 20), g->factor);
		trend_points_fini(&p);
	}
	for (const struct trend_series *s = trend_series; s->name; s++, known++)
		for (const struct trend_series *t = trend_series; t < s; t++)
			cr_assert_str_neq(s->name, t->name);
	cr_assert_eq(known, sizeof(golden) / sizeof(*golden), "%zu series, some without a golden rate", known);
	trend_data_fini(&d);
}

/* The lines in the authors' drawings are those of our fits: same points, same method. */
Test(trend_data, fits_are_the_lines_that_the_authors_drew)
{
	struct trend_data d;
	size_t drawn = 0;
	open_data(&d);
	for (const struct trend_series *s = trend_series; s->name; s++) {
		struct trend_points p;
		struct trend_line l;
		if (s->drawn == 0)
			continue;
		cr_assert_eq(trend_series_points(&d, s, &p, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(trend_fit(&p, &l), 0);
		double rate = trend_factor(&l.rate, 2);
		cr_assert_float_eq(rate / s->drawn, 1, 3e-4, "%s: %.6g, drawn %.6g", s->name, rate, s->drawn);
		cr_assert_float_eq(rate / s->published, 1, s->published == 2 ? 0.07 : 0.012, "%s", s->name);
		trend_points_fini(&p);
		drawn++;
	}
	cr_assert_eq(drawn, 6);
	trend_data_fini(&d);
}

Test(trend_data, columns_that_are_missing_are_named)
{
	struct trend_data d;
	struct trend_points p;
	open_data(&d);
	struct trend_series s = *trend_series_find("hw_flops");
	s.value = "peak_flops|watts";
	cr_assert_lt(trend_series_points(&d, &s, &p, err, sizeof(err)), 0);
	cr_assert_not_null(strstr(err, "'watts'"), "%s", err);
	trend_points_fini(&p);
	s = *trend_series_find("hw_flops");
	s.date = "name";
	cr_assert_lt(trend_series_points(&d, &s, &p, err, sizeof(err)), 0);
	cr_assert_str_eq(err, "hw_flops:2: 'R10000' is no date");
	trend_points_fini(&p);
	trend_data_fini(&d);
}
