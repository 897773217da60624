/* The kernels for containers of LANE_BITS bits, in vectors of V_BYTES bytes. arith_loop.h includes this file once per
 * container, so it has no include guard. It uses the compiler's vector types, so one text serves every instruction set.
 */
#define N(name) ARITH_PASTE(name, LANE_BITS)
#define LANE ARITH_UINT(LANE_BITS)

typedef LANE N(vec) __attribute__((vector_size(V_BYTES)));
#if LANE_BITS == 8
typedef arith_pairs N(shifted);
#else
typedef N(vec) N(shifted);
#endif

struct N(consts) {
	N(vec) mask, sign, zero;
	/* Of shifts: bits that may be 1, repeated sign bits. */
	N(vec) live, fill;
	int amount;
};

ARITH_INLINE N(vec) N(splat)(uint64_t value)
{
	const N(vec) zero = {0};
	return zero + (LANE)value;
}

ARITH_INLINE struct N(consts) N(constants)(const struct arith_args *a, bool left)
{
	/* No instruction set shifts bytes: pairs of them are shifted, and what crosses their border is cleared. */
	const uint64_t kept_l = LANE_BITS == 8 ? 0xffu << a->amount : ~UINT64_C(0);
	const uint64_t kept_r = LANE_BITS == 8 ? 0xffu >> a->amount : ~UINT64_C(0);
	const uint64_t fill = a->sign ? a->mask & ~(a->mask >> a->amount) : 0;
	struct N(consts) c = {.mask = N(splat)(a->mask),
			      .sign = N(splat)(a->sign),
			      .zero = N(splat)(0),
			      .live = N(splat)(a->live & (left ? kept_l : kept_r)),
			      .fill = N(splat)(fill),
			      .amount = (int)a->amount};
	return c;
}

/* One bit per lane of a comparison's result. */
ARITH_INLINE uint64_t N(bits)(N(vec) m)
{
#ifdef V_BITS_8
	return (uint64_t)ARITH_PASTE(V_BITS, LANE_BITS)(m);
#else
	const arith_words v = (arith_words)m;
	uint64_t w = 0;
	for (unsigned i = 0; i < V_BYTES / 8; i++) { /* one bit of each lane stays; the product adds them up */
#if LANE_BITS == 8
		uint64_t b = (v[i] & 0x8040201008040201u) * 0x0101010101010101u >> 56;
#elif LANE_BITS == 16
		uint64_t b = (v[i] & 0x0008000400020001u) * 0x0001000100010001u >> 48;
#elif LANE_BITS == 32
		uint64_t b = (v[i] & 1) | (v[i] >> 62 & 2);
#else
		uint64_t b = v[i] & 1;
#endif
		w |= b << (i * 64 / LANE_BITS);
	}
	return w;
#endif
}

/* The other way: all ones in the lanes whose bit in w is 1. */
ARITH_INLINE N(vec) N(spread)(uint64_t w)
{
#if defined(V_BITS_FROM_64) || (defined(V_BITS_FROM_8) && LANE_BITS == 8)
	return (N(vec))ARITH_PASTE(V_BITS_FROM, LANE_BITS)(w);
#else
	N(vec) v, bit;
#if LANE_BITS == 8
	arith_words r = {0};
	for (unsigned i = 0; i < V_BYTES / 8; i++)
		r[i] = (w >> (8 * i) & 0xff) * 0x0101010101010101u;
	v = (N(vec))r;
#else
	v = N(splat)(w);
#endif
	memcpy(&bit, N(arith_lane_bit), sizeof(bit));
	return (N(vec))((v & bit) != N(splat)(0));
#endif
}

ARITH_INLINE N(vec) N(choose)(N(vec) m, N(vec) yes, N(vec) no)
{
	return (yes & m) | (no & ~m);
}

