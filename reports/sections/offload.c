/* Computing in memory compared with this host: modelled speedup over the host's measured time, one row per kernel and
 * size. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/print.h"
#include "reports/section.h"

enum { ROWS_MAX = 28, MODES = 2 };

enum { SPEEDUPS, HEADLINE };

static const struct query queries[] = {
	[SPEEDUPS] = {.bench = "offload",
		      .metric = "speedup",
		      .unit = "ratio",
		      .keys = "inputs,outputs,vector,cache,host_ns,device,price,mode"},
	[HEADLINE] = {.bench = "offload",
		      .case_name = "and",
		      .metric = "speedup",
		      .keys = "vector,device,channels,host_channels,ranks,banks,host_over_peak,mode,price,cache"},
	{.bench = NULL},
};

static const struct {
	const char *mode, *words;
	int point; /* hollow: modelled */
} modes[MODES] = {{"resident", "operands resident", 12}, {"end_to_end", "end to end", 8}};

/* Texts of rows and devices are the records' own. */
struct row {
	const struct mw_record *r;
	char shape[48];
	double size, host_ns;
};

struct device {
	const struct mw_record *r;
	bool used[MODES];
};

struct plan {
	struct row row[ROWS_MAX];
	struct device device[FIGURE_SERIES];
	size_t n_rows, n_devices;
};

static bool is_point(const struct mw_record *r)
{
	return query_matches(&queries[SPEEDUPS], r) && plot_can_show(r->value);
}

static void row_of(const struct mw_record *r, struct row *out)
{
	char words[32];
	double outputs = record_number(r, "outputs"), inputs = record_number(r, "inputs");
	*out = (struct row){.r = r};
	out->size = fmax(record_number(r, "vector"), 0); /* absent: 0 */
	out->host_ns = record_number(r, "host_ns");
	if (plot_can_show(outputs) && plot_can_show(inputs)) {
		mw_format(out->shape, sizeof(out->shape), "%.0f x %.0f", outputs, inputs);
		out->size = outputs * inputs;
	} else if (plot_can_show(out->size))
		mw_format(out->shape, sizeof(out->shape), "%s", size_words(out->size, words, sizeof(words)));
}

static int by_row(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	struct number_text a_cache, b_cache;
	int order = strcmp(x->r->case_name, y->r->case_name);
	if (order == 0 && x->size != y->size)
		order = x->size < y->size ? -1 : 1;
	if (order == 0)
		order = strcmp(x->shape, y->shape);
	return order ? order : strcmp(record_text(x->r, "cache", &a_cache), record_text(y->r, "cache", &b_cache));
}

/* Finds the rows to draw. Cold operands have precedence, because data large enough for offloading are not in the
 * caches. */
