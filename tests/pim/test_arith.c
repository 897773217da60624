/* Exact == fused == plain C, lane by lane, for every operation. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>

#include "base/core/cpu.h"
#include "tests/pim/lanes.h"

enum { DEVICES = 3 };
static const char *const specs[DEVICES] = {"ambit:engine=exact", "ambit", "host"};

static struct pim_device *device(const char *spec)
{
	struct pim_device *dev;
	char err[200];
	cr_assert_eq(pim_open(spec, &dev, err, sizeof(err)), 0, "%s: %s", spec, err);
	return dev;
}

/* ---- slices side by side ---- */

struct part {
	void (*fn)(void *, size_t);
	void *arg;
	size_t i;
};

static void *thread_main(void *p)
{
	struct part *part = p;
	part->fn(part->arg, part->i);
	return NULL;
}

enum { THREADS = 3 };

static void run_threads(void *ctx, size_t n, void (*fn)(void *, size_t), void *arg)
{
	(void)ctx;
	pthread_t t[THREADS];
	struct part parts[THREADS];
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct part){fn, arg, i};
		cr_assert_eq(pthread_create(&t[i], NULL, thread_main, &parts[i]), 0);
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static const struct pim_executor threads = {sizeof(threads), THREADS, run_threads, NULL};

/* ---- operands of one width, and their check ---- */

struct lanes {
	struct pim_type type;
	size_t n;
	void *in[3]; /* two of the type, one bit vector */
	void *want, *out;
};

static struct lanes make_lanes(struct pim_type type, size_t n, uint64_t seed)
{
	struct lanes l = {.type = type, .n = n};
	uint64_t r = seed * 2654435761u + 88172645463325252u;
	for (int i = 0; i < 3; i++)
		l.in[i] = calloc(1, lane_bytes(i == 2 ? 1 : type.bits, n) + 8);
	l.want = malloc(n * 8 + 8);
	l.out = malloc(n * 8 + 8);
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 2; k++)
			lane_put(l.in[k], type.bits, i, lane_value(type.bits, i, k, &r));
		lane_put(l.in[2], 1, i, i < 1000 ? i & 1 : oracle_random(&r) >> 40 & 1);
	}
	return l;
}

static void free_lanes(struct lanes *l)
{
	for (int i = 0; i < 3; i++)
		free(l->in[i]);
	free(l->want);
	free(l->out);
}

struct oracle {
	const struct lanes *l;
	enum pim_op op;
	unsigned amount, bits; /* of the result */
};

/* The operation's inputs in their order; maj takes the first operand twice. */
static void gather(const struct oracle *o, size_t i, uint64_t in[3])
{
	const struct lanes *l = o->l;
	unsigned bits = l->type.bits;
	bool select = o->op == PIM_IF_ELSE;
	in[0] = select ? lane_get(l->in[2], 1, i) : lane_get(l->in[0], bits, i);
	in[1] = lane_get(l->in[select ? 0 : 1], bits, i);
	in[2] = lane_get(l->in[select ? 1 : 0], bits, i);
}

static void oracle_part(void *arg, size_t part)
{
	const struct oracle *o = arg;
	size_t n = o->l->n, from = part * n / THREADS / 8 * 8;
	size_t to = part + 1 == THREADS ? n : (part + 1) * n / THREADS / 8 * 8;
	for (size_t i = from; i < to; i++) {
		uint64_t in[3];
		gather(o, i, in);
		lane_put(o->l->want, o->bits, i, lane_expected(o->op, o->l->type, in, o->amount));
	}
}

static void compute(struct oracle *o)
{
	memset(o->l->want, 0, lane_bytes(o->bits, o->l->n));
	run_threads(NULL, THREADS, oracle_part, o);
}

