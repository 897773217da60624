#include "bench/gemm_records.h"

#include <string.h>

const struct mw_key gemm_key_library = {"library", MW_TEXT, MW_OBSERVED,
					"version and core type of the engine's library"};
const struct mw_key gemm_key_routine = {"routine", MW_TEXT, MW_OBSERVED, "routine of the engine that computed it"};
const struct mw_key gemm_key_environment = {"environment", MW_TEXT, MW_OBSERVED,
					    "environment set before the library was loaded"};
const struct mw_key gemm_key_weight_bytes = {"weight_bytes", MW_BYTES, MW_OBSERVED,
					     "bytes of all weight matrices that are used in turn, unpacked"};

#define PRODUCT_CASES MW_CASES("gemv", "gemm")
#define BEST_CASES MW_CASES("best")
#define SHAPE &mw_key_dtype, &mw_key_m, &mw_key_n, &mw_key_k, &mw_key_threads
#define STATE MW_LIST(&mw_key_state)
#define RAN &gemm_key_library, &gemm_key_routine, &gemm_key_environment, &mw_key_obtained, &gemm_key_weight_bytes
#define WON &mw_key_winner, &mw_key_ties

#define PEAK(metric)                                                                                                   \
	{                                                                                                              \
		MW_CASES("peak"), metric, MW_LIST(&mw_key_dtype, &mw_key_isa, &mw_key_threads), STATE, NULL            \
	}
#define PRODUCT(cases, metric)                                                                                         \
	{                                                                                                              \
		cases, metric, MW_LIST(&mw_key_engine, SHAPE), STATE, MW_LIST(RAN)                                     \
	}
#define ENGINE(metric)                                                                                                 \
	{                                                                                                              \
		MW_CASES("engine"), metric, MW_LIST(&mw_key_engine), MW_LIST(&mw_key_dtype), NULL                      \
	}
#define BEST(metric)                                                                                                   \
	{                                                                                                              \
		BEST_CASES, metric, MW_LIST(SHAPE), STATE, MW_LIST(WON, RAN)                                           \
	}

static const struct mw_emit emits[] = {
	PEAK(&mw_metric_flop_rate),
	PRODUCT(PRODUCT_CASES, &mw_metric_flop_rate),
	ENGINE(&mw_metric_flop_rate),
	BEST(&mw_metric_flop_rate),
	PEAK(&mw_metric_op_rate),
	PRODUCT(PRODUCT_CASES, &mw_metric_op_rate),
	ENGINE(&mw_metric_op_rate),
	BEST(&mw_metric_op_rate),
	PRODUCT(MW_CASES("gemv"), &mw_metric_bytes_rate),
	BEST(&mw_metric_bytes_rate),
	BEST(&mw_metric_intensity),
	BEST(&mw_metric_roofline_fraction),
	{.metric = NULL},
};
const struct mw_emitter gemm_emitter = {"gemm", emits};

const struct mw_emit *gemm_emit(enum gemm_row row, enum gemm_dtype t)
{
	return &emits[row < GEMM_TYPED_ROWS ? (int)row + (int)t * GEMM_TYPED_ROWS
					    : (int)row + (GEMM_DTYPES - 1) * GEMM_TYPED_ROWS];
}

const char *gemm_dtype_name(enum gemm_dtype t)
{
	return t == GEMM_F32 ? "f32" : "int8";
}

const char *gemm_rate_name(enum gemm_dtype t)
{
	return gemm_emit(GEMM_PRODUCT, t)->metric->name;
}

struct gemm_shape gemm_shape_of(enum gemm_dtype t, uint64_t m, uint64_t n, uint64_t k)
{
	unsigned bytes = t == GEMM_F32 ? 4 : 1;
	return (struct gemm_shape){m, n, k, bytes, bytes, 4};
}

enum gemm_dtype gemm_record_dtype(const struct mw_record *r)
{
	return strcmp(mw_kv_str(&r->params, "dtype", "f32"), "f32") == 0 ? GEMM_F32 : GEMM_S8;
}

struct gemm_shape gemm_record_shape(const struct mw_record *r)
{
	return gemm_shape_of(gemm_record_dtype(r), (uint64_t)mw_kv_int(&r->params, "m", 0),
			     (uint64_t)mw_kv_int(&r->params, "n", 0), (uint64_t)mw_kv_int(&r->params, "k", 0));
}
