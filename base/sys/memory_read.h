/* The memory modules, channels and error counters of the machine, mitigations and swap. */
#ifndef MW_MEMORY_READ_H
#define MW_MEMORY_READ_H

#include "base/sys/dmi.h"
#include "base/sys/edac.h"
#include "base/sys/topology.h"

/* Fills what struct mw_host has of these; what has no file stays unknown. 0 or -ENOMEM. */
int mw_memory_read(int root_fd, struct mw_topology *t);

/* Describes the modules in h: slots, kinds, channels, speed and peak. 0 or -ENOMEM. */
int mw_memory_describe(const struct mw_dmi *dmi, const struct mw_edac *edac, struct mw_host *h);

/* Reads the counters of h again, below root, and adds what they grew by to the counts of the run; a counter that went
 * back or is not there any more adds nothing. */
void mw_memory_count(const char *root, const struct mw_topology *t, struct mw_host *h);

#endif
