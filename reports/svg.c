#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/figure.h"
#include "reports/html.h"

/* CSS variables by number: the colour rgb(1, 2, k) of look_page becomes variables[k]. */
static const char *const variables[] = {
	"--ink", "--muted", "--rule", "--paper", "--s1", "--s2", "--s3", "--s4", "--s5", "--s6", "--s7", "--s8",
};

const struct figure_look look_page = {
	.ink = "#010200",
	.muted = "#010201",
	.rule = "#010202",
	.paper = "#010203",
	.series = {"#010204", "#010205", "#010206", "#010207", "#010208", "#010209", "#01020a", "#01020b"},
};

/* Colours of the light theme of report.css. */
const struct figure_look look_print = {
	.ink = "#1b1f24",
	.muted = "#5b6370",
	.rule = "#e3e5e8",
	.paper = "#ffffff",
	.series = {"#0a5ea8", "#b3430a", "#00735c", "#8a3a8f", "#6b5a00", "#c02050", "#3a4fb8", "#4d5660"},
	.key = true,
};

/* White space of XML; isspace() accepts more. */
#define BLANKS " \t\r\n"

struct tag {
	FILE *out;
	const char *prefix;
};

/* Writes the value of a colour attribute, if it is replaced; else returns false. */
static bool put_colour(FILE *out, const char *v, size_t len)
{
	unsigned r, g, b;
	char text[40];
	if (len >= sizeof(text))
		return false;
	mw_format(text, sizeof(text), "%.*s", (int)len, v);
	if (strcmp(text, "black") == 0 || strcmp(text, "#000000") == 0) {
		(void)fputs("currentColor", out);
		return true;
	}
	/* gnuplot paints white below the points of error bars. */
	if (strcmp(text, "white") == 0) {
		(void)fputs("var(--paper)", out);
		return true;
	}
	if (sscanf(text, "rgb(%u ,%u ,%u )", &r, &g, &b) != 3 && sscanf(text, "#%2x%2x%2x", &r, &g, &b) != 3)
		return false;
	if (r == 0 && g == 0 && b == 0)
		(void)fputs("currentColor", out);
	else if (r == 1 && g == 2 && b < sizeof(variables) / sizeof(*variables))
		(void)fprintf(out, "var(%s)", variables[b]);
	else
		return false;
	return true;
}

