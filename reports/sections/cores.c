/* Cache lines from core to core: a map of pairs; and operations on common lines by the number of threads. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

enum {
	CELLS = 64,  /* of a side; more CPUs are put together */
	NUMBERS = 8, /* CPUs up to which cells show their value */
	SHADES = 6,
	LINE_POINTS = 64,
	TICKS = 16,
};

enum { MODIFIED, HANDOVER, MEDIAN, TIME, ADD, SAME_LINE, OWN_LINE };

static const struct query queries[] = {
	[MODIFIED] = {.bench = "cores",
		      .case_name = "pair",
		      .metric = "latency",
		      .where = "line=modified,home=from",
		      .keys = "from_cpu,to_cpu"},
	[HANDOVER] = {.bench = "cores",
		      .case_name = "pair",
		      .metric = "handover",
		      .where = "home=from",
		      .keys = "from_cpu,to_cpu"},
	[MEDIAN] = {.bench = "cores",
		    .case_name = "median",
		    .metric = "latency",
		    .where = "line=modified,home=from",
		    .keys = "relation,pairs,of_pairs,state"},
	[TIME] = {.bench = "cores", .metric = "time", .unit = "ns", .keys = "threads,state"},
	[ADD] = {.bench = "cores", .case_name = "atomic-add", .metric = "time", .keys = "threads,state"},
	[SAME_LINE] = {.bench = "cores", .case_name = "same-line", .metric = "time", .keys = "threads"},
	[OWN_LINE] = {.bench = "cores", .case_name = "own-line", .metric = "time", .keys = "threads"},
	{.bench = NULL},
};

/* ---- the map ---- */

struct map {
	int *cpus; /* ascending */
	size_t n_cpus, side, per_cell;
	double sum[CELLS][CELLS]; /* by row (from) and column (to) */
	unsigned n[CELLS][CELLS];
	double lo, hi; /* of the cells' means */
	double top;    /* of the shades: small differences stay small */
	int pairs;
	bool handover; /* drawn where no modified lines were measured: one direction stands for both */
};

