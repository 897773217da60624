/* What offload emits, declared once. Private to bench/offload. */
#ifndef MW_OFFLOAD_WORDS_H
#define MW_OFFLOAD_WORDS_H

#include "base/core/record.h"

/* Sorts of records that exist for bulk kernels, whose shape is the vector, and for products, whose shape is the
 * matrix. */
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
/* Rows that have no shape: of a kernel over all its sizes, of the flush, of the emulator. */
extern const struct mw_emit *const offload_row_size,
	*const offload_row_size_never, *const offload_row_flush, *const offload_row_emulator_bulk,
									 *const offload_row_emulator_gemv;

/*         symbol, kind, flags, words */
#define OFFLOAD_KEYS(X)                                                                                                \
	X(lines, MW_TEXT, MW_PARAM, "where the flushed lines are: dirty in the caches, or absent")                     \
	X(instruction, MW_TEXT, MW_PARAM, "what flushes a line")                                                       \
	X(flushed, MW_BYTES, MW_OBSERVED, "bytes flushed at a time")                                                   \
	X(ways_searched, MW_BYTES, MW_OBSERVED, "size of the row whose search chose the ways that were measured")      \
	X(evicted, MW_TEXT, MW_OBSERVED, "what made the operands cold")                                                \
	X(compute_ns, MW_REAL, MW_OBSERVED, "ns that the device computes")                                             \
	X(in_ns, MW_REAL, MW_OBSERVED, "ns that operands take to the device")                                          \
	X(out_ns, MW_REAL, MW_OBSERVED, "ns that the result takes back")                                               \
	X(reload_ns, MW_REAL, MW_OBSERVED, "ns that weights are loaded anew, for want of room")                        \
	X(transpose_ns, MW_REAL, MW_OBSERVED, "ns that lanes are transposed")                                          \
	X(aap, MW_NUMBER, MW_OBSERVED, "activate-activate-precharge commands")                                         \
	X(ap, MW_NUMBER, MW_OBSERVED, "activate-precharge commands")                                                   \
	X(batches, MW_NUMBER, MW_OBSERVED, "times that all banks work at once")                                        \
	X(passes, MW_NUMBER, MW_OBSERVED, "times that all macros work at once")                                        \
	X(cycles, MW_NUMBER, MW_OBSERVED, "clock cycles of the device")                                                \
	X(reload_bytes, MW_BYTES, MW_OBSERVED, "weights loaded anew, for want of room")                                \
	X(device_ns, MW_REAL, MW_OBSERVED, "ns that the device takes, modelled")                                       \
	X(place_ns, MW_REAL, MW_OBSERVED, "ns that placing operands takes, once")                                      \
	X(use_ns, MW_REAL, MW_OBSERVED, "ns of each use after that")                                                   \
	X(host_gbps, MW_REAL, MW_OBSERVED, "GB/s of operands on the host, each counted once")                          \
	X(smallest, MW_BYTES, MW_OBSERVED, "smallest size compared")                                                   \
	X(largest, MW_BYTES, MW_OBSERVED, "largest size compared")

#define OFFLOAD_DECLARE(symbol, kind, flags, words) extern const struct mw_key offload_key_##symbol;
OFFLOAD_KEYS(OFFLOAD_DECLARE)
#undef OFFLOAD_DECLARE

#endif
