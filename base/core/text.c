#include "base/core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t mw_utf8(const char *s, size_t *len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;
	int32_t code = n == 1 ? u[0] : n ? u[0] & (0xff >> (n + 1)) : -1;
	for (size_t i = 1; i < n && code >= 0; i++)
		code = (u[i] & 0xc0) == 0x80 ? code << 6 | (u[i] & 0x3f) : -1;
	if ((n == 3 && code < 0x800) || (n == 4 && (code < 0x10000 || code > 0x10ffff)) ||
	    (code >= 0xd800 && code < 0xe000))
		code = -1;
	*len = code < 0 ? 1 : n;
	return code;
}

int mw_unprintable(int32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t mw_escape(const char *s, char *out, size_t n)
{
	size_t total = 0, kept = 0;
	for (size_t len; *s; s += len) {
		char text[8];
		int32_t code = mw_utf8(s, &len);
		size_t size = len;
		if (code >= 0x80 && mw_unprintable(code))
			size = (size_t)snprintf(text, sizeof(text), "\\u%04x", (unsigned)code & 0xffff);
		else if (mw_unprintable(code))
			size = (size_t)snprintf(text, sizeof(text), "\\x%02x", (unsigned)(unsigned char)*s);
		else
			memcpy(text, s, len);
		if (kept == total && kept + size < n) {
			memcpy(out + kept, text, size);
			kept += size;
		}
		total += size;
	}
	if (n)
		out[kept] = '\0';
	return total;
}

/* Ends a text that filled out (n bytes, the last one NUL) with "...": as many dots as there is room for. */
static void mark_cut(char *out, size_t n)
{
	static const char dots[] = "...";
	const size_t marks = n - 1 < sizeof(dots) - 1 ? n - 1 : sizeof(dots) - 1;
	size_t at = n - 1 - marks;
	while (at && ((unsigned char)out[at] & 0xc0) == 0x80)
		at--;
	memcpy(out + at, dots, marks);
	out[at + marks] = '\0';
}

/* False when the text did not fit; it is marked then. */
static int format_or_mark(char *out, size_t n, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));
static int format_or_mark(char *out, size_t n, const char *fmt, va_list ap)
{
	const int len = vsnprintf(out, n, fmt, ap);
	if (len < 0 && n)
		out[0] = '\0';
	if (len >= 0 && (size_t)len >= n && n)
		mark_cut(out, n);
	return len >= 0 && (size_t)len < n;
}

void mw_format(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const int fits = format_or_mark(out, n, fmt, ap);
	va_end(ap);
#ifdef MW_CHECK_TEXTS
	if (!fits) {
		(void)fprintf(stderr, "mw_format: \"%s\" does not fit into %zu bytes: %s\n", fmt, n, n ? out : "");
		abort();
	}
#else
	(void)fits;
#endif
}

int mw_fit(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const int len = vsnprintf(out, n, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < n)
		return 0;
	if (n)
		out[0] = '\0';
	return -ENAMETOOLONG;
}

void mw_vclip(char *out, size_t n, const char *fmt, va_list ap)
{
	(void)format_or_mark(out, n, fmt, ap);
}

void mw_clip(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_vclip(out, n, fmt, ap);
	va_end(ap);
}

void mw_vclip_add(char *out, size_t n, const char *fmt, va_list ap)
{
	const size_t len = n ? strlen(out) : 0;
	const int more = vsnprintf(n ? out + len : NULL, n - len, fmt, ap);
	if (n && more >= 0 && (size_t)more >= n - len)
		mark_cut(out, n);
}

void mw_clip_add(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_vclip_add(out, n, fmt, ap);
	va_end(ap);
}

void mw_buf_vadd(struct mw_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0 || b->failed)
		return;
	size_t need = b->len + (size_t)len + 1;
	if (need > b->cap) {
		size_t cap = need < 128 ? 128 : 2 * need;
		char *p = realloc(b->p, cap);
		if (!p) {
			b->failed = 1;
			return;
		}
		b->p = p;
		b->cap = cap;
	}
	(void)vsnprintf(b->p + b->len, (size_t)len + 1, fmt, ap);
	b->len += (size_t)len;
}

void mw_buf_add(struct mw_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_buf_vadd(b, fmt, ap);
	va_end(ap);
}

const char *mw_buf_text(const struct mw_buf *b)
{
	return b->len ? b->p : "";
}

void mw_buf_clear(struct mw_buf *b)
{
	b->len = 0;
	b->failed = 0;
}

void mw_buf_fini(struct mw_buf *b)
{
	free(b->p);
	*b = (struct mw_buf){0};
}
