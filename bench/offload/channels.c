/* Number of memory channels by the kernel's error-detection drivers. */
#include <unistd.h>

#include "base/sys/edac.h"
#include "base/sys/tree.h"
#include "bench/offload/offload.h"

int offload_channels(const char *root)
{
	struct mw_edac edac = {0};
	int fd = mw_tree_open(root);
	if (fd < 0)
		return 0;
	mw_edac_read(fd, &edac);
	(void)close(fd);
	return edac.channels;
}