static void compare(const struct oracle *o, const char *what)
{
	const struct lanes *l = o->l;
	if (memcmp(l->want, l->out, lane_bytes(o->bits, l->n)) == 0)
		return;
	size_t i = 0;
	uint64_t in[3];
	while (i < l->n && lane_get(l->want, o->bits, i) == lane_get(l->out, o->bits, i))
		i++;
	cr_assert(i < l->n, "%s: %s of %u bits: excess bits", what, pim_op_name(o->op), l->type.bits);
	gather(o, i, in);
	cr_assert_fail("%s: %s of %s%u, amount %u, lane %zu: inputs %llx %llx %llx: %llx, expected %llx", what,
		       pim_op_name(o->op), l->type.kind == PIM_INT ? "int" : "uint", l->type.bits, o->amount, i,
		       (unsigned long long)in[0], (unsigned long long)in[1], (unsigned long long)in[2],
		       (unsigned long long)lane_get(l->out, o->bits, i),
		       (unsigned long long)lane_get(l->want, o->bits, i));
}

/* The vectors of one device: two operands, one bit vector. */
struct vectors {
	struct pim_device *dev;
	struct pim_vector *v[3];
};

/* The same lanes on several devices. */
struct rig {
	size_t n;
	struct vectors d[DEVICES];
};

static struct vectors load(struct pim_device *dev, const struct lanes *l)
{
	struct vectors s = {.dev = dev};
	for (int i = 0; i < 3; i++) {
		struct pim_type t = i == 2 ? pim_uint(1) : l->type;
		cr_assert_eq(pim_alloc(dev, t, l->n, &s.v[i]), 0, "%s", pim_error(dev));
		cr_assert_eq(pim_write(s.v[i], l->in[i], pim_bytes(s.v[i])), 0, "%s", pim_error(dev));
	}
	return s;
}

static int execute(const struct vectors *s, enum pim_op op, struct pim_vector *dst, unsigned amount)
{
	struct pim_vector *src[3] = {s->v[0], s->v[1], s->v[0]};
	if (op == PIM_SHL || op == PIM_SHR)
		return pim_shift(op, dst, s->v[0], amount);
	if (op == PIM_IF_ELSE) {
		src[0] = s->v[2];
		src[1] = s->v[0];
		src[2] = s->v[1];
	}
	return pim_execute(op, dst, src, pim_op_inputs(op));
}

static struct rig open_rig(const char *const *spec, size_t n, const struct lanes *l)
{
	struct rig r = {.n = n};
	for (size_t d = 0; d < n; d++)
		r.d[d] = load(device(spec[d]), l);
	return r;
}

static void close_rig(struct rig *r)
{
	for (size_t d = 0; d < r->n; d++)
		pim_close(r->d[d].dev);
}

static void expect(const struct rig *r, const struct lanes *l, enum pim_op op, unsigned amount)
{
	struct pim_type result;
	struct pim_vector *dst;
	struct oracle o = {.l = l, .op = op, .amount = amount};
	int rc = pim_op_result(op, l->type, &result);
	if (rc == -EOPNOTSUPP) {
		cr_assert(op == PIM_MUL_WIDE && l->type.bits > 32);
		return;
	}
	cr_assert_eq(rc, 0);
	o.bits = result.bits;
	compute(&o);
	for (size_t d = 0; d < r->n; d++) {
		struct pim_device *dev = r->d[d].dev;
		cr_assert_eq(pim_alloc(dev, result, l->n, &dst), 0, "%s", pim_error(dev));
		cr_assert_eq(execute(&r->d[d], op, dst, amount), 0, "%s", pim_error(dev));
		memset(l->out, 0xa5, lane_bytes(result.bits, l->n));
		cr_assert_eq(pim_read(dst, l->out, pim_bytes(dst)), 0);
		pim_free(dst);
		compare(&o, pim_spec(dev));
	}
}

/* ---- all of n = 8 ---- */

static struct lanes all_pairs(struct pim_type type, size_t n)
{
	struct lanes l = make_lanes(type, n, 1);
	for (size_t i = 0; i < n; i++) {
		lane_put(l.in[0], 8, i, i & 255);
		lane_put(l.in[1], 8, i, i >> 8 & 255);
		lane_put(l.in[2], 1, i, i >> 16 & 1);
	}
	return l;
}

