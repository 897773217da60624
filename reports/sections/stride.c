/* Strides: latency in order and at random by stride, and latency of chains whose lines share one set. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

enum { LINE_POINTS = 64 };

struct line {
	struct mw_buf label;
	const struct mw_record *v[LINE_POINTS];
	size_t n;
};

struct lines {
	struct line v[FIGURE_SERIES];
	size_t n;
};

enum { IN_ORDER, RANDOM, CONFLICT, REACH, WAYS };

static const struct query queries[] = {
	[IN_ORDER] = {.bench = "stride", .case_name = "in-order", .metric = "latency", .keys = "size,stride,window"},
	[RANDOM] = {.bench = "stride", .case_name = "random", .metric = "latency", .keys = "size,stride,window"},
	[CONFLICT] = {.bench = "stride", .case_name = "conflict", .metric = "latency", .keys = "stride,chain_lines"},
	[REACH] = {.bench = "stride", .case_name = "in-order", .metric = "prefetch_reach", .keys = "pages"},
	[WAYS] = {.bench = "stride", .case_name = "conflict", .metric = "ways", .keys = "level,ways_told"},
	{.bench = NULL},
};

/* ---- lines ---- */

static struct line *line_of(struct lines *l, const char *label)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(mw_buf_text(&l->v[i].label), label) == 0)
			return &l->v[i];
	if (l->n == FIGURE_SERIES)
		return NULL;
	struct line *line = &l->v[l->n++];
	mw_buf_add(&line->label, "%s", label);
	return line;
}

/* Adds r to the line; *left counts values that an axis cannot show. */
static int add(struct lines *l, const char *label, const struct mw_record *r, double x, size_t *left)
{
	if (!plot_can_show(r->value) || !plot_can_show(x) || x < 1) {
		*left += isfinite(r->value) != 0;
		return 0;
	}
	struct line *line = line_of(l, label);
	if (line && line->label.failed)
		return -ENOMEM;
	if (line && line->n < LINE_POINTS)
		line->v[line->n++] = r;
	return 0;
}

static void fini(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		mw_buf_fini(&l->v[i].label);
}

static int by_stride(const void *a, const void *b)
{
	double x = record_number(*(const struct mw_record *const *)a, "stride");
	double y = record_number(*(const struct mw_record *const *)b, "stride");
	return (x > y) - (x < y);
}

static int by_lines(const void *a, const void *b)
{
	double x = record_number(*(const struct mw_record *const *)a, "chain_lines");
	double y = record_number(*(const struct mw_record *const *)b, "chain_lines");
	return (x > y) - (x < y);
}

struct range {
	double lo, hi, y_lo, y_hi;
};

/* Writes the lines with x = key, sorted by it. Returns the number of points. */
static int put_lines(struct lines *l, const char *key, FILE *f, struct range *g)
{
	int n = 0;
	*g = (struct range){(double)INFINITY, 0, (double)INFINITY, 0};
	for (size_t i = 0; i < l->n; i++) {
		struct line *line = &l->v[i];
		qsort(line->v, line->n, sizeof(const struct mw_record *),
		      strcmp(key, "chain_lines") == 0 ? by_lines : by_stride);
		(void)fprintf(f, "$line%zu << EOD\n", i);
		for (size_t k = 0; k < line->n; k++, n++) {
			const struct mw_record *r = line->v[k];
			double x = record_number(r, key);
			bool ci = plot_can_show_interval(r);
			(void)fprintf(f, "%.9g %.9g %.9g %.9g\n", x, r->value, ci ? r->ci_lo : r->value,
				      ci ? r->ci_hi : r->value);
			g->lo = fmin(g->lo, x);
			g->hi = fmax(g->hi, x);
			g->y_lo = fmin(g->y_lo, r->value);
			g->y_hi = fmax(g->y_hi, r->value);
		}
		(void)fputs("EOD\n", f);
	}
	return n;
}

static void put_plot(const struct lines *l, const struct figure_look *look, struct figure_plot *p)
{
	static const int points[FIGURE_SERIES] = {7, 5, 9, 13, 11, 15, 6, 4};
	FILE *f = p->script;
	for (size_t i = 0; i < l->n; i++) {
		const char *label = mw_buf_text(&l->v[i].label);
		(void)plot_legend(p, label, (int)i, points[i], false, MARK_LINE);
		(void)fprintf(f,
			      "%s$line%zu using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' "
			      "notitle, \\\n$line%zu using 1:2 with linespoints pt %d ps 0.6 lw 2 lc rgb '%s' title ",
			      i ? ", \\\n" : "plot ", i, look->series[i], i, points[i], look->series[i]);
		plot_quote(f, label);
	}
	(void)fputs("\n", f);
}

static void put_axes(const struct range *g, const char *x, const struct figure_look *look, FILE *f)
{
	double lo = g->y_lo / 1.5, hi = g->y_hi * 1.5;
	plot_frame(f, look);
	(void)fprintf(f, "set logscale y 10\nset yrange [%.9g:%.9g]\nset xlabel '%s' tc rgb '%s'\n", lo, hi, x,
		      look->ink);
	(void)fprintf(f, "set ylabel 'Latency of a dependent load (ns)' tc rgb '%s'\n", look->ink);
	plot_log_ticks(f, "y", lo, hi);
}

/* ---- by stride ---- */

/* Walks without locality: the window is the working set. */
static bool is_open(const struct mw_record *r)
{
	return record_number(r, "size") == record_number(r, "window");
}

