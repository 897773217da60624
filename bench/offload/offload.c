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

enum { VECTORS = 3 };

static const struct {
	const char *name;
	enum mw_bulk_op op;
	enum pim_op device_op;
	unsigned width; /* bits of a lane: containers without excess bits, or bit vectors */
} bulk_ops[] = {
	{"and", MW_BULK_AND, PIM_AND, 1}, {"or", MW_BULK_OR, PIM_OR, 1},         {"xor", MW_BULK_XOR, PIM_XOR, 1},
	{"not", MW_BULK_NOT, PIM_NOT, 1}, {"add32", MW_BULK_ADD32, PIM_ADD, 32},
};
enum { BULK_OPS = sizeof(bulk_ops) / sizeof(bulk_ops[0]) };

struct plan {
	uint64_t sizes[OFFLOAD_MAX_SIZES];
	size_t n_sizes;
	uint64_t left_out[OFFLOAD_MAX_SIZES]; /* by memory or time */
	size_t n_left_out;
	char why[OFFLOAD_MAX_SIZES][160];
	uint64_t shapes[OFFLOAD_MAX_SIZES][2]; /* inputs, outputs */
	size_t n_shapes;
	uint64_t shapes_left_out[OFFLOAD_MAX_SIZES][2]; /* by memory */
	size_t n_shapes_left_out;
	char shapes_why[160];
	bool op[BULK_OPS], gemv;
};

/* ---- options ---- */

static const char *kernel_word(size_t i)
{
	return i < BULK_OPS ? bulk_ops[i].name : i == BULK_OPS ? "gemv" : NULL;
}

static void parse_kernels(struct plan *p, const char *list)
{
	for (size_t i = 0; i < BULK_OPS; i++)
		p->op[i] = mw_list_has(list, kernel_word(i));
	p->gemv = mw_list_has(list, kernel_word(BULK_OPS));
}

/* "768x3072": inputs x outputs. */
static int parse_shapes(struct plan *p, const char *list, char *err, size_t n)
{
	const char *item;
	size_t len;
	while (mw_list_next(&list, &item, &len)) {
		uint64_t *v = p->shapes[p->n_shapes];
		if (mw_parse_pair(item, len, v) < 0 || !v[0] || !v[1] || v[0] > 131071 || v[1] > 1u << 24)
			return mw_fail(MW_ESPEC, err, n,
				       "--shapes: '%.*s' is not INPUTSxOUTPUTS, for example 768x3072 (inputs up to "
				       "131071, outputs up to 16M)",
				       (int)len, item);
		for (size_t i = 0; i < p->n_shapes; i++)
			if (p->shapes[i][0] == v[0] && p->shapes[i][1] == v[1])
				return mw_fail(MW_ESPEC, err, n, "--shapes: '%.*s' is named twice", (int)len, item);
		p->n_shapes++;
	}
	return 0;
}

static bool any_bulk(const struct plan *p)
{
	bool any = false;
	for (size_t i = 0; i < BULK_OPS; i++)
		any = any || p->op[i];
	return any;
}

static int compare_sizes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void drop_largest(struct plan *p, const char *why)
{
	(void)snprintf(p->why[p->n_left_out], sizeof(p->why[0]), "%s", why);
	p->left_out[p->n_left_out++] = p->sizes[--p->n_sizes];
}

/* Seconds that one more size costs: rounds of every operation on the host, and a run on every device. Rates are low
 * guesses; what does not fit is left out before anything is touched. */
static double seconds_for(const struct offload *o, const struct plan *p, uint64_t size)
{
	double ops = 0, bytes = VECTORS * (double)size;
	for (size_t i = 0; i < BULK_OPS; i++)
		ops += p->op[i];
	double rounds = ops * (double)(o->finalists * o->ctx->profile->min_rounds + 8) * bytes / 30e9;
	double devices = ops * (double)o->n_devices * bytes * 0.25e-9;
	return rounds + devices + bytes * 0.5e-9;
}

