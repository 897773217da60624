/* Modules, channels, peak, error counters, mitigations and swap of captured trees. */
#include "tests/energy/fixture.h"

#include <math.h>

#include "base/sys/memory_read.h"
#include "base/sys/tree.h"
#include "tests/base/sys/dmi_blob.h"

static struct mw_cpu cpus[4] = {
	{.id = 0, .core = 0},
	{.id = 1, .core = 1},
	{.id = 2, .core = 2, .node = 1},
	{.id = 3, .core = 3, .node = 1},
};

static void open_host(struct mw_topology *t)
{
	*t = (struct mw_topology){.cpus = cpus};
	mw_host_init(&t->host);
	t->host.n_cpus = 4;
}

static void put_blob(const char *root, const struct blob *b)
{
	char path[200];
	tree_put(root, "sys/firmware/dmi/tables/DMI", "x");
	(void)snprintf(path, sizeof(path), "%s/sys/firmware/dmi/tables/DMI", root);
	FILE *f = fopen(path, "wb");
	cr_assert(f && fwrite(b->v, 1, b->n, f) == b->n && fclose(f) == 0);
}

static void read_tree(const char *root, struct mw_topology *t)
{
	int fd = mw_tree_open(root);
	cr_assert_geq(fd, 0);
	open_host(t);
	cr_assert_eq(mw_memory_read(fd, t), 0);
	(void)close(fd);
}

static void put_counts(const char *root, unsigned ce, unsigned ue, unsigned throttled)
{
	tree_put(root, "sys/devices/system/edac/mc/mc0/ce_count", "%u\n", ce);
	tree_put(root, "sys/devices/system/edac/mc/mc0/ue_count", "%u\n", ue);
	tree_put(root, "sys/devices/system/edac/mc/mc1/ce_count", "1\n");
	tree_put(root, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "%u\n", throttled);
	tree_put(root, "sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count", "5\n");
	tree_put(root, "sys/devices/system/cpu/cpu9/thermal_throttle/core_throttle_count", "100\n");
}

Test(memory_read, nothing_there)
{
	struct mw_topology t;
	const char *root = tree_make();
	read_tree(root, &t);
	const struct mw_host *h = &t.host;
	cr_assert(h->mem_slots == 0 && h->mem_modules == 0 && !h->mem_kinds && h->mem_channels == 0);
	cr_assert(!(h->mem_peak > 0) && !h->mem_peak_source && !h->mitigations);
	cr_assert(h->swap_used == MW_COUNT_UNKNOWN && h->throttled == MW_COUNT_UNKNOWN);
	cr_assert(h->edac_corrected == MW_COUNT_UNKNOWN && h->edac_uncorrected == MW_COUNT_UNKNOWN);
	mw_memory_count(root, &t, &t.host);
	cr_assert_eq(h->edac_corrected_during, MW_COUNT_UNKNOWN, "unknown, not 0");
	mw_host_fini(&t.host);
	tree_remove(root);
}

