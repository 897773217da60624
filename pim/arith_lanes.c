/* Operations across lanes: reductions to one number, and shifts by lanes. The host computes them; device `ambit` only
 * charges them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pim/arith.h"
#include "pim/lanes.h"

uint64_t arith_reduce_start(enum pim_op op)
{
	return op == PIM_MIN_LANES ? UINT64_MAX : 0;
}

uint64_t arith_reduce_join(enum pim_op op, uint64_t a, uint64_t b)
{
	if (op == PIM_MIN_LANES)
		return a < b ? a : b;
	return a + b;
}

static uint64_t sign_of(struct pim_type t)
{
	return t.kind == PIM_INT ? UINT64_C(1) << (t.bits - 1) : 0;
}

/* min_lanes works on lanes with the sign bit flipped, which compare as unsigned numbers. */
uint64_t arith_reduce_value(enum pim_op op, struct pim_type type, uint64_t acc)
{
	uint64_t sign = sign_of(type);
	if (op != PIM_MIN_LANES)
		return acc;
	acc ^= sign;
	return acc & sign ? acc | ~(sign | (sign - 1)) : acc;
}

static uint64_t word_at(const void *packed, uint64_t lanes, uint64_t i)
{
	uint64_t w, words = lanes / 64 + (lanes % 64 != 0);
	if (i >= words)
		return 0;
	memcpy(&w, (const char *)packed + 8 * i, 8); /* vectors are padded to lines */
	return i + 1 == words && lanes % 64 ? w & ((UINT64_C(1) << lanes % 64) - 1) : w;
}

/* A multiple of 64 bytes; src is aligned to 64. */
static uint64_t ones_of(const void *src, size_t bytes)
{
	enum mw_isa isa = mw_isa_best();
	arith_ones_fn fn = arith_table(isa)->ones;
#if defined(__x86_64__)
	if (isa == MW_ISA_AVX512 && mw_cpu_has(MW_CPU_AVX512_VPOPCNT))
		fn = arith_ones_vpopcnt;
#endif
	return fn(src, bytes);
}

static void reduce_packed(enum pim_op op, struct pim_type type, const void *src, uint64_t lanes, uint64_t *acc)
{
	uint64_t whole = lanes / 512 * 512, ones = ones_of(src, (size_t)(whole / 8));
	for (uint64_t i = whole / 64; i * 64 < lanes; i++)
		ones += (uint64_t)__builtin_popcountll(word_at(src, lanes, i));
	bool is_signed = type.kind == PIM_INT;
	if (op == PIM_MIN_LANES) {
		bool least = is_signed ? ones > 0 : ones < lanes;
		*acc = arith_reduce_join(op, *acc, least ? 0 : 1);
	} else {
		*acc += op == PIM_SUM_LANES && is_signed ? 0 - ones : ones;
	}
}

static uint64_t lane_at(const char *src, unsigned unit, uint64_t i)
{
	uint64_t x = 0; /* all machines are little-endian */
	memcpy(&x, src + i * unit, unit);
	return x;
}

/* One lane's part of an accumulator. */
static uint64_t reduce_one(enum pim_op op, uint64_t x, uint64_t sign)
{
	if (op == PIM_COUNT_ONES)
		return (uint64_t)__builtin_popcountll(x);
	return op == PIM_SUM_LANES ? (x ^ sign) - sign : x ^ sign;
}

/* A multiple of 64 lanes. */
static uint64_t reduce_whole(enum pim_op op, unsigned unit, const void *src, size_t lanes, uint64_t sign)
{
	const struct arith_table *t = arith_table(mw_isa_best());
	unsigned log2 = (unsigned)__builtin_ctz(unit);
	if (op == PIM_COUNT_ONES)
		return ones_of(src, lanes * unit);
	return (op == PIM_SUM_LANES ? t->sum : t->least)[log2](src, lanes, sign);
}

void arith_reduce(enum pim_op op, struct pim_type type, const void *src, uint64_t lanes, uint64_t *acc)
{
	const uint64_t sign = sign_of(type), whole = lanes / 64 * 64;
	unsigned unit = arith_unit(type.bits);
	if (unit == 0) {
		reduce_packed(op, type, src, lanes, acc);
		return;
	}
	if (whole)
		*acc = arith_reduce_join(op, *acc, reduce_whole(op, unit, src, (size_t)whole, sign));
	for (uint64_t i = whole; i < lanes; i++)
		*acc = arith_reduce_join(op, *acc, reduce_one(op, lane_at(src, unit, i), sign));
}

struct reduction {
	enum pim_op op;
	struct pim_type type;
	const char *src;
	uint64_t lanes;
	size_t n;
	uint64_t *acc; /* of each slice */
};

static void reduce_slice(void *arg, size_t i)
{
	const struct reduction *r = arg;
	size_t begin, end, unit = arith_unit(r->type.bits);
	lanes_slice((size_t)r->lanes, 4096, i, r->n, &begin, &end);
	uint64_t acc = arith_reduce_start(r->op);
	if (end > begin)
		arith_reduce(r->op, r->type, r->src + (unit ? begin * unit : begin / 8), end - begin, &acc);
	r->acc[i] = acc;
}

int arith_reduce_all(struct pim_call *call, enum pim_op op, struct pim_type type, const void *src, uint64_t lanes,
		     uint64_t *acc)
{
	struct reduction r = {.op = op, .type = type, .src = src, .lanes = lanes};
	r.n = arith_bytes(type.bits, lanes) < ((size_t)256 << 10) ? 1 : pim_call_threads(call);
	r.acc = calloc(r.n, sizeof(*r.acc));
	if (!r.acc)
		return -ENOMEM;
	pim_call_run(call, r.n, reduce_slice, &r);
	*acc = arith_reduce_start(op);
	for (size_t i = 0; i < r.n; i++)
		*acc = arith_reduce_join(op, *acc, r.acc[i]);
	free(r.acc);
	return 0;
}

static void put_word(void *packed, uint64_t i, uint64_t w)
{
	memcpy((char *)packed + 8 * i, &w, 8);
}

static void shift_packed(void *dst, const void *src, uint64_t lanes, uint64_t by, bool up)
{
	uint64_t words = lanes / 64 + (lanes % 64 != 0), q = by / 64;
	unsigned r = (unsigned)(by % 64);
	for (uint64_t k = 0; k < words; k++) {
		/* Starts at the end that is not read any more, because dst may be src. */
		uint64_t i = up ? words - 1 - k : k, w;
		if (up) {
			w = i >= q ? word_at(src, lanes, i - q) << r : 0;
			w |= r && i >= q + 1 ? word_at(src, lanes, i - q - 1) >> (64 - r) : 0;
		} else {
			w = word_at(src, lanes, i + q) >> r;
			w |= r ? word_at(src, lanes, i + q + 1) << (64 - r) : 0;
		}
		put_word(dst, i, w);
	}
}

void arith_shift_lanes(void *dst, const void *src, unsigned unit, uint64_t lanes, int64_t by)
{
	bool up = by >= 0;
	uint64_t n = up ? (uint64_t)by : 0 - (uint64_t)by;
	if (n > lanes)
		n = lanes;
	if (unit == 0) {
		shift_packed(dst, src, lanes, n, up);
		return;
	}
	size_t moved = (size_t)(lanes - n) * unit, gap = (size_t)n * unit;
	char *d = dst;
	const char *s = src;
	memmove(up ? d + gap : d, up ? s : s + gap, moved);
	memset(up ? d : d + moved, 0, gap);
}
