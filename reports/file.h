/* Whole files: read, and replace so that a reader sees the old or the new one, never half. */
#ifndef MW_FILE_H
#define MW_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* For reading, without waiting for the other end of a pipe: a descriptor, or -errno with a line in err. */
int file_open(const char *path, char *err, size_t n);
/* From its beginning: *text gets size bytes and a NUL, freed by the caller. Regular files up to 1 GiB only: MW_EFORMAT
 * for a pipe, device or folder, -EFBIG, -errno, each with a line in err that names path. */
int file_read_fd(int fd, const char *path, char **text, size_t *size, char *err, size_t n);
/* Both. */
int file_read(const char *path, char **text, size_t *size, char *err, size_t n);
/* As base/core/output.h says: temporary file, fsync, rename, fsync of the folder; pipes, devices and descriptors are
 * written as they are. On failure nothing is left behind, and a signal that ends the process leaves nothing either:
 * SIGINT and SIGTERM wait until a file is replaced. They end what is written through, which may wait for a reader. */
int file_replace(const char *path, const char *text, size_t size, char *err, size_t n);
/* SIGINT, SIGTERM and SIGHUP of this thread wait in between: where one ends the process it leaves no temporary file
 * behind. */
void file_hold_signals(sigset_t *old);
void file_let_signals(const sigset_t *old);
/* A pipe, device or descriptor: it is written through, and may keep the writer waiting. */
bool file_is_special(const char *path);
/* All of it, whatever the signals; 0 or -errno. */
int file_write_all(int fd, const char *text, size_t size);

#endif
