/* The reader of the topology on machines of many kinds. */
#include "tests/base/sys/machines.h"

#include "base/sys/cpulist.h"
#include "base/sys/topology.h"

static struct mw_topology topo;

static int read_machine(const char *root, char *err, size_t n)
{
	mw_topology_fini(&topo);
	return mw_topology_read(root, NULL, &topo, err, n);
}

static void expect_counts(const struct machine *m)
{
	const struct mw_host *h = &topo.host;
	cr_expect_eq(h->n_cpus, m->usable, "%s: %d CPUs", m->name, h->n_cpus);
	cr_expect_eq(h->n_cores, m->cores, "%s: %d cores", m->name, h->n_cores);
	cr_expect_eq(h->n_sockets, m->sockets, "%s: %d sockets", m->name, h->n_sockets);
	cr_expect_eq(h->smt, m->smt, "%s: %d threads per core", m->name, h->smt);
	cr_expect_eq(h->l3_instances, m->l3_instances, "%s: %d L3", m->name, h->l3_instances);
	cr_expect_eq(h->l3_bytes >> 20, m->l3_mib, "%s: L3 of %llu bytes", m->name, (unsigned long long)h->l3_bytes);
	cr_expect_eq(h->llc_total_bytes >> 20, m->llc_mib, "%s: %llu bytes of last-level cache", m->name,
		     (unsigned long long)h->llc_total_bytes);
	cr_expect_eq(h->l1d_bytes >> 10, strtoull(m->l1d, NULL, 10), "%s", m->name);
	cr_expect_eq(h->l2_bytes >> 10, strtoull(m->l2, NULL, 10), "%s", m->name);
}

/* In numerical order, each with its memory and its distances. */
static void expect_nodes(const struct machine *m)
{
	struct mw_cpulist ids, memory_only;
	cr_assert_eq(mw_cpulist_parse(&ids, m->ids), 0);
	cr_assert_eq(mw_cpulist_parse(&memory_only, m->memory_only), 0);
	int k = 0;
	for (int id = mw_cpulist_next(&ids, 0); id >= 0; id = mw_cpulist_next(&ids, id + 1), k++) {
		cr_assert_lt(k, topo.host.n_nodes, "%s: node %d is missing", m->name, id);
		const struct mw_host_node *node = &topo.host.nodes[k];
		cr_expect_eq(node->id, id, "%s: place %d has node %d", m->name, k, node->id);
		cr_expect_eq(node->memory_only, mw_cpulist_has(&memory_only, id), "%s: node %d", m->name, id);
		cr_expect_eq(node->bytes >> 30, m->nodes[k].gib, "%s: node %d", m->name, id);
		const char *column = m->nodes[k].distance;
		for (int to = 0; to < topo.host.n_nodes; to++) {
			char *end;
			long d = strtol(column, &end, 10);
			cr_expect_eq(*mw_host_distance(&topo.host, k, to), d, "%s: node %d to place %d", m->name, id,
				     to);
			column = end;
		}
	}
	cr_expect_eq(topo.host.n_nodes, k, "%s: %d nodes", m->name, topo.host.n_nodes);
}

static void expect_cpus(const struct machine *m)
{
	struct mw_cpulist first;
	int seen[512] = {0}, places = 0;
	for (int i = 0; i < topo.host.n_cpus; i++) {
		const struct mw_cpu *c = &topo.cpus[i];
		struct machine_cpu want = m->place(c->id);
		cr_expect_not(want.offline, "%s: CPU %d is offline", m->name, c->id);
		cr_expect_eq(c->node, want.node, "%s: CPU %d on node %d", m->name, c->id, c->node);
		cr_expect_eq(c->socket, want.socket, "%s: CPU %d in socket %d", m->name, c->id, c->socket);
		cr_expect_eq(seen[c->id]++, 0, "%s: CPU %d twice", m->name, c->id);
		for (int k = 0; k < i; k++) {
			struct machine_cpu other = m->place(topo.cpus[k].id);
			cr_expect_eq(c->core == topo.cpus[k].core, machine_shares(&want, &other, SHARE_CORE),
				     "%s: CPUs %d and %d", m->name, c->id, topo.cpus[k].id);
		}
	}
	cr_assert_eq(mw_cpulist_parse(&first, m->first_cpus), 0);
	for (int id = mw_cpulist_next(&first, 0); id >= 0; id = mw_cpulist_next(&first, id + 1), places++)
		cr_expect_eq(topo.cpus[places].id, id, "%s: place %d has CPU %d", m->name, places,
			     topo.cpus[places].id);
	/* One thread of each core before any second one. */
	for (int i = 0; i < topo.host.n_cores; i++)
		for (int k = 0; k < i; k++)
			cr_expect_neq(topo.cpus[i].core, topo.cpus[k].core, "%s: CPUs %d and %d", m->name,
				      topo.cpus[i].id, topo.cpus[k].id);
}

