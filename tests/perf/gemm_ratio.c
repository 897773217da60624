/* Ratios for `make bench-gemm`: the benchmark's matrix products against the best direct library call, and its
 * matrix-vector product against the best read kernel over the same bytes, taken alternately in one process.
 *
 * Each round runs the peer, ours, and the same peer again (P, M, P'). A comparison counts only when median(P/P') is
 * within 1 % of 1: otherwise the machine moved more than the question asks for. It passes when the 95 % interval of
 * M / mean(P, P') does not lie below the bar, and is inconclusive when that interval is wider than +-2 %. */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/kernels/stream.h"
#include "base/core/stats.h"
#include "bench/gemm_records.h"
#include "bench/gemm_work.h"

enum { ROUNDS = 25, MIN_ROUNDS = 15, TRIALS = 7, MAX_PEERS = 24, ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
static const double sample_s = 0.02;

/* ---- a contestant returns its rate in one sample ---- */

struct contestant {
	char name[48];
	int (*sample)(void *arg, double *rate);
	void *arg;
};

/* The one with the highest of a few samples, taken in turns: a slow moment hits one sample of each. */
static const struct contestant *fastest(const struct contestant *c, size_t n)
{
	const struct contestant *best = NULL;
	double best_rate = 0, rate;
	for (int trial = 0; trial < TRIALS; trial++)
		for (size_t i = 0; i < n; i++)
			if (c[i].sample(c[i].arg, &rate) == 0 && rate > best_rate) {
				best = &c[i];
				best_rate = rate;
			}
	return best;
}

static int failures;

/* One P, M, P' round. 1: the two probes of the cores' distance disagree, the round does not count. */
static int one_round(struct mw_team *team, int threads, const struct contestant *ours, const struct contestant *peer,
		     double v[3])
{
	double before = mw_team_c2c_ns(team, 0, threads - 1);
	if (peer->sample(peer->arg, &v[0]) < 0 || ours->sample(ours->arg, &v[1]) < 0 ||
	    peer->sample(peer->arg, &v[2]) < 0)
		return MW_EUNAVAILABLE;
	double moved = fabs(log(mw_team_c2c_ns(team, 0, threads - 1) / before));
	return moved > log(1.6) ? 1 : 0; /* NaN with one thread: nothing to agree on */
}

static const char *verdict(const struct mw_summary *ratio, const struct mw_summary *self, double bar)
{
	if (ratio->n < MIN_ROUNDS)
		return "inconclusive: too few rounds count";
	if (fabs(self->median - 1) > 0.01)
		return "void: the peer differs from itself";
	if (ratio->ci_hi < bar) {
		failures++;
		return "FAIL";
	}
	return 0.5 * (ratio->ci_hi - ratio->ci_lo) > 0.02 * ratio->median ? "inconclusive: interval too wide" : "pass";
}

static void compare(struct mw_team *team, const struct gemm_group *g, size_t m, const struct contestant *ours,
		    const struct contestant *peer, double bar, const char *unit)
{
	double ratio[ROUNDS], self[ROUNDS], rate[ROUNDS], v[3];
	struct mw_summary r, s, o;
	size_t n = 0;
	char what[64];
	(void)snprintf(what, sizeof(what), "%s %zux%zu m %zu, %d thread%s", gemm_dtype_name(g->type), g->k, g->n, m,
		       g->threads, g->threads == 1 ? "" : "s");
	for (int i = 0; i < ROUNDS; i++) {
		int rc = one_round(team, g->threads, ours, peer, v);
		if (rc < 0)
			break;
		if (rc > 0)
			continue;
		ratio[n] = v[1] / (0.5 * (v[0] + v[2]));
		self[n] = v[0] / v[2];
		rate[n++] = v[1];
	}
	if (mw_summarize(ratio, n, &r) < 0 || mw_summarize(self, n, &s) < 0 || mw_summarize(rate, n, &o) < 0)
		return;
	printf("%-32s %7.1f %-8s %-27s %-25s %.3f [%.3f %.3f] of %.2f  self %.3f  n %-2zu  %s\n", what, o.median, unit,
	       ours->name, peer->name, r.median, r.ci_lo, r.ci_hi, bar, s.median, n, verdict(&r, &s, bar));
	(void)fflush(stdout);
}

/* ---- direct library calls on whole matrices ----
 * With one thread on the team's first member, as ours; with more, the library's own threads from an unpinned caller
 * (from a pinned one OpenMP's threads share its CPU). */

typedef void (*cblas_sgemm_fn)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
			       float *, int);
