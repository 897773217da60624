#include "reports/trend_data.h"

#include <stddef.h>

/* All series: those of the paper, other selections of its points, and data of others. `words` of another selection says
 * what differs from the published one. */

const char trend_datacentre_names[] =
	"Tesla|A100|H100|H200|V100|P100|B100|B200|B300|GB200|TPU|Instinct|Gaudi|Radeon Instinct|L40|A30";

#define DATACENTRE                                                                                                     \
	{                                                                                                              \
		.column = "name", .words = trend_datacentre_names, .part = 1                                           \
	}
#define FLOPS .table = TREND_HW_FLOPS, .date = "date", .value = "peak_flops", .unit = "FLOP/s"
#define DRAM .table = TREND_DRAM_BW, .date = "date", .value = "bandwidth_Bps", .unit = "B/s"
#define LINKS .table = TREND_INTERCONNECT_BW, .date = "date", .value = "lane_rate_GTps", .unit = "GT/s per lane"
#define PARAMS .table = TREND_MODEL_PARAMS, .date = "date", .value = "params", .unit = "parameters", .short_lived = 1
#define TRAIN .table = TREND_TRAIN_FLOPS, .date = "date", .value = "train_PFLOPs", .unit = "PFLOP", .short_lived = 1
#define MEMORY .table = TREND_ACCELERATOR_MEMORY, .date = "date", .value = "memory_bytes_GB", .unit = "GB"
#define EDITION                                                                                                        \
	.set = TREND_EDITION, .table = TREND_EDITION_2021, .date = "date", .value = "normalized",                      \
	.unit = "x of the first"
#define README .table = TREND_README_MODELS, .date = "date", .short_lived = 1
#define CHIPS .set = TREND_INDEPENDENT, .table = TREND_EPOCH_HARDWARE, .date = "date"
#define MODELS .set = TREND_INDEPENDENT, .table = TREND_EPOCH_MODELS, .date = "date", .short_lived = 1
#define DEVICES .set = TREND_INDEPENDENT, .table = TREND_RUPP_DEVICES, .date = "year"
#define FIFTY .set = TREND_INDEPENDENT, .table = TREND_RUPP_50, .date = "year", .value = "value"
#define IS(c, w)                                                                                                       \
	{                                                                                                              \
		.column = (c), .words = (w)                                                                            \
	}
#define IS_NOT(c, w)                                                                                                   \
	{                                                                                                              \
		.column = (c), .words = (w), .not = 1                                                                  \
	}
#define HAS(c, w)                                                                                                      \
	{                                                                                                              \
		.column = (c), .words = (w), .part = 1                                                                 \
	}
#define HAS_NOT(c, w)                                                                                                  \
	{                                                                                                              \
		.column = (c), .words = (w), .part = 1, .not = 1                                                       \
	}

