/* Transposition between horizontal lanes (containers of 8, 16, 32 or 64 bits) and vertical bit planes.
 *
 * Bit i % 8 of byte i / 8 of plane j is bit j of lane i. */
#ifndef MW_TRANSPOSE_H
#define MW_TRANSPOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/core/cpu.h"

/* Lanes of one step: one cache line (64 bytes) of each plane. Callers pad n to a multiple of it. */
#define MW_TRANSPOSE_LANES 512u

/* lanes: n containers of `unit` bytes (1, 2, 4, 8), aligned to 64; plane[0..bits-1]: n / 8 bytes each, aligned to 64; n
 * a multiple of MW_TRANSPOSE_LANES; 1 <= bits <= 8 * unit. Bits of a container from number `bits` on are ignored. */
typedef void (*mw_to_planes_fn)(const void *lanes, size_t unit, unsigned bits, size_t n, char *const *plane);
/* The reverse. Bits of a container from number `bits` on become 0. */
typedef void (*mw_from_planes_fn)(void *lanes, size_t unit, unsigned bits, size_t n, const char *const *plane);

struct mw_transpose {
	const char *name; /* "portable", "avx2", "avx512", "vbmi", "neon" */
	enum mw_isa isa;
	unsigned feature; /* enum mw_cpu_feature: all of these are needed beyond isa */
	mw_to_planes_fn to_planes;
	mw_from_planes_fn from_planes;
	/* The same with non-temporal stores, for vectors larger than the caches. */
	mw_to_planes_fn to_planes_nt;
	mw_from_planes_fn from_planes_nt;
};

/* Paths of this build, narrowest first, ended by a NULL name. */
extern const struct mw_transpose mw_transpose_paths[];
bool mw_transpose_usable(const struct mw_transpose *p);
/* Fastest usable path that MEMWALL_ISA allows; never NULL. */
const struct mw_transpose *mw_transpose_best(void);

#endif