static int plan_sizes(const struct offload *o, struct plan *p, char *err, size_t n)
{
	const struct mw_optval *v = mw_opt(o->ctx->opts, "sizes");
	/* Three vectors here, three on the device. */
	uint64_t limit = bench_block_limit(o->ctx, 2 * VECTORS);
	p->n_sizes = any_bulk(p) ? mw_opt_sizes(o->ctx->opts, "sizes", p->sizes, OFFLOAD_MAX_SIZES) : 0;
	qsort(p->sizes, p->n_sizes, sizeof(p->sizes[0]), compare_sizes);
	for (size_t i = 0; i < p->n_sizes && v->given; i++) {
		if (p->op[BULK_OPS - 1] && p->sizes[i] % 8) /* add32: rounded, two sizes could become one */
			return mw_fail(MW_ESPEC, err, n, "--sizes: %llu is not a multiple of 8 byte, as add32 needs",
				       (unsigned long long)p->sizes[i]);
		int rc = bench_check_size(o->ctx, "sizes", 2 * VECTORS * p->sizes[i], err, n);
		if (rc < 0) {
			char size[32], why[200];
			mw_format_size(p->sizes[i], size, sizeof(size));
			(void)snprintf(why, sizeof(why), "%s", strchr(err, ' '));
			return mw_fail(rc, err, n, "--sizes: %s needs six vectors:%s", size, why);
		}
	}
	if (v->given)
		return 0;
	char memory[160];
	(void)snprintf(memory, sizeof(memory),
		       "left out: six vectors of that size do not fit into the memory of this run (%s)",
		       bench_memory_words(o->ctx));
	while (p->n_sizes > 1 && p->sizes[p->n_sizes - 1] > limit)
		drop_largest(p, memory);
	for (double sum = INFINITY; p->n_sizes > 1;) {
		sum = 0;
		for (size_t i = 0; i < p->n_sizes; i++)
			sum += seconds_for(o, p, p->sizes[i]);
		if (sum <= 0.6 * bench_left_s(o->ctx))
			break;
		drop_largest(p, "left out: the time budget of the profile is too short for that size");
	}
	return 0;
}

/* Three vectors of the matrix's size, and the device's copy. */
static uint64_t shape_bytes(const uint64_t shape[2])
{
	return 4 * shape[0] * shape[1];
}

static int check_shapes(const struct offload *o, const struct plan *p, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < p->n_shapes && rc == 0; i++)
		rc = bench_check_size(o->ctx, "shapes", shape_bytes(p->shapes[i]), err, n);
	return rc;
}

/* From the start of one vector to the next: whole huge pages, and one for the stagger. */
static size_t vector_step(size_t bytes)
{
	const size_t page = (size_t)2 << 20;
	return (bytes + page - 1) / page * page + page;
}

/* Nobody asked for the default shapes: those that do not fit are left out. */
static void thin_shapes(const struct offload *o, struct plan *p)
{
	size_t kept = 0;
	(void)snprintf(p->shapes_why, sizeof(p->shapes_why),
		       "left out: matrices of that shape do not fit into the memory of this run (%s)",
		       bench_memory_words(o->ctx));
	for (size_t i = 0; i < p->n_shapes; i++) {
		const uint64_t *shape = p->shapes[i];
		uint64_t host = VECTORS * vector_step(shape[0] * shape[1]);
		bool fits = bench_check_size(o->ctx, "shapes", shape_bytes(shape), NULL, 0) == 0 &&
			    bench_check_size(o->ctx, "shapes", host, NULL, 0) == 0;
		memcpy(fits ? p->shapes[kept++] : p->shapes_left_out[p->n_shapes_left_out++], shape,
		       sizeof(p->shapes[i]));
	}
	p->n_shapes = kept;
}

