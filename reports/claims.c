/* The table of claims. */
#include "reports/claims.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/option.h"
#include "base/core/text.h"

extern const char mw_data_claims_csv[];
extern const size_t mw_data_claims_csv_size;

const struct claim_source claim_sources[] = {
	{'A', "insideHPC",
	 "insideHPC, S. Ganesan (d-Matrix), \"In-Memory Computing Could Be an AI Inference Breakthrough\", 2024"},
	{'B', "Asianometry", "Asianometry, essay on the AI memory wall (video 5tmGKTNW8DQ), in its written form"},
	{'C', "Gholami et al.", "Gholami et al., \"AI and Memory Wall\", IEEE Micro 2024, arXiv:2403.14123"},
	{0, NULL, NULL},
};

const struct claim_source *claim_source_of(char letter)
{
	for (const struct claim_source *s = claim_sources; s->letter; s++)
		if (s->letter == letter)
			return s;
	return NULL;
}

static const char *const kinds[CLAIM_KINDS] = {"measure", "compute", "fit", "cite"};

const char *claim_kind_name(enum claim_kind kind)
{
	return kinds[kind];
}

/* ---- published values ---- */

/* "60", "3.0", "175e9": the number, and half a unit of its last digit. Zeros at the end of a whole number are none. */
static int printed_number(const char *text, size_t len, double *value, double *off)
{
	char s[32];
	if (len == 0 || len >= sizeof(s))
		return -EINVAL;
	mw_format(s, sizeof(s), "%.*s", (int)len, text);
	if (mw_parse_real(s, value) < 0 || *value < 0)
		return -EINVAL;
	size_t mantissa = strcspn(s, "eE");
	const char *point = memchr(s, '.', mantissa);
	double exponent = s[mantissa] ? strtod(s + mantissa + 1, NULL) : 0;
	if (point) {
		exponent -= (double)(mantissa - (size_t)(point - s) - 1);
	} else {
		for (size_t i = mantissa; i > 1 && s[i - 1] == '0'; i--)
			exponent++;
	}
	*off = 0.5 * pow(10, exponent);
	return 0;
}

/* "7-12" or one number; "" has none. */
static int printed_range(const char *text, struct claim *c)
{
	c->lo = c->hi = c->lo_off = c->hi_off = (double)NAN;
	if (!*text)
		return 0;
	const char *dash = strchr(text, '-');
	size_t first = dash ? (size_t)(dash - text) : strlen(text);
	int rc = printed_number(text, first, &c->lo, &c->lo_off);
	if (rc < 0)
		return rc;
	c->hi = c->lo;
	c->hi_off = c->lo_off;
	return dash ? printed_number(dash + 1, strlen(dash + 1), &c->hi, &c->hi_off) : 0;
}

/* ---- tolerances ---- */

static const struct {
	const char *name;
	enum claim_rule_kind kind;
	bool number;
} rules[] = {
	{"printed", CLAIM_PRINTED, false}, {"interval", CLAIM_INTERVAL, false}, {"magnitude", CLAIM_MAGNITUDE, false},
	{"percent:", CLAIM_PERCENT, true}, {"factor:", CLAIM_FACTOR, true},     {"at-least", CLAIM_AT_LEAST, false},
	{"at-most", CLAIM_AT_MOST, false}, {"range", CLAIM_RANGE, false},
};