typedef int (*dnnl_sgemm_fn)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *,
			     int64_t, float, float *, int64_t);
typedef int (*dnnl_s8_fn)(char, char, char, int64_t, int64_t, int64_t, float, const int8_t *, int64_t, int8_t,
			  const int8_t *, int64_t, int8_t, float, int32_t *, int64_t, const int32_t *);

struct direct {
	enum { CBLAS, DNNL_F32, DNNL_S8, PACKED } kind;
	const struct engine *engine;
	union {
		void *symbol;
		cblas_sgemm_fn cblas;
		dnnl_sgemm_fn dnnl;
		dnnl_s8_fn dnnl_s8;
	} fn;
	void *plan;
	struct mw_team *team;
	int threads;
	size_t m, n, k, matrices, stride; /* stride: bytes from matrix to matrix */
	unsigned char *w;
	const void *a;
	void *c;
	size_t next, calls;
	int rc;
};

static void set_threads(const struct direct *d)
{
	union {
		void *symbol;
		void (*set)(int);
	} f;
	static const char *const names[] = {"openblas_set_num_threads", "omp_set_num_threads"};
	for (size_t i = 0; i < 2; i++) {
		f.symbol = d->engine->handle ? dlsym(d->engine->handle, names[i]) : NULL;
		if (f.symbol)
			f.set(d->threads);
	}
}

static int call(struct direct *d, const void *w)
{
	int m = (int)d->m, n = (int)d->n, k = (int)d->k;
	int32_t zero = 0;
	switch (d->kind) {
	case CBLAS:
		d->fn.cblas(ROW_MAJOR, NO_TRANS, TRANS, m, n, k, 1.0f, d->a, k, w, k, 0.0f, d->c, n);
		return 0;
	case DNNL_F32:
		return d->fn.dnnl('N', 'T', m, n, k, 1.0f, d->a, k, w, k, 0.0f, d->c, n);
	case DNNL_S8:
		return d->fn.dnnl_s8('N', 'T', 'F', m, n, k, 1.0f, d->a, k, 0, w, k, 0, 0.0f, d->c, n, &zero);
	default:
		return d->engine->ops->run(d->plan, w, d->a, d->c);
	}
}

static void direct_calls(void *arg, int rank, int n)
{
	struct direct *d = arg;
	(void)rank;
	(void)n;
	set_threads(d); /* OpenMP keeps the number per calling thread */
	d->rc = 0;
	for (size_t i = 0; i < d->calls; i++) {
		if (call(d, d->w + d->next * d->stride) != 0)
			d->rc = MW_EUNAVAILABLE;
		d->next = (d->next + 1) % d->matrices;
	}
}

static int direct_sample(void *arg, double *rate)
{
	struct direct *d = arg;
	uint64_t ns = 0;
	if (d->threads == 1) {
		int rc = mw_team_time(d->team, 1, direct_calls, d, &ns);
		if (rc < 0)
			return rc;
	} else {
		uint64_t begin = mw_now_ns();
		direct_calls(d, 0, 1);
		ns = mw_now_ns() - begin;
	}
	*rate = 2.0 * (double)d->m * (double)d->n * (double)d->k * (double)d->calls / (double)ns;
	return d->rc;
}

