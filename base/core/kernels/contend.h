/* Operations that threads carry out on common cache lines at the same time. */
#ifndef MW_CONTEND_H
#define MW_CONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MW_CONTEND_APART = 128 }; /* two lines, because prefetchers fetch lines in pairs */

struct mw_contend {
	const char *name;
	const char *words; /* what one operation is, in one line */
	/* Carries out n operations as thread `rank`. Every operation increments one word in the block. */
	void (*run)(void *block, int rank, uint64_t n);
	/* Offset of the word that `rank` increments; NULL: one word for all threads. */
	size_t (*word)(int rank);
};

/* All of them, ended by one without name. */
extern const struct mw_contend mw_contend_table[];

/* Bytes of a block for that many threads. A block starts as zeros, aligned to MW_CONTEND_APART. */
size_t mw_contend_bytes(int threads);
/* True when the words hold what `done` says: rank i of n finished done[i] operations on a block that was zeros. */
bool mw_contend_right(const struct mw_contend *c, const void *block, const uint64_t *done, int n);

#endif
