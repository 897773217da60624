/* `memwall info`: the machine as the benchmarks see it. */
#include <stdarg.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "cli/measure.h"
#include "cli/version.h"
#include "reports/print.h"

static const struct grid_column columns[] = {{"property", NULL, false}, {"value", NULL, false}};

static int row(struct grid *g, const char *property, const char *value)
{
	const char *cells[] = {property, value && *value ? value : NULL};
	return grid_add(g, cells);
}

__attribute__((format(printf, 3, 4))) static int rowf(struct grid *g, const char *property, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return row(g, property, text);
}

static int row_size(struct grid *g, const char *property, uint64_t bytes)
{
	char text[32];
	mw_format_size(bytes, text, sizeof(text));
	return row(g, property, bytes ? text : NULL);
}

static int fill_cpu(struct grid *g, const struct mw_topology *t)
{
	int rc = row(g, "CPU", t->cpu_model);
	rc = rc ? rc : row(g, "microcode", t->microcode);
	rc = rc ? rc : row(g, "instruction sets", t->isa);
	rc = rc ? rc
		: rowf(g, "CPUs usable", "%d (%d cores, %d sockets, %d threads per core)", t->n_cpus, t->n_cores,
		       t->n_sockets, t->smt);
	if (t->cpu_quota > 0)
		rc = rc ? rc : rowf(g, "CPU quota (cgroup)", "%.2f", t->cpu_quota);
	rc = rc ? rc : row_size(g, "L1d", t->l1d_bytes);
	rc = rc ? rc : row_size(g, "L2", t->l2_bytes);
	rc = rc ? rc : row_size(g, "L3, one instance", t->l3_bytes);
	rc = rc ? rc : row_size(g, "last-level cache, all", t->llc_total_bytes);
	rc = rc ? rc : row(g, "governor", t->governor);
	return rc ? rc : row(g, "turbo", t->turbo);
}

static int fill_memory(struct grid *g, const struct mw_topology *t)
{
	int rc = t->mem_total ? rowf(g, "memory", "%.1f GiB", (double)t->mem_total / 1073741824.0)
			      : row(g, "memory", "unknown");
	if (rc == 0)
		rc = t->mem_known ? rowf(g, "memory usable now", "%.2f GiB (limit: %s)",
					 (double)t->mem_available / 1073741824.0, t->mem_limit_source)
				  : row(g, "memory usable now", "unknown");
	rc = rc ? rc : row(g, "transparent huge pages", t->thp);
	if (rc == 0)
		rc = t->hugepages_known
			     ? rowf(g, "free 2 MiB hugetlb pages", "%llu", (unsigned long long)t->hugepages_2m_free)
			     : row(g, "free 2 MiB hugetlb pages", "unknown");
	for (int i = 0; i < t->n_nodes && rc == 0; i++) {
		char name[32], text[512], size[32] = "unknown size";
		if (t->nodes[i].bytes)
			(void)snprintf(size, sizeof(size), "%.1f GiB", (double)t->nodes[i].bytes / 1073741824.0);
		size_t len = (size_t)snprintf(text, sizeof(text), "%s%s, distances", size,
					      t->nodes[i].has_cpu ? "" : ", no CPU");
		for (int j = 0; j < t->n_nodes && len < sizeof(text); j++)
			len += (size_t)(t->distance[i][j]
						? snprintf(text + len, sizeof(text) - len, " %d", t->distance[i][j])
						: snprintf(text + len, sizeof(text) - len, " unknown"));
		(void)snprintf(name, sizeof(name), "NUMA node %d", t->nodes[i].id);
		rc = row(g, name, text);
	}
	return rc ? rc : row(g, "NUMA balancing", t->numa_balancing);
}

static int run_info(struct cli *cli, char *err, size_t n)
{
	struct measure m;
	struct grid g;
	grid_init(&g, columns, 2);
	int rc = measure_open(cli, &m, err, n);
	if (rc == 0)
		rc = rowf(&g, "memwall", "%s (%s), %s", MEMWALL_VERSION, memwall_commit, memwall_compiler);
	if (rc == 0)
		rc = row(&g, "host", m.topo.hostname);
	if (rc == 0)
		rc = row(&g, "kernel", m.topo.kernel);
	if (rc == 0)
		rc = row(&g, "virtualisation", m.topo.virtualization);
	if (rc == 0)
		rc = fill_cpu(&g, &m.topo);
	if (rc == 0)
		rc = fill_memory(&g, &m.topo);
	if (rc == 0)
		rc = rowf(&g, "clock", "CLOCK_MONOTONIC_RAW: %.1f ns a call, step %.1f ns",
			  mw_clock_overhead_ns(100000), mw_clock_step_ns(100000));
	if (rc == 0)
		rc = cli_print_grid(cli, &g, err, n);
	grid_fini(&g);
	measure_close(&m);
	return rc;
}

const struct command cmd_info = {
	.name = "info",
	.section = "About",
	.usage = "",
	.summary = "this machine as the benchmarks see it",
	.measures = true,
	.run = run_info,
};
