/* Reads cores, caches and nodes with hwloc; host_read.c and limits.c read everything else as text.
 *
 * Of hwloc's components, gl and opencl open devices and take seconds, pci reads every PCI function, and x86 runs CPUID
 * on each CPU, which contradicts a captured tree. None of the four is needed; all are excluded. */
#include "base/sys/topology.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "base/sys/cpulist.h"
#include "base/sys/host_read.h"
#include "base/sys/limits.h"
#include "base/sys/memory_read.h"
#include "base/sys/tree.h"

#define NODES "sys/devices/system/node"

/* Reads a list of CPUs or nodes from a file; false when the file cannot be read. Text that is no list gives an empty
 * one. */
static bool read_list(int root_fd, const char *path, struct mw_cpulist *l)
{
	char *text;
	memset(l, 0, sizeof(*l));
	if (mw_tree_text(root_fd, path, &text) < 0)
		return false;
	if (text && mw_cpulist_parse(l, text) < 0)
		memset(l, 0, sizeof(*l));
	free(text);
	return true;
}

/* True when hwloc 2.9 can read the nodes: it asserts that there is one, in the ascending list of `online`, or, without
 * that file, by a folder nodeN. */
static bool nodes_named(int root_fd)
{
	char text[4096];
	if (mw_tree_read(root_fd, NODES "/online", text, sizeof(text)) >= 0)
		return mw_cpulist_ascends(text);
	int fd = openat(root_fd, NODES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool named = !dir; /* without the folder hwloc does not look for nodes */
	for (const struct dirent *e; dir && !named && (e = readdir(dir));)
		named = strncmp(e->d_name, "node", 4) == 0 && isdigit((unsigned char)e->d_name[4]);
	if (dir)
		(void)closedir(dir);
	else if (fd >= 0)
		(void)close(fd);
	return named;
}

/* Sets three environment variables, because hwloc has no other interface for them. The first two stay for later uses of
 * hwloc; HWLOC_FSROOT, the root of a captured tree, is removed again. Must be called before the program has threads. */
static int load(hwloc_topology_t *topo, int root_fd, const char *root, bool live)
{
	static const char *const excluded[] = {"gl", "opencl", "pci", "x86", "linux"};
	/* Where hwloc's sysfs reader ("linux") would fail its assertion it is excluded: hwloc then only counts CPUs,
	 * which is of no use for a captured tree. */
	bool sane = nodes_named(root_fd);
	if (!sane && !live)
		return MW_EUNAVAILABLE;
	size_t n_excluded = sizeof(excluded) / sizeof(excluded[0]) - sane;
	(void)setenv("HWLOC_PLUGINS_BLACKLIST",
		     "hwloc_gl.so,hwloc_opencl.so,hwloc_pci.so,hwloc_cuda.so,"
		     "hwloc_nvml.so,hwloc_rsmi.so,hwloc_levelzero.so,hwloc_xml_libxml.so",
		     0);
	(void)setenv("HWLOC_HIDE_ERRORS", "2", 0);
	if (!live)
		(void)setenv("HWLOC_FSROOT", root, 1);
	int rc = 0;
	if (hwloc_topology_init(topo) < 0) {
		*topo = NULL;
		rc = MW_EUNAVAILABLE;
	} else {
		for (size_t i = 0; i < n_excluded; i++)
			(void)hwloc_topology_set_components(*topo, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
							    excluded[i]);
		if (hwloc_topology_load(*topo) < 0) {
			hwloc_topology_destroy(*topo);
			*topo = NULL;
			rc = MW_EUNAVAILABLE;
		}
	}
	if (!live)
		(void)unsetenv("HWLOC_FSROOT");
	return rc;
}

/* CPUs that the process may use: by sched_getaffinity, or from proc/self/status for a captured tree or where the call
 * is refused. Without either every CPU is allowed. */
static void read_allowed(int root_fd, bool live, struct mw_cpulist *allowed)
{
	if (live && mw_cpulist_affinity(allowed) == 0)
		return;
	char *list = NULL, *status = mw_tree_slurp(root_fd, "proc/self/status");
	if (status)
		(void)mw_text_value(status, "Cpus_allowed_list", &list);
	if (!list || mw_cpulist_parse(allowed, list) < 0)
		memset(allowed, 0xff, sizeof(*allowed));
	free(status);
	free(list);
}

static int ordinal(hwloc_topology_t topo, hwloc_obj_t pu, hwloc_obj_type_t type, int fallback)
{
	hwloc_obj_t o = hwloc_get_ancestor_obj_by_type(topo, type, pu);
	return o ? (int)o->logical_index : fallback;
}

/* Size of the node's memory. hwloc's 0 may also mean that it does not know, so read meminfo then. */
static uint64_t node_bytes(int root_fd, hwloc_obj_t node)
{
	char path[64], key[64];
	uint64_t kb;
	if (node->attr->numanode.local_memory)
		return node->attr->numanode.local_memory;
	mw_format(path, sizeof(path), NODES "/node%u/meminfo", node->os_index);
	mw_format(key, sizeof(key), "Node %u MemTotal", node->os_index);
	char *text = mw_tree_slurp(root_fd, path);
	bool known = text && mw_text_u64(text, key, &kb) && kb == 0;
	free(text);
	return known ? 0 : MW_COUNT_UNKNOWN;
}

/* Without has_cpu the node's mask tells: hwloc's cpuset of a node without CPUs is that of the CPUs nearest to it. */
static bool has_cpu(int root_fd, int id)
{
	char path[64], text[4096];
	mw_format(path, sizeof(path), NODES "/node%d/cpumap", id);
	return mw_tree_read(root_fd, path, text, sizeof(text)) < 0 || strpbrk(text, "123456789abcdef");
}

/* In numerical order. hwloc lists a node without CPUs behind the node whose CPUs are nearest to it. */
static int read_nodes(hwloc_topology_t topo, int root_fd, struct mw_topology *t)
{
	struct mw_cpulist with_cpu;
	bool known = read_list(root_fd, NODES "/has_cpu", &with_cpu);
	int n = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_NUMANODE);
	if (mw_host_set_nodes(&t->host, n > 0 ? n : 0) < 0)
		return -ENOMEM;
	hwloc_const_nodeset_t ids = hwloc_topology_get_topology_nodeset(topo);
	int id = hwloc_bitmap_first(ids);
	for (int i = 0; i < t->host.n_nodes; i++, id = hwloc_bitmap_next(ids, id)) {
		hwloc_obj_t o = hwloc_get_numanode_obj_by_os_index(topo, (unsigned)id);
		t->host.nodes[i] = (struct mw_host_node){
			.id = id,
			.bytes = o ? node_bytes(root_fd, o) : MW_COUNT_UNKNOWN,
			.memory_only = !(known ? mw_cpulist_has(&with_cpu, id) : has_cpu(root_fd, id)),
		};
	}
	return 0;
}

