/* What the bandwidth benchmark measures: options, size of the arrays, and the groups of points that fit into the time.
 */
#ifndef MW_BENCH_BANDWIDTH_PLAN_H
#define MW_BENCH_BANDWIDTH_PLAN_H

#include "bench/bandwidth_choose.h"
#include "bench/bandwidth_place.h"
#include "bench/bandwidth_records.h"
#include "bench/bench.h"

enum bw_level { BW_LEVEL_L1, BW_LEVEL_L2, BW_LEVEL_L3, BW_LEVEL_DRAM, BW_LEVELS };
enum { BW_THREAD_COUNTS = 16 };

/* One level, placement, operation and kind of store: `want` kernels of the family become points. */
struct bw_group {
	enum bw_level level;
	const struct bw_placement *at;
	enum mw_stream_op op;
	bool nt;
	bool zeros;      /* the contrast: stores zeros */
	size_t elements; /* of each array and member; SIZE_MAX: all */
	unsigned want;   /* points */
	struct bw_choice choice;
};

struct bw_plan {
	const struct bench_ctx *ctx;
	size_t array_bytes;
	const char *limit; /* what limited array_bytes, for notes */
	enum mw_pages pages;
	bool levels[BW_LEVELS], ops[MW_STREAM_OP_COUNT], stores[2], isas[MW_ISA_COUNT], placements[2];
	int threads[BW_THREAD_COUNTS];
	int n_threads;
	struct bw_placement places[2 * BW_THREAD_COUNTS];
	int n_places;
	int density;
	bool all_probed;         /* there is time to probe every group, not only one of several that are alike */
	struct bw_group *groups; /* owned; caches first, DRAM with the most threads last */
	size_t n_groups;
	size_t points; /* of all groups */
};

/* Reads the options and chooses size and groups; touches no memory. An error with a line in err. *p must be closed in
 * every case and must not move. */
int bw_plan_open(struct bw_plan *p, const struct bench_ctx *ctx, char *err, size_t n);
void bw_plan_close(struct bw_plan *p);
/* Halves the arrays, for one that no memory is left for: what is then smaller than four times the caches is "largest"
 * instead of DRAM. False when --size asks for that size or they cannot be smaller. */
bool bw_plan_shrink(struct bw_plan *p);

/* What the record of a group's kernel says; pages obtained are set by the caller. */
struct bw_words bw_plan_words(const struct bw_plan *p, const struct bw_group *g, const struct mw_stream_kernel *k);

/* The cells of which the envelope gives the best kernel, also those without points. Owned by the caller; NULL when out
 * of memory. */
struct bw_cell *bw_plan_cells(const struct bw_plan *p, size_t *n);

extern const struct mw_option bw_options[];

#endif
