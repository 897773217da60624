/* A text and the current position in it; used by all parsers of this folder. */
#ifndef AMBIT_SCAN_H
#define AMBIT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ambit_scan {
	const char *text;
	size_t len, at;
	char *err; /* one line on failure; size n */
	size_t n;
};

/* The next byte, or -1 at the end. A NUL is a byte like any other. */
static inline int scan_peek(const struct ambit_scan *s)
{
	return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static inline bool scan_is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline bool scan_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* A name begins with a letter or '_' and goes on with these or digits. */
static inline bool scan_is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Skips blanks and comments ('#' to the end of the line); newlines too if asked for. */
void scan_skip(struct ambit_scan *s, bool newlines);
/* Steps over c if it is next; says whether it was. */
bool scan_take(struct ambit_scan *s, char c);
/* Reads a decimal number up to max. -EINVAL with a line in err. */
int scan_number(struct ambit_scan *s, uint32_t max, uint32_t *out);
/* Length of the name at the current position, 0 for none. */
size_t scan_name(const struct ambit_scan *s);
/* Writes "line 2, column 5: ..." for position `at` into err and returns code. The text may hold printable bytes only.
 */
int scan_fail(const struct ambit_scan *s, size_t at, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Fails with "`expected` expected, not ..." at the current position. Returns -EINVAL. */
int scan_unexpected(const struct ambit_scan *s, const char *expected);

#endif
