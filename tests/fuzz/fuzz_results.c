/* results.json: what is read is written as it was, and printed; a page about it holds no text as markup. */
#include <math.h>

#include "base/core/err.h"
#include "reports/report.h"
#include "tests/fuzz/results.h"

/* Is b, which the program wrote, what a said? Members that the schema does not know are left out; where nothing is
 * reported, a file may say 0, "" or null; integers may have become reals. */
static void kept(json_t *a, json_t *b)
{
	const char *key;
	json_t *v;
	if (json_is_object(b)) {
		FUZZ_CHECK(json_is_object(a));
		json_object_foreach(b, key, v)
		{
			kept(json_object_get(a, key), v);
		}
	} else if (json_is_array(b)) {
		FUZZ_CHECK(json_is_array(a) && json_array_size(a) == json_array_size(b));
		for (size_t i = 0; i < json_array_size(b); i++)
			kept(json_array_get(a, i), json_array_get(b, i));
	} else if (json_is_null(b)) {
		bool zero = json_is_number(a) && json_number_value(a) == 0;
		FUZZ_CHECK(!a || json_is_null(a) || zero || (json_is_string(a) && !json_string_length(a)));
	} else if (json_is_number(b)) {
		FUZZ_CHECK(json_is_number(a) && json_number_value(a) == json_number_value(b));
	} else if (json_is_string(b)) {
		char *end;
		const char *x = json_string_value(a), *y = json_string_value(b);
		/* A seed may begin with zeros. */
		FUZZ_CHECK(x && (strcmp(x, y) == 0 ||
				 (*x == '0' && strtoull(x, &end, 10) == strtoull(y, NULL, 10) && !*end)));
	} else {
		FUZZ_CHECK(json_is_boolean(a) && json_is_true(a) == json_is_true(b));
	}
}

/* What may differ, made equal: samples are written with seven digits; a file of schema 1 is written with the words of
 * today. */
static void allow(json_t *given, json_t *written)
{
	bool upgraded = json_integer_value(json_object_get(given, "schema")) < 2;
	json_t *list = json_object_get(given, "records"), *r, *sample;
	size_t i, k;
	json_array_foreach(list, i, r)
	{
		json_t *own = json_array_get(json_object_get(written, "records"), i);
		json_t *values = json_object_get(json_object_get(r, "samples"), "value");
		json_array_foreach(values, k, sample)
		{
			char text[32];
			if (!json_is_number(sample))
				continue;
			(void)snprintf(text, sizeof(text), "%.7g", json_number_value(sample));
			FUZZ_CHECK(json_array_set_new(values, k, json_real(strtod(text, NULL))) == 0);
		}
		static const char *const lists[] = {"params", "observed"};
		size_t had = 0, has = 0;
		for (size_t n = 0; n < 2 && upgraded; n++) {
			had += json_object_size(json_object_get(r, lists[n]));
			has += json_object_size(json_object_get(own, lists[n]));
			(void)json_object_del(own, lists[n]);
		}
		FUZZ_CHECK(has <= had + 2 && had <= has + 1); /* size and pages come, one that said nothing goes */
		if (upgraded) {
			(void)json_object_del(own, "case");
			(void)json_object_del(own, "metric");
			(void)json_object_del(json_object_get(own, "samples"), "visit");
		}
	}
	if (upgraded) {
		(void)json_object_del(written, "schema");
		(void)json_object_del(written, "words");
	}
}

static void page(const struct results *r)
{
	static const struct report_options no_gnuplot = {.gnuplot = "/nonexistent/gnuplot"};
	char path[300], err[300] = "";
	(void)snprintf(path, sizeof(path), "%s/report.html", fuzz_folder());
	FUZZ_CHECK(report_html(path, r, &no_gnuplot, NULL, err, sizeof(err)) == 0);
	FILE *f = fopen(path, "rb");
	FUZZ_CHECK(f && fseek(f, 0, SEEK_END) == 0);
	size_t size = (size_t)ftell(f);
	char *text = malloc(size + 1);
	rewind(f);
	FUZZ_CHECK(text && fread(text, 1, size, f) == size && fclose(f) == 0);
	text[size] = '\0';
	FUZZ_CHECK(strlen(text) == size);
	fuzz_page(text);
	free(text);
}

static void use(const uint8_t *data, size_t n, struct results *r)
{
	json_t *given = json_loadb((const char *)data, n, JSON_REJECT_DUPLICATES, NULL);
	char *text = fuzz_dump(r);
	json_t *written = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	allow(given, written);
	kept(given, written);
	json_decref(given);
	json_decref(written);
	fuzz_reread(text);
	free(text);
	fuzz_print(r);
	page(r);

	size_t before = r->records.n;
	results_anonymize(r);
	FUZZ_CHECK(r->records.n == before && !r->info.argv && r->info.anonymized && !r->host.hostname);
	text = fuzz_dump(r);
	fuzz_reread(text);
	results_anonymize(r);
	char *twice = fuzz_dump(r);
	FUZZ_CHECK(strcmp(text, twice) == 0);
	free(twice);
	free(text);
}

int fuzz_results(const uint8_t *data, size_t n)
{
	struct results r;
	char path[300], err[600] = "";
	fuzz_folder_put("results.json", data, n);
	(void)snprintf(path, sizeof(path), "%s/results.json", fuzz_folder());
	int rc = results_read(path, &r, err, sizeof(err));
	FUZZ_CHECK(rc == 0 || (rc == MW_EFORMAT && strncmp(err, path, strlen(path)) == 0));
	if (rc == 0)
		use(data, n, &r);
	results_fini(&r);
	return 0;
}
