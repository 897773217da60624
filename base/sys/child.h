/* A child process for a library that may print, exit or crash: it cannot take the program with it. */
#ifndef MW_CHILD_H
#define MW_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mw_child {
	pid_t pid;
	int fd; /* stream socket to the child */
};

/* Runs serve(arg, fd) in a child and ends it when that returns. The child has no standard streams and none of the
 * program's other files, ignores SIGINT and SIGTERM, dies with the calling thread, and exit() in it runs no handler
 * of the program. -errno with a line in err. */
int mw_child_start(void (*serve)(void *arg, int fd), void *arg, struct mw_child *out, char *err, size_t n);

/* Whole messages, on either side. false when the other side is gone or, with timeout_ms >= 0, too slow. */
bool mw_child_send(int fd, const void *p, size_t n);
bool mw_child_receive(int fd, void *p, size_t n, int timeout_ms);

/* Ends the child, by force if it has not ended within 0.1 s, and says how it ended: "called exit(127)", "was killed by
 * signal 11", "gave no answer". how may be NULL: by force at once. Harmless on a child that has been ended. */
void mw_child_end(struct mw_child *c, char *how, size_t n);

#endif
