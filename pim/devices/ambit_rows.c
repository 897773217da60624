/* Which data rows of its subarrays each vector has. */
#include <errno.h>
#include <stdlib.h>

#include "pim/devices/ambit.h"

static uint32_t data_rows(const struct ambit *a)
{
	return a->geometry.rows - AMBIT_RESERVED_ROWS;
}

uint32_t ambit_row_free(const struct ambit *a, const struct ambit_shift *at, uint64_t n)
{
	uint32_t free_rows = ambit_occupancy_common(&a->occupancy, at, 1);
	return free_rows ? ambit_occupancy_free_row(&a->occupancy, at, (uint32_t)(n % free_rows)) : 0;
}

static uint64_t layers_of(const struct ambit *a, const struct pim_operand *o)
{
	return ambit_layers(&a->geometry, ambit_held_slots(a, o->cols));
}

/* First row of an unbacked vector: it gets the next ones when it is met for the first time, or after AMBIT_UNBACKED
 * others. */
static uint64_t unbacked_first(struct ambit *a, const struct pim_operand *o)
{
	struct ambit_unbacked *u = &a->unbacked;
	for (unsigned i = 0; i < AMBIT_UNBACKED; i++)
		if (u->known[i].o == o && u->known[i].cols == o->cols && u->known[i].bits == o->type.bits)
			return u->known[i].first;
	u->known[u->next] = (struct ambit_unbacked_vector){o, o->cols, o->type.bits, u->rows};
	uint64_t first = u->known[u->next].first;
	u->next = (u->next + 1) % AMBIT_UNBACKED;
	u->rows = (u->rows + o->type.bits * (layers_of(a, o) % data_rows(a))) % data_rows(a);
	return first;
}

uint32_t ambit_row_of(struct ambit *a, const struct pim_operand *o, unsigned bit, uint64_t layer)
{
	const struct ambit_lanes *l = o->mem;
	uint64_t layers = layers_of(a, o), i = bit * layers + layer;
	if (l && l->held->scattered)
		return (uint32_t)(i % data_rows(a));
	return l ? l->held->row[i] : (uint32_t)((unbacked_first(a, o) + i) % data_rows(a));
}