Test(memory_read, server)
{
	struct blob b = {.n = 0};
	struct mw_topology t;
	const char *root = tree_make();
	unsigned array = blob_array(&b, 3);
	static const char *const banks[] = {"P0 CHANNEL A", "P0 CHANNEL B", "P0 CHANNEL C", "P0 CHANNEL D"};
	for (int i = 0; i < 4; i++) {
		blob_device(&b, array,
			    &(struct blob_slot){"DIMM 0", banks[i], i < 3 ? 32768 : 0, i == 2 ? 4000 : 4800, 4800, 2,
						BLOB_DDR5});
		blob_device(&b, array, &(struct blob_slot){"DIMM 1", banks[i], 0, 0, 0, 0, 2});
	}
	blob_end(&b);
	put_blob(root, &b);
	tree_put(root, "proc/meminfo", "MemTotal: 1 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n");
	tree_put(root, "sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
	tree_put(root, "sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n");
	tree_put(root, "sys/devices/system/cpu/vulnerabilities/l1tf", "Vulnerable\n");
	tree_put(root, "sys/devices/system/cpu/vulnerabilities/spectre_v2",
		 "Mitigation: Retpolines; STIBP: disabled\n");
	read_tree(root, &t);
	const struct mw_host *h = &t.host;
	cr_assert(h->mem_slots == 8 && h->mem_modules == 3);
	cr_assert(h->mem_channels == 3 && h->mem_channels_all == 4, "%d of %d", h->mem_channels, h->mem_channels_all);
	cr_assert(h->mem_mts == 4000 && h->mem_rated_mts == 4800);
	cr_assert_str_eq(h->mem_kinds, "2 x 32 GiB DDR5 4800 MT/s 2 ranks; 1 x 32 GiB DDR5 4000 MT/s 2 ranks");
	cr_assert_float_eq(h->mem_peak, 96.0, 1e-9);
	cr_assert_str_eq(h->mem_peak_source, "3 channels x 4000 MT/s x 8 byte");
	cr_assert_eq(h->swap_used, 1 << 20);
	cr_assert_str_eq(h->mitigations, "meltdown: PTI; spectre_v2: Retpolines");
	cr_assert_eq(h->n_cpu_nodes, 2);
	mw_host_fini(&t.host);
	tree_remove(root);
}

/* The driver's channels come before those by the names of slots; unknown names, no DDR, no speed: no peak. */
Test(memory_read, peak)
{
	static const struct {
		const char *slot;
		unsigned mts, type;
		int channels; /* of the driver */
		double peak;
	} rows[] = {
		{"DIMM_A1", 3200, BLOB_DDR4, 0, 25.6}, {"DIMM_A1", 3200, BLOB_DDR4, 4, 102.4},
		{"DIMM 0", 3200, BLOB_DDR4, 0, 0},     {"DIMM 0", 3200, BLOB_DDR4, 2, 51.2},
		{"DIMM_A1", 0, BLOB_DDR4, 4, 0},       {"DIMM_A1", 6400, 0x24, 4, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blob b = {.n = 0};
		struct mw_dmi d;
		struct mw_host h;
		const struct mw_edac edac = {.channels = rows[i].channels, .slots_channels = rows[i].channels};
		unsigned array = blob_array(&b, 3);
		blob_device(&b, array, &(struct blob_slot){rows[i].slot, NULL, 8192, rows[i].mts, 0, 1, rows[i].type});
		mw_host_init(&h);
		cr_assert_eq(mw_dmi_parse(b.v, b.n, &d), 0);
		cr_assert_eq(mw_memory_describe(&d, &edac, &h), 0);
		cr_assert_float_eq(h.mem_peak, rows[i].peak, 1e-9, "row %zu: %g", i, h.mem_peak);
		mw_dmi_fini(&d);
		mw_host_fini(&h);
	}
}

Test(memory_read, counters)
{
	struct mw_topology t;
	const char *root = tree_make();
	put_counts(root, 3, 0, 7);
	read_tree(root, &t);
	struct mw_host *h = &t.host;
	cr_assert_eq(h->edac_corrected, 4, "of both controllers");
	cr_assert_eq(h->edac_uncorrected, 0);
	cr_assert_eq(h->throttled, 12, "of the CPUs in use");
	cr_assert_eq(h->edac_corrected_during, MW_COUNT_UNKNOWN);
	mw_memory_count(root, &t, h);
	cr_assert(h->edac_corrected_during == 0 && h->edac_uncorrected_during == 0 && h->throttled_during == 0);
	put_counts(root, 5, 1, 9);
	mw_memory_count(root, &t, h);
	cr_assert_eq(h->edac_corrected_during, 2);
	cr_assert_eq(h->edac_uncorrected_during, 1);
	cr_assert_eq(h->throttled_during, 2);
	put_counts(root, 0, 0, 0); /* the driver was loaded again */
	mw_memory_count(root, &t, h);
	cr_assert_eq(h->edac_corrected_during, 2);
	mw_host_fini(h);
	tree_remove(root);
}
