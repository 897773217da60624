/* Figures 1, 2 and 4 of "AI and Memory Wall", drawn from the points, with fitted lines and their 95 % bands, and the
 * chips of the years since. */
#ifndef MW_TREND_FIGURES_H
#define MW_TREND_FIGURES_H

#include "reports/figure.h"
#include "reports/trends.h"

struct trend_figure {
	const char *id;    /* of its files and anchor: "wall-hardware" */
	const char *name;  /* of what it shows */
	figure_draw *draw; /* self: a const struct trends * */
	/* What was drawn as CSV: point by point, with source and licence. -ENOMEM, -EIO. */
	int (*data)(FILE *f, const struct trends *t);
};

/* In the order of the paper; ended by a NULL id. */
extern const struct trend_figure trend_figures[];

/* ---- for the files that draw ---- */

int trend_draw_hardware(const void *trends, const struct figure_look *look, struct figure_plot *plot);
int trend_draw_models(const void *trends, const struct figure_look *look, struct figure_plot *plot);
int trend_draw_training(const void *trends, const struct figure_look *look, struct figure_plot *plot);
int trend_draw_memory(const void *trends, const struct figure_look *look, struct figure_plot *plot);
int trend_data_memory(FILE *f, const struct trends *t);
int trend_draw_prediction(const void *trends, const struct figure_look *look, struct figure_plot *plot);
int trend_data_prediction(FILE *f, const struct trends *t);

#endif
