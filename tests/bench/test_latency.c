#include "tests/bench/context.h"

#include <math.h>
#include <sys/prctl.h>

#include "base/core/err.h"
#include "bench/latency_records.h"

extern const struct bench bench_latency;

static bool is_ns(const struct mw_record *r)
{
	return strcmp(r->metric, "latency") == 0;
}

static size_t count_ns(const struct mw_records *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += is_ns(&l->v[i]) && strcmp(l->v[i].case_name, "level") != 0;
	return n;
}

static const struct mw_record *find(const struct test_context *t, const char *name, int64_t size, int64_t stride,
				    const char *pages)
{
	for (size_t i = 0; i < t->out.n; i++) {
		const struct mw_record *r = &t->out.v[i];
		if (is_ns(r) && strcmp(r->case_name, name) == 0 && mw_kv_int(&r->params, "size", 0) == size &&
		    mw_kv_int(&r->params, "stride", 0) == stride &&
		    strcmp(mw_kv_str(&r->params, "pages", ""), pages) == 0)
			return r;
	}
	return NULL;
}

/* Samples of which both have a value; a disturbed one is taken again by either alone. */
static size_t shared_samples(const struct mw_record *a, const struct mw_record *b)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_samples; i++)
		for (size_t k = 0; k < b->n_samples; k++)
			n += a->samples[i].t_ns == b->samples[k].t_ns;
	return n;
}

Test(latency, asked_sizes)
{
	const char *const options[] = {"--sizes=16K,48K,1M", "--stride=128", "--window=4K", "--pages=4K", NULL};
	static const int64_t sizes[] = {16384, 49152, 1 << 20};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 6, "ns and cycles of each");
	for (size_t i = 0; i < 3; i++) {
		const struct mw_record *r = find(&t, "chase", sizes[i], 128, "4K");
		cr_assert(r, "size %lld", (long long)sizes[i]);
		cr_assert_str_eq(r->metric, "latency");
		cr_assert_eq(r->unit, MW_NS);
		cr_assert_eq(r->provenance, MW_MEASURED);
		/* A dependent load costs at least a cycle; a busy machine may be as slow as it likes. */
		cr_assert(r->value > 0.1 && isfinite(r->value), "%g", r->value);
		cr_assert_geq(r->n, 2);
		cr_assert_eq(mw_kv_int(&r->params, "window", 0), 4096);
		cr_assert_eq(mw_kv_int(&r->observed, "span", 0), 2 * sizes[i], "touched at every other line");
		cr_assert_eq(mw_kv_int(&r->observed, "cpu", -1), mw_team_cpu(t.ctx.team, 0));
		cr_assert_str_eq(mw_kv_str(&r->observed, "obtained", ""), "4K");
		cr_assert(strstr(mw_kv_str(&r->observed, "prefetch", ""), "may help"));
		/* Two values of the same samples. */
		const struct mw_record *cycles = &t.out.v[(size_t)(r - t.out.v) + 1];
		cr_assert_str_eq(cycles->metric, "latency_cycles");
		cr_assert_eq(cycles->unit, MW_CYCLES);
		cr_assert(mw_kv_equal(&cycles->params, &r->params));
		cr_assert_geq(shared_samples(r, cycles), r->n, "one at least in each round");
	}
	test_close(&t);
}

/* More chains than lanes over the same memory: each sample then builds its own chain again. */
Test(latency, many_chains_in_little_memory)
{
	const char *const options[] = {"--sizes=60K,61K,62K,63K,64K,59K,58K,57K,56K,55K", "--stride=64", "--pages=thp",
				       NULL};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	cr_assert_eq(t.out.n, 20);
	for (size_t i = 0; i < t.out.n; i++)
		cr_assert_eq(t.out.v[i].provenance, MW_MEASURED, "%s", t.out.v[i].note);
	test_close(&t);
}

/* The default sweep with a last-level cache of that size: ladder, quoted latency with a verdict, TLB-missing walks for
 * both page kinds. The quoted walk touches a quarter of the 16 MiB that it spans. */
