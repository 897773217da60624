/* Facts about the host that are plain text in /proc and /sys: model, firmware, kernel, modes. */
#ifndef MW_HOST_READ_H
#define MW_HOST_READ_H

#include "base/sys/topology.h"

/* Fills the texts, page_bytes and hugepages_2m_free of t->host; what nothing tells stays unknown. The governor is that
 * of t->cpus. live: root_fd is this machine, so that the CPU may be asked. -ENOMEM: texts are missing. */
int mw_host_read(int root_fd, bool live, struct mw_topology *t);

#endif
