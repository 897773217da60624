/* NUMA: heat maps from node to node with HMAT's promise in each cell, and a bar for each core alone. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

enum { LOCAL, REMOTE, MEMORY_ONLY, INTERLEAVE, CORE, PROMISE, SLOWEST };

static const struct query queries[] = {
	[LOCAL] = {.bench = "numa", .case_name = "local", .keys = "cpu_node,memory_node"},
	[REMOTE] = {.bench = "numa", .case_name = "remote", .keys = "cpu_node,memory_node"},
	[MEMORY_ONLY] = {.bench = "numa", .case_name = "memory-only", .keys = "cpu_node,memory_node"},
	[INTERLEAVE] = {.bench = "numa", .case_name = "interleave", .keys = "cpu_node,page_nodes"},
	[CORE] = {.bench = "numa", .case_name = "core", .keys = "on_cpu"},
	[PROMISE] = {.bench = "numa",
		     .case_name = "hmat",
		     .where = "access=read",
		     .keys = "cpu_node,memory_node,class"},
	[SLOWEST] = {.bench = "numa", .case_name = "slowest-core", .keys = "cpu,slow,of_cores"},
	{.bench = NULL},
};

static struct query of(int which, const char *metric)
{
	struct query q = queries[which];
	q.metric = metric;
	return q;
}

/* ---- the matrix ---- */

/* Rows are nodes of CPUs, columns nodes of memory; what does not fit is in the table. */
enum { ROWS = 8, NODE_COLUMNS = 10, COLUMNS = NODE_COLUMNS + 2, HEAD = 32, LEVELS = 8 };

struct cell {
	const struct mw_record *rec, *promise;
};

struct matrix {
	int rows[ROWS], columns[NODE_COLUMNS]; /* numbers of nodes */
	bool memory_only[NODE_COLUMNS];
	const char *policies[2]; /* columns after those of the nodes */
	size_t n_rows, n_columns, n_policies;
	struct cell cells[ROWS][COLUMNS];
	size_t measured, left_out;
};

/* Adds the node to a list in ascending order, unless the list is full. */
static void list_node(int *list, size_t *n, size_t most, int node)
{
	size_t i = 0;
	while (i < *n && list[i] < node)
		i++;
	if (node < 0 || *n == most || (i < *n && list[i] == node))
		return;
	memmove(&list[i + 1], &list[i], (*n - i) * sizeof(*list));
	list[i] = node;
	(*n)++;
}

static bool is_pair(const struct mw_record *r, const char *metric)
{
	static const int kinds[] = {LOCAL, REMOTE, MEMORY_ONLY};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct query q = of(kinds[i], metric);
		if (query_matches(&q, r))
			return plot_can_show(r->value);
	}
	return false;
}

static const char *policy_of(const struct mw_record *r, const char *metric)
{
	struct query q = of(INTERLEAVE, metric);
	q.case_name = NULL;
	bool spread = strcmp(r->case_name, "interleave") == 0 || strcmp(r->case_name, "weighted-interleave") == 0;
	return spread && query_matches(&q, r) && plot_can_show(r->value) ? r->case_name : NULL;
}

static int node_in(const struct mw_record *r, const char *key)
{
	double v = record_number(r, key);
	return isfinite(v) && v >= 0 && v < 1e6 ? (int)v : -1;
}

static int index_in(const int *list, size_t n, int node)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == node)
			return (int)i;
	return -1;
}

static void list_nodes(const struct mw_records *l, const char *metric, struct matrix *m)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *policy = policy_of(&l->v[i], metric);
		if (policy || is_pair(&l->v[i], metric))
			list_node(m->rows, &m->n_rows, ROWS, node_in(&l->v[i], "cpu_node"));
		if (is_pair(&l->v[i], metric))
			list_node(m->columns, &m->n_columns, NODE_COLUMNS, node_in(&l->v[i], "memory_node"));
		size_t k = 0;
		while (policy && k < m->n_policies && strcmp(m->policies[k], policy) != 0)
			k++;
		if (policy && k == m->n_policies && k < 2)
			m->policies[m->n_policies++] = policy;
	}
}

static int column_of(const struct matrix *m, const struct mw_record *r, const char *policy)
{
	for (size_t k = 0; policy && k < m->n_policies; k++)
		if (strcmp(m->policies[k], policy) == 0)
			return (int)(m->n_columns + k);
	return policy ? -1 : index_in(m->columns, m->n_columns, node_in(r, "memory_node"));
}

