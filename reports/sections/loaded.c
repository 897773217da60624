/* Latency over bandwidth: one line per mix, of one topology state and one pair of nodes. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

enum { LINE_POINTS = 101 };

struct spot {
	const struct mw_record *latency;
	double bus; /* GB/s */
};

struct line {
	const char *mix; /* of a record */
	struct spot v[LINE_POINTS];
	size_t n;
};

struct lines {
	struct line v[FIGURE_SERIES];
	size_t n;
};

enum { LATENCY, UNLOADED, KNEE, SATURATION, FULL };

static const struct query queries[] = {
	[LATENCY] = {.bench = "loaded",
		     .case_name = "loaded",
		     .metric = "latency",
		     .unit = "ns",
		     .keys = "mix,load,cpu_node,memory_node"},
	[UNLOADED] = {.bench = "loaded", .case_name = "unloaded", .metric = "latency", .keys = "size,stride,window"},
	[KNEE] = {.bench = "loaded",
		  .case_name = "knee",
		  .metric = "bandwidth",
		  .where = "mix=100:0",
		  .keys = "generators,state"},
	[SATURATION] = {.bench = "loaded",
			.case_name = "saturation",
			.metric = "bandwidth",
			.where = "mix=100:0",
			.keys = "generators,state"},
	[FULL] = {.bench = "loaded",
		  .case_name = "loaded",
		  .metric = "latency",
		  .where = "mix=100:0,load=100",
		  .keys = "threads,state"},
	{.bench = NULL},
};

static bool same_number(const struct mw_record *a, const struct mw_record *b, const char *key)
{
	double x = record_number(a, key), y = record_number(b, key);
	return x == y || (isnan(x) && isnan(y));
}

static bool same_nodes(const struct mw_record *a, const struct mw_record *b)
{
	return same_number(a, b, "cpu_node") && same_number(a, b, "memory_node");
}

static bool can_show(const struct mw_record *r)
{
	return plot_can_show(r->value);
}

static struct line *line_of(struct lines *l, const struct mw_record *r)
{
	struct number_text number;
	const char *mix = record_text(r, "mix", &number);
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].mix, mix) == 0)
			return &l->v[i];
	if (l->n == FIGURE_SERIES || mix == number.text)
		return NULL;
	l->v[l->n] = (struct line){.mix = mix};
	return &l->v[l->n++];
}

static int by_load(const void *a, const void *b)
{
	double x = record_number(((const struct spot *)a)->latency, "load");
	double y = record_number(((const struct spot *)b)->latency, "load");
	return (x > y) - (x < y);
}

/* Curves of the first pair of nodes, which is a node with its own memory. Returns the number of latencies that cannot
 * be shown. */
static size_t find_lines(const struct mw_records *l, double c2c, struct lines *out)
{
	struct query q = query_in(queries[LATENCY], c2c);
	const struct mw_record *next, *pair = NULL;
	size_t left = 0;
	for (size_t at = 0; (next = query_next(l, &q, &at));) {
		if (!isfinite(next->value))
			continue;
		double bus = record_number(next, "bus");
		bool shown = can_show(next) && plot_can_show(bus);
		pair = pair ? pair : next;
		struct line *line = shown && same_nodes(pair, next) ? line_of(out, next) : NULL;
		if (line && line->n < LINE_POINTS)
			line->v[line->n++] = (struct spot){next, bus};
		left += !shown;
	}
	for (size_t i = 0; i < out->n; i++)
		qsort(out->v[i].v, out->v[i].n, sizeof(out->v[i].v[0]), by_load);
	return left;
}

struct range {
	double x, y_lo, y_hi;
};

static int put_lines(FILE *f, const struct lines *lines, struct range *g)
{
	int n = 0;
	for (size_t i = 0; i < lines->n; i++) {
		(void)fprintf(f, "$line%zu << EOD\n", i);
		for (size_t k = 0; k < lines->v[i].n; k++, n++) {
			const struct mw_record *y = lines->v[i].v[k].latency;
			double x = lines->v[i].v[k].bus;
			bool ci = plot_can_show_interval(y);
			double lo = ci ? y->ci_lo : y->value, hi = ci ? y->ci_hi : y->value;
			(void)fprintf(f, "%.9g %.9g %.9g %.9g\n", x, y->value, lo, hi);
			g->x = fmax(g->x, x);
			g->y_lo = fmin(g->y_lo, lo);
			g->y_hi = fmax(g->y_hi, hi);
		}
		(void)fputs("EOD\n", f);
	}
	return n;
}

/* Dotted lines at the unloaded latency and at twice it, where saturation begins. */
static void put_rules(FILE *f, const struct figure_look *look, const struct mw_record *unloaded)
{
	static const struct {
		double factor;
		const char *words;
	} rules[] = {{1, "unloaded"}, {2, "saturation: twice the unloaded"}};
	for (size_t i = 0; unloaded && can_show(unloaded) && i < 2; i++) {
		double y = rules[i].factor * unloaded->value;
		(void)fprintf(
			f,
			"set arrow from graph 0, first %.9g to graph 1, first %.9g nohead back dt (4,5) lw 1 lc rgb "
			"'%s'\nset label '%s' at graph 0.01, first %.9g offset 0,0.5 left noenhanced tc rgb '%s'\n",
			y, y, look->muted, rules[i].words, y, look->muted);
	}
}

