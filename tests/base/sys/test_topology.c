#include "tests/energy/fixture.h"

#include <errno.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/sys/cpulist.h"
#include "base/sys/topology.h"

static struct mw_topology topo;

static int read_topology(const char *root, const char *cpus, char *err, size_t n)
{
	mw_topology_fini(&topo);
	return mw_topology_read(root, cpus, &topo, err, n);
}

static void put_cache(const char *root, int cpu, int index, int level, const char *type, const char *size,
		      unsigned mask)
{
	char dir[96], path[128];
	(void)snprintf(dir, sizeof(dir), "sys/devices/system/cpu/cpu%d/cache/index%d", cpu, index);
	const struct {
		const char *name, *value;
	} texts[] = {{"type", type}, {"size", size}, {"coherency_line_size", "64"}, {"ways_of_associativity", "8"}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, texts[i].name);
		tree_put(root, path, "%s\n", texts[i].value);
	}
	(void)snprintf(path, sizeof(path), "%s/level", dir);
	tree_put(root, path, "%d\n", level);
	(void)snprintf(path, sizeof(path), "%s/shared_cpu_map", dir);
	tree_put(root, path, "%08x\n", mask);
}

static void put_cpu(const char *root, int cpu, int socket, int core, unsigned core_mask, unsigned socket_mask)
{
	static const char *const names[] = {"physical_package_id", "core_id", "thread_siblings", "core_siblings"};
	char path[128];
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/%s", cpu, names[i]);
		if (i < 2)
			tree_put(root, path, "%d\n", i == 0 ? socket : core);
		else
			tree_put(root, path, "%08x\n", i == 2 ? core_mask : socket_mask);
	}
	put_cache(root, cpu, 0, 1, "Data", "48K", core_mask);
	put_cache(root, cpu, 1, 1, "Instruction", "32K", core_mask);
	put_cache(root, cpu, 2, 2, "Unified", "1024K", core_mask);
	put_cache(root, cpu, 3, 3, "Unified", "16384K", socket_mask);
}

static void put_node(const char *root, int node, unsigned cpus, unsigned mib, const char *distance)
{
	char path[96];
	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%d/cpumap", node);
	tree_put(root, path, "%08x\n", cpus);
	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%d/meminfo", node);
	tree_put(root, path, "Node %d MemTotal: %u kB\nNode %d MemFree: 1 kB\n", node, mib << 10, node);
	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%d/distance", node);
	tree_put(root, path, "%s\n", distance);
}

/* Two sockets of two cores with two threads, numbered as Linux does (first threads, then second ones); two nodes with
 * CPUs and node 3 without (CXL). */
static const char *two_sockets(void)
{
	const char *root = tree_make();
	for (int cpu = 0; cpu < 8; cpu++) {
		int core = cpu % 4, socket = core / 2;
		put_cpu(root, cpu, socket, core % 2, 0x11u << core, socket ? 0xccu : 0x33u);
	}
	tree_put(root, "sys/devices/system/cpu/online", "0-7\n");
	tree_put(root, "sys/devices/system/cpu/possible", "0-7\n");
	put_node(root, 0, 0x33, 4096, "10 21 36");
	put_node(root, 1, 0xcc, 4096, "21 10 24");
	put_node(root, 3, 0, 8192, "36 24 10");
	tree_put(root, "sys/devices/system/node/online", "0-1,3\n");
	tree_put(root, "sys/devices/system/node/has_cpu", "0-1\n");
	tree_put(root, "proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n");
	tree_put(root, "proc/cpuinfo",
		 "processor\t: 0\nmodel name\t: Imaginary 9000  \nmicrocode\t: 0xb4\nflags\t\t: fpu avx2 hypervisor\n");
	return root;
}

