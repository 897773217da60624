#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/option.h"

static const struct mw_option global_table[] = {
	{.name = "format", .type = MW_OPT_CHOICE, .def = "table", .choices = "table|csv|json|latex", .help = "form"},
	{.name = "file", .letter = 'o', .type = MW_OPT_TEXT, .arg = "FILE", .help = "where"},
	{.name = "quiet", .letter = 'q', .type = MW_OPT_FLAG, .help = "say less"},
	MW_OPT_END,
};

static const char *meter_word(size_t i)
{
	static const char *const words[] = {"auto", "perf", "powercap", NULL};
	return words[i];
}

static const char *default_item(size_t i)
{
	static const char *const items[] = {"one", "two:a=1,b=2", NULL};
	return items[i];
}

static const struct mw_option table[] = {
	{.name = "threads",
	 .letter = 't',
	 .type = MW_OPT_INT,
	 .arg = "N",
	 .def = "1",
	 .min = 1,
	 .max = 1024,
	 .help = "n"},
	{.name = "seed", .type = MW_OPT_U64, .arg = "N", .help = "any 64 bits"},
	{.name = "offset", .type = MW_OPT_INT, .arg = "N", .help = "any"},
	{.name = "size", .type = MW_OPT_SIZE, .arg = "SIZE", .def = "64K", .min = 4096, .max = 1073741824, .help = "s"},
	{.name = "sizes", .type = MW_OPT_SIZES, .arg = "LIST", .min = 1, .max = 1073741824, .help = "ladder"},
	{.name = "fraction", .type = MW_OPT_REAL, .arg = "X", .min = 0, .max = 1, .help = "share"},
	{.name = "max-time", .type = MW_OPT_DURATION, .arg = "TIME", .min = 1, .max = 86400, .help = "budget"},
	{.name = "levels", .type = MW_OPT_CHOICES, .arg = "LIST", .choices = "l1|l2|dram", .help = "levels"},
	{.name = "meter", .type = MW_OPT_CHOICE, .arg = "NAME", .word = meter_word, .help = "meter"},
	{.name = "counts",
	 .type = MW_OPT_INTS,
	 .arg = "LIST",
	 .min = 1,
	 .max = 64,
	 .max_items = 3,
	 .help = "thread counts"},
	{.name = "only", .type = MW_OPT_NAMES, .arg = "NAMES", .help = "names"},
	{.name = "device", .type = MW_OPT_PATHS, .arg = "SPEC", .defs = default_item, .help = "devices"},
	{.name = "in", .type = MW_OPT_PATHS, .arg = "FILE", .help = "input"},
	MW_OPT_END,
};

static const struct mw_option *const tables[] = {global_table, table};

enum { WORDS_MAX = 24 };

/* Splits text at spaces into argv after a program name; "_" stands for an empty word. */
static int split(char *text, char **argv)
{
	static char program[] = "memwall", empty[] = "";
	int argc = 1;
	char *save = NULL;
	argv[0] = program;
	for (char *w = strtok_r(text, " ", &save); w && argc < WORDS_MAX; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "_") == 0 ? empty : w;
	argv[argc] = NULL;
	return argc;
}

static int parse(struct mw_opts *o, const char *line, char *text, char *err, size_t n)
{
	char *argv[WORDS_MAX + 1];
	(void)strcpy(text, line);
	int argc = split(text, argv);
	return mw_opts_parse(o, tables, 2, argc, argv, err, n);
}

