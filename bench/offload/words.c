#include "bench/offload/words.h"

#define DEFINE(symbol, kind, flags, words) const struct mw_key offload_key_##symbol = {#symbol, kind, flags, words};
OFFLOAD_KEYS(DEFINE)

static const struct mw_metric break_even_size = {"break_even_size", MW_BYTE, MW_LOWER,
						 "smallest size from which the device is ahead at one use"};
static const struct mw_metric break_even_uses = {"break_even_uses", MW_COUNT, MW_LOWER,
						 "number of uses of resident operands from which the device is ahead"};
static const struct mw_metric break_even_never = {"break_even_never", MW_RATIO, MW_HIGHER,
						  "host time divided by device time where the device is never ahead: "
						  "at the largest size, or for infinitely many uses"};
static const struct mw_metric emulator_bandwidth = {
	"emulator_bandwidth", MW_GBPS, MW_HIGHER,
	"bytes of operands per second that the emulation itself processes on this host"};
static const struct mw_metric emulator_op_rate = {"emulator_op_rate", MW_GOPS, MW_HIGHER,
						  "operations per second that the emulation itself does on this host"};

#define BULK MW_CASES("and", "or", "xor", "not", "add32")
#define GEMV MW_CASES("gemv")
#define KERNELS MW_CASES("and", "or", "xor", "not", "add32", "gemv")

/* The rows of one sort, for bulk kernels and for products; the parameters come last. */
#define SHAPED(metric, optional, observed, ...)                                                                        \
	{BULK, metric, MW_LIST(&mw_key_vector, __VA_ARGS__), optional, observed},                                      \
	{                                                                                                              \
		GEMV, metric, MW_LIST(&mw_key_inputs, &mw_key_outputs, __VA_ARGS__), optional, observed                \
	}

#define PRICED MW_LIST(&mw_key_price)
#define PRICED_IN_STATE MW_LIST(&mw_key_price, &mw_key_state)

enum {
	ROW_SIZE = 2 * OFFLOAD_SORTS,
	ROW_SIZE_NEVER,
	ROW_FLUSH,
	ROW_EMULATOR_BULK,
	ROW_EMULATOR_GEMV,
};

static const struct mw_emit emits[] = {
	SHAPED(&mw_metric_time, MW_LIST(&mw_key_stores, &mw_key_state),
	       MW_LIST(&mw_key_obtained, &offload_key_ways_searched, &offload_key_evicted), &mw_key_device,
	       &mw_key_cache, &mw_key_threads, &mw_key_isa),
	SHAPED(&mw_metric_time, PRICED,
	       MW_LIST(&offload_key_compute_ns, &offload_key_in_ns, &offload_key_out_ns, &offload_key_reload_ns,
		       &offload_key_transpose_ns, &offload_key_aap, &offload_key_ap, &offload_key_batches,
		       &offload_key_passes, &offload_key_cycles, &offload_key_reload_bytes),
	       &mw_key_device, &mw_key_mode),
	SHAPED(&mw_metric_energy, PRICED, NULL, &mw_key_device, &mw_key_mode),
	SHAPED(&mw_metric_speedup, PRICED_IN_STATE,
	       MW_LIST(&mw_key_winner, &mw_key_by_threads, &mw_key_ties, &mw_key_host_ns, &offload_key_device_ns,
		       &offload_key_host_gbps, &mw_key_channels, &mw_key_host_channels, &mw_key_ranks, &mw_key_banks,
		       &mw_key_host_over_peak),
	       &mw_key_device, &mw_key_mode, &mw_key_cache),
	SHAPED(&break_even_uses, PRICED_IN_STATE, MW_LIST(&mw_key_host_ns, &offload_key_place_ns, &offload_key_use_ns),
	       &mw_key_device, &mw_key_cache),
	SHAPED(&break_even_never, PRICED_IN_STATE, MW_LIST(&mw_key_host_ns, &offload_key_place_ns, &offload_key_use_ns),
	       &mw_key_device, &mw_key_cache),
	[ROW_SIZE] = {KERNELS, &break_even_size, MW_LIST(&mw_key_device, &mw_key_cache), PRICED_IN_STATE,
		      MW_LIST(&offload_key_smallest, &offload_key_largest)},
	[ROW_SIZE_NEVER] = {KERNELS, &break_even_never, MW_LIST(&mw_key_device, &mw_key_cache), PRICED_IN_STATE,
			    MW_LIST(&offload_key_smallest, &offload_key_largest)},
	[ROW_FLUSH] = {MW_CASES("flush"), &mw_metric_bandwidth, MW_LIST(&offload_key_lines, &offload_key_instruction),
		       MW_LIST(&mw_key_state), MW_LIST(&offload_key_flushed)},
	[ROW_EMULATOR_BULK] = {MW_CASES("emulator-and"), &emulator_bandwidth,
			       MW_LIST(&mw_key_device, &mw_key_engine, &mw_key_vector), MW_LIST(&mw_key_state), NULL},
	[ROW_EMULATOR_GEMV] = {MW_CASES("emulator-gemv"), &emulator_op_rate,
			       MW_LIST(&mw_key_device, &mw_key_engine, &mw_key_inputs, &mw_key_outputs),
			       MW_LIST(&mw_key_state), NULL},
	{.metric = NULL},
};

const struct mw_emitter offload_emitter = {"offload", emits};

const struct mw_emit *const offload_row_size = &emits[ROW_SIZE], *const offload_row_size_never = &emits[ROW_SIZE_NEVER],
			    *const offload_row_flush = &emits[ROW_FLUSH],
			    *const offload_row_emulator_bulk = &emits[ROW_EMULATOR_BULK],
			    *const offload_row_emulator_gemv = &emits[ROW_EMULATOR_GEMV];

const struct mw_emit *offload_bulk_row(enum offload_sort sort)
{
	return &emits[2 * sort];
}

const struct mw_emit *offload_gemv_row(enum offload_sort sort)
{
	return &emits[2 * sort + 1];
}
