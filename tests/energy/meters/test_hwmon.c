#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>

#include "base/core/err.h"
#include "energy/meters/meter.h"
#include "tests/energy/fixture.h"

#define CLASS "sys/class/hwmon/"

extern const struct energy_meter meter_hwmon;

/* A two-socket module with an ACPI power meter each, an Arm counter, a graphics card that is none of our business. */
static const char *machine(void)
{
	const char *root = tree_make();
	for (int i = 0; i < 2; i++) {
		char path[96];
		(void)snprintf(path, sizeof(path), CLASS "hwmon%d/name", i);
		tree_put(root, path, "power_meter\n");
		(void)snprintf(path, sizeof(path), CLASS "hwmon%d/device/power1_average", i);
		tree_put(root, path, "%d\n", (i + 1) * 100000000);
		(void)snprintf(path, sizeof(path), CLASS "hwmon%d/device/power1_oem_info", i);
		tree_put(root, path, "Module Power Socket %d\n", i);
	}
	tree_put(root, CLASS "hwmon2/name", "scmi_sensors\n");
	tree_put(root, CLASS "hwmon2/energy1_input", "5000000\n");
	tree_put(root, CLASS "hwmon2/energy1_label", "soc\n");
	tree_put(root, CLASS "hwmon3/name", "amdgpu\n");
	tree_put(root, CLASS "hwmon3/power1_average", "300000000\n");
	return root;
}

static size_t domain(const void *state, const char *name, struct energy_domain *d)
{
	struct energy_domain v[METER_MAX_DOMAINS];
	size_t n = meter_hwmon.domains(state, v, METER_MAX_DOMAINS);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0) {
			*d = v[i];
			return i;
		}
	cr_assert_fail("no domain %s", name);
	return 0;
}

Test(hwmon, powers_and_counters)
{
	const char *root = machine();
	char why[300];
	void *state;
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain all[METER_MAX_DOMAINS], d;
	cr_assert_eq(meter_hwmon.domains(state, all, METER_MAX_DOMAINS), 3, "no graphics card");
	size_t soc = domain(state, "scmi_sensors/soc", &d);
	cr_assert_str_eq(d.kind, "system");
	size_t zero = domain(state, "power_meter/Module Power Socket 0", &d);
	cr_assert_eq(d.socket, 0);
	size_t one = domain(state, "power_meter/Module Power Socket 1", &d);
	cr_assert_eq(d.socket, 1);
	cr_assert_str_eq(d.kind, "socket");
	struct energy_reading a, b;
	cr_assert_eq(meter_hwmon.read(state, &a, why, sizeof(why)), 0, "%s", why);
	(void)usleep(20000);
	tree_put(root, CLASS "hwmon2/energy1_input", "5700000\n");
	tree_put(root, CLASS "hwmon1/device/power1_average", "400000000\n");
	cr_assert_eq(meter_hwmon.read(state, &b, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(b.ticks[soc] - a.ticks[soc], 700000);
	/* The power of both ends, averaged, over the meter's own time. */
	double s = (double)(b.t_ns - a.t_ns) * 1e-9;
	cr_assert(fabs((double)(b.ticks[zero] - a.ticks[zero]) - 100e6 * s) <= 1.0);
	cr_assert(fabs((double)(b.ticks[one] - a.ticks[one]) - 300e6 * s) <= 1.0);

	tree_put(root, CLASS "hwmon2/energy1_input", "5600000\n");
	cr_assert_eq(meter_hwmon.read(state, &b, why, sizeof(why)), -EIO);
	cr_assert(strstr(why, "backwards"), "%s", why);
	tree_put(root, CLASS "hwmon2/energy1_input", "5700000\n");
	static const char *const bad[] = {"", "N/A\n", "-1\n", "99999999999999\n"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tree_put(root, CLASS "hwmon0/device/power1_average", "%s", bad[i]);
		cr_assert_eq(meter_hwmon.read(state, &b, why, sizeof(why)), -EIO, "'%s'", bad[i]);
	}
	tree_delete(root, CLASS "hwmon0/device/power1_average");
	cr_assert_eq(meter_hwmon.read(state, &b, why, sizeof(why)), -EIO);
	meter_hwmon.close(state);
	tree_remove(root);
}

Test(hwmon, denied_and_absent)
{
	const char *root = tree_make();
	char why[300];
	void *state;
	tree_put(root, CLASS "hwmon0/name", "amd_energy\n");
	tree_put(root, CLASS "hwmon0/energy1_input", "1\n");
	tree_put(root, CLASS "hwmon0/energy1_label", "Ecore000\n");
	tree_put(root, CLASS "hwmon0/energy2_input", "1\n");
	tree_put(root, CLASS "hwmon0/energy2_label", "Esocket0\n");
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain d[METER_MAX_DOMAINS];
	cr_assert_eq(meter_hwmon.domains(state, d, METER_MAX_DOMAINS), 1);
	cr_assert_str_eq(d[0].name, "amd_energy/Esocket0");
	cr_assert_eq(d[0].socket, 0);
	meter_hwmon.close(state);

	tree_mode(root, CLASS "hwmon0/energy1_input", 0);
	tree_mode(root, CLASS "hwmon0/energy2_input", 0);
	drop_privileges();
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	regain_privileges();
	cr_assert(strstr(why, "amd_energy energy2_input: EACCES"), "%s", why);
	tree_remove(root);

	root = tree_make();
	tree_put(root, "proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "no power or energy sensor in /sys/class/hwmon: virtual machine");
	tree_remove(root);
}

/* amd_energy counts all cores before the sockets; boards may have hundreds of meters. */
Test(hwmon, no_sensor_is_cut)
{
	static struct energy_domain all[METER_MAX_DOMAINS];
	char path[96], why[300];
	void *state;
	const char *root = tree_make();
	tree_put(root, CLASS "hwmon0/name", "amd_energy\n");
	for (int i = 1; i <= 129; i++) {
		(void)snprintf(path, sizeof(path), CLASS "hwmon0/energy%d_input", i);
		tree_put(root, path, "1\n");
		(void)snprintf(path, sizeof(path), CLASS "hwmon0/energy%d_label", i);
		tree_put(root, path, i == 129 ? "Esocket0\n" : "Ecore%03d\n", i - 1);
	}
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(meter_hwmon.domains(state, all, METER_MAX_DOMAINS), 1);
	cr_assert_str_eq(all[0].name, "amd_energy/Esocket0");
	meter_hwmon.close(state);
	tree_remove(root);

	root = tree_make();
	tree_put(root, CLASS "hwmon0/name", "power_meter\n");
	for (int i = 1; i <= METER_MAX_DOMAINS + 1; i++) {
		(void)snprintf(path, sizeof(path), CLASS "hwmon0/power%d_average", i);
		tree_put(root, path, "1000000\n");
	}
	cr_assert_eq(meter_hwmon.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "257 energy domains, and at most 256 can be read");
	tree_remove(root);
}

Test(hwmon, a_lack_of_descriptors_leaves_nothing_out)
{
	const char *root = machine();
	tree_squeeze(&meter_hwmon, meter_hwmon.open, root, 3);
	tree_remove(root);
}
