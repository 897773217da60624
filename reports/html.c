/* Writes the page: summary, figures with their tables, what was left out, host, method. */
#include "reports/html.h"

#include "reports/disturbance.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "reports/brief.h"
#include "reports/file.h"
#include "reports/findings.h"
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
		mw_format(day, sizeof(day), "%.10s %.5s UTC", started, started + 11);
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

/* What is worth knowing about the machine before its numbers are used. */
static int put_findings(struct page *p)
{
	struct findings found;
	struct grid g = {0};
	int rc = findings_of(p->r, &found);
	if (rc == 0)
		rc = findings_grid(&found, &g);
	if (rc == 0 && found.n) {
		(void)fputs("<section id=\"findings\"><h2>Findings</h2>\n", p->out);
		html_grid(p->out, &g, "Findings");
		(void)fputs("</section>\n", p->out);
	}
	grid_fini(&g);
	findings_fini(&found);
	return rc;
}

/* ---- sections and their figures ---- */

/* The i-th figure of the page; NULL past the last. */
static const struct section_figure *figure_at(size_t i, const struct section **of)
{
	for (size_t k = 0; (*of = section_at(k)); k++)
		for (const struct section_figure *fig = (*of)->figures; fig->draw; fig++)
			if (i-- == 0)
				return fig;
	return NULL;
}

static const char *figure_id(const struct section *s, const struct section_figure *fig)
{
	return fig->id ? fig->id : s->id;
}

int report_figure_path(const char *page, enum report_figures kind, size_t i, char *out, size_t n)
{
	const struct section *s;
	const struct section_figure *fig = figure_at(i, &s);
	if (!fig)
		return -ENOENT;
	size_t stem = strlen(page);
	if (stem > 5 && strcmp(page + stem - 5, ".html") == 0)
		stem -= 5;
	return snprintf(out, n, "%.*s-%s.%s", (int)stem, page, figure_id(s, fig), kind == REPORT_PNG ? "png" : "pdf");
}

struct drawing {
	const struct results *r;
	const struct section_figure *fig;
};

static int draw_figure(const void *data, const struct figure_look *look, struct figure_plot *plot)
{
	const struct drawing *d = data;
	return d->fig->draw(d->r, look, plot);
}

/* For the reason of the figure before. */
static int skip_figure(const struct page *p, struct mw_buf *why)
{
	mw_buf_add(why, "%s", mw_buf_text(&p->trouble));
	return MW_EBUDGET;
}

/* Draws a figure in one format. *image is NULL when there is nothing to draw. Returns points or an error, whose words
 * why gets. plot is the caller's to free either way. */
static int render(struct page *p, const struct section_figure *fig, enum figure_file file, struct figure_plot *plot,
		  char **image, size_t *image_size, struct mw_buf *why)
{
	const struct drawing d = {p->r, fig};
	int rc = figure_render(draw_figure, &d, p->hangs ? FIGURE_NONE : file, p->opt->gnuplot, plot, image, image_size,
			       why);
	if (p->hangs && rc > 0)
		rc = skip_figure(p, why);
	p->hangs = p->hangs || rc == MW_EBUDGET;
	return rc;
}

static int save_file(struct page *p, size_t i, const struct section_figure *fig, char *err, size_t n)
{
	struct figure_plot plot = {0};
	struct mw_buf why = {0};
	char path[4096], *image = NULL;
	size_t size = 0;
	enum report_figures kind = p->opt->figures;
	enum figure_file file = kind == REPORT_PNG ? FIGURE_PNG : FIGURE_PDF;
	int rc = render(p, fig, file, &plot, &image, &size, &why);
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
	int rc = 0;
	const struct section *s;
	const struct section_figure *fig;
	for (size_t i = 0; rc == 0 && (fig = figure_at(i, &s)); i++)
		rc = save_file(p, i, fig, err, n);
	return rc;
}

static void put_drawing(struct page *p, const struct section *s, const struct section_figure *fig,
			const struct figure_plot *plot, const char *svg, size_t size, struct mw_buf *why)
{
	char prefix[32];
	mw_format(prefix, sizeof(prefix), "%s-", figure_id(s, fig));
	html_element(p->out, "p", "finding", mw_buf_text(&plot->title));
	(void)fputs("<figure>\n", p->out);
	html_legend(p->out, plot);
	(void)fputs("<div class=\"plot\" tabindex=\"0\" role=\"region\" aria-label=\"", p->out);
	html_escape(p->out, fig->name ? fig->name : s->name);
	(void)fputs(", figure\">", p->out);
	if (svg_inline(p->out, svg, size, prefix, mw_buf_text(&plot->title)))
		mw_buf_add(why, "gnuplot's drawing is not SVG");
	(void)fputs("</div>\n", p->out);
	html_element(p->out, "figcaption", NULL, mw_buf_text(&plot->caption));
	(void)fputs("</figure>\n", p->out);
}

/* What it draws in numbers, where these are no records of the run: folded, since the drawing shows them. */
static int put_figure_table(struct page *p, const struct section_figure *fig)
{
	struct grid table = {0};
	int rc = fig->table(p->r, &table);
	if (rc == 0 && table.n_rows) {
		(void)fprintf(p->out, "<details class=\"data\"><summary>Data: %zu rows</summary>\n", table.n_rows);
		html_grid(p->out, &table, fig->name);
		(void)fputs("</details>\n", p->out);
	}
	grid_fini(&table);
	return rc;
}

