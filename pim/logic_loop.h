/* The loops of one instruction set. Included once by each logic_*.c, which first defines V_BYTES, the bytes of a
 * vector, LOGIC_TABLE, the name of the table, and, where one instruction computes any function, V_LOGIC(f, a, b, c). */
#include <stdint.h>

#include "pim/logic.h"

#define LOGIC_INLINE static inline __attribute__((always_inline))

typedef uint64_t V __attribute__((vector_size(V_BYTES)));

#ifndef V_LOGIC
/* Function number f, of a and b only; the compiler keeps the one case. */
LOGIC_INLINE V logic_two(unsigned f, V a, V b)
{
	switch (f) {
	case 0x0:
		return (V){0};
	case 0x1:
		return ~(a | b);
	case 0x2:
		return a & ~b;
	case 0x3:
		return ~b;
	case 0x4:
		return b & ~a;
	case 0x5:
		return ~a;
	case 0x6:
		return a ^ b;
	case 0x7:
		return ~(a & b);
	case 0x8:
		return a & b;
	case 0x9:
		return ~(a ^ b);
	case 0xa:
		return a;
	case 0xb:
		return a | ~b;
	case 0xc:
		return b;
	case 0xd:
		return b | ~a;
	case 0xe:
		return a | b;
	default:
		return ~(V){0};
	}
}

/* c chooses between the halves of f. */
LOGIC_INLINE V logic_three(unsigned f, V a, V b, V c)
{
	const unsigned no = f & 15, yes = f >> 4;
	const V n = logic_two(no, a, b), y = logic_two(yes, a, b);
	if (no == yes)
		return n;
	if ((no ^ yes) == 15)
		return n ^ c;
	if ((no & ~yes) == 0)
		return n | (y & c);
	if ((yes & ~no) == 0)
		return y | (n & ~c);
	return n ^ ((n ^ y) & c);
}
#define V_LOGIC(f, a, b, c) logic_three(f, a, b, c)
#endif

/* Does f depend on b, on c? What it does not depend on is not loaded. */
#define HAS_B(f) (((f) >> 2 & 0x33) != ((f)&0x33))
#define HAS_C(f) ((f) >> 4 != ((f)&0x0f))

#define ONE(h, l)                                                                                                      \
	static void logic_##h##l(void *dst, const void *const *src, size_t bytes)                                      \
	{                                                                                                              \
		const V *a = src[0], *b = src[HAS_B(0x##h##l)], *c = src[HAS_C(0x##h##l) ? 2 : 0];                     \
		V *d = dst;                                                                                            \
		for (size_t i = 0; i < bytes / V_BYTES; i++) {                                                         \
			const V x = a[i], y = HAS_B(0x##h##l) ? b[i] : x, z = HAS_C(0x##h##l) ? c[i] : x;              \
			d[i] = (V)V_LOGIC(0x##h##l, x, y, z);                                                          \
		}                                                                                                      \
	}
/* clang-format off */
#define SIXTEEN(OF, h)                                                                                                 \
	OF(h, 0) OF(h, 1) OF(h, 2) OF(h, 3) OF(h, 4) OF(h, 5) OF(h, 6) OF(h, 7) OF(h, 8) OF(h, 9) OF(h, a)             \
	OF(h, b) OF(h, c) OF(h, d) OF(h, e) OF(h, f)
#define ALL(OF)                                                                                                        \
	SIXTEEN(OF, 0) SIXTEEN(OF, 1) SIXTEEN(OF, 2) SIXTEEN(OF, 3) SIXTEEN(OF, 4) SIXTEEN(OF, 5) SIXTEEN(OF, 6)       \
	SIXTEEN(OF, 7) SIXTEEN(OF, 8) SIXTEEN(OF, 9) SIXTEEN(OF, a) SIXTEEN(OF, b) SIXTEEN(OF, c) SIXTEEN(OF, d)       \
	SIXTEEN(OF, e) SIXTEEN(OF, f)
/* clang-format on */
#define NAME(h, l) logic_##h##l,

ALL(ONE)

const struct logic_table LOGIC_TABLE = {{ALL(NAME)}};