/* Of several records of one pair (sizes, states) the last one is shown. */
static void fill(const struct mw_records *l, const char *metric, struct matrix *m)
{
	struct query promise = of(PROMISE, metric);
	list_nodes(l, metric, m);
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		const char *policy = policy_of(r, metric);
		bool pair = is_pair(r, metric), promised = query_matches(&promise, r) && plot_can_show(r->value);
		if (!policy && !pair && !promised)
			continue;
		int row = index_in(m->rows, m->n_rows, node_in(r, "cpu_node")), column = column_of(m, r, policy);
		m->left_out += !promised && (row < 0 || column < 0);
		if (row < 0 || column < 0)
			continue;
		struct cell *c = &m->cells[row][column];
		if (promised) {
			c->promise = r;
			continue;
		}
		m->measured += !c->rec;
		c->rec = r;
		if (pair)
			m->memory_only[column] = strcmp(r->case_name, "memory-only") == 0;
	}
}

static void head_of(const struct matrix *m, size_t column, char *out, size_t n)
{
	if (column >= m->n_columns)
		mw_format(out, n, "%s",
			  strcmp(m->policies[column - m->n_columns], "interleave") == 0 ? "interleaved" : "weighted");
	else
		mw_format(out, n, "node %d%s", m->columns[column], m->memory_only[column] ? " *" : "");
}

/* What the cells of a matrix span. */
struct range {
	double lo, hi;
	bool promised; /* some have a promise, and room for it */
};

static struct range range_of(const struct matrix *m)
{
	/* With more columns a cell has no room for two numbers; the table has them. */
	bool room = m->n_columns + m->n_policies <= 6;
	struct range g = {.lo = (double)INFINITY};
	for (size_t i = 0; i < m->n_rows; i++)
		for (size_t k = 0; k < m->n_columns + m->n_policies; k++)
			if (m->cells[i][k].rec) {
				g.lo = fmin(g.lo, m->cells[i][k].rec->value);
				g.hi = fmax(g.hi, m->cells[i][k].rec->value);
				g.promised = g.promised || (room && m->cells[i][k].promise);
			}
	return g;
}

/* Level of the colour, from pale to full with the value, on a logarithmic scale. */
static int level_of(const struct range *g, double value)
{
	return g->hi > g->lo ? (int)lround((LEVELS - 1) * log(value / g->lo) / log(g->hi / g->lo)) : 0;
}

/* Boxes of one level are one plot, which makes a smaller drawing than one object each. True when there are some. */
static bool put_boxes(FILE *f, const struct matrix *m, const struct range *g, int level)
{
	bool any = false;
	for (size_t i = 0; i < m->n_rows; i++)
		for (size_t k = 0; k < m->n_columns + m->n_policies; k++) {
			const struct mw_record *rec = m->cells[i][k].rec;
			if (!rec || level_of(g, rec->value) != level)
				continue;
			if (!any)
				(void)fprintf(f, "$level%d << EOD\n", level);
			any = true;
			(void)fprintf(f, "%zu %d\n", k, -(int)i);
		}
	if (any)
		(void)fputs("EOD\n", f);
	return any;
}

static void put_values(FILE *f, const struct matrix *m, bool promised)
{
	char value[32], promise[32];
	(void)fputs("$values << EOD\n", f);
	for (size_t i = 0; i < m->n_rows; i++)
		for (size_t k = 0; k < m->n_columns + m->n_policies; k++) {
			const struct cell *c = &m->cells[i][k];
			if (!c->rec)
				continue;
			(void)fprintf(f, "%zu %d \"%s", k, -(int)i, print_value(c->rec->value, value, sizeof(value)));
			if (c->promise && promised)
				(void)fprintf(f, " (%s)", print_value(c->promise->value, promise, sizeof(promise)));
			(void)fputs("\"\n", f);
		}
	(void)fputs("EOD\n", f);
}

static void put_axes(FILE *f, const struct figure_look *look, const struct matrix *m)
{
	size_t columns = m->n_columns + m->n_policies;
	(void)fprintf(f, "unset grid\nunset key\nset border 0\nset xrange [-0.5:%g]\nset yrange [%g:0.5]\nset xtics (",
		      (double)columns - 0.5, 0.5 - (double)m->n_rows);
	for (size_t i = 0; i < columns; i++) {
		char head[HEAD];
		head_of(m, i, head, sizeof(head));
		(void)fprintf(f, "%s'%s' %zu", i ? ", " : "", head, i);
	}
	(void)fputs(") scale 0\nset ytics (", f);
	for (size_t i = 0; i < m->n_rows; i++)
		(void)fprintf(f, "%s'node %d' %d", i ? ", " : "", m->rows[i], -(int)i);
	(void)fprintf(f, ")\nset xlabel 'Memory' tc rgb '%s'\nset ylabel 'CPUs' tc rgb '%s'\n", look->ink, look->ink);
}

