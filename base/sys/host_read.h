/* Facts about the host that are plain text in /proc and /sys: model, firmware, kernel, modes. */
#ifndef MW_HOST_READ_H
#define MW_HOST_READ_H

#include "base/sys/topology.h"

/* Fills the texts, page_bytes and hugepages_2m_free of t->host; values that no file has stay unknown. The governor is
 * that of t->cpus. live: root_fd is the root of this machine, so that CPUID may be used. 0, or -ENOMEM with texts
 * missing. */
int mw_host_read(int root_fd, bool live, struct mw_topology *t);

#endif
