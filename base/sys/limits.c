#include "base/sys/limits.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "base/core/text.h"
#include "base/sys/tree.h"

enum { PATH_BYTES = PATH_MAX }; /* /proc shows no longer one */

static void cap(struct mw_limits *l, uint64_t available, const char *source)
{
	if (l->mem_known && available >= l->mem_available)
		return;
	l->mem_known = true;
	l->mem_available = available;
	l->source = source;
}

static void read_machine(int root, bool live, struct mw_limits *l)
{
	char *text = mw_tree_slurp(root, "proc/meminfo");
	uint64_t kb;
	if (text && mw_text_u64(text, "MemTotal", &kb))
		l->mem_total = kb << 10;
	if (text && (mw_text_u64(text, "MemAvailable", &kb) || mw_text_u64(text, "MemFree", &kb)))
		cap(l, kb << 10, "machine");
	free(text);
	/* Without /proc, as in some containers. sysinfo does not tell how much of the page cache could be freed. */
	struct sysinfo info;
	if (live && !l->mem_known && sysinfo(&info) == 0) {
		l->mem_total = (uint64_t)info.totalram * info.mem_unit;
		cap(l, ((uint64_t)info.freeram + info.bufferram) * info.mem_unit, "machine, without /proc");
	}
}

/* Limit of the data segment (data) or the address space in *max; false when there is none. */
static bool own_limit(bool data, uint64_t *max)
{
	struct rlimit r;
	int rc = data ? getrlimit(RLIMIT_DATA, &r) : getrlimit(RLIMIT_AS, &r);
	if (rc < 0 || r.rlim_cur == RLIM_INFINITY)
		return false;
	*max = r.rlim_cur;
	return true;
}

static void read_rlimits(int root, bool live, struct mw_limits *l)
{
	static const struct {
		bool data;
		const char *limit, *used, *source;
	} rows[] = {
		{false, "Max address space", "VmSize", "ulimit -v"},
		{true, "Max data size", "VmData", "ulimit -d"},
	};
	char *limits = live ? NULL : mw_tree_slurp(root, "proc/self/limits");
	char *status = mw_tree_slurp(root, "proc/self/status");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t max, used_kb = 0;
		bool limited = live ? own_limit(rows[i].data, &max)
				    : limits && mw_text_u64(limits, rows[i].limit, &max); /* false for "unlimited" */
		if (!limited)
			continue;
		if (status)
			(void)mw_text_u64(status, rows[i].used, &used_kb);
		cap(l, max > used_kb << 10 ? max - (used_kb << 10) : 0, rows[i].source);
	}
	free(limits);
	free(status);
}

/* ---- cgroups: for each controller the group's own directory and its parents up to the mount ---- */

struct hierarchy {
	bool v2;
	char controller[16];    /* v1: "memory" or "cpu" */
	char mount[PATH_BYTES]; /* where it is mounted */
	char root[PATH_BYTES];  /* the group at the root of the mount */
	char group[PATH_BYTES]; /* this process's group */
};

/* True when word is one of the comma-separated words of list[0..len-1]. */
static bool has_word(const char *list, size_t len, const char *word)
{
	size_t want = strlen(word);
	for (size_t i = 0; i < len;) {
		size_t item = 0;
		while (i + item < len && list[i + item] != ',')
			item++;
		if (item == want && memcmp(list + i, word, want) == 0)
			return true;
		i += item + 1;
	}
	return false;
}

/* Reads h->group from /proc/self/cgroup: "4:memory:/group" (v1) or "0::/group" (v2). */
static bool find_group(const char *text, struct hierarchy *h)
{
	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *a = memchr(line, ':', (size_t)(end - line));
		const char *b = a ? memchr(a + 1, ':', (size_t)(end - a - 1)) : NULL;
		if (b) {
			size_t len = (size_t)(b - a - 1);
			if (h->v2 ? len == 0 : has_word(a + 1, len, h->controller)) {
				return mw_fit(h->group, sizeof(h->group), "%.*s", (int)(end - b - 1), b + 1) == 0;
			}
		}
		line = *end ? end + 1 : NULL;
	}
	return false;
}

