/* The section of numa: what its maps, bars and headlines say. */
#include "tests/reports/fixture.h"

#include "reports/headline.h"
#include "reports/section.h"

TestSuite(numa_section, .init = make_dir, .fini = remove_dir);

extern const struct section section_numa;
enum { LATENCY_MAP, BANDWIDTH_MAP, CORE_LATENCY };

static void add_pair(struct results *r, const char *name, const char *metric, int64_t from, int64_t to, double value)
{
	struct mw_record rec;
	bool latency = strcmp(metric, "latency") == 0;
	mw_record_init(&rec, "numa", name, metric, latency ? MW_NS : MW_GBPS);
	(void)mw_set_int(&rec, MW_AS_PARAM, "cpu_node", from);
	(void)mw_set_int(&rec, MW_AS_PARAM, "memory_node", to);
	if (strcmp(name, "hmat") == 0) {
		(void)mw_set_text(&rec, MW_AS_PARAM, "access", "read");
		mw_record_set(&rec, value, MW_REFERENCE, "HMAT");
	} else {
		mw_record_set(&rec, value, MW_MEASURED, "");
	}
	add_record(r, rec);
}

static void add_core(struct results *r, int64_t cpu, double value)
{
	struct mw_record rec;
	mw_record_init(&rec, "numa", "core", "latency", MW_NS);
	(void)mw_set_int(&rec, MW_AS_PARAM, "on_cpu", cpu);
	mw_record_set(&rec, value, MW_MEASURED, "");
	rec.ci_lo = value - 1;
	rec.ci_hi = value + 1;
	add_record(r, rec);
}

static void add_slowest(struct results *r, const char *slow)
{
	struct mw_record rec;
	mw_record_init(&rec, "numa", "slowest-core", "latency_spread", MW_RATIO);
	(void)mw_set_int(&rec, MW_AS_OBSERVED, "cpu", 5);
	if (slow)
		(void)mw_set_text(&rec, MW_AS_OBSERVED, "slow", slow);
	mw_record_set(&rec, 1.25, MW_MEASURED, "");
	rec.ci_lo = 1.2;
	rec.ci_hi = 1.3;
	add_record(r, rec);
}

/* Two nodes with CPUs, and node 7 without. */
static void two_and_one(struct results *r)
{
	full_results(r);
	add_pair(r, "hmat", "latency", 0, 0, 90);
	add_pair(r, "hmat", "latency", 1, 7, 250);
	add_pair(r, "memory-only", "latency", 0, 7, 280);
	add_pair(r, "remote", "latency", 1, 0, 150);
	add_pair(r, "local", "latency", 0, 0, 100);
	add_pair(r, "remote", "latency", 0, 1, 160);
	add_pair(r, "local", "latency", 1, 1, 101);
	add_pair(r, "memory-only", "latency", 1, 7, 260);
}

/* The script of a figure; freed by the caller. */
static char *draw(const struct results *r, int figure, int *points, struct figure_plot *plot)
{
	char *script = NULL;
	size_t size = 0;
	*plot = (struct figure_plot){.height = 400};
	plot->script = open_memstream(&script, &size);
	cr_assert(plot->script);
	*points = section_numa.figures[figure].draw(r, &look_page, plot);
	cr_assert_eq(fclose(plot->script), 0);
	return script;
}

Test(numa_section, a_map_has_each_pair_in_its_place)
{
	struct results r;
	struct figure_plot plot;
	int points;
	two_and_one(&r);
	char *script = draw(&r, LATENCY_MAP, &points, &plot);
	cr_expect_eq(points, 6);
	/* Columns 0, 1, 7 and rows 0, 1 downwards, whatever the order of the records; promises where there are some. */
	static const char *const cells[] = {
		"\n0 0 \"100 (90)\"\n", "\n1 0 \"160\"\n",  "\n2 0 \"280\"\n",
		"\n0 -1 \"150\"\n",     "\n1 -1 \"101\"\n", "\n2 -1 \"260 (250)\"\n",
	};
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		cr_expect(strstr(script, cells[i]), "no %s in %s", cells[i], script);
	cr_expect(strstr(script, "'node 0' 0, 'node 1' 1, 'node 7 *' 2"), "%s", script);
	cr_expect_str_eq(mw_buf_text(&plot.title), "A load takes 100 to 280 ns, by the nodes of CPU and memory");
	cr_expect(strstr(mw_buf_text(&plot.caption), "HMAT") && strstr(mw_buf_text(&plot.caption), "without CPUs"));
	free(script);
	plot_fini(&plot);
	script = draw(&r, BANDWIDTH_MAP, &points, &plot);
	cr_expect_eq(points, 0, "no bandwidth was measured");
	free(script);
	plot_fini(&plot);
	results_fini(&r);
}

static const char *cell(const struct grid *g, size_t row, size_t column)
{
	return g->cells[row * g->n_columns + column];
}