static void put_map(FILE *f, const struct figure_look *look, const struct matrix *m, const struct range *g)
{
	bool has[LEVELS];
	const char *separator = "plot ";
	put_axes(f, look, m);
	put_values(f, m, g->promised);
	for (int level = 0; level < LEVELS; level++)
		has[level] = put_boxes(f, m, g, level);
	for (int level = 0; level < LEVELS; level++) {
		if (!has[level])
			continue;
		(void)fprintf(
			f,
			"%s$level%d using 1:2:(0.48):(0.45) with boxxyerror fs transparent solid %.2f noborder fc rgb "
			"'%s'",
			separator, level, 0.08 + 0.5 * level / (LEVELS - 1), look->series[0]);
		separator = ", \\\n";
	}
	(void)fprintf(f, "%s$values using 1:2:3 with labels noenhanced tc rgb '%s'\n", separator, look->ink);
}

static void put_map_words(const struct matrix *m, bool latency, const struct range *g, struct figure_plot *p)
{
	char a[32], b[32];
	bool star = false;
	for (size_t i = 0; i < m->n_columns; i++)
		star = star || m->memory_only[i];
	mw_buf_add(&p->title,
		   latency ? "A load takes %s to %s ns, by the nodes of CPU and memory"
			   : "The cores of a node read %s to %s GB/s, by the node of the memory",
		   print_value(g->lo, a, sizeof(a)), print_value(g->hi, b, sizeof(b)));
	mw_buf_add(&p->caption, "%s%s%s",
		   latency ? "Dependent loads of one core, ns; all others are idle."
			   : "All cores of the node read, GB/s; those of other nodes are idle.",
		   g->promised ? " In parentheses: what the firmware (HMAT) promises for reads." : "",
		   star ? " *: a node without CPUs." : "");
	if (m->left_out)
		mw_buf_add(&p->caption, " %zu more values are in the table only.", m->left_out);
}

static int draw_matrix(const struct results *r, const char *metric, const struct figure_look *look,
		       struct figure_plot *p)
{
	static const struct matrix none;
	struct matrix m = none;
	fill(&r->records, metric, &m);
	if (m.measured < 2) /* the table says it */
		return 0;
	struct range g = range_of(&m);
	p->height = 100 + 36 * (int)m.n_rows;
	plot_frame(p->script, look);
	put_map(p->script, look, &m, &g);
	put_map_words(&m, strcmp(metric, "latency") == 0, &g, p);
	return (int)m.measured;
}

static int draw_latency(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	return draw_matrix(r, "latency", look, p);
}

static int draw_bandwidth(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	return draw_matrix(r, "bandwidth", look, p);
}

/* ---- its table: measured beside promised ---- */

static const struct mw_record *promise_of(const struct mw_records *l, const struct mw_record *r)
{
	struct query q = of(PROMISE, r->metric);
	const struct mw_record *p;
	size_t at = 0;
	while ((p = query_next(l, &q, &at)))
		if (node_in(p, "cpu_node") == node_in(r, "cpu_node") &&
		    node_in(p, "memory_node") == node_in(r, "memory_node"))
			return p;
	return NULL;
}

static int table_row(const struct mw_records *l, const struct mw_record *r, struct grid *g)
{
	char value[32], promised[32] = "", share[32] = "";
	struct number_text cpus, memory, distance;
	const struct mw_record *p = promise_of(l, r);
	if (p && plot_can_show(p->value)) {
		(void)print_value(p->value, promised, sizeof(promised));
		mw_format(share, sizeof(share), "%.3g", r->value / p->value);
	}
	const char *cells[] = {
		r->case_name,
		record_text(r, "cpu_node", &cpus),
		record_text(r, "memory_node", &memory),
		record_text(r, "distance", &distance),
		r->metric,
		print_value(r->value, value, sizeof(value)),
		promised,
		share,
		mw_unit_name(r->unit),
		mw_kv_str(&r->observed, "page_nodes", ""),
	};
	return grid_add(g, cells);
}

