/* Accesses in flight over the number of pointer chases: a line per memory level, straight until its knee. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/print.h"
#include "reports/section.h"

enum { LINE_POINTS = 64 };

enum { FLIGHT, DRAM, LARGEST, KNEE };

static const struct query queries[] = {
	[FLIGHT] = {.bench = "parallelism",
		    .case_name = "chases",
		    .metric = "in_flight",
		    .keys = "level,threads,chases,state"},
	[DRAM] = {.bench = "parallelism",
		  .case_name = "chases",
		  .metric = "in_flight",
		  .where = "level=dram,threads=1",
		  .keys = "chases,size,pages"},
	[LARGEST] = {.bench = "parallelism",
		     .case_name = "chases",
		     .metric = "in_flight",
		     .where = "level=largest,threads=1",
		     .keys = "chases,size,pages"},
	[KNEE] = {.bench = "parallelism",
		  .case_name = "knee",
		  .metric = "knee",
		  .where = "level=dram,threads=1",
		  .keys = "at_knee,knee_ns,most_chases,limit"},
	{.bench = NULL},
};

struct line {
	const struct mw_record *v[LINE_POINTS]; /* by chases */
	size_t n;
};

struct lines {
	struct line v[FIGURE_SERIES];
	size_t n;
	double x_hi, y_hi; /* largest drawn */
	size_t impossible; /* points that are not drawn: far more accesses in flight than chases */
};

static double chases(const struct mw_record *r)
{
	return record_number(r, "chases");
}

static bool can_show(const struct mw_record *r)
{
	return plot_can_show(r->value) && plot_can_show(chases(r)) && r->provenance == MW_MEASURED;
}

/* Chases cannot have more accesses in flight than there are chases; such a value was disturbed. */
static bool is_possible(const struct mw_record *r)
{
	return can_show(r) && r->value <= 1.05 * chases(r) * fmax(1, record_number(r, "threads"));
}

/* With far more in flight than chases, one chase and many were measured in different states of a shared cache. */
static bool is_far_off(const struct mw_record *r)
{
	return r->value > 1.5 * chases(r) * fmax(1, record_number(r, "threads"));
}

/* The largest possible value of one thread, from DRAM or LARGEST; NULL when there is none. */
static const struct mw_record *most_in_flight(const struct results *r, int from)
{
	const struct mw_record *most = NULL, *next;
	for (size_t at = 0; (next = query_next(&r->records, &queries[from], &at));)
		if (is_possible(next) && (!most || next->value > most->value))
			most = next;
	return most;
}

static bool same_line(const struct mw_record *x, const struct mw_record *y)
{
	static const char *const keys[] = {"level", "threads", "pages", "size"};
	struct number_text a, b;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(record_text(x, keys[i], &a), record_text(y, keys[i], &b)) != 0)
			return false;
	return true;
}

static int by_chases(const void *a, const void *b)
{
	double x = chases(*(const struct mw_record *const *)a), y = chases(*(const struct mw_record *const *)b);
	return (x > y) - (x < y);
}

static void add_to_line(struct lines *l, const struct mw_record *r)
{
	size_t i = 0;
	while (i < l->n && !same_line(l->v[i].v[0], r))
		i++;
	if (i == FIGURE_SERIES || (i < l->n && l->v[i].n == LINE_POINTS))
		return;
	if (i == l->n)
		l->v[l->n++].n = 0;
	l->v[i].v[l->v[i].n++] = r;
	l->x_hi = fmax(l->x_hi, chases(r));
	l->y_hi = fmax(l->y_hi, fmax(r->value, plot_can_show_interval(r) ? r->ci_hi : 0));
}

static int find_lines(const struct results *r, struct lines *out)
{
	struct query q = query_in(queries[FLIGHT], query_usual_c2c(&r->records));
	const struct mw_record *next;
	int n = 0;
	*out = (struct lines){.n = 0};
	for (size_t at = 0; (next = query_next(&r->records, &q, &at));)
		if (can_show(next) && is_far_off(next))
			out->impossible++;
		else if (can_show(next))
			add_to_line(out, next);
	for (size_t i = 0; i < out->n; i++) {
		qsort(out->v[i].v, out->v[i].n, sizeof(const struct mw_record *), by_chases);
		n += (int)out->v[i].n;
	}
	return n;
}

static void put_label(const struct line *l, struct mw_buf *out)
{
	struct number_text level, threads;
	mw_buf_clear(out);
	mw_buf_add(out, "%s", record_text(l->v[0], "level", &level));
	const char *n = record_text(l->v[0], "threads", &threads);
	if (strcmp(n, "1") != 0)
		mw_buf_add(out, ", %s threads", n);
}