static int by_id(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

static bool is_cpu(double v)
{
	return v >= 0 && v < 1e6 && v == floor(v);
}

static bool can_show(const struct mw_record *r)
{
	return r->provenance == MW_MEASURED && plot_can_show(r->value) && is_cpu(record_number(r, "from_cpu")) &&
	       is_cpu(record_number(r, "to_cpu"));
}

/* Lists the CPUs of all pairs that q finds. */
static int list_cpus(const struct mw_records *l, const struct query *q, struct map *m)
{
	const struct mw_record *next;
	size_t n = 0;
	m->cpus = calloc(2 * l->n + 1, sizeof(*m->cpus));
	if (!m->cpus)
		return -ENOMEM;
	for (size_t at = 0; (next = query_next(l, q, &at));)
		if (can_show(next)) {
			m->cpus[n++] = (int)record_number(next, "from_cpu");
			m->cpus[n++] = (int)record_number(next, "to_cpu");
		}
	qsort(m->cpus, n, sizeof(*m->cpus), by_id);
	for (size_t i = 0; i < n; i++)
		if (m->n_cpus == 0 || m->cpus[m->n_cpus - 1] != m->cpus[i])
			m->cpus[m->n_cpus++] = m->cpus[i];
	m->per_cell = (m->n_cpus + CELLS - 1) / CELLS;
	m->side = m->per_cell ? (m->n_cpus + m->per_cell - 1) / m->per_cell : 0;
	return 0;
}

static size_t cell_of(const struct map *m, const struct mw_record *r, const char *key)
{
	int cpu = (int)record_number(r, key);
	const int *at = bsearch(&cpu, m->cpus, m->n_cpus, sizeof(cpu), by_id);
	return at ? (size_t)(at - m->cpus) / m->per_cell : 0;
}

static int fill_map(const struct results *r, struct map *m)
{
	double c2c = query_usual_c2c(&r->records);
	struct query q = query_in(queries[MODIFIED], c2c);
	const struct mw_record *next;
	size_t at = 0;
	m->handover = !plot_best(&r->records, &q, true);
	if (m->handover)
		q = query_in(queries[HANDOVER], c2c);
	int rc = list_cpus(&r->records, &q, m);
	if (rc < 0)
		return rc;
	while ((next = query_next(&r->records, &q, &at))) {
		if (!can_show(next))
			continue;
		size_t from = cell_of(m, next, "from_cpu"), to = cell_of(m, next, "to_cpu");
		for (int back = 0; back < (m->handover ? 2 : 1); back++) {
			size_t row = back ? to : from, column = back ? from : to;
			m->sum[row][column] += next->value;
			m->n[row][column]++;
		}
		m->pairs++;
	}
	m->lo = (double)INFINITY;
	m->hi = 0;
	for (size_t i = 0; i < m->side; i++)
		for (size_t k = 0; k < m->side; k++)
			if (m->n[i][k]) {
				m->lo = fmin(m->lo, m->sum[i][k] / m->n[i][k]);
				m->hi = fmax(m->hi, m->sum[i][k] / m->n[i][k]);
			}
	m->top = fmax(m->hi, 2 * m->lo);
	return 0;
}

/* Upper end of a shade; the shades divide the range evenly on a logarithmic scale. */
static double shade_end(const struct map *m, int shade)
{
	return m->lo * pow(m->top / m->lo, (shade + 1.0) / SHADES);
}

static int shade_of(const struct map *m, double v)
{
	int shade = 0;
	while (shade < SHADES - 1 && v > shade_end(m, shade))
		shade++;
	return shade;
}

static double opacity(int shade)
{
	return 0.12 + 0.88 * shade / (SHADES - 1);
}

static void put_cells(FILE *f, const struct map *m, int shade)
{
	(void)fprintf(f, "$shade%d << EOD\n", shade);
	for (size_t i = 0; i < m->side; i++)
		for (size_t k = 0; k < m->side; k++)
			if (m->n[i][k] && shade_of(m, m->sum[i][k] / m->n[i][k]) == shade)
				(void)fprintf(f, "%zu %zu %.2f %.2f %.2f %.2f\n", k, i, (double)k - 0.48,
					      (double)k + 0.48, (double)i - 0.48, (double)i + 0.48);
	/* The scale, to the right of the map. */
	double x = (double)m->side * 1.08 - 0.5, w = (double)m->side * 0.05;
	double y = (double)m->side * shade / SHADES - 0.5, h = (double)m->side / SHADES;
	(void)fprintf(f, "%.3f %.3f %.3f %.3f %.3f %.3f\nEOD\n", x, y, x, x + w, y + 0.02 * h, y + 0.98 * h);
}

static void put_numbers(FILE *f, const struct map *m, const struct figure_look *look)
{
	char a[32], b[32];
	for (size_t i = 0; i < m->side && m->n_cpus <= NUMBERS; i++)
		for (size_t k = 0; k < m->side; k++)
			if (m->n[i][k]) {
				double v = m->sum[i][k] / m->n[i][k];
				(void)fprintf(f, "set label '%s' at first %zu, first %zu center front tc rgb '%s'\n",
					      print_value(v, a, sizeof(a)), k, i,
					      shade_of(m, v) > 3 ? look->paper : look->ink);
			}
	for (int shade = 0; shade < SHADES; shade++)
		(void)fprintf(f, "set label '%s .. %s ns' at first %.3f, first %.3f left tc rgb '%s'\n",
			      print_value(shade ? shade_end(m, shade - 1) : m->lo, a, sizeof(a)),
			      print_value(shade_end(m, shade), b, sizeof(b)), (double)m->side * 1.14 - 0.45,
			      (double)m->side * (shade + 0.5) / SHADES - 0.5, look->ink);
}

static void put_cpu_ticks(FILE *f, const struct map *m, const char *axis)
{
	size_t step = (m->side + TICKS - 1) / TICKS;
	(void)fprintf(f, "set %stics (", axis);
	for (size_t i = 0; i < m->side; i += step)
		(void)fprintf(f, "%s'%d' %zu", i ? ", " : "", m->cpus[i * m->per_cell], i);
	(void)fputs(")\n", f);
}

static void put_map_words(const struct map *m, struct figure_plot *p)
{
	char a[32], b[32];
	const char *what = m->handover ? "Passing a line on" : "Reading a line that another core has modified";
	if (m->hi > 1.1 * m->lo)
		mw_buf_add(&p->title, "%s takes %s to %s ns", what, print_value(m->lo, a, sizeof(a)),
			   print_value(m->hi, b, sizeof(b)));
	else
		mw_buf_add(&p->title, "%s takes %s ns", what, print_value(m->lo, a, sizeof(a)));
	mw_buf_add(&p->caption, "%d measurements of pairs of %zu CPUs, in memory on the node of the row's CPU; ",
		   m->pairs, m->n_cpus);
	if (m->per_cell > 1)
		mw_buf_add(&p->caption, "a cell is the mean over %zu x %zu CPUs; ", m->per_cell, m->per_cell);
	mw_buf_add(&p->caption, "empty cells were not measured. The shades divide the range evenly on a logarithmic "
				"scale.");
}

static int draw_plot(const struct map *m, const struct figure_look *look, struct figure_plot *p)
{
	FILE *f = p->script;
	p->height = m->n_cpus <= NUMBERS ? 300 : 560;
	plot_frame(f, look);
	for (int shade = 0; shade < SHADES; shade++)
		put_cells(f, m, shade);
	(void)fprintf(f, "unset grid\nset border 0\nset xrange [-0.5:%.3f]\nset yrange [%.3f:-0.5]\n",
		      (double)m->side * 1.32 - 0.5, (double)m->side - 0.5);
	(void)fprintf(f, "set xlabel 'CPU that reads' tc rgb '%s'\nset ylabel 'CPU that holds the line' tc rgb '%s'\n",
		      look->ink, look->ink);
	put_cpu_ticks(f, m, "x");
	put_cpu_ticks(f, m, "y");
	put_numbers(f, m, look);
	for (int shade = 0; shade < SHADES; shade++)
		(void)fprintf(f,
			      "%s$shade%d using 1:2:3:4:5:6 with boxxyerror fs transparent solid %.3f noborder lc rgb "
			      "'%s' notitle",
			      shade ? ", \\\n" : "plot ", shade, opacity(shade), look->series[0]);
	(void)fputs("\n", f);
	put_map_words(m, p);
	return m->pairs;
}

static int draw_map(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct map *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	int n = fill_map(r, m);
	if (n == 0 && m->pairs)
		n = draw_plot(m, look, p);
	free(m->cpus);
	free(m);
	return n;
}

/* ---- contended operations ---- */

struct line {
	const char *name;
	const struct mw_record *v[LINE_POINTS];
	size_t n;
};

static double threads_of(const struct mw_record *r)
{
	return record_number(r, "threads");
}

static int by_threads(const void *a, const void *b)
{
	double x = threads_of(*(const struct mw_record *const *)a), y = threads_of(*(const struct mw_record *const *)b);
	return (x > y) - (x < y);
}

/* A line for each operation. Returns the number of points. */
static int find_lines(const struct results *r, struct line *lines, size_t *n_lines)
{
	struct query q = query_in(queries[TIME], query_usual_c2c(&r->records));
	const struct mw_record *next;
	int n = 0;
	*n_lines = 0;
	for (size_t at = 0; (next = query_next(&r->records, &q, &at));) {
		size_t i = 0;
		if (next->provenance != MW_MEASURED || !plot_can_show(next->value) || !plot_can_show(threads_of(next)))
			continue;
		while (i < *n_lines && strcmp(lines[i].name, next->case_name) != 0)
			i++;
		if (i == FIGURE_SERIES || (i < *n_lines && lines[i].n == LINE_POINTS))
			continue;
		if (i == *n_lines)
			lines[(*n_lines)++] = (struct line){.name = next->case_name};
		lines[i].v[lines[i].n++] = next;
		n++;
	}
	for (size_t i = 0; i < *n_lines; i++)
		qsort(lines[i].v, lines[i].n, sizeof(const struct mw_record *), by_threads);
	return n;
}

/* The record of a query with the most threads, in the usual state. */
static const struct mw_record *with_most_threads(const struct results *r, int query)
{
	struct query q = query_in(queries[query], query_usual_c2c(&r->records));
	const struct mw_record *most = NULL, *next;
	for (size_t at = 0; (next = query_next(&r->records, &q, &at));)
		if (next->provenance == MW_MEASURED && isfinite(next->value) &&
		    (!most || threads_of(next) > threads_of(most)))
			most = next;
	return most;
}

static void put_lines(FILE *f, const struct line *lines, size_t n, double *x_hi, double *y_lo, double *y_hi)
{
	*x_hi = 1;
	*y_lo = (double)INFINITY;
	*y_hi = 0;
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(f, "$line%zu << EOD\n", i);
		for (size_t k = 0; k < lines[i].n; k++) {
			const struct mw_record *r = lines[i].v[k];
			bool ci = plot_can_show_interval(r);
			double lo = ci ? r->ci_lo : r->value, hi = ci ? r->ci_hi : r->value;
			(void)fprintf(f, "%.9g %.9g %.9g %.9g\n", threads_of(r), r->value, lo, hi);
			*x_hi = fmax(*x_hi, threads_of(r));
			*y_lo = fmin(*y_lo, lo);
			*y_hi = fmax(*y_hi, hi);
		}
		(void)fputs("EOD\n", f);
	}
}

