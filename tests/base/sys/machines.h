/* Trees of sys/ and proc/ as servers of many kinds have them, from a table: what the reader of the topology must get
 * right, and what the benchmarks choose their points from. The values follow what Linux shows on such machines. */
#ifndef TEST_BASE_SYS_MACHINES_H
#define TEST_BASE_SYS_MACHINES_H

#include "tests/energy/fixture.h"

#include <stdbool.h>

/* Where a CPU is: CPUs with equal numbers share the socket, core, L2 or L3. */
struct machine_cpu {
	int socket, core, l2, l3, node; /* core is unique within the socket; l3 -1: none */
	bool offline;
};

struct machine_node {
	int id;
	unsigned gib;
	int initiator; /* node whose CPUs HMAT names for it; -1: no HMAT */
	const char *distance;
};

enum { MACHINE_NODES = 10 };

struct machine {
	const char *name;
	int cpus;
	struct machine_cpu (*place)(int cpu);
	struct machine_node nodes[MACHINE_NODES]; /* ended by one of 0 GiB */
	const char *l1d, *l2, *l3;
	/* What must be read. */
	const char *ids;         /* of all nodes, in the order of the list */
	const char *memory_only; /* of the nodes without CPUs */
	const char *first_cpus;  /* the first ones in team order */
	int usable, cores, sockets, smt;
	int l3_instances;
	unsigned l3_mib, llc_mib; /* of one, of all last-level caches */
};

/* ---- which machines ---- */

/* CPUs of even number in socket 0, of odd number in socket 1, as many vendors' firmware numbers them; the second
 * threads come after all first ones. */
static inline struct machine_cpu machine_even_odd(int cpu)
{
	int core = cpu % 56;
	return (struct machine_cpu){.socket = core % 2, .core = core / 2, .l2 = core, .l3 = core % 2, .node = core % 2};
}

/* Sub-NUMA clustering: two nodes per socket, one L3 per socket. */
static inline struct machine_cpu machine_snc(int cpu)
{
	int core = cpu % 48;
	return (struct machine_cpu){
		.socket = core / 24, .core = core % 24, .l2 = core, .l3 = core / 24, .node = core / 12};
}

/* Four nodes in a socket of eight dies, each with an L3 of its own. */
static inline struct machine_cpu machine_nps4(int cpu)
{
	int core = cpu % 64;
	return (struct machine_cpu){.socket = 0, .core = core, .l2 = core, .l3 = core / 8, .node = core / 16};
}

/* Eight cores with two threads of neighbouring numbers, then eight small cores that share an L2 by four. */
static inline struct machine_cpu machine_hybrid(int cpu)
{
	int core = cpu < 16 ? cpu / 2 : cpu - 8;
	return (struct machine_cpu){.core = 4 * core, .l2 = cpu < 16 ? core : 100 + (cpu - 16) / 4};
}

static inline struct machine_cpu machine_offline(int cpu)
{
	int core = cpu % 8;
	bool off = cpu == 3 || cpu == 5 || cpu >= 12;
	return (struct machine_cpu){.core = core, .l2 = core, .l3 = core / 4, .offline = off};
}

/* Two sockets of 40 cores without a last-level cache that Linux knows of. */
static inline struct machine_cpu machine_arm(int cpu)
{
	return (struct machine_cpu){.socket = cpu / 40, .core = cpu % 40, .l2 = cpu, .l3 = -1, .node = cpu / 40};
}

static inline struct machine_cpu machine_cxl(int cpu)
{
	int core = cpu % 16;
	return (struct machine_cpu){.socket = core / 8, .core = core % 8, .l2 = core, .l3 = core / 8, .node = core / 8};
}

/* Nodes 0 and 8, four threads per core. */
static inline struct machine_cpu machine_gap(int cpu)
{
	int core = cpu / 4;
	return (struct machine_cpu){
		.socket = core / 8, .core = core % 8, .l2 = core / 2, .l3 = core / 2, .node = core / 8 * 8};
}

/* One socket of four nodes, each with a second node of high-bandwidth memory. */
static inline struct machine_cpu machine_hbm(int cpu)
{
	int core = cpu % 32;
	return (struct machine_cpu){.core = core, .l2 = core, .l3 = 0, .node = core / 8};
}

