/* Interconnect: a table, and headlines for the latency and the bandwidth between the processes that are farthest apart.
 */
#include "reports/section.h"

enum { LATENCY, RATE };

static const struct query queries[] = {
	[LATENCY] = {.bench = "interconnect", .case_name = "ping-pong", .metric = "message_latency", .keys = "between"},
	[RATE] = {.bench = "interconnect",
		  .case_name = "both-ways",
		  .metric = "message_bandwidth",
		  .keys = "between,message"},
	{.bench = NULL},
};

static void add(const struct results *r, int q, const char *where, const char *name, bool least, struct headlines *out)
{
	struct query at = queries[q];
	at.where = where;
	const struct mw_record *best = query_best(&r->records, &at, least);
	if (best)
		headline_pairs(out, headline_add(out, name, best), best, queries[q].keys);
}

static void headlines(const struct results *r, struct headlines *out)
{
	static const char *const far[] = {"between=two hosts", "between=two sockets", "between=one socket"};
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		struct query at = queries[LATENCY];
		at.where = far[i];
		const struct mw_record *found = query_best(&r->records, &at, true);
		if (!found)
			continue;
		add(r, LATENCY, far[i], "Message latency", true, out);
		add(r, RATE, far[i], "Messages, both ways", false, out);
		return;
	}
}

const struct section section_interconnect = {
	.place = 52,
	.id = "interconnect",
	.name = "Interconnect",
	.words = "Messages between processes that a launcher started together.",
	.bench = "interconnect",
	.queries = queries,
	.headlines = headlines,
};
