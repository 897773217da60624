/* `memwall help records`: what records can say, from the declarations of those who emit them. Markdown that reads as
 * text: docs/records.md is the same. */
#include "cli/records.h"

#include <string.h>

#include "base/core/vocab.h"
#include "bench/bench.h"
#include "bench/schedule.h"
#include "cli/command.h"
#include "reports/words.h"

#define NAME_KEY(symbol, kind, flags, words) &mw_key_##symbol,
static const struct mw_key *const shared[] = {MW_SHARED_KEYS(NAME_KEY) NULL};

static bool is_shared(const struct mw_key *k)
{
	return mw_keys_find(shared, k->name) == k || mw_keys_find(mw_keys_of_rounds, k->name) == k;
}

static void put_cases(FILE *f, const char *const *cases)
{
	for (size_t i = 0; cases[i]; i++)
		(void)fprintf(f, "%s%s", i ? ", " : "- cases: ", cases[i]);
	(void)fputc('\n', f);
}

/* Nothing where the list is empty. */
static void put_keys(FILE *f, const char *head, const struct mw_key *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		(void)fprintf(f, "%s%s", i ? ", " : head, list[i]->name);
	if (list && *list)
		(void)fputc('\n', f);
}

static void put_row(FILE *f, const struct mw_emit *row)
{
	put_cases(f, row->cases);
	put_keys(f, "  - parameters: ", row->params);
	put_keys(f, "  - where they apply: ", row->optional);
	put_keys(f, "  - observed: ", row->observed);
}

static void put_metric(FILE *f, const struct mw_metric *m)
{
	bool neither = m->better == MW_NEITHER;
	(void)fprintf(f, "\n### %s, %s%s%s%s\n\n%s\n\n", m->name, mw_unit_name(m->unit), neither ? "" : ", ",
		      neither ? "" : mw_better_name(m->better), neither ? "" : " is better", m->words);
}

/* The rows of each metric together, in the order of the first. */
static void put_rows(FILE *f, const struct mw_emit *rows)
{
	for (const struct mw_emit *row = rows; row->metric; row++) {
		const struct mw_emit *first = rows;
		while (first->metric != row->metric)
			first++;
		if (first != row)
			continue;
		put_metric(f, row->metric);
		for (const struct mw_emit *same = row; same->metric; same++)
			if (same->metric == row->metric)
				put_row(f, same);
	}
}

static void put_key(FILE *f, const struct mw_key *k)
{
	(void)fprintf(f, "- %s (%s, %s): %s\n", k->name, mw_kind_name(k->kind),
		      k->flags & MW_PARAM ? "parameter" : "observed", k->words);
}

/* Keys that no other file shares, each once. */
static int own_keys(const struct mw_emitter *e, struct words *own)
{
	int rc = 0;
	for (const struct mw_emit *row = e->emits; row->metric; row++) {
		const struct mw_key *const *const lists[] = {row->params, row->optional, row->observed};
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			for (const struct mw_key *const *k = lists[i]; k && *k && rc == 0; k++)
				rc = is_shared(*k) ? 0 : words_add_key(own, *k);
	}
	return rc;
}

static int put_emitter(FILE *f, const struct mw_emitter *e, const char *name, const char *summary)
{
	struct words own = {0};
	int rc = own_keys(e, &own);
	(void)fprintf(f, "\n## %s\n\n%s\n", name, summary);
	put_rows(f, e->emits);
	if (own.n_keys)
		(void)fprintf(f, "\n### Keys of %s\n\n", name);
	for (size_t i = 0; i < own.n_keys; i++)
		put_key(f, &own.key[i]);
	words_fini(&own);
	return rc;
}

int records_help(FILE *f)
{
	int rc = 0;
	(void)fputs("# Records\n\n"
		    "A record is one number. Benchmark, case, metric and parameters identify it: two records of a run\n"
		    "differ in one of them. What was observed on the way does not. A metric always has the same unit.\n"
		    "results.json, CSV and the report use these names. `memwall help records` prints this page.\n",
		    f);
	for (const struct bench *const *b = bench_table; *b && rc == 0; b++)
		if ((*b)->emitter)
			rc = put_emitter(f, (*b)->emitter, (*b)->name, (*b)->summary);
	for (const struct command *const *c = command_table; *c && rc == 0; c++)
		if ((*c)->emitter)
			rc = put_emitter(f, (*c)->emitter, (*c)->name, (*c)->summary);
	(void)fputs("\n## Every benchmark\n\nof a run, when it has come to its end\n", f);
	put_metric(f, schedule_end_row->metric);
	put_row(f, schedule_end_row);
	(void)fputs("\n## Keys that several share\n\n", f);
	for (const struct mw_key *const *k = shared; *k; k++)
		put_key(f, *k);
	(void)fputs("\n## Keys of any measured record\n\n", f);
	for (const struct mw_key *const *k = mw_keys_of_rounds; *k; k++)
		put_key(f, *k);
	return rc;
}