/* Matrices of the same bytes as the group's rotation, packed where the engine packs. */
static int open_direct(struct direct *d, const struct gemm_group *g, const unsigned char *plain)
{
	d->team = g->team;
	size_t bytes = g->n * g->k * (g->type == GEMM_F32 ? 4 : 1);
	d->n = g->n;
	d->k = g->k;
	d->matrices = g->matrices;
	d->a = g->a;
	d->c = g->c;
	d->stride = bytes;
	d->w = (unsigned char *)(uintptr_t)plain;
	if (d->kind == PACKED) {
		char err[160];
		int rc = d->engine->ops->plan(g->type, d->m, d->n, d->k, d->n, &d->plan, err, sizeof(err));
		if (rc < 0)
			return rc;
		d->stride = (d->engine->ops->packed_bytes(d->plan) + 63) / 64 * 64;
		d->w = aligned_alloc(64, d->stride * d->matrices);
		if (!d->w)
			return -ENOMEM;
		for (size_t j = 0; j < d->matrices; j++)
			if (d->engine->ops->pack(d->plan, plain + j * bytes, d->w + j * d->stride) < 0)
				return MW_EUNAVAILABLE;
	}
	d->calls = 1;
	double rate;
	for (int i = 0; i < 2; i++)
		if (direct_sample(d, &rate) < 0)
			return MW_EUNAVAILABLE;
	double one_s = 2e-9 * (double)d->m * (double)d->n * (double)d->k / rate;
	d->calls = one_s < sample_s ? (size_t)(sample_s / one_s) : 1;
	return 0;
}

static void close_direct(struct direct *d)
{
	if (!d->plan)
		return;
	free(d->w);
	d->engine->ops->close(d->plan);
}

/* Every direct call that the installed libraries offer for the type. */
static size_t list_direct(const struct engines *e, enum gemm_dtype type, size_t m, int threads, struct direct *d)
{
	static const struct {
		const char *engine, *symbol;
		int kind;
		enum gemm_dtype type;
	} calls[] = {
		{"openblas", "cblas_sgemm", CBLAS, GEMM_F32},       {"blis", "cblas_sgemm", CBLAS, GEMM_F32},
		{"onednn", "dnnl_sgemm", DNNL_F32, GEMM_F32},       {"onednn", "dnnl_gemm_s8s8s32", DNNL_S8, GEMM_S8},
		{"onednn", "dnnl_matmul_packed", PACKED, GEMM_F32}, {"onednn", "dnnl_matmul_packed", PACKED, GEMM_S8}};
	size_t n = 0;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct engine *x = engines_find(e, calls[i].engine);
		if (!x || !x->ops || calls[i].type != type)
			continue;
		struct direct one = {.engine = x, .m = m, .threads = threads};
		memcpy(&one.kind, &calls[i].kind, sizeof(one.kind));
		one.fn.symbol = calls[i].kind == PACKED ? NULL : dlsym(x->handle, calls[i].symbol);
		if (calls[i].kind == PACKED || one.fn.symbol)
			d[n++] = one;
	}
	return n;
}

/* ---- ours ---- */

static int group_sample(void *arg, double *rate)
{
	return gemm_case_measure(arg, rate, NULL, 0);
}

static size_t list_ours(struct gemm_group *g, struct contestant *c)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n_cases; i++) {
		if (g->cases[i].why[0])
			continue;
		c[n] = (struct contestant){.sample = group_sample, .arg = &g->cases[i]};
		(void)snprintf(c[n].name, sizeof(c[n].name), "%s %s", g->cases[i].engine->name, g->cases[i].kernel);
		n++;
	}
	return n;
}

static int open_group(struct bench_ctx *ctx, const struct engines *e, struct gemm_group *g, size_t m)
{
	char err[200];
	g->n_cases = 0;
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].ops)
			g->cases[g->n_cases++] = (struct gemm_case){.engine = &e->v[i], .m = m};
	int rc = gemm_group_prepare(ctx, g, err, sizeof(err));
	if (rc < 0)
		printf("%s\n", err);
	gemm_group_sample_s(g, sample_s);
	return rc;
}

