/* Memory for measurements: blocks of one page kind on one NUMA node, touched once per run.
 *
 * First touch of memory that a guest gave back costs seconds per GiB. So a benchmark takes one block, places its
 * buffers inside, and releases it when others may measure. A released block stays touched and remembers its owner: when
 * the same owner takes it again, it still holds what was written, unless another owner needed the memory in between. As
 * long as the limit allows, each owner has memory of its own; then released blocks are passed to other owners, or
 * returned to the system when none is large enough. */
#ifndef MW_ARENA_H
#define MW_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mw_pages {
	MW_PAGES_4K,  /* base pages, huge pages refused with MADV_NOHUGEPAGE */
	MW_PAGES_THP, /* transparent huge pages requested */
	MW_PAGES_2M,  /* hugetlb pages of 2 MiB */
	MW_PAGES_1G,  /* hugetlb pages of 1 GiB */
	MW_PAGES_COUNT
};

const char *mw_pages_name(enum mw_pages p); /* "4K", "thp", "2M", "1G" */
const char *mw_pages_word(size_t i);        /* the same by index, NULL after the last; for struct mw_option.word */

/* Where a block is to be, besides the number of a node. */
enum {
	MW_NODE_LOCAL = -1,      /* near the calling thread */
	MW_NODE_INTERLEAVE = -2, /* page by page over all nodes that this process may use (MPOL_INTERLEAVE) */
	MW_NODE_WEIGHTED = -3,   /* the same by the weights of the system (MPOL_WEIGHTED_INTERLEAVE, Linux 6.9) */
};

struct mw_arenas;

struct mw_block {
	void *p; /* aligned to 2 MiB (1 GiB for MW_PAGES_1G) */
	size_t bytes;
	enum mw_pages asked;
	char obtained[24]; /* what the kernel gave, from smaps: "4K", "thp", "thp 73%", "2M"; "unknown" without smaps */
	int node;          /* where the pages are, checked with move_pages; -1 unknown, or on several nodes */
	bool intact;       /* contents are as this owner released them; false: write them again */
};

/* max_bytes: the most that all arenas together may hold (from --max-mem and the machine's limits). */
int mw_arenas_create(uint64_t max_bytes, struct mw_arenas **out);
/* Text for messages that says where max_bytes comes from, such as "half of what is available: ulimit -v; see
 * --max-mem"; "" when not set. */
void mw_arenas_set_source(struct mw_arenas *a, const char *words);
const char *mw_arenas_source(const struct mw_arenas *a);
void mw_arenas_destroy(struct mw_arenas *a);

/* Takes a block of at least `bytes` bytes on `node`, a number or one of the places above. owner: a pointer, not NULL,
 * that is the same in every call, such as the benchmark's structure. An owner has one block per kind and node. Contents
 * are kept (`intact`) only for the same number of bytes; growing moves the block. Memory is zeroed on its very first
 * use only. Errors, each with a line in err: -EBUSY when the owner holds this block already; MW_EUNAVAILABLE without
 * such hugetlb pages, node or policy; MW_EBUDGET above max_bytes or what is available, after all released blocks were
 * returned; -EINVAL; -ENOMEM. Where the kernel gives no transparent huge pages, the call succeeds and `obtained` says
 * so. The first touch uses the CPUs of the calling thread's affinity mask. */
int mw_arena_take(struct mw_arenas *a, const void *owner, enum mw_pages kind, int node, size_t bytes,
		  struct mw_block *out, char *err, size_t n);
/* Releases the block, so that others may take it, and empties *block. Does nothing with an empty one. */
void mw_arena_release(struct mw_arenas *a, struct mw_block *block);
/* The owner no longer needs the contents of its released blocks: others get these blocks first. */
void mw_arena_forget(struct mw_arenas *a, const void *owner);
/* Returns released blocks to the system, if need be, until the caller can map that many bytes of base pages itself: the
 * blocks that are left, and these bytes, are within max_bytes and what is available. MW_EBUDGET with a line in err when
 * held blocks leave no room. */
int mw_arenas_make_room(struct mw_arenas *a, size_t bytes, char *err, size_t n);
/* Bytes mapped now, held and released blocks together. */
uint64_t mw_arenas_bytes(const struct mw_arenas *a);
uint64_t mw_arenas_max(const struct mw_arenas *a);

#endif
