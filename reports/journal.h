/* records.jsonl: a line per finished record, one write(2) each, so that SIGKILL loses nothing finished.
 *
 * First line: {"head"}, program and host. Then as they come: {"words"} before the first record that uses them,
 * {"point"} and {"samples"} of what is being measured, {"record"} and {"skipped"}; {"resumed"} begins each later
 * session and {"end"} says how one ended. A run whose last session has no end is partial.
 *
 * results.json is what journal_read gives for its folder, and nothing else: the run itself, a resumed one and
 * `memwall report` all write it from here. */
#ifndef MW_JOURNAL_H
#define MW_JOURNAL_H

#include <sys/types.h>

#include "reports/results.h"

struct journal;

/* Creates dir/records.jsonl, or with resume opens the one that is there, and locks it for as long as it is open;
 * writes nothing. With resume *old gets what it holds, as from journal_read; a journal that was killed before its
 * head was written gives an empty *old with no version. *old is freed by the caller in every case, and may be NULL
 * without resume. A line in err with:
 * -EEXIST: the file is there and resume is not asked for; -EBUSY: a living run holds it, or for 10 s a report; -EINVAL:
 * not a regular file (a link is none); MW_EFORMAT: its head cannot be read, or that of another run follows; -errno. */
int journal_open(const char *dir, bool resume, struct results *old, struct journal **out, char *err, size_t n);
/* What follows is appended: the head (head->info and head->host) of a new journal, the mark of a new session
 * (head->info.started and argv) in one that has a head, after a torn last line was cut off, or closed
 * where without locks it may be the beginning of another's.
 * With head->info.anonymized every record is anonymised before it is written. -errno with a line in err. */
int journal_begin(struct journal *j, const struct results *head, char *err, size_t n);
/* False where the file system has no locks: nothing then keeps two runs out of one folder. */
bool journal_locked(const struct journal *j);
/* 0 or -errno. A line that could not be written whole is taken back. */
int journal_append(struct journal *j, const struct mw_record *r);
/* Samples of a point that its benchmark still measures: what it says so far is not lost with the run. */
int journal_samples(struct journal *j, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n);
int journal_skip(struct journal *j, const char *bench, const char *reason);
/* This session ended: partial_why NULL or "" = complete, else why it is partial ("interrupted by SIGINT"). */
int journal_end(struct journal *j, double elapsed_s, const char *partial_why);
/* What the journal holds by now, as from journal_read. */
int journal_results(struct journal *j, struct results *out, char *err, size_t n);
void journal_close(struct journal *j);

/* Keeps runs from writing the journal of dir while it is read and results.json is written from it: *hold goes to
 * journal_release. -EBUSY: a run is writing it now, and *pid is that process, or 0 where it cannot be known.
 * 0 also where there is no journal or no lock to be had. */
int journal_hold(const char *dir, int *hold, pid_t *pid);
void journal_release(int hold);

/* Reads dir/records.jsonl, in time proportional to its size. Of two records with one identity (and, in files that
 * have it there, one observed state) the later wins. A torn last line is dropped, a damaged line costs itself, and
 * so does what follows the head of another run: out->partial_why says so, with the line numbers. MW_EFORMAT when the
 * head cannot be read, -errno when the file cannot. *out is freed by the caller in every case. */
int journal_read(const char *dir, struct results *out, char *err, size_t n);

#endif
