/* Bandwidth by level and number of threads: a row each, a mark per operation. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reports/print.h"
#include "reports/section.h"

#define ROWS_MAX 64

/* One row of the figure. Each topology state and placement of the threads has its own row. */
struct row {
	const struct mw_record *r; /* one of its records: level and state are its own texts */
	size_t level_len;          /* of the case's name; 0: all of memory */
	long threads;
	bool spread; /* over sockets and caches */
};

struct rows {
	struct row v[ROWS_MAX];
	size_t n;
};

static const struct {
	const char *op, *store, *label;
	int point; /* filled: ordinary stores; hollow: non-temporal */
	int colour;
	double lane; /* offset across the row, so that marks of close values do not overlap */
} marks[] = {
	{"read", NULL, "read", 7, 0, -0.27},   {"write", "nt", "write, non-temporal", 4, 1, -0.09},
	{"write", NULL, "write", 5, 1, -0.09}, {"copy", "nt", "copy, non-temporal", 8, 2, 0.09},
	{"copy", NULL, "copy", 9, 2, 0.09},    {"triad", "nt", "triad, non-temporal", 12, 3, 0.27},
	{"triad", NULL, "triad", 13, 3, 0.27},
};
#define MARKS (sizeof(marks) / sizeof(*marks))

enum { ALL, PEAK, DRAM, CACHE, SINGLE, LEVEL, LATENCY, FAR };

static const struct query queries[] = {
	[ALL] = {.bench = "bandwidth",
		 .metric = "bandwidth",
		 .unit = "GB/s",
		 .keys = "stores,threads,state,data,placement"},
	[PEAK] = {.bench = "bandwidth",
		  .case_name = "dram-read-peak",
		  .metric = "bandwidth",
		  .keys = "by_threads,winner,state"},
	[DRAM] = {.bench = "bandwidth", .case_name = "dram-read", .metric = "bandwidth"},
	/* The best kernel is taken from the benchmark's peak-* records; the largest of several values would be
	 * biased. */
	[CACHE] = {.bench = "bandwidth", .case_name = "peak-read", .metric = "bandwidth", .where = "level=l1"},
	[SINGLE] = {.bench = "bandwidth",
		    .case_name = "peak-read",
		    .metric = "bandwidth",
		    .where = "level=dram,threads=1",
		    .keys = "winner,obtained"},
	[LEVEL] = {.bench = "bandwidth", .case_name = "peak-read", .metric = "bandwidth", .keys = "level,threads"},
	[LATENCY] = {.bench = "latency", .metric = "latency", .keys = "size"},
	[FAR] = {.bench = "latency", .case_name = "dram", .metric = "latency"},
	{.bench = NULL},
};

/* Cases are named LEVEL-OPERATION: "l1-read", "dram-triad". */
static const char *operation(const struct mw_record *r)
{
	const char *dash = strchr(r->case_name, '-');
	return dash ? dash + 1 : r->case_name;
}

/* True for records of this figure, even if an axis cannot show their value. */
static bool is_meant(const struct mw_record *r)
{
	/* Cases with "peak" repeat the best of the others; rows with "data" are contrasts. */
	return query_matches(&queries[ALL], r) && isfinite(r->value) && r->provenance == MW_MEASURED &&
	       !strstr(r->case_name, "peak") && !mw_kv_find(&r->params, "data");
}

static bool is_point(const struct mw_record *r)
{
	return is_meant(r) && plot_can_show(r->value);
}

static size_t mark_of(const struct mw_record *r)
{
	struct number_text number;
	const char *op = operation(r), *store = record_text(r, "stores", &number);
	for (size_t i = 0; i < MARKS; i++)
		if (strcmp(marks[i].op, op) == 0 &&
		    (!marks[i].store || strncmp(store, "nt", 2) == 0 || strncmp(store, "non", 3) == 0))
			return i;
	return MARKS;
}

static void row_of(const struct mw_record *r, struct row *out)
{
	struct number_text number;
	const char *op = operation(r);
	long threads = strtol(record_text(r, "threads", &number), NULL, 10);
	*out = (struct row){
		.r = r,
		.level_len = op > r->case_name ? (size_t)(op - r->case_name) - 1 : 0,
		.threads = threads < 1 ? 1 : threads,
		.spread = strcmp(record_text(r, "placement", &number), "spread") == 0,
	};
}

static int level_rank(const struct row *row)
{
	static const char *const order[] = {"l1", "l2", "l3", "dram"};
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (strlen(order[i]) == row->level_len && strncasecmp(order[i], row->r->case_name, row->level_len) == 0)
			return (int)i;
	return 100;
}