static inline struct machine_cpu machine_flat(int cpu)
{
	return (struct machine_cpu){.core = cpu, .l2 = cpu, .l3 = cpu / 8};
}

static const struct machine machine_table[] = {
	{"two sockets, even and odd CPUs",
	 112,
	 machine_even_odd,
	 {{0, 256, -1, "10 21"}, {1, 256, -1, "21 10"}},
	 "48K",
	 "2048K",
	 "107520K",
	 "0-1",
	 "",
	 "0,2,4,6",
	 112,
	 56,
	 2,
	 2,
	 2,
	 105,
	 210},
	{"sub-NUMA clusters",
	 96,
	 machine_snc,
	 {{0, 64, -1, "10 12 21 21"},
	  {1, 64, -1, "12 10 21 21"},
	  {2, 64, -1, "21 21 10 12"},
	  {3, 64, -1, "21 21 12 10"}},
	 "48K",
	 "2048K",
	 "61440K",
	 "0-3",
	 "",
	 "0-3",
	 96,
	 48,
	 2,
	 2,
	 2,
	 60,
	 120},
	{"four nodes per socket",
	 128,
	 machine_nps4,
	 {{0, 96, -1, "10 12 12 12"},
	  {1, 96, -1, "12 10 12 12"},
	  {2, 96, -1, "12 12 10 12"},
	  {3, 96, -1, "12 12 12 10"}},
	 "32K",
	 "1024K",
	 "32768K",
	 "0-3",
	 "",
	 "0-3",
	 128,
	 64,
	 1,
	 2,
	 8,
	 32,
	 256},
	{"hybrid cores",
	 24,
	 machine_hybrid,
	 {{0, 64, -1, "10"}},
	 "48K",
	 "2048K",
	 "36864K",
	 "0",
	 "",
	 "0,2,4,6",
	 24,
	 16,
	 1,
	 2,
	 1,
	 36,
	 36},
	{"offline CPUs",
	 16,
	 machine_offline,
	 {{0, 32, -1, "10"}},
	 "32K",
	 "512K",
	 "16384K",
	 "0",
	 "",
	 "0-2",
	 10,
	 7,
	 1,
	 2,
	 2,
	 16,
	 32},
	{"one node of a terabyte",
	 32,
	 machine_flat,
	 {{0, 1024, -1, "10"}},
	 "32K",
	 "1024K",
	 "32768K",
	 "0",
	 "",
	 "0-3",
	 32,
	 32,
	 1,
	 1,
	 4,
	 32,
	 128},
	{"ARM, two sockets",
	 80,
	 machine_arm,
	 {{0, 128, -1, "10 20"}, {1, 128, -1, "20 10"}},
	 "64K",
	 "1024K",
	 "",
	 "0-1",
	 "",
	 "0-3",
	 80,
	 80,
	 2,
	 1,
	 0,
	 0,
	 80},
	{"CXL memory behind socket 0",
	 32,
	 machine_cxl,
	 {{0, 128, 0, "10 21 14"}, {1, 128, 1, "21 10 24"}, {2, 256, 0, "14 24 10"}},
	 "48K",
	 "2048K",
	 "30720K",
	 "0-2",
	 "2",
	 "0-3",
	 32,
	 16,
	 2,
	 2,
	 2,
	 30,
	 60},
	{"gaps, memory of accelerators",
	 64,
	 machine_gap,
	 {{0, 128, -1, "10 40 80 80"},
	  {8, 128, -1, "40 10 80 80"},
	  {252, 16, -1, "80 80 10 80"},
	  {255, 16, -1, "80 80 80 10"}},
	 "32K",
	 "512K",
	 "10240K",
	 "0,8,252,255",
	 "252,255",
	 "0,4,8,12",
	 64,
	 16,
	 2,
	 4,
	 8,
	 10,
	 80},
	{"high-bandwidth memory beside each node",
	 64,
	 machine_hbm,
	 {{0, 32, 0, "10 12 12 12 13 23 23 23"},
	  {1, 32, 1, "12 10 12 12 23 13 23 23"},
	  {2, 32, 2, "12 12 10 12 23 23 13 23"},
	  {3, 32, 3, "12 12 12 10 23 23 23 13"},
	  {4, 16, 0, "13 23 23 23 10 23 23 23"},
	  {5, 16, 1, "23 13 23 23 23 10 23 23"},
	  {6, 16, 2, "23 23 13 23 23 23 10 23"},
	  {7, 16, 3, "23 23 23 13 23 23 23 10"}},
	 "48K",
	 "2048K",
	 "115200K",
	 "0-7",
	 "4-7",
	 "0-3",
	 64,
	 32,
	 1,
	 2,
	 1,
	 112,
	 112},
};
enum { MACHINES = sizeof(machine_table) / sizeof(machine_table[0]) };