Test(topology, two_sockets_with_threads_and_a_node_without_cpus)
{
	const char *root = two_sockets();
	char err[160] = "";
	/* First threads of all cores in socket order, then second ones. */
	static const int ids[] = {0, 1, 2, 3, 4, 5, 6, 7}, sockets[] = {0, 0, 1, 1, 0, 0, 1, 1};
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(topo.host.n_cpus, 8);
	for (int i = 0; i < 8; i++) {
		cr_expect_eq(topo.cpus[i].id, ids[i], "place %d: CPU %d", i, topo.cpus[i].id);
		cr_expect_eq(topo.cpus[i].socket, sockets[i]);
		cr_expect_eq(topo.cpus[i].node, sockets[i]);
		cr_expect_eq(topo.cpus[i].l3, sockets[i]);
		cr_expect_eq(topo.cpus[i].core, i % 4);
		cr_expect_eq(topo.cpus[i].l3, sockets[i], "one L3 per socket");
	}
	cr_expect(topo.host.n_cores == 4 && topo.host.n_sockets == 2 && topo.host.smt == 2);
	cr_assert_eq(topo.host.n_nodes, 3);
	static const int nodes[] = {0, 1, 3}, distance[3][3] = {{10, 21, 36}, {21, 10, 24}, {36, 24, 10}};
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(topo.host.nodes[i].id, nodes[i]);
		cr_expect_eq(topo.host.nodes[i].memory_only, i == 2);
		cr_expect_eq(topo.host.nodes[i].bytes, (i < 2 ? UINT64_C(4) : UINT64_C(8)) << 30);
		for (int k = 0; k < 3; k++)
			cr_expect_eq(*mw_host_distance(&topo.host, i, k), distance[i][k], "%d to %d", i, k);
	}
	cr_expect(topo.host.l1d_bytes == 48 << 10 && topo.host.l2_bytes == 1 << 20 && topo.host.l3_bytes == 16 << 20);
	cr_expect(topo.host.l3_instances == 2 && topo.host.llc_total_bytes == 32 << 20);
	cr_expect(topo.host.mem_total == UINT64_C(16) << 30 && topo.host.mem_available == UINT64_C(8) << 30);
	cr_expect_str_eq(topo.host.mem_limit_source, "machine");
	int v[3];
	cr_expect(mw_topology_cpu_ids(&topo, v, 3) == 3 && v[2] == 2);
	tree_remove(root);
}

