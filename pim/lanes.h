/* Memory for the lanes of vectors, and work on it in slices. Shared by the devices that keep lanes in the host's
 * layout. */
#ifndef PIM_LANES_H
#define PIM_LANES_H

#include <stdbool.h>

#include "base/core/kernels/bulk.h"
#include "base/core/wide.h"
#include "pim/pim.h"

/* Slices and strips are multiples of a cache line, so that two threads never share one. */
#define LANES_LINE 64u

/* At least `bytes` bytes, rounded up to whole lines; aligned to a line, to 2 MiB with huge pages requested from 4 MiB
 * on. Zeroed. NULL when there is no memory. */
void *lanes_alloc(size_t bytes);
void lanes_free(void *p, size_t bytes);
/* One last-level cache; 32 MiB where the system does not say. */
size_t lanes_cache_bytes(void);
/* Non-temporal stores once an operation's inputs and result together exceed the last-level cache: what it leaves there
 * would be gone before it is read again. */
enum mw_bulk_store lanes_store(size_t bytes, unsigned n_src, size_t cache_bytes);

/* i-th of n nearly equal parts of `bytes`, cut at multiples of grain. */
void lanes_slice(size_t bytes, size_t grain, size_t i, size_t n, size_t *begin, size_t *end);
/* dst = kernel(src...) over `bytes` bytes, on the call's executor. */
void lanes_run(struct pim_call *call, mw_bulk_fn fn, void *dst, const void *const *src, unsigned n_src, size_t bytes);
/* memcpy on the call's executor. */
void lanes_copy(struct pim_call *call, void *dst, const void *src, size_t bytes, size_t cache_bytes);
/* Clears the bits past the last lane of a bit vector in its last byte. */
void lanes_mask_tail(void *host, uint64_t bits);

/* Picoseconds for bytes (up to 2^68) at a rate in GB/s, 0.0005 and more, rounded up; exact integer arithmetic on the
 * rate in byte/us. */
mw_wide lanes_ps(mw_wide bytes, double gbps);

#endif
