/* The failure model of one device and its maps of bad columns; each map is drawn once and kept. */
#include <errno.h>
#include <stdlib.h>

#include "ambit-emu/fault_run.h"

/* PuDGhost's maxima on random inputs, and the probability that a random column is exposed: its three cells differ
 * (3/4), and at least one of two neighbour bitlines (3/4) or the idle cell (1/2) is opposed. */
#define COLUMNS_MAX 0.48
#define ROWS_MAX 0.10
#define EXPOSED_TO_COLUMNS (0.75 * 0.75)
#define EXPOSED_TO_ROWS (0.75 * 0.5)

int ambit_fault_model(struct ambit_fault_model *m, uint64_t seed, enum ambit_curve curve, double variation,
		      double interference, struct ambit_rate *rate)
{
	struct ambit_rate r;
	int rc = ambit_rate(curve, variation, &r);
	if (rc < 0)
		return rc;
	if (!(interference >= 0 && interference <= 1))
		return -ERANGE;
	*m = (struct ambit_fault_model){
		.seed = seed,
		.tra = ambit_threshold(r.p),
		.columns = ambit_threshold(interference * COLUMNS_MAX / EXPOSED_TO_COLUMNS),
		.rows = ambit_threshold(interference * ROWS_MAX / EXPOSED_TO_ROWS),
	};
	if (rate)
		*rate = r;
	return 0;
}

void ambit_fault_maps_init(struct ambit_fault_maps *f, const struct ambit_fault_model *m,
			   const struct ambit_geometry *g, uint64_t columns)
{
	*f = (struct ambit_fault_maps){.model = *m, .geometry = *g, .words = (size_t)(columns / 64)};
}

void ambit_fault_maps_free(struct ambit_fault_maps *f)
{
	for (size_t i = 0; i < f->n * AMBIT_TRA_ADDRESSES; i++)
		free(f->map[i]);
	free(f->map);
	f->map = NULL;
	f->n = 0;
}

uint64_t ambit_fault_subarrays(const struct ambit_fault_maps *f, uint64_t slots)
{
	uint64_t all = ambit_subarrays(&f->geometry);
	return slots < all ? slots : all;
}

int ambit_fault_maps_reserve(struct ambit_fault_maps *f, uint64_t slots, const struct ambit_shift *at)
{
	uint64_t need = f->n;
	for (uint64_t i = 0, n = ambit_fault_subarrays(f, slots); i < n; i++) {
		struct ambit_place p = ambit_place_at(&f->geometry, i, at);
		uint64_t index = ambit_index(&f->geometry, &p);
		need = index < need ? need : index + 1;
	}
	if (need == f->n)
		return 0;
	uint64_t **map = reallocarray(f->map, (size_t)need * AMBIT_TRA_ADDRESSES, sizeof(*map));
	if (!map)
		return -ENOMEM;
	for (size_t i = f->n * AMBIT_TRA_ADDRESSES; i < need * AMBIT_TRA_ADDRESSES; i++)
		map[i] = NULL;
	f->map = map;
	f->n = (size_t)need;
	return 0;
}

uint64_t *const *ambit_fault_maps_of(const struct ambit_fault_maps *f, uint64_t slot, const struct ambit_shift *at)
{
	struct ambit_place p = ambit_place_at(&f->geometry, slot, at);
	return &f->map[ambit_index(&f->geometry, &p) * AMBIT_TRA_ADDRESSES];
}

int ambit_fault_maps_draw(struct ambit_fault_maps *f, uint64_t slot, const struct ambit_shift *at, unsigned addresses)
{
	const struct ambit_geometry *g = &f->geometry;
	struct ambit_place p = ambit_place_at(g, slot, at);
	uint64_t **row = &f->map[ambit_index(g, &p) * AMBIT_TRA_ADDRESSES];
	struct ambit_site site = {
		.seed = f->model.seed,
		.bank = (p.channel * g->ranks + p.rank) * g->banks + p.bank,
		.subarray = p.subarray,
	};
	const uint64_t threshold[3] = {
		[AMBIT_FAULT_TRA] = f->model.tra,
		[AMBIT_FAULT_COLUMNS] = f->model.columns,
		[AMBIT_FAULT_ROWS] = f->model.rows,
	};
	for (unsigned i = 0; i < AMBIT_TRA_ADDRESSES; i++) {
		uint64_t **map = &row[i];
		if (!(addresses >> i & 1) || *map)
			continue;
		*map = calloc(3 * f->words, sizeof(**map));
		if (!*map)
			return -ENOMEM;
		site.address = AMBIT_FIRST_TRA + i;
		for (site.kind = 0; site.kind < 3; site.kind++)
			ambit_bad_columns(&site, threshold[site.kind], *map + site.kind * f->words, f->words);
	}
	return 0;
}
