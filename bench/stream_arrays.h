/* The arrays of the bandwidth benchmark: a, b and c on every node, divided into slices for the team members. Their
 * contents are known, so that each kernel's result can be checked. */
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
	const struct bench_ctx *ctx; /* context of the latest take */
	enum mw_pages kind;
	int n_nodes;
	struct stream_node *nodes; /* at most one per member; owned */
};

/* Divides arrays of bytes_per_array bytes in total over the nodes of the team's members, takes memory and fills it.
 * Errors as mw_arena_take. *s must be closed in every case and must not move: its address is the owner of the memory.
 */
int stream_arrays_open(struct stream_arrays *s, const struct bench_ctx *ctx, enum mw_pages kind, size_t bytes_per_array,
		       char *err, size_t n);
/* Releases the memory, so that others may use it. */
void stream_arrays_release(struct stream_arrays *s);
/* Takes the memory again, and fills it where its contents were lost. The arrays may have moved. */
int stream_arrays_take(struct stream_arrays *s, const struct bench_ctx *ctx, char *err, size_t n);
/* A struct of zeros is allowed. */
void stream_arrays_close(struct stream_arrays *s);

/* A member's share: n elements from index `first` of its node's arrays. */
struct stream_slice {
	double *a;
	const double *b, *c;
	size_t first, n; /* n = 0: the member has no part */
	uint64_t sum;    /* expected result of an operation that only reads; else 0 */
};

/* One kernel on `threads` members, each on its own slice of at most max_elements elements (SIZE_MAX: no limit). */
struct stream_job {
	const struct stream_arrays *arrays;
	const struct mw_stream_kernel *kernel;
	int threads;
	const int *ranks; /* the members that work, `threads` of them; NULL: the first ones */
	size_t max_elements;
	size_t skip;   /* where max_elements limits a slice: elements from the member's share to the slice, wrapped */
	size_t passes; /* passes over the slice per sample; 0 before stream_job_prepare */
	bool warm;     /* fits into cache: make two passes before each sample */
	bool zeros;    /* store zeros, as a contrast; array a has other values again after the sample */
	double scale;  /* differs from sample to sample, so that old results are detected; update: -1 */
	uint64_t samples;
	struct stream_slice *slices; /* by rank, stream_job_span of them; owned */
	atomic_int bad;              /* a member found a wrong result */
};

/* Members of the team from the first to the last that works. */
int stream_job_span(const struct stream_job *j);
/* Runs the kernel once over poisoned memory and checks every element; with one thread also the words around the slice.
 * Then chooses passes so that a sample takes about sample_ns. MW_EVERIFY with a line in err when a result is wrong. */
int stream_job_prepare(struct stream_job *j, double sample_ns, char *err, size_t n);
/* Bytes that one pass of all members reads and writes; after stream_job_prepare. */
uint64_t stream_job_bytes(const struct stream_job *j);
/* Updates the slices after stream_arrays_take. */
void stream_job_place(struct stream_job *j);
/* Takes one sample, in GB/s of bytes that the program reads and writes, and checks some results. */
int stream_job_measure(struct stream_job *j, double *gbps, char *err, size_t n);
/* The rate of passes that take at least least_ns together, to compare kernels: nothing is checked, and the value is no
 * sample. Used instead of stream_job_prepare, not with it. */
int stream_job_probe(struct stream_job *j, double least_ns, double *gbps);
void stream_job_fini(struct stream_job *j);

#endif
