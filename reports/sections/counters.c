/* Counters: a table, and a headline where the memory controllers could be counted. */
#include "reports/section.h"

enum { READ };

static const struct query queries[] = {
	[READ] = {.bench = "counters",
		  .case_name = "read",
		  .metric = "controller_ratio",
		  .keys = "size,kernel,threads"},
	{.bench = NULL},
};

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *read = query_best(&r->records, &queries[READ], true);
	if (read)
		headline_pairs(out, headline_add(out, "Counted bytes per byte read", read), read, queries[READ].keys);
}

const struct section section_counters = {
	.place = 25,
	.id = "counters",
	.name = "Counters",
	.words = "Bytes that the program moves beside those that the processor counted. At the memory controllers 1 is "
		 "expected for reads, 2 for ordinary stores and 1.5 for an ordinary copy, because such stores first "
		 "read "
		 "the line they write.",
	.bench = "counters",
	.queries = queries,
	.headlines = headlines,
};
