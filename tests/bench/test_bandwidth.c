#include "tests/bench/context.h"

#include <math.h>

#include "base/core/err.h"
#include "bench/place.h"
#include "bench/stream_arrays.h"

extern const struct bench bench_bandwidth;

static const char *param(const struct mw_record *r, const char *key)
{
	return mw_kv_str(&r->params, key, "");
}

/* Caches so small that a test's arrays are beyond them. */
static void shrink_caches(struct test_context *t)
{
	struct mw_host *h = &t->topo->host;
	h->l1d_bytes = 16u << 10;
	h->l2_bytes = 64u << 10;
	h->l3_bytes = h->llc_total_bytes = 256u << 10;
	h->l3_instances = 1;
}

/* Has the CPU an instruction that fills memory? */
static bool has_fill(void)
{
#if defined(__x86_64__)
	return true;
#else
	return false;
#endif
}

/* The record of a fill that this CPU cannot do. */
static bool says_no_fill(const struct mw_record *r)
{
	bool says = r->provenance == MW_UNAVAILABLE && strstr(r->note, "no instruction that fills memory");
	cr_assert(!says || (!has_fill() && strcmp(r->case_name, "peak-fill") == 0), "%s: %s", r->case_name, r->note);
	return says;
}

static bool is_peak(const struct mw_record *r)
{
	return strncmp(r->case_name, "peak-", 5) == 0;
}

/* The envelope's winner was measured, and its value is one that a kernel can have. */
static void check_peak(const struct mw_records *l, const struct mw_record *r)
{
	char name[64];
	bool found = false;
	double least = INFINITY, most = 0;
	(void)snprintf(name, sizeof(name), "%s-%s", param(r, "level"), r->case_name + 5);
	for (size_t k = 0; k < l->n; k++) {
		const struct mw_record *o = &l->v[k];
		if (strcmp(o->case_name, name) != 0 || strcmp(o->metric, "bandwidth") != 0 ||
		    mw_kv_int(&o->params, "threads", 0) != mw_kv_int(&r->params, "threads", -1) ||
		    strcmp(param(o, "state"), param(r, "state")) != 0)
			continue;
		least = fmin(least, o->min);
		most = fmax(most, o->max);
		found |= strcmp(param(o, "kernel"), mw_kv_str(&r->observed, "winner", "-")) == 0;
	}
	cr_assert(found, "%s %s: no such winner", r->case_name, param(r, "level"));
	cr_assert(least <= r->value && r->value <= most, "%s %s: %g of %g .. %g", r->case_name, param(r, "level"),
		  r->value, least, most);
}

/* Every operation at every level, and zeros for contrast. */
static void check_all_ops(const struct mw_records *l)
{
	static const char *const levels[] = {"l1", "l2", "l3", "dram"};
	unsigned zeros = 0;
	for (int op = 0; op < MW_STREAM_OP_COUNT; op++)
		for (size_t k = 0; k < 4; k++) {
			char name[64];
			(void)snprintf(name, sizeof(name), "%s-%s", levels[k],
				       mw_stream_op_name((enum mw_stream_op)op));
			bool can = op != MW_STREAM_FILL || has_fill();
			cr_assert_eq(mw_records_find(l, "bandwidth", name, "bandwidth") != NULL, can, "%s", name);
		}
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		bool libc = strstr(r->case_name, "-mem") != NULL;
		zeros += strcmp(param(r, "data"), "zeros") == 0 && r->provenance == MW_MEASURED;
		cr_assert_eq(libc && r->provenance == MW_MEASURED,
			     mw_kv_find(&r->observed, "libc") != NULL && r->provenance == MW_MEASURED, "%s",
			     r->case_name);
	}
	cr_assert_geq(zeros, 2 + (mw_isa_best() != MW_ISA_PORTABLE), "writes and memset of zeros");
}

