#include "tests/bench/context.h"

#include <math.h>
#include <sched.h>

#include "bench/cores_contend.h"
#include "bench/cores_pairs.h"
#include "bench/cores_records.h"
#include "bench/cores_transfer.h"
#include "bench/rounds.h"

extern const struct bench bench_cores;

/* ---- pairs ---- */

/* Two sockets of twelve L3 caches, each of 12 cores with two threads: 576 CPUs, first threads first. */
enum { BIG = 576 };

static void big_machine(struct mw_cpu *cpus)
{
	for (int i = 0; i < BIG; i++) {
		int core = i % (BIG / 2), socket = core / (BIG / 4);
		cpus[i] = (struct mw_cpu){.id = i, .core = core, .socket = socket, .node = socket, .l3 = core / 12};
	}
}

Test(cores, relations)
{
	const struct mw_cpu a = {.core = 1, .socket = 0, .l3 = 4}, smt = a;
	const struct mw_cpu l3 = {.core = 2, .socket = 0, .l3 = 4}, socket = {.core = 3, .socket = 0, .l3 = 5};
	const struct mw_cpu remote = {.core = 4, .socket = 1, .l3 = 6};
	const struct mw_cpu unknown = {.core = 5, .socket = 0, .l3 = -1}, too = {.core = 6, .socket = 0, .l3 = -1};
	cr_expect_eq(cores_relation_of(&a, &smt), CORES_SMT);
	cr_expect_eq(cores_relation_of(&a, &l3), CORES_L3);
	cr_expect_eq(cores_relation_of(&a, &socket), CORES_SOCKET);
	cr_expect_eq(cores_relation_of(&a, &remote), CORES_REMOTE);
	cr_expect_eq(cores_relation_of(&unknown, &too), CORES_SOCKET, "no L3 is not a common one");
	cr_expect_str_eq(cores_relation_name(CORES_SMT), "smt");
	cr_expect_str_eq(cores_relation_name(CORES_REMOTE), "cross-socket");
}

Test(cores, counts_all_pairs)
{
	struct mw_cpu cpus[BIG];
	uint64_t of[CORES_RELATIONS];
	big_machine(cpus);
	cr_assert_eq(cores_pairs_count(cpus, BIG, of), 165600);
	cr_expect_eq(of[CORES_SMT], 288);
	cr_expect_eq(of[CORES_L3], 24 * (24 * 23 / 2 - 12));
	cr_expect_eq(of[CORES_REMOTE], 288 * 288);
	cr_expect_eq(of[CORES_SMT] + of[CORES_L3] + of[CORES_SOCKET] + of[CORES_REMOTE], 165600);
}

static void check_pairs(const struct cores_pair *v, size_t n, int cpus)
{
	for (size_t i = 0; i < n; i++) {
		cr_assert(v[i].from >= 0 && v[i].from < cpus && v[i].to >= 0 && v[i].to < cpus);
		cr_assert_neq(v[i].from, v[i].to);
		for (size_t k = 0; k < i; k++) {
			cr_assert(v[k].from != v[i].from || v[k].to != v[i].to);
			cr_assert(v[k].from != v[i].to || v[k].to != v[i].from);
		}
	}
}

Test(cores, all_pairs_when_they_fit)
{
	struct mw_cpu cpus[BIG];
	struct cores_pair v[400];
	big_machine(cpus);
	cr_assert_eq(cores_pairs_choose(cpus, 24, 276, 1, v), 276);
	check_pairs(v, 276, 24);
	cr_assert_eq(cores_pairs_choose(cpus, 24, 400, 1, v), 276);
	cr_assert_eq(cores_pairs_choose(cpus, 24, 275, 1, v), 275, "most of them");
	check_pairs(v, 275, 24);
	cr_assert_eq(cores_pairs_choose(cpus, 2, 1, 1, v), 1);
	cr_assert_eq(cores_pairs_choose(cpus, 1, 5, 1, v), 0);
}

