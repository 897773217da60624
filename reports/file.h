/* Whole files: read, and replace so that a reader sees the old or the new one, never half. Private to reports/. */
#ifndef MW_FILE_H
#define MW_FILE_H

#include <stddef.h>

/* *text gets size bytes and a NUL, freed by the caller. -errno with a line in err. */
int file_read(const char *path, char **text, size_t *size, char *err, size_t n);
/* As base/core/output.h says: temporary file, fsync, rename, fsync of the folder; pipes, devices and descriptors are
 * written as they are. On failure nothing is left behind. */
int file_replace(const char *path, const char *text, size_t size, char *err, size_t n);
/* All of it, whatever the signals; 0 or -errno. */
int file_write_all(int fd, const char *text, size_t size);

#endif