/* The node that the CPU belongs to. hwloc's nodeset of a CPU may also have nodes without CPUs; these are skipped. */
static int node_of(hwloc_obj_t pu, const struct mw_topology *t)
{
	for (int i = 0; i < t->host.n_nodes; i++)
		if (!t->host.nodes[i].memory_only && pu->nodeset &&
		    hwloc_bitmap_isset(pu->nodeset, (unsigned)t->host.nodes[i].id))
			return t->host.nodes[i].id;
	return 0;
}

/* Lists the first allowed thread of every core, then the second ones, and so on. Within a pass the order is hwloc's,
 * which keeps CPUs that share caches and sockets together. */
static int list_cpus(hwloc_topology_t topo, const struct mw_cpulist *use, struct mw_topology *t)
{
	int n = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_PU);
	t->cpus = calloc(n > 0 ? (size_t)n : 1, sizeof(*t->cpus));
	if (!t->cpus)
		return -ENOMEM;
	/* Core numbers from n_cores on are for CPUs that are in no core. */
	int n_cores = hwloc_get_nbobjs_by_type(topo, HWLOC_OBJ_CORE);
	for (int pass = 0, found = 1; found; pass++) {
		found = 0;
		for (int i = 0; i < n; i++) {
			hwloc_obj_t pu = hwloc_get_obj_by_type(topo, HWLOC_OBJ_PU, (unsigned)i);
			if (!mw_cpulist_has(use, (int)pu->os_index))
				continue;
			/* Number of allowed threads of the same core before this one. */
			int before = 0;
			hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topo, HWLOC_OBJ_CORE, pu);
			for (int id = core ? hwloc_bitmap_first(core->cpuset) : -1; id >= 0 && id < (int)pu->os_index;
			     id = hwloc_bitmap_next(core->cpuset, id))
				before += mw_cpulist_has(use, id);
			if (before != pass)
				continue;
			found = 1;
			t->cpus[t->host.n_cpus++] = (struct mw_cpu){
				.id = (int)pu->os_index,
				.core = ordinal(topo, pu, HWLOC_OBJ_CORE, n_cores + i),
				.socket = ordinal(topo, pu, HWLOC_OBJ_PACKAGE, 0),
				.l3 = ordinal(topo, pu, HWLOC_OBJ_L3CACHE, -1),
				.node = node_of(pu, t),
			};
		}
	}
	return 0;
}

