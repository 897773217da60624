/* Published values of the memory wall, and where this host stands: growth rates, models, predictions and the
 * transformer case study. Only the values of the run are measured. */
#include "reports/sections/wall.h"

#include <math.h>
#include <stddef.h>

enum { F32_PEAK, INT8_PEAK, READ_PEAK, READ };

static const struct query queries[] = {
	[F32_PEAK] = {.bench = "gemm", .case_name = "peak", .metric = "flop_rate", .where = "dtype=f32"},
	[INT8_PEAK] = {.bench = "gemm", .case_name = "peak", .metric = "op_rate", .where = "dtype=int8"},
	[READ_PEAK] = {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth"},
	[READ] = {.bench = "bandwidth", .case_name = "dram-read", .metric = "bandwidth"},
	{.bench = NULL},
};

static const struct mw_record *best(const struct results *r, size_t i)
{
	struct query q = query_in(queries[i], query_usual_c2c(&r->records));
	return plot_best(&r->records, &q, false);
}

struct wall_host wall_host_of(const struct results *r)
{
	struct wall_host h = {best(r, F32_PEAK), best(r, INT8_PEAK), best(r, READ_PEAK)};
	if (!h.bandwidth)
		h.bandwidth = best(r, READ);
	return h;
}

double wall_ridge(const struct mw_record *peak, const struct mw_record *bandwidth)
{
	double ridge = peak && bandwidth ? peak->value / bandwidth->value : (double)NAN;
	return plot_can_show(ridge) ? ridge : (double)NAN;
}

#define TREND(name, id)                                                                                                \
	static int draw_##name(const struct results *r, const struct figure_look *look, struct figure_plot *p)         \
	{                                                                                                              \
		return wall_draw_trend(id, r, look, p);                                                                \
	}                                                                                                              \
	static int table_##name(const struct results *r, struct grid *g)                                               \
	{                                                                                                              \
		return wall_table_trend(id, r, g);                                                                     \
	}
TREND(hardware, "wall-hardware")
TREND(models, "wall-models")
TREND(training, "wall-training")
TREND(memory, "wall-memory")
TREND(prediction, "wall-prediction")

const struct section section_wall = {
	.place = 90,
	.id = "wall",
	.name = "The wall",
	.words = "Published values of the memory wall, fitted and computed again, and where this host stands. Only "
		 "values marked as measured come from this run.",
	.queries = queries,
	.figures = {{"wall-hardware", "Compute, memory, interconnect", draw_hardware, table_hardware},
		    {"wall-models", "Model size and accelerator memory", draw_models, table_models},
		    {"wall-training", "Training compute", draw_training, table_training},
		    {"wall-memory", "Memory that training takes", draw_memory, table_memory},
		    {"wall-prediction", "Chips since 2023", draw_prediction, table_prediction},
		    {"wall-transformer", "Transformers: the same arithmetic, more bytes", wall_draw_transformer,
		     wall_table_transformer}},
	.headlines = wall_headline,
};
