#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <sys/mman.h>

#include "base/core/err.h"
#include "energy/meters/meter.h"
#include "energy/meters/perf.h"
#include "tests/energy/fixture.h"

#define PMU "sys/bus/event_source/devices/power/"

extern const struct energy_meter meter_perf;

/* A kernel whose counters are memory files; every open is noted. */
struct fake {
	int n, fd[512], cpu[512];
	uint64_t config[512];
	uint32_t type;
	int refuse; /* -errno of every open */
	int lose;   /* -errno of every read */
	int closed;
};

static int fake_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	struct fake *f = self;
	/* Without the times a read would be shorter than what it is read into. */
	cr_assert_eq(attr->read_format, PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
	cr_assert(attr->size == sizeof(*attr) && cpu >= 0);
	if (f->refuse)
		return f->refuse;
	f->type = attr->type;
	f->config[f->n] = attr->config;
	f->cpu[f->n] = cpu;
	f->fd[f->n] = memfd_create("counter", MFD_CLOEXEC);
	uint64_t zero = 0;
	cr_assert_eq(pwrite(f->fd[f->n], &zero, 8, 0), 8);
	return f->fd[f->n++];
}

static int fake_read(void *self, int fd, struct mw_counter_value *out)
{
	const struct fake *f = self;
	if (f && f->lose)
		return f->lose;
	return pread(fd, &out->count, 8, 0) == 8 ? 0 : -EIO;
}

static void fake_close(void *self, int fd)
{
	struct fake *f = self;
	if (f)
		f->closed++;
	(void)close(fd);
}

static const char *pmu_tree(void)
{
	const char *root = tree_make();
	static const char *const events[][2] = {{"energy-pkg", "event=0x02"}, {"energy-ram", "event=0x03"}};
	tree_put(root, PMU "type", "24\n");
	tree_put(root, PMU "cpumask", "0,28\n");
	tree_put(root, PMU "format/event", "config:0-7\n");
	for (size_t i = 0; i < 2; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), PMU "events/%s", events[i][0]);
		tree_put(root, path, "%s\n", events[i][1]);
		(void)snprintf(path, sizeof(path), PMU "events/%s.unit", events[i][0]);
		tree_put(root, path, "Joules\n");
		(void)snprintf(path, sizeof(path), PMU "events/%s.scale", events[i][0]);
		tree_put(root, path, "2.3283064365386962890625e-10\n");
	}
	tree_put(root, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
	tree_put(root, "sys/devices/system/cpu/cpu28/topology/physical_package_id", "1\n");
	tree_put(root, "proc/sys/kernel/perf_event_paranoid", "3\n");
	return root;
}

Test(perf, two_sockets)
{
	const char *root = pmu_tree();
	struct fake f = {0};
	const struct mw_counter_sys sys = {.open = fake_open, .read = fake_read, .close = fake_close, .self = &f};
	char why[400];
	void *state;
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain d[METER_MAX_DOMAINS];
	cr_assert_eq(meter_perf.domains(state, d, METER_MAX_DOMAINS), 4);
	static const char *const names[] = {"package-0", "package-1", "package-0/dram", "package-1/dram"};
	for (size_t i = 0; i < 4; i++) {
		cr_assert_str_eq(d[i].name, names[i]);
		cr_assert_eq(d[i].socket, (int)(i % 2));
		cr_assert_eq(d[i].unit_j, ldexp(1.0, -32));
		cr_assert_eq(f.cpu[i], i % 2 ? 28 : 0);
		cr_assert_eq(f.config[i], i < 2 ? 2 : 3);
		cr_assert_eq(d[i].range, 0);
	}
	cr_assert_eq(f.type, 24);
	struct energy_reading a, b;
	double j;
	cr_assert_eq(meter_perf.read(state, &a, why, sizeof(why)), 0, "%s", why);
	uint64_t ten_joules = 10ull << 32;
	cr_assert_eq(pwrite(f.fd[1], &ten_joules, 8, 0), 8);
	cr_assert_eq(meter_perf.read(state, &b, why, sizeof(why)), 0, "%s", why);
	b.t_ns = a.t_ns + 1000000000;
	cr_assert_eq(energy_joules(&d[1], 1, &a, &b, &j, why, sizeof(why)), 0, "%s", why);
	cr_assert(fabs(j - 10.0) < 1e-9);
	uint64_t less = ten_joules - 1;
	cr_assert_eq(pwrite(f.fd[1], &less, 8, 0), 8);
	cr_assert_eq(meter_perf.read(state, &b, why, sizeof(why)), -EIO);
	cr_assert(strstr(why, "package-1") && strstr(why, "backwards"), "%s", why);
	f.lose = -ENODEV;
	cr_assert_eq(meter_perf.read(state, &b, why, sizeof(why)), -EIO);
	cr_assert(strstr(why, "ENODEV"), "%s", why);
	meter_perf.close(state);
	cr_assert_eq(f.closed, 4);
	tree_remove(root);
}

