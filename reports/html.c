/* Writes the page: summary, figures with their tables, what was left out, host, method. */
#include "reports/html.h"
#include "reports/disturbance.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "reports/file.h"
#include "reports/headline.h"
#include "reports/report.h"
#include "reports/section.h"

extern const char mw_data_report_css[];

struct page {
	FILE *out;
	const struct results *r;
	const struct report_options *opt;
	const char *path;
	struct mw_buf trouble; /* first reason why figures are missing */
	bool failed;           /* memory was out */
	bool hangs;            /* gnuplot did not end, and `trouble` says so: it is not waited for again */
};

static void put_head(const struct page *p)
{
	const struct results *r = p->r;
	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n"
		    /* Forbids the browser to load anything, even if a record's text contains markup. */
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		    "'unsafe-inline'; img-src data:\">\n"
		    "<link rel=\"icon\" href=\"data:,\">\n<title>memwall: ",
		    p->out);
	html_escape(p->out, mw_text_or(r->host.hostname, mw_text_or(r->host.cpu_model, "report")));
	(void)fprintf(p->out,
		      "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header><p class=\"brand\">memwall</p>\n",
		      mw_data_report_css);
	html_element(p->out, "h1", NULL, mw_text_or(r->host.cpu_model, "Unknown processor"));
	(void)fputs("<p class=\"meta\">", p->out);
	char day[40];
	const char *started = r->info.started;
	if (started && strlen(started) == 20) { /* 2026-01-31T12:00:00Z becomes 2026-01-31 12:00 UTC */
		(void)snprintf(day, sizeof(day), "%.10s %.5s UTC", started, started + 11);
		started = day;
	}
	const struct {
		const char *label, *text;
	} facts[] = {
		{"", r->host.hostname}, {"", started}, {"profile ", r->info.profile}, {"memwall ", r->info.version}};
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		if (!facts[i].text)
			continue;
		(void)fputs("<span>", p->out);
		html_escape(p->out, facts[i].label);
		html_escape(p->out, facts[i].text);
		(void)fputs("</span> ", p->out);
	}
	(void)fputs("</p></header>\n<main>\n", p->out);
	if (r->partial) {
		(void)fputs("<p class=\"banner\" role=\"status\"><strong>Partial run:</strong> ", p->out);
		html_escape(p->out, mw_text_or(r->partial_why, "the run did not come to its end"));
		(void)fputs(".</p>\n", p->out);
	}
	struct disturbance d = disturbance_of(&r->records);
	if (is_disturbed(&d)) {
		struct mw_buf words = disturbance_words(&d);
		(void)fputs("<p class=\"banner\" role=\"status\"><strong>Disturbed run:</strong> ", p->out);
		html_escape(p->out, mw_buf_text(&words));
		(void)fputs(". These values include the effect of what else ran at that time.</p>\n", p->out);
		mw_buf_fini(&words);
	}
}

static void put_summary(struct page *p)
{
	struct headlines all;
	p->failed = headlines_of(p->r, &all) < 0 || p->failed;
	const struct headline *v = all.v;
	size_t n = all.n;
	(void)fputs("<section id=\"summary\"><h2>Summary</h2>\n", p->out);
	if (n == 0)
		(void)fputs("<p>This run holds none of the headline numbers.</p>\n", p->out);
	(void)fputs("<div class=\"cards\">\n", p->out);
	for (size_t i = 0; i < n; i++) {
		char value[32], lo[32], hi[32];
		(void)fprintf(p->out, "<div class=\"card %s\">", mw_provenance_name(v[i].provenance));
		html_element(p->out, "p", "label", v[i].label);
		(void)fprintf(p->out, "<p class=\"value\">%s", print_value(v[i].value, value, sizeof(value)));
		(void)fprintf(p->out, " <span class=\"unit\">%s</span></p>", v[i].unit);
		(void)fputs("<p class=\"detail\">", p->out);
		if (isfinite(v[i].ci_lo) && isfinite(v[i].ci_hi))
			(void)fprintf(p->out, "95 %% interval %s – %s<br>", print_value(v[i].ci_lo, lo, sizeof(lo)),
				      print_value(v[i].ci_hi, hi, sizeof(hi)));
		html_escape(p->out, v[i].detail);
		(void)fputs("</p>", p->out);
		html_provenance(p->out, mw_provenance_name(v[i].provenance));
		(void)fputs("</div>\n", p->out);
	}
	(void)fputs("</div></section>\n", p->out);
	headlines_fini(&all);
}

/* ---- figures ---- */

/* Terminal commands that precede the figure's own, for each kind of file. The page has an HTML legend; files get one
 * above the drawing, which is made higher for it. */
