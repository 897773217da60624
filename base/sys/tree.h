/* Reads small files of /proc and /sys below a root directory, which may be a captured tree of another machine. */
#ifndef MW_TREE_H
#define MW_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens root for the calls below. Returns a descriptor (free with close()), or -errno when root is no directory. */
int mw_tree_open(const char *root);

/* Reads at most n - 1 bytes of the file into out and ends them with NUL; trailing white space is cut. Returns the
 * length, or -errno with out = "". A leading '/' of a path is ignored: paths are below the root. */
int mw_tree_read(int root_fd, const char *path, char *out, size_t n);

/* The whole file, ended by NUL, freed by the caller; NULL when it cannot be read. At most 16 MiB. */
char *mw_tree_slurp(int root_fd, const char *path);

/* The whole file without trailing white space, freed by the caller; NULL where it is empty. -errno with NULL. */
int mw_tree_text(int root_fd, const char *path, char **out);

/* All bytes of a file that is not text, freed by the caller. -errno with NULL. At most 16 MiB. */
int mw_tree_bytes(int root_fd, const char *path, unsigned char **out, size_t *n);

/* First number of the file. -errno, or -EINVAL when it does not begin with a decimal number. */
int mw_tree_u64(int root_fd, const char *path, uint64_t *out);

/* Value after `key` at the start of a line of text ("MemTotal:  123 kB", "inactive_file 123"); false when absent or
 * not a number. */
bool mw_text_u64(const char *text, const char *key, uint64_t *out);
/* The same for text up to the end of the line, without leading white space and colon. */
bool mw_text_str(const char *text, const char *key, char *out, size_t n);
/* The same at any length, freed by the caller; NULL where the value is absent or empty. -ENOMEM with NULL. */
int mw_text_value(const char *text, const char *key, char **out);

#endif