static void gemm_ratio(struct bench_ctx *ctx, const struct engines *e, struct gemm_group *g, size_t m)
{
	struct contestant ours[GEMM_MAX_CASES], peers[MAX_PEERS];
	struct direct direct[MAX_PEERS];
	if (open_group(ctx, e, g, m) < 0)
		return;
	/* A rotation of its own for the direct calls: plain matrices one behind the other. */
	size_t bytes = g->n * g->k * (g->type == GEMM_F32 ? 4 : 1), n_peers = 0;
	unsigned char *plain = aligned_alloc(4096, (bytes * g->matrices + 4095) / 4096 * 4096);
	if (!plain)
		return;
	for (size_t j = 0; j < g->matrices; j++)
		memcpy(plain + j * bytes, g->source + j * g->k * (bytes / (g->n * g->k)), bytes);
	size_t n_direct = list_direct(e, g->type, m, g->threads, direct);
	for (size_t i = 0; i < n_direct; i++) {
		static const char *const names[] = {"cblas_sgemm", "dnnl_sgemm", "dnnl_gemm_s8s8s32", "matmul packed"};
		if (open_direct(&direct[i], g, plain) < 0)
			continue;
		peers[n_peers] = (struct contestant){.sample = direct_sample, .arg = &direct[i]};
		(void)snprintf(peers[n_peers++].name, sizeof(peers[0].name), "%s %s", direct[i].engine->name,
			       names[direct[i].kind]);
	}
	const struct contestant *best = fastest(ours, list_ours(g, ours)), *peer = NULL;
	/* As many products per sample on both sides: of two lengths the shorter is disturbed less often. */
	for (size_t i = 0; i < n_direct && best; i++)
		direct[i].calls = ((const struct gemm_case *)best->arg)->calls;
	if (best)
		peer = fastest(peers, n_peers);
	if (peer)
		compare(ctx->team, g, m, best, peer, 0.97, g->type == GEMM_F32 ? "GFLOP/s" : "GOP/s");
	else
		printf("%s m %zu: no library installed\n", gemm_dtype_name(g->type), m);
	for (size_t i = 0; i < n_direct; i++) {
		direct[i].threads = 1; /* the engines' slices are single-threaded */
		set_threads(&direct[i]);
		close_direct(&direct[i]);
	}
	free(plain);
	gemm_group_close(g);
}

/* ---- matrix-vector product against reading ---- */

struct reading {
	struct mw_team *team;
	const struct mw_stream_kernel *kernel;
	int threads;
	const double *p;
	size_t n, passes;
	_Atomic uint64_t sum;
};

static void read_member(void *arg, int rank, int n)
{
	struct reading *r = arg;
	size_t begin, end;
	uint64_t sum = 0;
	mw_team_slice(r->n, 512, rank, n, &begin, &end);
	for (size_t i = 0; i < r->passes; i++)
		sum += r->kernel->run(NULL, r->p + begin, NULL, 0, end - begin);
	r->sum += sum; /* used: the reads cannot be left out */
}

static int read_sample(void *arg, double *rate)
{
	struct reading *r = arg;
	uint64_t ns;
	int rc = mw_team_time(r->team, r->threads, read_member, r, &ns);
	*rate = rc < 0 ? 0 : 8.0 * (double)r->n * (double)r->passes / (double)ns;
	return rc;
}

struct product_bytes {
	struct gemm_case *c;
	double per_op;
};

static int product_bytes_sample(void *arg, double *rate)
{
	struct product_bytes *p = arg;
	int rc = gemm_case_measure(p->c, rate, NULL, 0);
	*rate *= p->per_op;
	return rc;
}

static size_t list_readings(struct mw_team *team, int threads, const struct mw_block *b, size_t bytes, size_t passes,
			    struct reading *r, struct contestant *c)
{
	size_t n = 0;
	for (int isa = 0; isa < MW_ISA_COUNT; isa++) {
		size_t count;
		const struct mw_stream_kernel *k = mw_stream_kernels((enum mw_isa)isa, &count);
		for (size_t i = 0; i < count && mw_isa_supported((enum mw_isa)isa) && n < MAX_PEERS; i++) {
			if (k[i].op != MW_STREAM_READ)
				continue;
			r[n] = (struct reading){team, &k[i], threads, b->p, bytes / 8, passes, 0};
			c[n] = (struct contestant){.sample = read_sample, .arg = &r[n]};
			(void)snprintf(c[n].name, sizeof(c[n].name), "read %s", k[i].name);
			n++;
		}
	}
	return n;
}

