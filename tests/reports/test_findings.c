/* Each rule of the findings: one machine on which it applies, and one on which it does not. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/findings.h"

static void set(char **to, const char *text)
{
	cr_assert_eq(mw_text_set(to, text), 0);
}

static void add_read(struct results *r, double gbps)
{
	struct mw_record rec;
	mw_record_init(&rec, "bandwidth", "dram-read-peak", "bandwidth", MW_GBPS);
	rec.value = gbps;
	cr_assert_eq(mw_records_take(&r->records, &rec), 0);
}

static void add_level(struct results *r, const char *level, double bytes, const char *agrees)
{
	struct mw_record rec;
	mw_record_init(&rec, "latency", "level", "level_size", MW_BYTE);
	rec.value = bytes;
	cr_assert_eq(mw_set_text(&rec, MW_AS_PARAM, "level", level), 0);
	cr_assert_eq(mw_set_int(&rec, MW_AS_OBSERVED, "reported", 32 << 20), 0);
	cr_assert_eq(mw_set_text(&rec, MW_AS_OBSERVED, "agrees", agrees), 0);
	cr_assert_eq(mw_records_take(&r->records, &rec), 0);
}

/* A machine with nothing to say about. */
static void sound(struct results *r)
{
	struct mw_host *h = &r->host;
	results_init(r);
	h->edac_corrected = h->edac_uncorrected = h->throttled = h->swap_used = 0;
	h->edac_corrected_during = h->edac_uncorrected_during = h->throttled_during = 0;
	h->mem_channels = h->mem_channels_all = h->mem_modules = h->mem_slots = 8;
	h->mem_mts = h->mem_rated_mts = 4800;
	h->n_sockets = h->n_cpu_nodes = h->n_nodes = 2;
	h->n_cpus = 64;
	h->cpu_quota = 64;
	set(&h->mem_kinds, "8 x 32 GiB DDR5 4800 MT/s");
	set(&h->governor, "performance");
	set(&h->thp, "madvise");
	set(&h->numa_balancing, "off");
	set(&h->mitigations, "spectre_v1: usercopy/swapgs barriers");
	set(&h->virtualization, "none");
	add_level(r, "l2", 1 << 20, "yes");
}

static void errors_uncorrected(struct results *r)
{
	r->host.edac_uncorrected_during = 1;
}
static void errors_before(struct results *r)
{
	r->host.edac_corrected = 3;
}
static void errors_during(struct results *r)
{
	r->host.edac_corrected_during = 3;
}
static void hot(struct results *r)
{
	r->host.throttled_during = 2;
}
static void empty_channel(struct results *r)
{
	r->host.mem_channels = 6;
}
static void empty_slot(struct results *r)
{
	r->host.mem_channels = r->host.mem_channels_all = 0;
	r->host.mem_modules = 4;
}
static void unequal(struct results *r)
{
	set(&r->host.mem_kinds, "7 x 32 GiB DDR5; 1 x 16 GiB DDR5");
}
static void slow(struct results *r)
{
	r->host.mem_mts = 4400;
}
static void low(struct results *r)
{
	r->host.mem_peak = 300;
	add_read(r, 150);
}
static void good(struct results *r)
{
	r->host.mem_peak = 300;
	add_read(r, 240);
}
static void above(struct results *r)
{
	r->host.mem_peak = 300;
	add_read(r, 301);
}
static void small_cache(struct results *r)
{
	add_level(r, "l3", (double)NAN, "no: not found");
}
static void nps(struct results *r)
{
	r->host.n_cpu_nodes = 8;
}
static void powersave(struct results *r)
{
	set(&r->host.governor, "powersave");
}
static void never(struct results *r)
{
	set(&r->host.thp, "never");
}
static void balancing(struct results *r)
{
	set(&r->host.numa_balancing, "on");
}
static void swapping(struct results *r)
{
	r->host.swap_used = 1 << 20;
}
static void quota(struct results *r)
{
	r->host.cpu_quota = 1.5;
}
static void pti(struct results *r)
{
	set(&r->host.mitigations, "meltdown: PTI; spectre_v1: barriers; spectre_v2: Retpolines");
}
static void guest(struct results *r)
{
	set(&r->host.virtualization, "kvm");
}

