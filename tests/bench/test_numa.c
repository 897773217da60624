#include "tests/base/sys/machines.h"
#include "tests/bench/context.h"

#include <math.h>

#include "base/core/text.h"
#include "base/sys/hmat.h"
#include "base/sys/tree.h"
#include "bench/numa_records.h"

extern const struct bench bench_numa;

/* ---- which points ---- */

static void append_pair(struct mw_buf *out, const struct mw_topology *t, const struct numa_plan *p,
			const struct numa_pair *pair)
{
	static const char *const words[] = {"local", "remote", "memory-only", "interleave", "weighted", "core"};
	mw_buf_add(out, "%s%d>%d %s", out->len ? ", " : "",
		   pair->kind == NUMA_CORE ? t->cpus[pair->member].id : p->groups[pair->group].node,
		   p->places[pair->place].node, words[pair->kind]);
}

struct choice {
	const char *machine;
	const char *memory; /* nodes; NULL: all */
	bool matrix, interleave, cores;
	int members, every_core;
	const char *pairs; /* CPU node or CPU > memory node; -2: interleaved, -3: by weights */
};

static void expect_pairs(const struct choice *c)
{
	struct mw_topology topo;
	struct mw_cpulist memory;
	struct numa_plan plan;
	struct mw_buf got = {0};
	char err[160] = "";
	const char *root = machine_tree(machine_named(c->machine));
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	if (c->memory)
		cr_assert_eq(mw_cpulist_parse(&memory, c->memory), 0);
	const struct numa_wish wish = {.memory = c->memory ? &memory : NULL,
				       .matrix = c->matrix,
				       .interleave = c->interleave,
				       .cores = c->cores,
				       .members = c->members,
				       .every_core = c->every_core};
	cr_assert_eq(numa_plan_make(&topo, &wish, &plan), 0);
	for (int i = 0; i < plan.n_pairs; i++)
		append_pair(&got, &topo, &plan, &plan.pairs[i]);
	cr_expect_str_eq(mw_buf_text(&got), c->pairs, "%s: %s", c->machine, mw_buf_text(&got));
	mw_buf_fini(&got);
	numa_plan_fini(&plan);
	mw_topology_fini(&topo);
	tree_remove(root);
}

