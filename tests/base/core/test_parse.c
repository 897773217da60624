#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/core/option.h"

Test(parse, sizes)
{
	static const struct {
		const char *text;
		uint64_t value;
		int rc;
	} rows[] = {
		{"0", 0, 0},
		{"1", 1, 0},
		{"64", 64, 0},
		{"64B", 64, 0},
		{"64K", 65536, 0},
		{"64k", 65536, 0},
		{"64KB", 65536, 0},
		{"64KiB", 65536, 0},
		{"3M", UINT64_C(3) << 20, 0},
		{"1G", UINT64_C(1) << 30, 0},
		{"2T", UINT64_C(2) << 40, 0},
		{"010", 10, 0},
		{"18446744073709551615", UINT64_MAX, 0},
		{"16777215T", UINT64_C(16777215) << 40, 0},
		{"16777216T", 0, -ERANGE},
		{"18446744073709551616", 0, -ERANGE},
		{"", 0, -EINVAL},
		{"K", 0, -EINVAL},
		{"-1", 0, -EINVAL},
		{"+1", 0, -EINVAL},
		{" 1", 0, -EINVAL},
		{"1 ", 0, -EINVAL},
		{"1.5G", 0, -EINVAL},
		{"64iB", 0, -EINVAL},
		{"64KK", 0, -EINVAL},
		{"64Ki", 0, -EINVAL},
		{"64X", 0, -EINVAL},
		{"0x10", 0, -EINVAL},
		{"1G,2G", 0, -EINVAL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v = 0;
		cr_expect_eq(mw_parse_size(rows[i].text, &v), rows[i].rc, "'%s'", rows[i].text);
		cr_expect_eq(v, rows[i].value, "'%s' is %llu", rows[i].text, (unsigned long long)v);
	}
}

Test(parse, sizes_round_trip)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1024, "1K"},
		{1536, "1536"},
		{65536, "64K"},
		{(UINT64_C(1) << 20) + 1024, "1025K"},
		{UINT64_C(3) << 30, "3G"},
		{UINT64_C(5) << 40, "5T"},
		{UINT64_C(1) << 50, "1024T"},
		{UINT64_MAX, "18446744073709551615"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		uint64_t back;
		mw_format_size(rows[i].bytes, text, sizeof(text));
		cr_expect_str_eq(text, rows[i].text);
		cr_expect_eq(mw_parse_size(text, &back), 0);
		cr_expect_eq(back, rows[i].bytes);
	}
}

Test(parse, whole_numbers)
{
	static const struct {
		const char *text;
		int64_t value;
		int rc;
	} rows[] = {
		{"0", 0, 0},
		{"-7", -7, 0},
		{"+7", 7, 0},
		{"010", 10, 0}, /* not octal */
		{"0x10", 16, 0},
		{"-0xff", -255, 0},
		{"9223372036854775807", INT64_MAX, 0},
		{"9223372036854775808", 0, -ERANGE},
		{"", 0, -EINVAL},
		{"-", 0, -EINVAL},
		{"--1", 0, -EINVAL},
		{"0x", 0, -EINVAL},
		{" 1", 0, -EINVAL},
		{"1 ", 0, -EINVAL},
		{"1e3", 0, -EINVAL},
		{"one", 0, -EINVAL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t v = 0;
		cr_expect_eq(mw_parse_int(rows[i].text, &v), rows[i].rc, "'%s'", rows[i].text);
		cr_expect_eq(v, rows[i].value, "'%s' is %lld", rows[i].text, (long long)v);
	}
}

Test(parse, real_numbers)
{
	static const char *const bad[] = {"", " 1", "1 ", "1,5", "nan", "inf", "-inf", "1e999", "x", "1.5x", "."};
	double v = 0;
	cr_expect(mw_parse_real("1.5", &v) == 0 && v == 1.5);
	cr_expect(mw_parse_real("-2e-3", &v) == 0 && v == -2e-3);
	cr_expect(mw_parse_real(".5", &v) == 0 && v == 0.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		v = 42;
		cr_expect_eq(mw_parse_real(bad[i], &v), -EINVAL, "'%s'", bad[i]);
		cr_expect_eq(v, 42, "'%s' changed the value", bad[i]);
	}
}

Test(parse, nearest_name)
{
	static const char *const names[] = {"latency", "bandwidth", "gemm", "storage", "run", NULL};
	static const struct {
		const char *word, *near;
	} rows[] = {
		{"latncy", "latency"},
		{"latecny", "latency"},
		{"bandwith", "bandwidth"},
		{"gem", "gemm"},
		{"runn", "run"},
		{"ru", "run"},
		{"run", "run"},
		{"storge", "storage"},
		{"x", NULL},
		{"", NULL},
		{"quux", NULL},
		{"transformer", NULL},
		{"energy", NULL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = mw_nearest(rows[i].word, names);
		if (rows[i].near)
			cr_expect(got && strcmp(got, rows[i].near) == 0, "'%s' gives '%s'", rows[i].word,
				  got ? got : "none");
		else
			cr_expect_null(got, "'%s' gives '%s'", rows[i].word, got);
	}
	char long_word[200];
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	cr_expect_null(mw_nearest(long_word, names));
}

Test(parse, membership_in_lists)
{
	cr_expect(mw_list_has("a,bc,d", "a") && mw_list_has("a,bc,d", "bc") && mw_list_has("a,bc,d", "d"));
	cr_expect_not(mw_list_has("a,bc,d", "b") || mw_list_has("a,bc,d", "bcd") || mw_list_has("abc", "a"));
	cr_expect_not(mw_list_has(NULL, "a") || mw_list_has("", "a"));
}

Test(parse, items_of_a_list)
{
	static const struct {
		const char *list, *joined;
	} rows[] = {{"a", "a;"}, {"a,bc", "a;bc;"}, {"a,,b", "a;;b;"}, {",", ";;"}, {"", ";"}, {NULL, ""}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *rest = rows[i].list, *item;
		size_t len;
		char got[40] = "";
		while (mw_list_next(&rest, &item, &len))
			(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s;", (int)len, item);
		cr_expect_str_eq(got, rows[i].joined);
	}
}

Test(parse, pairs)
{
	static const struct {
		const char *text;
		uint64_t a, b;
	} good[] = {{"768x3072", 768, 3072}, {"1Kx4K", 1024, 4096}, {"0x5", 0, 5}};
	static const char *const bad[] = {"",      "x",    "5x",   "x5",    "5",
					  "5x5x5", "5x5y", "-1x5", " 5x5",  "5x 5",
					  "5 x5",  "+5x5", "5X5",  "1.5x2", "5x99999999999999999999",
					  "axb"};
	uint64_t v[2];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect(mw_parse_pair(good[i].text, strlen(good[i].text), v) == 0 && v[0] == good[i].a &&
				  v[1] == good[i].b,
			  "%s", good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_lt(mw_parse_pair(bad[i], strlen(bad[i]), v), 0, "'%s'", bad[i]);
	cr_expect(mw_parse_pair("5x55,7", 3, v) == 0 && v[1] == 5, "no further than its length");
}
