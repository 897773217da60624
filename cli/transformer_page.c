#include "cli/transformer_page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"

enum { LINE = 100 };

/* ---- numbers ---- */

/* Four digits and a prefix: 7247757312 -> "7.248 G". Without a prefix, zeros at the end are left out. */
static const char *readable(double v, char *out)
{
	static const char *const prefixes[] = {"", " k", " M", " G", " T", " P", " E", " Z", " Y"};
	size_t i = 0;
	/* 999.95 would be printed as 1000. */
	while (fabs(v) >= 999.95 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		v /= 1000;
		i++;
	}
	mw_format(out, PAGE_CELL, i ? "%#.4g%s" : "%.4g%s", v, prefixes[i]);
	return out;
}

const char *page_plain(double v, char *out)
{
	mw_format(out, PAGE_CELL, v == floor(v) && fabs(v) < 1e22 ? "%.0f" : "%.9g", v);
	return out;
}

bool page_for_people(const struct cli *cli)
{
	return cli->format == PRINT_TABLE || cli->format == PRINT_LATEX;
}

const char *page_number(const struct cli *cli, double v, char *out)
{
	return page_for_people(cli) ? readable(v, out) : page_plain(v, out);
}

const char *page_intensity(const struct cli *cli, double v, char *out)
{
	if (!page_for_people(cli))
		mw_format(out, PAGE_CELL, "%.9g", v);
	else
		mw_format(out, PAGE_CELL, v < 0.1 || v >= 1e6 ? "%.4g" : "%.2f", v);
	return out;
}

/* ---- remarks below a table on the terminal ---- */

/* Number of a remark, from 1; equal texts share one number. -ENOMEM. */
static int remark(struct remarks *r, const char *text)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i], text) == 0)
			return (int)i + 1;
	char **more = realloc(r->v, (r->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->v = more;
	r->v[r->n] = strdup(text);
	if (!r->v[r->n])
		return -ENOMEM;
	return (int)++r->n;
}

static void remarks_fini(struct remarks *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i]);
	free(r->v);
}

void page_put_wrapped(FILE *f, const char *text, size_t column, size_t indent)
{
	while (*text) {
		const size_t len = strcspn(text, " ");
		if (column > indent && column + 1 + len > LINE) {
			(void)fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			(void)fputc(' ', f);
			column++;
		}
		(void)fwrite(text, 1, len, f);
		column += len;
		text += len + strspn(text + len, " ");
	}
	(void)fputc('\n', f);
}

static void put_remarks(FILE *f, const struct remarks *r)
{
	for (size_t i = 0; i < r->n; i++) {
		char head[16];
		const int len = snprintf(head, sizeof(head), "%s%4zu ", i ? "" : "\n", i + 1);
		(void)fputs(head, f);
		page_put_wrapped(f, r->v[i], (size_t)len - (i ? 0 : 1), 5);
	}
}

int page_note(const struct cli *cli, struct page *p, const char *text, char *mark, const char **cell)
{
	*cell = *text ? text : NULL;
	if (!*text || cli->format != PRINT_TABLE)
		return 0;
	const int k = remark(&p->remarks, text);
	mw_format(mark, PAGE_CELL, "%d", k);
	*cell = mark;
	return k < 0 ? k : 0;
}

int page_print(const struct cli *cli, struct page *p)
{
	int rc = grid_print(p->out.f, &p->grid, cli->format);
	if (rc == 0 && cli->format == PRINT_TABLE)
		put_remarks(p->out.f, &p->remarks);
	return rc;
}

void page_fini(struct page *p)
{
	cli_out_abort(&p->out);
	grid_fini(&p->grid);
	remarks_fini(&p->remarks);
}