Test(numa, points_of_captured_machines)
{
	static const struct choice rows[] = {
		{"one node of a terabyte", NULL, true, true, false, 32, 1, "0>0 local"},
		{"two sockets, even and odd CPUs", NULL, true, false, false, 112, 1,
		 "0>0 local, 0>1 remote, 1>0 remote, 1>1 local"},
		{"CXL memory behind socket 0", NULL, true, true, false, 32, 1,
		 "0>0 local, 0>1 remote, 0>2 memory-only, 0>-2 interleave, 0>-3 weighted, "
		 "1>0 remote, 1>1 local, 1>2 memory-only, 1>-2 interleave, 1>-3 weighted"},
		{"CXL memory behind socket 0", "2", true, true, false, 32, 1, "0>2 memory-only, 1>2 memory-only"},
		{"gaps, memory of accelerators", "8,252,255", true, false, false, 64, 1,
		 "0>8 remote, 0>252 memory-only, 0>255 memory-only, 8>8 local, 8>252 memory-only, 8>255 memory-only"},
		/* Each core once, alone, with memory of its own node; never a CPU that is not in the team. */
		{"CXL memory behind socket 0", NULL, false, false, true, 32, 4,
		 "0>0 core, 4>0 core, 8>1 core, 12>1 core"},
		{"CXL memory behind socket 0", NULL, false, false, true, 3, 1, "0>0 core, 1>0 core, 2>0 core"},
		{"offline CPUs", NULL, false, false, true, 10, 1,
		 "0>0 core, 1>0 core, 2>0 core, 11>0 core, 4>0 core, 6>0 core, 7>0 core"},
		/* Memory of another node only: the nearest one is used. */
		{"gaps, memory of accelerators", "8", false, false, true, 64, 8, "0>8 core, 32>8 core"},
		{"CXL memory behind socket 0", "1-2", false, false, true, 32, 8, "0>2 core, 8>1 core"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_pairs(&rows[i]);
}

/* A node whose memory is offline has CPUs that measure that of others. */
Test(numa, a_node_without_memory)
{
	struct mw_topology topo;
	struct numa_plan plan;
	struct mw_buf got = {0};
	char err[160] = "";
	const char *root = machine_tree(machine_named("two sockets, even and odd CPUs"));
	tree_put(root, machine_node_path(1, "meminfo"), "Node 1 MemTotal: 0 kB\n");
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	const struct numa_wish wish = {.matrix = true, .cores = true, .members = 4, .every_core = 1};
	cr_assert_eq(numa_plan_make(&topo, &wish, &plan), 0);
	for (int i = 0; i < plan.n_pairs; i++)
		append_pair(&got, &topo, &plan, &plan.pairs[i]);
	cr_expect_str_eq(mw_buf_text(&got), "0>0 local, 0>0 core, 2>0 core, 4>0 core, 6>0 core");
	mw_buf_fini(&got);
	numa_plan_fini(&plan);
	mw_topology_fini(&topo);
	tree_remove(root);
}

/* With little time fewer cores are measured, and never fewer than two. */
Test(numa, cores_are_left_out_for_time)
{
	static const struct {
		double share_s;
		unsigned points; /* 2 groups x 3 nodes, 2 x 2 interleaved, and the cores: latency and bandwidth of each
				  */
	} rows[] = {{600, 2 * (10 + 16)}, {1.1, 2 * (10 + 8)}, {0.001, 2 * (10 + 2)}};
	struct test_context t;
	struct mw_topology topo;
	char err[160] = "";
	const char *root = machine_tree(machine_named("CXL memory behind socket 0"));
	test_open(&t, &bench_numa, NULL);
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	t.ctx.topo = &topo;
	struct mw_team *team = t.ctx.team;
	t.ctx.team = NULL; /* as in a dry run */
	t.profile.min_rounds = 6;
	t.profile.sample_s = 0.002;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench_plan plan = {0};
		t.ctx.share_s = rows[i].share_s;
		bench_numa.plan(&t.ctx, &plan);
		cr_expect_eq(plan.points, rows[i].points, "%g s: %u points", rows[i].share_s, plan.points);
		cr_expect(plan.memory_bytes > 0 && plan.memory_bytes <= 5u * (24u << 20), "five blocks: %llu",
			  (unsigned long long)plan.memory_bytes);
	}
	t.ctx.team = team;
	mw_topology_fini(&topo);
	tree_remove(root);
	test_close(&t);
}

Test(numa, memory_of_nodes_without_cpus_may_be_chosen)
{
	static const struct {
		const char *options[3], *error; /* NULL: accepted */
	} rows[] = {
		{{"--memory-nodes=2", NULL}, NULL},
		{{"--memory-nodes=0,2", NULL}, NULL},
		{{"--memory-nodes=0-3", NULL},
		 "--memory-nodes=0-3: node 3 has no memory that this process may use; usable: 0-2"},
		{{"--memory-nodes=2,2", NULL}, "--memory-nodes: node 2 is named twice in '2,2'"},
	};
	const char *root = machine_tree(machine_named("CXL memory behind socket 0"));
	struct mw_topology topo;
	char err[300] = "";
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct test_context t;
		test_open(&t, &bench_numa, rows[i].options);
		t.ctx.topo = &topo;
		err[0] = '\0';
		int rc = bench_numa.check(&t.ctx, err, sizeof(err));
		cr_expect_eq(rc, rows[i].error ? MW_ESPEC : 0, "%s: %d %s", rows[i].options[0], rc, err);
		cr_expect_str_eq(err, rows[i].error ? rows[i].error : "");
		t.ctx.topo = t.topo;
		test_close(&t);
	}
	mw_topology_fini(&topo);
	tree_remove(root);
}

