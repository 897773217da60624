/* Where the measured host stands on the lines: the year in which accelerators, by their line, were as fast. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/links.h"
#include "reports/select.h"
#include "reports/trends.h"

enum { FLOPS, DRAM, QUANTITIES };
#define TREND_HOST_LINK "host.interconnect"

static const struct {
	const char *name;
	struct query best, instead; /* instead: a lower bound, where best was not measured */
	double scale;               /* from the record's unit to `unit` */
	const char *unit;
	struct {
		const char *series;
		double scale; /* from the series' unit to `unit` */
	} lines[3];
} quantities[QUANTITIES] = {
	[FLOPS] = {"host.flops",
		   {.bench = "gemm", .case_name = "peak", .metric = "flop_rate", .where = "dtype=f32"},
		   {.bench = "gemm", .case_name = "best", .metric = "flop_rate", .where = "dtype=f32"},
		   1e9,
		   "FLOP/s",
		   {{"hw_flops", 1}, {"epoch_dc.best16", 1}, {"rupp.intel_fp32", 1e9}}},
	[DRAM] = {"host.mem_bw",
		  {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth"},
		  {.bench = "bandwidth", .case_name = "dram-read", .metric = "bandwidth"},
		  1e9,
		  "B/s",
		  {{"dram_bw", 1}, {"epoch_dc.mem_bw", 1}, {"rupp.intel_mem_bw", 1e9}}},
};

/* The best record of a quantity, in the topology state that most of the run had; NULL: not measured. */
static const struct mw_record *measured(const struct results *host, size_t q)
{
	double c2c = query_usual_c2c(&host->records);
	struct query best = query_in(quantities[q].best, c2c), instead = query_in(quantities[q].instead, c2c);
	const struct mw_record *r = query_best(&host->records, &best, false);
	r = r ? r : query_best(&host->records, &instead, false);
	return r && r->value > 0 && r->provenance == MW_MEASURED ? r : NULL;
}

/* Fills in the year in which a line reaches the value, and a note where that is outside the line's points. how: what
 * was measured, words: what to say of the results; "": nothing. */
static int place(struct trend_row *r, const struct trend_line *l, double value, const char *how, const char *words)
{
	struct mw_buf note = {0};
	double year = trend_when(l, value);
	const char *where = year < l->first  ? "before its first point, "
			    : year > l->last ? "after its last point, "
					     : "";
	mw_buf_add(&note, "%s%s%sspread x%.2g%s%s", how, *how ? ", " : "", where, exp2(2 * l->spread),
		   *words ? "; results " : "", words);
	r->n = l->n;
	r->v[TREND_YEAR] = year;
	r->v[TREND_FIRST] = l->first;
	r->v[TREND_LAST] = l->last;
	int rc = note.failed ? -ENOMEM : trend_row_text(&r->note, mw_buf_text(&note));
	mw_buf_fini(&note);
	return rc;
}

static struct trend_row *add_row(struct trends *t, const struct trends_options *opt, const char *name,
				 const char *series)
{
	char text[120];
	mw_format(text, sizeof(text), "%s/%s", name, series);
	struct trend_row *r = trends_add(t, TREND_T_HOST, text, "");
	if (!r || trend_row_text(&r->source, opt->host_path ? opt->host_path : "") < 0)
		return NULL;
	r->provenance = MW_MEASURED;
	return r;
}

static void put_value(struct trend_row *r, const struct mw_record *rec, double scale, const char *unit)
{
	r->unit = unit;
	r->v[TREND_VALUE] = rec->value * scale;
	r->v[TREND_VALUE_LO] = rec->ci_lo * scale;
	r->v[TREND_VALUE_HI] = rec->ci_hi * scale;
}

static int add_quantity(struct trends *t, const struct trends_options *opt, size_t q, const struct mw_record *rec)
{
	for (size_t i = 0; i < 3; i++) {
		struct trend_points p;
		struct trend_line l;
		const char *series = quantities[q].lines[i].series;
		double scale = quantities[q].scale, value = rec->value * scale;
		int rc = trends_line(t, series, &p, &l);
		trend_points_fini(&p);
		if (rc == -EINVAL)
			continue; /* no line in this window */
		struct trend_row *r = rc == 0 ? add_row(t, opt, quantities[q].name, series) : NULL;
		if (!r)
			return -ENOMEM;
		put_value(r, rec, scale, quantities[q].unit);
		if (place(r, &l, value / quantities[q].lines[i].scale, "", opt->host_words ? opt->host_words : "") < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_balance(struct trends *t, const struct trends_options *opt, double balance)
{
	struct trend_points p;
	struct trend_line l;
	int rc = trends_line(t, "epoch_dc.balance", &p, &l);
	trend_points_fini(&p);
	if (rc == -EINVAL)
		return 0;
	struct trend_row *r = rc == 0 ? add_row(t, opt, "host.balance", "epoch_dc.balance") : NULL;
	if (!r)
		return -ENOMEM;
	r->unit = "FLOP/byte";
	r->v[TREND_VALUE] = balance;
	return place(r, &l, balance, "", opt->host_words ? opt->host_words : "");
}

static int add_absent(struct trends *t, const struct trends_options *opt, const char *name, const char *why)
{
	struct trend_row *r = trends_add(t, TREND_T_HOST, name, why);
	if (!r || trend_row_text(&r->source, opt->host_path ? opt->host_path : "") < 0)
		return -ENOMEM;
	r->provenance = MW_UNAVAILABLE;
	return 0;
}

/* ---- the interconnect ---- */

/* Lines of links. Lines of the paper are in GT/s of a lane, which only PCIe's fixed widths make comparable. */
static const struct {
	const char *series,
		*between; /* between: the only distance that it is a line of; NULL: any that a link crosses */
	bool both_ways;
	double scale; /* from the series' unit to B/s */
	const char *words;
} link_lines[] = {
	{"interconnect_bw.pcie", NULL, false, TREND_X16_BYTES, "one way, as PCIe x16"},
	{"epoch.intranode", "two sockets", true, 1, "both ways"},
	{"epoch.internode", "two hosts", false, 1.0 / 8, "one way"},
};

static int add_link_row(struct trends *t, const struct trends_options *opt, const struct links *k, size_t i)
{
	const struct mw_record *rec = link_lines[i].both_ways ? k->both_ways : k->one_way;
	struct trend_points p;
	struct trend_line l;
	struct mw_buf words = {0};
	if (!rec || (link_lines[i].between && strcmp(link_lines[i].between, k->between) != 0))
		return 0;
	int rc = trends_line(t, link_lines[i].series, &p, &l);
	trend_points_fini(&p);
	if (rc == -EINVAL)
		return 0;
	struct trend_row *r = rc == 0 ? add_row(t, opt, TREND_HOST_LINK, link_lines[i].series) : NULL;
	if (!r)
		return -ENOMEM;
	mw_buf_add(&words, "%s, %s", k->between, link_lines[i].words);
	put_value(r, rec, 1e9, "B/s");
	rc = words.failed ? -ENOMEM
			  : place(r, &l, rec->value * 1e9 / link_lines[i].scale, mw_buf_text(&words),
				  mw_text_or(opt->host_words, ""));
	mw_buf_fini(&words);
	return rc;
}

/* What no link carried stands on no line. */
static int add_copies(struct trends *t, const struct trends_options *opt, const struct mw_record *rec)
{
	struct trend_row *r = trends_add(t, TREND_T_HOST, TREND_HOST_LINK,
					 "one socket: no link, on no line; copies in memory, see docs/interconnect.md");
	if (!r || trend_row_text(&r->source, mw_text_or(opt->host_path, "")) < 0)
		return -ENOMEM;
	r->provenance = MW_MEASURED;
	put_value(r, rec, 1e9, "B/s");
	return 0;
}

static int add_links(struct trends *t, const struct trends_options *opt)
{
	struct links k = links_of(&opt->host->records);
	struct mw_buf why = {0};
	int rc = 0;
	if (!k.between) {
		mw_buf_add(&why, "not measured; %s", links_absent(opt->host));
		rc = why.failed ? -ENOMEM : add_absent(t, opt, TREND_HOST_LINK, mw_buf_text(&why));
		mw_buf_fini(&why);
		return rc;
	}
	if (!links_cross(&k))
		return add_copies(t, opt, k.one_way ? k.one_way : k.both_ways);
	for (size_t i = 0; i < sizeof(link_lines) / sizeof(*link_lines) && rc == 0; i++)
		rc = add_link_row(t, opt, &k, i);
	return rc;
}

int trends_add_host(struct trends *t, const struct trends_options *opt)
{
	const struct mw_record *rec[QUANTITIES] = {NULL};
	const char *missing[QUANTITIES] = {"these results hold no f32 rate", "these results hold no DRAM bandwidth"};
	int rc = 0;
	if (!opt->host)
		return add_absent(t, opt, "host", opt->host_words ? opt->host_words : "no results were given");
	for (size_t q = 0; q < QUANTITIES && rc == 0; q++) {
		rec[q] = measured(opt->host, q);
		rc = rec[q] ? add_quantity(t, opt, q, rec[q]) : add_absent(t, opt, quantities[q].name, missing[q]);
	}
	if (rc == 0 && rec[FLOPS] && rec[DRAM])
		rc = add_balance(t, opt,
				 rec[FLOPS]->value * quantities[FLOPS].scale /
					 (rec[DRAM]->value * quantities[DRAM].scale));
	if (rc == 0)
		rc = add_links(t, opt);
	return rc;
}
