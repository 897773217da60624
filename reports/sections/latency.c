/* Latency over the working set: one step per level of the memory hierarchy. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

/* One line has the chains of one stride and page kind. The window does not separate lines: it varies with the size,
 * because it is at most the size. */
enum { LINE_POINTS = 512 };

struct line {
	const struct mw_record *v[LINE_POINTS]; /* by working set */
	size_t n;
};

struct lines {
	struct line v[FIGURE_SERIES];
	size_t n;
};

enum { POINTS, DRAM, MISS_4K, MISS_THP, HELPED, CACHE, LEVEL, LEVEL_CYCLES };

static const struct query queries[] = {
	[POINTS] = {.bench = "latency", .metric = "latency", .unit = "ns", .keys = "size,stride,window,pages"},
	[DRAM] = {.bench = "latency", .case_name = "dram", .metric = "latency", .keys = "size,stride,window,pages"},
	[MISS_4K] = {.bench = "latency",
		     .case_name = "dram-tlb-miss",
		     .metric = "latency",
		     .where = "pages=4K",
		     .keys = "size,stride,pages"},
	[MISS_THP] = {.bench = "latency",
		      .case_name = "dram-tlb-miss",
		      .metric = "latency",
		      .where = "pages=thp",
		      .keys = "size,stride,pages"},
	[HELPED] = {.bench = "latency",
		    .case_name = "dram-prefetched",
		    .metric = "latency",
		    .keys = "size,stride,window,pages,prefetch"},
	[CACHE] = {.bench = "latency", .case_name = "chase", .metric = "latency"},
	[LEVEL] = {.bench = "latency", .case_name = "level", .metric = "latency", .keys = "level,working_set,pages"},
	[LEVEL_CYCLES] = {.bench = "latency", .case_name = "level", .metric = "latency_cycles", .keys = "level"},
	{.bench = NULL},
};

static double working_set(const struct mw_record *r)
{
	return record_number(r, "size");
}

static bool is_point(const struct mw_record *r)
{
	/* Those of levels repeat a point. */
	return query_matches(&queries[POINTS], r) && isfinite(r->value) && !query_matches(&queries[LEVEL], r);
}

/* True for records that the axes can show; the working set must be at least a byte. */
static bool can_show(const struct mw_record *r)
{
	return plot_can_show(r->value) && plot_can_show(working_set(r)) && working_set(r) >= 1;
}

static bool is_miss(const struct mw_record *r)
{
	return strstr(r->case_name, "-tlb-miss") != NULL;
}

/* True for points of a line, the quoted one included; chains without locality measure something else. */
static bool on_line(const struct mw_record *r)
{
	return is_point(r) && can_show(r) && !is_miss(r);
}

static void key_of(const struct mw_record *r, struct mw_buf *out)
{
	struct number_text number;
	char stride[32];
	mw_buf_clear(out);
	mw_buf_add(out, "stride %s, %s pages", size_words(record_number(r, "stride"), stride, sizeof(stride)),
		   record_text(r, "pages", &number));
}

static bool same_line(const struct mw_record *x, const struct mw_record *y)
{
	struct number_text a, b;
	double m = record_number(x, "stride"), n = record_number(y, "stride");
	return (m == n || (isnan(m) && isnan(n))) &&
	       strcmp(record_text(x, "pages", &a), record_text(y, "pages", &b)) == 0;
}

static int by_size(const void *a, const void *b)
{
	double x = working_set(*(const struct mw_record *const *)a);
	double y = working_set(*(const struct mw_record *const *)b);
	return (x > y) - (x < y);
}

static struct line *line_of(struct lines *l, const struct mw_record *r)
{
	for (size_t i = 0; i < l->n; i++)
		if (same_line(l->v[i].v[0], r))
			return &l->v[i];
	if (l->n == FIGURE_SERIES)
		return NULL;
	struct line *line = &l->v[l->n];
	line->n = 0;
	l->n++;
	return line;
}

/* Finds lines of at least three points (fewer only if no line has three); other points are in the table only. */
static void find_lines(const struct mw_records *l, struct lines *out)
{
	for (size_t i = 0; i < l->n; i++) {
		struct line *line = on_line(&l->v[i]) ? line_of(out, &l->v[i]) : NULL;
		if (line && line->n < LINE_POINTS)
			line->v[line->n++] = &l->v[i];
	}
	size_t longest = 0;
	for (size_t i = 0; i < out->n; i++) {
		qsort(out->v[i].v, out->v[i].n, sizeof(const struct mw_record *), by_size);
		longest = out->v[i].n > longest ? out->v[i].n : longest;
	}
	for (size_t i = 0; i < out->n;) {
		if (out->v[i].n >= (longest < 3 ? longest : 3)) {
			i++;
			continue;
		}
		out->n--;
		memmove(&out->v[i], &out->v[i + 1], (out->n - i) * sizeof(out->v[0]));
	}
}

