/* The digital in-memory-compute macros behind device `dimc`, and their arithmetic.
 *
 * A macro has `banks` arrays of inputs x outputs weights. One pass of an array multiplies a tile of that size. In every
 * cycle bits_per_cycle bits of each input (least significant first, two's complement) are multiplied by the stored
 * weights; an adder tree of w_bits + bits_per_cycle + log2(inputs) bits sums over the inputs; a register of w_bits +
 * in_bits + log2(inputs) bits adds these sums with their place value, so nothing overflows within a pass. An
 * accumulator of accumulator_bits per output adds the passes of one output in ascending order of the inputs (input tile
 * 0, then 1, ...) and saturates or wraps after each addition. Tiles are distributed over all banks of all macros; a
 * partial tile is padded with zeros. The sources give widths and geometry but not what an accumulator does on overflow,
 * hence the key `overflow`. */
#ifndef PIM_DIMC_H
#define PIM_DIMC_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/keyfile.h"

struct dimc_macro {
	char name[24];
	char paper[24];
	uint32_t node_nm;
	double vdd_v;
	uint32_t inputs, outputs, banks; /* inputs is a power of two, for the adder tree */
	uint32_t w_bits, in_bits, bits_per_cycle, accumulator_bits;
	uint64_t weights;  /* weights that one macro holds */
	uint64_t cycle_fs; /* clock period in femtoseconds: integers keep costs identical everywhere */
	double area_mm2;
	double tops_w;                  /* TOPS/W; NaN: not known */
	double tops_w_min, tops_w_max;  /* range of published figures; both equal tops_w when there is one figure */
	double toggle, weight_sparsity; /* that tops_w is stated for, 0..1; NaN: not known */
	uint32_t verified;              /* 1: the geometry is that of its source */
	char source[160];
};

/* i-th macro of the table; NULL past the last. By name; NULL when unknown. */
const struct dimc_macro *dimc_macro_at(size_t i);
const struct dimc_macro *dimc_macro_find(const char *name);

/* Members as a text of lines `key = value` (base/core/keyfile.h). */
extern const struct mw_keyfile_key dimc_macro_keys[];
const struct mw_keyfile_key *dimc_macro_key(const char *name); /* NULL: there is none */
/* NULL, or which values contradict each other: "inputs: not a power of two". */
const char *dimc_macro_contradiction(const struct dimc_macro *m);
/* Reads such a text; `file` is for messages. -EINVAL with a line in err that names file, line and key. */
int dimc_macro_read(const char *text, const char *file, struct dimc_macro *out, char *err, size_t n);

enum dimc_overflow { DIMC_SATURATE, DIMC_WRAP };

/* y[r] = sum over c of w[r * cols + c] * x[c] as the macro computes it, for rows begin..end-1. */
struct dimc_job {
	const struct dimc_macro *macro;
	enum dimc_overflow overflow;
	const int8_t *w, *x;
	int32_t *y;
	size_t cols;
};

/* Bit by bit; the reference for dimc_fast(). */
void dimc_serial(const struct dimc_job *job, size_t begin, size_t end);
/* The same result by the host's fastest int8 kernel. */
void dimc_fast(const struct dimc_job *job, size_t begin, size_t end);

/* Tiles of a rows x cols matrix; passes in which all arrays of `macros` macros process them; cycles of a pass. */
uint64_t dimc_tiles(const struct dimc_macro *m, uint64_t rows, uint64_t cols);
uint64_t dimc_passes(const struct dimc_macro *m, uint64_t macros, uint64_t rows, uint64_t cols);
uint64_t dimc_cycles_per_pass(const struct dimc_macro *m);
/* Places for weights that a matrix takes: whole tiles. */
uint64_t dimc_footprint(const struct dimc_macro *m, uint64_t rows, uint64_t cols);

#endif
