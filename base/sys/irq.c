#include "base/sys/irq.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/tree.h"

enum { MOST = 4096, LEVELS = 12, STACKED = 4 }; /* numbers of a folder, folders up to the bus, disks below disks */

/* ---- folders ---- */

static DIR *open_folder(int root_fd, const char *path)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !d)
		(void)close(fd);
	return d;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

/* Names of a folder that are a number behind prefix, ascending; returns how many, at most MOST. */
static size_t numbers_in(int root_fd, const char *path, const char *prefix, int *v)
{
	size_t n = 0, len = strlen(prefix);
	DIR *d = open_folder(root_fd, path);
	if (!d)
		return 0;
	for (struct dirent *e; n < MOST && (e = readdir(d)) != NULL;) {
		char *end;
		if (strncmp(e->d_name, prefix, len) != 0 || !isdigit((unsigned char)e->d_name[len]))
			continue;
		long number = strtol(e->d_name + len, &end, 10);
		if (*end == '\0' && number >= 0 && number <= INT32_MAX)
			v[n++] = (int)number;
	}
	(void)closedir(d);
	qsort(v, n, sizeof(*v), by_number);
	return n;
}

/* Number of entries of a folder, without hidden ones; the name of the last is put into name. */
static size_t entries_of(int root_fd, const char *path, char name[NAME_MAX + 1])
{
	size_t n = 0;
	DIR *d = open_folder(root_fd, path);
	if (!d)
		return 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.') {
			memcpy(name, e->d_name, strnlen(e->d_name, NAME_MAX) + 1);
			n++;
		}
	(void)closedir(d);
	return n;
}

/* ---- the interrupts of a device ---- */

/* Interrupts of the nearest device on the way up from path that has some: of its MSI vectors, else its line. */
static size_t interrupts_above(int root_fd, const char *path, int *v)
{
	struct mw_buf at = {0}, file = {0};
	size_t n = 0;
	mw_buf_add(&at, "%s", path);
	for (int up = 0; up < LEVELS && n == 0; up++) {
		uint64_t line;
		mw_buf_add(&at, "/..");
		mw_buf_clear(&file);
		mw_buf_add(&file, "%s/msi_irqs", mw_buf_text(&at));
		n = numbers_in(root_fd, mw_buf_text(&file), "", v);
		mw_buf_clear(&file);
		mw_buf_add(&file, "%s/irq", mw_buf_text(&at));
		if (n == 0 && mw_tree_u64(root_fd, mw_buf_text(&file), &line) == 0 && line > 0 && line <= INT32_MAX)
			v[n++] = (int)line;
	}
	mw_buf_fini(&at);
	mw_buf_fini(&file);
	return n;
}

/* Last word of the interrupt's line in /proc/interrupts, which is what its driver calls it; "" without a line. */
static void name_of(const char *interrupts, int irq, char *name, size_t n)
{
	name[0] = '\0';
	for (const char *line = interrupts; *line;) {
		size_t len = strcspn(line, "\n");
		char *colon;
		if (strtol(line, &colon, 10) == irq && colon != line && *colon == ':') {
			size_t begin = len;
			while (begin > 0 && !isspace((unsigned char)line[begin - 1]))
				begin--;
			if (len - begin < n) {
				memcpy(name, line + begin, len - begin);
				name[len - begin] = '\0';
			}
			return;
		}
		line += len + (line[len] == '\n');
	}
}

static bool ends_with(const char *s, const char *tail)
{
	size_t a = strlen(s), b = strlen(tail);
	return a >= b && strcmp(s + a - b, tail) == 0;
}

/* False for interrupts that no read or write causes: configuration of virtio, the admin queue of NVMe. */
static bool is_of_requests(const char *name)
{
	size_t digits = strspn(name + (strncmp(name, "nvme", 4) == 0 ? 4 : 0), "0123456789");
	if (strncmp(name, "nvme", 4) == 0 && digits && strcmp(name + 4 + digits, "q0") == 0)
		return false;
	return !ends_with(name, "-config") && !ends_with(name, "-control") && !ends_with(name, "-event");
}

static size_t keep_those_of_requests(int root_fd, int *v, size_t n)
{
	char name[64];
	size_t kept = 0;
	char *interrupts = mw_tree_slurp(root_fd, "proc/interrupts");
	if (!interrupts)
		return n;
	for (size_t i = 0; i < n; i++) {
		name_of(interrupts, v[i], name, sizeof(name));
		/* Vectors without a line are not in use. */
		if (name[0] && is_of_requests(name))
			v[kept++] = v[i];
	}
	free(interrupts);
	return kept;
}

/* A list of CPUs as /sys and /proc write it: "0-3,8", or "0, 1" of a queue. */
static bool read_list(int root_fd, const char *path, struct mw_cpulist *l)
{
	char *text = NULL;
	if (mw_tree_text(root_fd, path, &text) < 0 || !text)
		return false;
	size_t to = 0;
	for (size_t i = 0; text[i]; i++)
		if (!isspace((unsigned char)text[i]))
			text[to++] = text[i];
	text[to] = '\0';
	bool ok = mw_cpulist_parse(l, text) == 0 && mw_cpulist_next(l, 0) >= 0;
	free(text);
	return ok;
}