static void count_cores(struct mw_topology *t)
{
	int threads = 0;
	t->host.n_cores = t->host.n_sockets = t->host.smt = 0;
	for (int i = 0; i < t->host.n_cpus; i++) {
		bool new_core = true, new_socket = true;
		threads = 1;
		for (int k = 0; k < i; k++) {
			new_core = new_core && t->cpus[k].core != t->cpus[i].core;
			new_socket = new_socket && t->cpus[k].socket != t->cpus[i].socket;
			threads += t->cpus[k].core == t->cpus[i].core;
		}
		t->host.n_cores += new_core;
		t->host.n_sockets += new_socket;
		t->host.smt = threads > t->host.smt ? threads : t->host.smt;
	}
}

/* Returns the number of caches of one type that the CPUs in use reach; *bytes: size of one, *total: of all. */
static int read_cache(hwloc_topology_t topo, hwloc_obj_type_t type, const struct mw_topology *t, uint64_t *bytes,
		      uint64_t *total)
{
	int instances = 0;
	*bytes = *total = 0;
	for (int i = 0, n = hwloc_get_nbobjs_by_type(topo, type); i < n; i++) {
		hwloc_obj_t o = hwloc_get_obj_by_type(topo, type, (unsigned)i);
		bool reached = false;
		for (int k = 0; k < t->host.n_cpus && !reached; k++)
			reached = hwloc_bitmap_isset(o->cpuset, (unsigned)t->cpus[k].id);
		if (!reached || o->attr->cache.size == 0)
			continue;
		instances++;
		*total += o->attr->cache.size;
		if (*bytes == 0)
			*bytes = o->attr->cache.size;
	}
	return instances;
}

static void read_caches(hwloc_topology_t topo, bool live, struct mw_topology *t)
{
	uint64_t total[3];
	(void)read_cache(topo, HWLOC_OBJ_L1CACHE, t, &t->host.l1d_bytes, &total[0]);
	(void)read_cache(topo, HWLOC_OBJ_L2CACHE, t, &t->host.l2_bytes, &total[1]);
	t->host.l3_instances = read_cache(topo, HWLOC_OBJ_L3CACHE, t, &t->host.l3_bytes, &total[2]);
	t->host.llc_total_bytes = total[2] ? total[2] : total[1] ? total[1] : total[0];
	if (t->host.llc_total_bytes || !live)
		return;
	/* Without cache directories in sysfs (some sandboxes) the C library reads the sizes from the CPU. */
	long l1 = sysconf(_SC_LEVEL1_DCACHE_SIZE), l2 = sysconf(_SC_LEVEL2_CACHE_SIZE),
	     l3 = sysconf(_SC_LEVEL3_CACHE_SIZE);
	t->host.l1d_bytes = l1 > 0 ? (uint64_t)l1 : 0;
	t->host.l2_bytes = l2 > 0 ? (uint64_t)l2 : 0;
	t->host.l3_bytes = l3 > 0 ? (uint64_t)l3 : 0;
	t->host.l3_instances = t->host.l3_bytes ? t->host.n_sockets : 0;
	t->host.llc_total_bytes = t->host.l3_bytes ? t->host.l3_bytes * (uint64_t)t->host.n_sockets
						   : t->host.l2_bytes * (uint64_t)t->host.n_cores;
}

