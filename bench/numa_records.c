#include "bench/numa_records.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/text.h"
#include "base/sys/hmat.h"
#include "base/sys/tree.h"

/* ---- what it emits ---- */

static const struct mw_key key_cpu_node = {"cpu_node", MW_NUMBER, MW_PARAM, "NUMA node of the CPUs that read"};
static const struct mw_key key_memory_node = {"memory_node", MW_NUMBER, MW_PARAM, "NUMA node of the memory"};
static const struct mw_key key_on_cpu = {"on_cpu", MW_NUMBER, MW_PARAM, "CPU that reads while all others are idle"};
static const struct mw_key key_access = {"access", MW_TEXT, MW_PARAM, "kind of access: read or write"};
static const struct mw_key key_class = {"class", MW_NUMBER, MW_PARAM,
					"access class of the promise: 0 for any initiator, 1 for CPUs"};
static const struct mw_key key_page_nodes = {"page_nodes", MW_TEXT, MW_OBSERVED,
					     "nodes on which the pages were found, with their shares"};
static const struct mw_key key_distance = {"distance", MW_NUMBER, MW_OBSERVED,
					   "distance of the nodes in the firmware's table (SLIT), 10 is local"};
static const struct mw_key key_weights = {"weights", MW_TEXT, MW_OBSERVED, "weights of the nodes in the system"};
static const struct mw_key key_slow = {"slow", MW_TEXT, MW_OBSERVED,
				       "CPUs whose interval lies beyond that of the median core"};
static const struct mw_key key_of_cores = {"of_cores", MW_NUMBER, MW_OBSERVED, "cores that were measured alone"};

static const struct mw_metric metric_latency_spread = {
	"latency_spread", MW_RATIO, MW_LOWER, "latency of the slowest core divided by that of the median core"};
static const struct mw_metric metric_bandwidth_spread = {
	"bandwidth_spread", MW_RATIO, MW_HIGHER, "bandwidth of the slowest core divided by that of the median core"};

#define NODE_CASES MW_CASES("local", "remote", "memory-only")
#define POLICY_CASES MW_CASES("interleave", "weighted-interleave")
#define CHASE_OBSERVED MW_LIST(&mw_key_cpu, &mw_key_obtained, &key_page_nodes, &key_distance, &mw_key_span)
#define READ_OBSERVED MW_LIST(&mw_key_obtained, &key_page_nodes, &key_distance)

enum {
	NODE_LATENCY,
	NODE_BANDWIDTH,
	POLICY_LATENCY,
	POLICY_BANDWIDTH,
	CORE_LATENCY,
	CORE_BANDWIDTH,
	HMAT_LATENCY,
	HMAT_BANDWIDTH,
	LATENCY_SPREAD,
	BANDWIDTH_SPREAD
};

static const struct mw_emit emits[] = {
	[NODE_LATENCY] = {NODE_CASES, &mw_metric_latency,
			  MW_LIST(&key_cpu_node, &key_memory_node, &mw_key_size, &mw_key_pages), NULL, CHASE_OBSERVED},
	[NODE_BANDWIDTH] = {NODE_CASES, &mw_metric_bandwidth,
			    MW_LIST(&key_cpu_node, &key_memory_node, &mw_key_size, &mw_key_threads, &mw_key_kernel,
				    &mw_key_pages),
			    MW_LIST(&mw_key_state), READ_OBSERVED},
	[POLICY_LATENCY] = {POLICY_CASES, &mw_metric_latency, MW_LIST(&key_cpu_node, &mw_key_size, &mw_key_pages), NULL,
			    MW_LIST(&mw_key_cpu, &mw_key_obtained, &key_page_nodes, &key_weights, &mw_key_span)},
	[POLICY_BANDWIDTH] = {POLICY_CASES, &mw_metric_bandwidth,
			      MW_LIST(&key_cpu_node, &mw_key_size, &mw_key_threads, &mw_key_kernel, &mw_key_pages),
			      MW_LIST(&mw_key_state), MW_LIST(&mw_key_obtained, &key_page_nodes, &key_weights)},
	[CORE_LATENCY] = {MW_CASES("core"), &mw_metric_latency, MW_LIST(&key_on_cpu, &mw_key_size, &mw_key_pages), NULL,
			  MW_LIST(&mw_key_cpu, &mw_key_obtained, &key_page_nodes, &mw_key_span)},
	[CORE_BANDWIDTH] = {MW_CASES("core"), &mw_metric_bandwidth,
			    MW_LIST(&key_on_cpu, &mw_key_size, &mw_key_kernel, &mw_key_pages), NULL,
			    MW_LIST(&mw_key_obtained, &key_page_nodes)},
	[HMAT_LATENCY] = {MW_CASES("hmat"), &mw_metric_latency,
			  MW_LIST(&key_cpu_node, &key_memory_node, &key_access, &key_class), NULL, NULL},
	[HMAT_BANDWIDTH] = {MW_CASES("hmat"), &mw_metric_bandwidth,
			    MW_LIST(&key_cpu_node, &key_memory_node, &key_access, &key_class), NULL, NULL},
	[LATENCY_SPREAD] = {MW_CASES("slowest-core"), &metric_latency_spread, NULL, NULL,
			    MW_LIST(&mw_key_cpu, &key_slow, &key_of_cores)},
	[BANDWIDTH_SPREAD] = {MW_CASES("slowest-core"), &metric_bandwidth_spread, NULL, NULL,
			      MW_LIST(&mw_key_cpu, &key_slow, &key_of_cores)},
	{.metric = NULL},
};
const struct mw_emitter numa_emitter = {"numa", emits};

