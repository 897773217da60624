#include "reports/csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/option.h"
#include "base/core/text.h"
#include "reports/file.h"

/* ---- cells ---- */

struct reader {
	const char *name;
	const char *at, *end;
	char *to;    /* where the next byte of a cell is written */
	size_t line; /* of at */
	char *err;
	size_t n;
};

enum after { AFTER_COMMA, AFTER_LINE, AFTER_ALL };

static int refuse(const struct reader *r, size_t line, const char *why)
{
	return mw_fail(MW_EFORMAT, r->err, r->n, "%s:%zu: %s", r->name, line, why);
}

/* Length of the line end at c: 0, 1 or 2. */
static size_t line_end(const char *c, const char *end)
{
	if (c < end && *c == '\n')
		return 1;
	return end - c >= 2 && c[0] == '\r' && c[1] == '\n' ? 2 : 0;
}

static int read_quoted(struct reader *r)
{
	size_t begin = r->line;
	for (r->at++; r->at < r->end; r->at++) {
		if (*r->at == '"' && r->end - r->at >= 2 && r->at[1] == '"')
			r->at++;
		else if (*r->at == '"')
			break;
		r->line += *r->at == '\n';
		*r->to++ = *r->at;
	}
	if (r->at == r->end)
		return refuse(r, begin, "the cell that begins with a quote here has no closing quote");
	r->at++;
	return 0;
}

static int read_plain(struct reader *r)
{
	for (; r->at < r->end && *r->at != ',' && !line_end(r->at, r->end); r->at++) {
		if (*r->at == '"')
			return refuse(r, r->line, "a quote inside a cell: quote the whole cell and double its quotes");
		if (*r->at == '\r')
			return refuse(r, r->line, "a carriage return without line feed");
		*r->to++ = *r->at;
	}
	return 0;
}

/* One cell into *out; what follows it into *after. */
static int read_cell(struct reader *r, char **out, enum after *after)
{
	*out = r->to;
	int rc = r->at < r->end && *r->at == '"' ? read_quoted(r) : read_plain(r);
	if (rc < 0)
		return rc;
	size_t ends = line_end(r->at, r->end);
	if (r->at == r->end)
		*after = AFTER_ALL;
	else if (*r->at == ',')
		*after = AFTER_COMMA;
	else if (ends)
		*after = AFTER_LINE;
	else
		return refuse(r, r->line, "text after a closing quote: expected a comma or the end of the line");
	r->line += *after == AFTER_LINE;
	r->at += *after == AFTER_COMMA ? 1 : ends;
	*r->to++ = '\0';
	return 0;
}

/* ---- rows ---- */

static int read_heads(struct reader *r, struct csv *c)
{
	enum after after = AFTER_COMMA;
	if (r->at == r->end || line_end(r->at, r->end))
		return refuse(r, 1, "no header line with the names of the columns");
	while (after == AFTER_COMMA) {
		if (c->n_columns == CSV_COLUMNS_MAX)
			return refuse(r, 1, "more than 256 columns");
		int rc = read_cell(r, &c->heads[c->n_columns], &after);
		if (rc < 0)
			return rc;
		const char *head = c->heads[c->n_columns];
		char shown[84];
		(void)mw_escape(head, shown, sizeof(shown));
		if (!*head)
			return mw_fail(MW_EFORMAT, r->err, r->n, "%s:1: column %zu has no name", r->name,
				       c->n_columns + 1);
		if (csv_column(c, head) >= 0)
			return mw_fail(MW_EFORMAT, r->err, r->n, "%s:1: two columns are named '%s'", r->name, shown);
		c->n_columns++;
	}
	return 0;
}