static void put_terminal(FILE *script, enum report_figures kind, const struct figure_plot *plot)
{
	int lines = (int)plot->n_legend, height = plot->height + 20 * lines + 20;
	if (kind == REPORT_SVG) {
		(void)fprintf(script, "set term svg size %d,%d dynamic noenhanced font 'sans,13' linewidth 1\n",
			      FIGURE_WIDTH, plot->height);
		return;
	}
	if (kind == REPORT_PNG)
		(void)fprintf(
			script,
			"set term pngcairo size %d,%d noenhanced font 'sans,10' fontscale 2 linewidth 2 pointscale 2\n",
			2 * FIGURE_WIDTH, 2 * height);
	else
		(void)fprintf(
			script,
			"set term pdfcairo size %.2fcm,%.2fcm noenhanced font 'sans,9' linewidth 1 pointscale 0.5\n",
			FIGURE_WIDTH / 45.0, height / 45.0);
	(void)fprintf(
		script,
		"set key at screen 0.02, screen %.4f left top vertical maxrows %d Left reverse noenhanced samplen 2 "
		"textcolor rgb '%s'\nset tmargin %.1f\n",
		1 - 8.0 / height, lines, look_print.ink, 1.05 * lines + 1.2);
}

/* For the reason of the figure before. */
static int skip_figure(const struct page *p, struct mw_buf *why)
{
	mw_buf_add(why, "%s", mw_buf_text(&p->trouble));
	return MW_EBUDGET;
}

/* Draws a figure in one format. *image is NULL when there is nothing to draw. Returns points or an error, whose words
 * why gets. plot is the caller's to free either way. */
static int render(struct page *p, const struct section *fig, enum report_figures kind, struct figure_plot *plot,
		  char **image, size_t *image_size, struct mw_buf *why)
{
	char *body = NULL, *script = NULL;
	size_t body_size = 0, script_size = 0;
	*image = NULL;
	*plot = (struct figure_plot){.height = 400};
	plot->script = open_memstream(&body, &body_size);
	if (!plot->script) {
		mw_buf_add(why, "out of memory");
		return -ENOMEM;
	}
	int points = fig->draw(p->r, kind == REPORT_SVG ? &look_page : &look_print, plot), rc = 0;
	/* A memory stream that could not grow sets its error flag, but fclose may still return 0. */
	bool failed = ferror(plot->script) != 0;
	if (fclose(plot->script) != 0 || failed || points < 0 || plot_failed(plot))
		rc = -ENOMEM;
	plot->script = NULL;
	FILE *f = rc == 0 && points > 0 ? open_memstream(&script, &script_size) : NULL;
	if (f) {
		put_terminal(f, kind, plot);
		(void)fwrite(body, 1, body_size, f);
		failed = ferror(f) != 0;
		if (fclose(f) != 0 || failed)
			rc = -ENOMEM;
	} else if (rc == 0 && points > 0) {
		rc = -ENOMEM;
	}
	if (rc)
		mw_buf_add(why, "out of memory");
	else if (points > 0 && p->hangs)
		rc = skip_figure(p, why);
	else if (points > 0)
		rc = gnuplot_run(p->opt->gnuplot, script, script_size, image, image_size, why);
	p->hangs = p->hangs || rc == MW_EBUDGET;
	free(script);
	free(body);
	return rc ? rc : points;
}

static void put_legend(FILE *out, const struct figure_plot *plot)
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

int report_figure_path(const char *page, enum report_figures kind, size_t i, char *out, size_t n)
{
	const struct section *fig = NULL, *s;
	for (size_t k = 0; (s = section_at(k)) && !fig; k++)
		if (s->draw && i-- == 0)
			fig = s;
	if (!fig)
		return -ENOENT;
	size_t stem = strlen(page);
	if (stem > 5 && strcmp(page + stem - 5, ".html") == 0)
		stem -= 5;
	return snprintf(out, n, "%.*s-%s.%s", (int)stem, page, fig->id, kind == REPORT_PNG ? "png" : "pdf");
}

static int save_file(struct page *p, size_t i, const struct section *fig, char *err, size_t n)
{
	struct figure_plot plot = {0};
	struct mw_buf why = {0};
	char path[4096], *image = NULL;
	size_t size = 0;
	enum report_figures kind = p->opt->figures;
	int rc = render(p, fig, kind, &plot, &image, &size, &why);
	if (rc < 0)
		(void)mw_fail(rc, err, n, "%s", mw_buf_text(&why));
	if (rc > 0 && report_figure_path(p->path, kind, i, path, sizeof(path)) >= (int)sizeof(path))
		rc = mw_fail(-ENAMETOOLONG, err, n, "%s: name too long", p->path);
	if (rc > 0)
		rc = file_replace(path, image, size, err, n);
	free(image);
	mw_buf_fini(&why);
	plot_fini(&plot);
	return rc < 0 ? rc : 0;
}

