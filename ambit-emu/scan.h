/* A text being read, and where: what the parsers of this folder share. */
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

/* Blanks and comments ('#' to the end of the line); newlines too where asked for. */
void scan_skip(struct ambit_scan *s, bool newlines);
/* Is c next? Then steps over it. */
bool scan_take(struct ambit_scan *s, char c);
/* Decimal number up to max. -EINVAL with a line in err. */
int scan_number(struct ambit_scan *s, uint32_t max, uint32_t *out);
/* Length of the name that stands here, 0 for none. */
size_t scan_name(const struct ambit_scan *s);
/* "line 2, column 5: ..." of position at into err; returns code. Bytes that are not printable must not be passed. */
int scan_fail(const struct ambit_scan *s, size_t at, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The failure of what stands here instead of `expected`. */
int scan_unexpected(const struct ambit_scan *s, const char *expected);

#endif
