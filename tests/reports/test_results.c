/* results.json: every field that is written is read back; damaged files are refused with the place of the error. */
#include "tests/reports/fixture.h"

#include "reports/print.h"

#include <errno.h>

#include "base/core/err.h"

TestSuite(results, .init = make_dir, .fini = remove_dir);

static void same_number(double a, double b, const char *what)
{
	cr_assert(memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b)), "%s: %.17g became %.17g", what, a, b);
}

static void same_record(const struct mw_record *a, const struct mw_record *b)
{
	cr_assert(mw_record_same_identity(a, b));
	cr_assert(mw_kv_equal(&a->observed, &b->observed));
	cr_assert_str_eq(a->method, b->method);
	cr_assert_eq(a->method_version, b->method_version);
	cr_assert_eq(a->unit, b->unit);
	same_number(a->value, b->value, "value");
	same_number(a->ci_lo, b->ci_lo, "ci_lo");
	same_number(a->ci_hi, b->ci_hi, "ci_hi");
	same_number(a->min, b->min, "min");
	same_number(a->max, b->max, "max");
	cr_assert_eq(a->n, b->n);
	cr_assert_eq(a->provenance, b->provenance);
	cr_assert_str_eq(a->source, b->source);
	cr_assert_str_eq(a->note, b->note);
	cr_assert_eq(a->n_samples, b->n_samples);
	for (size_t i = 0; i < a->n_samples; i++) {
		same_number(a->samples[i].value, b->samples[i].value, "sample");
		cr_assert_eq(a->samples[i].t_ns, b->samples[i].t_ns);
		cr_assert_eq(a->samples[i].round, b->samples[i].round);
		cr_assert_eq(a->samples[i].state, b->samples[i].state);
		cr_assert_eq(a->samples[i].flags, b->samples[i].flags);
	}
}

static void same_fields(const struct mw_field *fields, void *a, void *b)
{
	for (const struct mw_field *f = fields; f->name; f++) {
		if (f->type == MW_FIELD_TEXT)
			cr_assert_str_eq(mw_text_or(*mw_field_text(f, a), "(none)"),
					 mw_text_or(*mw_field_text(f, b), "(none)"), "%s differs", f->name);
		else
			cr_assert_eq(memcmp((char *)a + f->offset, (char *)b + f->offset, mw_field_size(f)), 0,
				     "%s differs", f->name);
	}
}