static int by_level(const struct row *x, const struct row *y)
{
	size_t len = x->level_len < y->level_len ? x->level_len : y->level_len;
	int ranks = level_rank(x) - level_rank(y), names = strncasecmp(x->r->case_name, y->r->case_name, len);
	if (ranks || names)
		return ranks ? ranks : names;
	return (x->level_len > y->level_len) - (x->level_len < y->level_len);
}

static int by_row(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	struct number_text first, second;
	int levels = by_level(x, y);
	if (levels)
		return levels;
	if (x->threads != y->threads)
		return x->threads < y->threads ? -1 : 1;
	if (x->spread != y->spread)
		return x->spread ? 1 : -1;
	return strcmp(record_state(x->r, &first), record_state(y->r, &second));
}

static void find_rows(const struct mw_records *l, struct rows *out)
{
	out->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct row row;
		bool known = false;
		if (!is_point(&l->v[i]) || mark_of(&l->v[i]) == MARKS)
			continue;
		row_of(&l->v[i], &row);
		for (size_t k = 0; k < out->n; k++)
			known = known || by_row(&out->v[k], &row) == 0;
		if (!known && out->n < ROWS_MAX)
			out->v[out->n++] = row;
	}
	qsort(out->v, out->n, sizeof(out->v[0]), by_row);
}

/* The record of the best kernel for a row and mark. */
static const struct mw_record *best(const struct mw_records *l, const struct row *row, size_t mark)
{
	const struct mw_record *found = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct row own;
		if (!is_point(&l->v[i]) || mark_of(&l->v[i]) != mark)
			continue;
		row_of(&l->v[i], &own);
		if (by_row(&own, row) == 0 && (!found || l->v[i].value > found->value))
			found = &l->v[i];
	}
	return found;
}

