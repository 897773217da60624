/* Reads small files below a root directory, / or a captured tree. For the meters of this folder. */
#ifndef METER_TREE_H
#define METER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "energy/meters/meter.h"

/* Opens root: an O_PATH descriptor, or a negative code with why. */
int tree_open(const char *root, char *why, size_t n);
/* Reads a file's text without trailing white space. Returns its length, or -errno; an empty file is -ENODATA. */
int tree_text(int dirfd, const char *path, char *out, size_t n);
/* Reads a file that holds one unsigned number. 0, -errno, or MW_EFORMAT for any other contents. */
int tree_u64(int dirfd, const char *path, uint64_t *out);
/* Is this code a lack of memory or descriptors (-ENOMEM, -EMFILE, -ENFILE)? It says nothing about the machine, so no
 * domain may be left out because of it. */
bool tree_short(int rc);
/* Physical package of a CPU; -1 when the tree has none (offline CPUs have no topology), or an error for which
 * tree_short() is true. */
int tree_package_of(int rootfd, int cpu);
/* Reads a list of CPUs such as "0-3,8" in ascending order into *v, which the caller frees. Returns how many, at least
 * one; -errno or MW_EFORMAT. */
int tree_cpus(int dirfd, const char *path, int **v);
struct tree_package {
	int package, cpu; /* one CPU of it */
};
/* The packages of all online CPUs that have a topology entry, in *v, which the caller frees. Returns how many, or a
 * negative code. */
int tree_packages(int rootfd, struct tree_package **v);
/* Why no energy driver was found: "virtual machine" or "no energy driver for this CPU is loaded". */
const char *tree_why_absent(int rootfd);
/* Text for a code, with its errno name where it has one: "EACCES (Permission denied)". Returns out. */
const char *tree_errno(int code, char *out, size_t n);

/* Returns MW_EUNAVAILABLE, with why: more domains than a reading holds. */
int meter_too_many(size_t found, char *why, size_t n);
/* Appends to a list of reasons, separated by "; "; truncates at the end of the buffer. */
void reason_add(char *list, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Adds the ticks from prev to cur to *total and counts a wrap. dt_s: seconds since prev was read. -EIO with why when
 * the number of ticks is not certain or not plausible. */
int counter_advance(const struct energy_domain *d, uint64_t prev, uint64_t cur, double dt_s, uint64_t *total,
		    unsigned *wraps, char *why, size_t n);

#endif
