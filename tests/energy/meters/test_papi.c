/* A simulated PAPI library with the faults that versions of PAPI have had, and others. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <errno.h>
#include <signal.h>

#include "base/core/err.h"
#include "energy/meters/meter.h"
#include "energy/meters/papi.h"
#include "tests/energy/fixture.h"

extern const struct energy_meter meter_papi;

#define CLASS "sys/class/powercap/"

enum component { UNCORE, RAPL, POWERCAP, COMPONENTS };
enum fault {
	NO_FAULT,
	EXIT_IN_INIT,
	KILLED_IN_INIT,
	INIT_FAILS,
	NOT_INSTALLED,
	EXIT_IN_READ, /* once open */
	READ_FAILS,
	READ_HANGS,
	ALL_ZERO, /* the silent zero of an unreadable file */
	DRAM_ZERO,
	RAW_FOREVER,    /* the raw counter, since nothing changes */
	RAW_UNTIL_MOVE, /* the raw counter twice, then what has happened since start */
	BACKWARDS,
	NEGATIVE,
	HUGE,
};

struct fake {
	bool has[COMPONENTS];
	enum fault fault;
	bool noisy;
	int events, reads;
	bool is_dram[512];
	bool any_package; /* events of every package exist */
};

static int fake_load(void *self, void **lib, char *why, size_t n)
{
	struct fake *f = self;
	*lib = f;
	if (f->noisy) {
		(void)printf("PAPI Error: something\n");
		(void)fflush(stdout);
		(void)fprintf(stderr, "PAPI Error: something\n");
	}
	return f->fault == NOT_INSTALLED ? mw_fail(MW_EUNAVAILABLE, why, n, "libpapi.so.7.0 is not installed") : 0;
}

