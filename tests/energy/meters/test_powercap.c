#include <criterion/criterion.h>

#include <errno.h>

#include "base/core/err.h"
#include "energy/meters/meter.h"
#include "tests/energy/fixture.h"

#define CLASS "sys/class/powercap/"
#define PACKAGE_RANGE 262143328850ull
#define DRAM_RANGE 65712999613ull

extern const struct energy_meter meter_powercap;

static void zone(const char *root, const char *id, const char *name, unsigned long long uj, unsigned long long range)
{
	char path[128];
	(void)snprintf(path, sizeof(path), CLASS "%s/name", id);
	tree_put(root, path, "%s\n", name);
	(void)snprintf(path, sizeof(path), CLASS "%s/energy_uj", id);
	tree_put(root, path, "%llu\n", uj);
	(void)snprintf(path, sizeof(path), CLASS "%s/max_energy_range_uj", id);
	tree_put(root, path, "%llu\n", range);
}

static void set(const char *root, const char *id, unsigned long long uj)
{
	char path[128];
	(void)snprintf(path, sizeof(path), CLASS "%s/energy_uj", id);
	tree_put(root, path, "%llu\n", uj);
}

/* Two sockets, psys between their packages, a dram zone of the same name on each, the mmio doubles. */
static const char *two_sockets(void)
{
	const char *root = tree_make();
	tree_put(root, CLASS "intel-rapl/enabled", "1\n");
	zone(root, "intel-rapl:0", "package-0", 100000000, PACKAGE_RANGE);
	zone(root, "intel-rapl:0:0", "dram", 50000000, DRAM_RANGE);
	zone(root, "intel-rapl:1", "psys", 7000000, PACKAGE_RANGE);
	zone(root, "intel-rapl:2", "package-1", 200000000, PACKAGE_RANGE);
	zone(root, "intel-rapl:2:0", "dram", 60000000, DRAM_RANGE);
	zone(root, "intel-rapl-mmio:0", "package-0", 100000000, PACKAGE_RANGE);
	tree_put(root, "proc/cpuinfo", "flags\t\t: fpu msr\n");
	return root;
}

static size_t index_of(const void *state, const char *name, struct energy_domain *d)
{
	struct energy_domain v[METER_MAX_DOMAINS];
	size_t n = meter_powercap.domains(state, v, METER_MAX_DOMAINS);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, name) == 0) {
			if (d)
				*d = v[i];
			return i;
		}
	cr_assert_fail("no domain %s", name);
	return 0;
}

Test(powercap, two_sockets_by_name)
{
	const char *root = two_sockets();
	char why[400];
	void *state;
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_str_eq(why, "");
	struct energy_domain d;
	struct energy_domain all[METER_MAX_DOMAINS];
	cr_assert_eq(meter_powercap.domains(state, all, METER_MAX_DOMAINS), 5, "mmio must be skipped");
	const struct {
		const char *name, *kind;
		int socket;
		const char *id;
		unsigned long long start, add;
	} want[] = {
		{"package-0", "package", 0, "intel-rapl:0", 100000000, 7000000},
		{"package-0/dram", "dram", 0, "intel-rapl:0:0", 50000000, 1500000},
		{"psys", "psys", -1, "intel-rapl:1", 7000000, 9000001},
		{"package-1", "package", 1, "intel-rapl:2", 200000000, 11000000},
		{"package-1/dram", "dram", 1, "intel-rapl:2:0", 60000000, 2500000},
	};
	struct energy_reading r;
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "%s", why);
	for (size_t i = 0; i < 5; i++) {
		size_t k = index_of(state, want[i].name, &d);
		cr_assert_str_eq(d.kind, want[i].kind);
		cr_assert_eq(d.socket, want[i].socket, "%s", want[i].name);
		cr_assert_eq(r.ticks[k], 0, "an unchanged counter is 0 since open, not its raw value");
		set(root, want[i].id, want[i].start + want[i].add);
	}
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "%s", why);
	for (size_t i = 0; i < 5; i++) {
		size_t k = index_of(state, want[i].name, &d);
		cr_assert_eq(r.ticks[k], want[i].add, "%s: %llu", want[i].name, (unsigned long long)r.ticks[k]);
		cr_assert_eq(r.wraps[k], 0);
	}
	meter_powercap.close(state);
	tree_remove(root);
}

