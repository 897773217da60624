/* Printed output: exact CSV columns, LaTeX that compiles, aligned text columns. */
#include "tests/reports/fixture.h"

#include <jansson.h>

#include "base/core/err.h"
#include "reports/headline.h"
#include "reports/print.h"

TestSuite(print, .init = make_dir, .fini = remove_dir);

static char *printed(const struct mw_records *l, enum print_format format)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(print_records(f, l, format), 0);
	cr_assert_eq(fclose(f), 0);
	return text;
}

static char *grid_text(const struct grid *g, enum print_format format)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(grid_print(f, g, format), 0);
	cr_assert_eq(fclose(f), 0);
	return text;
}

Test(print, csv_contract)
{
	struct results r;
	full_results(&r);
	mw_record_source(&r.records.v[1], "a,b \"c\"\nd");
	(void)mw_set_text(&r.records.v[1], MW_AS_PARAM, "device", "ambit:dram=ddr4-3200,channels=2");
	mw_record_note(&r.records.v[1], "=1+1");
	char *text = printed(&r.records, PRINT_CSV);
	static const char head[] =
		"bench,case,metric,unit,value,ci_lo,ci_hi,min,max,n,provenance,source,params,id,state,"
		"observed,note\n";
	cr_assert_eq(strncmp(text, head, sizeof(head) - 1), 0, "%s", text);
	static const char *const wanted[] = {
		"\nlatency,chase,latency,ns,0.3,0.29,0.333333333,1e-300,1.79769313e+308,9,measured,,"
		"size=1099511627777;share=0.1;whole=3;pages=thp,"
		"latency.chase.latency{pages=thp;share=0.1;size=1099511627777;whole=3},,",
		/* A text is quoted, never altered; what a spreadsheet would run is not. */
		"\npim,and,time,ns,12.5,,,,,1,modelled,\"a,b \"\"c\"\" d\",\"device=ambit:dram=ddr4-3200,channels=2\","
		"\"pim.and.time{device=ambit:dram=ddr4-3200,channels=2}\",,,'=1+1\n",
		"\ntrend,dram,rate,ratio,1.6,,,,,1,reference,\"AI and Memory Wall, 2024\",,trend.dram.rate{},,,\n",
		"\nenergy,package,power,W,,,,,,0,unavailable,,,energy.package.power{},,,perf PMU `power` absent: "
		"virtual machine\n",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect(strstr(text, wanted[i]), "%s is not in\n%s", wanted[i], text);
	free(text);
	/* The head is there without records, too. */
	struct mw_records none = {0};
	text = printed(&none, PRINT_CSV);
	cr_assert_str_eq(text, head);
	free(text);
	results_fini(&r);
}

Test(print, table_lines_up_and_names_reasons)
{
	struct results r;
	full_results(&r);
	char *text = printed(&r.records, PRINT_TABLE);
	cr_assert(strstr(text, "perf PMU `power` absent: virtual machine"));
	cr_assert(strstr(text, "0.29 .. 0.3333"));
	/* Every line has the provenance in the same column: counted in characters, not bytes. */
	long column = -1;
	char *save = NULL;
	size_t lines = 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), lines++) {
		static const char *const words[] = {"provenance", "measured", "modelled", "reference", "unavailable"};
		const char *at = strstr(line, words[lines]);
		cr_assert(at, "%s is not in: %s", words[lines], line);
		column = column < 0 ? at - line : column;
		cr_assert_eq(at - line, column, "%s", line);
		cr_assert_neq(line[strlen(line) - 1], ' ', "trailing space");
	}
	cr_assert_eq(lines, 5);
	free(text);
	results_fini(&r);
}

static const struct grid_column two[] = {{"name", NULL, false}, {"value", "Value & unit", true}};

