/* Plans the comparison: kernels, sizes and shapes from the options, reduced to memory and time; and lists the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/err.h"
#include "base/core/text.h"
#include "bench/offload/offload.h"
#include "bench/place.h"

static const struct {
	const char *name;
	enum mw_bulk_op op;
	enum pim_op device_op;
	unsigned width; /* bits of a lane: 8, 16, 32 or 64; 1 for bit vectors */
} bulk_ops[OFFLOAD_BULK_OPS] = {
	{"and", MW_BULK_AND, PIM_AND, 1}, {"or", MW_BULK_OR, PIM_OR, 1},         {"xor", MW_BULK_XOR, PIM_XOR, 1},
	{"not", MW_BULK_NOT, PIM_NOT, 1}, {"add32", MW_BULK_ADD32, PIM_ADD, 32},
};

/* ---- options ---- */

const char *offload_kernel_word(size_t i)
{
	return i < OFFLOAD_BULK_OPS ? bulk_ops[i].name : i == OFFLOAD_BULK_OPS ? "gemv" : NULL;
}

/* Profiles with at least this time limit (s) measure every kernel. */
#define LONG_S 300
/* Below this share of a run, s, some sizes and shapes between the smallest and the largest are left out. */
#define SHORT_SHARE_S 30
enum { SHORT_SIZES = 3, SHORT_SHAPES = 3 };

static void parse_kernels(struct offload_plan *p, const char *list)
{
	for (size_t i = 0; i < OFFLOAD_BULK_OPS; i++)
		p->op[i] = mw_list_has(list, offload_kernel_word(i));
	p->gemv = mw_list_has(list, offload_kernel_word(OFFLOAD_BULK_OPS));
}

/* Parses a list of "768x3072": inputs x outputs. */
static int parse_shapes(struct offload_plan *p, const char *list, char *err, size_t n)
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

static bool any_bulk(const struct offload_plan *p)
{
	bool any = false;
	for (size_t i = 0; i < OFFLOAD_BULK_OPS; i++)
		any = any || p->op[i];
	return any;
}

static int compare_sizes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void drop_size(struct offload_plan *p, size_t i, const char *why)
{
	p->why[p->n_left_out] = why;
	p->left_out[p->n_left_out++] = p->sizes[i];
	p->n_sizes--;
	memmove(&p->sizes[i], &p->sizes[i + 1], (p->n_sizes - i) * sizeof(p->sizes[0]));
}

static void drop_largest(struct offload_plan *p, const char *why)
{
	drop_size(p, p->n_sizes - 1, why);
}

static double ops_of(const struct offload_plan *p)
{
	double ops = 0;
	for (size_t i = 0; i < OFFLOAD_BULK_OPS; i++)
		ops += p->op[i];
	return ops;
}

/* Estimated seconds of a size on the devices. The assumed rate is low, because sizes that do not fit are left out
 * before memory is touched: every device gets memory of its own, whose first touch runs at 1 to 2 GB/s in a guest. */
static double device_seconds(const struct offload_plan *p, size_t devices, uint64_t size)
{
	return ops_of(p) * (double)devices * OFFLOAD_VECTORS * (double)size * 1e-9;
}

/* Rounds of every operation on the host. */
static double host_seconds(const struct offload *o, const struct offload_plan *p, uint64_t size)
{
	double bytes = OFFLOAD_VECTORS * (double)size;
	double rounds = ops_of(p) * (double)(o->finalists * o->ctx->profile->min_rounds + 8) * bytes / 30e9;
	return rounds + bytes * 0.5e-9;
}

static bool models_bulk(const struct offload_plan *p, struct pim_device *dev)
{
	for (size_t i = 0; i < OFFLOAD_BULK_OPS; i++) {
		struct pim_price price = {.size = sizeof(price), .energy.size = sizeof(price.energy)};
		if (p->op[i] && pim_price_of(dev, bulk_ops[i].device_op, pim_uint(bulk_ops[i].width), &price) == 0)
			return true;
	}
	return false;
}