Test(pim_arith, all_pairs_of_8_bits, .timeout = 300)
{
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		struct lanes l = all_pairs(is_signed ? pim_int(8) : pim_uint(8), 1 << 17);
		struct lanes half = l;
		half.n = 1 << 16;
		struct rig all = open_rig(specs, DEVICES, &l), pairs = open_rig(specs, DEVICES, &half);
		expect(&all, &l, PIM_IF_ELSE, 0);
		for (int op = PIM_NOT; op <= PIM_RED_XOR; op++)
			if (op != PIM_IF_ELSE && op != PIM_FILL && op != PIM_SHL && op != PIM_SHR)
				expect(&pairs, &half, (enum pim_op)op, 0);
		for (unsigned amount = 0; amount <= 8; amount++) {
			expect(&pairs, &half, PIM_SHL, amount);
			expect(&pairs, &half, PIM_SHR, amount);
		}
		close_rig(&all);
		close_rig(&pairs);
		free_lanes(&l);
	}
}

/* ---- every width ---- */

/* Slow builds take every second or fifth operation at a width, all of them within so many widths. */
static bool takes(int op, unsigned bits)
{
	return ((unsigned)op + bits) % (TEST_SLOW == 2 ? 5 : TEST_SLOW + 1) == 0;
}

static void each_op(struct rig *r, const struct lanes *l)
{
	unsigned bits = l->type.bits;
	for (int op = PIM_NOT; op <= PIM_RED_XOR; op++) {
		bool shift = op == PIM_SHL || op == PIM_SHR;
		if (op == PIM_FILL || !takes(op, bits))
			continue;
		if (shift)
			for (unsigned k = 0; k < 4; k++)
				expect(r, l, (enum pim_op)op, k < 2 ? k * bits : (bits * 7 + k * 3) % bits);
		else
			expect(r, l, (enum pim_op)op, 0);
	}
}

static void every_op(const char *const *spec, size_t n, const struct lanes *l)
{
	struct rig r = open_rig(spec, n, l);
	each_op(&r, l);
	close_rig(&r);
}

static void widths(unsigned from, unsigned step)
{
	for (unsigned bits = from; bits <= 64; bits += step)
		for (int is_signed = 0; is_signed < 2; is_signed++) {
			struct lanes l = make_lanes(is_signed ? pim_int(bits) : pim_uint(bits), 65536, bits);
			every_op(specs, DEVICES, &l);
			free_lanes(&l);
		}
}

/* The paths of the widest instruction set are those of the tests below. */
Test(pim_arith, every_instruction_set, .timeout = 300)
{
	static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
	static const unsigned widths_of[] = {1, 3, 8, 12, 16, 24, 32, 50, 64};
	unsigned paths = 0;
	for (int isa = 0; isa < 4; isa++) {
		setenv("MEMWALL_ISA", isas[isa], 1);
		if (mw_isa_check_override(NULL, 0) < 0)
			continue;
		paths++;
		for (size_t w = 0; w < sizeof(widths_of) / sizeof(widths_of[0]); w++) {
			unsigned bits = widths_of[w];
			struct lanes l = make_lanes(w % 2 ? pim_int(bits) : pim_uint(bits), 5000 + w, w);
			every_op(&specs[1], 1, &l);
			free_lanes(&l);
		}
	}
	cr_assert(paths >= 1);
	unsetenv("MEMWALL_ISA");
}

/* In four tests, which run side by side. */
Test(pim_arith, every_width_1, .timeout = 300)
{
	widths(1, 4);
}

Test(pim_arith, every_width_2, .timeout = 300)
{
	widths(2, 4);
}

Test(pim_arith, every_width_3, .timeout = 300)
{
	widths(3, 4);
}

Test(pim_arith, every_width_4, .timeout = 300)
{
	widths(4, 4);
}

/* ---- many lanes ---- */

static void many(unsigned bits)
{
	const size_t most = TEST_SLOW == 2 ? 100000 : TEST_SLOW == 1 ? 1000000 : 10000000;
	struct lanes l = make_lanes(bits % 32 ? pim_int(bits) : pim_uint(bits), most + 7, bits);
	struct rig r = open_rig(specs, 2, &l);
	for (int d = 0; d < 2; d++)
		cr_assert_eq(pim_set_executor(r.d[d].dev, &threads), 0);
	each_op(&r, &l);
	close_rig(&r);
	free_lanes(&l);
}

Test(pim_arith, ten_million_lanes_of_16_bits, .timeout = 300)
{
	many(16);
}

