#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/energy.h"
#include "bench/energy_window.h"
#include "energy/model/dram_part_text.h"

extern const struct bench bench_energy;

/* A machine that draws 20 W (package) and 3 W (DRAM), counted in 1e-6 J once per millisecond of the same clock. The
 * third counter is stuck. */
struct fake {
	uint64_t begin;
	int reads_left; /* then every read fails */
};
static struct fake the_fake;
static int opened; /* and not closed */

static int fake_open(const char *root, void **state, char *why, size_t n)
{
	(void)root;
	(void)snprintf(why, n, "a domain that nobody needs");
	the_fake = (struct fake){.begin = mw_now_ns(), .reads_left = 1 << 30};
	*state = &the_fake;
	opened++;
	return 0;
}

static size_t fake_domains(const void *state, struct energy_domain *v, size_t max)
{
	(void)state;
	cr_assert_geq(max, 3);
	v[0] = (struct energy_domain){.name = "package-0", .kind = "package", .unit_j = 1e-6};
	v[1] = (struct energy_domain){.name = "package-0/dram", .kind = "dram", .unit_j = 1e-6};
	v[2] = (struct energy_domain){.name = "psys", .kind = "psys", .socket = -1, .unit_j = 1e-6};
	return 3;
}

static int fake_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	struct fake *f = state;
	if (f->reads_left-- <= 0)
		return mw_fail(-EIO, why, n, "the counter went away");
	uint64_t ms = (mw_now_ns() - f->begin) / 1000000;
	memset(r, 0, sizeof(*r));
	r->t_ns = f->begin + ms * 1000000; /* when the counters last moved: no error from the sampling */
	r->ticks[0] = ms * 20000;
	r->ticks[1] = ms * 3000;
	return 0;
}

static void fake_close(void *state)
{
	(void)state;
	opened--;
}

static const struct energy_meter fake_meter = {.name = "fake",
					       .summary = "for the test",
					       .open = fake_open,
					       .domains = fake_domains,
					       .read = fake_read,
					       .close = fake_close};

static struct mw_team *one_or_two(void)
{
	char err[200];
	struct mw_team *team = NULL;
	const int cpus[] = {0, 1};
	int n = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;
	if (mw_team_create(cpus, n, &team, err, sizeof(err)))
		cr_skip_test("no team: %s", err);
	return team;
}

Test(energy_window, powers)
{
	struct mw_team *team = one_or_two();
	struct window_meter w = {.m = &fake_meter};
	struct window win;
	char err[200] = "";
	cr_assert_eq(fake_open("/", &w.state, err, sizeof(err)), 0);
	w.n = fake_domains(w.state, w.d, METER_MAX_DOMAINS);
	const size_t bytes = 8u << 20;
	char *buf = aligned_alloc(4096, bytes);
	memset(buf, 1, bytes);
	for (int load = 0; load < 2; load++) {
		int rc = load ? window_load(&w, team, buf, bytes, 0.1, NULL, &win, err, sizeof(err))
			      : window_idle(&w, 0.1, NULL, &win, err, sizeof(err));
		cr_assert_eq(rc, 0, "%s", err);
		cr_assert(win.aligned);
		cr_assert_geq(win.seconds, 0.098);
		double j[2];
		for (size_t i = 0; i < 2; i++)
			cr_assert_eq(energy_joules(&w.d[i], i, &win.a, &win.b, &j[i], err, sizeof(err)), 0, "%s", err);
		cr_assert(fabs(j[0] / win.seconds - 20.0) < 1e-6, "%g W", j[0] / win.seconds);
		cr_assert(fabs(j[1] / win.seconds - 3.0) < 1e-6);
		cr_assert_eq(energy_joules(&w.d[2], 2, &win.a, &win.b, &j[0], err, sizeof(err)), -EIO);
		cr_assert_eq(win.bytes > 0, load == 1);
	}
	atomic_int stop = 1;
	cr_assert_eq(window_idle(&w, 3600, &stop, &win, err, sizeof(err)), MW_ECANCELLED);
	cr_assert_eq(window_load(&w, team, buf, bytes, 3600, &stop, &win, err, sizeof(err)), MW_ECANCELLED);
	cr_assert_eq(window_load(&w, team, buf, 100, 0.1, NULL, &win, err, sizeof(err)), -EINVAL);
	the_fake.reads_left = 0;
	cr_assert_eq(window_load(&w, team, buf, bytes, 0.1, NULL, &win, err, sizeof(err)), -EIO);
	cr_assert_str_eq(err, "the counter went away");
	free(buf);
	mw_team_destroy(team);
}

/* Counters that stand still at first, read by a thread that is put off for longer than an edge is waited for. */
static int put_off_read(void *state, struct energy_reading *r, char *why, size_t n)
{
	int *reads = state;
	(void)why, (void)n;
	memset(r, 0, sizeof(*r));
	r->t_ns = mw_now_ns();
	r->ticks[0] = ++*reads > 2;
	if (*reads == 2)
		(void)usleep(60000);
	return 0;
}

