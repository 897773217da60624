/* Declarations of metrics and keys that a file has for its records, so that files of other versions can be shown. */
#ifndef MW_WORDS_H
#define MW_WORDS_H

#include "base/core/record.h"

struct words {
	struct mw_metric *metric; /* by name */
	struct mw_key *key;
	size_t n_metrics, n_keys;
};

void words_fini(struct words *w);
/* Adds a copy of a declaration, unless w has one of that name. 0 or -ENOMEM. */
int words_add_metric(struct words *w, const struct mw_metric *m);
int words_add_key(struct words *w, const struct mw_key *k);
/* Adds the declarations of r's metric and keys that w lacks; *added (may be NULL): true when there were any. 0 or
 * -ENOMEM. */
int words_add_record(struct words *w, const struct mw_record *r, bool *added);

/* Collects the declarations of the metrics and parameters in that benchmark's records: their own, else those of file
 * (may be NULL). 0 or -ENOMEM. */
int words_of_table(const struct words *file, const struct mw_records *l, const char *bench, struct words *out);

/* The declaration of that name in w (may be NULL), else in base/core/vocab.h, else NULL. */
const struct mw_metric *words_metric(const struct words *w, const char *name);
const struct mw_key *words_key(const struct words *w, const char *name);

/* The declaration of a pair: its own, else that of its name, else NULL. */
const struct mw_key *words_of(const struct words *w, const struct mw_kv *kv);

#endif
