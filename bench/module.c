#include "bench/module.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"

/* The folder of the executable; "" unknown. */
static void own_folder(char *out, size_t n)
{
	ssize_t len = readlink("/proc/self/exe", out, n - 1);
	out[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	else
		out[0] = '\0';
}

static bool is_in(struct mw_buf *path, const char *folder, const char *below, const char *name)
{
	mw_buf_clear(path);
	mw_buf_add(path, "%s%s/%s.so", folder, below, name);
	return !path->failed && access(mw_buf_text(path), F_OK) == 0;
}

int module_find(const char *name, struct mw_buf *path, char *why, size_t n)
{
	const char *set = getenv("MEMWALL_MODULES");
	char own[PATH_MAX];
	own_folder(own, sizeof(own));
	bool given = set && *set;
	if (given ? is_in(path, set, "", name)
		  : own[0] && (is_in(path, own, "/modules", name) || is_in(path, own, "/../lib/memwall/modules", name)))
		return 0;
	return mw_fail(MW_EUNAVAILABLE, why, n,
		       "%s: no module %s.so in %s%s (library not installed when memwall was built?)", name, name,
		       given    ? set
		       : own[0] ? own
				: "the module folders",
		       given || !own[0] ? "" : "/modules");
}