ARITH_INLINE N(vec) N(lanewise)(enum arith_kernel k, const struct N(consts) * c, N(vec) x, N(vec) y, N(vec) z)
{
	switch (k) {
	case ARITH_NOT:
		return ~x & c->mask;
	case ARITH_NAND:
		return ~(x & y) & c->mask;
	case ARITH_NOR:
		return ~(x | y) & c->mask;
	case ARITH_XNOR:
		return ~(x ^ y) & c->mask;
	case ARITH_AND:
		return x & y;
	case ARITH_OR:
		return x | y;
	case ARITH_XOR:
		return x ^ y;
	case ARITH_MAJ:
		return (x & y) | (z & (x | y));
	case ARITH_ADD:
		return (x + y) & c->mask;
	case ARITH_SUB:
		return (x - y) & c->mask;
	case ARITH_MUL:
		return (x * y) & c->mask;
	case ARITH_MIN: /* with its sign bit flipped a signed lane compares as an unsigned one */
		return N(choose)((N(vec))((x ^ c->sign) < (y ^ c->sign)), x, y);
	case ARITH_MAX:
		return N(choose)((N(vec))((x ^ c->sign) < (y ^ c->sign)), y, x);
	case ARITH_ABS: {
		N(vec) m = (N(vec))((x & c->sign) != c->zero);
		return ((x ^ m) - m) & c->mask;
	}
	case ARITH_NEG:
		return (c->zero - x) & c->mask;
	case ARITH_RELU:
		return x & ~(N(vec))((x & c->sign) != c->zero);
	case ARITH_SHL:
		return (N(vec))((N(shifted))x << c->amount) & c->live;
	case ARITH_SHR:
		return ((N(vec))((N(shifted))x >> c->amount) & c->live) |
		       ((N(vec))((x & c->sign) != c->zero) & c->fill);
	default:
		return x & c->mask;
	}
}

ARITH_INLINE void N(run)(enum arith_kernel k, unsigned inputs, const struct arith_args *a, void *dst,
			 const void *const *src, size_t lanes)
{
	const struct N(consts) c = N(constants)(a, k == ARITH_SHL);
	const N(vec) *px = src[0], *py = inputs > 1 ? src[1] : px, *pz = inputs > 2 ? src[2] : px;
	N(vec) *d = dst;
	for (size_t i = 0; i < lanes * sizeof(LANE) / V_BYTES; i++)
		d[i] = N(lanewise)(k, &c, px[i], py[i], pz[i]);
}

#define LANEWISE(name, kernel, inputs)                                                                                 \
	static void N(name)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)               \
	{                                                                                                              \
		N(run)(kernel, inputs, a, dst, src, lanes);                                                            \
	}
LANEWISE(not, ARITH_NOT, 1)
LANEWISE(nand, ARITH_NAND, 2)
LANEWISE(nor, ARITH_NOR, 2)
LANEWISE(xnor, ARITH_XNOR, 2)
LANEWISE(and, ARITH_AND, 2)
LANEWISE(or, ARITH_OR, 2)
LANEWISE(xor, ARITH_XOR, 2)
LANEWISE(maj, ARITH_MAJ, 3)
LANEWISE(copy, ARITH_COPY, 1)
LANEWISE(add, ARITH_ADD, 2)
LANEWISE(sub, ARITH_SUB, 2)
LANEWISE(mul, ARITH_MUL, 2)
LANEWISE(min, ARITH_MIN, 2)
LANEWISE(max, ARITH_MAX, 2)
LANEWISE(abs, ARITH_ABS, 1)
LANEWISE(neg, ARITH_NEG, 1)
LANEWISE(relu, ARITH_RELU, 1)
LANEWISE(shl, ARITH_SHL, 1)
LANEWISE(shr, ARITH_SHR, 1)
#undef LANEWISE

static void N(if_else)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)
{
	enum { LANES = V_BYTES / sizeof(LANE) };
	const uint64_t *s = src[0];
	const N(vec) *px = src[1], *py = src[2];
	N(vec) *d = dst;
	(void)a;
	for (size_t i = 0; i < lanes; i += 64)
		for (unsigned k = 0; k < 64; k += LANES) {
			size_t v = (i + k) / LANES;
			d[v] = N(choose)(N(spread)(s[i / 64] >> k), px[v], py[v]);
		}
}

