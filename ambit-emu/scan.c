#include "ambit-emu/scan.h"

#include <errno.h>
#include <stdarg.h>

#include "base/core/err.h"
#include "base/core/text.h"

void scan_skip(struct ambit_scan *s, bool newlines)
{
	for (int c; (c = scan_peek(s)) >= 0; s->at++) {
		if (c == '#') {
			while (scan_peek(s) >= 0 && scan_peek(s) != '\n')
				s->at++;
			c = scan_peek(s);
		}
		if (!scan_is_blank(c) && !(c == '\n' && newlines))
			break;
	}
}

bool scan_take(struct ambit_scan *s, char c)
{
	if (scan_peek(s) != (unsigned char)c)
		return false;
	s->at++;
	return true;
}

int scan_number(struct ambit_scan *s, uint32_t max, uint32_t *out)
{
	size_t start = s->at;
	uint64_t v = 0;
	while (scan_is_digit(scan_peek(s))) {
		v = v * 10 + (uint64_t)(s->text[s->at++] - '0');
		if (v > max)
			return scan_fail(s, start, -EINVAL, "a number above %u", max);
	}
	if (s->at == start)
		return scan_unexpected(s, "a number");
	*out = (uint32_t)v;
	return 0;
}

size_t scan_name(const struct ambit_scan *s)
{
	size_t i = s->at;
	if (i < s->len && scan_is_letter((unsigned char)s->text[i]))
		while (i < s->len &&
		       (scan_is_letter((unsigned char)s->text[i]) || scan_is_digit((unsigned char)s->text[i])))
			i++;
	return i - s->at;
}

int scan_fail(const struct ambit_scan *s, size_t at, int code, const char *fmt, ...)
{
	char why[MW_ERR_ROOM];
	va_list ap;
	va_start(ap, fmt);
	mw_vclip(why, sizeof(why), fmt, ap);
	va_end(ap);
	size_t line = 1, start = 0;
	for (size_t i = 0; i < at && i < s->len; i++)
		if (s->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	return mw_fail(code, s->err, s->n, "line %zu, column %zu: %s", line, at - start + 1, why);
}

int scan_unexpected(const struct ambit_scan *s, const char *expected)
{
	int c = scan_peek(s);
	if (c < 0)
		return scan_fail(s, s->at, -EINVAL, "%s expected, the text ends here", expected);
	if (c == '\n')
		return scan_fail(s, s->at, -EINVAL, "%s expected, the line ends here", expected);
	if (c < ' ' || c > '~')
		return scan_fail(s, s->at, -EINVAL, "%s expected, not byte 0x%02x", expected, (unsigned)c);
	return scan_fail(s, s->at, -EINVAL, "%s expected, not '%c'", expected, c);
}
