/* Declares the records of `memwall pim eval --stats`. */
#include "cli/pim_eval.h"

/*         symbol, unit, better, words */
#define METRICS(X)                                                                                                     \
	X(aap, MW_COUNT, MW_LOWER, "activate-activate-precharge commands")                                             \
	X(ap, MW_COUNT, MW_LOWER, "activate-precharge commands")                                                       \
	X(programs, MW_COUNT, MW_LOWER, "micro-programs executed")                                                     \
	X(batches, MW_COUNT, MW_LOWER, "number of steps in which all banks work at once")                              \
	X(bytes_in, MW_BYTE, MW_LOWER, "bytes moved to the device")                                                    \
	X(bytes_out, MW_BYTE, MW_LOWER, "bytes moved back to the host")                                                \
	X(bytes_transposed, MW_BYTE, MW_LOWER, "bytes of lanes that are transposed")                                   \
	X(time_resident, MW_NS, MW_LOWER, "time of computing on the device")                                           \
	X(time_in, MW_NS, MW_LOWER, "time of moving the operands to the device")                                       \
	X(time_out, MW_NS, MW_LOWER, "time of moving the result back")                                                 \
	X(time_transpose, MW_NS, MW_LOWER, "time of transposing lanes")                                                \
	X(time_host, MW_NS, MW_LOWER, "time of the part of the operation that the host does")                          \
	X(time_end_to_end, MW_NS, MW_LOWER, "time with all data movement")                                             \
	X(energy_resident, MW_NJ, MW_LOWER, "energy of the memory during time_resident")                               \
	X(energy_in, MW_NJ, MW_LOWER, "energy of the memory during time_in")                                           \
	X(energy_out, MW_NJ, MW_LOWER, "energy of the memory during time_out")                                         \
	X(energy_transpose, MW_NJ, MW_LOWER, "energy of the memory during time_transpose")                             \
	X(energy_host, MW_NJ, MW_LOWER, "energy of the memory, not of the host, during time_host")                     \
	X(energy_part, MW_NJ, MW_LOWER, "energy by cause: commands, background, refresh, bursts, data pins")           \
	X(faults_injected, MW_COUNT, MW_LOWER, "bits that commands computed wrongly")                                  \
	X(bits_wrong, MW_COUNT, MW_LOWER, "bits of results that are wrong")                                            \
	X(ecc_corrected, MW_COUNT, MW_LOWER, "words that the error-correcting code corrected")                         \
	X(ecc_detected, MW_COUNT, MW_LOWER, "words with an error that the code detected but could not correct")        \
	X(ecc_undetected, MW_COUNT, MW_LOWER, "words with an error that the code did not detect")                      \
	X(result, MW_COUNT, MW_NEITHER, "result of a reduction; all digits are in the note")

#define DEFINE(symbol, unit, better, words)                                                                            \
	static const struct mw_metric metric_##symbol = {#symbol, unit, better, words};
METRICS(DEFINE)

const struct mw_key eval_key_bytes = {"bytes", MW_BYTES, MW_PARAM, "bytes of a file"};
const struct mw_key eval_key_width = {"width", MW_NUMBER, MW_PARAM, "bits of a lane"};
const struct mw_key eval_key_part = {"part", MW_TEXT, MW_PARAM, "part of the energy: act, act2, background, ..."};
const struct mw_key eval_key_signed = {"signed", MW_NUMBER, MW_PARAM, "1: lanes are two's complement"};