Test(topology, restricted_to_a_list)
{
	const char *root = two_sockets();
	char err[160] = "";
	cr_assert_eq(read_topology(root, "4,6-7", err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(topo.host.n_cpus, 3);
	cr_expect(topo.cpus[0].id == 4 && topo.cpus[1].id == 6 && topo.cpus[2].id == 7);
	cr_expect(topo.host.n_cores == 3 && topo.host.n_sockets == 2 && topo.host.smt == 1);
	cr_assert_eq(read_topology(root, "5,1,4", err, sizeof(err)), 0);
	/* Core 0 gives its second thread first, as the first is not allowed. */
	cr_expect(topo.cpus[0].id == 4 && topo.cpus[1].id == 1 && topo.cpus[2].id == 5, "%d %d %d", topo.cpus[0].id,
		  topo.cpus[1].id, topo.cpus[2].id);
	cr_expect(topo.host.n_cores == 2 && topo.host.n_sockets == 1 && topo.host.smt == 2);
	cr_expect(topo.host.l3_instances == 1 && topo.host.llc_total_bytes == 16 << 20, "caches of CPUs not in use");
	tree_put(root, "proc/self/status", "Cpus_allowed:\t0f\nCpus_allowed_list:\t2-3\n");
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
	cr_expect(topo.host.n_cpus == 2 && topo.cpus[0].id == 2 && topo.cpus[1].id == 3);
	/* A list longer than a page, as after many changes of a cpuset. */
	char list[6000] = "Cpus_allowed_list:\t2-3";
	for (int cpu = 8; strlen(list) < 5000; cpu += 2)
		(void)snprintf(list + strlen(list), 16, ",%d", cpu);
	tree_put(root, "proc/self/status", "%s,7\n", list);
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
	cr_expect(topo.host.n_cpus == 3 && topo.cpus[2].id == 7, "%d", topo.host.n_cpus);
	cr_expect_eq(read_topology(root, "0", err, sizeof(err)), MW_ESPEC);
	cr_expect_str_eq(err, "CPU 0 of '0' does not exist or may not be used by this process");
	tree_remove(root);
}

Test(topology, bad_lists)
{
	static const char *const lists[] = {"",     "x",   "0-",    "-1",    "1-0", "0,",   ",0",
					    "0,,1", "0 1", "0-1-2", "99999", "0x1", "0-7:0"};
	const char *root = two_sockets();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char err[160] = "", want[160];
		(void)snprintf(want, sizeof(want),
			       "'%s' is not a list of CPUs, expected for example 0-3,8 (numbers up to 8191)", lists[i]);
		cr_expect_eq(read_topology(root, lists[i], err, sizeof(err)), MW_ESPEC, "'%s'", lists[i]);
		cr_expect_str_eq(err, want);
	}
	char err[160] = "";
	cr_expect_eq(read_topology(root, "0-8", err, sizeof(err)), MW_ESPEC);
	cr_expect(strstr(err, "CPU 8 of '0-8'"), "%s", err);
	tree_remove(root);
	cr_expect_eq(read_topology("/nonexistent", NULL, err, sizeof(err)), MW_EUNAVAILABLE);
	cr_expect_str_eq(err, "cannot open '/nonexistent': No such file or directory");
}

Test(topology, nodes)
{
	static const struct {
		const char *cpus, *nodes, *ids, *error;
	} rows[] = {
		{NULL, "0", "0-1,4-5", NULL},
		{NULL, "1", "2-3,6-7", NULL},
		{NULL, "0-1", "0-7", NULL},
		{NULL, "0,1", "0-7", NULL},
		{"0-2,6", "1", "2,6", NULL},
		{NULL, "0-3", "", "node 2 does not exist, node 3 has no CPU (memory only); usable: 0-1"},
		{NULL, "3", "", "node 3 has no CPU (memory only); usable: 0-1"},
		{NULL, "1,7777", "", "node 7777 does not exist; usable: 0-1"},
		{"0,1", "1", "", "node 1 has none of the CPUs of --cpus; usable: 0"},
		{NULL, "4-12", "",
		 "node 4 does not exist, node 5 does not exist, node 6 does not exist, node 7 does not exist and 5 "
		 "more; usable: 0-1"},
		{NULL, "0,0-1", "", "node 0 is named twice in '0,0-1'"},
		{NULL, "0,,1", "", "'0,,1' is not a list of nodes, expected for example 0-3,8 (numbers up to 8191)"},
		{NULL, "", "", "'' is not a list of nodes, expected for example 0-3,8 (numbers up to 8191)"},
	};
	const char *root = two_sockets();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char err[300] = "", ids[64];
		struct mw_cpulist got = {{0}};
		mw_topology_fini(&topo);
		int rc = mw_topology_read_nodes(root, rows[i].cpus, rows[i].nodes, &topo, err, sizeof(err));
		cr_expect_eq(rc, rows[i].error ? MW_ESPEC : 0, "%s: %d %s", rows[i].nodes, rc, err);
		if (rows[i].error) {
			cr_expect_str_eq(err, rows[i].error);
			continue;
		}
		for (int k = 0; k < topo.host.n_cpus; k++)
			mw_cpulist_add(&got, topo.cpus[k].id);
		(void)mw_cpulist_format(&got, ids, sizeof(ids));
		cr_expect_str_eq(ids, rows[i].ids);
	}
	/* What is counted is counted for the CPUs left. */
	char err[300] = "";
	mw_topology_fini(&topo);
	cr_assert_eq(mw_topology_read_nodes(root, NULL, "1", &topo, err, sizeof(err)), 0, "%s", err);
	cr_expect(topo.host.n_sockets == 1 && topo.host.n_cores == 2 && topo.host.smt == 2 &&
		  topo.host.l3_instances == 1);
	cr_expect_eq(topo.host.llc_total_bytes, 16u << 20);
	cr_expect_eq(topo.host.n_nodes, 3); /* the memory of the others is still there */
	tree_remove(root);
}

