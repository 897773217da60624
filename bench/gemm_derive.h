/* What follows from measured rates of matrix products: bytes per second, intensity, the winner, its place on the
 * roofline. */
#ifndef MW_GEMM_DERIVE_H
#define MW_GEMM_DERIVE_H

#include "base/core/record.h"

/* Emits bytes_rate for each product's rate in rates, and a "best" case with the rate, bytes_rate, intensity and
 * roofline_fraction for each set that differs only in the engine and is of one topology state. The engine is chosen for
 * each visit by the other visits (base/core/heldout.h): rates have their samples. The roofs: the highest "peak" record
 * of rates, and the record "bandwidth" / "peak-read" at level dram of earlier, of the same number of threads; those of
 * the same topology state where there are any. target: of the profile. */
int gemm_emit_derived(const struct mw_records *rates, const struct mw_records *earlier, double target,
		      const struct mw_sink *sink);

#endif