/* Takes word number i (from 0) of a line; false when there is none, or none that a path has room for. */
static bool take_word(const char *line, int i, char out[PATH_BYTES])
{
	for (line += strspn(line, " "); i > 0 && *line; i--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	const size_t len = strcspn(line, " ");
	return len && mw_fit(out, PATH_BYTES, "%.*s", (int)len, line) == 0;
}

/* Is the line that of the hierarchy's mount? Sets h->root and h->mount then. */
static bool is_mount(char *line, struct hierarchy *h)
{
	char *dash = strstr(line, " - ");
	char type[16], super[512] = "";
	if (!dash || sscanf(dash + 3, "%15s %*s %511s", type, super) < 1)
		return false;
	if (strcmp(type, h->v2 ? "cgroup2" : "cgroup") != 0 ||
	    (!h->v2 && !has_word(super, strlen(super), h->controller)))
		return false;
	*dash = '\0';
	return take_word(line, 3, h->root) && take_word(line, 4, h->mount);
}

/* Reads h->root and h->mount from /proc/self/mountinfo: "ID PARENT DEV ROOT MOUNT OPTIONS... - TYPE SOURCE SUPER". */
static bool find_mount(const char *text, struct hierarchy *h)
{
	bool found = false;
	for (const char *line = text; *line && !found;) {
		const size_t len = strcspn(line, "\n");
		char *copy = strndup(line, len);
		found = copy && is_mount(copy, h);
		free(copy);
		line += len + (line[len] == '\n');
	}
	return found;
}

/* Calls read for the group's directory and each of its parents within the mount. */
static void walk_up(int root_fd, const struct hierarchy *h, struct mw_limits *l,
		    void (*read)(int root_fd, const char *dir, struct mw_limits *l))
{
	/* In a container without a cgroup namespace /proc/self/cgroup has the path on the host, while the mount shows
	 * only the container's group: cut the part of the path above the mount's root. */
	const char *group = h->group;
	size_t hidden = strcmp(h->root, "/") == 0 ? 0 : strlen(h->root);
	if (hidden && strncmp(group, h->root, hidden) == 0 && (group[hidden] == '/' || group[hidden] == '\0'))
		group += hidden;
	char dir[2 * PATH_BYTES];
	bool below = group[0] == '/' && !strstr(group, "..");
	mw_format(dir, sizeof(dir), "%s%s", h->mount, below ? group : "");
	size_t top = strlen(h->mount);
	for (;;) {
		size_t len = strlen(dir);
		while (len > top && dir[len - 1] == '/')
			dir[--len] = '\0';
		read(root_fd, dir, l);
		if (len <= top)
			return;
		char *slash = strrchr(dir, '/');
		*slash = '\0';
	}
}

/* Bytes that may still be allocated below max. Inactive page cache counts as free, because the kernel frees it
 * first. */
static uint64_t room(int root_fd, const char *dir, const char *used_file, const char *cache_key, uint64_t max)
{
	char path[3 * PATH_BYTES];
	uint64_t used = 0, cache = 0;
	mw_format(path, sizeof(path), "%s/%s", dir, used_file);
	(void)mw_tree_u64(root_fd, path, &used);
	mw_format(path, sizeof(path), "%s/memory.stat", dir);
	char *stat = mw_tree_slurp(root_fd, path);
	if (stat)
		(void)mw_text_u64(stat, cache_key, &cache);
	free(stat);
	used -= cache < used ? cache : used;
	return max > used ? max - used : 0;
}

static void memory_v2(int root_fd, const char *dir, struct mw_limits *l)
{
	static const struct {
		const char *file, *source;
	} rows[] = {{"memory.max", "cgroup v2 memory.max"}, {"memory.high", "cgroup v2 memory.high"}};
	char path[3 * PATH_BYTES];
	uint64_t max;
	for (size_t i = 0; i < 2; i++) {
		mw_format(path, sizeof(path), "%s/%s", dir, rows[i].file);
		if (mw_tree_u64(root_fd, path, &max) < 0) /* "max": no limit */
			continue;
		cap(l, room(root_fd, dir, "memory.current", "inactive_file", max), rows[i].source);
	}
}

static void memory_v1(int root_fd, const char *dir, struct mw_limits *l)
{
	char path[3 * PATH_BYTES];
	uint64_t max;
	mw_format(path, sizeof(path), "%s/memory.limit_in_bytes", dir);
	/* Without a limit the file holds a number near 2^63. */
	if (mw_tree_u64(root_fd, path, &max) == 0 && max < UINT64_C(1) << 62)
		cap(l, room(root_fd, dir, "memory.usage_in_bytes", "total_inactive_file", max),
		    "cgroup v1 memory.limit_in_bytes");
}

static void cap_quota(struct mw_limits *l, double quota, double period)
{
	if (quota > 0 && period > 0 && isfinite(quota / period) && (l->cpu_quota == 0 || quota / period < l->cpu_quota))
		l->cpu_quota = quota / period;
}

static void cpu_v2(int root_fd, const char *dir, struct mw_limits *l)
{
	char path[3 * PATH_BYTES], text[64];
	double quota, period;
	mw_format(path, sizeof(path), "%s/cpu.max", dir);
	if (mw_tree_read(root_fd, path, text, sizeof(text)) > 0 && sscanf(text, "%lf %lf", &quota, &period) == 2)
		cap_quota(l, quota, period);
}

static void cpu_v1(int root_fd, const char *dir, struct mw_limits *l)
{
	char path[3 * PATH_BYTES];
	uint64_t quota, period;
	mw_format(path, sizeof(path), "%s/cpu.cfs_quota_us", dir);
	if (mw_tree_u64(root_fd, path, &quota) < 0) /* "-1": no limit */
		return;
	mw_format(path, sizeof(path), "%s/cpu.cfs_period_us", dir);
	if (mw_tree_u64(root_fd, path, &period) == 0)
		cap_quota(l, (double)quota, (double)period);
}

static void read_cgroups(int root_fd, struct mw_limits *l)
{
	static const struct {
		bool v2;
		const char *controller;
		void (*read)(int root_fd, const char *dir, struct mw_limits *l);
	} rows[] = {
		{true, "", memory_v2},
		{true, "", cpu_v2},
		{false, "memory", memory_v1},
		{false, "cpu", cpu_v1},
	};
	char *groups = mw_tree_slurp(root_fd, "proc/self/cgroup");
	char *mounts = mw_tree_slurp(root_fd, "proc/self/mountinfo");
	for (size_t i = 0; groups && mounts && i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hierarchy h = {.v2 = rows[i].v2};
		mw_format(h.controller, sizeof(h.controller), "%s", rows[i].controller);
		if (find_group(groups, &h) && find_mount(mounts, &h))
			walk_up(root_fd, &h, l, rows[i].read);
	}
	free(groups);
	free(mounts);
}

void mw_limits_read(int root_fd, bool live, struct mw_limits *out)
{
	memset(out, 0, sizeof(*out));
	read_machine(root_fd, live, out);
	read_cgroups(root_fd, out);
	read_rlimits(root_fd, live, out);
	if (!out->source)
		out->source = "unknown";
}
