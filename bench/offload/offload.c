/* memwall offload: the same kernels on this host, measured, and on devices that compute in memory, modelled. */
#include "bench/offload/offload.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/clock.h"
#include "base/core/err.h"
#include "base/core/stats.h"
#include "bench/place.h"

#define MIB (UINT64_C(1) << 20)

/* ---- memory ---- */

struct fill {
	uint8_t *p;
	size_t bytes;
	uint64_t seed;
};

static void fill_member(void *arg, int rank, int n)
{
	const struct fill *f = arg;
	size_t begin, end;
	mw_team_slice(f->bytes, 4096, rank, n, &begin, &end);
	uint64_t state = f->seed + (uint64_t)rank * 0x9e3779b97f4a7c15;
	for (size_t i = begin; i + 8 <= end; i += 8) {
		uint64_t v = mw_random(&state);
		memcpy(f->p + i, &v, 8);
	}
}

/* Without an instruction that flushes lines, operands are evicted by reading this much else. */
static size_t spare_bytes(const struct offload *o)
{
	return offload_flush_name() ? 0 : 2 * o->llc;
}

/* Takes memory for the operands of all rows and fills it with the same contents in every visit. */
static int take_memory(struct offload *o, char *err, size_t n)
{
	/* Vectors start at different offsets within 4 KiB, else loads would wait for stores to addresses that differ
	 * above bit 11 only (4K aliasing). */
	enum { STAGGER = 1344 };
	uint64_t begin = mw_now_ns();
	size_t step = offload_vector_step(o->largest), all = OFFLOAD_VECTORS * step;
	o->spare_bytes = spare_bytes(o);
	int rc = mw_arena_take(o->ctx->arenas, o, MW_PAGES_THP, bench_node_of(o->ctx, 0), all + o->spare_bytes,
			       &o->block, err, n);
	if (rc < 0)
		return rc;
	uint8_t *base = o->block.p;
	struct fill f = {base, 2 * step, o->ctx->seed};
	if (!o->block.intact)
		rc = mw_team_run(o->ctx->team, mw_team_size(o->ctx->team), fill_member, &f);
	/* The time of touching and filling gives an estimate for placing operands on an emulated device. */
	if (o->row_s_per_byte == 0)
		o->row_s_per_byte = fmax(0.25e-9, 1e-9 * (double)(mw_now_ns() - begin) / (double)all);
	o->spare = base + all;
	for (size_t i = 0; i < o->n_work; i++) {
		struct offload_work *w = &o->work[i];
		w->a = base;
		w->b = base + step + STAGGER;
		w->out = base + 2 * step + 2 * STAGGER / 64 * 64;
	}
	return rc < 0 ? mw_fail(rc, err, n, "cannot fill the vectors: %s", mw_strerror(rc)) : 0;
}

/* ---- the benchmark ---- */

static int remember(void *self, const struct mw_record *r)
{
	struct offload *o = self;
	int rc = mw_emit(o->out, r);
	bool host = strcmp(mw_kv_str(&r->params, "device", ""), "host") == 0 || strcmp(r->case_name, "flush") == 0;
	return rc == 0 && host ? mw_records_add(&o->seen, r) : rc;
}

static int check_worked(const struct offload *o, char *err, size_t n)
{
	for (size_t i = 0; i < o->n_devices; i++)
		if (o->device[i].named && o->device[i].worked == 0)
			return mw_fail(MW_EUNAVAILABLE, err, n, "--device=%s: has a model of none of these kernels",
				       o->device[i].spec);
	return 0;
}

static unsigned finalists_of(const struct bench_profile *p)
{
	return p->min_rounds < 6 ? 1 : p->limit_s > 300 ? OFFLOAD_FINALISTS : 2;
}

static void free_offload(struct offload *o)
{
	if (!o)
		return;
	offload_host_close(o);
	offload_texts_free(o);
	mw_records_fini(&o->seen);
	pim_library_close(o->library);
	free(o->plan);
	free(o->work);
	free(o);
}

/* Allocates the structure and touches nothing of the machine. NULL when out of memory. */
static struct offload *new_offload(const struct bench_ctx *ctx)
{
	struct offload *o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->ctx = ctx;
	o->llc = ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32 * MIB;
	o->finalists = finalists_of(ctx->profile);
	o->flush = offload_flush;
	o->flush_gbps[OFFLOAD_COLD] = o->flush_gbps[OFFLOAD_WARM] = NAN;
	o->channels = offload_channels("/");
	o->plan = calloc(1, sizeof(*o->plan));
	o->work = calloc(OFFLOAD_MAX_WORK, sizeof(*o->work));
	if (o->plan && o->work)
		return o;
	free_offload(o);
	return NULL;
}

static int read_options(struct offload *o, char *err, size_t n)
{
	int rc = offload_devices(o, mw_opt_text(o->ctx->opts, "device"), err, n);
	if (rc == 0)
		rc = offload_make_plan(o, o->plan, err, n);
	if (rc == 0)
		o->largest = offload_add_rows(o, o->plan);
	return rc;
}

