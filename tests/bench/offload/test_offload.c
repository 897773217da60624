#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "bench/offload/offload.h"
#include "bench/rounds.h"
#include "tests/bench/context.h"

static const struct bench_profile profile = {"tiny", 20, 0.5, 2, 2, 0.0005, 64 << 20, 2};

static char f_why[200];

struct fixture {
	struct mw_topology topo;
	struct mw_arenas *arenas;
	struct mw_team *team;
	struct mw_opts opts;
	struct mw_records seen, none;
	atomic_int stop;
	size_t room; /* records that find a place; 0: all */
	const struct mw_sample_sink *samples;
	unsigned visits; /* 0: those of the profile */
	int (*measure)(struct bench_ctx *ctx, const struct bench *b, const struct mw_sink *sink, char *err, size_t n);
	char err[300];
};

/* A machine in one topology state: one record of each point, whatever the real one does meanwhile. */
static uint64_t calm_now(void *self)
{
	(void)self;
	return mw_now_ns();
}

static double calm_c2c(void *self, int threads)
{
	(void)self;
	(void)threads;
	return 50.0;
}

static void calm_before(void *self)
{
	(void)self;
}

static uint32_t calm_after(void *self)
{
	(void)self;
	return 0;
}

static const struct rounds_machine calm = {NULL, calm_now, calm_c2c, calm_before, calm_after};

static int keep(void *self, const struct mw_record *r)
{
	struct fixture *f = self;
	if (f->room && f->seen.n == f->room)
		return -ENOSPC;
	return mw_records_add(&f->seen, r);
}

/* Runs the benchmark with these words as its command line. */
static int run_with(struct fixture *f, uint64_t max_bytes, int argc, const char *const *args)
{
	char *argv[8] = {NULL};
	for (int i = 0; i < argc; i++)
		argv[i + 1] = strdup(args[i]);
	int rc = mw_opts_parse(&f->opts, &bench_find("offload")->options, 1, argc + 1, argv, f->err, sizeof(f->err));
	int cpus[MW_MAX_CPUS];
	if (rc == 0) {
		cr_assert_eq(mw_topology_read("/", NULL, &f->topo, f->err, sizeof(f->err)), 0, "%s", f->err);
		int n = mw_topology_cpu_ids(&f->topo, cpus, MW_MAX_CPUS);
		cr_assert_eq(mw_team_create(cpus, n > 2 ? 2 : n, &f->team, f->err, sizeof(f->err)), 0, "%s", f->err);
		cr_assert_eq(mw_arenas_create(max_bytes, &f->arenas), 0);
		struct bench_profile visited = profile;
		visited.visits = f->visits ? f->visits : profile.visits;
		visited.max_rounds = visited.visits > 2 ? 6 : profile.max_rounds;
		struct bench_ctx ctx = {.topo = &f->topo,
					.arenas = f->arenas,
					.team = f->team,
					.profile = &visited,
					.opts = &f->opts,
					.earlier = &f->none,
					.stop = &f->stop,
					.start_ns = mw_now_ns(),
					.deadline_ns = mw_now_ns() + 600000000000u,
					.share_s = 600,
					.seed = 1,
					.machine = &calm,
					.samples = f->samples,
					.named = true};
		const struct mw_sink sink = {keep, f};
		rc = (f->measure ? f->measure : test_run_ctx)(&ctx, bench_find("offload"), &sink, f->err,
							      sizeof(f->err));
	}
	for (int i = 0; i < argc; i++)
		free(argv[i + 1]);
	return rc;
}

static int run(struct fixture *f, int argc, const char *const *args)
{
	memset(f, 0, sizeof(*f));
	return run_with(f, 256 << 20, argc, args);
}

static void finish(struct fixture *f)
{
	mw_records_fini(&f->seen);
	mw_opts_fini(&f->opts);
	mw_team_destroy(f->team);
	mw_arenas_destroy(f->arenas);
	mw_topology_fini(&f->topo);
}