/* Who does not know the kind of store gives the range between both kinds, and no value. */
static void check_range(const struct mw_records *l, const struct mw_record *r)
{
	double least = 0, most = 0, factor = strcmp(r->case_name, "dram-memcpy") == 0 ? 1.5 : 2.0;
	cr_assert(isnan(r->value));
	cr_assert(strcmp(r->case_name, "dram-memcpy") == 0 || strcmp(r->case_name, "dram-memset") == 0 ||
			  strcmp(r->case_name, "dram-fill") == 0,
		  "%s", r->case_name);
	cr_assert_eq(sscanf(r->note, "between %lf GB/s (non-temporal stores) and %lf GB/s", &least, &most), 2, "%s",
		     r->note);
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *m = &l->v[i];
		if (strcmp(m->case_name, r->case_name) != 0 || strcmp(m->metric, "bandwidth") != 0 ||
		    mw_kv_find(&m->params, "data") || strcmp(param(m, "state"), param(r, "state")) != 0 ||
		    mw_kv_int(&m->params, "threads", 0) != mw_kv_int(&r->params, "threads", 0))
			continue;
		cr_assert(fabs(least / m->value - 1) < 1e-3 && fabs(most / m->value - factor) < 2e-3, "%s: %g: %s",
			  r->case_name, m->value, r->note);
		return;
	}
	cr_assert(false, "no measured %s", r->case_name);
}

Test(bandwidth, sweep_bus_and_envelope)
{
	struct test_context t;
	test_open(&t, &bench_bandwidth, NULL);
	shrink_caches(&t);
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	struct bench_plan plan = {0};
	bench_bandwidth.plan(&t.ctx, &plan);
	size_t measured = 0, bus = 0, peaks = 0, top = 0, absent = 0;
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		cr_assert_eq(r->unit, MW_GBPS);
		if (r->provenance == MW_UNAVAILABLE) {
			/* Two threads have no share of the third level that is larger than the second. */
			if (strcmp(r->metric, "bus_bandwidth") == 0) {
				check_range(&t.out, r);
				continue;
			}
			if (says_no_fill(r))
				continue;
			absent++;
			cr_assert(is_peak(r) && strcmp(param(r, "level"), "l3") == 0 && strstr(r->note, "share"),
				  "%s: %s", r->case_name, r->note);
			continue;
		}
		/* A busy machine may be as slow as it likes; none is as fast. */
		cr_assert(r->value > 0 && r->value < 1e5, "%s %g", r->case_name, r->value);
		if (is_peak(r)) {
			peaks++;
			check_peak(&t.out, r);
		} else if (strcmp(r->case_name, "dram-read-peak") == 0) {
			top++;
			cr_assert_eq(r->params.n, mw_kv_int(&r->observed, "by_threads", 0) > 1,
				     "nothing but its state");
			cr_assert(mw_kv_find(&r->observed, "winner"));
		} else if (strcmp(r->metric, "bus_bandwidth") == 0) {
			bus++;
			cr_assert_eq(r->provenance, MW_MODELLED);
			cr_assert(r->source[0]);
			cr_assert_str_eq(param(r, "stores"), "ordinary");
			cr_assert_eq(strncmp(r->case_name, "dram-", 5), 0);
		} else {
			measured++;
			cr_assert_str_eq(r->metric, "bandwidth");
			cr_assert_eq(r->provenance, MW_MEASURED);
			cr_assert_neq(strncmp(r->case_name, "largest-", 8), 0);
		}
	}
	cr_assert_geq(measured, plan.points, "one record per point and state");
	cr_assert_gt(bus, 0);
	cr_assert_gt(peaks, 0);
	cr_assert_eq(top, 1);
	cr_assert_eq(absent, mw_team_size(t.ctx.team) > 1 ? MW_STREAM_OP_COUNT - !has_fill() : 0);
	check_all_ops(&t.out);
	test_close(&t);
}

