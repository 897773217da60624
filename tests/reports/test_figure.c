/* Figures of absurd values: with any value in one record, every figure is still drawn, and its script has finite
 * numbers only. */
#include "tests/reports/fixture.h"

#include <errno.h>

#include "reports/html.h"
#include "reports/section.h"

TestSuite(figure, .init = make_dir, .fini = remove_dir, .timeout = 300);

extern const struct section section_latency, section_bandwidth, section_gemm, section_offload;
static const struct section *const drawn[] = {&section_latency, &section_bandwidth, &section_gemm, &section_offload};

/* The browser check's run, which has every kind of record. */
static void fixture_results(struct results *r)
{
	char command[300], err[300] = "";
	(void)snprintf(command, sizeof(command), "tests/browser/make-fixture >%s", in_dir("results.json"));
	cr_assert_eq(system(command), 0);
	cr_assert_eq(results_read(in_dir("results.json"), r, err, sizeof(err)), 0, "%s", err);
}

/* A word of the script that gnuplot would take for no number. */
static const char *no_number(const char *script)
{
	static const char *const words[] = {"inf", "nan"};
	for (size_t i = 0; i < 2; i++) {
		for (const char *at = script; (at = strstr(at, words[i])); at++) {
			const char *before = at > script && at[-1] == '-' ? at - 1 : at;
			if (before > script && strchr(" ,:[\n", before[-1]) && strchr(" ,:]\n", at[3]))
				return at;
		}
	}
	return NULL;
}

/* Every axis has a label at last, and not thousands of them. */
static unsigned longest_line(const char *script)
{
	size_t most = 0;
	for (const char *end; (end = strchr(script, '\n')); script = end + 1)
		most = (size_t)(end - script) > most ? (size_t)(end - script) : most;
	return (unsigned)most;
}

static void draw_all(const struct results *r, const char *what)
{
	for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
		struct figure_plot plot = {.height = 400};
		char *script = NULL;
		size_t size = 0;
		plot.script = open_memstream(&script, &size);
		cr_assert(plot.script);
		int points = drawn[i]->figures[0].draw(r, &look_page, &plot);
		cr_assert_eq(fclose(plot.script), 0);
		cr_assert_gt(points, 0, "%s: %s is gone", what, drawn[i]->id);
		plot_fini(&plot);
		const char *at = no_number(script);
		cr_assert_null(at, "%s: %s: %.60s", what, drawn[i]->id, at ? at - 20 : "");
		cr_assert_lt(longest_line(script), 6000, "%s: %s", what, drawn[i]->id);
		free(script);
	}
}

static const double numbers[] = {0, -1, 5e-324, 1e308, -1e308, 1e-300, NAN, INFINITY, 9223372036854775807.0};
#define NUMBERS (sizeof(numbers) / sizeof(*numbers))

static void each_number(const struct results *r, double *at, const char *name)
{
	double kept = *at;
	for (size_t k = 0; k < NUMBERS; k++) {
		char what[200];
		(void)snprintf(what, sizeof(what), "%s = %g", name, numbers[k]);
		*at = numbers[k];
		draw_all(r, what);
	}
	*at = kept;
}

static void each_parameter(const struct results *r, struct mw_kv_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mw_kv kept = l->v[i];
		char what[100];
		if (kept.type == MW_KV_STR)
			continue;
		(void)snprintf(what, sizeof(what), "%s %s", name, kept.name);
		l->v[i].type = MW_KV_REAL;
		each_number(r, &l->v[i].r, what);
		l->v[i].type = MW_KV_INT;
		for (int k = 0; k < 3; k++) {
			l->v[i].i = k == 0 ? INT64_MIN : k == 1 ? INT64_MAX : 0;
			draw_all(r, what);
		}
		l->v[i] = kept;
	}
}

static bool is_drawn(const struct mw_record *r)
{
	for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++)
		if (strcmp(r->bench, drawn[i]->bench) == 0 && isfinite(r->value))
			return true;
	return false;
}

/* One record of each bench, case and metric. */
static bool first_of_its_kind(const struct results *r, size_t i)
{
	const struct mw_record *a = &r->records.v[i];
	return mw_records_find(&r->records, a->bench, a->case_name, a->metric) == a;
}

