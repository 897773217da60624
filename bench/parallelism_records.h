/* Records of the benchmark parallelism, and what follows from them: loads in flight and the knee. */
#ifndef MW_PARALLELISM_RECORDS_H
#define MW_PARALLELISM_RECORDS_H

#include <stdint.h>

#include "base/core/record.h"

extern const struct mw_emitter par_emitter;

struct par_words {
	const char *level; /* l1, l2, l3, dram, or largest */
	uint64_t size;     /* bytes touched by all threads */
	uint64_t stride, window;
	const char *pages, *obtained;
	int threads, cpu, node;
	unsigned chases;
};

/* Opens the record of one point. */
void par_record_open(struct mw_record *rec, const struct par_words *w);

/* Seed of a member's chains when they are built for the n-th time: another one each time, because caches keep, and some
 * prefetchers learn, what is always read first. */
uint64_t par_seed(uint64_t seed, int member, unsigned n);

/* Steps of each chain in a sample of sample_ns, when probe_steps took probe_ns. Of chains that caches cannot hold, of
 * that many elements (0: they can), at most 7 of 10: the last ones were written last and may still be cached. */
size_t par_steps(double sample_ns, uint64_t probe_ns, size_t probe_steps, size_t elements);
/* Time between two accesses of all chases and threads. */
double par_access_ns(uint64_t ns, size_t steps, unsigned chases, int threads);

/* Little's law: accesses in flight = accesses per ns x ns that one takes. With one chase per thread each access takes
 * threads x one_ns, where one_ns and ns are the mean times between two accesses of all threads. */
double par_in_flight(double one_ns, int threads, double ns);

/* A number of chases below the knee leaves more than 5 % to gain. */
#define PAR_GAIN 1.05
/* Index of the knee: the smallest number of chases from which no larger one is more than 5 % faster. ns: by ascending
 * number of chases. n must not be 0. */
size_t par_knee(const double *ns, size_t n);

/* Passes on the records of the points and keeps a copy of the measured ones; a struct mw_sink's emit. */
struct par_results {
	const struct mw_sink *out;
	struct mw_records kept;
};
int par_results_add(void *self, const struct mw_record *rec);
/* Emits what follows from the kept records, for each topology state on its own. */
int par_results_derive(const struct par_results *r);
void par_results_fini(struct par_results *r);

#endif
