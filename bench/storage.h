/* Loads, placement and records of the storage benchmark. */
#ifndef STORAGE_H
#define STORAGE_H

#include "base/core/err.h"
#include "base/sys/cpulist.h"
#include "bench/bench.h"
#include "bench/storage_io.h"

enum { STORAGE_RANDOM_BLOCK = 4096, STORAGE_SEQUENTIAL_BLOCK = 1 << 20, STORAGE_MAX_DEPTH = 256, STORAGE_LIST = 16 };

/* ---- loads ---- */

/* What to measure, of the options and the time. */
struct storage_wish {
	bool matrix; /* there is time for block sizes and for every depth */
	bool write;  /* --write */
	unsigned max_depth;
	uint64_t blocks[STORAGE_LIST]; /* of random requests */
	size_t n_blocks;               /* 0: by the time */
	int64_t depths[STORAGE_LIST];
	size_t n_depths; /* 0: by the time, up to max_depth */
};

struct storage_wish storage_wish_of(const struct bench_ctx *ctx);
/* The loads in the order of their records, written to v[0..max-1]; returns how many there are. None writes unless
 * wish->write. */
size_t storage_plan(const struct storage_wish *wish, struct storage_load *v, size_t max);

/* ---- where the thread runs ---- */

struct storage_place {
	int member;                   /* of the team; -1: the calling thread, not bound to a CPU */
	char irq_cpus[200];           /* CPUs that handle the disk's interrupts, "" unknown */
	char words[MW_ERR_ROOM + 80]; /* why there */
};

/* The first member on one of the CPUs; without CPUs (NULL) the calling thread, and why says why they are unknown;
 * without such a member the first one. */
void storage_choose_place(const struct mw_cpulist *irq, const char *why, const int *cpus, int n,
			  struct storage_place *out);

/* ---- records ---- */

enum storage_what { STORAGE_RATE, STORAGE_LATENCY, STORAGE_COMPLETION };

/* One value of a load. */
struct storage_value {
	enum storage_what what;
	enum storage_op op;
	unsigned per_mille; /* of latency and completion */
	bool whole_run;     /* of all requests of the run, without interval; else of each sample */
};

enum { STORAGE_VALUES = 16 };
/* The values of a load, in the order of their records; returns how many. */
size_t storage_values(const struct storage_load *l, bool uring, struct storage_value v[STORAGE_VALUES]);

/* A value of one sample in the unit of its record; NaN when it has too few requests. */
double storage_value_of(const struct storage_load *l, const struct storage_value *v, const struct storage_result *r);

/* What the records say of file and engine. */
struct storage_facts {
	const struct storage_file *file;
	const struct storage_place *place;
	uint64_t asked_bytes;
	bool uring;
	const char *engine_why;
	char suspect[300]; /* "" unknown */
};

extern const struct mw_emitter storage_emitter;
void storage_open_record(const struct storage_facts *f, const struct storage_load *l, const struct storage_value *v,
			 struct mw_record *rec);
/* What a load's samples showed: most requests in flight, and the CPU of the bound thread (-1: none). */
void storage_put_seen(struct mw_record *rec, unsigned in_flight, int cpu);
/* Number of requests that a value of the whole run is taken from. */
void storage_put_requests(struct mw_record *rec, uint64_t requests);

#endif
