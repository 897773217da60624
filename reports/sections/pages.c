/* Pages: seconds per GiB to touch, to zero and to populate memory. */
#include <string.h>

#include "reports/print.h"
#include "reports/rows.h"
#include "reports/section.h"

enum { GIB, FIRST, TOUCH, HUGE, FAULT };

static const struct query queries[] = {
	[GIB] = {.bench = "pages", .metric = "gib_time", .unit = "s", .keys = "pages,size"},
	[FIRST] = {.bench = "pages", .case_name = "first-touch", .metric = "gib_time"},
	[TOUCH] = {.bench = "pages",
		   .case_name = "touch",
		   .metric = "gib_time",
		   .where = "pages=4K",
		   .keys = "pages,size"},
	[HUGE] = {.bench = "pages",
		  .case_name = "touch",
		  .metric = "gib_time",
		  .where = "pages=thp",
		  .keys = "pages,size"},
	[FAULT] = {.bench = "pages", .case_name = "minor-fault", .metric = "page_time", .keys = "pages"},
	{.bench = NULL},
};

static const char *const marks[] = {"4K", "thp"};
enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	static const char *const labels[] = {"4K pages", "transparent huge pages"};
	struct rows_data d = {.n = 0};
	const struct mw_record *next;
	struct number_text number;
	int n = 0;
	for (size_t at = 0; n == 0 && (next = query_next(&r->records, &queries[GIB], &at));)
		for (size_t m = 0; m < MARKS && n == 0; m++)
			if (strcmp(record_text(next, "pages", &number), marks[m]) == 0)
				n = rows_put(&d, next->case_name, m, next);
	if (n == 0)
		n = rows_draw(&d, labels, MARKS, "s per GiB", look, p);
	const struct mw_record *touch = plot_best(&r->records, &queries[TOUCH], true);
	const struct mw_record *huge = plot_best(&r->records, &queries[HUGE], true);
	char a[32], b[32];
	if (n > 0 && touch && huge)
		mw_buf_add(&p->title, "Touching a GiB for the first time takes %s s in 4K pages, %s s in huge ones",
			   print_value(touch->value, a, sizeof(a)), print_value(huge->value, b, sizeof(b)));
	else if (n > 0)
		mw_buf_add(&p->title, "Time to touch, zero and populate memory");
	if (n > 0)
		mw_buf_add(&p->caption,
			   "Each sample is a fresh mapping, but which pages the kernel hands out cannot be "
			   "chosen; first-touch is the first of the run. Bars are 95 %% intervals.");
	rows_fini(&d);
	return n;
}

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *touch = query_best(&r->records, &queries[TOUCH], true);
	const struct mw_record *huge = query_best(&r->records, &queries[HUGE], true);
	const struct mw_record *first = query_best(&r->records, &queries[FIRST], true);
	const struct mw_record *fault = query_best(&r->records, &queries[FAULT], true);
	if (touch) {
		struct headline *line = headline_add(out, "First touch of 1 GiB", touch);
		headline_pairs(out, line, touch, queries[TOUCH].keys);
		if (first)
			headline_say(out, line, "%.2f s the first time", first->value);
	}
	if (huge)
		headline_pairs(out, headline_add(out, "First touch of 1 GiB, huge pages", huge), huge,
			       queries[HUGE].keys);
	(void)headline_add(out, "Minor page fault", fault);
}

const struct section section_pages = {
	.place = 45,
	.id = "pages",
	.name = "Pages",
	.bench = "pages",
	.queries = queries,
	.figures = {{.draw = draw}},
	.headlines = headlines,
};
