#include "energy/meters/tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/cpulist.h"
#include "base/sys/tree.h"

int tree_open(const char *root, char *why, size_t n)
{
	int fd = mw_tree_open(root);
	return fd < 0 ? mw_fail(fd, why, n, "%s: %s", root, mw_strerror(fd)) : fd;
}

int tree_text(int dirfd, const char *path, char *out, size_t n)
{
	int len = mw_tree_read(dirfd, path, out, n);
	return len == 0 ? -ENODATA : len;
}

int tree_u64(int dirfd, const char *path, uint64_t *out)
{
	char text[64];
	int rc = tree_text(dirfd, path, text, sizeof(text));
	if (rc < 0)
		return rc;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	/* strtoull accepts signs and leading blanks; a counter has neither. */
	if (text[0] < '0' || text[0] > '9' || *end || errno)
		return MW_EFORMAT;
	*out = v;
	return 0;
}

bool tree_short(int rc)
{
	return rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

int tree_package_of(int rootfd, int cpu)
{
	char path[80];
	uint64_t id;
	mw_format(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
	int rc = tree_u64(rootfd, path, &id);
	if (rc || id > 1 << 16)
		return tree_short(rc) ? rc : -1;
	return (int)id;
}

int tree_cpus(int dirfd, const char *path, int **v)
{
	struct mw_cpulist l;
	char *text;
	int rc = mw_tree_text(dirfd, path, &text), n = 0, count = 0;
	*v = NULL;
	if (rc == 0)
		rc = !text || mw_cpulist_parse(&l, text) < 0 ? MW_EFORMAT : 0;
	free(text);
	if (rc < 0)
		return rc;
	for (int id = mw_cpulist_next(&l, 0); id >= 0; id = mw_cpulist_next(&l, id + 1))
		count++;
	if (count == 0)
		return MW_EFORMAT;
	*v = calloc((size_t)count, sizeof(**v));
	if (!*v)
		return -ENOMEM;
	for (int id = mw_cpulist_next(&l, 0); id >= 0; id = mw_cpulist_next(&l, id + 1))
		(*v)[n++] = id;
	return n;
}

int tree_packages(int rootfd, struct tree_package **v)
{
	int *cpu, n = 0;
	*v = NULL;
	int count = tree_cpus(rootfd, "sys/devices/system/cpu/online", &cpu);
	if (count <= 0 || !cpu) {
		free(cpu);
		return count;
	}
	*v = calloc((size_t)count, sizeof(**v));
	if (!*v)
		n = -ENOMEM;
	for (int i = 0; *v && i < count; i++) {
		int id = tree_package_of(rootfd, cpu[i]);
		if (tree_short(id)) {
			n = id;
			break;
		}
		bool known = id < 0;
		for (int k = 0; k < n && !known; k++)
			known = (*v)[k].package == id;
		if (!known)
			(*v)[n++] = (struct tree_package){id, cpu[i]};
	}
	free(cpu);
	return n;
}

int meter_too_many(size_t found, char *why, size_t n)
{
	return mw_fail(MW_EUNAVAILABLE, why, n, "%zu energy domains, and at most %d can be read", found,
		       METER_MAX_DOMAINS);
}

const char *tree_why_absent(int rootfd)
{
	/* The flags of the first CPU are in the first few KiB. */
	char text[8192];
	bool guest = mw_tree_read(rootfd, "proc/cpuinfo", text, sizeof(text)) > 0 && strstr(text, " hypervisor");
	return guest ? "virtual machine" : "no energy driver for this CPU is loaded";
}

const char *tree_errno(int code, char *out, size_t n)
{
	const char *name = code < 0 && code > -4096 ? strerrorname_np(-code) : NULL;
	if (name)
		mw_clip(out, n, "%s (%s)", name, mw_strerror(code));
	else
		mw_clip(out, n, "%s", mw_strerror(code));
	return out;
}

void reason_add(char *list, size_t n, const char *fmt, ...)
{
	if (!list || n == 0)
		return;
	size_t used = strlen(list);
	if (used && used + 3 < n)
		memcpy(list + used, "; ", 3);
	va_list ap;
	va_start(ap, fmt);
	mw_vclip_add(list, n, fmt, ap);
	va_end(ap);
}