/* The record of that case and metric whose params hold every "key=value" of where; at most one. */
static const struct mw_record *find(const struct fixture *f, const char *name, const char *metric, const char *where)
{
	const struct mw_record *found = NULL;
	for (size_t i = 0; i < f->seen.n; i++) {
		const struct mw_record *r = &f->seen.v[i];
		char text[400], words[200];
		char *params = mw_kv_format(&r->params);
		bool all = strcmp(r->case_name, name) == 0 && strcmp(r->metric, metric) == 0;
		(void)snprintf(text, sizeof(text), ";%s;", params);
		free(params);
		(void)snprintf(words, sizeof(words), "%s", where);
		char *save = NULL;
		for (char *w = strtok_r(words, " ", &save); w && all; w = strtok_r(NULL, " ", &save)) {
			char pair[120];
			(void)snprintf(pair, sizeof(pair), ";%s;", w);
			all = strstr(text, pair) != NULL;
		}
		if (all) {
			cr_assert_null(found, "two records %s %s with %s", name, metric, where);
			found = r;
		}
	}
	return found;
}

static void check_derived(const struct fixture *f)
{
	size_t speedups = 0;
	for (size_t i = 0; i < f->seen.n; i++) {
		const struct mw_record *r = &f->seen.v[i];
		bool host = strcmp(mw_kv_str(&r->params, "device", ""), "host") == 0;
		cr_assert(r->declared && !r->row, "%s %s was not closed", r->case_name, r->metric);
		if (strcmp(r->metric, "speedup") == 0) {
			speedups++;
			double h = mw_kv_find(&r->observed, "host_ns")->r, d = mw_kv_find(&r->observed, "device_ns")->r;
			cr_assert_eq(r->provenance, MW_MODELLED, "measured over modelled is modelled");
			cr_assert(fabs(r->value / (h / d) - 1) < 1e-12);
			bool dram = strncmp(mw_kv_str(&r->params, "device", ""), "ambit", 5) == 0;
			cr_assert_eq(mw_kv_int(&r->observed, "channels", 0), dram ? 1 : 0);
			cr_assert_eq(mw_kv_int(&r->observed, "ranks", 0), dram ? 1 : 0);
			cr_assert_eq(mw_kv_int(&r->observed, "banks", 0), dram ? 16 : 0);
			/* Against more than one thread: of a host in one topology state. */
			int64_t threads = mw_kv_int(&r->observed, "by_threads", 0);
			cr_assert_str_eq(mw_kv_str(&r->params, "state", ""), threads == 1 ? "" : "one");
		}
		if (r->provenance == MW_MODELLED) {
			cr_assert(!host && r->source[0] && isfinite(r->value), "%s %s", r->case_name, r->metric);
		}
		if (host)
			cr_assert_neq(r->provenance, MW_MODELLED);
		for (size_t k = 0; k < i; k++)
			cr_assert(!mw_record_same_identity(r, &f->seen.v[k]), "%s %s twice", r->case_name, r->metric);
	}
	cr_assert_gt(speedups, 0);
}