static const struct {
	const char *name;
	int latency, bandwidth; /* rows of emits */
} cases[] = {
	[NUMA_LOCAL] = {"local", NODE_LATENCY, NODE_BANDWIDTH},
	[NUMA_REMOTE] = {"remote", NODE_LATENCY, NODE_BANDWIDTH},
	[NUMA_MEMORY_ONLY] = {"memory-only", NODE_LATENCY, NODE_BANDWIDTH},
	[NUMA_INTERLEAVE] = {"interleave", POLICY_LATENCY, POLICY_BANDWIDTH},
	[NUMA_WEIGHTED] = {"weighted-interleave", POLICY_LATENCY, POLICY_BANDWIDTH},
	[NUMA_CORE] = {"core", CORE_LATENCY, CORE_BANDWIDTH},
};

/* ---- points ---- */

static int distance_of(const struct mw_topology *t, int from, int to)
{
	int i = -1, k = -1;
	for (int j = 0; j < t->host.n_nodes; j++) {
		i = t->host.nodes[j].id == from ? j : i;
		k = t->host.nodes[j].id == to ? j : k;
	}
	return i >= 0 && k >= 0 ? *mw_host_distance(&t->host, i, k) : 0;
}

/* Parameters and observed values of both metrics. */
static void describe(struct mw_record *rec, const struct bench_ctx *ctx, const struct numa_plan *plan,
		     const struct numa_pair *pair, const struct numa_block *block, uint64_t touched)
{
	int cpu_node = plan->groups[pair->group].node, node = plan->places[pair->place].node;
	if (pair->kind == NUMA_CORE)
		mw_put_int(rec, &key_on_cpu, ctx->topo->cpus[pair->member].id);
	else
		mw_put_int(rec, &key_cpu_node, cpu_node);
	if (pair->kind <= NUMA_MEMORY_ONLY) {
		int distance = distance_of(ctx->topo, cpu_node, node);
		mw_put_int(rec, &key_memory_node, node);
		if (distance > 0)
			mw_put_int(rec, &key_distance, distance);
	}
	mw_put_int(rec, &mw_key_size, (int64_t)touched);
	mw_put_text(rec, &mw_key_pages, mw_pages_name(block->block.asked));
	if (block->block.p)
		mw_put_text(rec, &mw_key_obtained, block->block.obtained);
	if (block->placed.len)
		mw_put_text(rec, &key_page_nodes, mw_buf_text(&block->placed));
}

static void note_size(struct mw_record *rec, uint64_t touched, uint64_t caches)
{
	if (touched < 4 * caches)
		mw_record_note(
			rec,
			"partly from cache: time or memory allow %.0f MiB to be touched, less than four times the "
			"%.0f MiB of cache that these CPUs use",
			(double)touched / 1048576.0, (double)caches / 1048576.0);
}

void numa_latency_open(struct mw_record *rec, const struct bench_ctx *ctx, const struct numa_plan *plan,
		       const struct numa_pair *pair, const struct numa_block *block, uint64_t touched)
{
	const struct mw_host *h = &ctx->topo->host;
	mw_record_open(rec, &numa_emitter, &emits[cases[pair->kind].latency], cases[pair->kind].name);
	mw_record_method(rec, "pointer-chase", 1);
	describe(rec, ctx, plan, pair, block, touched);
	mw_put_int(rec, &mw_key_span, (int64_t)(touched / 64 * NUMA_STRIDE));
	note_size(rec, touched, h->l3_bytes ? h->l3_bytes : h->l2_bytes);
}

void numa_bandwidth_open(struct mw_record *rec, const struct bench_ctx *ctx, const struct numa_plan *plan,
			 const struct numa_pair *pair, const struct numa_block *block, uint64_t touched,
			 const char *kernel)
{
	mw_record_open(rec, &numa_emitter, &emits[cases[pair->kind].bandwidth], cases[pair->kind].name);
	mw_record_method(rec, "stream", 1);
	describe(rec, ctx, plan, pair, block, touched);
	mw_put_text(rec, &mw_key_kernel, kernel);
	int n = pair->kind == NUMA_CORE ? 1 : plan->groups[pair->group].n;
	if (pair->kind != NUMA_CORE)
		mw_put_int(rec, &mw_key_threads, n);
	note_size(rec, touched, numa_caches_of(&ctx->topo->host, n));
}

