/* Kernels, by instruction set, for several rows of a product whose accumulator saturates after each tile. */
#ifndef PIM_DIMC_TILE_H
#define PIM_DIMC_TILE_H

#include <stddef.h>
#include <stdint.h>

/* acc[i] = saturated sum over tiles of `inputs` columns, for DIMC_TILE_ROWS rows of w that are cols apart. lo and hi
 * are the limits of the accumulator, of at most 30 bits, so that a sum before saturation fits into 32. */
enum { DIMC_TILE_ROWS = 16 };
typedef void (*dimc_tile_fn)(const int8_t *w, const int8_t *x, size_t cols, size_t inputs, int32_t lo, int32_t hi,
			     int32_t *acc);

void dimc_tile_avx2(const int8_t *w, const int8_t *x, size_t cols, size_t inputs, int32_t lo, int32_t hi, int32_t *acc);
void dimc_tile_avx512(const int8_t *w, const int8_t *x, size_t cols, size_t inputs, int32_t lo, int32_t hi,
		      int32_t *acc);

#endif
