/* What follows from measured rates of matrix products: bytes per second, intensity, the winner, its place on the
 * roofline. */
#ifndef MW_GEMM_DERIVE_H
#define MW_GEMM_DERIVE_H

#include "base/core/record.h"
#include "bench/engine.h"
#include "bench/model/roofline.h"

const char *gemm_dtype_name(enum gemm_dtype t); /* "f32", "int8" */
const char *gemm_rate_name(enum gemm_dtype t);
enum mw_unit gemm_rate_unit(enum gemm_dtype t);
/* Elements: f32 4/4/4 byte, int8 1/1/4 (A, W, C). */
struct gemm_shape gemm_shape_of(enum gemm_dtype t, uint64_t m, uint64_t n, uint64_t k);

/* Emits bytes_rate for each "rate" record of a product in rates, and a "best" case with rate, bytes_rate, intensity
 * and roofline_fraction for each set that differs only in the engine and is of one topology state. The roofs: the
 * highest "peak" record of rates, and the record "bandwidth" / "peak-read" at level dram of earlier, of the same
 * number of threads; the bandwidth of the same topology state where there is one. */
int gemm_emit_derived(const struct mw_records *rates, const struct mw_records *earlier, const struct mw_sink *sink);

#endif
