#include "cli/trends_print.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"

/* ---- cells ---- */

enum kind {
	SERIES,
	COUNT,
	NUMBER,   /* 4 significant digits */
	PLAIN,    /* 9 significant digits, for programs */
	INTERVAL, /* from this number of the row to the next one */
	PERCENT,  /* signed */
	SHARE,    /* unsigned percent */
	YEAR,
	DECIMAL_YEAR,
	FIXED, /* 3 decimals */
	UNIT,
	NOTE,       /* all of it */
	SHORT_NOTE, /* up to a semicolon */
	PART,
	PROVENANCE,
	SOURCE,
	LICENCE,
};

struct column {
	enum kind kind;
	enum trend_number number;
	const char *name, *head;
};

/* n significant digits, without an exponent up to 1e7. */
static const char *digits(double v, int n, char *out, size_t size)
{
	if (!isfinite(v))
		out[0] = '\0';
	else if (fabs(v) >= pow(10, n) && fabs(v) < 1e7) {
		double unit = pow(10, floor(log10(fabs(v))) + 1 - n);
		mw_format(out, size, "%.0f", round(v / unit) * unit);
	} else {
		mw_format(out, size, "%.*g", n, v);
	}
	return out;
}

static const char *number_cell(const struct trend_row *r, const struct column *c, char *out, size_t size)
{
	double v = r->v[c->number];
	char lo[32], hi[32];
	out[0] = '\0';
	if (!isfinite(v))
		return out;
	switch (c->kind) {
	case INTERVAL:
		if (isfinite(r->v[c->number + 1]))
			mw_format(out, size, "%s..%s", digits(v, 3, lo, sizeof(lo)),
				  digits(r->v[c->number + 1], 3, hi, sizeof(hi)));
		return out;
	case PERCENT:
		mw_format(out, size, "%+.1f %%", 100 * v);
		return out;
	case SHARE:
		mw_format(out, size, "%.0f %%", 100 * v);
		return out;
	case YEAR:
		mw_format(out, size, "%.0f", floor(v));
		return out;
	case DECIMAL_YEAR:
		mw_format(out, size, "%.1f", v);
		return out;
	case FIXED:
		mw_format(out, size, "%.3f", v);
		return out;
	case PLAIN:
		mw_format(out, size, "%.9g", v);
		return out;
	default:
		return digits(v, 4, out, size);
	}
}

static const char *cell(const struct trend_row *r, const struct column *c, char *out, size_t size)
{
	out[0] = '\0';
	switch (c->kind) {
	case SERIES:
		return r->series;
	case COUNT:
		if (r->n)
			mw_format(out, size, "%zu", r->n);
		return out;
	case UNIT:
		return r->unit;
	case NOTE:
		return r->note;
	case SHORT_NOTE:
		mw_clip(out, size, "%.*s", (int)strcspn(r->note, ";"), r->note);
		return out;
	case PART:
		return trend_part_name(r->part);
	case PROVENANCE:
		return mw_provenance_name(r->provenance);
	case SOURCE:
		return r->source;
	case LICENCE:
		return r->licence;
	default:
		return number_cell(r, c, out, size);
	}
}

static bool is_text(enum kind k)
{
	return k == SERIES || k >= UNIT;
}

enum { COLUMNS_MAX = 32, CELL_MAX = 480 };

/* The rows of one part (TREND_PARTS: of all) as a grid. */
static int fill(struct grid *g, const struct trends *t, enum trend_part part, const struct column *columns, size_t n)
{
	char texts[COLUMNS_MAX][CELL_MAX];
	const char *cells[COLUMNS_MAX];
	int rc = 0;
	for (size_t i = 0; i < t->n && rc == 0; i++) {
		if (part != TREND_PARTS && t->rows[i].part != part)
			continue;
		for (size_t c = 0; c < n; c++)
			cells[c] = cell(&t->rows[i], &columns[c], texts[c], CELL_MAX);
		rc = grid_add(g, cells);
	}
	return rc;
}

