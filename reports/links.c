#include "reports/links.h"

#include <errno.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

#define BENCH "interconnect"

enum { ONE_WAY, BOTH_WAYS };

const struct query links_queries[] = {
	[ONE_WAY] = {.bench = BENCH, .case_name = "one-way", .metric = "message_bandwidth", .keys = "between,message"},
	[BOTH_WAYS] = {.bench = BENCH,
		       .case_name = "both-ways",
		       .metric = "message_bandwidth",
		       .keys = "between,message"},
	{.bench = NULL},
};

static const struct {
	const char *between, *where;
} distances[] = {
	{"two hosts", "between=two hosts"},
	{"two sockets", "between=two sockets"},
	{"one socket", "between=one socket"},
};

static const struct mw_record *best(const struct mw_records *l, int query, const char *where)
{
	struct query q = links_queries[query];
	q.where = where;
	const struct mw_record *r = query_best(l, &q, false);
	return r && r->value > 0 && r->provenance == MW_MEASURED ? r : NULL;
}

struct links links_of(const struct mw_records *l)
{
	for (size_t i = 0; i < sizeof(distances) / sizeof(*distances); i++) {
		struct links k = {best(l, ONE_WAY, distances[i].where), best(l, BOTH_WAYS, distances[i].where),
				  distances[i].between};
		if (k.one_way || k.both_ways)
			return k;
	}
	return (struct links){NULL, NULL, NULL};
}

bool links_cross(const struct links *k)
{
	return k->between && strcmp(k->between, "one socket") != 0;
}

const char *links_absent(const struct results *r)
{
	for (size_t i = 0; i < r->n_skipped; i++)
		if (strcmp(r->skipped[i].bench, BENCH) == 0)
			return r->skipped[i].reason;
	return "this run did not measure it: mpirun -n 2 memwall run --only=" BENCH;
}

/* ---- records of another run ---- */

static bool is_link(const struct mw_record *r)
{
	return strcmp(r->bench, BENCH) == 0;
}

static void drop_links(struct results *r)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->records.n; i++) {
		if (is_link(&r->records.v[i]))
			mw_record_fini(&r->records.v[i]);
		else
			r->records.v[kept++] = r->records.v[i];
	}
	r->records.n = kept;
	for (size_t i = r->n_skipped; i-- > 0;)
		if (strcmp(r->skipped[i].bench, BENCH) == 0)
			results_unskip(r, i);
}

static int take_words(struct words *to, const struct words *from)
{
	int rc = 0;
	for (size_t i = 0; i < from->n_metrics && rc == 0; i++)
		rc = words_add_metric(to, &from->metric[i]);
	for (size_t i = 0; i < from->n_keys && rc == 0; i++)
		rc = words_add_key(to, &from->key[i]);
	return rc;
}

/* A launcher may bind the process to fewer CPUs than a whole run has: only the names count. */
static int check_source(const struct results *to, const struct results *from, const char *path, char *err, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < from->records.n; i++)
		found += is_link(&from->records.v[i]) && strcmp(from->records.v[i].case_name, "run") != 0;
	if (found == 0)
		return mw_fail(MW_ESPEC, err, n, "%s holds no records of " BENCH, path);
	if (to->host.hostname && from->host.hostname && strcmp(to->host.hostname, from->host.hostname) != 0)
		return mw_fail(MW_ESPEC, err, n, "%s is of another host (%s) than the other results (%s)", path,
			       from->host.hostname, to->host.hostname);
	return 0;
}

int links_take(struct results *to, const struct results *from, const char *path, char *err, size_t n)
{
	int rc = check_source(to, from, path, err, n);
	if (rc < 0)
		return rc;
	drop_links(to);
	rc = take_words(&to->words, &from->words);
	for (size_t i = 0; i < from->records.n && rc == 0; i++) {
		if (!is_link(&from->records.v[i]))
			continue;
		rc = mw_records_add(&to->records, &from->records.v[i]);
		if (rc == 0)
			mw_record_add_note(&to->records.v[to->records.n - 1], "of another run: %s, %s", path,
					   mw_text_or(from->info.started, "at an unknown time"));
	}
	return rc;
}