static void default_sweep(uint64_t l3_bytes, const char *quoted, const char *missing, const char *prefetched)
{
	struct test_context t;
	test_open(&t, &bench_latency, NULL);
	t.topo->host.l3_bytes = l3_bytes;
	t.profile.max_bytes = 16u << 20;
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	struct bench_plan plan = {0};
	bench_latency.plan(&t.ctx, &plan);
	cr_assert_eq(plan.points, count_ns(&t.out));
	cr_assert_eq(plan.memory_bytes, 2u * (16u << 20));
	unsigned n_quoted = 0, n_missing[2] = {0}, n_prefetched = 0;
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (!is_ns(r) || strcmp(r->case_name, "level") == 0)
			continue;
		int64_t span = mw_kv_int(&r->observed, "span", 0), window = mw_kv_int(&r->params, "window", 0);
		int64_t stride = mw_kv_int(&r->params, "stride", 0), size = mw_kv_int(&r->params, "size", 0);
		bool thp = strcmp(mw_kv_str(&r->params, "pages", ""), "thp") == 0;
		cr_assert_leq(span, 16 << 20);
		cr_assert_eq(size, stride > 64 ? span / stride * 64 : span, "bytes touched");
		if (strcmp(r->case_name, quoted) == 0) {
			n_quoted++;
			cr_assert(thp);
			cr_assert_eq(stride, 256);
			cr_assert_eq(window, 256 << 10);
			cr_assert_eq(size, 4 << 20);
			cr_assert_eq(strstr(r->note, "not called DRAM") != NULL, strcmp(quoted, "dram") != 0);
		} else if (strcmp(r->case_name, missing) == 0) {
			n_missing[thp]++;
			cr_assert_eq(window, span);
		} else if (strcmp(r->case_name, prefetched) == 0) {
			n_prefetched++;
			cr_assert(thp);
			cr_assert_eq(stride, 64);
			cr_assert_eq(window, 4096);
			cr_assert_eq(size, 16 << 20);
		} else {
			cr_assert_str_eq(r->case_name, "chase");
		}
		if (span == 16 << 20 && window <= 256 << 10) {
			const char *verdict = mw_kv_str(&r->observed, "prefetch", "");
			cr_assert(strstr(verdict, "of stride 512"), "%s: '%s'", r->case_name, verdict);
		}
	}
	cr_assert_eq(n_quoted, 1);
	cr_assert_eq(n_prefetched, 1);
	cr_assert_eq(n_missing[0], 1);
	cr_assert_eq(n_missing[1], 1);
	cr_assert(find(&t, "chase", 16384, 256, "thp"));
	test_close(&t);
}

Test(latency, default_sweep)
{
	default_sweep(1 << 20, "dram", "dram-tlb-miss", "dram-prefetched");
}

/* What is smaller than four caches is not called DRAM. */
Test(latency, dram_needs_four_times_the_cache)
{
	default_sweep((1 << 20) + 4096, "largest", "largest-tlb-miss", "largest-prefetched");
}

/* Where the kernel gives no huge pages, the number of huge pages is unavailable, with what it gave. */
Test(latency, huge_pages_refused)
{
	struct test_context t;
	cr_assert_eq(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	test_open(&t, &bench_latency, NULL);
	t.topo->host.l3_bytes = 1 << 20;
	t.profile.max_bytes = 16u << 20;
	cr_assert_eq(test_run(&t, &bench_latency), 0, "%s", t.err);
	size_t n = 0;
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (strcmp(r->case_name, "dram-tlb-miss") != 0 ||
		    strcmp(mw_kv_str(&r->params, "pages", ""), "thp") != 0)
			continue;
		n++;
		cr_assert_eq(r->provenance, MW_UNAVAILABLE);
		cr_assert(isnan(r->value));
		cr_assert(strstr(r->note, "other pages than thp: 4K"), "%s", r->note);
	}
	cr_assert_eq(n, 1);
	test_close(&t);
}

