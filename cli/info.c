/* `memwall info`: the machine as the benchmarks see it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/text.h"
#include "cli/measure.h"
#include "cli/version.h"
#include "reports/findings.h"
#include "reports/print.h"

static const struct grid_column columns[] = {{"property", NULL, false}, {"value", NULL, false}};

static int row(struct grid *g, const char *property, const char *value)
{
	const char *cells[] = {property, value && *value ? value : NULL};
	return grid_add(g, cells);
}

static int row_text(struct grid *g, const char *property, const char *value)
{
	return row(g, property, mw_text_or(value, "unknown"));
}

__attribute__((format(printf, 3, 4))) static int rowf(struct grid *g, const char *property, const char *fmt, ...)
{
	char *text;
	va_list ap;
	va_start(ap, fmt);
	int rc = vasprintf(&text, fmt, ap) < 0 ? -ENOMEM : 0;
	va_end(ap);
	if (rc < 0)
		return rc;
	rc = row(g, property, text);
	free(text);
	return rc;
}

static int row_size(struct grid *g, const char *property, uint64_t bytes)
{
	char text[32];
	mw_format_size(bytes, text, sizeof(text));
	return row(g, property, bytes ? text : NULL);
}

static int fill_cpu(struct grid *g, const struct mw_host *h)
{
	int rc = row_text(g, "CPU", h->cpu_model);
	rc = rc ? rc : row_text(g, "microcode", h->microcode);
	rc = rc ? rc : row_text(g, "instruction sets", h->isa);
	rc = rc ? rc
		: rowf(g, "CPUs usable", "%d (%d cores, %d sockets, %d threads per core)", h->n_cpus, h->n_cores,
		       h->n_sockets, h->smt);
	if (h->cpu_quota > 0)
		rc = rc ? rc : rowf(g, "CPU quota (cgroup)", "%.2f", h->cpu_quota);
	rc = rc ? rc : row_size(g, "L1d", h->l1d_bytes);
	rc = rc ? rc : row_size(g, "L2", h->l2_bytes);
	rc = rc ? rc : row_size(g, "L3, one instance", h->l3_bytes);
	rc = rc ? rc : row_size(g, "last-level cache, all", h->llc_total_bytes);
	rc = rc ? rc : row_text(g, "governor", h->governor);
	return rc ? rc : row_text(g, "turbo", h->turbo);
}

/* A row such as "16.0 GiB, distances 10 21". */
static int row_node(struct grid *g, const struct mw_host *h, int i)
{
	char name[32], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return -ENOMEM;
	if (h->nodes[i].bytes == MW_COUNT_UNKNOWN)
		(void)fputs("unknown size", f);
	else
		(void)fprintf(f, "%.1f GiB", (double)h->nodes[i].bytes / 1073741824.0);
	(void)fprintf(f, "%s, distances",
		      h->nodes[i].memory_only ? ", memory only (no CPU: CXL, HBM or the like)" : "");
	for (int j = 0; j < h->n_nodes; j++) {
		int d = *mw_host_distance(h, i, j);
		(void)(d ? fprintf(f, " %d", d) : fputs(" unknown", f));
	}
	mw_format(name, sizeof(name), "NUMA node %d", h->nodes[i].id);
	int rc = fclose(f) == 0 ? row(g, name, text) : -ENOMEM;
	free(text);
	return rc;
}

static int fill_memory(struct grid *g, const struct mw_host *h)
{
	int rc = h->mem_total ? rowf(g, "memory", "%.1f GiB", (double)h->mem_total / 1073741824.0)
			      : row(g, "memory", "unknown");
	if (rc == 0)
		rc = mw_host_memory_known(h)
			     ? rowf(g, "memory usable now", "%.2f GiB (limit: %s)",
				    (double)h->mem_available / 1073741824.0, mw_text_or(h->mem_limit_source, "unknown"))
			     : row(g, "memory usable now", "unknown");
	rc = rc ? rc : row_text(g, "transparent huge pages", h->thp);
	if (rc == 0)
		rc = h->hugepages_2m_free != MW_COUNT_UNKNOWN
			     ? rowf(g, "free 2 MiB hugetlb pages", "%llu", (unsigned long long)h->hugepages_2m_free)
			     : row(g, "free 2 MiB hugetlb pages", "unknown");
	for (int i = 0; i < h->n_nodes && rc == 0; i++)
		rc = row_node(g, h, i);
	return rc ? rc : row_text(g, "NUMA balancing", h->numa_balancing);
}

static int fill_modules(struct grid *g, const struct mw_host *h)
{
	int rc = row_text(g, "memory modules", h->mem_kinds);
	if (rc == 0 && h->mem_slots)
		rc = rowf(g, "memory slots", "%d, %d with a module", h->mem_slots, h->mem_modules);
	if (rc == 0)
		rc = h->mem_channels ? rowf(g, "memory channels", "%d of %d with a module", h->mem_channels,
					    h->mem_channels_all)
				     : row(g, "memory channels", "unknown");
	if (rc == 0)
		rc = h->mem_peak > 0 ? rowf(g, "peak of the memory", "%.4g GB/s (%s)", h->mem_peak,
					    mw_text_or(h->mem_peak_source, "unknown"))
				     : row(g, "peak of the memory", "unknown");
	return rc;
}

/* Those that the machine alone shows; a run has more. */
static int fill_findings(struct grid *g, const struct mw_host *h)
{
	struct results r;
	struct findings found;
	results_init(&r);
	r.host = *h; /* lent: not freed here */
	int rc = findings_of(&r, &found);
	for (size_t i = 0; i < found.n && rc == 0; i++) {
		const struct finding *f = &found.v[i];
		char name[40];
		mw_format(name, sizeof(name), "finding (%s)", finding_severity_name(f->severity));
		rc = rowf(g, name, "%s (%s): %s", f->rule->words, f->evidence, f->rule->todo);
	}
	findings_fini(&found);
	return rc;
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
		rc = row_text(&g, "host", m.topo.host.hostname);
	if (rc == 0)
		rc = row_text(&g, "kernel", m.topo.host.kernel);
	if (rc == 0)
		rc = row_text(&g, "virtualisation", m.topo.host.virtualization);
	if (rc == 0)
		rc = fill_cpu(&g, &m.topo.host);
	if (rc == 0)
		rc = fill_memory(&g, &m.topo.host);
	if (rc == 0)
		rc = fill_modules(&g, &m.topo.host);
	if (rc == 0)
		rc = rowf(&g, "clock", "CLOCK_MONOTONIC_RAW: %.1f ns a call, step %.1f ns",
			  mw_clock_overhead_ns(100000), mw_clock_step_ns(100000));
	if (rc == 0)
		rc = fill_findings(&g, &m.topo.host);
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
