/* Reading an open journal. Private to reports/. */
#ifndef MW_JOURNAL_READ_H
#define MW_JOURNAL_READ_H

#include "reports/journal.h"

/* State of the end of the file, which decides how the next line is appended. */
struct journal_tail {
	bool has_head;
	off_t whole;    /* bytes up to the end of the last complete line */
	bool torn;      /* an incomplete line follows */
	bool unclosed;  /* the last complete line lacks its newline */
	bool other_run; /* the file has the head of another run: lines appended now would not be read */
};

/* Lines read, lines that could not be read, and entries of the record table looked at. */
struct journal_stats {
	size_t lines, unread;
	uint64_t probes;
};

/* Reads a regular file from its beginning; path is for messages only; stats and tail may be NULL. With tail it is no
 * error that the head is incomplete (the run was killed): tail->has_head is false then. */
int journal_read_fd(int fd, const char *path, struct results *out, struct journal_stats *stats,
		    struct journal_tail *tail, char *err, size_t n);

#endif