static int put_row_ticks(FILE *f, const struct rows *rows)
{
	struct mw_buf label = {0};
	(void)fputs("set ytics (", f);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->v[i];
		struct number_text number;
		const char *state = record_state(row->r, &number);
		mw_buf_clear(&label);
		for (size_t k = 0; k < row->level_len; k++)
			mw_buf_add(&label, "%c", toupper((unsigned char)row->r->case_name[k]));
		mw_buf_add(&label, "%s, %ld %sthread%s%s%s", row->level_len ? "" : "memory", row->threads,
			   row->spread ? "spread " : "", row->threads == 1 ? "" : "s", state[0] ? ", state " : "",
			   state);
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

static void put_title(const struct mw_records *l, struct figure_plot *p)
{
	double c2c = query_usual_c2c(l);
	struct query peak = query_in(queries[PEAK], c2c), dram = query_in(queries[DRAM], c2c);
	struct query near = query_in(queries[CACHE], c2c);
	const struct mw_record *memory = plot_best(l, &peak, false), *cache = plot_best(l, &near, false);
	if (!memory)
		memory = plot_best(l, &dram, false);
	char a[32], b[32];
	if (!memory || !cache) {
		mw_buf_add(&p->title, "Bandwidth by level and number of threads");
		return;
	}
	mw_buf_add(&p->title, "DRAM delivers %s GB/s to reads, the first-level caches %s GB/s",
		   print_value(memory->value, a, sizeof(a)), print_value(cache->value, b, sizeof(b)));
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct rows rows;
	double lo = (double)INFINITY, hi = 0;
	int n = 0;
	bool used[MARKS] = {false};
	FILE *f = p->script;
	find_rows(&r->records, &rows);
	for (size_t m = 0; m < MARKS; m++) {
		(void)fprintf(f, "$mark%zu << EOD\n", m);
		for (size_t i = 0; i < rows.n; i++) {
			const struct mw_record *b = best(&r->records, &rows.v[i], m);
			if (!b)
				continue;
			bool ci = plot_can_show_interval(b);
			(void)fprintf(f, "%.9g %.2f %.9g %.9g\n", b->value, (double)i + marks[m].lane,
				      ci ? b->ci_lo : b->value, ci ? b->ci_hi : b->value);
			lo = fmin(lo, b->value);
			hi = fmax(hi, b->value);
			used[m] = true;
			n++;
		}
		(void)fputs("EOD\n", f);
	}
	if (n == 0)
		return 0;
	p->height = 100 + 46 * (int)rows.n;
	plot_frame(f, look);
	lo /= 1.3;
	hi *= 1.25;
	(void)fprintf(f, "set logscale x 10\nset xrange [%g:%g]\nset yrange [%g:-0.6]\n", lo, hi, (double)rows.n - 0.4);
	(void)fprintf(f, "set xlabel 'GB/s (1e9 byte per second of the program)' tc rgb '%s'\n", look->ink);
	plot_log_ticks(f, "x", lo, hi);
	if (put_row_ticks(f, &rows) < 0)
		return -ENOMEM;
	/* A thin rule between levels. */
	for (size_t i = 1; i < rows.n; i++)
		if (by_level(&rows.v[i], &rows.v[i - 1]) != 0)
			(void)fprintf(
				f,
				"set arrow from graph 0, first %g to graph 1, first %g nohead back lw 1 lc rgb '%s'\n",
				(double)i - 0.5, (double)i - 0.5, look->muted);
	const char *separator = "plot ";
	for (size_t m = 0; m < MARKS; m++) {
		if (!used[m])
			continue;
		const char *colour = look->series[marks[m].colour];
		plot_legend(p, marks[m].label, marks[m].colour, marks[m].point, false, MARK_DOT);
		(void)fprintf(f, "%s$mark%zu using 1:2:3:4 with xerrorbars pt 0 lw 1.5 lc rgb '%s' notitle", separator,
			      m, colour);
		(void)fprintf(f, ", \\\n$mark%zu using 1:2 with points pt %d ps 0.9 lw 1.6 lc rgb '%s' title ", m,
			      marks[m].point, colour);
		plot_quote(f, marks[m].label);
		separator = ", \\\n";
	}
	(void)fputs("\n", f);
	put_title(&r->records, p);
	mw_buf_add(
		&p->caption,
		"Best kernel of each operation; bars are 95 %% intervals. Hollow marks are non-temporal stores. Bytes "
		"are those the program asked for; what a store adds on the bus, and further operations, are in the "
		"table.");
	size_t left = 0;
	for (size_t i = 0; i < r->records.n; i++)
		left += is_meant(&r->records.v[i]) && mark_of(&r->records.v[i]) != MARKS &&
			!plot_can_show(r->records.v[i].value);
	plot_left_out(p, left);
	return n;
}

/* The latency measured nearest to a working set; NULL when none is within a factor of two. */
static const struct mw_record *latency_at(const struct mw_records *l, double bytes)
{
	const struct mw_record *best = NULL, *next;
	for (size_t at = 0; (next = query_next(l, &queries[LATENCY], &at));) {
		double off = fabs(log2(record_number(next, "size") / bytes));
		if (isfinite(next->value) && off <= 1 &&
		    (!best || off < fabs(log2(record_number(best, "size") / bytes))))
			best = next;
	}
	return best;
}

/* Adds a headline for each cache with less bandwidth but also less latency than memory: one of the two values must be
 * wrong. */
static void contradictions(const struct results *r, struct headlines *out, const struct mw_record *memory)
{
	static const struct {
		const char *where, *label;
		size_t offset;
	} caches[] = {
		{"level=l1,threads=1", "L1", offsetof(struct mw_host, l1d_bytes)},
		{"level=l2,threads=1", "L2", offsetof(struct mw_host, l2_bytes)},
		{"level=l3,threads=1", "L3", offsetof(struct mw_host, l3_bytes)},
	};
	const struct mw_record *far = query_best(&r->records, &queries[FAR], true);
	for (size_t i = 0; far && i < sizeof(caches) / sizeof(caches[0]); i++) {
		struct query q = queries[LEVEL];
		uint64_t bytes;
		memcpy(&bytes, (const char *)&r->host + caches[i].offset, sizeof(bytes));
		q.where = caches[i].where;
		const struct mw_record *read = query_best(&r->records, &q, false);
		const struct mw_record *near = latency_at(&r->records, 0.5 * (double)bytes);
		char a[32], b[32], c[32], d[32];
		if (!read || !near || !(read->ci_hi < memory->ci_lo) || !(near->ci_hi < far->ci_lo))
			continue;
		headline_missing(out, "Bandwidth and latency contradict",
				 "%s reads %s GB/s, below memory's %s, yet answers in %s ns, memory in %s",
				 caches[i].label, print_value(read->value, a, sizeof(a)),
				 print_value(memory->value, b, sizeof(b)), print_value(near->value, c, sizeof(c)),
				 print_value(far->value, d, sizeof(d)));
	}
}

static void headlines(const struct results *r, struct headlines *out)
{
	struct query peak = query_in(queries[PEAK], out->c2c_ns);
	const struct mw_record *one = query_best(&r->records, &queries[SINGLE], false);
	const struct mw_record *all = query_best(&r->records, &peak, false);
	size_t at = 0;
	if (one)
		headline_pairs(out, headline_add(out, "DRAM read, one thread", one), one, "winner,obtained");
	if (all)
		headline_pairs(out, headline_add(out, "DRAM read, all threads", all), all, "by_threads,winner,state");
	else if (!one && query_next(&r->records, &queries[ALL], &at))
		headline_missing(out, "DRAM read",
				 "no array was four times the caches; the largest ones are in the report");
	if (one)
		contradictions(r, out, one);
}

const struct section section_bandwidth = {
	.place = 20,
	.id = "bandwidth",
	.name = "Bandwidth",
	.bench = "bandwidth",
	.queries = queries,
	.brief = "bus_bandwidth",
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