/* Figures as files of their own. */
static int save_files(struct page *p, char *err, size_t n)
{
	size_t drawn = 0;
	int rc = 0;
	const struct section *s;
	for (size_t i = 0; (s = section_at(i)) && rc == 0; i++)
		if (s->draw)
			rc = save_file(p, drawn++, s, err, n);
	return rc;
}

static int put_section(struct page *p, const struct section *fig, char *err, size_t n)
{
	struct figure_plot plot = {0};
	struct grid table;
	struct mw_buf why = {0};
	char *svg = NULL, prefix[32];
	size_t size = 0;
	int rc = figure_table(p->r, fig->bench, &table);
	if (rc) {
		grid_fini(&table);
		return mw_fail(rc, err, n, "out of memory");
	}
	(void)fprintf(p->out, "<section id=\"%s\">", fig->id);
	html_element(p->out, "h2", NULL, fig->name);
	int points = fig->draw ? render(p, fig, REPORT_SVG, &plot, &svg, &size, &why) : 0;
	if (points > 0) {
		(void)snprintf(prefix, sizeof(prefix), "%s-", fig->id);
		html_element(p->out, "p", "finding", mw_buf_text(&plot.title));
		(void)fputs("<figure>\n", p->out);
		put_legend(p->out, &plot);
		(void)fputs("<div class=\"plot\" tabindex=\"0\" role=\"region\" aria-label=\"", p->out);
		html_escape(p->out, fig->name);
		(void)fputs(", figure\">", p->out);
		rc = svg_inline(p->out, svg, size, prefix, mw_buf_text(&plot.title));
		(void)fputs("</div>\n", p->out);
		html_element(p->out, "figcaption", NULL, mw_buf_text(&plot.caption));
		(void)fputs("</figure>\n", p->out);
		if (rc)
			mw_buf_add(&why, "gnuplot's drawing is not SVG");
	}
	if (why.len) {
		html_element(p->out, "p", "absent", "The figure is missing; the table below holds its numbers.");
		if (!p->trouble.len)
			mw_buf_add(&p->trouble, "%s", mw_buf_text(&why));
	}
	if (table.n_rows) {
		struct words words = {0};
		html_grid(p->out, &table, fig->name);
		p->failed = words_of_table(&p->r->words, &p->r->records, fig->bench, &words) < 0 || p->failed;
		html_words(p->out, &words);
		words_fini(&words);
	} else {
		(void)fputs("<p class=\"absent\">This run holds no such records. <code>memwall ", p->out);
		html_escape(p->out, fig->bench);
		(void)fputs("</code> produces them.</p>\n", p->out);
	}
	(void)fputs("</section>\n", p->out);
	free(svg);
	mw_buf_fini(&why);
	plot_fini(&plot);
	grid_fini(&table);
	return 0;
}

/* Writes a table for each benchmark without a section. */
static int put_others(struct page *p, char *err, size_t n)
{
	const struct mw_records *l = &p->r->records;
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i++) {
		bool first = !section_of(l->v[i].bench);
		for (size_t k = 0; k < i && first; k++)
			first = strcmp(l->v[k].bench, l->v[i].bench) != 0;
		if (!first)
			continue;
		char id[32]; /* not the benchmark's name, which may be any text in a file */
		(void)snprintf(id, sizeof(id), "other-%zu", i);
		const struct section plain = {.id = id, .name = l->v[i].bench, .bench = l->v[i].bench};
		rc = put_section(p, &plain, err, n);
	}
	return rc;
}

/* ---- what was left out, host, method ---- */

static bool same_reason(const struct mw_record *a, const struct mw_record *b)
{
	return b->provenance == MW_UNAVAILABLE && strcmp(a->bench, b->bench) == 0 && strcmp(a->note, b->note) == 0;
}

static bool first_with_reason(const struct mw_records *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_reason(&l->v[i], &l->v[k]))
			return false;
	return true;
}

