/* Memory for the lanes of vectors, and work on it in slices; for the devices that keep lanes in the host's layout. */
#ifndef PIM_LANES_H
#define PIM_LANES_H

#include <stdbool.h>

#include "base/core/kernels/bulk.h"
#include "base/core/wide.h"
#include "pim/pim_device.h"

/* Slices and strips are multiples of a cache line, so that no two threads write to one line. */
#define LANES_LINE 64u

/* Allocates `bytes` bytes, rounded up to lines, zeroed and aligned to a line; from 4 MiB on aligned to 2 MiB with huge
 * pages requested. NULL: no memory. */
void *lanes_alloc(size_t bytes);
void lanes_free(void *p, size_t bytes);
/* Bytes of one last-level cache; 32 MiB where the system does not say. */
size_t lanes_cache_bytes(void);
/* Which stores to use for an operation on n_src inputs of `bytes` bytes: non-temporal once inputs and result together
 * exceed the last-level cache, from which the result would be evicted before it is read again. */
enum mw_bulk_store lanes_store(size_t bytes, unsigned n_src, size_t cache_bytes);

/* The i-th of n nearly equal parts of `bytes`, begin..end-1, cut at multiples of grain. */
void lanes_slice(size_t bytes, size_t grain, size_t i, size_t n, size_t *begin, size_t *end);
/* dst = kernel(src...) over `bytes` bytes, on the call's executor. */
void lanes_run(struct pim_call *call, mw_bulk_fn fn, void *dst, const void *const *src, unsigned n_src, size_t bytes);
/* memcpy on the call's executor. */
void lanes_copy(struct pim_call *call, void *dst, const void *src, size_t bytes, size_t cache_bytes);
/* Clears the bits past the last lane of a bit vector in its last byte. */
void lanes_mask_tail(void *host, uint64_t bits);

/* ps for bytes (up to 2^68) at a rate in GB/s (at least 0.0005), rounded up. The rate is rounded to byte/us, the rest
 * is integer arithmetic. */
mw_wide lanes_ps(mw_wide bytes, double gbps);

#endif
