/* records.jsonl: a line per finished record, one write(2) each, so that SIGKILL loses nothing finished.
 *
 * First line: program and host. Then records and skipped benchmarks as they come. Last line: how the run ended.
 * Without it the run is partial. */
#ifndef MW_JOURNAL_H
#define MW_JOURNAL_H

#include "reports/results.h"

struct journal;

/* Creates dir/records.jsonl and writes its head (head->info and head->host); with resume, goes on in an existing
 * file after cutting off a torn last line. -EEXIST when the file is there and resume is not asked for.
 * With head->info.anonymized every record is anonymised before it is written. */
int journal_open(const char *dir, const struct results *head, bool resume, struct journal **out, char *err, size_t n);
/* 0 or -errno. */
int journal_append(struct journal *j, const struct mw_record *r);
int journal_skip(struct journal *j, const char *bench, const char *reason);
/* The run ended: partial_why NULL or "" = complete, else why it is partial ("interrupted by SIGINT"). */
int journal_end(struct journal *j, double elapsed_s, const char *partial_why);
void journal_close(struct journal *j);
/* A sink that appends; valid as long as the journal is. */
struct mw_sink journal_sink(struct journal *j);

/* Reads dir/records.jsonl. A torn last line is dropped and out->partial_why says so; a line that is damaged
 * elsewhere is MW_EFORMAT with its number in err. Records of a resumed run: the later of two with the same identity
 * and observed state wins. *out is freed by the caller in every case. */
int journal_read(const char *dir, struct results *out, char *err, size_t n);

#endif
