/* Plain members of a struct as a table, so that copying, freeing, writing and reading walk one list. */
#ifndef MW_FIELDS_H
#define MW_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#define MW_COUNT_UNKNOWN UINT64_MAX

enum mw_field_type {
	MW_FIELD_TEXT,  /* char *, owned, of any length; NULL = not known */
	MW_FIELD_INT,   /* int, 0 = not known */
	MW_FIELD_U64,   /* uint64_t, 0 = not known */
	MW_FIELD_COUNT, /* uint64_t where 0 is a value and MW_COUNT_UNKNOWN = not known */
	MW_FIELD_REAL,  /* double, 0 or NaN = not known */
};

struct mw_field {
	const char *name; /* of the member, also in results.json; NULL ends a table */
	enum mw_field_type type;
	size_t offset;
};

/* One row of a table: member of struct T. */
#define MW_FIELD(T, member, kind)                                                                                      \
	{                                                                                                              \
#member, kind, offsetof(T, member)                                                                     \
	}

/* The member itself; text is that of a text field. */
char **mw_field_text(const struct mw_field *f, void *base);
size_t mw_field_size(const struct mw_field *f);

/* All not known. What was there is forgotten, not freed. */
void mw_fields_init(const struct mw_field *fields, void *base);
/* Frees the texts, then as mw_fields_init. */
void mw_fields_fini(const struct mw_field *fields, void *base);
/* to gets texts of its own; what it held is forgotten. -ENOMEM with *to as after mw_fields_init. */
int mw_fields_copy(const struct mw_field *fields, void *to, const void *from);

/* *dst becomes a copy of text (NULL or "": NULL), and what it held is freed. -ENOMEM with *dst NULL. */
int mw_text_set(char **dst, const char *text);

/* For showing: absent where text is NULL. */
static inline const char *mw_text_or(const char *text, const char *absent)
{
	return text ? text : absent;
}

#endif