static int make_plan(const struct offload *o, struct plan *p, char *err, size_t n)
{
	const struct mw_opts *opts = o->ctx->opts;
	parse_kernels(p, mw_opt_text(opts, "kernels"));
	int rc = parse_shapes(p, mw_opt_text(opts, "shapes"), err, n);
	if (rc == 0 && mw_opt(opts, "shapes")->given && !p->gemv)
		rc = mw_fail(MW_ESPEC, err, n, "--shapes is for gemv, which --kernels leaves out");
	if (rc == 0 && mw_opt(opts, "sizes")->given && !any_bulk(p))
		rc = mw_fail(MW_ESPEC, err, n, "--sizes is for bulk kernels, which --kernels leaves out");
	if (rc == 0)
		rc = plan_sizes(o, p, err, n);
	if (rc < 0)
		return rc;
	if (!p->gemv)
		p->n_shapes = 0;
	/* A tiny run proves that it works: two shapes do. */
	if (o->ctx->profile->min_rounds < 6 && !mw_opt(opts, "shapes")->given && p->n_shapes > 2)
		p->n_shapes = 2;
	if (mw_opt(opts, "shapes")->given)
		return check_shapes(o, p, err, n);
	thin_shapes(o, p);
	return 0;
}

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

static int take_memory(struct offload *o, size_t largest, char *err, size_t n)
{
	/* Vectors do not start at equal offsets within 4 KiB: loads would wait for stores of another address. */
	enum { STAGGER = 1344 };
	uint64_t begin = mw_now_ns();
	size_t step = vector_step(largest);
	o->spare_bytes = offload_flush_name() ? 0 : 2 * o->llc;
	int rc = mw_arena_take(o->ctx->arenas, o->ctx, MW_PAGES_THP, bench_node_of(o->ctx, 0),
			       VECTORS * step + o->spare_bytes, &o->block, err, n);
	if (rc < 0)
		return rc;
	uint8_t *base = o->block.p;
	struct fill f = {base, 2 * step, o->ctx->seed};
	rc = mw_team_run(o->ctx->team, mw_team_size(o->ctx->team), fill_member, &f);
	/* Touching and filling tells how fast a device's operands can be laid out on this machine, now. */
	o->row_s_per_byte = fmax(0.25e-9, 1e-9 * (double)(mw_now_ns() - begin) / (double)(VECTORS * step));
	o->spare = base + VECTORS * step;
	for (size_t i = 0; i < o->n_work; i++) {
		struct offload_work *w = &o->work[i];
		w->a = base;
		w->b = base + step + STAGGER;
		w->out = base + 2 * step + 2 * STAGGER / 64 * 64;
	}
	return rc < 0 ? mw_fail(rc, err, n, "cannot fill the vectors: %s", mw_strerror(rc)) : 0;
}

/* ---- rows ---- */

static struct offload_work *new_row(struct offload *o)
{
	struct offload_work *w = &o->work[o->n_work++];
	memset(w, 0, sizeof(*w));
	return w;
}

static void add_bulk(struct offload *o, size_t op, uint64_t size)
{
	struct offload_work *w = new_row(o);
	w->kind = &offload_bulk;
	w->op = bulk_ops[op].op;
	w->device_op = bulk_ops[op].device_op;
	w->width = bulk_ops[op].width;
	w->size = w->width == 1 ? size : size / 8 * 8; /* whole lanes */
	w->bytes = w->size * (mw_bulk_inputs(w->op) + 1);
	/* Streams of four times the cache leave nothing behind that the next pass would find. */
	w->cached = w->bytes < 4 * o->llc;
	(void)snprintf(w->name, sizeof(w->name), "%s", bulk_ops[op].name);
}

static void add_gemv(struct offload *o, uint64_t inputs, uint64_t outputs)
{
	struct offload_work *w = new_row(o);
	w->kind = &offload_gemv;
	w->device_op = PIM_GEMV;
	w->rows = outputs;
	w->cols = inputs;
	w->size = inputs * outputs;
	w->bytes = w->size + inputs + outputs * sizeof(int32_t);
	w->cached = w->bytes < 4 * o->llc;
	(void)snprintf(w->name, sizeof(w->name), "gemv");
}

static int by_size(const void *a, const void *b)
{
	const struct offload_work *x = a, *y = b;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind == &offload_gemv ? -1 : 1;
	return (x->op > y->op) - (x->op < y->op);
}