/* Counts the host's candidates in the rounds; the search and the devices have no points. */
static void plan(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct offload *o = new_offload(ctx);
	if (o && read_options(o, NULL, 0) == 0) {
		out->points = (unsigned)(o->n_work * OFFLOAD_CACHES * o->finalists);
		/* Vectors of the host and of one device. */
		out->memory_bytes = 2 * OFFLOAD_VECTORS * o->largest + spare_bytes(o);
	}
	free_offload(o);
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct offload *o = new_offload(ctx);
	int rc = o ? read_options(o, err, n) : -ENOMEM;
	for (size_t i = 0; o && i < o->n_devices && rc == 0; i++)
		if (o->device[i].named && !offload_models_one(o, &o->device[i], o->plan))
			rc = mw_fail(MW_EUNAVAILABLE, err, n, "--device=%s: has a model of none of these kernels",
				     o->device[i].spec);
	free_offload(o);
	return rc;
}

static int begin(struct bench_ctx *ctx, const struct mw_sink *sink, void **state, char *err, size_t n)
{
	struct offload *o = new_offload(ctx);
	if (!o)
		return mw_fail(-ENOMEM, err, n, "no memory for the rows");
	*state = o;
	o->sink = sink;
	int rc = read_options(o, err, n);
	if (rc == 0)
		rc = take_memory(o, err, n);
	if (rc == 0)
		rc = offload_report_left_out(o, o->plan);
	if (rc == 0)
		rc = offload_host_begin(o, err, n);
	mw_arena_release(ctx->arenas, &o->block);
	return rc;
}

static int visit(struct bench_ctx *ctx, void *state, char *err, size_t n)
{
	struct offload *o = state;
	o->ctx = ctx;
	int rc = take_memory(o, err, n);
	if (rc == 0)
		rc = offload_host_visit(o);
	mw_arena_release(ctx->arenas, &o->block);
	return rc;
}

static int compare(struct offload *o, char *err, size_t n)
{
	int rc = take_memory(o, err, n);
	if (rc == 0)
		rc = offload_host_pick(o);
	if (rc == 0)
		rc = offload_execute(o, err, n);
	if (rc == 0)
		rc = check_worked(o, err, n);
	if (rc == 0 && o->no_memory)
		rc = mw_fail(-ENOMEM, err, n, "no memory for texts");
	mw_arena_release(o->ctx->arenas, &o->block);
	return rc;
}

/* Emits the host's records, then runs the devices, unless a signal came. */
static int finish(struct bench_ctx *ctx, void *state, const struct mw_sink *sink, char *err, size_t n)
{
	struct offload *o = state;
	const struct mw_sink memory = {remember, o};
	o->ctx = ctx;
	o->out = sink;
	o->sink = &memory;
	int rc = offload_host_finish(o);
	if (rc == 0)
		rc = bench_stopped(ctx) ? MW_ECANCELLED : compare(o, err, n);
	o->sink = sink;
	return rc;
}

static void end(void *state)
{
	free_offload(state);
}

static const struct mw_option options[] = {
	{.name = "kernels",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "and,or,xor,not,add32,gemv",
	 .word = offload_kernel_word,
	 .help = "bulk bitwise operations, 32-bit additions, int8 matrix-vector products"},
	{.name = "sizes",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .def = "1M,4M,16M,64M,256M,1G",
	 .min = 64,
	 .max = 1099511627776.0,
	 .max_items = OFFLOAD_MAX_SIZES,
	 .help = "bytes of one vector (default: what memory and time allow)"},
	{.name = "shapes",
	 .type = MW_OPT_NAMES,
	 .arg = "LIST",
	 .def = "768x3072,768x768,3072x768,1024x4096,4096x1024,4096x4096",
	 .max_items = OFFLOAD_MAX_SIZES,
	 .help = "gemv: inputs x outputs of layers"},
	{.name = "device",
	 .type = MW_OPT_PATHS,
	 .arg = "SPEC",
	 .defs = offload_default_device,
	 .help = "device to compare with, may be repeated (see 'memwall pim devices')"},
	{.name = "device-lib",
	 .type = MW_OPT_TEXT,
	 .arg = "FILE",
	 .file = MW_OPT_READS,
	 .help = "a shared library with devices of others (docs/device.md), which are compared unless --device names "
		 "some"},
	MW_OPT_END,
};

static const char *const needs[] = {"bandwidth", NULL};

const struct bench bench_offload = {
	.name = "offload",
	.summary = "bulk bitwise and GEMV: the host's best, measured, against computing in memory, modelled",
	.options = options,
	.needs = needs,
	.weight = 15,
	.check = check,
	.plan = plan,
	.emitter = &offload_emitter,
	.begin = begin,
	.visit = visit,
	.finish = finish,
	.end = end,
	.finish_share = OFFLOAD_FINISH_SHARE,
};
