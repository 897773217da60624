/* Temporary file and timed reads of the storage benchmark. */
#ifndef STORAGE_IO_H
#define STORAGE_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORAGE_BLOCK 4096u /* every block of this size contains its offset in the file */

/* Ends long work early. stop: may be NULL; deadline_ns: by mw_now_ns(), 0: none. */
struct storage_limit {
	const atomic_int *stop;
	uint64_t deadline_ns;
};

struct storage_file {
	int fd;
	uint64_t bytes;
	uint64_t seed;
	bool direct;         /* read with O_DIRECT, bypassing the page cache of this kernel */
	char direct_why[80]; /* why not */
	char fs[16];         /* "ext4", "xfs", or the magic number */
	char device[40];     /* "vda1", "" unknown */
	int rotational;      /* 1, 0, -1 unknown */
};

/* 0 when dir can hold a file of that size; MW_EUNAVAILABLE with the reason in why for memory file systems, missing
 * rights or space. */
int storage_check_dir(const char *dir, uint64_t bytes, char *why, size_t n);

/* Creates an unnamed file in dir with incompressible random data and syncs it. try_direct: try O_DIRECT. bytes: a
 * multiple of 1 MiB. If the deadline comes after at least 16 MiB, the file is shorter (f->bytes). MW_EUNAVAILABLE,
 * MW_ECANCELLED, MW_EBUDGET or -errno with a line in err. */
int storage_create(const char *dir, uint64_t bytes, uint64_t seed, bool try_direct, const struct storage_limit *limit,
		   struct storage_file *f, char *err, size_t n);
void storage_destroy(struct storage_file *f);

/* Writes the file's contents at offset to buf; offset and bytes are multiples of 4096. */
void storage_fill(uint64_t seed, uint64_t offset, void *buf, size_t bytes);
/* Compares every byte of buf with the file's contents: 0 or MW_EVERIFY. */
int storage_verify(uint64_t seed, uint64_t offset, const void *buf, size_t bytes);

struct storage_engine;
/* depth: largest number of reads in flight. With use_uring = false, or when the kernel refuses io_uring, reads are done
 * by pread one at a time and why gives the reason; why is "" with io_uring. 0 or -ENOMEM. */
int storage_engine_open(unsigned depth, bool use_uring, struct storage_engine **out, char *why, size_t n);
void storage_engine_close(struct storage_engine *e);
bool storage_engine_uring(const struct storage_engine *e);

struct storage_load {
	bool random;
	uint32_t block; /* bytes per read, a multiple of 4096 */
	unsigned depth;
	double seconds;
	unsigned min_ops; /* the sample lasts up to 10 times longer, and at least 2 s, to reach them */
};

struct storage_result {
	uint64_t ops, ns;
	double p50_ns, p99_ns; /* NaN below 20 and 100 operations */
};

/* Takes one sample; buf: depth x block bytes, aligned to 4096. Checks the offset in every block read: MW_EVERIFY. *rng:
 * state for random offsets. All reads have ended when this returns. */
int storage_sample(struct storage_engine *e, const struct storage_file *f, const struct storage_load *load, void *buf,
		   uint64_t *rng, const struct storage_limit *limit, struct storage_result *out, char *err, size_t n);

#endif
