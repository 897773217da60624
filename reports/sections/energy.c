/* Energy: a table, and a headline with the energy of a byte read from DRAM. */
#include "reports/section.h"

enum { READ };

static const struct query queries[] = {
	[READ] = {.bench = "energy", .metric = "read_energy", .unit = "pJ/byte", .keys = "dram,row_hit"},
	{.bench = NULL},
};

static void headlines(const struct results *r, struct headlines *out)
{
	const struct mw_record *read = query_best(&r->records, &queries[READ], true);
	if (!read)
		return;
	struct headline *line = headline_add(out, "DRAM energy of a read", read);
	headline_pairs(out, line, read, queries[READ].keys);
	if (read->provenance == MW_MODELLED)
		headline_say(out, line, "part and row hits assumed");
	headline_range(out, line, read, "band of the model");
}

const struct section section_energy = {
	.place = 40,
	.id = "energy",
	.name = "Energy",
	.bench = "energy",
	.queries = queries,
	.headlines = headlines,
};
