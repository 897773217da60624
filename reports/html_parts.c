#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "reports/html.h"

void html_escape(FILE *out, const char *text)
{
	size_t len;
	for (const char *c = text; *c; c += len) {
		int32_t code = mw_utf8(c, &len);
		if (mw_unprintable(code) && code != '\n' && code != '\t') {
			(void)fputs("\xef\xbf\xbd", out); /* not allowed in HTML, or changes the direction of writing */
			continue;
		}
		switch (*c) {
		case '&':
			(void)fputs("&amp;", out);
			break;
		case '<':
			(void)fputs("&lt;", out);
			break;
		case '>':
			(void)fputs("&gt;", out);
			break;
		case '"':
			(void)fputs("&quot;", out);
			break;
		case '\'':
			(void)fputs("&#39;", out);
			break;
		default:
			(void)fwrite(c, 1, len, out);
		}
	}
}

void html_element(FILE *out, const char *tag, const char *class_name, const char *text)
{
	if (class_name)
		(void)fprintf(out, "<%s class=\"%s\">", tag, class_name);
	else
		(void)fprintf(out, "<%s>", tag);
	html_escape(out, text);
	(void)fprintf(out, "</%s>", tag);
}

void html_provenance(FILE *out, const char *name)
{
	(void)fputs("<span class=\"pv ", out);
	html_escape(out, name);
	(void)fputs("\">", out);
	html_escape(out, name);
	(void)fputs("</span>", out);
}

/* True for a column that is merged into the one before: unit into value, source into provenance. */
static bool joins(const struct grid *g, size_t c)
{
	const char *before = c ? g->columns[c - 1].name : "", *name = g->columns[c].name;
	return (strcmp(name, "unit") == 0 && strcmp(before, "value") == 0) ||
	       (strcmp(name, "source") == 0 && strcmp(before, "provenance") == 0);
}

/* Sources and notes that are long are listed once below the table and referred to by number, because they repeat. */
struct remarks {
	const char **v; /* in the order of their numbers */
	size_t n;
};

enum { SHORT_REMARK = 24, FEW_REMARKS = 8 };

/* Number of the text, from 1; 0 for a text that stays in its cell. */
static size_t number_of(const struct remarks *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], text) == 0)
			return i + 1;
	return 0;
}

/* Collects the long texts. When out of memory, all texts stay in their cells. */
static void find_remarks(const struct grid *g, struct remarks *out)
{
	*out = (struct remarks){.v = calloc(g->n_rows + 1, sizeof(*out->v))};
	for (size_t c = 0; out->v && c < g->n_columns; c++) {
		if (strcmp(g->columns[c].name, "source") != 0 || !joins(g, c))
			continue;
		for (size_t r = 0; r < g->n_rows; r++) {
			const char *text = g->cells[r * g->n_columns + c];
			if (strlen(text) > SHORT_REMARK && !number_of(out, text))
				out->v[out->n++] = text;
		}
	}
}

static void put_remarks(FILE *out, const struct remarks *l)
{
	if (l->n)
		(void)fprintf(out, "<details%s><summary>Sources and notes: %zu</summary>\n<ol class=\"remarks\">\n",
			      l->n <= FEW_REMARKS ? " open" : "", l->n);
	for (size_t i = 0; i < l->n; i++) {
		html_element(out, "li", NULL, l->v[i]);
		(void)fputc('\n', out);
	}
	if (l->n)
		(void)fputs("</ol></details>\n", out);
}

static void put_joined(FILE *out, const char *name, const char *text, const struct remarks *remarks)
{
	size_t number = number_of(remarks, text);
	bool unit = strcmp(name, "unit") == 0;
	if (number)
		(void)fprintf(out, "<sup>%zu</sup>", number);
	else if (*text)
		html_element(out, unit ? "i" : "div", unit ? NULL : name, text);
}

/* End tags of cells and rows are optional in HTML; a page has thousands of them. */
static void put_cell(FILE *out, const struct grid *g, size_t row, size_t c, const struct remarks *remarks)
{
	const struct grid_column *column = &g->columns[c];
	const char *text = g->cells[row * g->n_columns + c];
	if (!*text) {
		(void)fputs(column->number ? "<td class=\"n absent\">–" : "<td class=absent>–", out);
		return;
	}
	(void)fputs(column->number ? "<td class=n>" : "<td>", out);
	if (strcmp(column->name, "provenance") == 0)
		html_provenance(out, text);
	else
		html_escape(out, text);
	if (c + 1 < g->n_columns && joins(g, c + 1) && g->cells[row * g->n_columns + c + 1][0]) {
		(void)fputc(' ', out);
		put_joined(out, g->columns[c + 1].name, g->cells[row * g->n_columns + c + 1], remarks);
	}
}

