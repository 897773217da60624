/* The page: no text of a record acts as markup, and the page is complete without gnuplot. */
#include "tests/reports/fixture.h"

#include <ctype.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/core/err.h"
#include "reports/figure.h"
#include "reports/html.h"
#include "reports/report.h"

TestSuite(report, .init = make_dir, .fini = remove_dir);

static bool have_gnuplot(void)
{
	return system("gnuplot --version >/dev/null 2>&1") == 0;
}

/* Enough points for a latency figure; text goes into every place that a drawing or a page may show. */
static void drawable(struct results *r, const char *text)
{
	full_results(r);
	for (int i = 0; i < 8; i++) {
		struct mw_record rec;
		mw_record_init(&rec, "latency", "chase", "latency", MW_NS);
		(void)mw_set_int(&rec, MW_AS_PARAM, "size", INT64_C(16384) << (2 * i));
		(void)mw_set_int(&rec, MW_AS_PARAM, "stride", 64);
		(void)mw_set_text(&rec, MW_AS_PARAM, "pages", text);
		mw_record_set(&rec, 1 + 3 * i, MW_MEASURED, "");
		mw_record_note(&rec, "%s", text);
		add_record(r, rec);
	}
	set_text(&r->host.cpu_model, text);
	set_text(&r->host.hostname, text);
	cr_assert_eq(results_partial(r, "%s", text), 0);
	cr_assert_eq(results_skip(r, text, text), 0);
}

/* note, where the caller wants it, starts empty. */
static char *page(const struct results *r, const struct report_options *opt, struct mw_buf *note)
{
	char err[300] = "";
	size_t size;
	if (note)
		mw_buf_clear(note);
	cr_assert_eq(report_html(in_dir("report.html"), r, opt, note, err, sizeof(err)), 0, "%s", err);
	return read_file("report.html", &size);
}

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;
	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

Test(report, findings)
{
	struct results r;
	full_results(&r);
	char *text = page(&r, NULL, NULL);
	cr_assert(strstr(text, "<section id=\"findings\">") && strstr(text, "this is a guest"));
	free(text);
	set_text(&r.host.virtualization, "none");
	text = page(&r, NULL, NULL);
	cr_assert_null(strstr(text, "this is a guest"));
	free(text);
	results_fini(&r);
}

Test(report, escapes)
{
	static const struct {
		const char *from, *to;
	} cases[] = {{"<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
		     {"\1\x7f\xc3\xa9\t", "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\t"},
		     {"\xff\xe2\x80\xae.", "\xef\xbf\xbd\xef\xbf\xbd."},
		     {"", ""}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);
		html_escape(f, cases[i].from);
		cr_assert_eq(fclose(f), 0);
		cr_assert_str_eq(text, cases[i].to);
		free(text);
	}
}