static int print_rows(FILE *f, const struct trends *t, enum trend_part part, const struct column *columns, size_t n,
		      enum print_format format)
{
	struct grid_column heads[COLUMNS_MAX];
	struct grid g;
	for (size_t c = 0; c < n; c++)
		heads[c] = (struct grid_column){columns[c].name, columns[c].head, !is_text(columns[c].kind)};
	grid_init(&g, heads, n);
	int rc = fill(&g, t, part, columns, n);
	if (rc == 0 && (g.n_rows || part == TREND_PARTS))
		rc = grid_print(f, &g, format);
	grid_fini(&g);
	return rc;
}

/* ---- one table for programs ---- */

static const struct column all[] = {
	{SERIES, 0, "series", NULL},
	{COUNT, 0, "n", NULL},
	{PLAIN, TREND_RATE, "rate_per_2yr", NULL},
	{PLAIN, TREND_LO, "ci_lo", NULL},
	{PLAIN, TREND_HI, "ci_hi", NULL},
	{PLAIN, TREND_R2, "r2", NULL},
	{PLAIN, TREND_FACTOR, "factor_20yr", NULL},
	{PLAIN, TREND_PUBLISHED, "published", NULL},
	{PLAIN, TREND_ERROR, "error", NULL},
	{PART, 0, "table", NULL},
	{PLAIN, TREND_T_LO, "t_lo", NULL},
	{PLAIN, TREND_T_HI, "t_hi", NULL},
	{PLAIN, TREND_DOUBLING, "doubling_yr", NULL},
	{PLAIN, TREND_PUBLISHED_20, "published_20yr", NULL},
	{PLAIN, TREND_ERROR_20, "error_20yr", NULL},
	{PLAIN, TREND_DRAWN, "drawn", NULL},
	{PLAIN, TREND_FIRST, "first", NULL},
	{PLAIN, TREND_LAST, "last", NULL},
	{PLAIN, TREND_YEAR, "year", NULL},
	{PLAIN, TREND_VALUE, "value", NULL},
	{PLAIN, TREND_VALUE_LO, "value_lo", NULL},
	{PLAIN, TREND_VALUE_HI, "value_hi", NULL},
	{UNIT, 0, "unit", NULL},
	{PLAIN, TREND_LINE, "line", NULL},
	{PLAIN, TREND_LIMIT, "limit", NULL},
	{PLAIN, TREND_SHARE, "share", NULL},
	{PROVENANCE, 0, "provenance", NULL},
	{SOURCE, 0, "source", NULL},
	{LICENCE, 0, "licence", NULL},
	{NOTE, 0, "note", NULL},
};

/* ---- tables for people, at most 100 columns wide ---- */

#define RATE                                                                                                           \
	{COUNT, 0, "n", NULL}, {NUMBER, TREND_RATE, "rate", "x/2yr"},                                                  \
	{                                                                                                              \
		INTERVAL, TREND_LO, "ci", "95 %"                                                                       \
	}
#define STUDENT                                                                                                        \
	{                                                                                                              \
		INTERVAL, TREND_T_LO, "t", "Student t"                                                                 \
	}
#define FIT                                                                                                            \
	{                                                                                                              \
		FIXED, TREND_R2, "r2", "R^2"                                                                           \
	}
#define TWENTY                                                                                                         \
	{                                                                                                              \
		NUMBER, TREND_FACTOR, "factor", "x/20yr"                                                               \
	}
#define PRINTED                                                                                                        \
	{NUMBER, TREND_PUBLISHED, "published", "printed"}, {PERCENT, TREND_ERROR, "error", "error"},                   \
	{                                                                                                              \
		NUMBER, TREND_PUBLISHED_20, "published20", "/20yr"                                                     \
	}

struct table {
	enum trend_part part;
	const char *title;
	struct column columns[12];
	const char *foot;
};