Test(pim_arith, ten_million_lanes_of_32_bits, .timeout = 300)
{
	many(32);
}

Test(pim_arith, ten_million_lanes_of_64_bits, .timeout = 300)
{
	many(64);
}

/* ---- more than one lane width in play ---- */

Test(pim_arith, the_result_may_be_an_input, .timeout = 120)
{
	static const unsigned widths_of[] = {1, 5, 8, 13, 32, 47, 64};
	for (size_t w = 0; w < sizeof(widths_of) / sizeof(widths_of[0]); w++)
		for (int d = 0; d < DEVICES; d++)
			for (int op = PIM_NOT; op <= PIM_SHR; op++) {
				struct pim_type type = w % 2 ? pim_int(widths_of[w]) : pim_uint(widths_of[w]), result;
				if (op == PIM_FILL || pim_op_result((enum pim_op)op, type, &result) < 0 ||
				    result.bits != type.bits || result.kind != type.kind)
					continue;
				struct lanes l = make_lanes(type, 3000, w + 1);
				for (unsigned k = 0; k < 2; k++) {
					struct pim_device *dev = device(specs[d]);
					struct vectors s = load(dev, &l);
					struct oracle o = {.l = &l,
							   .op = (enum pim_op)op,
							   .amount = type.bits / 2,
							   .bits = type.bits};
					cr_assert_eq(execute(&s, o.op, s.v[k], o.amount), 0, "%s", pim_error(dev));
					cr_assert_eq(pim_read(s.v[k], l.out, pim_bytes(s.v[k])), 0);
					compute(&o);
					compare(&o, k ? "into the second input" : "into the first input");
					pim_close(dev);
				}
				free_lanes(&l);
			}
}

Test(pim_arith, filled_lanes_hold_the_value)
{
	for (unsigned bits = 1; bits <= 64; bits++)
		for (int d = 0; d < DEVICES; d++) {
			struct pim_device *dev = device(specs[d]);
			struct pim_vector *v;
			uint64_t out[1001], value = 0x9e3779b97f4a7c15u & lane_mask(bits);
			cr_assert_eq(pim_alloc(dev, pim_uint(bits), 1001, &v), 0);
			cr_assert_eq(pim_fill(v, value), 0, "%s", pim_error(dev));
			cr_assert_eq(pim_read(v, out, pim_bytes(v)), 0);
			for (size_t i = 0; i < 1001; i++)
				cr_assert_eq(lane_get(out, bits, i), value, "%s, %u bits", specs[d], bits);
			if (bits < 64)
				cr_assert_eq(pim_fill(v, value | UINT64_C(1) << bits), -EINVAL);
			pim_close(dev);
		}
}

/* What lies in a container beyond the width does not count, wherever the host's memory begins. */
Test(pim_arith, excess_bits_of_written_containers_are_ignored)
{
	static const unsigned widths_of[] = {2, 7, 9, 15, 17, 31, 33, 63};
	enum { N = 9001 };
	static unsigned char in[8 * N + 64], out[8 * N + 64];
	uint64_t r = 77;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)oracle_random(&r);
	for (size_t w = 0; w < sizeof(widths_of) / sizeof(widths_of[0]); w++)
		for (int d = 0; d < DEVICES; d++)
			for (size_t at = 0; at < 64; at += 21) {
				unsigned bits = widths_of[w];
				struct pim_device *dev = device(specs[d]);
				struct pim_vector *v;
				cr_assert_eq(pim_alloc(dev, pim_int(bits), N, &v), 0);
				cr_assert_eq(pim_write(v, in + at, pim_bytes(v)), 0);
				cr_assert_eq(pim_read(v, out + at, pim_bytes(v)), 0);
				for (size_t i = 0; i < N; i++)
					cr_assert_eq(lane_get(out + at, bits, i),
						     lane_get(in + at, bits, i) & lane_mask(bits),
						     "%s, %u bits, lane %zu", specs[d], bits, i);
				pim_close(dev);
			}
}

/* ---- across lanes ---- */