Test(results, every_field_comes_back)
{
	struct results a, b;
	char err[300] = "";
	full_results(&a);
	cr_assert_eq(results_write(dir, &a, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(results_read(in_dir("results.json"), &b, err, sizeof(err)), 0, "%s", err);
	same_fields(results_info_fields, &a.info, &b.info);
	same_fields(mw_host_fields, &a.host, &b.host);
	cr_assert_eq(a.info.seed, b.info.seed);
	cr_assert_eq(a.info.anonymized, b.info.anonymized);
	for (int i = 0; i < 4; i++)
		cr_assert(a.info.argv[i] == b.info.argv[i] || strcmp(a.info.argv[i], b.info.argv[i]) == 0);
	cr_assert_eq(a.host.n_nodes, b.host.n_nodes);
	for (int i = 0; i < a.host.n_nodes; i++) {
		cr_assert_eq(a.host.nodes[i].id, b.host.nodes[i].id);
		cr_assert_eq(a.host.nodes[i].bytes, b.host.nodes[i].bytes);
		cr_assert_eq(a.host.nodes[i].memory_only, b.host.nodes[i].memory_only);
		for (int k = 0; k < a.host.n_nodes; k++)
			cr_assert_eq(*mw_host_distance(&a.host, i, k), *mw_host_distance(&b.host, i, k));
	}
	cr_assert_eq(a.records.n, b.records.n);
	for (size_t i = 0; i < a.records.n; i++)
		same_record(&a.records.v[i], &b.records.v[i]);
	cr_assert_eq(b.n_skipped, 1);
	cr_assert_str_eq(b.skipped[0].bench, "interconnect");
	cr_assert_str_eq(b.skipped[0].reason, "MPI is not installed");
	cr_assert(b.partial);
	cr_assert_str_eq(b.partial_why, a.partial_why);
	results_fini(&a);
	results_fini(&b);
}

/* Absent is null, never 0, and a finite number keeps its type. */
Test(results, what_the_file_says)
{
	struct results r;
	char err[300] = "";
	size_t size;
	full_results(&r);
	r.host.l3_bytes = 0;
	set_text(&r.host.governor, NULL);
	r.host.mem_available = 0;
	r.info.elapsed_s = (double)NAN;
	r.records.v[0].ci_lo = (double)INFINITY;
	cr_assert_eq(results_write(dir, &r, err, sizeof(err)), 0);
	char *text = read_file("results.json", &size);
	static const char *const wanted[] = {"\"l3_bytes\": null",   "\"governor\": null",
					     "\"elapsed_s\": null",  "\"ci95\":null",
					     "\"nothing\":null",     "\"whole\":3.0",
					     "\"mem_available\": 0", "\"hugepages_2m_free\": 0",
					     "0.30000000000000004",  "\"seed\": \"18446744073709551615\""};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		cr_assert(strstr(text, wanted[i]), "%s is not in the file", wanted[i]);
	cr_assert(!strcasestr(text, ": nan") && !strcasestr(text, ": inf"));
	free(text);
	results_fini(&r);
}

/* Texts of program and host are as long as they are, also without names and paths. */
Test(results, long_texts)
{
	struct results a, b;
	char err[300] = "", text[4000] = "";
	for (size_t len = 0; len + 20 < sizeof(text); len = strlen(text))
		(void)snprintf(text + len, sizeof(text) - len, "-I/usr/x%zu ", len);
	full_results(&a);
	set_text(&a.host.cpu_model, text);
	set_text(&a.info.flags, text);
	cr_assert_eq(results_write(dir, &a, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(results_read(in_dir("results.json"), &b, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(b.host.cpu_model, text);
	cr_assert_str_eq(b.info.flags, text);
	results_anonymize(&b);
	cr_assert_null(strstr(b.info.flags, "usr"));
	size_t words = 0;
	for (const char *c = b.info.flags; (c = strstr(c, "-I(path) ")); c++)
		words++;
	for (const char *c = text; (c = strstr(c, "-I/usr/x")); c++)
		words--;
	cr_assert_eq(words, 0, "each path has its word");
	results_fini(&a);
	results_fini(&b);
}

/* Why something is missing is told whole: in results.json, in the journal, on the terminal and on the page. */
Test(results, long_reasons)
{
	struct results a, b;
	char err[300] = "", text[3000] = "", name[200] = "";
	size_t size = 0;
	char *shown = NULL;
	for (size_t len = 0; len + 20 < sizeof(text); len = strlen(text))
		(void)snprintf(text + len, sizeof(text) - len, "reason %zu, ", len);
	memset(name, 'n', sizeof(name) - 1);
	full_results(&a);
	cr_assert_eq(results_skip(&a, name, text), 0);
	cr_assert_eq(results_partial(&a, "%s", text), 0);
	cr_assert_eq(results_write(dir, &a, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(results_read(in_dir("results.json"), &b, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(b.skipped[1].bench, name);
	cr_assert_str_eq(b.skipped[1].reason, text);
	cr_assert_str_eq(b.partial_why, text);
	FILE *f = open_memstream(&shown, &size);
	cr_assert_eq(print_summary(f, &b), 0);
	cr_assert_eq(fclose(f), 0);
	cr_assert(strstr(shown, name));
	char *at = strstr(shown, text);
	cr_assert(at && strstr(at + 1, text), "%s", shown);
	free(shown);
	results_fini(&a);
	results_fini(&b);
}

/* Bytes that are not UTF-8 must not lose the record. */
Test(results, foreign_bytes)
{
	static const char *const texts[] = {"latin1 \xe9", "cut \xc3", "overlong \xc0\xaf", "surrogate \xed\xa0\x80",
					    "\xff\xfe"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct results a, b;
		char err[300] = "";
		full_results(&a);
		set_text(&a.host.hostname, texts[i]);
		cr_assert_eq(results_write(dir, &a, err, sizeof(err)), 0, "%zu: %s", i, err);
		cr_assert_eq(results_read(in_dir("results.json"), &b, err, sizeof(err)), 0, "%zu: %s", i, err);
		cr_assert(strchr(b.host.hostname, '?'));
		cr_assert_eq(a.records.n, b.records.n);
		results_fini(&a);
		results_fini(&b);
	}
}

/* Replaces the first `from` of the file by `to`. */
static void patch(const char *good, const char *from, const char *to)
{
	const char *at = strstr(good, from);
	cr_assert(at, "%s is not in the file", from);
	char *text = calloc(1, strlen(good) + strlen(to) + 1);
	memcpy(text, good, (size_t)(at - good));
	strcat(text, to);
	strcat(text, at + strlen(from));
	write_file("bad.json", text, strlen(text));
	free(text);
}

static void refused(const char *place)
{
	struct results r;
	char err[300] = "";
	int rc = results_read(in_dir("bad.json"), &r, err, sizeof(err));
	cr_assert_eq(rc, MW_EFORMAT, "%s was accepted (%d)", place, rc);
	cr_assert(strstr(err, "bad.json"), "no file in: %s", err);
	cr_assert(strstr(err, place), "'%s' is not in: %s", place, err);
	cr_assert(!strchr(err, '\n'));
	results_fini(&r);
}

Test(results, damaged_files_are_refused_with_their_place)
{
	struct results r;
	char err[300] = "";
	size_t size;
	full_results(&r);
	cr_assert_eq(results_write(dir, &r, err, sizeof(err)), 0);
	char *good = read_file("results.json", &size);
	static const struct {
		const char *from, *to, *place;
	} cases[] = {
		{"\"schema\": 2", "\"schema\": 3", "schema: version 3 is not known here"},
		{"\"schema\": 2", "\"schema\": \"2\"", "schema: expected an integer"},
		{"\"unit\":\"ns\"", "\"unit\":\"parsec\"", "records[0].unit"},
		{"\"provenance\":\"measured\"", "\"provenance\":\"guessed\"", "records[0].provenance"},
		{"\"bench\":\"latency\"", "\"bench\":7", "records[0].bench: expected a text"},
		{"\"n\":9", "\"n\":-9", "records[0].n: integer out of range"},
		{"\"n\":9", "\"m\":9", "records[0].n: missing"},
		{"\"whole\":3.0", "\"whole\":[3.0]", "records[0].params"},
		{"\"round\":[", "\"round\":[1,", "records[0].samples"},
		{"\"source\":\"Ambit, MICRO 2017\"", "\"source\":\"\"", "records[1].source"},
		{"\"hostname\": \"node-17\"", "\"hostname\": 17", "host.hostname"},
		{"\"seed\": \"1", "\"seed\": \"x1", "memwall.seed"},
		{"\"seed\": \"1", "\"seed\": \"91", "memwall.seed"},
		{"\"partial\": true", "\"partial\": 1", "partial"},
		{"\"records\": [", "\"record\": [", "records: expected an array"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		patch(good, cases[i].from, cases[i].to);
		refused(cases[i].place);
	}
	patch(good, "\"note\":\"perf PMU `power` absent: virtual machine\"", "\"note\":\"\"");
	refused("records[3].note");
	static const char *const garbage[] = {"", "{", "[]", "null", "not json", "{\"a\":1,\"a\":2}", "\xff"};
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
		write_file("bad.json", garbage[i], strlen(garbage[i]));
		refused("bad.json");
	}
	/* Cut anywhere, it is refused and never half-read. */
	for (size_t cut = 1; cut < size - 2; cut += size / 97) {
		write_file("bad.json", good, cut);
		refused("bad.json:");
	}
	free(good);
	results_fini(&r);
	cr_assert_eq(results_read(in_dir("absent.json"), &r, err, sizeof(err)), -ENOENT);
	cr_assert(strstr(err, "absent.json"));
	cr_assert_eq(results_load(dir, &r, err, sizeof(err)), 0);
	results_fini(&r);
}

Test(results, a_failed_write_leaves_nothing)
{
	struct results r;
	char err[300] = "";
	full_results(&r);
	cr_assert_eq(results_write(in_dir("no-such-folder"), &r, err, sizeof(err)), -ENOENT);
	cr_assert(strstr(err, "no-such-folder/results.json"));
	cr_assert_eq(results_write(dir, &r, err, sizeof(err)), 0);
	char cmd[200];
	(void)snprintf(cmd, sizeof(cmd), "test \"$(ls -A %s)\" = results.json", dir);
	cr_assert_eq(system(cmd), 0, "a temporary file stays behind");
	results_fini(&r);
}

Test(results, anonymised_texts)
{
	static const struct {
		const char *from, *to;
	} notes[] = {
		{"cannot open /home/user/x.y: no", "cannot open (path): no"},
		{"12 GB/s of 1/2", "12 GB/s of 1/2"},
		{"/dev/nvme0n1", "(path)"},
		{"a (/sys/class) 'b' file=/etc/x;y", "a ((path)) 'b' file=(path);y"},
		{"/", "/"},
		{"file:///home/u/x and ~/y or ../z/w, ./v", "file:(path) and (path) or (path), (path)"},
		{"/donn\xc3\xa9"
		 "es/x [/y]",
		 "(path) [(path)]"},
		{"node-17: refused by node-17b, node-17", "(host): refused by node-17b, (host)"},
		{"not /work-of-somebody/x but /work of somebody/x", "not (path) but (path)"},
	};
	struct results r;
	cr_assert_eq(setenv("HOME", "/work of somebody", 1), 0);
	full_results(&r);
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		cr_assert_eq(results_skip(&r, "x", notes[i].from), 0);
	(void)mw_set_text(&r.records.v[0], MW_AS_OBSERVED, "host", "and_avx512, 2 threads");
	(void)mw_set_text(&r.records.v[0], MW_AS_OBSERVED, "serial", "S4X0");
	(void)mw_set_text(&r.records.v[0], MW_AS_OBSERVED, "where", "/mnt/a");
	results_anonymize(&r);
	cr_assert(r.info.anonymized);
	cr_assert_null(r.info.argv);
	cr_assert_null(r.host.hostname);
	cr_assert_str_eq(r.host.cpu_model, "CPU <model> & co");
	cr_assert_str_eq(r.info.flags, "-O2 -I(path)");
	cr_assert_str_eq(mw_kv_str(&r.records.v[0].observed, "serial", ""), "(dropped)");
	cr_assert_str_eq(mw_kv_str(&r.records.v[0].observed, "where", ""), "(path)");
	cr_assert_str_eq(mw_kv_str(&r.records.v[0].observed, "host", ""), "and_avx512, 2 threads");
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		cr_assert_str_eq(r.skipped[i + 1].reason, notes[i].to);
		struct mw_record rec;
		mw_record_init(&rec, "b", "c", "m", MW_NS);
		mw_record_note(&rec, "%s", notes[i].from);
		record_anonymize(&rec);
		/* A record alone does not know the name of the host that the results name. */
		if (!strstr(notes[i].from, "node-17"))
			cr_assert_str_eq(rec.note, notes[i].to);
		mw_record_fini(&rec);
	}
	results_fini(&r);
}
