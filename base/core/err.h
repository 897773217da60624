/* Error codes: 0, -errno for errors of the system, and codes below -4096 for the program's own errors. */
#ifndef MW_ERR_H
#define MW_ERR_H

#include <stddef.h>

enum mw_err {
	MW_EUNAVAILABLE = -4097, /* this machine lacks it; the reason is in the message */
	MW_ESPEC = -4098,        /* a SPEC or option text cannot be read */
	MW_EBUDGET = -4099,      /* the time or memory budget ended first */
	MW_ECANCELLED = -4100,   /* the user interrupted */
	MW_EVERIFY = -4101,      /* a result differs from the reference result */
	MW_EFORMAT = -4102,      /* a file is not in the expected format */
};

/* Text for a negative code of either kind; never NULL. Thread-safe: the text is constant. */
const char *mw_strerror(int code);

/* Room for a message that names two paths of the system's longest (PATH_MAX) and says why. */
enum { MW_ERR_ROOM = 8800 };
/* Room for a reason that names no path; the longest of them has some 300 characters. */
enum { MW_REASON_ROOM = 512 };

/* Formats one line into err (size n, may be 0) and returns code, so that a caller can `return mw_fail(...)`. A
 * message that does not fit ends in "...". */
int mw_fail(int code, char *err, size_t n, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