static uint64_t reduced(enum pim_op op, const struct lanes *l)
{
	struct pim_type t = l->type;
	uint64_t acc = 0;
	for (size_t i = 0; i < l->n; i++) {
		uint64_t x = lane_get(l->in[0], t.bits, i),
			 v = t.kind == PIM_INT ? (uint64_t)lane_signed(x, t.bits) : x;
		if (op == PIM_COUNT_ONES)
			acc += lane_ones(x);
		else if (op == PIM_SUM_LANES)
			acc += v;
		else if (i == 0 || (t.kind == PIM_INT ? (int64_t)v < (int64_t)acc : v < acc))
			acc = v;
	}
	return acc;
}

Test(pim_arith, reductions_over_lanes)
{
	static const unsigned widths_of[] = {1, 3, 8, 16, 21, 32, 40, 64};
	static const size_t sizes[] = {1, 63, 500, 5000, 300001};
	for (size_t w = 0; w < sizeof(widths_of) / sizeof(widths_of[0]); w++)
		for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
			for (int is_signed = 0; is_signed < 2; is_signed++) {
				unsigned bits = widths_of[w];
				struct lanes l =
					make_lanes(is_signed ? pim_int(bits) : pim_uint(bits), sizes[n], n + 3);
				for (size_t i = 0; i < l.n && n % 2; i++) /* not always the least value there is */
					lane_put(l.in[0], bits, i, lane_get(l.in[0], bits, i) >> 1 | (bits == 1));
				for (int d = 0; d < DEVICES; d++) {
					struct pim_device *dev = device(specs[d]);
					struct vectors s = load(dev, &l);
					cr_assert_eq(pim_set_executor(dev, &threads), 0);
					for (int op = PIM_SUM_LANES; op <= PIM_COUNT_ONES; op++) {
						uint64_t value = 7;
						cr_assert_eq(pim_reduce((enum pim_op)op, s.v[0], &value), 0, "%s",
							     pim_error(dev));
						cr_assert_eq(value, reduced((enum pim_op)op, &l),
							     "%s: %s of %zu lanes of %u bits", specs[d],
							     pim_op_name((enum pim_op)op), l.n, bits);
					}
					pim_close(dev);
				}
				free_lanes(&l);
			}
}

Test(pim_arith, lanes_shift_by_lanes_on_the_host)
{
	static const char *const via[DEVICES] = {"ambit:engine=exact,via=host", "ambit:via=host", "host"};
	static const int64_t by[] = {0, 1, -1, 7, 64, -64, 100, -129, 1499, 1500, -1500, 5000, INT64_MIN, INT64_MAX};
	static const unsigned widths_of[] = {1, 5, 16, 64};
	for (size_t w = 0; w < sizeof(widths_of) / sizeof(widths_of[0]); w++)
		for (int d = 0; d < DEVICES; d++)
			for (int in_place = 0; in_place < 2; in_place++)
				for (size_t b = 0; b < sizeof(by) / sizeof(by[0]); b++) {
					unsigned bits = widths_of[w];
					struct lanes l = make_lanes(pim_uint(bits), 1500, b);
					struct pim_device *dev = device(via[d]);
					struct vectors s = load(dev, &l);
					struct pim_vector *dst = s.v[!in_place];
					cr_assert_eq(pim_shift_lanes(dst, s.v[0], by[b]), 0, "%s", pim_error(dev));
					cr_assert_eq(pim_read(dst, l.out, pim_bytes(dst)), 0);
					for (int64_t i = 0; i < 1500; i++) {
						bool is_in =
							by[b] > -1500 && by[b] < 1500 && i >= by[b] && i - by[b] < 1500;
						uint64_t e = is_in ? lane_get(l.in[0], bits, (size_t)(i - by[b])) : 0;
						cr_assert_eq(lane_get(l.out, bits, (size_t)i), e,
							     "%s: %u bits by %lld, lane %d", via[d], bits,
							     (long long)by[b], (int)i);
					}
					pim_close(dev);
					free_lanes(&l);
				}
	struct pim_device *dev = device("ambit");
	struct pim_vector *v;
	cr_assert_eq(pim_alloc(dev, pim_uint(1), 100, &v), 0);
	cr_assert_eq(pim_shift_lanes(v, v, 1), -EOPNOTSUPP);
	cr_assert_not_null(strstr(pim_error(dev), "via=host"));
	pim_close(dev);
}
