/* Records and results as JSON values (jansson), both ways. Private to reports/. */
#ifndef MW_JSON_H
#define MW_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "reports/json_samples.h"
#include "reports/results.h"

/* One dump format for every file: sorted keys, reals with 17 digits. */
#define JSON_FILE_FLAGS (JSON_SORT_KEYS | JSON_REAL_PRECISION(17) | JSON_INDENT(1))
#define JSON_LINE_FLAGS (JSON_SORT_KEYS | JSON_REAL_PRECISION(17) | JSON_COMPACT)

/* Samples have seven digits. */
#define JSON_SAMPLE_FLAGS (JSON_SORT_KEYS | JSON_REAL_PRECISION(7) | JSON_COMPACT)

/* Where the values of a document lie that is only looked at: they go all at once. Allocating and freeing each of them
 * was a third of reading a journal. */
struct json_room {
	struct room_block *block;
};

/* What lay there is gone. */
void json_room_reset(struct json_room *room);
void json_room_fini(struct json_room *room);

/* 0; MW_EFORMAT with *e; -ENOMEM. *doc is NULL but for 0. in NULL: *doc goes to json_decref. Else it lies in that room:
 * it must neither be changed nor counted. */
int json_read_text(const char *text, size_t size, struct json_room *in, json_t **doc, json_error_t *e);
/* NULL when memory is out; freed by the caller. */
char *json_write_text(const json_t *doc, size_t flags);

/* doc and a newline to f, in printable ASCII: it may be a terminal. Releases doc. failed: building it ran out of
 * memory. 0, -ENOMEM or what writing says. */
int json_print(FILE *f, json_t *doc, bool failed);

/* A string that is UTF-8 whatever the bytes were: others become '?'. NULL when memory is out. */
json_t *json_text(const char *s);
/* Non-finite becomes null: absent is never 0 and JSON has no NaN. */
json_t *json_number(double v);
/* Adds value to obj and counts failures in *failed, so that a writer checks once. Takes value's reference. */
void json_put(json_t *obj, const char *key, json_t *value, int *failed);

/* NULL when memory is out. */
json_t *json_from_record(const struct mw_record *r);
json_t *json_from_skip(const struct results_skip *s);
json_t *json_from_head(const struct results *r); /* {schema, memwall, host} */
json_t *json_from_words(const struct words *w);
/* One line; samples with seven digits. Both are freed by the caller. */
char *json_record_text(const struct mw_record *r);
/* A whole results.json: a line per record. */
char *json_results_text(const struct results *r);

/* Where a reader stands, for messages: "FILE: records[3].unit: ...". */
struct json_place {
	const char *file;
	char at[64];
	int schema;                   /* of the file, once its head was read */
	struct json_samples *samples; /* of the record, where they were read apart; the record takes them. NULL: none */
	char *err;
	size_t n;
};

/* MW_EFORMAT with "file: at.key: why" in place->err. */
int json_refuse(const struct json_place *p, const char *key, const char *why);
/* Each needs an object; fills what it read and leaves the rest of *out as it was. */
int json_to_record(const json_t *v, struct json_place *p, struct mw_record *out);
/* Of a journal: a point ("threads" beside its record), and samples of the point with a number. */
json_t *json_from_point(const struct mw_record *point, int threads);
json_t *json_from_point_samples(size_t number, const struct mw_sample *v, size_t n);
int json_to_point(const json_t *v, struct json_place *p, struct points *out);
int json_to_point_samples(const json_t *v, struct json_place *p, struct points *out);
int json_to_skip(const json_t *v, struct json_place *p, struct results *out);
int json_to_head(const json_t *v, struct json_place *p, struct results *out);
/* {"metrics", "keys"}; what out->words has already stays. */
int json_to_words(const json_t *v, struct json_place *p, struct results *out);
int json_to_results(const json_t *v, struct json_place *p, struct results *out);

#endif
