#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/json.h"
#include "reports/print.h"

int print_format_parse(const char *name, enum print_format *out)
{
	static const char *const names[] = {"table", "csv", "json", "latex"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum print_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

void grid_init(struct grid *g, const struct grid_column *columns, size_t n_columns)
{
	*g = (struct grid){.columns = columns, .n_columns = n_columns};
}

void grid_fini(struct grid *g)
{
	for (size_t i = 0; i < g->n_rows * g->n_columns; i++)
		free(g->cells[i]);
	free(g->cells);
	*g = (struct grid){0};
}

int grid_add(struct grid *g, const char *const *cells)
{
	if (g->n_rows == g->cap) {
		size_t cap = g->cap ? 2 * g->cap : 32;
		char **more = realloc(g->cells, cap * g->n_columns * sizeof(*more));
		if (!more)
			return -ENOMEM;
		g->cells = more;
		g->cap = cap;
	}
	char **row = &g->cells[g->n_rows * g->n_columns];
	for (size_t i = 0; i < g->n_columns; i++) {
		row[i] = strdup(cells[i] ? cells[i] : "");
		if (!row[i]) {
			while (i > 0)
				free(row[--i]);
			return -ENOMEM;
		}
	}
	g->n_rows++;
	return 0;
}

/* Copy of s with control characters escaped, because texts may come from other machines' files and are shown on
 * terminals (all formats but JSON). blanks: white space becomes a blank, for files that programs read. NULL when out of
 * memory. */
static char *shown(const char *s, bool blanks)
{
	char *copy = strdup(s);
	if (!copy)
		return NULL;
	for (char *c = copy; blanks && *c; c++)
		if (strchr("\t\n\r", *c))
			*c = ' ';
	size_t room = mw_escape(copy, NULL, 0) + 1;
	char *text = malloc(room);
	if (text)
		(void)mw_escape(copy, text, room);
	free(copy);
	return text;
}

/* Copies the grid with escaped cells. 0 or -ENOMEM; *out is freed by the caller in every case. */
static int escaped(const struct grid *g, bool blanks, struct grid *out)
{
	size_t n = g->n_rows * g->n_columns;
	grid_init(out, g->columns, g->n_columns);
	out->cells = calloc(n + 1, sizeof(*out->cells));
	if (!out->cells)
		return -ENOMEM;
	out->n_rows = g->n_rows;
	for (size_t i = 0; i < n; i++) {
		out->cells[i] = shown(g->cells[i], blanks);
		if (!out->cells[i])
			return -ENOMEM;
	}
	return 0;
}

static const char *cell(const struct grid *g, size_t row, size_t column)
{
	return g->cells[row * g->n_columns + column];
}

static const char *head(const struct grid_column *c)
{
	return c->head ? c->head : c->name;
}

/* ---- aligned text ---- */

/* Width in characters: UTF-8 continuation bytes do not count. */
static int width(const char *s)
{
	int w = 0;
	for (; *s; s++)
		w += ((unsigned char)*s & 0xc0) != 0x80;
	return w;
}

static void put_padded(FILE *f, const char *s, int columns, bool right, bool last)
{
	int pad = columns - width(s);
	if (right)
		(void)fprintf(f, "%*s%s", pad, "", s);
	else
		(void)fprintf(f, "%s%*s", s, last ? 0 : pad, "");
}

static const char *text_at(const struct grid *g, size_t row, size_t column)
{
	const char *s = row == 0 ? head(&g->columns[column]) : cell(g, row - 1, column); /* row 0 is the header */
	return *s || row == 0 ? s : "-";
}

static int column_width(const struct grid *g, size_t column)
{
	int most = 0;
	for (size_t row = 0; row <= g->n_rows; row++) {
		int w = width(text_at(g, row, column));
		most = w > most ? w : most;
	}
	return most;
}

/* Number of columns to print: trailing empty text columns are left out, empty number columns are not. */
static size_t used_columns(const struct grid *g, size_t row)
{
	size_t n = g->n_columns;
	while (row > 0 && n > 1 && !*cell(g, row - 1, n - 1) && !g->columns[n - 1].number)
		n--;
	while (row == 0 && n > 1 && !*head(&g->columns[n - 1]))
		n--;
	return n;
}

static int print_text(FILE *f, const struct grid *g)
{
	int *widths = calloc(g->n_columns + 1, sizeof(*widths));
	if (!widths)
		return -ENOMEM;
	for (size_t c = 0; c < g->n_columns; c++)
		widths[c] = column_width(g, c);
	for (size_t row = 0; row <= g->n_rows; row++) {
		size_t n = used_columns(g, row);
		for (size_t c = 0; c < n; c++) {
			if (c)
				(void)fputs("  ", f);
			put_padded(f, text_at(g, row, c), widths[c], g->columns[c].number, c + 1 == n);
		}
		(void)fputc('\n', f);
	}
	free(widths);
	return 0;
}

/* ---- CSV (RFC 4180) ---- */

/* True for a text that a spreadsheet would run as a formula; it gets an apostrophe before it (OWASP, CSV injection). */
static bool is_formula(const struct grid_column *c, const char *s)
{
	return !c->number && *s && strchr("=+-@", *s);
}

static void put_quoted(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '"')
			(void)fputc('"', f);
		(void)fputc(*s, f);
	}
}

