/* Words of a module. */
#ifndef MW_MODULE_SAY_H
#define MW_MODULE_SAY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Writes a detail or a reason, which people read; one that does not fit ends in "...". (mw_clip of base/core/text.h,
 * which modules are not linked with.) */
static inline void engine_say(char *out, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static inline void engine_say(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const int len = vsnprintf(out, n, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len >= n && n > 3)
		memcpy(out + n - 4, "...", 4);
}

#endif