Test(captured, everything_is_read_from_each)
{
	for (size_t i = 0; i < MACHINES; i++) {
		const struct machine *m = &machine_table[i];
		const char *root = machine_tree(m);
		char err[160] = "";
		cr_assert_eq(read_machine(root, err, sizeof(err)), 0, "%s: %s", m->name, err);
		expect_counts(m);
		expect_nodes(m);
		expect_cpus(m);
		tree_remove(root);
	}
}

/* A cpuset, and a cgroup's limits of memory and time. */
Test(captured, limits_of_a_container)
{
	const struct machine *m = machine_named("sub-NUMA clusters");
	const char *root = machine_tree(m);
	char err[160] = "";
	tree_put(root, "proc/self/status", "Cpus_allowed_list:\t12-17,60-61\nMems_allowed_list:\t1\n");
	tree_put(root, "proc/self/cgroup", "0::/job\n");
	tree_put(root, "proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	tree_put(root, "sys/fs/cgroup/job/memory.max", "8589934592\n");
	tree_put(root, "sys/fs/cgroup/job/memory.current", "1073741824\n");
	tree_put(root, "sys/fs/cgroup/job/cpu.max", "250000 100000\n");
	cr_assert_eq(read_machine(root, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(topo.host.n_cpus, 8);
	cr_expect(topo.host.n_cores == 6 && topo.host.n_sockets == 1 && topo.host.smt == 2 &&
		  topo.host.l3_instances == 1);
	for (int i = 0; i < topo.host.n_cpus; i++)
		cr_expect_eq(topo.cpus[i].node, 1);
	cr_expect_eq(topo.host.mem_available, UINT64_C(7) << 30, "%llu", (unsigned long long)topo.host.mem_available);
	cr_expect_float_eq(topo.host.cpu_quota, 2.5, 1e-9);
	mw_topology_fini(&topo);
	int rc = mw_topology_read_nodes(root, NULL, "0-1", &topo, err, sizeof(err));
	cr_expect_eq(rc, MW_ESPEC);
	cr_expect_str_eq(err, "node 0 has no CPU that this process may use; usable: 1");
	tree_remove(root);
}

/* Each node that --nodes cannot mean is named, however many there are, and so are all that it can. */
Test(captured, nodes_for_cpus)
{
	static const struct {
		const char *machine, *nodes, *error; /* NULL: accepted */
	} rows[] = {
		{"CXL memory behind socket 0", "0-1", NULL},
		{"CXL memory behind socket 0", "0-2", "node 2 has no CPU (memory only); usable: 0-1"},
		{"CXL memory behind socket 0", "2", "node 2 has no CPU (memory only); usable: 0-1"},
		{"gaps, memory of accelerators", "0,8", NULL},
		{"gaps, memory of accelerators", "8,252,255",
		 "node 252 has no CPU (memory only), node 255 has no CPU (memory only); usable: 0,8"},
		{"gaps, memory of accelerators", "0-1", "node 1 does not exist; usable: 0,8"},
		{"high-bandwidth memory beside each node", "0-3", NULL},
		{"high-bandwidth memory beside each node", "4", "node 4 has no CPU (memory only); usable: 0-3"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *root = machine_tree(machine_named(rows[i].machine));
		char err[300] = "";
		mw_topology_fini(&topo);
		int rc = mw_topology_read_nodes(root, NULL, rows[i].nodes, &topo, err, sizeof(err));
		cr_expect_eq(rc, rows[i].error ? MW_ESPEC : 0, "%s: %d %s", rows[i].nodes, rc, err);
		cr_expect_str_eq(err, rows[i].error ? rows[i].error : "");
		tree_remove(root);
	}
}

/* Kernels without the file has_cpu: a node that HMAT puts beside the CPUs of another has none of its own. */
Test(captured, nodes_without_the_list_of_those_with_cpus)
{
	const char *root = machine_tree(machine_named("CXL memory behind socket 0"));
	char err[160] = "";
	tree_delete(root, "sys/devices/system/node/has_cpu");
	cr_assert_eq(read_machine(root, err, sizeof(err)), 0, "%s", err);
	cr_expect(!topo.host.nodes[0].memory_only && !topo.host.nodes[1].memory_only && topo.host.nodes[2].memory_only);
	tree_remove(root);
}
