/* Which data rows of its subarrays each vector has. */
#include <errno.h>
#include <stdlib.h>

#include "pim/devices/ambit.h"

static uint32_t data_rows(const struct ambit *a)
{
	return a->geometry.rows - AMBIT_RESERVED_ROWS;
}

int ambit_rows_take(struct ambit *a, uint64_t n, uint32_t *row)
{
	if (!a->row_taken)
		a->row_taken = calloc(data_rows(a), sizeof(*a->row_taken));
	if (!a->row_taken)
		return -ENOMEM;
	uint64_t taken = 0;
	for (uint32_t i = 0; i < data_rows(a) && taken < n; i++)
		if (!a->row_taken[i]) {
			a->row_taken[i] = 1;
			row[taken++] = i;
		}
	a->rows_used += taken;
	return 0;
}

void ambit_rows_release(struct ambit *a, uint64_t n, const uint32_t *row)
{
	for (uint64_t i = 0; i < n; i++)
		a->row_taken[row[i]] = 0;
	a->rows_used -= n;
}

uint32_t ambit_row_free(const struct ambit *a, uint64_t n)
{
	uint64_t free_rows = data_rows(a) - a->rows_used, left = free_rows ? n % free_rows : 0;
	for (uint32_t i = 0; i < data_rows(a); i++)
		if ((!a->row_taken || !a->row_taken[i]) && left-- == 0)
			return i;
	return 0; /* every row holds a vector */
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
	return l ? l->row[i] : (uint32_t)((unbacked_first(a, o) + i) % data_rows(a));
}