/* One of each distance comes first: smt, L3, socket and remote; then from the other socket; then random ones. */
Test(cores, a_sample_has_every_distance)
{
	struct mw_cpu cpus[BIG];
	big_machine(cpus);
	for (size_t most = 1; most <= 64; most *= 2) {
		struct cores_pair v[64];
		size_t found[CORES_RELATIONS] = {0}, home[2] = {0}, down = 0;
		cr_assert_eq(cores_pairs_choose(cpus, BIG, most, most, v), most);
		check_pairs(v, most, BIG);
		for (size_t i = 0; i < most; i++) {
			enum cores_relation r = cores_relation_of(&cpus[v[i].from], &cpus[v[i].to]);
			found[r]++;
			home[cpus[v[i].from].node] += r == CORES_SMT;
			down += v[i].from > v[i].to;
		}
		for (int r = 0; r < CORES_RELATIONS && most >= CORES_RELATIONS; r++)
			cr_expect_geq(found[r], 1, "%zu pairs: %s", most, cores_relation_name((enum cores_relation)r));
		if (most >= 8)
			cr_expect(home[0] && home[1], "%zu pairs: siblings of both sockets", most);
		if (most == 64)
			cr_expect(down > 10 && down < 54, "%zu against the numbers", down);
	}
}

/* ---- one sample ---- */

/* Which CPU did what to how many lines, and a clock by which each load takes 70 ns. */
static struct {
	unsigned writes, flushes, reads, loads;
	int writer, flusher, reader, chaser;
	uint64_t clock_ns;
} did;

static void spy_write(void **line, uintptr_t pass)
{
	did.writes++;
	did.writer = sched_getcpu();
	mw_transfer_ops_of_machine.write(line, pass);
}

static void spy_flush(void **line)
{
	did.flushes++;
	did.flusher = sched_getcpu();
	mw_transfer_ops_of_machine.flush(line);
}

static void spy_read(void **line)
{
	did.reads++;
	did.reader = sched_getcpu();
	mw_transfer_ops_of_machine.read(line);
}

static void *spy_chase(void *p, size_t n)
{
	did.loads += (unsigned)n;
	did.chaser = sched_getcpu();
	did.clock_ns += 70 * n;
	return mw_transfer_ops_of_machine.chase(p, n);
}

static uint64_t spy_now(void)
{
	return did.clock_ns;
}

/* `from` writes, or flushes and reads; only `to` is timed, over every line once per pass. */
Test(cores, from_holds_the_lines_and_to_reads_them, .timeout = 120)
{
	struct mw_transfer_ops spy = mw_transfer_ops_of_machine;
	struct test_context t;
	spy.write = spy_write;
	spy.flush = spy_flush;
	spy.read = spy_read;
	spy.chase = spy_chase;
	spy.now_ns = spy_now;
	test_open(&t, &bench_cores, NULL);
	struct cores_slot *slot = aligned_alloc(4096, sizeof(*slot));
	for (int i = 0; i < 4 && mw_team_size(t.ctx.team) == 2; i++) {
		struct cores_transfer job = {.team = t.ctx.team,
					     .from = i % 2,
					     .to = 1 - i % 2,
					     .slot = slot,
					     .line = i < 2 ? CORES_MODIFIED : CORES_SHARED,
					     .limit_ns = 60000000000u,
					     .ops = &spy};
		int from = mw_team_cpu(t.ctx.team, job.from), to = mw_team_cpu(t.ctx.team, job.to);
		double ns = 0;
		memset(&did, 0, sizeof(did));
		memset(slot, 0, sizeof(*slot));
		cr_assert_eq(cores_transfer_sample(&job, &ns, t.err, sizeof(t.err)), 0, "%s", t.err);
		cr_assert_eq(ns, 70.0, "%g", ns);
		cr_assert(did.loads && did.loads % CORES_TRANSFER_LINES == 0);
		cr_assert_eq(did.chaser, to);
		cr_assert_eq(did.writes, i < 2 ? did.loads : 0);
		cr_assert_eq(did.flushes, i < 2 ? 0 : did.loads);
		cr_assert_eq(did.reads, i < 2 ? 0 : did.loads);
		cr_assert_eq(i < 2 ? did.writer : did.flusher, from);
		cr_assert(i < 2 || did.reader == from);
	}
	free(slot);
	test_close(&t);
}

static void lose_write(void **line, uintptr_t pass)
{
	(void)line;
	(void)pass;
}

