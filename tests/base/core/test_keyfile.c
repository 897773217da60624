#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/keyfile.h"

struct thing {
	char name[8];
	uint32_t count, ps;
	uint64_t fs;
	double amount;
};

static const struct mw_keyfile_key keys[] = {
	{"name", MW_KEYFILE_TEXT, offsetof(struct thing, name), 8, 0, true, 0, 0, "its name"},
	{"count", MW_KEYFILE_U32, offsetof(struct thing, count), 0, 0, true, 1, 100, "how many"},
	{"time", MW_KEYFILE_U32, offsetof(struct thing, ps), 0, 3, false, 0.001, 4000000, "ns, how long"},
	{"clock", MW_KEYFILE_U64, offsetof(struct thing, fs), 0, 6, false, 0.001, 1000, "ns, one clock"},
	{"amount", MW_KEYFILE_REAL, offsetof(struct thing, amount), 0, 0, false, 0.001, 1000, "mA"},
	MW_KEYFILE_END,
};

static int parse(const char *text, struct thing *out, char *err)
{
	memset(out, 0, sizeof(*out));
	err[0] = '\0';
	return mw_keyfile_read(keys, text, "f", out, err, 300);
}

Test(keyfile, fractions_are_exact_and_come_back)
{
	static const struct {
		const char *in;
		uint32_t ps;
		const char *out;
	} times[] = {{"32.5", 32500, "32.5"},  {"32.500", 32500, "32.5"},
		     {"0.625", 625, "0.625"},  {"7800", 7800000, "7800"},
		     {"0.001", 1, "0.001"},    {"0.0010000", 1, "0.001"},
		     {"10.", 10000, "10"},     {"4000000", 4000000000, "4000000"},
		     {"007.070", 7070, "7.07"}};
	struct thing t;
	char err[300], value[64];
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		cr_assert_eq(mw_keyfile_set(&keys[2], times[i].in, &t, err, sizeof(err)), 0, "%s: %s", times[i].in,
			     err);
		cr_assert_eq(t.ps, times[i].ps, "%s: %u", times[i].in, t.ps);
		mw_keyfile_value(&keys[2], &t, value, sizeof(value));
		cr_assert_str_eq(value, times[i].out);
	}
	cr_assert_eq(mw_keyfile_set(&keys[3], "5.12821", &t, err, sizeof(err)), 0);
	cr_assert_eq(t.fs, 5128210u);
	/* No double passes through fewer digits than it needs. */
	t.amount = 0.1 + 0.2;
	mw_keyfile_value(&keys[4], &t, value, sizeof(value));
	double before = t.amount;
	cr_assert_eq(mw_keyfile_set(&keys[4], value, &t, err, sizeof(err)), 0);
	cr_assert(t.amount == before, "%s", value);
}

Test(keyfile, what_is_printed_is_read_again)
{
	struct thing t = {.name = "a, b", .count = 7, .ps = 1, .fs = 999999999, .amount = 1.0 / 3}, u;
	struct mw_buf text = {0};
	char err[300];
	mw_keyfile_print(keys, &t, &text);
	cr_assert_eq(parse(mw_buf_text(&text), &u, err), 0, "%s", err);
	for (const struct mw_keyfile_key *k = keys; k->name; k++)
		cr_assert(mw_keyfile_same(k, &t, &u), "%s", k->name);
	/* What is absent has no line, and stays absent. */
	t.ps = 0;
	mw_buf_clear(&text);
	mw_keyfile_print(keys, &t, &text);
	cr_assert_null(strstr(mw_buf_text(&text), "time"));
	cr_assert_eq(parse(mw_buf_text(&text), &u, err), 0, "%s", err);
	cr_assert(u.ps == 0 && mw_keyfile_same(&keys[2], &t, &u));
	u.ps = 5;
	cr_assert(!mw_keyfile_same(&keys[2], &t, &u) && !mw_keyfile_same(&keys[2], &u, &t));
	mw_buf_fini(&text);
}

Test(keyfile, layout_does_not_matter)
{
	struct thing t;
	char err[300];
	cr_assert_eq(parse("# a comment\n\n \t name=x y  # its name\r\ncount\t=\t3", &t, err), 0, "%s", err);
	cr_assert(strcmp(t.name, "x y") == 0 && t.count == 3 && t.ps == 0);
}

