/* Copies of whole rows inside memory (Seshadri et al., RowClone, MICRO 2013).
 *
 * Inside one subarray a copy is an AAP (fast parallel mode); filling with zeros is an AAP from C0. Between two banks of
 * a rank the row moves over the chips' internal bus, column by column (pipelined serial mode):
 *	ACT, ACT, TRANSFER x columns, PRE, PRE
 *	tRRD + tRCD + (columns - 1) tCCD + tCL + burst + tWR + tRP
 * Two subarrays of one bank share the row buffer's connection to that bus, so the row goes through a row of another
 * bank; between the two halves the source is closed and the destination opened:
 *	tRRD + tRCD + (columns - 1) tCCD + tRP + tRCD + (columns - 1) tCCD + tCL + burst + tWR + tRP
 * The commands are RowClone's; these sums of timings are this library's own. They give 541.9 ns where RowClone has 1046
 * / 1.93 (4 KB, DDR3-1066), and LISA's 1363.75 ns (Chang et al., HPCA 2016, Table 1: 8 KB, DDR3-1600, two subarrays).
 */
#ifndef AMBIT_ROWCLONE_H
#define AMBIT_ROWCLONE_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"

enum ambit_clone {
	AMBIT_CLONE_NONE,     /* the same subarray: no move, a copy is one AAP */
	AMBIT_CLONE_SUBARRAY, /* another subarray of the bank */
	AMBIT_CLONE_BANK,     /* another bank of the rank */
	AMBIT_CLONE_FAR,      /* another rank or channel, which the internal bus does not reach */
};

enum ambit_clone ambit_clone_kind(const struct ambit_place *from, const struct ambit_place *to);

struct ambit_clone_cost {
	uint64_t ps;
	uint32_t activations; /* there are as many precharges */
	uint32_t transfers;   /* columns over the internal bus */
	uint64_t bytes;       /* bytes of the rank's row over the internal bus */
};

/* Cost of moving one row of g. -EOPNOTSUPP: AMBIT_CLONE_FAR, or the part has no column timings. AMBIT_CLONE_NONE costs
 * nothing. */
int ambit_clone_cost(const struct dram_part *d, const struct ambit_geometry *g, enum ambit_clone kind,
		     struct ambit_clone_cost *out);

/* Time of moving `rows` slots, which lie in turn on channels and ranks. Copies of one rank share its internal bus and
 * follow one another; ranks work side by side. */
mw_wide ambit_clone_elapsed_ps(const struct ambit_geometry *g, const struct ambit_clone_cost *one, uint64_t rows);

#endif
