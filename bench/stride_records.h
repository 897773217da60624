/* Records of the stride benchmark: those of its points, and those derived from them. */
#ifndef MW_BENCH_STRIDE_RECORDS_H
#define MW_BENCH_STRIDE_RECORDS_H

#include "base/core/kernels/walk.h"
#include "base/core/record.h"
#include "base/sys/arena.h"
#include "bench/stride_ways.h"

enum { STRIDE_MOST = 16 }; /* strides of a run */

extern const struct mw_emitter stride_emitter;

struct stride_place {
	enum mw_pages pages;
	int cpu; /* -1: not known yet */
	const struct mw_block *block;
};

void stride_walk_open(struct mw_record *rec, const struct stride_place *place, const struct mw_walk *w);
void stride_chain_open(struct mw_record *rec, const struct stride_place *place, size_t stride, int lines);

/* Passes the points' records on and keeps those that the derived ones need. */
struct stride_results {
	const struct mw_sink *out;
	struct mw_records kept; /* freed by the caller */
	size_t bytes;           /* of the largest working set */
	const size_t *strides;  /* of its walks, smallest first */
	size_t n_strides;
	size_t curves[STRIDE_CURVES]; /* strides of the chains, smallest first */
	size_t n_curves;
	enum mw_pages pages;
	int cpu;
	uint64_t caches;   /* bytes that one thread can use */
	const char *limit; /* what limits the bytes, for notes */
};

int stride_results_add(void *self, const struct mw_record *rec); /* the emit function of a struct mw_sink */
/* Emits reach of prefetchers, effect of adjacent lines, and ways of the caches. */
int stride_results_derive(const struct stride_results *d);

#endif
