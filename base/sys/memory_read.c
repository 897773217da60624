#include "base/sys/memory_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/text.h"
#include "base/sys/tree.h"

#define VULNERABILITIES "sys/devices/system/cpu/vulnerabilities"

/* ---- modules ---- */

static bool is_module(const struct mw_module *m)
{
	return m->bytes > 0;
}

static bool same_kind(const struct mw_module *a, const struct mw_module *b)
{
	return a->bytes == b->bytes && a->mts == b->mts && a->rated_mts == b->rated_mts && a->ranks == b->ranks &&
	       strcmp(a->type, b->type) == 0;
}

static void add_kind(struct mw_buf *out, const struct mw_module *m, size_t n)
{
	mw_buf_add(out, "%s%zu x ", out->len ? "; " : "", n);
	if (m->bytes == MW_COUNT_UNKNOWN)
		mw_buf_add(out, "unknown size");
	else if (m->bytes >> 30 && m->bytes % (1u << 30) == 0)
		mw_buf_add(out, "%llu GiB", (unsigned long long)(m->bytes >> 30));
	else
		mw_buf_add(out, "%llu MiB", (unsigned long long)(m->bytes >> 20));
	mw_buf_add(out, "%s%s", m->type[0] ? " " : "", m->type);
	if (m->mts || m->rated_mts)
		mw_buf_add(out, " %u MT/s", m->mts ? m->mts : m->rated_mts);
	if (m->ranks)
		mw_buf_add(out, " %u rank%s", m->ranks, m->ranks == 1 ? "" : "s");
}

static int list_kinds(const struct mw_dmi *dmi, struct mw_host *h)
{
	struct mw_buf words = {0};
	for (size_t i = 0; i < dmi->n; i++) {
		bool first = is_module(&dmi->v[i]);
		size_t n = 0;
		for (size_t k = 0; k < i && first; k++)
			first = !same_kind(&dmi->v[k], &dmi->v[i]);
		for (size_t k = i; k < dmi->n && first; k++)
			n += same_kind(&dmi->v[k], &dmi->v[i]);
		if (first)
			add_kind(&words, &dmi->v[i], n);
	}
	int rc = words.failed ? -ENOMEM : mw_text_set(&h->mem_kinds, mw_buf_text(&words));
	mw_buf_fini(&words);
	return rc;
}

/* Channels by the names of the slots; 0 when a slot's name does not tell. populated: those with a module only. */
static int count_channels(const struct mw_dmi *dmi, bool populated)
{
	int n = 0;
	for (size_t i = 0; i < dmi->n; i++) {
		const struct mw_module *m = &dmi->v[i];
		bool counts = !populated || is_module(m), first = true;
		if (!m->channel)
			return 0;
		for (size_t k = 0; k < i && counts && first; k++)
			first = strcmp(dmi->v[k].channel, m->channel) != 0 || (populated && !is_module(&dmi->v[k]));
		n += counts && first;
	}
	return n;
}

static unsigned slower(unsigned least, unsigned mts)
{
	return mts && (least == 0 || mts < least) ? mts : least;
}

/* Peak = channels x transfers x 8 byte. A channel of DDR5 is two halves of 4 byte. HBM and LPDDR have channels of other
 * widths. */
static int find_peak(const struct mw_dmi *dmi, struct mw_host *h)
{
	bool ddr = h->mem_channels && h->mem_mts;
	for (size_t i = 0; i < dmi->n; i++)
		ddr = ddr && (!is_module(&dmi->v[i]) || strncmp(dmi->v[i].type, "DDR", 3) == 0);
	if (!ddr)
		return 0;
	struct mw_buf words = {0};
	h->mem_peak = 8e-3 * h->mem_channels * h->mem_mts;
	mw_buf_add(&words, "%d channel%s x %d MT/s x 8 byte", h->mem_channels, h->mem_channels == 1 ? "" : "s",
		   h->mem_mts);
	int rc = words.failed ? -ENOMEM : mw_text_set(&h->mem_peak_source, mw_buf_text(&words));
	mw_buf_fini(&words);
	return rc;
}

int mw_memory_describe(const struct mw_dmi *dmi, const struct mw_edac *edac, struct mw_host *h)
{
	unsigned mts = 0, rated = 0;
	h->mem_channels = edac->channels;
	h->mem_channels_all = edac->slots_channels;
	h->mem_slots = h->mem_modules = 0;
	for (size_t i = 0; i < dmi->n; i++) {
		const struct mw_module *m = &dmi->v[i];
		h->mem_slots++;
		h->mem_modules += is_module(m);
		mts = is_module(m) ? slower(mts, m->mts ? m->mts : m->rated_mts) : mts;
		rated = is_module(m) ? slower(rated, m->rated_mts) : rated;
	}
	h->mem_mts = (int)mts;
	h->mem_rated_mts = (int)rated;
	int all = count_channels(dmi, false);
	if (h->mem_channels == 0 && all)
		h->mem_channels = count_channels(dmi, true);
	if (all > h->mem_channels_all)
		h->mem_channels_all = all; /* drivers may list the slots with a module only */
	int rc = list_kinds(dmi, h);
	return rc < 0 ? rc : find_peak(dmi, h);
}