/* Markup, gnuplot commands and shell text in every field: shown as text, run by nobody. */
Test(report, no_text_of_a_record_is_markup)
{
	static const char *const evil[] = {
		"<script>alert(1)</script>",
		"'; system('touch @'); '",
		"`touch @`",
		"$(touch @)",
		"x' ; set output '@' #",
		"EOD\n!touch @\n",
		"\"><img src=http://x/>",
		"{/Symbol a}_{b} %s %n",
	};
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++) {
		struct results r;
		char text[128];
		struct mw_buf note = {0};
		const char *at = strchr(evil[i], '@'); /* stands for a file to make */
		int before = (int)(at ? at - evil[i] : (long)strlen(evil[i]));
		(void)snprintf(text, sizeof(text), "%.*s%s%s", before, evil[i], at ? in_dir("t") : "",
			       at ? at + 1 : "");
		drawable(&r, text);
		char *html = page(&r, NULL, &note);
		cr_assert(access(in_dir("t"), F_OK) != 0, "%s ran", text);
		cr_assert(!strstr(html, "<script"), "%s", text);
		cr_assert(!strstr(html, "<img"), "%s", text);
		if (have_gnuplot()) {
			cr_assert_str_eq(mw_buf_text(&note), "");
			cr_assert_eq(count(html, "<figure>"), 1 + OWN_FIGURES);
		}
		mw_buf_fini(&note);
		free(html);
		results_fini(&r);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

Test(report, ids_are_unique_and_links_lead_somewhere)
{
	struct results r;
	char *ids[4096];
	size_t n = 0;
	if (!have_gnuplot())
		cr_skip_test("gnuplot is not installed");
	drawable(&r, "thp");
	char *html = page(&r, NULL, NULL);
	for (char *at = html; (at = strstr(at, " id=\"")) && n < 4096;) {
		at += 5;
		ids[n++] = strndup(at, strcspn(at, "\""));
	}
	cr_assert_gt(n, 15);
	qsort(ids, n, sizeof(*ids), by_text);
	for (size_t i = 1; i < n; i++)
		cr_assert_str_neq(ids[i - 1], ids[i]);
	unsigned links = 0;
	for (char *at = html; (at = strstr(at, "href=\"#")); links++) {
		char id[80], *key = id;
		at += 7;
		(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(at, "\""), at);
		cr_assert(bsearch(&key, ids, n, sizeof(*ids), by_text), "#%s leads nowhere", id);
	}
	cr_assert_gt(links, 7, "eight points are drawn");
	/* One file: the only addresses are names of XML vocabularies, and none is left. */
	cr_assert_eq(count(html, "http://") + count(html, "https://") + count(html, "url(h"), 0);
	cr_assert_eq(count(html, "rgb("), 0, "a colour that does not follow the theme");
	for (size_t i = 0; i < n; i++)
		free(ids[i]);
	free(html);
	results_fini(&r);
}

Test(report, without_gnuplot)
{
	static const char *const programs[] = {"/nonexistent/gnuplot", "/bin/false", "/etc/passwd"};
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct results r;
		char err[300] = "";
		struct mw_buf note = {0};
		struct report_options opt = {.figures = REPORT_SVG, .gnuplot = programs[i]};
		drawable(&r, "thp");
		char *html = page(&r, &opt, &note);
		cr_assert(strstr(mw_buf_text(&note), "gnuplot"), "%s", mw_buf_text(&note));
		mw_buf_fini(&note);
		cr_assert(strstr(html, "The figure is missing"));
		cr_assert(strstr(html, "16 KiB"), "the table has the numbers");
		cr_assert_eq(count(html, "<figure>"), 0);
		free(html);
		opt.figures = REPORT_PNG;
		cr_assert_lt(report_html(in_dir("report.html"), &r, &opt, NULL, err, sizeof(err)), 0);
		cr_assert(strstr(err, "gnuplot"), "%s", err);
		cr_assert(access(in_dir("report-latency.png"), F_OK) != 0);
		results_fini(&r);
	}
}

static void stand_in(const char *name, const char *script)
{
	write_file(name, script, strlen(script));
	cr_assert_eq(chmod(in_dir(name), 0755), 0);
}

/* What goes on for ever is ended, and the line says by which limit; the program itself ignores SIGXFSZ. */
Test(report, limits_of_gnuplot)
{
	static const struct {
		const char *script, *said;
	} cases[] = {
		{"#!/bin/sh\nexec dd if=/dev/zero bs=1 count=1 seek=300000000 conv=notrunc\n", "more than 256 MiB"},
		{"#!/bin/sh\nkill -XCPU $$\n", "did not end within 60 s"},
		{"#!/bin/sh\necho line $(ulimit -St) $(ulimit -Ht) >&2\nexit 1\n", "line 60 61"},
	};
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGXCPU, SIG_IGN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct results r;
		struct mw_buf note = {0};
		struct report_options opt = {.figures = REPORT_SVG, .gnuplot = in_dir("gnuplot")};
		stand_in("gnuplot", cases[i].script);
		drawable(&r, "thp");
		free(page(&r, &opt, &note));
		cr_assert(strstr(mw_buf_text(&note), cases[i].said), "%s", mw_buf_text(&note));
		mw_buf_fini(&note);
		results_fini(&r);
	}
}