Test(figure, every_figure_is_drawn_with_any_value)
{
	struct results r;
	unsigned kinds = 0;
	fixture_results(&r);
	draw_all(&r, "the run as it is");
	for (size_t i = 0; i < r.records.n; i++) {
		struct mw_record *rec = &r.records.v[i];
		char name[120];
		if (!is_drawn(rec) || !first_of_its_kind(&r, i))
			continue;
		kinds++;
		(void)snprintf(name, sizeof(name), "%s %s %s", rec->bench, rec->case_name, rec->metric);
		each_number(&r, &rec->value, name);
		each_number(&r, &rec->ci_lo, name);
		each_number(&r, &rec->ci_hi, name);
		each_parameter(&r, &rec->params, name);
		each_parameter(&r, &rec->observed, name);
	}
	cr_assert_gt(kinds, 30);
	results_fini(&r);
}

static void add_bandwidth(struct results *r, double value, const char *key, const char *word)
{
	struct mw_record rec;
	mw_record_init(&rec, "bandwidth", "dram-write", "bandwidth", MW_GBPS);
	cr_assert_eq(mw_set_int(&rec, MW_AS_PARAM, "threads", 2), 0);
	cr_assert_eq(mw_set_text(&rec, MW_AS_PARAM, "stores", "ordinary"), 0);
	if (key)
		cr_assert_eq(mw_set_text(&rec, MW_AS_PARAM, key, word), 0);
	mw_record_set(&rec, value, MW_MEASURED, NULL);
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	cr_assert_eq(mw_records_add(&r->records, &rec), 0);
	mw_record_fini(&rec);
}

/* Stores of zeros are no bandwidth of the memory, and threads that are spread have a row of their own. */
Test(figure, bandwidth_shows_no_contrasts)
{
	struct results r;
	struct figure_plot plot = {.height = 400};
	char *script = NULL;
	size_t size = 0;
	results_init(&r);
	add_bandwidth(&r, 41.5, NULL, NULL);
	add_bandwidth(&r, 987.5, "data", "zeros");
	add_bandwidth(&r, 62.5, "placement", "spread");
	plot.script = open_memstream(&script, &size);
	cr_assert(plot.script);
	cr_assert_eq(section_bandwidth.figures[0].draw(&r, &look_page, &plot), 2);
	cr_assert_eq(fclose(plot.script), 0);
	cr_assert(strstr(script, "41.5 ") && strstr(script, "62.5 ") && !strstr(script, "987.5"), "%s", script);
	cr_assert(strstr(script, "DRAM, 2 threads") && strstr(script, "DRAM, 2 spread threads"), "%s", script);
	plot_fini(&plot);
	free(script);
	results_fini(&r);
}

Test(figure, ticks_of_any_range_are_few)
{
	static const double ends[] = {1e-9, 1e-3, 0.5, 1, 1000, 1e9, 1e18};
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		for (size_t k = i; k < sizeof(ends) / sizeof(*ends); k++) {
			char *script = NULL;
			size_t size = 0, commas = 0;
			FILE *f = open_memstream(&script, &size);
			plot_log_ticks(f, "x", ends[i], ends[k]);
			plot_size_ticks(f, "x", ends[i], ends[k]);
			cr_assert_eq(fclose(f), 0);
			for (const char *c = script; (c = strchr(c, ',')); c++)
				commas++;
			cr_assert_lt(commas, 40, "%g to %g: %s", ends[i], ends[k], script);
			free(script);
		}
	}
}

Test(figure, what_is_left_out_is_said)
{
	struct results r;
	fixture_results(&r);
	unsigned damaged = 0;
	for (size_t i = 0; i < r.records.n && damaged < 2; i++)
		if (strcmp(r.records.v[i].bench, "latency") == 0 && isfinite(r.records.v[i].value)) {
			r.records.v[i].value = damaged ? -1 : 1e300;
			damaged++;
		}
	struct figure_plot plot = {.height = 400};
	char *script = NULL;
	size_t size = 0;
	plot.script = open_memstream(&script, &size);
	cr_assert_gt(section_latency.figures[0].draw(&r, &look_page, &plot), 0);
	cr_assert_eq(fclose(plot.script), 0);
	cr_assert(strstr(mw_buf_text(&plot.caption), "2 values"), "%s", mw_buf_text(&plot.caption));
	plot_fini(&plot);
	free(script);
	results_fini(&r);
}