/* Small rows first: when time ends, what is missing is the largest. */
static size_t add_rows(struct offload *o, const struct plan *p)
{
	uint64_t largest = 4096;
	for (size_t i = 0; i < p->n_sizes; i++)
		for (size_t k = 0; k < BULK_OPS; k++)
			if (p->op[k] && o->n_work < OFFLOAD_MAX_WORK) {
				add_bulk(o, k, p->sizes[i]);
				largest = p->sizes[i] > largest ? p->sizes[i] : largest;
			}
	for (size_t i = 0; i < p->n_shapes && o->n_work < OFFLOAD_MAX_WORK; i++) {
		uint64_t inputs = p->shapes[i][0], outputs = p->shapes[i][1];
		add_gemv(o, inputs, outputs);
		uint64_t most = inputs * outputs > 4 * outputs ? inputs * outputs : 4 * outputs;
		largest = most > largest ? most : largest;
	}
	qsort(o->work, o->n_work, sizeof(o->work[0]), by_size);
	return largest;
}

static int report_left_out(struct offload *o, const struct plan *p)
{
	int rc = 0;
	for (size_t i = 0; i < p->n_left_out && rc == 0; i++)
		for (size_t k = 0; k < BULK_OPS && rc == 0; k++) {
			struct mw_record r;
			if (!p->op[k])
				continue;
			mw_record_open(&r, &offload_emitter, offload_bulk_row(OFFLOAD_HOST_TIME), bulk_ops[k].name);
			mw_put_int(&r, &mw_key_vector, (int64_t)p->left_out[i]);
			mw_record_unavailable(&r, p->why[i]);
			rc = mw_finish(o->sink, &r);
		}
	for (size_t i = 0; i < p->n_shapes_left_out && rc == 0; i++) {
		struct mw_record r;
		mw_record_open(&r, &offload_emitter, offload_gemv_row(OFFLOAD_HOST_TIME), "gemv");
		mw_put_int(&r, &mw_key_inputs, (int64_t)p->shapes_left_out[i][0]);
		mw_put_int(&r, &mw_key_outputs, (int64_t)p->shapes_left_out[i][1]);
		mw_record_unavailable(&r, p->shapes_why);
		rc = mw_finish(o->sink, &r);
	}
	return rc;
}

/* ---- the benchmark ---- */

static int remember(void *self, const struct mw_record *r)
{
	struct offload *o = self;
	int rc = mw_emit(o->out, r);
	bool host = strcmp(mw_kv_str(&r->params, "device", ""), "host") == 0 || strcmp(r->case_name, "flush") == 0;
	return rc == 0 && host ? mw_records_add(&o->seen, r) : rc;
}

