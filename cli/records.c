/* `memwall help records`: the metrics and keys of records, from the declarations of their emitters. Prints Markdown;
 * docs/records.md is this output. */
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

/* Prints a list of keys; nothing when it is empty. */
static void put_keys(FILE *f, const char *head, const struct mw_key *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		(void)fprintf(f, "%s%s", i ? ", " : head, list[i]->name);
	if (list && *list)
		(void)fputc('\n', f);
}

static void put_metric(FILE *f, const struct mw_metric *m)
{
	bool neither = m->better == MW_NEITHER;
	(void)fprintf(f, "  - %s (%s%s%s%s): %s\n", m->name, mw_unit_name(m->unit), neither ? "" : ", ",
		      neither ? "" : mw_better_name(m->better), neither ? "" : " is better", m->words);
}

static bool same_cases(const struct mw_emit *a, const struct mw_emit *b)
{
	size_t i = 0;
	while (a->cases[i] && b->cases[i] && strcmp(a->cases[i], b->cases[i]) == 0)
		i++;
	return !a->cases[i] && !b->cases[i];
}

static bool same_keys(const struct mw_key *const *a, const struct mw_key *const *b)
{
	size_t i = 0;
	while (a && b && a[i] && a[i] == b[i])
		i++;
	return (!a || !a[i]) && (!b || !b[i]);
}

/* True when two rows differ in the metric only. */
static bool alike(const struct mw_emit *a, const struct mw_emit *b)
{
	return same_cases(a, b) && same_keys(a->params, b->params) && same_keys(a->optional, b->optional) &&
	       same_keys(a->observed, b->observed);
}

static bool is_first(const struct mw_emit *rows, const struct mw_emit *row)
{
	while (!alike(rows, row))
		rows++;
	return rows == row;
}

/* Prints cases, metrics and keys. Rows that differ in the metric only are printed once, with all their metrics. */
static void put_rows(FILE *f, const struct mw_emit *rows)
{
	(void)fputc('\n', f);
	for (const struct mw_emit *row = rows; row->metric; row++) {
		if (!is_first(rows, row))
			continue;
		put_cases(f, row->cases);
		for (const struct mw_emit *other = row; other->metric; other++)
			if (alike(row, other))
				put_metric(f, other->metric);
		put_keys(f, "  - parameters: ", row->params);
		put_keys(f, "  - where they apply: ", row->optional);
		put_keys(f, "  - observed: ", row->observed);
	}
}

static void put_key(FILE *f, const struct mw_key *k)
{
	(void)fprintf(f, "- %s (%s, %s): %s\n", k->name, mw_kind_name(k->kind),
		      k->flags & MW_PARAM ? "parameter" : "observed", k->words);
}

/* Collects the keys of e that are not in base/core/vocab.h. */
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
	const struct mw_emit end_rows[] = {*schedule_end_row, {.metric = NULL}};
	int rc = 0;
	(void)fputs(
		"# Records\n\n"
		"A record is one number. Benchmark, case, metric and parameters identify it: no two records of a run\n"
		"agree in all four. What was observed while measuring is not part of the identity. A metric always\n"
		"has the same unit. results.json, CSV and the report use these names.\n\n"
		"This page is what `memwall help records` prints; `make docs/records.md` renews it.\n",
		f);
	for (const struct bench *const *b = bench_table; *b && rc == 0; b++)
		if ((*b)->emitter)
			rc = put_emitter(f, (*b)->emitter, (*b)->name, (*b)->summary);
	for (const struct command *const *c = command_table; *c && rc == 0; c++)
		if ((*c)->emitter)
			rc = put_emitter(f, (*c)->emitter, (*c)->name, (*c)->summary);
	(void)fputs("\n## Every benchmark\n\nof a run, when it has finished\n", f);
	put_rows(f, end_rows);
	(void)fputs("\n## Keys that several share\n\n", f);
	for (const struct mw_key *const *k = shared; *k; k++)
		put_key(f, *k);
	(void)fputs("\n## Keys of any measured record\n\n", f);
	for (const struct mw_key *const *k = mw_keys_of_rounds; *k; k++)
		put_key(f, *k);
	return rc;
}
