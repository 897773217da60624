/* pim_device_info() for devices that are DRAM. */
#ifndef PIM_DRAM_INFO_H
#define PIM_DRAM_INFO_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"
#include "pim/pim_device.h"

/* Peak of the data bus of one channel in GB/s. */
static inline double dram_channel_gbps(const struct ambit_dram *d)
{
	return d->channel_bits / 8.0 * d->burst_mbps / 1000.0;
}

static inline void dram_info(const struct ambit_geometry *g, const struct ambit_dram *d, struct pim_device_info *out)
{
	out->channels = g->channels;
	out->ranks = g->ranks;
	out->banks = g->banks;
	out->subarrays = g->subarrays;
	out->rows = g->rows;
	out->row_bytes = ambit_row_bytes(g);
	out->channel_bits = d->channel_bits;
	out->channel_peak_gbps = dram_channel_gbps(d);
	out->peak_gbps = g->channels * out->channel_peak_gbps;
}

#endif
