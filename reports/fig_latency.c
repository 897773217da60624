/* Latency against the working set: one step per level of the hierarchy. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/select.h"

static const struct query points = {.bench = "latency", .unit = "ns"};

/* Lines are told apart by what differs between them; what they share goes into the caption. */
struct lines {
	char text[FIGURE_SERIES][200];
	size_t n;
};

static bool is_point(const struct mw_record *r)
{
	return isfinite(r->value) && r->value > 0 && record_number(r, "size") > 0 && query_matches(&points, r);
}

/* Series of the case with most sizes; the rest of the cases are in the table only. */
static void find_lines(const struct mw_records *l, struct lines *out)
{
	out->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		char text[200];
		bool known = false;
		if (!is_point(&l->v[i]) || strcmp(l->v[i].case_name, "chase") != 0)
			continue;
		(void)series_text(&l->v[i], "size", text, sizeof(text));
		for (size_t k = 0; k < out->n; k++)
			known = known || strcmp(out->text[k], text) == 0;
		if (!known && out->n < FIGURE_SERIES)
			(void)snprintf(out->text[out->n++], sizeof(out->text[0]), "%s", text);
	}
}

/* Words of "a=1;b=2" that are (or are not) in every line, as "a 1, b 2". */
static void words(const struct lines *l, size_t line, bool shared, char *out, size_t n)
{
	char copy[200], *save = NULL;
	size_t len = 0;
	out[0] = '\0';
	(void)snprintf(copy, sizeof(copy), "%s", l->text[line]);
	for (char *w = strtok_r(copy, ";", &save); w; w = strtok_r(NULL, ";", &save)) {
		bool everywhere = true;
		for (size_t k = 0; k < l->n; k++) {
			char padded[204], wanted[204];
			(void)snprintf(padded, sizeof(padded), ";%s;", l->text[k]);
			(void)snprintf(wanted, sizeof(wanted), ";%s;", w);
			everywhere = everywhere && strstr(padded, wanted);
		}
		if (everywhere != shared)
			continue;
		char pair[96];
		int w_len = snprintf(out + len, n - len, "%s%s", len ? ", " : "", pair_words(w, pair, sizeof(pair)));
		len += w_len > 0 && (size_t)w_len < n - len ? (size_t)w_len : 0;
	}
}

static int by_size(const void *a, const void *b)
{
	double x = record_number(*(const struct mw_record *const *)a, "size");
	double y = record_number(*(const struct mw_record *const *)b, "size");
	return (x > y) - (x < y);
}

/* Data block of one line, in order of size: size, value, interval (the value itself where there is none). */
static int put_line(const struct mw_records *l, const char *text, size_t index, FILE *f, double *lo, double *hi,
		    double *y_hi, double *y_lo)
{
	const struct mw_record **v = calloc(l->n + 1, sizeof(*v));
	size_t n = 0;
	if (!v)
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		char own[200];
		if (is_point(&l->v[i]) && strcmp(l->v[i].case_name, "chase") == 0 &&
		    strcmp(series_text(&l->v[i], "size", own, sizeof(own)), text) == 0)
			v[n++] = &l->v[i];
	}
	qsort(v, n, sizeof(*v), by_size);
	(void)fprintf(f, "$line%zu << EOD\n", index);
	for (size_t i = 0; i < n; i++) {
		double size = record_number(v[i], "size");
		bool ci = isfinite(v[i]->ci_lo) && isfinite(v[i]->ci_hi);
		(void)fprintf(f, "%.0f %.9g %.9g %.9g\n", size, v[i]->value, ci ? v[i]->ci_lo : v[i]->value,
			      ci ? v[i]->ci_hi : v[i]->value);
		*lo = fmin(*lo, size);
		*hi = fmax(*hi, size);
		*y_lo = fmin(*y_lo, v[i]->value);
		*y_hi = fmax(*y_hi, ci ? v[i]->ci_hi : v[i]->value);
	}
	(void)fputs("EOD\n", f);
	free(v);
	return (int)n;
}

