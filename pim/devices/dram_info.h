/* pim_device_info() for devices that are DRAM. */
#ifndef PIM_DRAM_INFO_H
#define PIM_DRAM_INFO_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"
#include "pim/pim_device.h"

static inline void dram_info(const struct ambit_geometry *g, const struct dram_part *d, struct pim_device_info *out)
{
	out->channels = g->channels;
	out->ranks = g->ranks;
	out->banks = g->banks;
	out->subarrays = g->subarrays;
	out->rows = g->rows;
	out->row_bytes = ambit_row_bytes(g);
	out->channel_bits = d->channel_bits;
	out->channel_peak_gbps = dram_part_peak_gbps(d);
	out->peak_gbps = g->channels * out->channel_peak_gbps;
}

#endif
