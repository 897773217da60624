/* One sample of threads that work on common lines for a fixed time. */
#ifndef MW_CORES_CONTEND_H
#define MW_CORES_CONTEND_H

#include "bench/cores_records.h"
#include "bench/rounds.h"

struct cores_contend {
	struct mw_team *team;
	const struct mw_contend *kernel;
	void *block; /* mw_contend_bytes(threads), aligned to MW_CONTEND_APART */
	int threads;
	double sample_ns;
	uint64_t *done; /* operations of each thread, apart: CORES_DONE_STEP * rank; of the caller */
	double value[CORES_METRICS];
	bool fresh[CORES_METRICS]; /* in the round that took the sample */
	unsigned round;
	struct round_shared shared;
};

enum { CORES_DONE_STEP = MW_CONTEND_APART / sizeof(uint64_t) };

struct cores_contend_arg {
	struct cores_contend *point;
	enum cores_metric metric;
};

/* A round_point's measure; arg: struct cores_contend_arg. The metrics of one point use the same sample. MW_EVERIFY when
 * the words in memory do not hold what the threads counted. */
int cores_contend_measure(void *arg, double *value, char *err, size_t n);

/* The three values of a sample of ns in which thread i of n did done[i] operations. */
void cores_contend_values(const uint64_t *done, int n, uint64_t ns, double value[CORES_METRICS]);

#endif
