/* Records of the benchmark cores, and the medians over pairs. */
#ifndef MW_CORES_RECORDS_H
#define MW_CORES_RECORDS_H

#include "base/core/kernels/contend.h"
#include "bench/cores_pairs.h"

#include "base/core/record.h"

extern const struct mw_emitter cores_emitter;

/* What happens to the line of a pair. */
enum cores_line { CORES_MODIFIED, CORES_SHARED, CORES_HANDOVER, CORES_LINES };
const char *cores_line_name(enum cores_line l); /* "modified", "shared", "handover" */

struct cores_words {
	enum cores_line line;
	const struct mw_cpu *from, *to;
	bool home_is_to; /* the memory is on the node of `to` */
	int node;        /* observed, -1 unknown */
};
void cores_pair_open(struct mw_record *rec, const struct cores_words *w);

/* What is measured of threads that work on common lines. */
enum cores_metric { CORES_TIME, CORES_RATE, CORES_FAIRNESS, CORES_METRICS };
void cores_contend_open(struct mw_record *rec, const struct mw_contend *c, enum cores_metric metric, int threads);

/* Passes on records and keeps a copy of the measured pairs; a struct mw_sink's emit. */
struct cores_results {
	const struct mw_sink *out;
	struct mw_records kept;
	uint64_t of[CORES_RELATIONS]; /* pairs of each relation on the CPUs in use */
};
int cores_results_add(void *self, const struct mw_record *rec);
/* Emits the median over the pairs of each relation, line, home and topology state. Its interval is that of the median
 * of six or more values; of fewer it reaches over the intervals of all. */
int cores_results_derive(const struct cores_results *r);
void cores_results_fini(struct cores_results *r);

#endif