Test(powercap, wraps)
{
	const char *root = two_sockets();
	char why[400];
	void *state;
	set(root, "intel-rapl:0", PACKAGE_RANGE - 1000);
	set(root, "intel-rapl:2:0", DRAM_RANGE - 10);
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	set(root, "intel-rapl:0", 500);
	set(root, "intel-rapl:2:0", 5);
	struct energy_reading r;
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "%s", why);
	size_t package = index_of(state, "package-0", NULL), dram = index_of(state, "package-1/dram", NULL);
	cr_assert_eq(r.ticks[package], 1500);
	cr_assert_eq(r.wraps[package], 1);
	/* Every zone wraps at its own range. */
	cr_assert_eq(r.ticks[dram], 15);
	cr_assert_eq(r.wraps[dram], 1);
	set(root, "intel-rapl:0", 1500);
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(r.ticks[package], 2500);
	cr_assert_eq(r.wraps[package], 1);
	meter_powercap.close(state);
	tree_remove(root);
}

/* Backwards by a little is a reset, not a wrap: it would be hundreds of kilojoule within a millisecond. */
Test(powercap, backwards_is_an_error)
{
	const char *root = two_sockets();
	char why[400];
	void *state;
	struct energy_reading r;
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	set(root, "intel-rapl:0", 99999999);
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), -EIO);
	cr_assert(strstr(why, "package-0") && strstr(why, "reset"), "%s", why);
	meter_powercap.close(state);

	set(root, "intel-rapl:0", PACKAGE_RANGE - 1000);
	tree_delete(root, CLASS "intel-rapl:0/max_energy_range_uj");
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	set(root, "intel-rapl:0", PACKAGE_RANGE);
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "works until it wraps: %s", why);
	set(root, "intel-rapl:0", 10);
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), -EIO);
	cr_assert(strstr(why, "backwards") && strstr(why, "not known"), "%s", why);
	meter_powercap.close(state);
	tree_remove(root);
}

Test(powercap, unreadable_files)
{
	const char *root = two_sockets();
	char why[400];
	void *state;
	/* One zone denied: the others stay, and the loss is told. */
	tree_mode(root, CLASS "intel-rapl:2/energy_uj", 0);
	drop_privileges();
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain all[METER_MAX_DOMAINS];
	cr_assert_eq(meter_powercap.domains(state, all, METER_MAX_DOMAINS), 4);
	(void)index_of(state, "package-1/dram", NULL); /* named after the parent that was left out */
	cr_assert(strstr(why, "EACCES: /sys/class/powercap/intel-rapl:2/energy_uj is readable by root only"), "%s",
		  why);
	meter_powercap.close(state);
	regain_privileges();

	static const char *const zones[] = {"intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl:2",
					    "intel-rapl:2:0"};
	for (size_t i = 0; i < 5; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), CLASS "%s/energy_uj", zones[i]);
		tree_mode(root, path, 0400);
		if (geteuid() != 0)
			tree_mode(root, path, 0);
	}
	drop_privileges();
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_null(state);
	cr_assert(strstr(why, "EACCES"), "%s", why);
	regain_privileges();
	tree_remove(root);
}

Test(powercap, garbage_and_missing)
{
	static const char *const texts[] = {
		"", "\n", "-5\n", "12abc\n", " 12 13\n", "0x10\n", "99999999999999999999999\n"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *root = tree_make();
		char why[400];
		void *state;
		zone(root, "intel-rapl:0", "package-0", 1, PACKAGE_RANGE);
		tree_put(root, CLASS "intel-rapl:0/energy_uj", "%s", texts[i]);
		cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE, "'%s'", texts[i]);
		cr_assert(strstr(why, "energy_uj"), "%s", why);
		/* The same garbage later, and a file that goes away. */
		set(root, "intel-rapl:0", 1);
		cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
		struct energy_reading r;
		tree_put(root, CLASS "intel-rapl:0/energy_uj", "%s", texts[i]);
		cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), -EIO, "'%s'", texts[i]);
		tree_delete(root, CLASS "intel-rapl:0/energy_uj");
		cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), -EIO);
		cr_assert(strstr(why, "ENOENT"), "%s", why);
		meter_powercap.close(state);
		tree_remove(root);
	}
}