Test(keyfile, a_wrong_line_is_named_with_what_would_be_right)
{
	static const struct {
		const char *text, *err;
	} bad[] = {
		{"name = x\n", "f: no line `count = ...` (how many)"},
		{"count = 1\n", "f: no line `name = ...` (its name)"},
		{"name = x\ncount = 0\n", "f:2: count: '0' is not a whole number from 1 to 100 (how many)"},
		{"name = x\ncount = 101\n", "f:2: count: '101' is not a whole number from 1 to 100 (how many)"},
		{"count = 4294967297\n", "f:1: count: '4294967297' is not a whole number from 1 to 100 (how many)"},
		{"count = 1.5\n", "f:1: count: '1.5' is not a whole number from 1 to 100 (how many)"},
		{"\ntime = 32,5\n", "f:2: time: '32,5' is not a number from 0.001 to 4000000 with at most 3 decimals "
				    "(ns, how long)"},
		{"time = -1\n",
		 "f:1: time: '-1' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, how "
		 "long)"},
		{"time = 0.6667\n", "f:1: time: '0.6667' is not a number from 0.001 to 4000000 with at most 3 decimals "
				    "(ns, how long)"},
		{"time = 1e3\n",
		 "f:1: time: '1e3' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, how "
		 "long)"},
		{"time = 99999999999999999999999\n",
		 "f:1: time: '99999999999999999999999' is not a number from 0.001 to 4000000 with at most 3 decimals "
		 "(ns, how long)"},
		{"time = .5\n",
		 "f:1: time: '.5' is not a number from 0.001 to 4000000 with at most 3 decimals (ns, how "
		 "long)"},
		{"amount = nan\n", "f:1: amount: 'nan' is not a number from 0.001 to 1000 (mA)"},
		{"amount = 0\n", "f:1: amount: '0' is not a number from 0.001 to 1000 (mA)"},
		{"tine = 3\n", "f:1: no key 'tine', did you mean 'time'?"},
		{"qqqqqqqq = 3\n", "f:1: no key 'qqqqqqqq'"},
		{"time\n", "f:1: 'time' is not `key = value`"},
		{"= 3\n", "f:1: no key ''"},
		{"time =\n", "f:1: time: no value (ns, how long)"},
		{"time = 1\n\ntime = 2\n", "f:3: time: line 1 has it already"},
		{"name = 12345678\n", "f:1: name: 8 characters, at most 7 fit"},
		{"name = \303\244\n", "f:1: name: byte 0xc3: only printable ASCII without '#'"},
		{"\033[1m = 1\n", "f:1: no key '\\x1b[1m'"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct thing t;
		char err[300];
		cr_assert_eq(parse(bad[i].text, &t, err), -EINVAL, "%s", bad[i].text);
		cr_assert_str_eq(err, bad[i].err);
	}
	char line[700], err[300];
	struct thing t;
	memset(line, 'x', sizeof(line));
	memcpy(line, "name = ", 7);
	line[699] = '\0';
	cr_assert_eq(parse(line, &t, err), -EINVAL);
	cr_assert_str_eq(err, "f:1: 699 characters, a line has at most 511");
}

static void put(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(bytes, 1, n, f), n);
	cr_assert_eq(fclose(f), 0);
}

Test(keyfile, files_that_are_no_texts_are_refused)
{
	char dir[] = "/tmp/keyfile-XXXXXX", path[64], err[300], *text;
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), -ENOENT);
	cr_assert(strstr(err, path) && !text, "%s", err);
	cr_assert_eq(mw_keyfile_load(dir, &text, err, sizeof(err)), -EINVAL);
	cr_assert(strstr(err, "not a regular file") && !text, "%s", err);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), -EINVAL); /* and does not wait for a writer */
	cr_assert_eq(unlink(path), 0);
	put(path, "a\0b", 3);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), -EINVAL);
	cr_assert(strstr(err, "byte 0") && !text, "%s", err);
	char *large = malloc(MW_KEYFILE_BYTES + 1);
	cr_assert_not_null(large);
	memset(large, '\n', MW_KEYFILE_BYTES + 1);
	put(path, large, MW_KEYFILE_BYTES + 1);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), -EINVAL);
	cr_assert(strstr(err, "65536 bytes") && !text, "%s", err);
	put(path, large, MW_KEYFILE_BYTES);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(strlen(text), (size_t)MW_KEYFILE_BYTES);
	free(text);
	free(large);
	put(path, "", 0);
	cr_assert_eq(mw_keyfile_load(path, &text, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(text, "");
	free(text);
	(void)unlink(path);
	(void)rmdir(dir);
}