/* ---- into packed bits ---- */

ARITH_INLINE N(vec) N(test)(enum arith_kernel k, const struct N(consts) * c, N(vec) x, N(vec) y)
{
	switch (k) {
	case ARITH_EQ:
		return (N(vec))(x == y);
	case ARITH_NE:
		return (N(vec))(x != y);
	case ARITH_LT:
		return (N(vec))((x ^ c->sign) < (y ^ c->sign));
	case ARITH_LE:
		return (N(vec))((x ^ c->sign) <= (y ^ c->sign));
	case ARITH_GT:
		return (N(vec))((x ^ c->sign) > (y ^ c->sign));
	case ARITH_GE:
		return (N(vec))((x ^ c->sign) >= (y ^ c->sign));
	case ARITH_RED_AND:
		return (N(vec))(x == c->mask);
	case ARITH_RED_OR:
		return (N(vec))(x != c->zero);
	default:
		/* Only bit 0 counts in the end: what a byte gets from its neighbour does not reach it. */
		for (int shift = LANE_BITS / 2; shift; shift /= 2)
			x ^= (N(vec))((N(shifted))x >> shift);
		return (N(vec))((x & N(splat)(1)) != c->zero);
	}
}

ARITH_INLINE void N(predicate)(enum arith_kernel k, unsigned inputs, const struct arith_args *a, void *dst,
			       const void *const *src, size_t lanes)
{
	enum { LANES = V_BYTES / sizeof(LANE) };
	const struct N(consts) c = N(constants)(a, false);
	const N(vec) *px = src[0], *py = inputs > 1 ? src[1] : px;
	uint64_t *d = dst;
	for (size_t i = 0; i < lanes; i += 64) {
		uint64_t w = 0;
		for (unsigned k64 = 0; k64 < 64; k64 += LANES) {
			size_t v = (i + k64) / LANES;
			w |= N(bits)(N(test)(k, &c, px[v], py[v])) << k64;
		}
		d[i / 64] = w;
	}
}

#define PREDICATE(name, kernel, inputs)                                                                                \
	static void N(name)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)               \
	{                                                                                                              \
		N(predicate)(kernel, inputs, a, dst, src, lanes);                                                      \
	}
PREDICATE(eq, ARITH_EQ, 2)
PREDICATE(ne, ARITH_NE, 2)
PREDICATE(lt, ARITH_LT, 2)
PREDICATE(le, ARITH_LE, 2)
PREDICATE(gt, ARITH_GT, 2)
PREDICATE(ge, ARITH_GE, 2)
PREDICATE(red_and, ARITH_RED_AND, 1)
PREDICATE(red_or, ARITH_RED_OR, 1)
PREDICATE(red_xor, ARITH_RED_XOR, 1)
#undef PREDICATE

/* ---- plain C, 64 lanes at a time, which the compiler vectorises: lanes change their size ---- */

/* The quotient of numbers without sign, y not 0. Divisions of vectors exist for floating point only. They are exact
 * here: a quotient that is not whole differs from the next whole number by more than the rounding error. */
ARITH_INLINE LANE N(quotient)(LANE x, LANE y)
{
#if LANE_BITS <= 16
	return (LANE)(int32_t)((float)(int32_t)x / (float)(int32_t)y);
#elif LANE_BITS == 32
	/* Vectors convert signed numbers only: 2^31 is subtracted and added. x / 1 may be more than they hold: y = 1 is
	 * replaced by 2, and its quotient is x. */
	const uint32_t one = y == 1, alone = 0 - one;
	double p = (double)(int32_t)(x ^ 0x80000000u) + 0x1p31;
	double q = (double)(int32_t)((y + one) ^ 0x80000000u) + 0x1p31;
	return (x & alone) | ((uint32_t)(int32_t)(p / q) & ~alone);
#else
	return x / y;
#endif
}