/* ---- their trees ---- */

enum machine_share { SHARE_CORE, SHARE_SOCKET, SHARE_L2, SHARE_L3, SHARE_NODE };

static inline bool machine_shares(const struct machine_cpu *a, const struct machine_cpu *b, enum machine_share what)
{
	switch (what) {
	case SHARE_CORE:
		return a->socket == b->socket && a->core == b->core;
	case SHARE_SOCKET:
		return a->socket == b->socket;
	case SHARE_L2:
		return a->l2 == b->l2;
	case SHARE_L3:
		return a->l3 == b->l3;
	default:
		return a->node == b->node;
	}
}

/* The kernel's mask of the online CPUs that share something with this one: words of 32 bits, highest first. */
static inline void machine_mask(const struct machine *m, const struct machine_cpu *with, enum machine_share what,
				char *text, size_t n)
{
	size_t len = 0;
	for (int word = (m->cpus - 1) / 32; word >= 0; word--) {
		unsigned bits = 0;
		for (int cpu = 32 * word; cpu < 32 * (word + 1) && cpu < m->cpus; cpu++) {
			struct machine_cpu c = m->place(cpu);
			bits |= !c.offline && machine_shares(&c, with, what) ? 1u << cpu % 32 : 0;
		}
		len += (size_t)snprintf(text + len, n - len, "%08x%s", bits, word ? "," : "");
	}
}

static inline void machine_put_cache(const struct machine *m, const char *root, int cpu, int index, int level,
				     const char *type, const char *size, enum machine_share what)
{
	char dir[96], path[128], mask[160];
	struct machine_cpu c = m->place(cpu);
	machine_mask(m, &c, what, mask, sizeof(mask));
	(void)snprintf(dir, sizeof(dir), "sys/devices/system/cpu/cpu%d/cache/index%d", cpu, index);
	const struct {
		const char *name, *value;
	} texts[] = {{"type", type},
		     {"size", size},
		     {"shared_cpu_map", mask},
		     {"level", level == 1   ? "1"
			       : level == 2 ? "2"
					    : "3"},
		     {"coherency_line_size", "64"}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, texts[i].name);
		tree_put(root, path, "%s\n", texts[i].value);
	}
}

static inline void machine_put_cpu(const struct machine *m, const char *root, int cpu)
{
	struct machine_cpu c = m->place(cpu);
	char path[128], mask[160];
	if (c.offline) {
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/online", cpu);
		tree_put(root, path, "0\n");
		return;
	}
	(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
	tree_put(root, path, "%d\n", c.socket);
	(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
	tree_put(root, path, "%d\n", c.core);
	for (int i = 0; i < 2; i++) {
		machine_mask(m, &c, i ? SHARE_SOCKET : SHARE_CORE, mask, sizeof(mask));
		(void)snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d/topology/%s", cpu,
			       i ? "core_siblings" : "thread_siblings");
		tree_put(root, path, "%s\n", mask);
	}
	machine_put_cache(m, root, cpu, 0, 1, "Data", m->l1d, SHARE_CORE);
	machine_put_cache(m, root, cpu, 1, 1, "Instruction", "32K", SHARE_CORE);
	machine_put_cache(m, root, cpu, 2, 2, "Unified", m->l2, SHARE_L2);
	if (c.l3 >= 0)
		machine_put_cache(m, root, cpu, 3, 3, "Unified", m->l3, SHARE_L3);
}

static inline const char *machine_node_path(int id, const char *file)
{
	static char path[128];
	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%d/%s", id, file);
	return path;
}

/* HMAT's promise: 100 ns and 100000 MB/s near CPUs, 250 ns and 25000 MB/s for a node without; writes get half. */
static inline void machine_put_hmat(const char *root, const struct machine_node *node)
{
	bool far = node->initiator != node->id;
	for (int class = 0; class < 2; class ++) {
		char file[96];
		const struct {
			const char *name;
			int value;
		} rows[] = {{"read_latency", far ? 250 : 100},
			    {"write_latency", far ? 250 : 100},
			    {"read_bandwidth", far ? 25000 : 100000},
			    {"write_bandwidth", far ? 12500 : 50000}};
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			(void)snprintf(file, sizeof(file), "access%d/initiators/%s", class, rows[i].name);
			tree_put(root, machine_node_path(node->id, file), "%d\n", rows[i].value);
		}
		/* A link to the node in sysfs. */
		(void)snprintf(file, sizeof(file), "access%d/initiators/node%d/uevent", class, node->initiator);
		tree_put(root, machine_node_path(node->id, file), "\n");
	}
}

