/* Converts records and results to JSON values (jansson) and back. Private to reports/. */
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

/* Memory for the values of a document that is only read. All values are freed at once: allocating and freeing each took
 * a third of the time of reading a journal. */
struct json_room {
	struct room_block *block;
};

/* Frees all values in the room. */
void json_room_reset(struct json_room *room);
void json_room_fini(struct json_room *room);

/* Parses text. 0, MW_EFORMAT with *e, or -ENOMEM; *doc is NULL on errors. in NULL: free *doc with json_decref. Else
 * *doc is in that room: do not change it, nor take or release references. */
int json_read_text(const char *text, size_t size, struct json_room *in, json_t **doc, json_error_t *e);
/* doc as text, freed by the caller; NULL when out of memory. */
char *json_write_text(const json_t *doc, size_t flags);

/* Writes doc and a newline to f in printable ASCII, because f may be a terminal, and releases doc. failed: building doc
 * ran out of memory. 0, -ENOMEM or the error of writing. */
int json_print(FILE *f, json_t *doc, bool failed);

/* A string value; bytes that are not UTF-8 become '?'. NULL when out of memory. */
json_t *json_text(const char *s);
/* A number; null for NaN and infinities, which JSON does not have. */
json_t *json_number(double v);
/* Adds value to obj, taking its reference. Counts failures in *failed, so that the caller checks once. */
void json_put(json_t *obj, const char *key, json_t *value, int *failed);

/* These return NULL when out of memory. */
json_t *json_from_record(const struct mw_record *r);
json_t *json_from_skip(const struct results_skip *s);
json_t *json_from_head(const struct results *r); /* {schema, memwall, host} */
json_t *json_from_words(const struct words *w);
/* A record in one line, samples with seven digits. Freed by the caller; NULL when out of memory. */
char *json_record_text(const struct mw_record *r);
/* A whole results.json, one line per record. Freed by the caller; NULL when out of memory. */
char *json_results_text(const struct results *r);

/* Position of a reader, for messages such as "FILE: records[3].unit: ...". */
struct json_place {
	const char *file;
	char at[64];
	int schema;                   /* schema of the file, after its head was read */
	struct json_samples *samples; /* of the record, if read separately; the record takes them over. NULL: none */
	char *err;
	size_t n;
};

/* Returns MW_EFORMAT and writes "file: at.key: why" to p->err. */
int json_refuse(const struct json_place *p, const char *key, const char *why);
/* Each reads an object into *out; members that it lacks stay as they were. 0, MW_EFORMAT or -ENOMEM with a line in
 * p->err. */
int json_to_record(const json_t *v, struct json_place *p, struct mw_record *out);
/* A list of records, as --format=json prints it. */
int json_to_records(const json_t *v, struct json_place *p, struct results *out);
/* Lines of a journal: a point (its record and "threads"), and samples of the point with that number. */
json_t *json_from_point(const struct mw_record *point, int threads);
json_t *json_from_point_samples(size_t number, const struct mw_sample *v, size_t n);
int json_to_point(const json_t *v, struct json_place *p, struct points *out);
int json_to_point_samples(const json_t *v, struct json_place *p, struct points *out);
int json_to_skip(const json_t *v, struct json_place *p, struct results *out);
int json_to_head(const json_t *v, struct json_place *p, struct results *out);
/* Reads {"metrics", "keys"}; declarations that out->words has already are kept. */
int json_to_words(const json_t *v, struct json_place *p, struct results *out);
int json_to_results(const json_t *v, struct json_place *p, struct results *out);

#endif