Test(bench_offload, both_sides_of_every_row, .timeout = 300)
{
	struct fixture f;
	const char *args[] = {"--sizes=64K,1M", "--shapes=96x200", "--kernels=and,not,gemv",
			      "--device=ambit:dram=ddr4-3200", "--device=dimc"};
	cr_assert_eq(run(&f, 5, args), 0, "%s", f.err);
	check_derived(&f);
	/* 64 slots of 8 KB on 16 banks: 4 batches; 128 slots per MiB, four commands of 49 ns each and one of two. */
	const struct mw_record *r = find(&f, "and", "time", "vector=1048576 price=unconstrained mode=resident");
	cr_assert(r && r->provenance == MW_MODELLED);
	cr_assert_eq(mw_kv_int(&r->observed, "aap", 0), 128 * 4);
	cr_assert_eq(mw_kv_int(&r->observed, "batches", 0), 8);
	const struct mw_record *power = find(&f, "and", "time", "vector=1048576 price=power-limited mode=resident");
	cr_assert(power && power->value > r->value, "the limit costs time");
	cr_assert(r->min == r->value && r->max == power->value, "both limits stand in either record");
	cr_assert(power->min == r->value && power->max == power->value);
	cr_assert(strstr(r->note, "assumed: 1 memory channel") || strstr(r->note, "of this host"), "%s", r->note);
	const struct mw_record *ratio =
		find(&f, "and", "speedup", "vector=1048576 price=unconstrained mode=resident cache=cold");
	cr_assert(ratio);
	cr_assert_eq(strcmp(mw_kv_str(&ratio->observed, "host_channels", ""), "assumed") == 0,
		     strstr(ratio->note, "assumed: 1 memory channel") != NULL, "%s", ratio->note);
	cr_assert(mw_kv_find(&ratio->observed, "host_channels"));
	const struct mw_record *all = find(&f, "and", "time", "vector=1048576 price=unconstrained mode=end_to_end");
	cr_assert(all && all->value > r->value);
	double parts = mw_kv_find(&all->observed, "in_ns")->r + mw_kv_find(&all->observed, "compute_ns")->r +
		       mw_kv_find(&all->observed, "out_ns")->r + mw_kv_find(&all->observed, "reload_ns")->r;
	cr_assert(fabs(parts / all->value - 1) < 1e-12, "the sum keeps its parts");
	r = find(&f, "gemv", "time", "device=dimc mode=resident");
	cr_assert(r && mw_kv_int(&r->observed, "passes", 0) == 2, "3 x 34 tiles on 64 banks");
	cr_assert_eq(mw_kv_int(&r->observed, "reload_bytes", -1), 96 * 200);
	/* What a device cannot do is said, not left out. */
	r = find(&f, "gemv", "time", "device=ambit:dram=ddr4-3200");
	cr_assert(r && r->provenance == MW_UNAVAILABLE && r->note[0]);
	r = find(&f, "and", "time", "device=dimc");
	cr_assert(r && r->provenance == MW_UNAVAILABLE && strstr(r->note, "int8"));
	r = find(&f, "emulator-and", "emulator_bandwidth", "engine=exact");
	cr_assert(r && r->provenance == MW_MEASURED && r->value > 0);
	finish(&f);
}

/* A channel of ddr5-4800 is 4 bytes wide: 19.2 GB/s, not 38.4. The device says so, not the name of the preset. */
Test(bench_offload, peak_is_that_of_the_device, .timeout = 300)
{
	struct fixture f;
	const char *args[] = {"--sizes=1M", "--kernels=and", "--device=ambit:dram=ddr5-4800,channels=3,limit=none"};
	cr_assert_eq(run(&f, 3, args), 0, "%s", f.err);
	const struct mw_record *r = find(&f, "and", "speedup", "vector=1048576 mode=resident cache=cold");
	cr_assert(r && r->provenance == MW_MODELLED);
	double host = mw_kv_find(&r->observed, "host_gbps")->r, over = mw_kv_find(&r->observed, "host_over_peak")->r;
	cr_assert_eq(mw_kv_int(&r->observed, "channels", 0), 3);
	cr_assert_float_eq(over, host / 57.6, 1e-9 * over, "%g GB/s are %g of the peak", host, over);
	finish(&f);
}

/* The ratio's interval is the host's, through the device's time; what transfers cost is part of one use. */
Test(bench_offload, intervals_and_energy_of_one_use, .timeout = 300)
{
	struct fixture f = {.visits = 3};
	const char *args[] = {"--sizes=64K,1M", "--kernels=and", "--device=ambit:dram=ddr4-3200"};
	cr_assert_eq(run_with(&f, 256 << 20, 3, args), 0, "%s", f.err);
	check_derived(&f);
	size_t intervals = 0;
	for (size_t i = 0; i < f.seen.n; i++) {
		const struct mw_record *r = &f.seen.v[i];
		if (strcmp(r->metric, "speedup") != 0 || !isfinite(r->ci_lo))
			continue;
		cr_expect(r->ci_lo < r->value && r->value < r->ci_hi, "%g in %g..%g", r->value, r->ci_lo, r->ci_hi);
		intervals++;
	}
	cr_expect_gt(intervals, 0);
	double moved[2];
	for (int k = 0; k < 2; k++) {
		char where[120];
		(void)snprintf(where, sizeof(where), "vector=%d price=unconstrained mode=", k ? 1048576 : 65536);
		char resident[160], all[160];
		(void)snprintf(resident, sizeof(resident), "%sresident", where);
		(void)snprintf(all, sizeof(all), "%send_to_end", where);
		const struct mw_record *x = find(&f, "and", "energy", resident), *y = find(&f, "and", "energy", all);
		cr_assert(x && y && isfinite(x->value) && isfinite(y->value));
		moved[k] = y->value - x->value;
		cr_expect(y->min > x->min && y->max > x->max);
	}
	cr_expect(moved[0] > 0 && fabs(moved[1] / moved[0] - 16) < 1e-5, "%g and %g nJ; times are whole ps", moved[0],
		  moved[1]);
	finish(&f);
}

