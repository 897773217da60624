/* Code shared by all meters: wrapping counters, windows, choice of a meter. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "base/core/err.h"
#include "energy/meters/tree.h"
#include "tests/energy/fixture.h"

static const struct energy_domain package = {
	.name = "package-0", .kind = "package", .unit_j = 1e-6, .range = 65712999613};

Test(meter, counter_steps)
{
	char why[200] = "";
	const struct {
		uint64_t prev, cur;
		double dt;
		int rc;
		uint64_t delta;
	} v[] = {
		{100, 100, 0.001, 0, 0},
		{100, 150, 0.001, 0, 50},
		{65712999612, 0, 0.001, 0, 1},
		{65712999613, 5, 1.0, 0, 5},
		{65712999614, 5, 1.0, -EIO, 0},      /* was beyond its range */
		{50000000, 10, 1.0, -EIO, 0},        /* 65 kJ in a second: a reset */
		{0, 3000000000, 1.0, 0, 3000000000}, /* 3 kJ within the slack */
		{0, 5000000000, 1.0, -EIO, 0},       /* 5 kJ in a second is no reading */
		{0, 100, 32.9, -EIO, 0},             /* late: could have wrapped twice */
		{0, 100, 32.8, 0, 100},              /* just in time for 2 kW */
	};
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint64_t total = 7;
		unsigned wraps = 0;
		int rc = counter_advance(&package, v[i].prev, v[i].cur, v[i].dt, &total, &wraps, why, sizeof(why));
		cr_assert_eq(rc, v[i].rc, "row %zu: %d %s", i, rc, why);
		cr_assert_eq(total, 7 + v[i].delta, "row %zu", i);
		cr_assert_eq(wraps, rc == 0 && v[i].cur < v[i].prev, "row %zu", i);
	}
	cr_assert(isinf(energy_max_interval_s(&(struct energy_domain){.unit_j = 1}, 1)));
}

Test(meter, joules_of_a_window)
{
	struct energy_reading a = {.t_ns = 1000000000}, b = {.t_ns = 2000000000};
	double j = -1;
	char why[200] = "";
	b.ticks[3] = 2500000;
	cr_assert_eq(energy_joules(&package, 3, &a, &b, &j, why, sizeof(why)), 0);
	cr_assert(fabs(j - 2.5) < 1e-12);
	cr_assert_eq(energy_joules(&package, 2, &a, &b, &j, why, sizeof(why)), -EIO, "a stuck counter is no 0 J");
	cr_assert(strstr(why, "did not move"), "%s", why);
	b.t_ns = a.t_ns + 40000000;
	cr_assert_eq(energy_joules(&package, 3, &a, &b, &j, why, sizeof(why)), -EINVAL);
	cr_assert_eq(energy_joules(&package, 3, &b, &a, &j, why, sizeof(why)), -EINVAL);
}

Test(meter, small_files)
{
	const char *root = tree_make();
	char why[100];
	int fd = tree_open(root, why, sizeof(why));
	cr_assert(fd >= 0);
	tree_put(root, "sys/devices/system/cpu/online", "0-2,4\n");
	tree_put(root, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "1\n");
	tree_put(root, "sys/devices/system/cpu/cpu1/topology/physical_package_id", "0\n");
	tree_put(root, "sys/devices/system/cpu/cpu4/topology/physical_package_id", "0\n");
	struct tree_package *p;
	cr_assert_eq(tree_packages(fd, &p), 2); /* cpu2 is offline: no topology */
	cr_assert(p[0].cpu == 0 && p[0].package == 1 && p[1].cpu == 1 && p[1].package == 0);
	free(p);
	cr_assert_eq(tree_package_of(fd, 2), -1);
	/* Lists of CPUs as sysfs has them; one named twice is one. */
	int *v;
	tree_put(root, "list", "0,28-31,29\n");
	cr_assert_eq(tree_cpus(fd, "list", &v), 5);
	cr_assert(v[0] == 0 && v[1] == 28 && v[4] == 31);
	free(v);
	static const char *const bad[] = {"", "\n", "x", "2-", "3-1", "-1", "1 2", "0,9999999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tree_put(root, "list", "%s", bad[i]);
		cr_assert_eq(tree_cpus(fd, "list", &v), MW_EFORMAT, "'%s'", bad[i]);
		cr_assert_null(v);
	}
	cr_assert_eq(tree_cpus(fd, "none", &v), -ENOENT);
	(void)close(fd);
	tree_remove(root);
}

Test(meter, best_names_every_refusal)
{
	const char *root = tree_make();
	const struct energy_meter *m;
	void *state;
	char why[1000];
	tree_put(root, "proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	cr_assert_eq(energy_open_best(root, &m, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_null(m);
	int meters = 0;
	const char *last = why;
	for (const struct energy_meter *const *t = meter_table; *t; t++, meters++) {
		char tag[40];
		(void)snprintf(tag, sizeof(tag), "%s: ", (*t)->name);
		cr_assert(strstr(why, tag), "%s misses %s", why, tag);
		cr_assert_eq(energy_meter_find((*t)->name), *t);
	}
	cr_assert_geq(meters, 2);
	cr_assert(strstr(last, "powercap absent: virtual machine"), "%s", why);
	cr_assert_null(energy_meter_find("none"));
	/* A machine with zones: powercap answers, since perf counters do not come with a tree. */
	tree_put(root, "sys/class/powercap/intel-rapl:0/name", "package-0\n");
	tree_put(root, "sys/class/powercap/intel-rapl:0/energy_uj", "1\n");
	cr_assert_eq(energy_open_best(root, &m, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_str_eq(m->name, "powercap");
	cr_assert(strstr(why, "perf: perf counters belong to the running kernel"), "%s", why);
	m->close(state);
	tree_remove(root);
}
