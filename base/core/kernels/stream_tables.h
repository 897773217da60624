/* The kernel tables that stream.c chooses from, one per instruction set. */
#ifndef MW_STREAM_TABLES_H
#define MW_STREAM_TABLES_H

#include "base/core/kernels/stream.h"

const struct mw_stream_kernel *mw_stream_portable(size_t *n);
const struct mw_stream_kernel *mw_stream_neon(size_t *n);
const struct mw_stream_kernel *mw_stream_avx2(size_t *n);
const struct mw_stream_kernel *mw_stream_avx512(size_t *n);

#endif