/* The largest working sets of a run tell of memory; smaller ones are in the table. */
static double largest_size(const struct results *r)
{
	const struct mw_record *next;
	double size = 0;
	for (size_t at = 0; (next = query_next(&r->records, &queries[RANDOM], &at));)
		size = fmax(size, isfinite(next->value) ? record_number(next, "size") : 0);
	return size;
}

static int collect_strides(const struct results *r, struct lines *l, size_t *left)
{
	static const int orders[] = {IN_ORDER, RANDOM};
	struct mw_buf label = {0};
	double size = largest_size(r);
	int rc = 0;
	for (size_t i = 0; i < 2; i++) {
		const struct mw_record *next;
		for (size_t at = 0; rc == 0 && (next = query_next(&r->records, &queries[orders[i]], &at));) {
			char words[32];
			if (record_number(next, "size") != size)
				continue;
			mw_buf_clear(&label);
			if (is_open(next))
				mw_buf_add(&label, "%s", i ? "at random" : "in order");
			else
				mw_buf_add(&label, "at random in windows of %s",
					   size_words(record_number(next, "window"), words, sizeof(words)));
			rc = label.failed ? -ENOMEM
					  : add(l, mw_buf_text(&label), next, record_number(next, "stride"), left);
		}
	}
	mw_buf_fini(&label);
	return rc;
}

static int draw_strides(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct lines *l = calloc(1, sizeof(*l));
	const struct mw_record *reach = plot_best(&r->records, &queries[REACH], false);
	struct range g;
	size_t left = 0;
	char size[32];
	int rc = l ? collect_strides(r, l, &left) : -ENOMEM;
	int n = rc < 0 ? rc : put_lines(l, "stride", p->script, &g);
	if (n > 0) {
		p->height = 380;
		put_axes(&g, "Stride", look, p->script);
		(void)fprintf(p->script, "set logscale x 2\nset xrange [%.9g:%.9g]\n", g.lo / 1.3, g.hi * 1.3);
		plot_size_ticks(p->script, "x", g.lo, g.hi);
		put_plot(l, look, p);
		if (reach)
			mw_buf_add(&p->title, "Prefetchers follow strides up to %s",
				   size_words(reach->value, size, sizeof(size)));
		else
			mw_buf_add(&p->title, "Latency by stride, in order and at random");
		mw_buf_add(&p->caption,
			   "Dependent loads of one instruction over %s. In order they are a stride apart; "
			   "at random they read the same lines. Bands are 95 %% intervals.",
			   size_words(largest_size(r), size, sizeof(size)));
		plot_left_out(p, left);
	}
	if (l)
		fini(l);
	free(l);
	return n;
}

/* ---- conflicts ---- */

static int collect_conflicts(const struct results *r, struct lines *l, size_t *left)
{
	struct mw_buf label = {0};
	const struct mw_record *next;
	int rc = 0;
	for (size_t at = 0; rc == 0 && (next = query_next(&r->records, &queries[CONFLICT], &at));) {
		char words[32];
		mw_buf_clear(&label);
		mw_buf_add(&label, "stride %s", size_words(record_number(next, "stride"), words, sizeof(words)));
		rc = label.failed ? -ENOMEM
				  : add(l, mw_buf_text(&label), next, record_number(next, "chain_lines"), left);
	}
	mw_buf_fini(&label);
	return rc;
}

static int draw_conflicts(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct lines *l = calloc(1, sizeof(*l));
	struct query first = queries[WAYS];
	first.where = "level=l1";
	const struct mw_record *ways = plot_best(&r->records, &first, true);
	struct range g;
	size_t left = 0;
	int rc = l ? collect_conflicts(r, l, &left) : -ENOMEM;
	int n = rc < 0 ? rc : put_lines(l, "chain_lines", p->script, &g);
	if (n > 0) {
		p->height = 340;
		put_axes(&g, "Cache lines of the chain", look, p->script);
		(void)fprintf(p->script, "set xrange [%.9g:%.9g]\n", g.lo - 0.5, g.hi + 0.5);
		put_plot(l, look, p);
		if (ways)
			mw_buf_add(&p->title, "A set of the first-level cache holds %.0f lines", ways->value);
		else
			mw_buf_add(&p->title, "Latency of lines at one stride");
		mw_buf_add(&p->caption,
			   "Lines at a power-of-two stride share one set: one line more than its ways is a "
			   "step. Bands are 95 %% intervals.");
		plot_left_out(p, left);
	}
	if (l)
		fini(l);
	free(l);
	return n;
}

/* ---- headlines ---- */

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *reach = query_best(&r->records, &queries[REACH], false);
	const struct mw_record *next;
	if (reach)
		headline_pairs(out, headline_add(out, "Prefetch reach, stride", reach), reach, queries[REACH].keys);
	for (size_t at = 0; (next = query_next(&r->records, &queries[WAYS], &at));)
		if (isfinite(next->value))
			headline_pairs(out, headline_add(out, "Ways found", next), next, queries[WAYS].keys);
}

const struct section section_stride = {
	.place = 16,
	.id = "stride",
	.name = "Strides",
	.bench = "stride",
	.queries = queries,
	.figures = {{.id = "stride-latency", .name = "Latency by stride", .draw = draw_strides},
		    {.id = "stride-conflicts", .name = "Conflicts of one set", .draw = draw_conflicts}},
	.headlines = headlines,
};
