/* Bulk bitwise operations, and additions of 32-bit lanes, over vectors that fill caches or memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/core/err.h"
#include "bench/offload/offload.h"

enum { GRAIN = 4096 };

/* Lists every path up to the one that MEMWALL_ISA names, both kinds of stores, and 1, 2, 4, ... and all threads. */
static size_t tries(const struct offload *o, struct offload_try *v, size_t max)
{
	size_t n = 0;
	int all = mw_team_size(o->ctx->team);
	for (int threads = 1;; threads = threads * 2 < all ? threads * 2 : all) {
		for (int isa = (int)mw_isa_best(); isa >= 0; isa--) {
			const struct mw_bulk_kernels *k = mw_bulk_kernels((enum mw_isa)isa);
			for (int s = 0; k && s < MW_STORE_COUNT; s++)
				if (k->fn[s][MW_BULK_AND] && n < max)
					v[n++] = (struct offload_try){isa, threads, (enum mw_bulk_store)s, 0};
		}
		if (threads >= all)
			return n;
	}
}

static void slice(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	size_t begin, end;
	mw_team_slice(w->size, GRAIN, rank, n, &begin, &end);
	const void *src[2] = {w->a + begin, w->b + begin};
	if (end > begin)
		mw_bulk_kernels((enum mw_isa)t->path)->fn[t->store][w->op](w->out + begin, src, end - begin);
}

static size_t ranges(const struct offload_work *w, struct offload_range *v)
{
	size_t n = 0;
	v[n++] = (struct offload_range){w->a, w->size};
	if (mw_bulk_inputs(w->op) > 1)
		v[n++] = (struct offload_range){w->b, w->size};
	v[n++] = (struct offload_range){w->out, w->size};
	return n;
}

/* Compares with the portable path; compares the portable path itself with the widest. */
static bool matches(const struct offload_work *w, const struct offload_try *t, int rank, int n)
{
	enum mw_isa other = !t || t->path != MW_ISA_PORTABLE ? MW_ISA_PORTABLE : mw_isa_best();
	mw_bulk_fn fn = mw_bulk_kernels(other)->fn[MW_STORE_ORDINARY][w->op];
	uint8_t want[4 * GRAIN];
	size_t begin, end;
	mw_team_slice(w->size, GRAIN, rank, n, &begin, &end);
	for (size_t i = begin; i < end; i += sizeof(want)) {
		size_t part = end - i < sizeof(want) ? end - i : sizeof(want);
		const void *src[2] = {w->a + i, w->b + i};
		fn(want, src, part);
		if (memcmp(want, w->out + i, part) != 0)
			return false;
	}
	return true;
}

static void describe(const struct offload_try *t, struct mw_record *r)
{
	mw_put_text(r, &mw_key_isa, mw_isa_name((enum mw_isa)t->path));
	mw_put_text(r, &mw_key_stores, t->store == MW_STORE_NT ? "nt" : "ordinary");
}

static int check(int rc, struct pim_device *dev, char *err, size_t n)
{
	return rc < 0 ? mw_fail(rc, err, n, "%s", pim_error(dev)) : 0;
}

static int write_one(struct pim_device *dev, struct pim_vector *v, const void *src, size_t bytes,
		     struct offload_cost *cost, char *err, size_t n)
{
	struct pim_cost *scope = NULL;
	int rc = check(pim_cost_begin(dev, &scope), dev, err, n);
	if (rc == 0)
		rc = check(pim_write(v, src, bytes), dev, err, n);
	if (rc == 0)
		rc = offload_read_cost(dev, scope, cost, err, n);
	pim_cost_end(scope);
	return rc;
}

static int place(const struct offload_work *w, struct pim_device *dev, struct offload_operands *p, char *err, size_t n)
{
	int rc = 0;
	for (int i = 0; i < 3 && rc == 0; i++)
		rc = check(pim_alloc(dev, pim_uint(w->width), w->size * 8 / w->width, &p->v[i]), dev, err, n);
	if (rc == 0)
		rc = write_one(dev, p->v[0], w->a, w->size, &p->write[0], err, n);
	if (rc == 0)
		rc = write_one(dev, p->v[1], w->b, w->size, &p->write[1], err, n);
	return rc;
}

static int use(struct offload_work *w, struct pim_device *dev, struct offload_operands *p, struct offload_cost *cost,
	       char *err, size_t n)
{
	struct pim_cost *scope = NULL, *reading = NULL;
	struct offload_cost out = {0};
	unsigned inputs = mw_bulk_inputs(w->op);
	int rc = check(pim_cost_begin(dev, &scope), dev, err, n);
	if (rc == 0)
		rc = check(pim_execute(w->device_op, p->v[2], p->v, inputs), dev, err, n);
	if (rc == 0)
		rc = offload_read_cost(dev, scope, cost, err, n);
	if (rc == 0)
		rc = check(pim_cost_begin(dev, &reading), dev, err, n);
	if (rc == 0)
		rc = check(pim_read(p->v[2], w->out, w->size), dev, err, n);
	if (rc == 0)
		rc = offload_read_cost(dev, reading, &out, err, n);
	pim_cost_end(scope);
	pim_cost_end(reading);
	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < inputs; i++) {
		cost->in += p->write[i].in;
		cost->transpose += p->write[i].transpose;
		offload_add_moved(cost, &p->write[i]);
	}
	cost->out = out.out;
	cost->transpose += out.transpose;
	offload_add_moved(cost, &out);
	cost->place = cost->in + cost->out + cost->transpose;
	cost->end_to_end = cost->place + cost->resident;
	cost->per_use = cost->resident;
	return 0;
}

const struct offload_kind offload_bulk = {tries, slice, ranges, matches, describe, place, use};