Test(topology, host_facts)
{
	const char *root = two_sockets();
	char err[160] = "";
	tree_put(root, "proc/sys/kernel/osrelease", "6.1.0-test\n");
	tree_put(root, "proc/sys/kernel/hostname", "node17\n");
	tree_put(root, "proc/sys/kernel/numa_balancing", "1\n");
	tree_put(root, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	tree_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "12\n");
	tree_put(root, "sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
	for (int cpu = 0; cpu < 8; cpu++) {
		char path[96];
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
		tree_put(root, path, "%s\n", cpu == 6 ? "powersave" : "performance");
	}
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0, "%s", err);
	cr_expect_str_eq(topo.host.cpu_model, "Imaginary 9000");
	cr_expect_str_eq(topo.host.microcode, "0xb4");
	cr_expect_str_eq(topo.host.kernel, "6.1.0-test");
	cr_expect_str_eq(topo.host.hostname, "node17");
	cr_expect_str_eq(topo.host.numa_balancing, "on");
	cr_expect_str_eq(topo.host.thp, "madvise");
	cr_expect_str_eq(topo.host.turbo, "off");
	cr_expect_str_eq(topo.host.governor, "mixed");
	cr_expect_str_eq(topo.host.virtualization, "unknown hypervisor");
	cr_expect_null(topo.host.isa);
	cr_expect_eq(topo.host.hugepages_2m_free, 12);
	cr_assert_eq(read_topology(root, "0-3", err, sizeof(err)), 0);
	cr_expect_str_eq(topo.host.governor, "performance");
	tree_delete(root, "sys/devices/system/cpu/intel_pstate/no_turbo");
	tree_put(root, "sys/devices/system/cpu/cpufreq/boost", "1\n");
	tree_put(root, "proc/sys/kernel/numa_balancing", "2\n");
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
	cr_expect_str_eq(topo.host.turbo, "on");
	cr_expect_str_eq(topo.host.numa_balancing, "tiering");
	tree_remove(root);
}

/* A server's texts may be longer than anybody thought; a node without memory is not one of unknown size. */
Test(topology, nothing_is_cut_and_nothing_is_guessed)
{
	const char *root = two_sockets();
	char err[160] = "", name[700];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	tree_put(root, "proc/cpuinfo", "model name\t: %s  \nmicrocode\t: %s\n", name, name);
	tree_put(root, "proc/sys/kernel/osrelease", "%s\n", name);
	tree_put(root, "proc/sys/kernel/hostname", "%s\n", name);
	put_node(root, 0, 0x33, 0, "10 21 36");
	tree_put(root, "sys/devices/system/node/node1/meminfo", "Node 1 MemFree: 1 kB\n");
	tree_put(root, "proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 0 kB\n");
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0, "%s", err);
	const struct mw_host *h = &topo.host;
	cr_expect_str_eq(h->cpu_model, name);
	cr_expect_str_eq(h->microcode, name);
	cr_expect_str_eq(h->kernel, name);
	cr_expect_str_eq(h->hostname, name);
	cr_expect(h->nodes[0].bytes == 0 && h->nodes[1].bytes == MW_COUNT_UNKNOWN);
	cr_expect(mw_host_memory_known(h) && h->mem_available == 0);
	cr_expect_lt(sizeof(topo), 1024, "it lies on stacks");
	tree_remove(root);
}

Test(topology, virtualization_from_every_source)
{
	static const struct {
		const char *path, *text, *expected;
	} rows[] = {
		{"sys/hypervisor/type", "xen\n", "xen"},
		{"sys/class/dmi/id/product_name", "KVM\n", "kvm"},
		{"sys/class/dmi/id/sys_vendor", "QEMU\n", "qemu"},
		{"sys/class/dmi/id/sys_vendor", "Amazon EC2\n", "amazon"},
		{"sys/class/dmi/id/product_name", "c5.metal\n", "none"},
		{"sys/class/dmi/id/product_name", "Google Compute Engine\n", "google"},
		{"sys/class/dmi/id/product_name", "Virtual Machine\n", "hyper-v"},
		{"sys/class/dmi/id/product_name", "ThinkSystem\n", "unknown hypervisor"}, /* the CPU flag decides */
	};
	char err[160];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *root = two_sockets();
		tree_put(root, rows[i].path, "%s", rows[i].text);
		cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
		cr_expect_str_eq(topo.host.virtualization, rows[i].expected, "%s", rows[i].text);
		tree_remove(root);
	}
	const char *root = two_sockets();
	tree_put(root, "proc/cpuinfo", "model name\t: x\nflags\t\t: fpu avx2\n");
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
	cr_expect_str_eq(topo.host.virtualization, "none");
	tree_put(root, "proc/cpuinfo", "CPU implementer\t: 0x41\nCPU part\t: 0xd40\n");
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0);
	cr_expect_null(topo.host.virtualization);
	cr_expect_str_eq(topo.host.cpu_model, "implementer 0x41 part 0xd40");
	tree_remove(root);
}