Test(latency, pages_that_are_not_there_are_unavailable)
{
	const char *const options[] = {"--sizes=1M", "--pages=1G,4K", NULL};
	struct test_context t;
	test_open(&t, &bench_latency, options);
	int rc = test_run(&t, &bench_latency);
	cr_assert_eq(rc, 0, "%s", t.err);
	cr_assert_eq(count_ns(&t.out), 2);
	const struct mw_record *r = &t.out.v[0];
	cr_assert_str_eq(mw_kv_str(&r->params, "pages", ""), "1G");
	cr_assert(r->provenance == MW_MEASURED || (isnan(r->value) && r->note[0]));
	cr_assert_eq(t.out.v[t.out.n - 1].provenance, MW_MEASURED);
	test_close(&t);
}

Test(latency, refuses)
{
	static const struct {
		const char *options[4];
		const char *word;
	} bad[] = {
		{{"--sizes=900T"}, "more than the"},     {{"--sizes=300M"}, "--sizes"},
		{{"--stride=100"}, "multiple of 8"},     {{"--stride=4K", "--window=1K"}, "below the stride"},
		{{"--pages=4M"}, "not one of 4K"},       {{"--pages=4K,,thp"}, "empty item"},
		{{"--pages=THP"}, "did you mean 'thp'"}, {{"--pages=4K,4K"}, "twice"},
		{{"--sizes=64K,1M,65536"}, "twice"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_latency, bad[i].options, MW_ESPEC, bad[i].word);
}

Test(latency, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_latency, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_latency), MW_ECANCELLED);
	test_close(&t);
}

/* ---- one sample, timed with a clock of our own ---- */

struct fake_clock {
	uint64_t ns;        /* of every timed part */
	double cycle_ns[2]; /* in turn: before and after */
	unsigned begins, ends, cycles;
};

static void fake_begin(void *self)
{
	((struct fake_clock *)self)->begins++;
}

static uint64_t fake_end(void *self)
{
	struct fake_clock *f = self;
	f->ends++;
	return f->ns;
}

static double fake_cycle(void *self)
{
	struct fake_clock *f = self;
	return f->cycle_ns[f->cycles++ % 2];
}

static void open_chase(struct test_context *t, struct chase *c, struct chase_block *block, struct fake_clock *f)
{
	const struct mw_chain chain = {.bytes = 65536, .stride = 256, .window = 65536, .seed = 1};
	test_open(t, &bench_latency, NULL);
	*block = (struct chase_block){.kind = MW_PAGES_4K, .bytes = 65536};
	cr_assert_eq(mw_arena_take(t->ctx.arenas, block, block->kind, -1, block->bytes, &block->block, t->err,
				   sizeof(t->err)),
		     0, "%s", t->err);
	chase_init(c, t->ctx.team, block, &chain);
	chase_place(c, 0);
	c->clock = (struct chase_clock){f, fake_begin, fake_end, fake_cycle};
	c->warm = true;
	cr_assert_eq(chase_build(c), 0);
}

/* The value is the time of the timed part over the loads in it, which are those of a sample; cycles are by the mean of
 * the clock before and after. A round has one sample for both metrics, and a repeat has a new one. */
Test(latency, a_sample)
{
	struct test_context t;
	struct chase_block block;
	struct chase c;
	struct fake_clock f = {.ns = 4096 * 7, .cycle_ns = {0.2, 0.3}};
	double ns, cycles;
	open_chase(&t, &c, &block, &f);
	c.sample_ns = 7e6; /* at 7 ns per load: a million loads */
	cr_assert_eq(chase_measure_ns(&c, &ns, t.err, sizeof(t.err)), 0);
	cr_assert_not(c.shared.reused);
	cr_assert_eq(c.count % MW_CHASE_UNROLL, 0);
	cr_assert(c.count >= 1000000 && c.count <= 1000000 + MW_CHASE_UNROLL, "%zu", c.count);
	cr_assert_float_eq(ns, 4096.0 * 7.0 / (double)c.count, 1e-12);
	cr_assert_eq(f.begins, 4, "three to calibrate and the sample");
	cr_assert_eq(f.ends, 4);
	cr_assert_eq(chase_measure_cycles(&c, &cycles, t.err, sizeof(t.err)), 0);
	cr_assert(c.shared.reused, "of the same sample");
	cr_assert_eq(f.begins, 4);
	cr_assert_eq(f.cycles, 2);
	cr_assert_float_eq(cycles, ns / 0.25, 1e-12);
	cr_assert_eq(chase_measure_cycles(&c, &cycles, t.err, sizeof(t.err)), 0);
	cr_assert_not(c.shared.reused, "a value is handed out once");
	cr_assert_eq(f.begins, 5);
	c.shared.round = 1;
	cr_assert_eq(chase_measure_ns(&c, &ns, t.err, sizeof(t.err)), 0);
	cr_assert_not(c.shared.reused, "not of the round before");
	cr_assert_eq(f.begins, 6);
	test_close(&t);
}