/* All ones where x is negative. */
ARITH_INLINE LANE N(negative)(LANE x, const struct arith_args *a)
{
	return (LANE)(0 - (LANE)((x & (LANE)a->sign) != 0));
}

ARITH_INLINE LANE N(magnitude)(LANE x, const struct arith_args *a)
{
	LANE m = N(negative)(x, a);
	return (LANE)((LANE)((x ^ m) - m) & (LANE)a->mask);
}

ARITH_INLINE LANE N(div_one)(LANE x, LANE y, const struct arith_args *a)
{
	LANE m = N(negative)(x ^ y, a), none = (LANE)(0 - (LANE)(y == 0));
	LANE q = N(quotient)(N(magnitude)(x, a), (LANE)(N(magnitude)(y, a) | (none & 1)));
	return (LANE)(((LANE)((q ^ m) - m) | none) & (LANE)a->mask);
}

ARITH_INLINE LANE N(mod_one)(LANE x, LANE y, const struct arith_args *a)
{
	LANE m = N(negative)(x, a), none = (LANE)(0 - (LANE)(y == 0));
	LANE u = N(magnitude)(x, a), v = (LANE)(N(magnitude)(y, a) | (none & 1));
	LANE r = (LANE)(u - (LANE)((uint64_t)N(quotient)(u, v) * v));
	r = (LANE)((LANE)((r ^ m) - m) & (LANE)a->mask);
	return (LANE)((r & ~none) | (x & none));
}

#define PLAIN(name, OUT, expression)                                                                                   \
	static void N(name)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)               \
	{                                                                                                              \
		const struct arith_args args = *a;                                                                     \
		const LANE *px = src[0], *py = src[1] ? src[1] : px;                                                   \
		OUT r[64];                                                                                             \
		char *d = dst;                                                                                         \
		a = &args;                                                                                             \
		for (size_t i = 0; i < lanes; i += 64) {                                                               \
			for (unsigned k = 0; k < 64; k++) {                                                            \
				const LANE x = px[i + k], y = py[i + k];                                               \
				r[k] = (OUT)(expression);                                                              \
			}                                                                                              \
			memcpy(d + i * sizeof(r[0]), r, sizeof(r));                                                    \
		}                                                                                                      \
	}
/* Extends the sign of a lane: subtracts 2^bits where the sign bit is 1. */
#define EXTEND(OUT, x) ((OUT)((OUT)((OUT)(x) ^ (OUT)a->sign) - (OUT)a->sign))
PLAIN(div, LANE, N(div_one)(x, y, a))
PLAIN(mod, LANE, N(mod_one)(x, y, a))
PLAIN(mul_same, LANE, ((uint64_t)EXTEND(LANE, x) * EXTEND(LANE, y)) & a->live)
#if LANE_BITS < 64
#define DOUBLE ARITH_UINT(LANE_DOUBLE)
PLAIN(mul_double, DOUBLE, ((uint64_t)EXTEND(DOUBLE, x) * EXTEND(DOUBLE, y)) & a->live)
#undef DOUBLE
#endif
#undef EXTEND
#undef PLAIN

/* The ones of each lane as a byte. */
static void N(popcount)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)
{
	enum { LANES = V_BYTES / sizeof(LANE) };
	const arith_words *s = src[0];
	uint8_t *d = dst;
	(void)a;
	for (size_t i = 0; i < lanes; i += 64) {
		LANE r[64];
		for (size_t k = 0; k < 64; k += LANES) {
			arith_words n = arith_ones(s[(i + k) / LANES]);
			for (int shift = 8; shift < LANE_BITS; shift *= 2)
				n += (arith_words)((N(vec))n >> shift);
			memcpy(r + k, &n, sizeof(n));
		}
		for (unsigned k = 0; k < 64; k++)
			d[i + k] = (uint8_t)(r[k] & 0x7f);
	}
}

#undef N
#undef LANE
