/* Prints lists as aligned text for the terminal, CSV, JSON or LaTeX. */
#ifndef MW_PRINT_H
#define MW_PRINT_H

#include <stdio.h>

#include "reports/results.h"

enum print_format { PRINT_TABLE, PRINT_CSV, PRINT_JSON, PRINT_LATEX };

/* "table", "csv", "json", "latex"; -EINVAL otherwise. */
int print_format_parse(const char *name, enum print_format *out);

/* ---- any list: a grid of texts. An empty cell is an absent value: "-" on the terminal, empty in CSV, null in JSON
 * ---- */
struct grid_column {
	const char *name; /* CSV and JSON name */
	const char *head; /* for people; NULL: name */
	bool number;      /* right-aligned; in JSON a number when the text is one */
};

struct grid {
	const struct grid_column *columns; /* n_columns entries, not owned */
	size_t n_columns;
	char **cells; /* n_rows * n_columns texts, owned */
	size_t n_rows, cap;
};

void grid_init(struct grid *g, const struct grid_column *columns, size_t n_columns);
void grid_fini(struct grid *g);
/* Appends a copy of a row; NULL cells are absent. 0 or -ENOMEM. */
int grid_add(struct grid *g, const char *const *cells);
int grid_print(FILE *f, const struct grid *g, enum print_format format);
/* Prints one row of CSV, for lists without a grid; cells NULL: the header. 0 or -ENOMEM. */
int csv_row(FILE *f, const struct grid_column *columns, size_t n_columns, const char *const *cells);

/* ---- records ---- */
/* CSV: the contract
 * `bench,case,metric,unit,value,ci_lo,ci_hi,min,max,n,provenance,source,params,id,state,observed,note` (RFC 4180),
 * values with 9 significant digits, counts whole. JSON: an array of records as in results.json, each with its id. Every
 * format prints the id. 0 or -errno. */
int print_records(FILE *f, const struct mw_records *l, enum print_format format);

/* 1 when the shell pattern (fnmatch) matches the record's id, with or without its parameters; else 0, or -ENOMEM. */
int print_selects(const char *pattern, const struct mw_record *r);

/* Prints the summary of a run: headline numbers with interval and provenance, then skipped benchmarks with the
 * reason. */
int print_summary(FILE *f, const struct results *r);

/* Writes a value for people: 4 significant digits; "-" when not finite. Returns out. */
const char *print_value(double v, char *out, size_t n);
/* Factor for v, and in *name the unit, that make a time readable: 1e-3 and "µs" for 58038 ns. 1 for other units. */
double unit_scale(enum mw_unit unit, double v, const char **name);

#endif
