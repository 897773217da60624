/* A run with every field set, and a temporary folder per test. */
#ifndef TEST_REPORTS_FIXTURE_H
#define TEST_REPORTS_FIXTURE_H

#include <criterion/criterion.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/results.h"

static char dir[64];

static inline void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/memwall-reports-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static inline void remove_dir(void)
{
	char cmd[128];
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd) != 0)
		(void)fprintf(stderr, "%s stays behind\n", dir);
}

static inline const char *in_dir(const char *name)
{
	static char path[4][160];
	static unsigned turn;
	char *p = path[turn++ % 4];
	(void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static inline void write_file(const char *name, const char *text, size_t size)
{
	FILE *f = fopen(in_dir(name), "wb");
	cr_assert(f);
	cr_assert_eq(fwrite(text, 1, size, f), size);
	cr_assert_eq(fclose(f), 0);
}

/* Freed by the caller. */
static inline char *read_file(const char *name, size_t *size)
{
	FILE *f = fopen(in_dir(name), "rb");
	cr_assert(f, "%s is missing", name);
	char *text = calloc(1, 1 << 22);
	cr_assert(text);
	*size = fread(text, 1, (1 << 22) - 1, f);
	cr_assert_eq(fclose(f), 0);
	return text;
}

/* A measured record whose every member differs from its default; i makes it unique. */
static inline struct mw_record full_record(int64_t i)
{
	struct mw_record r;
	mw_record_init(&r, "latency", "chase", "latency", MW_NS);
	(void)mw_set_int(&r, MW_AS_PARAM, "size", INT64_C(1) << 40 | i);
	(void)mw_set_real(&r, MW_AS_PARAM, "share", 0.1);
	(void)mw_set_real(&r, MW_AS_PARAM, "whole", 3.0); /* must not come back as an integer */
	(void)mw_set_text(&r, MW_AS_PARAM, "pages", "thp");
	(void)mw_set_int(&r, MW_AS_OBSERVED, "cpu", -1);
	(void)mw_set_real(&r, MW_AS_OBSERVED, "nothing", (double)NAN);
	(void)mw_set_text(&r, MW_AS_OBSERVED, "text", "tab\t \"quote\" \\ \xc3\xa9");
	mw_record_method(&r, "pointer-chase", 1);
	r.method_version = 3;
	r.value = 0.1 + 0.2; /* needs all 17 digits */
	r.ci_lo = 0.29;
	r.ci_hi = 1.0 / 3.0;
	r.min = 1e-300;
	r.max = 1.7976931348623157e308;
	r.n = 9;
	r.n_samples = 3;
	r.samples = calloc(3, sizeof(*r.samples));
	r.samples[0] =
		(struct mw_sample){.value = 0.3, .t_ns = INT64_MAX, .round = UINT32_MAX, .state = 1, .flags = 0xf};
	r.samples[1] = (struct mw_sample){.value = (double)NAN, .t_ns = 5, .round = 1};
	r.samples[2] = (struct mw_sample){.value = -1.5, .t_ns = 6, .round = 2, .state = 7};
	mw_record_note(&r, "a note");
	return r;
}

static inline void add_record(struct results *r, struct mw_record rec)
{
	cr_assert_eq(mw_records_add(&r->records, &rec), 0);
	mw_record_fini(&rec);
}

static inline void set_text(char **dst, const char *text)
{
	cr_assert_eq(mw_text_set(dst, text), 0);
}

static inline void full_results(struct results *r)
{
	static char a0[] = "memwall", a1[] = "run", a2[] = "--output=/home/user/x";
	char *argv[] = {a0, a1, a2};
	results_init(r);
	static const struct {
		size_t offset;
		const char *text;
	} texts[] = {
		{offsetof(struct results, info.version), "0.1.0"},
		{offsetof(struct results, info.commit), "abcdef"},
		{offsetof(struct results, info.compiler), "gcc 12.2.0"},
		{offsetof(struct results, info.flags), "-O2 -I/usr/include/x"},
		{offsetof(struct results, info.profile), "quick"},
		{offsetof(struct results, info.started), "2026-01-31T12:00:00Z"},
		{offsetof(struct results, host.hostname), "node-17"},
		{offsetof(struct results, host.cpu_model), "CPU <model> & co"},
		{offsetof(struct results, host.microcode), "0x1"},
		{offsetof(struct results, host.isa), "portable avx2"},
		{offsetof(struct results, host.kernel), "6.1"},
		{offsetof(struct results, host.virtualization), "kvm"},
		{offsetof(struct results, host.governor), "performance"},
		{offsetof(struct results, host.turbo), "on"},
		{offsetof(struct results, host.thp), "madvise"},
		{offsetof(struct results, host.numa_balancing), "off"},
		{offsetof(struct results, host.mem_kinds), "6 x 32 GiB DDR5 4800 MT/s 2 ranks"},
		{offsetof(struct results, host.mem_peak_source), "6 channels x 4800 MT/s x 8 byte"},
		{offsetof(struct results, host.mitigations), "meltdown: PTI"},
		{offsetof(struct results, host.mem_limit_source), "cgroup v2 memory.max"},
	};
	struct mw_host *h = &r->host;
	cr_assert_eq(mw_host_set_nodes(h, 2), 0);
	struct mw_host_node *nodes = h->nodes;
	int *distances = h->distances;
	*h = (struct mw_host){.n_cpus = 4,
			      .n_cores = 3,
			      .n_sockets = 2,
			      .smt = 1,
			      .page_bytes = 4096,
			      .hugepages_2m_free = 0,
			      .l1d_bytes = 49152,
			      .l2_bytes = 1 << 20,
			      .l3_bytes = 32 << 20,
			      .l3_instances = 2,
			      .llc_total_bytes = 64 << 20,
			      .mem_total = UINT64_C(1) << 45,
			      .mem_available = UINT64_C(1) << 44,
			      .cpu_quota = 1.5,
			      .n_cpu_nodes = 1,
			      .mem_slots = 12,
			      .mem_modules = 6,
			      .mem_channels = 6,
			      .mem_channels_all = 6,
			      .mem_mts = 4800,
			      .mem_rated_mts = 4800,
			      .mem_peak = 230.4,
			      .edac_corrected_during = MW_COUNT_UNKNOWN,
			      .edac_uncorrected_during = MW_COUNT_UNKNOWN,
			      .throttled_during = MW_COUNT_UNKNOWN,
			      .n_nodes = 2,
			      .nodes = nodes,
			      .distances = distances};
	nodes[0] = (struct mw_host_node){.id = 0, .bytes = 1 << 30};
	nodes[1] = (struct mw_host_node){.id = 3, .bytes = MW_COUNT_UNKNOWN, .memory_only = true};
	memcpy(distances, (const int[]){10, 21, 21, 0}, 4 * sizeof(int));
	r->info.seed = UINT64_MAX;
	r->info.elapsed_s = 87.25;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		set_text((char **)(void *)((char *)r + texts[i].offset), texts[i].text);
	cr_assert_eq(results_set_argv(r, 3, argv), 0);
	add_record(r, full_record(1));
	struct mw_record rec;
	mw_record_init(&rec, "pim", "and", "time", MW_NS);
	mw_record_set(&rec, 12.5, MW_MODELLED, "Ambit, MICRO 2017");
	add_record(r, rec);
	mw_record_init(&rec, "trend", "dram", "rate", MW_RATIO);
	mw_record_set(&rec, 1.6, MW_REFERENCE, "AI and Memory Wall, 2024");
	add_record(r, rec);
	mw_record_init(&rec, "energy", "package", "power", MW_WATT);
	mw_record_unavailable(&rec, "perf PMU `power` absent: virtual machine");
	add_record(r, rec);
	cr_assert_eq(results_skip(r, "interconnect", "MPI is not installed"), 0);
	cr_assert_eq(results_partial(r, "interrupted by SIGINT"), 0);
}

/* Figures that a page has whatever its run holds: those of section "The wall". */
enum { OWN_FIGURES = 6 };

#endif
