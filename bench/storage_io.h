/* Temporary file and timed requests of the storage benchmark. */
#ifndef STORAGE_IO_H
#define STORAGE_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/histogram.h"

#define STORAGE_BLOCK 4096u /* every block of this size contains its offset in the file */

/* Ends long work early. stop: may be NULL; deadline_ns: by mw_now_ns(), 0: none. */
struct storage_limit {
	const atomic_int *stop;
	uint64_t deadline_ns;
};

/* MW_ECANCELLED, MW_EBUDGET or 0. */
int storage_limit_reached(const struct storage_limit *l);

/* ---- the file ---- */

struct storage_file {
	int fd;
	uint64_t bytes;
	uint64_t seed;
	bool direct;           /* the descriptor has O_DIRECT: the page cache of this kernel is bypassed */
	char direct_why[80];   /* why not */
	char fs[16];           /* "ext4", "xfs", or the magic number */
	char device[40];       /* "vda1", "" unknown */
	unsigned major, minor; /* of the device */
	int rotational;        /* 1, 0, -1 unknown */
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

/* The first 8 bytes of the file's 4 KiB block at offset. */
uint64_t storage_stamp(uint64_t seed, uint64_t offset);
/* Writes the file's contents at offset to buf; offset and bytes are multiples of 4096. */
void storage_fill(uint64_t seed, uint64_t offset, void *buf, size_t bytes);
/* Compares every byte of buf with the file's contents: 0 or MW_EVERIFY. */
int storage_verify(uint64_t seed, uint64_t offset, const void *buf, size_t bytes);

/* Reads up to 256 random blocks of 4 KiB one at a time, then the same ones again; pass_ns: median of each pass. buf:
 * 4096 bytes, aligned. MW_EBUDGET below 20 blocks within the limit, or -errno. */
int storage_reread(const struct storage_file *f, void *buf, uint64_t *rng, const struct storage_limit *limit,
		   double pass_ns[2]);
/* Whether a cache seems to answer the reads of this file, and why, in words that begin with "yes: " or "no sign: ".
 * Yes: the page cache is used; a rotating disk answers within 1 ms, or any other device within 3 us; or the second pass
 * of storage_reread took less than 0.7 of the first. */
bool storage_cache_suspect(const struct storage_file *f, const double pass_ns[2], char *words, size_t n);

/* ---- requests ---- */

struct storage_engine;
/* depth: largest number of requests in flight. With use_uring = false, or when the kernel refuses io_uring, requests
 * are made by pread and pwrite one at a time and why gives the reason; why is "" with io_uring. 0 or -ENOMEM. */
int storage_engine_open(unsigned depth, bool use_uring, struct storage_engine **out, char *why, size_t n);
void storage_engine_close(struct storage_engine *e);
bool storage_engine_uring(const struct storage_engine *e);

/* What makes a write durable, as a request of its own: a block is written before it, which is not timed. */
enum storage_sync { STORAGE_NO_SYNC, STORAGE_FSYNC, STORAGE_FDATASYNC };

struct storage_load {
	double seconds;
	unsigned min_ops; /* the sample lasts up to 10 times longer, and at least 2 s, to reach them */
	uint32_t block;   /* bytes per request, a multiple of 4096 */
	unsigned depth;
	unsigned write_percent; /* of the requests, at random; 0: reads only, 100: writes only */
	enum storage_sync sync; /* with depth 1 and writes only */
	bool random;
};

enum storage_op { STORAGE_READ, STORAGE_WRITE, STORAGE_OPS };

/* Times of one kind of request. Latency: from just before it is given to the kernel to when its result is taken.
 * Completion: from when the kernel has accepted it; empty without io_uring, where one call does both. */
struct storage_times {
	struct mw_histogram latency, completion;
};

struct storage_result {
	uint64_t ops, ns;
	uint64_t full_ops, full_ns; /* from the first result to the last one before no new requests were made */
	unsigned in_flight;         /* requests that were accepted and not yet taken back, at most */
	uint64_t submissions;       /* calls by which the kernel accepted requests; 0 without io_uring */
	struct storage_times times[STORAGE_OPS];
};

/* Takes one sample; buf: depth x block bytes, aligned to 4096. Checks the offset in every block read: MW_EVERIFY. What
 * is written carries the offset as well, with other contents behind it than before. *rng: state for random choices. All
 * requests have ended when this returns. */
int storage_sample(struct storage_engine *e, const struct storage_file *f, const struct storage_load *load, void *buf,
		   uint64_t *rng, const struct storage_limit *limit, struct storage_result *out, char *err, size_t n);

/* Requests per second with the queue full. */
double storage_rate(const struct storage_result *r);
/* Percentile of a histogram in ns, for example 999 for 99.9 %; NaN when it has too few values for it: 20 for the median
 * and 95 %, 100 for 99 %, 1000 for 99.9 %; the largest (1000) needs one. */
double storage_percentile(const struct mw_histogram *h, unsigned per_mille);

#endif