static size_t bulk_devices(const struct offload *o, const struct offload_plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < o->n_devices; i++) {
		struct pim_device *dev;
		if (pim_library_open_device(o->library, o->device[i].spec, &dev, NULL, 0) < 0)
			continue;
		n += models_bulk(p, dev);
		pim_close(dev);
	}
	return n;
}

/* Do the sizes fit into the share of the run, and the devices into its end, with a reserve for a busy machine? */
static bool time_for_all(const struct offload *o, const struct offload_plan *p, size_t devices)
{
	double all = 0, end = 0;
	for (size_t i = 0; i < p->n_sizes; i++) {
		double on_devices = device_seconds(p, devices, p->sizes[i]);
		all += host_seconds(o, p, p->sizes[i]) + on_devices;
		end += on_devices;
	}
	return all <= 0.6 * o->ctx->share_s && end <= 0.75 * OFFLOAD_FINISH_SHARE * o->ctx->share_s;
}

static int plan_sizes(struct offload *o, struct offload_plan *p, char *err, size_t n)
{
	const struct mw_optval *v = mw_opt(o->ctx->opts, "sizes");
	/* Three vectors of the host and three of the device. */
	uint64_t limit = bench_block_limit(o->ctx, 2 * OFFLOAD_VECTORS);
	p->n_sizes = any_bulk(p) ? mw_opt_sizes(o->ctx->opts, "sizes", p->sizes, OFFLOAD_MAX_SIZES) : 0;
	qsort(p->sizes, p->n_sizes, sizeof(p->sizes[0]), compare_sizes);
	for (size_t i = 0; i < p->n_sizes && v->given; i++) {
		if (p->op[OFFLOAD_BULK_OPS - 1] && p->sizes[i] % 8) /* add32 rounds: two sizes could become one */
			return mw_fail(MW_ESPEC, err, n, "--sizes: %llu is not a multiple of 8 byte, as add32 needs",
				       (unsigned long long)p->sizes[i]);
		int rc = bench_check_size(o->ctx, "sizes", 2 * OFFLOAD_VECTORS * p->sizes[i], err, n);
		if (rc < 0) {
			char size[32], why[MW_ERR_ROOM];
			mw_format_size(p->sizes[i], size, sizeof(size));
			mw_clip(why, sizeof(why), "%s", strchr(err, ' '));
			return mw_fail(rc, err, n, "--sizes: %s needs six vectors:%s", size, why);
		}
	}
	if (v->given)
		return 0;
	const char *memory =
		offload_text(o, "left out: six vectors of that size do not fit into the memory of this run (%s)",
			     bench_memory_words(o->ctx));
	while (p->n_sizes > 1 && p->sizes[p->n_sizes - 1] > limit)
		drop_largest(p, memory);
	size_t devices = bulk_devices(o, p);
	while (p->n_sizes > 1 && !time_for_all(o, p, devices))
		drop_largest(p, "left out: the time budget of the profile is too short for that size");
	while (o->ctx->share_s < SHORT_SHARE_S && p->n_sizes > SHORT_SIZES)
		drop_size(p, 1, "left out: a short run measures three sizes");
	return 0;
}

/* Memory for a shape: three vectors of the matrix's size, and the device's copy. */
static uint64_t shape_bytes(const uint64_t shape[2])
{
	return 4 * shape[0] * shape[1];
}

static int check_shapes(const struct offload *o, const struct offload_plan *p, char *err, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < p->n_shapes && rc == 0; i++)
		rc = bench_check_size(o->ctx, "shapes", shape_bytes(p->shapes[i]), err, n);
	return rc;
}

size_t offload_vector_step(size_t bytes)
{
	const size_t page = (size_t)2 << 20;
	return (bytes + page - 1) / page * page + page;
}