Test(bandwidth, bus_bytes_are_the_measured_ones_times_the_factor)
{
	const char *const options[] = {"--size=2M", "--levels=dram", "--isa=portable", "--threads=1", NULL};
	static const struct {
		const char *name;
		double factor;
		unsigned arrays;
	} ops[] = {{"dram-write", 2.0, 1}, {"dram-copy", 1.5, 2}, {"dram-triad", 4.0 / 3.0, 3}};
	struct test_context t;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	for (size_t i = 0; i < 3; i++) {
		const struct mw_record *m = mw_records_find(&t.out, "bandwidth", ops[i].name, "bandwidth");
		const struct mw_record *b = mw_records_find(&t.out, "bandwidth", ops[i].name, "bus_bandwidth");
		cr_assert(m && b, "%s", ops[i].name);
		cr_assert(fabs(b->value / m->value - ops[i].factor) < 1e-12);
		/* All bytes that are touched, not those of one array. */
		cr_assert_eq(mw_kv_int(&m->params, "size", 0), ops[i].arrays << 21);
		cr_assert_eq(mw_kv_int(&m->observed, "array", 0), 1 << 21);
	}
	cr_assert_null(mw_records_find(&t.out, "bandwidth", "dram-read", "bus_bandwidth"));
	test_close(&t);
}

/* Fewer bytes than four times the caches may come from there: no number of such a run is DRAM's. */
Test(bandwidth, what_caches_may_hold_is_not_called_dram)
{
	const char *const options[] = {"--size=1M", "--levels=dram", "--isa=portable", "--threads=1", NULL};
	struct test_context t;
	size_t largest = 0;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	t.topo->host.l3_bytes = t.topo->host.llc_total_bytes = 2u << 20;
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (strcmp(r->case_name, "dram-read-peak") == 0) {
			cr_assert_eq(r->provenance, MW_UNAVAILABLE);
			cr_assert(strstr(r->note, "4x") && strstr(r->note, "--size"), "%s", r->note);
			continue;
		}
		if (says_no_fill(r))
			continue;
		cr_assert_neq(strncmp(r->case_name, "dram-", 5), 0, "%s", r->case_name);
		cr_assert_str_neq(param(r, "level"), "dram");
		cr_assert(strstr(r->note, "not called DRAM"), "%s: %s", r->case_name, r->note);
		largest += strncmp(r->case_name, "largest-", 8) == 0;
	}
	cr_assert_gt(largest, 0);
	test_close(&t);
}

Test(bandwidth, options_select)
{
	const char *const options[] = {"--ops=copy", "--stores=nt", "--levels=dram,l1",
				       "--size=2M",  "--pages=4K",  NULL};
	struct test_context t;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	int rc = test_run(&t, &bench_bandwidth);
	if (mw_isa_best() == MW_ISA_PORTABLE) {
		cr_assert_eq(rc, MW_ESPEC, "plain C has no non-temporal stores");
	} else {
		cr_assert_eq(rc, 0, "%s", t.err);
		for (size_t i = 0; i < t.out.n; i++) {
			const struct mw_record *r = &t.out.v[i];
			cr_assert(strcmp(r->case_name, "dram-copy") == 0 || strcmp(r->case_name, "peak-copy") == 0,
				  "%s", r->case_name);
			cr_assert_str_eq(mw_kv_str(&r->observed, "obtained", ""), "4K");
		}
	}
	test_close(&t);
}

Test(bandwidth, refuses)
{
	static const struct {
		const char *options[5];
		int code;
		const char *word;
	} bad[] = {
		{{"--size=900T"}, MW_ESPEC, "more than the"},
		{{"--size=90M"}, MW_ESPEC, "--size"}, /* three of them are above the 256 MiB of this context */
		{{"--threads=0"}, MW_ESPEC, "--threads"},
		{{"--threads=1,5000"}, MW_ESPEC, "5000"},
		{{"--threads=1,1"}, MW_ESPEC, "twice"},
		{{"--threads=1,,2"}, MW_ESPEC, "empty item"},
		{{"--threads=,"}, MW_ESPEC, "empty item"},
		{{"--levels=l2", "--stores=nt", "--ops=write"}, MW_ESPEC, "leave nothing"},
		{{"--ops=read,scala"}, MW_ESPEC, "scala"},
		{{"--placement=scatter"}, MW_ESPEC, "scatter"},
		{{"--levels=l4"}, MW_ESPEC, "l4"},
		{{"--isa=sse9"}, MW_ESPEC, "sse9"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_bandwidth, bad[i].options, bad[i].code, bad[i].word);
	const char *const foreign[] = {
#if defined(__x86_64__)
		"--isa=neon",
#else
		"--isa=avx2",
#endif
		NULL
	};
	test_refused(&bench_bandwidth, foreign, MW_EUNAVAILABLE, "not available");
}

Test(bandwidth, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_bandwidth, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_bandwidth), MW_ECANCELLED);
	test_close(&t);
}