/* Writes one entry for all records of a benchmark that lack a value for the same reason. */
static void put_absent(struct page *p, const struct mw_records *l, size_t i)
{
	const struct mw_record *rec = &l->v[i];
	size_t count = 0;
	for (size_t k = i; k < l->n; k++)
		count += same_reason(rec, &l->v[k]);
	struct mw_buf name = {0};
	if (count > 1)
		mw_buf_add(&name, "%s, %zu values (first: %s, %s)", rec->bench, count, rec->case_name, rec->metric);
	else
		mw_buf_add(&name, "%s, %s, %s", rec->bench, rec->case_name, rec->metric);
	html_element(p->out, "dt", NULL, mw_buf_text(&name));
	p->failed = p->failed || name.failed;
	mw_buf_fini(&name);
	html_element(p->out, "dd", NULL, rec->note);
}

static void put_skipped(struct page *p)
{
	const struct results *r = p->r;
	size_t absent = 0;
	for (size_t i = 0; i < r->records.n; i++)
		absent += r->records.v[i].provenance == MW_UNAVAILABLE;
	(void)fputs("<section id=\"left-out\"><h2>Left out</h2>\n", p->out);
	if (r->n_skipped == 0 && absent == 0)
		(void)fputs("<p>Nothing: this machine could run every benchmark of this run.</p>\n", p->out);
	else
		(void)fputs("<dl class=\"skipped\">", p->out);
	for (size_t i = 0; i < r->n_skipped; i++) {
		html_element(p->out, "dt", NULL, r->skipped[i].bench);
		html_element(p->out, "dd", NULL, r->skipped[i].reason);
	}
	for (size_t i = 0; i < r->records.n; i++)
		if (r->records.v[i].provenance == MW_UNAVAILABLE && first_with_reason(&r->records, i))
			put_absent(p, &r->records, i);
	(void)fputs(r->n_skipped || absent ? "</dl></section>\n" : "</section>\n", p->out);
}

static void fact(const struct page *p, const char *name, const char *text)
{
	html_element(p->out, "dt", NULL, name);
	if (text && *text)
		html_element(p->out, "dd", NULL, text);
	else
		(void)fputs("<dd class=\"absent\">not reported</dd>", p->out);
}

/* Writes a size, followed by `more` and by `limit` in brackets, which may be NULL. */
static void fact_size(const struct page *p, const char *name, uint64_t bytes, const char *more, const char *limit)
{
	char words[24];
	if (bytes == 0 || bytes == MW_COUNT_UNKNOWN) {
		fact(p, name, NULL);
		return;
	}
	html_element(p->out, "dt", NULL, name);
	(void)fputs("<dd>", p->out);
	html_escape(p->out, size_words((double)bytes, words, sizeof(words)));
	html_escape(p->out, more);
	if (limit) {
		(void)fputs(" (limit: ", p->out);
		html_escape(p->out, limit);
		(void)fputc(')', p->out);
	}
	(void)fputs("</dd>", p->out);
}

static void put_host(const struct page *p)
{
	const struct mw_host *h = &p->r->host;
	char text[200];
	(void)fputs("<section id=\"host\"><h2>Host</h2>\n<dl class=\"facts\">", p->out);
	fact(p, "Processor", h->cpu_model);
	(void)snprintf(text, sizeof(text), "%d of %d core%s, %d socket%s, %d thread%s per core", h->n_cpus, h->n_cores,
		       h->n_cores == 1 ? "" : "s", h->n_sockets, h->n_sockets == 1 ? "" : "s", h->smt,
		       h->smt == 1 ? "" : "s");
	fact(p, "CPUs used", h->n_cpus ? text : "");
	if (h->cpu_quota > 0) {
		(void)snprintf(text, sizeof(text), "%.3g CPUs' worth of time", h->cpu_quota);
		fact(p, "CPU limit", text);
	}
	fact(p, "Instruction sets", h->isa);
	fact(p, "Microcode", h->microcode);
	fact_size(p, "L1 data cache", h->l1d_bytes, "", NULL);
	fact_size(p, "L2 cache", h->l2_bytes, "", NULL);
	text[0] = '\0';
	if (h->l3_instances > 1)
		(void)snprintf(text, sizeof(text), ", %d of them", h->l3_instances);
	fact_size(p, "L3 cache", h->l3_bytes, text, NULL);
	fact_size(p, "Memory", h->mem_total, "", NULL);
	fact_size(p, "Memory available", h->mem_available, "", h->mem_limit_source);
	(void)snprintf(text, sizeof(text), "%d", h->n_nodes);
	fact(p, "NUMA nodes", h->n_nodes ? text : "");
	fact(p, "NUMA balancing", h->numa_balancing);
	fact(p, "Transparent huge pages", h->thp);
	(void)snprintf(text, sizeof(text), "%" PRIu64, h->hugepages_2m_free);
	fact(p, "Free 2 MiB huge pages", h->hugepages_2m_free != MW_COUNT_UNKNOWN ? text : "");
	fact(p, "Frequency governor", h->governor);
	fact(p, "Turbo", h->turbo);
	fact(p, "Virtualisation", h->virtualization);
	fact(p, "Kernel", h->kernel);
	(void)fputs("</dl></section>\n", p->out);
}

