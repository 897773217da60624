/* The records of the latency benchmark: points, verdicts on prefetching, and levels found. */
#ifndef MW_LATENCY_RECORDS_H
#define MW_LATENCY_RECORDS_H

#include "bench/bench.h"
#include "bench/latency_chase.h"

enum {
	LATENCY_QUOTED_STRIDE = 256,    /* least stride of the quoted latency, bytes */
	LATENCY_REFERENCE_STRIDE = 512, /* smaller strides are compared with this one */
	LATENCY_HELPED_STRIDE = 64,     /* what prefetchers help most: every line of a page, page by page */
	LATENCY_HELPED_WINDOW = 4096
};

enum latency_metric { LATENCY_NS, LATENCY_CYCLES, LATENCY_METRICS };

extern const struct mw_emitter latency_emitter;

/* Opens the record of a point; name is its case, a literal. */
void latency_open(struct mw_record *rec, enum latency_metric m, const char *name, const struct chase *c);
/* Emits an unavailable record for a page kind that this machine cannot give. */
int latency_missing(const struct mw_sink *sink, const char *name, enum mw_pages kind, const char *why);
/* True when the kernel gave the pages that were asked for (nine tenths of them where they are transparent). */
bool latency_pages_given(const struct mw_block *block);

/* What the points were measured for. */
struct latency_look {
	const struct mw_host *host;
	enum mw_pages pages;   /* of the quoted point */
	size_t stride, window; /* of the ladder */
	uint64_t span;         /* of the quoted point; 0: the sizes were asked for, nothing is judged */
};

/* Writes the verdicts into the points and emits them, then the levels that these show. */
int latency_emit(struct mw_records *points, const struct latency_look *look, const struct mw_sink *sink);

#endif