static int find_rows(const struct mw_records *l, struct plan *p)
{
	size_t most = 0;
	struct row *v = calloc(l->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		if (is_point(&l->v[i]))
			row_of(&l->v[i], &v[most++]);
	qsort(v, most, sizeof(*v), by_row);
	size_t n = 0;
	for (size_t i = 0; i < most; i++)
		if (n == 0 || by_row(&v[n - 1], &v[i]) != 0)
			v[n++] = v[i];
	/* If too many, leave out first all warm rows, then all but the largest size of each case. */
	size_t kept = 0;
	struct number_text number;
	for (size_t i = 0, all = n; i < all && all > ROWS_MAX; i++)
		if (strcmp(record_text(v[i].r, "cache", &number), "warm") != 0)
			v[kept++] = v[i];
	n = kept ? kept : n;
	kept = 0;
	for (size_t i = 0, all = n; i < all && all > ROWS_MAX; i++)
		if (i + 1 == all || strcmp(v[i].r->case_name, v[i + 1].r->case_name) != 0)
			v[kept++] = v[i];
	n = kept ? kept : n;
	p->n_rows = n < ROWS_MAX ? n : ROWS_MAX;
	memcpy(p->row, v, p->n_rows * sizeof(*v));
	free(v);
	return 0;
}

static bool same_text(const struct mw_record *x, const struct mw_record *y, const char *key)
{
	struct number_text a, b;
	return strcmp(record_text(x, key, &a), record_text(y, key, &b)) == 0;
}

static size_t device_of(const struct mw_record *r, struct plan *p)
{
	for (size_t i = 0; i < p->n_devices; i++)
		if (same_text(p->device[i].r, r, "device") && same_text(p->device[i].r, r, "price"))
			return i;
	if (p->n_devices == FIGURE_SERIES - 1) /* the first colour is the host's */
		return FIGURE_SERIES;
	p->device[p->n_devices] = (struct device){.r = r};
	return p->n_devices++;
}

struct range {
	double lo, hi;
};

/* Writes the data of one device and mode: speedup, row, interval (that of the host's time; the model has none). */
static int put_data(FILE *f, const struct mw_records *l, struct plan *p, size_t device, int mode, struct range *g)
{
	int n = 0;
	(void)fprintf(f, "$d%zu_%d << EOD\n", device, mode);
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		struct row row;
		struct number_text number;
		if (!is_point(r) || strcmp(record_text(r, "mode", &number), modes[mode].mode) != 0 ||
		    device_of(r, p) != device)
			continue;
		row_of(r, &row);
		const struct row *at = bsearch(&row, p->row, p->n_rows, sizeof(row), by_row);
		if (!at)
			continue;
		bool ci = plot_can_show_interval(r);
		double lanes = (double)p->n_devices;
		double lane = ((double)device - (lanes - 1) / 2) * fmin(0.22, 0.6 / lanes);
		(void)fprintf(f, "%.9g %.3f %.9g %.9g\n", r->value, (double)(at - p->row) + lane,
			      ci ? r->ci_lo : r->value, ci ? r->ci_hi : r->value);
		g->lo = fmin(g->lo, r->value);
		g->hi = fmax(g->hi, r->value);
		n++;
	}
	(void)fputs("EOD\n", f);
	p->device[device].used[mode] = n > 0;
	return n;
}

static const char *time_words(double ns, char *out, size_t n)
{
	static const char *const units[] = {"ns", "µs", "ms", "s"};
	size_t u = 0;
	while (ns >= 1000 && u < 3) {
		ns /= 1000;
		u++;
	}
	mw_format(out, n, "%.3g %s", ns, units[u]);
	return out;
}

static int put_row_ticks(FILE *f, const struct plan *p)
{
	struct mw_buf label = {0};
	(void)fputs("set ytics (", f);
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct row *row = &p->row[i];
		bool both = (i && strcmp(row->shape, p->row[i - 1].shape) == 0) ||
			    (i + 1 < p->n_rows && strcmp(row->shape, p->row[i + 1].shape) == 0);
		struct number_text number;
		char ns[32];
		mw_buf_clear(&label);
		mw_buf_add(&label, "%s, %s", row->r->case_name, row->shape);
		if (both)
			mw_buf_add(&label, ", %s", record_text(row->r, "cache", &number));
		if (plot_can_show(row->host_ns))
			mw_buf_add(&label, "  (host %s)", time_words(row->host_ns, ns, sizeof(ns)));
		if (i)
			(void)fputs(", ", f);
		plot_quote(f, mw_buf_text(&label));
		(void)fprintf(f, " %zu", i);
	}
	(void)fputs(")\n", f);
	int rc = label.failed ? -ENOMEM : 0;
	mw_buf_fini(&label);
	return rc;
}

static const struct figure_legend *legend_of(struct figure_plot *plot, const struct mw_record *r, size_t device,
					     int mode)
{
	struct number_text name, price;
	struct figure_legend *l =
		plot_legend(plot, record_text(r, "device", &name), (int)device + 1, modes[mode].point, true, MARK_DOT);
	const char *priced = record_text(r, "price", &price);
	mw_buf_clear(&l->label);
	mw_buf_add(&l->label, "%s%s%s, %s (modelled)", record_text(r, "device", &name), priced[0] ? ", " : "", priced,
		   modes[mode].words);
	return l;
}