Test(energy_window, an_edge_is_seen_however_late)
{
	static const struct energy_meter put_off = {.name = "put-off", .read = put_off_read};
	int reads = 0;
	struct window_meter w = {.m = &put_off, .state = &reads, .n = 1};
	struct energy_reading r;
	bool moved = false;
	char err[200] = "";
	cr_assert_eq(window_edge(&w, &r, &moved, err, sizeof(err)), 0, "%s", err);
	cr_assert(moved && r.ticks[0] == 1);
	cr_assert_eq(reads, 3);
}

/* ---- the benchmark as a whole ---- */

struct bed {
	struct bench_ctx ctx;
	struct mw_topology topo;
	struct bench_profile profile;
	struct mw_opts opts;
	struct mw_records earlier, out;
	atomic_int stop;
};

static int keep(void *self, const struct mw_record *r)
{
	return mw_records_add(self, r);
}

static struct bed *make_bed(const char *option)
{
	struct bed *b = calloc(1, sizeof(*b));
	char err[200] = "";
	char *argv[] = {(char *)(uintptr_t) "energy", (char *)(uintptr_t)option, NULL};
	const struct mw_option *const tables[] = {bench_energy.options};
	cr_assert_eq(mw_opts_parse(&b->opts, tables, 1, option ? 2 : 1, argv, err, sizeof(err)), 0, "%s", err);
	b->profile = (struct bench_profile){.name = "tiny",
					    .target = 0.5,
					    .min_rounds = 2,
					    .max_rounds = 2,
					    .visits = 2,
					    .sample_s = 0.05,
					    .max_bytes = 16u << 20};
	b->topo.host.mem_available = 64u << 20;
	b->topo.host.llc_total_bytes = 2u << 20;
	b->ctx = (struct bench_ctx){.topo = &b->topo,
				    .profile = &b->profile,
				    .opts = &b->opts,
				    .earlier = &b->earlier,
				    .stop = &b->stop,
				    .team = one_or_two(),
				    .start_ns = mw_now_ns(),
				    .deadline_ns = mw_now_ns() + 600000000000u,
				    .seed = 1};
	cr_assert_eq(mw_arenas_create(64u << 20, &b->ctx.arenas), 0);
	return b;
}

static void free_bed(struct bed *b)
{
	mw_arenas_destroy(b->ctx.arenas);
	mw_team_destroy(b->ctx.team);
	mw_opts_fini(&b->opts);
	mw_records_fini(&b->earlier);
	mw_records_fini(&b->out);
	free(b);
}

static const struct mw_record *find(const struct bed *b, const char *case_name, const char *metric, const char *domain)
{
	for (size_t i = 0; i < b->out.n; i++) {
		const struct mw_record *r = &b->out.v[i];
		if (strcmp(r->case_name, case_name) == 0 && strcmp(r->metric, metric) == 0 &&
		    (!domain || strcmp(mw_kv_str(&r->params, "domain", ""), domain) == 0))
			return r;
	}
	cr_assert_fail("no record %s/%s %s", case_name, metric, domain ? domain : "");
	return NULL;
}

static void run_bed(struct bed *b, const struct energy_meter *m, int want)
{
	const struct mw_sink sink = {keep, &b->out};
	char err[300] = "";
	void *state = NULL;
	int rc = energy_begin_with(&b->ctx, m, &state, err, sizeof(err));
	for (b->ctx.visit = 0; rc == 0 && b->ctx.visit < b->profile.visits; b->ctx.visit++) {
		/* Counters that nobody reads while others are visited could wrap unseen. */
		cr_assert_eq(opened, 0);
		rc = bench_energy.visit(&b->ctx, state, err, sizeof(err));
	}
	cr_assert_eq(opened, 0);
	if (rc >= 0)
		rc = bench_energy.finish(&b->ctx, state, &sink, err, sizeof(err));
	cr_assert_eq(rc, want, "%d %s", rc, err);
	bench_energy.end(state);
}

