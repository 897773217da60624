/* What the firmware promises of each node's memory: ACPI's HMAT, as Linux shows it since 5.2 (CONFIG_HMEM_REPORTING).
 */
#ifndef MW_HMAT_H
#define MW_HMAT_H

#include <stdbool.h>

/* NaN: not told. Linux names latencies in ns and bandwidths in MB/s, here 1e6 byte per second. */
struct mw_hmat {
	int class; /* access class: 0 counts every initiator, such as accelerators, 1 only CPUs */
	double read_ns, write_ns;
	double read_gbps, write_gbps;
};

/* The promise for memory of node `target` used from CPUs of node `initiator`, from sys/ below root_fd. The system names
 * only the initiators with the best access to a node; false for any other pair, and without HMAT. */
bool mw_hmat_read(int root_fd, int initiator, int target, struct mw_hmat *out);

#endif
