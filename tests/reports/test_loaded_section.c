/* The section of loaded: which points its figure draws, in which order, and what it says beside them. */
#include "tests/reports/fixture.h"

#include "reports/headline.h"
#include "reports/section.h"

extern const struct section section_loaded;

static void add_point(struct results *r, const char *mix, int64_t load, int64_t memory_node, double ns, double bus)
{
	struct mw_record rec;
	mw_record_init(&rec, "loaded", "loaded", "latency", MW_NS);
	(void)mw_set_text(&rec, MW_AS_PARAM, "mix", mix);
	(void)mw_set_int(&rec, MW_AS_PARAM, "load", load);
	(void)mw_set_int(&rec, MW_AS_PARAM, "threads", 4);
	(void)mw_set_int(&rec, MW_AS_PARAM, "cpu_node", 0);
	(void)mw_set_int(&rec, MW_AS_PARAM, "memory_node", memory_node);
	(void)mw_set_real(&rec, MW_AS_OBSERVED, "bus", bus);
	(void)mw_set_real(&rec, MW_AS_OBSERVED, "achieved", bus / 2);
	mw_record_set(&rec, ns, MW_MEASURED, NULL);
	rec.ci_lo = ns - 10;
	rec.ci_hi = ns + 20;
	add_record(r, rec);
}

static void add_unloaded(struct results *r, double ns)
{
	struct mw_record rec;
	mw_record_init(&rec, "loaded", "unloaded", "latency", MW_NS);
	(void)mw_set_int(&rec, MW_AS_PARAM, "size", 1 << 30);
	(void)mw_set_int(&rec, MW_AS_PARAM, "stride", 256);
	(void)mw_set_int(&rec, MW_AS_PARAM, "window", 1 << 20);
	mw_record_set(&rec, ns, MW_MEASURED, NULL);
	add_record(r, rec);
}

/* The script of the figure; freed by the caller. */
static char *draw(const struct results *r, int *points, struct figure_plot *plot)
{
	char *script = NULL;
	size_t size = 0;
	*plot = (struct figure_plot){.height = 0};
	plot->script = open_memstream(&script, &size);
	cr_assert(plot->script);
	*points = section_loaded.figures[0].draw(r, &look_page, plot);
	cr_assert_eq(fclose(plot->script), 0);
	return script;
}

/* Points are joined by rising load, also where more load gave less bandwidth; other memory has no line. */
Test(loaded_section, a_line_per_mix_by_load_of_the_first_pair_of_nodes)
{
	struct results r;
	struct figure_plot plot;
	int points;
	results_init(&r);
	add_unloaded(&r, 100);
	add_point(&r, "100:0", 100, 0, 400, 80);
	add_point(&r, "100:0", 30, 0, 120, 30);
	add_point(&r, "50:50-nt", 100, 0, 500, 60);
	add_point(&r, "100:0", 90, 0, 300, 90);
	add_point(&r, "100:0", 30, 1, 220, 25);
	add_point(&r, "50:50-nt", 30, 0, -1, 20);
	char *script = draw(&r, &points, &plot);
	cr_expect_eq(points, 4);
	cr_expect(strstr(script, "$line0 << EOD\n30 120 110 140\n90 300 290 320\n80 400 390 420\nEOD\n"), "%s", script);
	cr_expect(strstr(script, "$line1 << EOD\n60 500 490 520\nEOD\n"), "%s", script);
	cr_expect_null(strstr(script, "220"), "memory of another node");
	cr_expect_eq(plot.n_legend, 2);
	cr_expect_str_eq(mw_buf_text(&plot.legend[1].label), "50:50-nt");
	/* The whole of both axes, from 0: 1.05 times 90 GB/s, 1.15 times 520 ns. */
	cr_expect(strstr(script, "set xrange [0:94.5]\nset yrange [0:598]\n"), "%s", script);
	cr_expect(strstr(script, "'saturation: twice the unloaded' at graph 0.01, first 200 "), "%s", script);
	cr_expect_str_eq(mw_buf_text(&plot.title),
			 "A load takes 100 ns without traffic and 400 ns beside 80 GB/s (100:0)");
	cr_expect(strstr(mw_buf_text(&plot.caption), "3 threads made the traffic"), "%s", mw_buf_text(&plot.caption));
	cr_expect(strstr(mw_buf_text(&plot.caption), "1 value"), "the latency of -1 is in the table only: %s",
		  mw_buf_text(&plot.caption));
	free(script);
	plot_fini(&plot);
	results_fini(&r);
}

Test(loaded_section, twice_the_unloaded_latency_is_in_the_figure)
{
	struct results r;
	struct figure_plot plot;
	int points;
	results_init(&r);
	char *script = draw(&r, &points, &plot);
	cr_expect_eq(points, 0, "nothing was measured");
	free(script);
	plot_fini(&plot);
	add_point(&r, "100:0", 100, 0, 130, 40);
	script = draw(&r, &points, &plot);
	cr_expect_eq(points, 1);
	cr_expect_str_eq(mw_buf_text(&plot.title), "Latency under load");
	cr_expect_null(strstr(script, "saturation"));
	free(script);
	plot_fini(&plot);
	add_unloaded(&r, 100);
	script = draw(&r, &points, &plot);
	cr_expect(strstr(script, "set yrange [0:230]"), "%s", script);
	free(script);
	plot_fini(&plot);
	results_fini(&r);
}

static const struct headline *find(const struct headlines *h, const char *label)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i].label, label) == 0)
			return &h->v[i];
	return NULL;
}

Test(loaded_section, what_was_not_reached_is_told_with_its_reason)
{
	struct results r;
	struct headlines h;
	struct mw_record rec;
	results_init(&r);
	add_unloaded(&r, 100);
	add_point(&r, "100:0", 100, 0, 130, 40);
	mw_record_init(&rec, "loaded", "saturation", "bandwidth", MW_GBPS);
	(void)mw_set_text(&rec, MW_AS_PARAM, "mix", "100:0");
	mw_record_unavailable(&rec, "3 generators are too few");
	add_record(&r, rec);
	cr_assert_eq(headlines_of(&r, &h), 0);
	const struct headline *loaded = find(&h, "Latency beside full read traffic");
	cr_assert(loaded);
	cr_expect_float_eq(loaded->value, 130, 1e-9);
	cr_expect(strstr(loaded->detail, "beside 20 GB/s"), "%s", loaded->detail);
	const struct headline *top = find(&h, "Saturation (reads)");
	cr_assert(top);
	cr_expect(isnan(top->value));
	cr_expect_str_eq(top->detail, "3 generators are too few");
	headlines_fini(&h);
	results_fini(&r);
}