Test(print, latex_escapes)
{
	struct grid g;
	grid_init(&g, two, 2);
	cr_assert_eq(grid_add(&g, (const char *const[]){"\\&%$#_{}~^<>|\"", "1"}), 0);
	cr_assert_eq(grid_add(&g, (const char *const[]){"a\nb", NULL}), 0);
	char *text = grid_text(&g, PRINT_LATEX);
	cr_assert_str_eq(
		text,
		"% needs \\usepackage{booktabs,longtable}\n\\begin{longtable}{lr}\n\\toprule\nname & Value \\& unit "
		"\\\\\n\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"
		"\\textbackslash{}\\&\\%\\$\\#\\_\\{\\}\\textasciitilde{}\\textasciicircum{}\\textless{}"
		"\\textgreater{}\\textbar{}\\textquotedbl{} & 1 \\\\\na b & -- \\\\\n\\end{longtable}\n");
	free(text);
	grid_fini(&g);
}

/* Absent is null, numbers are numbers, texts stay texts. */
Test(print, grid_in_every_format)
{
	struct grid g;
	grid_init(&g, two, 2);
	cr_assert_eq(grid_add(&g, (const char *const[]){"12", "7"}), 0);
	cr_assert_eq(grid_add(&g, (const char *const[]){"b\xc3\xa9ta", "0.5"}), 0);
	cr_assert_eq(grid_add(&g, (const char *const[]){"c", NULL}), 0);
	cr_assert_eq(grid_add(&g, (const char *const[]){NULL, "never"}), 0);
	static const char *const wanted[] = {
		[PRINT_TABLE] = "name  Value & unit\n12               7\nb\xc3\xa9ta           0.5\nc                "
				"-\n-            never\n",
		[PRINT_CSV] = "name,value\n12,7\nb\xc3\xa9ta,0.5\nc,\n,never\n",
		[PRINT_JSON] = "[\n {\n  \"name\": \"12\",\n  \"value\": 7\n },\n {\n  \"name\": \"b\\u00E9ta\",\n  "
			       "\"value\": 0.5\n },\n"
			       " {\n  \"name\": \"c\",\n  \"value\": null\n },\n {\n  \"name\": null,\n  \"value\": "
			       "\"never\"\n }\n]\n",
	};
	for (int format = PRINT_TABLE; format <= PRINT_JSON; format++) {
		char *text = grid_text(&g, (enum print_format)format);
		cr_assert_str_eq(text, wanted[format]);
		free(text);
	}
	grid_fini(&g);
	enum print_format format;
	cr_assert_eq(print_format_parse("latex", &format), 0);
	cr_assert_eq(format, PRINT_LATEX);
	cr_assert_lt(print_format_parse("xml", &format), 0);
}

/* DEL, C1 (CSI) and a bidirectional override act on a terminal; a reader gets them back. */
Test(print, json_is_printable)
{
	const char *note = "\x7f"
			   "a\x7f\x7f \xc2\x9b"
			   "31m \xe2\x80\xae caf\xc3\xa9";
	struct mw_records l = {0};
	struct mw_record r = full_record(1);
	mw_record_note(&r, "%s", note);
	cr_assert_eq(mw_records_add(&l, &r), 0);
	char *text = printed(&l, PRINT_JSON);
	for (const char *c = text; *c; c++)
		cr_assert(*c == '\n' || (*c >= 0x20 && *c < 0x7f), "byte %d", *c);
	json_t *doc = json_loads(text, 0, NULL);
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(doc, 0), "note")), note);
	json_decref(doc);
	free(text);
	mw_record_fini(&r);
	mw_records_fini(&l);
}

Test(print, values_for_people)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {{0, "0"},
		     {136.14999, "136.1"},
		     {1234.5, "1234"},
		     {999.96, "1000"},
		     {123456789, "123456789"},
		     {1.5e12, "1.500e+12"},
		     {1e-5, "1.000e-05"},
		     {-2.25, "-2.25"},
		     {(double)NAN, "-"},
		     {(double)INFINITY, "-"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[32];
		cr_assert_str_eq(print_value(cases[i].v, out, sizeof(out)), cases[i].text);
	}
}