static int index_of(const char *name)
{
	static const char *const names[COMPONENTS] = {"perf_event_uncore", "rapl", "powercap"};
	for (int i = 0; i < COMPONENTS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static bool fake_built_in(void *lib, const char *component)
{
	const struct fake *f = lib;
	return f->has[index_of(component)];
}

static int fake_init(void *lib, char *why, size_t n)
{
	const struct fake *f = lib;
	if (f->fault == EXIT_IN_INIT)
		exit(127);
	if (f->fault == KILLED_IN_INIT)
		(void)raise(SIGKILL);
	return f->fault == INIT_FAILS ? mw_fail(MW_EUNAVAILABLE, why, n, "PAPI: out of order") : 0;
}

static int fake_component(void *lib, const char *name, char *why, size_t n)
{
	const struct fake *f = lib;
	int i = index_of(name);
	return f->has[i] ? i : mw_fail(MW_EUNAVAILABLE, why, n, "component not built in");
}

static int fake_event_set(void *lib, int component, char *why, size_t n)
{
	struct fake *f = lib;
	(void)why, (void)n;
	f->events = 0;
	return component;
}

static int fake_add(void *lib, int set, const char *event, char *why, size_t n)
{
	static const char *const known[COMPONENTS][4] = {
		{"rapl::RAPL_ENERGY_PKG:cpu=0", "rapl::RAPL_ENERGY_DRAM:cpu=0"},
		{"rapl:::PACKAGE_ENERGY:PACKAGE0", "rapl:::DRAM_ENERGY:PACKAGE0"},
		{"powercap:::ENERGY_UJ:ZONE0", "powercap:::ENERGY_UJ:ZONE0_SUBZONE0", "powercap:::ENERGY_UJ:ZONE1",
		 "powercap:::ENERGY_UJ:ZONE2"},
	};
	struct fake *f = lib;
	if (f->any_package && strncmp(event, "rapl:::PACKAGE", 14) == 0) {
		f->is_dram[f->events++] = false;
		return 0;
	}
	for (int i = 0; i < 4; i++)
		if (known[set][i] && strcmp(known[set][i], event) == 0) {
			f->is_dram[f->events++] = i == 1;
			return 0;
		}
	return mw_fail(MW_EUNAVAILABLE, why, n, "PAPI: Event does not exist");
}

static int fake_start(void *lib, int set, char *why, size_t n)
{
	(void)lib, (void)set, (void)why, (void)n;
	return 0;
}

/* Every read adds 1000 ticks to the package and 100 to DRAM. */
static int fake_read(void *lib, int set, long long *v, char *why, size_t n)
{
	struct fake *f = lib;
	(void)set;
	f->reads++;
	bool late = f->reads > 2; /* opening takes one read where all is well */
	if (f->fault == EXIT_IN_READ && late)
		exit(127);
	if (f->fault == READ_HANGS && late)
		(void)pause();
	if (f->fault == READ_FAILS && late)
		return mw_fail(-EIO, why, n, "PAPI: System call failed");
	for (int i = 0; i < f->events; i++) {
		v[i] = (f->is_dram[i] ? 100 : 1000) * (long long)f->reads;
		if (f->fault == ALL_ZERO || (f->fault == DRAM_ZERO && f->is_dram[i]))
			v[i] = 0;
		if (f->fault == RAW_FOREVER || (f->fault == RAW_UNTIL_MOVE && f->reads <= 2))
			v[i] = 100000000;
		if (f->fault == BACKWARDS && late)
			v[i] = 1;
		if (f->fault == NEGATIVE && late)
			v[i] = -5;
		if (f->fault == HUGE && late)
			v[i] = INT64_MAX;
	}
	return 0;
}

static struct papi_api table(struct fake *f)
{
	return (struct papi_api){
		.load = fake_load,
		.built_in = fake_built_in,
		.init = fake_init,
		.component = fake_component,
		.event_set = fake_event_set,
		.add = fake_add,
		.start = fake_start,
		.read = fake_read,
		.self = f,
		.patience_ms = 2000,
	};
}

static const char *machine(void)
{
	const char *root = tree_make();
	tree_put(root, "sys/devices/system/cpu/online", "0-3\n");
	tree_put(root, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
	tree_put(root, "sys/bus/event_source/devices/power/type", "24\n");
	tree_put(root, CLASS "intel-rapl:0/name", "package-0\n");
	tree_put(root, CLASS "intel-rapl:0:0/name", "dram\n");
	return root;
}

static int open_fake(struct fake *f, const char *root, void **state, char *why, size_t n)
{
	const struct papi_api api = table(f);
	return papi_open_with(&api, root, state, why, n);
}

Test(papi, every_component)
{
	static const double units[COMPONENTS] = {0x1p-32, 1e-9, 1e-6};
	cr_redirect_stdout();
	const char *root = machine();
	char why[500];
	for (int c = 0; c < COMPONENTS; c++) {
		struct fake f = {.noisy = true};
		f.has[c] = true;
		void *state;
		cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), 0, "%s", why);
		struct energy_domain d[METER_MAX_DOMAINS];
		cr_assert_eq(meter_papi.domains(state, d, METER_MAX_DOMAINS), 2);
		cr_assert_str_eq(d[0].name, "package-0");
		cr_assert_str_eq(d[0].kind, "package");
		cr_assert_str_eq(d[1].name, "package-0/dram");
		cr_assert_str_eq(d[1].kind, "dram");
		cr_assert_eq(d[1].socket, 0);
		cr_assert_eq(d[0].unit_j, units[c]);
		struct energy_reading a, b;
		cr_assert_eq(meter_papi.read(state, &a, why, sizeof(why)), 0, "%s", why);
		cr_assert_eq(meter_papi.read(state, &b, why, sizeof(why)), 0, "%s", why);
		cr_assert_eq(b.ticks[0] - a.ticks[0], 1000);
		cr_assert_eq(b.ticks[1] - a.ticks[1], 100);
		cr_assert_gt(b.t_ns, a.t_ns);
		meter_papi.close(state);
	}
	tree_remove(root);
	(void)printf("end"); /* what the library prints must not come out here */
	(void)fflush(stdout);
	cr_assert_stdout_eq_str("end");
}

/* Faults while opening: words, and no meter. */
Test(papi, refusals)
{
	static const struct {
		enum fault fault;
		enum component c;
		const char *say;
	} v[] = {
		{EXIT_IN_INIT, UNCORE, "PAPI called exit(127) while starting"},
		{KILLED_IN_INIT, UNCORE, "PAPI was killed by signal 9 while starting"},
		{INIT_FAILS, UNCORE, "out of order"},
		{NOT_INSTALLED, UNCORE, "libpapi.so.7.0 is not installed"},
		{ALL_ZERO, POWERCAP, "package-0 reads 0 (not readable for this user"},
		{ALL_ZERO, UNCORE, "package-0/dram reads 0"},
		{RAW_FOREVER, POWERCAP, "package-0 reads 0"},
		{NO_FAULT, COMPONENTS, "powercap: component not built in"},
	};
	const char *root = machine();
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct fake f = {.fault = v[i].fault};
		if (v[i].c < COMPONENTS)
			f.has[v[i].c] = true;
		char why[500];
		void *state;
		cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), MW_EUNAVAILABLE, "row %zu", i);
		cr_assert_null(state);
		cr_assert(strstr(why, v[i].say), "row %zu: %s", i, why);
	}
	tree_remove(root);
}