/* Length of a text that needs neither quotes nor escapes, else SIZE_MAX. */
static size_t plain_length(const char *s)
{
	size_t n = 0;
	for (; s[n]; n++)
		if (s[n] < ' ' || s[n] > '~' || s[n] == ',' || s[n] == '"')
			return SIZE_MAX;
	return n;
}

static int put_csv(FILE *f, const struct grid_column *c, const char *s)
{
	size_t plain = plain_length(s);
	if (plain != SIZE_MAX) {
		if (is_formula(c, s))
			(void)fputc('\'', f);
		(void)fwrite(s, 1, plain, f);
		return 0;
	}
	char *text = shown(s, true);
	if (!text)
		return -ENOMEM;
	bool quoted = strpbrk(text, ",\"\r\n");
	if (quoted)
		(void)fputc('"', f);
	if (is_formula(c, text))
		(void)fputc('\'', f);
	put_quoted(f, text);
	if (quoted)
		(void)fputc('"', f);
	free(text);
	return 0;
}

int csv_row(FILE *f, const struct grid_column *columns, size_t n_columns, const char *const *cells)
{
	int rc = 0;
	for (size_t c = 0; c < n_columns && rc == 0; c++) {
		if (c)
			(void)fputc(',', f);
		rc = put_csv(f, &columns[c], cells ? cells[c] : columns[c].name);
	}
	(void)fputc('\n', f);
	return rc;
}

static int print_csv(FILE *f, const struct grid *g)
{
	int rc = csv_row(f, g->columns, g->n_columns, NULL);
	for (size_t r = 0; r < g->n_rows && rc == 0; r++)
		rc = csv_row(f, g->columns, g->n_columns, (const char *const *)&g->cells[r * g->n_columns]);
	return rc;
}

/* ---- LaTeX: a longtable, which breaks over pages, with the rules of booktabs ---- */

static void put_latex(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '\\':
			(void)fputs("\\textbackslash{}", f);
			break;
		case '~':
			(void)fputs("\\textasciitilde{}", f);
			break;
		case '^':
			(void)fputs("\\textasciicircum{}", f);
			break;
		case '<':
			(void)fputs("\\textless{}", f);
			break;
		case '>':
			(void)fputs("\\textgreater{}", f);
			break;
		case '|':
			(void)fputs("\\textbar{}", f);
			break;
		case '"':
			(void)fputs("\\textquotedbl{}", f);
			break;
		case '&':
		case '%':
		case '$':
		case '#':
		case '_':
		case '{':
		case '}':
			(void)fprintf(f, "\\%c", *s);
			break;
		default:
			(void)fputc(*s, f);
		}
	}
}

static void put_latex_row(FILE *f, const struct grid *g, size_t row)
{
	for (size_t c = 0; c < g->n_columns; c++) {
		const char *s = row == 0 ? head(&g->columns[c]) : cell(g, row - 1, c);
		if (c)
			(void)fputs(" & ", f);
		if (row > 0 && !*s)
			(void)fputs("--", f);
		else
			put_latex(f, s);
	}
	(void)fputs(" \\\\\n", f);
}

static void print_latex(FILE *f, const struct grid *g)
{
	(void)fputs("% needs \\usepackage{booktabs,longtable}\n\\begin{longtable}{", f);
	for (size_t c = 0; c < g->n_columns; c++)
		(void)fputc(g->columns[c].number ? 'r' : 'l', f);
	(void)fputs("}\n\\toprule\n", f);
	put_latex_row(f, g, 0);
	(void)fputs("\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n", f);
	for (size_t row = 1; row <= g->n_rows; row++)
		put_latex_row(f, g, row);
	(void)fputs("\\end{longtable}\n", f);
}

/* ---- JSON: an array of objects ---- */

static json_t *json_cell(const struct grid_column *c, const char *s)
{
	char *end;
	if (!*s)
		return json_null();
	if (!c->number)
		return json_text(s);
	errno = 0;
	long long i = strtoll(s, &end, 10);
	if (!*end && !errno)
		return json_integer(i);
	double d = strtod(s, &end);
	return *end ? json_text(s) : json_number(d);
}

static int print_json(FILE *f, const struct grid *g)
{
	int failed = 0;
	json_t *rows = json_array();
	for (size_t r = 0; r < g->n_rows; r++) {
		json_t *row = json_object();
		for (size_t c = 0; c < g->n_columns; c++)
			json_put(row, g->columns[c].name, json_cell(&g->columns[c], cell(g, r, c)), &failed);
		failed += json_array_append_new(rows, row) != 0;
	}
	return json_print(f, rows, failed != 0);
}

int grid_print(FILE *f, const struct grid *g, enum print_format format)
{
	struct grid safe;
	int rc = 0;
	if (format == PRINT_JSON) {
		rc = print_json(f, g);
	} else if (format == PRINT_CSV) {
		rc = print_csv(f, g);
	} else {
		rc = escaped(g, format != PRINT_TABLE, &safe);
		if (rc == 0 && format == PRINT_TABLE)
			rc = print_text(f, &safe);
		else if (rc == 0)
			print_latex(f, &safe);
		grid_fini(&safe);
	}
	return rc ? rc : ferror(f) ? -EIO : 0;
}
