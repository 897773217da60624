#include "base/sys/hmat.h"

#include <math.h>
#include <stdint.h>
#include <unistd.h>

#include "base/core/text.h"
#include "base/sys/tree.h"

enum { CLASSES = 2, PATH_ROOM = 128 };

/* Number of a file of the access class, times scale; NaN where it is absent or 0, which the kernel writes for what the
 * firmware left out. */
static double number(int root_fd, int target, int class, const char *file, double scale)
{
	char path[PATH_ROOM];
	uint64_t v;
	mw_format(path, sizeof(path), "sys/devices/system/node/node%d/access%d/initiators/%s", target, class, file);
	return mw_tree_u64(root_fd, path, &v) == 0 && v > 0 ? (double)v * scale : (double)NAN;
}

static bool names(int root_fd, int target, int class, int initiator)
{
	char path[PATH_ROOM];
	mw_format(path, sizeof(path), "sys/devices/system/node/node%d/access%d/initiators/node%d", target, class,
		  initiator);
	return faccessat(root_fd, path, F_OK, 0) == 0;
}

bool mw_hmat_read(int root_fd, int initiator, int target, struct mw_hmat *out)
{
	for (int class = 0; class < CLASSES; class ++) {
		if (!names(root_fd, target, class, initiator))
			continue;
		*out = (struct mw_hmat){
			.class = class,
			.read_ns = number(root_fd, target, class, "read_latency", 1),
			.write_ns = number(root_fd, target, class, "write_latency", 1),
			.read_gbps = number(root_fd, target, class, "read_bandwidth", 1e-3),
			.write_gbps = number(root_fd, target, class, "write_bandwidth", 1e-3),
		};
		if (isfinite(out->read_ns) || isfinite(out->write_ns) || isfinite(out->read_gbps) ||
		    isfinite(out->write_gbps))
			return true;
	}
	return false;
}