Test(print, times_for_people)
{
	static const struct {
		enum mw_unit unit;
		double v, scale;
		const char *name;
	} cases[] = {{MW_NS, 9999, 1, "ns"},   {MW_NS, 58038, 1e-3, "µs"},    {MW_NS, 1e7, 1e-6, "ms"},
		     {MW_NS, 2e10, 1e-9, "s"}, {MW_NS, (double)NAN, 1, "ns"}, {MW_IOPS, 1e9, 1, "IO/s"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *name;
		cr_assert_eq(unit_scale(cases[i].unit, cases[i].v, &name), cases[i].scale);
		cr_assert_str_eq(name, cases[i].name);
	}
}

static void add_state(struct results *r, const char *bench, const char *case_name, const char *metric,
		      enum mw_unit unit, double value, const char *state, size_t rounds)
{
	struct mw_record rec;
	mw_record_init(&rec, bench, case_name, metric, unit);
	(void)mw_set_int(&rec, MW_AS_PARAM, "threads", 2);
	/* A benchmark that met one state calls it "one", whichever it was. */
	(void)mw_set_text(&rec, MW_AS_PARAM, "state", "one");
	(void)mw_set_real(&rec, MW_AS_OBSERVED, "c2c_ns", strcmp(state, "near") == 0 ? 44.0 + value / 100 : 205.0);
	rec.value = value;
	rec.ci_lo = rec.ci_hi = (double)NAN;
	rec.n = rounds;
	rec.provenance = MW_MEASURED;
	add_record(r, rec);
}

/* Two topology states are two machines: every headline is of the one that the run mostly met. */
Test(print, summary_keeps_to_one_state)
{
	struct results r;
	char *text = NULL;
	size_t size = 0;
	memset(&r, 0, sizeof(r));
	add_state(&r, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS, 55, "near", 9);
	add_state(&r, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS, 107, "far", 3);
	add_state(&r, "gemm", "peak", "flop_rate", MW_GFLOPS, 550, "near", 9);
	add_state(&r, "gemm", "peak", "flop_rate", MW_GFLOPS, 580, "far", 3);
	add_state(&r, "gemm", "gemv", "bytes_rate", MW_GBPS, 54, "near", 9);
	add_state(&r, "gemm", "gemv", "bytes_rate", MW_GBPS, 103, "far", 3);
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(print_summary(f, &r), 0);
	cr_assert_eq(fclose(f), 0);
	cr_assert_not(strstr(text, "103") || strstr(text, "107") || strstr(text, "580"), "%s", text);
	const char *ridge = strstr(text, "Ridge");
	cr_assert(ridge && strstr(ridge, " 10 ") && strstr(ridge, " 10 ") < strchr(ridge, '\n'), "%s", text);
	free(text);
	results_fini(&r);
}

/* "Too few rounds" is said of a point with few rounds, or few visits; not of what is derived from points with enough.
 */
Test(print, headlines_say_where_an_interval_is_missing)
{
	static const struct {
		size_t n;
		bool visits, said;
	} rows[] = {{5, false, true}, {13, false, false}, {13, true, true}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct results r;
		struct headlines h = {.results = &r};
		struct mw_record rec;
		memset(&r, 0, sizeof(r));
		mw_record_init(&rec, "stride", "conflict", "ways", MW_COUNT);
		mw_record_set(&rec, 12, MW_MEASURED, "");
		rec.n = rows[i].n;
		if (rows[i].visits)
			(void)mw_set_int(&rec, MW_AS_OBSERVED, "visits", 2);
		const struct headline *line = headline_add(&h, "Ways", &rec);
		cr_assert(line);
		cr_expect_eq(strstr(line->detail, "too few for an interval") != NULL, rows[i].said, "%zu", i);
		headlines_fini(&h);
		mw_record_fini(&rec);
	}
}

static void add_and(struct results *r, const char *mode, const char *price, double value, double over_peak)
{
	struct mw_record rec;
	mw_record_init(&rec, "offload", "and", "speedup", MW_RATIO);
	(void)mw_set_int(&rec, MW_AS_PARAM, "vector", 256 << 20);
	(void)mw_set_text(&rec, MW_AS_PARAM, "device", "ambit:dram=ddr4-3200,ranks=2");
	(void)mw_set_text(&rec, MW_AS_PARAM, "mode", mode);
	(void)mw_set_text(&rec, MW_AS_PARAM, "price", price);
	(void)mw_set_text(&rec, MW_AS_PARAM, "cache", "cold");
	(void)mw_set_int(&rec, MW_AS_OBSERVED, "channels", 1);
	(void)mw_set_int(&rec, MW_AS_OBSERVED, "ranks", 2);
	(void)mw_set_int(&rec, MW_AS_OBSERVED, "banks", 16);
	if (over_peak > 1)
		(void)mw_set_text(&rec, MW_AS_OBSERVED, "host_channels", "assumed");
	else
		(void)mw_set_text(&rec, MW_AS_OBSERVED, "host_channels", "1");
	(void)mw_set_real(&rec, MW_AS_OBSERVED, "host_over_peak", over_peak);
	mw_record_set(&rec, value, MW_MODELLED, "model");
	add_record(r, rec);
}

/* A ratio against DRAM that computes says how much DRAM, shows both prices, and comes after what was measured. */
Test(print, summary_names_the_memory_of_a_ratio)
{
	struct results r;
	char *text = NULL;
	size_t size = 0;
	memset(&r, 0, sizeof(r));
	add_and(&r, "resident", "unconstrained", 32, 0.9);
	add_and(&r, "resident", "power-limited", 9, 1.84);
	add_state(&r, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS, 55, "near", 9);
	struct mw_record dimc;
	mw_record_init(&dimc, "offload", "gemv", "speedup", MW_RATIO);
	(void)mw_set_text(&dimc, MW_AS_PARAM, "device", "dimc");
	(void)mw_set_text(&dimc, MW_AS_PARAM, "mode", "end_to_end");
	(void)mw_set_text(&dimc, MW_AS_PARAM, "cache", "cold");
	mw_record_set(&dimc, 41, MW_MODELLED, "model");
	add_record(&r, dimc);
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(print_summary(f, &r), 0);
	cr_assert_eq(fclose(f), 0);
	const char *free_price = strstr(text, "AND in DRAM, resident, unconstrained");
	const char *limited = strstr(text, "AND in DRAM, resident, power-limited");
	const char *measured = strstr(text, "DRAM read");
	cr_assert(free_price && limited && measured && measured < free_price, "%s", text);
	cr_assert_not(strstr(text, "DIMC"), "%s", text);
	cr_assert(strstr(free_price, "1 channel × 2 ranks × 16 banks\n"), "%s", text);
	cr_assert(strstr(limited, "1 channel (assumed) × 2 ranks × 16 banks, unequal memories: the host drew 1.8 × "
				  "their peak\n"),
		  "%s", text);
	free(text);
	results_fini(&r);
}

/* The state is told where two were seen; older files keep it in observed. */
Test(print, summary_names_the_state)
{
	static const struct {
		const char *param, *observed;
		bool told;
	} cases[] = {{"far", NULL, true}, {"one", NULL, false}, {NULL, "far", true}, {NULL, "only", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct results r = {0};
		char *text = NULL;
		size_t size = 0;
		add_state(&r, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS, 55, "far", 9);
		struct mw_record *rec = &r.records.v[0];
		rec->params.n = 0;
		if (cases[i].param)
			(void)mw_set_text(rec, MW_AS_PARAM, "state", cases[i].param);
		else
			(void)mw_set_text(rec, MW_AS_OBSERVED, "state", cases[i].observed);
		FILE *f = open_memstream(&text, &size);
		cr_assert_eq(print_summary(f, &r), 0);
		cr_assert_eq(fclose(f), 0);
		cr_assert(strstr(text, "DRAM read, all threads"), "%s", text);
		cr_assert_eq(strstr(text, "state far") != NULL, cases[i].told, "%zu: %s", i, text);
		cr_assert_null(strstr(text, "only"));
		cr_assert_null(strstr(text, "state one"));
		free(text);
		results_fini(&r);
	}
}

/* The summary: a derived value takes its weakest input, what was left out is said. */
Test(print, summary)
{
	struct results r;
	char *text = NULL;
	size_t size = 0;
	full_results(&r);
	(void)mw_set_int(&r.records.v[0], MW_AS_PARAM, "stride", 256);
	struct mw_record slow = full_record(2);
	slow.case_name = "dram";
	slow.value = 100 * r.records.v[0].value;
	slow.provenance = MW_MODELLED;
	mw_record_source(&slow, "somebody");
	add_record(&r, slow);
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(print_summary(f, &r), 0);
	cr_assert_eq(fclose(f), 0);
	const char *line = strstr(text, "DRAM / cache latency");
	cr_assert(line, "%s", text);
	cr_assert(strstr(line, "100") && strstr(line, "modelled") < strchr(line, '\n'), "%s", text);
	cr_assert(strstr(text, "finding: note: this is a guest (kvm): "), "%s", text);
	cr_assert(strstr(text, "left out: interconnect: MPI is not installed"));
	cr_assert(strstr(text, "partial: interrupted by SIGINT"));
	free(text);
	results_fini(&r);
}

static void add_level(struct results *r, const char *bench, const char *name, double value, const char *level,
		      int64_t size)
{
	bool latency = strcmp(bench, "latency") == 0;
	struct mw_record rec;
	mw_record_init(&rec, bench, name, bench, latency ? MW_NS : MW_GBPS);
	mw_record_set(&rec, value, MW_MEASURED, "");
	rec.ci_lo = 0.98 * value;
	rec.ci_hi = 1.02 * value;
	if (latency) {
		(void)mw_set_int(&rec, MW_AS_PARAM, "size", size);
	} else {
		(void)mw_set_int(&rec, MW_AS_PARAM, "threads", 1);
		(void)mw_set_text(&rec, MW_AS_PARAM, "level", level);
	}
	cr_assert_eq(mw_records_add(&r->records, &rec), 0);
	mw_record_fini(&rec);
}

static char *summary_with_l3(double l3_gbps, double l3_ns)
{
	struct results r;
	char *text = NULL;
	size_t size = 0;
	results_init(&r);
	r.host.l3_bytes = 32 << 20;
	add_level(&r, "bandwidth", "peak-read", l3_gbps, "l3", 0);
	add_level(&r, "bandwidth", "peak-read", 40, "dram", 0);
	add_level(&r, "latency", "chase", l3_ns, "", 16 << 20);
	add_level(&r, "latency", "dram", 140, "", 512 << 20);
	FILE *f = open_memstream(&text, &size);
	cr_assert_eq(print_summary(f, &r), 0);
	cr_assert_eq(fclose(f), 0);
	results_fini(&r);
	return text;
}

/* A cache cannot be slower than memory by one benchmark and faster by the other. */
Test(print, contradictions_are_reported)
{
	static const struct {
		double gbps, ns;
		bool contradict;
	} cases[] = {{90, 12, false}, {30, 12, true}, {30, 150, false}, {39.9, 12, false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = summary_with_l3(cases[i].gbps, cases[i].ns);
		cr_expect_eq(strstr(text, "contradict") != NULL, cases[i].contradict, "%zu:\n%s", i, text);
		free(text);
	}
}
