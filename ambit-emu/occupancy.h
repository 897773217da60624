/* Data rows in use, per subarray.
 *
 * A vector takes `planes` rows for each of its slots. Its slots lie in subarrays one after the other, moved on by a
 * shift (geometry.h), and every plane has the same row number in all of them; or they are scattered over rows that are
 * left anywhere. Neighbouring subarrays with the same rows in use share one entry, so memory and time grow with the
 * number of vectors, not with the size of the device. */
#ifndef AMBIT_OCCUPANCY_H
#define AMBIT_OCCUPANCY_H

#include <stdbool.h>
#include <stddef.h>

#include "ambit-emu/geometry.h"
#include "base/core/wide.h"

/* Subarrays start, start + 1, .. up to the next stretch, numbered by ambit_index(). */
struct ambit_stretch {
	uint64_t start;
	uint32_t free; /* rows free in each of them */
	uint64_t *map; /* bit r % 64 of map[r / 64]: row r is in use */
};

struct ambit_occupancy {
	struct ambit_geometry geometry;
	uint32_t rows;      /* data rows of a subarray */
	size_t words;       /* of a map */
	uint64_t subarrays; /* of the device */
	uint64_t left;      /* free rows of the device */
	struct ambit_stretch *stretch;
	size_t n, room;
};

/* Rows of one vector: those of map number `map` in the subarrays start .. start + n - 1. */
struct ambit_piece {
	uint64_t start, n;
	size_t map;
};

struct ambit_holding {
	bool scattered;
	struct ambit_shift at; /* unless scattered */
	uint64_t rows;         /* in total */
	uint32_t layers;       /* slots of the vector in its fullest subarray; 0 when scattered */
	uint32_t *row;         /* row of plane j, layer k: row[j x layers + k]; NULL when scattered */
	struct ambit_piece *piece;
	size_t pieces, maps;
	uint64_t *map;
};

/* rows: data rows of a subarray, at most AMBIT_MAP_WORDS x 64. -EINVAL: more; -ENOMEM. */
enum { AMBIT_MAP_WORDS = 1024 };
int ambit_occupancy_init(struct ambit_occupancy *o, const struct ambit_geometry *g, uint32_t rows);
void ambit_occupancy_free(struct ambit_occupancy *o);

/* Rows that are free in every subarray of `slots` slots at a place, under the same numbers. */
uint32_t ambit_occupancy_common(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots);
/* The n-th row that is free in the subarray of slot 0, n below ambit_occupancy_common(o, at, 1). */
uint32_t ambit_occupancy_free_row(const struct ambit_occupancy *o, const struct ambit_shift *at, uint32_t n);
/* The first place, in the order of slots, with room for a vector. False: there is none. */
bool ambit_occupancy_find(const struct ambit_occupancy *o, uint64_t slots, uint32_t planes, struct ambit_shift *at);
/* Rows that are missing, over all slots, when a micro-program needs `need` free ones in the subarray of each slot. */
mw_wide ambit_occupancy_short(const struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots,
			      uint32_t need);

/* Takes the rows of a vector at a place. -ENOSPC: no room there; -ENOMEM. */
int ambit_occupancy_take(struct ambit_occupancy *o, const struct ambit_shift *at, uint64_t slots, uint32_t planes,
			 struct ambit_holding **out);
/* Takes rows wherever some are left. -ENOSPC: fewer than slots x planes are; -ENOMEM. */
int ambit_occupancy_scatter(struct ambit_occupancy *o, uint64_t slots, uint32_t planes, struct ambit_holding **out);
/* Gives the rows back; NULL is allowed. Where the host has no memory left to note that, they stay taken. */
void ambit_occupancy_give(struct ambit_occupancy *o, struct ambit_holding *h);

#endif