static const struct table tables[] = {
	{TREND_T_PAPER,
	 "The rates of \"AI and Memory Wall\" (Gholami et al., IEEE Micro 2024), refitted",
	 {{SERIES, 0, "series", NULL},
	  RATE,
	  FIT,
	  TWENTY,
	  PRINTED,
	  {FIXED, TREND_DOUBLING, "doubling", "yr x2"},
	  STUDENT},
	 "yr x2: years to double. balance.dram, .links: rate of FLOP/s over that of DRAM or lane bandwidth."},
	{TREND_T_EDITION, "The edition of 2021", {{SERIES, 0, "series", NULL}, RATE, FIT, TWENTY, PRINTED}, NULL},
	{TREND_T_SENSITIVITY,
	 "What the rates depend on (which points differ: column note of CSV and JSON)",
	 {{SERIES, 0, "series", NULL}, RATE, FIT, TWENTY, STUDENT},
	 "The README tables alone do not give 410 and 750. Without 16-bit and tensor points FLOP/s grow half\n"
	 "as far in 20 years (hw_flops.no_16bit)."},
	{TREND_T_INDEPENDENT,
	 "What other data give",
	 {{SERIES, 0, "series", NULL}, RATE, FIT, TWENTY, STUDENT},
	 "epoch_dc: datacentre chips, chosen by words in their names. Variants of one chip count as separate\n"
	 "points, so that intervals are too narrow. 410 and 750 per 2 years are rates of record setters:\n"
	 "all language models of the same years (epoch_lm) grew far less."},
	{TREND_T_TWENTY_YEARS,
	 "\"DRAM in 20 years: 128x capacity, 20x bandwidth, 1.3x latency\" (unverified) beside what data give",
	 {{SERIES, 0, "series", NULL},
	  {NUMBER, TREND_PUBLISHED_20, "said", "said/20yr"},
	  {NUMBER, TREND_PUBLISHED, "said2", "per 2yr"},
	  TWENTY,
	  RATE},
	 NULL},
	{TREND_T_PATTERSON,
	 "Latency lags bandwidth (Patterson, CACM 2004): improvement as printed",
	 {{SERIES, 0, "series", NULL},
	  {NUMBER, TREND_RATE, "rate", "x/2yr"},
	  TWENTY,
	  {NUMBER, TREND_VALUE, "gain", "latency while bandwidth doubles"}},
	 "Rule: 1.2 to 1.4. Disk: the slide prints 1.18 a year, and 143x in 20 years, which is 1.28 a year."},
	{TREND_T_TRAINING_MEMORY,
	 "Memory that training takes, GB (figure 4)",
	 {{SERIES, 0, "series", NULL},
	  {NUMBER, TREND_VALUE, "sum", "sum of parts"},
	  {NUMBER, TREND_PUBLISHED, "readme", "README"},
	  {NUMBER, TREND_DRAWN, "figure", "figure"},
	  {NUMBER, TREND_LIMIT, "gpu", "GPU of the time"},
	  {SHARE, TREND_SHARE, "activations", "activations"}},
	 NULL},
	{TREND_T_BALANCE_YEARS,
	 "Machine balance by year, FLOP per byte",
	 {{YEAR, TREND_YEAR, "year", "year"},
	  {NUMBER, TREND_LINE, "line", "lines of the paper's points"},
	  {COUNT, 0, "chips", "Epoch chips"},
	  {NUMBER, TREND_VALUE, "median", "median"},
	  {INTERVAL, TREND_VALUE_LO, "range", "range"}},
	 "Lines: hw_flops over dram_bw at mid-year. Chips: epoch_dc, best of FP32 and 16 bit over bandwidth."},
	{TREND_T_PREDICTION,
	 "Did the wall keep its rate? Lines through Epoch's datacentre chips to 2022, against 2023 to 2026",
	 {{SERIES, 0, "series", NULL},
	  {COUNT, 0, "n", NULL},
	  {NUMBER, TREND_RATE, "rate", "x/2yr"},
	  {INTERVAL, TREND_T_LO, "t", "Student t"},
	  {NOTE, 0, "note", ""}},
	 "within: inside the 95 % interval of one more chip on the old line. change: kept if its interval\n"
	 "holds 1 and lies within 1/1.25 to 1.25, slower or faster if it excludes 1. level: mean of the later\n"
	 "chips over the old line; it can be below or above 1 where the rate itself shows no clear change."},
	{TREND_T_PREDICTION_YEARS,
	 "By year: chips over the old line (geometric mean), and how many fell within",
	 {{SERIES, 0, "series", NULL},
	  {NUMBER, TREND_VALUE, "over", "x the line"},
	  {SHARE, TREND_SHARE, "share", "within"},
	  {NOTE, 0, "note", ""}},
	 "Each chip: series prediction.*.NAME of CSV and JSON."},
	{TREND_T_HOST,
	 "This host on the lines: the year in which accelerators, by their line, were as fast",
	 {{SERIES, 0, "series", NULL},
	  {NUMBER, TREND_VALUE, "value", "measured"},
	  {UNIT, 0, "unit", "unit"},
	  {DECIMAL_YEAR, TREND_YEAR, "year", "year"},
	  {SHORT_NOTE, 0, "note", ""}},
	 "spread: factor by which chips of one year differ from the line (two standard deviations)."},
	{TREND_T_USER,
	 "Points of the user",
	 {{SERIES, 0, "series", NULL}, RATE, FIT, TWENTY, {NUMBER, TREND_PUBLISHED, "published", "printed"}, STUDENT},
	 "user.S: the user's points; S+user: together with ours of series S; user/S: their rate over ours."},
};