static struct chase *followed;
static void *began_at;

static void note_begin(void *self)
{
	(void)self;
	began_at = followed->at;
}

/* Every load that is counted is done: the chain is followed that far. */
Test(latency, loads_are_done)
{
	struct test_context t;
	struct chase_block block;
	struct chase c;
	struct fake_clock f = {.ns = 1000, .cycle_ns = {1, 1}};
	double ns;
	open_chase(&t, &c, &block, &f);
	followed = &c;
	c.clock.begin = note_begin;
	c.count = 96; /* of 256 elements */
	cr_assert_eq(chase_measure_ns(&c, &ns, t.err, sizeof(t.err)), 0);
	size_t loads = 0;
	for (void *p = began_at; p != c.at && loads < 256; loads++)
		p = *(void **)p;
	cr_assert_eq(loads, 96);
	test_close(&t);
}

/* A chain that is written for each sample has another order each time: the same one, begun at the same place, is what
 * caches keep and prefetchers learn. */
Test(latency, each_sample_has_its_own_order)
{
	struct test_context t;
	struct chase_block block;
	struct chase c;
	struct fake_clock f = {.ns = 1000, .cycle_ns = {1, 1}};
	void *first[256] = {NULL};
	unsigned same = 0;
	open_chase(&t, &c, &block, &f);
	c.shares_place = true;
	c.count = 96;
	for (int sample = 0; sample < 2; sample++) {
		double ns;
		cr_assert_eq(chase_measure_ns(&c, &ns, t.err, sizeof(t.err)), 0);
		c.shared.round++;
		for (size_t i = 0; i < 256; i++) {
			void *next = *mw_chain_place(&c.chain, i);
			same += sample && next == first[i];
			first[i] = next;
		}
	}
	cr_expect_lt(same, 26, "%u of 256 elements have the same successor", same);
	test_close(&t);
}

/* ---- verdicts and levels of points that are given ---- */

enum { SPAN = 512 << 20 };

static void put(struct mw_records *l, enum latency_metric m, const char *name, size_t touched, size_t stride,
		size_t window, double value)
{
	struct mw_record rec;
	struct chase_block block = {.kind = MW_PAGES_THP};
	struct chase c = {.block = &block};
	const struct mw_chain chain = {.bytes = chase_span(touched, stride), .stride = stride, .window = window};
	c.chain = chain;
	latency_open(&rec, m, name, &c);
	mw_record_set(&rec, value, MW_MEASURED, "");
	rec.ci_lo = 0.99 * value;
	rec.ci_hi = 1.01 * value;
	cr_assert_eq(mw_records_take(l, &rec), 0);
}

