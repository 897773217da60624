/* Bulk bitwise kernels: dst = op(src...) on byte ranges of any length and alignment, one table per instruction set.
 *
 * Non-temporal versions write past the caches. An ordinary store first reads each result line (read for ownership), a
 * quarter of the traffic of a two-input operation. Non-temporal stores pay off once the result is larger than the
 * last-level cache. */
#ifndef MW_BULK_H
#define MW_BULK_H

#include <stddef.h>

#include "base/core/cpu.h"

enum mw_bulk_op {
	MW_BULK_NOT,
	MW_BULK_AND,
	MW_BULK_OR,
	MW_BULK_NAND,
	MW_BULK_NOR,
	MW_BULK_XOR,
	MW_BULK_XNOR,
	MW_BULK_MAJ,
	MW_BULK_COPY,
	MW_BULK_FILL,  /* src[0]: 8 bytes, repeated over dst */
	MW_BULK_ADD32, /* 32-bit lanes, modulo 2^32; address and length of dst are multiples of 4 */
	MW_BULK_COUNT
};

enum mw_bulk_store { MW_STORE_ORDINARY, MW_STORE_NT, MW_STORE_COUNT };

/* src holds mw_bulk_inputs(op) pointers. dst may be the same as an input; ranges that overlap otherwise are not
 * allowed. A non-temporal kernel ends with a store fence. */
typedef void (*mw_bulk_fn)(void *dst, const void *const *src, size_t bytes);

struct mw_bulk_kernels {
	mw_bulk_fn fn[MW_STORE_COUNT][MW_BULK_COUNT]; /* [MW_STORE_NT][] is NULL where the path has no such store */
};

extern const struct mw_bulk_kernels mw_bulk_portable, mw_bulk_avx2, mw_bulk_avx512, mw_bulk_neon;

/* Kernels of one path; NULL when this build or this CPU has none. */
const struct mw_bulk_kernels *mw_bulk_kernels(enum mw_isa isa);
/* The kernel of mw_isa_best(), with ordinary stores where that path has no non-temporal ones. */
mw_bulk_fn mw_bulk_best(enum mw_bulk_op op, enum mw_bulk_store store);
const char *mw_bulk_name(enum mw_bulk_op op);
unsigned mw_bulk_inputs(enum mw_bulk_op op);

#endif