Test(perf, refusals)
{
	struct fake f = {.refuse = -EACCES};
	const struct mw_counter_sys sys = {.open = fake_open, .read = fake_read, .close = fake_close, .self = &f};
	char why[400];
	void *state;
	const char *root = pmu_tree();
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_null(state);
	cr_assert(strstr(why, "EACCES: perf_event_paranoid is 3;") && strstr(why, "CAP_PERFMON"), "%s", why);
	f.refuse = -ENOENT;
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "energy-pkg on cpu 0: ENOENT"), "%s", why);
	f.refuse = 0;

	/* One bad file each: the event is left out with its reason, the other one stays; the frame files are fatal. */
	static const struct {
		const char *path, *text, *say;
		int domains;
	} bad[] = {
		{PMU "events/energy-ram.scale", "fast\n", "energy-ram", 2},
		{PMU "events/energy-ram.scale", "0\n", "energy-ram", 2},
		{PMU "events/energy-ram.unit", "Watts\n", "energy-ram", 2},
		{PMU "events/energy-ram", "umask=0x1\n", "energy-ram", 2},
		{PMU "format/event", "config1:0-7\n", "energy-ram", 0},
		{PMU "cpumask", "\n", "cpumask", 0},
		{PMU "cpumask", "none\n", "cpumask", 0},
		{PMU "type", "power\n", "type", 0},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tree_remove(root);
		root = pmu_tree();
		f.n = 0;
		tree_put(root, bad[i].path, "%s", bad[i].text);
		int rc = perf_open_with(&sys, root, &state, why, sizeof(why));
		cr_assert_eq(rc, bad[i].domains ? 0 : MW_EUNAVAILABLE, "%s = %s", bad[i].path, bad[i].text);
		cr_assert(strstr(why, bad[i].say), "%s: %s", bad[i].path, why);
		if (rc)
			continue;
		struct energy_domain d[METER_MAX_DOMAINS];
		cr_assert_eq(meter_perf.domains(state, d, METER_MAX_DOMAINS), (size_t)bad[i].domains);
		meter_perf.close(state);
	}
	tree_remove(root);

	root = tree_make();
	tree_put(root, "proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "perf PMU `power` absent: virtual machine");
	tree_remove(root);
}

/* No topology for the PMU's CPU, and two dies of one package. */
Test(perf, odd_topology)
{
	const char *root = pmu_tree();
	struct fake f = {0};
	const struct mw_counter_sys sys = {.open = fake_open, .read = fake_read, .close = fake_close, .self = &f};
	char why[400];
	void *state;
	struct energy_domain d[METER_MAX_DOMAINS];
	tree_put(root, "sys/devices/system/cpu/cpu28/topology/physical_package_id", "0\n");
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(meter_perf.domains(state, d, METER_MAX_DOMAINS), 4);
	cr_assert_str_eq(d[1].name, "package-0@cpu28");
	meter_perf.close(state);
	tree_delete(root, "sys/devices/system/cpu/cpu28/topology/physical_package_id");
	f.n = 0;
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(meter_perf.domains(state, d, METER_MAX_DOMAINS), 4);
	cr_assert_str_eq(d[1].name, "package-of-cpu-28");
	cr_assert_eq(d[1].socket, -1);
	meter_perf.close(state);
	tree_remove(root);
}