static void put_time_words(const struct results *r, struct figure_plot *p)
{
	const struct mw_record *most = with_most_threads(r, ADD);
	char a[32];
	if (most && plot_can_show(most->value))
		mw_buf_add(&p->title, "An atomic addition that %.0f threads do to one word takes each %s ns",
			   threads_of(most), print_value(most->value, a, sizeof(a)));
	else
		mw_buf_add(&p->title, "Operations on common lines by the number of threads");
	mw_buf_add(&p->caption,
		   "Time that a thread needs for one operation while all do the same. same-line and own-line "
		   "are ordinary increments of a word of the thread's own: their distance is false sharing. "
		   "Both axes are logarithmic; bars are 95 %% intervals.");
}

static int draw_times(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	static const int marks[FIGURE_SERIES] = {7, 5, 9, 13, 4, 6, 8, 12};
	struct line lines[FIGURE_SERIES];
	double x_hi, y_lo, y_hi;
	size_t n_lines;
	FILE *f = p->script;
	int n = find_lines(r, lines, &n_lines);
	if (n == 0)
		return 0;
	p->height = 400;
	plot_frame(f, look);
	put_lines(f, lines, n_lines, &x_hi, &y_lo, &y_hi);
	x_hi = fmax(2, x_hi) * 1.15;
	y_lo /= 1.4;
	y_hi *= 1.4;
	(void)fprintf(f, "set logscale xy 10\nset xrange [0.9:%.9g]\nset yrange [%.9g:%.9g]\n", x_hi, y_lo, y_hi);
	(void)fprintf(f, "set xlabel 'Threads' tc rgb '%s'\nset ylabel 'ns for an operation of a thread' tc rgb '%s'\n",
		      look->ink, look->ink);
	plot_log_ticks(f, "x", 0.9, x_hi);
	plot_log_ticks(f, "y", y_lo, y_hi);
	for (size_t i = 0; i < n_lines; i++) {
		(void)plot_legend(p, lines[i].name, (int)i, marks[i], false, MARK_LINE);
		(void)fprintf(f,
			      "%s$line%zu using 1:2:3:4 with yerrorbars pt 0 lw 1.5 lc rgb '%s' notitle, \\\n$line%zu "
			      "using 1:2 with linespoints pt %d ps 0.8 lw 2 lc rgb '%s' title ",
			      i ? ", \\\n" : "plot ", i, look->series[i], i, marks[i], look->series[i]);
		plot_quote(f, lines[i].name);
	}
	(void)fputs("\n", f);
	put_time_words(r, p);
	return n;
}

