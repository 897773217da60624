/* What the bandwidth benchmark says: the records of its points, and what follows from them. */
#ifndef MW_BENCH_BANDWIDTH_RECORDS_H
#define MW_BENCH_BANDWIDTH_RECORDS_H

#include "base/core/kernels/stream.h"
#include "base/core/record.h"

/* Where the bytes come from. BW_LARGEST: beyond the caches' size, but not by enough to be called DRAM. */
enum bw_place { BW_L1, BW_L2, BW_L3, BW_DRAM, BW_LARGEST, BW_PLACES };

const char *bw_place_name(enum bw_place p); /* "l1", ..., "dram", "largest" */

extern const struct mw_emitter bw_emitter;

/* One point, as the record says it. */
struct bw_words {
	enum bw_place place;
	const struct mw_stream_kernel *kernel;
	int threads;
	uint64_t array;  /* bytes of each array, over all threads */
	uint64_t caches; /* that these threads can allocate in */
	const char *pages, *obtained;
};

/* Bytes that all threads touch in one pass. */
uint64_t bw_size(enum mw_stream_op op, uint64_t array);
/* Opens the record of a point. */
void bw_record_open(struct mw_record *rec, const struct bw_words *w);

/* Points of one place, operation and number of threads: the best of their kernels is a record of its own. */
struct bw_cell {
	enum bw_place place;
	enum mw_stream_op op;
	int threads;
	unsigned kernels, listed; /* listed: of these kernels, those that the time budget has room for */
	const char *why;          /* not NULL: none is measured, and why */
};

/* Passes the points' records on, adds what the bus carries, and keeps what the envelope needs. */
struct bw_results {
	const struct mw_sink *out;
	double target;            /* of the profile: relative half width of intervals */
	const char *limit;        /* what kept the arrays from being larger */
	struct mw_records kept;   /* measured */
	struct mw_records absent; /* unavailable, with the reason */
};

int bw_results_add(void *self, const struct mw_record *rec); /* of struct mw_sink */
/* The best kernel of each cell and topology state (cases peak-*), and of all DRAM reads (dram-read-peak). */
int bw_results_envelope(const struct bw_results *r, const struct bw_cell *cells, size_t n);
void bw_results_fini(struct bw_results *r);

#endif
