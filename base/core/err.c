#include "base/core/err.h"

#include "base/core/text.h"

#include <stdarg.h>
#include <string.h>

const char *mw_strerror(int code)
{
	switch (code) {
	case 0:
		return "success";
	case MW_EUNAVAILABLE:
		return "not available on this machine";
	case MW_ESPEC:
		return "malformed option or device text";
	case MW_EBUDGET:
		return "time or memory budget ended";
	case MW_ECANCELLED:
		return "interrupted";
	case MW_EVERIFY:
		return "result differs from the reference result";
	case MW_EFORMAT:
		return "unexpected file format";
	default:
		break;
	}
	/* strerrordesc_np returns constant text, unlike strerror: no shared buffer between threads. */
	const char *text = code < 0 && code > MW_EUNAVAILABLE ? strerrordesc_np(-code) : NULL;
	return text ? text : "unknown error";
}

int mw_fail(int code, char *err, size_t n, const char *fmt, ...)
{
	if (err && n) {
		va_list ap;
		va_start(ap, fmt);
		mw_vclip(err, n, fmt, ap);
		va_end(ap);
	}
	return code;
}