/* Lanes wider than one bit are transposed on their way in and out, and that is a part of its own. */
Test(bench_offload, additions_pay_for_transposing, .timeout = 300)
{
	struct fixture f;
	const char *args[] = {"--sizes=1M", "--kernels=and,add32", "--device=ambit:dram=ddr4-3200,transpose=unit:8"};
	cr_assert_eq(run(&f, 3, args), 0, "%s", f.err);
	check_derived(&f);
	const struct mw_record *host = find(&f, "add32", "time", "device=host cache=cold isa=portable");
	cr_assert(host == NULL || (host->provenance == MW_MEASURED && host->value > 0));
	const struct mw_record *r = find(&f, "add32", "time", "price=unconstrained mode=resident");
	/* 256 Ki lanes: 4 rows of 64 Ki, on 4 of 16 banks. */
	cr_assert(r && mw_kv_int(&r->observed, "batches", 0) == 1);
	const struct mw_record *all = find(&f, "add32", "time", "price=unconstrained mode=end_to_end");
	cr_assert(all && strstr(all->note, "transpose"));
	double transpose = mw_kv_find(&all->observed, "transpose_ns")->r;
	double parts = mw_kv_find(&all->observed, "in_ns")->r + mw_kv_find(&all->observed, "compute_ns")->r +
		       mw_kv_find(&all->observed, "out_ns")->r + transpose;
	cr_assert_eq(transpose, 3 * 131072, "three vectors of 1 MiB at 8 GB/s");
	cr_assert(fabs(parts / all->value - 1) < 1e-12, "the sum keeps its parts");
	r = find(&f, "and", "time", "price=unconstrained mode=end_to_end");
	cr_assert(r && mw_kv_find(&r->observed, "transpose_ns") == NULL);
	finish(&f);
}

Test(bench_offload, one_device_twice_is_refused, .timeout = 60)
{
	struct fixture f;
	const char *args[] = {"--device=dimc", "--device=dimc:macros=2", "--device=dimc:macros=1"};
	cr_assert_eq(run(&f, 3, args), MW_ESPEC, "%s", f.err);
	cr_assert_str_eq(f.err, "--device=dimc:macros=1: dimc is named twice");
	finish(&f);
	args[1] = "--device=ambit:dram=ddr4-3200,limit=none";
	args[2] = "--device=ambit:dram=ddr4-3200";
	cr_assert_eq(run(&f, 3, args), MW_ESPEC, "%s", f.err);
	cr_assert(strstr(f.err, "twice"), "%s", f.err);
	finish(&f);
}

