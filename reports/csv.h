/* Reads CSV (RFC 4180): the tables that are compiled in, and files of users. */
#ifndef MW_CSV_H
#define MW_CSV_H

#include <stddef.h>

enum { CSV_BYTES_MAX = 16 << 20, CSV_COLUMNS_MAX = 256 };

struct csv {
	char *name;    /* of the file, for messages */
	char *text;    /* all cells, each ended by NUL */
	char **heads;  /* n_columns names, into text */
	char **cells;  /* n_rows * n_columns, into text */
	size_t *lines; /* line of the file that each row begins on, from 1 */
	size_t n_rows, n_columns;
};

/* size bytes at text: one header line, then rows of as many cells. Line ends are LF or CRLF, a UTF-8 byte order mark is
 * skipped, and so are empty lines of a table of several columns. A cell in quotes may hold commas, line ends and
 * doubled quotes. MW_EFORMAT with one line "name:line: ..." in err: no header, a column without a name or named twice,
 * a row with too few or too many cells, a NUL, a quote where none may be, or more than the limits above. -ENOMEM. *out
 * is freed by the caller with csv_fini in every case. */
int csv_parse(const char *name, const char *text, size_t size, struct csv *out, char *err, size_t n);
/* The same for a regular file; -errno when it cannot be read. */
int csv_read(const char *path, struct csv *out, char *err, size_t n);
void csv_fini(struct csv *c);

/* Index of the column of that name, or -1. */
int csv_column(const struct csv *c, const char *column);
/* The same, and MW_EFORMAT with a line that names the columns there are, where that one is missing. */
int csv_need(const struct csv *c, const char *column, int *index, char *err, size_t n);
/* "" where row or column (-1, say) do not exist. */
const char *csv_cell(const struct csv *c, size_t row, int column);
/* The line of the file that row begins on; 0 past the last. */
size_t csv_line(const struct csv *c, size_t row);
/* 1 with a finite number in *out, 0 where the cell is empty (*out is NaN), MW_EFORMAT with "name:line: column 'x': 'y'
 * is no number" (*out is NaN). */
int csv_number(const struct csv *c, size_t row, int column, double *out, char *err, size_t n);

#endif
