/* All functions of up to three bits, column by column over packed bits: one loop each, per instruction set. */
#ifndef PIM_LOGIC_H
#define PIM_LOGIC_H

#include "base/core/kernels/bulk.h"
#include "pim/pim_device.h"

/* Bit a + 2 b + 4 c of a function's number is its value for these three inputs. */
enum {
	LOGIC_A = 0xaa,
	LOGIC_B = 0xcc,
	LOGIC_C = 0xf0,
	LOGIC_FUNCTIONS = 256,
};

/* src[0..2]: all three are given, also where the function does not depend on one. bytes is a multiple of 64, pointers
 * are aligned to 64; dst may be one of src. */
struct logic_table {
	mw_bulk_fn fn[LOGIC_FUNCTIONS];
};

extern const struct logic_table logic_portable, logic_neon, logic_avx2, logic_avx512;

/* The table of an instruction set; NULL when this build or CPU lacks it. */
const struct logic_table *logic_table(enum mw_isa isa);

/* dst = f(src...) on the call's executor; non-temporal stores where the result is larger than the cache. */
void logic_run(struct pim_call *call, unsigned f, void *dst, const void *const src[3], size_t bytes,
	       size_t cache_bytes);

#endif