/* A short share of the run leaves operations out, and the envelope says so. */
Test(bandwidth, points_left_out_for_time_are_reported)
{
	const char *const options[] = {"--size=1M", "--levels=dram", "--threads=1", NULL};
	struct test_context t;
	size_t left = 0, measured = 0;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	t.ctx.share_s = 1e-3;
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (!is_peak(r))
			continue;
		measured += r->provenance == MW_MEASURED;
		left += r->provenance == MW_UNAVAILABLE && strstr(r->note, "left out to fit the time budget") != NULL;
		cr_assert_eq(r->provenance == MW_MEASURED, mw_kv_find(&r->observed, "tried") != NULL, "%s: %s",
			     r->case_name, r->note);
	}
	cr_assert_eq(measured, 4, "%zu", measured);
	cr_assert_eq(left, MW_STREAM_OP_COUNT - 4 - !has_fill(), "%zu", left);
	test_close(&t);
}

/* begin() without time for probes: the widest path is measured, and the envelope says that others were not tried. */
Test(bandwidth, kernels_that_were_not_compared_are_reported)
{
	const char *const options[] = {"--size=1M", "--levels=dram", "--threads=1", "--ops=read,triad", NULL};
	const struct mw_sink sink = {test_collect, NULL};
	struct test_context t;
	void *state = NULL;
	size_t peaks = 0;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	struct mw_sink out = sink;
	out.self = &t.out;
	uint64_t deadline = t.ctx.deadline_ns;
	t.ctx.deadline_ns = t.ctx.start_ns;
	cr_assert_eq(bench_bandwidth.begin(&t.ctx, &out, &state, t.err, sizeof(t.err)), 0, "%s", t.err);
	t.ctx.deadline_ns = deadline;
	for (t.ctx.visit = 0; t.ctx.visit < 2; t.ctx.visit++)
		cr_assert_geq(bench_bandwidth.visit(&t.ctx, state, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_assert_eq(bench_bandwidth.finish(&t.ctx, state, &out, t.err, sizeof(t.err)), 0, "%s", t.err);
	bench_bandwidth.end(state);
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (!is_peak(r))
			continue;
		peaks++;
		cr_assert(strstr(r->note, "without probes"), "%s: %s", r->case_name, r->note);
		cr_assert_null(mw_kv_find(&r->observed, "tried"));
		cr_assert(strstr(mw_kv_str(&r->observed, "winner", ""), mw_isa_name(mw_isa_best())), "%s",
			  mw_kv_str(&r->observed, "winner", ""));
	}
	cr_assert_eq(peaks, 2);
	test_close(&t);
}

/* What is absent says why, in the envelope too: here the time was over. */
Test(bandwidth, the_envelope_repeats_the_reason)
{
	const char *const options[] = {"--size=2M", "--levels=dram", "--ops=read", NULL};
	struct test_context t;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	t.ctx.deadline_ns = t.ctx.start_ns;
	cr_assert_eq(test_run(&t, &bench_bandwidth), 0, "%s", t.err);
	for (size_t i = 0; i < t.out.n; i++) {
		cr_assert_eq(t.out.v[i].provenance, MW_UNAVAILABLE);
		cr_assert(strstr(t.out.v[i].note, "budget"), "%s: %s", t.out.v[i].case_name, t.out.v[i].note);
	}
	cr_assert(mw_records_find(&t.out, "bandwidth", "peak-read", "bandwidth"));
	cr_assert(mw_records_find(&t.out, "bandwidth", "dram-read-peak", "bandwidth"));
	test_close(&t);
}

static void take_most(struct test_context *t, struct mw_block *b)
{
	cr_assert_eq(mw_arena_take(t->ctx.arenas, t, MW_PAGES_4K, -1, 16u << 20, b, t->err, sizeof(t->err)), 0, "%s",
		     t->err);
}

/* Another benchmark keeps 16 of 24 MiB, taken before this one begins or before its first visit: arrays of 6 MiB do not
 * fit any more, those of 1.5 MiB do. */
static void with_little_left(bool from_the_start)
{
	const char *const options[] = {"--levels=dram", "--isa=portable", "--threads=1", "--ops=read", NULL};
	struct test_context t;
	struct mw_block other;
	void *state = NULL;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	mw_arenas_destroy(t.ctx.arenas);
	cr_assert_eq(mw_arenas_create(24u << 20, &t.ctx.arenas), 0);
	const struct mw_sink sink = {test_collect, &t.out};
	if (from_the_start)
		take_most(&t, &other);
	cr_assert_eq(bench_bandwidth.begin(&t.ctx, &sink, &state, t.err, sizeof(t.err)), 0, "%s", t.err);
	if (!from_the_start)
		take_most(&t, &other);
	for (t.ctx.visit = 0; t.ctx.visit < 2; t.ctx.visit++)
		cr_assert_geq(bench_bandwidth.visit(&t.ctx, state, t.err, sizeof(t.err)), 0, "%s", t.err);
	cr_assert_eq(bench_bandwidth.finish(&t.ctx, state, &sink, t.err, sizeof(t.err)), 0, "%s", t.err);
	bench_bandwidth.end(state);
	const struct mw_record *read = mw_records_find(&t.out, "bandwidth", "dram-read", "bandwidth");
	cr_assert(read && read->provenance == MW_MEASURED);
	cr_expect_eq(mw_kv_int(&read->observed, "array", 0), 3 << 19);
	mw_arena_release(t.ctx.arenas, &other);
	test_close(&t);
}

Test(bandwidth, arrays_become_smaller_where_memory_was_taken)
{
	with_little_left(true);
}

Test(bandwidth, arrays_become_smaller_before_the_first_visit)
{
	with_little_left(false);
}

/* Another benchmark had the memory between two visits. */
Test(bandwidth, arrays_that_were_lost_are_filled_again)
{
	const char *const options[] = {"--size=2M",
				       "--levels=dram",
				       "--isa=portable",
				       "--threads=1",
				       "--ops=read,write,copy,triad,scale,add,update,dot",
				       NULL};
	struct test_context t;
	struct mw_block other;
	void *state = NULL;
	test_open(&t, &bench_bandwidth, options);
	shrink_caches(&t);
	/* Room for one of two. */
	mw_arenas_destroy(t.ctx.arenas);
	cr_assert_eq(mw_arenas_create(12u << 20, &t.ctx.arenas), 0);
	const struct mw_sink sink = {test_collect, &t.out};
	cr_assert_eq(bench_bandwidth.begin(&t.ctx, &sink, &state, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (t.ctx.visit = 0; t.ctx.visit < 3; t.ctx.visit++) {
		int rc = mw_arena_take(t.ctx.arenas, &t, MW_PAGES_THP, bench_node_of(&t.ctx, 0), 11u << 20, &other,
				       t.err, sizeof(t.err));
		cr_assert_eq(rc, 0, "%s", t.err);
		memset(other.p, 0x55, other.bytes);
		mw_arena_release(t.ctx.arenas, &other);
		cr_assert_geq(bench_bandwidth.visit(&t.ctx, state, t.err, sizeof(t.err)), 0, "%s", t.err);
	}
	cr_assert_eq(bench_bandwidth.finish(&t.ctx, state, &sink, t.err, sizeof(t.err)), 0, "%s", t.err);
	bench_bandwidth.end(state);
	size_t measured = 0;
	for (size_t i = 0; i < t.out.n; i++) {
		/* A kernel whose result is wrong would have been dropped, with that for a reason. */
		cr_assert(t.out.v[i].provenance != MW_UNAVAILABLE, "%s: %s", t.out.v[i].case_name, t.out.v[i].note);
		measured += t.out.v[i].provenance == MW_MEASURED;
	}
	cr_assert_geq(measured, 9);
	test_close(&t);
}

/* ---- the audit: kernels that would report bandwidth that does not exist ---- */

static uint64_t copy_half(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)c;
	(void)s;
	/* Counts 512 B per step and moves 256 of them. */
	for (size_t i = 0; i < n; i++)
		if (i / 32 % 2 == 0)
			a[i] = b[i];
	return 0;
}

static uint64_t copy_short(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)c;
	(void)s;
	memcpy(a, b, (n - 1) * sizeof(*a));
	return 0;
}

/* All but one element: too few for the spots of a sample to find. */
static uint64_t copy_but_one(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)c;
	(void)s;
	memcpy(a, b, n / 3 * sizeof(*a));
	memcpy(a + n / 3 + 1, b + n / 3 + 1, (n - n / 3 - 1) * sizeof(*a));
	return 0;
}