static inline void machine_put_node(const struct machine *m, const char *root, const struct machine_node *node)
{
	char mask[160];
	const struct machine_cpu here = {.node = node->id};
	unsigned long long kb = (unsigned long long)node->gib << 20;
	machine_mask(m, &here, SHARE_NODE, mask, sizeof(mask));
	tree_put(root, machine_node_path(node->id, "cpumap"), "%s\n", mask);
	tree_put(root, machine_node_path(node->id, "meminfo"), "Node %d MemTotal: %llu kB\nNode %d MemFree: %llu kB\n",
		 node->id, kb, node->id, kb / 2);
	tree_put(root, machine_node_path(node->id, "distance"), "%s\n", node->distance);
	if (node->initiator >= 0)
		machine_put_hmat(root, node);
}

/* The machine's tree, to be removed with tree_remove. */
static inline const char *machine_tree(const struct machine *m)
{
	const char *root = tree_make();
	char online[256] = "", has_cpu[64] = "";
	unsigned long long kb = 0;
	for (int cpu = 0; cpu < m->cpus; cpu++) {
		machine_put_cpu(m, root, cpu);
		if (m->place(cpu).offline)
			continue;
		(void)snprintf(online + strlen(online), sizeof(online) - strlen(online), "%s%d", online[0] ? "," : "",
			       cpu);
		if (cpu + 1 < m->cpus && !m->place(cpu + 1).offline) { /* a range */
			int last = cpu + 1;
			while (last < m->cpus && !m->place(last).offline)
				machine_put_cpu(m, root, last++);
			(void)snprintf(online + strlen(online), sizeof(online) - strlen(online), "-%d", last - 1);
			cpu = last - 1;
		}
	}
	for (const struct machine_node *node = m->nodes; node->gib; node++) {
		machine_put_node(m, root, node);
		kb += (unsigned long long)node->gib << 20;
		bool with = false;
		for (int cpu = 0; cpu < m->cpus && !with; cpu++)
			with = m->place(cpu).node == node->id;
		if (with)
			(void)snprintf(has_cpu + strlen(has_cpu), sizeof(has_cpu) - strlen(has_cpu), "%s%d",
				       has_cpu[0] ? "," : "", node->id);
	}
	tree_put(root, "sys/devices/system/cpu/online", "%s\n", online);
	tree_put(root, "sys/devices/system/cpu/possible", "0-%d\n", m->cpus - 1);
	tree_put(root, "sys/devices/system/node/online", "%s\n", m->ids);
	tree_put(root, "sys/devices/system/node/has_memory", "%s\n", m->ids);
	tree_put(root, "sys/devices/system/node/has_cpu", "%s\n", has_cpu);
	tree_put(root, "proc/meminfo", "MemTotal: %llu kB\nMemAvailable: %llu kB\n", kb, kb / 2);
	return root;
}

static inline const struct machine *machine_named(const char *name)
{
	for (size_t i = 0; i < MACHINES; i++)
		if (strcmp(machine_table[i].name, name) == 0)
			return &machine_table[i];
	cr_assert_fail("no machine is called '%s'", name);
	return NULL;
}

#endif
