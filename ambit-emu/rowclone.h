/* Copies of whole rows inside memory (Seshadri et al., RowClone, MICRO 2013).
 *
 * In one subarray a copy is an AAP (fast parallel mode), and filling with zeros is an AAP from C0. Between two banks of
 * a rank the row moves over the chips' internal bus, one column after the other (pipelined serial mode):
 *	ACT, ACT, TRANSFER x columns, PRE, PRE
 *	tRRD + tRCD + (columns - 1) tCCD + tCL + burst + tWR + tRP
 * Between two subarrays of one bank, which share the row buffer's way to that bus, it goes through a row of another
 * bank: the source is closed and the destination opened between the two halves,
 *	tRRD + tRCD + (columns - 1) tCCD + tRP + tRCD + (columns - 1) tCCD + tCL + burst + tWR + tRP
 * The commands are RowClone's; this sum of their timings is ours. It gives 541.9 ns where RowClone has 1046 / 1.93
 * (4 KB, DDR3-1066), and LISA's 1363.75 ns (Chang et al., HPCA 2016, Table 1: 8 KB, DDR3-1600, two subarrays). */
#ifndef AMBIT_ROWCLONE_H
#define AMBIT_ROWCLONE_H

#include "ambit-emu/geometry.h"
#include "ambit-emu/timing.h"

/* Timings of column commands, in ps: what `struct ambit_dram` has no need of. */
struct ambit_column {
	const char *dram;
	uint32_t chip_bits; /* 0: any */
	uint32_t trcd, tcl; /* activation to column command; column command to data */
	uint32_t tccd;      /* between column commands to one bank */
	uint32_t burst;     /* data of one column command */
	uint32_t twr;       /* end of data to precharge */
	uint32_t beats;     /* of a burst */
	bool verified;      /* every figure has a source of its own */
	const char *source;
};

/* Of a preset; NULL: no source, and then rows cannot be moved between subarrays. */
const struct ambit_column *ambit_column_find(const struct ambit_dram *d);

enum ambit_clone {
	AMBIT_CLONE_NONE,     /* the same subarray: no move, a copy is one AAP */
	AMBIT_CLONE_SUBARRAY, /* another subarray of the bank */
	AMBIT_CLONE_BANK,     /* another bank of the rank */
	AMBIT_CLONE_FAR,      /* another rank or channel: the internal bus does not reach */
};

enum ambit_clone ambit_clone_kind(const struct ambit_place *from, const struct ambit_place *to);

struct ambit_clone_cost {
	uint64_t ps;
	uint32_t activations; /* and as many precharges */
	uint32_t transfers;   /* columns over the internal bus */
	uint64_t bytes;       /* the same in bytes of the rank's row */
};

/* One row of g. -EOPNOTSUPP: AMBIT_CLONE_FAR. AMBIT_CLONE_NONE costs nothing. */
int ambit_clone_cost(const struct ambit_dram *d, const struct ambit_column *c, const struct ambit_geometry *g,
		     enum ambit_clone kind, struct ambit_clone_cost *out);

/* Time of the copies for `rows` slots, dealt to channels and ranks: those of one rank share its internal bus and
 * follow one another. */
mw_wide ambit_clone_elapsed_ps(const struct ambit_geometry *g, const struct ambit_clone_cost *one, uint64_t rows);

#endif
