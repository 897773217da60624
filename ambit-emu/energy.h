/* Energy of micro-programs: activation and precharge energy of one chip by DRAMPower's equations (energy/model),
 * Ambit's factors for second activations and extra wordlines, times the chips of a rank.
 *
 *   E(AAP) = E_act (1 + kappa) (1 + 0.22 x extra wordlines, per activation) + E_pre
 *
 * kappa is the energy of the second activation of an AAP relative to the first; it is smaller because the bitlines are
 * already driven. It is a band: 0.07 from the ratios of Ambit's table (Seshadri et al., MICRO 2017, Table 3), 0.31 from
 * pLUTo's ratio of AAP to AP, at most 1. 0.22 per extra wordline is Ambit's figure. All are unverified. min and max
 * also include the band of measured over datasheet currents. */
#ifndef AMBIT_ENERGY_H
#define AMBIT_ENERGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "energy/model/dram_energy.h"

#define AMBIT_EXTRA_WORDLINE 0.22

struct ambit_energy {
	const struct dram_part *part;
	struct dram_energy chip;
	unsigned chips; /* chips of a rank, ECC chips included when asked for */
};

enum ambit_energy_part { AMBIT_E_ACT, AMBIT_E_ACT2, AMBIT_E_WORDLINES, AMBIT_E_PRE, AMBIT_E_PARTS };

/* Counts of activations, wordlines above one, and precharges of one or more programs. */
struct ambit_activity {
	uint64_t act_first, act_second, extra_first, extra_second, pre;
};

/* Keeps `part`. rho in 0..1 or DRAM_RHO_DEFAULT. -EOPNOTSUPP: the part has no currents; else errors as dram_energy(),
 * -EDOM for a negative term. */
int ambit_energy_init(struct ambit_energy *e, const struct dram_part *part, double rho, unsigned chips, char *err,
		      size_t n);
/* Energy of one part in pJ. */
struct dram_band ambit_energy_pj(const struct ambit_energy *e, const struct ambit_activity *a,
				 enum ambit_energy_part part);
/* What a device does over time, in ps, none of it overlapping: its banks decide the background. */
struct ambit_standing {
	uint64_t compute_ps;
	uint64_t open_ps;     /* while computing: from first activation to precharge, added over all banks */
	uint64_t copy_ps;     /* rows are copied over the internal bus: two banks of a rank are open */
	uint64_t transfer_ps; /* the host reads or writes: one bank of a rank is open */
	uint64_t closed_ps;   /* the host or a transposition unit works: no bank is open */
	unsigned ranks;
};

/* Background in pJ of all ranks over the whole time. While computing, one bank of each rank counts as open all the
 * time: an upper bound where all banks precharge together. A refresh has all banks open for tRFC. */
struct dram_band ambit_background_pj(const struct ambit_energy *e, const struct ambit_standing *s);
/* Refresh in pJ of `ranks` ranks over elapsed ps. */
struct dram_band ambit_refresh_pj(const struct ambit_energy *e, uint64_t elapsed_ps, unsigned ranks);
/* Bytes read or written over the channel, in pJ, with one activation per row: DRAM core, no I/O (ambit_io_pj()). */
struct dram_band ambit_transfer_pj(const struct ambit_energy *e, double bytes, int write);

/* ---- interface ---- */

/* Drivers and termination of the data pins, for each bit that crosses the channel. */
struct ambit_io {
	bool known;
	struct dram_band pj_per_bit;
	char source[160]; /* why, where it is not known */
};

/* text: the key `io`; NULL: the published value, which only HBM2 has. "PJ": pJ per bit. "ohm:R": termination to VDDQ by
 * DRAMPower's equation, V^2 / R for the time of each 0, with none, half and all of the bits 0; R is driver plus
 * termination. -EINVAL with a line in err: neither, or a memory that is not terminated to VDDQ (not DDR4 or DDR5). */
int ambit_io_init(struct ambit_io *io, const struct ambit_energy *e, const char *text, char *err, size_t n);
/* In pJ, ECC chips included. io must be known. */
struct dram_band ambit_io_pj(const struct ambit_io *io, const struct ambit_energy *e, double bytes);

/* ---- published energies per command, instead of the equation ---- */

/* One AAP and one AP in nJ per per_bytes of row. The two tables use different row sizes: compare them only through
 * ambit_table_pj(). They give whole commands: no parts, no background, no transfers. */
struct ambit_energy_table {
	const char *name;
	double aap_nj, ap_nj;
	uint32_t per_bytes;
	bool verified; /* the figures were read in the named source itself */
	const char *source;
};

/* "ambit-table" or "pluto"; NULL otherwise. */
const struct ambit_energy_table *ambit_energy_table(const char *name);
/* In pJ. min = typ = max: the tables give no band. */
struct dram_band ambit_table_pj(const struct ambit_energy_table *t, uint64_t aap, uint64_t ap, uint64_t row_bytes);

#endif
