/* Everything that a run leaves behind: results.json, schema 2 (reports/schema/results.schema.json). */
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
	char **argv;      /* owned, NULL-terminated; NULL when dropped or unknown */
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
	struct points points; /* of a journal: what its benchmarks were measuring */
	struct words words;   /* of a file: what its records use; declared records need none */
	struct results_skip *skipped;
	size_t n_skipped;
	bool partial;
	char *partial_why; /* in words; owned, NULL when complete */
};

void results_init(struct results *r);
void results_fini(struct results *r);
/* info and host of from become those of *to, which had none. -ENOMEM. */
int results_copy_head(struct results *to, const struct results *from);
/* Copies argc words. -ENOMEM. */
int results_set_argv(struct results *r, int argc, char *const *argv);
/* started = now (or SOURCE_DATE_EPOCH), as 2026-01-31T12:00:00Z. -ENOMEM. */
int results_set_started(struct results *r);
/* -ENOMEM. */
int results_skip(struct results *r, const char *bench, const char *reason);
void results_unskip(struct results *r, size_t i);
/* Sets partial, and why. -ENOMEM with partial set. */
int results_partial(struct results *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drops host name, argv, serial numbers and paths, also those inside records' texts; the numbers stay. */
void results_anonymize(struct results *r);
void record_anonymize(struct mw_record *rec);

/* Writes dir/results.json: temporary file, fsync, rename, fsync of the folder. 0 or -errno with one line in err;
 * -EINVAL: a pipe or device has that name. */
int results_write(const char *dir, const struct results *r, char *err, size_t n);

/* Reads and checks a results.json. MW_EFORMAT with one line naming the file and the place (line and column of a
 * syntax error, "records[17].unit" of a wrong value); -errno when it cannot be opened. *out is freed by the caller
 * with results_fini in every case. */
int results_read(const char *path, struct results *out, char *err, size_t n);

/* A results.json, or a run's folder: there the journal is read when it exists (it can hold more than the last
 * results.json), results.json otherwise. */
int results_load(const char *path, struct results *out, char *err, size_t n);

#endif
