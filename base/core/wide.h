/* 128-bit integers for sums and products of counts and picoseconds, which exceed 64 bits for very large vectors. */
#ifndef MW_WIDE_H
#define MW_WIDE_H

#include <stdint.h>

__extension__ typedef unsigned __int128 mw_wide;

static inline mw_wide mw_wide_mul(uint64_t a, uint64_t b)
{
	return (mw_wide)a * b;
}

#endif
