/* Number formats and the memory that a value takes in each. libc only. */
#ifndef MW_PRECISION_H
#define MW_PRECISION_H

#include <stddef.h>

struct precision {
	const char *name;
	double bits;       /* per value, its part of a shared scale included */
	const char *words; /* what it is, and where the size comes from */
};

/* Format i of the table, or NULL after the last one. */
const struct precision *precision_at(size_t i);
/* The format of that name, or NULL. */
const struct precision *precision_find(const char *name);
/* Name of format i or NULL: the legal words of an option. */
const char *precision_name(size_t i);

#endif
