/* records.jsonl, the journal of a run: each line is written by one write(2), so that SIGKILL loses no finished record.
 *
 * First line: {"head"} with program and host. Then in the order of time: {"words"}, the declarations that the next
 * record needs; {"point"} and {"samples"} of what is being measured; {"record"}; {"skipped"}; {"resumed"} at the start
 * of each later session; {"end"} with the way a session ended. A run whose last session has no end is partial.
 *
 * results.json is always written from what journal_read returns for its folder, by the run itself, a resumed run and
 * `memwall report`. */
#ifndef MW_JOURNAL_H
#define MW_JOURNAL_H

#include <sys/types.h>

#include "reports/results.h"

struct journal;

/* Creates dir/records.jsonl, or with resume opens the existing one, and locks it while it is open; writes nothing. With
 * resume *old is as from journal_read; it is empty and has no version if the run was killed before its head was
 * written. *old is freed by the caller in every case, and may be NULL without resume. Errors, with a line in err:
 * -EEXIST: the file exists and resume is false; -EBUSY: another run has locked it, or a report for more than 10 s;
 * -EINVAL: not a regular file (nor a link to one); MW_EFORMAT: its head cannot be read, or it also has the head of
 * another run; -errno. */
int journal_open(const char *dir, bool resume, struct results *old, struct journal **out, char *err, size_t n);
/* Begins a session: mends an incomplete last line, then appends the head (head->info and head->host) to a new journal,
 * or {"resumed"} (head->info.started and argv) to one that has a head. With head->info.anonymized every record is
 * anonymised before it is written. 0, or -errno with a line in err. */
int journal_begin(struct journal *j, const struct results *head, char *err, size_t n);
/* False where the file system has no locks, so that two runs could use one folder. */
bool journal_locked(const struct journal *j);
/* Appends a finished record. 0 or -errno. A line that could not be written completely is removed again. */
int journal_append(struct journal *j, const struct mw_record *r);
/* Appends samples of a point that is still being measured, so that they are not lost with the run. */
int journal_samples(struct journal *j, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n);
int journal_skip(struct journal *j, const char *bench, const char *reason);
/* Sets what the session counted (mw_host_during_fields of h), which is written with its end. Counts of sessions are
 * added up. -ENOMEM. */
int journal_counts(struct journal *j, const struct mw_host *h);
/* Appends the end of the session. partial_why: NULL or "" when complete, else why it is partial ("interrupted by
 * SIGINT"). */
int journal_end(struct journal *j, double elapsed_s, const char *partial_why);
/* The journal's contents so far, as from journal_read. */
int journal_results(struct journal *j, struct results *out, char *err, size_t n);
void journal_close(struct journal *j);

/* Locks the journal of dir, so that no run writes it while a report reads it and writes results.json; pass *hold to
 * journal_release. -EBUSY: a run is writing it, in process *pid, or 0 when unknown. 0 also when there is no journal or
 * no lock. */
int journal_hold(const char *dir, int *hold, pid_t *pid);
void journal_release(int hold);

/* Reads dir/records.jsonl, in time proportional to its size. Of two records with one identity (and one observed state,
 * in files of schema 1) the later is kept. An incomplete last line, damaged lines, and lines after the head of another
 * run are left out; out->partial_why gives their numbers. MW_EFORMAT when the head cannot be read, -errno when the file
 * cannot. *out is freed by the caller in every case. */
int journal_read(const char *dir, struct results *out, char *err, size_t n);

#endif
