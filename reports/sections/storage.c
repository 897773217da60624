/* Storage: a table, and headlines for one read at a time, its tail, and many at a time. */
#include "reports/section.h"

enum { ONE, TAIL, MANY };

static const struct query queries[] = {
	[ONE] = {.bench = "storage",
		 .case_name = "random-read",
		 .metric = "latency_p50",
		 .where = "depth=1",
		 .keys = "block,depth,interface"},
	[TAIL] = {.bench = "storage",
		  .case_name = "random-read",
		  .metric = "latency_p99",
		  .where = "depth=1",
		  .keys = "block,depth,interface"},
	[MANY] = {.bench = "storage", .case_name = "random-read", .metric = "iops", .keys = "block,depth,interface"},
	{.bench = NULL},
};

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *one = query_best(&r->records, &queries[ONE], true);
	const struct mw_record *tail = query_best(&r->records, &queries[TAIL], true);
	const struct mw_record *many = query_best(&r->records, &queries[MANY], false);
	if (one)
		headline_pairs(out, headline_add(out, "Storage, random read", one), one, queries[ONE].keys);
	if (tail)
		headline_pairs(out, headline_add(out, "Storage, random read, p99", tail), tail, queries[TAIL].keys);
	if (many)
		headline_pairs(out, headline_add(out, "Storage, random reads", many), many, queries[MANY].keys);
}

const struct section section_storage = {
	.place = 50,
	.id = "storage",
	.name = "Storage",
	.bench = "storage",
	.queries = queries,
	.headlines = headlines,
};