Test(option, every_error_is_one_line_that_names_the_option)
{
	static const struct {
		const char *line, *error;
	} rows[] = {
		{"--formt=csv", "unknown option --formt, did you mean --format?"},
		{"--form=csv", "unknown option --form, did you mean --format?"}, /* no abbreviations */
		{"--zzzzzzzz", "unknown option --zzzzzzzz, see 'memwall help'"},
		{"--=1", "unknown option --, see 'memwall help'"},
		{"-x", "unknown option -x, see 'memwall help'"},
		{"-5", "unknown option -5, see 'memwall help'"},
		{"-qt", "-q takes no value"}, /* no bundling */
		{"--quiet=1", "--quiet takes no value"},
		{"--threads", "--threads needs a value: --threads=N"},
		{"--format", "--format needs a value: --format=VALUE"},
		{"-o", "-o needs a value"},
		{"--format=xml", "--format: 'xml' is not one of table|csv|json|latex"},
		{"--format=JSON", "--format: 'JSON' is not one of table|csv|json|latex, did you mean 'json'?"},
		{"--format=csv|json", "--format: 'csv|json' is not one of table|csv|json|latex, did you mean 'json'?"},
		{"--format=", "--format: '' is not one of table|csv|json|latex"},
		{"--threads=two", "--threads: 'two' is not a whole number"},
		{"--threads=0", "--threads: '0' is out of range, expected 1 to 1024"},
		{"--threads 1025", "--threads: '1025' is out of range, expected 1 to 1024"},
		{"--threads=-1", "--threads: '-1' is out of range, expected 1 to 1024"},
		{"--threads=99999999999999999999",
		 "--threads: '99999999999999999999' is out of range, expected 1 to 1024"},
		{"--offset=-9223372036854775809",
		 "--offset: '-9223372036854775809' is out of range: more than 64 bits"},
		{"--seed=18446744073709551616",
		 "--seed: '18446744073709551616' is not a whole number from 0 to 18446744073709551615"},
		{"--seed=-1", "--seed: '-1' is not a whole number from 0 to 18446744073709551615"},
		{"--size=big", "--size: 'big' is not a size, expected for example 64K or 1G"},
		{"--size=0", "--size: '0' is out of range, expected 4K to 1G"},
		{"--size=2G", "--size: '2G' is out of range, expected 4K to 1G"},
		{"--size=9223372036854775808", "--size: '9223372036854775808' is out of range, expected 4K to 1G"},
		{"--sizes=4K,x", "--sizes: 'x' is not a size, expected for example 64K or 1G"},
		{"--sizes=4K,,8K", "--sizes: empty item in '4K,,8K'"},
		{"--sizes=4K,", "--sizes: empty item in '4K,'"},
		{"--sizes=", "--sizes: empty value"},
		{"--sizes=1K,2K,1024", "--sizes: '1024' is named twice"},
		{"--sizes=99999999999999999999999999999999999999999",
		 "--sizes: '99999999999999999999999999999999999999999' is not a size, expected for example 64K or 1G"},
		{"--sizes=-1", "--sizes: '-1' is not a size, expected for example 64K or 1G"},
		{"--levels=l1,,l2", "--levels: empty item in 'l1,,l2'"},
		{"--levels=,", "--levels: empty item in ','"},
		{"--levels=l1,", "--levels: empty item in 'l1,'"},
		{"--levels=", "--levels: empty value"},
		{"--levels=l1,l2,l1", "--levels: 'l1' is named twice"},
		{"--levels=l1,l", "--levels: 'l' is not one of l1|l2|dram"},
		{"--levels=l1,l1x", "--levels: 'l1x' is not one of l1|l2|dram, did you mean 'l1'?"},
		{"--levels=DRAM", "--levels: 'DRAM' is not one of l1|l2|dram, did you mean 'dram'?"},
		{"--levels=l1|l2", "--levels: 'l1|l2' is not one of l1|l2|dram"},
		{"--levels=|", "--levels: '|' is not one of l1|l2|dram"},
		{"--meter=zz", "--meter: 'zz' is not one of auto|perf|powercap"},
		{"--meter=prf", "--meter: 'prf' is not one of auto|perf|powercap, did you mean 'perf'?"},
		{"--meter=auto,perf", "--meter: 'auto,perf' is not one of auto|perf|powercap"},
		{"--counts=1,,2", "--counts: empty item in '1,,2'"},
		{"--counts=1,0x1", "--counts: '0x1' is named twice"},
		{"--counts=0", "--counts: '0' is out of range, expected 1 to 64"},
		{"--counts=1,65", "--counts: '65' is out of range, expected 1 to 64"},
		{"--counts=1,two", "--counts: 'two' is not a whole number"},
		{"--counts=1,2,3,4", "--counts: more than 3 items"},
		{"--counts=99999999999999999999", "--counts: '99999999999999999999' is out of range, expected 1 to 64"},
		{"--only=a,,b", "--only: empty item in 'a,,b'"},
		{"--only=a,b,a", "--only: 'a' is named twice"},
		{"--in=a\nb", "--in: a line break in the value"},
		{"--fraction=inf", "--fraction: 'inf' is not a number"},
		{"--fraction=1e999", "--fraction: '1e999' is not a number"},
		{"--threads=1.5", "--threads: '1.5' is not a whole number"},
		{"--size=1.5G", "--size: '1.5G' is not a size, expected for example 64K or 1G"},
		{"--sizes=4K,0", "--sizes: '0' is out of range, expected 1 to 1G"},
		{"--fraction=half", "--fraction: 'half' is not a number"},
		{"--fraction=nan", "--fraction: 'nan' is not a number"},
		{"--fraction=1.5", "--fraction: '1.5' is out of range, expected 0 to 1"},
		{"--max-time=soon", "--max-time: 'soon' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=0", "--max-time: '0' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=-2m", "--max-time: '-2m' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=s", "--max-time: 's' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=", "--max-time: '' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=2d", "--max-time: '2d' is not a time, expected for example 90s, 2m or 1h"},
		{"--max-time=25h", "--max-time: '25h' is out of range, expected 1 to 86400"},
		{"--only=", "--only: empty value"},
		{"--file _", "--file: empty value"},
		{"--in=", "--in: empty value"},
		{"--threads=1 --threads=2", "--threads is given twice"},
		{"-o a --file=b", "--file is given twice"},
		{"--file=b -o a", "-o is given twice"},
		{"-q -q", "-q is given twice"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_opts o;
		char text[256], err[200] = "";
		cr_expect_eq(parse(&o, rows[i].line, text, err, sizeof(err)), MW_ESPEC, "'%s' is accepted",
			     rows[i].line);
		cr_expect_str_eq(err, rows[i].error, "'%s': \"%s\"", rows[i].line, err);
		mw_opts_fini(&o);
		cr_expect_eq(parse(&o, rows[i].line, text, NULL, 0), MW_ESPEC); /* no room for a message */
		mw_opts_fini(&o);
	}
}

Test(option, defaults)
{
	struct mw_opts o;
	char text[256], err[200] = "";
	cr_assert_eq(parse(&o, "", text, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(mw_opt_text(&o, "format"), "table");
	cr_expect_eq(mw_opt_int(&o, "threads"), 1);
	cr_expect_eq(mw_opt_int(&o, "size"), 65536);
	cr_expect_null(mw_opt_text(&o, "file"));
	cr_expect_not(mw_opt_flag(&o, "quiet"));
	cr_expect(mw_opt(&o, "threads")->set && !mw_opt(&o, "threads")->given && !mw_opt(&o, "only")->set);
	cr_expect(mw_opt_exists(&o, "only") && !mw_opt_exists(&o, "onl"));
	cr_expect_eq(o.n_positional, 0);
	uint64_t v[2];
	cr_expect_eq(mw_opt_sizes(&o, "sizes", v, 2), 0);
	mw_opts_fini(&o);
}

Test(option, every_type_in_both_forms)
{
	static const char *const lines[] = {
		"run --threads=4 -o out.csv --quiet --sizes=4K,1M,3 --fraction=0.25 --max-time=2m --only=a,b --in=x "
		"--in=y fast",
		"--threads 4 run -oout.csv -q --sizes 4K,1M,3 --fraction .25 fast --max-time 120 --only a,b --in x "
		"--in y",
		"-t4 --file=out.csv -q --sizes 4K,1M,3 --fraction 25e-2 --max-time 120s --only a,b --in x --in y -- "
		"run fast",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct mw_opts o;
		char text[256], err[200] = "";
		uint64_t v[4] = {0};
		cr_assert_eq(parse(&o, lines[i], text, err, sizeof(err)), 0, "%s: %s", lines[i], err);
		cr_expect_eq(mw_opt_int(&o, "threads"), 4);
		cr_expect_str_eq(mw_opt_text(&o, "file"), "out.csv");
		cr_expect(mw_opt_flag(&o, "quiet"));
		cr_expect(mw_opt_sizes(&o, "sizes", v, 4) == 3 && v[0] == 4096 && v[1] == 1048576 && v[2] == 3);
		cr_expect_eq(mw_opt_sizes(&o, "sizes", v, 2), 2);
		cr_expect_eq(mw_opt_real(&o, "fraction"), 0.25);
		cr_expect_eq(mw_opt_real(&o, "max-time"), 120);
		cr_expect_str_eq(mw_opt_text(&o, "only"), "a,b");
		cr_expect_str_eq(mw_opt_text(&o, "in"), "x\ny");
		cr_expect(mw_opt(&o, "threads")->given);
		cr_assert_eq(o.n_positional, 2);
		cr_expect_str_eq(o.positional[0], "run");
		cr_expect_str_eq(o.positional[1], "fast");
		mw_opts_fini(&o);
	}
}

Test(option, lists)
{
	struct mw_opts o;
	char text[256], err[200] = "";
	cr_assert_eq(parse(&o, "--levels=dram,l1 --counts=64,0x2 --meter=perf", text, err, sizeof(err)), 0, "%s", err);
	cr_expect(mw_list_has(mw_opt_text(&o, "levels"), "dram") && !mw_list_has(mw_opt_text(&o, "levels"), "l2"));
	int64_t v[3] = {0};
	cr_expect(mw_opt_ints(&o, "counts", v, 3) == 2 && v[0] == 64 && v[1] == 2);
	cr_expect_eq(mw_opt_ints(&o, "counts", v, 1), 1);
	cr_expect_str_eq(mw_opt_text(&o, "meter"), "perf");
	const char *word;
	size_t len;
	cr_expect(mw_option_word(mw_opt(&o, "levels")->opt, 2, &word, &len) && len == 4);
	cr_expect_not(mw_option_word(mw_opt(&o, "levels")->opt, 3, &word, &len));
	char all[40];
	cr_expect_eq(mw_option_choices(mw_opt(&o, "meter")->opt, all, sizeof(all)), 18);
	cr_expect_str_eq(all, "auto|perf|powercap");
	cr_expect_eq(mw_option_choices(mw_opt(&o, "size")->opt, all, sizeof(all)), 0);
	mw_opts_fini(&o);
	cr_assert_eq(parse(&o, "", text, err, sizeof(err)), 0);
	cr_expect_eq(mw_opt_ints(&o, "counts", v, 3), 0, "not set");
	mw_opts_fini(&o);
}

Test(option, words_and_dashes)
{
	struct mw_opts o;
	char text[256], err[200] = "";
	/* A lone dash is a word (stdin), everything after "--" is. */
	cr_assert_eq(parse(&o, "- -- --quiet -x", text, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(o.n_positional, 3);
	cr_expect_str_eq(o.positional[0], "-");
	cr_expect_str_eq(o.positional[1], "--quiet");
	cr_expect_str_eq(o.positional[2], "-x");
	cr_expect_not(mw_opt_flag(&o, "quiet"));
	mw_opts_fini(&o);
	mw_opts_fini(&o); /* twice is harmless */
}

Test(option, durations)
{
	static const struct {
		const char *line;
		double seconds;
	} rows[] = {{"--max-time=90", 90}, {"--max-time=90s", 90}, {"--max-time=1.5m", 90}, {"--max-time=1h", 3600}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_opts o;
		char text[256], err[200] = "";
		cr_assert_eq(parse(&o, rows[i].line, text, err, sizeof(err)), 0, "%s", err);
		cr_expect_eq(mw_opt_real(&o, "max-time"), rows[i].seconds);
		mw_opts_fini(&o);
	}
}

Test(option, help_lists_every_option_with_choices_and_default)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	cr_assert(f);
	mw_opts_help(f, global_table);
	mw_opts_help(f, table);
	mw_opts_help(f, NULL);
	(void)fclose(f);
	for (size_t t = 0; t < 2; t++)
		for (const struct mw_option *o = tables[t]; o->name; o++) {
			char want[64];
			(void)snprintf(want, sizeof(want), "--%s%s%s", o->name, o->arg ? "=" : " ",
				       o->arg ? o->arg : "");
			cr_expect(strstr(text, want), "%s is missing", want);
		}
	cr_expect(strstr(text, "(table|csv|json|latex) [table]"));
	cr_expect(strstr(text, "(list of l1|l2|dram)") && strstr(text, "(auto|perf|powercap)"));
	cr_expect(strstr(text, "  -o --file=FILE"));
	free(text);
}

/* ---- SPEC ---- */

static const struct mw_option device[] = {
	{.name = "dram", .type = MW_OPT_CHOICE, .def = "ddr3-1600", .choices = "ddr3-1600|ddr4-3200", .help = "preset"},
	{.name = "channels", .type = MW_OPT_INT, .def = "1", .min = 1, .max = 64, .help = "n"},
	{.name = "cache", .type = MW_OPT_SIZE, .def = "1M", .help = "bytes"},
	{.name = "variation", .type = MW_OPT_REAL, .def = "0", .min = 0, .max = 1, .help = "x"},
	{.name = "seed", .type = MW_OPT_INT, .help = "seed"},
	MW_OPT_END,
};

Test(spec, canonical_form)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"ambit", "ambit"},
		{"ambit:dram=ddr3-1600", "ambit"},
		{"ambit:dram=ddr4-3200", "ambit:dram=ddr4-3200"},
		{"ambit:seed=7,channels=2,dram=ddr4-3200", "ambit:dram=ddr4-3200,channels=2,seed=7"},
		{"ambit:channels=01", "ambit"},
		{"ambit:channels=0x2", "ambit:channels=2"},
		{"ambit:cache=1024K", "ambit"},
		{"ambit:cache=2097152", "ambit:cache=2M"},
		{"ambit:variation=0.0", "ambit"},
		{"ambit:variation=1e-1", "ambit:variation=0.1"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_spec s;
		char err[200] = "", out[200], again[200], tiny[8];
		cr_assert_eq(mw_spec_parse(&s, rows[i].text, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(mw_spec_check(&s, device, err, sizeof(err)), 0, "%s", err);
		int len = mw_spec_canonical(&s, device, out, sizeof(out));
		cr_expect_str_eq(out, rows[i].canonical);
		cr_expect_eq((size_t)len, strlen(out));
		cr_expect_eq(mw_spec_canonical(&s, device, tiny, sizeof(tiny)), len, "length without room");
		cr_expect_eq(strncmp(tiny, out, sizeof(tiny) - 1), 0);
		cr_expect_eq(mw_spec_canonical(&s, device, tiny, 1), len);
		cr_assert_eq(mw_spec_parse(&s, out, err, sizeof(err)), 0);
		(void)mw_spec_canonical(&s, device, again, sizeof(again));
		cr_expect_str_eq(again, out, "canonical form is not stable");
	}
}

Test(spec, values)
{
	struct mw_spec s;
	char err[200];
	cr_assert_eq(mw_spec_parse(&s, "ambit:channels=4,variation=0.5", err, sizeof(err)), 0);
	cr_expect_eq(mw_spec_int(&s, device, "channels"), 4);
	cr_expect_eq(mw_spec_int(&s, device, "cache"), 1 << 20);
	cr_expect_eq(mw_spec_real(&s, device, "variation"), 0.5);
	cr_expect_str_eq(mw_spec_text(&s, device, "dram"), "ddr3-1600");
	cr_expect_null(mw_spec_text(&s, device, "seed"));
	cr_expect_eq(mw_spec_int(&s, device, "seed"), 0);
	cr_expect_null(mw_spec_get(&s, "channel"));
}

Test(spec, every_error_names_the_key)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"", "'' is not a device, expected name[:key=value,...]"},
		{":a=1", "':a=1' is not a device, expected name[:key=value,...]"},
		{"name-that-is-much-too-long-for-a-device",
		 "'name-that-is-much-too-long-for-a-device' is not a device, "
		 "expected name[:key=value,...]"},
		{"ambit:", "'' in 'ambit:...' is not key=value"},
		{"ambit:dram", "'dram' in 'ambit:...' is not key=value"},
		{"ambit:=1", "'=1' in 'ambit:...' is not key=value"},
		{"ambit:dram=", "'dram=' in 'ambit:...' is not key=value"},
		{"ambit:channels=1,", "'' in 'ambit:...' is not key=value"},
		{"ambit:channels=1,,seed=1", "'' in 'ambit:...' is not key=value"},
		{"ambit:channels=1,channels=1", "key 'channels' is given twice in 'ambit:...'"},
		{"ambit:a-key-that-is-too-long-by-far=1",
		 "'a-key-that-is-too-long-by-far=1' in 'ambit:...' is too long"},
		{"ambit:chanels=1", "device ambit has no key 'chanels', did you mean 'channels'?"},
		{"ambit:qqqqqq=1", "device ambit has no key 'qqqqqq', see 'memwall pim devices'"},
		{"ambit:channels=65", "key channels: '65' is out of range, expected 1 to 64"},
		{"ambit:channels=x", "key channels: 'x' is not a whole number"},
		{"ambit:dram=ddr5", "key dram: 'ddr5' is not one of ddr3-1600|ddr4-3200"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_spec s;
		char err[200] = "";
		int rc = mw_spec_parse(&s, rows[i].text, err, sizeof(err));
		if (rc == 0)
			rc = mw_spec_check(&s, device, err, sizeof(err));
		cr_expect_eq(rc, MW_ESPEC, "'%s' is accepted", rows[i].text);
		cr_expect_str_eq(err, rows[i].error, "'%s': \"%s\"", rows[i].text, err);
	}
}

Test(spec, too_many_keys)
{
	struct mw_spec s;
	char text[512] = "d:", err[200];
	for (int i = 0; i < MW_SPEC_KEYS; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sk%d=1", i ? "," : "", i);
	cr_expect_eq(mw_spec_parse(&s, text, err, sizeof(err)), 0);
	cr_expect_eq(s.n, MW_SPEC_KEYS);
	(void)strcat(text, ",more=1");
	cr_expect_eq(mw_spec_parse(&s, text, err, sizeof(err)), MW_ESPEC);
}

Test(option, numbers_of_64_bits_are_exact)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{"0", 0},
		{"9007199254740993", UINT64_C(9007199254740993)}, /* no double */
		{"9223372036854775808", UINT64_C(1) << 63},
		{"18446744073709551615", UINT64_MAX},
		{"0xffffffffffffffff", UINT64_MAX},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64], text[200], err[200] = "";
		struct mw_opts o;
		(void)snprintf(line, sizeof(line), "--seed=%s", rows[i].text);
		cr_assert_eq(parse(&o, line, text, err, sizeof(err)), 0, "%s", err);
		cr_expect_eq(mw_opt_u64(&o, "seed"), rows[i].value, "%s", rows[i].text);
		mw_opts_fini(&o);
	}
}

Test(option, a_default_list_is_split_like_a_given_one)
{
	char text[200], err[200] = "", words[40];
	struct mw_opts o;
	cr_assert_eq(parse(&o, "", text, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(mw_opt_text(&o, "device"), "one\ntwo:a=1,b=2");
	cr_expect(!mw_opt(&o, "device")->given);
	cr_expect_eq(mw_option_default(mw_opt(&o, "device")->opt, ' ', words, sizeof(words)), 15u);
	cr_expect_str_eq(words, "one two:a=1,b=2");
	cr_expect_eq(mw_option_default(mw_opt(&o, "device")->opt, ' ', words, 6), 15u);
	cr_expect_str_eq(words, "one t");
	mw_opts_fini(&o);
	cr_assert_eq(parse(&o, "--device=x --device=y", text, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(mw_opt_text(&o, "device"), "x\ny", "a given one replaces the default");
	mw_opts_fini(&o);
}