static bool has_rows(const struct trends *t, enum trend_part part)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].part == part)
			return true;
	return false;
}

/* Text between tables; a comment in LaTeX. */
static void put_text(FILE *f, const char *text, enum print_format format)
{
	const char *mark = format == PRINT_LATEX ? "% " : "";
	(void)fputs(mark, f);
	for (; *text; text++) {
		(void)fputc(*text, f);
		if (*text == '\n')
			(void)fputs(mark, f);
	}
	(void)fputc('\n', f);
}

/* Whose numbers these are, or why there are none. */
static void put_host(FILE *f, const struct cli_measured *m, enum print_format format)
{
	const char *mark = format == PRINT_LATEX ? "% " : "";
	if (m->found) {
		(void)fprintf(f, "%sFP32 here, against mixed-precision lines. Measured: ", mark);
		cli_put(f, m->path);
		(void)fprintf(f, "%s", *m->words ? "\n" : "");
	}
	if (*m->words) {
		(void)fprintf(f, "%s%s", mark, m->found ? "These results are " : "No values: ");
		cli_put(f, m->words);
	}
	(void)fputc('\n', f);
}

static void put_method(FILE *f, enum print_format format)
{
	put_text(f,
		 "Method: least squares of log2(value) on the decimal date, all points, no weights. 95 %: 1.96\n"
		 "standard errors, as published; Student's t is wider where points are few: use it there. Data:",
		 format);
	for (int t = 0; t < TREND_TABLES; t++) {
		bool said = false;
		for (int k = 0; k < t; k++)
			said = said || strcmp(trend_tables[k].credit, trend_tables[t].credit) == 0;
		if (said)
			continue;
		(void)fputs(format == PRINT_LATEX ? "% - " : "- ", f);
		(void)fputs(trend_tables[t].credit, f);
		(void)fputc('\n', f);
	}
}

static int print_table(FILE *f, const struct trends *t, const struct table *table, const struct cli_measured *m,
		       enum print_format format)
{
	size_t n = 0;
	while (n < sizeof(table->columns) / sizeof(*table->columns) && table->columns[n].name)
		n++;
	bool absent = table->part == TREND_T_HOST && !m->found;
	put_text(f, table->title, format);
	int rc = absent ? 0 : print_rows(f, t, table->part, table->columns, n, format);
	if (table->foot)
		put_text(f, table->foot, format);
	if (table->part == TREND_T_HOST)
		put_host(f, m, format);
	(void)fputc('\n', f);
	return rc;
}

int trends_print(FILE *f, const struct trends *t, const struct cli_measured *m, enum print_format format)
{
	int rc = 0;
	if (format == PRINT_CSV || format == PRINT_JSON)
		return print_rows(f, t, TREND_PARTS, all, sizeof(all) / sizeof(*all), format);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && rc == 0; i++)
		if (has_rows(t, tables[i].part))
			rc = print_table(f, t, &tables[i], m, format);
	if (rc == 0)
		put_method(f, format);
	return rc ? rc : ferror(f) ? -EIO : 0;
}
