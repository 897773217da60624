#include "reports/findings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/select.h"

/* A good read of all memory reaches 70 to 90 % of the channels' rate (Mess, MICRO 2024). */
#define LEAST_SHARE_OF_PEAK 0.6

static const struct query peak_read = {.bench = "bandwidth", .case_name = "dram-read-peak", .metric = "bandwidth"};
static const struct query level_size = {.bench = "latency", .case_name = "level", .metric = "level_size"};

const char *finding_severity_name(enum finding_severity s)
{
	static const char *const names[FINDING_SEVERITIES] = {"none", "note", "warning", "serious"};
	return names[s];
}

static bool known(uint64_t count)
{
	return count != MW_COUNT_UNKNOWN;
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

/* ---- the hardware ---- */

static enum finding_severity uncorrected_errors(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	uint64_t before = known(h->edac_uncorrected) ? h->edac_uncorrected : 0;
	uint64_t during = known(h->edac_uncorrected_during) ? h->edac_uncorrected_during : 0;
	if (before + during == 0)
		return FINDING_NONE;
	mw_buf_add(evidence, "%llu before the run, %llu during it", (unsigned long long)before,
		   (unsigned long long)during);
	return FINDING_SERIOUS;
}

static enum finding_severity corrected_errors(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	uint64_t before = known(h->edac_corrected) ? h->edac_corrected : 0;
	uint64_t during = known(h->edac_corrected_during) ? h->edac_corrected_during : 0;
	if (before + during == 0)
		return FINDING_NONE;
	mw_buf_add(evidence, "%llu before the run, %llu during it", (unsigned long long)before,
		   (unsigned long long)during);
	return during ? FINDING_SERIOUS : FINDING_WARNING;
}

static enum finding_severity throttled(const struct results *r, struct mw_buf *evidence)
{
	uint64_t during = r->host.throttled_during;
	if (!known(during) || during == 0)
		return FINDING_NONE;
	mw_buf_add(evidence, "%llu times during the run", (unsigned long long)during);
	return FINDING_SERIOUS;
}

static enum finding_severity empty_channels(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (h->mem_channels == 0 || h->mem_channels >= h->mem_channels_all)
		return FINDING_NONE;
	mw_buf_add(evidence, "%d of %d channels have a module", h->mem_channels, h->mem_channels_all);
	return FINDING_WARNING;
}

/* Where the channels are known, empty slots of channels with a module matter little. */
static enum finding_severity empty_slots(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (h->mem_channels || h->mem_modules == 0 || h->mem_modules >= h->mem_slots)
		return FINDING_NONE;
	mw_buf_add(evidence, "%d of %d slots have a module; which channels these are is not known", h->mem_modules,
		   h->mem_slots);
	return FINDING_NOTE;
}

static enum finding_severity unequal_modules(const struct results *r, struct mw_buf *evidence)
{
	if (!r->host.mem_kinds || !strchr(r->host.mem_kinds, ';'))
		return FINDING_NONE;
	mw_buf_add(evidence, "%s", r->host.mem_kinds);
	return FINDING_WARNING;
}

static enum finding_severity slow_modules(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (h->mem_mts == 0 || h->mem_mts >= h->mem_rated_mts)
		return FINDING_NONE;
	mw_buf_add(evidence, "%d MT/s of %d MT/s", h->mem_mts, h->mem_rated_mts);
	return FINDING_WARNING;
}

static double share_of_peak(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	const struct mw_record *read = query_best(&r->records, &peak_read, false);
	if (!read || !(h->mem_peak > 0))
		return (double)NAN;
	double share = read->value / h->mem_peak;
	mw_buf_add(evidence, "%.4g of %.4g GB/s (%s): %.0f %%", read->value, h->mem_peak,
		   mw_text_or(h->mem_peak_source, "source unknown"), 100 * share);
	return share;
}

static enum finding_severity low_share(const struct results *r, struct mw_buf *evidence)
{
	return share_of_peak(r, evidence) < LEAST_SHARE_OF_PEAK ? FINDING_WARNING : FINDING_NONE;
}

static enum finding_severity good_share(const struct results *r, struct mw_buf *evidence)
{
	double share = share_of_peak(r, evidence);
	return share >= LEAST_SHARE_OF_PEAK && share <= 1.0 ? FINDING_NOTE : FINDING_NONE;
}

static enum finding_severity above_peak(const struct results *r, struct mw_buf *evidence)
{
	return share_of_peak(r, evidence) > 1.0 ? FINDING_WARNING : FINDING_NONE;
}

static enum finding_severity other_cache_size(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_record *rec;
	size_t at = 0;
	while ((rec = query_next(&r->records, &level_size, &at))) {
		struct number_text level, agrees;
		char found[24], reported[24];
		double bytes = record_number(rec, "reported");
		if (strncmp(record_text(rec, "agrees", &agrees), "no:", 3) != 0 || !(bytes > 0))
			continue;
		mw_buf_add(evidence, "%s%s: %s, reported %s", evidence->len ? "; " : "",
			   record_text(rec, "level", &level),
			   isfinite(rec->value) ? size_words(rec->value, found, sizeof(found)) : "not found",
			   size_words(bytes, reported, sizeof(reported)));
	}
	return evidence->len ? FINDING_WARNING : FINDING_NONE;
}

/* ---- the system ---- */

static enum finding_severity several_nodes(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (h->n_sockets == 0 || h->n_cpu_nodes <= h->n_sockets)
		return FINDING_NONE;
	mw_buf_add(evidence, "%d nodes with CPUs, %d socket%s", h->n_cpu_nodes, h->n_sockets,
		   h->n_sockets == 1 ? "" : "s");
	return FINDING_NOTE;
}

static enum finding_severity governor(const struct results *r, struct mw_buf *evidence)
{
	if (!r->host.governor || is(r->host.governor, "performance"))
		return FINDING_NONE;
	mw_buf_add(evidence, "%s", r->host.governor);
	return FINDING_WARNING;
}

static enum finding_severity no_thp(const struct results *r, struct mw_buf *evidence)
{
	if (!is(r->host.thp, "never"))
		return FINDING_NONE;
	mw_buf_add(evidence, "transparent_hugepage/enabled is never");
	return FINDING_WARNING;
}

static enum finding_severity numa_balancing(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (!h->numa_balancing || is(h->numa_balancing, "off") || h->n_nodes < 2)
		return FINDING_NONE;
	mw_buf_add(evidence, "%s, %d nodes", h->numa_balancing, h->n_nodes);
	return FINDING_WARNING;
}

/* Mitigations that cost time in what is measured here: entries to the kernel, page faults, gathers, branches. */
static enum finding_severity mitigations(const struct results *r, struct mw_buf *evidence)
{
	static const char *const costly[] = {
		"gather_data_sampling",
		"indirect_target_selection",
		"l1tf",
		"mds",
		"meltdown",
		"mmio_stale_data",
		"reg_file_data_sampling",
		"retbleed",
		"spec_rstack_overflow",
		"spectre_v2",
		"srbds",
		"tsx_async_abort",
	};
	for (const char *at = mw_text_or(r->host.mitigations, ""); *at;) {
		size_t len = strcspn(at, ";"), name = strcspn(at, ":;");
		for (size_t i = 0; i < sizeof(costly) / sizeof(*costly); i++)
			if (strlen(costly[i]) == name && strncmp(at, costly[i], name) == 0)
				mw_buf_add(evidence, "%s%.*s", evidence->len ? "; " : "", (int)len, at);
		at += len;
		at += strspn(at, "; ");
	}
	return evidence->len ? FINDING_NOTE : FINDING_NONE;
}

static enum finding_severity virtualised(const struct results *r, struct mw_buf *evidence)
{
	if (!r->host.virtualization || is(r->host.virtualization, "none"))
		return FINDING_NONE;
	mw_buf_add(evidence, "%s", r->host.virtualization);
	return FINDING_NOTE;
}

static enum finding_severity swap(const struct results *r, struct mw_buf *evidence)
{
	char used[24];
	uint64_t bytes = r->host.swap_used;
	if (!known(bytes) || bytes == 0)
		return FINDING_NONE;
	mw_buf_add(evidence, "%s when the run began", size_words((double)bytes, used, sizeof(used)));
	return FINDING_WARNING;
}

static enum finding_severity cpu_quota(const struct results *r, struct mw_buf *evidence)
{
	const struct mw_host *h = &r->host;
	if (!(h->cpu_quota > 0) || (h->n_cpus && h->cpu_quota >= h->n_cpus))
		return FINDING_NONE;
	mw_buf_add(evidence, "time of %.3g CPUs for %d", h->cpu_quota, h->n_cpus);
	return FINDING_WARNING;
}

const struct finding_rule finding_rules[] = {
	{"errors-uncorrected", "memory errors that ECC could not correct",
	 "replace the module that the kernel's log names", uncorrected_errors},
	{"errors-corrected", "memory errors that ECC corrected",
	 "watch whether they go on; replace the module if they do", corrected_errors},
	{"throttled", "cores lowered their clock because they were too hot", "check cooling, then measure again",
	 throttled},
	{"channels-empty", "memory channels without a module",
	 "put a module into each channel: bandwidth grows with them", empty_channels},
	{"slots-empty", "memory slots without a module", "check that every channel has a module", empty_slots},
	{"modules-unequal", "memory modules of several kinds",
	 "use equal modules: interleaving and speed follow the least", unequal_modules},
	{"modules-slow", "memory modules run below their speed",
	 "check modules per channel, power and BIOS settings of the memory clock", slow_modules},
	{"peak-share-low", "reading reaches little of the memory's peak",
	 "check threads (--cpus), NUMA placement and the findings above", low_share},
	{"peak-share", "share of the memory's peak that reading reaches", "compare: 70 to 90 % is usual", good_share},
	{"peak-exceeded", "reading is faster than the peak that is known",
	 "give the peak with --peak, or check that reads come from memory", above_peak},
	{"cache-size", "caches are not as large as the system reports",
	 "use the size found; in a guest, neighbours share the L3", other_cache_size},
	{"nodes-per-socket", "a socket is several NUMA nodes (NPS, SNC)",
	 "bind threads and memory to nodes; compare only with the same setting", several_nodes},
	{"governor", "the frequency governor is not performance", "cpupower frequency-set -g performance", governor},
	{"thp-never", "no transparent huge pages", "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
	 no_thp},
	{"numa-balancing", "the kernel moves pages between nodes while programs run",
	 "sysctl kernel.numa_balancing=0 while measuring", numa_balancing},
	{"swap", "swap is in use", "free memory before measuring", swap},
	{"cpu-quota", "a cgroup limits the time of the CPUs", "raise cpu.max, or use fewer CPUs with --cpus",
	 cpu_quota},
	{"mitigations", "mitigations of CPU faults that cost time", "compare only with the same setting", mitigations},
	{"virtualised", "this is a guest", "expect neighbours: compare several runs, at different times", virtualised},
	{NULL, NULL, NULL, NULL},
};

/* ---- all of them ---- */

static int add(struct findings *out, const struct finding_rule *rule, enum finding_severity severity,
	       const char *evidence)
{
	struct finding *grown = realloc(out->v, (out->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	out->v = grown;
	char *copy = strdup(evidence);
	if (!copy)
		return -ENOMEM;
	size_t at = out->n++;
	for (; at > 0 && out->v[at - 1].severity < severity; at--)
		out->v[at] = out->v[at - 1];
	out->v[at] = (struct finding){rule, severity, copy};
	return 0;
}

int findings_of(const struct results *r, struct findings *out)
{
	int rc = 0;
	*out = (struct findings){NULL, 0};
	for (const struct finding_rule *rule = finding_rules; rule->id && rc == 0; rule++) {
		struct mw_buf evidence = {0};
		enum finding_severity severity = rule->check(r, &evidence);
		if (severity != FINDING_NONE)
			rc = evidence.failed ? -ENOMEM : add(out, rule, severity, mw_buf_text(&evidence));
		mw_buf_fini(&evidence);
	}
	if (rc < 0)
		findings_fini(out);
	return rc;
}

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].evidence);
	free(f->v);
	*f = (struct findings){NULL, 0};
}

int findings_grid(const struct findings *f, struct grid *g)
{
	static const struct grid_column columns[] = {{"severity", NULL, false},
						     {"finding", NULL, false},
						     {"evidence", NULL, false},
						     {"todo", "to do", false}};
	int rc = 0;
	grid_init(g, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < f->n && rc == 0; i++) {
		const char *cells[] = {finding_severity_name(f->v[i].severity), f->v[i].rule->words, f->v[i].evidence,
				       f->v[i].rule->todo};
		rc = grid_add(g, cells);
	}
	return rc;
}
