/* Limits and energy counters in a tree of small files. What stands behind a path "=" is written between two readings of
 * every meter. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/sys/limits.h"
#include "base/sys/tree.h"
#include "energy/meters/meter.h"
#include "energy/meters/perf.h"
#include "tests/fuzz/fuzz.h"

extern const struct energy_meter meter_powercap, meter_hwmon, meter_perf;

static bool keep(const char *path)
{
	static const char *const folders[] = {
		"sys/class/powercap/",     "sys/class/hwmon/", "sys/bus/event_source/devices/power/",
		"sys/devices/system/cpu/", "sys/fs/cgroup/",   "proc/",
	};
	if (strstr(path, "..") || strstr(path, "//") || path[strlen(path) ? strlen(path) - 1 : 0] == '/')
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* A kernel that opens every counter and counts on. */
static int event_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	(void)self, (void)attr, (void)cpu;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int event_read(void *self, int fd, struct mw_counter_value *out)
{
	FUZZ_CHECK(fd >= 0);
	*out = (struct mw_counter_value){.count = ++*(uint64_t *)self};
	return 0;
}

static void event_close(void *self, int fd)
{
	(void)self;
	(void)close(fd);
}

static uint64_t events;
static const struct mw_counter_sys kernel = {
	.open = event_open, .read = event_read, .close = event_close, .self = &events};

static int perf_open(const char *root, void **state, char *why, size_t n)
{
	return perf_open_with(&kernel, root, state, why, n);
}

static struct run {
	const struct energy_meter *meter;
	int (*open)(const char *root, void **state, char *why, size_t n);
	void *state;
	size_t n;
	bool read;
	struct energy_domain d[METER_MAX_DOMAINS];
	struct energy_reading first;
} runs[] = {{.meter = &meter_powercap}, {.meter = &meter_hwmon}, {.meter = &meter_perf, .open = perf_open}};
enum { RUNS = sizeof(runs) / sizeof(*runs) };

static void check_domains(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct energy_domain *d = &r->d[i];
		FUZZ_CHECK(d->name[0] && memchr(d->name, '\0', sizeof(d->name)));
		FUZZ_CHECK(d->kind[0] && memchr(d->kind, '\0', sizeof(d->kind)));
		FUZZ_CHECK(d->socket >= -1 && d->unit_j > 0 && isfinite(d->unit_j));
		for (size_t k = 0; k < i; k++)
			FUZZ_CHECK(strcmp(d->name, r->d[k].name) != 0);
	}
	FUZZ_CHECK(energy_max_interval_s(r->d, r->n) >= 0);
}

static void begin(struct run *r)
{
	char why[400] = "";
	int rc = (r->open ? r->open : r->meter->open)(fuzz_folder(), &r->state, why, sizeof(why));
	r->n = 0;
	r->read = false;
	FUZZ_CHECK(rc == 0 || (rc == MW_EUNAVAILABLE && *why && !r->state));
	if (rc)
		return;
	r->n = r->meter->domains(r->state, r->d, METER_MAX_DOMAINS);
	FUZZ_CHECK(r->n >= 1 && r->n <= METER_MAX_DOMAINS);
	check_domains(r);
	rc = r->meter->read(r->state, &r->first, why, sizeof(why));
	FUZZ_CHECK(rc == 0 || (rc == -EIO && *why));
	r->read = rc == 0;
}

static void end(struct run *r)
{
	static struct energy_reading next;
	char why[400] = "";
	double joules;
	if (!r->n)
		return;
	int rc = r->meter->read(r->state, &next, why, sizeof(why));
	FUZZ_CHECK(rc == 0 || (rc == -EIO && *why));
	for (size_t i = 0; i < r->n && rc == 0 && r->read; i++) {
		FUZZ_CHECK(next.ticks[i] >= r->first.ticks[i] && next.wraps[i] >= r->first.wraps[i]);
		next.t_ns = r->first.t_ns + 1000000000; /* as if it had taken a second */
		int answer = energy_joules(&r->d[i], i, &r->first, &next, &joules, why, sizeof(why));
		FUZZ_CHECK(answer == 0 ? joules > 0 && isfinite(joules) : answer == -EIO && *why);
	}
	r->meter->close(r->state);
	r->state = NULL;
}

/* The lowest free descriptor: the same before and after, or one stayed open. */
static int lowest(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && close(fd) == 0);
	return fd;
}

int fuzz_meters(const uint8_t *data, size_t n)
{
	struct mw_limits l;
	const char *root = fuzz_folder();
	size_t rest = fuzz_folder_tree(data, n, keep);
	int before = lowest(), fd = mw_tree_open(root);
	FUZZ_CHECK(fd >= 0);
	mw_limits_read(fd, false, &l);
	FUZZ_CHECK(close(fd) == 0);
	FUZZ_CHECK(l.source && *l.source && isfinite(l.cpu_quota) && l.cpu_quota >= 0);
	for (size_t i = 0; i < RUNS; i++)
		begin(&runs[i]);
	(void)fuzz_folder_tree(data + rest, n - rest, keep);
	for (size_t i = 0; i < RUNS; i++)
		end(&runs[i]);
	FUZZ_CHECK(lowest() == before);
	fuzz_folder_clear();
	return 0;
}
