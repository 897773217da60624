#include "ambit-emu/disturb.h"

#include <math.h>
#include <string.h>

/* Smallest HC_first over all chips of a kind and node: Kim et al., "Revisiting RowHammer", ISCA 2020 (1580 chips; each
 * value counts the activations of either neighbour): DDR3 old 69.2k, new 22.4k; DDR4 old 17.5k, new 10k. Yuksel et al.,
 * "PuDHammer", ISCA 2025 (316 DDR4 chips): 4123 for one row at a time, 26 where 2 to 16 rows are opened at once by
 * violated timings. All through reading notes. */
static const struct {
	const char *dram; /* prefix of the part's value of key dram */
	struct ambit_hc_first hc;
} known[] = {
	{"ddr3", {22400, 69200, 0, "Kim et al. ISCA 2020 (DDR3 new 22.4k; old 69.2k)"}},
	{"ddr4",
	 {4123, 17500, 26,
	  "Yuksel et al. ISCA 2025 (4123; several rows at once 26) and Kim et al. ISCA 2020 (DDR4 new 10k; old "
	  "17.5k)"}},
	{"", {0, 0, 0, "no published figure was found for this memory; key hc_first"}},
};

const struct ambit_hc_first *ambit_hc_first(const struct dram_part *d)
{
	size_t i = 0;
	while (strncmp(d->dram, known[i].dram, strlen(known[i].dram)) != 0)
		i++; /* the last has an empty prefix */
	return &known[i].hc;
}

void ambit_keep_safe(const struct ambit_timing *t, const struct ambit_program *p, const struct ambit_row_use *u,
		     uint64_t limit, struct ambit_safe *out)
{
	const struct dram_part *d = t->dram;
	double activations = (double)ambit_window_activations(t, p, u), allowed = (double)limit;
	double ap = (double)d->tras + d->trp;
	*out = (struct ambit_safe){
		.refreshes = 2 * (double)u->total / allowed,
		.rate = fmax(1, activations / allowed),
		.subarrays = (uint64_t)fmax(1, ceil(activations / allowed)),
		.runs_per_visit = allowed / (double)u->most,
	};
	out->time_share = out->refreshes * ap / (double)ambit_program_ps(t, p);
	out->rate_share = out->rate * d->trfc / d->trefi;
}