void html_grid(FILE *out, const struct grid *g, const char *label)
{
	struct remarks remarks;
	find_remarks(g, &remarks);
	/* tabindex, so that the box can be scrolled with the keyboard. */
	(void)fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
	html_escape(out, label);
	(void)fputs("\"><table><thead><tr>", out);
	for (size_t c = 0; c < g->n_columns; c++) {
		const struct grid_column *column = &g->columns[c];
		if (joins(g, c))
			continue;
		html_element(out, "th", column->number ? "n" : NULL, column->head ? column->head : column->name);
	}
	(void)fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t r = 0; r < g->n_rows; r++) {
		(void)fputs("<tr>", out);
		for (size_t c = 0; c < g->n_columns; c++)
			if (!joins(g, c))
				put_cell(out, g, r, c, &remarks);
		(void)fputc('\n', out);
	}
	(void)fputs("</tbody></table></div>\n", out);
	put_remarks(out, &remarks);
	free(remarks.v);
}

static void put_word(FILE *out, const char *name, const char *words, enum mw_better better)
{
	(void)fputs("<div>", out);
	html_element(out, "dt", NULL, name);
	(void)fputs(" <dd>", out);
	html_escape(out, words);
	if (better != MW_NEITHER)
		(void)fprintf(out, "; %s is better", mw_better_name(better));
	(void)fputs("</dd></div>\n", out);
}

/* Writes a key as tables show it, "row hit" for row_hit. */
static void put_key_word(FILE *out, const struct mw_key *k)
{
	struct mw_buf name = {0};
	for (const char *c = k->name; *c; c++)
		mw_buf_add(&name, "%c", *c == '_' ? ' ' : *c);
	put_word(out, mw_buf_text(&name), k->words, MW_NEITHER);
	mw_buf_fini(&name);
}

void html_words(FILE *out, const struct words *w)
{
	if (!w->n_metrics && !w->n_keys)
		return;
	(void)fputs("<dl class=\"words\">\n", out);
	for (size_t i = 0; i < w->n_metrics; i++)
		put_word(out, w->metric[i].name, w->metric[i].words, w->metric[i].better);
	for (size_t i = 0; i < w->n_keys; i++)
		put_key_word(out, &w->key[i]);
	(void)fputs("</dl>\n", out);
}

void html_legend(FILE *out, const struct figure_plot *plot)
{
	static const char *const shapes[] = {
		[4] = "<rect x=\"9.5\" y=\"3.5\" width=\"9\" height=\"9\" fill=\"none\"/>",
		[5] = "<rect x=\"9.5\" y=\"3.5\" width=\"9\" height=\"9\"/>",
		[6] = "<circle cx=\"14\" cy=\"8\" r=\"4.5\" fill=\"none\"/>",
		[7] = "<circle cx=\"14\" cy=\"8\" r=\"4.5\"/>",
		[8] = "<path d=\"M14 2.5l5 9h-10z\" fill=\"none\"/>",
		[9] = "<path d=\"M14 2.5l5 9h-10z\"/>",
		[10] = "<path d=\"M14 13.5l5-9h-10z\" fill=\"none\"/>",
		[11] = "<path d=\"M14 13.5l5-9h-10z\"/>",
		[12] = "<path d=\"M14 2.5l5.5 5.5-5.5 5.5-5.5-5.5z\" fill=\"none\"/>",
		[13] = "<path d=\"M14 2.5l5.5 5.5-5.5 5.5-5.5-5.5z\"/>",
		[14] = "<path d=\"M14 3l5 3.6-1.9 5.9h-6.2l-1.9-5.9z\" fill=\"none\"/>",
		[15] = "<path d=\"M14 3l5 3.6-1.9 5.9h-6.2l-1.9-5.9z\"/>",
	};
	(void)fputs("<ul class=\"legend\">", out);
	for (size_t i = 0; i < plot->n_legend; i++) {
		const struct figure_legend *l = &plot->legend[i];
		(void)fprintf(out,
			      "<li><svg viewBox=\"0 0 28 16\" width=\"28\" height=\"16\" aria-hidden=\"true\" "
			      "fill=\"var(--s%d)\" "
			      "stroke=\"var(--s%d)\" stroke-width=\"1.8\">",
			      l->colour + 1, l->colour + 1);
		if (l->mark == MARK_LINE)
			(void)fprintf(out, "<path d=\"M1 8h26\" fill=\"none\"%s/>",
				      l->modelled ? " stroke-dasharray=\"5 3\"" : "");
		if (l->mark == MARK_BAR)
			(void)fprintf(out, "<rect x=\"3\" y=\"2\" width=\"22\" height=\"12\"%s/>",
				      l->modelled ? " fill=\"none\" stroke-dasharray=\"4 2\"" : "");
		else if (l->point >= 0 && (size_t)l->point < sizeof(shapes) / sizeof(*shapes) && shapes[l->point])
			(void)fputs(shapes[l->point], out);
		(void)fputs("</svg>", out);
		html_escape(out, mw_buf_text(&l->label));
		(void)fputs("</li>", out);
	}
	(void)fputs("</ul>\n", out);
}