Test(numa, refuses)
{
	static const struct {
		const char *options[3];
		const char *word;
	} bad[] = {
		{{"--memory-nodes=900", NULL}, "node 900 has no memory"},
		{{"--memory-nodes=x", NULL}, "not a list of nodes"},
		{{"--size=900T", NULL}, "more than the"},
		{{"--parts=cores,corse", NULL}, "corse"},
		{{"--pages=4M", NULL}, "4M"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_refused(&bench_numa, bad[i].options, MW_ESPEC, bad[i].word);
}

/* ---- HMAT ---- */

static const struct mw_record *find(const struct mw_records *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++) {
		char *own = mw_record_id(&l->v[i]);
		bool same = own && strcmp(own, id) == 0;
		free(own);
		if (same)
			return &l->v[i];
	}
	return NULL;
}

static void promises_of(const char *machine, bool hide, struct mw_records *out)
{
	struct mw_topology topo;
	struct numa_plan plan;
	char err[160] = "";
	const char *root = machine_tree(machine_named(machine));
	const struct mw_sink sink = {test_collect, out};
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	if (hide) { /* without access0 */
		tree_delete(root, machine_node_path(2, "access0/initiators/read_latency"));
		tree_delete(root, machine_node_path(2, "access0/initiators/read_bandwidth"));
		tree_delete(root, machine_node_path(2, "access0/initiators/write_latency"));
		tree_delete(root, machine_node_path(2, "access0/initiators/write_bandwidth"));
	}
	const struct numa_wish wish = {
		.matrix = true, .interleave = true, .members = topo.host.n_cpus, .every_core = 1};
	cr_assert_eq(numa_plan_make(&topo, &wish, &plan), 0);
	int fd = mw_tree_open(root);
	cr_assert_eq(numa_emit_promises(&plan, fd, &sink), 0);
	(void)close(fd);
	numa_plan_fini(&plan);
	mw_topology_fini(&topo);
	tree_remove(root);
}

Test(numa, what_the_firmware_promises)
{
	static const struct {
		const char *id;
		double value;
	} rows[] = {
		{"numa.hmat.latency{access=read;class=0;cpu_node=0;memory_node=0}", 100},
		{"numa.hmat.latency{access=write;class=0;cpu_node=1;memory_node=1}", 100},
		{"numa.hmat.latency{access=read;class=0;cpu_node=0;memory_node=2}", 250},
		{"numa.hmat.bandwidth{access=read;class=0;cpu_node=0;memory_node=0}", 100},
		{"numa.hmat.bandwidth{access=read;class=0;cpu_node=0;memory_node=2}", 25},
		{"numa.hmat.bandwidth{access=write;class=0;cpu_node=0;memory_node=2}", 12.5},
	};
	struct mw_records out = {0};
	promises_of("CXL memory behind socket 0", false, &out);
	cr_expect_eq(out.n, 12, "three pairs of which HMAT names the initiator, not %zu records", out.n);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mw_record *r = find(&out, rows[i].id);
		cr_assert(r, "%s", rows[i].id);
		cr_expect_float_eq(r->value, rows[i].value, 1e-9, "%s: %g", rows[i].id, r->value);
		cr_expect_eq(r->provenance, MW_REFERENCE);
		cr_expect_str_eq(r->source, "HMAT");
	}
	cr_expect_null(find(&out, "numa.hmat.latency{access=read;class=0;cpu_node=1;memory_node=2}"),
		       "node 1 is no initiator of node 2");
	mw_records_fini(&out);
	out = (struct mw_records){0};
	promises_of("CXL memory behind socket 0", true, &out);
	cr_expect(find(&out, "numa.hmat.latency{access=read;class=1;cpu_node=0;memory_node=2}"));
	mw_records_fini(&out);
	out = (struct mw_records){0};
	promises_of("sub-NUMA clusters", false, &out);
	cr_assert_eq(out.n, 1);
	cr_expect(out.v[0].provenance == MW_UNAVAILABLE && strstr(out.v[0].note, "HMAT"));
	mw_records_fini(&out);
}

