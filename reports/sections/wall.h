/* The figures of the section "The wall" (wall.c), each with its table: reports/section.h says what they return. */
#ifndef MW_SECTION_WALL_H
#define MW_SECTION_WALL_H

#include "reports/section.h"

/* Records of the run that the section uses, each the best in the topology state that most of the run had; NULL: not
 * measured. */
struct wall_host {
	const struct mw_record *f32, *int8, *bandwidth;
};
struct wall_host wall_host_of(const struct results *r);
/* FLOP/byte (int8: operations per byte) above which the peak, not the bandwidth, limits; NaN where one is NULL. */
double wall_ridge(const struct mw_record *peak, const struct mw_record *bandwidth);

/* wall_trends.c: the figures of `memwall trends`, with this host's values; figure: its id (reports/trend_figures.h). */
int wall_draw_trend(const char *figure, const struct results *r, const struct figure_look *look, struct figure_plot *p);
int wall_table_trend(const char *figure, const struct results *r, struct grid *g);
/* Adds where this host stands on the lines; nothing where the run lacks the peak rate or the bandwidth. */
void wall_headline(const struct results *r, struct headlines *out);

/* wall_transformer.c: the case study of Gholami et al. and Kim et al. */
int wall_draw_transformer(const struct results *r, const struct figure_look *look, struct figure_plot *p);
int wall_table_transformer(const struct results *r, struct grid *g);

#endif
