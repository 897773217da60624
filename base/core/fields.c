#include "base/core/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char **mw_field_text(const struct mw_field *f, void *base)
{
	return (char **)(void *)((char *)base + f->offset);
}

size_t mw_field_size(const struct mw_field *f)
{
	static const size_t sizes[] = {[MW_FIELD_TEXT] = sizeof(char *),
				       [MW_FIELD_INT] = sizeof(int),
				       [MW_FIELD_U64] = sizeof(uint64_t),
				       [MW_FIELD_COUNT] = sizeof(uint64_t),
				       [MW_FIELD_REAL] = sizeof(double)};
	return sizes[f->type];
}

void mw_fields_init(const struct mw_field *fields, void *base)
{
	for (const struct mw_field *f = fields; f->name; f++) {
		if (f->type == MW_FIELD_TEXT)
			*mw_field_text(f, base) = NULL;
		else
			memset((char *)base + f->offset, f->type == MW_FIELD_COUNT ? 0xff : 0, mw_field_size(f));
	}
}

void mw_fields_fini(const struct mw_field *fields, void *base)
{
	for (const struct mw_field *f = fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT)
			free(*mw_field_text(f, base));
	mw_fields_init(fields, base);
}

int mw_fields_copy(const struct mw_field *fields, void *to, const void *from)
{
	int rc = 0;
	mw_fields_init(fields, to);
	for (const struct mw_field *f = fields; f->name && rc == 0; f++) {
		const void *at = (const char *)from + f->offset;
		if (f->type == MW_FIELD_TEXT)
			rc = mw_text_set(mw_field_text(f, to), *(char *const *)at);
		else
			memcpy((char *)to + f->offset, at, mw_field_size(f));
	}
	if (rc < 0)
		mw_fields_fini(fields, to);
	return rc;
}

int mw_text_set(char **dst, const char *text)
{
	char *copy = text && *text ? strdup(text) : NULL;
	free(*dst);
	*dst = copy;
	return text && *text && !copy ? -ENOMEM : 0;
}
