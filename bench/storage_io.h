/* The file and the reads of the storage benchmark. */
#ifndef STORAGE_IO_H
#define STORAGE_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORAGE_BLOCK 4096u /* every block of this size carries its own offset */

/* Ends long work early; stop may be NULL, deadline_ns 0. */
struct storage_limit {
	const atomic_int *stop;
	uint64_t deadline_ns;
};

struct storage_file {
	int fd;
	uint64_t bytes;
	uint64_t seed;
	bool direct;         /* O_DIRECT holds: no page cache of this kernel is in the way */
	char direct_why[80]; /* why not */
	char fs[16];         /* "ext4", "xfs", or the magic number */
	char device[40];     /* "vda1", "" unknown */
	int rotational;      /* 1, 0, -1 unknown */
};

/* Can a benchmark file of that size live in dir? Refuses memory file systems, missing rights and space:
 * MW_EUNAVAILABLE and why in words. */
int storage_check_dir(const char *dir, uint64_t bytes, char *why, size_t n);

/* A file without a name in dir, filled with random data that no file system compresses, on the medium when this
 * returns. try_direct = false leaves O_DIRECT off. bytes: a multiple of 1 MiB. At the deadline the file ends where the
 * filling was, if that is 16 MiB at least: f->bytes says so. MW_EUNAVAILABLE, MW_ECANCELLED, MW_EBUDGET or -errno with
 * a line in err. */
int storage_create(const char *dir, uint64_t bytes, uint64_t seed, bool try_direct, const struct storage_limit *limit,
		   struct storage_file *f, char *err, size_t n);
void storage_destroy(struct storage_file *f);

/* What the file holds at offset; offset and bytes are multiples of 4096. */
void storage_fill(uint64_t seed, uint64_t offset, void *buf, size_t bytes);
/* Compares every byte: 0 or MW_EVERIFY. */
int storage_verify(uint64_t seed, uint64_t offset, const void *buf, size_t bytes);

struct storage_engine;
/* depth: most reads in flight. use_uring = false, or a kernel that refuses io_uring, gives plain pread, one at a
 * time; why then says so in words, and is "" with io_uring. -ENOMEM. */
int storage_engine_open(unsigned depth, bool use_uring, struct storage_engine **out, char *why, size_t n);
void storage_engine_close(struct storage_engine *e);
bool storage_engine_uring(const struct storage_engine *e);

struct storage_load {
	bool random;
	uint32_t block; /* bytes per read, a multiple of 4096 */
	unsigned depth;
	double seconds;
	unsigned min_ops; /* goes on for up to 10 times as long, and 2 s at least, to reach them */
};

struct storage_result {
	uint64_t ops, ns;
	double p50_ns, p99_ns; /* NaN below 20 and 100 operations */
};

/* One sample into buf (depth x block bytes, aligned to 4096). Every read is checked against the stamp of its offset:
 * MW_EVERIFY. *rng goes on. All reads have ended when this returns. */
int storage_sample(struct storage_engine *e, const struct storage_file *f, const struct storage_load *load, void *buf,
		   uint64_t *rng, const struct storage_limit *limit, struct storage_result *out, char *err, size_t n);

#endif
