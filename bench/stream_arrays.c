#include "bench/stream_arrays.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/stats.h"
#include "bench/place.h"

enum {
	PAGE_ELEMENTS = 4096 / sizeof(double),
	SKEW_ELEMENTS = 17 * 64 / sizeof(double), /* gives a, b and c different offsets modulo 4 KiB */
	SPOTS = 16,
	PERIOD_B = 8191,
	PERIOD_C = 127
};

/* Contents of b and c: small whole numbers, so that b + s c is exact with and without FMA. */
static double value_b(size_t i)
{
	return (double)(1 + i % PERIOD_B);
}

static double value_c(size_t i)
{
	return (double)(1 + i % PERIOD_C);
}

static const struct stream_node *node_of(const struct stream_arrays *s, int rank)
{
	int id = bench_node_of(s->ctx, rank);
	for (int i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].id == id)
			return &s->nodes[i];
	return &s->nodes[0];
}

/* Member `rank`'s part of its node's arrays; ranks: the members that work, NULL: the first ones. */
static struct stream_slice slice_of(const struct stream_arrays *s, int rank, const int *ranks, int threads)
{
	const struct stream_node *node = node_of(s, rank);
	int index = 0, members = 0;
	for (int i = 0; i < threads; i++) {
		int other = ranks ? ranks[i] : i;
		if (node_of(s, other) == node) {
			index += other < rank;
			members++;
		}
	}
	size_t begin, end;
	mw_team_slice(node->elements, PAGE_ELEMENTS, index, members, &begin, &end);
	return (struct stream_slice){node->a + begin, node->b + begin, node->c + begin, begin, end - begin, 0};
}

/* ---- opening ---- */

static void fill_member(void *arg, int rank, int n)
{
	struct stream_arrays *s = arg;
	const struct stream_node *node = node_of(s, rank);
	struct stream_slice sl = slice_of(s, rank, NULL, n);
	double *b = node->b + sl.first, *c = node->c + sl.first;
	size_t kb = sl.first % PERIOD_B, kc = sl.first % PERIOD_C;
	for (size_t i = 0; i < sl.n; i++) {
		sl.a[i] = b[i] = (double)(1 + kb); /* a: not the zeros of new pages, nor what others left */
		c[i] = (double)(1 + kc);
		kb = kb + 1 == PERIOD_B ? 0 : kb + 1;
		kc = kc + 1 == PERIOD_C ? 0 : kc + 1;
	}
}

static void add_node(struct stream_arrays *s, int id)
{
	for (int i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].id == id)
			return;
	s->nodes[s->n_nodes++] = (struct stream_node){.id = id};
}

static size_t stride_of(const struct stream_node *node)
{
	/* A page before and after each array holds the skew and the guard words of the audit. */
	return node->elements + 2 * PAGE_ELEMENTS;
}

static int take_node(struct stream_arrays *s, struct stream_node *node, char *err, size_t n)
{
	size_t stride = stride_of(node);
	int rc = mw_arena_take(s->arenas, s, s->kind, node->id, 3 * stride * sizeof(double), &node->block, err, n);
	if (rc < 0)
		return rc;
	double *p = (double *)node->block.p + PAGE_ELEMENTS;
	node->a = p;
	node->b = p + stride + SKEW_ELEMENTS;
	node->c = p + 2 * stride + 2 * SKEW_ELEMENTS;
	return 0;
}

int stream_arrays_take(struct stream_arrays *s, const struct bench_ctx *ctx, char *err, size_t n)
{
	bool intact = true;
	int rc = 0;
	s->ctx = ctx;
	for (int i = 0; i < s->n_nodes && rc == 0; i++) {
		rc = take_node(s, &s->nodes[i], err, n);
		intact = intact && s->nodes[i].block.intact;
	}
	if (rc == 0 && !intact)
		rc = mw_team_run(s->team, mw_team_size(s->team), fill_member, s);
	if (rc < 0)
		stream_arrays_release(s);
	return rc;
}

