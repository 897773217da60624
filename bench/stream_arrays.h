/* The arrays of the bandwidth benchmark: a, b and c on every node, sliced over the team, with known contents so that
 * each kernel's result can be checked. */
#ifndef MW_BENCH_STREAM_ARRAYS_H
#define MW_BENCH_STREAM_ARRAYS_H

#include <stdatomic.h>

#include "base/core/kernels/stream.h"
#include "bench/bench.h"

struct stream_node {
	int id; /* -1 on a machine with one node */
	double *a, *b, *c;
	size_t elements; /* of each array */
	struct mw_block block;
};

struct stream_arrays {
	struct mw_team *team;
	struct mw_arenas *arenas;
	const struct bench_ctx *ctx; /* of the latest take */
	enum mw_pages kind;
	int n_nodes;
	struct stream_node *nodes; /* at most one per member; owned */
};

/* Divides arrays of bytes_per_array in all over the nodes of the team's members, takes their memory and fills b and c.
 * Errors of mw_arena_take. *s must be closed in every case, and stays at its address: it owns the memory. */
int stream_arrays_open(struct stream_arrays *s, const struct bench_ctx *ctx, enum mw_pages kind, size_t bytes_per_array,
		       char *err, size_t n);
/* Others may use the memory from now on. */
void stream_arrays_release(struct stream_arrays *s);
/* Takes it back, and fills b and c again where they are not what they were; pointers into the arrays are new. */
int stream_arrays_take(struct stream_arrays *s, const struct bench_ctx *ctx, char *err, size_t n);
/* Also right for one of zeros only. */
void stream_arrays_close(struct stream_arrays *s);

/* A member's share: index `first` of its node's arrays on. */
struct stream_slice {
	double *a;
	const double *b, *c;
	size_t first, n;
	uint64_t sum; /* what a read must return; 0 for kernels that store */
};

/* One kernel on `threads` members, each on its own slice, at most max_elements long (SIZE_MAX: all of it). */
struct stream_job {
	const struct stream_arrays *arrays;
	const struct mw_stream_kernel *kernel;
	int threads;
	size_t max_elements;
	size_t passes; /* over the slice in one sample; 0 before stream_job_prepare */
	bool warm;     /* fits into cache: two passes before each sample */
	double scale;  /* differs from sample to sample: stale results do not pass */
	uint64_t samples;
	struct stream_slice *slices; /* one per member; owned */
	atomic_int bad;              /* a member found a wrong result */
};

/* Runs the kernel once over poisoned memory and compares every element and the words around each slice; then chooses
 * passes so that a sample takes about sample_ns. MW_EVERIFY with a line in err when a byte is wrong. */
int stream_job_prepare(struct stream_job *j, double sample_ns, char *err, size_t n);
/* Program bytes of one pass over all members, once prepared. */
uint64_t stream_job_bytes(const struct stream_job *j);
/* Where the slices lie, once the arrays were taken again. */
void stream_job_place(struct stream_job *j);
/* One timed sample in GB/s of program bytes, with spots of the result checked. */
int stream_job_measure(struct stream_job *j, double *gbps, char *err, size_t n);
void stream_job_fini(struct stream_job *j);

#endif