static uint64_t write_over(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b;
	(void)c;
	for (size_t i = 0; i <= n; i++)
		a[i] = s;
	return 0;
}

static uint64_t triad_fixed(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + 3.0 * c[i]; /* right for one scale only */
	return 0;
}

static uint64_t read_twice(double *a, const double *b, const double *c, double s, size_t n)
{
	uint64_t sum = 0, bits;
	(void)a;
	(void)c;
	(void)s;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, b + (i / 64 * 64 + i % 32), sizeof(bits)); /* the first half of each block, twice */
		sum += bits;
	}
	return sum;
}

static uint64_t update_lazy(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	for (size_t i = 0; i < n && s != -1.0; i++) /* what is measured does nothing */
		a[i] *= s;
	return 0;
}

static uint64_t update_half(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)b, (void)c;
	for (size_t i = 0; i < n; i += 2)
		a[i] *= s;
	return 0;
}

static uint64_t dot_half(double *a, const double *b, const double *c, double s, size_t n)
{
	double sum = 0;
	uint64_t bits;
	(void)a, (void)s;
	for (size_t i = 0; i < n; i += 2)
		sum += 2 * b[i] * c[i];
	memcpy(&bits, &sum, sizeof(bits));
	return bits;
}

static uint64_t add_once(double *a, const double *b, const double *c, double s, size_t n)
{
	(void)c, (void)s;
	for (size_t i = 0; i < n; i++)
		a[i] = 2 * b[i]; /* reads one array of two */
	return 0;
}

