/* The words that a file's records use: its metrics and keys, so that files of other versions render too. */
#ifndef MW_WORDS_H
#define MW_WORDS_H

#include "base/core/record.h"

struct words {
	struct mw_metric *metric; /* by name */
	struct mw_key *key;
	size_t n_metrics, n_keys;
};

void words_fini(struct words *w);
/* Adds a declaration under a name that w lacks; texts are copied. -ENOMEM. */
int words_add_metric(struct words *w, const struct mw_metric *m);
int words_add_key(struct words *w, const struct mw_key *k);
/* What r declares and w lacks; *added (may be NULL): something was. -ENOMEM. */
int words_add_record(struct words *w, const struct mw_record *r, bool *added);

/* What a table of that benchmark's records shows: their metrics and parameters, as file (may be NULL) says them or they
 * declare them. -ENOMEM. */
int words_of_table(const struct words *file, const struct mw_records *l, const char *bench, struct words *out);

/* A declaration of that name: of w (may be NULL), else of the shared vocabulary, else NULL. */
const struct mw_metric *words_metric(const struct words *w, const char *name);
const struct mw_key *words_key(const struct words *w, const char *name);

/* The declaration of a pair: its own, else that of its name; NULL unknown. */
const struct mw_key *words_of(const struct words *w, const struct mw_kv *kv);

#endif
