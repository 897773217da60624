#include "reports/claims_print.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"

enum { WIDTH = 100, INDENT = 17 };

/* ---- blocks for people ---- */

static size_t columns_of(const char *s, size_t len)
{
	size_t w = 0;
	for (size_t i = 0; i < len; i++)
		w += ((unsigned char)s[i] & 0xc0) != 0x80;
	return w;
}

/* Breaks at blanks; a word that is longer than a line stands whole on its own. indent: columns already written, and of
 * the lines that follow. */
static void put_wrapped(FILE *f, const char *text, size_t indent)
{
	size_t at = indent;
	for (bool first = true; *text; first = false) {
		size_t len = strcspn(text, " "), w = columns_of(text, len);
		if (!first && at + 1 + w > WIDTH) {
			(void)fprintf(f, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			(void)fputc(' ', f);
			at++;
		}
		(void)fwrite(text, 1, len, f);
		at += w;
		text += len + (text[len] == ' ');
	}
	(void)fputc('\n', f);
}

/* Nothing where there is no text. Texts of results files may hold anything: it is shown escaped. */
static int put_line(FILE *f, const char *label, const char *text)
{
	if (!*text)
		return 0;
	size_t room = mw_escape(text, NULL, 0) + 1;
	char *safe = malloc(room);
	if (!safe)
		return -ENOMEM;
	(void)mw_escape(text, safe, room);
	(void)fprintf(f, "     %-10s  ", label);
	put_wrapped(f, safe, INDENT);
	free(safe);
	return 0;
}

static int put_phrase(FILE *f, const struct claim *c)
{
	struct mw_buf quoted = {0};
	char *phrase = claim_phrase(c);
	if (phrase && c->verified)
		mw_buf_add(&quoted, "\"%s\"", phrase);
	else if (phrase)
		mw_buf_add(&quoted, "%s (unverified: not the source's words)", phrase);
	int rc = phrase && !quoted.failed ? put_line(f, "phrase", mw_buf_text(&quoted)) : -ENOMEM;
	free(phrase);
	mw_buf_fini(&quoted);
	return rc;
}

static int put_published(FILE *f, const struct claim *c)
{
	struct mw_buf text = {0};
	if (!*c->value)
		return 0;
	mw_buf_add(&text, "%s %s", c->value, c->unit);
	if (*c->tolerance_text)
		mw_buf_add(&text, " (%s)", c->tolerance_text);
	int rc = text.failed ? -ENOMEM : put_line(f, "published", mw_buf_text(&text));
	mw_buf_fini(&text);
	return rc;
}

static int put_found(FILE *f, const struct claim_finding *d)
{
	struct mw_buf text = {0};
	if (!d->found.len)
		return 0;
	mw_buf_add(&text, "%s (%s)", mw_buf_text(&d->found), mw_provenance_name(d->provenance));
	int rc = text.failed ? -ENOMEM : put_line(f, "found", mw_buf_text(&text));
	mw_buf_fini(&text);
	return rc;
}

static int put_block(FILE *f, const struct claim_row *r)
{
	(void)fprintf(f, "%s  %-22s  %s [%s]\n", r->claim->id, claim_verdict_name(r->finding.verdict), r->claim->title,
		      claim_kind_name(r->claim->kind));
	int rc = put_phrase(f, r->claim);
	if (rc == 0)
		rc = put_published(f, r->claim);
	if (rc == 0)
		rc = put_found(f, &r->finding);
	if (rc == 0)
		rc = put_line(f, "why not", mw_buf_text(&r->finding.why));
	if (rc == 0)
		rc = put_line(f, "evidence", mw_buf_text(&r->finding.evidence));
	if (rc == 0)
		rc = put_line(f, "command", mw_buf_text(&r->finding.command));
	return rc;
}

static void put_counts(FILE *f, const struct claim_row *rows, size_t n)
{
	size_t count[CLAIM_VERDICTS] = {0};
	for (size_t i = 0; i < n; i++)
		count[rows[i].finding.verdict]++;
	(void)fprintf(f, "%zu claim%s: %zu hold%s, %zu differ%s, %zu inconsistent, %zu cannot be checked here\n", n,
		      n == 1 ? "" : "s", count[CLAIM_HOLDS], count[CLAIM_HOLDS] == 1 ? "s" : "", count[CLAIM_DIFFERS],
		      count[CLAIM_DIFFERS] == 1 ? "s" : "", count[CLAIM_INCONSISTENT], count[CLAIM_UNCHECKED]);
}

static int print_blocks(FILE *f, const struct claim_row *rows, size_t n, const char *words)
{
	char source = 0;
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (rows[i].claim->source != source) {
			source = rows[i].claim->source;
			(void)fprintf(f, "%c    ", source);
			put_wrapped(f, claim_source_of(source)->words, 5);
			(void)fputc('\n', f);
		}
		rc = put_block(f, &rows[i]);
		(void)fputc('\n', f);
	}
	if (rc == 0)
		rc = put_line(f, "measured", words);
	if (*words)
		(void)fputc('\n', f);
	put_counts(f, rows, n);
	return rc;
}

/* ---- rows for programs ---- */

static const struct grid_column columns[] = {
	{"id", NULL, false},         {"source", NULL, false},
	{"phrase", NULL, false},     {"kind", NULL, false},
	{"published", NULL, false},  {"unit", NULL, false},
	{"found", NULL, true},       {"ci_lo", NULL, true},
	{"ci_hi", NULL, true},       {"verdict", NULL, false},
	{"evidence", NULL, false},   {"command", NULL, false},
	{"provenance", NULL, false}, {"phrase_status", "phrase status", false},
	{"claim", NULL, false},      {"finding", NULL, false},
	{"why", "why not", false},
};

static const char *exact(double v, char *out, size_t n)
{
	out[0] = '\0';
	if (isfinite(v))
		mw_format(out, n, "%.9g", v);
	return out;
}

static int add_row(struct grid *g, const struct claim_row *r, bool plain)
{
	const struct claim *c = r->claim;
	const struct claim_finding *d = &r->finding;
	char found[32], lo[32], hi[32];
	char *phrase = plain ? claim_phrase(c) : strdup(c->phrase);
	const char *cells[] = {
		c->id,
		claim_source_of(c->source)->words,
		phrase,
		claim_kind_name(c->kind),
		c->value,
		c->unit,
		exact(d->value, found, sizeof(found)),
		exact(d->lo, lo, sizeof(lo)),
		exact(d->hi, hi, sizeof(hi)),
		claim_verdict_name(d->verdict),
		mw_buf_text(&d->evidence),
		mw_buf_text(&d->command),
		mw_provenance_name(d->provenance),
		c->verified ? "verified" : "unverified",
		c->title,
		mw_buf_text(&d->found),
		mw_buf_text(&d->why),
	};
	int rc = phrase ? grid_add(g, cells) : -ENOMEM;
	free(phrase);
	return rc;
}

int claims_print(FILE *f, const struct claim_row *rows, size_t n, const char *words, enum print_format format)
{
	struct grid g;
	int rc = 0;
	if (format == PRINT_TABLE) {
		rc = print_blocks(f, rows, n, words);
		return rc ? rc : ferror(f) ? -EIO : 0;
	}
	grid_init(&g, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_row(&g, &rows[i], format == PRINT_LATEX);
	if (rc == 0)
		rc = grid_print(f, &g, format);
	grid_fini(&g);
	return rc;
}