/* Of the default shapes two small ones and the last, which is the largest. */
static void keep_few_shapes(struct offload_plan *p)
{
	if (p->n_shapes <= SHORT_SHAPES)
		return;
	memcpy(p->shapes[SHORT_SHAPES - 1], p->shapes[p->n_shapes - 1], sizeof(p->shapes[0]));
	p->n_shapes = SHORT_SHAPES;
}

/* Leaves out default shapes that do not fit into memory; shapes that were asked for are an error instead. */
static void thin_shapes(struct offload *o, struct offload_plan *p)
{
	size_t kept = 0;
	p->shapes_why = offload_text(o, "left out: matrices of that shape do not fit into the memory of this run (%s)",
				     bench_memory_words(o->ctx));
	for (size_t i = 0; i < p->n_shapes; i++) {
		const uint64_t *shape = p->shapes[i];
		uint64_t host = OFFLOAD_VECTORS * offload_vector_step(shape[0] * shape[1]);
		bool fits = bench_check_size(o->ctx, "shapes", shape_bytes(shape), NULL, 0) == 0 &&
			    bench_check_size(o->ctx, "shapes", host, NULL, 0) == 0;
		memcpy(fits ? p->shapes[kept++] : p->shapes_left_out[p->n_shapes_left_out++], shape,
		       sizeof(p->shapes[i]));
	}
	p->n_shapes = kept;
}

int offload_make_plan(struct offload *o, struct offload_plan *p, char *err, size_t n)
{
	const struct mw_opts *opts = o->ctx->opts;
	parse_kernels(p, mw_opt_text(opts, "kernels"));
	/* Short runs leave out "or", which takes the same time as "and" on host and devices. */
	for (size_t i = 0; i < OFFLOAD_BULK_OPS && !mw_opt(opts, "kernels")->given; i++)
		if (o->ctx->profile->limit_s < LONG_S && strcmp(offload_kernel_word(i), "or") == 0)
			p->op[i] = false;
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
	/* A tiny run only tests the program: two shapes are enough. */
	if (o->ctx->profile->min_rounds < 6 && !mw_opt(opts, "shapes")->given && p->n_shapes > 2)
		p->n_shapes = 2;
	if (o->ctx->share_s < SHORT_SHARE_S && !mw_opt(opts, "shapes")->given)
		keep_few_shapes(p);
	if (mw_opt(opts, "shapes")->given)
		return check_shapes(o, p, err, n);
	thin_shapes(o, p);
	return 0;
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
	w->size = w->width == 1 ? size : size / 8 * 8; /* whole number of lanes */
	w->bytes = w->size * (mw_bulk_inputs(w->op) + 1);
	/* After a pass over four times the cache, the next pass finds almost nothing in the cache. */
	w->cached = w->bytes < 4 * o->llc;
	mw_format(w->name, sizeof(w->name), "%s", bulk_ops[op].name);
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
	mw_format(w->name, sizeof(w->name), "gemv");
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

/* Small rows first, so that the largest ones are missing when the time ends. */
uint64_t offload_add_rows(struct offload *o, const struct offload_plan *p)
{
	uint64_t largest = 4096;
	for (size_t i = 0; i < p->n_sizes; i++)
		for (size_t k = 0; k < OFFLOAD_BULK_OPS; k++)
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

int offload_report_left_out(struct offload *o, const struct offload_plan *p)
{
	int rc = 0;
	for (size_t i = 0; i < p->n_left_out && rc == 0; i++)
		for (size_t k = 0; k < OFFLOAD_BULK_OPS && rc == 0; k++) {
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

bool offload_models_one(const struct offload *o, const struct offload_device *d, const struct offload_plan *p)
{
	struct pim_device *dev;
	if (pim_library_open_device(o->library, d->spec, &dev, NULL, 0) < 0)
		return false;
	bool any =
		(p->gemv && d->ops->caps & PIM_CAP_MATRICES && d->ops->caps & PIM_CAP_MODELLED) || models_bulk(p, dev);
	pim_close(dev);
	return any;
}
