/* The results of a run: results.json, schema 2 (reports/schema/results.schema.json). */
#ifndef MW_RESULTS_H
#define MW_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/host.h"
#include "base/core/record.h"
#include "reports/points.h"
#include "reports/words.h"

#define RESULTS_SCHEMA 2

/* Which program ran, and how. Texts are owned, NULL when unknown. */
struct results_info {
	char *version;
	char *commit;
	char *compiler;
	char *flags;
	char *profile;
	char *started; /* UTC, ISO 8601; from SOURCE_DATE_EPOCH when that is set */
	uint64_t seed;
	double elapsed_s; /* NaN until the run has ended */
	char **argv;      /* owned, NULL-terminated; NULL when unknown or anonymised */
	bool anonymized;
};

extern const struct mw_field results_info_fields[]; /* all but seed, argv and anonymized */

struct results_skip {
	char *bench, *reason; /* owned, never NULL */
};

struct results {
	struct results_info info;
	struct mw_host host;
	struct mw_records records;
	struct points points; /* of a journal: points that its benchmarks were measuring */
	struct words words;   /* declarations that the file has for its records */
	struct results_skip *skipped;
	size_t n_skipped;
	bool partial;
	char *partial_why; /* in words; owned, NULL when complete */
};

void results_init(struct results *r);
void results_fini(struct results *r);
/* Copies info and host to *to, which must have none. 0 or -ENOMEM. */
int results_copy_head(struct results *to, const struct results *from);
/* Copies argc words to info.argv. 0 or -ENOMEM. */
int results_set_argv(struct results *r, int argc, char *const *argv);
/* Sets info.started to now (or SOURCE_DATE_EPOCH), as 2026-01-31T12:00:00Z. 0 or -ENOMEM. */
int results_set_started(struct results *r);
/* -ENOMEM. */
int results_skip(struct results *r, const char *bench, const char *reason);
void results_unskip(struct results *r, size_t i);
/* Sets partial, and why. -ENOMEM with partial set. */
int results_partial(struct results *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Removes host name, argv, serial numbers and paths, also inside the texts of records; numbers are kept. */
void results_anonymize(struct results *r);
void record_anonymize(struct mw_record *rec);

/* Writes dir/results.json (temporary file, fsync, rename, fsync of the folder). 0, or -errno with a line in err;
 * -EINVAL: the existing file is a pipe or device. */
int results_write(const char *dir, const struct results *r, char *err, size_t n);

/* Reads and checks a results.json. 0, or with a line in err MW_EFORMAT (with the place: line and column of a syntax
 * error, or "records[17].unit"), or -errno when it cannot be opened. Free *out with results_fini in every case. */
int results_read(const char *path, struct results *out, char *err, size_t n);

/* Reads a results.json, or of a run's folder the journal if it exists (it may have more than results.json), else
 * results.json. Errors as above; -ENOENT when the folder has neither. */
int results_load(const char *path, struct results *out, char *err, size_t n);

/* The same, and a list of records as --format=json prints it; what a list does not have, such as the host, stays
 * unknown. */
int results_load_records(const char *path, struct results *out, char *err, size_t n);

#endif