/* Makes room for one more row; *cap: rows that there is room for. */
static int grow(struct csv *c, size_t *cap)
{
	if (c->n_rows < *cap)
		return 0;
	size_t want = *cap ? 2 * *cap : 64;
	char **cells = realloc(c->cells, want * c->n_columns * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	c->cells = cells;
	size_t *lines = realloc(c->lines, want * sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	c->lines = lines;
	*cap = want;
	return 0;
}

static int read_row(struct reader *r, struct csv *c)
{
	enum after after = AFTER_COMMA;
	size_t line = r->line, count = 0;
	while (after == AFTER_COMMA) {
		char *cell;
		int rc = read_cell(r, &cell, &after);
		if (rc < 0)
			return rc;
		if (count < c->n_columns)
			c->cells[c->n_rows * c->n_columns + count] = cell;
		count++;
	}
	if (count != c->n_columns)
		return mw_fail(MW_EFORMAT, r->err, r->n, "%s:%zu: %zu cell%s, the header names %zu column%s", r->name,
			       line, count, count == 1 ? "" : "s", c->n_columns, c->n_columns == 1 ? "" : "s");
	c->lines[c->n_rows++] = line;
	return 0;
}

static int read_all(struct reader *r, struct csv *c)
{
	size_t cap = 0;
	int rc = read_heads(r, c);
	while (rc == 0 && r->at < r->end) {
		size_t ends = line_end(r->at, r->end);
		if (ends && c->n_columns > 1) {
			r->at += ends;
			r->line++;
			continue;
		}
		rc = grow(c, &cap);
		if (rc == 0)
			rc = read_row(r, c);
	}
	return rc;
}

int csv_parse(const char *name, const char *text, size_t size, struct csv *out, char *err, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct reader r = {.name = name, .at = text, .end = text + size, .line = 1, .err = err, .n = n};
	*out = (struct csv){0};
	if (size > CSV_BYTES_MAX)
		return mw_fail(MW_EFORMAT, err, n, "%s: more than %d MiB", name, CSV_BYTES_MAX >> 20);
	const char *nul = memchr(text, '\0', size);
	if (nul) {
		for (const char *c = text; c < nul; c++)
			r.line += *c == '\n';
		return refuse(&r, r.line, "a NUL byte: not a text file");
	}
	if (size >= 3 && memcmp(text, mark, 3) == 0)
		r.at += 3;
	out->name = strdup(name);
	out->text = r.to = malloc(
		size + 2); /* a cell's NUL needs the room of its comma or line end; the last cell may have none */
	out->heads = calloc(CSV_COLUMNS_MAX, sizeof(*out->heads));
	int rc = out->name && out->text && out->heads ? read_all(&r, out) : -ENOMEM;
	if (rc == -ENOMEM)
		rc = mw_fail(rc, err, n, "%s: out of memory", name);
	return rc;
}

int csv_read(const char *path, struct csv *out, char *err, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	*out = (struct csv){0};
	int rc = file_read(path, &text, &size, err, n);
	if (rc == 0)
		rc = csv_parse(path, text, size, out, err, n);
	free(text);
	return rc;
}

void csv_fini(struct csv *c)
{
	free(c->name);
	free(c->text);
	free(c->heads);
	free(c->cells);
	free(c->lines);
	*c = (struct csv){0};
}

/* ---- looking at it ---- */

int csv_column(const struct csv *c, const char *column)
{
	for (size_t i = 0; i < c->n_columns; i++)
		if (strcmp(c->heads[i], column) == 0)
			return (int)i;
	return -1;
}

int csv_need(const struct csv *c, const char *column, int *index, char *err, size_t n)
{
	struct mw_buf heads = {0};
	char shown[200];
	*index = csv_column(c, column);
	if (*index >= 0)
		return 0;
	for (size_t i = 0; i < c->n_columns; i++)
		mw_buf_add(&heads, "%s%s", i ? "," : "", c->heads[i]);
	(void)mw_escape(mw_buf_text(&heads), shown, sizeof(shown));
	mw_buf_fini(&heads);
	return mw_fail(MW_EFORMAT, err, n, "%s:1: no column '%s' (there are: %s)", c->name, column, shown);
}

const char *csv_cell(const struct csv *c, size_t row, int column)
{
	if (row >= c->n_rows || column < 0 || (size_t)column >= c->n_columns)
		return "";
	return c->cells[row * c->n_columns + (size_t)column];
}

size_t csv_line(const struct csv *c, size_t row)
{
	return row < c->n_rows ? c->lines[row] : 0;
}

int csv_number(const struct csv *c, size_t row, int column, double *out, char *err, size_t n)
{
	const char *cell = csv_cell(c, row, column);
	char head[84], shown[84];
	*out = (double)NAN;
	if (!*cell)
		return 0;
	if (mw_parse_real(cell, out) == 0)
		return 1;
	*out = (double)NAN;
	(void)mw_escape(c->heads[column], head, sizeof(head));
	(void)mw_escape(cell, shown, sizeof(shown));
	return mw_fail(MW_EFORMAT, err, n, "%s:%zu: column '%s': '%s' is no number", c->name, csv_line(c, row), head,
		       shown);
}