static int fill_table(const struct results *r, const char *metric, struct grid *g)
{
	static const struct grid_column columns[] = {
		{"case", "Case", false},
		{"cpus", "CPUs of node", true},
		{"memory", "Memory of node", true},
		{"distance", "Distance", true},
		{"metric", "Metric", false},
		{"measured", "Measured", true},
		{"promised", "HMAT", true},
		{"share", "Measured / HMAT", true},
		{"unit", "Unit", false},
		{"page_nodes", "Pages found on", false},
	};
	int rc = 0;
	grid_init(g, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < r->records.n && rc == 0; i++)
		if (is_pair(&r->records.v[i], metric) || policy_of(&r->records.v[i], metric))
			rc = table_row(&r->records, &r->records.v[i], g);
	return rc;
}

static int table_latency(const struct results *r, struct grid *g)
{
	return fill_table(r, "latency", g);
}

static int table_bandwidth(const struct results *r, struct grid *g)
{
	return fill_table(r, "bandwidth", g);
}

/* ---- cores ---- */

enum { CORES = 4096, BARS = 48 }; /* more cores than BARS are drawn as a line, which is smaller */

static int by_cpu(const void *a, const void *b)
{
	const struct mw_record *x = *(const struct mw_record *const *)a, *y = *(const struct mw_record *const *)b;
	return node_in(x, "on_cpu") - node_in(y, "on_cpu");
}

static size_t find_cores(const struct mw_records *l, const char *metric, const struct mw_record **v, size_t most)
{
	struct query q = of(CORE, metric);
	const struct mw_record *r;
	size_t at = 0, n = 0;
	while ((r = query_next(l, &q, &at)) && n < most)
		if (plot_can_show(r->value))
			v[n++] = r;
	qsort(v, n, sizeof(const struct mw_record *), by_cpu);
	return n;
}

/* Core i has the x-coordinate i. */
static void put_cores(FILE *f, const struct mw_record **v, size_t n)
{
	(void)fputs("$cores << EOD\n", f);
	for (size_t i = 0; i < n; i++) {
		bool ci = plot_can_show_interval(v[i]);
		(void)fprintf(f, "%zu %.6g %.6g %.6g\n", i, v[i]->value, ci ? v[i]->ci_lo : v[i]->value,
			      ci ? v[i]->ci_hi : v[i]->value);
	}
	(void)fputs("EOD\nset xtics (", f);
	size_t step = n / 12 + 1;
	for (size_t i = 0; i < n; i += step)
		(void)fprintf(f, "%s'%d' %zu", i ? ", " : "", node_in(v[i], "on_cpu"), i);
	(void)fprintf(f, ") scale 0\nset grid noxtics\nset xrange [-0.6:%g]\nset yrange [0:*]\n", (double)n - 0.4);
}

static void put_core_words(const struct results *r, const char *metric, size_t n, struct figure_plot *p)
{
	struct query q = of(SLOWEST, strcmp(metric, "latency") == 0 ? "latency_spread" : "bandwidth_spread");
	size_t at = 0;
	const struct mw_record *slowest = query_next(&r->records, &q, &at);
	const char *slow = slowest ? mw_kv_str(&slowest->observed, "slow", "") : "";
	struct number_text cpu;
	if (slow[0])
		mw_buf_add(&p->title, "CPU %s: slower than the others", slow);
	else if (slowest && isfinite(slowest->ci_lo))
		mw_buf_add(&p->title, "%zu cores, none slower than the others beyond the intervals (slowest: CPU %s)",
			   n, record_text(slowest, "cpu", &cpu));
	else
		mw_buf_add(&p->title, "%zu cores, each alone", n);
	mw_buf_add(&p->caption, "One core at a time with memory of its own node, by the number of its CPU%s.",
		   n <= BARS ? "; bars are 95 % intervals" : "");
}