static void gemv_ratio(struct bench_ctx *ctx, const struct engines *e, struct gemm_group *g)
{
	struct contestant ours[GEMM_MAX_CASES], peers[MAX_PEERS];
	struct reading readings[MAX_PEERS];
	if (open_group(ctx, e, g, 1) < 0)
		return;
	/* The weights themselves, read in place. */
	if (g->n_blocks != 1 || g->blocks[0].bytes < g->weight_bytes)
		goto out;
	const struct contestant *best = fastest(ours, list_ours(g, ours)), *peer = NULL;
	if (best) {
		/* The same bytes per sample on both sides, to whole sweeps. */
		const struct gemm_case *c = best->arg;
		size_t sweeps = (c->calls + g->matrices / 2) / g->matrices;
		peer = fastest(peers, list_readings(ctx->team, g->threads, &g->blocks[0], g->weight_bytes,
						    sweeps ? sweeps : 1, readings, peers));
	}
	if (peer && best) {
		struct gemm_shape s = gemm_shape_of(g->type, 1, g->n, g->k);
		struct product_bytes p = {best->arg, 1.0 / gemm_intensity(&s)};
		struct contestant mine = {.sample = product_bytes_sample, .arg = &p};
		memcpy(mine.name, best->name, sizeof(mine.name));
		compare(ctx->team, g, 1, &mine, peer, 0.9, "GB/s");
	}
out:
	gemm_group_close(g);
}

/* ---- the set ---- */

static void run_set(struct bench_ctx *ctx, const struct engines *e)
{
	static const size_t layers[][2] = {{768, 3072}, {3072, 768}, {768, 768}};
	static const size_t tokens[] = {64, 512};
	struct gemm_group *g = malloc(sizeof(*g));
	int all = mw_team_size(ctx->team);
	for (size_t i = 0; g && i < 3; i++)
		for (int t = 0; t < GEMM_DTYPES; t++)
			for (int threads = 1; threads <= all; threads += all > 1 ? all - 1 : 1) {
				for (size_t m = 0; m <= 2; m++) {
					memset(g, 0, sizeof(*g));
					g->type = (enum gemm_dtype)t;
					g->k = layers[i][0];
					g->n = layers[i][1];
					g->threads = threads;
					if (m < 2)
						gemm_ratio(ctx, e, g, tokens[m]);
					else
						gemv_ratio(ctx, e, g);
				}
			}
	free(g);
}

int main(void)
{
	static struct mw_topology topo;
	static struct engines engines;
	atomic_int stop = 0;
	int *cpus = calloc(MW_MAX_CPUS, sizeof(*cpus));
	char err[200] = "";
	const struct bench_profile profile = {"full", 600, 0.01, 6, 100, sample_s, 0, 0};
	struct bench_ctx ctx = {.topo = &topo, .profile = &profile, .stop = &stop, .seed = 1};
	ctx.start_ns = mw_now_ns();
	ctx.deadline_ns = ctx.start_ns + 600000000000ull;
	if (!cpus || mw_topology_read("/", NULL, &topo, err, sizeof(err)) < 0 ||
	    mw_arenas_create(topo.host.mem_available / 4, &ctx.arenas) < 0) {
		(void)fprintf(stderr, "gemm_ratio: %s\n", err);
		return 1;
	}
	int n = mw_topology_cpu_ids(&topo, cpus, MW_MAX_CPUS);
	engines_open(&engines, NULL);
	for (size_t i = 0; i < engines.n; i++)
		printf("%-9s %s %s\n", engines.v[i].name, engines.v[i].ops ? engines.v[i].detail : engines.v[i].why,
		       engines.v[i].env);
	if (mw_team_create(cpus, n, &ctx.team, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "gemm_ratio: %s\n", err);
		return 1;
	}
	printf("%-32s %-16s %-27s %-25s %s\n", "product", "ours (median)", "by", "against",
	       "ratio [95 % interval] of the bar");
	run_set(&ctx, &engines);
	mw_team_destroy(ctx.team);
	mw_arenas_destroy(ctx.arenas);
	free(cpus);
	return failures ? 1 : 0;
}
