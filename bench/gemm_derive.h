/* Records derived from measured rates of matrix products: bytes per second, intensity, best engine, roofline
 * fraction. */
#ifndef MW_GEMM_DERIVE_H
#define MW_GEMM_DERIVE_H

#include "base/core/record.h"

/* Emits bytes_rate for each product in rates, and a "best" case with the rate, bytes_rate, intensity and
 * roofline_fraction for each set of products that differ only in the engine and have one topology state. The engine is
 * chosen for each visit by the other visits (base/core/heldout.h), so rates must have their samples. Roofs: the highest
 * "peak" record in rates, and the record "bandwidth" / "peak-read" at level dram in earlier, both of the same number of
 * threads and, where there is one, of the same topology state. target: relative half width, of the profile. */
int gemm_emit_derived(const struct mw_records *rates, const struct mw_records *earlier, double target,
		      const struct mw_sink *sink);

#endif
