/* The interconnect beside compute and memory: which record stands for it, records of another run, its line and its
 * slope. */
#include "tests/reports/fixture.h"

#include "base/core/err.h"
#include "reports/headline.h"
#include "reports/links.h"
#include "reports/section.h"
#include "reports/trends.h"

static char err[MW_ERR_ROOM];

static void add_link(struct results *r, const char *case_name, const char *between, int64_t message, double value)
{
	struct mw_record rec;
	mw_record_init(&rec, "interconnect", case_name, "message_bandwidth", MW_GBPS);
	(void)mw_set_int(&rec, MW_AS_PARAM, "message", message);
	(void)mw_set_text(&rec, MW_AS_PARAM, "between", between);
	if (value > 0)
		mw_record_set(&rec, value, MW_MEASURED, NULL);
	else
		mw_record_unavailable(&rec, "no such process");
	add_record(r, rec);
}

static void add_value(struct results *r, const char *bench, const char *case_name, const char *metric,
		      enum mw_unit unit, double value)
{
	struct mw_record rec;
	mw_record_init(&rec, bench, case_name, metric, unit);
	if (strcmp(bench, "gemm") == 0)
		(void)mw_set_text(&rec, MW_AS_PARAM, "dtype", "f32");
	(void)mw_set_int(&rec, MW_AS_PARAM, "threads", 2);
	mw_record_set(&rec, value, MW_MEASURED, NULL);
	add_record(r, rec);
}

/* A host with a peak of 1000 GFLOP/s and 50 GB/s. */
static void open_host(struct results *r)
{
	results_init(r);
	set_text(&r->host.hostname, "node-1");
	add_value(r, "gemm", "peak", "flop_rate", MW_GFLOPS, 1000);
	add_value(r, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS, 50);
}

Test(links, the_farthest_processes_and_their_largest_bandwidth_count)
{
	struct results r;
	results_init(&r);
	cr_assert_null(links_of(&r.records).between);
	add_link(&r, "one-way", "one socket", 8, 30);
	struct links k = links_of(&r.records);
	cr_assert_str_eq(k.between, "one socket");
	cr_assert_not(links_cross(&k));
	add_link(&r, "one-way", "two hosts", 64, 0);
	cr_assert_str_eq(links_of(&r.records).between, "one socket", "unavailable was taken for measured");
	add_link(&r, "one-way", "two hosts", 4096, 3);
	add_link(&r, "one-way", "two hosts", 65536, 12.5);
	add_link(&r, "both-ways", "two hosts", 65536, 20);
	k = links_of(&r.records);
	cr_assert_str_eq(k.between, "two hosts");
	cr_assert(links_cross(&k));
	cr_assert_float_eq(k.one_way->value, 12.5, 1e-12);
	cr_assert_float_eq(k.both_ways->value, 20, 1e-12);
	results_fini(&r);
}

Test(links, why_there_are_none)
{
	struct results r;
	results_init(&r);
	cr_assert_not_null(strstr(links_absent(&r), "mpirun"));
	cr_assert_eq(results_skip(&r, "interconnect", "no cable"), 0);
	cr_assert_str_eq(links_absent(&r), "no cable");
	results_fini(&r);
}

