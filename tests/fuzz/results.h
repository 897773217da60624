/* Shared by the fuzz targets that read results: writes page, tables and summary of a run that was read. */
#ifndef TEST_FUZZ_RESULTS_H
#define TEST_FUZZ_RESULTS_H

#include "reports/headline.h"
#include "reports/json.h"
#include "reports/print.h"
#include "tests/fuzz/fuzz.h"

/* The file that the run would be written as; freed by the caller. */
static inline char *fuzz_dump(const struct results *r)
{
	char *text = json_results_text(r);
	FUZZ_CHECK(text);
	return text;
}

/* Reads what was written; ends the process when it differs. */
static inline void fuzz_reread(const char *text)
{
	struct results r;
	char err[600] = "";
	struct json_place place = {.file = "again", .err = err, .n = sizeof(err)};
	results_init(&r);
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(doc);
	if (json_to_results(doc, &place, &r) != 0)
		(void)fprintf(stderr, "%s\n", err);
	FUZZ_CHECK(!*err);
	json_decref(doc);
	char *again = fuzz_dump(&r);
	FUZZ_CHECK(strcmp(text, again) == 0);
	free(again);
	results_fini(&r);
}

/* Nothing that a terminal obeys: lines of what can be shown. Returns how many lines. */
static inline size_t fuzz_lines(const char *text)
{
	size_t lines = 0;
	for (const char *c = text; *c; c++) {
		FUZZ_CHECK((unsigned char)*c >= ' ' || *c == '\n');
		FUZZ_CHECK(*c != 0x7f);
		lines += *c == '\n';
	}
	return lines;
}

/* Every format; CSV holds what its contract says. */
static inline void fuzz_print(const struct results *r)
{
	for (int format = PRINT_TABLE; format <= PRINT_LATEX; format++) {
		struct fuzz_stream s;
		fuzz_stream_open(&s);
		FUZZ_CHECK(print_records(s.f, &r->records, (enum print_format)format) == 0);
		const char *text = fuzz_stream_close(&s);
		bool quoted = false;
		size_t lines = format == PRINT_JSON ? 0 : fuzz_lines(text), commas = 0; /* JSON escapes its own way */
		for (const char *c = text; *c && format == PRINT_CSV; c++) {
			quoted = *c == '"' ? !quoted : quoted;
			commas += *c == ',' && !quoted;
		}
		FUZZ_CHECK(format != PRINT_CSV || (commas == 16 * lines && !quoted));
		FUZZ_CHECK((format != PRINT_CSV && format != PRINT_TABLE) || lines == r->records.n + 1);
		if (format == PRINT_JSON) {
			json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
			FUZZ_CHECK(json_is_array(list) && json_array_size(list) == r->records.n);
			json_decref(list);
		}
		fuzz_stream_free(&s);
	}
	struct fuzz_stream s;
	fuzz_stream_open(&s);
	FUZZ_CHECK(print_summary(s.f, r) == 0);
	(void)fuzz_lines(fuzz_stream_close(&s));
	fuzz_stream_free(&s);
}

/* A page holds the tags that the program writes and no other, whatever the texts of the run say. */
static inline void fuzz_page(const char *text)
{
	static const char *const tags[] = {
		"!DOCTYPE",   "html",    "head",    "meta",    "link",  "title", "style",  "body", "header", "main",
		"section",    "h1",      "h2",      "h3",      "p",     "span",  "strong", "div",  "br",     "figure",
		"figcaption", "ul",      "ol",      "li",      "svg",   "rect",  "circle", "path", "dl",     "dt",
		"dd",         "code",    "table",   "caption", "thead", "tbody", "tr",     "th",   "td",     "sup",
		"footer",     "details", "summary", "nav",     "a",     "i",
	};
	for (const char *c = text; *c; c++) {
		FUZZ_CHECK((unsigned char)*c >= ' ' || *c == '\n' || *c == '\t');
		if (*c != '<')
			continue;
		const char *name = c + 1 + (c[1] == '/');
		bool known = false;
		for (size_t i = 0; i < sizeof(tags) / sizeof(*tags) && !known; i++) {
			size_t len = strlen(tags[i]);
			known = strncmp(name, tags[i], len) == 0 &&
				(name[len] == '>' || name[len] == ' ' || name[len] == '/');
		}
		FUZZ_CHECK(known);
	}
}

#endif
