#include "energy/model/dram_part.h"

static bool all(const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == 0)
			return false;
	return true;
}

#define ALL(...) all((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

bool dram_part_has_rows(const struct dram_part *p)
{
	return ALL(p->chip_bits, p->channel_bits, p->page_bytes, p->banks, p->bank_groups, p->rows_per_bank,
		   p->burst_mbps, p->burst_length, p->data_rate, p->act_slots, p->tck, p->tras, p->trp, p->trrd_s,
		   p->trrd_l, p->tfaw, p->trfc, p->trefi, p->overlap);
}

bool dram_part_has_columns(const struct dram_part *p)
{
	return ALL(p->tck, p->burst_length, p->data_rate, p->column_slots, p->trcd, p->tcl, p->tcwl, p->tccd_s,
		   p->tccd_l, p->twtr_s, p->twtr_l, p->trtw, p->trtp, p->twr);
}

bool dram_part_has_currents(const struct dram_part *p)
{
	return p->vdd > 0 && p->idd0 > 0 && p->idd2n > 0 && p->idd3n > 0 && p->idd4r > 0 && p->idd4w > 0 &&
	       p->idd5b > 0;
}
