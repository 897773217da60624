/* Reads whole files, and replaces them so that a reader sees either the old or the new contents. */
#ifndef MW_FILE_H
#define MW_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens a file for reading, without waiting for the other end of a pipe. A descriptor, or -errno with a line in err. */
int file_open(const char *path, char *err, size_t n);
/* Reads the file from its beginning: *text is *size bytes and a NUL, freed by the caller. Regular files up to 1 GiB
 * only: MW_EFORMAT for a pipe, device or folder, -EFBIG, -errno, each with a line in err that names path. */
int file_read_fd(int fd, const char *path, char **text, size_t *size, char *err, size_t n);
/* file_open, then file_read_fd. */
int file_read(const char *path, char **text, size_t *size, char *err, size_t n);
/* Writes a file by base/core/output.h: temporary file, fsync, rename, fsync of the folder; pipes, devices and
 * descriptors are written directly. On failure no temporary file remains. SIGINT, SIGTERM and SIGHUP are delayed while
 * a file is replaced, so that they leave no temporary file; writing to a pipe or device, which may block, can be
 * interrupted. 0 or -errno with a line in err. */
int file_replace(const char *path, const char *text, size_t size, char *err, size_t n);
/* Blocks SIGINT, SIGTERM and SIGHUP for this thread, and restores the mask: no temporary file remains when one of them
 * ends the process. */
void file_hold_signals(sigset_t *old);
void file_let_signals(const sigset_t *old);
/* True for a pipe, device or descriptor: it is written directly, which may block. */
bool file_is_special(const char *path);
/* Writes all of text, also when signals interrupt write(). 0 or -errno. */
int file_write_all(int fd, const char *text, size_t size);

#endif