static void put_data(FILE *f, const struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		(void)fprintf(f, "$line%zu << EOD\n", i);
		for (size_t k = 0; k < lines->v[i].n; k++) {
			const struct mw_record *r = lines->v[i].v[k];
			bool ci = plot_can_show_interval(r);
			(void)fprintf(f, "%.9g %.9g %.9g %.9g\n", chases(r), r->value, ci ? r->ci_lo : r->value,
				      ci ? r->ci_hi : r->value);
		}
		(void)fputs("EOD\n", f);
	}
}

static int put_plot(const struct lines *lines, const struct figure_look *look, struct figure_plot *p)
{
	static const int marks[FIGURE_SERIES] = {7, 5, 9, 13, 6, 4, 8, 12};
	FILE *f = p->script;
	struct mw_buf label = {0};
	(void)fprintf(f, "plot x with lines dt (4,5) lw 1 lc rgb '%s' notitle", look->muted);
	for (size_t i = 0; i < lines->n; i++) {
		put_label(&lines->v[i], &label);
		(void)plot_legend(p, mw_buf_text(&label), (int)i, marks[i], false, MARK_LINE);
		(void)fprintf(f,
			      ", \\\n$line%zu using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb "
			      "'%s' notitle, \\\n$line%zu using 1:2 with linespoints pt %d ps 0.7 lw 2 lc rgb '%s' "
			      "title ",
			      i, look->series[i], i, marks[i], look->series[i]);
		plot_quote(f, mw_buf_text(&label));
	}
	(void)fputs("\n", f);
	int rc = label.failed ? -ENOMEM : 0;
	mw_buf_fini(&label);
	return rc;
}

static void put_words(const struct results *r, const struct lines *lines, struct figure_plot *p)
{
	const struct mw_record *most = most_in_flight(r, DRAM);
	char a[32];
	if (most)
		mw_buf_add(&p->title, "A core keeps %s accesses to DRAM in flight with %.0f pointer chases",
			   print_value(most->value, a, sizeof(a)), chases(most));
	else
		mw_buf_add(&p->title, "Accesses in flight by the number of pointer chases");
	mw_buf_add(&p->caption,
		   "Mean number by Little's law: latency with one chase divided by the time between two accesses. The "
		   "dotted line has as many in flight as there are chases of one thread. Both axes are logarithmic; "
		   "bands are 95 %% intervals.");
	if (lines->impossible)
		mw_buf_add(&p->caption,
			   " Left to the table: %zu with more than 1.5 accesses for each chase, because a cache "
			   "that others share was faster or slower for one chase than for many.",
			   lines->impossible);
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct lines lines;
	FILE *f = p->script;
	int n = find_lines(r, &lines);
	if (n == 0)
		return 0;
	double hi = fmax(2.0, 1.3 * fmax(lines.x_hi, 1)), y_hi = fmax(2.0, 1.5 * lines.y_hi);
	p->height = 400;
	plot_frame(f, look);
	put_data(f, &lines);
	(void)fprintf(f, "set logscale xy 10\nset xrange [0.9:%.9g]\nset yrange [0.8:%.9g]\n", hi, y_hi);
	(void)fprintf(f,
		      "set xlabel 'Pointer chases of a thread' tc rgb '%s'\nset ylabel 'Accesses in flight' tc rgb "
		      "'%s'\n",
		      look->ink, look->ink);
	plot_log_ticks(f, "x", 0.9, hi);
	plot_log_ticks(f, "y", 0.8, y_hi);
	if (put_plot(&lines, look, p) < 0)
		return -ENOMEM;
	put_words(r, &lines, p);
	return n;
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *most = most_in_flight(r, DRAM);
	const struct mw_record *largest = most ? NULL : most_in_flight(r, LARGEST);
	const struct mw_record *knee = query_best(&r->records, &queries[KNEE], false);
	if (largest) {
		struct headline *line = headline_add(out, "Accesses in flight, largest size", largest);
		headline_say(out, line, "not DRAM: less than four times the last-level cache");
		headline_pairs(out, line, largest, queries[LARGEST].keys);
	}
	if (!most)
		return;
	struct headline *line = headline_add(out, "DRAM accesses in flight, one thread", most);
	headline_pairs(out, line, most, "chases");
	if (knee) {
		struct number_text limit;
		headline_say(out, line, "knee at %.0f chases (limit: %s)", knee->value,
			     record_text(knee, "limit", &limit));
	}
}

const struct section section_parallelism = {
	.place = 14,
	.id = "parallelism",
	.name = "Memory-level parallelism",
	.bench = "parallelism",
	.queries = queries,
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