uint64_t numa_caches_of(const struct mw_host *h, int cores)
{
	/* The cores of a node reach the caches of their socket; of these each one alone reaches one. */
	uint64_t sockets = (uint64_t)(h->n_sockets > 0 ? h->n_sockets : 1);
	uint64_t last = h->l3_bytes ? h->l3_bytes : h->llc_total_bytes / sockets;
	if (cores > 1 && h->llc_total_bytes / sockets > last)
		last = h->llc_total_bytes / sockets;
	return last + (h->l3_bytes ? (uint64_t)cores * h->l2_bytes : 0);
}

void numa_put_cpu(struct mw_record *rec, int cpu)
{
	mw_put_int(rec, &mw_key_cpu, cpu);
}

void numa_put_weights(struct mw_record *rec, int root_fd, const struct numa_plan *plan)
{
	struct mw_buf words = {0};
	for (int i = 0; i < plan->n_places; i++) {
		char path[80];
		uint64_t weight;
		if (plan->places[i].node < 0)
			continue;
		mw_format(path, sizeof(path), "sys/kernel/mm/mempolicy/weighted_interleave/node%d",
			  plan->places[i].node);
		if (mw_tree_u64(root_fd, path, &weight) == 0)
			mw_buf_add(&words, "%s%d: %llu", words.len ? ", " : "", plan->places[i].node,
				   (unsigned long long)weight);
	}
	if (words.len)
		mw_put_text(rec, &key_weights, mw_buf_text(&words));
	mw_buf_fini(&words);
}

/* ---- what cannot be measured ---- */

static int emit_missing(const struct mw_sink *sink, enum numa_kind kind, const char *why)
{
	const int rows[] = {cases[kind].latency, cases[kind].bandwidth};
	int rc = 0;
	for (int i = 0; i < 2 && rc == 0; i++) {
		struct mw_record rec;
		mw_record_open(&rec, &numa_emitter, &emits[rows[i]], cases[kind].name);
		mw_record_method(&rec, i ? "stream" : "pointer-chase", 1);
		mw_record_unavailable(&rec, why);
		rc = mw_finish(sink, &rec);
	}
	return rc;
}

static bool has_kind(const struct numa_plan *plan, enum numa_kind kind)
{
	for (int i = 0; i < plan->n_pairs; i++)
		if (plan->pairs[i].kind == kind)
			return true;
	return false;
}

int numa_emit_missing(const struct mw_topology *t, const struct numa_wish *wish, const struct numa_plan *plan,
		      const struct mw_sink *sink)
{
	bool one = t->host.n_nodes < 2;
	int rc = 0;
	if (wish->matrix && !has_kind(plan, NUMA_REMOTE))
		rc = emit_missing(sink, NUMA_REMOTE,
				  one ? "this machine has one NUMA node"
				      : "no other node with CPUs has memory that this run measures");
	for (int kind = NUMA_INTERLEAVE; kind <= NUMA_WEIGHTED && rc == 0 && wish->interleave; kind++)
		if (!has_kind(plan, (enum numa_kind)kind))
			rc = emit_missing(sink, (enum numa_kind)kind,
					  one ? "this machine has one NUMA node: nothing to interleave"
					      : "this run measures the memory of one NUMA node: nothing to interleave");
	return rc;
}

/* ---- HMAT ---- */

static int emit_promise(const struct mw_sink *sink, int cpu_node, int memory_node, const struct mw_hmat *h, int row,
			const char *access, double value)
{
	struct mw_record rec;
	if (!isfinite(value))
		return 0;
	mw_record_open(&rec, &numa_emitter, &emits[row], "hmat");
	mw_record_method(&rec, "firmware", 1);
	mw_put_int(&rec, &key_cpu_node, cpu_node);
	mw_put_int(&rec, &key_memory_node, memory_node);
	mw_put_text(&rec, &key_access, access);
	mw_put_int(&rec, &key_class, h->class);
	mw_record_set(&rec, value, MW_REFERENCE, "HMAT");
	mw_record_note(&rec, "what the firmware promises, in /sys/devices/system/node/node%d/access%d", memory_node,
		       h->class);
	return mw_finish(sink, &rec);
}