static void judged(double helped, const char *verdict, struct mw_records *out)
{
	struct mw_records points = {0};
	const struct mw_host host = {.l1d_bytes = 48 << 10, .l2_bytes = 1 << 20, .l3_bytes = 32 << 20};
	const struct latency_look look = {&host, MW_PAGES_THP, 256, 256 << 10, SPAN};
	const struct mw_sink sink = {test_collect, out};
	for (int i = 0; i < LATENCY_METRICS; i++) {
		enum latency_metric m = (enum latency_metric)i;
		double f = m == LATENCY_NS ? 1 : 4;
		put(&points, m, "dram", SPAN / 4, 256, 256 << 10, f * 99);
		put(&points, m, "dram-prefetched", SPAN, 64, 4096, f * helped);
		put(&points, m, "chase", SPAN / 8, 512, 256 << 10, f * 100);
		for (size_t size = 4096; size < SPAN / 4; size *= 2)
			put(&points, m, "chase", size, 256, 256 << 10,
			    f * (size < 65536     ? 1
				 : size < 2 << 20 ? 4
						  : 99));
	}
	cr_assert_eq(latency_emit(&points, &look, &sink), 0);
	for (size_t i = 0; i < out->n; i++) {
		const struct mw_record *r = &out->v[i];
		if (strcmp(r->case_name, "dram-prefetched") == 0)
			cr_assert_str_eq(mw_kv_str(&r->observed, "prefetch", ""), verdict, "%s", r->metric);
		if (strcmp(r->case_name, "dram") == 0)
			cr_assert_str_eq(mw_kv_str(&r->observed, "prefetch", ""), "clean: 99 % of stride 512");
	}
	mw_records_fini(&points);
}

static const struct mw_record *level(const struct mw_records *l, const char *metric, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].case_name, "level") == 0 && strcmp(l->v[i].metric, metric) == 0 &&
		    strcmp(mw_kv_str(&l->v[i].params, "level", ""), name) == 0)
			return &l->v[i];
	return NULL;
}

Test(latency, verdicts)
{
	struct mw_records clean = {0}, helped = {0};
	judged(93, "clean: 93 % of stride 512", &clean);
	judged(60, "helped by prefetch: 60 % of stride 512", &helped);
	mw_records_fini(&clean);
	mw_records_fini(&helped);
}

Test(latency, levels)
{
	struct mw_records out = {0};
	judged(60, "helped by prefetch: 60 % of stride 512", &out);
	const struct mw_record *l1 = level(&out, "level_size", "l1"), *l2 = level(&out, "level_size", "l2");
	const struct mw_record *l3 = level(&out, "level_size", "l3"), *ns = level(&out, "latency", "l2");
	cr_assert(l1 && l2 && l3 && ns);
	cr_assert(l1->min == 32 << 10 && l1->max == 64 << 10, "%g %g", l1->min, l1->max);
	cr_assert_str_eq(mw_kv_str(&l1->observed, "agrees", ""), "yes");
	cr_assert_eq(mw_kv_int(&l1->observed, "reported", 0), 48 << 10);
	cr_assert(l2->value >= 1 << 20 && l2->value <= 2 << 20);
	cr_assert_eq(l2->provenance, MW_MEASURED);
	cr_assert_eq(l3->provenance, MW_UNAVAILABLE);
	cr_assert_str_eq(mw_kv_str(&l3->observed, "agrees", ""), "no: not found");
	cr_assert(strstr(l3->note, "no level"));
	cr_assert_null(level(&out, "latency", "l3"));
	cr_assert_eq(ns->value, 4);
	cr_assert_eq(level(&out, "latency_cycles", "l2")->value, 16);
	cr_assert(ns->ci_lo < 4 && ns->ci_hi > 4, "the interval of the point in its middle");
	int64_t at = mw_kv_int(&ns->observed, "working_set", 0);
	cr_assert(at > 64 << 10 && at < 1 << 20, "%lld", (long long)at);
	mw_records_fini(&out);
}

Test(latency, pages_that_the_kernel_gave)
{
	static const struct {
		struct mw_block block;
		bool given;
	} rows[] = {
		{{.asked = MW_PAGES_THP, .obtained = "thp"}, true},
		{{.asked = MW_PAGES_THP, .obtained = "thp 97%"}, true},
		{{.asked = MW_PAGES_THP, .obtained = "thp 89%"}, false},
		{{.asked = MW_PAGES_THP, .obtained = "4K"}, false},
		{{.asked = MW_PAGES_4K, .obtained = "4K"}, true},
		{{.asked = MW_PAGES_THP, .obtained = "unknown"}, true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(latency_pages_given(&rows[i].block), rows[i].given, "%s", rows[i].block.obtained);
}