static void put_plot(const struct lines *lines, const struct figure_look *look, struct figure_plot *p)
{
	static const int marks[] = {7, 5, 9, 13, 11, 15, 6, 4};
	FILE *f = p->script;
	const char *separator = "plot ";
	for (size_t i = 0; i < lines->n; i++) {
		(void)plot_legend(p, lines->v[i].mix, (int)i, marks[i], false, MARK_LINE);
		(void)fprintf(f,
			      "%s$line%zu using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' "
			      "notitle, \\\n$line%zu using 1:2 with linespoints pt %d ps 0.6 lw 2 lc rgb '%s' title ",
			      separator, i, look->series[i], i, marks[i], look->series[i]);
		plot_quote(f, lines->v[i].mix);
		separator = ", \\\n";
	}
	(void)fputs("\n", f);
}

static void put_words(const struct lines *lines, const struct mw_record *unloaded, struct figure_plot *p)
{
	const struct line *line = &lines->v[0];
	assert(lines->n > 0 && line->n > 0);
	const struct spot *last = &line->v[line->n - 1];
	char a[32], b[32], c[32];
	if (unloaded && can_show(unloaded))
		mw_buf_add(&p->title, "A load takes %s ns without traffic and %s ns beside %s GB/s (%s)",
			   print_value(unloaded->value, a, sizeof(a)), print_value(last->latency->value, b, sizeof(b)),
			   print_value(last->bus, c, sizeof(c)), line->mix);
	else
		mw_buf_add(&p->title, "Latency under load");
	mw_buf_add(
		&p->caption,
		"A line per mix of reads and writes, counted as the memory moves them; -nt: non-temporal stores. "
		"Bytes of the traffic: measured for loads and non-temporal stores, modelled for ordinary stores, "
		"which read the line first. Bands are 95 %% intervals of the latency. %.0f threads made the traffic.",
		record_number(last->latency, "threads") - 1);
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	static const struct lines none;
	double c2c = query_usual_c2c(&r->records);
	const struct mw_record *unloaded = query_best(&r->records, &queries[UNLOADED], true);
	struct range g = {0, (double)INFINITY, 0};
	struct lines *lines = malloc(sizeof(*lines));
	FILE *f = p->script;
	if (!lines)
		return -ENOMEM;
	*lines = none;
	size_t left = find_lines(&r->records, c2c, lines);
	int n = put_lines(f, lines, &g);
	if (n > 0) {
		p->height = 400;
		plot_frame(f, look);
		if (unloaded && can_show(unloaded))
			g.y_hi = fmax(g.y_hi, 2 * unloaded->value);
		(void)fprintf(f, "set xrange [0:%.9g]\nset yrange [0:%.9g]\n", 1.05 * g.x, 1.15 * g.y_hi);
		(void)fprintf(f,
			      "set xlabel 'GB/s that the memory moves for the traffic' tc rgb '%s'\nset ylabel "
			      "'Load-to-use latency (ns)' tc rgb '%s'\n",
			      look->ink, look->ink);
		put_rules(f, look, unloaded);
		put_plot(lines, look, p);
		put_words(lines, unloaded, p);
		plot_left_out(p, left);
	}
	free(lines);
	return n;
}

/* The best value in the usual state; NULL where it was not reached. */
static const struct mw_record *add_value(struct headlines *out, const char *label, const struct mw_records *l,
					 const struct query *from)
{
	struct query q = query_in(*from, out->c2c_ns);
	const struct mw_record *best = query_best(l, &q, false);
	if (best)
		headline_pairs(out, headline_add(out, label, best), best, from->keys);
	return best;
}

/* Knee and saturation are missing together: one line says why, by a record of any state. */
static void add_saturation(struct headlines *out, const struct mw_records *l)
{
	size_t at = 0;
	(void)add_value(out, "Latency doubles at (reads)", l, &queries[KNEE]);
	if (add_value(out, "Saturation (reads)", l, &queries[SATURATION]))
		return;
	const struct mw_record *next = query_next(l, &queries[SATURATION], &at);
	if (next && next->note && next->note[0])
		headline_missing(out, "Saturation (reads)", "%s", next->note);
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_records *l = &r->records;
	struct query full = query_in(queries[FULL], out->c2c_ns);
	const struct mw_record *unloaded = query_best(l, &queries[UNLOADED], true);
	const struct mw_record *loaded = query_best(l, &full, true);
	if (unloaded)
		headline_pairs(out, headline_add(out, "Latency, no traffic", unloaded), unloaded,
			       queries[UNLOADED].keys);
	if (loaded) {
		struct headline *line = headline_add(out, "Latency beside full read traffic", loaded);
		char gbps[32];
		headline_say(out, line, "beside %s GB/s",
			     print_value(record_number(loaded, "achieved"), gbps, sizeof(gbps)));
		headline_pairs(out, line, loaded, queries[FULL].keys);
	}
	add_saturation(out, l);
}

const struct section section_loaded = {
	.place = 22,
	.id = "loaded",
	.name = "Latency under load",
	.words = "Latency of a pointer chase while other cores read and write memory at a controlled rate.",
	.bench = "loaded",
	.queries = queries,
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
