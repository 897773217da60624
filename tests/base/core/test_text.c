/* Escaping of texts that come from outside. */
#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"

Test(text, escapes_control_characters)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"", ""},
		{"plain 'text' \\n", "plain 'text' \\n"},
		{"caf\xc3\xa9 \xc2\xb5s \xe2\x80\x93 \xf0\x9f\x98\x80",
		 "caf\xc3\xa9 \xc2\xb5s \xe2\x80\x93 \xf0\x9f\x98\x80"},
		{"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
		{"\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"},
		{"\xc2\x9b"
		 "31m",
		 "\\u009b31m"}, /* CSI as one code point of C1 */
		{"a\xe2\x80\xae"
		 "b\xe2\x81\xa6\xe2\x81\xa9",
		 "a\\u202eb\\u2066\\u2069"},
		{"\xe2\x80\xa8\xd8\x9c", "\\u2028\\u061c"},
		{"\xff\xc3", "\\xff\\xc3"},
		{"\x9b", "\\x9b"},
		{"\xc0\xaf\xe0\x80\x80", "\\xc0\\xaf\\xe0\\x80\\x80"}, /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},                   /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},          /* beyond Unicode */
		{"\xe2\x82", "\\xe2\\x82"},                            /* cut */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[100];
		cr_assert_eq(mw_escape(cases[i].from, out, sizeof(out)), strlen(cases[i].to), "%zu", i);
		cr_assert_str_eq(out, cases[i].to);
	}
}

Test(text, is_cut_between_characters)
{
	static const char from[] = "ab\nc\xc3\xa9";
	static const char *const to[] = {
		"", "", "a", "ab", "ab", "ab", "ab", "ab\\x0a", "ab\\x0ac", "ab\\x0ac", "ab\\x0ac\xc3\xa9"};
	for (size_t n = 0; n < sizeof(to) / sizeof(*to); n++) {
		char out[16] = "untouched";
		cr_assert_eq(mw_escape(from, out, n), 9);
		if (n)
			cr_assert_str_eq(out, to[n], "%zu", n);
		else
			cr_assert_str_eq(out, "untouched");
	}
}

Test(text, room_is_enough_for_any_bytes)
{
	char from[256], out[MW_ESCAPED(sizeof(from))];
	for (size_t i = 0; i < 255; i++)
		from[i] = (char)(i + 1);
	from[255] = '\0';
	size_t len = mw_escape(from, out, sizeof(out));
	cr_assert_eq(len, strlen(out));
	for (const char *c = out; *c; c++)
		cr_assert((unsigned char)*c >= ' ' && (unsigned char)*c < 0x7f);
}

/* ---- buffers of a fixed size ---- */

Test(text, a_text_that_fits_is_whole)
{
	char out[8] = "";
	mw_format(out, sizeof(out), "%s %d", "word", 42);
	cr_expect_str_eq(out, "word 42");
	cr_expect_eq(mw_fit(out, sizeof(out), "%s", "exactly"), 0);
	cr_expect_str_eq(out, "exactly");
	mw_clip(out, sizeof(out), "%s", "exactly");
	cr_expect_str_eq(out, "exactly");
	mw_clip(out, sizeof(out), "%s", "ex");
	mw_clip_add(out, sizeof(out), "%s", "actly");
	cr_expect_str_eq(out, "exactly");
}

Test(text, a_name_that_does_not_fit_is_refused)
{
	char out[8] = "before";
	cr_expect_eq(mw_fit(out, sizeof(out), "%s", "too long"), -ENAMETOOLONG);
	cr_expect_str_eq(out, "");
	cr_expect_eq(mw_fit(out, 0, "%s", "too long"), -ENAMETOOLONG);
	cr_expect_eq(mw_fit(NULL, 0, "%s", ""), -ENAMETOOLONG);
}

Test(text, a_line_that_is_cut_says_so)
{
	static const struct {
		size_t n;
		const char *from, *to;
	} cases[] = {
		{8, "longer text", "long..."},
		{4, "longer text", "..."},
		{3, "longer text", ".."},
		{1, "longer text", ""},
		{8, "abc\xc3\xa9\xc3\xa9", "abc\xc3\xa9\xc3\xa9"}, /* 7 bytes */
		{8, "abc\xc3\xa9-long", "abc..."},                 /* not within a character */
		{8, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80..."},
		{7, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "..."},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char out[16] = "untouched";
		mw_clip(out, cases[i].n, "%s", cases[i].from);
		cr_expect_str_eq(out, cases[i].to, "%zu: %s", i, out);
	}
	mw_clip(NULL, 0, "%s", "nothing to write to");
}

Test(text, an_addition_that_is_cut_marks_the_whole)
{
	for (size_t held = 0; held <= 7; held++) {
		char out[8] = "";
		memset(out, 'a', held);
		mw_clip_add(out, sizeof(out), "%s", "bbbbbbbb");
		cr_expect_eq(strlen(out), 7);
		cr_expect_str_eq(out + 4, "...", "%zu: %s", held, out);
	}
	mw_clip_add(NULL, 0, "%s", "nothing to write to");
}

Test(text, a_message_that_is_cut_says_so)
{
	char err[12];
	cr_expect_eq(mw_fail(MW_ESPEC, err, sizeof(err), "--output=%s", "a long name"), MW_ESPEC);
	cr_expect_str_eq(err, "--output...");
}

/* A number or a word that has no room is a mistake of the program. */
#ifdef MW_CHECK_TEXTS
enum { ENDS_BY = SIGABRT };
#else
enum { ENDS_BY = 0 };
#endif

Test(text, a_number_without_room_is_marked_or_ends_the_program, .signal = ENDS_BY)
{
	char out[8];
	mw_format(out, sizeof(out), "%d", 123456789);
	cr_assert_str_eq(out, "1234...");
}