/* sys/devices/system/node/nodeN/distance has one column per online node, in ascending order. */
static void read_distances(int root_fd, struct mw_topology *t)
{
	struct mw_cpulist online;
	char text[4096];
	if (!read_list(root_fd, NODES "/online", &online))
		return;
	for (int i = 0; i < t->host.n_nodes; i++) {
		char path[64];
		mw_format(path, sizeof(path), NODES "/node%d/distance", t->host.nodes[i].id);
		if (mw_tree_read(root_fd, path, text, sizeof(text)) <= 0)
			continue;
		char *column = text;
		for (int id = mw_cpulist_next(&online, 0); id >= 0; id = mw_cpulist_next(&online, id + 1)) {
			char *end;
			long d = strtol(column, &end, 10);
			if (end == column || d < 0 || d > 65535)
				break;
			column = end;
			for (int k = 0; k < t->host.n_nodes; k++)
				if (t->host.nodes[k].id == id)
					*mw_host_distance(&t->host, i, k) = (int)d;
		}
	}
}

/* Fills *use with the allowed CPUs, or with those of the list, each of which must be allowed. */
static int choose_cpus(const char *cpus, const struct mw_cpulist *allowed, hwloc_topology_t topo,
		       struct mw_cpulist *use, char *err, size_t n)
{
	*use = *allowed;
	if (!cpus)
		return 0;
	int rc = mw_cpulist_read(use, cpus, "CPU", err, n);
	if (rc < 0)
		return rc;
	for (int id = mw_cpulist_next(use, 0); id >= 0; id = mw_cpulist_next(use, id + 1)) {
		if (!hwloc_get_pu_obj_by_os_index(topo, (unsigned)id) || !mw_cpulist_has(allowed, id))
			return mw_fail(MW_ESPEC, err, n,
				       "CPU %d of '%s' does not exist or may not be used by this process", id, cpus);
	}
	return 0;
}

static int read_limits(int root_fd, bool live, struct mw_host *h)
{
	struct mw_limits l;
	mw_limits_read(root_fd, live, &l);
	h->mem_total = l.mem_total;
	h->mem_available = l.mem_known ? l.mem_available : MW_COUNT_UNKNOWN;
	h->cpu_quota = l.cpu_quota;
	return mw_text_set(&h->mem_limit_source, l.mem_known ? l.source : NULL);
}

/* Fills *t for the CPUs in use. */
static int describe(hwloc_topology_t topo, int root_fd, bool live, const struct mw_cpulist *use, struct mw_topology *t)
{
	int rc = read_nodes(topo, root_fd, t);
	if (rc == 0)
		rc = list_cpus(topo, use, t);
	if (rc < 0 || t->host.n_cpus == 0)
		return rc;
	count_cores(t);
	read_caches(topo, live, t);
	read_distances(root_fd, t);
	rc = read_limits(root_fd, live, &t->host);
	if (rc == 0)
		rc = mw_host_read(root_fd, live, t);
	return rc < 0 ? rc : mw_memory_read(root_fd, t);
}

int mw_topology_read(const char *root, const char *cpus, struct mw_topology *out, char *err, size_t n)
{
	*out = (struct mw_topology){.cpus = NULL};
	mw_host_init(&out->host);
	bool live = strcmp(root, "/") == 0;
	int root_fd = mw_tree_open(root);
	if (root_fd < 0)
		return mw_fail(MW_EUNAVAILABLE, err, n, "cannot open '%s': %s", root, mw_strerror(root_fd));
	struct mw_cpulist allowed, use;
	hwloc_topology_t topo = NULL;
	int rc = load(&topo, root_fd, root, live);
	if (rc < 0) {
		rc = mw_fail(rc, err, n, "hwloc cannot read the topology of '%s'", root);
		goto out;
	}
	read_allowed(root_fd, live, &allowed);
	rc = choose_cpus(cpus, &allowed, topo, &use, err, n);
	if (rc < 0)
		goto out;
	rc = describe(topo, root_fd, live, &use, out);
	if (rc < 0)
		rc = mw_fail(rc, err, n, "no memory for the topology of '%s'", root);
	else if (out->host.n_cpus == 0)
		rc = mw_fail(MW_EUNAVAILABLE, err, n, "no CPU that this process may use was found below '%s'", root);
out:
	if (topo)
		hwloc_topology_destroy(topo);
	(void)close(root_fd);
	if (rc < 0)
		mw_topology_fini(out);
	return rc;
}