/* Faults once open: an error, never a number. */
Test(papi, faulty_reads)
{
	static const struct {
		enum fault fault;
		const char *say;
	} v[] = {
		{EXIT_IN_READ, "PAPI called exit(127) while reading"},
		{READ_FAILS, "System call failed"},
		{BACKWARDS, "went backwards"},
		{NEGATIVE, "-5 ticks"},
		{HUGE, "not plausible"},
	};
	const char *root = machine();
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct fake f = {.fault = v[i].fault, .has = {true}};
		char why[500];
		void *state;
		struct energy_reading r;
		cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), 0, "row %zu: %s", i, why);
		int rc = 0;
		for (int k = 0; k < 3 && rc == 0; k++)
			rc = meter_papi.read(state, &r, why, sizeof(why));
		cr_assert_eq(rc, -EIO, "row %zu", i);
		cr_assert(strstr(why, v[i].say), "row %zu: %s", i, why);
		meter_papi.close(state);
	}
	struct fake f = {.fault = READ_HANGS, .has = {true}};
	struct papi_api api = table(&f);
	char why[500];
	void *state;
	struct energy_reading r;
	cr_assert_eq(papi_open_with(&api, root, &state, why, sizeof(why)), 0, "%s", why);
	int rc = 0;
	for (int k = 0; k < 3 && rc == 0; k++)
		rc = meter_papi.read(state, &r, why, sizeof(why));
	cr_assert_eq(rc, -EIO);
	cr_assert_str_eq(why, "PAPI gave no answer while reading");
	cr_assert_eq(meter_papi.read(state, &r, why, sizeof(why)), -EIO, "stays gone");
	meter_papi.close(state);
	tree_remove(root);
}

/* The raw counter is not believed before it has moved, and then only what came since the start counts. */
Test(papi, raw_counter)
{
	const char *root = machine();
	struct fake f = {.fault = RAW_UNTIL_MOVE, .has = {false, false, true}};
	char why[500];
	void *state;
	struct energy_reading r;
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(meter_papi.read(state, &r, why, sizeof(why)), 0, "%s", why);
	cr_assert_lt(r.ticks[0], 100000, "%llu", (unsigned long long)r.ticks[0]);
	cr_assert_gt(r.ticks[0], 0);
	meter_papi.close(state);

	f = (struct fake){.fault = DRAM_ZERO, .has = {true}};
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain d[METER_MAX_DOMAINS];
	cr_assert_eq(meter_papi.domains(state, d, METER_MAX_DOMAINS), 1, "a domain at 0 is left out");
	cr_assert(strstr(why, "package-0/dram reads 0"), "%s", why);
	meter_papi.close(state);
	tree_remove(root);
}

