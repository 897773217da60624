/* What the kernel's error-detection drivers (EDAC) say of the memory. Guests, and machines without such a driver, have
 * none. */
#ifndef MW_EDAC_H
#define MW_EDAC_H

#include <stdint.h>

struct mw_edac {
	int controllers;                 /* 0: no driver */
	int channels;                    /* populated ones of all controllers; 0: not known */
	int slots_channels;              /* those with slots, populated or not */
	uint64_t corrected, uncorrected; /* errors since the driver was loaded; MW_COUNT_UNKNOWN */
};

/* Never fails: what cannot be read is not known. */
void mw_edac_read(int root_fd, struct mw_edac *out);

#endif
