/* Matrix-vector products, and loops that measure peak compute; one file per instruction set.
 *
 * y[r] = sum over c of w[r * ld + c] * x[c] for r in 0..rows-1, c in 0..cols-1. w is row-major with ld >= cols
 * elements from row to row (the layout of a transformer's linear layer: one row of weights per output); no pointer
 * needs more alignment than its element. Each kernel streams w once; x is expected to stay in a cache. */
#ifndef MW_GEMV_H
#define MW_GEMV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/core/cpu.h"

/* For any order of summation, with or without FMA: |error| <= g * sum |w * x|, g = cols * u / (1 - cols * u), u = 2^-24
 * (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). */
typedef void (*mw_gemv_f32_fn)(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols);
/* Exact modulo 2^32; equal to the integer sum for cols <= 131071. */
typedef void (*mw_gemv_s8_fn)(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols);

/* Runs `steps` steps of a loop of multiply-adds on registers and returns the operations done (a multiply-add counts as
 * two). The loop has enough independent chains to fill the pipelines. */
typedef uint64_t (*mw_peak_fn)(uint64_t steps);

struct mw_gemv_path {
	const char *name; /* "portable", "avx2", "avx512", "vnni", "neon" */
	enum mw_isa isa;
	unsigned feature; /* enum mw_cpu_feature that it needs beyond isa, or 0 */
	mw_gemv_f32_fn f32;
	mw_gemv_s8_fn s8;
	mw_peak_fn peak_f32;
	mw_peak_fn peak_s8;
};

/* Paths of this build, narrowest first, ended by a NULL name. */
extern const struct mw_gemv_path mw_gemv_paths[];
bool mw_gemv_usable(const struct mw_gemv_path *p);
/* Widest usable path that MEMWALL_ISA allows; never NULL. */
const struct mw_gemv_path *mw_gemv_best(void);

/* Declares the functions of all paths; only those of the architecture built for are defined. */
#define MW_GEMV_DECLARE(suffix)                                                                                        \
	void mw_gemv_f32_##suffix(const float *w, size_t ld, const float *x, float *y, size_t rows, size_t cols);      \
	void mw_gemv_s8_##suffix(const int8_t *w, size_t ld, const int8_t *x, int32_t *y, size_t rows, size_t cols);   \
	uint64_t mw_peak_f32_##suffix(uint64_t steps);                                                                 \
	uint64_t mw_peak_s8_##suffix(uint64_t steps);
MW_GEMV_DECLARE(portable)
MW_GEMV_DECLARE(avx2)
MW_GEMV_DECLARE(avx512)
MW_GEMV_DECLARE(vnni)
MW_GEMV_DECLARE(neon)

#endif
