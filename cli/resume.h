/* `memwall run --resume`: opens the folder and checks that this is the same run. */
#ifndef MW_RESUME_H
#define MW_RESUME_H

#include "reports/journal.h"

/* Opens and locks the journal of dir and reads it into *old, which the caller frees in every case. In an empty folder,
 * left by a run that was killed at once, creates a journal. MW_ESPEC with a line in err: there is no run to resume, it
 * is still going on, or its journal cannot be read. */
int resume_open(const char *dir, struct results *old, struct journal **out, char *err, size_t n);

/* True when the head was written before the run was killed; otherwise the run starts again. */
bool resume_has_begun(const struct results *old);

/* 0, or MW_ESPEC with a line in err when program, profile, seed or machine of `now` differ from those of the
 * journal. */
int resume_same_run(const char *dir, const struct results *old, const struct results *now, char *err, size_t n);

#endif
