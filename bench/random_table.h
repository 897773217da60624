/* Tables of the random benchmark: word i of a block holds i, and each thread has a slice of its own, on its node. */
#ifndef MW_BENCH_RANDOM_TABLE_H
#define MW_BENCH_RANDOM_TABLE_H

#include "base/core/kernels/gups.h"
#include "bench/bench.h"

struct random_node {
	int id;      /* -1 on a machine with one node */
	int members; /* members of the team on it */
	uint64_t bytes;
	struct mw_block block;
};

/* The memory of one page kind. Its address is the owner of the blocks: it must not move. */
struct random_table {
	const struct bench_ctx *ctx;
	enum mw_pages kind;
	struct random_node *nodes; /* of the team's members, that of member 0 first; owned */
	int n_nodes;
	uint64_t updates; /* done since it was opened, each followed by its inverse */
	uint64_t checked; /* those of them after which all words were compared */
	uint64_t errors;  /* wrong words found */
};

/* Chooses nodes for a table of `bytes` bytes over all members, of which member 0 alone can use all bytes, takes and
 * fills the blocks. Errors as mw_arena_take. *t must be closed in every case. */
int random_table_open(struct random_table *t, const struct bench_ctx *ctx, enum mw_pages kind, uint64_t bytes,
		      char *err, size_t n);
/* Takes the blocks again, and fills those whose contents were lost. */
int random_table_take(struct random_table *t, const struct bench_ctx *ctx, char *err, size_t n);
/* Releases the blocks. */
void random_table_release(struct random_table *t);
void random_table_close(struct random_table *t);

/* Slice of one member when `threads` members share a table of `bytes` bytes. Slices do not overlap. */
struct random_slice {
	uint64_t *words;
	uint64_t n, first; /* words[i] holds first + i */
};
struct random_slice random_table_slice(const struct random_table *t, uint64_t bytes, int rank, int threads);

/* Compares every word of all blocks with what it held at first. Adds to checked and errors; wrong words are written
 * again. */
int random_table_check(struct random_table *t);

#endif
