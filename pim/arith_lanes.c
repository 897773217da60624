/* Operations across lanes: reductions to one number, and shifts by lanes. The host computes them; device `ambit` only
 * charges them. */
#include <string.h>

#include "pim/arith.h"

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

static void reduce_packed(enum pim_op op, struct pim_type type, const void *src, uint64_t lanes, uint64_t *acc)
{
	uint64_t ones = 0;
	for (uint64_t i = 0; i * 64 < lanes; i++)
		ones += (uint64_t)__builtin_popcountll(word_at(src, lanes, i));
	bool is_signed = type.kind == PIM_INT;
	if (op == PIM_MIN_LANES) {
		bool least = is_signed ? ones > 0 : ones < lanes;
		*acc = arith_reduce_join(op, *acc, least ? 0 : 1);
	} else {
		*acc += op == PIM_SUM_LANES && is_signed ? 0 - ones : ones;
	}
}

/* One function per container. Sums extend the sign, min_lanes flips it. */
#define REDUCE(T)                                                                                                      \
	static uint64_t reduce_##T(enum pim_op op, const void *src, uint64_t lanes, uint64_t sign, uint64_t acc)       \
	{                                                                                                              \
		const T *x = src;                                                                                      \
		if (op == PIM_SUM_LANES) {                                                                             \
			for (uint64_t i = 0; i < lanes; i++)                                                           \
				acc += ((uint64_t)x[i] ^ sign) - sign;                                                 \
		} else if (op == PIM_MIN_LANES) {                                                                      \
			for (uint64_t i = 0; i < lanes; i++)                                                           \
				acc = (x[i] ^ sign) < acc ? x[i] ^ sign : acc;                                         \
		} else {                                                                                               \
			for (uint64_t i = 0; i < lanes; i++)                                                           \
				acc += (uint64_t)__builtin_popcountll(x[i]);                                           \
		}                                                                                                      \
		return acc;                                                                                            \
	}
REDUCE(uint8_t)
REDUCE(uint16_t)
REDUCE(uint32_t)
REDUCE(uint64_t)

void arith_reduce(enum pim_op op, struct pim_type type, const void *src, uint64_t lanes, uint64_t *acc)
{
	const uint64_t sign = sign_of(type);
	switch (arith_unit(type.bits)) {
	case 0:
		reduce_packed(op, type, src, lanes, acc);
		break;
	case 1:
		*acc = reduce_uint8_t(op, src, lanes, sign, *acc);
		break;
	case 2:
		*acc = reduce_uint16_t(op, src, lanes, sign, *acc);
		break;
	case 4:
		*acc = reduce_uint32_t(op, src, lanes, sign, *acc);
		break;
	default:
		*acc = reduce_uint64_t(op, src, lanes, sign, *acc);
		break;
	}
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
