/* The kernels for containers of LANE_BITS bits, in vectors of V_BYTES bytes. arith_loop.h includes this file once per
 * container, so it has no include guard. It uses the compiler's vector types, so one text serves every instruction set.
 */
#define N(name) ARITH_PASTE(name, LANE_BITS)
#define LANE ARITH_UINT(LANE_BITS)

typedef LANE N(vec) __attribute__((vector_size(V_BYTES)));

struct N(consts) {
	N(vec) mask, sign, zero;
};

ARITH_INLINE N(vec) N(splat)(uint64_t value)
{
	N(vec) v = {0};
	for (unsigned i = 0; i < V_BYTES / sizeof(LANE); i++)
		v[i] = (LANE)value;
	return v;
}

ARITH_INLINE struct N(consts) N(constants)(const struct arith_args *a)
{
	struct N(consts) c = {N(splat)(a->mask), N(splat)(a->sign), N(splat)(0)};
	return c;
}

/* One bit per lane of a comparison's result. */
ARITH_INLINE uint64_t N(bits)(N(vec) m)
{
#ifdef V_BITS_8
	return (uint64_t)ARITH_PASTE(V_BITS, LANE_BITS)(m);
#else
	uint64_t w = 0;
	for (unsigned i = 0; i < V_BYTES / sizeof(LANE); i++)
		w |= (uint64_t)(m[i] & 1) << i;
	return w;
#endif
}

/* The other way: all ones in the lanes whose bit in w is 1. */
ARITH_INLINE N(vec) N(spread)(uint64_t w)
{
#ifdef V_BITS_FROM_8
	return (N(vec))ARITH_PASTE(V_BITS_FROM, LANE_BITS)(w);
#else
	N(vec) v, bit;
#if LANE_BITS == 8
	typedef uint64_t words __attribute__((vector_size(V_BYTES)));
	words r = {0};
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
	default:
		return x & c->mask;
	}
}

ARITH_INLINE void N(run)(enum arith_kernel k, unsigned inputs, const struct arith_args *a, void *dst,
			 const void *const *src, size_t lanes)
{
	const struct N(consts) c = N(constants)(a);
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
		for (unsigned shift = LANE_BITS / 2; shift; shift /= 2)
			x ^= x >> N(splat)(shift);
		return (N(vec))((x & N(splat)(1)) != c->zero);
	}
}

ARITH_INLINE void N(predicate)(enum arith_kernel k, unsigned inputs, const struct arith_args *a, void *dst,
			       const void *const *src, size_t lanes)
{
	enum { LANES = V_BYTES / sizeof(LANE) };
	const struct N(consts) c = N(constants)(a);
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

/* ---- plain C, 64 lanes at a time: vectors gain little here, or lanes change their size ---- */

ARITH_INLINE LANE N(magnitude)(LANE x, const struct arith_args *a)
{
	return x & a->sign ? (LANE)((0u - x) & a->mask) : x;
}

ARITH_INLINE LANE N(div_one)(LANE x, LANE y, const struct arith_args *a)
{
	if (y == 0)
		return (LANE)a->mask;
	LANE q = (LANE)(N(magnitude)(x, a) / N(magnitude)(y, a));
	return (x ^ y) & a->sign ? (LANE)((0u - q) & a->mask) : q;
}

ARITH_INLINE LANE N(mod_one)(LANE x, LANE y, const struct arith_args *a)
{
	if (y == 0)
		return x;
	LANE r = (LANE)(N(magnitude)(x, a) % N(magnitude)(y, a));
	return x & a->sign ? (LANE)((0u - r) & a->mask) : r;
}

ARITH_INLINE uint64_t N(extend)(LANE x, const struct arith_args *a)
{
	return ((uint64_t)x ^ a->sign) - a->sign; /* subtracts 2^bits where the sign bit is 1 */
}

#define PLAIN(name, OUT, expression)                                                                                   \
	static void N(name)(const struct arith_args *a, void *dst, const void *const *src, size_t lanes)               \
	{                                                                                                              \
		const LANE *px = src[0], *py = src[1] ? src[1] : px;                                                   \
		OUT r[64];                                                                                             \
		char *d = dst;                                                                                         \
		for (size_t i = 0; i < lanes; i += 64) {                                                               \
			for (unsigned k = 0; k < 64; k++) {                                                            \
				const LANE x = px[i + k], y = py[i + k];                                               \
				(void)y;                                                                               \
				r[k] = (OUT)(expression);                                                              \
			}                                                                                              \
			memcpy(d + i * sizeof(r[0]), r, sizeof(r));                                                    \
		}                                                                                                      \
		(void)a;                                                                                               \
	}
PLAIN(div, LANE, N(div_one)(x, y, a))
PLAIN(mod, LANE, N(mod_one)(x, y, a))
PLAIN(shl, LANE, ((uint64_t)x << a->amount) & a->live)
PLAIN(shr, LANE, (((uint64_t)x >> a->amount) & a->live) | (x & a->sign ? a->mask & ~(a->mask >> a->amount) : 0))
PLAIN(mul_same, LANE, (N(extend)(x, a) * N(extend)(y, a)) & a->live)
#if LANE_BITS < 64
PLAIN(mul_double, ARITH_UINT(LANE_DOUBLE), (N(extend)(x, a) * N(extend)(y, a)) & a->live)
#endif
PLAIN(popcount, uint8_t, arith_popcount(x))
#undef PLAIN

#undef N
#undef LANE