void stream_arrays_release(struct stream_arrays *s)
{
	for (int i = 0; i < s->n_nodes; i++)
		mw_arena_release(s->arenas, &s->nodes[i].block);
}

int stream_arrays_open(struct stream_arrays *s, const struct bench_ctx *ctx, enum mw_pages kind, size_t bytes_per_array,
		       char *err, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->team = ctx->team;
	s->arenas = ctx->arenas;
	s->ctx = ctx;
	s->kind = kind;
	s->nodes = calloc((size_t)mw_team_size(ctx->team), sizeof(*s->nodes));
	if (!s->nodes)
		return -ENOMEM;
	for (int r = 0; r < mw_team_size(ctx->team); r++)
		add_node(s, bench_node_of(ctx, r));
	for (int i = 0; i < s->n_nodes; i++)
		s->nodes[i].elements =
			bytes_per_array / (size_t)s->n_nodes / sizeof(double) / PAGE_ELEMENTS * PAGE_ELEMENTS;
	return stream_arrays_take(s, ctx, err, n);
}

void stream_arrays_close(struct stream_arrays *s)
{
	if (!s->nodes)
		return;
	stream_arrays_release(s);
	mw_arena_forget(s->arenas, s);
	free(s->nodes);
	s->nodes = NULL;
	s->n_nodes = 0;
}

/* ---- one kernel ---- */

int stream_job_span(const struct stream_job *j)
{
	int last = j->threads - 1;
	for (int i = 0; j->ranks && i < j->threads; i++)
		last = i == 0 || j->ranks[i] > last ? j->ranks[i] : last;
	return last + 1;
}

uint64_t stream_job_bytes(const struct stream_job *j)
{
	uint64_t elements = 0;
	for (int r = 0; r < stream_job_span(j); r++)
		elements += j->slices[r].n;
	return elements * mw_stream_payload_bytes(j->kernel->op);
}

/* Expected result: base + fa (the element before) + fb b + fc c. */
struct formula {
	double base, fa, fb, fc;
};

static struct formula formula_of(const struct stream_job *j)
{
	switch (j->kernel->op) {
	case MW_STREAM_COPY:
	case MW_STREAM_MEMCPY:
		return (struct formula){.fb = 1};
	case MW_STREAM_SCALE:
		return (struct formula){.fb = j->scale};
	case MW_STREAM_ADD:
		return (struct formula){.fb = 1, .fc = 1};
	case MW_STREAM_TRIAD:
		return (struct formula){.fb = 1, .fc = j->scale};
	case MW_STREAM_UPDATE:
		return (struct formula){.fa = j->scale};
	default:
		return (struct formula){.base = j->scale};
	}
}

/* The scale of a sample. memset can only store doubles whose bytes are equal. Any number of updates by -1 is exact, and
 * prepare() makes that number odd, so that updates that were left out are seen. */
static double scale_of(const struct stream_job *j)
{
	double v;
	unsigned nth = (unsigned)(j->samples % 7);
	if (j->zeros)
		return 0.0;
	if (j->kernel->op == MW_STREAM_UPDATE)
		return -1.0;
	if (j->kernel->op != MW_STREAM_MEMSET)
		return (double)(2 + nth);
	memset(&v, (int)(0x41 + nth), sizeof(v));
	return v;
}

static const double poison = -1.0;

/* Runs the kernel over poisoned memory (an update: over the values of b), then checks every element and one word on
 * either side of the slice. */
static bool audit_store(const struct stream_job *j, const struct stream_slice *sl)
{
	bool update = j->kernel->op == MW_STREAM_UPDATE, good = true;
	for (size_t i = 0; i < sl->n; i++)
		sl->a[i] = update ? sl->b[i] : poison;
	double before = sl->a[-1], after = sl->a[sl->n];
	(void)j->kernel->run(sl->a, sl->b, sl->c, j->scale, sl->n);
	struct formula f = formula_of(j);
	size_t kb = sl->first % PERIOD_B, kc = sl->first % PERIOD_C;
	for (size_t i = 0; i < sl->n; i++) {
		good &= sl->a[i] == f.base + (f.fa + f.fb) * (double)(1 + kb) + f.fc * (double)(1 + kc);
		kb = kb + 1 == PERIOD_B ? 0 : kb + 1;
		kc = kc + 1 == PERIOD_C ? 0 : kc + 1;
	}
	/* With several threads these words belong to other slices, which change at the same time. */
	if (j->threads == 1)
		good &= sl->a[-1] == before && sl->a[sl->n] == after;
	return good;
}