/* clang-format off */
const struct trend_series trend_series[] = {
	/* ---- the paper: figures 1 and 2 ---- */
	{.name = "hw_flops", .set = TREND_PAPER, FLOPS, .published = 3.0, .published_20yr = 60000, .drawn = 3.0257,
	 .words = "peak FLOP/s of processors, figure 1"},
	{.name = "dram_bw", .set = TREND_PAPER, DRAM, .published = 1.6, .published_20yr = 100, .drawn = 1.5915,
	 .words = "DRAM bandwidth of accelerators, figure 1"},
	{.name = "interconnect_bw", .set = TREND_PAPER, LINKS, .published = 1.4, .published_20yr = 30, .drawn = 1.4151,
	 .words = "PCIe and NVLink, signalling rate of a lane, figure 1"},
	{.name = "model_params", .set = TREND_PAPER, PARAMS, .where = {IS("in_fit", "yes")}, .published = 410, .drawn = 413.13,
	 .words = "parameters of transformers, figure 2a"},
	{.name = "model_train_flops", .set = TREND_PAPER, TRAIN, .where = {IS("in_transformer_fit", "yes")}, .published = 750, .drawn = 755.04,
	 .words = "training compute of transformers, figure 2b"},
	{.name = "accelerator_memory", .set = TREND_PAPER, MEMORY, .published = 2, .drawn = 1.8630,
	 .words = "memory of accelerators, figure 2a"},
	/* ---- its edition of 2021 ---- */
	{.name = "edition2021.hw_flops", EDITION, .where = {IS("series", "hw_flops")}, .published = 3.1, .published_20yr = 90000,
	 .words = "points of that figure"},
	{.name = "edition2021.dram_bw", EDITION, .where = {IS("series", "dram_bw")}, .published = 1.4, .published_20yr = 30,
	 .words = "points of that figure"},
	{.name = "edition2021.interconnect_bw", EDITION, .where = {IS("series", "interconnect_bw")}, .published = 1.4, .published_20yr = 30,
	 .words = "points of that figure"},
	{.name = "edition2021.model_params", README, .set = TREND_EDITION, .value = "params_M", .unit = "million parameters", .where = {IS("family", "nlp"), HAS_NOT("model", "ELMo|RoBERTa")}, .published = 240,
	 .words = "README table without ELMo and RoBERTa"},
	{.name = "edition2021.accelerator_memory", MEMORY, .set = TREND_EDITION, .where = {HAS_NOT("name", "H100")}, .published = 2,
	 .words = "points of 2024 without H100"},
	{.name = "edition2021.train_flops_all", TRAIN, .set = TREND_EDITION, .published = 15,
	 .words = "all 21 models of figure 2b"},
	/* ---- what the rates depend on ---- */
	{.name = "hw_flops.from_2002", .set = TREND_SENSITIVITY, FLOPS, .from = 2002,
	 .words = "2002 and later"},
	{.name = "hw_flops.labelled", .set = TREND_SENSITIVITY, FLOPS, .where = {IS("name_conf", "F|F?")},
	 .words = "points that the figure labels"},
	{.name = "hw_flops.frontier", .set = TREND_SENSITIVITY, FLOPS, .twist = TREND_RUNNING_MAX,
	 .words = "running maximum"},
	{.name = "hw_flops.r10000_390", .set = TREND_SENSITIVITY, FLOPS, .twist = TREND_R10000_390,
	 .words = "first point 390 MFLOP/s (unverified) instead of 339"},
	{.name = "hw_flops.end_points", .set = TREND_SENSITIVITY, FLOPS, .twist = TREND_END_POINTS,
	 .words = "first and last point only (the published 60 000 is 3.0 to the power of 10, not their ratio)"},
	{.name = "hw_flops.no_tpu", .set = TREND_SENSITIVITY, FLOPS, .where = {HAS_NOT("name", "TPU")},
	 .words = "without TPUs"},
	{.name = "hw_flops.no_16bit", .set = TREND_SENSITIVITY, FLOPS, .where = {HAS_NOT("name", "P100|V100|A100|H100|TPU")},
	 .words = "without 16-bit and tensor points"},
	{.name = "dram_bw.hbm", .set = TREND_SENSITIVITY, DRAM, .where = {HAS("name", "HBM")},
	 .words = "HBM only"},
	{.name = "dram_bw.gddr", .set = TREND_SENSITIVITY, DRAM, .where = {HAS("name", "GDDR")},
	 .words = "GDDR only"},
	{.name = "dram_bw.and_h100_sxm", .set = TREND_SENSITIVITY, DRAM, .twist = TREND_AND_H100,
	 .words = "and H100 SXM, 3.35 TB/s"},
	{.name = "dram_bw.last_h100_sxm", .set = TREND_SENSITIVITY, DRAM, .twist = TREND_LAST_H100,
	 .words = "last point replaced by it"},
	{.name = "dram_bw.end_points", .set = TREND_SENSITIVITY, DRAM, .twist = TREND_END_POINTS,
	 .words = "first and last point only"},
	{.name = "interconnect_bw.end_points", .set = TREND_SENSITIVITY, LINKS, .twist = TREND_END_POINTS,
	 .words = "first and last point only"},
	{.name = "interconnect_bw.pcie", .set = TREND_SENSITIVITY, LINKS, .where = {HAS("name", "PCIe")},
	 .words = "PCIe only"},
	{.name = "interconnect_bw.nvlink", .set = TREND_SENSITIVITY, LINKS, .where = {HAS("name", "NVLink")},
	 .words = "NVLink only"},
	{.name = "model_params.dense", .set = TREND_SENSITIVITY, PARAMS, .where = {IS("in_fit", "yes"), IS_NOT("name", "GShard|Switch Transformer")},
	 .words = "without the mixtures of experts GShard and Switch"},
	{.name = "model_params.and_recsys", .set = TREND_SENSITIVITY, PARAMS, .where = {IS("family", "transformer|recsys")},
	 .words = "and Baidu 10 TB recommender"},
	{.name = "model_params.from_2018", .set = TREND_SENSITIVITY, PARAMS, .where = {IS("in_fit", "yes")}, .from = 2018,
	 .words = "2018 and later, without Transformer"},
	{.name = "model_train_flops.without_four", .set = TREND_SENSITIVITY, TRAIN, .where = {IS("in_transformer_fit", "yes"), HAS_NOT("name", "ALBERT|ELECTRA|RoBERTa|XLNet")},
	 .words = "without ALBERT, ELECTRA, RoBERTa, XLNet"},
	{.name = "model_train_flops.all", .set = TREND_SENSITIVITY, TRAIN, .published = 15,
	 .words = "all models of the figure"},
	{.name = "readme.params", README, .set = TREND_SENSITIVITY, .value = "params_M", .unit = "million parameters", .where = {IS("family", "nlp")},
	 .words = "authors' README, language models"},
	{.name = "readme.params_no_duplicate", README, .set = TREND_SENSITIVITY, .value = "params_M", .unit = "million parameters", .where = {IS("family", "nlp"), HAS_NOT("model", "ELMo|RoBERTa")}, .published = 240,
	 .words = "without ELMo and RoBERTa, which repeats GPT-2"},
	{.name = "readme.train_flops", README, .set = TREND_SENSITIVITY, .value = "training_PFLOPs", .unit = "PFLOP", .where = {IS("family", "nlp"), IS_NOT("model", "Seq2Seq|ELMo")},
	 .words = "authors' README, transformers"},
	/* ---- data of others ---- */
	{.name = "epoch.fp32", CHIPS, .value = "fp32_flops", .unit = "FLOP/s",
	 .words = "Epoch hardware, FP32"},
	{.name = "epoch.tensor_fp16", CHIPS, .value = "tensor_fp16_flops", .unit = "FLOP/s",
	 .words = "Epoch hardware, FP16 on tensor units"},
	{.name = "epoch.best16", CHIPS, .value = "fp32_flops|fp16_flops|tensor_fp16_flops", .unit = "FLOP/s",
	 .words = "Epoch hardware, best of FP32 and 16 bit"},
	{.name = "epoch.mem_bw", CHIPS, .value = "mem_bw_Bps", .unit = "B/s",
	 .words = "Epoch hardware, memory bandwidth"},
	{.name = "epoch.memory", CHIPS, .value = "memory_B", .unit = "B",
	 .words = "Epoch hardware, memory capacity"},
	{.name = "epoch.intranode", CHIPS, .value = "intranode_bw_Bps", .unit = "B/s",
	 .words = "Epoch hardware, bandwidth within a node"},
	{.name = "epoch.intranode_nvidia", CHIPS, .value = "intranode_bw_Bps", .unit = "B/s", .where = {IS("maker", "NVIDIA")},
	 .words = "the same, NVIDIA: all links together"},
	{.name = "epoch.internode", CHIPS, .value = "internode_bw_bps", .unit = "bit/s",
	 .words = "Epoch hardware, network between nodes, one way"},
	{.name = "epoch_dc.best16", CHIPS, .value = "fp32_flops|fp16_flops|tensor_fp16_flops", .unit = "FLOP/s", .where = {DATACENTRE},
	 .words = "datacentre names, best of FP32 and 16 bit"},
	{.name = "epoch_dc.mem_bw", CHIPS, .value = "mem_bw_Bps", .unit = "B/s", .where = {DATACENTRE},
	 .words = "datacentre names, memory bandwidth"},
	{.name = "epoch_dc.memory", CHIPS, .value = "memory_B", .unit = "B", .where = {DATACENTRE},
	 .words = "datacentre names, memory capacity"},
	{.name = "epoch_dc.balance", CHIPS, .value = "fp32_flops|fp16_flops|tensor_fp16_flops/mem_bw_Bps", .unit = "FLOP/byte", .where = {DATACENTRE},
	 .words = "datacentre names that tell both, FLOP per byte"},
	{.name = "epoch_lm.params", MODELS, .value = "params", .unit = "parameters", .where = {HAS("domain", "Language")}, .from = 2018, .to = 2022,
	 .words = "Epoch language models 2018-2021, parameters"},
	{.name = "epoch_lm.train_flop", MODELS, .value = "train_flop", .unit = "FLOP", .where = {HAS("domain", "Language")}, .from = 2018, .to = 2022,
	 .words = "Epoch language models 2018-2021, training"},
	{.name = "epoch_models.train_flop", MODELS, .value = "train_flop", .unit = "FLOP", .from = 2010,
	 .words = "Epoch models 2010 and later, training"},
	{.name = "epoch_models.params", MODELS, .value = "params", .unit = "parameters", .from = 2010,
	 .words = "Epoch models 2010 and later, parameters"},
	{.name = "rupp.intel_fp32", DEVICES, .value = "gflops_sp", .unit = "GFLOP/s", .where = {IS("class", "Intel CPU")},
	 .words = "Rupp, Intel CPUs 2007-18, FP32"},
	{.name = "rupp.intel_mem_bw", DEVICES, .value = "mem_bw_GBps", .unit = "GB/s", .where = {IS("class", "Intel CPU"), IS_NOT("gflops_sp", "")},
	 .words = "Rupp, Intel CPUs 2007-18, memory bandwidth"},
	{.name = "rupp.intel_balance", DEVICES, .value = "gflops_sp/mem_bw_GBps", .unit = "FLOP/byte", .where = {IS("class", "Intel CPU")},
	 .words = "Rupp, Intel CPUs 2007-18, FLOP per byte"},
	{.name = "rupp.amd_fp32", DEVICES, .value = "gflops_sp", .unit = "GFLOP/s", .where = {IS("class", "AMD GPU")},
	 .words = "Rupp, AMD GPUs 2007-18, FP32"},
	{.name = "rupp.amd_mem_bw", DEVICES, .value = "mem_bw_GBps", .unit = "GB/s", .where = {IS("class", "AMD GPU"), IS_NOT("gflops_sp", "")},
	 .words = "Rupp, AMD GPUs 2007-18, memory bandwidth"},
	{.name = "rupp.amd_balance", DEVICES, .value = "gflops_sp/mem_bw_GBps", .unit = "FLOP/byte", .where = {IS("class", "AMD GPU")},
	 .words = "Rupp, AMD GPUs 2007-18, FLOP per byte"},
	{.name = "rupp.nvidia_fp32", DEVICES, .value = "gflops_sp", .unit = "GFLOP/s", .where = {IS("class", "NVIDIA GPU")},
	 .words = "Rupp, NVIDIA GPUs 2007-18, FP32"},
	{.name = "rupp.nvidia_mem_bw", DEVICES, .value = "mem_bw_GBps", .unit = "GB/s", .where = {IS("class", "NVIDIA GPU"), IS_NOT("gflops_sp", "")},
	 .words = "Rupp, NVIDIA GPUs 2007-18, memory bandwidth"},
	{.name = "rupp.nvidia_balance", DEVICES, .value = "gflops_sp/mem_bw_GBps", .unit = "FLOP/byte", .where = {IS("class", "NVIDIA GPU")},
	 .words = "Rupp, NVIDIA GPUs 2007-18, FLOP per byte"},
	{.name = "rupp50.transistors", FIFTY, .unit = "thousands", .where = {IS("series", "transistors")},
	 .words = "Rupp, 50 years of microprocessors, transistors"},
	{.name = "rupp50.frequency", FIFTY, .unit = "MHz", .where = {IS("series", "frequency")},
	 .words = "Rupp, 50 years of microprocessors, clock"},
	{.name = "rupp50.specint", FIFTY, .unit = "x 1000", .where = {IS("series", "specint")},
	 .words = "Rupp, 50 years of microprocessors, SpecINT of one thread"},
	{.name = NULL},
};
/* clang-format on */