Test(cores, lines_that_were_not_written_are_an_error, .timeout = 120)
{
	struct mw_transfer_ops lost = mw_transfer_ops_of_machine;
	struct test_context t;
	double ns;
	lost.write = lose_write;
	test_open(&t, &bench_cores, NULL);
	struct cores_slot *slot = aligned_alloc(4096, sizeof(*slot));
	struct cores_transfer job = {.team = t.ctx.team,
				     .from = 0,
				     .to = 1,
				     .slot = slot,
				     .line = CORES_MODIFIED,
				     .limit_ns = 60000000000u,
				     .ops = &lost};
	if (mw_team_size(t.ctx.team) == 2)
		cr_assert_eq(cores_transfer_sample(&job, &ns, t.err, sizeof(t.err)), MW_EVERIFY);
	job.limit_ns = 0; /* ends before the second pass, the first that counts */
	job.ops = NULL;
	if (mw_team_size(t.ctx.team) == 2)
		cr_assert_eq(cores_transfer_sample(&job, &ns, t.err, sizeof(t.err)), MW_ECANCELLED);
	free(slot);
	test_close(&t);
}

/* ---- contended operations ---- */

Test(cores, values_of_contended_operations)
{
	double v[CORES_METRICS];
	/* Three threads, 1000 ns, 60 operations: 50 ns each for a thread, 0.06 per ns in all. */
	cores_contend_values((const uint64_t[]){10, 20, 30}, 3, 1000, v);
	cr_expect_float_eq(v[CORES_TIME], 50.0, 1e-12);
	cr_expect_float_eq(v[CORES_RATE], 0.06, 1e-12);
	cr_expect_float_eq(v[CORES_FAIRNESS], 1.0 / 3.0, 1e-12);
	cores_contend_values((const uint64_t[]){100}, 1, 1000, v);
	cr_expect_eq(v[CORES_TIME], 10.0);
	cr_expect_eq(v[CORES_FAIRNESS], 1.0);
}

static void run_half(void *block, int rank, uint64_t n)
{
	(void)rank;
	*(uint64_t *)block += n / 2;
}

/* Counted operations must be found in memory. The three metrics of a round come from one sample. */
Test(cores, lost_operations_are_an_error, .timeout = 60)
{
	static const struct mw_contend half = {"half", "", run_half, NULL};
	struct test_context t;
	test_open(&t, &bench_cores, NULL);
	_Alignas(128) static char block[4096];
	uint64_t done[2 * CORES_DONE_STEP];
	struct cores_contend p = {.team = t.ctx.team,
				  .kernel = &mw_contend_table[0],
				  .block = block,
				  .threads = 1,
				  .sample_ns = 1e5,
				  .done = done};
	struct cores_contend_arg time = {&p, CORES_TIME}, rate = {&p, CORES_RATE};
	double a = 0, b = 0;
	p.shared.round = 3;
	cr_assert_eq(cores_contend_measure(&time, &a, t.err, sizeof(t.err)), 0, "%s", t.err);
	uint64_t n = done[0];
	cr_assert_eq(cores_contend_measure(&rate, &b, t.err, sizeof(t.err)), 0);
	cr_assert(p.shared.reused);
	cr_assert_eq(done[0], n);
	cr_assert_float_eq(a * b, 1.0, 1e-9);
	p.shared.round = 4;
	cr_assert_eq(cores_contend_measure(&rate, &b, t.err, sizeof(t.err)), 0);
	cr_assert(!p.shared.reused, "a new round takes a new sample");
	p.kernel = &half;
	p.shared.round = 5;
	cr_assert_eq(cores_contend_measure(&time, &a, t.err, sizeof(t.err)), MW_EVERIFY);
	cr_assert(strstr(t.err, "half"), "%s", t.err);
	test_close(&t);
}

/* ---- medians ---- */