static void put_plot(const struct plan *p, const struct figure_look *look, struct figure_plot *plot)
{
	FILE *f = plot->script;
	const char *separator = "plot ";
	(void)plot_legend(plot, "this host, measured", 0, 0, false, MARK_LINE);
	if (look->key) { /* the line at 1 is an arrow, which gnuplot does not list in the key */
		(void)fprintf(f, "plot keyentry with lines lw 2.4 lc rgb '%s' title 'this host, measured'",
			      look->series[0]);
		separator = ", \\\n";
	}
	for (size_t d = 0; d < p->n_devices; d++) {
		for (int m = 0; m < MODES; m++) {
			const char *colour = look->series[d + 1];
			if (!p->device[d].used[m])
				continue;
			const struct figure_legend *entry = legend_of(plot, p->device[d].r, d, m);
			(void)fprintf(f,
				      "%s$d%zu_%d using (1):2:($1-1):(0) with vectors nohead dt (8,6) lw 1 lc rgb '%s' "
				      "notitle, \\\n"
				      "$d%zu_%d using 1:2 with points pt %d ps 1.05 lw 1.8 lc rgb '%s' title ",
				      separator, d, m, colour, d, m, modes[m].point, colour);
			plot_quote(f, mw_buf_text(&entry->label));
			separator = ", \\\n";
		}
	}
	(void)fputs("\n", f);
}

/* Writes the range of speedups, such as "0.3 to 12"; false when there is no record. */
static bool span_words(const struct mw_records *l, const char *where, char *out, size_t n)
{
	struct query q = queries[SPEEDUPS];
	q.where = where;
	const struct mw_record *least = plot_best(l, &q, true), *most = plot_best(l, &q, false);
	if (!least)
		return false;
	mw_format(out, n, "%.*f to %.*f", least->value < 10 ? 2 : 0, least->value, most->value < 10 ? 2 : 0,
		  most->value);
	return true;
}

static void put_title(const struct mw_records *l, struct figure_plot *p)
{
	char resident[72], whole[72];
	if (span_words(l, "mode=resident", resident, sizeof(resident)) &&
	    span_words(l, "mode=end_to_end", whole, sizeof(whole)))
		mw_buf_add(&p->title,
			   "Modelled at %s times this host's speed with resident operands, at %s times end to end",
			   resident, whole);
	else
		mw_buf_add(&p->title, "Modelled speed of devices that compute in memory");
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *plot)
{
	struct plan *p = calloc(1, sizeof(*p));
	struct range g = {.lo = 0.5, .hi = 2};
	FILE *f = plot->script;
	size_t left = 0;
	int n = 0;
	if (!p)
		return -ENOMEM;
	n = find_rows(&r->records, p);
	if (n < 0)
		goto out;
	for (size_t i = 0; i < r->records.n; i++)
		if (is_point(&r->records.v[i]))
			(void)device_of(&r->records.v[i], p);
	for (size_t d = 0; d < p->n_devices; d++)
		for (int m = 0; m < MODES; m++)
			n += put_data(f, &r->records, p, d, m, &g);
	if (n == 0)
		goto out;
	plot->height = 110 + (int)p->n_rows * (p->n_devices > 2 ? 50 : 36);
	plot_frame(f, look);
	g.lo /= 1.8;
	g.hi *= 1.8;
	(void)fprintf(f, "set logscale x 10\nset xrange [%g:%g]\nset yrange [%g:-0.9]\n", g.lo, g.hi,
		      (double)p->n_rows - 0.4);
	(void)fprintf(f, "set xlabel 'Modelled speedup over this host (times)' tc rgb '%s'\n", look->ink);
	plot_log_ticks(f, "x", g.lo, g.hi);
	if (put_row_ticks(f, p) < 0) {
		n = -ENOMEM;
		goto out;
	}
	(void)fprintf(f,
		      "set arrow from 1, graph 0 to 1, graph 1 nohead back lw 2.4 lc rgb '%s'\n"
		      "set label 'host is faster' at first 1, graph 1 offset -0.8,-0.8 right noenhanced tc rgb '%s'\n"
		      "set label 'device is faster' at first 1, graph 1 offset 0.8,-0.8 left noenhanced tc rgb '%s'\n",
		      look->series[0], look->muted, look->muted);
	put_plot(p, look, plot);
	put_title(&r->records, plot);
	mw_buf_add(&plot->caption,
		   "The line at 1 is the best that this host did, measured in this run (its time stands by each "
		   "row). Hollow marks "
		   "and dashed lines are modelled: executed commands priced by the source named in the table. "
		   "Resident: operands "
		   "lie in the device; end to end: moving, placing and reading back are paid for one use.");
	for (size_t i = 0; i < r->records.n; i++)
		left += query_matches(&queries[SPEEDUPS], &r->records.v[i]) && isfinite(r->records.v[i].value) &&
			!is_point(&r->records.v[i]);
	plot_left_out(plot, left);
out:
	free(p);
	return n;
}

