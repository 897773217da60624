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

static uint32_t moved_on(uint32_t digit, uint32_t by, uint32_t base)
{
	return (uint32_t)((digit + (uint64_t)by) % base);
}

struct ambit_place ambit_place_at(const struct ambit_geometry *g, uint64_t slot, const struct ambit_shift *at)
{
	struct ambit_place p = ambit_place(g, slot);
	p.channel = moved_on(p.channel, at->channel, g->channels);
	p.rank = moved_on(p.rank, at->rank, g->ranks);
	p.bank = moved_on(p.bank, at->bank, g->banks);
	p.subarray = moved_on(p.subarray, at->subarray, g->subarrays);
	return p;
}

uint64_t ambit_index(const struct ambit_geometry *g, const struct ambit_place *p)
{
	return (((uint64_t)p->subarray * g->banks + p->bank) * g->ranks + p->rank) * g->channels + p->channel;
}
