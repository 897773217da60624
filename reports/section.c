#include "reports/section.h"

#include <string.h>

const struct section *section_of(const char *bench)
{
	for (const struct section *const *s = section_table; *s; s++)
		if ((*s)->bench && strcmp((*s)->bench, bench) == 0)
			return *s;
	return NULL;
}

const struct section *section_at(size_t i)
{
	for (int place = 0; place < SECTION_PLACES; place++)
		for (const struct section *const *s = section_table; *s; s++)
			if ((*s)->place == place && i-- == 0)
				return *s;
	return NULL;
}
