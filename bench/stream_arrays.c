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

static struct stream_slice slice_of(const struct stream_arrays *s, int rank, int threads, size_t max_elements)
{
	const struct stream_node *node = node_of(s, rank);
	int index = 0, members = 0;
	for (int i = 0; i < threads; i++)
		if (node_of(s, i) == node) {
			index += i < rank;
			members++;
		}
	size_t begin, end;
	mw_team_slice(node->elements, PAGE_ELEMENTS, index, members, &begin, &end);
	size_t n = end - begin < max_elements ? end - begin : max_elements;
	return (struct stream_slice){node->a + begin, node->b + begin, node->c + begin, begin, n, 0};
}

/* ---- opening ---- */

static void fill_member(void *arg, int rank, int n)
{
	struct stream_arrays *s = arg;
	const struct stream_node *node = node_of(s, rank);
	struct stream_slice sl = slice_of(s, rank, n, SIZE_MAX);
	double *b = node->b + sl.first, *c = node->c + sl.first;
	size_t kb = sl.first % PERIOD_B, kc = sl.first % PERIOD_C;
	for (size_t i = 0; i < sl.n; i++) {
		b[i] = (double)(1 + kb);
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

uint64_t stream_job_bytes(const struct stream_job *j)
{
	uint64_t elements = 0;
	for (int r = 0; r < j->threads; r++)
		elements += j->slices[r].n;
	return elements * mw_stream_payload_bytes(j->kernel->op);
}

/* Expected result: base + fb b + fc c. */
struct formula {
	double base, fb, fc;
};

static struct formula formula_of(const struct stream_job *j)
{
	switch (j->kernel->op) {
	case MW_STREAM_WRITE:
		return (struct formula){j->scale, 0, 0};
	case MW_STREAM_COPY:
		return (struct formula){0, 1, 0};
	default:
		return (struct formula){0, 1, j->scale};
	}
}

static const double poison = -1.0;

/* Runs the kernel over poisoned memory, then checks every element and one word on either side of the slice. */
static bool audit_store(const struct stream_job *j, const struct stream_slice *sl)
{
	for (size_t i = 0; i < sl->n; i++)
		sl->a[i] = poison;
	double before = sl->a[-1], after = sl->a[sl->n];
	(void)j->kernel->run(sl->a, sl->b, sl->c, j->scale, sl->n);
	bool good = true;
	struct formula f = formula_of(j);
	size_t kb = sl->first % PERIOD_B, kc = sl->first % PERIOD_C;
	for (size_t i = 0; i < sl->n; i++) {
		good &= sl->a[i] == f.base + f.fb * (double)(1 + kb) + f.fc * (double)(1 + kc);
		kb = kb + 1 == PERIOD_B ? 0 : kb + 1;
		kc = kc + 1 == PERIOD_C ? 0 : kc + 1;
	}
	/* With several threads these words belong to other slices, which change at the same time. */
	if (j->threads == 1)
		good &= sl->a[-1] == before && sl->a[sl->n] == after;
	return good;
}

static bool audit_read(const struct stream_job *j, struct stream_slice *sl)
{
	uint64_t bits;
	sl->sum = 0;
	for (size_t i = 0; i < sl->n; i++) {
		double v = value_b(sl->first + i);
		memcpy(&bits, &v, sizeof(bits));
		sl->sum += bits;
	}
	return j->kernel->run(NULL, sl->b, NULL, 0, sl->n) == sl->sum;
}

static void audit_member(void *arg, int rank, int n)
{
	struct stream_job *j = arg;
	struct stream_slice *sl = &j->slices[rank];
	(void)n;
	if (!(j->kernel->op == MW_STREAM_READ ? audit_read(j, sl) : audit_store(j, sl)))
		atomic_store(&j->bad, 1);
}

static void run_member(void *arg, int rank, int n)
{
	struct stream_job *j = arg;
	const struct stream_slice *sl = &j->slices[rank];
	uint64_t wrong = 0;
	mw_stream_fn run = j->kernel->run;
	(void)n;
	for (size_t p = 0; p < j->passes; p++)
		wrong |= run(sl->a, sl->b, sl->c, j->scale, sl->n) ^ sl->sum;
	if (wrong)
		atomic_store(&j->bad, 1);
}

static int timed(struct stream_job *j, uint64_t *ns)
{
	if (j->warm) {
		size_t passes = j->passes;
		j->passes = 2;
		int rc = mw_team_run(j->arrays->team, j->threads, run_member, j);
		j->passes = passes;
		if (rc < 0)
			return rc;
	}
	int rc = mw_team_time(j->arrays->team, j->threads, run_member, j, ns);
	if (rc == 0 && *ns == 0)
		*ns = 1;
	return rc;
}

static int wrong_result(const struct stream_job *j, char *err, size_t n)
{
	return mw_fail(MW_EVERIFY, err, n, "%s kernel %s%s: the result is wrong", mw_stream_op_name(j->kernel->op),
		       j->kernel->name, j->kernel->nt ? " with non-temporal stores" : "");
}

void stream_job_place(struct stream_job *j)
{
	for (int r = 0; j->slices && r < j->threads; r++) {
		uint64_t sum = j->slices[r].sum;
		j->slices[r] = slice_of(j->arrays, r, j->threads, j->max_elements);
		j->slices[r].sum = sum;
	}
}

int stream_job_prepare(struct stream_job *j, double sample_ns, char *err, size_t n)
{
	uint64_t ns = 0;
	j->slices = calloc((size_t)j->threads, sizeof(*j->slices));
	if (!j->slices)
		return -ENOMEM;
	stream_job_place(j);
	j->scale = 3.0;
	int rc = mw_team_run(j->arrays->team, j->threads, audit_member, j);
	if (rc == 0 && atomic_load(&j->bad))
		return wrong_result(j, err, n);
	/* Times many short passes together: one alone is below the clock's resolution. */
	double enough = sample_ns / 4 < 1e6 ? sample_ns / 4 : 1e6;
	for (j->passes = 1; rc == 0; j->passes *= 8) {
		rc = timed(j, &ns);
		if ((double)ns >= enough)
			break;
	}
	double passes = sample_ns / ((double)ns / (double)j->passes);
	j->passes = passes > 1 ? (size_t)(passes + 0.5) : 1;
	return rc;
}

/* Poisons the first, the last and some random elements of every slice, or checks them. */
static bool visit_spots(const struct stream_job *j, bool check)
{
	uint64_t rng = j->samples;
	struct formula f = formula_of(j);
	bool good = true;
	for (int r = 0; r < j->threads; r++) {
		const struct stream_slice *sl = &j->slices[r];
		for (unsigned k = 0; k < SPOTS && sl->n; k++) {
			size_t i = k == 0 ? 0 : k == 1 ? sl->n - 1 : (size_t)mw_random_below(&rng, sl->n);
			if (check)
				good &= sl->a[i] ==
					f.base + f.fb * value_b(sl->first + i) + f.fc * value_c(sl->first + i);
			else
				sl->a[i] = poison;
		}
	}
	return good;
}

int stream_job_measure(struct stream_job *j, double *gbps, char *err, size_t n)
{
	uint64_t ns;
	bool stores = j->kernel->op != MW_STREAM_READ;
	j->samples++;
	j->scale = (double)(2 + j->samples % 7);
	if (stores)
		(void)visit_spots(j, false);
	int rc = timed(j, &ns);
	if (rc < 0)
		return rc;
	if (atomic_load(&j->bad) || (stores && !visit_spots(j, true)))
		return wrong_result(j, err, n);
	*gbps = (double)stream_job_bytes(j) * (double)j->passes / (double)ns;
	return 0;
}

void stream_job_fini(struct stream_job *j)
{
	free(j->slices);
	j->slices = NULL;
}
