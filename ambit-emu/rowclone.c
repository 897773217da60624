#include "ambit-emu/rowclone.h"

#include <errno.h>

enum ambit_clone ambit_clone_kind(const struct ambit_place *from, const struct ambit_place *to)
{
	if (from->channel != to->channel || from->rank != to->rank)
		return AMBIT_CLONE_FAR;
	if (from->bank != to->bank)
		return AMBIT_CLONE_BANK;
	return from->subarray == to->subarray ? AMBIT_CLONE_NONE : AMBIT_CLONE_SUBARRAY;
}

int ambit_clone_cost(const struct dram_part *d, const struct ambit_geometry *g, enum ambit_clone kind,
		     struct ambit_clone_cost *out)
{
	*out = (struct ambit_clone_cost){0};
	if (kind == AMBIT_CLONE_FAR || !dram_part_has_columns(d))
		return -EOPNOTSUPP;
	if (kind == AMBIT_CLONE_NONE)
		return 0;
	uint32_t n = g->page_bytes * 8 / (d->chip_bits * d->burst_length);
	/* Every TRANSFER writes to the same bank. */
	uint64_t stream = (uint64_t)(n - 1) * dram_part_write_gap_ps(d);
	uint32_t halves = kind == AMBIT_CLONE_SUBARRAY ? 2 : 1;
	out->ps = (uint64_t)d->trrd_l + d->trcd + stream + d->tcl + dram_part_burst_ps(d) + d->twr + d->trp;
	if (halves == 2)
		out->ps += (uint64_t)d->trp + d->trcd + stream;
	out->activations = halves + 1;
	out->transfers = halves * n;
	out->bytes = halves * ambit_row_bytes(g);
	return 0;
}

mw_wide ambit_clone_elapsed_ps(const struct ambit_geometry *g, const struct ambit_clone_cost *one, uint64_t rows)
{
	uint64_t buses = (uint64_t)g->channels * g->ranks;
	return mw_wide_mul((rows + buses - 1) / buses, one->ps);
}
