/* Texts from outside (arguments, file names, results files) made safe to show. */
#ifndef MW_TEXT_H
#define MW_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at s, and in *len its length in bytes. -1 with *len = 1 where no valid UTF-8 sequence begins (stray or
 * missing continuation bytes, overlong, surrogate). s must not be empty. */
int32_t mw_utf8(const char *s, size_t *len);

/* True for what must not reach a terminal unescaped: -1 (not UTF-8), control characters C0 and C1, DEL, line and
 * paragraph separators, and characters that change the direction of writing. */
int mw_unprintable(int32_t code);

/* One line of printable UTF-8: what mw_unprintable names becomes \xNN (a byte) or \uNNNN (a code point). Returns the
 * length of the whole as snprintf does; what does not fit is cut between characters, never inside an escape. */
size_t mw_escape(const char *s, char *out, size_t n);

/* Buffer size that is enough for mw_escape of any text of len bytes. */
#define MW_ESCAPED(len) (4 * (len) + 1)

/* Three ways to put a text into a buffer of a fixed size; product code calls snprintf directly only where it looks at
 * the length. Text without a longest length belongs into a struct mw_buf or an owned string instead.
 *
 * mw_format: numbers and words of the program's own tables, for which out always has room. A text that does not fit is
 * a mistake of the program: variants debug, asan, ubsan and fuzz (MW_CHECK_TEXTS) abort, the others mark the cut as
 * mw_clip does. */
void mw_format(char *out, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* mw_fit: names that are used afterwards (paths, SPECs, words of the user). -ENAMETOOLONG with out empty when it does
 * not fit. */
int mw_fit(char *out, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4), warn_unused_result));
/* mw_clip: a line that is only read by people, such as a reason. One that does not fit ends in "...", between
 * characters of UTF-8. */
void mw_clip(char *out, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void mw_vclip(char *out, size_t n, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));
/* The same, after the text that out holds already. */
void mw_clip_add(char *out, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void mw_vclip_add(char *out, size_t n, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));
/* Room for any double with up to 20 decimals: the largest has 309 digits before the point. */
enum { MW_REAL_ROOM = 336 };

/* A text that grows. Initialise with {0}. When out of memory, the addition is left out and `failed` is set. */
struct mw_buf {
	char *p;
	size_t len, cap;
	int failed;
};

void mw_buf_add(struct mw_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mw_buf_vadd(struct mw_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Never NULL. */
const char *mw_buf_text(const struct mw_buf *b);
void mw_buf_clear(struct mw_buf *b);
void mw_buf_fini(struct mw_buf *b);

#endif
