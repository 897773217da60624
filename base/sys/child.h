/* Runs a library that may print, exit or crash in a child process, so that the program goes on. */
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
 * program's other files, ignores SIGINT and SIGTERM, dies with the calling thread, and exit() in it runs no handler of
 * the program. 0, or -errno with a line in err. */
int mw_child_start(void (*serve)(void *arg, int fd), void *arg, struct mw_child *out, char *err, size_t n);

/* Sends or receives n bytes, on either side. False when the other side is gone or needs longer than timeout_ms (if >=
 * 0). */
bool mw_child_send(int fd, const void *p, size_t n);
bool mw_child_receive(int fd, void *p, size_t n, int timeout_ms);

/* Ends the child, with SIGKILL if it has not ended within 0.1 s, and writes how it ended: "called exit(127)", "was
 * killed by signal 11", "gave no answer". how NULL: SIGKILL at once. Does nothing when the child has been ended
 * already. */
void mw_child_end(struct mw_child *c, char *how, size_t n);

#endif
