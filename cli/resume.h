/* Going on with a run: its folder, and whether this is the same run. */
#ifndef MW_RESUME_H
#define MW_RESUME_H

#include "reports/journal.h"

/* Opens and locks the journal of dir and reads it into *old, which the caller frees in every case. An empty folder,
 * as a kill in the first moment leaves it, gets a journal. MW_ESPEC with a line in err: no run to go on with, a run
 * that is still alive, or a journal that cannot be read. */
int resume_open(const char *dir, struct results *old, struct journal **out, char *err, size_t n);

/* Was anything written before the kill? Otherwise the run begins anew. */
bool resume_has_begun(const struct results *old);

/* One report is of one run: MW_ESPEC with a line in err where program, profile, seed or machine of `now` are not
 * those of the journal. */
int resume_same_run(const char *dir, const struct results *old, const struct results *now, char *err, size_t n);

#endif