static void add(struct cores_results *r, const struct mw_cpu *from, const struct mw_cpu *to, enum cores_line line,
		bool home_is_to, const char *state, double ns)
{
	struct mw_record rec;
	cores_pair_open(&rec, &(struct cores_words){line, from, to, home_is_to, 0});
	if (state)
		mw_put_text(&rec, &mw_key_state, state);
	mw_record_set(&rec, ns, MW_MEASURED, "");
	rec.ci_lo = ns == 400 ? (double)NAN : ns - 1; /* one without interval */
	rec.ci_hi = ns == 400 ? (double)NAN : ns + 2;
	rec.n = (size_t)ns / 10;
	cr_assert_eq(mw_record_close(&rec, NULL, 0), 0);
	cr_assert_eq(cores_results_add(r, &rec), 0);
	mw_record_fini(&rec);
}

static const struct mw_record *median(const struct mw_records *l, const char *line, const char *relation,
				      const char *home, const char *state)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_kv_list *p = &l->v[i].params;
		if (strcmp(l->v[i].case_name, "median") == 0 && strcmp(mw_kv_str(p, "line", ""), line) == 0 &&
		    strcmp(mw_kv_str(p, "relation", ""), relation) == 0 &&
		    strcmp(mw_kv_str(p, "home", ""), home) == 0 && strcmp(mw_kv_str(p, "state", ""), state) == 0)
			return &l->v[i];
	}
	return NULL;
}

Test(cores, medians_by_relation_line_home_and_state)
{
	struct mw_cpu cpus[BIG];
	struct mw_records out = {0};
	const struct mw_sink sink = {test_collect, &out};
	struct cores_results r = {.out = &sink, .of = {1, 3, 9, 27}};
	big_machine(cpus);
	add(&r, &cpus[0], &cpus[1], CORES_MODIFIED, false, NULL, 40);
	add(&r, &cpus[1], &cpus[0], CORES_MODIFIED, false, NULL, 50);
	add(&r, &cpus[0], &cpus[2], CORES_MODIFIED, false, NULL, 90);
	add(&r, &cpus[0], &cpus[2], CORES_SHARED, false, NULL, 30);
	add(&r, &cpus[0], &cpus[2], CORES_HANDOVER, false, "near", 60);
	add(&r, &cpus[0], &cpus[2], CORES_HANDOVER, false, "far", 200);
	add(&r, &cpus[0], &cpus[200], CORES_MODIFIED, false, NULL, 300);
	add(&r, &cpus[0], &cpus[200], CORES_MODIFIED, true, NULL, 400);
	add(&r, &cpus[1], &cpus[200], CORES_MODIFIED, true, NULL, 300);
	cr_assert_eq(cores_results_derive(&r), 0);
	cr_assert_eq(out.n, 9 + 6);
	const struct mw_record *m = median(&out, "modified", "same-l3", "from", "");
	cr_assert(m);
	cr_expect_eq(m->value, 50.0);
	cr_expect(m->min == 40.0 && m->max == 90.0);
	cr_expect(m->ci_lo == 39.0 && m->ci_hi == 92.0, "over all of fewer than six: %g .. %g", m->ci_lo, m->ci_hi);
	cr_expect_eq(m->n, 4, "rounds of the pair with the fewest");
	cr_expect_eq(mw_kv_int(&m->observed, "pairs", 0), 2, "two directions are one pair");
	cr_expect_eq(mw_kv_int(&m->observed, "of_pairs", 0), 3);
	cr_expect(strstr(m->note, "2 of 3 pairs"), "'%s'", m->note);
	cr_expect_str_eq(m->metric, "latency");
	cr_expect_eq(median(&out, "shared", "same-l3", "from", "")->value, 30.0);
	cr_expect_eq(median(&out, "handover", "same-l3", "from", "near")->value, 60.0);
	m = median(&out, "handover", "same-l3", "from", "far");
	cr_expect_eq(m->value, 200.0);
	cr_expect_str_eq(m->metric, "handover");
	cr_expect_eq(median(&out, "modified", "cross-socket", "from", "")->value, 300.0);
	m = median(&out, "modified", "cross-socket", "to", "");
	cr_expect_eq(m->value, 350.0);
	cr_expect(isnan(m->ci_lo) && isnan(m->ci_hi), "one of both has no interval");
	cores_results_fini(&r);
	mw_records_fini(&out);
}

/* ---- the benchmark ---- */

static size_t count(const struct mw_records *l, const char *name, const char *metric)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].case_name, name) == 0 && strcmp(l->v[i].metric, metric) == 0;
	return n;
}

