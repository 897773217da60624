/* Where lanes lie. Slot s of a bit vector holds lanes s * row_bits and up. Slots go to channel, rank, bank, then
 * subarray, fastest first, and start over in the next layer once every subarray has one. Slot s of every vector lies in
 * the same subarray, so operands of equal length always meet. */
#ifndef AMBIT_GEOMETRY_H
#define AMBIT_GEOMETRY_H

#include <stdint.h>

struct ambit_geometry {
	uint32_t channels, ranks, banks, subarrays, rows; /* rows of a subarray, reserved ones included */
	uint32_t chips;                                   /* data chips of a rank */
	uint32_t page_bytes;                              /* of a chip */
};

struct ambit_place {
	uint32_t channel, rank, bank, subarray;
	uint32_t layer; /* row of the vector inside that subarray */
};

/* Where slot 0 of a vector lies; each digit of the places of its other slots is moved on alike, modulo its number. */
struct ambit_shift {
	uint32_t channel, rank, bank, subarray;
};

/* Bytes of a row of a rank: all data chips together. */
static inline uint64_t ambit_row_bytes(const struct ambit_geometry *g)
{
	return (uint64_t)g->chips * g->page_bytes;
}

static inline uint64_t ambit_subarrays(const struct ambit_geometry *g)
{
	return (uint64_t)g->channels * g->ranks * g->banks * g->subarrays;
}

/* Rows that hold `lanes` bits; a partial row counts as a full one. */
uint64_t ambit_slots(const struct ambit_geometry *g, uint64_t lanes);
/* Data rows that a vector of `slots` rows takes in the fullest subarray. */
uint64_t ambit_layers(const struct ambit_geometry *g, uint64_t slots);
struct ambit_place ambit_place(const struct ambit_geometry *g, uint64_t slot);
struct ambit_place ambit_place_at(const struct ambit_geometry *g, uint64_t slot, const struct ambit_shift *at);
/* Number of a subarray in the order of slots: ambit_place(g, ambit_index(g, p)) is p in layer 0. */
uint64_t ambit_index(const struct ambit_geometry *g, const struct ambit_place *p);

#endif
