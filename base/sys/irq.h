/* Which CPUs handle the interrupts of a disk. */
#ifndef MW_IRQ_H
#define MW_IRQ_H

#include <stddef.h>

#include "base/sys/cpulist.h"

/* CPUs that handle the interrupts of a block device's queues and whose own requests go to the same queue: a thread on
 * one of them is woken without an interrupt between processors. major, minor: of the disk or of a partition on it
 * (st_dev). root_fd: as of base/sys/tree.h. Follows device mapper over one disk and NVMe multipath with one path.
 * MW_EUNAVAILABLE with the reason in why where /proc and /sys do not tell. */
int mw_irq_cpus(int root_fd, unsigned major, unsigned minor, struct mw_cpulist *out, char *why, size_t n);

#endif
