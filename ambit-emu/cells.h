/* The effect of one command on rows, as a loop over columns: copy one row, or the majority of three, into up to six
 * rows. */
#ifndef AMBIT_CELLS_H
#define AMBIT_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

#define AMBIT_MAX_DST 6 /* the three source rows of a majority and three second wordlines */

struct ambit_step {
	uint8_t op;    /* index into ambit_cells_table() */
	uint8_t kind;  /* enum ambit_kind of the command */
	uint8_t n_src; /* 1 or 3 */
	uint8_t n_dst; /* 0 (nothing to do) or 1..3 of a copy, 1..6 of a majority */
	bool src_n;    /* the single source is read through its n-wordline; no TRA has one */
	uint8_t dst_n; /* bit k: destination k is written through its n-wordline */
	uint16_t src[3], dst[AMBIT_MAX_DST];
};

/* row[r] is the strip of physical row r; bytes is a multiple of 64, strips are aligned to 64. */
typedef void (*ambit_cells_fn)(const struct ambit_step *s, char *const *row, size_t bytes);

/* First index: 1 where some wordline of the command is an n-wordline. */
struct ambit_cells {
	ambit_cells_fn copy[2][4], maj[2][7];       /* by number of destinations, from 1 */
	ambit_cells_fn copy_nt[2][4], maj_nt[2][7]; /* non-temporal store of the last destination, or NULL */
	void (*fence)(void);
};

extern const struct ambit_cells ambit_cells_portable, ambit_cells_avx2, ambit_cells_avx512, ambit_cells_neon;

/* The loops for an instruction set; NULL when this build or CPU lacks it. */
const struct ambit_cells *ambit_cells(enum mw_isa isa);

/* Kinds of steps: 2 x shape + (some wordline is an n-wordline); shape 0: nothing to do, 1..3: a copy to that many rows,
 * 4..9: a majority into 1..6 rows. AMBIT_LAST is added where the last destination is a row that the program does not
 * read again. */
#define AMBIT_LAST 32u
#define AMBIT_STEP_OPS 64u
uint8_t ambit_step_op(const struct ambit_step *s, bool last);
/* Fills fn with the loop of every kind. nt: steps with AMBIT_LAST use non-temporal stores for their last destination
 * where the path has them. */
void ambit_cells_table(const struct ambit_cells *c, bool nt, ambit_cells_fn fn[AMBIT_STEP_OPS]);

#endif