Test(topology, an_empty_tree_is_unknown_not_zero)
{
	const char *root = tree_make();
	char err[160] = "";
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0, "%s", err);
	cr_expect_gt(topo.host.n_cpus, 0);
	for (const struct mw_field *f = mw_host_fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT)
			cr_expect_null(*mw_field_text(f, &topo.host), "%s", f->name);
	cr_expect_eq(topo.host.mem_available, MW_COUNT_UNKNOWN);
	cr_expect_eq(topo.host.hugepages_2m_free, MW_COUNT_UNKNOWN);
	for (int i = 0; i < topo.host.n_nodes; i++) {
		cr_expect_eq(topo.host.nodes[i].bytes, MW_COUNT_UNKNOWN);
		cr_expect_eq(*mw_host_distance(&topo.host, i, i), 0);
	}
	tree_remove(root);
}

Test(topology, garbage_does_no_harm)
{
	static const char *const files[] = {
		"proc/cpuinfo",
		"proc/meminfo",
		"proc/self/status",
		"sys/devices/system/cpu/online",
		"sys/devices/system/cpu/cpu3/topology/thread_siblings",
		"sys/devices/system/cpu/cpu3/topology/core_siblings",
		"sys/devices/system/cpu/cpu3/topology/core_id",
		"sys/devices/system/cpu/cpu3/cache/index3/size",
		"sys/devices/system/cpu/cpu3/cache/index3/shared_cpu_map",
		"sys/devices/system/node/online",
		"sys/devices/system/node/node1/distance",
		"sys/devices/system/node/node1/cpumap",
		"sys/devices/system/node/node1/meminfo",
		"sys/kernel/mm/transparent_hugepage/enabled",
		"sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
		"proc/sys/kernel/numa_balancing",
	};
	static const char *const junk[] = {
		"", "\n", "[", "]always[", "-1\n", "99999999999999999999999999\n", "zzzz", "flags\tflags\tflags"};
	char err[160];
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < sizeof(junk) / sizeof(junk[0]); k++) {
			const char *root = two_sockets();
			tree_put(root, files[i], "%s", junk[k]);
			int rc = read_topology(root, NULL, err, sizeof(err));
			cr_expect(rc == 0 || rc == MW_EUNAVAILABLE, "%s: %d", files[i], rc);
			cr_expect(rc < 0 || (topo.host.n_cpus >= 1 && topo.host.n_cpus <= 8 && topo.host.n_cores >= 1),
				  "%s '%s'", files[i], junk[k]);
			cr_expect_null(topo.host.thp);
			cr_expect_eq(topo.host.hugepages_2m_free, MW_COUNT_UNKNOWN);
			tree_remove(root);
		}
}

/* The kernel's mask of one CPU of many: words of 32 bits, highest first. */
static const char *mask_of(int cpu, int cpus)
{
	static char text[512];
	size_t len = 0;
	for (int word = (cpus - 1) / 32; word >= 0; word--)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%08x%s", cpu / 32 == word ? 1u << cpu % 32 : 0,
					word ? "," : "\n");
	return text;
}

