/* The plain members of program and host, as tables: writer, reader and anonymiser walk the same lists. */
#ifndef MW_FIELDS_H
#define MW_FIELDS_H

#include <stddef.h>

enum field_type {
	FIELD_TEXT,
	FIELD_INT,   /* int, 0 = not reported */
	FIELD_U64,   /* uint64_t, 0 = not reported */
	FIELD_COUNT, /* uint64_t where 0 is a value and UINT64_MAX = not reported */
	FIELD_REAL,  /* double, 0 or NaN = not reported */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	size_t offset, size;
};

extern const struct field info_fields[]; /* of struct results_info */
extern const struct field host_fields[]; /* of struct results_host */

#endif
