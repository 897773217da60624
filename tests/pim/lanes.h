/* Plain C meaning of the operations on one lane, and lanes in containers. Shares nothing with the library's kernels. */
#ifndef TEST_PIM_LANES_H
#define TEST_PIM_LANES_H

#include <stdlib.h>
#include <string.h>

#include "tests/pim/oracle.h"

/* Slow builds test less: the sanitizers cost a factor of ten, coverage is not optimised at all. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#if !defined(__OPTIMIZE__)
#define TEST_SLOW 2
#elif defined(TEST_SANITIZED)
#define TEST_SLOW 1
#else
#define TEST_SLOW 0
#endif

static inline uint64_t lane_mask(unsigned bits)
{
	return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static inline int64_t lane_signed(uint64_t v, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);
	return (int64_t)((v & sign) ? v | ~lane_mask(bits) : v);
}

static inline unsigned lane_ones(uint64_t v)
{
	unsigned n = 0;
	for (; v; v &= v - 1)
		n++;
	return n;
}

static inline int lane_less(uint64_t x, uint64_t y, struct pim_type t)
{
	return t.kind == PIM_INT ? lane_signed(x, t.bits) < lane_signed(y, t.bits) : x < y;
}

static inline uint64_t lane_divide(uint64_t x, uint64_t y, struct pim_type t, int rest)
{
	int64_t sx = lane_signed(x, t.bits), sy = lane_signed(y, t.bits);
	if (y == 0)
		return rest ? x : UINT64_MAX;
	if (t.kind != PIM_INT)
		return rest ? x % y : x / y;
	if (sy == -1)
		return rest ? 0 : 0 - x;
	return (uint64_t)(rest ? sx % sy : sx / sy);
}

static inline uint64_t lane_multiply(uint64_t x, uint64_t y, struct pim_type t)
{
	if (t.kind == PIM_INT)
		return (uint64_t)((__int128)lane_signed(x, t.bits) * lane_signed(y, t.bits));
	return (uint64_t)((unsigned __int128)x * y);
}

static inline uint64_t lane_shift(enum pim_op op, uint64_t x, unsigned k, struct pim_type t)
{
	int64_t s = lane_signed(x, t.bits);
	if (op == PIM_SHL)
		return k >= 64 ? 0 : x << k;
	if (t.kind == PIM_INT)
		return (uint64_t)(s < 0 ? ~(~s >> (k > 63 ? 63 : k)) : s >> (k > 63 ? 63 : k));
	return k >= 64 ? 0 : x >> k;
}

static inline uint64_t lane_bitwise(enum pim_op op, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < 64; i++) {
		unsigned bit = oracle_byte(op, a >> i & 1, b >> i & 1, c >> i & 1) & 1;
		v |= (uint64_t)bit << i;
	}
	return v;
}

/* in[]: the operation's inputs in their order; k: a shift's amount. The result has the bits of pim_op_result(). */
static inline uint64_t lane_expected(enum pim_op op, struct pim_type t, const uint64_t *in, unsigned k)
{
	uint64_t x = in[0], y = in[1], mask = lane_mask(t.bits);
	switch (op) {
	case PIM_ADD:
		return (x + y) & mask;
	case PIM_SUB:
		return (x - y) & mask;
	case PIM_MUL:
		return lane_multiply(x, y, t) & mask;
	case PIM_MUL_WIDE:
		return lane_multiply(x, y, t) & lane_mask(2 * t.bits);
	case PIM_DIV:
		return lane_divide(x, y, t, 0) & mask;
	case PIM_MOD:
		return lane_divide(x, y, t, 1) & mask;
	case PIM_EQ:
		return x == y;
	case PIM_NE:
		return x != y;
	case PIM_LT:
		return (uint64_t)lane_less(x, y, t);
	case PIM_LE:
		return (uint64_t)!lane_less(y, x, t);
	case PIM_GT:
		return (uint64_t)lane_less(y, x, t);
	case PIM_GE:
		return (uint64_t)!lane_less(x, y, t);
	case PIM_MIN:
		return lane_less(y, x, t) ? y : x;
	case PIM_MAX:
		return lane_less(x, y, t) ? y : x;
	case PIM_ABS:
		return t.kind == PIM_INT && lane_signed(x, t.bits) < 0 ? (0 - x) & mask : x;
	case PIM_NEG:
		return (0 - x) & mask;
	case PIM_RELU:
		return t.kind == PIM_INT && lane_signed(x, t.bits) < 0 ? 0 : x;
	case PIM_IF_ELSE:
		return x ? y : in[2];
	case PIM_POPCOUNT:
		return lane_ones(x);
	case PIM_SHL:
	case PIM_SHR:
		return lane_shift(op, x, k, t) & mask;
	case PIM_RED_AND:
		return x == mask;
	case PIM_RED_OR:
		return x != 0;
	case PIM_RED_XOR:
		return lane_ones(x) % 2;
	default:
		return lane_bitwise(op, x, y, in[2]) & mask;
	}
}

/* ---- lanes on the host ---- */

static inline size_t lane_unit(unsigned bits)
{
	return bits == 1 ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

static inline size_t lane_bytes(unsigned bits, size_t lanes)
{
	return bits == 1 ? (lanes + 7) / 8 : lanes * lane_unit(bits);
}

static inline uint64_t lane_get(const void *p, unsigned bits, size_t i)
{
	const unsigned char *b = p;
	uint64_t v = 0;
	if (bits == 1)
		return b[i / 8] >> (i % 8) & 1;
	memcpy(&v, b + i * lane_unit(bits), lane_unit(bits));
	return v;
}

static inline void lane_put(void *p, unsigned bits, size_t i, uint64_t v)
{
	unsigned char *b = p;
	if (bits == 1)
		b[i / 8] = (unsigned char)((b[i / 8] & ~(1u << i % 8)) | (unsigned)v << i % 8);
	else
		memcpy(b + i * lane_unit(bits), &v, lane_unit(bits));
}

/* Every pair of the values at which carries, signs and quotients turn, then random ones of all magnitudes. */
static inline uint64_t lane_value(unsigned bits, size_t i, int second, uint64_t *random)
{
	const uint64_t sign = UINT64_C(1) << (bits - 1), mask = lane_mask(bits);
	const uint64_t edges[] = {0,
				  1,
				  2,
				  3,
				  mask,
				  mask - 1,
				  mask - 2,
				  sign,
				  sign - 1,
				  sign + 1,
				  0x5555555555555555u,
				  0xaaaaaaaaaaaaaaaau};
	enum { EDGES = sizeof(edges) / sizeof(edges[0]) };
	if (i < 2 * EDGES * EDGES)
		return edges[second ? i / 2 % EDGES : i / 2 / EDGES] & mask;
	uint64_t v = oracle_random(random);
	return (i % 3 == 0 ? v >> (oracle_random(random) % bits) : v) & mask;
}

#endif