static int put_figure(struct page *p, const struct section *s, const struct section_figure *fig)
{
	struct figure_plot plot = {0};
	struct mw_buf why = {0};
	char *svg = NULL;
	size_t size = 0;
	if (fig->name) {
		(void)fprintf(p->out, "<div id=\"%s\">", figure_id(s, fig));
		html_element(p->out, "h3", NULL, fig->name);
	}
	if (render(p, fig, FIGURE_PAGE, &plot, &svg, &size, &why) > 0)
		put_drawing(p, s, fig, &plot, svg, size, &why);
	if (why.len) {
		html_element(p->out, "p", "absent", "The figure is missing; the table below holds its numbers.");
		if (!p->trouble.len)
			mw_buf_add(&p->trouble, "%s", mw_buf_text(&why));
	}
	int rc = fig->table ? put_figure_table(p, fig) : 0;
	if (fig->name)
		(void)fputs("</div>\n", p->out);
	free(svg);
	mw_buf_fini(&why);
	plot_fini(&plot);
	return rc;
}

static void put_left_out(struct page *p, const struct section *s, const struct brief *b)
{
	if (b->left_out == 0)
		return;
	(void)fprintf(p->out, "<p>%zu more values are left to results.json", b->left_out);
	if (b->state) {
		(void)fputs(", among them all of other topology states than ", p->out);
		html_escape(p->out, b->state);
	}
	(void)fputs("; <code>memwall report results.json --select='", p->out);
	html_escape(p->out, s->bench);
	(void)fputs(".*'</code> prints all.</p>\n", p->out);
}

/* The records of its benchmark, and what their words mean. */
static int put_records(struct page *p, const struct section *s)
{
	struct grid table = {0};
	struct brief brief;
	int rc = brief_choose(p->r, s, &brief);
	if (rc == 0)
		rc = figure_table(p->r, brief.show, &table);
	if (rc == 0 && table.n_rows) {
		struct words words = {0};
		html_grid(p->out, &table, s->name);
		put_left_out(p, s, &brief);
		p->failed = words_of_table(&p->r->words, &p->r->records, s->bench, &words) < 0 || p->failed;
		html_words(p->out, &words);
		words_fini(&words);
	} else if (rc == 0) {
		(void)fputs("<p class=\"absent\">This run holds no such records. <code>memwall ", p->out);
		html_escape(p->out, s->bench);
		(void)fputs("</code> produces them.</p>\n", p->out);
	}
	grid_fini(&table);
	brief_fini(&brief);
	return rc;
}

static int put_section(struct page *p, const struct section *s, char *err, size_t n)
{
	int rc = 0;
	(void)fprintf(p->out, "<section id=\"%s\">", s->id);
	html_element(p->out, "h2", NULL, s->name);
	if (s->words)
		html_element(p->out, "p", NULL, s->words);
	for (const struct section_figure *fig = s->figures; fig->draw && rc == 0; fig++)
		rc = put_figure(p, s, fig);
	if (rc == 0 && s->bench)
		rc = put_records(p, s);
	(void)fputs("</section>\n", p->out);
	return rc < 0 ? mw_fail(rc, err, n, "out of memory") : 0;
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
		mw_format(id, sizeof(id), "other-%zu", i);
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
	mw_format(text, sizeof(text), "%d of %d core%s, %d socket%s, %d thread%s per core", h->n_cpus, h->n_cores,
		  h->n_cores == 1 ? "" : "s", h->n_sockets, h->n_sockets == 1 ? "" : "s", h->smt,
		  h->smt == 1 ? "" : "s");
	fact(p, "CPUs used", h->n_cpus ? text : "");
	if (h->cpu_quota > 0) {
		mw_format(text, sizeof(text), "%.3g CPUs' worth of time", h->cpu_quota);
		fact(p, "CPU limit", text);
	}
	fact(p, "Instruction sets", h->isa);
	fact(p, "Microcode", h->microcode);
	fact_size(p, "L1 data cache", h->l1d_bytes, "", NULL);
	fact_size(p, "L2 cache", h->l2_bytes, "", NULL);
	text[0] = '\0';
	if (h->l3_instances > 1)
		mw_format(text, sizeof(text), ", %d of them", h->l3_instances);
	fact_size(p, "L3 cache", h->l3_bytes, text, NULL);
	fact_size(p, "Memory", h->mem_total, "", NULL);
	fact_size(p, "Memory available", h->mem_available, "", h->mem_limit_source);
	mw_format(text, sizeof(text), "%d", h->n_nodes);
	fact(p, "NUMA nodes", h->n_nodes ? text : "");
	fact(p, "Memory modules", h->mem_kinds);
	fact(p, "Peak of the memory", h->mem_peak_source);
	fact(p, "Mitigations", h->mitigations);
	fact(p, "NUMA balancing", h->numa_balancing);
	fact(p, "Transparent huge pages", h->thp);
	mw_format(text, sizeof(text), "%" PRIu64, h->hugepages_2m_free);
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
	char text[MW_REAL_ROOM];
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
	mw_format(text, sizeof(text), "%" PRIu64, info->seed);
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
		mw_format(text, sizeof(text), "%.0f s", info->elapsed_s);
		fact(p, "Duration", text);
	}
	mw_format(text, sizeof(text), "%zu", p->r->records.n);
	fact(p, "Records", text);
	(void)fputs("</dl></section>\n", p->out);
}

static int put_page(struct page *p, char *err, size_t n)
{
	int rc = 0;
	put_head(p);
	put_summary(p);
	p->failed = put_findings(p) < 0 || p->failed;
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