/* A product of b and c is below 2^20: a sum of them is exact in any order for slices of up to 2^33 elements. */
static bool audit_read(const struct stream_job *j, struct stream_slice *sl)
{
	double product = 0;
	uint64_t bits, sum = 0;
	for (size_t i = 0; i < sl->n; i++) {
		double v = value_b(sl->first + i);
		memcpy(&bits, &v, sizeof(bits));
		sum += bits;
		product += v * value_c(sl->first + i);
	}
	memcpy(&bits, &product, sizeof(bits));
	sl->sum = j->kernel->op == MW_STREAM_DOT ? bits : sum;
	return j->kernel->run(NULL, sl->b, sl->c, 0, sl->n) == sl->sum;
}

static void audit_member(void *arg, int rank, int n)
{
	struct stream_job *j = arg;
	struct stream_slice *sl = &j->slices[rank];
	(void)n;
	if (sl->n && !(mw_stream_stores(j->kernel->op) ? audit_store(j, sl) : audit_read(j, sl)))
		atomic_store(&j->bad, 1);
}

static void run_member(void *arg, int rank, int n)
{
	struct stream_job *j = arg;
	const struct stream_slice *sl = &j->slices[rank];
	uint64_t wrong = 0;
	mw_stream_fn run = j->kernel->run;
	(void)n;
	for (size_t p = 0; p < j->passes && sl->n; p++)
		wrong |= run(sl->a, sl->b, sl->c, j->scale, sl->n) ^ sl->sum;
	if (wrong)
		atomic_store(&j->bad, 1);
}

enum { WARM_PASSES = 2 };

static int run_passes(struct stream_job *j, size_t passes)
{
	size_t kept = j->passes;
	j->passes = passes;
	int rc = mw_team_run(j->arrays->team, stream_job_span(j), run_member, j);
	j->passes = kept;
	return rc;
}

static int timed(struct stream_job *j, uint64_t *ns)
{
	int rc = j->warm ? run_passes(j, WARM_PASSES) : 0;
	if (rc == 0)
		rc = mw_team_time(j->arrays->team, stream_job_span(j), run_member, j, ns);
	if (rc == 0 && *ns == 0)
		*ns = 1;
	return rc;
}

/* Zeros do not stay in array a, where another operation would read or replace them. */
static int leave_values(struct stream_job *j)
{
	if (!j->zeros)
		return 0;
	j->zeros = false;
	j->scale = scale_of(j);
	int rc = run_passes(j, 1);
	j->zeros = true;
	return rc;
}

static int wrong_result(const struct stream_job *j, char *err, size_t n)
{
	return mw_fail(MW_EVERIFY, err, n, "%s kernel %s%s: the result is wrong", mw_stream_op_name(j->kernel->op),
		       j->kernel->name, j->kernel->nt ? " with non-temporal stores" : "");
}

static void place_slice(const struct stream_job *j, int rank)
{
	struct stream_slice *sl = &j->slices[rank];
	uint64_t sum = sl->sum;
	*sl = slice_of(j->arrays, rank, j->ranks, j->threads);
	sl->sum = sum;
	if (sl->n <= j->max_elements)
		return;
	size_t skip = j->skip % (sl->n - j->max_elements + 1) / PAGE_ELEMENTS * PAGE_ELEMENTS;
	sl->a += skip;
	sl->b += skip;
	sl->c += skip;
	sl->first += skip;
	sl->n = j->max_elements;
}

void stream_job_place(struct stream_job *j)
{
	for (int i = 0; j->slices && i < j->threads; i++)
		place_slice(j, j->ranks ? j->ranks[i] : i);
}