struct range {
	double lo, hi, y_lo, y_hi;
};

static void widen(struct range *g, const struct mw_record *r)
{
	double size = working_set(r);
	g->lo = fmin(g->lo, size);
	g->hi = fmax(g->hi, size);
	g->y_lo = fmin(g->y_lo, r->value);
	g->y_hi = fmax(g->y_hi, plot_can_show_interval(r) ? r->ci_hi : r->value);
}

static void put_point(FILE *f, const struct mw_record *r)
{
	bool ci = plot_can_show_interval(r);
	(void)fprintf(f, "%.0f %.9g %.9g %.9g\n", working_set(r), r->value, ci ? r->ci_lo : r->value,
		      ci ? r->ci_hi : r->value);
}

static int put_lines(FILE *f, const struct lines *lines, struct range *g)
{
	int n = 0;
	for (size_t i = 0; i < lines->n; i++) {
		(void)fprintf(f, "$line%zu << EOD\n", i);
		for (size_t k = 0; k < lines->v[i].n; k++, n++) {
			put_point(f, lines->v[i].v[k]);
			widen(g, lines->v[i].v[k]);
		}
		(void)fputs("EOD\n", f);
	}
	return n;
}

/* Draws the chains without locality, which include TLB misses. */
static int put_misses(FILE *f, const struct mw_records *l, struct range *g)
{
	int n = 0;
	(void)fputs("$miss << EOD\n", f);
	for (size_t i = 0; i < l->n; i++) {
		if (!is_point(&l->v[i]) || !can_show(&l->v[i]) || !is_miss(&l->v[i]))
			continue;
		put_point(f, &l->v[i]);
		widen(g, &l->v[i]);
		n++;
	}
	(void)fputs("EOD\n", f);
	return n;
}

static void put_cache(FILE *f, const struct figure_look *look, const char *name, double bytes, const struct range *g)
{
	char words[24];
	if (bytes <= g->lo || bytes >= g->hi)
		return;
	(void)fprintf(
		f, "set arrow from first %.0f, graph 0 to first %.0f, graph 1 nohead back dt (4,5) lw 1 lc rgb '%s'\n",
		bytes, bytes, look->muted);
	(void)fprintf(f, "set label '%s %s' at first %.0f, graph 0.965 offset -0.7,0 right noenhanced tc rgb '%s'\n",
		      name, size_words(bytes, words, sizeof(words)), bytes, look->muted);
}

static int put_plot(const struct lines *lines, bool misses, const struct figure_look *look, struct figure_plot *p)
{
	static const int marks[] = {7, 5, 9, 13, 11, 15, 6, 4};
	FILE *f = p->script;
	const char *separator = "plot ";
	struct mw_buf label = {0};
	for (size_t i = 0; i < lines->n; i++) {
		key_of(lines->v[i].v[0], &label);
		const char *key = mw_buf_text(&label);
		(void)plot_legend(p, key, (int)i, marks[i], false, MARK_LINE);
		(void)fprintf(f,
			      "%s$line%zu using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' "
			      "notitle"
			      ", \\\n$line%zu using 1:2 with linespoints pt %d ps 0.6 lw 2 lc rgb '%s' title ",
			      separator, i, look->series[i], i, marks[i], look->series[i]);
		plot_quote(f, key);
		separator = ", \\\n";
	}
	if (misses) {
		const char *colour = look->series[lines->n < FIGURE_SERIES ? lines->n : FIGURE_SERIES - 1];
		(void)plot_legend(p, "no locality: TLB misses included", (int)lines->n, 12, false, MARK_DOT);
		(void)fprintf(f,
			      "%s$miss using 1:2:3:4 with yerrorbars pt 12 ps 1.1 lw 1.8 lc rgb '%s' title 'TLB misses "
			      "included'",
			      separator, colour);
	}
	(void)fputs("\n", f);
	int rc = label.failed ? -ENOMEM : 0;
	mw_buf_fini(&label);
	return rc;
}

