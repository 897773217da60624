/* A machine described by a tree of small files. A path "=" ends the tree; a list of CPUs to use follows it. */
#include <hwloc.h>
#include <math.h>

#include "base/core/err.h"
#include "base/sys/cpulist.h"
#include "base/sys/topology.h"
#include "tests/fuzz/fuzz.h"

static bool keep(const char *path)
{
	static const char *const folders[] = {
		"sys/devices/system/cpu/",  "sys/devices/system/node/", "sys/kernel/mm/", "sys/class/dmi/id/",
		"sys/hypervisor/",          "sys/fs/cgroup/",           "proc/",          "sys/firmware/dmi/",
		"sys/devices/system/edac/",
	};
	if (strstr(path, "..") || strstr(path, "//") || path[strlen(path) ? strlen(path) - 1 : 0] == '/')
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static void check(struct mw_topology *t, const char *cpus)
{
	static struct mw_cpulist wanted, seen;
	memset(&seen, 0, sizeof(seen));
	FUZZ_CHECK(t->host.n_cpus >= 1 && t->host.n_cpus <= MW_MAX_CPUS);
	FUZZ_CHECK(t->host.n_cores >= 1 && t->host.n_cores <= t->host.n_cpus && t->host.smt >= 1 &&
		   t->host.smt <= t->host.n_cpus);
	/* Of trees that contradict themselves hwloc makes packages inside a core. */
	FUZZ_CHECK(t->host.n_sockets >= 1 && t->host.n_sockets <= t->host.n_cpus);
	FUZZ_CHECK(t->host.n_nodes >= 0);
	FUZZ_CHECK(!cpus || mw_cpulist_parse(&wanted, cpus) == 0);
	for (int i = 0; i < t->host.n_cpus; i++) {
		FUZZ_CHECK(!mw_cpulist_has(&seen, t->cpus[i].id));
		mw_cpulist_add(&seen, t->cpus[i].id);
		FUZZ_CHECK(!cpus || mw_cpulist_has(&wanted, t->cpus[i].id));
		FUZZ_CHECK(t->cpus[i].core >= 0 && t->cpus[i].socket >= 0 && t->cpus[i].node >= 0);
	}
	FUZZ_CHECK(!cpus || memcmp(&seen, &wanted, sizeof(seen)) == 0);
	for (int i = 0; i < t->host.n_nodes; i++)
		for (int k = 0; k < t->host.n_nodes; k++)
			FUZZ_CHECK(*mw_host_distance(&t->host, i, k) >= 0);
	FUZZ_CHECK(t->host.l3_instances >= 0 && (t->host.l3_instances > 0) == (t->host.l3_bytes > 0));
	FUZZ_CHECK(isfinite(t->host.cpu_quota) && t->host.cpu_quota >= 0);
	for (const struct mw_field *f = mw_host_fields; f->name; f++)
		if (f->type == MW_FIELD_TEXT) {
			const char *text = *mw_field_text(f, &t->host);
			FUZZ_CHECK(!text || *text);
		}
}

int fuzz_topology(const uint8_t *data, size_t n)
{
	struct mw_topology t;
	char err[300] = "";
	size_t rest = fuzz_folder_tree(data, n, keep);
	char *cpus = rest < n ? fuzz_text(data + rest, n - rest) : NULL;
	int rc = mw_topology_read(fuzz_folder(), cpus, &t, err, sizeof(err));
	FUZZ_CHECK(rc == 0 || ((rc == MW_EUNAVAILABLE || rc == MW_ESPEC) && *err));
	if (rc == 0)
		check(&t, cpus);
	mw_topology_fini(&t);
	/* One that stays, so that hwloc does not look for its plug-ins every time. */
	static hwloc_topology_t stays;
	if (!stays)
		FUZZ_CHECK(hwloc_topology_init(&stays) == 0);
	free(cpus);
	fuzz_folder_clear();
	return 0;
}
