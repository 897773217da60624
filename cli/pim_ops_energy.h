/* The columns of `pim ops` on energy, power and read disturbance. */
#ifndef MW_CLI_PIM_OPS_ENERGY_H
#define MW_CLI_PIM_OPS_ENERGY_H

#include "base/core/text.h"
#include "pim/pim.h"

/*         column, name, heading on a terminal (NULL: not shown there), number */
#define OPS_ENERGY(X)                                                                                                  \
	X(NJ_PER_KB_MIN, "nj_per_kb_min", "nJ/KB min", true)                                                           \
	X(NJ_PER_KB_MAX, "nj_per_kb_max", "nJ/KB max", true)                                                           \
	X(PJ_PER_LANE_MIN, "pj_per_lane_min", NULL, true)                                                              \
	X(PJ_PER_LANE_MAX, "pj_per_lane_max", NULL, true)                                                              \
	X(STANDING_PCT, "standing_pct", NULL, true)                                                                    \
	X(W_PER_RANK_NONE, "w_per_rank_none", NULL, true)                                                              \
	X(W_PER_RANK_JEDEC, "w_per_rank_jedec", "W/rank jedec", true)                                                  \
	X(GOPS_PER_W_NONE, "gops_per_w_none", NULL, true)                                                              \
	X(GOPS_PER_W_JEDEC, "gops_per_w_jedec", "GOPS/W jedec", true)                                                  \
	X(GOPS_PER_MM2_NONE, "gops_per_mm2_none", NULL, true)                                                          \
	X(GOPS_PER_MM2_JEDEC, "gops_per_mm2_jedec", NULL, true)                                                        \
	X(DISTURBANCE, "disturbance", "disturbance", false)                                                            \
	X(HC_FIRST_MIN, "hc_first_min", NULL, true)                                                                    \
	X(HC_FIRST_MAX, "hc_first_max", NULL, true)                                                                    \
	X(HC_FIRST_MULTI, "hc_first_multi", NULL, true)                                                                \
	X(GUARD_TIME_PCT, "guard_time_pct", "guard %", true)                                                           \
	X(GUARD_ENERGY_PCT, "guard_energy_pct", NULL, true)                                                            \
	X(GUARD_MULTI_TIME_PCT, "guard_multi_time_pct", NULL, true)                                                    \
	X(GUARD_MULTI_ENERGY_PCT, "guard_multi_energy_pct", NULL, true)                                                \
	X(REFRESH_RATE, "refresh_rate", NULL, true)                                                                    \
	X(REFRESH_SHARE_PCT, "refresh_share_pct", NULL, true)                                                          \
	X(ROTATE_SUBARRAYS, "rotate_subarrays", NULL, true)                                                            \
	X(ROTATE_TIME_PCT, "rotate_time_pct", NULL, true)                                                              \
	X(ROTATE_ENERGY_PCT, "rotate_energy_pct", NULL, true)                                                          \
	X(DISTURBANCE_SOURCE, "disturbance_source", NULL, false)

#define OPS_ENERGY_ENUM(id, name, heading, number) E_##id,
enum ops_energy_column { OPS_ENERGY(OPS_ENERGY_ENUM) OPS_ENERGY_COLUMNS };

/* Prices of one operation: as the SPEC says, and without and with the limit on activations; NULL: no such limit. */
struct ops_prices {
	const struct pim_price *plain, *none, *jedec;
	uint32_t ranks;  /* of all channels; 0: not DRAM */
	double area_mm2; /* of the device; NaN: not known */
};

/* Writes the cells; text is indexed by enum ops_energy_column. What has no model stays empty. */
void ops_energy_cells(const struct ops_prices *p, struct mw_buf *text);

#endif