static bool is_assumed(const struct mw_record *r)
{
	return strcmp(mw_kv_str(&r->observed, "host_channels", ""), "assumed") == 0;
}

/* "1 channel (assumed) x 1 rank x 16 banks", and when the host drew more from its memory than these channels could
 * give. Assumed: where nothing told the host's channels, the two sides may stand on different memories. */
static void describe_memory(struct headlines *h, struct headline *line, const struct mw_record *r)
{
	double over = record_number(r, "host_over_peak"), channels = record_number(r, "channels");
	double ranks = record_number(r, "ranks"), banks = record_number(r, "banks");
	if (!isfinite(channels) || !isfinite(ranks) || !isfinite(banks))
		return;
	headline_say(h, line, "%.0f channel%s%s × %.0f rank%s × %.0f bank%s", channels, channels == 1 ? "" : "s",
		     is_assumed(r) ? " (assumed)" : "", ranks, ranks == 1 ? "" : "s", banks, banks == 1 ? "" : "s");
	if (over > 1)
		headline_say(h, line, "unequal memories: the host drew %.2g × their peak", over);
}

/* Adds the speedup at the largest size compared. */
static void headline(const struct results *r, struct headlines *out, const char *label, const char *where)
{
	struct query q = query_in(queries[HEADLINE], out->c2c_ns);
	const struct mw_record *found = NULL, *next;
	q.where = where;
	for (size_t at = 0; (next = query_next(&r->records, &q, &at));)
		if (isfinite(next->value) && (!found || record_number(next, "vector") > record_number(found, "vector")))
			found = next;
	struct headline *line = headline_add(out, label, found);
	if (!line)
		return;
	line->unit = "× host";
	headline_pairs(out, line, found, "vector,device");
	describe_memory(out, line, found);
	/* The range of the record is that between the two activation limits. */
	headline_range(out, line, found, "between both limits");
}

static void headlines(const struct results *r, struct headlines *out)
{
	headline(r, out, "AND in DRAM, resident, unconstrained", "mode=resident,price=unconstrained,cache=cold");
	headline(r, out, "AND in DRAM, resident, power-limited", "mode=resident,price=power-limited,cache=cold");
	headline(r, out, "AND in DRAM, end to end, unconstrained", "mode=end_to_end,price=unconstrained,cache=cold");
	headline(r, out, "AND in DRAM, end to end, power-limited", "mode=end_to_end,price=power-limited,cache=cold");
}

const struct section section_offload = {
	.place = 90,
	.id = "offload",
	.name = "Offload to memory that computes",
	.bench = "offload",
	.queries = queries,
	.brief = "energy,time",
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
