/* Random accesses: time from one access to the next by level, pages and threads. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "reports/print.h"
#include "reports/rows.h"
#include "reports/section.h"

enum { TIME, ALONE, ALL, GATHER, ERRORS };

static const struct query queries[] = {
	[TIME] = {.bench = "random",
		  .metric = "access_time",
		  .unit = "ns",
		  .keys = "level,size,pages,isa,threads,state"},
	[ALONE] = {.bench = "random",
		   .case_name = "update",
		   .metric = "update_rate",
		   .where = "level=dram,threads=1",
		   .keys = "size,pages"},
	[ALL] = {.bench = "random",
		 .case_name = "update",
		 .metric = "update_rate",
		 .where = "level=dram",
		 .keys = "threads,size,pages,state"},
	[GATHER] = {.bench = "random",
		    .case_name = "gather",
		    .metric = "access_time",
		    .where = "level=dram,threads=1",
		    .keys = "isa,size,pages"},
	[ERRORS] = {.bench = "random", .case_name = "update", .metric = "errors"},
	{.bench = NULL},
};

static const char *const marks[] = {"update", "gather", "scatter"};
enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

static void label_of(const struct mw_record *r, struct mw_buf *out)
{
	struct number_text number;
	char size[32];
	mw_buf_clear(out);
	for (const char *c = record_text(r, "level", &number); *c; c++)
		mw_buf_add(out, "%c", toupper((unsigned char)*c));
	mw_buf_add(out, " %s", size_words(record_number(r, "size"), size, sizeof(size)));
	mw_buf_add(out, ", %s", record_text(r, "pages", &number));
	const char *threads = record_text(r, "threads", &number);
	mw_buf_add(out, ", %s thread%s", threads, strcmp(threads, "1") == 0 ? "" : "s");
	const char *state = record_state(r, &number);
	mw_buf_add(out, "%s%s", state[0] ? ", " : "", state);
}

static int collect(const struct results *r, struct rows_data *d)
{
	struct mw_buf label = {0};
	const struct mw_record *next;
	int rc = 0;
	for (size_t at = 0; rc == 0 && (next = query_next(&r->records, &queries[TIME], &at));)
		for (size_t m = 0; m < MARKS && rc == 0; m++)
			if (strcmp(next->case_name, marks[m]) == 0) {
				label_of(next, &label);
				rc = label.failed ? -ENOMEM : rows_put(d, mw_buf_text(&label), m, next);
			}
	mw_buf_fini(&label);
	return rc;
}

static void put_title(const struct results *r, struct figure_plot *p)
{
	const struct mw_record *best = plot_best(&r->records, &queries[ALONE], false);
	char rate[32], time[32];
	if (!best) {
		mw_buf_add(&p->title, "Time from one random access of a thread to its next");
		return;
	}
	mw_buf_add(&p->title, "One thread does %s GUP/s in DRAM: an update each %s ns",
		   print_value(best->value, rate, sizeof(rate)), print_value(1.0 / best->value, time, sizeof(time)));
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct rows_data d = {.n = 0};
	int n = collect(r, &d);
	if (n == 0)
		n = rows_draw(&d, marks, MARKS, "ns from one access of a thread to its next", look, p);
	if (n > 0) {
		put_title(r, p);
		mw_buf_add(&p->caption, "Words of 64 bits at independent random indices, so that many misses are under "
					"way at once; the fastest instruction set of each. Bars are 95 %% intervals.");
	}
	rows_fini(&d);
	return n;
}

static void headlines(const struct results *r, struct headlines *out)
{
	struct query all = query_in(queries[ALL], out->c2c_ns);
	const struct mw_record *one = query_best(&r->records, &queries[ALONE], false);
	const struct mw_record *best = query_best(&r->records, &all, false);
	const struct mw_record *gather = query_best(&r->records, &queries[GATHER], true), *errors;
	if (one)
		headline_pairs(out, headline_add(out, "Random updates, one thread", one), one, queries[ALONE].keys);
	if (best && best != one)
		headline_pairs(out, headline_add(out, "Random updates", best), best, queries[ALL].keys);
	if (gather)
		headline_pairs(out, headline_add(out, "Random gather, one thread", gather), gather,
			       queries[GATHER].keys);
	for (size_t at = 0; (errors = query_next(&r->records, &queries[ERRORS], &at));)
		if (errors->value > 0)
			headline_missing(out, "Random updates",
					 "%.0f words were wrong afterwards: memory or cores fail", errors->value);
}

const struct section section_random = {
	.place = 26,
	.id = "random",
	.name = "Random access",
	.bench = "random",
	.queries = queries,
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
