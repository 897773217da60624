#include "ambit-emu/geometry.h"

uint64_t ambit_slots(const struct ambit_geometry *g, uint64_t lanes)
{
	uint64_t row_bits = 8 * ambit_row_bytes(g);
	return lanes / row_bits + (lanes % row_bits != 0);
}

uint64_t ambit_layers(const struct ambit_geometry *g, uint64_t slots)
{
	uint64_t n = ambit_subarrays(g);
	return slots / n + (slots % n != 0);
}

static uint32_t digit(uint64_t *rest, uint32_t base)
{
	uint32_t d = (uint32_t)(*rest % base);
	*rest /= base;
	return d;
}

struct ambit_place ambit_place(const struct ambit_geometry *g, uint64_t slot)
{
	struct ambit_place p;
	p.channel = digit(&slot, g->channels);
	p.rank = digit(&slot, g->ranks);
	p.bank = digit(&slot, g->banks);
	p.subarray = digit(&slot, g->subarrays);
	p.layer = (uint32_t)slot;
	return p;
}