/* ---- the slowest core ---- */

struct core_time {
	double value, half; /* half width of the interval; 0: none */
};

static void verdict(const struct core_time *v, size_t n, int every_core, struct mw_records *out)
{
	struct mw_topology topo;
	struct numa_plan plan;
	struct mw_records cores = {0};
	char err[160] = "";
	const char *root = machine_tree(machine_named("one node of a terabyte"));
	const struct mw_sink sink = {test_collect, out};
	cr_assert_eq(mw_topology_read(root, NULL, &topo, err, sizeof(err)), 0, "%s", err);
	const struct bench_ctx ctx = {.topo = &topo};
	const struct numa_wish wish = {.cores = true, .members = (int)n, .every_core = 1};
	cr_assert_eq(numa_plan_make(&topo, &wish, &plan), 0);
	plan.every_core = every_core;
	const struct numa_block block = {.node = 0};
	for (int i = 0; i < plan.n_pairs; i++) {
		struct mw_record r;
		numa_latency_open(&r, &ctx, &plan, &plan.pairs[i], &block, 1 << 30);
		r.value = v[i].value;
		r.ci_lo = v[i].half > 0 ? v[i].value - v[i].half : (double)NAN;
		r.ci_hi = v[i].half > 0 ? v[i].value + v[i].half : (double)NAN;
		r.n = 8;
		cr_assert_eq(mw_record_close(&r, err, sizeof(err)), 0, "%s", err);
		cr_assert_eq(mw_records_add(&cores, &r), 0);
		mw_record_fini(&r);
	}
	cr_assert_eq(numa_emit_slowest(&cores, &plan, &sink), 0);
	mw_records_fini(&cores);
	numa_plan_fini(&plan);
	mw_topology_fini(&topo);
	tree_remove(root);
}