static int parse_tolerance(const char *text, struct claim_tolerance *t)
{
	*t = (struct claim_tolerance){.kind = CLAIM_NO_NUMBER};
	if (!*text)
		return 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		size_t len = strlen(rules[i].name);
		if (strncmp(text, rules[i].name, len) != 0 || (!rules[i].number && text[len]))
			continue;
		t->kind = rules[i].kind;
		return !rules[i].number ? 0 : mw_parse_real(text + len, &t->by) == 0 && t->by > 0 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* ---- rows ---- */

enum {
	ID,
	TITLE,
	SOURCE,
	PHRASE,
	VALUE,
	UNIT,
	KIND,
	TOLERANCE,
	PROVENANCE,
	LICENCE,
	SECOND_VALUE,
	SECOND_SOURCE,
	COLUMNS
};

static const char *const columns[COLUMNS] = {
	"id",   "claim",     "source",     "phrase",  "value",        "unit",
	"kind", "tolerance", "provenance", "licence", "second_value", "second_source",
};

static int wrong(const struct claims *c, size_t row, const char *column, const char *text, const char *right, char *err,
		 size_t n)
{
	return mw_fail(MW_EFORMAT, err, n, "%s:%zu: %s '%s': expected %s", c->csv.name, csv_line(&c->csv, row), column,
		       text, right);
}

static int parse_kind(const char *text, enum claim_kind *out)
{
	for (int i = 0; i < CLAIM_KINDS; i++) {
		if (strcmp(text, kinds[i]) == 0) {
			*out = (enum claim_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_row(const struct claims *all, size_t row, const int *at, struct claim *c, char *err, size_t n)
{
	const char *cells[COLUMNS];
	for (int i = 0; i < COLUMNS; i++)
		cells[i] = csv_cell(&all->csv, row, at[i]);
	*c = (struct claim){
		.id = cells[ID],
		.title = cells[TITLE],
		.phrase = cells[PHRASE],
		.value = cells[VALUE],
		.unit = cells[UNIT],
		.tolerance_text = cells[TOLERANCE],
		.licence = cells[LICENCE],
		.second_text = cells[SECOND_VALUE],
		.second_source = cells[SECOND_SOURCE],
		.second = (double)NAN,
		.source = cells[SOURCE][0],
		.verified = strcmp(cells[PROVENANCE], "verified") == 0,
	};
	if (!claim_source_of(c->source) || cells[SOURCE][1] || c->id[0] != c->source)
		return wrong(all, row, "source", cells[SOURCE], "the letter that the id begins with", err, n);
	if (!*c->phrase || !*c->title)
		return wrong(all, row, "phrase", c->phrase, "a phrase and a claim", err, n);
	if (!c->verified && strcmp(cells[PROVENANCE], "unverified") != 0)
		return wrong(all, row, "provenance", cells[PROVENANCE], "verified or unverified", err, n);
	if (printed_range(c->value, c) < 0)
		return wrong(all, row, "value", c->value, "a number, two with '-' between them, or nothing", err, n);
	if (parse_kind(cells[KIND], &c->kind) < 0)
		return wrong(all, row, "kind", cells[KIND], "measure, compute, fit or cite", err, n);
	if (parse_tolerance(c->tolerance_text, &c->tolerance) < 0 ||
	    (c->tolerance.kind != CLAIM_NO_NUMBER && !*c->value))
		return wrong(all, row, "tolerance", c->tolerance_text, "a rule of docs/claims.md for that value", err,
			     n);
	if (*c->second_text && mw_parse_real(c->second_text, &c->second) < 0)
		return wrong(all, row, "second_value", c->second_text, "a number", err, n);
	for (size_t i = 0; i < row; i++)
		if (strcmp(all->v[i].id, c->id) == 0)
			return wrong(all, row, "id", c->id, "one that no row above has", err, n);
	return 0;
}

int claims_parse(const char *name, const char *text, size_t size, struct claims *out, char *err, size_t n)
{
	int at[COLUMNS];
	*out = (struct claims){0};
	int rc = csv_parse(name, text, size, &out->csv, err, n);
	for (int i = 0; i < COLUMNS && rc == 0; i++)
		rc = csv_need(&out->csv, columns[i], &at[i], err, n);
	if (rc < 0)
		return rc;
	out->v = calloc(out->csv.n_rows + 1, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	for (size_t row = 0; row < out->csv.n_rows && rc == 0; row++) {
		rc = parse_row(out, row, at, &out->v[row], err, n);
		out->n = row + 1;
	}
	return rc;
}

int claims_open(struct claims *out, char *err, size_t n)
{
	return claims_parse("claims.csv", mw_data_claims_csv, mw_data_claims_csv_size, out, err, n);
}

void claims_close(struct claims *c)
{
	free(c->v);
	csv_fini(&c->csv);
	*c = (struct claims){0};
}

const struct claim *claims_find(const struct claims *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].id, id) == 0)
			return &c->v[i];
	return NULL;
}

/* ---- phrases for people ---- */

char *claim_phrase(const struct claim *c)
{
	struct mw_buf out = {0};
	for (const char *p = c->phrase; *p;) {
		static const char times[] = "\\times";
		bool blank = p[0] == ' ' && strncmp(p + 1, times, sizeof(times) - 1) == 0;
		if (blank || strncmp(p, times, sizeof(times) - 1) == 0) {
			mw_buf_add(&out, "×");
			p += sizeof(times) - 1 + (blank ? 1 : 0);
		} else if (*p == '$' && strchr(c->phrase, '\\')) {
			p++; /* of mathematics; elsewhere they are dollars */
		} else {
			mw_buf_add(&out, "%c", *p++);
		}
	}
	if (out.failed) {
		mw_buf_fini(&out);
		return NULL;
	}
	return out.p;
}
