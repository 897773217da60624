/* The measuring part of `loaded`: memory, sweeps over pauses, and samples. */
#ifndef MW_LOADED_WORK_H
#define MW_LOADED_WORK_H

#include "bench/loaded_load.h"
#include "bench/loaded_pacer.h"
#include "bench/loaded_records.h"
#include "bench/rounds.h"

enum {
	LOADED_STRIDE = 256,     /* of the chain; with smaller ones prefetchers help */
	LOADED_WINDOW = 1 << 18, /* bytes that the TLB covers */
	LOADED_LEVELS = 100,     /* most levels of a mix */
	LOADED_REGION_UNIT = 16 * LOAD_BLOCK_BYTES
};

/* Memory of one node: the chain, then the regions of the generators. */
struct place {
	int node;     /* the kernel's number */
	int arena_id; /* for mw_arena_take: -1 on a machine with one node */
	bool absent;  /* this memory cannot be had; reported */
	struct mw_block block;
	struct mw_chain chain;
	void *at;       /* where the chase goes on */
	double idle_ns; /* latency without load, roughly; 0: not measured yet */
	struct load_region *regions;
	int rc;
};

/* CPUs of one node and memory of one. */
struct pair {
	int cpu_node;
	struct place *place;
	int chase_rank, members; /* the chase; the job has ranks 0 .. members - 1 */
	int n;                   /* generators; 0: the node has no second CPU */
	int *generator_of;       /* [rank], -1: none */
};

/* What the sweep found for a mix of a pair. */
struct mix_state {
	struct pacer_sweep sweep;
	bool swept;
};

struct loaded_run;

enum { LOADED_METRICS = LOADED_BANDWIDTH + 1 };

struct load_point {
	struct loaded_run *run;
	struct pair *pair;
	struct mix_state *mix_state; /* NULL: without load */
	enum mw_mix mix;
	int load; /* percent; 0: without */
	struct loaded_observed found;
	bool settled; /* the pause was sought */
	double slope, latency_ns, error;
	double value[LOADED_METRICS];
	bool taken;
	unsigned round; /* of the last sample, and the metric that took it */
	enum loaded_metric taker;
	struct round_shared shared;
};

struct metric_arg {
	struct load_point *point;
	enum loaded_metric metric;
};

struct loaded_run {
	const struct bench_ctx *ctx; /* of the current call */
	struct mw_arenas *arenas;
	enum mw_pages kind;
	enum mw_isa isa;
	const struct mw_traffic_kernels *kernels;
	bool sibling; /* one core: a generator runs beside the chase */
	enum mw_mix mixes[MW_MIX_COUNT];
	size_t n_mixes;
	int levels[LOADED_LEVELS];
	size_t n_levels;
	uint64_t span, arrays; /* bytes of the chain and of all regions of a place */
	uint64_t llc;
	struct place *places;
	size_t n_places;
	struct pair *pairs;
	size_t n_pairs;
	int most_generators; /* of a pair */
	struct load_generator *generators;
	struct mix_state *states; /* [pair * n_mixes + mix] */
	struct load_point *points;
	struct metric_arg *args;
	struct round_point *pts;
	size_t n_points, n_pts;
	double sample_s;
	uint64_t value;                                       /* of the next job's stores */
	int (*take)(struct load_job *j, char *err, size_t n); /* load_run, or a test's memory */
	struct rounds *rounds;
	bool opened; /* rounds_open was called: it owns the records, even if it failed */
};

/* Takes the memory of a place, and writes the chain and the data of the traffic where they were lost. Errors as
 * mw_arena_take. */
int place_take(struct loaded_run *r, struct place *p, char *err, size_t n);
/* The same for all places that can be had. */
int loaded_take(struct loaded_run *r, char *err, size_t n);
void loaded_release(struct loaded_run *r);
/* One sample; for struct round_point, with a struct metric_arg. */
int loaded_measure(void *arg, double *value, char *err, size_t n);

#endif