/* ---- mitigations, swap, counters ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_mitigations(int root_fd, char **out)
{
	static const char prefix[] = "Mitigation: ";
	struct dirent **names = NULL;
	struct mw_buf words = {0};
	int n = scandirat(root_fd, VULNERABILITIES, &names, NULL, by_name), rc = 0;
	for (int i = 0; i < n; i++) {
		struct mw_buf path = {0};
		char *text = NULL;
		mw_buf_add(&path, VULNERABILITIES "/%s", names[i]->d_name);
		if (rc == 0 && mw_tree_text(root_fd, mw_buf_text(&path), &text) == -ENOMEM)
			rc = -ENOMEM;
		if (text && strncmp(text, prefix, sizeof(prefix) - 1) == 0) {
			char *what = text + sizeof(prefix) - 1;
			what[strcspn(what, ";,\n")] = '\0';
			mw_buf_add(&words, "%s%s: %s", words.len ? "; " : "", names[i]->d_name, what);
		}
		free(text);
		mw_buf_fini(&path);
		free(names[i]);
	}
	free(names);
	if (rc == 0)
		rc = words.failed ? -ENOMEM : mw_text_set(out, mw_buf_text(&words));
	mw_buf_fini(&words);
	return rc;
}

static uint64_t read_swap(int root_fd)
{
	uint64_t total, unused, used = MW_COUNT_UNKNOWN;
	char *text = mw_tree_slurp(root_fd, "proc/meminfo");
	if (text && mw_text_u64(text, "SwapTotal", &total) && mw_text_u64(text, "SwapFree", &unused) &&
	    unused <= total && total < UINT64_MAX >> 10)
		used = (total - unused) << 10;
	free(text);
	return used;
}

/* Sum over the CPUs in use; MW_COUNT_UNKNOWN when none has the counter. */
static uint64_t read_throttled(int root_fd, const struct mw_topology *t)
{
	uint64_t sum = MW_COUNT_UNKNOWN, v;
	for (int i = 0; i < t->host.n_cpus; i++) {
		char path[96];
		mw_format(path, sizeof(path), "sys/devices/system/cpu/cpu%d/thermal_throttle/core_throttle_count",
			  t->cpus[i].id);
		if (mw_tree_u64(root_fd, path, &v) == 0)
			sum = sum == MW_COUNT_UNKNOWN ? v : sum + v;
	}
	return sum;
}

static int count_nodes(const struct mw_topology *t)
{
	int n = 0;
	for (int i = 0; i < t->host.n_cpus; i++) {
		bool first = true;
		for (int k = 0; k < i && first; k++)
			first = t->cpus[k].node != t->cpus[i].node;
		n += first;
	}
	return n;
}

int mw_memory_read(int root_fd, struct mw_topology *t)
{
	struct mw_host *h = &t->host;
	struct mw_edac edac;
	struct mw_dmi dmi;
	mw_edac_read(root_fd, &edac);
	h->edac_corrected = edac.corrected;
	h->edac_uncorrected = edac.uncorrected;
	h->throttled = read_throttled(root_fd, t);
	h->swap_used = read_swap(root_fd);
	h->n_cpu_nodes = count_nodes(t);
	int rc = mw_dmi_read(root_fd, &dmi) == -ENOMEM ? -ENOMEM : 0;
	if (rc == 0)
		rc = mw_memory_describe(&dmi, &edac, h);
	mw_dmi_fini(&dmi);
	return rc < 0 ? rc : read_mitigations(root_fd, &h->mitigations);
}

static void add_growth(uint64_t before, uint64_t now, uint64_t *during)
{
	if (before == MW_COUNT_UNKNOWN || now == MW_COUNT_UNKNOWN || now < before)
		return;
	*during = (*during == MW_COUNT_UNKNOWN ? 0 : *during) + (now - before);
}

void mw_memory_count(const char *root, const struct mw_topology *t, struct mw_host *h)
{
	struct mw_edac edac;
	int fd = mw_tree_open(root);
	if (fd < 0)
		return;
	mw_edac_read(fd, &edac);
	add_growth(t->host.edac_corrected, edac.corrected, &h->edac_corrected_during);
	add_growth(t->host.edac_uncorrected, edac.uncorrected, &h->edac_uncorrected_during);
	add_growth(t->host.throttled, read_throttled(fd, t), &h->throttled_during);
	(void)close(fd);
}