Test(numa, the_slow_core_is_named)
{
	static const struct {
		struct core_time v[6];
		size_t n;
		int every_core, cpu; /* -1: no record */
		double ratio;
		const char *slow, *note;
	} rows[] = {
		{{{100, 2}, {101, 2}, {99, 2}, {130, 3}, {100, 2}},
		 5,
		 1,
		 3,
		 1.3,
		 "3",
		 "slow: CPU 3, by more than the intervals"},
		/* The slowest of equal cores is noise. */
		{{{100, 2}, {101, 2}, {99, 2}, {103, 2}, {100, 2}},
		 5,
		 1,
		 3,
		 1.03,
		 "",
		 "no core is slower than the median one by more than the intervals"},
		{{{100, 2}, {120, 2}}, 2, 1, 1, 1.2, "1", "slow: CPU 1, by more than the intervals"},
		{{{140, 2}, {100, 2}, {150, 2}, {101, 2}, {99, 2}, {100, 2}},
		 6,
		 2,
		 2,
		 1.5,
		 "2,0",
		 "slow: CPU 2,0, by more than the intervals; one core in 2 was measured to fit the time: 6 of 6"},
		{{{100, 0}, {150, 0}}, 2, 1, 1, 1.5, "", "too few visits to tell whether a core is slow"},
		{{{100, 2}}, 1, 1, -1, 0, "", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_records out = {0};
		verdict(rows[i].v, rows[i].n, rows[i].every_core, &out);
		cr_assert_eq(out.n, rows[i].cpu >= 0, "row %zu: %zu records", i, out.n);
		if (out.n) {
			const struct mw_record *r = &out.v[0];
			cr_expect_str_eq(r->metric, "latency_spread");
			cr_expect_float_eq(r->value, rows[i].ratio, 1e-9, "row %zu: %g", i, r->value);
			cr_expect_eq(mw_kv_int(&r->observed, "cpu", -1), rows[i].cpu, "row %zu", i);
			cr_expect_str_eq(mw_kv_str(&r->observed, "slow", ""), rows[i].slow, "row %zu", i);
			cr_expect_str_eq(r->note, rows[i].note, "row %zu: %s", i, r->note);
		}
		mw_records_fini(&out);
	}
}

/* ---- samples ---- */

/* Memory of one place on this machine, as small as may be. */
struct bench_memory {
	struct test_context t;
	struct numa_plan plan;
	struct numa_memory m;
};

static struct numa_block *open_memory(struct bench_memory *b)
{
	test_open(&b->t, &bench_numa, NULL);
	const struct numa_wish wish = {.cores = true, .members = mw_team_size(b->t.ctx.team), .every_core = 1};
	cr_assert_eq(numa_plan_make(b->t.topo, &wish, &b->plan), 0);
	b->m = (struct numa_memory){.pages = MW_PAGES_4K, .chain_bytes = 1 << 20, .read_bytes = 1 << 20};
	cr_assert_eq(numa_memory_open(&b->m, &b->t.ctx, &b->plan, b->t.err, sizeof(b->t.err)), 0, "%s", b->t.err);
	return &b->m.blocks[b->plan.pairs[0].place];
}

static void close_memory(struct bench_memory *b)
{
	numa_memory_close(&b->m);
	numa_plan_fini(&b->plan);
	test_close(&b->t);
}

/* The cores of a node share the chain and follow it further and further, so that none reads what another cached. */
Test(numa, a_chase_goes_on_where_the_last_one_ended)
{
	struct bench_memory b;
	const struct numa_block *block = open_memory(&b);
	int last = mw_team_size(b.t.ctx.team) - 1;
	struct numa_chase chases[2] = {{&b.m, &b.m.blocks[b.plan.pairs[0].place], 0, 1e4, 320, 0, -1},
				       {&b.m, &b.m.blocks[b.plan.pairs[0].place], last, 1e4, 640, 0, -1}};
	void *p = block->at;
	for (int i = 0; i < 4; i++) {
		struct numa_chase *c = &chases[i % 2];
		double ns = 0;
		cr_assert_eq(numa_chase_measure(c, &ns, b.t.err, sizeof(b.t.err)), 0, "%s", b.t.err);
		p = mw_chase(p, 1024 + c->count); /* what warms up, then what is timed */
		cr_expect_eq(block->at, p, "sample %d", i);
		cr_expect(ns > 0 && isfinite(ns));
		cr_expect_float_eq(ns, (double)c->ns / (double)c->count, 1e-9, "time of one load");
		cr_expect_eq(c->cpu, mw_team_cpu(b.t.ctx.team, c->member), "on CPU %d", c->cpu);
	}
	close_memory(&b);
}

/* Far apart in memory, but window after window, so that the TLB covers what is in use. */
Test(numa, the_chain_keeps_to_its_windows)
{
	struct bench_memory b;
	const struct numa_block *block = open_memory(&b);
	const size_t loads = (1 << 20) / 256, windows = 4;
	size_t changes = 0, near = 0;
	char *p = block->at, *first = p;
	for (size_t i = 0; i < loads; i++) {
		char *next = *(char **)(void *)p;
		size_t from = (size_t)(p - (char *)block->chain.base), to = (size_t)(next - (char *)block->chain.base);
		changes += from / (256 << 10) != to / (256 << 10);
		near += (from > to ? from - to : to - from) <= 512;
		p = next;
	}
	cr_expect_eq(p, first, "one cycle through every element");
	cr_expect_eq(changes, windows);
	cr_expect_lt(near, loads / 50, "%zu of %zu loads beside the one before", near, loads);
	close_memory(&b);
}

/* One core alone reads window after window, and notices a wrong byte in the one that it reads. */
Test(numa, a_core_reads_all_of_its_part)
{
	struct bench_memory b;
	struct numa_block *block = open_memory(&b);
	const int member = mw_team_size(b.t.ctx.team) - 1;
	size_t n_kernels, windows = block->elements / NUMA_GRAIN / 8, seen = 0;
	const struct mw_stream_kernel *k = mw_stream_kernels(MW_ISA_PORTABLE, &n_kernels);
	cr_assert(n_kernels && k->op == MW_STREAM_READ);
	struct numa_read r = {.memory = &b.m,
			      .block = block,
			      .kernel = k,
			      .members = &member,
			      .n = 1,
			      .window = 8 * NUMA_GRAIN,
			      .sample_ns = 1};
	double gbps = 0;
	r.passes = 1;
	for (size_t i = 0; i < windows; i++) {
		cr_assert_eq(numa_read_measure(&r, &gbps, b.t.err, sizeof(b.t.err)), 0, "%s", b.t.err);
		cr_expect_eq(r.first, i * r.window, "window %zu at %zu", i, r.first);
		cr_expect_eq(atomic_load(&r.cpu), mw_team_cpu(b.t.ctx.team, member));
		cr_expect_gt(gbps, 0);
		cr_expect_float_eq(gbps * (double)r.ns, 8.0 * 8 * NUMA_GRAIN, 1, "bytes of one pass");
	}
	((unsigned char *)(block->read + 3 * r.window + 12345))[2] ^= 1;
	for (size_t i = 0; i < windows; i++) {
		atomic_store(&r.wrong, 0);
		r.passes = 1;
		int rc = numa_read_measure(&r, &gbps, b.t.err, sizeof(b.t.err));
		cr_expect_eq(rc, i == 3 ? MW_EVERIFY : 0, "window %zu: %d", i, rc);
		seen += rc == MW_EVERIFY;
	}
	cr_expect_eq(seen, 1);
	close_memory(&b);
}

/* The cores of a node read all of it once, each another share: a wrong byte anywhere is noticed. */
Test(numa, cores_together_read_all)
{
	struct bench_memory b;
	struct numa_block *block = open_memory(&b);
	const int members[2] = {mw_team_size(b.t.ctx.team) - 1, 0};
	size_t n_kernels;
	const struct mw_stream_kernel *k = mw_stream_kernels(MW_ISA_PORTABLE, &n_kernels);
	struct numa_read r = {.memory = &b.m,
			      .block = block,
			      .kernel = k,
			      .members = members,
			      .n = mw_team_size(b.t.ctx.team) > 1 ? 2 : 1,
			      .passes = 1};
	double gbps = 0;
	cr_assert_eq(numa_read_measure(&r, &gbps, b.t.err, sizeof(b.t.err)), 0, "%s", b.t.err);
	for (size_t i = 0; i < block->elements; i += block->elements / 7) {
		unsigned char *byte = (unsigned char *)(block->read + i);
		atomic_store(&r.wrong, 0);
		r.passes = 1;
		*byte ^= 1;
		cr_expect_eq(numa_read_measure(&r, &gbps, b.t.err, sizeof(b.t.err)), MW_EVERIFY, "element %zu", i);
		*byte ^= 1;
	}
	close_memory(&b);
}

/* ---- on this machine ---- */

static const struct mw_record *next_of(const struct mw_records *l, const char *name, const char *metric, size_t *at)
{
	for (; *at < l->n; (*at)++)
		if (strcmp(l->v[*at].case_name, name) == 0 && strcmp(l->v[*at].metric, metric) == 0)
			return &l->v[(*at)++];
	return NULL;
}

Test(numa, everything_on_this_machine)
{
	const char *const options[] = {"--size=1M", "--pages=4K", NULL};
	struct test_context t;
	test_open(&t, &bench_numa, options);
	cr_assert_eq(test_run(&t, &bench_numa), 0, "%s", t.err);
	const struct mw_record *r;
	int cores = 0, locals = 0;
	struct mw_block block;
	cr_assert_eq(mw_arena_take(t.ctx.arenas, &t, MW_PAGES_4K, -1, 4096, &block, t.err, sizeof(t.err)), 0, "%s",
		     t.err);
	bool told = block.node >= 0; /* else move_pages is refused */
	mw_arena_release(t.ctx.arenas, &block);
	for (size_t at = 0; (r = next_of(&t.out, "core", "latency", &at)); cores++) {
		cr_expect_eq(r->provenance, MW_MEASURED, "%s", r->note);
		cr_expect_eq(mw_kv_int(&r->params, "on_cpu", -1), t.topo->cpus[cores].id);
		cr_expect_eq(mw_kv_int(&r->observed, "cpu", -2), t.topo->cpus[cores].id, "measured elsewhere");
		cr_expect_eq(mw_kv_int(&r->params, "size", 0), 1 << 20);
		cr_expect_eq(mw_kv_int(&r->observed, "span", 0), 4 << 20);
	}
	cr_expect_eq(cores, mw_team_size(t.ctx.team));
	for (size_t at = 0; (r = next_of(&t.out, "local", "latency", &at)); locals++) {
		char node[16];
		const char *placed = mw_kv_str(&r->observed, "page_nodes", "");
		(void)snprintf(node, sizeof(node), "%lld", (long long)mw_kv_int(&r->params, "memory_node", -1));
		if (told)
			cr_expect_str_eq(placed, node);
		cr_expect_eq(r->provenance, MW_MEASURED, "%s", r->note);
	}
	cr_expect_gt(locals, 0);
	size_t at = 0;
	r = next_of(&t.out, "remote", "bandwidth", &at);
	cr_assert(r);
	if (t.topo->host.n_nodes == 1)
		cr_expect(r->provenance == MW_UNAVAILABLE && strstr(r->note, "one NUMA node"), "%s", r->note);
	at = 0;
	cr_expect_eq(next_of(&t.out, "slowest-core", "latency_spread", &at) != NULL, cores > 1);
	test_close(&t);
}

/* On a large server a core alone would take too long to read what all cores of its node need. */
Test(numa, a_core_alone_reads_four_times_its_own_caches)
{
	const char *const options[] = {"--size=1M", "--pages=4K", "--parts=matrix,cores", NULL};
	struct test_context t;
	test_open(&t, &bench_numa, options);
	t.topo->host.l3_bytes = t.topo->host.l2_bytes = 64 << 10;
	cr_assert_eq(test_run(&t, &bench_numa), 0, "%s", t.err);
	const struct mw_record *r;
	size_t at = 0, cores = 0;
	while ((r = next_of(&t.out, "core", "bandwidth", &at))) {
		cr_expect_eq(mw_kv_int(&r->params, "size", 0), 512 << 10);
		cores++;
	}
	cr_expect_gt(cores, 0);
	at = 0;
	r = next_of(&t.out, "local", "bandwidth", &at);
	cr_assert(r);
	cr_expect_eq(mw_kv_int(&r->params, "size", 0), 1 << 20);
	test_close(&t);
}

Test(numa, parts)
{
	static const struct {
		const char *options[4], *absent[3];
	} rows[] = {
		{{"--parts=matrix", "--size=1M", NULL}, {"core", "interleave", "slowest-core"}},
		{{"--parts=interleave", "--size=1M", NULL}, {"core", "local", "hmat"}},
		{{"--parts=cores", "--size=1M", NULL}, {"local", "remote", "interleave"}},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct test_context t;
		test_open(&t, &bench_numa, rows[i].options);
		cr_assert_eq(test_run(&t, &bench_numa), 0, "%s", t.err);
		cr_expect_gt(t.out.n, 0);
		for (size_t k = 0; k < t.out.n; k++)
			for (int a = 0; a < 3; a++)
				cr_expect_str_neq(t.out.v[k].case_name, rows[i].absent[a], "%s", rows[i].options[0]);
		test_close(&t);
	}
}

Test(numa, stops_when_asked)
{
	struct test_context t;
	test_open(&t, &bench_numa, NULL);
	atomic_store(&t.stop, 2);
	cr_assert_eq(test_run(&t, &bench_numa), MW_ECANCELLED);
	test_close(&t);
}
