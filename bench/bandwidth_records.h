/* Records of the bandwidth benchmark: those of its points, and those derived from them. */
#ifndef MW_BENCH_BANDWIDTH_RECORDS_H
#define MW_BENCH_BANDWIDTH_RECORDS_H

#include "base/core/kernels/stream.h"
#include "base/core/record.h"
#include "bench/bandwidth_place.h"

/* Memory level. BW_LARGEST: a working set larger than the caches, but less than four times as large, so not called
 * DRAM. */
enum bw_place { BW_L1, BW_L2, BW_L3, BW_DRAM, BW_LARGEST, BW_PLACES };

const char *bw_place_name(enum bw_place p); /* "l1", ..., "dram", "largest" */

extern const struct mw_emitter bw_emitter;

/* What the record of a point says. */
struct bw_words {
	enum bw_place place;
	const struct mw_stream_kernel *kernel;
	const struct bw_placement *at;
	bool zeros;
	uint64_t array;  /* bytes of each array, over all threads */
	uint64_t caches; /* bytes of cache that these threads can use */
	const char *pages, *obtained;
};

/* Bytes that all threads together touch in one pass; array: bytes of each array. */
uint64_t bw_size(enum mw_stream_op op, uint64_t array);
/* Opens the record of a point. */
void bw_record_open(struct mw_record *rec, const struct bw_words *w);

/* All points of one place, operation and members, without those that store zeros. Their best kernel gets a record. */
struct bw_cell {
	enum bw_place place;
	enum mw_stream_op op;
	int threads;
	bool spread;
	unsigned kernels; /* of the family, with all kinds of store */
	unsigned probed;  /* kernels that were compared by probes */
	unsigned points;  /* kernels that fit into the time budget */
	const char *why;  /* not NULL: why none is measured */
};

/* Passes the points' records on, emits bus_bandwidth with them, and keeps the records that the envelope needs. */
struct bw_results {
	const struct mw_sink *out;
	double target;            /* of the profile: relative half width of intervals */
	const char *limit;        /* what limited the size of the arrays */
	struct mw_records kept;   /* measured */
	struct mw_records absent; /* unavailable, with the reason */
};

int bw_results_add(void *self, const struct mw_record *rec); /* the emit function of a struct mw_sink */
/* Emits the best kernel of each cell and topology state (cases peak-*), and of all DRAM reads (dram-read-peak). */
int bw_results_envelope(const struct bw_results *r, const struct bw_cell *cells, size_t n);
void bw_results_fini(struct bw_results *r);

#endif