Test(numa_section, the_table_has_the_promise_beside_the_measurement)
{
	struct results r;
	struct grid g;
	two_and_one(&r);
	cr_assert_eq(section_numa.figures[LATENCY_MAP].table(&r, &g), 0);
	cr_assert_eq(g.n_rows, 6);
	cr_expect_str_eq(cell(&g, 2, 0), "local");
	cr_expect_str_eq(cell(&g, 2, 5), "100");
	cr_expect_str_eq(cell(&g, 2, 6), "90");
	cr_expect_str_eq(cell(&g, 2, 7), "1.11");
	cr_expect_str_eq(cell(&g, 3, 6), "", "no promise for node 0 to node 1");
	grid_fini(&g);
	results_fini(&r);
}

/* Of many nodes what does not fit is counted; numbers that are no nodes are not drawn. */
Test(numa_section, more_nodes_than_a_map_has)
{
	struct results r;
	struct figure_plot plot;
	int points;
	full_results(&r);
	for (int i = 0; i < 12; i++)
		for (int k = 0; k < 12; k++)
			add_pair(&r, i == k ? "local" : "remote", "latency", i, k, 100 + i + k);
	add_pair(&r, "local", "latency", INT64_MIN, INT64_MAX, 5);
	char *script = draw(&r, LATENCY_MAP, &points, &plot);
	cr_expect_eq(points, 8 * 10);
	cr_expect(strstr(mw_buf_text(&plot.caption), " 65 more values are in the table only."), "%s",
		  mw_buf_text(&plot.caption));
	free(script);
	plot_fini(&plot);
	results_fini(&r);
}

Test(numa_section, cores_in_order_and_the_slow_one_named)
{
	struct results r;
	struct figure_plot plot;
	int points;
	full_results(&r);
	add_core(&r, 5, 125);
	add_core(&r, 0, 100);
	add_core(&r, 2, 101);
	add_slowest(&r, "5");
	char *script = draw(&r, CORE_LATENCY, &points, &plot);
	cr_expect_eq(points, 3);
	cr_expect(strstr(script, "0 100 99 101\n1 101 100 102\n2 125 124 126\n"), "%s", script);
	cr_expect(strstr(script, "'0' 0, '2' 1, '5' 2"), "%s", script);
	cr_expect_str_eq(mw_buf_text(&plot.title), "CPU 5: slower than the others");
	free(script);
	plot_fini(&plot);
	results_fini(&r);
}

static const struct headline *headline_of(const struct headlines *h, const char *label)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i].label, label) == 0)
			return &h->v[i];
	return NULL;
}

Test(numa_section, headlines)
{
	struct results r;
	struct headlines h;
	two_and_one(&r);
	add_slowest(&r, NULL);
	cr_assert_eq(headlines_of(&r, &h), 0);
	static const struct {
		const char *label;
		double value;
	} rows[] = {{"Local memory latency", 100},
		    {"Remote memory latency", 160},
		    {"Remote / local latency", 1.6},
		    {"Latency of memory without CPUs", 280},
		    {"Memory without CPUs / local latency", 2.8},
		    {"Slowest core, latency", 1.25}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct headline *line = headline_of(&h, rows[i].label);
		cr_assert(line, "%s", rows[i].label);
		cr_expect_float_eq(line->value, rows[i].value, 1e-9, "%s: %g", rows[i].label, line->value);
	}
	cr_expect(strstr(headline_of(&h, "Slowest core, latency")->detail, "not slower"));
	headlines_fini(&h);
	results_fini(&r);
}

/* The reason instead of remote memory; on a machine with one node there is nothing to say. */
Test(numa_section, headlines_without_remote_memory)
{
	struct results r;
	struct headlines h;
	struct mw_record rec;
	full_results(&r);
	add_pair(&r, "local", "latency", 0, 0, 100);
	mw_record_init(&rec, "numa", "remote", "latency", MW_NS);
	mw_record_unavailable(&rec, "this run measures the memory of one NUMA node");
	add_record(&r, rec);
	add_slowest(&r, "5");
	cr_assert_eq(mw_host_set_nodes(&r.host, 1), 0);
	cr_assert_eq(headlines_of(&r, &h), 0);
	cr_expect_null(headline_of(&h, "Remote memory"));
	headlines_fini(&h);
	cr_assert_eq(mw_host_set_nodes(&r.host, 2), 0);
	cr_assert_eq(headlines_of(&r, &h), 0);
	const struct headline *remote = headline_of(&h, "Remote memory");
	cr_assert(remote && isnan(remote->value));
	cr_expect_str_eq(remote->detail, "this run measures the memory of one NUMA node");
	cr_expect(strstr(headline_of(&h, "Slowest core, latency")->detail, "CPU 5 slower than the median core"));
	headlines_fini(&h);
	results_fini(&r);
}