/* Large servers: no CPU is cut off. */
Test(topology, more_than_a_thousand_cpus)
{
	enum { CPUS = 1100 };
	const char *root = tree_make();
	char path[96], err[160] = "";
	for (int cpu = 0; cpu < CPUS; cpu++) {
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
		tree_put(root, path, "%d\n", cpu);
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/thread_siblings", cpu);
		tree_put(root, path, "%s", mask_of(cpu, CPUS));
	}
	tree_put(root, "sys/devices/system/cpu/online", "0-%d\n", CPUS - 1);
	tree_put(root, "sys/devices/system/cpu/possible", "0-%d\n", CPUS - 1);
	cr_assert_eq(read_topology(root, NULL, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(topo.host.n_cpus, CPUS, "%d", topo.host.n_cpus);
	cr_expect_eq(topo.cpus[CPUS - 1].id, CPUS - 1, "%d", topo.cpus[CPUS - 1].id);
	tree_remove(root);
}

Test(topology, this_machine)
{
	char err[160] = "";
	struct mw_cpulist mine;
	int allowed = 0;
	cr_assert_eq(mw_cpulist_affinity(&mine), 0);
	for (int id = mw_cpulist_next(&mine, 0); id >= 0; id = mw_cpulist_next(&mine, id + 1))
		allowed++;
	uint64_t before = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	cr_assert_eq(read_topology("/", NULL, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(topo.host.n_cpus, allowed);
	for (int i = 0; i < topo.host.n_cpus; i++) {
		cr_expect(mw_cpulist_has(&mine, topo.cpus[i].id));
		for (int k = 0; k < i; k++)
			cr_assert_neq(topo.cpus[i].id, topo.cpus[k].id);
	}
	cr_expect(topo.host.mem_total > 0 && topo.host.mem_available > 0 &&
		  topo.host.mem_available <= topo.host.mem_total);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), after = (uint64_t)sysconf(_SC_PHYS_PAGES) * page;
	cr_expect(topo.host.mem_total >= (before < after ? before : after) &&
			  topo.host.mem_total <= (before < after ? after : before),
		  "%llu", (unsigned long long)topo.host.mem_total); /* a guest's balloon moves it */
	cr_expect(topo.host.kernel && topo.host.hostname && topo.host.cpu_model);
	char first[16];
	(void)snprintf(first, sizeof(first), "%d", topo.cpus[0].id);
	cr_assert_eq(read_topology("/", first, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(topo.host.n_cpus, 1);
	cr_expect_null(getenv("HWLOC_FSROOT"));
}

Test(cpulist, ranges_and_strides)
{
	static const struct {
		const char *text;
		int members, first, last;
	} rows[] = {{"0", 1, 0, 0},     {"0-3,8", 5, 0, 8},      {"5-5", 1, 5, 5},         {"0-63:16", 4, 0, 48},
		    {"3,1,3", 2, 1, 3}, {"8191", 1, 8191, 8191}, {"0-8191", 8192, 0, 8191}};
	struct mw_cpulist l;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = 0, last = -1;
		cr_assert_eq(mw_cpulist_parse(&l, rows[i].text), 0, "%s", rows[i].text);
		cr_expect_eq(mw_cpulist_next(&l, 0), rows[i].first);
		for (int id = mw_cpulist_next(&l, 0); id >= 0; id = mw_cpulist_next(&l, id + 1), n++)
			last = id;
		cr_expect(n == rows[i].members && last == rows[i].last, "%s: %d members, last %d", rows[i].text, n,
			  last);
	}
	static const char *const ascending[] = {"0", "0-3,8", "0-63:16,64"};
	static const char *const others[] = {"", "8,0", "0-3,3", "0-3,2", "1,1", "0-", "x", "0 1"};
	for (size_t i = 0; i < sizeof(ascending) / sizeof(ascending[0]); i++)
		cr_expect(mw_cpulist_ascends(ascending[i]), "%s", ascending[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(mw_cpulist_ascends(others[i]), "%s", others[i]);
	cr_expect_eq(mw_cpulist_parse(&l, "8192"), -EINVAL);
	cr_expect_eq(mw_cpulist_parse(&l, "99999999999999999999"), -EINVAL);
	cr_expect(mw_cpulist_parse(&l, "") == 0 && mw_cpulist_next(&l, 0) == -1);
	cr_expect_not(mw_cpulist_has(&l, -1) || mw_cpulist_has(&l, 100000));
}

Test(cpulist, formatted_and_read_again)
{
	static const char *const lists[] = {"0", "0-3,8", "1,3,5", "0-1,4-5,8191", "8190-8191"};
	struct mw_cpulist l = {{0}};
	char text[64], tiny[4], err[120] = "";
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		cr_assert_eq(mw_cpulist_read(&l, lists[i], "CPU", err, sizeof(err)), 0, "%s", err);
		cr_expect_eq(mw_cpulist_format(&l, text, sizeof(text)), (int)strlen(lists[i]));
		cr_expect_str_eq(text, lists[i]);
		cr_expect_eq(mw_cpulist_format(&l, tiny, sizeof(tiny)), (int)strlen(lists[i]));
		cr_expect_eq(mw_cpulist_format(&l, NULL, 0), (int)strlen(lists[i]));
	}
	cr_expect_eq(mw_cpulist_read(&l, "0-3,2", "CPU", err, sizeof(err)), MW_ESPEC);
	cr_expect_str_eq(err, "CPU 2 is named twice in '0-3,2'");
	cr_expect_eq(mw_cpulist_parse(&l, "0-3,2"), 0); /* as the kernel may write it */
}
