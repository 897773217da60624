/* Declares the records that offload emits. Private to bench/offload. */
#ifndef MW_OFFLOAD_WORDS_H
#define MW_OFFLOAD_WORDS_H

#include "base/core/record.h"

/* Sorts of records that exist twice: for bulk kernels (shape: vector) and for products (shape: inputs x outputs). */
enum offload_sort {
	OFFLOAD_HOST_TIME,
	OFFLOAD_DEVICE_TIME,
	OFFLOAD_DEVICE_ENERGY,
	OFFLOAD_SPEEDUP,
	OFFLOAD_USES,
	OFFLOAD_USES_NEVER,
	OFFLOAD_SORTS
};

extern const struct mw_emitter offload_emitter;

const struct mw_emit *offload_bulk_row(enum offload_sort sort);
const struct mw_emit *offload_gemv_row(enum offload_sort sort);
/* Rows without a shape: of a kernel over all sizes, of flushing, of the emulator. */
extern const struct mw_emit *const offload_row_size,
	*const offload_row_size_never, *const offload_row_flush, *const offload_row_emulator_bulk,
									 *const offload_row_emulator_gemv;

/*         symbol, kind, flags, words */
#define OFFLOAD_KEYS(X)                                                                                                \
	X(lines, MW_TEXT, MW_PARAM, "where the flushed lines are: dirty in the caches, or absent")                     \
	X(instruction, MW_TEXT, MW_PARAM, "instruction that flushes a line")                                           \
	X(flushed, MW_BYTES, MW_OBSERVED, "bytes of the range that is flushed")                                        \
	X(ways_searched, MW_BYTES, MW_OBSERVED, "size of the row whose search chose the ways measured here")           \
	X(evicted, MW_TEXT, MW_OBSERVED, "how the operands were removed from the caches")                              \
	X(compute_ns, MW_REAL, MW_OBSERVED, "computing on the device, ns")                                             \
	X(in_ns, MW_REAL, MW_OBSERVED, "moving the operands to the device, ns")                                        \
	X(out_ns, MW_REAL, MW_OBSERVED, "moving the result back, ns")                                                  \
	X(reload_ns, MW_REAL, MW_OBSERVED, "loading weights again that do not all fit into the device, ns")            \
	X(transpose_ns, MW_REAL, MW_OBSERVED, "transposing lanes, ns")                                                 \
	X(aap, MW_NUMBER, MW_OBSERVED, "activate-activate-precharge commands")                                         \
	X(ap, MW_NUMBER, MW_OBSERVED, "activate-precharge commands")                                                   \
	X(batches, MW_NUMBER, MW_OBSERVED, "number of steps in which all banks work at once")                          \
	X(passes, MW_NUMBER, MW_OBSERVED, "number of steps in which all macros work at once")                          \
	X(cycles, MW_NUMBER, MW_OBSERVED, "clock cycles of the device")                                                \
	X(reload_bytes, MW_BYTES, MW_OBSERVED, "bytes of weights loaded again because they do not all fit")            \
	X(device_ns, MW_REAL, MW_OBSERVED, "modelled time of the device, ns")                                          \
	X(place_ns, MW_REAL, MW_OBSERVED, "placing the operands once, ns")                                             \
	X(use_ns, MW_REAL, MW_OBSERVED, "each use after placing, ns")                                                  \
	X(host_gbps, MW_REAL, MW_OBSERVED, "rate of the host in GB/s of operands, each counted once")                  \
	X(smallest, MW_BYTES, MW_OBSERVED, "smallest size compared")                                                   \
	X(largest, MW_BYTES, MW_OBSERVED, "largest size compared")

#define OFFLOAD_DECLARE(symbol, kind, flags, words) extern const struct mw_key offload_key_##symbol;
OFFLOAD_KEYS(OFFLOAD_DECLARE)
#undef OFFLOAD_DECLARE

#endif
