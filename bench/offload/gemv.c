/* int8 matrix-vector products in the shapes of transformer layers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/offload/offload.h"

enum { GRAIN = 8 };

static size_t tries(const struct offload *o, struct offload_try *v, size_t max)
{
	size_t n = 0;
	int all = mw_team_size(o->ctx->team);
	for (int threads = 1;; threads = threads * 2 < all ? threads * 2 : all) {
		for (int p = 0; mw_gemv_paths[p].name; p++)
			if (mw_gemv_usable(&mw_gemv_paths[p]) && mw_gemv_paths[p].isa <= mw_isa_best() && n < max)
				v[n++] = (struct offload_try){p, threads, MW_STORE_ORDINARY, 0};
		if (threads >= all)
			return n;
	}
}

static void product(const struct offload_work *w, mw_gemv_s8_fn fn, int32_t *y, size_t begin, size_t end)
{
	if (end > begin)
		fn((const int8_t *)w->a + begin * w->cols, w->cols, (const int8_t *)w->b, y, end - begin, w->cols);
}

static void slice(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	size_t begin, end;
	mw_team_slice(w->rows, GRAIN, rank, n, &begin, &end);
	product(w, mw_gemv_paths[t->path].s8, (int32_t *)(void *)w->out + begin, begin, end);
}

static size_t ranges(const struct offload_work *w, struct offload_range *v)
{
	v[0] = (struct offload_range){w->a, w->size};
	v[1] = (struct offload_range){w->b, w->cols};
	v[2] = (struct offload_range){w->out, w->rows * sizeof(int32_t)};
	return 3;
}

/* Compares with the portable path; compares the portable path itself with the widest. */
static bool matches(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	mw_gemv_s8_fn fn = !t || t->path != 0 ? mw_gemv_paths[0].s8 : mw_gemv_best()->s8;
	int32_t want[64];
	size_t begin, end;
	mw_team_slice(w->rows, GRAIN, rank, n, &begin, &end);
	for (size_t r = begin; r < end; r += 64) {
		size_t part = end - r < 64 ? end - r : 64;
		product(w, fn, want, r, r + part);
		if (memcmp(want, w->out + r * sizeof(int32_t), part * sizeof(int32_t)) != 0)
			return false;
	}
	return true;
}

static void describe(const struct offload_try *t, struct mw_record *r)
{
	mw_put_text(r, &mw_key_isa, mw_gemv_paths[t->path].name);
}

static int check(int rc, struct pim_device *dev, char *err, size_t n)
{
	return rc < 0 ? mw_fail(rc, err, n, "%s", pim_error(dev)) : 0;
}

/* The weights have a cost scope of their own, because a model's weights are placed once. */
static int place(const struct offload_work *w, struct pim_device *dev, struct offload_operands *p, char *err, size_t n)
{
	struct pim_cost *scope = NULL;
	int rc = check(pim_matrix_alloc(dev, pim_int(8), w->rows, w->cols, &p->m), dev, err, n);
	if (rc == 0)
		rc = check(pim_alloc(dev, pim_int(8), w->cols, &p->v[1]), dev, err, n);
	if (rc == 0)
		rc = check(pim_alloc(dev, pim_int(32), w->rows, &p->v[2]), dev, err, n);
	if (rc == 0)
		rc = check(pim_cost_begin(dev, &scope), dev, err, n);
	if (rc == 0)
		rc = check(pim_matrix_write(p->m, w->a, w->size), dev, err, n);
	if (rc == 0)
		rc = offload_read_cost(dev, scope, &p->write[0], err, n);
	pim_cost_end(scope);
	return rc;
}

static int use(struct offload_work *w, struct pim_device *dev, struct offload_operands *p, struct offload_cost *cost,
	       char *err, size_t n)
{
	struct pim_cost *scope = NULL;
	int rc = check(pim_cost_begin(dev, &scope), dev, err, n);
	if (rc == 0)
		rc = check(pim_write(p->v[1], w->b, w->cols), dev, err, n);
	if (rc == 0)
		rc = check(pim_gemv(p->v[2], p->m, p->v[1]), dev, err, n);
	if (rc == 0)
		rc = check(pim_read(p->v[2], w->out, w->rows * sizeof(int32_t)), dev, err, n);
	if (rc == 0)
		rc = offload_read_cost(dev, scope, cost, err, n);
	pim_cost_end(scope);
	if (rc < 0)
		return rc;
	cost->place = p->write[0].in;
	/* This scope has the energy of the product only: devices for matrices have no energy model of transfers. */
	cost->moved_pj[0] = cost->moved_pj[1] = cost->moved_pj[2] = NAN;
	cost->end_to_end = cost->in + cost->resident + cost->out;
	cost->per_use = cost->end_to_end;
	return 0;
}

const struct offload_kind offload_gemv = {tries, slice, ranges, matches, describe, place, use};
