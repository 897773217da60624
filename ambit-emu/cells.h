/* What one command does to rows, as a loop over columns: copy or majority of up to three rows into up to six. */
#ifndef AMBIT_CELLS_H
#define AMBIT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

#define AMBIT_MAX_DST 6 /* a majority's own three rows and a three-wordline destination */

struct ambit_step {
	uint8_t n_src;  /* 1 or 3 */
	uint8_t n_dst;  /* 0 (a refresh) or 1..3 of a copy, 3..6 of a majority */
	bool src_n;     /* a single source is read through its n-wordline; no address raises three rows that way */
	bool last_is_d; /* the last destination is a data row that the program does not read again */
	uint16_t src[3], dst[AMBIT_MAX_DST];
	bool dst_n[AMBIT_MAX_DST];
};

/* row[r] is the strip of physical row r; bytes is a multiple of 64, strips are aligned to 64. */
typedef void (*ambit_cells_fn)(const struct ambit_step *s, char *const *row, size_t bytes);

/* First index: 1 where some wordline of the command is an n-wordline. */
struct ambit_cells {
	ambit_cells_fn copy[2][4];             /* by number of destinations */
	ambit_cells_fn maj[2][4];              /* by number of destinations - 3 */
	ambit_cells_fn copy_nt[2], maj4_nt[2]; /* last destination around the caches; NULL: not in this path */
	void (*fence)(void);
};

extern const struct ambit_cells ambit_cells_portable, ambit_cells_avx2, ambit_cells_avx512, ambit_cells_neon;

/* NULL when this build or CPU has none. */
const struct ambit_cells *ambit_cells(enum mw_isa isa);

#endif