static void put_method(const struct page *p)
{
	const struct results_info *info = &p->r->info;
	char text[64];
	(void)fputs(
		"<section id=\"method\"><h2>Method</h2>\n"
		"<p>In a round each point is measured once, in random order. Rounds are taken in visits, which are\n"
		"spread over the run, because a machine drifts over minutes. The value of a visit is the median of\n"
		"its clean rounds; a value is the mean over visits, on logarithms. The 95 % interval is that of\n"
		"Student's t over visits, and never narrower than the sign test's over all rounds; fewer than three\n"
		"visits have none. A value whose visits lie further apart than the target of the profile is called\n"
		"unsteady; drift says that they differ by more than chance, but within the target. The interval is\n"
		"about the time of this run: where values drift, another run may land outside of it.</p>\n"
		"<p>A sample during which something else ran, or the clock or the placement of the CPUs changed, is\n"
		"flagged and repeated. A value is called disturbed where a tenth of its rounds or more have no clean\n"
		"sample. Samples of different topology states (two CPUs near to or far from each other) are never\n"
		"pooled.</p>\n"
		"<p>Provenance: <span class=\"pv measured\">measured</span> timed or counted on this host; "
		"<span class=\"pv modelled\">modelled</span> computed by the model named as its source; "
		"<span class=\"pv reference\">reference</span> published, named as its source; "
		"<span class=\"pv unavailable\">unavailable</span> with the reason. A derived value takes the weakest "
		"of "
		"its inputs.</p>\n<dl class=\"facts\">",
		p->out);
	fact(p, "Version", info->version);
	fact(p, "Commit", info->commit);
	fact(p, "Compiler", info->compiler);
	fact(p, "Flags", info->flags);
	(void)snprintf(text, sizeof(text), "%" PRIu64, info->seed);
	fact(p, "Seed", text);
	if (info->argv) {
		html_element(p->out, "dt", NULL, "Command");
		(void)fputs("<dd><code>", p->out);
		for (char **a = info->argv; *a; a++) {
			html_escape(p->out, *a);
			(void)fputs(a[1] ? " " : "", p->out);
		}
		(void)fputs("</code></dd>", p->out);
	}
	if (isfinite(info->elapsed_s)) {
		(void)snprintf(text, sizeof(text), "%.0f s", info->elapsed_s);
		fact(p, "Duration", text);
	}
	(void)snprintf(text, sizeof(text), "%zu", p->r->records.n);
	fact(p, "Records", text);
	(void)fputs("</dl></section>\n", p->out);
}

static int put_page(struct page *p, char *err, size_t n)
{
	int rc = 0;
	put_head(p);
	put_summary(p);
	const struct section *s;
	for (size_t i = 0; (s = section_at(i)) && rc == 0; i++)
		rc = put_section(p, s, err, n);
	if (rc == 0)
		rc = put_others(p, err, n);
	put_skipped(p);
	put_host(p);
	put_method(p);
	if (p->trouble.len) {
		(void)fputs("<p class=\"banner\">Figures are missing: ", p->out);
		html_escape(p->out, mw_buf_text(&p->trouble));
		(void)fputs("</p>\n", p->out);
	}
	(void)fputs("</main>\n</body>\n</html>\n", p->out);
	return rc;
}

int report_html(const char *path, const struct results *r, const struct report_options *opt, struct mw_buf *note,
		char *err, size_t n)
{
	static const struct report_options defaults = {.figures = REPORT_SVG};
	struct page p = {.r = r, .opt = opt ? opt : &defaults, .path = path};
	char *text = NULL;
	size_t size = 0;
	p.out = open_memstream(&text, &size);
	if (!p.out)
		return mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	int rc = put_page(&p, err, n);
	bool failed = ferror(p.out) != 0 || p.failed;
	if ((fclose(p.out) != 0 || failed) && rc == 0)
		rc = mw_fail(-ENOMEM, err, n, "%s: out of memory", path);
	if (rc == 0)
		rc = file_replace(path, text, size, err, n);
	free(text);
	if (rc == 0 && p.opt->figures != REPORT_SVG)
		rc = save_files(&p, err, n);
	if (p.trouble.len && note)
		mw_buf_add(note, "figures are missing from the report: %s", mw_buf_text(&p.trouble));
	mw_buf_fini(&p.trouble);
	return rc;
}