/* The real system calls, on a PMU that every kernel has: the software one's cpu-clock passes for a counter of energy.
 * It ticks once per nanosecond and CPU, like the clock. */
Test(perf, running_kernel)
{
	const char *root = tree_make();
	char why[400];
	void *state;
	tree_put(root, PMU "type", "1\n");
	tree_put(root, PMU "cpumask", "0\n");
	tree_put(root, PMU "events/energy-pkg", "event=0x00\n");
	tree_put(root, PMU "events/energy-pkg.unit", "Joules\n");
	tree_put(root, PMU "events/energy-pkg.scale", "1e-9\n");
	tree_put(root, "proc/sys/kernel/perf_event_paranoid", "4\n");
	int rc = perf_open_with(&mw_counter_kernel, root, &state, why, sizeof(why));
	if (rc) {
		cr_assert(strstr(why, "perf_event_paranoid is 4") || strstr(why, "energy-pkg on cpu 0: "), "%s", why);
		tree_remove(root);
		cr_skip_test("no system-wide counters here: %s", why);
	}
	struct energy_domain d;
	struct energy_reading a, b;
	double joules;
	cr_assert_eq(meter_perf.domains(state, &d, 1), 1);
	cr_assert_eq(meter_perf.read(state, &a, why, sizeof(why)), 0, "%s", why);
	(void)usleep(100000);
	cr_assert_eq(meter_perf.read(state, &b, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(energy_joules(&d, 0, &a, &b, &joules, why, sizeof(why)), 0, "%s", why);
	double seconds = (double)(b.t_ns - a.t_ns) * 1e-9;
	cr_assert(joules > 0.5 * seconds && joules < 2 * seconds, "%g J in %g s", joules, seconds);
	meter_perf.close(state);
	tree_remove(root);
}

/* A list of CPUs that is longer than any line buffer; two events on each. */
static void many_cpus(const char *root, int n)
{
	char mask[2048] = "";
	for (int i = 0; i < n; i++)
		(void)snprintf(mask + strlen(mask), sizeof(mask) - strlen(mask), i ? ",%d" : "%d", 1000 + 4 * i);
	tree_put(root, PMU "cpumask", "%s\n", mask);
}

Test(perf, no_counter_is_cut)
{
	static struct energy_domain d[METER_MAX_DOMAINS];
	static struct fake f;
	const struct mw_counter_sys sys = {.open = fake_open, .read = fake_read, .close = fake_close, .self = &f};
	const char *root = pmu_tree();
	char why[400];
	void *state;
	many_cpus(root, METER_MAX_DOMAINS / 2);
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(meter_perf.domains(state, d, METER_MAX_DOMAINS), METER_MAX_DOMAINS);
	cr_assert_eq(f.cpu[METER_MAX_DOMAINS - 1], 1000 + 4 * (METER_MAX_DOMAINS / 2 - 1));
	meter_perf.close(state);

	f.n = 0;
	many_cpus(root, METER_MAX_DOMAINS / 2 + 1);
	cr_assert_eq(perf_open_with(&sys, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "258 energy domains, and at most 256 can be read");
	tree_remove(root);
}

static int squeezed_open(void *self, const struct perf_event_attr *attr, int cpu)
{
	(void)self, (void)attr, (void)cpu;
	int fd = memfd_create("counter", MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_squeezed(const char *root, void **state, char *why, size_t n)
{
	const struct mw_counter_sys sys = {.open = squeezed_open, .read = fake_read, .close = fake_close};
	return perf_open_with(&sys, root, state, why, n);
}

Test(perf, a_lack_of_descriptors_leaves_nothing_out)
{
	const char *root = pmu_tree();
	tree_squeeze(&meter_perf, open_squeezed, root, 4);
	tree_remove(root);
}
