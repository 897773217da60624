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
