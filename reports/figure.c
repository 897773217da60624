#include "reports/figure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/option.h"
#include "base/core/text.h"
#include "reports/select.h"

bool plot_can_show(double v)
{
	return isfinite(v) && v >= 1e-9 && v <= 1e18;
}

bool plot_can_show_interval(const struct mw_record *r)
{
	return plot_can_show(r->ci_lo) && plot_can_show(r->ci_hi) && r->ci_lo <= r->value && r->value <= r->ci_hi;
}

const struct mw_record *plot_best(const struct mw_records *l, const struct query *q, bool smallest)
{
	const struct mw_record *best = NULL, *r;
	size_t at = 0;
	while ((r = query_next(l, q, &at)))
		if (plot_can_show(r->value) && (!best || (smallest ? r->value < best->value : r->value > best->value)))
			best = r;
	return best;
}

void plot_left_out(struct figure_plot *p, size_t n)
{
	if (n)
		mw_buf_add(&p->caption, " %zu value%s that no axis can show %s in the table only.", n,
			   n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

bool plot_failed(const struct figure_plot *p)
{
	bool failed = p->title.failed || p->caption.failed;
	for (size_t i = 0; i < p->n_legend; i++)
		failed = failed || p->legend[i].label.failed;
	return failed;
}

void plot_fini(struct figure_plot *p)
{
	for (size_t i = 0; i < p->n_legend; i++)
		mw_buf_fini(&p->legend[i].label);
	p->n_legend = 0;
	mw_buf_fini(&p->title);
	mw_buf_fini(&p->caption);
}

void plot_quote(FILE *script, const char *text)
{
	/* In single quotes gnuplot has one escape only, '', which fails as the first character: write a typographic
	 * apostrophe instead. */
	(void)fputc('\'', script);
	for (size_t len; *text; text += len) {
		int32_t code = mw_utf8(text, &len);
		if (*text == '\'')
			(void)fputs("\xe2\x80\x99", script);
		else if (mw_unprintable(code))
			(void)fputs("\xef\xbf\xbd", script);
		else
			(void)fwrite(text, 1, len, script);
	}
	(void)fputc('\'', script);
}

void plot_frame(FILE *script, const struct figure_look *look)
{
	(void)fprintf(script,
		      "set encoding utf8\n"
		      "set border 1 lc rgb '%s' lw 1\n"
		      "set tics nomirror out scale 0.5,0\n"
		      "set xtics textcolor rgb '%s'\nset ytics textcolor rgb '%s' scale 0,0\n"
		      "set grid back lt 1 lw 1 lc rgb '%s'\n"
		      "set errorbars 0\nset pointintervalbox 0\n",
		      look->muted, look->muted, look->muted, look->rule);
	if (!look->key) /* otherwise put_terminal() places the key, when the length of the legend is known */
		(void)fputs("unset key\n", script);
}

const char *size_words(double bytes, char *out, size_t n)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t u = 0;
	while (fabs(bytes) >= 1024 && u + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		u++;
	}
	mw_format(out, n, "%.4g %s", bytes, units[u]);
	return out;
}

void plot_size_ticks(FILE *script, const char *axis, double lo, double hi)
{
	int first = (int)ceil(log2(lo) - 1e-9), last = (int)floor(log2(hi) + 1e-9);
	int step = last - first > 30 ? 6 : last - first > 9 ? 2 : 1;
	const char *comma = "";
	(void)fprintf(script, "set %stics (", axis);
	for (int e = first + (step > 1 && first % 2); e <= last; e += step) {
		char words[24];
		(void)fprintf(script, "%s'%s' %.0f", comma, size_words(exp2(e), words, sizeof(words)), exp2(e));
		comma = ", ";
	}
	(void)fputs(")\n", script);
}

void plot_log_ticks(FILE *script, const char *axis, double lo, double hi)
{
	bool wide = log10(hi / lo) > 3;
	const char *comma = "";
	(void)fprintf(script, "set %stics (", axis);
	int step = log10(hi / lo) > 12 ? 3 : 1;
	for (int e = (int)floor(log10(lo)); e <= (int)ceil(log10(hi)); e += step) {
		static const int digits[] = {1, 2, 5};
		for (size_t d = 0; d < (wide ? 1 : 3); d++) {
			double v = digits[d] * pow(10, e);
			if (v < lo * 0.999 || v > hi * 1.001)
				continue;
			(void)fprintf(script, "%s'%.9g' %.9g", comma, v, v);
			comma = ", ";
		}
	}
	(void)fputs(")\n", script);
}

struct figure_legend *plot_legend(struct figure_plot *p, const char *label, int colour, int point, bool modelled,
				  enum figure_mark mark)
{
	struct figure_legend *l = &p->legend[p->n_legend < FIGURE_SERIES * 2 ? p->n_legend++ : FIGURE_SERIES * 2 - 1];
	mw_buf_clear(&l->label);
	mw_buf_add(&l->label, "%s%s", label, modelled ? " (modelled)" : "");
	l->colour = colour;
	l->point = point;
	l->modelled = modelled;
	l->mark = mark;
	return l;
}

void kv_words(const struct words *w, const struct mw_kv *kv, struct mw_buf *out)
{
	const struct mw_key *key = words_of(w, kv);
	char number[32];
	for (const char *c = kv->name; *c; c++)
		mw_buf_add(out, "%c", *c == '_' ? ' ' : *c);
	if (key && key->kind == MW_BYTES && kv->type == MW_KV_INT)
		mw_buf_add(out, " %s", size_words((double)kv->i, number, sizeof(number)));
	else if (kv->type == MW_KV_STR)
		mw_buf_add(out, " %s", kv->s);
	else if (mw_kv_text(kv, number, sizeof(number)))
		mw_buf_add(out, " %s", number);
}

static void params_words(const struct words *w, const struct mw_kv_list *l, struct mw_buf *out)
{
	mw_buf_clear(out);
	for (size_t i = 0; i < l->n; i++) {
		mw_buf_add(out, "%s", i ? ", " : "");
		kv_words(w, &l->v[i], out);
	}
}

int figure_table(const struct results *results, const bool *show, struct grid *g)
{
	static const struct grid_column columns[] = {
		{"case", "Case", false},     {"params", "Parameters", false},
		{"metric", "Metric", false}, {"value", "Value", true},
		{"unit", "Unit", false},     {"ci95", "95 % interval", true},
		{"rounds", "n", true},       {"provenance", "Provenance and source", false},
		{"source", NULL, false},
	};
	const struct mw_records *l = &results->records;
	struct mw_buf params = {0}, source = {0};
	int rc = 0;
	grid_init(g, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < l->n && rc == 0; i++) {
		const struct mw_record *r = &l->v[i];
		char value[32], lo[32], hi[32], ci[72] = "", rounds[24] = "";
		const char *unit;
		double scale = unit_scale(r->unit, r->value, &unit);
		if (!show[i])
			continue;
		params_words(&results->words, &r->params, &params);
		if (isfinite(r->ci_lo) && isfinite(r->ci_hi))
			mw_format(ci, sizeof(ci), "%s – %s", print_value(r->ci_lo * scale, lo, sizeof(lo)),
				  print_value(r->ci_hi * scale, hi, sizeof(hi)));
		if (isfinite(r->value))
			mw_format(rounds, sizeof(rounds), "%zu", r->n);
		mw_buf_clear(&source);
		mw_buf_add(&source, "%s%s%s", r->source, r->source[0] && r->note[0] ? "; " : "", r->note);
		const char *cells[] = {
			r->case_name,
			mw_buf_text(&params),
			r->metric,
			isfinite(r->value) ? print_value(r->value * scale, value, sizeof(value)) : "",
			unit,
			ci,
			rounds,
			mw_provenance_name(r->provenance),
			mw_buf_text(&source),
		};
		rc = params.failed || source.failed ? -ENOMEM : grid_add(g, cells);
	}
	mw_buf_fini(&params);
	mw_buf_fini(&source);
	return rc;
}
