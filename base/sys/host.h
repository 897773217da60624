/* Facts about the host that are plain text in /proc and /sys: model, firmware, kernel, modes. */
#ifndef MW_HOST_H
#define MW_HOST_H

#include "base/sys/topology.h"

/* Fills the text members and hugepages_2m_free of *t; "unknown" where nothing tells. Governor and microcode are those
 * of t->cpus[0..n_cpus-1], "mixed" where they differ. live: root_fd is this machine, so that the CPU may be asked. */
void mw_host_read(int root_fd, bool live, struct mw_topology *t);

#endif