static bool name_is(const char *name, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

static bool attribute_is(const char *name, size_t len, const char *wanted, const char *v, size_t v_len,
			 const char *value)
{
	return name_is(name, len, wanted) && name_is(v, v_len, value);
}

/* What SVG takes for granted (gnuplot sets no other value around it), and what nothing here refers to. */
static bool is_idle(const char *name, size_t len, const char *v, size_t v_len)
{
	return attribute_is(name, len, "stroke-linecap", v, v_len, "butt") ||
	       attribute_is(name, len, "stroke-linejoin", v, v_len, "miter") ||
	       attribute_is(name, len, "stroke-width", v, v_len, "1.00") ||
	       attribute_is(name, len, "class", v, v_len, "gridline");
}

/* Writes a coordinate with as many digits as one sees: a tenth of a pixel from 10 on, as it is below (symbols are drawn
 * small and enlarged), without zeros at the end. */
static void put_number(FILE *out, const char *v, size_t len)
{
	char text[40];
	if (len >= sizeof(text) || !memchr(v, '.', len)) {
		(void)fwrite(v, 1, len, out);
		return;
	}
	mw_format(text, sizeof(text), "%.*s", (int)len, v);
	double value = strtod(text, NULL);
	if (fabs(value) >= 10 && fabs(value) < 1e6)
		mw_format(text, sizeof(text), "%.1f", value);
	size_t kept = strlen(text);
	while (kept > 1 && text[kept - 1] == '0')
		kept--;
	kept -= text[kept - 1] == '.';
	(void)fwrite(text, 1, kept, out);
}

/* Writes a path or a transformation: numbers short, one blank for any white space. */
static void put_drawn(FILE *out, const char *v, size_t len)
{
	for (const char *end = v + len; v < end;) {
		size_t n = 0, blanks = 0;
		while (v + n < end && (isdigit((unsigned char)v[n]) || v[n] == '.' || (n == 0 && v[n] == '-')))
			n++;
		while (v + blanks < end && strchr(BLANKS, v[blanks]))
			blanks++;
		if (n)
			put_number(out, v, n);
		else if (v + blanks < end)
			(void)fputc(blanks ? ' ' : *v, out);
		v += n ? n : blanks ? blanks : 1;
	}
}

static void put_attribute(const struct tag *t, const char *name, size_t name_len, const char *v, size_t len)
{
	bool colour = name_is(name, name_len, "fill") || name_is(name, name_len, "stroke") ||
		      name_is(name, name_len, "stop-color");
	/* Leaves out font-family, and color="black": font and currentColor are then those of the page. */
	if (name_is(name, name_len, "font-family") ||
	    (name_is(name, name_len, "color") && len == 5 && !memcmp(v, "black", 5)) || is_idle(name, name_len, v, len))
		return;
	if (name_is(name, name_len, "color"))
		colour = true;
	(void)fprintf(t->out, " %.*s=\"", (int)name_len, name);
	bool hash = (name_is(name, name_len, "href") || name_is(name, name_len, "xlink:href")) && len && *v == '#';
	if (name_is(name, name_len, "id"))
		(void)fprintf(t->out, "%s%.*s", t->prefix, (int)len, v);
	else if (hash)
		(void)fprintf(t->out, "#%s%.*s", t->prefix, (int)(len - 1), v + 1);
	else if (len > 5 && memcmp(v, "url(#", 5) == 0)
		(void)fprintf(t->out, "url(#%s%.*s", t->prefix, (int)(len - 5), v + 5);
	else if (name_is(name, name_len, "d") || name_is(name, name_len, "transform"))
		put_drawn(t->out, v, len);
	else if (!colour || !put_colour(t->out, v, len))
		(void)fwrite(v, 1, len, t->out);
	(void)fputc('"', t->out);
}

/* Writes one tag with its attributes changed. gnuplot writes some of them as `fill = 'x'`. */
static int put_tag(const struct tag *t, const char *s, const char *end)
{
	const char *c = s + 1;
	while (c < end && !isspace((unsigned char)*c) && *c != '>')
		c++;
	(void)fwrite(s, 1, (size_t)(c - s), t->out);
	while (c < end) {
		while (c < end && isspace((unsigned char)*c))
			c++;
		const char *name = c;
		while (c < end && *c != '=' && *c != '>' && !isspace((unsigned char)*c))
			c++;
		size_t name_len = (size_t)(c - name);
		while (c < end && isspace((unsigned char)*c))
			c++;
		if (c >= end || *c != '=') {
			(void)fwrite(name, 1, name_len, t->out); /* the slash of an empty element */
			continue;
		}
		c++;
		while (c < end && isspace((unsigned char)*c))
			c++;
		char quote = *c;
		if (c >= end || (quote != '"' && quote != '\''))
			return MW_EFORMAT;
		const char *v = ++c;
		while (c < end && *c != quote)
			c++;
		put_attribute(t, name, name_len, v, (size_t)(c - v));
		c++;
	}
	(void)fputc('>', t->out);
	return 0;
}

/* Does the tag that ends at end define a symbol ("gpPt3") that the rest of the drawing does not use? */
static bool is_unused(const char *s, const char *end)
{
	const char *id = strstr(s, " id='gp");
	if (!id || id > end)
		return false;
	id += 5;
	size_t len = strcspn(id, "'");
	for (const char *at = end; (at = strstr(at, "'#gp")); at++)
		if (strncmp(at + 2, id, len) == 0 && at[2 + len] == '\'')
			return false;
	return true;
}

/* Does the path that ends at end only move the pen? */
static bool is_mere_move(const char *s, const char *end)
{
	const char *d = strncmp(s, "<path ", 6) == 0 ? strstr(s, " d='M") : NULL;
	return d && d < end && d[5 + strspn(d + 5, "0123456789.,- ")] == '\'';
}

/* End of the element at s if it is left out; NULL if it is kept. */
static const char *left_out(const char *s)
{
	static const struct {
		const char *open, *close;
	} drop[] = {{"<title>", "</title>"}, {"<desc>", "</desc>"}, {"<filter ", "</filter>"}, {"<!--", "-->"}};
	for (size_t i = 0; i < sizeof(drop) / sizeof(*drop); i++) {
		if (strncmp(s, drop[i].open, strlen(drop[i].open)) == 0) {
			const char *end = strstr(s, drop[i].close);
			return end ? end + strlen(drop[i].close) : s + strlen(s);
		}
	}
	const char *tag = strchr(s, '>');
	if (tag && tag[-1] == '/' && (is_unused(s, tag) || is_mere_move(s, tag)))
		return tag + 1;
	/* gnuplot opens a group for each change of colour; most groups are empty. */
	if (strncmp(s, "<g ", 3) == 0) {
		const char *end = strchr(s, '>');
		if (end) {
			end++;
			end += strspn(end, BLANKS);
			if (strncmp(end, "</g>", 4) == 0)
				return end + 4;
		}
	}
	return NULL;
}

int svg_inline(FILE *out, const char *svg, size_t size, const char *prefix, const char *label)
{
	struct tag t = {out, prefix};
	const char *s = svg ? strstr(svg, "<svg") : NULL;
	const char *box = s ? strstr(s, "viewBox=\"") : NULL;
	const char *body = s ? strchr(s, '>') : NULL;
	if (!s || !box || !body || box > body || !strstr(body, "</svg>") || strlen(svg) != size)
		return MW_EFORMAT;
	box += 9;
	(void)fprintf(out, "<svg viewBox=\"%.*s\" role=\"img\" aria-label=\"", (int)strcspn(box, "\""), box);
	html_escape(out, label);
	(void)fputs("\">", out);
	const char *stop = strstr(body, "</svg>");
	for (s = body + 1; s < stop;) {
		const char *next = *s == '<' ? left_out(s) : NULL;
		if (next) {
			s = next;
		} else if (*s == '<') {
			const char *end = strchr(s, '>');
			if (!end || put_tag(&t, s, end))
				return MW_EFORMAT;
			s = end + 1;
		} else if (strchr(BLANKS, *s)) {
			/* Removes white space between elements and reduces it to one blank inside texts. */
			const char *first = s;
			s += strspn(s, BLANKS);
			if (*s != '<' || first[-1] != '>')
				(void)fputc(' ', out);
		} else {
			(void)fputc(*s++, out);
		}
	}
	(void)fputs("</svg>", out);
	return 0;
}
