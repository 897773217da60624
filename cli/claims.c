/* `memwall claims`: what three texts claim, and what this program finds. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "cli/claims_ambit.h"
#include "cli/command.h"
#include "cli/measured.h"
#include "reports/claims_print.h"

static const struct mw_option claims_options[] = {
	{.name = "kind",
	 .type = MW_OPT_CHOICES,
	 .arg = "KINDS",
	 .choices = "measure|compute|fit|cite",
	 .help = "only claims that are checked in these ways"},
	{.name = "source",
	 .type = MW_OPT_CHOICES,
	 .arg = "LETTERS",
	 .choices = "A|B|C",
	 .help = "only claims of these texts"},
	{.name = "verdict",
	 .type = MW_OPT_CHOICES,
	 .arg = "VERDICTS",
	 .choices = "holds|differs|inconsistent|unchecked",
	 .help = "only claims with these verdicts"},
	MW_OPT_END,
};

/* Words of --verdict, in the order of the verdicts. */
static const char *const verdict_words[CLAIM_VERDICTS] = {"holds", "differs", "inconsistent", "unchecked"};

static bool listed(const struct cli *cli, const char *option, const char *word)
{
	const char *list = mw_opt_text(&cli->opts, option);
	return !list || mw_list_has(list, word);
}

static bool chosen(const struct cli *cli, const struct claim *c)
{
	const char *pattern = mw_opt_text(&cli->opts, "select");
	const char letter[2] = {c->source, '\0'};
	return (!pattern || fnmatch(pattern, c->id, 0) == 0) && listed(cli, "kind", claim_kind_name(c->kind)) &&
	       listed(cli, "source", letter);
}

struct rows {
	struct claim_row *v;
	size_t n;
};

static void rows_fini(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		claim_finding_fini(&rows->v[i].finding);
	free(rows->v);
}

static int evaluate(const struct cli *cli, const struct claims_facts *f, struct rows *rows, char *err, size_t n)
{
	int rc = 0;
	*rows = (struct rows){.v = calloc(f->claims.n + 1, sizeof(*rows->v))};
	if (!rows->v)
		return -ENOMEM;
	for (size_t i = 0; i < f->claims.n && rc == 0; i++) {
		struct claim_row *r = &rows->v[rows->n];
		if (!chosen(cli, &f->claims.v[i]))
			continue;
		r->claim = &f->claims.v[i];
		rc = claim_evaluate(f, r->claim, &r->finding, err, n);
		if (rc == 0 && listed(cli, "verdict", verdict_words[r->finding.verdict]))
			rows->n++;
		else
			claim_finding_fini(&r->finding);
	}
	return rc;
}

static int nothing(const struct cli *cli, const struct claims *c, char *err, size_t n)
{
	const char *pattern = mw_opt_text(&cli->opts, "select");
	for (size_t i = 0; pattern && i < c->n; i++)
		if (fnmatch(pattern, c->v[i].id, 0) == 0)
			pattern = NULL;
	if (pattern)
		return mw_fail(MW_ESPEC, err, n,
			       "--select=%s: no claim has such an id, expected for example 'C01' or 'B*'", pattern);
	return mw_fail(MW_ESPEC, err, n, "no claim has that id, source, kind and verdict");
}

static int print(const struct cli *cli, const struct rows *rows, const char *words, char *err, size_t n)
{
	struct cli_out out;
	int rc = cli_out_open(cli, &out, err, n);
	if (rc < 0)
		return rc;
	rc = claims_print(out.f, rows->v, rows->n, words, cli->format);
	rc = cli_out_close(&out, rc, err, n);
	cli_out_abort(&out);
	return rc;
}

/* "results/x/results.json (of another host ...)", or why there are no results. */
static void where_from(const struct cli_measured *m, struct mw_buf *words)
{
	if (m->found)
		mw_buf_add(words, "%s%s%s%s", m->path, *m->words ? " (" : "", m->words, *m->words ? ")" : "");
	else
		mw_buf_add(words, "%s", m->words);
}

static int run_claims(struct cli *cli, char *err, size_t n)
{
	struct claims_facts facts = {0};
	struct claims_ambit ambit;
	struct cli_measured measured;
	struct rows rows = {0};
	struct mw_buf words = {0};
	int rc = cli_measured(cli, cli_word(cli, 0), &measured, err, n);
	if (rc < 0)
		goto out;
	where_from(&measured, &words);
	rc = words.failed ? -ENOMEM : claims_facts_open(&facts, err, n);
	if (rc == 0)
		rc = cli_claims_ambit(&ambit, err, n);
	if (rc < 0)
		goto out;
	facts.ambit = &ambit;
	facts.measured = measured.found ? &measured.results.records : NULL;
	facts.measured_words = mw_buf_text(&words);
	rc = evaluate(cli, &facts, &rows, err, n);
	if (rc == 0)
		rc = rows.n ? print(cli, &rows, mw_buf_text(&words), err, n) : nothing(cli, &facts.claims, err, n);
out:
	rows_fini(&rows);
	claims_facts_close(&facts);
	mw_buf_fini(&words);
	cli_measured_fini(&measured);
	return rc;
}

const struct command cmd_claims = {
	.name = "claims",
	.section = "The memory wall",
	.usage = "[DIR|results.json]",
	.summary = "what three texts claim about the memory wall, and what this program finds about each claim",
	.details =
		"A claim is an exact phrase of its source. What is found is computed anew: fits of published points,\n"
		"closed forms, the emulator, or records of the results that are named; without a name, of the newest\n"
		"complete run of this host. Claims that need a measurement name the command for it.\n"
		"Verdicts: holds, differs, inconsistent (the sources contradict themselves or each other), cannot be\n"
		"checked here. published says in brackets how near the finding has to come: printed, it rounds to the\n"
		"printed digits; interval, inside the 95 % interval of the fit; magnitude, less than half a decade "
		"off;\n"
		"factor:N, percent:N, at-least, at-most, range as they say. --select=PATTERN takes ids: 'B*', C01.",
	.options = claims_options,
	.max_words = 1,
	.records = true,
	.run = run_claims,
};
