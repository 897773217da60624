/* Reading an open journal. Private to reports/. */
#ifndef MW_JOURNAL_READ_H
#define MW_JOURNAL_READ_H

#include "reports/journal.h"

/* How the file ends, and with it where the next line goes. */
struct journal_tail {
	bool has_head;
	off_t whole;    /* bytes up to the end of the last whole line */
	bool torn;      /* what follows is the beginning of a line */
	bool unclosed;  /* only the newline of that line is missing */
	bool other_run; /* below the head of another run: what comes next would be unread */
};

/* What reading took: lines, those that could not be read, and places of the table of records looked at. */
struct journal_stats {
	size_t lines, unread;
	uint64_t probes;
};

/* The whole of a regular file, from its beginning, into *out; path for messages only. stats and tail may be NULL.
 * With tail a file that was killed before its head was whole is no error: has_head is false. */
int journal_read_fd(int fd, const char *path, struct results *out, struct journal_stats *stats,
		    struct journal_tail *tail, char *err, size_t n);

#endif