static char long_text[1200];

static const char *long_words(void)
{
	for (size_t i = 0; i < sizeof(long_text) - 5; i += 8)
		(void)snprintf(long_text + i, sizeof(long_text) - i, "word%03zu ", i / 8);
	(void)strcpy(long_text + sizeof(long_text) - 5, "end.");
	return long_text;
}

/* In the legend of the page, in the script that files are drawn from, and in the complaint of a program that fails. */
Test(report, no_text_is_cut)
{
	struct results r;
	struct mw_buf note = {0};
	char script[2000], program[200];
	struct report_options opt = {.figures = REPORT_SVG, .gnuplot = program};
	size_t size;
	(void)snprintf(program, sizeof(program), "%s", in_dir("gnuplot"));
	drawable(&r, long_words());
	(void)snprintf(script, sizeof(script), "#!/bin/sh\ncat >>%s\necho 'line 1: %s' >&2\nexit 1\n", in_dir("script"),
		       long_text);
	stand_in("gnuplot", script);
	free(page(&r, &opt, &note));
	cr_assert(strstr(mw_buf_text(&note), long_text), "%s", mw_buf_text(&note));
	char *drawn = read_file("script", &size);
	cr_expect(strstr(drawn, long_text), "the key of the drawing");
	free(drawn);
	stand_in("gnuplot", "#!/bin/sh\necho '<svg viewBox=\"0 0 1 1\"><g></g></svg>'\n");
	char *html = page(&r, &opt, &note), *list = strstr(html, "<ul class=\"legend\">");
	cr_assert(list);
	list[strcspn(list, "\n")] = '\0';
	cr_expect(strstr(list, long_text), "%s", list);
	free(html);
	mw_buf_fini(&note);
	results_fini(&r);
}

/* Two figures and the page's own: the second is not tried, on the page or as a file, and misses for the same reason. */
Test(report, a_gnuplot_that_hangs_is_waited_for_once)
{
	struct results r;
	struct mw_buf note = {0};
	char script[400], program[200], err[300] = "";
	struct report_options opt = {.figures = REPORT_SVG, .gnuplot = program};
	size_t size;
	(void)snprintf(program, sizeof(program), "%s", in_dir("gnuplot"));
	(void)snprintf(script, sizeof(script), "#!/bin/sh\necho x >>%s\nkill -XCPU $$\n", in_dir("calls"));
	(void)signal(SIGXCPU, SIG_IGN);
	stand_in("gnuplot", script);
	drawable(&r, "thp");
	struct mw_record rec;
	mw_record_init(&rec, "bandwidth", "l1-read", "bandwidth", MW_GBPS);
	mw_record_set(&rec, 100, MW_MEASURED, "");
	add_record(&r, rec);
	char *html = page(&r, &opt, &note);
	cr_expect_eq(count(html, "The figure is missing"), 2 + OWN_FIGURES);
	cr_expect(strstr(mw_buf_text(&note), "did not end within 60 s"), "%s", mw_buf_text(&note));
	free(html);
	char *calls = read_file("calls", &size);
	cr_expect_eq(size, 2, "called %zu times", size / 2);
	free(calls);
	opt.figures = REPORT_PNG;
	cr_expect_lt(report_html(in_dir("report.html"), &r, &opt, NULL, err, sizeof(err)), 0);
	cr_expect(strstr(err, "did not end within 60 s"), "%s", err);
	calls = read_file("calls", &size);
	cr_expect_eq(size, 4, "called %zu times", size / 2);
	free(calls);
	mw_buf_fini(&note);
	results_fini(&r);
}