Test(energy_bench, measured_and_modelled_stay_apart)
{
	struct bed *b = make_bed("--sample-time=0.06");
	static const struct {
		const char *name;
		double value;
	} reads[] = {{"dram-read", 45}, {"dram-read-peak", 35}, {"dram-read-peak", 40}, {"l2-read", 900}};
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct mw_record bw;
		mw_record_init(&bw, "bandwidth", reads[i].name, "bandwidth", MW_GBPS);
		mw_record_set(&bw, reads[i].value, MW_MEASURED, "");
		cr_assert_eq(mw_records_add(&b->earlier, &bw), 0);
		mw_record_fini(&bw);
	}
	/* The best of the kernels as bandwidth says it, not the largest of their values. */
	cr_assert_eq(energy_read_bandwidth(&b->earlier)->value, 40);
	run_bed(b, &fake_meter, 0);
	static const char *const states[] = {"idle", "read-load"};
	for (size_t i = 0; i < 2; i++) {
		const struct mw_record *r = find(b, states[i], "power", "package-0");
		cr_assert_eq(r->provenance, MW_MEASURED);
		cr_assert_eq(r->unit, MW_WATT);
		cr_assert(fabs(r->value - 20.0) < 1e-6, "%g", r->value);
		cr_assert_eq(r->n, 2);
		cr_assert_str_eq(mw_kv_str(&r->params, "meter", ""), "fake");
		cr_assert_eq(find(b, states[i], "window_energy", "package-0")->unit, MW_JOULE);
		r = find(b, states[i], "power", "package-0/dram");
		cr_assert(fabs(r->value - 3.0) < 1e-6, "%g", r->value);
		/* A counter that stands still is no measurement of 0 W. */
		r = find(b, states[i], "power", "psys");
		cr_assert_eq(r->provenance, MW_UNAVAILABLE);
		cr_assert(isnan(r->value) && strstr(r->note, "did not move"), "%s", r->note);
	}
	cr_assert(find(b, "read-load", "upper_bound_per_byte", "package-0/dram")->value > 0);
	cr_assert(find(b, "read-load", "bandwidth", NULL)->value > 0);
	const struct mw_record *meter = find(b, "meter", "domains", NULL);
	cr_assert_eq(meter->value, 3);
	cr_assert(strstr(meter->note, "nobody needs"), "%s", meter->note);

	const struct mw_record *pj = find(b, "dram-model", "read_energy", NULL);
	const struct mw_record *w = find(b, "dram-model", "read_power", NULL);
	cr_assert_eq(pj->provenance, MW_MODELLED);
	cr_assert_eq(w->provenance, MW_MODELLED);
	cr_assert(strstr(w->source, "ddr4-3200-x8") && strstr(w->note, "40 GB/s"), "%s", w->note);
	/* 1 GB/s of 1 pJ/byte is 1 mW. */
	cr_assert(fabs(w->value - 40.0 * pj->value * 1e-3) < 1e-6 * w->value, "%g W, %g pJ/byte", w->value, pj->value);
	cr_assert(pj->min < pj->value && pj->value < pj->max);
	free_bed(b);
}

Test(energy_bench, parts_of_the_user_are_priced_under_a_name_of_their_own)
{
	char path[] = "/tmp/energy-part-XXXXXX", option[64];
	struct mw_buf text = {0};
	struct dram_part p = *dram_part_find("ddr4-3200-x8");
	p.idd4r = 52 + 2 * (168 - 52); /* bursts of twice the energy */
	dram_part_print(&p, &text);
	int fd = mkstemp(path);
	cr_assert_eq(write(fd, text.p, text.len), (ssize_t)text.len);
	(void)close(fd);
	(void)snprintf(option, sizeof(option), "--part=%s", path);
	struct bed *b = make_bed(option), *plain = make_bed("--row-hit=0.9");
	static const struct energy_meter *const none = NULL;
	run_bed(b, none, 0);
	run_bed(plain, none, 0);
	const struct mw_record *r = find(b, "dram-model", "read_energy", NULL),
			       *q = find(plain, "dram-model", "read_energy", NULL);
	/* 8 bytes of a chip: V (IDD4R - IDD3N) 8 beats at 3.2 GT/s, once more. */
	cr_assert_float_eq(r->max - q->max, 1.2 * 116 * 2.5 / 8, 1e-9);
	cr_assert(strncmp(mw_kv_str(&r->params, "dram", ""), "ddr4-3200-x8@", 13) == 0);
	cr_assert_str_eq(mw_kv_str(&q->params, "dram", ""), "ddr4-3200-x8");
	free_bed(b);
	free_bed(plain);
	mw_buf_fini(&text);
	(void)unlink(path);
}

Test(energy_bench, without_bandwidth_or_meter)
{
	struct bed *b = make_bed("--dram=ddr5-4800-x8");
	cr_assert_null(energy_read_bandwidth(&b->earlier));
	static const struct energy_meter *const none = NULL;
	run_bed(b, none, 0);
	const struct mw_record *r = find(b, "dram-model", "read_power", NULL);
	cr_assert_eq(r->provenance, MW_UNAVAILABLE);
	cr_assert(strstr(r->note, "bandwidth"), "%s", r->note);
	cr_assert(find(b, "dram-model", "write_energy", NULL)->value > 0);
	/* Either this machine has counters, or each meter says why not. */
	size_t refused = 0, meters = 0, measured = 0;
	for (size_t i = 0; i < b->out.n; i++) {
		const struct mw_record *m = &b->out.v[i];
		if (strcmp(m->case_name, "meter") != 0)
			continue;
		refused += m->provenance == MW_UNAVAILABLE && m->note[0];
		measured += m->provenance == MW_MEASURED;
	}
	for (const struct energy_meter *const *m = meter_table; *m; m++)
		meters++;
	cr_assert(measured == 1 || refused == meters, "%zu measured, %zu of %zu refused", measured, refused, meters);
	free_bed(b);
}