/* The rounds may use all but what the devices will need. */
static int measure_host(struct offload *o, char *err, size_t n)
{
	struct bench_ctx rounds = *o->ctx, *whole = o->ctx;
	double devices = 0.5;
	for (size_t i = 0; i < o->n_work; i++)
		devices += (double)o->n_devices * (double)o->work[i].bytes * o->row_s_per_byte;
	uint64_t reserve = (uint64_t)(1e9 * fmin(devices, 0.4 * bench_left_s(whole)));
	rounds.deadline_ns -= reserve < rounds.deadline_ns ? reserve : 0;
	o->ctx = &rounds;
	int rc = offload_host_measure(o, err, n);
	o->ctx = whole;
	return rc;
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

/* The host's candidates of the final rounds; the search before them and the devices add no points. */
static void plan_bench(const struct bench_ctx *ctx, struct bench_plan *out)
{
	struct bench_ctx copy = *ctx;
	struct offload *o = calloc(1, sizeof(*o));
	struct plan p = {0};
	if (!o)
		return;
	o->ctx = &copy;
	o->finalists = finalists_of(ctx->profile);
	while (offload_default_device(o->n_devices))
		o->n_devices++;
	o->work = calloc(OFFLOAD_MAX_WORK, sizeof(*o->work));
	if (o->work && make_plan(o, &p, NULL, 0) == 0) {
		size_t largest = add_rows(o, &p);
		out->points = (unsigned)(o->n_work * OFFLOAD_CACHES * o->finalists);
		out->memory_bytes = 2 * VECTORS * largest; /* the host's vectors and a device's */
	}
	offload_texts_free(o);
	free(o->work);
	free(o);
}

/* Has the device a model of one of these kernels? */
static bool models_one(const struct offload_device *d, const struct plan *p)
{
	struct pim_device *dev;
	if (pim_open(d->spec, &dev, NULL, 0) < 0)
		return false;
	bool any = p->gemv && d->ops->caps & PIM_CAP_MATRICES && d->ops->caps & PIM_CAP_MODELLED;
	for (size_t i = 0; i < BULK_OPS && !any; i++) {
		struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
		any = p->op[i] && pim_price_of(dev, bulk_ops[i].device_op, pim_uint(bulk_ops[i].width), &price) == 0;
	}
	pim_close(dev);
	return any;
}

static int check(const struct bench_ctx *ctx, char *err, size_t n)
{
	struct bench_ctx copy = *ctx;
	struct offload *o = calloc(1, sizeof(*o));
	struct plan *p = calloc(1, sizeof(*p));
	int rc = -ENOMEM;
	if (!o || !p)
		goto out;
	o->ctx = &copy;
	o->finalists = finalists_of(ctx->profile);
	rc = offload_devices(o, mw_opt_text(ctx->opts, "device"), err, n);
	if (rc == 0)
		rc = make_plan(o, p, err, n);
	for (size_t i = 0; i < o->n_devices && rc == 0; i++)
		if (o->device[i].named && !models_one(&o->device[i], p))
			rc = mw_fail(MW_EUNAVAILABLE, err, n, "--device=%s: has a model of none of these kernels",
				     o->device[i].spec);
out:
	if (o)
		offload_texts_free(o);
	free(p);
	free(o);
	return rc;
}

static int run(struct bench_ctx *ctx, const struct mw_sink *sink, char *err, size_t n)
{
	struct offload o = {.ctx = ctx, .out = sink};
	const struct mw_sink memory = {remember, &o};
	struct plan p = {0};
	o.sink = &memory;
	o.llc = ctx->topo->host.llc_total_bytes ? ctx->topo->host.llc_total_bytes : 32 * MIB;
	o.finalists = finalists_of(ctx->profile);
	o.flush_gbps[OFFLOAD_COLD] = o.flush_gbps[OFFLOAD_WARM] = NAN;
	o.channels = offload_channels("/");
	o.work = calloc(OFFLOAD_MAX_WORK, sizeof(*o.work));
	if (!o.work)
		return mw_fail(-ENOMEM, err, n, "no memory for the rows");
	int rc = offload_devices(&o, mw_opt_text(ctx->opts, "device"), err, n);
	if (rc == 0)
		rc = make_plan(&o, &p, err, n);
	if (rc == 0)
		rc = take_memory(&o, add_rows(&o, &p), err, n);
	if (rc == 0)
		rc = report_left_out(&o, &p);
	if (rc == 0)
		rc = measure_host(&o, err, n);
	if (rc == 0) {
		offload_host_pick(&o);
		rc = offload_execute(&o, err, n);
	}
	if (rc == 0)
		rc = check_worked(&o, err, n);
	mw_arena_release(ctx->arenas, &o.block);
	if (rc == 0 && o.no_memory)
		rc = mw_fail(-ENOMEM, err, n, "no memory for texts");
	offload_texts_free(&o);
	mw_records_fini(&o.seen);
	free(o.work);
	return rc;
}

static const struct mw_option options[] = {
	{.name = "kernels",
	 .type = MW_OPT_CHOICES,
	 .arg = "LIST",
	 .def = "and,or,xor,not,add32,gemv",
	 .word = kernel_word,
	 .help = "bulk bitwise, additions of 32 bits, int8 matrix-vector products"},
	{.name = "sizes",
	 .type = MW_OPT_SIZES,
	 .arg = "LIST",
	 .def = "1M,4M,16M,64M,256M,1G",
	 .min = 64,
	 .max = 1099511627776.0,
	 .max_items = OFFLOAD_MAX_SIZES,
	 .help = "bytes of one vector; by default thinned to memory and time"},
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
	.plan = plan_bench,
	.run = run,
};
