/* Escaping of texts that come from outside. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

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