Test(links, those_of_another_run_replace_the_own_ones_and_say_so)
{
	struct results r, other;
	open_host(&r);
	add_link(&r, "one-way", "one socket", 8, 30);
	cr_assert_eq(results_skip(&r, "interconnect", "no cable"), 0);
	results_init(&other);
	cr_assert_eq(links_take(&r, &other, "empty.json", err, sizeof(err)), MW_ESPEC);
	cr_assert_not_null(strstr(err, "empty.json holds no records"));
	add_link(&other, "one-way", "two hosts", 8, 12.5);
	add_value(&other, "gemm", "peak", "flop_rate", MW_GFLOPS, 1);
	set_text(&other.host.hostname, "node-2");
	cr_assert_eq(links_take(&r, &other, "links.json", err, sizeof(err)), MW_ESPEC);
	cr_assert_not_null(strstr(err, "another host (node-2)"));
	cr_assert_eq(r.records.n, 3, "a refused file changed the results");
	set_text(&other.host.hostname, "node-1");
	cr_assert_eq(links_take(&r, &other, "links.json", err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(r.records.n, 3, "peak, bandwidth, and one of the other run");
	cr_assert_eq(r.n_skipped, 0);
	struct links k = links_of(&r.records);
	cr_assert_str_eq(k.between, "two hosts");
	cr_assert_not_null(strstr(k.one_way->note, "of another run: links.json"));
	results_fini(&other);
	results_fini(&r);
}

/* ---- trends ---- */

static void open_trends(const struct results *host, struct trends *t)
{
	cr_assert_eq(trends_open(&(struct trends_options){.host = host}, t, err, sizeof(err)), 0, "%s", err);
}

Test(links, messages_that_cross_a_link_stand_on_lines_in_their_unit)
{
	struct trends t;
	struct results r;
	struct trend_points p;
	struct trend_line l;
	open_host(&r);
	add_link(&r, "one-way", "two hosts", 65536, 12.5);
	add_link(&r, "both-ways", "two hosts", 65536, 20);
	open_trends(&r, &t);
	/* 12.5 GB/s are 100 Gbit/s. */
	const struct trend_row *net = trends_find(&t, "host.interconnect/epoch.internode");
	cr_assert(net);
	cr_assert_eq(trends_line(&t, "epoch.internode", &p, &l), 0);
	cr_assert_float_eq(trend_at(&l, net->v[TREND_YEAR]) / 100e9, 1, 1e-9);
	trend_points_fini(&p);
	/* As a link of 16 lanes: 12.5 GB/s x 8 / 16 x 130/128 = 6.348 GT/s a lane, one way. */
	const struct trend_row *lane = trends_find(&t, "host.interconnect/interconnect_bw.pcie");
	cr_assert(lane);
	cr_assert_eq(trends_line(&t, "interconnect_bw.pcie", &p, &l), 0);
	cr_assert_float_eq(trend_at(&l, lane->v[TREND_YEAR]), 6.34765625, 1e-6);
	cr_assert_float_eq(lane->v[TREND_VALUE], 12.5e9, 1);
	cr_assert_str_eq(lane->unit, "B/s");
	cr_assert_eq(lane->provenance, MW_MEASURED);
	cr_assert_not_null(strstr(lane->note, "two hosts, one way, as PCIe x16"));
	cr_assert_null(trends_find(&t, "host.interconnect/epoch.intranode"),
		       "a network on the line of links in a node");
	trend_points_fini(&p);
	trends_fini(&t);
	results_fini(&r);
}

Test(links, sockets_are_compared_with_links_within_a_node_both_ways)
{
	struct trends t;
	struct results r;
	open_host(&r);
	add_link(&r, "one-way", "two sockets", 65536, 12.5);
	add_link(&r, "both-ways", "two sockets", 65536, 20);
	open_trends(&r, &t);
	const struct trend_row *node = trends_find(&t, "host.interconnect/epoch.intranode");
	cr_assert(node);
	cr_assert_float_eq(node->v[TREND_VALUE], 20e9, 1);
	cr_assert_null(trends_find(&t, "host.interconnect/epoch.internode"));
	trends_fini(&t);
	results_fini(&r);
}

Test(links, copies_in_memory_stand_on_no_line)
{
	struct trends t;
	struct results r;
	open_host(&r);
	open_trends(&r, &t);
	cr_assert_eq(trends_find(&t, "host.interconnect")->provenance, MW_UNAVAILABLE);
	cr_assert_not_null(strstr(trends_find(&t, "host.interconnect")->note, "mpirun"));
	trends_fini(&t);
	add_link(&r, "one-way", "one socket", 65536, 12.5);
	open_trends(&r, &t);
	const struct trend_row *row = trends_find(&t, "host.interconnect");
	cr_assert_float_eq(row->v[TREND_VALUE], 12.5e9, 1);
	cr_assert(isnan(row->v[TREND_YEAR]));
	cr_assert_not_null(strstr(row->note, "no link"));
	cr_assert_null(trends_find(&t, "host.interconnect/interconnect_bw.pcie"));
	trends_fini(&t);
	results_fini(&r);
}

/* ---- the roofline ---- */

/* Script and caption of the figure; freed by the caller. */
static char *draw(const struct results *r, struct mw_buf *caption)
{
	struct figure_plot p = {0};
	char *script = NULL;
	size_t size = 0;
	const struct section *s = section_of("gemm");
	p.script = open_memstream(&script, &size);
	cr_assert(s && p.script);
	cr_assert_gt(s->figures[0].draw(r, &look_page, &p), 0);
	(void)fclose(p.script);
	mw_buf_add(caption, "%s", mw_buf_text(&p.caption));
	plot_fini(&p);
	return script;
}

Test(links, the_roofline_has_their_slope_or_says_why_not)
{
	struct results r;
	struct mw_buf caption = {0};
	struct headlines h;
	open_host(&r);
	char *script = draw(&r, &caption);
	cr_assert_null(strstr(script, "12.5"));
	cr_assert_not_null(strstr(mw_buf_text(&caption), "slope of the interconnect is unavailable: this run did not"));
	free(script);
	mw_buf_clear(&caption);
	add_link(&r, "one-way", "two hosts", 65536, 12.5);
	script = draw(&r, &caption);
	cr_assert_not_null(strstr(script, "x * 12.5 < 1000 ? x * 12.5 : 1/0"), "%s", script);
	cr_assert_not_null(strstr(script, "between processes on two hosts: 12.5 GB/s one way"));
	cr_assert_not_null(strstr(mw_buf_text(&caption), "below 80 operations"));
	free(script);
	mw_buf_fini(&caption);
	cr_assert_eq(headlines_of(&r, &h), 0);
	size_t found = 0;
	for (size_t i = 0; i < h.n; i++)
		if (strcmp(h.v[i].label, "Ridge of the interconnect") == 0) {
			cr_assert_float_eq(h.v[i].value, 80, 1e-9);
			cr_assert_not_null(strstr(h.v[i].detail, "two hosts"));
			found++;
		}
	cr_assert_eq(found, 1);
	headlines_fini(&h);
	results_fini(&r);
}