static void put_cache(FILE *f, const struct figure_look *look, const char *name, double bytes, double lo, double hi)
{
	char words_[24];
	if (bytes <= lo || bytes >= hi)
		return;
	(void)fprintf(
		f, "set arrow from first %.0f, graph 0 to first %.0f, graph 1 nohead back dt (4,4) lw 1 lc rgb '%s'\n",
		bytes, bytes, look->muted);
	(void)fprintf(f, "set label '%s %s' at first %.0f, graph 0.97 offset -0.6,0 right noenhanced tc rgb '%s'\n",
		      name, size_words(bytes, words_, sizeof(words_)), bytes, look->muted);
}

/* What the ends of the staircase say. */
static void put_title(const struct mw_records *l, double lo, double hi, struct figure_plot *p)
{
	double first = (double)INFINITY, last = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (!is_point(r) || strcmp(r->case_name, "chase") != 0)
			continue;
		if (record_number(r, "size") <= lo)
			first = fmin(first, r->value);
		if (record_number(r, "size") >= hi)
			last = fmax(last, r->value);
	}
	char size[24], a[32], b[32];
	(void)snprintf(p->title, sizeof(p->title),
		       "A dependent load takes %s ns in cache and %s ns at %s: %.0f times as long",
		       print_value(first, a, sizeof(a)), print_value(last, b, sizeof(b)),
		       size_words(hi, size, sizeof(size)), last / first);
}

static int draw(const struct results *r, const struct figure_look *look, struct figure_plot *p)
{
	struct lines lines;
	double lo = (double)INFINITY, hi = 0, y_lo = (double)INFINITY, y_hi = 0;
	int n = 0;
	FILE *f = p->script;
	find_lines(&r->records, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		int got = put_line(&r->records, lines.text[i], i, f, &lo, &hi, &y_hi, &y_lo);
		if (got < 0)
			return -1;
		n += got;
	}
	if (n == 0)
		return 0;
	p->height = 430;
	plot_frame(f, look);
	y_lo = fmin(1, pow(10, floor(log10(y_lo))));
	y_hi *= 1.6;
	(void)fprintf(f, "set logscale x 2\nset logscale y 10\nset xrange [%.0f:%.0f]\nset yrange [%g:%g]\n", lo / 1.3,
		      hi * 1.3, y_lo, y_hi);
	(void)fprintf(f, "set xlabel 'Working set' tc rgb '%s'\nset ylabel 'Load-to-use latency (ns)' tc rgb '%s'\n",
		      look->ink, look->ink);
	plot_size_ticks(f, "x", lo, hi);
	plot_log_ticks(f, "y", y_lo, y_hi);
	put_cache(f, look, "L1d", (double)r->host.l1d_bytes, lo, hi);
	put_cache(f, look, "L2", (double)r->host.l2_bytes, lo, hi);
	put_cache(f, look, "L3", (double)r->host.l3_bytes, lo, hi);
	(void)fputs("plot ", f);
	for (size_t i = 0; i < lines.n; i++) {
		static const int marks[] = {7, 5, 9, 13, 11, 15, 6, 4};
		char label[96];
		words(&lines, i, false, label, sizeof(label));
		if (!label[0])
			(void)snprintf(label, sizeof(label), "latency");
		plot_legend(p, label, (int)i, marks[i], false, MARK_LINE);
		(void)fprintf(f,
			      "%s$line%zu using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' "
			      "notitle",
			      i ? ", \\\n" : "", i, look->series[i]);
		(void)fprintf(f, ", \\\n$line%zu using 1:2 with linespoints pt %d ps 0.55 lw 2 lc rgb '%s' title ", i,
			      marks[i], look->series[i]);
		plot_quote(f, label);
	}
	(void)fputs("\n", f);
	char shared[200];
	words(&lines, 0, true, shared, sizeof(shared));
	put_title(&r->records, lo, hi, p);
	(void)snprintf(
		p->caption, sizeof(p->caption),
		"Random single-cycle pointer chase%s%s. Both axes are logarithmic; the band is the 95 %% interval over "
		"rounds; dashed lines are the cache sizes that the system reports.",
		shared[0] ? "; " : "", shared);
	return n;
}

const struct figure figure_latency = {
	.id = "latency",
	.name = "Latency",
	.bench = "latency",
	.draw = draw,
};