Test(report, figures_as_files)
{
	static const struct {
		enum report_figures kind;
		const char *name, *magic;
	} cases[] = {{REPORT_PNG, "report-latency.png", "\x89PNG"}, {REPORT_PDF, "report-latency.pdf", "%PDF"}};
	if (!have_gnuplot())
		cr_skip_test("gnuplot is not installed");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct results r;
		char *image;
		size_t size;
		struct report_options opt = {.figures = cases[i].kind};
		drawable(&r, "thp");
		free(page(&r, &opt, NULL));
		image = read_file(cases[i].name, &size);
		cr_assert_gt(size, 3000);
		cr_assert_eq(memcmp(image, cases[i].magic, 4), 0);
		free(image);
		results_fini(&r);
	}
}

Test(report, empty_run_says_what_to_run)
{
	struct results r;
	results_init(&r);
	char *html = page(&r, NULL, NULL);
	cr_assert(strstr(html, "<code>memwall latency</code> produces them"));
	cr_assert(strstr(html, "Unknown processor"));
	cr_assert(!strstr(html, "Partial run"));
	cr_assert_eq(count(html, "not reported") > 10, 1);
	free(html);
	results_fini(&r);
}

static int inlined(const char *svg, char **out)
{
	size_t size = 0;
	FILE *f = open_memstream(out, &size);
	int rc = svg_inline(f, svg, strlen(svg), "p-", "a \"label\"");
	cr_assert_eq(fclose(f), 0);
	return rc;
}

Test(report, svg_becomes_inline)
{
	char *out;
	static const char svg[] =
		"<?xml version=\"1.0\"?>\n<svg \n width=\"9\" viewBox=\"0 0 8 4\"\n "
		"xmlns=\"http://www.w3.org/2000/svg\">\n"
		"<title>Gnuplot</title><desc>x</desc><!-- c -->\n<filter id='f'>\n<feFlood/></filter>"
		"<g fill=\"none\" color=\"black\">\n</g>"
		"<g id='a' color=\"black\" stroke=\"black\"><use xlink:href='#a' fill = 'rgb(1,2,4)'/>"
		"<path fill='url(#a)' stroke='rgb(  1,   2,   0)' color=\"white\" "
		"d=' M1.00,2 \n L-312.46,99.96 L0.205,-.10'/><use transform=\"translate(10.04,0.0)  scale(3.90)\"/>"
		"<text font-family=\"sans\" fill=\"rgb(9,9,9)\">black &lt;rgb(1,2,4)</text></g>\n</svg>\n";
	cr_assert_eq(inlined(svg, &out), 0);
	cr_assert_str_eq(out, "<svg viewBox=\"0 0 8 4\" role=\"img\" aria-label=\"a &quot;label&quot;\">"
			      "<g id=\"p-a\" stroke=\"currentColor\"><use xlink:href=\"#p-a\" fill=\"var(--s1)\"/>"
			      "<path fill=\"url(#p-a)\" stroke=\"var(--ink)\" color=\"var(--paper)\" "
			      "d=\" M1,2 L-312.5,100 L0.205,-.1\"/><use transform=\"translate(10,0) scale(3.9)\"/>"
			      "<text fill=\"rgb(9,9,9)\">black &lt;rgb(1,2,4)</text></g></svg>");
	free(out);
	cr_assert_eq(svg_inline(stderr, NULL, 0, "p-", ""), MW_EFORMAT, "no image, as where memory is out");
	/* White space of C that is none of XML's: kept, and passed. */
	cr_assert_eq(inlined("<svg viewBox=\"0 0 1 1\">\n<text>a\fb\v</text>\f</svg>", &out), 0);
	cr_assert_str_eq(strchr(out, '>'), "><text>a\fb\v</text>\f</svg>");
	free(out);
	static const char *const bad[] = {"",
					  "text",
					  "<svg>",
					  "<svg viewBox=\"0 0 1 1\">",
					  "<svg viewBox=\"0 0 1 1\"><g",
					  "<svg viewBox=\"0 0 1 1\"><g a=b></svg>"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert_eq(inlined(bad[i], &out), MW_EFORMAT, "%s", bad[i]);
		free(out);
	}
}