/* ---- headlines ---- */

static void headlines(const struct results *r, struct headlines *out)
{
	static const struct {
		const char *where, *label;
	} relations[] = {
		{"line=modified,home=from,relation=smt", "Modified line, same core"},
		{"line=modified,home=from,relation=same-l3", "Modified line, same L3"},
		{"line=modified,home=from,relation=same-socket", "Modified line, same socket"},
		{"line=modified,home=from,relation=cross-socket", "Modified line, other socket"},
	};
	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		struct query q = query_in(queries[MEDIAN], out->c2c_ns);
		q.where = relations[i].where;
		const struct mw_record *m = query_best(&r->records, &q, true);
		if (!m)
			continue;
		struct headline *line = headline_add(out, relations[i].label, m);
		headline_pairs(out, line, m, "state");
		headline_say(out, line, "median of %.0f of %.0f pairs", record_number(m, "pairs"),
			     record_number(m, "of_pairs"));
	}
	const struct mw_record *add = with_most_threads(r, ADD);
	if (add)
		headline_pairs(out, headline_add(out, "Atomic addition, all threads", add), add, "threads,state");
	const struct mw_record *same = with_most_threads(r, SAME_LINE), *own = with_most_threads(r, OWN_LINE);
	if (same && own && threads_of(same) == threads_of(own) && threads_of(same) > 1)
		(void)headline_ratio(out, "Cost of false sharing", "\xc3\x97", same, own,
				     "increment of a word on a common line / on a line of its own");
}

const struct section section_cores = {
	.place = 35,
	.id = "cores",
	.name = "Cores",
	.bench = "cores",
	.queries = queries,
	.figures = {{.id = "cores-map", .name = "Cache lines from core to core", .draw = draw_map},
		    {.id = "cores-contended", .name = "Operations on common lines", .draw = draw_times}},
	.headlines = headlines,
};