static int draw_cores(const struct results *r, const char *metric, const char *axis, const struct figure_look *look,
		      struct figure_plot *p)
{
	const struct mw_record **v = calloc(CORES, sizeof(const struct mw_record *));
	FILE *f = p->script;
	if (!v)
		return -ENOMEM;
	size_t n = find_cores(&r->records, metric, v, CORES);
	if (n > 0) {
		p->height = 260;
		plot_frame(f, look);
		put_cores(f, v, n);
		(void)fprintf(f, "unset key\nset xlabel 'CPU' tc rgb '%s'\nset ylabel '%s' tc rgb '%s'\n", look->ink,
			      axis, look->ink);
		if (n <= BARS)
			(void)fprintf(
				f,
				"plot $cores using 1:2:(0.7) with boxes fs transparent solid 0.35 noborder lc rgb "
				"'%s', \\\n$cores using 1:3:(0):($4 - $3) with vectors nohead lw 1.5 lc rgb '%s'\n",
				look->series[0], look->series[0]);
		else
			(void)fprintf(f, "plot $cores using 1:2 with histeps lw 1.5 lc rgb '%s'\n", look->series[0]);
		put_core_words(r, metric, n, p);
	}
	free(v);
	return (int)n;
}

static int draw_core_latency(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	return draw_cores(r, "latency", "Latency (ns)", look, p);
}

static int draw_core_bandwidth(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	return draw_cores(r, "bandwidth", "Read bandwidth (GB/s)", look, p);
}

/* ---- headlines ---- */

/* The extreme pair of nodes, and its ratio to the best local one. */
static void far_memory(const struct results *r, struct headlines *out, int which, const char *label,
		       const char *ratio_label, const struct mw_record *local)
{
	struct query q = of(which, "latency");
	const struct mw_record *far = query_best(&r->records, &q, false);
	if (!far)
		return;
	headline_pairs(out, headline_add(out, label, far), far, queries[which].keys);
	(void)headline_ratio(out, ratio_label, "×", far, local, "farthest pair of nodes / nearest local memory");
}

/* usual: also a line when no core is slower than the others. */
static void slow_core(const struct results *r, struct headlines *out, const char *metric, const char *label, bool usual)
{
	struct query q = of(SLOWEST, metric);
	size_t at = 0;
	const struct mw_record *s = query_next(&r->records, &q, &at);
	const char *slow = s ? mw_kv_str(&s->observed, "slow", "") : "";
	bool shown = s && s->provenance == MW_MEASURED && (usual || slow[0]);
	struct headline *line = shown ? headline_add(out, label, s) : NULL;
	if (!line)
		return;
	struct number_text cpu;
	if (slow[0])
		headline_say(out, line, "CPU %s slower than the median core", slow);
	else
		headline_say(out, line, "CPU %s, not slower than the median core beyond the intervals",
			     record_text(s, "cpu", &cpu));
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_records *l = &r->records;
	struct query local = of(LOCAL, "latency"), remote = of(REMOTE, "latency"), other = of(MEMORY_ONLY, "latency");
	struct query read = query_in(of(LOCAL, "bandwidth"), out->c2c_ns), far = of(REMOTE, "bandwidth");
	const struct mw_record *near = query_best(l, &local, true);
	size_t at = 0;
	const struct mw_record *absent = query_next(l, &remote, &at);
	if (near && (query_best(l, &remote, false) || query_best(l, &other, false)))
		headline_pairs(out, headline_add(out, "Local memory latency", near), near, queries[LOCAL].keys);
	/* With one node there is nothing to say of others. */
	if (absent && absent->provenance == MW_UNAVAILABLE && !query_best(l, &remote, false) && r->host.n_nodes > 1)
		headline_missing(out, "Remote memory", "%s", absent->note);
	far_memory(r, out, REMOTE, "Remote memory latency", "Remote / local latency", near);
	far_memory(r, out, MEMORY_ONLY, "Latency of memory without CPUs", "Memory without CPUs / local latency", near);
	(void)headline_ratio(out, "Remote / local bandwidth", "×", query_best(l, &far, true),
			     query_best(l, &read, false),
			     "slowest pair of nodes / fastest local memory, all cores of a node");
	slow_core(r, out, "latency_spread", "Slowest core, latency", true);
	slow_core(r, out, "bandwidth_spread", "Slowest core, bandwidth", false);
}

const struct section section_numa = {
	.place = 12,
	.id = "numa",
	.name = "NUMA",
	.bench = "numa",
	.queries = queries,
	.figures = {{.id = "numa-latency",
		     .name = "Latency from node to node",
		     .draw = draw_latency,
		     .table = table_latency},
		    {.id = "numa-bandwidth",
		     .name = "Bandwidth from node to node",
		     .draw = draw_bandwidth,
		     .table = table_bandwidth},
		    {.id = "numa-cores", .name = "Latency of each core", .draw = draw_core_latency},
		    {.id = "numa-core-bandwidth", .name = "Bandwidth of each core", .draw = draw_core_bandwidth}},
	.headlines = headlines,
};