int numa_emit_promises(const struct numa_plan *plan, int root_fd, const struct mw_sink *sink)
{
	bool any = false;
	int rc = 0;
	for (int g = 0; g < plan->n_groups; g++)
		for (int k = 0; k < plan->n_places && rc == 0; k++) {
			int from = plan->groups[g].node, to = plan->places[k].node;
			struct mw_hmat h;
			if (to < 0 || !mw_hmat_read(root_fd, from, to, &h))
				continue;
			any = true;
			rc = emit_promise(sink, from, to, &h, HMAT_LATENCY, "read", h.read_ns);
			rc = rc ? rc : emit_promise(sink, from, to, &h, HMAT_LATENCY, "write", h.write_ns);
			rc = rc ? rc : emit_promise(sink, from, to, &h, HMAT_BANDWIDTH, "read", h.read_gbps);
			rc = rc ? rc : emit_promise(sink, from, to, &h, HMAT_BANDWIDTH, "write", h.write_gbps);
		}
	if (any || rc < 0)
		return rc;
	struct mw_record rec;
	mw_record_open(&rec, &numa_emitter, &emits[HMAT_LATENCY], "hmat");
	mw_record_method(&rec, "firmware", 1);
	mw_record_unavailable(&rec, "the firmware has no HMAT for these nodes, or the kernel does not show it");
	return mw_finish(sink, &rec);
}

/* ---- the slowest core ---- */

struct core_value {
	const struct mw_record *rec;
	double slowness; /* larger is slower */
};

static int by_slowness(const void *a, const void *b)
{
	const struct core_value *x = a, *y = b;
	return (x->slowness > y->slowness) - (x->slowness < y->slowness);
}

static int cpu_of(const struct mw_record *rec)
{
	return (int)mw_kv_int(&rec->params, key_on_cpu.name, -1);
}

/* Does the interval of a lie wholly on the slow side of that of b? */
static bool is_beyond(const struct mw_record *a, const struct mw_record *b)
{
	return a->declared->better == MW_LOWER ? a->ci_lo > b->ci_hi : a->ci_hi < b->ci_lo;
}

static void put_verdict(struct mw_record *out, const struct core_value *v, size_t n, const struct mw_record *median,
			const struct numa_plan *plan)
{
	enum { NAMED = 8 };
	struct mw_buf slow = {0};
	size_t n_slow = 0;
	for (size_t i = n; i-- > 0 && is_beyond(v[i].rec, median); n_slow++)
		if (n_slow < NAMED)
			mw_buf_add(&slow, "%s%d", n_slow ? "," : "", cpu_of(v[i].rec));
	if (n_slow > NAMED)
		mw_buf_add(&slow, " and %zu more", n_slow - NAMED);
	if (n_slow)
		mw_put_text(out, &key_slow, mw_buf_text(&slow));
	if (!isfinite(median->ci_lo))
		mw_record_note(out, "too few visits to tell whether a core is slow");
	else if (n_slow)
		mw_record_note(out, "slow: CPU %s, by more than the intervals", mw_buf_text(&slow));
	else
		mw_record_note(out, "no core is slower than the median one by more than the intervals");
	if (plan->every_core > 1)
		mw_record_add_note(out, "one core in %d was measured to fit the time: %zu of %d", plan->every_core, n,
				   plan->cores);
	mw_buf_fini(&slow);
}

static int emit_slowest(const struct mw_records *l, const struct mw_metric *metric, int row,
			const struct numa_plan *plan, const struct mw_sink *sink)
{
	struct core_value *v = calloc(l->n + 1, sizeof(*v));
	size_t n = 0;
	int rc = 0;
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct mw_record *r = &l->v[i];
		if (strcmp(r->case_name, "core") != 0 || r->declared != metric || r->provenance != MW_MEASURED)
			continue;
		v[n++] = (struct core_value){r, metric->better == MW_LOWER ? r->value : -r->value};
	}
	if (n > 1) {
		struct mw_record out;
		qsort(v, n, sizeof(*v), by_slowness);
		/* Of an even number the faster of the two in the middle: of two cores, the other one. */
		const struct mw_record *slowest = v[n - 1].rec, *median = v[(n - 1) / 2].rec;
		mw_record_open(&out, &numa_emitter, &emits[row], "slowest-core");
		mw_record_method(&out, slowest->method, slowest->method_version);
		mw_record_scale(&out, slowest, 1.0 / median->value);
		mw_put_int(&out, &mw_key_cpu, cpu_of(slowest));
		mw_put_int(&out, &key_of_cores, (int64_t)n);
		put_verdict(&out, v, n, median, plan);
		rc = mw_finish(sink, &out);
	}
	free(v);
	return rc;
}

int numa_emit_slowest(const struct mw_records *l, const struct numa_plan *plan, const struct mw_sink *sink)
{
	int rc = emit_slowest(l, &mw_metric_latency, LATENCY_SPREAD, plan, sink);
	return rc < 0 ? rc : emit_slowest(l, &mw_metric_bandwidth, BANDWIDTH_SPREAD, plan, sink);
}
