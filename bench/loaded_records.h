/* The records of `loaded`: what identifies a point, and what is derived from a curve. */
#ifndef MW_LOADED_RECORDS_H
#define MW_LOADED_RECORDS_H

#include "base/core/kernels/traffic.h"
#include "bench/bench.h"

extern const struct mw_emitter loaded_emitter;

/* Whose latency beside whose traffic. */
struct loaded_words {
	int cpu_node, memory_node;
	int threads; /* the chase and the generators */
	enum mw_mix mix;
	int load;      /* percent, 1 to 100; 0: without traffic */
	uint64_t size; /* bytes that the chase touches */
	size_t stride, window;
	const char *pages, *obtained;
	const char *isa;
	int cpu;             /* of the chase */
	bool sibling;        /* a generator runs on the core of the chase */
	uint64_t least_size; /* bytes that the chase must touch to read memory only */
};

enum loaded_metric { LOADED_LATENCY, LOADED_BANDWIDTH };

/* Opens the record of a point. Without load there is no bandwidth. */
void loaded_record_open(struct mw_record *rec, enum loaded_metric metric, const struct loaded_words *w);

/* What was found at a point. */
struct loaded_observed {
	size_t pause;        /* of the last sample */
	double target;       /* GB/s; NaN: none */
	double error;        /* largest of the samples */
	unsigned off_target; /* samples further from the target than the tolerance */
};

/* Receives the records of rounds_finish, adds what was observed, passes them on with the bytes of the bus, and keeps
 * them for the curves. */
struct loaded_results {
	const struct mw_sink *out;
	const struct bench_ctx *ctx;
	const struct loaded_observed *(*find)(void *self, const struct mw_record *rec); /* NULL: nothing */
	void *self;
	struct mw_records kept;
};

int loaded_results_add(void *self, const struct mw_record *rec);
/* Emits knee, highest bandwidth, saturation and over-saturation of each curve. */
int loaded_results_derive(struct loaded_results *r);
/* Writes the curves of the first pair of nodes, in the topology state with most samples, as memory_curves.csv of the
 * Mess benchmark. Of two mixes with the same share of reads the one with ordinary stores. 0, or an error with a line in
 * err. */
int loaded_results_csv(const struct loaded_results *r, const char *path, char *err, size_t n);
/* The same from all records of a run, also of one that was read from a file. MW_EUNAVAILABLE: it has no curve. */
int loaded_records_csv(const struct mw_records *l, const char *path, char *err, size_t n);
void loaded_results_fini(struct loaded_results *r);

#endif