static const struct {
	const char *id;
	enum finding_severity severity;
	void (*make)(struct results *r);
	const char *evidence;
} rows[] = {
	{"errors-uncorrected", FINDING_SERIOUS, errors_uncorrected, "0 before the run, 1 during it"},
	{"errors-corrected", FINDING_WARNING, errors_before, "3 before the run, 0 during it"},
	{"errors-corrected", FINDING_SERIOUS, errors_during, "0 before the run, 3 during it"},
	{"throttled", FINDING_SERIOUS, hot, "2 times"},
	{"channels-empty", FINDING_WARNING, empty_channel, "6 of 8"},
	{"slots-empty", FINDING_NOTE, empty_slot, "4 of 8"},
	{"modules-unequal", FINDING_WARNING, unequal, "7 x 32 GiB DDR5; 1 x 16 GiB"},
	{"modules-slow", FINDING_WARNING, slow, "4400 MT/s of 4800 MT/s"},
	{"peak-share-low", FINDING_WARNING, low, "150 of 300 GB/s"},
	{"peak-share", FINDING_NOTE, good, "80 %"},
	{"peak-exceeded", FINDING_WARNING, above, "301 of 300"},
	{"cache-size", FINDING_WARNING, small_cache, "l3: not found, reported 32 MiB"},
	{"nodes-per-socket", FINDING_NOTE, nps, "8 nodes with CPUs, 2 sockets"},
	{"governor", FINDING_WARNING, powersave, "powersave"},
	{"thp-never", FINDING_WARNING, never, "never"},
	{"numa-balancing", FINDING_WARNING, balancing, "on, 2 nodes"},
	{"swap", FINDING_WARNING, swapping, "1 MiB"},
	{"cpu-quota", FINDING_WARNING, quota, "time of 1.5 CPUs for 64"},
	{"mitigations", FINDING_NOTE, pti, "meltdown: PTI; spectre_v2: Retpolines"},
	{"virtualised", FINDING_NOTE, guest, "kvm"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

Test(findings, none_on_a_sound_machine)
{
	struct results r;
	struct findings f;
	sound(&r);
	cr_assert_eq(findings_of(&r, &f), 0);
	cr_assert_eq(f.n, 0, "%s", f.n ? f.v[0].rule->id : "");
	findings_fini(&f);
	results_fini(&r);
}

/* What is not known is no finding. */
Test(findings, none_of_the_unknown)
{
	struct results r;
	struct findings f;
	results_init(&r);
	cr_assert_eq(findings_of(&r, &f), 0);
	cr_assert_eq(f.n, 0, "%s", f.n ? f.v[0].rule->id : "");
	r.host.n_cpus = 4;
	r.host.cpu_quota = 4;
	r.host.mem_peak = 300; /* but nothing was measured */
	r.host.n_nodes = 1;
	set(&r.host.numa_balancing, "on"); /* of no effect on one node */
	cr_assert_eq(findings_of(&r, &f), 0);
	cr_assert_eq(f.n, 0, "%s", f.n ? f.v[0].rule->id : "");
	findings_fini(&f);
	results_fini(&r);
}

Test(findings, each_rule_alone)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct results r;
		struct findings f;
		sound(&r);
		rows[i].make(&r);
		cr_assert_eq(findings_of(&r, &f), 0);
		cr_assert_eq(f.n, 1, "%s: %zu", rows[i].id, f.n);
		cr_assert_str_eq(f.v[0].rule->id, rows[i].id);
		cr_assert_eq(f.v[0].severity, rows[i].severity, "%s", rows[i].id);
		cr_assert(strstr(f.v[0].evidence, rows[i].evidence), "%s: '%s'", rows[i].id, f.v[0].evidence);
		findings_fini(&f);
		results_fini(&r);
	}
	for (const struct finding_rule *rule = finding_rules; rule->id; rule++) {
		size_t tested = 0;
		for (size_t i = 0; i < ROWS; i++)
			tested += strcmp(rows[i].id, rule->id) == 0;
		cr_assert_gt(tested, 0, "%s is not tested", rule->id);
		cr_assert(rule->words[0] && rule->todo[0]);
	}
}

Test(findings, gravest_first)
{
	struct results r;
	struct findings f;
	struct grid g;
	sound(&r);
	guest(&r);
	powersave(&r);
	hot(&r);
	cr_assert_eq(findings_of(&r, &f), 0);
	cr_assert_eq(f.n, 3);
	cr_assert_str_eq(f.v[0].rule->id, "throttled");
	cr_assert_str_eq(f.v[1].rule->id, "governor");
	cr_assert_str_eq(f.v[2].rule->id, "virtualised");
	cr_assert_eq(findings_grid(&f, &g), 0);
	cr_assert_eq(g.n_rows, 3);
	cr_assert_str_eq(g.cells[0], "serious");
	grid_fini(&g);
	findings_fini(&f);
	results_fini(&r);
}
