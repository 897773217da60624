/* Samples of a journal's line, read without making a value of each number: they are most of a line. Private to
 * reports/. */
#ifndef MW_JSON_SAMPLES_H
#define MW_JSON_SAMPLES_H

#include "base/core/record.h"

struct json_samples {
	struct mw_sample *v; /* NULL: nothing was taken */
	size_t n;
};

/* Takes the samples out of a line {"record":{..,"samples":{..}}} as journal_append writes it: *rest gets the line
 * without them (malloc'd, *rest_len bytes). What it does not know to the letter it leaves alone: false, and the whole
 * line is to be read as JSON, which also tells what is wrong with it. */
bool json_samples_take(const char *line, size_t len, struct json_samples *out, char **rest, size_t *rest_len);

#endif
