/* Reads cache lines that another core holds, one after the other, and times it.
 *
 * Two threads take turns. The giver brings all lines into its own caches: modified, by writing to each; or shared: each
 * is flushed from all caches to memory and then only read, so that no cache holds a newer copy than memory. Then the
 * taker follows a random cycle of pointers through the lines; each load waits for the one before. That is one pass. The
 * taker's own copies from the pass before are invalid, by the giver's write or flush. */
#ifndef MW_TRANSFER_H
#define MW_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/core/kernels/chase.h"

enum mw_transfer_line { MW_LINE_MODIFIED, MW_LINE_SHARED, MW_LINES };

enum { MW_TRANSFER_PASSES = 400 };

/* What a pass does to memory; tests replace them. `line` is the pointer of a chain, at the beginning of its line. */
struct mw_transfer_ops {
	void (*write)(void **line, uintptr_t pass);
	void (*flush)(void **line);
	void (*fence)(void); /* flushes are complete */
	void (*read)(void **line);
	void *(*chase)(void *p, size_t n);
	uint64_t (*now_ns)(void);
};
extern const struct mw_transfer_ops mw_transfer_ops_of_machine;
/* False where no instruction for programs flushes a line; MW_LINE_SHARED cannot be measured then. */
bool mw_transfer_can_flush(void);

struct mw_transfer {
	_Alignas(128) _Atomic uint32_t turn;
	_Alignas(128) const struct mw_transfer_ops *ops;
	struct mw_chain lines; /* stride at least 64, lane 0; a multiple of MW_CHASE_UNROLL elements */
	enum mw_transfer_line line;
	void *start;
	uint32_t passes; /* asked for, at most MW_TRANSFER_PASSES; one more goes before them to warm up */
	uint64_t limit_ns;
	/* written by the taker */
	uint32_t done;
	uint64_t wrong; /* modified lines in which the taker did not find what the giver wrote in that pass */
	uint64_t pass_ns[MW_TRANSFER_PASSES];
};

/* Writes the chain. -EINVAL or -ENOMEM as mw_chain_build; -EINVAL for a number of lines that is not a multiple of
 * MW_CHASE_UNROLL. */
int mw_transfer_init(struct mw_transfer *t, const struct mw_chain *lines, enum mw_transfer_line line, uint32_t passes,
		     uint64_t limit_ns);
/* One half of a pass (from 1), by the giver and by the taker. The taker's returns the ns of its loads. */
void mw_transfer_give(struct mw_transfer *t, uint32_t pass);
uint64_t mw_transfer_take(struct mw_transfer *t, uint32_t pass);
/* All passes, by two threads at the same time: the giver is side 0. Returns after about limit_ns at most. */
void mw_transfer_side(struct mw_transfer *t, int side);
/* ns per line of the median pass, after both sides have returned; NaN when no pass finished in time. */
double mw_transfer_ns(const struct mw_transfer *t);

#endif
