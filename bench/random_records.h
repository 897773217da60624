/* Records of the random benchmark: those of its points, and those derived from them. */
#ifndef MW_BENCH_RANDOM_RECORDS_H
#define MW_BENCH_RANDOM_RECORDS_H

#include "base/core/record.h"
#include "bench/random_table.h"

extern const struct mw_emitter random_emitter;

/* What the record of a point says. */
struct random_words {
	const struct mw_host *host;
	enum mw_gups_op op;
	enum mw_isa isa;
	uint64_t bytes; /* of the table, over all threads */
	int threads;
	enum mw_pages pages;
	const struct mw_block *block;
};

/* Opens the record of a point, whose value is a rate. */
void random_record_open(struct mw_record *rec, const struct random_words *w);

/* Emits an unavailable record for a page kind that this machine cannot give. */
int random_emit_missing(const struct mw_sink *sink, enum mw_pages kind, const char *why);

/* Passes a point's record on to the sink at self, and with it the time per access, and beyond the caches bytes of the
 * program and of the bus. */
int random_emit_with_derived(void *self, const struct mw_record *rec);

/* Emits the number of wrong words that were found, if any update was checked. */
int random_emit_errors(const struct mw_sink *sink, const struct random_table *t);

#endif
