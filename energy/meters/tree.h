/* Small files below a root directory: / or a captured tree. For the meters of this folder. */
#ifndef METER_TREE_H
#define METER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "energy/meters/meter.h"

/* O_PATH descriptor of root; negative with why. */
int tree_open(const char *root, char *why, size_t n);
/* The file's text without trailing white space; its length, or -errno. An empty file is -ENODATA. */
int tree_text(int dirfd, const char *path, char *out, size_t n);
/* One unsigned number and nothing else; MW_EFORMAT otherwise. */
int tree_u64(int dirfd, const char *path, uint64_t *out);
/* Is it a lack of memory or descriptors? Says nothing about the machine, so nothing may be left out for it. */
bool tree_short(int rc);
/* Physical package of a CPU, -1 when the tree does not say (offline CPUs have no topology), or what tree_short knows.
 */
int tree_package_of(int rootfd, int cpu);
/* The CPUs of a list file in ascending order, in memory of the caller's; how many, at least one, -errno or MW_EFORMAT.
 */
int tree_cpus(int dirfd, const char *path, int **v);
struct tree_package {
	int package, cpu; /* one CPU of it */
};
/* The packages of all online CPUs that have a topology entry, in memory of the caller's; how many, or negative. */
int tree_packages(int rootfd, struct tree_package **v);
/* Why there is no energy driver here: "virtual machine" or "no driver for this CPU is loaded". */
const char *tree_why_absent(int rootfd);
/* Words for -errno, with the name of the code where it has one: "EACCES (Permission denied)". */
const char *tree_errno(int code, char *out, size_t n);

/* MW_EUNAVAILABLE with why: more domains than a reading holds. */
int meter_too_many(size_t found, char *why, size_t n);
/* Appends to a list of reasons, "; " between them; cut at the end of the buffer. */
void reason_add(char *list, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* One step of a wrapping counter: adds what happened between prev and cur to *total and counts a wrap. dt_s is the
 * time since prev was read. -EIO with why when it cannot be told. */
int counter_advance(const struct energy_domain *d, uint64_t prev, uint64_t cur, double dt_s, uint64_t *total,
		    unsigned *wraps, char *why, size_t n);

#endif