Test(powercap, absent)
{
	const char *root = tree_make();
	char why[400];
	void *state;
	tree_put(root, "proc/cpuinfo", "processor: 0\nflags\t\t: fpu hypervisor lahf_lm\n");
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "/sys/class/powercap absent: virtual machine");
	tree_put(root, "proc/cpuinfo", "processor: 0\nflags\t\t: fpu lahf_lm\n");
	tree_put(root, CLASS "dtpm/enabled", "0\n");
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "/sys/class/powercap has no RAPL zone: no energy driver for this CPU is loaded");
	tree_remove(root);
	cr_assert_eq(meter_powercap.open("/nonexistent", &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "/nonexistent"), "%s", why);
}

/* Only the nested directories, as a copy of /sys/devices/virtual/powercap holds them; and two packages of one name. */
Test(powercap, nested_tree_and_equal_names)
{
	const char *root = tree_make();
	char why[400];
	void *state;
	zone(root, "intel-rapl/intel-rapl:0", "package-0", 5, PACKAGE_RANGE);
	zone(root, "intel-rapl/intel-rapl:0/intel-rapl:0:0", "dram", 5, DRAM_RANGE);
	zone(root, "intel-rapl/intel-rapl:1", "package-0", 5, PACKAGE_RANGE);
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain all[METER_MAX_DOMAINS];
	cr_assert_eq(meter_powercap.domains(state, all, METER_MAX_DOMAINS), 3);
	cr_assert_eq(index_of(state, "package-0", NULL), 0);
	cr_assert_eq(index_of(state, "package-0/dram", NULL), 1);
	cr_assert_eq(index_of(state, "package-0@1", NULL), 2);
	meter_powercap.close(state);
	tree_remove(root);
}

/* Sockets of a package, its dram and core zones, until there are `domains`. */
static const char *many_zones(int domains)
{
	const char *root = tree_make();
	for (int i = 0; i < domains; i++) {
		char id[32], name[32];
		(void)snprintf(id, sizeof(id), i % 4 ? "intel-rapl:%d:%d" : "intel-rapl:%d", i / 4, i % 4);
		(void)snprintf(name, sizeof(name), i % 4 ? "part-%d" : "package-%d", i % 4 ? i % 4 : i / 4);
		zone(root, id, name, 1000000, PACKAGE_RANGE);
	}
	return root;
}

/* All or none: a sum over a part of the domains would pass for the machine's. */
Test(powercap, no_domain_is_cut)
{
	static struct energy_domain all[METER_MAX_DOMAINS];
	static struct energy_reading r;
	char why[400];
	void *state;
	const char *root = many_zones(METER_MAX_DOMAINS);
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_str_eq(why, "");
	cr_assert_eq(meter_powercap.domains(state, all, METER_MAX_DOMAINS), METER_MAX_DOMAINS);
	cr_assert_eq(meter_powercap.read(state, &r, why, sizeof(why)), 0, "%s", why);
	meter_powercap.close(state);
	tree_remove(root);

	root = many_zones(METER_MAX_DOMAINS + 3);
	cr_assert_eq(meter_powercap.open(root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "259 energy domains, and at most 256 can be read");
	tree_remove(root);
}

Test(powercap, a_lack_of_descriptors_leaves_nothing_out)
{
	const char *root = two_sockets();
	/* A zone in its parent's directory only. */
	zone(root, "intel-rapl:0/intel-rapl:0:1", "core", 1, PACKAGE_RANGE);
	tree_squeeze(&meter_powercap, meter_powercap.open, root, 6);
	tree_remove(root);
}