static uint64_t memset_short(double *a, const double *b, const double *c, double s, size_t n)
{
	int byte = 0;
	(void)b, (void)c;
	memcpy(&byte, &s, 1);
	memset(a, byte, n * sizeof(*a) - 1);
	return 0;
}

Test(bandwidth, audit_finds_wrong_kernels)
{
	static const struct mw_stream_kernel cheats[] = {
		{"half", MW_STREAM_COPY, MW_ISA_PORTABLE, false, copy_half, 0, 0},
		{"short", MW_STREAM_COPY, MW_ISA_PORTABLE, false, copy_short, 0, 0},
		{"but-one", MW_STREAM_COPY, MW_ISA_PORTABLE, false, copy_but_one, 0, 0},
		{"over", MW_STREAM_WRITE, MW_ISA_PORTABLE, false, write_over, 0, 0},
		{"twice", MW_STREAM_READ, MW_ISA_PORTABLE, false, read_twice, 0, 0},
		{"fixed", MW_STREAM_TRIAD, MW_ISA_PORTABLE, false, triad_fixed, 0, 0},
		{"lazy", MW_STREAM_UPDATE, MW_ISA_PORTABLE, false, update_lazy, 0, 0},
		{"every-other", MW_STREAM_UPDATE, MW_ISA_PORTABLE, false, update_half, 0, 0},
		{"even", MW_STREAM_DOT, MW_ISA_PORTABLE, false, dot_half, 0, 0},
		{"once", MW_STREAM_ADD, MW_ISA_PORTABLE, false, add_once, 0, 0},
		{"ragged", MW_STREAM_MEMSET, MW_ISA_PORTABLE, false, memset_short, 0, 0},
	};
	struct test_context t;
	struct stream_arrays *arrays = calloc(1, sizeof(*arrays));
	size_t n_good;
	const struct mw_stream_kernel *good = mw_stream_kernels(MW_ISA_PORTABLE, &n_good);
	test_open(&t, &bench_bandwidth, NULL);
	cr_assert_eq(stream_arrays_open(arrays, &t.ctx, MW_PAGES_4K, 1 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (size_t i = 0; i < sizeof(cheats) / sizeof(*cheats) + n_good; i++) {
		bool cheat = i >= n_good;
		struct stream_job j = {.arrays = arrays, .threads = 1, .max_elements = SIZE_MAX};
		double gbps = 0;
		char err[200] = "";
		j.kernel = cheat ? &cheats[i - n_good] : &good[i];
		int rc = stream_job_prepare(&j, 1e5, err, sizeof(err));
		/* An even number of updates by -1 would hide updates that are left out. */
		cr_assert(j.kernel->op != MW_STREAM_UPDATE || rc < 0 || j.passes % 2 == 1);
		/* What the full audit cannot see (a constant scale) the spots of a later sample do. */
		for (int k = 0; k < 3 && rc == 0; k++)
			rc = stream_job_measure(&j, &gbps, err, sizeof(err));
		cr_assert_eq(rc, cheat ? MW_EVERIFY : 0, "%s: %d %s", j.kernel->name, rc, err);
		cr_assert(!cheat || strstr(err, j.kernel->name), "%s", err);
		stream_job_fini(&j);
	}
	stream_arrays_close(arrays);
	free(arrays);
	test_close(&t);
}

/* Payload of a pass: every element of every member's slice counted once. */
Test(bandwidth, bytes_of_a_pass)
{
	struct test_context t;
	struct stream_arrays *arrays = calloc(1, sizeof(*arrays));
	size_t n;
	const struct mw_stream_kernel *k = mw_stream_kernels(MW_ISA_PORTABLE, &n);
	test_open(&t, &bench_bandwidth, NULL);
	cr_assert_eq(stream_arrays_open(arrays, &t.ctx, MW_PAGES_4K, 3 << 20, t.err, sizeof(t.err)), 0, "%s", t.err);
	for (int threads = 1; threads <= mw_team_size(t.ctx.team); threads++)
		for (size_t i = 0; i < n; i++) {
			struct stream_job j = {
				.arrays = arrays, .kernel = &k[i], .threads = threads, .max_elements = SIZE_MAX};
			cr_assert_eq(stream_job_prepare(&j, 1e5, t.err, sizeof(t.err)), 0, "%s", t.err);
			uint64_t want = (uint64_t)(3 << 20) / 8 * mw_stream_payload_bytes(k[i].op);
			if (arrays->n_nodes == 1)
				cr_assert_eq(stream_job_bytes(&j), want);
			stream_job_fini(&j);
			j.max_elements = 1000;
			cr_assert_eq(stream_job_prepare(&j, 1e5, t.err, sizeof(t.err)), 0, "%s", t.err);
			cr_assert_eq(stream_job_bytes(&j),
				     1000u * (unsigned)threads * mw_stream_payload_bytes(k[i].op));
			stream_job_fini(&j);
		}
	stream_arrays_close(arrays);
	free(arrays);
	test_close(&t);
}