static const char *const operations[PIM_OP_COUNT + 1] = {
	[PIM_NOT] = "not",
	[PIM_AND] = "and",
	[PIM_OR] = "or",
	[PIM_NAND] = "nand",
	[PIM_NOR] = "nor",
	[PIM_XOR] = "xor",
	[PIM_XNOR] = "xnor",
	[PIM_MAJ] = "maj",
	[PIM_COPY] = "copy",
	[PIM_FILL] = "fill",
	[PIM_ADD] = "add",
	[PIM_SUB] = "sub",
	[PIM_MUL] = "mul",
	[PIM_MUL_WIDE] = "mul_wide",
	[PIM_DIV] = "div",
	[PIM_MOD] = "mod",
	[PIM_EQ] = "eq",
	[PIM_NE] = "ne",
	[PIM_LT] = "lt",
	[PIM_LE] = "le",
	[PIM_GT] = "gt",
	[PIM_GE] = "ge",
	[PIM_MIN] = "min",
	[PIM_MAX] = "max",
	[PIM_ABS] = "abs",
	[PIM_NEG] = "neg",
	[PIM_RELU] = "relu",
	[PIM_IF_ELSE] = "if_else",
	[PIM_POPCOUNT] = "popcount",
	[PIM_SHL] = "shl",
	[PIM_SHR] = "shr",
	[PIM_RED_AND] = "red_and",
	[PIM_RED_OR] = "red_or",
	[PIM_RED_XOR] = "red_xor",
	[PIM_SUM_LANES] = "sum_lanes",
	[PIM_MIN_LANES] = "min_lanes",
	[PIM_COUNT_ONES] = "count_ones",
	[PIM_SHIFT_LANES] = "shift_lanes",
	[PIM_GEMV] = "gemv",
};

#define ROW(metric)                                                                                                    \
	{                                                                                                              \
		operations, metric, MW_LIST(&mw_key_device, &eval_key_bytes, &eval_key_width),                         \
			MW_LIST(&eval_key_signed), NULL                                                                \
	}

static const struct mw_emit emits[] = {
	[EVAL_AAP] = ROW(&metric_aap),
	[EVAL_AP] = ROW(&metric_ap),
	[EVAL_PROGRAMS] = ROW(&metric_programs),
	[EVAL_BATCHES] = ROW(&metric_batches),
	[EVAL_BYTES_IN] = ROW(&metric_bytes_in),
	[EVAL_BYTES_OUT] = ROW(&metric_bytes_out),
	[EVAL_BYTES_TRANSPOSED] = ROW(&metric_bytes_transposed),
	[EVAL_TIME_RESIDENT] = ROW(&metric_time_resident),
	[EVAL_TIME_IN] = ROW(&metric_time_in),
	[EVAL_TIME_OUT] = ROW(&metric_time_out),
	[EVAL_TIME_TRANSPOSE] = ROW(&metric_time_transpose),
	[EVAL_TIME_HOST] = ROW(&metric_time_host),
	[EVAL_TIME_END_TO_END] = ROW(&metric_time_end_to_end),
	[EVAL_FAULTS_INJECTED] = ROW(&metric_faults_injected),
	[EVAL_BITS_WRONG] = ROW(&metric_bits_wrong),
	[EVAL_ECC_CORRECTED] = ROW(&metric_ecc_corrected),
	[EVAL_ECC_DETECTED] = ROW(&metric_ecc_detected),
	[EVAL_ECC_UNDETECTED] = ROW(&metric_ecc_undetected),
	[EVAL_ENERGY] = ROW(&mw_metric_energy),
	[EVAL_ENERGY_RESIDENT] = ROW(&metric_energy_resident),
	[EVAL_ENERGY_IN] = ROW(&metric_energy_in),
	[EVAL_ENERGY_OUT] = ROW(&metric_energy_out),
	[EVAL_ENERGY_TRANSPOSE] = ROW(&metric_energy_transpose),
	[EVAL_ENERGY_HOST] = ROW(&metric_energy_host),
	[EVAL_ENERGY_PART] = {operations, &metric_energy_part,
			      MW_LIST(&mw_key_device, &eval_key_bytes, &eval_key_width, &eval_key_part),
			      MW_LIST(&eval_key_signed), NULL},
	[EVAL_RESULT] = ROW(&metric_result),
	{.metric = NULL},
};

const struct mw_emitter eval_emitter = {"pim", emits};