/* Where the interrupt goes: what the controller was told, which kernels and drivers without that do not say. */
static bool read_affinity(int root_fd, int irq, struct mw_cpulist *l)
{
	char path[64];
	mw_format(path, sizeof(path), "proc/irq/%d/effective_affinity_list", irq);
	if (read_list(root_fd, path, l))
		return true;
	mw_format(path, sizeof(path), "proc/irq/%d/smp_affinity_list", irq);
	return read_list(root_fd, path, l);
}

static void add_all(struct mw_cpulist *to, const struct mw_cpulist *from)
{
	for (size_t w = 0; w < sizeof(to->bits) / sizeof(to->bits[0]); w++)
		to->bits[w] |= from->bits[w];
}

static void add_common(struct mw_cpulist *to, const struct mw_cpulist *a, const struct mw_cpulist *b)
{
	for (size_t w = 0; w < sizeof(to->bits) / sizeof(to->bits[0]); w++)
		to->bits[w] |= a->bits[w] & b->bits[w];
}

/* With as many interrupts as queues, the i-th is that of queue i: a CPU counts where it handles the interrupt of the
 * queue that it submits to. Else, and where no CPU does, every CPU that handles one counts. */
static bool find_cpus(int root_fd, const char *disk, const int *irqs, size_t n, struct mw_cpulist *out)
{
	struct mw_cpulist any = {{0}}, own = {{0}}, cpus, queue;
	int *queues = calloc(MOST, sizeof(*queues));
	struct mw_buf path = {0};
	if (!queues)
		return false;
	mw_buf_add(&path, "%s/mq", disk);
	size_t n_queues = numbers_in(root_fd, mw_buf_text(&path), "", queues);
	for (size_t i = 0; i < n; i++) {
		if (!read_affinity(root_fd, irqs[i], &cpus))
			continue;
		add_all(&any, &cpus);
		mw_buf_clear(&path);
		mw_buf_add(&path, "%s/mq/%d/cpu_list", disk, n_queues == n ? queues[i] : 0);
		if (n_queues == n && read_list(root_fd, mw_buf_text(&path), &queue))
			add_common(&own, &cpus, &queue);
	}
	mw_buf_fini(&path);
	free(queues);
	*out = mw_cpulist_next(&own, 0) >= 0 ? own : any;
	return mw_cpulist_next(out, 0) >= 0;
}

/* ---- from a device number to the disk ---- */

static bool is_partition(int root_fd, const char *disk)
{
	struct mw_buf path = {0};
	mw_buf_add(&path, "%s/partition", disk);
	bool found = faccessat(root_fd, mw_buf_text(&path), F_OK, 0) == 0;
	mw_buf_fini(&path);
	return found;
}

/* Makes *disk the folder of the disk below partitions and device mapper; the number of disks where one has several. */
static size_t find_disk(int root_fd, struct mw_buf *disk)
{
	char name[NAME_MAX + 1];
	for (int level = 0; level < STACKED; level++) {
		if (is_partition(root_fd, mw_buf_text(disk)))
			mw_buf_add(disk, "/..");
		size_t before = disk->len;
		mw_buf_add(disk, "/slaves");
		size_t below = entries_of(root_fd, mw_buf_text(disk), name);
		if (below == 1)
			mw_buf_add(disk, "/%s", name);
		else if (disk->p)
			disk->p[disk->len = before] = '\0';
		if (below != 1)
			return below ? below : 1;
	}
	return 1;
}

/* NVMe multipath puts the disk beside links to its controllers: with one of them, its interrupts. */
static size_t interrupts_of_path(int root_fd, const char *disk, int *v)
{
	struct mw_buf path = {0};
	mw_buf_add(&path, "%s/..", disk);
	size_t n = numbers_in(root_fd, mw_buf_text(&path), "nvme", v);
	if (n == 1) {
		mw_buf_add(&path, "/nvme%d", v[0]);
		n = interrupts_above(root_fd, mw_buf_text(&path), v);
	} else {
		n = 0;
	}
	mw_buf_fini(&path);
	return n;
}

int mw_irq_cpus(int root_fd, unsigned major, unsigned minor, struct mw_cpulist *out, char *why, size_t n)
{
	struct mw_buf disk = {0};
	int rc = 0, *irqs = calloc(MOST, sizeof(*irqs));
	if (!irqs)
		return mw_fail(-ENOMEM, why, n, "no memory for the list of interrupts");
	mw_buf_add(&disk, "sys/dev/block/%u:%u", major, minor);
	char name[NAME_MAX + 1];
	if (entries_of(root_fd, mw_buf_text(&disk), name) == 0)
		rc = mw_fail(MW_EUNAVAILABLE, why, n, "the file system is on no block device that /sys shows");
	size_t disks = rc == 0 ? find_disk(root_fd, &disk) : 0, count = 0;
	if (disks > 1)
		rc = mw_fail(MW_EUNAVAILABLE, why, n, "the file system is on %zu disks", disks);
	if (rc == 0) {
		count = interrupts_above(root_fd, mw_buf_text(&disk), irqs);
		count = count ? count : interrupts_of_path(root_fd, mw_buf_text(&disk), irqs);
		count = keep_those_of_requests(root_fd, irqs, count);
		if (count == 0)
			rc = mw_fail(MW_EUNAVAILABLE, why, n, "/sys and /proc show no interrupt of the disk");
	}
	if (rc == 0 && !find_cpus(root_fd, mw_buf_text(&disk), irqs, count, out))
		rc = mw_fail(MW_EUNAVAILABLE, why, n, "/proc/irq does not say which CPUs handle the disk's interrupts");
	mw_buf_fini(&disk);
	free(irqs);
	return rc;
}