static int open_slices(struct stream_job *j)
{
	if (!j->slices)
		j->slices = calloc((size_t)stream_job_span(j), sizeof(*j->slices));
	if (!j->slices)
		return -ENOMEM;
	stream_job_place(j);
	return 0;
}

/* Chooses the passes that take about sample_ns. Times many short passes together: one alone is below the clock's
 * resolution. */
static int choose_passes(struct stream_job *j, double sample_ns)
{
	double enough = sample_ns / 4 < 1e6 ? sample_ns / 4 : 1e6;
	uint64_t ns = 0;
	int rc = 0;
	for (j->passes = 1; rc == 0; j->passes *= 8) {
		rc = timed(j, &ns);
		if ((double)ns >= enough)
			break;
	}
	double passes = sample_ns / ((double)ns / (double)j->passes);
	j->passes = passes > 1 ? (size_t)(passes + 0.5) : 1;
	if (j->kernel->op == MW_STREAM_UPDATE)
		j->passes |= 1;
	return rc;
}

int stream_job_prepare(struct stream_job *j, double sample_ns, char *err, size_t n)
{
	int rc = open_slices(j);
	j->scale = j->kernel->op == MW_STREAM_UPDATE ? 3.0 : scale_of(j);
	if (rc == 0)
		rc = mw_team_run(j->arrays->team, stream_job_span(j), audit_member, j);
	if (rc == 0 && atomic_load(&j->bad))
		return wrong_result(j, err, n);
	j->scale = scale_of(j);
	if (rc == 0)
		rc = choose_passes(j, sample_ns);
	return rc == 0 ? leave_values(j) : rc;
}

/* Poisons the first, the last and some random elements of a slice, or checks them. */
static bool visit_slice(const struct stream_job *j, const struct stream_slice *sl, uint64_t *rng, bool check)
{
	struct formula f = formula_of(j);
	bool update = j->kernel->op == MW_STREAM_UPDATE, good = true;
	for (unsigned k = 0; k < SPOTS && sl->n; k++) {
		size_t i = k == 0 ? 0 : k == 1 ? sl->n - 1 : (size_t)mw_random_below(rng, sl->n);
		double b = value_b(sl->first + i), c = value_c(sl->first + i);
		if (!check)
			sl->a[i] = update ? b : poison;
		else
			good &= sl->a[i] == f.base + (f.fa + f.fb) * b + f.fc * c;
	}
	return good;
}

static bool visit_spots(const struct stream_job *j, bool check)
{
	uint64_t rng = j->samples;
	bool good = true;
	for (int r = 0; r < stream_job_span(j); r++)
		good &= visit_slice(j, &j->slices[r], &rng, check);
	return good;
}

int stream_job_measure(struct stream_job *j, double *gbps, char *err, size_t n)
{
	uint64_t ns = 1;
	bool stores = mw_stream_stores(j->kernel->op);
	j->samples++;
	j->scale = scale_of(j);
	if (stores)
		(void)visit_spots(j, false);
	int rc = timed(j, &ns);
	if (rc < 0)
		return rc;
	if (atomic_load(&j->bad) || (stores && !visit_spots(j, true)))
		return wrong_result(j, err, n);
	*gbps = (double)stream_job_bytes(j) * (double)j->passes / (double)ns;
	return leave_values(j);
}

int stream_job_probe(struct stream_job *j, double least_ns, double *gbps)
{
	uint64_t ns = 0;
	int rc = open_slices(j);
	j->scale = scale_of(j);
	j->passes = 1;
	if (rc == 0)
		rc = timed(j, &ns);
	if (rc == 0 && (double)ns < least_ns) {
		j->passes = (size_t)(least_ns / (double)ns) + 1;
		rc = timed(j, &ns);
	}
	*gbps = rc == 0 ? (double)stream_job_bytes(j) * (double)j->passes / (double)ns : 0;
	return rc;
}

void stream_job_fini(struct stream_job *j)
{
	free(j->slices);
	j->slices = NULL;
}
