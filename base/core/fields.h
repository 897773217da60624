/* Members of a struct listed in a table, which copying, freeing, writing and reading all walk. */
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
	const char *name; /* name of the member, also its key in results.json; NULL ends a table */
	enum mw_field_type type;
	size_t offset;
	int later; /* files of earlier versions lack it: it is not known then */
};

/* One row of a table, for a member of struct T. */
#define MW_FIELD(T, member, kind, later)                                                                               \
	{                                                                                                              \
#member, kind, offsetof(T, member), later                                                              \
	}
#define MW_FIELDS_END                                                                                                  \
	{                                                                                                              \
		NULL, MW_FIELD_TEXT, 0, 0                                                                              \
	}

/* Address of the member in the struct at base. f must be a MW_FIELD_TEXT. */
char **mw_field_text(const struct mw_field *f, void *base);
size_t mw_field_size(const struct mw_field *f);

/* Sets every member to its "not known" value. Does not free texts. */
void mw_fields_init(const struct mw_field *fields, void *base);
/* Frees the texts, then sets every member to "not known". */
void mw_fields_fini(const struct mw_field *fields, void *base);
/* Deep copy; texts that *to held are not freed. -ENOMEM: *to is as after mw_fields_init. */
int mw_fields_copy(const struct mw_field *fields, void *to, const void *from);

/* Frees *dst and sets it to a copy of text, or to NULL when text is NULL or "". -ENOMEM: *dst is NULL. */
int mw_text_set(char **dst, const char *text);

/* text, or `absent` where text is NULL. */
static inline const char *mw_text_or(const char *text, const char *absent)
{
	return text ? text : absent;
}

#endif