void mw_topology_fini(struct mw_topology *t)
{
	mw_host_fini(&t->host);
	free(t->cpus);
	t->cpus = NULL;
}

/* ---- nodes ---- */

/* Appends to a line of n bytes; one that does not fit ends in "...". */
static void append(char *line, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void append(char *line, size_t n, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mw_vclip_add(line, n, fmt, ap);
	va_end(ap);
}

/* Why no CPU of the node can be used; NULL when one can. */
static const char *no_cpu_of(const struct mw_topology *t, int id, bool cpus_chosen)
{
	for (int i = 0; i < t->host.n_cpus; i++)
		if (t->cpus[i].node == id)
			return NULL;
	for (int i = 0; i < t->host.n_nodes; i++)
		if (t->host.nodes[i].id == id)
			return t->host.nodes[i].memory_only ? "has no CPU (memory only)"
			       : cpus_chosen                ? "has none of the CPUs of --cpus"
							    : "has no CPU that this process may use";
	return "does not exist";
}

/* Fills *use with the CPUs of the listed nodes, each of which must have a usable CPU. */
static int cpus_of_nodes(const struct mw_topology *t, const char *list, bool cpus_chosen, struct mw_cpulist *use,
			 char *err, size_t n)
{
	struct mw_cpulist nodes, usable = {{0}};
	char bad[200] = "", names[80];
	int rc = mw_cpulist_read(&nodes, list, "node", err, n), n_bad = 0;
	if (rc < 0)
		return rc;
	*use = usable;
	for (int id = mw_cpulist_next(&nodes, 0); id >= 0; id = mw_cpulist_next(&nodes, id + 1)) {
		const char *why = no_cpu_of(t, id, cpus_chosen);
		if (why && n_bad++ < 4)
			append(bad, sizeof(bad), "%snode %d %s", bad[0] ? ", " : "", id, why);
	}
	for (int i = 0; i < t->host.n_cpus; i++) {
		mw_cpulist_add(&usable, t->cpus[i].node);
		if (mw_cpulist_has(&nodes, t->cpus[i].node))
			mw_cpulist_add(use, t->cpus[i].id);
	}
	if (n_bad == 0)
		return 0;
	if (n_bad > 4)
		append(bad, sizeof(bad), " and %d more", n_bad - 4);
	(void)mw_cpulist_format(&usable, names, sizeof(names));
	return mw_fail(MW_ESPEC, err, n, "%s; usable: %s", bad, names);
}

int mw_topology_read_nodes(const char *root, const char *cpus, const char *nodes, struct mw_topology *out, char *err,
			   size_t n)
{
	int rc = mw_topology_read(root, cpus, out, err, n);
	struct mw_cpulist use;
	if (rc < 0)
		return rc;
	rc = cpus_of_nodes(out, nodes, cpus != NULL, &use, err, n);
	mw_topology_fini(out);
	if (rc < 0)
		return rc;
	/* Reads the topology again, so that caches, cores and sockets are those of the chosen CPUs. */
	int len = mw_cpulist_format(&use, NULL, 0);
	char *text = malloc((size_t)len + 1);
	if (!text)
		return mw_fail(-ENOMEM, err, n, "no memory for the CPU list");
	(void)mw_cpulist_format(&use, text, (size_t)len + 1);
	rc = mw_topology_read(root, text, out, err, n);
	free(text);
	return rc;
}

int mw_topology_cpu_ids(const struct mw_topology *t, int *v, int max)
{
	int n = t->host.n_cpus < max ? t->host.n_cpus : max;
	for (int i = 0; i < n; i++)
		v[i] = t->cpus[i].id;
	return n;
}
