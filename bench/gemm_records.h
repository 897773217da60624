/* Keys and rows of the records that the gemm benchmark emits. */
#ifndef MW_GEMM_RECORDS_H
#define MW_GEMM_RECORDS_H

#include "base/core/record.h"
#include "bench/engine.h"
#include "bench/model/roofline.h"

extern const struct mw_key gemm_key_library;
extern const struct mw_key gemm_key_routine;
extern const struct mw_key gemm_key_environment;
extern const struct mw_key gemm_key_weight_bytes;

/* Rows below GEMM_TYPED_ROWS exist once per type: flop_rate for f32, op_rate for int8. */
enum gemm_row {
	GEMM_PEAK,    /* case peak */
	GEMM_PRODUCT, /* cases gemv and gemm */
	GEMM_ENGINE,  /* case engine: an engine that is absent, or lacks a type */
	GEMM_BEST,    /* case best */
	GEMM_TYPED_ROWS,
	GEMM_PRODUCT_BYTES = GEMM_TYPED_ROWS,
	GEMM_BEST_BYTES,
	GEMM_INTENSITY,
	GEMM_FRACTION,
};

extern const struct mw_emitter gemm_emitter;
const struct mw_emit *gemm_emit(enum gemm_row row, enum gemm_dtype t);

const char *gemm_dtype_name(enum gemm_dtype t); /* "f32", "int8" */
const char *gemm_rate_name(enum gemm_dtype t);
/* Bytes per element of A, W, C: f32 4, 4, 4; int8 1, 1, 4. */
struct gemm_shape gemm_shape_of(enum gemm_dtype t, uint64_t m, uint64_t n, uint64_t k);

/* Type and shape by the parameters of a record. */
enum gemm_dtype gemm_record_dtype(const struct mw_record *r);
struct gemm_shape gemm_record_shape(const struct mw_record *r);

#endif