Test(papi, powercap_tables)
{
	const char *root = machine();
	char why[500];
	void *state;
	/* psys between packages: which zone PAPI means depends on its version. */
	tree_put(root, CLASS "intel-rapl:1/name", "psys\n");
	tree_put(root, CLASS "intel-rapl:2/name", "package-1\n");
	struct fake f = {.has = {false, false, true}};
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "psys is listed between the packages"), "%s", why);
	/* Three sockets overrun its table: not even initialised. */
	tree_put(root, CLASS "intel-rapl:1/name", "package-1\n");
	tree_put(root, CLASS "intel-rapl:2/name", "package-2\n");
	f.fault = EXIT_IN_INIT;
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "above 2 sockets"), "%s", why);
	/* psys behind them is no question. */
	tree_put(root, CLASS "intel-rapl:2/name", "psys\n");
	f.fault = NO_FAULT;
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), 0, "%s", why);
	struct energy_domain d[METER_MAX_DOMAINS];
	cr_assert_eq(meter_papi.domains(state, d, METER_MAX_DOMAINS), 4);
	cr_assert_str_eq(d[2].name, "package-1");
	cr_assert_str_eq(d[3].kind, "psys");
	meter_papi.close(state);
	tree_remove(root);

	root = tree_make();
	f.fault = EXIT_IN_INIT;
	tree_put(root, "proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	cr_assert_eq(open_fake(&f, root, &state, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert_str_eq(why, "no power PMU, MSR device or powercap class to read: virtual machine");
	tree_remove(root);
}

/* The library that is installed, if any, on a machine that pretends to have a PMU: it may refuse, in words. */
Test(papi, installed_library)
{
	if (!papi_installed())
		cr_skip_test("built without papi.h");
	const char *root = machine();
	char why[500];
	void *state;
	int rc = papi_open_with(papi_installed(), root, &state, why, sizeof(why));
	cr_assert(rc == 0 || (rc == MW_EUNAVAILABLE && strstr(why, "rapl: ")), "%d: %s", rc, why);
	cr_assert_not(rc && strstr(why, "exit("), "%s", why);
	if (rc == 0)
		meter_papi.close(state);
	tree_remove(root);
}

/* 20 packages are read; more than a reading holds are refused with their number. */
Test(papi, no_package_is_cut)
{
	static const int packages[] = {20, METER_MAX_DOMAINS + 1};
	static struct energy_domain d[METER_MAX_DOMAINS];
	char why[500];
	void *state;
	for (size_t i = 0; i < 2; i++) {
		struct fake f = {.has = {[RAPL] = true}, .any_package = true};
		const char *root = tree_make();
		tree_put(root, "sys/devices/system/cpu/online", "0-%d\n", packages[i] - 1);
		tree_put(root, "sys/bus/event_source/devices/power/type", "24\n");
		for (int c = 0; c < packages[i]; c++) {
			char path[96];
			(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/physical_package_id",
				       c);
			tree_put(root, path, "%d\n", c);
		}
		int rc = open_fake(&f, root, &state, why, sizeof(why));
		tree_remove(root);
		if (packages[i] > METER_MAX_DOMAINS) {
			cr_assert_eq(rc, MW_EUNAVAILABLE);
			cr_assert(strstr(why, "258 energy domains, and at most 256 can be read"), "%s", why);
			continue;
		}
		cr_assert_eq(rc, 0, "%s", why);
		cr_assert_eq(meter_papi.domains(state, d, METER_MAX_DOMAINS), (size_t)packages[i] + 1,
			     "and dram of package 0");
		meter_papi.close(state);
	}
}