Test(cores, two_cpus, .timeout = 120)
{
	struct test_context t;
	test_open(&t, &bench_cores, NULL);
	if (mw_team_size(t.ctx.team) < 2) {
		cr_assert_eq(test_run(&t, &bench_cores), MW_EUNAVAILABLE);
		cr_assert(strstr(t.err, "needs two"), "%s", t.err);
		test_close(&t);
		return;
	}
	struct bench_plan plan = {0};
	t.topo->host.n_cpus = 2;
	bench_cores.plan(&t.ctx, &plan);
	cr_assert_eq(plan.points, 5 + 6 * (2 + 3));
	cr_assert_eq(test_run(&t, &bench_cores), 0, "%s", t.err);
	cr_assert_geq(count(&t.out, "pair", "latency"), 4, "both lines in both directions");
	cr_assert_geq(count(&t.out, "pair", "handover"), 1);
	for (size_t i = 0; i < t.out.n; i++) {
		const struct mw_record *r = &t.out.v[i];
		if (strcmp(r->case_name, "pair") == 0) {
			cr_expect(mw_kv_find(&r->params, "state"), "the scheduler probes this pair");
			cr_expect_neq(mw_kv_int(&r->params, "from_cpu", -1), mw_kv_int(&r->params, "to_cpu", -1));
		}
		if (strcmp(r->metric, "fairness") == 0)
			cr_expect(!(r->value > 1.0) && !(r->value < 0.0));
		cr_expect(r->provenance == MW_MEASURED || r->note[0]);
	}
	for (const struct mw_contend *c = mw_contend_table; c->name; c++) {
		cr_expect_geq(count(&t.out, c->name, "time"), 2, "%s", c->name);
		cr_expect_eq(count(&t.out, c->name, "time"), count(&t.out, c->name, "op_rate"));
		cr_expect_geq(count(&t.out, c->name, "fairness"), 1, "one thread has none");
	}
	test_close(&t);
}

Test(cores, one_cpu_is_unavailable)
{
	struct mw_topology topo = {.host = {.n_cpus = 1}};
	const struct bench_ctx ctx = {.topo = &topo};
	char why[160] = "";
	cr_assert_eq(bench_cores.available(&ctx, why, sizeof(why)), MW_EUNAVAILABLE);
	cr_assert(strstr(why, "needs two CPUs"), "%s", why);
	topo.host.n_cpus = 2;
	cr_assert_eq(bench_cores.available(&ctx, why, sizeof(why)), 0);
}

/* Pairs are thinned until they fit the time, and named in --pairs at most. */
Test(cores, points_fit_the_time)
{
	static struct mw_cpu cpus[BIG];
	static const char *const few[] = {"--pairs=5", "--ops=modified,shared,handover", NULL};
	struct test_context t;
	big_machine(cpus);
	for (int given = 0; given < 2; given++) {
		test_open(&t, &bench_cores, given ? few : NULL);
		struct mw_topology topo = {.cpus = cpus, .host = {.n_cpus = BIG, .n_nodes = 2}};
		struct bench_ctx ctx = t.ctx;
		struct bench_plan plan = {0};
		ctx.topo = &topo;
		ctx.team = NULL;
		t.profile.min_rounds = 6;
		ctx.share_s = 6;
		bench_cores.plan(&ctx, &plan);
		if (given) {
			cr_expect_leq(plan.points, 5 * 3 * 2);
			cr_expect_geq(plan.points, 5 * 3);
		} else {
			cr_expect_gt(plan.points, 100);
			cr_expect_leq(plan.points * 6 * 2e-3, 6, "%u points", plan.points);
		}
		test_close(&t);
	}
}

Test(cores, refuses)
{
	static const struct {
		const char *options[3];
		const char *word;
	} bad[] = {
		{{"--ops=modified,exclusive"}, "exclusive"},
		{{"--ops=cas,cas"}, "twice"},
		{{"--threads=8192"}, "more than the"},
		{{"--threads=1,0"}, "--threads"},
		{{"--pairs=0"}, "--pairs"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_refused(&bench_cores, bad[i].options, MW_ESPEC, bad[i].word);
}