static void put_words(const struct lines *lines, struct figure_plot *p)
{
	const struct line *line = &lines->v[0];
	assert(lines->n > 0 && line->n > 0);
	const struct mw_record *first = line->v[0], *last = line->v[line->n - 1];
	char size[24], a[32], b[32];
	(void)print_value(first->value, a, sizeof(a));
	(void)size_words(working_set(last), size, sizeof(size));
	if (line->n < 2)
		mw_buf_add(&p->title, "A dependent load takes %s ns at %s", a, size);
	else
		mw_buf_add(&p->title, "A dependent load takes %s ns in cache and %s ns at %s: %.0f times as long", a,
			   print_value(last->value, b, sizeof(b)), size, last->value / first->value);
	mw_buf_add(&p->caption, "Random single-cycle pointer chase");
	if (isfinite(record_number(last, "window")))
		mw_buf_add(&p->caption, ", locality window %s",
			   size_words(record_number(last, "window"), size, sizeof(size)));
	mw_buf_add(&p->caption, ". Both axes are logarithmic; bands and bars are 95 %% intervals; dotted lines are the "
				"cache sizes that the system reports.");
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	static const struct lines none;
	struct lines lines = none;
	struct range g = {(double)INFINITY, 0, (double)INFINITY, 0};
	FILE *f = p->script;
	find_lines(&r->records, &lines);
	int n = put_lines(f, &lines, &g);
	int misses = n ? put_misses(f, &r->records, &g) : 0;
	if (n == 0)
		return 0;
	p->height = 430;
	plot_frame(f, look);
	g.y_lo = g.y_lo < 0.55 ? g.y_lo / 1.3 : g.y_lo < 1.3 ? 0.5 : 1;
	g.y_hi *= 1.7;
	(void)fprintf(f, "set logscale x 2\nset logscale y 10\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n",
		      g.lo / 1.3, g.hi * 1.3, g.y_lo, g.y_hi);
	(void)fprintf(f,
		      "set xlabel 'Working set (bytes of the cache lines touched)' tc rgb '%s'\nset ylabel "
		      "'Load-to-use latency (ns)' tc rgb '%s'\n",
		      look->ink, look->ink);
	plot_size_ticks(f, "x", g.lo, g.hi);
	plot_log_ticks(f, "y", g.y_lo, g.y_hi);
	put_cache(f, look, "L1d", (double)r->host.l1d_bytes, &g);
	put_cache(f, look, "L2", (double)r->host.l2_bytes, &g);
	put_cache(f, look, "L3", (double)r->host.l3_bytes, &g);
	if (put_plot(&lines, misses > 0, look, p) < 0)
		return -ENOMEM;
	put_words(&lines, p);
	size_t left = 0;
	for (size_t i = 0; i < r->records.n; i++)
		left += is_point(&r->records.v[i]) && !can_show(&r->records.v[i]);
	plot_left_out(p, left);
	return n + misses;
}

/* The number of a query, or why this run could not have it. */
static void add_quoted(struct headlines *out, const char *label, const struct query *q)
{
	const struct mw_records *l = &out->results->records;
	const struct mw_record *r = query_best(l, q, true);
	size_t at = 0;
	if (r)
		headline_pairs(out, headline_add(out, label, r), r, q->keys);
	else if ((r = query_next(l, q, &at)))
		headline_missing(out, label, "%s", r->note);
}

/* Latency of each cache where the ladder shows it, with its cycles: those do not change with the clock. */
static void add_levels(struct headlines *out)
{
	static const struct {
		const char *level, *label;
	} rows[] = {{"l1", "L1 latency"}, {"l2", "L2 latency"}, {"l3", "L3 latency"}};
	const struct mw_records *l = &out->results->records;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct number_text text;
		const struct mw_record *r;
		size_t at = 0;
		while ((r = query_next(l, &queries[LEVEL], &at)))
			if (strcmp(record_text(r, "level", &text), rows[i].level) == 0)
				break;
		struct headline *line = r ? headline_add(out, rows[i].label, r) : NULL;
		at = 0;
		for (const struct mw_record *c; line && (c = query_next(l, &queries[LEVEL_CYCLES], &at));)
			if (strcmp(record_text(c, "level", &text), rows[i].level) == 0 && isfinite(c->value))
				headline_say(out, line, "%.1f core cycles", c->value);
		if (line)
			headline_pairs(out, line, r, "working_set,pages");
	}
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_records *l = &r->records;
	const struct mw_record *dram = query_best(l, &queries[DRAM], true);
	const struct mw_record *cache = query_best(l, &queries[CACHE], true);
	if (dram)
		headline_pairs(out, headline_add(out, "DRAM latency", dram), dram, "size,stride,window,pages,prefetch");
	else if (cache)
		headline_missing(out, "DRAM latency",
				 "no walk touched four times the last-level cache; the largest one is in the report");
	add_quoted(out, "DRAM latency with TLB misses, 4K pages", &queries[MISS_4K]);
	add_quoted(out, "DRAM latency with TLB misses, THP", &queries[MISS_THP]);
	add_quoted(out, "DRAM latency with prefetching", &queries[HELPED]);
	add_levels(out);
	(void)headline_ratio(out, "DRAM / cache latency", "×", dram, cache,
			     "DRAM latency / shortest latency of the staircase");
}

const struct section section_latency = {
	.place = 10,
	.id = "latency",
	.name = "Latency",
	.bench = "latency",
	.queries = queries,
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