Test(bench_offload, bad_input_is_one_line, .timeout = 60)
{
	static const struct {
		char arg[64], word[32];
	} bad[] = {
		{"--sizes=0", "sizes"},
		{"--sizes=900G", "sizes"},
		{"--sizes=1M,x", "sizes"},
		{"--kernels=nand", "nand"},
		{"--device=ambit:colour=1", "colour"},
		{"--device=nonsense", "nonsense"},
		{"--shapes=768", "shapes"},
		{"--shapes=0x5", "shapes"},
		{"--shapes=5x5y", "shapes"},
		{"--shapes=131071x16777216", "shapes"},
		{"--sizes=64K,1M,65536", "twice"},
		{"--shapes=96x200,768x768,96x200", "twice"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture f;
		const char *args[] = {bad[i].arg};
		cr_assert_eq(run(&f, 1, args), MW_ESPEC, "%s: %s", bad[i].arg, f.err);
		cr_assert(strstr(f.err, bad[i].word), "%s: %s", bad[i].arg, f.err);
		cr_assert_null(strchr(f.err, '\n'), "%s", f.err);
		cr_assert_eq(f.seen.n, 0, "%s: nothing may have been written", bad[i].arg);
		finish(&f);
	}
}

/* One round in each of five visits that agree. */
static void put_samples(struct mw_record *r, double value)
{
	r->n_samples = isnan(value) ? 0 : 5;
	r->samples = calloc(5, sizeof(*r->samples));
	for (uint32_t i = 0; i < r->n_samples; i++)
		r->samples[i] = (struct mw_sample){
			.value = value, .before_ns = NAN, .after_ns = NAN, .t_ns = i, .round = i, .visit = i};
}

static void add(struct mw_records *l, const struct offload_work *w, const char *cache, const char *isa, int threads,
		const char *state, double value)
{
	struct mw_record r;
	offload_record(w, &r, OFFLOAD_HOST_TIME);
	mw_put_text(&r, &mw_key_device, "host");
	mw_put_text(&r, &mw_key_cache, cache);
	mw_put_text(&r, &mw_key_isa, isa);
	mw_put_int(&r, &mw_key_threads, threads);
	if (state)
		mw_put_text(&r, &mw_key_state, state);
	mw_record_set(&r, value, MW_MEASURED, "");
	put_samples(&r, value);
	cr_assert_eq(mw_record_close(&r, f_why, sizeof(f_why)), 0, "%s", f_why);
	cr_assert_eq(mw_records_take(l, &r), 0);
}

static void check_host(const struct offload_host *h, double ns, const char *how, int threads, const char *state)
{
	cr_expect(fabs(h->ns / ns - 1) < 1e-9, "%g", h->ns);
	cr_expect_str_eq(h->how, how);
	cr_expect_eq(h->threads, threads);
	cr_expect_str_eq(h->state, state);
}

/* In each topology state on its own; what runs on one thread stands in any. */
Test(bench_offload, host_is_its_best)
{
	struct bench_ctx ctx = {.earlier = NULL, .profile = &profile};
	struct offload_work w[2] = {{.kind = &offload_bulk, .name = "and", .size = 4096},
				    {.kind = &offload_bulk, .name = "and", .size = 8192}};
	struct offload o = {.ctx = &ctx, .work = w, .n_work = 2};
	add(&o.seen, &w[0], "cold", "avx2", 1, NULL, 900);
	add(&o.seen, &w[0], "cold", "avx512", 2, "near", 700);
	add(&o.seen, &w[0], "cold", "avx512", 2, "far", 1100);
	add(&o.seen, &w[0], "cold", "portable", 2, "far", NAN);
	add(&o.seen, &w[0], "warm", "avx2", 1, NULL, 300);
	add(&o.seen, &w[0], "warm", "avx2", 2, "near", 310);
	add(&o.seen, &w[1], "cold", "avx2", 1, NULL, 100);
	cr_assert_eq(offload_host_pick(&o), 0);
	cr_assert_eq(w[0].n_host[OFFLOAD_COLD], 2);
	check_host(&w[0].host[OFFLOAD_COLD][0], 700, "avx512 x2", 2, "near");
	check_host(&w[0].host[OFFLOAD_COLD][1], 900, "avx2 x1", 1, "far");
	cr_assert_eq(w[0].n_host[OFFLOAD_WARM], 1);
	check_host(&w[0].host[OFFLOAD_WARM][0], 300, "avx2 x1", 1, "");
	cr_assert_eq(w[1].n_host[OFFLOAD_COLD], 1);
	check_host(&w[1].host[OFFLOAD_COLD][0], 100, "avx2 x1", 1, "");
	cr_assert_eq(w[1].n_host[OFFLOAD_WARM], 0, "not measured is not 0");
	offload_texts_free(&o);
	mw_records_fini(&o.seen);
}

static void put(const char *root, const char *path, const char *text)
{
	char full[400];
	(void)snprintf(full, sizeof(full), "%s/sys/devices/system/edac/mc/%s", root, path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(full, 0777);
		*p = '/';
	}
	FILE *f = fopen(full, "w");
	cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", full);
}

Test(bench_offload, channels_from_edac)
{
	char root[] = "/tmp/edac-XXXXXX", command[64];
	cr_assert(mkdtemp(root));
	cr_assert_eq(offload_channels(root), 0, "no driver: unknown");
	/* Two modules on channel 0, one on channel 1, an empty slot on 2; a second controller with one of each naming.
	 */
	static const char *const files[][2] = {
		{"mc0/dimm0/size", "8192\n"}, {"mc0/dimm0/dimm_location", "channel 0 slot 0 \n"},
		{"mc0/dimm1/size", "8192\n"}, {"mc0/dimm1/dimm_location", "channel 0 slot 1 \n"},
		{"mc0/dimm2/size", "8192\n"}, {"mc0/dimm2/dimm_location", "channel 1 slot 0 \n"},
		{"mc0/dimm3/size", "0\n"},    {"mc0/dimm3/dimm_location", "channel 2 slot 0 \n"},
		{"mc1/rank4/size", "8192\n"}, {"mc1/rank4/dimm_location", "csrow 0 channel 1 \n"},
		{"mc1/dimm5/size", "8192\n"}, {"mc1/dimm5/dimm_location", "garbage\n"},
		{"mc1/power/size", "1\n"},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(root, files[i][0], files[i][1]);
	cr_assert_eq(offload_channels(root), 3);
	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

/* A library that gemm measured with weights from memory counts for cold operands; one out of the cache does not. */
Test(bench_offload, library_product_counts)
{
	struct mw_records earlier = {0};
	struct bench_ctx ctx = {.earlier = &earlier, .profile = &profile};
	struct offload_work w = {.kind = &offload_gemv, .name = "gemv", .rows = 3072, .cols = 768};
	struct offload o = {.ctx = &ctx, .work = &w, .n_work = 1, .llc = 32 << 20};
	add(&o.seen, &w, "cold", "avx2", 1, NULL, 60000);
	add(&o.seen, &w, "warm", "avx2", 1, NULL, 20000);
	for (int i = 0; i < 4; i++) {
		static const int64_t weights[] = {256 << 20, 256 << 20, 8 << 20, 256 << 20},
				     k[] = {768, 768, 768, 3072};
		static const double gops[] = {50, 94.37184, 900, 900};
		struct mw_record r;
		mw_record_init(&r, "gemm", "gemv", "op_rate", MW_GOPS);
		(void)mw_set_text(&r, MW_AS_PARAM, "engine", "onednn");
		(void)mw_set_text(&r, MW_AS_PARAM, "dtype", "int8");
		(void)mw_set_int(&r, MW_AS_PARAM, "n", 3072);
		(void)mw_set_int(&r, MW_AS_PARAM, "k", k[i]);
		(void)mw_set_int(&r, MW_AS_PARAM, "threads", 2);
		(void)mw_set_text(&r, MW_AS_PARAM, "state", "one");
		(void)mw_set_int(&r, MW_AS_OBSERVED, "weight_bytes", weights[i]);
		mw_record_set(&r, gops[i], MW_MEASURED, "");
		put_samples(&r, gops[i]);
		cr_assert_eq(mw_records_take(&earlier, &r), 0);
	}
	cr_assert_eq(offload_host_pick(&o), 0);
	cr_assert_eq(w.n_host[OFFLOAD_COLD], 1);
	check_host(&w.host[OFFLOAD_COLD][0], 50000, "gemm: onednn x2", 2, "one"); /* 2 x 768 x 3072 at 94.37 GOP/s */
	check_host(&w.host[OFFLOAD_WARM][0], 20000, "avx2 x1", 1, "");
	offload_texts_free(&o);
	mw_records_fini(&o.seen);
	mw_records_fini(&earlier);
}

/* A full disk is not blamed on the last thing that a device could not do. */
Test(bench_offload, a_record_that_is_not_kept_has_no_stale_cause)
{
	static const char *const args[] = {"--kernels=and,gemv", "--sizes=64K", "--shapes=64x64", "--device=dimc"};
	struct fixture f;
	cr_assert_eq(run(&f, 4, args), 0, "%s", f.err);
	size_t all = f.seen.n, refused = 0;
	while (refused < all && !strstr(f.seen.v[refused].note, "dimc holds"))
		refused++;
	cr_assert_lt(refused + 1, all, "nothing comes after what the device refuses");
	finish(&f);
	memset(&f, 0, sizeof(f));
	f.room = refused + 1;
	cr_assert_eq(run_with(&f, 256 << 20, 4, args), -ENOSPC);
	cr_expect_str_eq(f.err, "", "%s", f.err);
	finish(&f);
}

/* The ends of a short run have time for what is planned: 256 MiB at both limits of one device, in 16 s. */
Test(bench_offload, a_short_run_plans_what_its_end_can_do)
{
	const struct bench *b = bench_find("offload");
	const struct {
		double share_s;
		uint64_t largest;
	} rows[] = {{54, 256u << 20}, {400, 1u << 30}, {8, 64u << 20}};
	struct test_context t;
	test_open(&t, b, (const char *const[]){"--kernels=and,or,xor,add32", "--device=ambit:dram=ddr4-3200", NULL});
	mw_arenas_destroy(t.ctx.arenas);
	cr_assert_eq(mw_arenas_create(UINT64_C(64) << 30, &t.ctx.arenas), 0); /* nothing of it is touched */
	t.profile.min_rounds = 6;
	t.profile.max_bytes = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench_plan plan = {0};
		t.ctx.share_s = rows[i].share_s;
		b->plan(&t.ctx, &plan);
		cr_expect_eq(plan.memory_bytes, 6 * rows[i].largest, "%g s: %llu MiB", rows[i].share_s,
			     (unsigned long long)(plan.memory_bytes >> 20));
	}
	test_close(&t);
}

/* Of sizes and shapes between the smallest and the largest a short share measures one; those asked for stay. */
Test(bench_offload, a_short_share_measures_three_sizes)
{
	const struct bench *b = bench_find("offload");
	static const struct {
		const char *kernels, *asked;
		double share_s;
		unsigned n;
	} rows[] = {{"--kernels=and", NULL, 400, 6},
		    {"--kernels=and", NULL, 16, 3},
		    {"--kernels=and", "--sizes=1M,2M,4M,8M", 16, 4},
		    {"--kernels=gemv", NULL, 400, 6},
		    {"--kernels=gemv", NULL, 16, 3},
		    {"--kernels=gemv", "--shapes=64x64,64x96,96x64,96x96", 16, 4},
		    {"--kernels=and", "--sizes=1M", 16, 1}};
	unsigned one = 0;
	for (size_t i = sizeof(rows) / sizeof(rows[0]); i-- > 0;) {
		struct test_context t;
		struct bench_plan plan = {0};
		test_open(&t, b, (const char *const[]){rows[i].kernels, "--device=dimc", rows[i].asked, NULL});
		mw_arenas_destroy(t.ctx.arenas);
		cr_assert_eq(mw_arenas_create(UINT64_C(64) << 30, &t.ctx.arenas), 0); /* nothing of it is touched */
		t.profile.max_bytes = 0;
		t.profile.min_rounds = 6;
		t.ctx.share_s = rows[i].share_s;
		b->plan(&t.ctx, &plan);
		one = one ? one : plan.points;
		cr_expect_eq(plan.points, rows[i].n * one, "%zu: %u of %u", i, plan.points, one);
		test_close(&t);
	}
	cr_expect_gt(one, 0);
}

/* Default sizes and shapes that do not fit are left out with the limit's name; nobody is blamed for an option. */
Test(bench_offload, what_does_not_fit_is_left_out)
{
	static const char *const args[] = {"--kernels=gemv,and", "--device=ambit"};
	struct fixture f = {.room = 0};
	cr_assert_eq(run_with(&f, 12 << 20, 2, args), 0, "%s", f.err);
	size_t gemv = 0, and_ = 0;
	for (size_t i = 0; i < f.seen.n; i++) {
		const struct mw_record *r = &f.seen.v[i];
		bool memory = r->provenance == MW_UNAVAILABLE && strstr(r->note, "memory of this run (see --max-mem)");
		gemv += memory && strcmp(r->case_name, "gemv") == 0;
		and_ += memory && strcmp(r->case_name, "and") == 0;
	}
	cr_expect_eq(and_, 5, "all sizes but 1M: %zu", and_);
	cr_expect_eq(gemv, 1, "the larger of the two shapes of a short run: %zu", gemv);
	finish(&f);
}

/* ---- visits ---- */

static int drop_samples(void *self, const struct mw_record *point, int threads, const struct mw_sample *v, size_t n)
{
	(void)self, (void)point, (void)threads, (void)v, (void)n;
	return 0;
}

/* The session before had measured what a search would hardly choose. */
static const struct mw_sample *of_before(void *self, const struct mw_record *point, size_t *n)
{
	static const struct mw_sample sample = {.value = 12345, .before_ns = NAN, .after_ns = NAN};
	(void)self;
	bool its = strcmp(mw_kv_str(&point->params, "isa", ""), "portable") == 0 &&
		   strcmp(mw_kv_str(&point->params, "stores", ""), "ordinary") == 0 &&
		   mw_kv_int(&point->params, "threads", 0) == 1;
	*n = its ? 1 : 0;
	return its ? &sample : NULL;
}

Test(bench_offload, a_resumed_run_measures_the_same_ways, .timeout = 60)
{
	static const char *const args[] = {"--kernels=and,not", "--sizes=64K,1M", "--device=ambit"};
	static const struct mw_sample_sink samples = {drop_samples, of_before, NULL};
	struct fixture f = {.samples = &samples};
	cr_assert_eq(run_with(&f, 256 << 20, 3, args), 0, "%s", f.err);
	size_t n = 0;
	for (size_t i = 0; i < f.seen.n; i++) {
		const struct mw_record *r = &f.seen.v[i];
		if (strcmp(mw_kv_str(&r->params, "device", ""), "host") != 0)
			continue;
		n++;
		cr_expect_str_eq(mw_kv_str(&r->params, "isa", ""), "portable");
		cr_expect(r->n_samples > 1 && r->samples[0].value == 12345, "the sample of before counts");
	}
	cr_expect_eq(n, 8, "two kernels, two sizes, cold and warm: %zu", n);
	finish(&f);
}

/* There is room for one of the two: in every visit the block lies elsewhere or holds what another wrote. */
static int between_others(struct bench_ctx *ctx, const struct bench *b, const struct mw_sink *sink, char *err, size_t n)
{
	void *state = NULL;
	struct mw_block other;
	int rc = b->begin(ctx, sink, &state, err, n);
	for (ctx->visit = 0; ctx->visit < 3 && rc == 0; ctx->visit++) {
		cr_assert_eq(mw_arena_take(ctx->arenas, &other, MW_PAGES_THP, -1, 14 << 20, &other, err, n), 0, "%s",
			     err);
		memset(other.p, 0xff, other.bytes);
		mw_arena_release(ctx->arenas, &other);
		rc = b->visit(ctx, state, err, n);
	}
	rc = rc < 0 ? rc : b->finish(ctx, state, sink, err, n);
	b->end(state);
	return rc;
}

Test(bench_offload, other_benchmarks_take_its_memory, .timeout = 60)
{
	static const char *const args[] = {"--kernels=xor,add32", "--sizes=1M", "--device=ambit:dram=ddr4-3200"};
	struct fixture f = {.measure = between_others};
	cr_assert_eq(run_with(&f, 16 << 20, 3, args), 0, "%s", f.err);
	check_derived(&f);
	finish(&f);
}
