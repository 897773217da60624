/* Reads the samples of a journal's line without a JSON value per number, because they are most of the line. Private to
 * reports/. */
#ifndef MW_JSON_SAMPLES_H
#define MW_JSON_SAMPLES_H

#include "base/core/record.h"

struct json_samples {
	struct mw_sample *v; /* NULL: none */
	size_t n;
};

/* Reads the samples of a line {"record":{..,"samples":{..}}} as journal_append writes it; *rest is the line without
 * them (malloc'd, *rest_len bytes). False for a line of any other form: the caller then parses all of it as JSON, which
 * also gives an error message. */
bool json_samples_take(const char *line, size_t len, struct json_samples *out, char **rest, size_t *rest_len);

#endif
